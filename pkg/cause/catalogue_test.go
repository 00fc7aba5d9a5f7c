package cause

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rsttrace/rsttrace/pkg/event"
)

func TestCatalogueIsComplete(t *testing.T) {
	for entry := range All() {
		t.Run(string(entry.ID), func(t *testing.T) {
			v := reflect.ValueOf(entry)
			for i := range v.NumField() {
				name := v.Type().Field(i).Name
				if name == "IETFCause" || name == "Dir" && entry.ID == Unclassified {
					continue
				}
				if v.Field(i).IsZero() {
					t.Errorf("%s is empty", name)
				}
			}
			for _, text := range slices.Concat(entry.Fix, entry.Reproduce, entry.Sources) {
				if strings.TrimSpace(text) != text || text == "" {
					t.Errorf("%q: empty or with blanks at its ends", text)
				}
			}
		})
	}
}

func TestIdsAreKebabCaseAndUnique(t *testing.T) {
	kebab := regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)
	seen := map[event.CauseID]bool{}
	for entry := range All() {
		if !kebab.MatchString(string(entry.ID)) {
			t.Errorf("%q is not kebab-case", entry.ID)
		}
		if seen[entry.ID] {
			t.Errorf("%q occurs twice", entry.ID)
		}
		seen[entry.ID] = true
	}
}

func TestRemedyAndTitleAreOneSentence(t *testing.T) {
	for entry := range All() {
		for what, text := range map[string]string{"remedy": entry.Remedy, "title": entry.Title} {
			if strings.HasSuffix(text, ".") || strings.Contains(text, ". ") {
				t.Errorf("%s: %s %q: want one sentence without a full stop", entry.ID, what, text)
			}
			if len(text) > 110 {
				t.Errorf("%s: %s is %d characters long, want at most 110", entry.ID, what, len(text))
			}
		}
		if first := entry.Remedy[:1]; first != strings.ToUpper(first) {
			t.Errorf("%s: remedy %q does not begin with a capital", entry.ID, entry.Remedy)
		}
		for what, text := range map[string]string{"meaning": entry.Meaning, "app here": entry.AppHere} {
			if !strings.HasSuffix(text, ".") && what == "meaning" {
				t.Errorf("%s: %s is not in whole sentences: %q", entry.ID, what, text)
			}
		}
	}
}

// TestCatalogueMatchesTheContract holds the ids against the project's list of
// causes, in its order.
func TestCatalogueMatchesTheContract(t *testing.T) {
	for dir, want := range map[event.Dir]string{
		event.Sent: `unread-data-on-close linger-zero disconnect disconnect-with-unsent-data listener-closed
			socket-destroyed linger2-negative orphan-limit keepalive-timeout keepalive-user-timeout fin-wait2-timeout
			closed-port half-open closed-earlier data-after-close syn-in-fin-wait2 ack-to-listener stray-syn-ack
			syn-in-handshake accept-queue-overflow bad-ack-in-syn-sent bad-timestamp-in-syn-sent bad-ack-in-handshake
			mptcp-close mptcp-join-refused mptcp-reset netfilter-reject`,
		event.Received: `refused peer-aborted peer-gone reset-by-peer wrote-after-peer-close reset-after-peer-close
			reset-while-closing handshake-aborted time-wait-killed`,
		event.Ignored: `rst-challenged rst-out-of-window rst-old rst-unacceptable rst-to-listener rst-unacceptable-in-syn-sent
			rst-time-wait-protected rst-time-wait-out-of-window rst-handshake-challenged rst-handshake-out-of-window
			rst-no-connection rst-bad-checksum rst-ttl-too-low rst-bad-signature`,
		event.Observed: `wire-refused wire-no-connection wire-after-close wire-abort wire-broken-off wire-other-device wire-injected
			wire-unknown`,
		"": "unclassified",
	} {
		var got []string
		for _, id := range IDs(dir) {
			got = append(got, string(id))
		}
		if !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("the causes of direction %q differ from the list in this test (-list +catalogue):\n%s", dir, cmp.Diff(strings.Fields(want), got))
		}
	}
}

// TestPeopleFindTheirQuestion: what people search for leads to the cause that
// is usually behind it.
func TestPeopleFindTheirQuestion(t *testing.T) {
	for words, id := range map[string]event.CauseID{
		"350 s":              PeerGone,
		"4 min":              PeerGone,
		"AWS":                KeepaliveTimeout,
		"502":                DataAfterClose,
		"keep-alive race":    WroteAfterPeerClose,
		"keepAliveTimeout":   DataAfterClose,
		"conntrack INVALID":  HalfOpen,
		"be_liberal":         HalfOpen,
		"141":                WroteAfterPeerClose,
		"MSG_NOSIGNAL":       WroteAfterPeerClose,
		"lingering_close":    UnreadDataOnClose,
		"io.Copy":            UnreadDataOnClose,
		"option nolinger":    LingerZero,
		"Envoy":              LingerZero,
		"TCP_USER_TIMEOUT":   KeepaliveUserTimeout,
		"somaxconn":          AcceptQueueOverflow,
		"readiness":          Refused,
		"TTL":                Refused,
		"tcp_max_orphans":    OrphanLimit,
		"socket activation":  ListenerClosed,
		"reject with tcp re": NetfilterReject,
	} {
		entry, _ := Lookup(id)
		page := strings.Join(append(entry.Fix, entry.Meaning, entry.AppHere, entry.OnTheWire, entry.Remedy), "\n")
		if !strings.Contains(page, words) {
			t.Errorf("the page of %s does not mention %q", id, words)
		}
	}
}

func TestLookup(t *testing.T) {
	entry, ok := Lookup(LingerZero)
	if !ok || entry.ID != LingerZero || entry.Dir != event.Sent {
		t.Errorf("Lookup(%q) = %v %v, %v", LingerZero, entry.ID, entry.Dir, ok)
	}
	if _, ok := Lookup("no-such-cause"); ok {
		t.Error("Lookup found a cause that does not exist")
	}
}

func TestSuggest(t *testing.T) {
	for text, want := range map[string]event.CauseID{
		"linger-zer":           LingerZero,
		"lingerzero":           LingerZero,
		"LINGER_ZERO":          LingerZero,
		"closed port":          ClosedPort,
		"unread-data":          UnreadDataOnClose,
		"overflow":             AcceptQueueOverflow,
		"refuse":               Refused,
		"wrote-after-peerclos": WroteAfterPeerClose,
		"unclasified":          Unclassified,
		"keepalive-timout":     KeepaliveTimeout,
		"bananas":              "",
		"":                     "",
	} {
		got, ok := Suggest(text)
		if got != want || ok != (want != "") {
			t.Errorf("Suggest(%q) = %q, %v, want %q", text, got, ok, want)
		}
	}
}
