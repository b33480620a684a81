package calls

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/sharing"
	"xietong/node/text"
)

// Wide is a question to many: how many records there are.
type Wide struct {
	gather.Question
	Field   string // the field by whose values the number is told; not together with By
	Dataset identity.Label
	Where   map[string]json.RawMessage // fields and the values they must equal
	Filter  string                     // CEL
	Purpose string
	sharing.Application
	Wait  time.Duration // for answers; 0: DefaultWait
	Audit bool          // everything that was added up, not a sample
}

// DefaultWait is how long those who are asked have to answer.
const DefaultWait = 10 * time.Second

// Gathered is what many answered.
type Gathered struct {
	gather.Share
	Roster gather.Roster
	Access identity.Entry // the destination's own access record; zero: it is no member
	Asked  identity.Entry // this jurisdiction's own record
	Audit  Audit
}

// Audit is what an audit came to.
type Audit struct {
	Hops   []identity.Jurisdiction // whose sums were compared with what they were given
	Unseen []identity.Jurisdiction // that could not be asked for it
	Lies   []gather.Lie
}

// auditWithin is how long an audit may take beside the question.
const auditWithin = 30 * time.Second

// Gather asks a jurisdiction and those below it for an agency of this one, which may be it itself: (1) the agency is one of
// this jurisdiction, and the id unused, (2) they are asked, (3) the answer accounts for every member, (4) it is recorded here,
// (5) audited, and only then returned.
func (d *Desk) Gather(ctx context.Context, id identity.Message, agency identity.Label, w Wide) (Gathered, error) {
	roster := d.tree.Roster()
	if len(w.Members(roster, w.Below)) == 0 && w.Level != "" {
		return Gathered{}, text.Fail(text.SelectorUnknown, text.Args{"selector": w.Selector.String(), "level": w.Level}, nil)
	}
	r, err := requestOf(request{id: id, to: w.Below, agency: agency, dataset: w.Dataset}, opGather, w.Purpose, gatherParameters{
		Deep: w.Deep, Level: w.Level, By: w.By, Dataset: w.Dataset, Where: rawValues(w.Where), Filter: w.Filter, Field: w.Field,
		Application: applicationOf(w.Application),
	})
	if err != nil {
		return Gathered{}, err
	}
	if err := d.unused(ctx, r); err != nil {
		return Gathered{}, err
	}
	got := Gathered{Roster: roster}
	answer, failed := d.federate(ctx, r, w.Wait)
	o := outcome{hash: answer.Request, entry: answer.Entry, evidence: answer.Evidence}
	refusal, refused := errors.AsType[*relay.Problem](failed)
	switch {
	case failed == nil:
		if got.Share, failed = d.readShare(w, roster, answer); failed != nil {
			o.number, o.entry = text.Number(text.ShareRefused), identity.Entry{}
		}
	case refused && refusal.At == r.to && refusal.Evidence != nil:
		o = outcome{number: refusal.Code, hash: refusal.Request, evidence: refusal.Evidence}
	default: // nobody answered
		return got, fmt.Errorf("ask %s: %w", r.to, failed)
	}
	if got.Asked, err = d.record(ctx, r, o); err != nil {
		return got, fmt.Errorf("record what %s answered: %w", r.to, err)
	}
	if failed != nil {
		return Gathered{}, fmt.Errorf("ask %s: %w", r.to, failed)
	}
	got.Access = answer.Entry
	got.Audit = d.audit(ctx, auditing{w.Question, roster, id, agency, answer.Request, w.Audit}, w.Below, got.Share)
	return got, nil
}

func (d *Desk) federate(ctx context.Context, r request, wait time.Duration) (relay.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(wait, DefaultWait))
	defer cancel()
	return d.asker.Federate(ctx, r.id, r.to, r.call)
}

// readShare takes the answer apart, and holds that it accounts for everybody.
func (d *Desk) readShare(w Wide, roster gather.Roster, answer relay.Answer) (gather.Share, error) {
	share, err := gather.Decode(answer.Content)
	if err == nil {
		err = share.Check(w.Question, roster, w.Below)
	}
	if err == nil && !answer.Entry.IsZero() {
		err = theirs(w.Below, answer.Entry)
	}
	if err != nil {
		return share, text.Fail(text.ShareRefused, text.Args{"jurisdiction": w.Below.String(), "reason": err.Error()}, err)
	}
	return share, nil
}

// auditing is an audit that is under way.
type auditing struct {
	q       gather.Question
	roster  gather.Roster
	id      identity.Message
	agency  identity.Label
	request [32]byte
	all     bool
}

// audit compares what the jurisdiction at and those below it added up with what they were given: all of them, or at and one
// other of those that added up themselves, chosen by the id of the question, which none of them chose.
func (d *Desk) audit(ctx context.Context, a auditing, at identity.Jurisdiction, share gather.Share) (found Audit) {
	ctx, cancel := context.WithTimeout(ctx, auditWithin)
	defer cancel()
	hops := d.auditOne(ctx, a, at, share, &found)
	if !a.all && len(hops) > 1 {
		raw := a.id.Bytes()
		hops = hops[binary.BigEndian.Uint64(raw[8:])%uint64(len(hops)):][:1]
	}
	for len(hops) > 0 && ctx.Err() == nil {
		next := d.auditOne(ctx, a, hops[0].at, hops[0].share, &found)
		if hops = hops[1:]; a.all {
			hops = append(hops, next...)
		}
	}
	for _, h := range hops {
		found.Unseen = append(found.Unseen, h.at)
	}
	return found
}

// hop is somebody who added up, and what it said.
type hop struct {
	at    identity.Jurisdiction
	share gather.Share
}

// auditOne audits one sum, and returns those below who added up too.
func (d *Desk) auditOne(ctx context.Context, a auditing, at identity.Jurisdiction, share gather.Share, found *Audit) (below []hop) {
	if len(share.Shares) == 0 {
		return nil
	}
	shown, err := d.shown(ctx, a, at)
	if err != nil {
		found.Unseen = append(found.Unseen, at)
		return nil
	}
	keys := d.keysOf(ctx, slices.Collect(maps.Keys(shown)))
	verify := func(by identity.Jurisdiction, answer []byte) (gather.Share, error) {
		if err := keys[by].err; err != nil {
			return gather.Share{}, err
		}
		reply, err := relay.VerifyShare(answer, keys[by].sets, by, d.own.Name(), a.request)
		if err == nil && reply.Problem != nil {
			err = errors.New("a refusal")
		}
		if err != nil {
			return gather.Share{}, err
		}
		return gather.Decode(reply.Result)
	}
	found.Hops = append(found.Hops, at)
	if lie := share.Audit(a.q, a.roster, at, shown, verify); lie != nil {
		found.Lies = append(found.Lies, *lie)
		return nil
	}
	for _, l := range share.Shares {
		if part, err := verify(l.Child, shown[l.Child]); err == nil && len(part.Shares) > 0 {
			below = append(below, hop{l.Child, part})
		}
	}
	return below
}

// believed is by which keys somebody's signatures are believed, or why by none.
type believed struct {
	sets []trust.KeySet
	err  error
}

// keysOf finds the keys of many, side by side: those that are not known yet are a way away.
func (d *Desk) keysOf(ctx context.Context, of []identity.Jurisdiction) map[identity.Jurisdiction]believed {
	found := make([]believed, len(of))
	sideBySide(len(of), func(i int) { found[i].sets, found[i].err = d.tree.KeySets(ctx, of[i], false) })
	all := make(map[identity.Jurisdiction]believed, len(of))
	for i, name := range of {
		all[name] = found[i]
	}
	return all
}

// shown returns what a jurisdiction shows of the answers that it was given: from the own state, where it is this one.
func (d *Desk) shown(ctx context.Context, a auditing, at identity.Jurisdiction) (map[identity.Jurisdiction][]byte, error) {
	all := map[identity.Jurisdiction][]byte{}
	var after identity.Label
	for range maxPages {
		page, err := d.shownPage(ctx, a, at, after)
		if err != nil {
			return nil, err
		}
		for _, k := range page.Shares {
			child, err := at.Child(k.Child)
			if err != nil {
				return nil, err
			}
			all[child] = k.Answer
		}
		if after = page.After; after.IsZero() {
			return all, nil
		}
	}
	return nil, fmt.Errorf("shares of %s: more than %d answers", at, maxPages)
}

func (d *Desk) shownPage(ctx context.Context, a auditing, at identity.Jurisdiction, after identity.Label) (page sharesResult, err error) {
	if at == d.own.Name() {
		return d.kept(ctx, a.request, at, after)
	}
	id, err := identity.NewMessage()
	if err != nil {
		return page, err
	}
	answer, err := d.asker.Ask(ctx, id, at, envelope.Call{
		Operation: opShares, Agency: a.agency, Parameters: encode(sharesParameters{Request: a.request[:], After: after}),
	})
	if err != nil {
		return page, err
	}
	if err := canon.Unmarshal(answer.Content, maxResult, &page); err != nil {
		return page, unreadable(at, err)
	}
	return page, nil
}
