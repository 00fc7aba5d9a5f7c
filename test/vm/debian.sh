# shellcheck shell=bash
# Read Debian packages of any suite and architecture without touching the machine's own apt:
# a private sources file and private state, but the machine's mirror, proxies and credentials.
# Sourced by fetch; wants die() from its caller.

debian_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Prints the URI of the archive that holds a suite. The mirror is whatever the machine itself uses;
# RSTTRACE_DEBIAN_MIRROR is for machines that are no Debian and so know of none.
debian_mirror() {
	local suite=$1 uri release mirror='' security=''
	# shellcheck disable=SC2016 # apt's variables, not the shell's
	while read -r uri release; do
		case $release in
		*-security) security=$uri ;;
		*) mirror=${mirror:-$uri} ;;
		esac
	done < <(apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages')
	mirror=${RSTTRACE_DEBIAN_MIRROR:-$mirror}
	# Security updates live in an archive of their own, by convention beside the main one.
	case $suite in
	*-security) echo "${security:-${mirror%/}-security}" ;;
	*) echo "$mirror" ;;
	esac
}

# debian_open DIR ARCH SUITE...: fetches the package lists into DIR. Sets apt_options for what follows.
debian_open() {
	local dir=$1 arch=$2 suite uri
	shift 2
	[[ -r $debian_keyring ]] || die "no $debian_keyring: install debian-archive-keyring"
	mkdir -p "$dir"/{lists,cache}/partial
	for suite; do
		uri=$(debian_mirror "$suite")
		[[ $uri ]] || die "apt knows no Debian mirror: set RSTTRACE_DEBIAN_MIRROR to one"
		# The lists of a suite that gets no more updates expire. That says nothing about who signed them.
		printf '%s\n' 'Types: deb' "URIs: $uri" "Suites: $suite" 'Components: main' \
			"Signed-By: $debian_keyring" 'Check-Valid-Until: no' ''
	done >"$dir/debian.sources"
	# An empty status file: what is installed here must not change what is found for another machine.
	: >"$dir/status"
	apt_options=(
		-o Dir::Etc::sourcelist="$dir/debian.sources"
		-o Dir::Etc::sourceparts=/dev/null
		-o Dir::Etc::preferencesparts=/dev/null
		-o Dir::State::Lists="$dir/lists"
		-o Dir::State::status="$dir/status"
		-o Dir::Cache="$dir/cache"
		-o APT::Architecture="$arch"
		-o APT::Architectures="$arch"
		-o Acquire::Languages=none
		-o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false
	)
	debian_try "$dir" apt-get "${apt_options[@]}" --error-on=any update ||
		die "cannot read the package lists of $*: $(debian_error "$dir")"
}

# debian_newest PATTERN: prints the newest package whose name matches the shell pattern, or nothing.
# The version is part of a kernel package's name, so sorting the names is enough.
debian_newest() {
	local name prefix=${1%%\**}
	apt-cache "${apt_options[@]}" pkgnames "$prefix" | while read -r name; do
		# shellcheck disable=SC2053 # a pattern is what it is
		[[ $name == $1 ]] && echo "$name"
	done | sort -V | tail -n 1
}

# debian_extract DIR TREE PACKAGE...: downloads packages and unpacks them into TREE.
debian_extract() {
	local dir=$1 tree=$2 deb
	shift 2
	mkdir -p "$dir/debs" "$tree"
	(cd "$dir/debs" && debian_try "$dir" apt-get "${apt_options[@]}" download "$@") ||
		die "cannot download $*: $(debian_error "$dir")"
	for deb in "$dir"/debs/*.deb; do
		dpkg-deb -x "$deb" "$tree" || die "cannot unpack ${deb##*/}"
	done
	rm -r "$dir/debs"
}

# debian_try DIR COMMAND...: runs apt silently, keeping what it says for debian_error.
debian_try() {
	local log=$1/apt.log
	shift
	"$@" >"$log" 2>&1
}

# debian_error DIR: prints in one line why the last debian_try failed.
debian_error() {
	{ grep -m 1 '^E: ' "$1/apt.log" || tail -n 1 "$1/apt.log"; } | sed 's/^E: //'
}
