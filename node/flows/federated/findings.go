package federated

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// Outcome says how something ended that was open in an account.
type Outcome string

// The outcomes.
const (
	Audited   Outcome = "audited"   // the hop showed later what it was given, and the share is what that comes to
	Lied      Outcome = "lied"      // it showed later what it was given, and that proves a lie
	Withheld  Outcome = "withheld"  // it did not show within a day what it was given, though it was asked for an hour at least
	Unproven  Outcome = "unproven"  // it showed an answer, and nobody is found whose key signed that
	Unreached Outcome = "unreached" // it could not be asked for a day, or too seldom for a week; who is to blame is not known: see Why

	// Of a jurisdiction of which another said that it gave no answer. The two may both be honest: a
	// link can be down at one end alone.
	Answered Outcome = "answered"  // it shows the answer that it signed
	Gone     Outcome = "gone"      // it says that it answered, and shows no answer
	NotAsked Outcome = "not-asked" // it says that its link was up, and that the question never came
	NotUp    Outcome = "not-up"    // it says that the question never came, and not that its link was up
	Declined Outcome = "declined"  // it said why it gives no answer, and says again that it gave none
	Silent   Outcome = "silent"    // it was reached, and said nothing for a day
)

// maxLies bounds the lies that one finding names.
const maxLies = 16

// Point is something that is open in the account of a question.
type Point struct {
	Hop    identity.Jurisdiction // that is asked again
	By     identity.Jurisdiction // who said that Hop gave no answer, Hop itself too; zero: Hop did not show what it was given
	State  gather.State          // what By said
	Said   *text.Failure         // why, by the word of By, or without By why nothing is proven here; nil: nothing more is known
	Agency identity.Label        // that asked the question
	Asked  identity.Entry        // this jurisdiction's record of the question
	Since  time.Time
	Until  time.Time
}

// Finding is how a point ended.
type Finding struct {
	Point
	Outcome Outcome
	At      time.Time
	Lies    []gather.Lie
	Why     *text.Failure  // why nothing was shown; nil: not known, or it was shown
	Entry   identity.Entry // that records the finding
}

// Account is what became of questions after they were answered.
type Account struct {
	Open     []Point
	Findings []Finding // the latest first
}

// MostFindings is how many findings an account shows.
const MostFindings = 200

// Account returns what is open, and what was found in the last FindingTerm: of one question, or of
// all (asked is zero). An agency is told of its own questions, and an administrator of all.
func (d *Desk) Account(ctx context.Context, by catalog.Actor, asked identity.Entry) (a Account, err error) {
	err = d.own.View(ctx, func(r *state.Reader) error {
		agency, administrator, err := by.Asks(r)
		if err != nil {
			return err
		}
		names := r.Names()
		in := func(p point) bool {
			return (administrator || p.Agency == agency.Code()) && (asked.IsZero() || p.Asked.In(names) == asked)
		}
		for _, p := range points.All(r, nil) {
			if in(p) {
				a.Open = append(a.Open, p.open(names, d.Now()))
			}
		}
		for _, f := range findings.All(r, nil) {
			if in(f.Point) {
				a.Findings = append(a.Findings, f.shown(names))
			}
		}
		return nil
	})
	slices.SortFunc(a.Open, func(a, b Point) int { return a.Since.Compare(b.Since) })
	slices.Reverse(a.Findings)
	a.Findings = a.Findings[:min(len(a.Findings), MostFindings)]
	return a, err
}

func (p point) shown(names state.Names) Point {
	said := failureOf(p.Code, p.Args)
	if said != nil && !p.By.IsZero() {
		said = failure.Heard(&relay.Problem{At: p.By, Code: p.Code, Args: p.Args}, nil)
	}
	return Point{Hop: p.Hop, By: p.By, State: p.State, Agency: p.Agency, Asked: p.Asked.In(names), Since: p.since(), Until: p.end(), Said: said}
}

// open returns the point as one that is open now: longer than a day where it could not be tried.
func (p point) open(names state.Names, now time.Time) Point {
	shown := p.shown(names)
	if now.After(shown.Until) {
		shown.Until = p.latest()
	}
	return shown
}

func (f finding) shown(names state.Names) Finding {
	out := Finding{Point: f.Point.shown(names), Outcome: f.Outcome, At: time.UnixMilli(int64(f.At)), Entry: f.Entry.In(names)}
	for _, l := range f.Lies {
		out.Lies = append(out.Lies, gather.Lie(l))
	}
	out.Why = failureOf(f.Code, f.Args)
	return out
}

// failureOf returns a reason as it is told; nil for none.
func failureOf(number uint16, args []string) *text.Failure {
	if number == 0 {
		return nil
	}
	code := text.ByNumber(number)
	return &text.Failure{Code: code, Args: text.Named(code, args)}
}

// foundOf returns how a point ended: with what an audit found or, where err is not nil, because
// nothing could be audited for a day.
func (d *Desk) foundOf(p point, a Audit, err error) finding {
	f := finding{Point: p, Outcome: Audited, At: uint64(d.Now().UnixMilli())}
	for _, l := range a.Lies[:min(len(a.Lies), maxLies)] {
		if f.Lies = append(f.Lies, lie(l)); l.Kind.Proven() {
			f.Outcome = Lied
		}
	}
	if err == nil || f.Outcome == Lied {
		return f
	}
	f.Outcome = Withheld
	switch {
	case withoutKey(err) != nil:
		f.Outcome = Unproven
	case d.unreached(p, err):
		f.Outcome = Unreached
	}
	f.because(err)
	return f
}

// unreached reports whether it may not have been the hop that showed nothing. It was the hop only
// where that is certain: it signed a refusal that nobody on the way can have it sign, or an answer
// that cannot be read, or left out what it lists. Every other error may be this jurisdiction's own,
// or another's.
func (d *Desk) unreached(p point, err error) bool {
	if errors.Is(err, errNotShown) || failure.SignedBy(err) == p.Hop {
		return false
	}
	problem, told := errors.AsType[*relay.Problem](err)
	return !told || problem.At != p.Hop || p.Hop == d.own.Name() || slices.Contains(onTheWay, text.ByNumber(problem.Code))
}

// because keeps why nothing was shown or said, where that can be told.
func (f *finding) because(err error) {
	if code, args := failure.Told(err); text.ByNumber(code) != text.Internal {
		f.Code, f.Args = code, args[:min(len(args), maxLies)]
	}
}

// findingType is the content type of the payload of a finding.
const findingType = "application/json"

// findingNote is the payload of a finding. Share is the part of the share that its signer signed
// (see relay.Evidence).
type findingNote struct {
	Asked       string    `json:"asked"`
	RequestHash string    `json:"request_hash"`
	Hop         string    `json:"hop"`
	Outcome     Outcome   `json:"outcome"`
	Since       time.Time `json:"since"`
	At          time.Time `json:"at"`
	Lies        []lieNote `json:"lies,omitempty"`
	Why         text.Code `json:"why,omitempty"`
	Share       []byte    `json:"share,omitempty"`
	// Of what another said: who, and what; and the word of the hop, as it signed it.
	By      string    `json:"by,omitempty"`
	Said    string    `json:"said,omitempty"`
	SaidWhy text.Code `json:"said_why,omitempty"`
	Word    []byte    `json:"word,omitempty"`
}

type lieNote struct {
	By    string      `json:"by"`
	Kind  gather.Kind `json:"kind"`
	About string      `json:"about,omitempty"`
}

// settle ends a point, and records and tells how.
func (d *Desk) settle(ctx context.Context, f finding) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keptWithin)
	defer cancel()
	statement, err := d.noted(ctx, f)
	if err != nil {
		return err
	}
	f.Entry, err = commandSettle.Do(ctx, d.own, book.Request{}, settleBody{Finding: f, Statement: statement})
	if err == nil && f.Entry != ledger.None && d.Found != nil {
		d.Found(f.shown(d.own.Names()))
	}
	return err
}

func (d *Desk) noted(ctx context.Context, f finding) (book.Statement, error) {
	shown := f.shown(d.own.Names())
	note := findingNote{
		Asked: shown.Asked.String(), RequestHash: hex.EncodeToString(f.Point.Request), Hop: shown.Hop.String(),
		Outcome: f.Outcome, Since: shown.Since.UTC(), At: shown.At.UTC(),
	}
	if !shown.By.IsZero() {
		note.By, note.Said, note.Word = shown.By.String(), shown.State.String(), f.Word
	}
	if shown.Said != nil {
		note.SaidWhy = shown.Said.Code
	}
	if shown.Why != nil {
		note.Why = shown.Why.Code
	}
	for _, l := range shown.Lies {
		note.Lies = append(note.Lies, lieNote{l.By.String(), l.Kind, l.About.String()})
	}
	err := d.own.View(ctx, func(r *state.Reader) error {
		note.Share = evidenceOf(r.Get(bucketPointShares, f.Point.key()))
		return nil
	})
	if err != nil {
		return book.Statement{}, err
	}
	payload, err := json.Marshal(note)
	if err != nil {
		return book.Statement{}, err
	}
	return d.own.Note(findingType, payload)
}
