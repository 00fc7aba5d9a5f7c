package truth

import (
	"os"
	"testing"

	"github.com/rsttrace/rsttrace/pkg/lab"
)

func readLab(t *testing.T) []Case {
	t.Helper()
	file, err := os.Open("testdata/lab.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	cases, err := Read(file)
	if err != nil {
		t.Fatal(err)
	}
	return cases
}

// TestEveryScenario: the archive has all of the lab.
func TestEveryScenario(t *testing.T) {
	played := map[string]bool{}
	for _, c := range readLab(t) {
		played[c.Scenario+" over "+string(c.Family)] = true
	}
	for _, s := range lab.Scenarios() {
		for _, family := range s.Families {
			if name := s.Name + " over " + string(family); !played[name] {
				t.Errorf("the archive lacks %s: \"How right it is\" in docs/wire.md says how to write it anew", name)
			}
		}
	}
}

// TestNothingIsWrong: no verdict of a capture contradicts what happened.
func TestNothingIsWrong(t *testing.T) {
	var grades [2][None + 1]int
	cases := readLab(t)
	for i := range cases {
		all, err := Judge(t.Context(), &cases[i])
		if err != nil {
			t.Errorf("%s: %v", cases[i].Name(), err)
		}
		for _, j := range all {
			grades[0][j.SenderGrade]++
			grades[1][j.ReceiverGrade]++
			if j.SenderGrade == Wrong {
				t.Errorf("%s: %s at the sender, and the capture says %s (row %d): %q", cases[i].Name(), j.Sender, j.SaidSender, j.Row, j.Because)
			}
			if j.ReceiverGrade == Wrong {
				t.Errorf("%s: %s at the receiver, and the capture says %s (row %d): %q", cases[i].Name(), j.Receiver, j.SaidReceiver, j.Row, j.Because)
			}
		}
	}
	for g, name := range gradeNames {
		t.Logf("%s: %d at the sender, %d at the receiver", name, grades[0][g], grades[1][g])
	}
}
