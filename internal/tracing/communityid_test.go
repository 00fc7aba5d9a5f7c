package tracing

import (
	"testing"
	"testing/synctest"

	"github.com/rsttrace/rsttrace/internal/communityid"
)

// TestCommunityID: both ends' events have the same.
func TestCommunityID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent, received := resetPair()
		_, events := collect(tracing(newFakeSource(resets(sent, received)), ""), 2)
		want := communityid.TCP(sent.Local.AddrPort(), sent.Peer.AddrPort())
		if events[0].CommunityID != want || events[1].CommunityID != want {
			t.Errorf("%s and %s, want %s", events[0].CommunityID, events[1].CommunityID, want)
		}
	})
}
