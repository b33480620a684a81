package join

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
	"xietong/exchange/link"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
)

// dialWithin is how long an attempt at one address may take. A handshake without any answer ends
// earlier, after five seconds.
const dialWithin = 10 * time.Second

// Dial knocks at the door of a jurisdiction.
func Dial(ctx context.Context, s *link.Socket, addr net.Addr, parent identity.Jurisdiction) (*link.Conn, error) {
	attempt, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	return s.Dial(attempt, addr, tlsconf.DialJoin(parent))
}

// DialDoor knocks at the addresses in turn, and returns the connection to the first that answers.
// If none answers, it returns the errors of all.
func DialDoor(ctx context.Context, s *link.Socket, addresses []net.Addr, parent identity.Jurisdiction) (door.Line, error) {
	var failed error
	for _, addr := range addresses {
		c, err := Dial(ctx, s, addr, parent)
		if err == nil {
			return door.Line{Conn: c}, nil
		}
		failed = errors.Join(failed, fmt.Errorf("at %s: %w", addr, err))
	}
	if failed == nil {
		failed = errors.New("no address")
	}
	return door.Line{}, fmt.Errorf("knock at %s: %w", parent, failed)
}

// VerifyDoor verifies that the other end of a connection is the jurisdiction itself, by the keys to
// which the chain leads that it shows, from the pin of the root, and returns the chain, as it came
// and verified. The jurisdiction may have come back with other keys. An error says that what it
// answers is not its own word.
func VerifyDoor(ctx context.Context, line door.Line, root trust.Pin, name identity.Jurisdiction, now time.Time) ([]trust.Level, []trust.Link, error) {
	levels, chain, err := door.MeetAgain(ctx, door.Unproven{Conn: line, Name: name, Called: name.String()}, root, name, now)
	if err != nil {
		return nil, nil, err
	}
	return levels, chain, proves(line, chain, now)
}

// proves verifies that the certificate that a connection has shown is of the last level of a
// verified chain. The error is text.ParentMismatch.
func proves(line door.Line, chain []trust.Link, now time.Time) error {
	last := chain[len(chain)-1]
	return VerifyKnown(line, last.Newest().Name, last.Believed(), now)
}

// VerifyKnown verifies that the other end of a connection is the jurisdiction, by the key sets that
// are believed of it. The error is text.ParentMismatch.
func VerifyKnown(line door.Line, name identity.Jurisdiction, sets []trust.Believed, now time.Time) error {
	bundles := &tlsconf.Bundles{}
	err := bundles.Set(trust.Live(sets, now))
	if err == nil {
		err = tlsconf.VerifyServer(line.TLS(), bundles, name, now)
	}
	if err != nil {
		return door.Mismatch(name, err)
	}
	return nil
}

// try is an address that was tried in vain.
type try struct {
	address string // as a person knows it
	err     error
}

type tries []try

// calledAddress returns how a person knows an address that was resolved.
func calledAddress(address string, resolved net.Addr) string {
	if resolved.String() == address {
		return address
	}
	return fmt.Sprintf("%s (%s)", address, resolved)
}

// failure returns the failure that tells a person why no address led to the parent: once what all
// have in common, else of each.
func (t tries) failure(called string) error {
	var addresses, each []string
	var all error
	reasons := map[string]bool{}
	for _, one := range t {
		reason := one.err.Error()
		if e, ok := errors.AsType[*link.Error](one.err); ok {
			reason = string(e.Reason)
		}
		reasons[reason] = true
		addresses = append(addresses, one.address)
		each = append(each, one.address+": "+reason)
		all = errors.Join(all, fmt.Errorf("%s: %w", one.address, one.err))
	}
	if len(reasons) > 1 {
		return text.Fail(text.ParentUnreached, text.Args{"name": called, "tries": strings.Join(each, "; ")}, all)
	}
	return Unreachable(all, strings.Join(addresses, ", "), called)
}

// Unreachable returns the failure that tells a person why no door answered at an address. called is
// the name of the jurisdiction for a person.
func Unreachable(err error, address, called string) error {
	args := text.Args{"address": address, "name": called}
	e, ok := errors.AsType[*link.Error](err)
	if !ok {
		return text.Fail(text.ParentBroken, text.Args{"address": address, "name": called, "reason": err.Error()}, err)
	}
	switch e.Reason {
	case link.NoAnswer:
		return text.Fail(text.ParentSilent, args, err)
	case link.NotHosted:
		return text.Fail(text.ParentNotThere, args, err)
	case link.OtherVersion:
		return text.Fail(text.ParentVersion, args, err)
	}
	return text.Fail(text.ParentBroken, text.Args{"address": address, "name": called, "reason": string(e.Reason)}, err)
}
