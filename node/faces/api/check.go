package api

import (
	"cmp"
	"context"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/faces/client"
	"xietong/node/flows/selfcheck"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree/chains"
)

// Check tells what others believe of the keys of a hosted jurisdiction; *selfcheck.Desk is one.
type Check interface {
	View(ctx context.Context) (selfcheck.View, error)
	// Acknowledge ends the alarms, and returns how many there were. again says that the same
	// request came before under its id: nothing was ended now.
	Acknowledge(ctx context.Context, id identity.Message) (ended int, again bool, err error)
}

// acknowledge ends the alarms about the own keys, and those about the neighbours.
func acknowledge(ctx context.Context, h Hosted, in *plainPost) (out client.Acknowledged, err error) {
	id, err := in.key()
	if err != nil {
		return out, err
	}
	ended, again, err := h.Check.Acknowledge(ctx, id)
	if out.Ended = ended; err == nil && !again {
		out.Ended += h.Standing.Acknowledge()
	}
	return out, err
}

type plainPost struct {
	Caller
	Body client.Acknowledge
}

// check returns what others believe of the own keys, with the signed answers where they are wanted.
func (s *server) check(ctx context.Context, h Hosted, evidence bool) (out client.Check, err error) {
	v, err := h.Check.View(ctx)
	if err != nil {
		return out, err
	}
	out = client.Check{Asked: []client.Asked{}, Alarms: []client.Alarm{}, Alone: v.Alone}
	for _, a := range v.Asked {
		out.Asked = append(out.Asked, asked(h, a))
	}
	if d := h.Keys.Denied(); d != nil {
		out.Alarms = append(out.Alarms, s.denial(h, d))
	} else if e := v.Endorsed; selfcheck.Stale(e, s.node.Now()) {
		parent, _ := h.Standing.Parent()
		out.Alarms = append(out.Alarms, client.Alarm{
			Code: string(text.EndorsementStale), Args: map[string]string{"name": h.Standing.Called(parent), "since": stampMS(e.Issued)},
			Since: stampMS(e.Issued), Last: stamp(s.node.Now()),
		})
	}
	if cut, is := parentCut(ctx, h, s.node.Now()); is {
		out.Alarms = append(out.Alarms, cut)
	}
	until, err := h.Keys.Unvouched(ctx)
	if err != nil {
		return out, err
	}
	if until.After(s.node.Now()) {
		out.Unvouched = stamp(until)
		if parent, ok := h.Standing.Parent(); ok && s.hosts(parent) {
			out.HostedBy = parent.String()
		}
	}
	for _, f := range v.Findings {
		out.Alarms = append(out.Alarms, alarm(h, f, v.InUse))
	}
	taken, near, err := h.Keys.Taken(ctx)
	if err != nil {
		return out, err
	}
	if long := failure.ChainLong(h.Ledger.Name(), taken, host.Room, nil); near {
		now := stamp(s.node.Now())
		out.Alarms = append(out.Alarms, client.Alarm{Code: string(long.Code), Args: long.Args, Since: now, Last: now})
	}
	if out.Alarms, err = changesAlarm(h, out.Alarms, stamp(s.node.Now())); err != nil {
		return out, err
	}
	if !evidence {
		for i := range out.Asked {
			out.Asked[i].Evidence = nil
		}
		for i := range out.Alarms {
			out.Alarms[i].Evidence = nil
		}
	}
	return out, nil
}

// cutAfter is the age from which what the one above the parent says of it is too old: the parent
// asks for it every 5 minutes, and this jurisdiction asks the parent as often.
const cutAfter = chains.MaxAge + standingEvery

// parentCut tells that the parent, which is heard itself, has not been confirmed by its own parent
// for long: it is cut off, or was withdrawn, and so is everybody below it.
func parentCut(ctx context.Context, h Hosted, now time.Time) (a client.Alarm, is bool) {
	chain, err := h.Standing.Chain(ctx)
	if err != nil || len(chain) < 3 { // a chain that cannot be read is told elsewhere
		return a, false
	}
	own, above := chain[len(chain)-1].Standing, chain[len(chain)-2].Standing
	if own == nil || above == nil || now.Sub(own.At()) > cutAfter || now.Sub(above.At()) <= cutAfter {
		return a, false
	}
	parent, top := chain[len(chain)-2].Newest().Name, chain[len(chain)-3].Newest().Name
	return client.Alarm{
		Code: string(text.ParentCutOff), By: parent.String(), Relation: client.AskedParent,
		Args:  map[string]string{"name": h.Standing.Called(parent), "above": h.Standing.Called(top), "since": stamp(above.At())},
		Since: stamp(above.At()), Last: stamp(now),
	}, true
}

// changesAlarm adds an alarm where the list of changes of agencies is nearly full. It looks at what
// is here: a change that was acknowledged a moment ago may be told a moment later.
func changesAlarm(h Hosted, all []client.Alarm, now string) ([]client.Alarm, error) {
	err := h.Ledger.Look(func(r *state.Reader) error {
		if near := catalog.NearlyFull(r); near != nil {
			near.Args["jurisdiction"] = h.Standing.Called(h.Ledger.Name())
			all = append(all, client.Alarm{Code: string(near.Code), Args: near.Args, Since: now, Last: now})
		}
		return nil
	})
	return all, err
}

// denial tells what the parent said of the own keys, with the names that people use.
func (s *server) denial(h Hosted, d *host.Denial) client.Alarm {
	args := text.Named(text.Code(d.Code), d.Args)
	for _, name := range []string{"name", "jurisdiction"} {
		if of, err := identity.ParseJurisdiction(args[name]); err == nil {
			args[name] = h.Standing.Called(of)
		}
	}
	if text.Code(d.Code) == text.EndorsementWithdrawn && s.node.Hosts(h.Ledger.Name()) {
		args["hosted"] = "yes"
	}
	parent, _ := h.Standing.Parent()
	return client.Alarm{
		Code: d.Code, Args: args, By: parent.String(), Relation: client.AskedParent, Since: stamp(d.Since()), Last: stamp(s.node.Now()),
	}
}

var relations = map[selfcheck.Relation]string{
	selfcheck.Grandparent: client.AskedGrandparent, selfcheck.Parent: client.AskedParent, selfcheck.Other: client.AskedOther,
}

func asked(h Hosted, a selfcheck.Seen) client.Asked {
	out := client.Asked{
		Name: a.Who.String(), DisplayName: h.Standing.Called(a.Who), Relation: relations[a.Relation], At: stamp(a.At),
		Number: a.Belief.Number, Fingerprint: a.Belief.Fingerprint(), Why: a.Why, Evidence: a.Evidence,
	}
	if a.Belief.AsOf > 0 {
		out.AsOf = stampMS(a.Belief.AsOf)
	}
	switch {
	case a.Agrees:
		out.Outcome = client.BelievesOurs
	case a.Kind == selfcheck.Named:
		out.Outcome = client.BelievesOthers
	case a.Kind == selfcheck.Unknown:
		out.Outcome = client.UnknownSigner
	case a.Kind == selfcheck.OtherKey:
		out.Outcome = client.OtherRecipient
	default:
		out.Outcome = client.SaysNothing
	}
	return out
}

func alarm(h Hosted, f selfcheck.Finding, own string) client.Alarm {
	args := map[string]string{"name": h.Standing.Called(f.Who), "since": stampMS(f.Since)}
	code := text.KeysUnconfirmed
	if f.Verdict == selfcheck.Differs {
		code = text.KeysBelievedOther
		args["believed"], args["own"] = cmp.Or(f.Fingerprint(), "other keys"), own
	}
	return client.Alarm{
		Code: string(code), Args: args, By: f.Who.String(), Relation: relations[f.Relation], Lead: f.Lead,
		Since: stampMS(f.Since), Last: stampMS(f.Last), Evidence: f.Evidence,
	}
}

// worst returns the code of an alarm about the own keys that is no lead; "" where there is none.
func worst(alarms []client.Alarm) string {
	for _, a := range alarms {
		if !a.Lead {
			return a.Code
		}
	}
	return ""
}
