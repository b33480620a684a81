package federated

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

// Wide is a question to many jurisdictions. Its measure may be grouped by places, too.
type Wide struct {
	gather.Selector
	records.Question
	Wait  time.Duration // for answers; 0: DefaultWait
	Audit bool          // whether every sum is audited, not a sample
}

// DefaultWait is how long the asked jurisdictions have to answer unless the question says
// otherwise.
const DefaultWait = 10 * time.Second

// Gathered is the answer of many, checked, recorded and audited.
type Gathered struct {
	gather.Share
	Measure gather.Measure
	Roster  gather.Roster
	Access  identity.Entry // the destination's own access record; zero: it is no member
	Asked   identity.Entry // this jurisdiction's own record
	Audit   Audit
}

// Audit is the result of an audit.
type Audit struct {
	Hops   []identity.Jurisdiction // whose sums were compared with the answers they were given
	Unseen []identity.Jurisdiction // whose sums should have been compared, and could not be
	Lies   []gather.Lie
}

// auditWithin is how long an audit may take after the question.
const auditWithin = 30 * time.Second

// Gather asks a jurisdiction, which may be this one, and those below it, for an agency of this one:
// (1) it asks them, (2) it checks that the answer accounts for every member, (3) it records the
// answer here, (4) it audits the answer, and only then it returns.
func (d *Desk) Gather(ctx context.Context, id identity.Message, by catalog.Actor, w Wide) (got Gathered, err error) {
	w.Selector = d.levelled(ctx, by, w.Selector, w.Dataset)
	got = Gathered{Roster: d.tree.Roster(), Measure: w.Measure}
	q := gather.Question{Selector: w.Selector, Measure: w.Measure}
	if len(q.Members(got.Roster, w.Below)) == 0 && w.Level != "" {
		return got, text.Fail(text.SelectorUnknown, text.Args{"selector": w.Selector.String(), "level": w.Level}, nil)
	}
	g := gathering{Deep: w.Deep, Level: w.Level, Question: w.Question}
	if err := g.Check(); err != nil {
		return got, text.Fail(text.BadRequest, text.Args{"where": "measure", "reason": err.Error()}, err)
	}
	call, err := operationGather.Call(g)
	if err == nil {
		call.Purpose, err = operation.Purpose(w.Purpose, w.Dataset)
	}
	if err != nil {
		return got, err
	}
	waiting, cancel := context.WithTimeout(ctx, cmp.Or(w.Wait, DefaultWait))
	defer cancel()
	asking := operation.Asking{ID: id, To: w.Below, By: by}
	var share gather.Share
	recorded, err := d.engine.Federate(waiting, asking, w.Dataset, call, func(answer relay.Answer) (err error) {
		share, err = d.readShare(q, got.Roster, answer)
		return err
	})
	if err != nil { // an answer that was not accepted, or could not be recorded, is not shown
		return got, err
	}
	got.Share, got.Access, got.Asked = share, recorded.Access, recorded.Asked
	got.Audit = d.audit(ctx, auditing{q, got.Roster, asking, recorded.Request, w.Audit}, w.Below, got.Share)
	return got, nil
}

// readShare takes the answer apart, and checks that it accounts for every member.
func (d *Desk) readShare(q gather.Question, roster gather.Roster, answer relay.Answer) (gather.Share, error) {
	share, err := gather.Decode(answer.Content)
	if err == nil {
		err = share.Check(q, roster, q.Below)
	}
	if err == nil && !answer.Entry.IsZero() && answer.Entry.Log().Jurisdiction() != q.Below {
		err = fmt.Errorf("an entry of another ledger than the destination's: %s", answer.Entry)
	}
	if err != nil {
		return share, text.Fail(text.ShareRefused, text.Args{"jurisdiction": q.Below.String(), "reason": err.Error()}, err)
	}
	return share, nil
}

// auditing is an audit that is under way.
type auditing struct {
	q       gather.Question
	roster  gather.Roster
	asking  operation.Asking
	request [32]byte
	all     bool
}

// audit compares the sum of the jurisdiction at, and sums below it, with the answers that each was
// made from: all sums below it or, for a sample, that of one child of at that added up answers too.
// Chance chooses that child when all have answered, so that none knows before whether it will be
// seen.
func (d *Desk) audit(ctx context.Context, a auditing, at identity.Jurisdiction, share gather.Share) (found Audit) {
	ctx, cancel := context.WithTimeout(ctx, auditWithin)
	defer cancel()
	hops := d.auditOne(ctx, a, at, share, &found)
	if !a.all && len(hops) > 1 {
		hops = hops[rand.IntN(len(hops)):][:1]
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

// hop is a jurisdiction that added up answers, with its sum.
type hop struct {
	at    identity.Jurisdiction
	share gather.Share
}

// auditOne audits one sum, and returns the children that added up answers too. It returns none if
// the sum is a lie or could not be compared.
func (d *Desk) auditOne(ctx context.Context, a auditing, at identity.Jurisdiction, share gather.Share, found *Audit) (below []hop) {
	if len(share.Shares) == 0 {
		return nil
	}
	shown, err := d.shown(ctx, a, at)
	if err != nil {
		found.Unseen = append(found.Unseen, at)
		return nil
	}
	keys, keyless := d.keysOf(ctx, slices.Collect(maps.Keys(shown))), map[identity.Jurisdiction]bool{}
	parts := map[identity.Jurisdiction]gather.Share{}
	verify := func(by identity.Jurisdiction, answer []byte) (gather.Share, error) {
		reply, err := d.prove(ctx, answer, keys[by], by, a.request)
		keyless[by] = errors.Is(err, errNoKeys)
		if err == nil && reply.Problem != nil {
			err = errors.New("a refusal")
		}
		if err != nil {
			return gather.Share{}, err
		}
		parts[by], err = gather.Decode(reply.Result)
		return parts[by], err
	}
	lie := share.Audit(a.q, a.roster, at, shown, verify)
	if lie != nil && lie.Kind == gather.Unsigned && keyless[lie.About] {
		found.Unseen = append(found.Unseen, at) // without the child's keys nothing is proven of its parent
		return nil
	}
	found.Hops = append(found.Hops, at)
	if lie != nil {
		found.Lies = append(found.Lies, *lie)
		return nil
	}
	for _, l := range share.Shares {
		if part := parts[l.Child]; len(part.Shares) > 0 { // it was verified: there is no lie
			below = append(below, hop{l.Child, part})
		}
	}
	return below
}

// believed holds the key sets by which the signatures of a jurisdiction are believed, or the error
// of finding them.
type believed struct {
	sets []trust.Believed
	err  error
}

// errNoKeys is returned where the key sets of a jurisdiction could not be found.
var errNoKeys = errors.New("no key sets")

// prove proves that a jurisdiction gave an answer to the request. Key sets that do not list the
// signing key are found anew once, since the jurisdiction may have new ones.
func (d *Desk) prove(ctx context.Context, answer []byte, known believed, by identity.Jurisdiction, request [32]byte) (envelope.Reply, error) {
	if known.err == nil {
		reply, err := relay.VerifyShare(answer, known.sets, by, d.own.Name(), request)
		if !errors.Is(err, envelope.ErrUnknownKey) {
			return reply, err
		}
	}
	sets, err := d.tree.KeySets(ctx, by, true)
	if err != nil {
		return envelope.Reply{}, fmt.Errorf("prove answer of %s: %w: %w", by, errNoKeys, err)
	}
	return relay.VerifyShare(answer, sets, by, d.own.Name(), request)
}

// keysOf finds the key sets of many jurisdictions, side by side, because key sets that are not
// known yet must be asked for over the tree.
func (d *Desk) keysOf(ctx context.Context, of []identity.Jurisdiction) map[identity.Jurisdiction]believed {
	found := make([]believed, len(of))
	sideBySide(len(of), func(i int) { found[i].sets, found[i].err = d.tree.KeySets(ctx, of[i], false) })
	all := make(map[identity.Jurisdiction]believed, len(of))
	for i, name := range of {
		all[name] = found[i]
	}
	return all
}

// shown returns the answers that a jurisdiction shows as those it was given, by child. If it is
// this jurisdiction, they come from the own state.
func (d *Desk) shown(ctx context.Context, a auditing, at identity.Jurisdiction) (map[identity.Jurisdiction][]byte, error) {
	all := map[identity.Jurisdiction][]byte{}
	want := sharesOf{Request: a.request[:]}
	for range operation.MaxPages {
		page, err := d.shownPage(ctx, a, at, want)
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
		if want.After = page.After; want.After.IsZero() {
			return all, nil
		}
	}
	return nil, fmt.Errorf("shares of %s: more than %d answers", at, operation.MaxPages)
}

func (d *Desk) shownPage(ctx context.Context, a auditing, at identity.Jurisdiction, want sharesOf) (page shares, err error) {
	if at == d.own.Name() {
		return d.kept(ctx, want, at)
	}
	asking := operation.Asking{To: at, By: a.asking.By}
	if asking.ID, err = identity.NewMessage(); err != nil {
		return page, err
	}
	return operationShares.Read(ctx, d.engine, asking, want)
}
