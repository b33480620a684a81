// Package neighbours holds where one hosted jurisdiction stands in the tree: its parent and its
// children, the key sets that are believed now, and the hello that it tells its neighbours and
// hears from them.
//
// The package derives its beliefs from the jurisdiction's own ledger and chain, verified from the
// root's pin down: the parent by the chain, a child by its endorsement. An endorsement that is not
// in force makes no neighbour. Refresh derives everything anew after a change; a jurisdiction that
// is a neighbour no more is trusted for no link and no message from then on.
//
// A hello is the deterministic CBOR array
//
//	[[version …], key-set number, epoch, tree size, root (32 bytes, or none), time (ms since 1970 UTC), standing, [address …]]
//
// For example 88 81 01 01 01 00 40 1b 00 00 01 8d 00 00 00 00 40 81 6e 31 39 32 2e 30 2e 32 2e 37
// 3a 37 34 30 30 is said by a jurisdiction whose ledger is empty, which has joined no parent, and
// is reached at 192.0.2.7:7400. The standing is what its parent said of it last (see
// trust.Standing), signed. The addresses are those of all its replicas: a child keeps them, and
// dials another replica when one is gone. Nothing else of a hello is proven: it shows which news to
// ask for, and which trouble an administrator should look at.
//
// The package makes no connection, holds no key, and decides about no use of data.
package neighbours

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// ErrNone is returned for a jurisdiction that is no neighbour, or one whose endorsement is not in
// force.
var ErrNone = errors.New("not a neighbour")

// Jurisdiction is the hosted jurisdiction; *host.Host is one.
type Jurisdiction interface {
	Name() identity.Jurisdiction
	Log() identity.Log
	View(ctx context.Context, f func(*state.Reader) error) error
	Chain(ctx context.Context) ([]trust.Level, trust.Pin, error)
}

// Neighbour is one neighbour as it is believed now.
type Neighbour struct {
	Place   tree.Place // as its parent says; of a root, which has no parent, the name alone
	KeySets []trust.Believed
	Since   time.Time // when the newest key set was first endorsed; zero: nobody said so, as of a root
	// Until is when a child's endorsement ends, or, for the parent, when the first of the
	// endorsements from the root down to this jurisdiction ends; zero: never.
	Until time.Time
	// Recovered reports whether a recovery statement goes along with the key sets of a child.
	Recovered bool
}

// Shown is what the chain of a child shows of it to others.
type Shown struct {
	KeySet    tree.Hash // the endorsed one
	Recovered bool      // see Neighbour
}

// Table holds the neighbours of one hosted jurisdiction. Many goroutines may use it.
type Table struct {
	// Denied, if not nil, returns the parent's own word that it does not endorse these keys; nil:
	// there is none. It is set before the table is used.
	Denied func() *host.Denial
	// Newer, if not nil, returns the levels down to the parent where they lead further than the
	// chain of the jurisdiction; nil: none do. It is set before the table is used.
	Newer func() []trust.Link
	// Says, if not nil, is told what the clock of a neighbour says. It is set before the table is
	// used.
	Says func(neighbour identity.Jurisdiction, at time.Time)
	// ReachedAt, if not nil, returns where this jurisdiction is reached, at any of its replicas. It
	// is set before the table is used.
	ReachedAt func() []string

	own     Jurisdiction
	now     func() time.Time
	logger  *slog.Logger
	bundles *tlsconf.Bundles

	refreshing host.Lock // held from reading the ledger to the last bundle, so that the later read stands

	mu       sync.RWMutex
	root     identity.Jurisdiction
	parent   *Neighbour
	above    []trust.Believed // the key sets of the parent's parent; none: there is none
	children map[identity.Jurisdiction]Neighbour
	absent   map[identity.Jurisdiction]absence // who was invited and is not endorsed
	self     selfView
	heard    map[identity.Jurisdiction]Heard
	alarms   map[identity.Jurisdiction]Alarm
}

// selfView is the part of hello about the jurisdiction itself.
type selfView struct {
	number uint64
	epoch  uint64
	size   uint64
	root   []byte

	standing []byte
	// addresses are asked for when the table is derived anew: a hello is said every few seconds to
	// each neighbour, and reads neither the state nor the interfaces of the machine.
	addresses []string
}

// New returns an empty table. Refresh fills it.
func New(own Jurisdiction, now func() time.Time, logger *slog.Logger) *Table {
	return &Table{own: own, now: now, logger: logger, bundles: &tlsconf.Bundles{}, heard: map[identity.Jurisdiction]Heard{}, alarms: map[identity.Jurisdiction]Alarm{}}
}

// Bundles returns the CA certificates by which links are verified.
func (t *Table) Bundles() *tlsconf.Bundles { return t.bundles }

// Refresh derives the table anew. The table then shows at least every entry that was acknowledged
// before the call.
func (t *Table) Refresh(ctx context.Context) error {
	t.refreshing.Lock()
	defer t.refreshing.Unlock()
	chain, standing, err := t.chain(ctx)
	if err != nil {
		return fmt.Errorf("refresh neighbours: %w", err)
	}
	children, absent, self, err := t.below(ctx)
	if err != nil {
		return fmt.Errorf("refresh neighbours: %w", err)
	}
	self.number, self.standing, self.addresses = chain[len(chain)-1].Newest().Number, standing, t.addresses()
	var above []trust.Believed
	if len(chain) > 2 {
		above = chain[len(chain)-3].Believed()
	}
	parent := parentOf(chain)
	t.mu.Lock()
	before := t.names()
	t.root, t.parent, t.above, t.children, t.absent, t.self = chain[0].Newest().Name, parent, above, children, absent, self
	after := t.names()
	t.mu.Unlock()
	for _, name := range before {
		if !slices.Contains(after, name) {
			t.bundles.Remove(name)
		}
	}
	for _, name := range after {
		n, _ := t.of(name)
		if err := t.bundles.Set(trust.Live(n.KeySets, t.now())); err != nil {
			return fmt.Errorf("refresh neighbours: %w", err)
		}
	}
	return nil
}

// Root returns the root of the tree, which may stand below a place that the tree does not have;
// zero: the table was not derived yet.
func (t *Table) Root() identity.Jurisdiction {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.root
}

// chain verifies the levels from the root down to the jurisdiction. standing is what the parent
// said of this jurisdiction last. Where the parent is known to have other keys since, those alone
// count: whoever has the ones of before is no neighbour.
func (t *Table) chain(ctx context.Context) (links []trust.Link, standing []byte, err error) {
	levels, root, err := t.own.Chain(ctx)
	if err != nil {
		return nil, nil, err
	}
	if len(levels) > 1 {
		standing = levels[len(levels)-2].Standing
	}
	links, err = trust.Descend(root, levels, ledger.VerifyEndorsement)
	if err != nil || t.Newer == nil {
		return links, standing, err
	}
	if newer := t.Newer(); newer != nil {
		links = append(newer[:len(newer):len(newer)], links[len(links)-1])
	}
	return links, standing, nil
}

// parentOf returns the parent, the last level but one of the chain; nil at a root. The parent is
// believed until the first endorsement of the chain ends, this jurisdiction's own included.
func parentOf(chain []trust.Link) *Neighbour {
	if len(chain) < 2 {
		return nil
	}
	above := chain[len(chain)-2]
	n := &Neighbour{KeySets: above.Believed(), Place: tree.Place{Name: above.Newest().Name}}
	if e := above.Endorsement; e != nil {
		n.Place.DisplayName, n.Place.Code, n.Place.Level = e.DisplayName, e.Code, e.Level
		n.Since = e.SinceNewest()
	}
	for _, l := range chain {
		if e := l.Endorsement; e != nil && (n.Until.IsZero() || int64(e.NotAfter) < n.Until.UnixMilli()) {
			n.Until = time.UnixMilli(int64(e.NotAfter))
		}
	}
	return n
}

// below reads the children, and the part of hello about the ledger. A child whose record
// or key sets cannot be read is left out, and an alarm says so.
func (t *Table) below(ctx context.Context) (children map[identity.Jurisdiction]Neighbour, absent map[identity.Jurisdiction]absence, self selfView, err error) {
	children, absent = map[identity.Jurisdiction]Neighbour{}, map[identity.Jurisdiction]absence{}
	err = t.own.View(ctx, func(r *state.Reader) error {
		for _, c := range tree.Children(r) {
			_, held := tree.HeldOf(r, c.Place.Name.Label())
			switch {
			case c.Damaged:
				t.Alarm(c.Place.Name, text.ChildDamaged, nil)
			case c.Joined() && !held:
				t.child(r, c, children)
			default:
				absent[c.Place.Name] = absenceOf(r, c)
			}
		}
		for _, c := range tree.AllHeld(r) {
			if _, known := absent[c.Name]; !known {
				absent[c.Name] = heldAway()
			}
		}
		t.holds(r)
		self.size, self.epoch = r.Size(), r.Log().Epoch()
		root, err := r.RootAt(self.size)
		self.root = root[:]
		return err
	})
	return children, absent, self, err
}

// child adds a child to the endorsed ones. The key sets of one that has not changed are not
// verified again.
func (t *Table) child(r *state.Reader, c tree.Child, into map[identity.Jurisdiction]Neighbour) {
	n, known := t.of(c.Place.Name)
	if !known || !c.IsAt(n.KeySets) {
		sets, err := c.Believed(r)
		if err != nil {
			t.Alarm(c.Place.Name, text.ChildDamaged, err)
			return
		}
		n.KeySets = sets
	}
	if a, _ := t.Alarmed(c.Place.Name); a.Code == text.ChildDamaged {
		t.Over(c.Place.Name)
	}
	n.Place, n.Since, n.Until = c.Place, c.SinceNewest(), time.UnixMilli(int64(c.NotAfter))
	n.Recovered = len(c.Recovery) > 0
	into[c.Place.Name] = n
}

// holds has an alarm for each child that is held, and for no other. One that somebody with other
// keys of the child's raised meanwhile stays.
func (t *Table) holds(r *state.Reader) {
	held := map[identity.Jurisdiction]bool{}
	for _, c := range tree.AllHeld(r) {
		if _, alarmed := t.Alarmed(c.Name); !alarmed {
			t.Alarm(c.Name, text.ChildHeld, nil)
		}
		held[c.Name] = true
	}
	t.mu.Lock()
	maps.DeleteFunc(t.alarms, func(name identity.Jurisdiction, a Alarm) bool { return a.Code == text.ChildHeld && !held[name] })
	t.mu.Unlock()
}

// names returns all neighbours; the caller holds the lock.
func (t *Table) names() []identity.Jurisdiction {
	names := slices.Collect(maps.Keys(t.children))
	if t.parent != nil {
		names = append(names, t.parent.Place.Name)
	}
	slices.SortFunc(names, func(a, b identity.Jurisdiction) int { return strings.Compare(a.String(), b.String()) })
	return names
}

func (t *Table) of(name identity.Jurisdiction) (Neighbour, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.parent != nil && t.parent.Place.Name == name {
		return *t.parent, true
	}
	n, ok := t.children[name]
	return n, ok
}

// Known returns the neighbour with the name, also where its endorsement has ended. It serves to
// tell people about the neighbour, never to trust its keys.
func (t *Table) Known(name identity.Jurisdiction) (Neighbour, bool) { return t.of(name) }

// Of returns the neighbour with the name if its endorsement is in force. Otherwise the error wraps
// ErrNone, and says why.
func (t *Table) Of(name identity.Jurisdiction) (Neighbour, error) {
	n, ok := t.of(name)
	switch {
	case !ok:
		return Neighbour{}, fmt.Errorf("%w: %s", ErrNone, name)
	case !n.Until.IsZero() && t.now().After(n.Until):
		return Neighbour{}, fmt.Errorf("%w: the endorsement of %s ended %s", ErrNone, name, n.Until.UTC().Format(time.RFC3339))
	}
	return n, nil
}

// KeySets returns the key sets by which signatures of the jurisdiction are believed, with the time
// for which each counts. The error is that of Of.
func (t *Table) KeySets(of identity.Jurisdiction) ([]trust.Believed, error) {
	n, err := t.Of(of)
	return n.KeySets, err
}

// Neighbours returns all neighbours, those included whose endorsement has ended.
func (t *Table) Neighbours() []identity.Jurisdiction {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.names()
}

// Children returns the children with what their chains show. Children whose endorsement has ended
// are included.
func (t *Table) Children() map[identity.Jurisdiction]Shown {
	t.mu.RLock()
	defer t.mu.RUnlock()
	all := make(map[identity.Jurisdiction]Shown, len(t.children))
	for name, n := range t.children {
		all[name] = Shown{n.KeySets[len(n.KeySets)-1].Hash(), n.Recovered}
	}
	return all
}

// ChildrenNow returns the children whose endorsement is in force.
func (t *Table) ChildrenNow() []identity.Jurisdiction {
	t.mu.RLock()
	names := slices.Collect(maps.Keys(t.children))
	t.mu.RUnlock()
	return slices.DeleteFunc(names, func(name identity.Jurisdiction) bool { return !t.IsNeighbour(name) })
}

// IsNeighbour reports whether the jurisdiction is a neighbour now.
func (t *Table) IsNeighbour(name identity.Jurisdiction) bool {
	_, err := t.Of(name)
	return err == nil
}

// Admits returns an error unless the replica may have a link now: its jurisdiction is a neighbour,
// and a key set whose CAs verify links lists the replica, as the newest does. The error wraps
// ErrNone.
func (t *Table) Admits(peer tlsconf.Peer) error {
	n, err := t.Of(peer.Jurisdiction)
	if err != nil {
		return err
	}
	for _, k := range trust.Live(n.KeySets, t.now()) {
		if k.LogKey(peer.Replica) != nil {
			return nil
		}
	}
	return fmt.Errorf("%w: %s stands in no key set of %s that counts", ErrNone, peer.Replica, peer.Jurisdiction)
}

// Parent returns the parent's name; ok is false at a root.
func (t *Table) Parent() (name identity.Jurisdiction, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.parent == nil {
		return name, false
	}
	return t.parent.Place.Name, true
}

// IsChild reports whether the jurisdiction is a child whose endorsement is in force.
func (t *Table) IsChild(name identity.Jurisdiction) bool {
	t.mu.RLock()
	_, ok := t.children[name]
	t.mu.RUnlock()
	return ok && t.IsNeighbour(name)
}

// Number returns the number of the jurisdiction's own newest key set.
func (t *Table) Number() uint64 {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.self.number
}
