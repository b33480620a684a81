package api

import (
	"context"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/faces/client"
	"xietong/node/flows/reform"
	"xietong/node/ground/text"
)

// The requests about what ends and moves inside the jurisdiction. What a POST would do, the GET of
// the same path tells.
type (
	withdrawDataset struct {
		OfDataset
		Body client.Withdrawing
	}
	planMove struct {
		Caller
		Datasets []string `query:"datasets" maxItems:"1000" doc:"Codes of the datasets, with commas between them"`
		Into     string   `query:"into" maxLength:"63" doc:"Code of the agency that takes over"`
	}
	moveDatasets struct {
		Caller
		Body client.Moving
	}
	// OfAgency is a request about one agency.
	OfAgency struct {
		Caller
		Code string `path:"code" maxLength:"63" doc:"Code of the agency"`
	}
	planAgencyEnd struct {
		OfAgency
		Into       string `query:"into" maxLength:"63" doc:"Code of the agency that takes over; empty: none does"`
		DropGrants bool   `query:"drop_grants" doc:"Whether grants that it holds end with it, although nobody takes over"`
	}
	endAgency struct {
		OfAgency
		Body client.EndOfAgency
	}
	renameAgency struct {
		OfAgency
		Body client.Renaming
	}
)

func (s *server) registerReform(a huma.API) {
	handle(s, a, get("plan-withdrawal", "/v1/datasets/{code}/withdrawal", "What withdrawing a dataset would do"), plannedWithdrawal)
	handle(s, a, post("withdraw-dataset", "/v1/datasets/{code}/withdrawal", "Take a dataset out of the catalogue, and end its grants"), withdrawnDataset)
	handle(s, a, get("plan-standard-withdrawal", "/v1/standards/{code}/withdrawal", "What withdrawing a standard entry would do"), plannedStandardWithdrawal)
	handle(s, a, post("withdraw-standard", "/v1/standards/{code}/withdrawal", "Take a standard entry back"), withdrawnStandard)
	handle(s, a, get("plan-move", "/v1/moves", "What moving datasets to another agency would do"), plannedMove)
	handle(s, a, post("move-datasets", "/v1/moves", "Move datasets to another agency of the jurisdiction"), movedDatasets)
	handle(s, a, get("plan-agency-end", "/v1/agencies/{code}/end", "What ending an agency would do"), plannedAgencyEnd)
	handle(s, a, post("end-agency", "/v1/agencies/{code}/end", "End an agency, or merge it into another one"), endedAgency)
	handle(s, a, post("rename-agency", "/v1/agencies/{code}/title", "Give an agency another title"), renamedAgency)
}

// endedShown tells how something ended; what is held did not.
func endedShown(e *catalog.Ending) *client.Ended {
	if !e.Ended() {
		return nil
	}
	return &client.Ended{At: stamp(e.At), Reason: e.Reason, Into: e.Into.String(), Entry: e.Entry.String()}
}

// heldFor names the lost entry for which something is held; "": it is not.
func heldFor(e *catalog.Ending) string {
	if e == nil || e.Ended() {
		return ""
	}
	return e.Lost.String()
}

func endPlanShown(p reform.Plan) client.EndPlan {
	out := client.EndPlan{
		Hash: p.Hash, From: []client.NamedOne{}, Datasets: affectedShown(p.Datasets), Standards: affectedShown(p.Standards),
		Ending: p.Ending, Ends: []client.HeldEnd{}, Lasting: p.Lasting, Questions: p.Questions,
	}
	for _, from := range p.From {
		out.From = append(out.From, namedShown(from))
	}
	if !p.Into.Code.IsZero() {
		into := namedShown(p.Into)
		out.Into = &into
	}
	for _, g := range p.Ends {
		end := client.HeldEnd{Grant: g.Grant.String(), Dataset: g.Dataset.String(), Consumer: g.Consumer.String(), Purpose: g.Purpose.String()}
		if g.Endless {
			end.Consumer = ""
		}
		out.Ends = append(out.Ends, end)
	}
	return out
}

func namedShown(a catalog.Agency) client.NamedOne {
	return client.NamedOne{Code: a.Code.String(), Title: a.Title}
}

func affectedShown(all []reform.Affected) []client.Affected {
	out := []client.Affected{}
	for _, a := range all {
		out = append(out, client.Affected{Code: a.Code.String(), Title: a.Title, Agency: a.Agency.String(), Version: a.Version, Records: a.Records, Withdrawn: a.Withdrawn})
	}
	return out
}

func endDone(d reform.Done, err error) (client.EndDone, error) {
	return client.EndDone{EndPlan: endPlanShown(d.Plan), Entry: d.Entry.String()}, err
}

func plannedWithdrawal(ctx context.Context, h Hosted, in *OfDataset) (out client.EndPlan, err error) {
	code, err := h.datasetCode(in.Code)
	if err != nil {
		return out, err
	}
	p, err := h.Reform.PlanWithdrawal(ctx, in.by(), code)
	return endPlanShown(p), err
}

func withdrawnDataset(ctx context.Context, h Hosted, in *withdrawDataset) (out client.EndDone, err error) {
	return withdrawing(h, in, func(id identity.Message, code identity.Label) (reform.Done, error) {
		return h.Reform.Withdraw(ctx, id, in.by(), code, reform.Agreed{Plan: in.Body.Plan, Reason: in.Body.Reason})
	})
}

// withdrawing reads a request to take something back, and does it.
func withdrawing(h Hosted, in *withdrawDataset, do func(identity.Message, identity.Label) (reform.Done, error)) (out client.EndDone, err error) {
	id, err := in.key()
	if err != nil {
		return out, err
	}
	code, err := h.datasetCode(in.Code)
	if err != nil {
		return out, err
	}
	return endDone(do(id, code))
}

func plannedStandardWithdrawal(ctx context.Context, h Hosted, in *OfDataset) (out client.EndPlan, err error) {
	code, err := h.datasetCode(in.Code)
	if err != nil {
		return out, err
	}
	p, err := h.Reform.PlanStandard(ctx, in.by(), code)
	return endPlanShown(p), err
}

func withdrawnStandard(ctx context.Context, h Hosted, in *withdrawDataset) (client.EndDone, error) {
	return withdrawing(h, in, func(id identity.Message, code identity.Label) (reform.Done, error) {
		return h.Reform.WithdrawStandard(ctx, id, in.by(), code, reform.Agreed{Plan: in.Body.Plan, Reason: in.Body.Reason})
	})
}

// codes reads the codes of datasets that are to move.
func (h Hosted) codes(named []string) (codes []identity.Label, err error) {
	for _, name := range named {
		code, err := h.datasetCode(name)
		if err != nil {
			return nil, err
		}
		codes = append(codes, code)
	}
	return codes, nil
}

func plannedMove(ctx context.Context, h Hosted, in *planMove) (out client.EndPlan, err error) {
	codes, err := h.codes(in.Datasets)
	if err != nil {
		return out, err
	}
	p, err := h.Reform.PlanMove(ctx, in.by(), codes, in.Into)
	return endPlanShown(p), err
}

func movedDatasets(ctx context.Context, h Hosted, in *moveDatasets) (out client.EndDone, err error) {
	id, err := in.key()
	if err != nil {
		return out, err
	}
	codes, err := h.codes(in.Body.Datasets)
	if err != nil {
		return out, err
	}
	return endDone(h.Reform.Move(ctx, id, in.by(), codes, in.Body.Into, reform.Agreed{Plan: in.Body.Plan}))
}

// agencyCode parses the code of an agency; a text that is no label is that of none.
func (h Hosted) agencyCode(s string) (identity.Label, error) {
	code, err := identity.ParseLabel(s)
	if err != nil {
		args := text.Args{"agency": text.Short(s), "jurisdiction": h.Ledger.Name().String(), "agencies": ""}
		return code, text.Fail(text.UnknownAgency, args, err)
	}
	return code, nil
}

func plannedAgencyEnd(ctx context.Context, h Hosted, in *planAgencyEnd) (out client.EndPlan, err error) {
	code, err := h.agencyCode(in.Code)
	if err != nil {
		return out, err
	}
	p, err := h.Reform.PlanEnd(ctx, in.by(), reform.Order{Agency: code, Into: in.Into, Drop: in.DropGrants})
	return endPlanShown(p), err
}

func endedAgency(ctx context.Context, h Hosted, in *endAgency) (out client.EndDone, err error) {
	id, err := in.key()
	if err != nil {
		return out, err
	}
	code, err := h.agencyCode(in.Code)
	if err != nil {
		return out, err
	}
	o := reform.Order{Agency: code, Into: in.Body.Into, Drop: in.Body.DropGrants}
	return endDone(h.Reform.End(ctx, id, in.by(), o, reform.Agreed{Plan: in.Body.Plan, Reason: in.Body.Reason}))
}

func renamedAgency(ctx context.Context, h Hosted, in *renameAgency) (out client.Agency, err error) {
	id, err := in.key()
	if err != nil {
		return out, err
	}
	code, err := h.agencyCode(in.Code)
	if err != nil {
		return out, err
	}
	listed, err := catalog.RenameAgency(ctx, h.Ledger, id, catalog.Agency{Code: code, Title: strings.TrimSpace(in.Body.Title)})
	if err != nil {
		return out, err
	}
	return h.withTwin(ctx, listed)
}

// withTwin shows an agency that was just added or renamed, with another one of its title.
func (h Hosted) withTwin(ctx context.Context, l catalog.Listed) (out client.Agency, err error) {
	out = h.agency(l)
	err = h.Ledger.View(ctx, func(r *state.Reader) error {
		all, err := catalog.Agencies(r)
		out.Twin = catalog.SameTitle(all, l.Agency).String()
		return err
	})
	return out, err
}
