package filter

import (
	"slices"
	"testing"
)

func TestParts(t *testing.T) {
	const (
		kernel = "kernel"
		kind   = "kernel, from the second event of each kind on"
		group  = "kernel, once rsttrace knows the control group"
		own    = "kernel if the process acts on its own socket, else rsttrace once it knows the owner"
		part   = "kernel in part, then rsttrace"
		owner  = "rsttrace, once it knows the owner"
		late   = "rsttrace"
	)
	for text, want := range map[string][]Part{
		"": nil,
		"sent and port 443 and cause in (peer-gone, half-open) and not comm nginx and silence > 300s": {
			{"sent", kernel}, {"port 443", kernel}, {"(cause peer-gone or cause half-open)", kind}, {"not comm nginx", owner}, {"silence > 300s", late},
		},
		"not ignored":                   {{"not ignored", kernel}},
		"sent or received":              {{"sent or received", kernel}},
		"likely":                        {{"likely", kind}},
		"host 10.0.0.0/8 and netns 1":   {{"host 10.0.0.0/8", kernel}, {"netns 1", kernel}},
		"comm nginx":                    {{"comm nginx", own}},
		"container web and unit a":      {{"container web", group}, {"unit a.service", group}},
		"local.port 443":                {{"local.port 443", part}},
		"not port 443":                  {{"not port 443", late}},
		"has pod":                       {{"has pod", group}},
		"port 443 or silence > 1s":      {{"port 443 or silence > 1s", late}},
		"not (received or comm != web)": {{"not (received or comm != web)", part}},
	} {
		f, err := Parse(text, Vocabulary{})
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := f.Parts(); !slices.Equal(got, want) {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	}
}

func TestComplete(t *testing.T) {
	for text, want := range map[string][]string{
		"sen":                       {"sent"},
		"cause peer-g":              {"cause peer-gone"},
		"cause in (peer-g":          {"cause in (peer-gone"},
		"cause in (refused, peer-g": {"cause in (refused, peer-gone"},
		"sent a":                    {"sent and"},
		"port 443 o":                {"port 443 or"},
		"sent and cont":             {"sent and container"},
		"not sta":                   {"not state"},
		"(rec":                      {"(received"},
		"state = EST":               {"state = ESTABLISHED"},
		"has sil":                   {"has silence"},
		"port i":                    {"port in"},
		`comm "x`:                   nil,
		"state SYN_S":               {"state SYN_SENT"},
	} {
		if got := Complete(text); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for _, offer := range Complete("") {
		if offer == "" {
			t.Error("an empty offer")
		}
	}
}

func FuzzComplete(f *testing.F) {
	f.Add("sent and cause in (peer")
	f.Add("= ( , in")
	f.Fuzz(func(t *testing.T, text string) {
		for _, offer := range Complete(text) {
			if len(offer) < len(text) {
				t.Errorf("%q offers the shorter %q", text, offer)
			}
		}
	})
}
