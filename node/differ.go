package node

import (
	"context"
	"crypto/ed25519"
	"errors"
	"net"
	"time"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
	"xietong/exchange/link"
	"xietong/node/flows/join"
	"xietong/node/tree/door"
)

// A link whose certificates are refused may be refused for the clocks alone. Whoever dials asks at
// the door then, whose handshake looks at no dates, what the other clock says. What is answered is
// told to people only where the other end has proven all but the time of its certificate.
const (
	differsEvery  = 10 * time.Second
	differsWithin = 5 * time.Second
)

// watchDiffering asks whoever it has no link to, because one side refuses the other's certificate,
// what the clock there says, until the hosting ends.
func (h *hosted) watchDiffering(n *Node) {
	tick := time.NewTicker(differsEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-h.ctx.Done():
			return
		}
		if err := errors.Join(h.askParentClock(n), h.siblings.askClocks(h.ctx)); err != nil && h.ctx.Err() == nil {
			h.logger.Debug("what the clocks of others say is not known", "error", err)
		}
	}
}

// refusedKeys reports whether a link may have failed because of the clocks.
func refusedKeys(why link.Reason) bool { return why == link.NotKnown || why == link.NotTrusted }

// askParentClock asks the parent for its time where there is no link to it because of the
// certificates, and tells it the own.
func (h *hosted) askParentClock(n *Node) error {
	parent, joined := h.table.Parent()
	h.mu.Lock()
	why := reasonOf(h.failed)
	h.mu.Unlock()
	known, ok := h.table.Known(parent)
	if !joined || !ok || !refusedKeys(why) {
		return nil
	}
	bundles := &tlsconf.Bundles{}
	if err := bundles.Set(trust.Live(known.KeySets, n.o.Now())); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(h.ctx, differsWithin)
	defer cancel()
	addresses, err := n.addressesOf(ctx, h)
	if err != nil {
		return err
	}
	return n.askClock(ctx, addresses, parent, func(line door.Line, says time.Time) error {
		if !butForTime(tlsconf.VerifyServer(line.TLS(), bundles, parent, n.o.Now()), nil) {
			return nil
		}
		by := door.Teller{From: h.settings.Name, Replica: h.host.Replica(), Sign: h.host.SignLog}
		agree, err := door.TellClock(ctx, line, by, n.o.Now())
		h.host.Differs(parent, says, agree)
		return err
	})
}

// askClocks asks the other replicas for their time to which there is no link because of the
// certificates.
func (s *siblings) askClocks(ctx context.Context) (failed error) {
	ctx, cancel := context.WithTimeout(ctx, differsWithin)
	defer cancel()
	others, failed := s.others()
	for _, to := range others {
		if why, _ := s.links.Missed(to); !refusedKeys(why) || s.links.Reachable(to) {
			continue
		}
		addresses, err := s.addresses(ctx, to)
		if err == nil {
			err = s.node.askClock(ctx, addresses, s.host.Name(), func(line door.Line, says time.Time) error {
				if butForTime(tlsconf.VerifyServer(line.TLS(), onlyOf{s, to}, s.host.Name(), s.node.o.Now()), &to) {
					s.host.ReplicaDiffers(to, says)
				}
				return nil
			})
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// butForTime reports whether an end was verified, but for the time of its certificate at most; nil:
// as any replica.
func butForTime(err error, replica *identity.Replica) bool {
	if err == nil {
		return true
	}
	e, ok := errors.AsType[*tlsconf.TimeError](err)
	return ok && (replica == nil || e.Peer.Replica == *replica)
}

// askClock asks for the time at the first of the addresses whose door answers.
func (n *Node) askClock(ctx context.Context, addresses []net.Addr, of identity.Jurisdiction, heard func(line door.Line, says time.Time) error) error {
	line, err := join.DialDoor(ctx, n.socket, addresses, of)
	if err != nil {
		return err
	}
	defer line.Conn.Close(link.CodeClosing)
	ahead, err := door.Offset(ctx, line, n.o.Now)
	if err != nil {
		return err
	}
	return heard(line, n.o.Now().Add(-ahead))
}

// clocksHeard takes at the door what neighbours say of their clocks.
type clocksHeard struct{ *hosted }

// LogKey returns the log key of a neighbour's replica; nil: it is none.
func (c clocksHeard) LogKey(of identity.Jurisdiction, replica identity.Replica) ed25519.PublicKey {
	known, ok := c.table.Known(of)
	if !ok {
		return nil
	}
	return known.KeySets[len(known.KeySets)-1].LogKey(replica)
}

// Differs takes the clock of a neighbour that has no link because of it.
func (c clocksHeard) Differs(from identity.Jurisdiction, says time.Time) {
	c.host.Differs(from, says, 0)
}

// Agree returns how many others agree with the clock of this machine.
func (c clocksHeard) Agree() int { return c.host.Agree() }
