package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/questions"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// The requests about saved questions.
type (
	saveQuestion struct {
		Caller
		Body client.NewQuestion
	}
	listQuestions struct {
		Listed
		Dataset string `query:"dataset" maxLength:"63" doc:"Only those about this dataset: its code"`
		Search  string `query:"search" maxLength:"100" doc:"Only those whose name has this in it"`
	}
	nameQuestion struct {
		Caller
		Body client.QuestionName
	}
	showQuestion struct {
		Caller
		Name string `query:"name" maxLength:"100" doc:"What the question is called"`
	}
)

func (s *server) registerQuestions(a huma.API) {
	handle(s, a, post("save-question", "/v1/questions", "Keep a question under a name"), questionSaved)
	handle(s, a, get("questions", "/v1/questions", "The saved questions of the agency"), questionsListed)
	handle(s, a, get("question", "/v1/question", "One saved question"), questionShown)
	handle(s, a, post("run-question", "/v1/questions/run", "Ask a saved question, and compare it with an earlier month"), questionRun)
	handle(s, a, post("remove-question", "/v1/questions/removal", "Remove a saved question with its results"), questionRemoved)
}

func (h Hosted) actingAgency(ctx context.Context, c Caller) (agency identity.Agency, err error) {
	err = h.Ledger.View(ctx, func(r *state.Reader) (err error) {
		agency, err = c.by().Resolve(r)
		return err
	})
	return agency, err
}

func questionsListed(ctx context.Context, h Hosted, in *listQuestions) (out client.Questions, err error) {
	w := whole[client.SavedQuestion]{
		Hosted: h, Listed: in.Listed, name: "questions " + in.Agency, filter: []string{in.Dataset, in.Search}, id: func(q client.SavedQuestion) string { return q.Name },
		keep: []func(client.SavedQuestion) bool{func(q client.SavedQuestion) bool { return matches(in.Dataset, q.Dataset) && finds(in.Search, q.Name) }},
	}
	err = h.Ledger.View(ctx, func(r *state.Reader) error {
		agency, err := in.by().Reads(r)
		if err != nil {
			return err
		}
		all, err := questions.All(h.Ledger, r, agency.Code())
		if err != nil {
			return err
		}
		for _, s := range all {
			if shown, err := savedShown(s); err == nil {
				w.all = append(w.all, shown)
			} else {
				out.Unreadable = append(out.Unreadable, s.At.String())
			}
		}
		return nil
	})
	if err == nil {
		out.Questions, out.Cursor, err = w.page()
	}
	return out, err
}

// documentOf returns what a saved question asks. The refusal is text.QuestionDamaged.
func documentOf(s questions.Saved) (q client.Question, err error) {
	if err = s.Damaged; err == nil {
		q, err = described[client.Question](s.Document)
	}
	if err != nil {
		return q, text.Fail(text.QuestionDamaged, text.Args{"question": text.Short(s.Name), "entry": s.At.String()}, err)
	}
	return q, nil
}

func savedShown(s questions.Saved) (out client.SavedQuestion, err error) {
	if out.Question, err = documentOf(s); err != nil {
		return out, err
	}
	out.Name, out.Entry, out.Saved, out.Kept = s.Name, s.At.String(), stamp(s.Time), []client.KeptResult{}
	for _, k := range s.Kept {
		out.Kept = append(out.Kept, client.KeptResult{Month: k.Month, Entry: k.At.String()})
	}
	return out, nil
}

// savedQuestion returns a saved question of the agency that the caller is found to be: the one that
// acts or, to read it alone, also one that ended.
func (h Hosted) savedQuestion(ctx context.Context, c Caller, name string, who found) (s questions.Saved, err error) {
	err = h.Ledger.View(ctx, func(r *state.Reader) error {
		agency, err := who(c.by(), r)
		if err != nil {
			return err
		}
		s, err = questions.Of(h.Ledger, r, agency.Code(), name)
		return err
	})
	return s, err
}

func questionShown(ctx context.Context, h Hosted, in *showQuestion) (client.SavedQuestion, error) {
	s, err := h.savedQuestion(ctx, in.Caller, in.Name, catalog.Actor.Reads)
	if err != nil {
		return client.SavedQuestion{}, err
	}
	return savedShown(s)
}

// questionRemoved removes a saved question. It asks first whether the same request came before:
// there is no such question any more then.
func questionRemoved(ctx context.Context, h Hosted, in *nameQuestion) (client.Entered, error) {
	return entered(in.Caller, func(id identity.Message) (entry identity.Entry, err error) {
		var s questions.Saved
		came := false
		err = h.Ledger.View(ctx, func(r *state.Reader) error {
			agency, err := in.by().Resolve(r)
			if err == nil {
				entry, came, err = questions.Removed(r, h.Ledger, id, agency.Code(), in.Body.Name)
			}
			if err == nil && !came {
				s, err = questions.Of(h.Ledger, r, agency.Code(), in.Body.Name)
			}
			return err
		})
		if err != nil || came {
			return entry, err
		}
		return s.Remove(ctx, h.Ledger, id)
	})
}

// questionRun asks a saved question as its agency would ask it now, tells what came of it, and
// keeps the numbers.
func questionRun(ctx context.Context, h Hosted, in *nameQuestion) (out client.QuestionRun, err error) {
	if _, err := in.key(); err != nil {
		return out, err
	}
	s, err := h.savedQuestion(ctx, in.Caller, in.Body.Name, catalog.Actor.Resolve)
	if err != nil {
		return out, err
	}
	if out.Question, err = documentOf(s); err != nil {
		return out, err
	}
	out.Question.Name = s.Name
	q := out.Question
	var r questions.Result
	if many(q) {
		var got client.FederatedAnswer
		got, err = gathered(ctx, h, &askFederated{in.Caller, client.FederatedQuery{
			At: q.At, Level: q.Level, Dataset: q.Dataset, Where: q.Where, Filter: q.Filter, Measure: *q.Measure, Use: q.Use,
		}})
		out.Many, r = &got, resultOfMany(got)
		r.Version = h.standardVersion(ctx, in.Caller, q)
	} else {
		var got client.Answer
		got, err = query(ctx, h, &askQuery{in.Caller, q.Query})
		out.Answer, r = &got, resultOf(got)
		r.Version = h.version(ctx, in.Caller, q)
	}
	if err != nil || q.Measure == nil || r.Answered == 0 {
		return out, err
	}
	asked, err := h.placed(q)
	if err != nil {
		return out, err
	}
	r.At = strings.TrimSpace(asked.At + " " + asked.Level)
	return out, h.compared(ctx, &out, s, r)
}

// version returns the version of the catalogue entry that a question is about; 0: it is not known.
func (h Hosted) version(ctx context.Context, c Caller, q client.Question) uint64 {
	of, err := h.Standing.Resolve(q.At)
	if err != nil {
		return 0
	}
	all, err := h.Ask.Datasets(ctx, c.by(), of)
	i := slices.IndexFunc(all, func(p catalog.Published) bool { return p.Code.String() == q.Dataset })
	if err != nil || i < 0 {
		return 0
	}
	return all[i].Version
}

// standardVersion returns the version of the standard entry by which many offer what a question is
// about, as whoever they stand below has set it; 0: there is none, or it is not known. Of which
// version each entry is that adopts it, nobody is asked.
func (h Hosted) standardVersion(ctx context.Context, c Caller, q client.Question) uint64 {
	s, err := h.Standing.Selector(q.At, q.Level)
	if err != nil {
		return 0
	}
	code, err := h.datasetCode(q.Dataset)
	if err != nil {
		return 0
	}
	standard, err := h.Ask.Standard(ctx, c.by(), s.Below, code)
	if err != nil {
		return 0
	}
	return standard.Version
}

// compared compares the result with that of an earlier month, and keeps it.
func (h Hosted) compared(ctx context.Context, out *client.QuestionRun, s questions.Saved, r questions.Result) error {
	err := h.Ledger.View(ctx, func(reader *state.Reader) error {
		if before, of, ok := s.Before(h.Ledger, reader); ok {
			out.Compared = h.comparison(of.Month, before, r)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("compare result: %w", err)
	}
	kept, err := s.Keep(ctx, h.Ledger, r)
	out.Kept = kept.String()
	return err
}

func (h Hosted) comparison(month string, before, now questions.Result) *client.Comparison {
	c := questions.Compare(before, now)
	out := &client.Comparison{
		Month: month, Same: c.Same, SameLeftOut: c.SameLeft, Came: h.calledAll(c.Came), Gone: h.calledAll(c.Gone), Before: figure(before), Now: figure(now),
		Total: c.Total, Amount: c.Amount,
	}
	if before.Version != now.Version {
		out.VersionBefore, out.Version = before.Version, now.Version
	}
	for _, g := range c.Groups {
		out.Groups = append(out.Groups, changeShown(g))
	}
	return out
}

func changeShown(g questions.Change) client.Change {
	out := client.Change{Count: g.Count, Amount: g.Amount}
	for _, value := range g.Values {
		out.Values = append(out.Values, json.RawMessage(value))
	}
	if g.Before != nil {
		out.Before, out.AmountBefore = &g.Before.Count, g.Before.Amount
	}
	if g.Now != nil {
		out.Now, out.AmountNow = &g.Now.Count, g.Now.Amount
	}
	return out
}

func (h Hosted) calledAll(names []string) (called []string) {
	for _, each := range names {
		name, err := identity.ParseJurisdiction(each)
		if err != nil {
			continue
		}
		called = append(called, h.Standing.CalledShort(name))
	}
	return called
}

func figure(r questions.Result) client.Figure {
	return client.Figure{
		Total: r.Total, Amount: r.Amount, Members: r.Members, Answered: r.Answered, LeftOut: r.LeftOut.All(), Small: r.Small, Others: r.Others,
	}
}

func resultOf(a client.Answer) questions.Result {
	r := questions.Result{
		Total: a.Count, Amount: amount(a.Whole), Coverage: questions.Coverage{Members: 1, Answered: 1},
		LeftOut: questions.LeftOut{Incomparable: a.Incomparable, Unreadable: a.Unreadable, Unfit: a.Unfit},
	}
	keepGroups(&r, a.Groups)
	return r
}

func resultOfMany(a client.FederatedAnswer) questions.Result {
	r := questions.Result{
		Total: a.Total, Amount: amount(a.Whole), LeftOut: leftOut(a.LeftOut),
		Coverage: questions.Coverage{Members: a.Members, Answered: a.Answered, Roster: a.Roster},
	}
	for _, m := range a.Missing {
		r.Missing = append(r.Missing, m.Name)
	}
	slices.Sort(r.Missing)
	keepGroups(&r, a.Groups)
	return r
}

// leftOut adds up what many left out, and notes by a hash who left out how many.
func leftOut(all []client.LeftOut) (l questions.LeftOut) {
	var each []string
	for _, o := range all {
		l.Incomparable, l.Unreadable = l.Incomparable+o.Incomparable, l.Unreadable+o.Unreadable
		each = append(each, fmt.Sprintf("%s %d %d\n", o.Name, o.Incomparable, o.Unreadable))
	}
	if len(each) > 0 {
		slices.Sort(each)
		sum := sha256.Sum256([]byte(strings.Join(each, "")))
		l.Of = hex.EncodeToString(sum[:])
	}
	return l
}

// amount returns what a group comes to: its average, where that was asked for.
func amount(g *client.Group) string {
	switch {
	case g == nil:
		return ""
	case g.Average != "":
		return g.Average
	}
	return g.Amount
}

// keepGroups keeps the groups that are told by themselves, and how many records the others have.
func keepGroups(r *questions.Result, all []client.Group) {
	for _, g := range all {
		switch {
		case g.Suppressed:
			r.Small += g.Count
			continue
		case g.Others != nil:
			r.Others += g.Count
			continue
		}
		one := questions.Group{Count: g.Count, Amount: amount(&g)}
		for _, v := range g.Values {
			one.Values = append(one.Values, string(v.Value))
		}
		r.Groups = append(r.Groups, one)
	}
}
