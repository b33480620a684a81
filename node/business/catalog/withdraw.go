package catalog

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// Withdrawal is the part of the body of a command that withdraws a dataset or a standard.
type Withdrawal struct {
	_         struct{} `cbor:",toarray"`
	Code      identity.Label
	Agency    identity.Label // whose act it is
	Version   uint64         // that is withdrawn
	Reason    string
	Statement book.Statement
}

func withdrawalHead(as ledger.Kind, b Withdrawal, about ledger.Ref) ledger.Head {
	return ledger.Head{Kind: as, Agency: b.Agency, Code: b.Code, About: about}
}

// withdrawal makes the act by which the agency takes back what the entry at published.
func withdrawal(l book.Ledger, as ledger.Kind, b Withdrawal, at identity.Entry) (Withdrawal, error) {
	payload, err := json.Marshal(map[string]string{"code": b.Code.String(), "entry": at.String(), "reason": b.Reason})
	if err == nil {
		b.Statement, err = l.Act(withdrawalHead(as, b, ledger.RefTo(at.Index())), EntryType, payload)
	}
	if err != nil {
		err = fmt.Errorf("withdraw %s: %w", b.Code, err)
	}
	return b, err
}

// WithdrawalOf makes the act by which its provider takes a dataset out of the catalogue.
func WithdrawalOf(l book.Ledger, p Published, reason string) (Withdrawal, error) {
	b := Withdrawal{Code: p.Code, Agency: p.Agency, Version: p.Version, Reason: reason}
	return withdrawal(l, ledger.KindDatasetEnded, b, p.At)
}

// ApplyWithdrawal takes a dataset out of the catalogue. Its records, its versions and whatever the
// ledger says of it stay. The version is raised, so that nothing that was decided before counts.
func ApplyWithdrawal(tx *state.Tx, b Withdrawal) (ledger.Ref, error) {
	kept, ok := keptAt(tx, b.Code)
	in := tx.Log().Jurisdiction()
	ended := endedOf(tx, endedDataset, b.Code)
	switch {
	case !ok:
		return ledger.None, book.Refuse(text.UnknownDataset, b.Code.String(), in.String())
	case ended.Ended():
		return ledger.None, ended.withdrawn(text.DatasetWithdrawn, b.Code, in)
	case kept.Agency != b.Agency:
		return ledger.None, book.Refuse(text.NotProvider, b.Agency.String(), b.Code.String(), kept.Agency.String())
	case kept.Version != b.Version:
		return ledger.None, book.Refuse(text.DatasetMoved, b.Code.String())
	}
	kept.Version++
	if err := kept.save(tx, b.Code); err != nil {
		return ledger.None, err
	}
	if err := errors.Join(end(tx, endedDataset, b.Code, b.Reason, ""), release(tx, HeldDataset, b.Code)); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, withdrawalHead(ledger.KindDatasetEnded, b, kept.Entry))
}

// WithdrawalOfStandard makes the act by which the agency that set a standard takes it back.
func WithdrawalOfStandard(l book.Ledger, s SetStandard, reason string) (Withdrawal, error) {
	b := Withdrawal{Code: s.Code, Agency: s.Agency, Version: s.Version, Reason: reason}
	return withdrawal(l, ledger.KindStandardEnded, b, s.At)
}

// StandardBy returns a standard that was not withdrawn, for the agency that set it.
func StandardBy(r *state.Reader, by Actor, code identity.Label) (*SetStandard, error) {
	s, err := StandardOf(r, code)
	in := r.Log().Jurisdiction()
	switch {
	case err != nil:
		return nil, err
	case s == nil:
		return nil, text.Fail(text.NoStandard, text.Args{"dataset": code.String(), "jurisdiction": in.String()}, nil)
	}
	if s.Withdrawn.Ended() {
		return nil, s.Withdrawn.withdrawn(text.StandardWithdrawn, code, in)
	}
	_, err = by.For(s.Agency).Provider(r, code, s.Agency)
	return s, err
}

// Holding refuses a standard that was withdrawn by the jurisdiction that set it, or is held there.
func (s SetStandard) Holding(in identity.Jurisdiction) (SetStandard, error) {
	if s.Withdrawn != nil {
		return SetStandard{}, s.Withdrawn.withdrawn(text.StandardWithdrawn, s.Code, in)
	}
	return s, nil
}

// ApplyStandardWithdrawal takes a standard back. Datasets that adopted it go on as they are.
func ApplyStandardWithdrawal(tx *state.Tx, b Withdrawal) (ledger.Ref, error) {
	key, in := []byte(b.Code.String()), tx.Log().Jurisdiction()
	kept, ok := setStandards.Load(tx, key)
	ended := endedOf(tx, endedStandard, b.Code)
	switch {
	case !ok:
		return ledger.None, book.Refuse(text.NoStandard, b.Code.String(), in.String())
	case ended.Ended():
		return ledger.None, ended.withdrawn(text.StandardWithdrawn, b.Code, in)
	case kept.Agency != b.Agency:
		return ledger.None, book.Refuse(text.NotProvider, b.Agency.String(), b.Code.String(), kept.Agency.String())
	case kept.Version != b.Version:
		return ledger.None, book.Refuse(text.DatasetMoved, b.Code.String())
	}
	kept.Version++
	if err := setStandards.Save(tx, key, kept); err != nil {
		return ledger.None, err
	}
	if err := errors.Join(end(tx, endedStandard, b.Code, b.Reason, ""), release(tx, HeldStandard, b.Code)); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, withdrawalHead(ledger.KindStandardEnded, b, kept.Entry))
}

// OfferedBy returns the datasets and the standards of an agency that were not withdrawn, in the
// order of their codes.
func OfferedBy(r book.Reads, agency identity.Label) (datasets, standards []identity.Label) {
	lives := func(key []byte, what string, of identity.Label) (identity.Label, bool) {
		code, err := identity.ParseLabel(string(key))
		_, ended := endingOf(r, what, code)
		return code, err == nil && !ended && of == agency
	}
	for key, kept := range catalogue.All(r, nil) {
		if code, ok := lives(key, endedDataset, kept.Agency); ok {
			datasets = append(datasets, code)
		}
	}
	for key, kept := range setStandards.All(r, nil) {
		if code, ok := lives(key, endedStandard, kept.Agency); ok {
			standards = append(standards, code)
		}
	}
	return datasets, standards
}

// mostNamed is how many datasets a refusal names.
const mostNamed = 20

// InUse refuses to end an agency that offers something still, or holds grants.
func InUse(agency identity.Label, datasets, standards []identity.Label, grants int) error {
	var left []string
	add := func(what string, all []identity.Label) {
		names := labels(all[:min(len(all), mostNamed)])
		if more := len(all) - len(names); more > 0 {
			names = append(names, fmt.Sprintf("… +%d", more))
		}
		if len(all) > 0 {
			left = append(left, what+": "+strings.Join(names, ", "))
		}
	}
	add("datasets", datasets)
	add("standards", standards)
	if grants > 0 {
		left = append(left, "grants that it holds: "+strconv.Itoa(grants))
	}
	return book.Refuse(text.AgencyInUse, agency.String(), strings.Join(left, "; "))
}

// Living refuses an agency that is not there, or that ended.
func Living(r *state.Reader, code identity.Label) (Agency, error) {
	kept, err := living(r, code)
	return Agency{Code: code, Title: kept.Title}, err
}

// SameTitle returns the code of another agency that did not end and has a title that looks the
// same; zero: none has. Two agencies of one title are allowed, and told: one of them is often a
// slip.
func SameTitle(all []Listed, a Agency) (twin identity.Label) {
	for _, l := range all {
		if l.Code != a.Code && l.Ended == nil && text.SameName(l.Title, a.Title) {
			return l.Code
		}
	}
	return twin
}
