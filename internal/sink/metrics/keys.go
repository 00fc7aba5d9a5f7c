package metrics

import (
	"strconv"
	"strings"

	"github.com/rsttrace/rsttrace/pkg/cause"
	"github.com/rsttrace/rsttrace/pkg/event"
	"github.com/rsttrace/rsttrace/pkg/finding"
)

// resetKey is what most families are divided by.
type resetKey struct {
	dir   event.Dir
	cause event.CauseID
}

// dirUnknown is the direction of what was counted without evidence.
const dirUnknown event.Dir = "unknown"

func (k resetKey) labels() []string { return []string{string(k.dir), string(k.cause)} }

// resetKeys are all that the kernel side can count in some directions.
func resetKeys(dirs []event.Dir) (keys []resetKey) {
	for _, dir := range dirs {
		for _, id := range cause.IDs(dir) {
			keys = append(keys, resetKey{dir, id})
		}
		keys = append(keys, resetKey{dir, cause.Unclassified})
	}
	return append(keys, resetKey{dirUnknown, cause.Unclassified})
}

// ownerKey is a series of owner_resets. Its name is that of ownerName.
type ownerKey struct {
	resetKey
	kind, name string
}

// own is the key in memory of its own.
func (k ownerKey) own() ownerKey {
	k.name = strings.Clone(k.name)
	return k
}

func newOwnerTable(room int) *table[ownerKey] {
	t := newTable(ownerResets, room,
		func(k ownerKey) []string { return append(k.labels(), k.kind, k.name) },
		func(k ownerKey) ownerKey { return ownerKey{k.resetKey, ofOther, otherValue} })
	t.own = ownerKey.own
	return t
}

// portKey is a series of port_resets. Port 0 is all others.
type portKey struct {
	resetKey
	port uint16
}

func newPortTable() *table[portKey] {
	return newTable(portResets, portsMax,
		func(k portKey) []string {
			if k.port == 0 {
				return append(k.labels(), otherValue)
			}
			return append(k.labels(), strconv.Itoa(int(k.port)))
		},
		func(k portKey) portKey { return portKey{k.resetKey, 0} })
}

// errorKey is a series of app_errors.
type errorKey struct{ errno, call string }

// errorKeys are the errors that package cause gives.
var errorKeys = []errorKey{
	{"ECONNABORTED", "read"}, {"ECONNABORTED", "write"}, {"ECONNREFUSED", "connect"}, {"ECONNRESET", "connect"}, {"ECONNRESET", "read"},
	{"ECONNRESET", "write"}, {"EPIPE", "write"}, {"ETIMEDOUT", "read"}, {"ETIMEDOUT", "write"},
}

const errorsMax = 20

func newErrorTable() *table[errorKey] {
	return newTable(appErrors, errorsMax,
		func(k errorKey) []string { return []string{k.errno, k.call} },
		func(errorKey) errorKey { return errorKey{otherValue, otherValue} })
}

// The values of the label kind of lost_bytes.
const (
	unread  = "unread"
	unsent  = "unsent"
	unacked = "unacked"
)

// noFinding is the value of the label finding where no diagnosis fits.
const noFinding event.PatternID = "none"

func newFindingTable() *table[event.PatternID] {
	return newTable(findings, len(findingIDs()),
		func(id event.PatternID) []string { return []string{string(id)} },
		func(event.PatternID) event.PatternID { return otherValue })
}

func findingIDs() []event.PatternID {
	ids := []event.PatternID{noFinding}
	for p := range finding.All() {
		ids = append(ids, p.ID)
	}
	return ids
}

// newWordTable is a table for a label with a few fixed values.
func newWordTable(f *Metric, words ...string) *table[string] {
	return newTable(f, len(words), func(word string) []string { return []string{word} }, func(string) string { return otherValue })
}

// diagnosticsMax is the last code of the registry TCP Failure Causes that has a meaning.
const diagnosticsMax = 17

// diagnosticCode is the label of a reason: the code, if the registry has it.
func diagnosticCode(r *event.Reason) string {
	if r.Registry == event.RegistryIETF && r.Code >= 1 && r.Code <= diagnosticsMax {
		return strconv.Itoa(int(r.Code))
	}
	return otherValue
}

func diagnosticCodes() (codes []string) {
	for code := 1; code <= diagnosticsMax; code++ {
		codes = append(codes, strconv.Itoa(code))
	}
	return append(codes, otherValue)
}

// idleCauses are those in which silence matters: something may have forgotten a
// connection, or a request met its end.
var idleCauses = []event.CauseID{
	cause.ClosedEarlier, cause.KeepaliveTimeout, cause.PeerAborted, cause.PeerGone, cause.ResetByPeer, cause.WroteAfterPeerClose,
}
