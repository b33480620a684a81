// Package operationtest is two jurisdictions, for the tests of the rooms that serve operations: a
// city that serves the operations of a registry, and a county that asks for them.
//
// Both have real keys and real relays, which are joined in memory: a call is signed, encrypted,
// verified and answered as between two nodes. The county has no ledger; it records nothing, and
// every call is by its agency water, whichever actor the test names. The clock stands still. Only
// tests import the package.
package operationtest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation"
)

// Names of the two jurisdictions.
const (
	City   = "guiyang.guizhou"
	County = "nanming.guiyang.guizhou"
)

var today = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC) // when a ledger of booktest begins

// Pair is the two jurisdictions. As an operation.Caller, it is the county.
type Pair struct {
	City, County identity.Jurisdiction
	Water        identity.Agency // of the county
	Sent         atomic.Int64    // requests

	relays map[identity.Jurisdiction]*relay.Relay
	sets   map[identity.Jurisdiction][]trust.Believed
}

// New returns the pair; the city serves the operations.
func New(t testing.TB, operations *relay.Registry) *Pair {
	t.Helper()
	p := &Pair{relays: map[identity.Jurisdiction]*relay.Relay{}, sets: map[identity.Jurisdiction][]trust.Believed{}}
	water, err := identity.ParseLabel("water")
	if err == nil {
		p.City, err = p.add(t.TempDir(), City, operations)
	}
	if err == nil {
		p.County, err = p.add(t.TempDir(), County, relay.NewRegistry())
	}
	if err != nil {
		t.Fatalf("make two jurisdictions: %v", err)
	}
	p.Water = identity.NewAgency(p.County, water)
	return p
}

func (p *Pair) add(dir, called string, operations *relay.Registry) (name identity.Jurisdiction, err error) {
	if name, err = identity.ParseJurisdiction(called); err != nil {
		return name, err
	}
	replica, err := identity.NewReplica(1)
	if err != nil {
		return name, err
	}
	keys, err := authority.Create(dir, name, replica, today)
	if err != nil {
		return name, err
	}
	signed, pin, err := keys.FirstKeySet(1)
	if err != nil {
		return name, err
	}
	walked, err := trust.Walk(pin, [][]byte{signed})
	if err != nil {
		return name, err
	}
	p.sets[name] = trust.Always(walked...)
	p.relays[name] = relay.New(relay.Local{
		Name: name, Parent: func() (identity.Jurisdiction, bool) { return p.City, called == County },
		Child:  func(child identity.Jurisdiction) bool { return child.String() == County },
		Signer: func() envelope.Signer { return keys }, Opener: envelope.NewOpener(keys), Trust: p, Links: p,
		Operations: operations, Problem: failure.Told, Now: func() time.Time { return today },
	})
	return name, nil
}

// Everybody takes every agency that a request names for one of its origin.
type Everybody struct{}

// Consumer implements operation.Consumers.
func (Everybody) Consumer(_ context.Context, r relay.Received) (identity.Agency, error) {
	return operation.Consumer(r)
}

// KeySets returns the key sets of either jurisdiction.
func (p *Pair) KeySets(_ context.Context, of identity.Jurisdiction, _ bool) ([]trust.Believed, error) {
	return p.sets[of], nil
}

// Kept returns them too.
func (p *Pair) Kept(of identity.Jurisdiction) []trust.Believed { return p.sets[of] }

// Exchange carries a request to the other jurisdiction, and counts it in Sent.
func (p *Pair) Exchange(ctx context.Context, local, to identity.Jurisdiction, request []byte, each func([]byte) error) error {
	p.Sent.Add(1)
	return p.relays[to].Serve(ctx, local, request, each)
}

// Asking returns a request to the city under a new id.
func (p *Pair) Asking(t testing.TB) operation.Asking {
	t.Helper()
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	return operation.Asking{ID: id, To: p.City}
}

// Send sends a call of the county to the city as it is.
func (p *Pair) Send(t testing.TB, call envelope.Call) (relay.Answer, error) {
	t.Helper()
	return p.relays[p.County].Ask(t.Context(), p.Asking(t).ID, p.City, call)
}

// Use implements operation.Caller.
func (p *Pair) Use(ctx context.Context, a operation.Asking, _ identity.Label, call envelope.Call, read func([]byte) (operation.Told, error)) (operation.Recorded, error) {
	call.Agency = p.Water.Code()
	answer, err := p.relays[p.County].Ask(ctx, a.ID, a.To, call)
	if err != nil {
		return operation.Recorded{}, fmt.Errorf("ask %s: %w", a.To, err)
	}
	if _, err := read(answer.Content); err != nil {
		return operation.Recorded{}, failure.Unreadable(a.To, err)
	}
	return operation.Recorded{Access: answer.Entry}, nil
}

// Read implements operation.Caller.
func (p *Pair) Read(ctx context.Context, a operation.Asking, call envelope.Call) ([]byte, error) {
	call.Agency = p.Water.Code()
	answer, err := p.relays[p.County].Ask(ctx, a.ID, a.To, call)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", a.To, err)
	}
	return answer.Content, nil
}
