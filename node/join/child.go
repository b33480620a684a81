package join

import (
	"context"
	"errors"
	"fmt"
	"time"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
	"xietong/node/book"
	"xietong/node/join/token"
	"xietong/node/roster"
	"xietong/node/text"
)

// MaxSkew is how far apart the clocks of two neighbours may be, and how far this machine's may be behind that of whoever
// issued an endorsement.
const MaxSkew = 5 * time.Minute

// Knocking is a connection to a door, with what its handshake agreed on; Line is one.
type Knocking interface {
	Conn
	TLS() tlsconf.State
}

// Met is what is known of the parent before anything is made: it is who the invitation says.
type Met struct {
	Chain  []trust.Link  // verified, from the root down to the parent
	Offset time.Duration // how far this machine's clock is ahead of the parent's
}

// Parent returns what the tree calls the parent: its display name, or its name at a root.
func (m Met) Parent() string { return called(m.Chain[len(m.Chain)-1]) }

// called returns what a level is called: as its parent says, and at a root, whom nobody endorses, as the roster does.
func called(l trust.Link) string {
	if l.Endorsement != nil {
		return l.Endorsement.DisplayName
	}
	return roster.Shipped().DisplayName(l.Newest().Name)
}

// Called returns what the levels of a verified chain are called, from the root down.
func Called(chain []trust.Link) (names []string) {
	for _, l := range chain {
		names = append(names, called(l))
	}
	return names
}

// MeetParent asks the parent for the time and who it is, and judges both: (1) the clocks agree, (2) the chain goes from the
// invitation's root to the invitation's parent, (3) the certificate that the connection showed is the parent's.
func MeetParent(ctx context.Context, c Knocking, t token.Token, now func() time.Time) (m Met, err error) {
	if m.Offset, err = Offset(ctx, c, now); err != nil {
		return m, err
	}
	if m.Offset.Abs() > MaxSkew {
		return m, text.Fail(text.ClockApart, text.Args{
			"offset": m.Offset.Abs().Round(time.Second).String(), "name": roster.Shipped().DisplayName(t.Parent.Name()),
		}, nil)
	}
	if m.Chain, err = Meet(ctx, c, t.Root, t.Parent, now()); err != nil {
		return m, err
	}
	bundles := &tlsconf.Bundles{}
	if err = bundles.Set(m.Chain[len(m.Chain)-1].KeySets); err == nil {
		err = tlsconf.VerifyServer(c.TLS(), bundles, t.Parent.Name(), now())
	}
	if err != nil {
		return m, mismatch(t.Parent, err)
	}
	return m, nil
}

// Joining is the child that joins; *host.Host is one.
type Joining interface {
	book.Ledger
	Replica() identity.Replica
	KeySets(ctx context.Context) ([][]byte, error)
	SignLog(message []byte) []byte
	SetAbove(ctx context.Context, root trust.Pin, levels []trust.Level) ([]trust.Link, error)
}

// Enter redeems the invitation over the connection to the parent that was met, and writes down what came of it: (1) the
// parent's endorsement, proven from the root, (2) the chain, kept, (3) the entry "joined" of the child's own ledger. Each
// may be repeated after a failure of any. It returns the entry of the parent's ledger and the chain down to the child.
func Enter(ctx context.Context, c Conn, t token.Token, child Joining) (identity.Entry, []trust.Link, error) {
	binding, err := c.Binding()
	if err != nil {
		return identity.Entry{}, nil, err
	}
	sets, err := child.KeySets(ctx)
	if err != nil {
		return identity.Entry{}, nil, fmt.Errorf("read own key sets: %w", err)
	}
	levels, entry, err := Ask(ctx, c, Redemption{
		Child: child.Name(), Secret: t.Secret, KeySets: sets, Replica: child.Replica(),
		Possession: child.SignLog(PossessionInput(binding, SecretHash(t.Secret))),
	})
	if err != nil {
		return identity.Entry{}, nil, err
	}
	chain, err := child.SetAbove(ctx, t.Root, levels)
	if err != nil {
		return identity.Entry{}, nil, mismatch(t.Parent, err)
	}
	_, err = Record(ctx, child, Upstream{
		Parent: t.Parent.Name(), ParentPin: t.Parent.String(), RootPin: t.Root.String(), Addresses: t.Addresses,
	})
	return entry, chain, err
}

// ReadToken parses an invitation and tells what is wrong with it to a person. Whether it has ended is the parent's to say:
// who redeemed it in time may come again.
func ReadToken(line string) (token.Token, error) {
	t, err := token.Parse(line)
	if err == nil {
		return t, nil
	}
	reason := err
	for _, known := range []error{token.ErrNotToken, token.ErrNewer, token.ErrMistyped, token.ErrTampered, token.ErrInvalid} {
		if errors.Is(err, known) {
			reason = known
		}
	}
	return t, text.Fail(text.InvitationMalformed, text.Args{"reason": reason.Error()}, err)
}
