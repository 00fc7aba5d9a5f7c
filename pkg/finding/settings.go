package finding

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/event"
)

// topic is what a setting of a program is about.
type topic uint8

const (
	idleServer topic = iota // closes connections on which no request comes
	idleClient              // keeps idle connections for the next request
	connectionLimit
	requestLimit // ends what takes too long
	queueLimit   // backlog of the listener
	uploadRest   // reads what is left of a request before it closes
	otherClose   // closes connections for another reason than idle time
	patience     // how long a client waits for an answer
)

// settings are what the commonest programs call their limits, with the defaults, by
// the name of the process. Sources: the documentation of each program.
var settings = map[string]map[topic]string{
	"nginx": {
		idleServer: "keepalive_timeout (75 s by default)", idleClient: "keepalive_timeout in upstream (60 s by default)",
		connectionLimit: "limit_conn or worker_connections", requestLimit: "proxy_read_timeout (60 s by default)", patience: "proxy_read_timeout (60 s by default)",
		queueLimit: "listen … backlog= (511 by default)", otherClose: "keepalive_requests, keepalive_time, a reload", uploadRest: "lingering_close and client_max_body_size",
	},
	"haproxy": {
		idleServer: "timeout http-keep-alive, timeout client", idleClient: "timeout server, timeout client, pool-purge-delay (5 s by default)",
		connectionLimit: "maxconn", requestLimit: "timeout server", patience: "timeout server", queueLimit: "backlog",
	},
	"envoy": {
		idleServer: "common_http_protocol_options.idle_timeout (1 h by default)", idleClient: "common_http_protocol_options.idle_timeout of the cluster (1 h by default)",
		connectionLimit: "max_connections of the circuit breaker", requestLimit: "route timeout (15 s by default)", patience: "route timeout (15 s by default)",
	},
	"curl":         {patience: "--max-time (off unless set)"},
	"wget":         {patience: "--timeout (900 s by default)"},
	"ab":           {patience: "-s (30 s by default)"},
	"node":         {idleServer: "server.keepAliveTimeout (5 s by default)", idleClient: "keepAlive and timeout of http.Agent", requestLimit: "server.requestTimeout (300 s by default)", connectionLimit: "server.maxConnections"},
	"apache2":      {idleServer: "KeepAliveTimeout (5 s by default)", connectionLimit: "MaxRequestWorkers", requestLimit: "Timeout (60 s by default)", queueLimit: "ListenBacklog (511 by default)"},
	"httpd":        {idleServer: "KeepAliveTimeout (5 s by default)", connectionLimit: "MaxRequestWorkers", requestLimit: "Timeout (60 s by default)", queueLimit: "ListenBacklog (511 by default)"},
	"gunicorn":     {idleServer: "--keep-alive (2 s by default)", connectionLimit: "--worker-connections", requestLimit: "--timeout (30 s by default)", queueLimit: "--backlog (2048 by default)"},
	"uvicorn":      {idleServer: "--timeout-keep-alive (5 s by default)", connectionLimit: "--limit-concurrency", queueLimit: "--backlog (2048 by default)"},
	"php-fpm":      {requestLimit: "request_terminate_timeout", connectionLimit: "pm.max_children", queueLimit: "listen.backlog"},
	"java":         {patience: "the read timeout of its client library", idleServer: "keepAliveTimeout of the connector (Tomcat: as connectionTimeout, 20 s in server.xml)", idleClient: "the idle limit of the connection pool", connectionLimit: "maxConnections of the connector", queueLimit: "acceptCount of the connector (Tomcat: 100 by default)"},
	"mysqld":       {otherClose: "max_allowed_packet, KILL", idleServer: "wait_timeout (28800 s by default)", connectionLimit: "max_connections (151 by default)", queueLimit: "back_log"},
	"mariadbd":     {otherClose: "max_allowed_packet, KILL", idleServer: "wait_timeout (28800 s by default)", connectionLimit: "max_connections (151 by default)", queueLimit: "back_log"},
	"postgres":     {otherClose: "pg_terminate_backend", idleServer: "idle_session_timeout (off unless set)", connectionLimit: "max_connections (100 by default)", requestLimit: "idle_in_transaction_session_timeout or transaction_timeout (off unless set)"},
	"redis-server": {idleServer: "timeout (off unless set)", otherClose: "client-output-buffer-limit, CLIENT KILL", connectionLimit: "maxclients (10000 by default)", queueLimit: "tcp-backlog (511 by default)"},
	"memcached":    {idleServer: "-o idle_timeout (off unless set)", connectionLimit: "-c (1024 by default)", queueLimit: "-b (1024 by default)"},
	"beam.smp":     {idleServer: "heartbeat of RabbitMQ (60 s by default)", connectionLimit: "connection_max", queueLimit: "tcp_listen_options.backlog (128 by default)"},
	"sshd":         {idleServer: "ClientAliveInterval × ClientAliveCountMax", connectionLimit: "MaxStartups (10:30:100 by default)", requestLimit: "LoginGraceTime (120 s by default)"},
	"vsftpd":       {idleServer: "idle_session_timeout (300 s by default)", connectionLimit: "max_clients"},
	"dovecot":      {connectionLimit: "client_limit", requestLimit: "login timeout"},
	"mongod":       {connectionLimit: "net.maxIncomingConnections"},
	"pgbouncer":    {idleServer: "client_idle_timeout (off unless set)", idleClient: "server_idle_timeout (600 s by default)", connectionLimit: "max_client_conn (100 by default)", requestLimit: "query_timeout (off unless set)", queueLimit: "listen_backlog (128 by default)"},
	"traefik":      {idleServer: "respondingTimeouts.idleTimeout (180 s by default)", idleClient: "forwardingTimeouts.idleConnTimeout (90 s by default)", requestLimit: "respondingTimeouts.readTimeout (60 s by default)"},
	"cache-main":   {idleServer: "Varnish's timeout_idle (5 s by default)", idleClient: "Varnish's backend_idle_timeout (60 s by default)", requestLimit: "Varnish's first_byte_timeout (60 s by default)", queueLimit: "Varnish's listen_depth (1024 by default)"},
	"lighttpd":     {idleServer: "server.max-keep-alive-idle (5 s by default)", connectionLimit: "server.max-connections", requestLimit: "server.max-read-idle (60 s by default)"},
	"uwsgi":        {requestLimit: "harakiri (off unless set)", queueLimit: "listen (100 by default)"},
	"smtpd":        {idleServer: "smtpd_timeout (300 s by default)", connectionLimit: "smtpd_client_connection_count_limit (50 by default)"},
	"proftpd":      {idleServer: "TimeoutIdle (600 s by default)", connectionLimit: "MaxInstances (no limit by default)"},
	"slapd":        {idleServer: "idletimeout (off unless set)"},
}

// settingOf names a setting of a program: "" where none is known.
func settingOf(o *event.Owner, t topic) string { return settings[o.Comm][t] }

// endingLimits lists the settings of programs that end a process for its connection, or for
// a request that takes too long: "" where none is known.
func endingLimits(o *event.Owner) string {
	var reasons []string
	for _, t := range processPerConnection[o.Comm] {
		if known := settingOf(o, t); known != "" {
			reasons = append(reasons, known)
		}
	}
	return strings.Join(reasons, ", ")
}

// processPerConnection are programs whose processes end with a connection, and by which
// settings they do.
var processPerConnection = map[string][]topic{
	"gunicorn": {requestLimit},
	"postgres": {idleServer, requestLimit, otherClose},
	"sshd":     {idleServer, requestLimit},
}

// closingReasons lists why a server may have closed: its settings if it is a known
// program, else what servers usually have. A busy connection met no idle limit.
func closingReasons(o *event.Owner, busy bool) string {
	var reasons []string
	if known := settingOf(o, idleServer); !busy {
		reasons = append(reasons, cmp.Or(known, "an idle limit"))
	}
	if known := settingOf(o, requestLimit); known != "" && busy {
		reasons = append(reasons, known)
	}
	return strings.Join(append(reasons, otherReasons(o)), ", ")
}

// otherReasons lists why a server may have closed, beside its time limits.
func otherReasons(o *event.Owner) string {
	return cmp.Or(settingOf(o, otherClose), "a limit of requests or of age, a reload") + ", or an error"
}

// aSetting is what to look for where the setting of a program is not known. Its %s is the
// program, as "python3's".
var aSetting = map[topic]string{
	idleServer: "%s keep-alive or idle timeout", idleClient: "%s limit for idle connections", connectionLimit: "%s limit of connections",
	requestLimit: "%s time limit for a request", queueLimit: "the backlog in %s call of listen", uploadRest: "what %s code does with the rest of a request",
	patience: "%s time limit for an answer",
}

// setting names a setting of a program, or says what to look for.
func setting(o *event.Owner, t topic) string {
	if known := settingOf(o, t); known != "" {
		return o.Comm + "'s " + known
	}
	who := "the server"
	if t == idleClient || t == patience {
		who = "the client"
	}
	return fmt.Sprintf(aSetting[t], cmp.Or(o.Comm, who)+"'s")
}

// between names the idle limits of what stands between two ends, in seconds. Sources:
// the documentation of each product.
var between = []struct {
	seconds uint64
	who     string
}{
	{60, "AWS Application Load Balancer and many proxies (60 s)"},
	{240, "Azure Load Balancer and Azure NAT (4 min)"},
	{300, "many firewalls and service meshes (5 min)"},
	{350, "AWS Network Load Balancer, NAT gateway and Transit Gateway (350 s)"},
	{600, "Google Cloud VPC (10 min)"},
	{900, "kube-proxy in IPVS mode and some load balancers (15 min)"},
	{3600, "most stateful firewalls (1 h)"},
	{432000, "conntrack of Linux (5 days)"},
}

// knownLimit names who is known for forgetting connections after such a silence.
func knownLimit(millis uint64) string {
	for _, b := range between {
		limit := b.seconds * 1000
		if millis >= limit && millis <= limit+max(limit/10, 2000) {
			return b.who
		}
	}
	return ""
}
