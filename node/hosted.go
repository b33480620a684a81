package node

import (
	"context"
	"fmt"
	"sync"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/consensus/state"
	"xietong/exchange/link"
	"xietong/node/api"
	"xietong/node/catalog"
	"xietong/node/config"
	"xietong/node/host"
	"xietong/node/join"
	"xietong/node/join/neighbours"
	"xietong/node/records"
	"xietong/node/sharing"
	"xietong/node/text"
)

// hosted is one jurisdiction of the node, as its neighbours meet it (link.Handler).
type hosted struct {
	settings config.Jurisdiction
	host     *host.Host
	records  *records.Desk
	table    *neighbours.Table
	upkeep   *neighbours.Upkeep
	door     join.Door
	stop     context.CancelFunc // ends what start began

	mu     sync.Mutex
	failed error // the last attempt to link to the parent, nil while the link is up
}

// registry returns the commands of every room.
func registry() *state.Registry {
	r := state.NewRegistry()
	catalog.Register(r)
	records.Register(r)
	sharing.Register(r, records.Standing)
	join.Register(r)
	return r
}

// open opens one jurisdiction of the data directory.
func (n *Node) open(ctx context.Context, c config.Jurisdiction) (*hosted, error) {
	logger := n.o.Logger.With("jurisdiction", c.Name.String())
	own, err := host.Open(ctx, host.Folder(n.dir, c.Name), c.Name, host.Options{
		Registry: registry(), Logger: n.o.Logger, Now: n.o.Now,
		Fatal: func(err error) {
			logger.Error("replica stopped", "replica", host.FirstReplica().String(), "error", err)
			n.end(&replicaError{host.FirstReplica(), err})
		},
	})
	if err != nil {
		return nil, err
	}
	h := &hosted{settings: c, host: own, records: records.NewDesk(own), table: neighbours.New(own, n.o.Now, logger)}
	h.upkeep = neighbours.NewUpkeep(h.table, own)
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
	}
	if err := h.table.Refresh(ctx); err != nil {
		return nil, fmt.Errorf("open %s: %w", c.Name, err)
	}
	return h, nil
}

// changed derives anew who the neighbours of a jurisdiction are, and closes the links of those who are none any more.
func (n *Node) changed(ctx context.Context, h *hosted) error {
	err := h.table.Refresh(ctx)
	n.recheck()
	return err
}

// Hello is what neighbours are told.
func (h *hosted) Hello() []byte { return h.table.Hello() }

// Greet judges what a neighbour says.
func (h *hosted) Greet(peer tlsconf.Peer, hello []byte) error { return h.table.Greet(peer, hello) }

// Serve answers what a neighbour asks over its link: the requests of joining that a child makes.
func (h *hosted) Serve(ctx context.Context, peer tlsconf.Peer, request []byte, write func([]byte) error) error {
	answer, knows, err := h.door.AnswerChild(ctx, peer.Jurisdiction, request)
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
		Host: h.host, Records: h.records, Table: h.table, DisplayName: h.settings.DisplayName, ShortName: h.settings.ShortName,
		Code: h.settings.Code, Level: h.settings.Level,
	}
}
