package api

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/node/faces/client"
	"xietong/node/flows/federated"
	"xietong/node/ground/text"
	"xietong/node/tree/standing"
)

// ofQuestion is a request about the question that an entry records.
type ofQuestion struct {
	Listed
	Asked   string `query:"asked" maxLength:"300" doc:"Index, or NAME/log/EPOCH/INDEX, of the entry that records the question; empty: all"`
	Outcome string `query:"outcome" enum:"open,audited,lied,withheld,unproven,unreached,answered,gone,not-asked,not-up,declined,silent" doc:"Only those that ended so; open: only those that are asked again"`
	Search  string `query:"search" maxLength:"100" doc:"Only those whose jurisdiction has this in its name, or in what people call it"`
}

func (s *server) registerAudits(a huma.API) {
	handle(s, a, get("audits", "/v1/audits", "What became of questions to many after they were answered: what is open, and then what was found, the latest first"), audits)
}

// audits tells an agency of its own questions, and an administrator of all. What is open stands in
// the list as a finding without an outcome.
func audits(ctx context.Context, h Hosted, in *ofQuestion) (out client.Audits, err error) {
	asked, err := h.questionAt(ctx, in.Asked)
	if err != nil {
		return out, err
	}
	got, err := h.Federated.Account(ctx, in.by(), asked)
	if err != nil {
		return out, err
	}
	language := text.FromAcceptLanguage(in.Language)
	w := whole[client.Finding]{
		Hosted: h, Listed: in.Listed, name: "audits " + in.Agency, filter: []string{asked.String(), in.Outcome, in.Search}, id: findingID,
		keep: []func(client.Finding) bool{
			func(f client.Finding) bool {
				return matches(in.Outcome, cmp.Or(f.Outcome, askedAgain)) && finds(in.Search, f.Name, f.Title)
			},
		},
	}
	for _, p := range got.Open {
		w.all = append(w.all, client.Finding{OpenPoint: pointShown(h.Standing, p, language)})
	}
	out.Open, out.Findings, out.Titles = []client.OpenPoint{}, []client.Finding{}, map[string]string{}
	for _, f := range got.Findings {
		w.all = append(w.all, findingShown(h.Standing, f, language))
		maps.Copy(out.Titles, h.Standing.Titles(liars(f.Lies)))
	}
	rows, cursor, err := w.page()
	for _, f := range rows {
		if f.Outcome == "" {
			out.Open = append(out.Open, f.OpenPoint)
		} else {
			out.Findings = append(out.Findings, f)
		}
	}
	out.Cursor = cursor
	return out, err
}

// askedAgain stands for the outcome of what is asked again.
const askedAgain = "open"

// findingID puts what is open first, the oldest of it before, and then what was found, the latest
// before.
func findingID(f client.Finding) string {
	of := strings.Join([]string{f.Asked, f.Name, f.By}, " ")
	if f.Outcome == "" {
		return "0 " + f.Since + " " + of
	}
	entry, _ := identity.ParseEntry(f.Entry) // it was made here
	return fmt.Sprintf("1 %020d %s", math.MaxUint64-entry.Index(), of)
}

// kindAsked is the name of the kind of entry that records a question (docs/protocol.md).
const kindAsked = "asked"

// questionAt returns the entry that a text names, by its index or its whole name; zero where the
// text is empty. It is an entry of this jurisdiction that records a question.
func (h Hosted) questionAt(ctx context.Context, named string) (asked identity.Entry, err error) {
	if named == "" {
		return asked, nil
	}
	names := h.Ledger.Names()
	if index, failed := strconv.ParseUint(named, 10, 62); failed == nil {
		named = names.Entry(index).String()
	}
	if asked, err = identity.ParseEntry(named); err != nil {
		return asked, err
	}
	notOne := text.Fail(text.NotAQuestion, text.Args{"entry": named, "jurisdiction": h.Ledger.Name().String()}, nil)
	if !names.Has(asked) {
		return asked, notOne
	}
	e, err := h.Ledger.Entry(ctx, asked.Index())
	if err != nil {
		return asked, h.noEntry(asked.Index(), err)
	}
	if e.Leaf.Head.Kind.String() != kindAsked {
		return asked, notOne
	}
	return asked, nil
}

// liars returns everybody whom the findings name.
func liars(lies []gather.Lie) (all []identity.Jurisdiction) {
	for _, l := range lies {
		all = append(all, l.By, l.About)
	}
	return all
}

func pointShown(s *standing.Standing, p federated.Point, l text.Lang) client.OpenPoint {
	out := client.OpenPoint{
		Asked: p.Asked.String(), Agency: p.Agency.String(), Name: p.Hop.String(), Title: s.CalledShort(p.Hop),
		Since: stamp(p.Since), Until: stamp(p.Until),
	}
	if !p.By.IsZero() {
		out.By, out.Itself, out.State = s.CalledShort(p.By), p.By == p.Hop, p.State.String()
	}
	if p.Said != nil {
		out.Said = text.T(l, p.Said.Code, s.Worded(p.Said.Args))
	}
	return out
}

func findingShown(s *standing.Standing, f federated.Finding, l text.Lang) client.Finding {
	out := client.Finding{
		OpenPoint: pointShown(s, f.Point, l), Outcome: string(f.Outcome), At: stamp(f.At), Entry: f.Entry.String(), Lies: liesShown(f.Lies),
	}
	if f.Why != nil {
		out.Why = text.T(l, f.Why.Code, s.Worded(f.Why.Args))
	}
	return out
}

func liesShown(lies []gather.Lie) (out []client.Lie) {
	for _, lie := range lies {
		out = append(out, client.Lie{By: lie.By.String(), Kind: string(lie.Kind), About: lie.About.String(), Proven: lie.Kind.Proven()})
	}
	return out
}
