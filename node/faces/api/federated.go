package api

import (
	"context"
	"slices"
	"strconv"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/faces/client"
	"xietong/node/flows/federated"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
	"xietong/node/tree/standing"
)

type askFederated struct {
	Caller
	Body client.FederatedQuery
}

func gathered(ctx context.Context, h Hosted, in *askFederated) (out client.FederatedAnswer, err error) {
	id, err := in.key()
	if err != nil {
		return out, err
	}
	b := in.Body
	q, err := h.question(client.Query{At: b.At, Dataset: b.Dataset, Where: b.Where, Filter: b.Filter, Measure: &b.Measure, Use: b.Use})
	if err != nil {
		return out, err
	}
	selector, err := h.Standing.Selector(b.At, b.Level)
	if err != nil {
		return out, err
	}
	got, err := h.Federated.Gather(ctx, id, in.by(), federated.Wide{
		Selector: selector, Question: q, Audit: b.Audit, Wait: time.Duration(b.Wait) * time.Second, Groups: b.Groups,
	})
	if err != nil {
		return out, err
	}
	rests(ctx, got.Stands)
	l := text.FromAcceptLanguage(in.Language)
	if out = gatheredShown(h.Standing, got, l); out.Answered == 0 {
		useUp(ctx)
		return out, h.nobodyAnswered(ctx, in.reader(), selector, b.Dataset, &out)
	}
	return out, nil
}

// nobodyAnswered returns the problem that nobody who was asked has answered, with who they are, and
// the codes here that the dataset's may be where it is none of them.
func (h Hosted) nobodyAnswered(ctx context.Context, to reader, s gather.Selector, dataset string, account *client.FederatedAnswer) *client.Problem {
	if account.Members == 0 {
		p := problem(to, text.NobodyBelow, text.Args{"selector": s.String()})
		p.Answer = account
		return p
	}
	args := text.Args{"selector": s.String(), "members": strconv.FormatUint(account.Members, 10)}
	args["close"] = h.nearest(ctx, dataset)
	p := problem(to, text.NobodyAnswered, args)
	p.Answer = account
	return p
}

func gatheredShown(s *standing.Standing, got federated.Gathered, l text.Lang) client.FederatedAnswer {
	out := coverageShown(s, got.Coverage(), l)
	out.Total, out.Roster, out.Access, out.Asked = got.Total(), got.Roster.Number, got.Access.String(), got.Asked.String()
	out.Audited, out.Leaves, out.Unseen, out.Level = namesOf(got.Audit.Hops), namesOf(got.Audit.Leaves), namesOf(got.Audit.Unseen), got.Level
	out.StatusAsOf = statusAsOf(s, slices.Concat([]identity.Jurisdiction{got.To}, got.Audit.Hops, got.Audit.Leaves)...)
	for _, e := range got.Extra {
		out.Beside = append(out.Beside, client.Beside{
			Name: e.Name.String(), Title: s.CalledShort(e.Name), Records: groupShown(s, got.Measure, e.Records),
			Proven: !slices.Contains(got.Audit.Unproven, e.Name),
		})
	}
	groups, whole := measureShown(s, got.Measure, got.Groups)
	out.Groups, out.Whole = append(out.Groups, groups...), whole
	for _, l := range got.Audit.Nobodys {
		out.Nobodys = append(out.Nobodys, client.Lie{By: l.By.String(), Kind: client.NobodysKey, About: l.About.String()})
	}
	out.Lies, out.Again, out.Themselves = liesShown(got.Audit.Lies), namesOf(got.Audit.Again), namesOf(got.Audit.Themselves)
	a := got.Audit
	out.Titles = s.Titles(a.Hops, a.Leaves, a.Unseen, a.Again, a.Themselves, liars(a.Nobodys), liars(a.Lies))
	return out
}

// coverageShown writes how many members answered, and which did not and why.
func coverageShown(s *standing.Standing, c gather.Coverage, l text.Lang) client.FederatedAnswer {
	out := client.FederatedAnswer{
		Groups: []client.Group{}, Members: c.Members, Answered: c.In[gather.Answered], States: map[string]uint64{},
		Missing: []client.MissingMember{}, Roster: s.Current().Number(), Audited: []string{},
	}
	for _, state := range gather.States() {
		out.States[state.String()] = c.In[state]
	}
	for _, m := range c.Missing {
		out.Missing = append(out.Missing, missingShown(s, m, l))
	}
	for _, left := range c.LeftOut {
		out.LeftOut = append(out.LeftOut, client.LeftOut{
			Name: left.Name.String(), Title: s.CalledShort(left.Name), Incomparable: left.Incomparable, Unreadable: left.Unreadable, Of: left.Of,
		})
	}
	return out
}

// missingFor returns the name of the jurisdiction because of which a member is missing: where a
// refusal names two, the other one is who refuses or who asks.
func missingFor(args text.Args) string {
	if _, err := identity.ParseJurisdiction(args["name"]); err == nil {
		return args["name"]
	}
	return args["jurisdiction"]
}

// missingShown writes why a member is missing. The sentence is left out where the state alone says
// it: for a member that was late, or that has no such dataset.
func missingShown(s *standing.Standing, m gather.Missing, l text.Lang) client.MissingMember {
	out := client.MissingMember{
		Name: m.Name.String(), Title: s.CalledShort(m.Name), State: m.State.String(), By: s.CalledShort(m.By), Itself: m.By == m.Name,
	}
	told := failure.Heard(&relay.Problem{At: m.By, Code: m.Code, Args: m.Args}, nil)
	if m.Code > 0 {
		out.Code = string(told.Code)
	}
	if m.Code > 0 && told.Code != text.Late && told.Code != text.UnknownDataset {
		out.Why = text.T(l, told.Code, s.Worded(told.Args))
	}
	if about, err := identity.ParseJurisdiction(missingFor(told.Args)); err == nil && about != m.Name && m.Name.Under(about) && m.By != about {
		out.Above = s.CalledShort(about)
	}
	if m.Heard > 0 {
		out.LastHeard = stampMS(m.Heard)
	}
	return out
}
