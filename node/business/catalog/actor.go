package catalog

import (
	"cmp"
	"slices"
	"strings"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// Actor is the agency that acts: an agency of this jurisdiction, by the code that a person typed,
// or an agency of another jurisdiction, whose signature was verified.
type Actor struct {
	named  string
	agency identity.Agency
}

// Local returns the actor for the agency of this jurisdiction with the code named. "" stands for
// the only agency that the jurisdiction has.
func Local(named string) Actor { return Actor{named: named} }

// Foreign returns the actor for an agency of another jurisdiction. For an agency of this
// jurisdiction, Resolve checks that it exists.
func Foreign(agency identity.Agency) Actor { return Actor{agency: agency} }

// Resolve returns the agency, for what is written or asked in its name. An agency of another
// jurisdiction is returned as it is. Refusals: text.NoAgency where this jurisdiction has no agency,
// text.AgencyNeeded where no code is given and there are several agencies, text.UnknownAgency where
// no agency has the code. The last two list the agencies that there are. text.AgencyEnded or
// text.AgencyMerged where it ended.
func (a Actor) Resolve(r *state.Reader) (identity.Agency, error) {
	agency, err := a.Reads(r)
	if err == nil && agency.Jurisdiction() == r.Log().Jurisdiction() {
		_, err = living(r, agency.Code())
	}
	return agency, err
}

// Reads is Resolve for what is only read: of an agency that ended, too, for what it leaves stays
// readable under its own code, and belongs to nobody else.
func (a Actor) Reads(r *state.Reader) (identity.Agency, error) {
	in := r.Log().Jurisdiction()
	if !a.agency.IsZero() && a.agency.Jurisdiction() != in {
		return a.agency, nil
	}
	named := a.named
	if !a.agency.IsZero() {
		named = a.agency.Code().String()
	}
	code, err := known(r, named)
	return identity.NewAgency(in, code), err
}

// Provider returns the code of the acting agency if it is the provider of the dataset; the zero
// provider stands for any agency of this jurisdiction. Every other actor is refused as
// text.NotProvider: an agency of another jurisdiction is never the provider, also if it has its
// code. Other refusals are those of Resolve.
func (a Actor) Provider(r *state.Reader, dataset, provider identity.Label) (identity.Label, error) {
	in := r.Log().Jurisdiction()
	acting, err := a.Resolve(r)
	if err != nil {
		return acting.Code(), err
	}
	told := acting.Code().String()
	if acting.Jurisdiction() != in {
		told = acting.String()
	}
	if acting.Jurisdiction() != in || !provider.IsZero() && acting.Code() != provider {
		return acting.Code(), text.Fail(text.NotProvider, text.Args{
			"agency": told, "dataset": dataset.String(), "provider": cmp.Or(provider.String(), in.String()),
		}, nil)
	}
	return acting.Code(), nil
}

// Asks returns the agency that asks for what is its own, also if it ended, and whether an
// administrator of this jurisdiction asks. Until people sign in, an actor that names no agency is
// an administrator; it also acts for the only agency, where there is only one. Other refusals are
// those of Reads.
func (a Actor) Asks(r *state.Reader) (agency identity.Agency, administrator bool, err error) {
	administrator = a == Actor{}
	agency, err = a.Reads(r)
	if administrator && failure.Is(err, text.NoAgency, text.AgencyNeeded) {
		return identity.Agency{}, true, nil
	}
	return agency, administrator, err
}

// known returns the code of the agency of this jurisdiction that named stands for; see Reads.
func known(r *state.Reader, named string) (code identity.Label, err error) {
	if code, err = identity.ParseLabel(named); err == nil {
		if _, ok := agencyAt(r, code); ok {
			return code, nil
		}
	}
	return only(r, named)
}

// only returns the one agency that there is for somebody who names none, and refuses everybody else
// with the agencies that there are.
func only(r *state.Reader, named string) (code identity.Label, err error) {
	all, err := Agencies(r)
	if err != nil {
		return code, err
	}
	all = slices.DeleteFunc(all, func(l Listed) bool { return l.Ended != nil })
	codes := make([]string, len(all))
	for i, l := range all {
		codes[i] = l.Code.String()
	}
	args := text.Args{"jurisdiction": r.Log().Jurisdiction().String(), "agencies": strings.Join(codes, ", ")}
	switch {
	case named == "" && len(all) == 1:
		return all[0].Code, nil
	case len(all) == 0:
		return code, text.Fail(text.NoAgency, text.Args{"jurisdiction": args["jurisdiction"]}, nil)
	case named == "":
		return code, text.Fail(text.AgencyNeeded, args, nil)
	}
	args["agency"], args["titled"] = text.Short(named), ""
	for _, l := range all {
		if l.Title == named {
			args["titled"] = l.Code.String()
		}
	}
	return code, text.Fail(text.UnknownAgency, args, nil)
}

// For returns the actor itself or, for one that names no agency, the agency: who runs the
// jurisdiction acts for the one that a thing belongs to.
func (a Actor) For(agency identity.Label) Actor {
	if (a == Actor{}) {
		return Local(agency.String())
	}
	return a
}
