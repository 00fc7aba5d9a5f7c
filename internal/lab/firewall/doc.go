// Package firewall puts nftables rules into throw-away network namespaces,
// through netlink: no program and no file of the host takes part.
//
// It needs CAP_NET_ADMIN and a kernel with nf_tables and its reject expression.
// The trap to avoid: where these are modules, the kernel loads them at the
// first rule, which changes the host.
package firewall
