// Package webconfig reads the file that all exporters of Prometheus have for TLS and
// passwords, and serves HTTP as it says. Whoever runs exporters knows this file:
//
//	tls_server_config:
//	  cert_file: server.crt
//	  key_file: server.key
//	basic_auth_users:
//	  prometheus: $2y$10$...
//
// The format is that of github.com/prometheus/exporter-toolkit. Its tests compare the two.
// The toolkit is not in the program, because it brings golang.org/x/net/trace, whose init
// registers pages that are templates. Templates call methods by name, so the linker can
// leave out no exported method of any type. That costs 4.6 MB.
package webconfig
