package neighbours

import (
	"fmt"
	"slices"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/node/ground/config"
	"xietong/node/tree"
)

// Version is the version of the exchange that this program speaks.
const Version = 1

const (
	maxHello    = 1<<10 + trust.MaxStandingLen + tree.MaxReachedLen + 512 // bytes
	maxVersions = 16
	// oldAfter is the age from which the standing of a parent is told: its own parent is cut off,
	// or does not endorse it any more.
	oldAfter = 10 * time.Minute
)

type hello struct {
	_        struct{} `cbor:",toarray"`
	Versions []uint64
	Number   uint64
	Epoch    uint64
	Size     uint64
	Root     []byte
	Time     uint64
	Standing []byte // signed by the parent; empty: none is known
	// Addresses are where this jurisdiction is reached, at any of its replicas: host:port, at most
	// tree.MaxReached of tree.MaxReachedLen bytes.
	Addresses []string
}

// Heard is the content of a neighbour's last hello.
type Heard struct {
	Number uint64 // of its key set
	Epoch  uint64
	Size   uint64        // of its ledger
	Offset time.Duration // how far its clock is ahead of ours
	At     time.Time     // when it was heard
	AsOf   time.Time     // of a parent: when its own parent last said that it stands; zero: not known
	// Addresses are where it says that it is reached.
	Addresses []string
}

// Hello returns the hello that the jurisdiction says now.
func (t *Table) Hello() []byte {
	t.mu.RLock()
	self := t.self
	t.mu.RUnlock()
	data, err := canon.Marshal(hello{
		Versions: []uint64{Version}, Number: self.number, Epoch: self.epoch, Size: self.size, Root: append([]byte{}, self.root...),
		Time: uint64(t.now().UnixMilli()), Standing: append([]byte{}, self.standing...), Addresses: append([]string{}, self.addresses...),
	})
	if err != nil {
		panic(err) // a value of this package always has an encoding
	}
	return data
}

// Greet keeps the hello of a neighbour. It refuses a replica that Admits does not admit
// (ErrNone), a malformed hello, and one that does not list Version. It logs a clock more than
// tree.MaxSkew apart, and a parent whose standing became old. The size of the ledger may become
// smaller: one replica has less than another. What a jurisdiction signed is compared by
// flows/witnessing.
func (t *Table) Greet(peer tlsconf.Peer, said []byte) error {
	if err := t.Admits(peer); err != nil {
		return err
	}
	h, err := decodeHello(said)
	if err != nil {
		return err
	}
	if !slices.Contains(h.Versions, Version) {
		return fmt.Errorf("hello of %s: speaks versions %d, this program speaks %d", peer.Jurisdiction, h.Versions, Version)
	}
	now := t.now()
	heard := Heard{Number: h.Number, Epoch: h.Epoch, Size: h.Size, Offset: time.UnixMilli(int64(h.Time)).Sub(now), At: now, Addresses: h.Addresses}
	if t.Says != nil {
		t.Says(peer.Jurisdiction, time.UnixMilli(int64(h.Time)))
	}
	heard.AsOf = t.asOf(peer.Jurisdiction, h.Standing)
	t.mu.Lock()
	before, known := t.heard[peer.Jurisdiction]
	t.heard[peer.Jurisdiction] = heard
	t.mu.Unlock()
	if heard.Offset.Abs() > tree.MaxSkew && (!known || before.Offset.Abs() <= tree.MaxSkew) {
		t.logger.Warn("clock of neighbour is apart", "peer", peer.Jurisdiction.String(), "offset", heard.Offset.Round(time.Second).String())
	}
	if heard.isOld() && !before.isOld() {
		t.logger.Warn("standing of parent is old", "peer", peer.Jurisdiction.String(), "as of", heard.AsOf.UTC().Format(time.RFC3339))
	}
	return nil
}

// addresses returns where this jurisdiction is reached, as far as a hello takes it.
func (t *Table) addresses() []string {
	told := []string{}
	if t.ReachedAt == nil {
		return told
	}
	length := 0
	for _, a := range t.ReachedAt() {
		if length += len(a); len(told) == tree.MaxReached || length > tree.MaxReachedLen {
			break
		}
		told = append(told, a)
	}
	return told
}

// checkReached refuses addresses that nobody could dial, or that are too many.
func checkReached(addresses []string) error {
	length := 0
	for _, a := range addresses {
		length += len(a)
		if err := config.CheckAddress(a); err != nil {
			return err
		}
	}
	if len(addresses) > tree.MaxReached || length > tree.MaxReachedLen {
		return fmt.Errorf("%d addresses of %d bytes", len(addresses), length)
	}
	return nil
}

// isOld reports whether the standing of a parent was old when it was shown.
func (h Heard) isOld() bool { return !h.AsOf.IsZero() && h.At.Sub(h.AsOf) > oldAfter }

// Unvouched reports whether the parent of a parent has not said for a while that it stands, as far
// as the parent shows: it is cut off, or is no parent any more. For a root nobody ever says so.
func (t *Table) Unvouched() bool {
	parent, joined := t.Parent()
	heard, greeted := t.LastHello(parent)
	t.mu.RLock()
	defer t.mu.RUnlock()
	return joined && greeted && (len(t.above) == 0 || t.now().Sub(heard.AsOf) > oldAfter)
}

// asOf returns when the parent of the parent said that it stands; zero where a neighbour that is
// not the parent shows a standing, or the parent none that is proven.
func (t *Table) asOf(peer identity.Jurisdiction, standing []byte) time.Time {
	t.mu.RLock()
	parent, above := t.parent, t.above
	t.mu.RUnlock()
	if parent == nil || parent.Place.Name != peer || len(above) == 0 {
		return time.Time{}
	}
	s, err := trust.OpenStanding(standing, above)
	if err != nil || s.Child != peer || s.Withdrawn() {
		return time.Time{}
	}
	return s.At()
}

func decodeHello(data []byte) (hello, error) {
	var h hello
	if err := canon.Unmarshal(data, maxHello, &h); err != nil {
		return h, fmt.Errorf("read hello: %w", err)
	}
	if len(h.Versions) == 0 || len(h.Versions) > maxVersions || h.Number == 0 || h.Epoch == 0 || len(h.Root) != 0 && len(h.Root) != 32 || h.Time > ledger.MaxTime || len(h.Standing) > trust.MaxStandingLen {
		return h, fmt.Errorf("read hello: versions %d, key set %d, epoch %d, root of %d bytes", h.Versions, h.Number, h.Epoch, len(h.Root))
	}
	if err := checkReached(h.Addresses); err != nil {
		return h, fmt.Errorf("read hello: %w", err)
	}
	return h, nil
}

// LastHello returns the content of the last hello of the neighbour; false: there was none.
func (t *Table) LastHello(name identity.Jurisdiction) (Heard, bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	h, ok := t.heard[name]
	return h, ok
}
