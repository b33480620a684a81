package node

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/exchange/budget"
	"xietong/exchange/link"
	"xietong/node/faces/api"
	"xietong/node/ground/config"
	"xietong/node/ground/datadir"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

func listenUDP(listen string) (net.PacketConn, error) {
	if listen == "" {
		listen = ":0"
	}
	return net.ListenPacket("udp", listen)
}

// openSocket opens the node's one socket, which only dials so far.
func (n *Node) openSocket() (err error) {
	if n.packets, err = n.o.Packets(n.settings.Listen); err != nil {
		return n.unopened(err)
	}
	reset, err := n.resetKey()
	if err != nil {
		return datadir.Error(n.dir, err)
	}
	n.socket, err = link.Open(n.packets, link.Options{
		Hosted: func(name identity.Jurisdiction) (link.Handler, bool) { h, ok := n.of(name); return h, ok },
		Knock:  n.knock, Recheck: n.stillTrusted, Linked: n.linked, Logger: n.limited, ResetKey: reset,
	})
	return err
}

// resetKey returns the secret of the first jurisdiction that has one here: of another one that may
// be missing.
func (n *Node) resetKey() (key [32]byte, err error) {
	for _, c := range slices.Backward(n.settings.Jurisdictions) {
		found, failed := host.ResetKey(host.Folder(n.dir, c.Name))
		if failed == nil {
			key = found
		}
		err = failed // of the first
	}
	if key != [32]byte{} {
		err = nil
	}
	return key, err
}

// unopened returns the failure of a socket that cannot be opened at the configured address.
func (n *Node) unopened(err error) error {
	args := text.Args{"address": n.settings.Listen, "file": filepath.Join(n.dir, config.FileName)}
	system, known := errors.AsType[syscall.Errno](err)
	switch {
	case n.settings.Listen == "" || !known:
		return fmt.Errorf("open socket: %w", err)
	case system == syscall.EADDRINUSE:
		if r := n.sameReplicaAt(); !r.IsZero() {
			return text.Fail(text.ReplicaRunsHere, text.Args{"address": n.settings.Listen, "replica": r.String(), "dir": n.dir}, err)
		}
		if pid, program := holderOf(n.settings.Listen); pid != 0 {
			args["pid"], args["program"] = strconv.Itoa(pid), program
			return text.Fail(text.AddressTakenBy, args, err)
		}
		return text.Fail(text.AddressTaken, args, err)
	}
	args["reason"] = system.Error()
	return text.Fail(text.AddressUnusable, args, err)
}

// listen takes connections if the configuration names an address. If it names none, packets from
// outside reach only the links that this node dialled.
func (n *Node) listen() error {
	if n.settings.Listen == "" {
		return nil
	}
	return n.socket.Listen(tlsconf.Listen(n.local, n.o.Now))
}

// addresses returns the addresses that children dial; none if the node does not listen.
func (n *Node) addresses() []string {
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		n.o.Logger.Warn("addresses of this machine unknown", "error", err)
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	return config.Advertised(n.settings.Listen, n.settings.Addresses, interfaces)
}

// party is a hosted jurisdiction in a handshake.
func (n *Node) party(h *hosted) tlsconf.Party {
	return tlsconf.Party{SVID: h.host.LinkSource(), Bundles: h.table.Bundles(), Now: n.o.Now}
}

// local returns the hosted jurisdiction that takes a connection under the name.
func (n *Node) local(name identity.Jurisdiction) (tlsconf.Local, bool) {
	h, ok := n.of(name)
	if !ok {
		return tlsconf.Local{}, false
	}
	party := n.party(h)
	party.Bundles = bundles{party.Bundles, h.siblings}
	local := tlsconf.Local{Party: party, Admits: h.admits}
	if h.siblings.any() {
		local.AdmitsReplica = h.siblings.admits
	}
	return local, true
}

// admits refuses who is no neighbour, and everybody until the jurisdiction is open.
func (h *hosted) admits(peer tlsconf.Peer) error {
	if !h.siblings.furnished.Load() {
		return errOpening
	}
	return h.trusts(peer)
}

// trusts refuses who is no neighbour, and everybody where this replica was removed or is apart:
// whoever keeps a link to it asks in vain, and finds the others as soon as that ends.
func (h *hosted) trusts(peer tlsconf.Peer) error {
	if err := errors.Join(h.host.Removed(), h.apart()); err != nil {
		return err
	}
	return h.table.Admits(peer)
}

// leaderWithin is how long a replica that starts waits for another one to lead.
const leaderWithin = 15 * time.Second

// apart returns why no other jurisdiction is to be linked to this replica: it is in question, and
// others serve. Where none does, it keeps its links, and says why it does not answer.
func (h *hosted) apart() error {
	q, questioned := errors.AsType[*host.QuestionError](h.host.Questioned())
	if !questioned || !q.Grouped {
		return nil
	}
	leader, known := h.host.Leader()
	if known && leader != h.host.Replica() || !known && time.Since(q.Since) < leaderWithin {
		return q
	}
	return nil
}

// opened says that the rooms are made.
func (h *hosted) opened() {
	h.host.Settled()
	h.siblings.furnished.Store(true)
}

// knock answers a request at the door of a hosted jurisdiction. An error of the door is logged: the
// answer already hides it from the asker. That nobody waits any more is none.
func (n *Node) knock(ctx context.Context, local identity.Jurisdiction, binding [32]byte, request []byte) ([]byte, error) {
	h, ok := n.of(local)
	if !ok {
		return nil, tlsconf.ErrNotHosted
	}
	if !h.siblings.furnished.Load() {
		return nil, &link.CodeError{Code: link.CodeBusy, Err: errOpening}
	}
	answer, err := h.door.Answer(budget.With(ctx, budget.Payer{Neighbour: "door"}), binding, request)
	if err != nil && ctx.Err() == nil {
		n.limited.Error("knock not answered", "jurisdiction", local.String(), "error", err)
	}
	return answer, nil
}

// stillTrusted judges the other end of an open link by the keys, the neighbours and the time of
// now.
func (n *Node) stillTrusted(local identity.Jurisdiction, s tlsconf.State) error {
	h, ok := n.of(local)
	if !ok {
		return tlsconf.ErrNotHosted
	}
	peer, err := tlsconf.Recheck(s, h.table.Bundles(), n.o.Now())
	if err != nil {
		return err
	}
	return h.trusts(peer)
}

// start begins the background work of a hosted jurisdiction: its upkeep, its news, its questions
// about its own keys, and the link to its parent.
func (n *Node) start(h *hosted) {
	h.ctx, h.stop = context.WithCancel(n.ctx)
	for _, run := range []func(context.Context){h.upkeep.Run, h.chains.Run, h.check.Run, h.witness.Run, h.many.Run, h.records.Run} {
		h.workers.Go(func() { h.host.WhileLeading(h.ctx, run) })
	}
	h.siblings.serve(h)
	h.workers.Go(func() { h.witness.Keep(h.ctx) })
	h.workers.Go(func() { h.witness.Links(h.ctx) })
	h.workers.Go(func() { h.witness.Rise(h.ctx) })
	h.workers.Go(func() { h.witness.LinksAbove(h.ctx) })
	h.workers.Go(func() { h.watchBeside(n) })
	h.workers.Go(func() { h.askWitnesses(n) })
	h.workers.Go(func() { h.watchDiffering(n) })
	h.workers.Go(func() { h.epochs.Run(h.ctx) })
	h.workers.Go(func() { h.epochs.Watch(h.ctx) })
	if parent, joined := h.table.Parent(); joined {
		h.workers.Go(func() { n.socket.Keep(h.ctx, n.dialler(h, parent)) })
		h.workers.Go(func() { n.lookAtParent(h, parent) })
	}
	n.workers.Go(h.workers.Wait)
}

// dialler returns how to make the link to the parent.
func (n *Node) dialler(h *hosted, parent identity.Jurisdiction) link.Dialler {
	return link.Dialler{
		Local: h.settings.Name, To: parent, Handler: h,
		Addresses: func(ctx context.Context) ([]net.Addr, error) {
			if err := h.apart(); err != nil {
				return nil, err
			}
			return h.dialled(n.addressesOf(ctx, h))
		},
		TLS:    func() *tlsconf.Config { return n.party(h).Dial(parent) },
		Failed: func(err error) { n.linkFailed(h, parent, err) },
		Up: func(_ tlsconf.Peer, replaces bool) {
			if h.linked(n.o.Now(), replaces); !replaces {
				h.upkeep.Told() // what the parent told meanwhile (a new roster, other keys above) was lost
				h.looks.soon()
			}
		},
	}
}

// linkFailed keeps the reason why there is no link. The reasons NotKnown and NotTrusted may mean
// that one side has new keys and the other side does not know them. The parent's door can tell, so
// the upkeep asks it at once when such a reason first appears. While the reason stays, the upkeep
// asks again by itself where the door did not answer; where it did, keys changed again since.
func (n *Node) linkFailed(h *hosted, parent identity.Jurisdiction, err error) {
	failed, again := h.keepFailure(err, n.o.Now())
	before, now := reasonOf(failed), reasonOf(err)
	if again {
		n.limited.Warn("no link to parent", "jurisdiction", h.settings.Name.String(), "peer", parent.String(), "error", err)
	}
	switch keys := now == link.NotKnown || now == link.NotTrusted; {
	case keys && now != before:
		h.upkeep.Poke()
		h.looks.soon()
	case keys:
		h.upkeep.Refused()
	}
}

// reasonOf returns why a link failed; "" if err is no failure of a link.
func reasonOf(err error) link.Reason {
	if e, ok := errors.AsType[*link.Error](err); ok {
		return e.Reason
	}
	return ""
}

// failedEvery is how often it is logged that there is still no link to the parent, for the reason
// that was logged before.
const failedEvery = time.Hour

// keepFailure keeps the last failure of the link to the parent, and returns the one before it; nil:
// the link was up. tell says that it is news: another reason, or the same one for long.
func (h *hosted) keepFailure(err error, now time.Time) (before error, tell bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	before, h.failed, h.up = h.failed, err, time.Time{}
	tell = before == nil || reasonOf(before) != reasonOf(err) || now.Sub(h.told) >= failedEvery
	if tell {
		h.told = now
	}
	return before, tell
}

// linked notes that the link to the parent is up: since now, unless it replaces one that was up. A
// link that ended by itself was down for as long as nobody noticed.
func (h *hosted) linked(now time.Time, replaces bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed = nil; !replaces {
		h.up = now
	}
}

// silentAfter is how long nothing comes of a neighbour that is there, at most: it says hello every
// ten seconds. Of one that was killed, the link is given up some seconds later.
const silentAfter = 15 * time.Second

// Link returns the state of the link between a hosted jurisdiction and its neighbour.
func (n *Node) Link(local, peer identity.Jurisdiction) (s api.LinkState) {
	for _, l := range n.socket.Links() {
		if l.Local == local && l.Peer.Jurisdiction == peer {
			s.Up, s.Address = true, l.Address
			if s.Since.IsZero() || l.Since.Before(s.Since) {
				s.Since = l.Since
			}
		}
	}
	s.LastHeard, _ = n.socket.LastHeard(local, peer)
	s.Silent = s.Up && time.Since(s.LastHeard) > silentAfter
	h, ok := n.of(local)
	if !ok {
		return s
	}
	if heard, ok := h.table.LastHello(peer); ok {
		s.Offset = heard.Offset
	}
	if parent, joined := h.table.Parent(); joined && parent == peer {
		s.Dialled = h.settings.ParentAddress
		h.mu.Lock()
		defer h.mu.Unlock()
		if s.Up {
			s.Since = h.up // the other side may end what is replaced before its successor counts here
		} else {
			s.Why = why(n.configuration().Listen, h.away, h.failed)
			switch {
			case h.host.Follows(): // no neighbour knows its keys
				s.Why = noVote
			case h.host.DiffersFrom(parent):
				s.Why = clocksDiffer
			}
		}
	}
	return s
}

// onlyHere is why a link to the parent fails that would have to leave the machine from an address
// of its loopback: the system refuses every packet.
const onlyHere = "only-here"

// noVote is why a replica that follows has no link.
const noVote = "no-vote"

// clocksDiffer is why each of the two refuses the certificate of the other.
const clocksDiffer = "clocks-differ"

// why returns why there is no link to the parent, as a cause that package text knows; away says
// that its addresses are of another machine.
func why(listen string, away bool, failed error) string {
	reason := reasonOf(failed)
	if reason == link.Broken && away && config.Loopback(listen) {
		return onlyHere
	}
	return string(reason)
}

// dialled notes whether the addresses of the parent are of another machine.
func (h *hosted) dialled(all []net.Addr, err error) ([]net.Addr, error) {
	here := slices.ContainsFunc(all, func(a net.Addr) bool { return config.Loopback(a.String()) })
	h.mu.Lock()
	defer h.mu.Unlock()
	h.away = len(all) > 0 && !here
	return all, err
}

// overLink asks a neighbour over the link.
type overLink struct {
	socket    *link.Socket
	local, to identity.Jurisdiction
}

func (o overLink) Exchange(ctx context.Context, request []byte) ([]byte, error) {
	return link.One(func(each func([]byte) error) error { return o.socket.Exchange(ctx, o.local, o.to, request, each) })
}

// links carries the messages of the relays over the node's socket.
type links struct{ n *Node }

// Exchange carries a message to a neighbour and its answer back.
func (l links) Exchange(ctx context.Context, local, to identity.Jurisdiction, request []byte, each func([]byte) error) error {
	began, answer := time.Now(), 0
	err := l.n.socket.Exchange(ctx, local, to, request, func(frame []byte) error {
		answer += len(frame)
		return each(frame)
	})
	if l.n.o.Steps != nil {
		l.n.o.Steps(StepExchange, time.Since(began))
	}
	if l.n.o.Frames != nil {
		l.n.o.Frames(len(request), answer)
	}
	return err
}
