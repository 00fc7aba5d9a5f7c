package lab

import (
	"slices"

	"github.com/rsttrace/rsttrace/internal/lab/actor"
	"github.com/rsttrace/rsttrace/internal/lab/netns"
	"github.com/rsttrace/rsttrace/pkg/event"
)

// Scenario is one way in which a RST comes about.
type Scenario struct {
	Name  string // kebab-case, unique
	Title string // one sentence
	Story string // two to four sentences for somebody who learns
	// Causes are those that it demonstrates, the one it is about first. None
	// where the point is that the kernel sends no RST.
	Causes []event.CauseID
	// Instead are the causes that a kernel and attach method name if they show
	// less than others. They claim less.
	Instead []event.CauseID
	// Findings are those that are right of it. None: nothing may accuse anybody.
	Findings []Diagnosis
	Families []event.Family
	Path     Path
	// HostChanges says that it needs a host-wide setting or a kernel module
	// beside veth and tun, and runs only where the user allowed that.
	HostChanges bool
	// Run plays it. It ends early, as a test does, when something is not as
	// it must be.
	Run func(*Env)
}

// Path is the network that a scenario runs on.
type Path string

const (
	Loopback  Path = "loopback"  // both ends in one namespace
	Veth      Path = "veth"      // two namespaces and a veth pair
	PowerLoss Path = "powerloss" // as Veth, and a third that takes the server's place
	Routed    Path = "routed"    // as Veth, and a router between the two
	Bridged   Path = "bridged"   // as Veth, and a bridge between the two
	Packets   Path = "packets"   // one namespace and a peer that is played packet by packet
)

var bothFamilies = []event.Family{event.IPv4, event.IPv6}

// ErrUnavailable marks errors that mean: this machine or this user cannot run
// the scenario. The text says what is missing.
var ErrUnavailable = netns.ErrUnavailable

// Scenarios returns all scenarios in the order in which they tell their story
// best: the classics first.
func Scenarios() []Scenario {
	return slices.Concat(
		Classics(),
		// aborts
		disconnectScenarios(),
		destroyedScenarios(),
		linger2Scenarios(),
		timerScenarios(),
		orphanScenarios(),
		// answers
		noSocketScenarios(),
		endedEarlierScenarios(),
		handshakeScenarios(),
		fastOpenScenarios(),
		timeWaitScenarios(),
		mptcpScenarios(),
		firewallScenarios(),
		// what is not obeyed, and what is none
		pendingScenarios(),
		ignoredScenarios(),
		unacceptableScenarios(),
		noResetScenarios(),
		silentScenarios(),
		// what applications get
		applicationScenarios(),
		// whose socket
		ownerScenarios(),
		// whole incidents
		incidentScenarios(),
	)
}

// Classics returns the scenarios of the causes that most people meet.
func Classics() []Scenario {
	return slices.Concat(
		refusedScenarios(),
		brokenPipeScenarios(),
		dataAfterCloseScenarios(),
		abortScenarios(),
		unreadDataScenarios(),
		listenerScenarios(),
		closingScenarios(),
		powerLossScenarios(),
		shapeScenarios(),
	)
}

// Find returns the scenario of that name.
func Find(name string) (Scenario, bool) {
	all := Scenarios()
	i := slices.IndexFunc(all, func(s Scenario) bool { return s.Name == name })
	if i < 0 {
		return Scenario{}, false
	}
	return all[i], true
}

// ActorMain must be called first thing in main and TestMain. In the processes
// that the lab starts it serves and never returns; everywhere else it returns
// false at once.
func ActorMain() bool { return actor.Main() }
