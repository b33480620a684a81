// Package treetest makes jurisdictions with their keys, as a node has them, for the tests of
// node/tree and of the rooms below it. Their ledgers lie on disk and are written by raft; their
// clocks stand still until a test moves them. There are no connections: a test carries the words of
// one jurisdiction to the other.
//
//	city, county := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
//	city.Invite(t, county, "secret", false)
//	chain := county.JoinTo(t, city, "secret")
//
// The package is for tests only.
package treetest

import (
	"crypto/ed25519"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/paper"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// Party is one jurisdiction.
type Party struct {
	*host.Host
	Keys  *authority.Authority
	Paper *paper.Key

	dir  string
	name identity.Jurisdiction
	also []func(*state.Registry)
	now  atomic.Int64 // ns since 1970; the host reads it at any time
}

// Binding belongs to the connection over which Bring brings everything.
var Binding = [32]byte{1, 2, 3}

// New makes and opens a jurisdiction, with the commands of node/tree and those that also registers.
// Its private recovery key is Paper.
func New(t *testing.T, name string, also ...func(*state.Registry)) *Party {
	t.Helper()
	return NewIn(t, name, 1, also...)
}

// NewIn makes and opens a jurisdiction whose ledger begins with the epoch.
func NewIn(t *testing.T, name string, epoch uint64, also ...func(*state.Registry)) *Party {
	t.Helper()
	p := &Party{dir: t.TempDir(), name: Name(t, name), also: also}
	p.SetClock(time.Now())
	show := func(k *paper.Key) (err error) {
		p.Paper, err = paper.Read([]byte(strings.Join(k.Words(paper.English), " "))) // k is wiped
		return err
	}
	if _, err := host.Make(p.dir, p.name, host.New{Now: p.Clock(), Epoch: epoch, Hosted: 1, Paper: show}); err != nil {
		t.Fatal(err)
	}
	p.Open(t)
	t.Cleanup(func() { p.Close() })
	return p
}

// Restart closes the jurisdiction and opens it again, as its machine finds it.
func (p *Party) Restart(t *testing.T) {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	p.Open(t)
}

// Open opens the jurisdiction, also anew after it was closed.
func (p *Party) Open(t *testing.T) {
	t.Helper()
	registry := state.NewRegistry()
	for _, register := range append(p.also, tree.Register) {
		register(registry)
	}
	var err error
	p.Host, err = host.Open(t.Context(), p.dir, p.name, host.Options{
		Registry: registry, Logger: slog.New(slog.DiscardHandler), Now: p.Clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	if p.Keys, err = authority.Open(filepath.Join(p.dir, "certs"), p.name, host.FirstReplica()); err != nil {
		t.Fatal(err)
	}
}

// Clock returns the time by the jurisdiction's clock, and SetClock sets it.
func (p *Party) Clock() time.Time { return time.Unix(0, p.now.Load()) }

// SetClock sets the jurisdiction's clock.
func (p *Party) SetClock(t time.Time) { p.now.Store(t.UnixNano()) }

// Invite invites a child for a day. The invitation calls the child 南明区.
func (p *Party) Invite(t *testing.T, child *Party, secret string, rekey bool) {
	t.Helper()
	place := tree.Place{Name: child.Name(), Code: "520102", Level: "county", DisplayName: "南明区", ShortName: "南明区"}
	p.InviteAs(t, place, secret, rekey)
}

// InviteAs invites a place for a day.
func (p *Party) InviteAs(t *testing.T, place tree.Place, secret string, rekey bool) {
	t.Helper()
	_, err := tree.Invite(t.Context(), p, Message(t), tree.Invitation{
		Place: place, Secret: tree.SecretHash([]byte(secret)), Until: p.Clock().Add(24 * time.Hour), Rekey: rekey,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// Bring returns what an honest child brings over the connection of Binding.
func (p *Party) Bring(t *testing.T, secret string) tree.Redemption {
	t.Helper()
	r := tree.Redemption{Child: p.Name(), Secret: []byte(secret), Replica: p.Replica()}
	var err error
	if r.KeySets, err = p.KeySets(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.Possession = p.Keys.SignLog(tree.PossessionInput(Binding, tree.SecretHash(r.Secret)))
	return r
}

// Show returns what the jurisdiction presents of key sets that come after the number, for a parent
// that endorsed that number; it must hold them all.
func (p *Party) Show(t *testing.T, sets [][]byte, after int) tree.Presentation {
	t.Helper()
	pin, err := trust.PinOf(sets[after-1])
	if err != nil {
		t.Fatal(err)
	}
	hash := pin.Hash()
	return tree.Presentation{
		Child: p.Name(), After: uint64(after), Hash: hash[:], KeySets: append([][]byte{}, sets[after:]...), Replica: p.Replica(),
		Possession: p.Keys.SignLog(tree.PresentInput(Binding, hash[:])),
	}
}

// AtTheDoor is the proof of what Show returns, where it comes over the connection of Binding.
func AtTheDoor(p tree.Presentation) tree.Proof {
	return tree.Proof{Possession: func(key ed25519.PublicKey) bool {
		return ed25519.Verify(key, tree.PresentInput(Binding, p.Hash), p.Possession)
	}}
}

// Follow returns n signed key sets of the jurisdiction, from number 1 on, all with the same keys.
// edit may change each of them before it is signed; without it, two calls return the same.
func (p *Party) Follow(t *testing.T, n int, edit func(*trust.KeySet)) (sets [][]byte) {
	t.Helper()
	signed, pin, err := p.Keys.FirstKeySet(p.Log().Epoch())
	if err != nil {
		t.Fatal(err)
	}
	walked, err := trust.Walk(pin, [][]byte{signed})
	if err != nil {
		t.Fatal(err)
	}
	sets, newest := [][]byte{signed}, walked[0]
	for range n - 1 {
		before := newest.Hash()
		newest.Number, newest.Previous = newest.Number+1, before[:]
		if edit != nil {
			edit(&newest)
		}
		if signed, err = trust.Assemble(newest, []trust.Signature{p.Keys.SignKeySet(newest)}); err != nil {
			t.Fatal(err)
		}
		sets = append(sets, signed)
	}
	return sets
}

// Above returns the levels down to the jurisdiction, with the proof that the entry endorsed a
// child.
func (p *Party) Above(t *testing.T, entry identity.Entry) ([]trust.Level, trust.Pin) {
	t.Helper()
	levels, root, err := p.Chain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if levels[len(levels)-1].Endorsement, err = p.ProveEndorsement(t.Context(), entry.Index()); err != nil {
		t.Fatal(err)
	}
	return levels, root
}

// JoinTo redeems an invitation of the parent, and keeps the chain that leads down from its root.
func (p *Party) JoinTo(t *testing.T, parent *Party, secret string) []trust.Link {
	t.Helper()
	entry, err := tree.Redeem(t.Context(), parent, p.Bring(t, secret), Binding, parent.Clock())
	if err != nil {
		t.Fatal(err)
	}
	levels, root := parent.Above(t, entry)
	chain, err := p.SetAbove(t.Context(), root, levels)
	if err != nil {
		t.Fatal(err)
	}
	return chain
}

// Child returns the record that the jurisdiction keeps of the child with the label; the zero Child
// where there is none.
func (p *Party) Child(t *testing.T, label string) (c tree.Child) {
	t.Helper()
	err := p.View(t.Context(), func(r *state.Reader) error {
		c, _ = tree.ChildOf(r, Label(t, label))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// MustPin returns the pin of the jurisdiction's newest key set.
func (p *Party) MustPin(t *testing.T) trust.Pin {
	t.Helper()
	pin, err := p.Pin()
	if err != nil {
		t.Fatal(err)
	}
	return pin
}

// Name parses the name of a jurisdiction.
func Name(t testing.TB, s string) identity.Jurisdiction {
	t.Helper()
	j, err := identity.ParseJurisdiction(s)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// Label parses a label.
func Label(t testing.TB, s string) identity.Label {
	t.Helper()
	l, err := identity.ParseLabel(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Message makes the id of a request.
func Message(t testing.TB) identity.Message {
	t.Helper()
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// Code returns the code of a refusal; "" for no error, and the text of the error for any other.
func Code(err error) text.Code {
	if f, ok := errors.AsType[*text.Failure](err); ok {
		return f.Code
	}
	if r, ok := errors.AsType[*state.Refusal](err); ok {
		return text.ByNumber(uint16(r.Code))
	}
	if err != nil {
		return text.Code(err.Error())
	}
	return ""
}
