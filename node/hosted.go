package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/exchange/budget"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
	"xietong/exchange/relay"
	"xietong/exchange/route"
	"xietong/node/business/catalog"
	"xietong/node/business/questions"
	"xietong/node/business/records"
	"xietong/node/business/sharing"
	"xietong/node/business/usage"
	"xietong/node/faces/api"
	"xietong/node/flows/adoption"
	"xietong/node/flows/anywhere"
	"xietong/node/flows/calls"
	"xietong/node/flows/drill"
	"xietong/node/flows/epochs"
	"xietong/node/flows/federated"
	"xietong/node/flows/granting"
	"xietong/node/flows/join"
	"xietong/node/flows/reform"
	"xietong/node/flows/replicas"
	"xietong/node/flows/selfcheck"
	"xietong/node/flows/witnessing"
	"xietong/node/ground/config"
	"xietong/node/ground/datadir"
	"xietong/node/ground/host"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/breaks"
	"xietong/node/tree/chains"
	"xietong/node/tree/door"
	"xietong/node/tree/neighbours"
	"xietong/node/tree/rosters"
	"xietong/node/tree/standing"
)

// hosted is one jurisdiction of the node, as its neighbours meet it (link.Handler).
type hosted struct {
	settings config.Jurisdiction
	host     *host.Host
	logger   *slog.Logger // for what others cause
	siblings *siblings
	table    *neighbours.Table
	breaks   *breaks.Store
	chains   *chains.Store
	upkeep   *neighbours.Upkeep
	door     door.Door
	relay    *relay.Relay
	check    *selfcheck.Desk
	witness  *witnessing.Desk
	epochs   *epochs.Desk
	many     *federated.Desk
	records  *records.Desk
	face     api.Hosted
	looks    looks
	beside   chan struct{} // full where it was put in question, as those above on the node lost entries

	ctx     context.Context // of the background work; ends with the hosting
	stop    context.CancelFunc
	workers sync.WaitGroup // the background work

	mu       sync.Mutex                                 // guards the fields below
	up       time.Time                                  // since when the link to the parent is up; zero: it is not
	told     time.Time                                  // when that was logged last
	failed   error                                      // why the last attempt to link to the parent failed; nil while the link is up
	away     bool                                       // whether the addresses of the parent are of another machine
	children map[identity.Jurisdiction]neighbours.Shown // when they changed last
}

// commands returns the commands of every room.
func commands() *state.Registry {
	r := state.NewRegistry()
	catalog.Register(r, records.LastChange)
	records.Register(r)
	sharing.Register(r, records.DatasetState, tree.Withdrawn)
	tree.Register(r)
	breaks.Register(r)
	rosters.Register(r, catalog.Acts)
	calls.Register(r)
	federated.Register(r)
	adoption.Register(r, records.LastChange)
	reform.Register(r)
	questions.Register(r, catalog.Acts)
	selfcheck.Register(r)
	replicas.Register(r)
	witnessing.Register(r)
	epochs.Register(r)
	return r
}

// open opens the ledger of one jurisdiction of the data directory.
func (n *Node) open(ctx context.Context, c config.Jurisdiction) (*hosted, error) {
	settings := n.configuration()
	if err := datadir.CheckName(n.dir, filepath.Join(n.dir, config.FileName), settings, c.Name); err != nil {
		return nil, err
	}
	logger := n.o.Logger.With("jurisdiction", c.Name.String())
	var others *siblings
	replica := host.FirstReplica()
	own, err := host.Open(ctx, host.Folder(n.dir, c.Name), c.Name, host.Options{
		Registry: commands(), Logger: n.o.Logger, Now: n.o.Now, Elapsed: n.o.Elapsed, Synced: n.o.Synced, Hosted: max(n.o.Hosted, len(settings.Jurisdictions)),
		Growth: n.growth, FileBlocks: n.o.FileBlocks, Signed: cmp.Or(settings.SignedSizes, n.o.Signed), Aside: n.aside,
		Reach: func(h *host.Host) host.Reach {
			others, replica = n.siblingsOf(h), h.Replica()
			return others.reach()
		},
		Fatal: func(err error) {
			logger.Error("replica stopped", "replica", replica.String(), "error", err)
			n.broke(c.Name, &replicaError{replica, host.Folder(n.dir, c.Name), err})
		},
	})
	if err != nil {
		return nil, err
	}
	if err := chainThere(ctx, own, n.dir); err != nil {
		return nil, errors.Join(err, own.Close())
	}
	about := n.limited.With("jurisdiction", c.Name.String())
	table := neighbours.New(own, n.o.Now, about)
	table.Denied, table.Newer, table.Says = own.Denied, own.Newer, n.says
	h := &hosted{settings: c, host: own, siblings: others, logger: about, table: table, looks: newLooks(), beside: make(chan struct{}, 1)}
	table.ReachedAt = func() []string { return others.desk(h).Reached() }
	return h, nil
}

// chainThere refuses a jurisdiction that joined a parent, and of which nothing is kept that the
// parent said: it would take itself for a root, and its children would see another tree.
func chainThere(ctx context.Context, own *host.Host, dir string) error {
	e, err := own.Endorsed(ctx)
	if err != nil || e != nil {
		return err
	}
	return own.View(ctx, func(r *state.Reader) error {
		up, joined := tree.UpstreamOf(r)
		if !joined {
			return nil
		}
		args := text.Args{"name": own.Name().String(), "parent": up.Parent.String(), "file": filepath.Join(host.Folder(dir, own.Name()), "chain")}
		return text.Fail(text.ChainMissing, args, nil)
	})
}

// furnish makes the rooms of a jurisdiction, and loads the state that they keep in memory.
func (n *Node) furnish(ctx context.Context, h *hosted) error {
	name := h.settings.Name
	exchange := func(ctx context.Context, neighbour identity.Jurisdiction, frame []byte) ([]byte, error) {
		return overLink{n.socket, name, neighbour}.Exchange(ctx, frame)
	}
	endorser := tree.NewEndorser(h.host, n.o.Now)
	h.breaks = breaks.New(h.host, func() trust.Signer { return h.host.Signer() }, n.o.Now, h.logger)
	h.chains = chains.New(h.host, endorser, h.table, h.breaks, exchange, n.o.Now)
	above := func() (door.Asker, bool) {
		parent, ok := h.table.Parent()
		return overLink{n.socket, name, parent}, ok
	}
	published := rosters.New(h.host, above, func(_ context.Context, root identity.Jurisdiction) {
		parent, _ := h.table.Parent()
		h.chains.Tell(root, parent)
	})
	published.Damaged = func(err error) { h.logger.Error("roster cannot be read, the one before it counts", "error", err) }
	published.Now, published.Withheld = n.o.Now, h.rosterWithheld
	where := standing.New(h.host, placed(h.settings), n.zone, h.table, h.chains, published, func(peer identity.Jurisdiction) time.Time {
		heard, _ := n.socket.LastHeard(name, peer)
		return heard
	})
	h.upkeep = neighbours.NewUpkeep(h.table, h.host, neighbours.UpkeepOptions{
		Reach: func(ctx context.Context, parent identity.Jurisdiction) (door.Asker, func(), error) {
			return n.reach(ctx, h, parent)
		},
		Proves: func(ctx context.Context, way door.Asker, parent identity.Jurisdiction) error {
			return n.proves(ctx, h, way, parent)
		},
		Changed: n.socket.Recheck, Roster: published.Upkeep,
		Reached: func(ctx context.Context, parent identity.Jurisdiction, addresses []string) error {
			return tree.KeepReached(ctx, h.host, parent, addresses)
		},
	})
	h.chains.AskAbove(h.upkeep.Anew)
	h.chains.TakeTurns(n.slots)
	h.door = n.doorOf(h, endorser, published)
	n.furnishDesks(h, where, published)
	if err := h.table.Refresh(ctx); err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	h.children = h.table.Children()
	if err := errors.Join(published.Refresh(ctx), h.check.Refresh(ctx)); err != nil {
		return fmt.Errorf("open %s: %w", name, err)
	}
	return nil
}

// furnishDesks makes the desks that serve people through the API, and registers the operations that
// serve other jurisdictions.
func (n *Node) furnishDesks(h *hosted, where *standing.Standing, published *rosters.Store) {
	operations := relay.NewRegistry()
	h.relay = n.relayOf(h, where, operations)
	engine := calls.New(n.timed(h.host, StepAskRead, StepAskRecord), h.relay)
	desk := records.NewDesk(n.timed(h.host, StepUseRead, StepUseRecord))
	desk.Slots, desk.Files = n.slots, n.files
	desk.Barred = func(consumer identity.Agency, dataset identity.Label) {
		branch := route.Branch(h.settings.Name, consumer.Jurisdiction())
		h.logger.Error("asked again after a revocation", "peer", branch.String(), "agency", consumer.String(), "dataset", dataset.String())
	}
	desk.Unreadable = func(entry identity.Entry, dataset identity.Label, err error) {
		h.logger.Error("record cannot be read", "entry", entry.String(), "dataset", dataset.String(), "error", err)
	}
	desk.Uncounted = h.uncounted
	h.records = desk
	receipts := sharing.NewDesk(h.host, records.DatasetState)
	ask := anywhere.New(h.host, desk, receipts, engine)
	many := federated.New(h.host, desk, ask, engine, h.relay, where)
	many.Slots, many.Now, many.Found = n.slots, n.o.Now, h.found
	many.UpSince = h.upSince
	h.many = many
	lists := catalog.NewLists(h.settings.Name, engine, n.o.Now, h.logger)
	lists.OnEnd(func(ctx context.Context, agency identity.Agency, by envelope.AgencyList, given bool) error {
		return sharing.HearEnd(ctx, h.host, agency, by, given)
	})
	desk.Giving = lists.Giving
	desk.Serve(operations, lists)
	catalog.Serve(operations, h.host)
	receipts.Serve(operations)
	many.Serve(operations, lists)
	h.breaks.Serve(operations)
	selfcheck.Serve(operations, h.settings.Name, where, n.o.Now)
	h.check = n.checkOf(h, where)
	h.witness = n.witnessOf(h)
	h.witness.Serve(operations)
	h.epochs = n.epochsOf(h)
	h.face = api.Hosted{
		Ledger: h.host, Standing: where, Records: desk, Ask: ask, Federated: many, Trouble: func() []error { return n.trouble(h) },
		Adoption: adoption.New(h.host, func() string { return where.Place(h.settings.Name).Level }, ask, desk), Rosters: published,
		Reform:   &reform.Desk{Own: h.host},
		Granting: &granting.Desk{Own: h.host, Catalogue: desk, Lists: lists},
		Joining: &join.Desk{
			Own: h.host, Standing: where, Breaks: h.breaks, Chains: h.chains, Asker: h.relay, Keys: h.host, Addresses: n.addresses,
			Changed: func(ctx context.Context) error { return n.changed(ctx, h) },
		},
		Breaks: h.breaks,
		Keys:   keysOf{h},
		Clock:  h.host,
		Newest: newest{n, h}, Mending: h.host,
		Check:    h.check,
		Witness:  h.witness,
		Usage:    usage.NewDesk(h.host, catalog.Providers),
		Replicas: h.siblings.desk(h),
		Drill:    &drill.Desk{Name: h.settings.Name, Replica: h.host.Replica(), Sender: h.relay, Now: n.o.Now},
	}
}

// uncounted tells that a count by the fields looks at every record, or that the counts could not be
// kept whole.
func (h *hosted) uncounted(dataset identity.Label, fields []string, err error) {
	if err != nil {
		h.logger.Error("records not counted", "error", err)
		return
	}
	h.logger.Warn("too many values to be counted by", "dataset", dataset.String(), "fields", fields)
}

// checkOf returns the desk that asks others which keys they believe for the jurisdiction.
func (n *Node) checkOf(h *hosted, where *standing.Standing) *selfcheck.Desk {
	return selfcheck.New(selfcheck.Options{
		Ledger: h.host, Keys: h.host, Asker: h.relay, Believes: where, Parent: h.table.Parent, Root: h.table.Root, Now: n.o.Now, Logger: h.logger,
		Listed: func() (names []identity.Jurisdiction) {
			for p := range where.Current().All() {
				names = append(names, p.Name)
			}
			return names
		},
		Up: func() bool {
			parent, joined := h.table.Parent()
			return joined && n.socket.Up(h.settings.Name, parent)
		},
		Heard: func() time.Time {
			parent, _ := h.table.Parent()
			said, _ := h.table.LastHello(parent)
			return said.AsOf
		},
	})
}

// upSince returns since when the link to the parent is up; zero: it is not. The link counts as up
// until an attempt to make it fails.
func (h *hosted) upSince() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.up
}

// rosterWithheld tells the operator that questions are refused for want of a roster that the parent
// does not hand down.
func (h *hosted) rosterWithheld(wanted, had uint64) {
	parent, _ := h.table.Parent()
	h.logger.Error("parent hands down no roster that a question names", "peer", parent.String(), "wanted", wanted, "had", had)
}

// found tells the operator what was found when a question was audited later.
func (h *hosted) found(f federated.Finding) {
	line := h.logger.Info
	switch f.Outcome {
	case federated.Lied, federated.Withheld, federated.Answered, federated.NotAsked:
		line = h.logger.Error
	}
	line("audited later", "peer", route.Branch(h.settings.Name, f.Hop).String(), "hop", f.Hop.String(), "outcome", string(f.Outcome),
		"by", f.By.String(), "question", f.Asked.String(), "entry", f.Entry.String())
}

func (n *Node) doorOf(h *hosted, endorser *tree.Endorser, published *rosters.Store) door.Door {
	return door.Door{
		Parent: h.host, Now: n.o.Now,
		Alarm: h.table.Alarm, Settled: h.table.Over, Budget: door.NewBudget(), Slots: n.slots,
		Changed: func(ctx context.Context) error { return n.changed(ctx, h) },
		Say:     endorser.Say, Clocks: clocksHeard{h},
		Replica: h.siblings.desk(h).Door, Member: h.siblings.desk(h).Member, Withheld: h.withheldAtDoor,
		Lacked: h.host.Lacked, Unheard: h.unheardAtDoor, Seen: h.seen,
		Saw: func(ctx context.Context, child identity.Jurisdiction) (door.Kept, error) {
			return h.witness.KeptOf(ctx, child)
		},
		Prove:  h.chains.Prove,
		Roster: published.Proof,
		Piece:  published.Piece,
		Pieces: door.NewPieces(),
		Stale: func(peer, below identity.Jurisdiction) {
			if h.chains.Told(peer, below) {
				h.upkeep.Told()
			}
		},
	}
}

// placed returns the place of a jurisdiction, as the configuration states it.
func placed(c config.Jurisdiction) roster.Place {
	return roster.Place{Name: c.Name, Code: c.Code, Level: c.Level, DisplayName: c.DisplayName, ShortName: c.ShortName}
}

// changed reads the neighbours of a jurisdiction anew. It closes the links to former neighbours,
// and makes the tree forget every child that is no child any more, came with other keys, or brought
// the statement of a recovery key for those that it has: whoever waits asks anew. It
// compares with the children of the last time, and not of a moment ago: upkeep may have read them
// anew since.
func (n *Node) changed(ctx context.Context, h *hosted) error {
	err := h.table.Refresh(ctx)
	n.socket.Recheck()
	after := h.table.Children()
	h.mu.Lock()
	before := h.children
	h.children = after
	h.mu.Unlock()
	for child, shown := range before {
		if after[child] != shown {
			h.chains.Tell(child, identity.Jurisdiction{})
		}
	}
	return err
}

// Hello returns the hello for neighbours.
func (h *hosted) Hello() []byte { return h.table.Hello() }

// Greet judges the hello of a neighbour; an error refuses it.
func (h *hosted) Greet(peer tlsconf.Peer, hello []byte) error { return h.table.Greet(peer, hello) }

// joinRequest is the first byte of a request of the join protocol, an array of two; a message is an
// array of six.
const joinRequest = 0x82

// Serve answers a request of a neighbour over its link: a message, or a request of the join
// protocol. The request has at least one byte: link takes an empty frame for a hello.
func (h *hosted) Serve(ctx context.Context, peer tlsconf.Peer, request []byte, write func([]byte) error) error {
	if request[0] != joinRequest {
		return h.relay.Serve(ctx, peer.Jurisdiction, request, write)
	}
	ctx = budget.With(ctx, budget.Payer{Neighbour: peer.Jurisdiction.String()})
	answer, knows, err := h.door.AnswerNeighbour(ctx, peer.Jurisdiction, request)
	if err != nil {
		return &link.CodeError{Code: link.CodeInternal, Err: err}
	}
	if knows > 0 {
		h.upkeep.Acked(peer.Jurisdiction, knows)
	}
	return write(answer)
}
