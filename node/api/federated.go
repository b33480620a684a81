package api

import (
	"cmp"
	"context"
	"strings"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/node/calls"
	"xietong/node/client"
	"xietong/node/roster"
	"xietong/node/text"
)

type askFederated struct {
	Caller
	Body client.FederatedQuery
}

// selectorOf reads whom a person asks: the name behind the stars may be whatever people call it.
func (h Hosted) selectorOf(at, level string) (gather.Selector, error) {
	stars, named, _ := strings.Cut(at, ".")
	malformed := func(err error) error {
		return text.Fail(text.SelectorMalformed, text.Args{"selector": text.Short(at)}, err)
	}
	if stars != "*" && stars != "**" || named == "" {
		return gather.Selector{}, malformed(nil)
	}
	below, err := h.jurisdictionAt(named)
	if err != nil {
		return gather.Selector{}, malformed(err)
	}
	if below.IsZero() {
		below = h.Host.Name()
	}
	return gather.Selector{Below: below, Deep: stars == "**", Level: level}, nil
}

func federated(ctx context.Context, h Hosted, in *askFederated) (client.FederatedAnswer, error) {
	q := in.Body
	u, err := h.using(ctx, in.Caller, "", q.Dataset)
	if err != nil {
		return client.FederatedAnswer{}, err
	}
	selector, err := h.selectorOf(q.At, q.Level)
	if err != nil {
		return client.FederatedAnswer{}, err
	}
	if selector.Level == "" && selector.Deep {
		selector.Level = h.standardLevel(ctx, in.Caller, selector.Below, u.dataset)
	}
	level, field := h.grouping(q.By)
	got, err := h.Calls.Gather(ctx, u.id, u.consumer.Code(), calls.Wide{
		Question: gather.Question{Selector: selector, By: level}, Field: field, Dataset: u.dataset, Where: q.Where, Filter: q.Filter,
		Purpose: q.Purpose, Application: application(q.Use), Audit: q.Audit,
		Wait: time.Duration(q.Wait) * time.Second,
	})
	if err != nil {
		return client.FederatedAnswer{}, err
	}
	return h.federatedAnswer(got, level != "", text.FromAcceptLanguage(in.Language)), nil
}

// grouping says whether the number is told by the places of a level, or by the values of a field.
func (h Hosted) grouping(by string) (level, field string) {
	for _, p := range h.Roster.Current().Places() {
		if p.Level == by {
			return by, ""
		}
	}
	return "", by
}

// standardLevel returns the level that the standard entry of the dataset is for, as whoever is asked first has set it; "" where
// there is none.
func (h Hosted) standardLevel(ctx context.Context, c Caller, setter identity.Jurisdiction, dataset identity.Label) string {
	if setter != h.Host.Name() {
		s, err := h.standard(ctx, c, setter, dataset)
		if err != nil {
			return ""
		}
		return s.Level
	}
	all, err := h.ownStandards(ctx)
	for _, s := range all {
		if err == nil && s.Code == dataset.String() {
			return s.Level
		}
	}
	return ""
}

func (h Hosted) federatedAnswer(got calls.Gathered, byPlace bool, l text.Lang) client.FederatedAnswer {
	r := h.Roster.Current().Roster
	out := h.coverageOf(got.Coverage(), l)
	out.Total, out.Roster, out.Access, out.Asked = got.Total(), got.Roster.Number, got.Access.String(), got.Asked.String()
	out.Audited, out.Unseen = namesOf(got.Audit.Hops), namesOf(got.Audit.Unseen)
	for _, g := range got.Groups {
		shown := client.FederatedGroup{Count: g.Count, Suppressed: g.Suppressed}
		switch {
		case byPlace && len(g.Values) > 0:
			shown.Place, shown.Title = g.Values[0], shortName(r, g.Values[0])
		case len(g.Values) > 0:
			shown.Value = g.Values[0]
		case !g.Suppressed:
			continue // one number, which the total tells
		}
		out.Groups = append(out.Groups, shown)
	}
	for _, lie := range got.Audit.Lies {
		out.Lies = append(out.Lies, client.Lie{
			By: lie.By.String(), Kind: string(lie.Kind), About: lie.About.String(), Proven: lie.Kind.Proven(),
		})
	}
	return out
}

// coverageOf tells who answered, and who did not.
func (h Hosted) coverageOf(c gather.Coverage, l text.Lang) client.FederatedAnswer {
	current := h.Roster.Current()
	out := client.FederatedAnswer{
		Groups: []client.FederatedGroup{}, Members: c.Members, Answered: c.In[gather.Answered], States: map[string]uint64{},
		Missing: []client.MissingMember{}, Extra: namesOf(c.Extra), Roster: current.Number(), Audited: []string{},
	}
	for _, s := range gather.States() {
		out.States[s.String()] = c.In[s]
	}
	for _, m := range c.Missing {
		out.Missing = append(out.Missing, missingMember(m, current.Roster, l))
	}
	return out
}

// missingMember tells why somebody is missing. Where no link leads there, the time was up, or there is no such dataset, the
// state says it.
func missingMember(m gather.Missing, r *roster.Roster, l text.Lang) client.MissingMember {
	out := client.MissingMember{
		Name: m.Name.String(), Title: shortName(r, m.Name.String()), State: m.State.String(), By: shortName(r, m.By.String()),
	}
	if code := text.ByNumber(m.Code); m.Code > 0 && code != text.Late && code != text.UnknownDataset {
		out.Why = text.T(l, code, called(text.Named(code, m.Args)))
	}
	if m.Heard > 0 {
		out.LastHeard = time.UnixMilli(int64(m.Heard)).UTC().Format(time.RFC3339)
	}
	return out
}

func namesOf(all []identity.Jurisdiction) []string {
	names := make([]string, len(all))
	for i, name := range all {
		names[i] = name.String()
	}
	return names
}

// shortName returns what people call a place for short, or its name where the roster does not have it.
func shortName(r *roster.Roster, name string) string {
	j, err := identity.ParseJurisdiction(name)
	if err != nil {
		return name
	}
	p, _ := r.Of(j)
	return cmp.Or(p.ShortName, p.DisplayName, name)
}
