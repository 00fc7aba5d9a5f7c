# rsttrace. `make help` lists the targets.
#
# Building and running need Go and nothing else: the compiled BPF programs are
# part of the tree. What the tests need beside it they install with apt-get.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
AS_ROOT := $(if $(filter 0,$(shell id -u)),,$(shell command -v sudo))

# Where tests leave what they found: a folder per step, see tools/tally.
RESULTS ?= results

# Kernels that the selftest runs on, and how many at a time.
KERNELS := $(shell awk '$$7 == "always" { print $$1 }' test/vm/kernels)
KERNEL ?= 6.1
VMS ?= 2

# All of them, for make test-all.
ALL_KERNELS ?= $(shell awk '!/^\#/ && NF { print $$1 }' test/vm/kernels)
# Those on which a whole Debian boots, to try the service of the package.
SERVICE_KERNELS := 6.1 6.12
FUZZ_TIME ?= 1m
LIVE_REPEATS ?= 3

# Capture files of others, if they lie beside this folder: tests read them there.
export RSTTRACE_CAPTURES ?= $(abspath $(wildcard ../shared/captures))

# Attach methods to record on the running kernel.
NATIVE_METHODS ?= tracepoint
RECORDED = $(RESULTS)/record/recordings

# The compiler that the committed BPF objects come from.
CLANG := 19
export BPF2GO_CC := clang-$(CLANG)
export BPF2GO_STRIP := llvm-strip-$(CLANG)
export BPF2GO_CFLAGS := -O2 -g -mcpu=v3 -Wall -Werror -I../headers -I/usr/include/$(shell uname -m)-linux-gnu
BPF_SOURCES = bpf/*.c bpf/*.h headers/*.h
GENERATED = bpf/*_bpfel.go bpf/*_bpfel.o

GOLANGCI_LINT := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# Debian packages by purpose, and what installs them.
DEPS ?= tools/deps
FOR_GO := ca-certificates
FOR_BPF := clang-$(CLANG) llvm-$(CLANG) libbpf-dev linux-libc-dev
FOR_PICTURES := wireshark xvfb imagemagick
FOR_UNIT := tmux tshark wireshark-common chromium fonts-dejavu-core fish zsh
FOR_RACE := gcc libc6-dev
FOR_LINT := clang-format-$(CLANG) shellcheck
FOR_STORIES := nginx redis-server haproxy nodejs socat curl wget memcached openssh-server nmap python3 gunicorn postgresql apache2-utils wrk
FOR_PEERS := prometheus prometheus-alertmanager prometheus-node-exporter curl systemd rsyslog logrotate containerd runc
FOR_PACKAGES := lintian rpm rpmlint skopeo systemd mmdebstrap debian-archive-keyring cpio groff-base git
FOR_VM = $(shell sed 's/\#.*//' test/vm/packages)

##@ Use

.PHONY: help
help: ## List what make can do
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "%s%s\n", gap, substr($$0, 5); gap = "\n" } \
		/^[a-z-]+:.*## / { printf "  %-17s %s\n", $$1, $$2 }' Makefile

.PHONY: run
run: build ## Build it and run it on this machine, as root; ARGS="--port 443" passes arguments
	@echo '$(strip $(AS_ROOT) bin/rsttrace $(ARGS))'
	@exec $(AS_ROOT) bin/rsttrace $(ARGS)

##@ Build

# build PROGRAM ARCH: one static program without machine paths.
build = CGO_ENABLED=0 GOARCH=$(2) $(GO) build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)' -o $(1) ./cmd/rsttrace

.PHONY: build
build: go ## Build bin/rsttrace, a static program
	@$(call build,bin/rsttrace,)

.PHONY: build-all
build-all: go ## Build bin/rsttrace-amd64 and bin/rsttrace-arm64
	@for arch in amd64 arm64; do $(call build,bin/rsttrace-$$arch,$$arch); done

# What the packages are called after: the newest tag.
PACKAGES ?= dist

.PHONY: packages
packages: build-all ## Build deb, rpm, apk, tarballs, an OCI image, SBOMs and checksums into PACKAGES=dist
	@tools/packages $(PACKAGES) $(VERSION)
	@echo 'written: $(PACKAGES)'

.PHONY: generate
generate: go deps-bpf ## Compile the BPF programs and write their Go types
	@$(GO) generate ./bpf

.PHONY: docs
docs: go ## Write the documentation that comes from the code: tables, exported names
	@$(GO) generate ./tools/gendocs ./tools/licences
	@$(GO) test ./cmd/rsttrace -run '^(TestOperatePage|TestManPages)$$' -update
	@$(GO) run ./tools/api ./pkg/...

.PHONY: site
site: go ## Write the documentation as a static site to bin/site
	@$(GO) run ./tools/site . bin/site
	@echo 'written: bin/site/index.html'

.PHONY: fmt
fmt: deps-lint ## Format Go and C
	@gofmt -w bench bpf cmd docs internal pkg test tools
	@clang-format-$(CLANG) -i $(BPF_SOURCES)

##@ Test

# What it checks needs no root, and no network after the first time: tools that
# are missing are not installed, their checks are skipped.
.PHONY: quick
quick: export DEPS = :
quick: export RSTTRACE_TEST_WITHOUT_ROOT = 1
quick: export UNIT_FLAGS = -short
quick: ## Before each commit, under a minute, as any user: format, vet, unit tests, shell, C, docs
	@rm -rf $(RESULTS)/quick
	@failed=(); \
	for step in $(QUICK_STEPS); do \
		$(MAKE) --no-print-directory RESULTS=$(RESULTS)/quick $$step || failed+=("$$step"); \
	done; \
	$(GO) run ./tools/tally brief $(RESULTS)/quick "$${failed[@]}"
QUICK_STEPS := lint-format vet lint-shell lint-c unit

# Every step runs, also after one that failed; the total comes last.
.PHONY: test
test: ## Run the thirteen below, in this order, and print a total
	@rm -rf $(RESULTS)
	@failed=(); \
	for step in $(TEST_STEPS); do \
		echo "==> make $$step"; began=$$SECONDS; \
		$(MAKE) --no-print-directory $$step || failed+=("$$step"); \
		times+="$$step $$((SECONDS - began)) s, "; \
	done; \
	echo "took: $${times}all $$SECONDS s"; \
	$(GO) run ./tools/tally total $(RESULTS) "$${failed[@]}" | tee $(RESULTS)/total
TEST_STEPS := unit vet lint race check-generated selftest stories peers packages-test kubernetes-test bench-smoke vm-tests vm-fleet

# One package at a time: several provoke resets, which the whole host counts.
# Without root none does.
UNIT_FLAGS ?= -p 1 -timeout 30m

.PHONY: unit
unit: go deps-unit ## Unit tests
	@$(GO) test $(UNIT_FLAGS) -json $$($(GO) list ./... | grep -v -e /test/stories$$ -e /test/peers$$ -e /test/packages$$) | $(GO) run ./tools/tally unit $(RESULTS)/unit

.PHONY: vet
vet: go ## go vet
	@$(GO) run ./tools/tally step $(RESULTS)/vet vet $(GO) vet ./...

# What takes hours is here and not in make test. Each step that ends is recorded, with
# the code that it is about. One that has passed for this code is not repeated, so a run
# can be interrupted, and called again.
.PHONY: test-all
test-all: build-all deps-vm ## Everything, on every kernel, for hours; each step leaves a record in docs/test-all, to be committed
	@status=0; \
	$(call steps,$(filter-out vm-all-% fuzz live,$(TEST_ALL_STEPS))) || status=1; \
	$(call steps,$(filter vm-all-%,$(TEST_ALL_STEPS)),-j$(VMS) -Otarget) || status=1; \
	$(call steps,$(filter fuzz live,$(TEST_ALL_STEPS))) || status=1; \
	$(FULLRUN) page $(RECORDS) $(RECORDS).md $(ALL_STEPS); \
	echo 'written: $(RECORDS).md'; \
	exit $$status
steps = $(if $(1),$(MAKE) --no-print-directory -k $(2) $(1:%=once-%),true)
ALL_STEPS := $(filter-out vm-tests,$(TEST_STEPS)) $(ALL_KERNELS:%=vm-all-%) $(SERVICE_KERNELS:%=vm-service-%) collector fleet vm-fleet-all bench-instructions-check fuzz live
TEST_ALL_STEPS ?= $(ALL_STEPS)
ALL_RESULTS := $(RESULTS)-all
# Nobody has chosen a shorter time on the command line or in the environment.
WHOLE = $(if $(filter-out file,$(foreach v,FUZZ_TIME LIVE_REPEATS,$(origin $(v)))),,yes)
RECORDS = $(if $(WHOLE),docs/test-all,$(ALL_RESULTS)/records)
FULLRUN = GO=$(GO) $(GO) run ./tools/fullrun

.PHONY: $(ALL_STEPS:%=once-%)
$(ALL_STEPS:%=once-%): once-%:
	@echo '==> make $*'
	@$(FULLRUN) once $(RECORDS) $* $(ALL_RESULTS)/$* $(MAKE) --no-print-directory RESULTS=$(ALL_RESULTS)/$* $*

.PHONY: test-all-plan
test-all-plan: ## The steps of make test-all, and what is recorded of each
	@$(FULLRUN) plan $(RECORDS) $(ALL_STEPS)

.PHONY: test-all-steps
test-all-steps:
	@echo $(ALL_STEPS)

.PHONY: release-check
release-check: go ## May this commit be released? Tested in full, can be installed, no known vulnerability
	@tools/check-install
	@tools/vulncheck || (($$? == 77))
	@$(FULLRUN) check $(RECORDS) $(ALL_STEPS)

.PHONY: vulncheck
vulncheck: go ## Known vulnerabilities in what is linked; needs the Internet
	@tools/vulncheck

.PHONY: vm-all
vm-all: build-all deps-vm ## The whole selftest on every kernel
	@$(MAKE) --no-print-directory -j$(VMS) -k -Otarget $(ALL_KERNELS:%=vm-all-%)

.PHONY: $(ALL_KERNELS:%=vm-all-%)
$(ALL_KERNELS:%=vm-all-%): vm-all-%:
	@tools/vm-test $* $(RESULTS)/vm-all

.PHONY: fuzz
fuzz: go ## Every fuzz target for FUZZ_TIME each
	@tools/fuzz $(RESULTS)/fuzz $(FUZZ_TIME)

# A test that fails once in ten runs is wrong, or has found something.
.PHONY: live
live: go ## The tests that attach to this kernel, LIVE_REPEATS times
	@$(GO) test -p 1 -count $(LIVE_REPEATS) -timeout 4h -json ./internal/probe ./internal/tracing ./internal/audit ./internal/cgroup ./cmd/rsttrace | \
		$(GO) run ./tools/tally unit $(RESULTS)/live

# Every part runs, also after one that failed.
.PHONY: lint
lint: go deps-lint ## golangci-lint, gofmt, clang-format, shellcheck, actionlint, docs, exported names
	@$(MAKE) --no-print-directory -k $(LINT_PARTS)
LINT_PARTS := lint-go lint-format lint-c lint-shell lint-actions lint-docs lint-api
lint-part = $(GO) run ./tools/tally step $(RESULTS)/lint $@

.PHONY: $(LINT_PARTS)
lint-go: ; @$(lint-part) $(GO) run $(GOLANGCI_LINT) run
lint-format: ; @$(lint-part) tools/lint-format
lint-c: ; @CLANG=$(CLANG) $(lint-part) tools/lint-c
lint-shell: ; @$(lint-part) tools/lint-shell
lint-actions: ; @$(lint-part) tools/lint-actions
lint-docs: ; @$(lint-part) $(GO) test ./docs ./tools/gendocs
lint-api: ; @$(lint-part) $(GO) run ./tools/api -check ./pkg/...

# Goroutines are in the code of these packages, or in what they use. The race
# detector is written in C, so this needs cgo and a C compiler; rsttrace does not.
# bubbletea closes its input while its own reader has it: not our race, so one test is left
# out. The lab's scenarios take minutes and start other programs: the tests of the
# tracer and of the command play those that they need.
.PHONY: race
race: go deps-race ## Unit tests of what has goroutines, with the race detector
	@CGO_ENABLED=1 $(GO) test -race -p 1 -timeout 30m -skip '^(TestScenarios|TestTerminalIsAsBefore)$$' -json $$(tools/race-packages) | $(GO) run ./tools/tally unit $(RESULTS)/race

.PHONY: check-generated
check-generated: go deps-bpf ## Is what bpf/ generates up to date with its sources?
	@$(GO) run ./tools/tally step $(RESULTS)/check-generated check-generated tools/check-generated $(GENERATED)

.PHONY: selftest
selftest: build ## Every scenario of the lab on this kernel
	@mkdir -p $(RESULTS)/selftest
	@$(AS_ROOT) bin/rsttrace selftest --json $(RESULTS)/selftest/native.json

# Servers are unpacked, not installed: nothing starts them.
PROGRAMS := $(CURDIR)/bin/programs
ENGINES := $(CURDIR)/bin/engines
play-stories = RSTTRACE_PROGRAMS=$(PROGRAMS) $(GO) test -count=1 -timeout 30m -json ./test/stories $(1) | $(GO) run ./tools/tally unit $(RESULTS)/stories

.PHONY: stories
stories: go deps-stories ## The stories of docs/stories.md, with real programs
	@$(call play-stories)

play-peers = RSTTRACE_PROGRAMS=$(PROGRAMS) RSTTRACE_ENGINES=$(ENGINES) $(GO) test -count=1 -timeout 30m -json ./test/peers $(1) | $(GO) run ./tools/tally unit $(RESULTS)/$@

.PHONY: peers
peers: go deps-peers ## rsttrace with what reads its metrics and logs, and with containerd
	@$(call play-peers,-skip '^Test(Collector|Machines.*)$$')

.PHONY: collector
collector: go deps-peers ## The same with the OpenTelemetry Collector, which takes minutes to build
	@tools/fetch-peers $(ENGINES) collector
	@$(call play-peers,-run '^TestCollector$$')

# The test of a million events, with ten of them.
.PHONY: fleet
fleet: go deps-peers ## Ten million events of a fleet in ClickHouse: does its view have the right pairs?
	@export RSTTRACE_FLEET_EVENTS=10000000; $(call play-peers,-timeout 4h -run '^TestClickHousePairs$$')

PACKAGES_TESTED := $(CURDIR)/bin/packages

.PHONY: packages-test
packages-test: deps-packages ## Build all packages twice, look into each, and install them in a Debian where nothing runs
	@$(MAKE) --no-print-directory packages PACKAGES=$(PACKAGES_TESTED)
	@RSTTRACE_PACKAGES=$(PACKAGES_TESTED) $(GO) test -count=1 -timeout 30m -json ./test/packages | $(GO) run ./tools/tally unit $(RESULTS)/packages-test

.PHONY: kubernetes-test
kubernetes-test: build ## Render the manifests and the chart, decode them strictly, and let rsttrace check its settings
	@RSTTRACE=$(CURDIR)/bin/rsttrace $(GO) -C test/kubernetes test -count=1 -json . | $(GO) run ./tools/tally unit $(RESULTS)/kubernetes-test

.PHONY: $(SERVICE_KERNELS:%=vm-service-%)
$(SERVICE_KERNELS:%=vm-service-%): vm-service-%: deps-vm
	@$(MAKE) --no-print-directory packages PACKAGES=$(PACKAGES_TESTED)-$*
	@tools/vm-service $* $(RESULTS)/vm-service $(PACKAGES_TESTED)-$*

.PHONY: vm-tests
vm-tests: build-all deps-vm ## Every scenario on every kernel, a third of them with each attach method
	@$(MAKE) --no-print-directory -j$(VMS) -k -Otarget $(KERNELS:%=vm-test-%)

.PHONY: vm-test
vm-test: build-all deps-vm ## The same on one kernel: KERNEL=6.1
	@tools/vm-test $(KERNEL) $(RESULTS)/vm-tests

# The next kernel begins with the next third, so each method plays each third somewhere.
.PHONY: $(KERNELS:%=vm-test-%)
$(KERNELS:%=vm-test-%): vm-test-%:
	@FIRST=$$(awk -v name=$* '$$7 == "always" { n++ } $$1 == name { print (n - 1) % 3 + 1 }' test/vm/kernels) tools/vm-test $* $(RESULTS)/vm-tests

.PHONY: vm-fleet
vm-fleet: go deps-peers deps-vm ## Two virtual machines and a NAT router on one network: does a join say what was played?
	@$(call play-peers,-run '^TestMachinesTwo$$')

.PHONY: vm-fleet-all
vm-fleet-all: go deps-peers deps-vm ## The same with three machines, which have three kernels
	@$(call play-peers,-run '^TestMachinesThree$$')

.PHONY: stories-docs
stories-docs: go deps-stories ## Play the stories and write what rsttrace shows into docs/stories.md
	@$(call play-stories,-args -write)

.PHONY: pictures
pictures: build deps-unit ## Make the pictures of a report, Wireshark and the live screen in docs/pictures, from real runs, as root
	@tools/deps $(FOR_PICTURES)
	@$(GO) build -o bin/pictures ./tools/pictures
	@$(AS_ROOT) bin/pictures bin/rsttrace docs/pictures

.PHONY: record
record: build build-all deps-vm ## Record every scenario on every kernel anew; nothing is kept unless all pass
	@rm -rf $(RESULTS)/record
	@$(MAKE) --no-print-directory -j$(VMS) -k -Otarget record-native $(KERNELS:%=record-%)
	@install -D -m 644 -t internal/recording/testdata $(RECORDED)/*.json
	@$(MAKE) --no-print-directory docs
	@$(GO) test ./internal/recording ./tools/gendocs

.PHONY: record-native
record-native:
	@for method in $(NATIVE_METHODS); do \
		$(AS_ROOT) bin/rsttrace selftest --attach $$method --record $(RECORDED); \
	done

.PHONY: $(KERNELS:%=record-%)
$(KERNELS:%=record-%): record-%:
	@tools/vm-test $* $(RESULTS)/record $(RECORDED)

##@ Measure

FOR_BENCH := tcpdump bpftrace linux-perf
BENCH_ROUNDS ?= 21

.PHONY: bench
bench: build bench-program deps-go ## Measure what rsttrace costs, beside other tracers, and write bench/README.md; on a quiet machine
	@tools/deps $(FOR_BENCH) $(FOR_VM) || echo 'make: bench: measures without what could not be installed' >&2
	@$(AS_ROOT) bin/bench -write -rounds $(BENCH_ROUNDS)

.PHONY: bench-instructions bench-instructions-check
bench-instructions: build bench-program deps-vm ## Count the instructions of an operation in guests, and write bench/README.md
	@bin/bench -instructions -write

bench-instructions-check: build bench-program deps-vm ## Count them again: does any differ from the committed ones by more than 3 %?
	@$(GO) run ./tools/tally step $(RESULTS)/bench-instructions-check bench-instructions-check bin/bench -instructions

.PHONY: bench-program
bench-program: go
	@CGO_ENABLED=0 $(GO) build -o bin/bench ./bench

.PHONY: bench-smoke
bench-smoke: build bench-program ## One short round of it: are all totals exact?
	@$(GO) run ./tools/tally step $(RESULTS)/bench-smoke bench-smoke $(AS_ROOT) bin/bench -smoke

##@ Tools

.PHONY: deps
deps: deps-go deps-bpf deps-lint deps-packages deps-peers deps-race deps-stories deps-unit deps-vm ## Install, with apt-get, all that any target here needs

.PHONY: deps-go deps-bpf deps-lint deps-packages deps-peers deps-race deps-stories deps-unit deps-vm
deps-go: ; @$(DEPS) $(FOR_GO)
deps-bpf: ; @$(DEPS) $(FOR_BPF)
deps-lint: ; @$(DEPS) $(FOR_LINT)
deps-packages: ; @$(DEPS) $(FOR_PACKAGES)
deps-peers:
	@$(DEPS) --unpack $(PROGRAMS) $(FOR_PEERS)
	@command -v npm >/dev/null || $(DEPS) nodejs npm
	@tools/fetch-peers $(ENGINES)
deps-race: ; @$(DEPS) $(FOR_RACE)
deps-stories: ; @$(DEPS) --unpack $(PROGRAMS) $(FOR_STORIES)
deps-unit: ; @$(DEPS) $(FOR_UNIT)
deps-vm: ; @$(DEPS) $(FOR_VM)

.PHONY: go
go: deps-go
	@command -v $(GO) >/dev/null || { echo 'make: needs Go ($(shell sed -n 's/^go //p' go.mod) or later): https://go.dev/dl' >&2; exit 1; }

.PHONY: clean
clean: ## Remove what was built and what tests left
	@rm -rf bin $(RESULTS) $(ALL_RESULTS) $(ALL_RESULTS).*
