package federated

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

// The time that is kept for adding up: the part 1/mergePart of the time that is left, and at most
// mergeMost. With what relay keeps for itself it is less than a hop may take (relay.fair).
const (
	mergePart = 8
	mergeMost = 500 * time.Millisecond
)

// operationGather is the federated request. Its answer is a share (see exchange/gather).
const operationGather operation.Operation[gathering, gather.Share] = "gather"

// gathering is the question to every selected jurisdiction below its destination. Its measure may
// be grouped by places, too.
type gathering struct {
	Deep     bool             `cbor:"1,keyasint,omitempty"` // all below, not the children alone
	Level    string           `cbor:"2,keyasint,omitempty"` // of those who are asked; "": any
	Question records.Question `cbor:"3,keyasint"`
	Groups   int              `cbor:"4,keyasint,omitempty"` // that the answer may tell; 0 where it has no dimensions
	Roster   uint64           `cbor:"5,keyasint,omitempty"` // number of the asker's roster
	Hash     []byte           `cbor:"6,keyasint"`           // of the asker's roster
}

// Check refuses a question for records, and bounds the rest of the question.
func (g gathering) Check() error {
	switch grouped := g.Question.Measure.Grouped(); {
	case len(g.Hash) != 32:
		return fmt.Errorf("a roster's hash of %d bytes", len(g.Hash))
	case grouped != (g.Groups > 0) || g.Groups < 0 || g.Groups > gather.MaxGroups:
		return fmt.Errorf("%d groups, at most %d", g.Groups, gather.MaxGroups)
	}
	if g.Question.Measure.Function == gather.None || g.Question.Key != "" || g.Question.Cursor != "" || len(g.Question.Fields) > 0 {
		return errors.New("records are asked for one by one")
	}
	return g.Question.Check()
}

func (g gathering) asked(below identity.Jurisdiction) gather.Question {
	return gather.Question{
		Selector: gather.Selector{Below: below, Deep: g.Deep, Level: g.Level}, Measure: g.Question.Measure, Groups: g.Groups,
	}
}

// Serve registers this room's operations. consumers finds the agencies that ask.
func (d *Desk) Serve(in *relay.Registry, consumers operation.Consumers) {
	in.RegisterFederated(string(operationGather), func(ctx context.Context, r relay.Received) (relay.Result, error) {
		return d.gather(ctx, r, consumers)
	})
	operationAnswered.Serve(in, func(ctx context.Context, r relay.Received, p whatAnswered) (word, error) {
		return d.says(ctx, p, r.Header.Origin)
	})
	operationShares.Serve(in, func(ctx context.Context, r relay.Received, p sharesOf) (shares, error) {
		return d.kept(ctx, p, r.Header.Origin)
	})
}

// gather measures the own records if this jurisdiction is selected, has the children measure
// theirs, adds up, and keeps the answers of the children. A refusal by one of them, or by this
// jurisdiction, is a part of the answer.
func (d *Desk) gather(ctx context.Context, r relay.Received, consumers operation.Consumers) (relay.Result, error) {
	if _, err := operation.Consumer(r); err != nil {
		return relay.Result{}, err
	}
	g, err := operationGather.Parameters(r)
	if err != nil {
		return relay.Result{}, err
	}
	q := g.asked(r.Header.Destination)
	roster, err := d.tree.RosterOf(ctx, g.Roster, [32]byte(g.Hash))
	if err == nil {
		err = notTooMany(q.Selector, len(q.Members(roster, d.own.Name())))
	}
	if err != nil {
		return relay.Result{}, err
	}
	var own *gather.Own
	var record operation.Record
	var used error
	var measuring sync.WaitGroup
	if q.Asks(roster, d.own.Name()) {
		own = &gather.Own{}
		measuring.Go(func() { *own, record, used = d.measure(ctx, r, consumers, g.Question, q, roster) })
	}
	children := d.share(ctx, r, q, roster)
	measuring.Wait()
	if used == nil && errors.Is(ctx.Err(), context.Canceled) {
		used = ctx.Err()
	}
	if used != nil {
		return relay.Result{Stands: record.Stands, Basis: record.Basis}, fmt.Errorf("serve federated query: %w", used)
	}
	if own == nil {
		record.Stands = always
	}
	var share gather.Share
	err = d.Slots.Run(context.WithoutCancel(ctx), func(context.Context) (err error) {
		share, err = gather.Merge(q, roster, d.own.Name(), own, children)
		return err
	})
	if err == nil {
		err = d.keep(ctx, r, listed(share, children))
	}
	if err != nil {
		return relay.Result{Stands: record.Stands, Basis: record.Basis}, fmt.Errorf("serve federated query: %w", err)
	}
	content, err := share.Encode()
	return relay.Result{Content: content, Entry: record.Entry, Stands: record.Stands, Basis: record.Basis}, err
}

// always is whether the sum of a jurisdiction that measured nothing itself still stands.
func always(context.Context) error { return nil }

// measure measures the own records, as a use that is permitted, recorded and refused like any
// other. It returns an error if the id of the request was used before: a jurisdiction that answered
// is not made to sign, in a second share, that it refuses. The desk of the records knows nothing of
// places: it groups by fields alone, and the place of this jurisdiction is then added to each group
// that is told.
func (d *Desk) measure(ctx context.Context, r relay.Received, consumers operation.Consumers, asked records.Question, q gather.Question, roster gather.Roster) (gather.Own, operation.Record, error) {
	self := d.own.Name()
	asked.Purpose, asked.Evidence = r.Call.Purpose.String(), r.Evidence
	if r.Header.Origin == self {
		asked.Evidence = nil // an agency of this jurisdiction, which signs for it itself
	}
	asked.Measure.By = nil
	for _, b := range q.By {
		if b.Field != "" {
			asked.Measure.By = append(asked.Measure.By, b)
		}
	}
	err := hasLevels(q, roster)
	var got records.Answer
	var by identity.Agency
	if err == nil {
		by, err = consumers.Consumer(ctx, r)
	}
	if err == nil {
		got, err = d.records.Query(ctx, r.Header.ID, catalog.Foreign(by), asked)
	}
	if failure.Is(err, text.IDSeen, text.IDReused) {
		return gather.Own{}, operation.Record{}, err
	}
	record := got.Record()
	if record.Stands == nil {
		record.Stands = always // refused before anything was read
	}
	if err != nil {
		return gather.Own{Why: d.why(ctx, self, err)}, record, nil
	}
	// What is not as the entry says cannot be compared; what was counted before is not looked at.
	incomparable := got.Incomparable + got.Unfit
	own := gather.Own{AsOf: got.AsOf, LeftOut: gather.LeftOut{
		Incomparable: incomparable, Unreadable: got.Unreadable, Of: max(got.Scanned, got.Count+incomparable+got.Unreadable),
	}}
	place, err := q.Placer(roster, self)
	if err != nil {
		return gather.Own{Why: d.why(ctx, self, err)}, record, nil
	}
	for _, group := range got.Groups {
		if !group.Suppressed {
			group.Values, _ = place(group.Values) // a value for each field: the desk groups by them
		}
		own.Groups = append(own.Groups, group)
	}
	if err := q.CheckOwn(own.Groups); err != nil {
		err = text.Fail(text.MeasureInexact, text.Args{"dataset": asked.Dataset.String(), "measure": q.Measure.String()}, err)
		return gather.Own{Why: d.why(ctx, self, err)}, record, nil
	}
	return own, record, nil
}

// hasLevels refuses a question that groups by a level that no place has.
func hasLevels(q gather.Question, roster gather.Roster) error {
	if level := q.NoLevel(roster); level != "" {
		return text.Fail(text.SelectorUnknown, text.Args{"selector": q.Selector.String(), "level": level}, nil)
	}
	return nil
}

// listed returns the children whose answers the share lists.
func listed(s gather.Share, children []gather.Child) []gather.Child {
	return slices.DeleteFunc(slices.Clone(children), func(c gather.Child) bool {
		return !slices.ContainsFunc(s.Shares, func(l gather.Listed) bool { return l.Child == c.Name })
	})
}

// share has every child that leads to a member answer, side by side, within the time that the asker
// waits, less the time for adding up.
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
	for _, child := range d.tree.Gone() {
		if q.LeadsTo(roster, child) {
			asked = append(asked, gather.Child{Name: child, Why: d.why(ctx, child, d.tree.Absent(child))})
		}
	}
	return asked
}

func (d *Desk) shareOf(ctx context.Context, r relay.Received, c *gather.Child) {
	answer, err := d.handing.HandOn(ctx, r, c.Name)
	p, told := errors.AsType[*relay.Problem](err)
	switch {
	case err == nil:
		*c = gather.Said{Content: answer.Content}.Child(c.Name, answer.Frame)
	case told && p.At == c.Name:
		*c = gather.Said{Refusal: refusal(p.At, c.Name, p.Code, p.Args)}.Child(c.Name, p.Frame)
	default:
		c.Why = d.why(ctx, c.Name, err)
	}
	if n := len(c.Answer); n > maxKept { // what cannot be shown later is not listed
		args := []string{c.Name.String(), fmt.Sprintf("%d bytes", n)}
		*c = gather.Child{Name: c.Name, Why: refusal(d.own.Name(), c.Name, gather.ShareRefused, args)}
	}
}

// why says why a jurisdiction gave no answer: this jurisdiction, a child, or a member that was
// asked for rows.
func (d *Desk) why(ctx context.Context, of identity.Jurisdiction, err error) *gather.Why {
	self := d.own.Name()
	if p, ok := errors.AsType[*relay.Problem](err); ok && p.At != self {
		return refusal(p.At, of, p.Code, p.Args)
	}
	code, args := failure.Told(err)
	why := refusal(self, of, code, args)
	switch text.ByNumber(why.Code) {
	case text.Unreachable:
		if heard := d.tree.LastHeard(of); !heard.IsZero() {
			why.Heard = uint64(heard.UnixMilli())
		}
	case text.NotReady, text.NoLeader, text.OutcomeUnknown, text.Internal:
		if args, hurried := relay.Haste(ctx, self); ctx.Err() != nil && hurried {
			why = refusal(self, of, uint16(relay.Hurried), args)
		} else if ctx.Err() != nil {
			why = &gather.Why{State: gather.Late, By: self}
		}
	}
	return why
}

// refusal is what a jurisdiction says of another, or of itself, by a row of the table of errors:
// whoever reads the refusal, now or in an audit, takes it the same way. Nobody but a parent says
// that a place and all below it have not joined; whoever signs an answer itself has joined.
func refusal(by, of identity.Jurisdiction, code uint16, args []string) *gather.Why {
	why := &gather.Why{State: gather.Refused, By: by, Code: code, Args: args}
	switch text.ByNumber(code) {
	case text.UnknownDataset, text.DatasetWithdrawn, text.UnknownOperation, text.UnknownField, text.MeasureNotOffered:
		why.State = gather.NotOffered // its catalogue entry is older than the question
	case text.Late, text.Hurried, text.FilterTooCostly:
		why.State = gather.Late
	case text.Unreachable:
		why.State = gather.Unreachable
	case text.PlaceNotJoined, text.PlaceInvited, text.PlaceWithdrawn, text.PlaceExpired:
		told := &relay.Problem{At: by, Code: code, Args: args}
		switch {
		case by == of:
		case told.Absent() && endorses(by, args[0], of):
			why.State = gather.NotJoined
		default:
			why.State = gather.Unreachable
		}
	}
	return why
}
