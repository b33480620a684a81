package federated

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"
	"time"

	"xietong/certs/identity"
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
	Wait   time.Duration // for answers; 0: DefaultWait
	Audit  bool          // whether every sum is audited, not a sample
	Groups int           // that the answer may tell; 0: as many as can be
}

// DefaultWait is how long the asked jurisdictions have to answer unless the question says
// otherwise.
const DefaultWait = 10 * time.Second

// Gathered is the answer of many, checked, recorded and audited.
type Gathered struct {
	gather.Share
	Measure gather.Measure
	Roster  gather.Roster
	To      identity.Jurisdiction
	Level   string         // of those who were asked; "": any
	Access  identity.Entry // the destination's own access record; zero: it is no member
	Asked   identity.Entry // this jurisdiction's own record
	Audit   Audit
	// Stands tells whether the answer of this jurisdiction still stands; nil: another one answered.
	Stands func(context.Context) error
}

// Gather asks a jurisdiction, which may be this one, and those below it, for an agency of this one:
// (1) it asks them, (2) it checks that the answer accounts for every member, (3) it records the
// answer here, (4) it audits the answer, and only then it returns.
func (d *Desk) Gather(ctx context.Context, id identity.Message, by catalog.Actor, w Wide) (got Gathered, err error) {
	w.Selector = d.levelled(ctx, by, w.Selector, w.Dataset)
	got = Gathered{Roster: d.tree.Roster(), Measure: w.Measure, To: w.Below, Level: w.Level}
	q := gather.Question{Selector: w.Selector, Measure: w.Measure, Groups: cmp.Or(w.Groups, w.Measure.Room())}
	members := len(q.Members(got.Roster, w.Below))
	if members == 0 && w.Level != "" {
		return got, text.Fail(text.SelectorUnknown, text.Args{"selector": w.Selector.String(), "level": w.Level}, nil)
	}
	if err := cmp.Or(notTooMany(w.Selector, members), hasLevels(q, got.Roster)); err != nil {
		return got, err
	}
	g := gathering{
		Deep: w.Deep, Level: w.Level, Question: w.Question, Groups: q.Groups, Roster: got.Roster.Number, Hash: got.Roster.Hash[:],
	}
	if err := g.Check(); err != nil {
		return got, text.Fail(text.BadRequest, text.Args{"where": "measure", "reason": err.Error()}, err)
	}
	call, err := operationGather.Call(g)
	if err == nil {
		call.Purpose, err = operation.Purpose(w.Purpose, w.Dataset)
	}
	if err != nil {
		return got, d.purposed(ctx, by, w.Dataset, err)
	}
	waiting, cancel := context.WithTimeout(ctx, cmp.Or(w.Wait, DefaultWait))
	defer cancel()
	asking := operation.Asking{ID: id, To: w.Below, By: by}
	var share gather.Share
	var issued time.Time
	var frame []byte
	recorded, err := d.engine.Federate(waiting, asking, w.Dataset, call, func(answer relay.Answer) (told operation.Told, err error) {
		share, err = d.readShare(q, got.Roster, answer)
		got.Stands, issued, frame = answer.Stands, answer.Issued, answer.Frame
		return operation.Told{Records: share.Total(), Nobody: err == nil && share.Answered == 0}, err
	})
	if err != nil { // an answer that was not accepted, or could not be recorded, is not shown
		return got, err
	}
	got.Share, got.Access, got.Asked = share, recorded.Access, recorded.Asked
	a := auditing{q, got.Roster, asking, recorded.Request, issued, w.Audit}
	got.Audit = d.audit(ctx, a, hop{w.Below, got.Share, frame})
	// The answer is used and recorded: what cannot be noted now is only not asked for again, and
	// the audit says of whom it is.
	_ = d.openAll(ctx, a, w.Dataset, recorded.Asked, got.Share, &got.Audit)
	return got, nil
}

// purposed returns the refusal of a purpose that is no code with the purposes of the standard that
// this jurisdiction has set, if it has; it returns every other error as it is.
func (d *Desk) purposed(ctx context.Context, by catalog.Actor, dataset identity.Label, err error) error {
	refused, ok := errors.AsType[*text.Failure](err)
	if !ok || refused.Code != text.UnknownPurpose {
		return err
	}
	standard, none := d.ask.Standard(ctx, by, d.own.Name(), dataset)
	if none != nil { // where one would be is not asked: the refusal says where purposes are listed
		return err
	}
	args := maps.Clone(refused.Args)
	args["purposes"] = strings.Join(standard.PurposeCodes(), ", ")
	return text.Fail(text.UnknownPurpose, args, err)
}

// notTooMany refuses a question to more members than an answer can account for.
func notTooMany(s gather.Selector, members int) error {
	if members <= gather.MaxMembers {
		return nil
	}
	return text.Fail(text.MembersMany, text.Args{"selector": s.String(), "members": strconv.Itoa(members), "most": strconv.Itoa(gather.MaxMembers)}, nil)
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
