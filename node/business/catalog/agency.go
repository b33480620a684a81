package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// The commands of this room. Their numbers are those of docs/protocol.md.
const (
	commandAgencyAdd       book.Command[agencyAdd, ledger.Ref]          = 3
	commandDatasetPublish  book.Command[Publication, PublicationResult] = 4
	commandStandardPublish book.Command[standardPublish, ledger.Ref]    = 21
)

// Register adds this room's commands. changed tells the handlers what last changed the records of a
// dataset, inside the same transaction.
func Register(r *state.Registry, changed ChangedOf) {
	agencies.Keep(r)
	agencyList.Keep(r)
	catalogue.Keep(r)
	setStandards.Keep(r)
	commandAgencyAdd.Handle(r, applyAgencyAdd)
	commandDatasetPublish.Handle(r, func(tx *state.Tx, b Publication) (PublicationResult, error) { return ApplyPublication(tx, b, changed) })
	commandStandardPublish.Handle(r, applyStandardPublish)
}

// AgencyType is the content type of an agency's payload, the JSON of Agency.
const AgencyType = "application/json"

type agencyAdd struct {
	_         struct{} `cbor:",toarray"`
	Code      identity.Label
	Title     string
	Statement book.Statement
}

// keptAgency is the value that the agencies bucket has under the code of an agency. An agency is no
// person: its title is public.
type keptAgency struct {
	_     struct{} `cbor:",toarray"`
	Entry ledger.Ref
	Title string
}

var agencies = book.Bucket[keptAgency]{Name: "agencies", Max: 1 << 10}

// Listed is an agency with the entry that added it.
type Listed struct {
	Agency
	Entry identity.Entry
}

// Validate checks that the agency has a code, and a title of 1 to MaxTitleLen bytes. Its error
// wraps ErrInvalid.
func (a Agency) Validate() error {
	if a.Code.IsZero() || a.Title == "" || len(a.Title) > MaxTitleLen || !text.Readable(a.Title) {
		return fmt.Errorf("%w: an agency needs a code and a title of at most %d bytes, in UTF-8", ErrInvalid, MaxTitleLen)
	}
	return nil
}

// AddAgency adds an agency by an act of that agency itself, so that the first statement of the
// agency is the one that names it. Adding the same agency again returns the entry that is there.
// Refusals: text.BadRequest for an invalid agency, text.AgencyTaken for a code that is there with
// another title.
func AddAgency(ctx context.Context, l book.Ledger, id identity.Message, a Agency) (Listed, error) {
	if err := a.Validate(); err != nil {
		return Listed{}, text.Fail(text.BadRequest, text.Args{"where": "agency", "reason": reason(err)}, err)
	}
	payload, err := json.Marshal(a)
	if err != nil {
		return Listed{}, err
	}
	act, err := l.Act(a.head(), AgencyType, payload)
	if err != nil {
		return Listed{}, fmt.Errorf("add agency: %w", err)
	}
	entry, err := book.Enter(ctx, l, commandAgencyAdd, book.By(identity.NewAgency(l.Name(), a.Code), id, payload), agencyAdd{Code: a.Code, Title: a.Title, Statement: act})
	return Listed{a, entry}, err
}

func (a Agency) head() ledger.Head { return ledger.Head{Kind: ledger.KindAgency, Agency: a.Code} }

// applyAgencyAdd adds an agency, also to the list of all. A code names one agency, for ever.
func applyAgencyAdd(tx *state.Tx, b agencyAdd) (ledger.Ref, error) {
	key := []byte(b.Code.String())
	if have, ok := agencies.Load(tx, key); ok {
		if have.Title != b.Title {
			return ledger.None, book.Refuse(text.AgencyTaken, b.Code.String(), have.Title)
		}
		return have.Entry, nil
	}
	list := listAt(tx, tx.Log().Jurisdiction())
	if list.Number == MaxAgencies {
		return ledger.None, book.Refuse(text.BadRequest, "agency", fmt.Sprintf("%d agencies are the most", MaxAgencies))
	}
	hash := listedAgency{Code: b.Code, Title: b.Title}.after(list.Hash)
	err := errors.Join(
		agencies.Save(tx, key, keptAgency{Entry: book.Next(tx), Title: b.Title}),
		agencyList.Save(tx, listKey, keptList{Number: list.Number + 1, Hash: hash[:]}),
	)
	if err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, Agency{Code: b.Code}.head())
}

// HasAgency reports whether the jurisdiction has an agency with the code.
func HasAgency(r book.Reads, code identity.Label) bool {
	return agencies.Has(r, []byte(code.String()))
}

// Agencies returns the agencies in the order of their codes.
func Agencies(r *state.Reader) (all []Listed, err error) {
	for key, kept := range agencies.All(r, nil) {
		code, err := identity.ParseLabel(string(key))
		if err != nil {
			return nil, fmt.Errorf("read agencies: %w", err)
		}
		all = append(all, Listed{Agency{code, kept.Title}, kept.Entry.In(r.Log())})
	}
	return all, nil
}
