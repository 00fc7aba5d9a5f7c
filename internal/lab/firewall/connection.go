package firewall

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/nftables"
	"github.com/mdlayher/netlink"
	"golang.org/x/sys/unix"

	"github.com/rsttrace/rsttrace/internal/lab/netns"
)

// answerTimeout bounds a change as a whole: the kernel may load modules before
// it answers, and emulated machines are slow.
const answerTimeout = time.Minute

// errMissing is what a kernel says that lacks a part of nf_tables.
var errMissing = fmt.Errorf("%w (nf_tables or an expression of the rule is missing in this kernel)", netns.ErrUnavailable)

// in is the option for a connection to the tables of a namespace.
func in(n *netns.Namespace) nftables.ConnOption { return nftables.WithNetNSFd(n.FD()) }

// change makes a change of rules, all of it or nothing. It ends with ctx.
func change(ctx context.Context, where nftables.ConnOption, prepare func(*nftables.Conn)) error {
	if err := attempt(ctx, where, prepare); err != nil {
		return fmt.Errorf("nftables: %w", err)
	}
	return nil
}

func attempt(ctx context.Context, where nftables.ConnOption, prepare func(*nftables.Conn)) error {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	var answers *netlink.Conn
	keep := func(c *netlink.Conn) error { answers = c; return nil }
	rules, err := nftables.New(where, nftables.AsLasting(), nftables.WithSockOptions(keep))
	if err != nil {
		return explain(ctx, err)
	}
	defer func() { _ = rules.CloseLasting() }()
	// Closing it ends a call that waits. CloseLasting waits for such a call.
	defer context.AfterFunc(ctx, func() { answers.Close() })()

	// To a change that it cannot make at all the kernel gives one answer, and Flush
	// would wait for one to each message. So a single question goes first.
	if _, err := rules.ListTables(); err != nil {
		if errors.Is(err, unix.EINVAL) { // nobody answers for nf_tables
			err = fmt.Errorf("%w: %w", err, errMissing)
		}
		return explain(ctx, err)
	}
	prepare(rules)
	if err := rules.Flush(); err != nil {
		return explain(ctx, err)
	}
	return explain(ctx, unread(answers))
}

// explain says what an error of a connection means.
func explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil { // which closed the connection
		return fmt.Errorf("waiting for the kernel's answer: %w", ctx.Err())
	}
	for _, missing := range []error{unix.ENOENT, unix.EOPNOTSUPP, unix.EPROTONOSUPPORT} {
		if errors.Is(err, missing) {
			return fmt.Errorf("%w: %w", err, errMissing)
		}
	}
	return err
}
