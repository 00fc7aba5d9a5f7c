package event

import "time"

// Loss says that events were counted whose details did not reach this program.
type Loss struct {
	Host
	Time   time.Time // when it was noticed
	Events uint64    // since the Loss before
}
