package probe

import (
	"strings"
	"testing"

	"github.com/cilium/ebpf/btf"
	"github.com/google/go-cmp/cmp"
)

// parameterTypes are types as kernels have them, by the name of what they point to.
func parameterTypes(names ...string) (types []btf.Type) {
	for _, name := range names {
		switch name {
		case "int":
			types = append(types, &btf.Int{Name: name, Size: 4, Encoding: btf.Signed})
		case "sk_rst_reason":
			types = append(types, &btf.Enum{Name: name, Size: 4})
		default:
			types = append(types, &btf.Pointer{Target: &btf.Const{Type: &btf.Struct{Name: name, Size: 8}}})
		}
	}
	return types
}

func functionOf(name string, parameters ...string) btf.Type {
	return &btf.Func{Name: name, Linkage: btf.StaticFunc, Type: prototype(parameterTypes(parameters...)...)}
}

func tracepointOf(name string, parameters ...string) btf.Type {
	types := append([]btf.Type{&btf.Pointer{Target: (*btf.Void)(nil)}}, parameterTypes(parameters...)...)
	return &btf.Typedef{Name: "btf_trace_" + name, Type: &btf.Pointer{Target: prototype(types...)}}
}

// TestTargetByBTF: a function is found by each of its names, in the kernel and in
// its module, and its arguments wherever a kernel has put them.
func TestTargetByBTF(t *testing.T) {
	renamed := hooks[reply4Hook]
	renamed.functions = []string{"tcp_v4_send_reset", "tcp4_send_reset", "tcp_v4_send_reset.constprop.0"}
	reject := hooks[reject4Hook]
	link := hooks[rejectLink4Hook]
	positions := func(sock, packet, reason uint32) map[string]uint32 {
		return map[string]uint32{"sock_arg": sock, "packet_arg": packet, "reason_arg": reason}
	}
	for name, test := range map[string]struct {
		hook           *hook
		kernel, module []btf.Type
		typed          string
		arguments      map[string]uint32
	}{
		"today": {&renamed, []btf.Type{functionOf("tcp_v4_send_reset", "sock", "sk_buff", "sk_rst_reason")}, nil,
			"tcp_v4_send_reset", positions(1, 2, 3)},
		"before 6.10": {&renamed, []btf.Type{functionOf("tcp_v4_send_reset", "sock", "sk_buff")}, nil,
			"tcp_v4_send_reset", positions(1, 2, 0)},
		"renamed, and moved": {&renamed, []btf.Type{functionOf("tcp4_send_reset", "net", "sk_rst_reason", "sk_buff", "sock")}, nil,
			"tcp4_send_reset", positions(4, 3, 2)},
		"a clone": {&renamed, []btf.Type{functionOf("tcp_v4_send_reset.constprop.0", "sk_buff", "sock")}, nil,
			"tcp_v4_send_reset.constprop.0", positions(2, 1, 0)},
		"both": {&renamed, []btf.Type{functionOf("tcp4_send_reset", "net"), functionOf("tcp_v4_send_reset", "sock", "sk_buff")}, nil,
			"tcp_v4_send_reset", positions(1, 2, 0)},
		"nowhere": {&renamed, []btf.Type{functionOf("tcp_v4_send_reset_not", "sk_buff", "sock")}, nil,
			"", positions(1, 2, 0)},
		"a module": {&reject, []btf.Type{functionOf("tcp_reset", "sock")}, []btf.Type{functionOf("nf_send_reset", "net", "sock", "sk_buff", "int")},
			"nf_send_reset", map[string]uint32{"packet_arg": 3, "chain_arg": 4}},
		"a module before 5.10": {&reject, []btf.Type{functionOf("tcp_reset", "sock")}, []btf.Type{functionOf("nf_send_reset", "net", "sk_buff", "int")},
			"nf_send_reset", map[string]uint32{"packet_arg": 2, "chain_arg": 3}},
		"no module": {&reject, []btf.Type{functionOf("tcp_reset", "sock")}, nil,
			"", map[string]uint32{"packet_arg": 0, "chain_arg": 0}},
		"a link": {&link, []btf.Type{functionOf("tcp_reset", "sock")}, []btf.Type{functionOf("nf_reject_skb_v4_tcp_reset", "net", "sk_buff", "net_device", "int")},
			"nf_reject_skb_v4_tcp_reset", map[string]uint32{"packet_arg": 2, "device_arg": 3, "chain_arg": 4}},
	} {
		var module *btf.Spec
		if test.module != nil {
			module = specOf(t, test.module...)
		}
		got := findTarget(test.hook, specOf(t, test.kernel...), module, nil)
		if got.typed != test.typed || got.inModule != (test.module != nil) {
			t.Errorf("%s: found as %q, in a module: %t", name, got.typed, got.inModule)
		}
		if diff := cmp.Diff(test.arguments, got.arguments); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if function, err := (fentry{}).function(test.hook, &got); err != nil || test.typed != "" && function != test.typed {
			t.Errorf("%s: fentry attaches to %q, %v", name, function, err)
		}
	}
}

// TestIllegibleArguments: a function that has no socket where the program reads it is
// not attached to, by no method.
func TestIllegibleArguments(t *testing.T) {
	for name, test := range map[string]struct {
		parameters []string
		missing    string
	}{
		"as ever":              {[]string{"sock", "sk_buff"}, ""},
		"without a packet":     {[]string{"sock"}, "sk_buff"},
		"another type":         {[]string{"tcp_sock", "sk_buff"}, "sock"},
		"behind the registers": {[]string{"sk_buff", "net", "net", "net", "sock"}, "sock"},
	} {
		got := findTarget(&hooks[reply4Hook], specOf(t, functionOf("tcp_v4_send_reset", test.parameters...)), nil,
			map[string][]string{"tcp_v4_send_reset": {"tcp_v4_send_reset"}})
		for method, m := range map[string]attachMethod{"fentry": fentry{}, "kprobe": kprobe{}} {
			_, err := m.function(&hooks[reply4Hook], &got)
			if (err == nil) != (test.missing == "") || err != nil && !strings.Contains(err.Error(), " no "+test.missing+" ") {
				t.Errorf("%s: %s says %v", name, method, err)
			}
		}
	}
	old := findTarget(&hooks[receiveHook], specOf(t, functionOf("tcp_reset", "sock")), nil, nil)
	if err := old.legible(&hooks[receiveHook]); err != nil {
		t.Errorf("tcp_reset before 5.11: %v", err)
	}
	active := findTarget(&hooks[activeHook], specOf(t, functionOf("tcp_send_active_reset", "sock", "int")), nil, nil)
	if err := active.legible(&hooks[activeHook]); err != nil {
		t.Errorf("tcp_send_active_reset: %v", err)
	}
}

func TestTracepointArguments(t *testing.T) {
	for name, test := range map[string]struct {
		parameters []string
		want       map[string]uint32
	}{
		"6.10":        {[]string{"sock", "sk_buff", "sk_rst_reason"}, map[string]uint32{"sock_arg": 1, "packet_arg": 2, "reason_arg": 3}},
		"before 6.10": {[]string{"sock", "sk_buff"}, map[string]uint32{"sock_arg": 1, "packet_arg": 2, "reason_arg": 0}},
		"moved":       {[]string{"sk_rst_reason", "sk_buff", "sock"}, map[string]uint32{"sock_arg": 3, "packet_arg": 2, "reason_arg": 1}},
	} {
		got := findTarget(&hooks[reply4Hook], specOf(t, tracepointOf("tcp_send_reset", test.parameters...)), nil, nil)
		if diff := cmp.Diff(test.want, got.traced); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestTargetBySymbol: a kprobe takes a name with a suffix only if its arguments are
// where the function has them.
func TestTargetBySymbol(t *testing.T) {
	described := specOf(t, functionOf("tcp_reset", "sock", "sk_buff"))
	silent := specOf(t, functionOf("tcp_abort", "sock"))
	named := hooks[receiveHook]
	named.functions = []string{"tcp_reset", "tcp_reset.isra.0", "tcp_rst"}
	for name, test := range map[string]struct {
		hook     *hook
		kernel   *btf.Spec
		kallsyms []string
		want     string
		changed  bool
	}{
		"as ever":                {&hooks[receiveHook], described, []string{"tcp_reset", "tcp_reset.cold"}, "tcp_reset", false},
		"by LTO":                 {&hooks[receiveHook], silent, []string{"tcp_reset.llvm.9181"}, "tcp_reset.llvm.9181", false},
		"a clone with BTF":       {&hooks[receiveHook], described, []string{"tcp_reset.constprop.0"}, "tcp_reset.constprop.0", false},
		"a clone without":        {&hooks[receiveHook], silent, []string{"tcp_reset.constprop.0"}, "", true},
		"another without":        {&hooks[receiveHook], silent, []string{"tcp_reset.isra.0"}, "", true},
		"a part of a clone":      {&hooks[receiveHook], described, []string{"tcp_reset.isra.0.cold", "tcp_reset.part.0"}, "", false},
		"a clone in the table":   {&named, silent, []string{"tcp_reset.isra.0"}, "tcp_reset.isra.0", false},
		"an alias":               {&named, silent, []string{"tcp_rst"}, "tcp_rst", false},
		"not there":              {&hooks[receiveHook], described, nil, "", false},
		"both, the first counts": {&named, described, []string{"tcp_rst", "tcp_reset"}, "tcp_reset", false},
	} {
		symbols := make(map[string][]string)
		for _, symbol := range test.kallsyms {
			base := withoutClone(symbol)
			symbols[base] = append(symbols[base], symbol)
		}
		got := findTarget(test.hook, test.kernel, nil, symbols)
		if got.symbol != test.want || got.changed != "" != test.changed {
			t.Errorf("%s: %q, changed %q", name, got.symbol, got.changed)
		}
		function, err := (kprobe{}).function(test.hook, &got)
		switch {
		case test.changed && (err == nil || !strings.Contains(err.Error(), got.changed)):
			t.Errorf("%s: a kprobe attaches to %q (%v), whose arguments nobody knows", name, function, err)
		case !test.changed && (err != nil || test.want != "" && function != test.want):
			t.Errorf("%s: a kprobe attaches to %q, %v", name, function, err)
		}
	}
}
