package stories

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// screenLines is how much a person sees at once.
const screenLines = 24

// screens are what the first screen of each block of the page must have: the cause and
// the culprit, the number that decides, and what to do.
var screens = map[string][]string{
	"nginx-upstream":         {"app[", "bytes of its client unread", "Read the request to its end"},
	"nginx-keepalive":        {"nginx[", "ms later", "Find out why nginx["},
	"node-keepalive":         {"node[", "closed an idle connection after a silence of", "keepalive_timeout in upstream", "server.keepAliveTimeout"},
	"go-server":              {"upload-server[", "bytes of its client unread", "Read the request to its end"},
	"haproxy-nolinger":       {"haproxy[", "SO_LINGER {1,0}", "not acknowledged", "option nolinger"},
	"haproxy-restart":        {"haproxy[", "killed by SIGTERM", "1 connection", "reload"},
	"redis-restart":          {"redis-server[", "killed by SIGKILL", "1 connection", "what made stories.test"},
	"redis-client-kill":      {"redis-server[", "ms later", "Find out why redis-server["},
	"redis-client-kill-busy": {"redis-server[", "left the next 22 bytes of redis-cli[", "client-output-buffer-limit"},
	"fin-wait-killed":        {"socat[", "killed by SIGKILL", "5 000 bytes unread", "what made stories.test"},
	"redis-timeout":          {"redis-server[", "after a silence of", "redis-server's timeout (off unless set)"},
	"curl-max-time":          {"curl[", "after 1.0 s", "later", "curl's --max-time"},
	"nginx-reload":           {"nginx[", "had answered before", "keepalive_requests, keepalive_time, a reload"},
	"nginx-worker-killed":    {"nginx[", "killed by SIGKILL", "what made stories.test"},
	"pool-killed":            {"python3[", "killed by SIGKILL", "not acknowledged", "what made stories.test"},
	"socat-killed":           {"socat[", "killed by SIGKILL", "5 000 bytes unread", "what made stories.test"},
	"shell-sigpipe":          {"bash[", "died of SIGPIPE", "socat[", "Ignore SIGPIPE"},
	"nginx-localhost":        {"curl[", "127.0.0.1:8000", "listen on 192.0.2.1 too, if other hosts have to reach it"},
	"memcached-full":         {"memcached[", "turned-away", "a line of 33 bytes", "memcached's -c (1024 by default)"},
	"sshd-full":              {"sshd[", "turned-away", "a line of 22 bytes", "sshd's MaxStartups"},
	"nmap":                   {"nmap[", "port-scan (harmless)", "tried 8 ports"},
	"tls-farewell":           {"nginx[", "unread-farewell (", "24 bytes"},
	"gunicorn-timeout":       {"gunicorn[", "bytes of its client unread", "the connection was", "--timeout"},
	"postgres-terminate":     {"postgres[", "exited with 1", "1 connection", "pg_terminate_backend"},
	"haproxy-check":          {"haproxy[", "port-check (harmless)", "without a byte"},
}

var blockOfPage = regexp.MustCompile("(?s)<!-- ([a-z-]+) -->\n```\n(.*?)```\n")

// TestFirstScreen reads what the page shows of each story, which the story compares with
// what rsttrace says.
func TestFirstScreen(t *testing.T) {
	text := (&story{T: t}).page()
	seen := 0
	for _, block := range blockOfPage.FindAllStringSubmatch(text, -1) {
		name, lines := block[1], strings.Split(block[2], "\n")
		words, known := screens[name]
		if !known {
			t.Errorf("screens lacks %s", name)
			continue
		}
		seen++
		for _, line := range lines {
			if width := utf8.RuneCountInString(line); width > columns {
				t.Errorf("%s: a line of %d columns: %s", name, width, line)
			}
		}
		screen := blanks.ReplaceAllString(strings.Join(lines[:min(screenLines, len(lines))], " "), " ")
		for _, want := range words {
			if !strings.Contains(screen, want) {
				t.Errorf("the first screen of %s does not say %q:\n%s", name, want, block[2])
			}
		}
	}
	if seen != len(screens) {
		t.Errorf("the page has %d of %d blocks", seen, len(screens))
	}
}
