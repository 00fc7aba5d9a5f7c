package finding

import "github.com/rsttrace/rsttrace/pkg/event"

// topic is what a setting of a program is about.
type topic uint8

const (
	idleServer topic = iota // closes connections on which no request comes
	idleClient              // keeps idle connections for the next request
	connectionLimit
	requestLimit // ends what takes too long
	queueLimit   // backlog of the listener
	uploadRest   // reads what is left of a request before it closes
)

// settings are what the commonest programs call their limits, with the defaults, by
// the name of the process. Sources: the documentation of each program.
var settings = map[string]map[topic]string{
	"nginx": {
		idleServer: "keepalive_timeout (75 s by default)", idleClient: "keepalive_timeout in upstream (60 s by default)",
		connectionLimit: "limit_conn or worker_connections", requestLimit: "proxy_read_timeout (60 s by default)",
		queueLimit: "listen … backlog= (511 by default)", uploadRest: "lingering_close and client_max_body_size",
	},
	"haproxy": {
		idleServer: "timeout http-keep-alive, timeout client", idleClient: "http-reuse with pool-purge-delay (5 s by default)",
		connectionLimit: "maxconn", requestLimit: "timeout server", queueLimit: "backlog",
	},
	"envoy": {
		idleServer: "common_http_protocol_options.idle_timeout (1 h by default)", idleClient: "common_http_protocol_options.idle_timeout of the cluster (1 h by default)",
		connectionLimit: "max_connections of the circuit breaker", requestLimit: "route timeout (15 s by default)",
	},
	"node":         {idleServer: "server.keepAliveTimeout (5 s by default)", idleClient: "keepAlive and timeout of http.Agent", requestLimit: "server.requestTimeout (300 s by default)", connectionLimit: "server.maxConnections"},
	"apache2":      {idleServer: "KeepAliveTimeout (5 s by default)", connectionLimit: "MaxRequestWorkers", requestLimit: "Timeout (60 s by default)", queueLimit: "ListenBacklog (511 by default)"},
	"httpd":        {idleServer: "KeepAliveTimeout (5 s by default)", connectionLimit: "MaxRequestWorkers", requestLimit: "Timeout (60 s by default)", queueLimit: "ListenBacklog (511 by default)"},
	"gunicorn":     {idleServer: "--keep-alive (2 s by default)", connectionLimit: "--worker-connections", requestLimit: "--timeout (30 s by default)", queueLimit: "--backlog (2048 by default)"},
	"uvicorn":      {idleServer: "--timeout-keep-alive (5 s by default)", connectionLimit: "--limit-concurrency", queueLimit: "--backlog (2048 by default)"},
	"php-fpm":      {requestLimit: "request_terminate_timeout", connectionLimit: "pm.max_children", queueLimit: "listen.backlog"},
	"java":         {idleServer: "keepAliveTimeout of the connector (Tomcat: as connectionTimeout, 20 s in server.xml)", idleClient: "the idle limit of the connection pool", connectionLimit: "maxConnections of the connector", queueLimit: "acceptCount of the connector (Tomcat: 100 by default)"},
	"mysqld":       {idleServer: "wait_timeout (28800 s by default)", connectionLimit: "max_connections (151 by default)", queueLimit: "back_log"},
	"mariadbd":     {idleServer: "wait_timeout (28800 s by default)", connectionLimit: "max_connections (151 by default)", queueLimit: "back_log"},
	"postgres":     {idleServer: "idle_session_timeout (off by default)", connectionLimit: "max_connections (100 by default)", requestLimit: "statement_timeout (off by default)"},
	"redis-server": {idleServer: "timeout (off by default)", connectionLimit: "maxclients (10000 by default)", queueLimit: "tcp-backlog (511 by default)"},
	"memcached":    {idleServer: "-o idle_timeout (off by default)", connectionLimit: "-c (1024 by default)", queueLimit: "-b (1024 by default)"},
	"beam.smp":     {idleServer: "heartbeat of RabbitMQ (60 s by default)", connectionLimit: "connection_max", queueLimit: "tcp_listen_options.backlog (128 by default)"},
	"sshd":         {idleServer: "ClientAliveInterval × ClientAliveCountMax", connectionLimit: "MaxStartups (10:30:100 by default)", requestLimit: "LoginGraceTime (120 s by default)"},
	"vsftpd":       {idleServer: "idle_session_timeout (300 s by default)", connectionLimit: "max_clients"},
	"dovecot":      {connectionLimit: "client_limit", requestLimit: "login timeout"},
	"mongod":       {connectionLimit: "net.maxIncomingConnections"},
}

// settingOf names a setting of a program: "" where none is known.
func settingOf(o *event.Owner, t topic) string { return settings[o.Comm][t] }

// aSetting is what to look for where the program is not known.
var aSetting = map[topic]string{
	idleServer: "its keep-alive or idle timeout", idleClient: "the idle timeout of its connection pool", connectionLimit: "its limit of connections",
	requestLimit: "its time limit for a request", queueLimit: "the backlog that it passes to listen", uploadRest: "what it does with the rest of a request",
}

// setting names a setting of a program, or says what to look for.
func setting(o *event.Owner, t topic) string {
	if known := settingOf(o, t); known != "" {
		return o.Comm + "'s " + known
	}
	if o.Comm == "" {
		return aSetting[t]
	}
	return aSetting[t] + " (" + o.Comm + ")"
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
