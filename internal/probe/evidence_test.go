package probe

import (
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/bpf"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// TestEnumsAgree compares the constants by name, from the sources, so that one
// that is added on one side only is noticed.
func TestEnumsAgree(t *testing.T) {
	inBPF := scopeOf(t, "../../bpf/context_bpfel.go")
	inEvent := scopeOf(t, "../../pkg/event/*.go")
	for _, enum := range []struct{ generated, prefix, own, ownPrefix string }{
		{"ContextHook", "ContextHookHOOK_", "Hook", "Hook"},
		{"ContextSocketKind", "ContextSocketKindSOCKET_", "SockKind", "Sock"},
		{"ContextCaller", "ContextCallerCALLER_", "Caller", "Caller"},
		{"ContextFact", "ContextFactFACT_", "Facts", "Fact"},
		{"ContextEndedBy", "ContextEndedByBY_", "EndedBy", "EndedBy"},
	} {
		generated := constants(inBPF, enum.generated, enum.prefix)
		own := constants(inEvent, enum.own, enum.ownPrefix)
		if len(generated) == 0 {
			t.Errorf("%s has no constants", enum.generated)
		}
		if diff := cmp.Diff(generated, own); diff != "" {
			t.Errorf("bpf.%s and event.%s differ (-bpf +event):\n%s", enum.generated, enum.own, diff)
		}
	}
}

// scopeOf type-checks sources without their imports, which no constant here
// needs.
func scopeOf(t *testing.T, pattern string) *types.Scope {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	if err != nil || len(paths) == 0 {
		t.Fatalf("no sources in %s: %v", pattern, err)
	}
	var sources []*ast.File
	files := token.NewFileSet()
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		source, err := parser.ParseFile(files, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		sources = append(sources, source)
	}
	config := types.Config{Error: func(error) {}}
	checked, _ := config.Check("", files, sources, nil)
	return checked.Scope()
}

// constants are the exported constants of a type by name, less prefix, case
// and underscores.
func constants(scope *types.Scope, typeName, prefix string) map[string]uint64 {
	found := make(map[string]uint64)
	for _, name := range scope.Names() {
		object, isConst := scope.Lookup(name).(*types.Const)
		if !isConst || !object.Exported() {
			continue
		}
		named, isNamed := object.Type().(*types.Named)
		if !isNamed || named.Obj().Name() != typeName {
			continue
		}
		value, _ := constant.Uint64Val(constant.ToInt(object.Val()))
		short := strings.ReplaceAll(strings.TrimPrefix(name, prefix), "_", "")
		found[strings.ToLower(short)] = value
	}
	return found
}

func TestDecodeEvidence(t *testing.T) {
	k := &kernel{reasons: []string{"NOT_SPECIFIED", "NO_SOCKET"}}
	v := bpf.ContextEvidence{
		Hook:   bpf.ContextHookHOOK_SEND_REPLY,
		Socket: bpf.ContextSocketKindSOCKET_TIME_WAIT,
		State:  6, Prior: 5, Packet: 0x10,
		Caller: bpf.ContextCallerCALLER_CHECK_REQ,
		Reason: 2, Family: afINET6, Chain: 3,
		Facts: bpf.ContextFactFACT_SEES_PACKET | bpf.ContextFactFACT_PAYLOAD,
	}
	want := event.Evidence{
		Hook: event.HookSendReply, Socket: event.SockTimeWait,
		State: event.StateTimeWait, Prior: event.StateFinWait2, Packet: event.ACK,
		Caller: event.CallerCheckReq, Reason: "NO_SOCKET",
		Chain: event.ChainForward, Family: event.IPv6,
		Facts: event.FactSeesPacket | event.FactPayload,
	}
	if diff := cmp.Diff(want, decodeEvidence(&v, k)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	v.Family = afINET
	if got := decodeEvidence(&v, k).Family; got != event.IPv4 {
		t.Errorf("family %s, want ipv4", got)
	}
}

func TestReason(t *testing.T) {
	k := &kernel{reasons: []string{"NOT_SPECIFIED", "NO_SOCKET"}, drop: dropFacts{reasons: []string{"", "TCP_RESET"}}}
	for plusOne, want := range map[uint8]string{
		0:   "", // the kernel gave none
		1:   "NOT_SPECIFIED",
		2:   "NO_SOCKET",
		3:   "unknown(2)",
		255: "unknown(254)",
	} {
		if got := k.reason(plusOne, false); got != want {
			t.Errorf("reason %d is %q, want %q", plusOne, got, want)
		}
	}
	if got := new(kernel).reason(1, false); got != "unknown(0)" {
		t.Errorf("a kernel without names gives %q", got)
	}
	if got := k.reason(2, true); got != "TCP_RESET" {
		t.Errorf("drop reason 1 is %q", got)
	}
	if got := k.reason(1, true); got != "unknown(0)" {
		t.Errorf("a drop reason without a name is %q", got)
	}
}
