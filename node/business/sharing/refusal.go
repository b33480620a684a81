package sharing

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"xietong/certs/identity"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

// refusal turns a verdict into the failure that tells it to the asker.
func refusal(log identity.Log, q Request, g *Grant, v policy.Verdict) error {
	dataset, purposes := q.Dataset.String(), strings.Join(q.Offer.Purposes, ", ")
	switch v {
	case policy.NoPurpose:
		return text.Fail(text.PurposeNeeded, text.Args{"dataset": dataset, "purposes": purposes}, nil)
	case policy.UnknownPurpose:
		return text.Fail(text.UnknownPurpose, text.Args{"dataset": dataset, "purpose": text.Short(q.Purpose), "purposes": purposes}, nil)
	case policy.UnknownField:
		fields := strings.Join(q.Offer.Fields, ", ")
		return text.Fail(text.UnknownField, text.Args{"dataset": dataset, "field": text.Short(unlisted(q)), "fields": fields}, nil)
	case policy.ForbiddenByLaw:
		return text.Fail(text.NotShared, text.Args{"dataset": dataset, "citation": q.Offer.Citation}, nil)
	case policy.NeedsGrant:
		return text.Fail(text.GrantNeeded, text.Args{"dataset": dataset, "provider": q.Offer.Provider.Code().String()}, nil)
	case policy.GrantRevoked:
		return text.Fail(text.GrantRevoked, text.Args{
			"dataset": dataset, "grant": g.Name(log).String(), "entry": g.Revoked.In(log).String(),
		}, nil)
	case policy.MeasureNotOffered:
		return text.Fail(text.MeasureNotOffered, text.Args{
			"dataset": dataset, "measure": q.Measure.String(), "offered": Offered(q.Offer.Measures, q.Offer.GroupBy),
		}, nil)
	case policy.FieldNotGranted:
		return text.Fail(text.FieldNotGranted, text.Args{
			"dataset": dataset, "grant": g.Name(log).String(), "field": strings.Join(q.Fields, ", "),
			"fields": strings.Join(g.permission().Fields, ", "),
		}, nil)
	case policy.GrantExpired:
		return text.Fail(text.GrantExpired, text.Args{
			"dataset": dataset, "grant": g.Name(log).String(), "until": dayOf(g.Until),
		}, nil)
	}
	return fmt.Errorf("decide use: verdict %d has no sentence", v)
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

// unlisted returns the first requested field that the catalogue does not list.
func unlisted(q Request) string {
	known := make(map[string]bool, len(q.Offer.Fields))
	for _, f := range q.Offer.Fields {
		known[f] = true
	}
	for _, f := range q.Fields {
		if !known[f] {
			return f
		}
	}
	return ""
}
