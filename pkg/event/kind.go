package event

// Kind says what one line of JSON is about.
type Kind string

const (
	KindEvent    Kind = "event"    // an Event
	KindFollowup Kind = "followup" // a Followup
	KindFinding  Kind = "finding"  // a Finding
	KindCounts   Kind = "counts"   // Totals
	KindLost     Kind = "lost"     // a Loss
	KindAudit    Kind = "audit"    // an Audit
	KindCoverage Kind = "coverage" // a Coverage
)
