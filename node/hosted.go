package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
	"xietong/exchange/relay"
	"xietong/node/api"
	"xietong/node/calls"
	"xietong/node/catalog"
	"xietong/node/config"
	"xietong/node/host"
	"xietong/node/join"
	"xietong/node/join/chains"
	"xietong/node/join/neighbours"
	"xietong/node/join/published"
	"xietong/node/records"
	"xietong/node/sharing"
	"xietong/node/text"
)

// hosted is one jurisdiction of the node, as its neighbours meet it (link.Handler).
type hosted struct {
	settings config.Jurisdiction
	host     *host.Host
	records  *records.Desk
	calls    *calls.Desk
	relay    *relay.Relay
	table    *neighbours.Table
	chains   *chains.Store
	roster   *published.Store
	counted  atomic.Pointer[counted]
	upkeep   *neighbours.Upkeep
	door     join.Door

	mu     sync.Mutex
	failed error // the last attempt to link to the parent, nil while the link is up
}

// registry returns the commands of every room.
func registry() *state.Registry {
	r := state.NewRegistry()
	catalog.Register(r)
	records.Register(r)
	sharing.Register(r, records.Standing, join.Withdrawn)
	join.Register(r)
	calls.Register(r)
	published.Register(r)
	return r
}

// open opens one jurisdiction of the data directory.
func (n *Node) open(ctx context.Context, c config.Jurisdiction) (*hosted, error) {
	logger := n.o.Logger.With("jurisdiction", c.Name.String())
	own, err := host.Open(ctx, host.Folder(n.dir, c.Name), c.Name, host.Options{
		Registry: registry(), Logger: n.o.Logger, Now: n.o.Now, Share: max(n.o.Share, len(n.settings.Jurisdictions)),
		Fatal: func(err error) {
			logger.Error("replica stopped", "replica", host.FirstReplica().String(), "error", err)
			n.end(&replicaError{host.FirstReplica(), err})
		},
	})
	if err != nil {
		return nil, err
	}
	h := &hosted{settings: c, host: own, records: records.NewDesk(n.timed(own, StepUseRead, StepUseRecord)), table: neighbours.New(own, n.o.Now, logger)}
	h.chains = chains.New(own, chains.Own{Ledger: own}, h.table, n.askOverLink(c.Name), n.o.Now)
	h.roster = published.New(own)
	h.upkeep = neighbours.NewUpkeep(h.table, own)
	h.upkeep.Roster = h.rosterUpkeep
	h.upkeep.Changed = n.recheck
	h.upkeep.Reach = func(ctx context.Context, parent identity.Jurisdiction) (join.Asker, func(), error) {
		return n.reach(ctx, h, parent)
	}
	h.door = join.Door{
		Parent: own, Now: n.o.Now,
		Alarm: func(code text.Code, err error) {
			logger.Error("somebody else came with an invitation", "code", string(code), "error", err)
		},
		Changed: func(ctx context.Context) error { return n.changed(ctx, h) },
		Prove:   h.chains.Prove,
		Roster:  h.roster.Proof,
		Stale: func(peer, below identity.Jurisdiction) {
			if h.chains.Told(peer, below) {
				h.upkeep.Poke()
			}
		},
	}
	n.openCalls(h, logger)
	if err := errors.Join(h.table.Refresh(ctx), h.roster.Refresh(ctx)); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", c.Name, err), own.Close())
	}
	return h, nil
}

// openCalls makes what asks others and serves them.
func (n *Node) openCalls(h *hosted, logger *slog.Logger) {
	h.calls = calls.NewDesk(n.timed(h.host, StepAskRead, StepAskRecord), h.records, asker{h}, around{n, h})
	h.relay = relay.New(relay.Local{
		Name: h.settings.Name, Parent: h.table.Parent, Child: h.table.IsChild, Signer: func() envelope.Signer { return h.host.Signer() }, Opener: envelope.NewOpener(h.host),
		Trust: around{n, h}, Links: links{n}, Operations: h.calls.Operations(), Federated: h.calls.Federated(), Now: n.o.Now, Steps: n.o.Steps,
		Problem: func(err error) (uint16, []string) {
			code, args := calls.Problem(err)
			if text.ByNumber(code) == text.Internal {
				logger.Error("call not served", "error", err)
			}
			return code, args
		},
		Refused: func(peer identity.Jurisdiction, request envelope.Header, p *relay.Problem) {
			logger.Info("call refused", "peer", peer.String(), "request", request.ID.String(), "code", string(text.ByNumber(p.Code)))
		},
	})
}

// links is the node's socket, which is opened after its jurisdictions.
type links struct{ n *Node }

// changed derives anew who the neighbours of a jurisdiction are, closes the links of those who are none any more, and has the
// tree forget what it knew of a child that is none any more, or came with other keys.
func (n *Node) changed(ctx context.Context, h *hosted) error {
	before := h.table.Children()
	err := h.table.Refresh(ctx)
	n.recheck()
	after := h.table.Children()
	for child, first := range before {
		if after[child] != first {
			h.chains.Tell(child, identity.Jurisdiction{})
		}
	}
	return err
}

// Hello is what neighbours are told.
func (h *hosted) Hello() []byte { return h.table.Hello() }

// Greet judges what a neighbour says.
func (h *hosted) Greet(peer tlsconf.Peer, hello []byte) error { return h.table.Greet(peer, hello) }

// joinRequest is the first byte of a request of the join protocol, an array of two; a message is an array of five.
const joinRequest = 0x82

// Serve answers what a neighbour asks over its link: a message, or a request of the join protocol.
func (h *hosted) Serve(ctx context.Context, peer tlsconf.Peer, request []byte, write func([]byte) error) error {
	if request[0] != joinRequest {
		return h.relay.Serve(ctx, peer.Jurisdiction, request, write)
	}
	answer, knows, err := h.door.AnswerNeighbour(ctx, peer.Jurisdiction, request)
	if err != nil {
		return &link.CodeError{Code: link.CodeInternal, Err: err}
	}
	if knows > 0 {
		h.upkeep.Acked(peer.Jurisdiction, knows)
	}
	return write(answer)
}

// face is the jurisdiction as the API knows it.
func (h *hosted) face() api.Hosted {
	return api.Hosted{
		Host: h.host, Records: h.records, Calls: h.calls, Table: h.table, Roster: h.roster, DisplayName: h.settings.DisplayName,
		ShortName: h.settings.ShortName, Code: h.settings.Code, Level: h.settings.Level,
	}
}
