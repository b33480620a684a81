package calls

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/catalog"
	"xietong/node/records"
	"xietong/node/text"
)

// Use says how a use was permitted and recorded, at both ends.
type Use struct {
	Access     identity.Entry // the provider's access record
	Grant      identity.Entry // the provider's grant that it ran under
	GrantedNow bool           // the request filed the application for that grant
	Asked      identity.Entry // this jurisdiction's own record
}

// Answer is what a question gave.
type Answer struct {
	Rows    [][]byte // JSON
	Count   uint64
	Scanned uint64 // records looked at
	Cursor  string // empty at the end
	Groups  []records.Group
	AsOf    uint64 // index of the last entry of the provider's ledger that the answer saw
	Use
}

// Verdict is the answer to a claim.
type Verdict struct {
	Outcome records.Outcome
	Use
}

// request is a use of data that another jurisdiction is asked for.
type request struct {
	id      identity.Message
	to      identity.Jurisdiction
	agency  identity.Label
	dataset identity.Label
	call    envelope.Call
}

// Query asks another jurisdiction a question for an agency of this one. See the package comment for what an id is, and for
// what is recorded. A refusal of another jurisdiction, and whatever kept it from answering, is a *relay.Problem; Failure
// tells any error.
func (d *Desk) Query(ctx context.Context, id identity.Message, to identity.Jurisdiction, agency identity.Label, q records.Question) (Answer, error) {
	if q.Limit < 0 || q.Limit > records.MaxLimit {
		return Answer{}, text.Fail(text.BadRequest, text.Args{"where": "limit", "reason": fmt.Sprintf("1..%d", records.MaxLimit)}, nil)
	}
	r, err := requestOf(request{id: id, to: to, agency: agency, dataset: q.Dataset}, opQuery, q.Purpose, queryOf(q))
	if err != nil {
		return Answer{}, err
	}
	var got queryResult
	use, err := d.use(ctx, r, func(result []byte) (Use, error) {
		if err := canon.Unmarshal(result, maxResult, &got); err != nil {
			return Use{}, err
		}
		return Use{Grant: got.Grant, GrantedNow: got.GrantedNow}, got.check(q.Count)
	})
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{Rows: got.Rows, Count: got.Count, Scanned: got.Scanned, Cursor: got.Cursor, AsOf: got.AsOf, Use: use}
	for _, g := range got.Groups {
		answer.Groups = append(answer.Groups, records.Group{Value: g.Value, Count: g.Count, Suppressed: g.Suppressed})
	}
	return answer, nil
}

// check holds what must be true of every answer, whoever gives it.
func (r queryResult) check(count bool) error {
	if len(r.Rows) > records.MaxLimit || count && len(r.Rows) > 0 || !count && r.Count != uint64(len(r.Rows)) {
		return fmt.Errorf("%d rows and a count of %d", len(r.Rows), r.Count)
	}
	sum := uint64(0)
	for _, g := range r.Groups {
		sum += g.Count
	}
	if len(r.Groups) > records.MaxGroups || len(r.Groups) > 0 && sum != r.Count {
		return fmt.Errorf("%d groups of %d records, and a count of %d", len(r.Groups), sum, r.Count)
	}
	for i, row := range r.Rows {
		if !json.Valid(row) || row[0] != '{' {
			return fmt.Errorf("row %d is no JSON object", i)
		}
	}
	return nil
}

// Verify asks another jurisdiction to confirm a claim for an agency of this one, as Query does.
func (d *Desk) Verify(ctx context.Context, id identity.Message, to identity.Jurisdiction, agency identity.Label, c records.Claim) (Verdict, error) {
	r, err := requestOf(request{id: id, to: to, agency: agency, dataset: c.Dataset}, opVerify, c.Purpose, verifyParameters{
		Dataset: c.Dataset, Key: c.Key, Field: c.Field, Value: append([]byte{}, c.Value...), Application: applicationOf(c.Application),
	})
	if err != nil {
		return Verdict{}, err
	}
	var got verifyResult
	use, err := d.use(ctx, r, func(result []byte) (Use, error) {
		if err := canon.Unmarshal(result, maxResult, &got); err != nil {
			return Use{}, err
		}
		switch records.Outcome(got.Outcome) {
		case records.Yes, records.No, records.NoSuchRecord:
			return Use{Grant: got.Grant, GrantedNow: got.GrantedNow}, nil
		}
		return Use{}, fmt.Errorf("outcome %q", got.Outcome)
	})
	if err != nil {
		return Verdict{}, err
	}
	return Verdict{Outcome: records.Outcome(got.Outcome), Use: use}, nil
}

// requestOf completes a request with what it asks.
func requestOf(r request, operation identity.Label, purpose string, parameters any) (request, error) {
	r.call = envelope.Call{Operation: operation, Agency: r.agency, Parameters: encode(parameters)}
	if purpose == "" { // the destination says which there are
		return r, r.bounded()
	}
	var err error
	if r.call.Purpose, err = identity.ParseLabel(purpose); err != nil {
		return r, text.Fail(text.UnknownPurpose, text.Args{"purpose": text.Short(purpose), "dataset": r.dataset.String(), "purposes": "-"}, err)
	}
	return r, r.bounded()
}

func (r request) bounded() error {
	if n := len(r.call.Parameters); n > maxParameters {
		return text.Fail(text.TooLarge, text.Args{"where": "parameters", "size": fmt.Sprint(n), "limit": fmt.Sprint(maxParameters)}, nil)
	}
	return nil
}

// use asks for a use of data: (1) the agency is one of this jurisdiction, and the id unused, (2) the destination is asked,
// (3) what came of it is recorded here, and only then (4) returned. read takes the result apart; what it does not accept was
// used all the same, so that is recorded too.
func (d *Desk) use(ctx context.Context, r request, read func(result []byte) (Use, error)) (Use, error) {
	if err := d.unused(ctx, r); err != nil {
		return Use{}, err
	}
	answer, failed := d.asker.Ask(ctx, r.id, r.to, r.call)
	o := outcome{hash: answer.Request, entry: answer.Entry, evidence: answer.Evidence}
	var use Use
	refusal, refused := errors.AsType[*relay.Problem](failed)
	switch {
	case failed == nil:
		if use, failed = read(answer.Content); failed == nil {
			failed = errors.Join(theirs(r.to, answer.Entry), theirs(r.to, use.Grant))
		}
		if failed != nil {
			failed = unreadable(r.to, failed)
			o.number, o.entry = text.Number(text.AnswerRefused), identity.Entry{}
		}
	case refused && refusal.At == r.to:
		o = outcome{number: refusal.Code, hash: refusal.Request, evidence: refusal.Evidence}
	default: // nobody answered
		return Use{}, fmt.Errorf("ask %s: %w", r.to, failed)
	}
	asked, err := d.record(ctx, r, o)
	if err != nil {
		return Use{}, fmt.Errorf("record what %s answered: %w", r.to, err)
	}
	if failed != nil {
		return Use{}, fmt.Errorf("ask %s: %w", r.to, failed)
	}
	use.Access, use.Asked = answer.Entry, asked
	return use, nil
}

// unused checks that the agency is registered here, and that the id has no answer yet.
func (d *Desk) unused(ctx context.Context, r request) error {
	var before identity.Entry
	err := d.own.View(ctx, func(s *state.Reader) error {
		before = answered(s, r.id)
		return d.registered(s, r.agency)
	})
	if err != nil || before.IsZero() {
		return err
	}
	return &SeenError{Asked: before}
}

// registered refuses an agency that this jurisdiction does not have: it must not be asked for in its name.
func (d *Desk) registered(s *state.Reader, agency identity.Label) error {
	all, err := catalog.Agencies(s)
	if err != nil {
		return err
	}
	codes := make([]string, len(all))
	for i, l := range all {
		if l.Code == agency {
			return nil
		}
		codes[i] = l.Code.String()
	}
	return text.Fail(text.UnknownAgency, text.Args{
		"agency": agency.String(), "jurisdiction": d.own.Name().String(), "agencies": strings.Join(codes, ", "),
	}, nil)
}
