package node

import (
	"context"
	"errors"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/exchange/route"
	"xietong/node/join"
	"xietong/node/join/chains"
	"xietong/node/roster"
	"xietong/node/text"
)

// askOverLink carries requests of the join protocol to a neighbour. The socket is opened after the jurisdictions.
func (n *Node) askOverLink(local identity.Jurisdiction) chains.Ask {
	return func(ctx context.Context, neighbour identity.Jurisdiction, frame []byte) ([]byte, error) {
		return overLink{n.socket, local, neighbour}.Exchange(ctx, frame)
	}
}

// asker is the relay of a hosted jurisdiction, which is made after whoever asks with it.
type asker struct{ h *hosted }

func (a asker) Federate(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (relay.Answer, error) {
	return a.h.relay.Federate(ctx, id, to, call)
}

func (a asker) Share(ctx context.Context, received relay.Received, child identity.Jurisdiction) (relay.Answer, error) {
	return a.h.relay.Share(ctx, received, child)
}

func (a asker) Ask(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (relay.Answer, error) {
	return a.h.relay.Ask(ctx, id, to, call)
}

// around is the tree around a hosted jurisdiction: whose signatures it believes, who stands below it, and who should.
type around struct {
	n *Node
	h *hosted
}

// KeySets returns the key sets of any jurisdiction. That the way to whoever knows it is broken is told as a problem of the hop
// where it is.
func (a around) KeySets(ctx context.Context, of identity.Jurisdiction, anew bool) ([]trust.KeySet, error) {
	sets, err := a.h.chains.KeySets(ctx, of, anew)
	f, told := errors.AsType[*text.Failure](err)
	if !told {
		return sets, err
	}
	at := a.h.settings.Name
	if path := route.Path(at, of); len(path) > 0 && f.Code != text.AnswerRefused {
		named := slices.IndexFunc(path, func(j identity.Jurisdiction) bool { return j.String() == f.Args["jurisdiction"] })
		at = path[max(named-1, 0)]
	}
	return nil, &relay.Problem{At: at, Code: text.Number(f.Code), Args: text.Values(f.Code, f.Args), Err: err}
}

// Children returns the children that are endorsed now.
func (a around) Children() (all []identity.Jurisdiction) {
	for name := range a.h.table.Children() {
		if a.h.table.IsChild(name) {
			all = append(all, name)
		}
	}
	return all
}

// LastHeard returns when a child was last heard.
func (a around) LastHeard(child identity.Jurisdiction) time.Time {
	heard, _ := a.n.socket.LastHeard(a.h.settings.Name, child)
	return heard
}

// counted is a roster in the form in which coverage is counted against it.
type counted struct {
	of *roster.Roster
	gather.Roster
}

// Roster returns the list against which coverage is counted.
func (a around) Roster() gather.Roster {
	current := a.h.roster.Current().Roster
	if have := a.h.counted.Load(); have != nil && have.of == current {
		return have.Roster
	}
	r := gather.Roster{Number: current.Number(), Hash: current.Hash()}
	for _, p := range current.Places() {
		r.Places = append(r.Places, gather.Place{Name: p.Name, Level: p.Level})
	}
	a.h.counted.Store(&counted{current, r})
	return r
}

// rosterUpkeep asks the parent for a later roster than there is; a root publishes the first. Where there is a later one now,
// those below are told: they ask only after it is here.
func (h *hosted) rosterUpkeep(ctx context.Context, way join.Asker) (err error) {
	before := h.roster.Current().Number()
	if way == nil {
		err = h.roster.PublishFirst(ctx)
	} else {
		var proof []byte
		if proof, err = join.AskRoster(ctx, way, before); err == nil && len(proof) > 0 {
			err = h.roster.Take(ctx, proof)
		}
	}
	if current := h.roster.Current(); current.Number() > before {
		parent, _ := h.table.Parent()
		h.chains.Tell(current.Root(), parent)
	}
	return err
}
