package calls

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/records"
	"xietong/node/text"
)

// Of the time that is left, an eighth, and at most this much, is kept for adding up.
const (
	mergePart = 8
	mergeMost = 500 * time.Millisecond
)

type gatherParameters struct {
	Deep        bool           `cbor:"1,keyasint,omitempty"`
	Level       string         `cbor:"2,keyasint,omitempty"`
	By          string         `cbor:"3,keyasint,omitempty"`
	Dataset     identity.Label `cbor:"4,keyasint"`
	Where       []condition    `cbor:"5,keyasint,omitempty"`
	Filter      string         `cbor:"6,keyasint,omitempty"`
	Application *application   `cbor:"7,keyasint,omitempty"`
	Field       string         `cbor:"8,keyasint,omitempty"`
}

func (p gatherParameters) asked(below identity.Jurisdiction) gather.Question {
	return gather.Question{Selector: gather.Selector{Below: below, Deep: p.Deep, Level: p.Level}, By: p.By}
}

func (p gatherParameters) question() (records.Question, error) {
	q := queryParameters{Dataset: p.Dataset, Where: p.Where, Filter: p.Filter, Count: true, By: p.Field, Application: p.Application}
	return q.question()
}

// serveGather counts the own records, where this jurisdiction is selected, has those below it count theirs, adds up, and keeps
// what they answered. A refusal of one, this one included, is a part of the answer.
func (d *Desk) serveGather(ctx context.Context, r relay.Received) (relay.Result, error) {
	consumer, err := consumer(r)
	if err != nil {
		return relay.Result{}, err
	}
	var p gatherParameters
	if err := parameters(r, &p); err != nil {
		return relay.Result{}, err
	}
	counted, err := p.question()
	if err != nil {
		return relay.Result{}, malformed(err)
	}
	counted.Purpose, counted.Evidence = r.Call.Purpose.String(), r.Evidence
	q, roster := p.asked(r.Header.Destination), d.tree.Roster()
	var own *gather.Own
	var access identity.Entry
	var counting sync.WaitGroup
	if q.Asks(roster, d.own.Name()) {
		own = &gather.Own{}
		counting.Go(func() { *own, access = d.count(ctx, r, consumer, counted, q, roster) })
	}
	children := d.share(ctx, r, q, roster)
	counting.Wait()
	if errors.Is(ctx.Err(), context.Canceled) {
		return relay.Result{}, fmt.Errorf("serve federated query: %w", ctx.Err())
	}
	share, err := gather.Merge(q, roster, d.own.Name(), own, children)
	if errors.Is(err, gather.ErrForm) {
		err = text.Fail(text.TooManyGroups, text.Args{"dataset": p.Dataset.String(), "field": p.Field, "limit": fmt.Sprint(gather.MaxGroups)}, err)
	}
	if err == nil {
		err = d.keep(context.WithoutCancel(ctx), r, children)
	}
	if err != nil {
		return relay.Result{}, fmt.Errorf("serve federated query: %w", err)
	}
	content, err := share.Encode()
	return relay.Result{Content: content, Entry: access}, err
}

// count counts the own records, as a use that is permitted, recorded and refused like any other.
func (d *Desk) count(ctx context.Context, r relay.Received, from identity.Agency, c records.Question, q gather.Question, roster gather.Roster) (gather.Own, identity.Entry) {
	self := d.own.Name()
	values, err := q.ValuesOf(roster, self)
	var got records.Answer
	if errors.Is(err, gather.ErrNoPlace) {
		err = text.Fail(text.SelectorUnknown, text.Args{"selector": q.Selector.String(), "level": q.By}, err)
	}
	if r.Header.Origin == self {
		c.Evidence = nil // an agency of this jurisdiction, which signs for it itself
	}
	if err == nil {
		got, err = d.records.Query(ctx, r.Header.ID, from, c)
	}
	if err != nil {
		return gather.Own{Why: d.why(ctx, self, err)}, identity.Entry{}
	}
	own := gather.Own{Groups: []gather.Group{{Values: values, Count: got.Count}}, AsOf: got.AsOf}
	if c.By != "" {
		own.Groups = nil
		for _, g := range got.Groups {
			group := gather.Group{Values: []string{g.Value}, Count: g.Count}
			if g.Suppressed {
				group = gather.Group{Values: []string{}, Count: g.Count, Suppressed: true}
			}
			own.Groups = append(own.Groups, group)
		}
	}
	return own, got.Access
}

// share has every child that leads to a member answer, side by side, while the asker waits.
func (d *Desk) share(ctx context.Context, r relay.Received, q gather.Question, roster gather.Roster) []gather.Child {
	if end, ok := ctx.Deadline(); ok {
		left := time.Until(end)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, left-min(left/mergePart, mergeMost))
		defer cancel()
	}
	var asked []gather.Child
	for _, child := range d.tree.Children() {
		if q.LeadsTo(roster, child) {
			asked = append(asked, gather.Child{Name: child})
		}
	}
	var group sync.WaitGroup
	for i := range asked {
		group.Go(func() { d.shareOf(ctx, r, &asked[i]) })
	}
	group.Wait()
	return asked
}

func (d *Desk) shareOf(ctx context.Context, r relay.Received, c *gather.Child) {
	answer, err := d.asker.Share(ctx, r, c.Name)
	if err == nil {
		c.Share, err = gather.Decode(answer.Content)
		if err != nil {
			err = unreadable(c.Name, err)
		}
	}
	if err != nil {
		c.Why = d.why(ctx, c.Name, err)
		return
	}
	c.Answer = answer.Frame
}

// why says what became of the question to somebody who gave no answer: this jurisdiction, or a child.
func (d *Desk) why(ctx context.Context, of identity.Jurisdiction, err error) *gather.Why {
	why := &gather.Why{State: gather.Refused, By: d.own.Name()}
	if p, ok := errors.AsType[*relay.Problem](err); ok {
		why.By, why.Code, why.Args = p.At, p.Code, p.Args
	} else {
		why.Code, why.Args = Problem(err)
	}
	switch text.ByNumber(why.Code) {
	case text.UnknownDataset, text.UnknownOperation, text.UnknownField: // a field: its entry is older than the question
		why.State = gather.NotOffered
	case text.Late:
		why.State = gather.Late
	case text.Unreachable:
		why.State = gather.Unreachable
		if heard := d.tree.LastHeard(of); !heard.IsZero() {
			why.Heard = uint64(heard.UnixMilli())
		}
	case text.NotReady, text.Internal:
		if ctx.Err() != nil {
			*why = gather.Why{State: gather.Late, By: d.own.Name()}
		}
	}
	return why
}

// rawValues writes conditions.
func rawValues(where map[string]json.RawMessage) []condition {
	return queryOf(records.Question{Where: where}).Where
}
