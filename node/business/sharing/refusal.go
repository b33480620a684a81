package sharing

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/failure"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

// refusal turns a verdict into the failure that tells it to the asker. by is the revocation that
// keeps the consumer from a grant by rule.
func refusal(names state.Names, q Request, g *Grant, by ledger.Ref, v policy.Verdict) error {
	code, named := refusals[v]
	if !named {
		return fmt.Errorf("decide use: verdict %d has no sentence", v)
	}
	args := text.Args{
		"dataset": q.Dataset.String(), "purpose": text.Short(q.Purpose), "purposes": strings.Join(q.Offer.Purposes, ", "),
		"provider": q.Offer.Provider.Code().String(), "name": names.Log().Jurisdiction().String(), "jurisdiction": q.Consumer.Jurisdiction().String(),
		"citation": q.Offer.Citation, "measure": q.Measure.String(), "give": giving(q.Offer.Provider, q.Consumer, q.Dataset, q.Purpose, q.Fields),
	}
	switch v {
	case policy.UnknownField:
		args["field"], args["fields"] = text.Short(strings.Join(without(q.Fields, q.Offer.Fields), ", ")), strings.Join(q.Offer.Fields, ", ")
	case policy.MeasureNotOffered:
		args["offered"] = Offered(q.Offer.Measures, q.Offer.GroupBy)
	case policy.NoGrantByRule:
		args["entry"] = by.In(names).String()
		if by == q.Held {
			code, args["jurisdiction"], args["entry"] = text.RulesHeld, names.Log().Jurisdiction().String(), q.Lost
		}
	}
	if g != nil {
		maps.Copy(args, endedTold(names, *g, q.Offer.Provider))
		args["entry"] = g.Revoked.In(names).String()
	}
	if v == policy.FieldNotGranted {
		missing := without(q.Fields, g.Fields)
		args["field"], args["fields"] = strings.Join(missing, ", "), strings.Join(g.Fields, ", ")
		args["give"] = giving(q.Offer.Provider, q.Consumer, q.Dataset, q.Purpose, slices.Concat(g.Fields, missing))
	}
	if v == policy.GrantRevoked && g.Endless {
		return text.Fail(text.EndlessRevoked, g.endlessRevoked(names, q.Offer.Provider.Code()), nil)
	}
	if v == policy.MeasureNotGranted {
		args["give"] = giving(q.Offer.Provider, q.Consumer, q.Dataset, q.Purpose, g.Fields)
	}
	return text.Fail(code, text.Named(code, text.Values(code, args)), nil)
}

// refusals are the codes of the verdicts.
var refusals = map[policy.Verdict]text.Code{
	policy.NoPurpose: text.PurposeNeeded, policy.UnknownPurpose: text.UnknownPurpose, policy.UnknownField: text.UnknownField,
	policy.ForbiddenByLaw: text.NotShared, policy.NeedsGrant: text.GrantNeeded, policy.GrantRevoked: text.GrantRevoked,
	policy.MeasureNotOffered: text.MeasureNotOffered, policy.FieldNotGranted: text.FieldNotGranted, policy.GrantExpired: text.GrantExpired,
	policy.NoGrantByRule: text.NoGrantByRule, policy.MeasureNotGranted: text.MeasureNotGranted, policy.NotRenewable: text.NotRenewable,
	policy.GrantEnded: text.GrantEnded,
}

// giving returns the command with which the provider gives the grant of these fields: a command
// that names none gives all that there are, and all that come later. So it does where they are more
// than a grant names.
func giving(provider, consumer identity.Agency, dataset identity.Label, purpose string, fields []string) string {
	if len(strings.Join(fields, ",")) > MaxFieldsLen {
		fields = nil
	}
	return failure.Give{Dataset: dataset, Consumer: consumer, Provider: provider, Purpose: purpose, Fields: fields}.String()
}

// endlessRevoked returns the values of text.EndlessRevoked.
func (g Grant) endlessRevoked(names state.Names, provider identity.Label) text.Args {
	return text.Args{
		"dataset": g.Dataset.String(), "grant": g.Name(names).String(), "entry": g.Revoked.In(names).String(), "provider": provider.String(),
		"name": names.Log().Jurisdiction().String(), "index": strconv.FormatUint(g.Index, 10),
	}
}

// revokedTold returns the refusal of a use under a grant that was revoked.
func revokedTold(names state.Names, g Grant, provider identity.Label, consumer identity.Agency) (text.Code, text.Args) {
	if g.Endless {
		return text.EndlessRevoked, g.endlessRevoked(names, provider)
	}
	return text.GrantRevoked, text.Args{
		"dataset": g.Dataset.String(), "grant": g.Name(names).String(), "entry": g.Revoked.In(names).String(), "provider": provider.String(),
		"name": names.Log().Jurisdiction().String(), "give": giving(identity.NewAgency(names.Log().Jurisdiction(), provider), consumer, g.Dataset, g.Purpose.String(), g.Fields),
	}
}

// endedTold returns the values of text.GrantExpired and text.GrantEnded.
func endedTold(names state.Names, g Grant, provider identity.Agency) text.Args {
	return text.Args{
		"dataset": g.Dataset.String(), "grant": g.Name(names).String(), "until": told(g.Until), "provider": provider.Code().String(),
		"name": names.Log().Jurisdiction().String(), "renew": failure.Renew(g.Index, provider),
	}
}

// endedBy returns the refusal of a use whose grant has ended when it is recorded: the time of the
// decision is that of the newest entry, which may be long ago. Whoever brought an application sends
// it again.
func endedBy(o policy.Offer, g *Grant, use policy.Use) text.Code {
	use.At = g.Until
	if v := policy.Decide(o, g.permission(), use); v != policy.NeedsApplication {
		return refusals[v]
	}
	return text.PolicyMoved
}

// Offered lists the functions that an entry offers for each field, and the fields to group by, such
// as "income: sum, average; by sex, township"; "" where there is neither.
func Offered(measures map[string][]string, by []string) string {
	var parts []string
	for _, field := range slices.Sorted(maps.Keys(measures)) {
		parts = append(parts, field+": "+strings.Join(measures[field], ", "))
	}
	if len(by) > 0 {
		parts = append(parts, "by "+strings.Join(by, ", "))
	}
	return strings.Join(parts, "; ")
}

// without returns the texts that are in some and not in known.
func without(some, known []string) (missing []string) {
	for _, s := range some {
		if !slices.Contains(known, s) {
			missing = append(missing, s)
		}
	}
	return missing
}
