package probe

import (
	"bytes"
	"testing"

	"github.com/cilium/ebpf/btf"
	"github.com/google/go-cmp/cmp"
)

// syntheticKernel has the shapes that real kernels have.
func syntheticKernel(t *testing.T) *btf.Spec {
	t.Helper()
	sock := &btf.Pointer{Target: &btf.Struct{Name: "sock", Size: 8}}
	constSock := &btf.Pointer{Target: &btf.Const{Type: sock.Target}}
	skb := &btf.Pointer{Target: &btf.Struct{Name: "sk_buff", Size: 8}}
	number := &btf.Int{Name: "unsigned int", Size: 4}
	gfp := &btf.Typedef{Name: "gfp_t", Type: number}
	reason := &btf.Enum{Name: "sk_rst_reason", Size: 4, Values: []btf.EnumValue{
		{Name: "SK_RST_REASON_NOT_SPECIFIED", Value: 0},
		{Name: "SK_RST_REASON_TCP_STATE", Value: 3}, // a gap, and out of order
		{Name: "SK_RST_REASON_NO_SOCKET", Value: 1},
		{Name: "SK_RST_REASON_MAX", Value: 1 << 20},
	}}
	function := func(name string, types ...btf.Type) btf.Type {
		return &btf.Func{Name: name, Linkage: btf.StaticFunc, Type: prototype(types...)}
	}
	tracepoint := &btf.Typedef{
		Name: "btf_trace_tcp_send_reset",
		Type: &btf.Pointer{Target: prototype(&btf.Pointer{Target: (*btf.Void)(nil)}, constSock, skb, reason)},
	}
	return specOf(t,
		function("tcp_reset", sock, skb),
		function("tcp_send_active_reset", sock, gfp, reason),
		function("tcp_v4_send_reset", constSock, skb, reason),
		function("old_send_reset", constSock, skb),
		tracepoint,
		&btf.Typedef{Name: "not_a_function", Type: number},
		&btf.Var{Name: "a_variable", Type: number, Linkage: btf.GlobalVar},
	)
}

func specOf(t *testing.T, types ...btf.Type) *btf.Spec {
	t.Helper()
	builder, err := btf.NewBuilder(types, nil)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := builder.Marshal(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	spec, err := btf.LoadSpecFromReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

func prototype(types ...btf.Type) *btf.FuncProto {
	proto := &btf.FuncProto{Return: (*btf.Void)(nil)}
	for _, t := range types {
		proto.Params = append(proto.Params, btf.FuncParam{Name: "p", Type: t})
	}
	return proto
}

func TestParameters(t *testing.T) {
	spec := syntheticKernel(t)
	for name, want := range map[string][]string{
		"tcp_reset":                {"sock", "sk_buff"},
		"tcp_send_active_reset":    {"sock", "unsigned int", "sk_rst_reason"},
		"tcp_v4_send_reset":        {"sock", "sk_buff", "sk_rst_reason"},
		"btf_trace_tcp_send_reset": {"", "sock", "sk_buff", "sk_rst_reason"},
		"not_a_function":           nil,
		"a_variable":               nil,
		"no_such":                  nil,
	} {
		if diff := cmp.Diff(want, parameters(spec, name)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestEnumNames(t *testing.T) {
	spec := syntheticKernel(t)
	want := []string{"NOT_SPECIFIED", "NO_SOCKET", "", "TCP_STATE"}
	if diff := cmp.Diff(want, enumNames(spec, "sk_rst_reason", "SK_RST_REASON_")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := enumNames(spec, "sk_rst_reason", "SK_RST_REASON_TCP_", "SK_RST_"); got[3] != "STATE" || got[1] != "REASON_NO_SOCKET" {
		t.Errorf("the first prefix that fits is cut: %q", got)
	}
	if names := enumNames(spec, "skb_drop_reason", "X"); names != nil {
		t.Errorf("an enum that is not there has members %q", names)
	}
}

func TestReasonNumber(t *testing.T) {
	k := &kernel{reasons: []string{"NOT_SPECIFIED", "NO_SOCKET"}}
	for name, want := range map[string]uint32{"NOT_SPECIFIED": 1, "NO_SOCKET": 2, "TCP_STATE": 0} {
		if got := k.reasonNumber(name); got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
}
