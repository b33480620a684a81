package node

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/link"
	"xietong/node/flows/join"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
	"xietong/node/tree/neighbours"
)

// reach returns a way to ask the parent: over the link if that is up, else at the parent's door.
// The caller calls the returned function when it has asked.
func (n *Node) reach(ctx context.Context, h *hosted, parent identity.Jurisdiction) (door.Asker, func(), error) {
	if n.socket.Up(h.settings.Name, parent) {
		return overLink{n.socket, h.settings.Name, parent}, func() {}, nil
	}
	addresses, err := n.addressesOf(ctx, h)
	if err != nil {
		return nil, nil, err
	}
	line, err := join.DialDoor(ctx, n.socket, addresses, parent)
	if err != nil {
		return nil, nil, err
	}
	return line, func() { line.Conn.Close(link.CodeClosing) }, nil
}

// proves verifies that the other end of a way is the parent. That of a link has proven itself; that
// of a connection to the door proves itself by keys that are known and count, or else by the chain
// from the root, as the parent may have others by now: whoever has those of before is believed no
// more from then on, whatever the parent says next. A chain that goes back behind what is known is
// that of an old machine of the parent, or of a thief of its former keys.
func (n *Node) proves(ctx context.Context, h *hosted, way door.Asker, parent identity.Jurisdiction) error {
	line, knocked := way.(door.Line)
	if !knocked {
		return nil
	}
	if known, ok := h.table.Known(parent); ok && join.VerifyKnown(line, parent, known.KeySets, n.o.Now()) == nil {
		return nil
	}
	return n.meets(ctx, h, line, parent)
}

// meets verifies that the other end of a connection to the door is the parent by the chain from the
// root, and keeps this where it leads further than what is known of the parent.
func (n *Node) meets(ctx context.Context, h *hosted, line door.Line, parent identity.Jurisdiction) error {
	_, root, err := h.host.Chain(ctx)
	if err != nil {
		return err
	}
	levels, chain, err := join.VerifyDoor(ctx, line, root, parent, n.o.Now())
	if err != nil {
		return n.formerly(h, line, parent, err)
	}
	if err := h.host.GoesOn(ctx, chain); err != nil {
		return h.showLacked(ctx, line, chain, err)
	}
	further, err := h.host.KeepNewer(ctx, levels)
	if further && err == nil {
		h.logger.Warn("parent has other keys, what it ended is believed no more", "peer", parent.String())
		err = n.changed(ctx, h)
	}
	return err
}

// A parent of several machines may have gone on with one of them and new keys, because the others
// were lost, or without one that was removed. Where a link to one of those is made, or was, nothing
// on that link tells. So every replica looks at the other addresses of its parent, too: once its
// link is up, and for as long as what stands above its parent has not vouched for it, which above a
// root nothing ever does. At a root it looks at all, since nobody else shows one that was put back,
// and has links all the same, what it lacks.
const (
	looksEvery = 5 * time.Minute
	looksPause = 10 * time.Second // between two looks, at least
	// looksWithin is how long a look takes at most: whoever does not answer, such as a machine that
	// was removed, has it look no less at the others.
	looksWithin = 30 * time.Second
)

// looks tells when to look at the other addresses of the parent.
type looks struct{ now chan struct{} }

func newLooks() looks { return looks{make(chan struct{}, 1)} }

// soon has the next look be made soon.
func (l looks) soon() {
	select {
	case l.now <- struct{}{}:
	default:
	}
}

// lookAtParent looks whether the parent has other keys than are known here, until the hosting ends.
func (n *Node) lookAtParent(h *hosted, parent identity.Jurisdiction) {
	tick := time.NewTicker(looksEvery)
	defer tick.Stop()
	for {
		select {
		case <-h.looks.now:
		case <-tick.C:
			if !h.table.Unvouched() {
				continue
			}
		case <-h.ctx.Done():
			return
		}
		n.lookElsewhere(h.ctx, h, parent)
		pause := time.NewTimer(looksPause)
		select {
		case <-pause.C:
		case <-h.ctx.Done():
		}
		pause.Stop()
	}
}

// lookElsewhere knocks at the addresses of the parent to which no link of this replica leads, and
// at all of a root, at once: some of them are of machines that are gone. Where nobody answers but
// with keys from before those that are known, the parent was put back, which is told also of one
// that is linked, and refuses to be asked.
func (n *Node) lookElsewhere(ctx context.Context, h *hosted, parent identity.Jurisdiction) {
	addresses, err := n.addressesOf(ctx, h)
	if err != nil {
		return // whoever keeps the link says so
	}
	ctx, cancel := context.WithTimeout(ctx, looksWithin)
	defer cancel()
	var linked []string
	for _, l := range n.socket.Links() {
		if l.Local == h.settings.Name && l.Peer.Jurisdiction == parent && parent != h.table.Root() {
			linked = append(linked, l.Address)
		}
	}
	var knocking sync.WaitGroup
	var mu sync.Mutex // guards what follows
	var old error
	newer := len(linked) > 0
	for _, addr := range addresses {
		if slices.Contains(linked, addr.String()) {
			continue
		}
		knocking.Go(func() {
			line, err := join.DialDoor(ctx, n.socket, []net.Addr{addr}, parent)
			if err != nil {
				return // it is gone, or another tells
			}
			defer line.Conn.Close(link.CodeClosing)
			err = n.meets(ctx, h, line, parent)
			if err != nil && ctx.Err() == nil {
				n.limited.Warn("somebody at an address of the parent is not the parent that is known", "peer", parent.String(), "address", addr.String(), "error", err)
			}
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, neighbours.ErrOldKeys) {
				old = err
			} else {
				newer = true
			}
		})
	}
	knocking.Wait()
	if old != nil && !newer {
		h.table.Alarm(parent, text.ParentKeysOld, old)
	}
}
