package join

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
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
// If none answers, it returns the error of the last one.
func DialDoor(ctx context.Context, s *link.Socket, addresses []net.Addr, parent identity.Jurisdiction) (door.Line, error) {
	failed := errors.New("no address")
	for _, addr := range addresses {
		c, err := Dial(ctx, s, addr, parent)
		if err == nil {
			return door.Line{Conn: c}, nil
		}
		failed = err
	}
	return door.Line{}, fmt.Errorf("knock at %s: %w", parent, failed)
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
