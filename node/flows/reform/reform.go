// Package reform carries out what a reorganisation of the departments asks for: a dataset is
// withdrawn, datasets move to another agency of the jurisdiction, an agency is ended or merged into
// another one, and one that was ended by mistake comes back.
//
// Each is shown before it is done: what it takes out or moves, which grants end, and who holds
// them. What is done is what was shown: the act names the hash of its plan, is made of the same
// look at the state as the plan that has this hash, and carries the versions and the grants of that
// look, so it is refused where they are others by then. One command does all of it or nothing.
//
// Nothing is erased. The records of a dataset that was withdrawn stay in the ledger, their receipts
// verify, and whoever publishes an entry of the code again brings the dataset back with them.
// Grants that ended stay ended. Grants of a dataset that moves go on, under the new provider.
// Grants that an agency holds are its own: they end with it, and its successor asks under its own
// name. Those that other jurisdictions gave it are refused there, because the list of agencies that
// a request names says that the agency ended. What an agency that ended saved, asked and was given
// stays readable under its own code; nothing more is written or asked in its name.
//
// The package decides nothing about uses (see policy). What ended is kept by catalog, and which
// grants ended with it by sharing. The package keeps the plans that were carried out, so that
// whoever asks the same again, because no answer came, is told the same:
//
//	reforms  index of the first entry of the act  -> the plan
package reform

import (
	"bytes"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// The commands of this room. The numbers are those of docs/protocol.md.
const (
	commandEnd      book.Command[endBody, ledger.Ref]              = 52
	commandWithdraw book.Command[withdrawBody, ledger.Ref]         = 53
	commandMove     book.Command[moveBody, ledger.Ref]             = 54
	commandStandard book.Command[standardBody, ledger.Ref]         = 55
	commandReturn   book.Command[catalog.AgencyReturn, ledger.Ref] = 57
)

// withdrawBody is the body of commandWithdraw.
type withdrawBody struct {
	_          struct{} `cbor:",toarray"`
	Plan       Plan
	Withdrawal catalog.Withdrawal
	Grants     []byte // digest of the grants that end with it
}

// moveBody is the body of commandMove.
type moveBody struct {
	_     struct{} `cbor:",toarray"`
	Plan  Plan
	Moves []catalog.Move
}

// endBody is the body of commandEnd.
type endBody struct {
	_      struct{} `cbor:",toarray"`
	Plan   Plan
	End    catalog.AgencyEnd
	Moves  []catalog.Move
	Drop   bool   // grants that it holds may end with it, although nobody takes over
	Grants []byte // digest of those
}

// standardBody is the body of commandStandard.
type standardBody struct {
	_          struct{} `cbor:",toarray"`
	Plan       Plan
	Withdrawal catalog.Withdrawal
}

// plans has what was carried out. A plan came in a command, so it is shorter than one.
var plans = book.Bucket[Plan]{Name: "reforms", Max: state.MaxCommandLen}

func planKey(entry ledger.Ref) []byte {
	index, _ := entry.Index()
	return book.Be64(index)
}

// Register adds this room's commands.
func Register(r *state.Registry) {
	plans.Keep(r)
	commandWithdraw.Handle(r, applyWithdraw)
	commandMove.Handle(r, func(tx *state.Tx, b moveBody) (ledger.Ref, error) {
		first := book.Next(tx)
		if err := moveAll(tx, b.Moves); err != nil {
			return ledger.None, err
		}
		return first, b.Plan.keep(tx, first)
	})
	commandStandard.Handle(r, func(tx *state.Tx, b standardBody) (ledger.Ref, error) {
		entry, err := catalog.ApplyStandardWithdrawal(tx, b.Withdrawal)
		if err != nil {
			return ledger.None, err
		}
		return entry, b.Plan.keep(tx, entry)
	})
	commandEnd.Handle(r, applyEnd)
	commandReturn.Handle(r, applyReturn)
}

// applyWithdraw withdraws a dataset, and ends its grants.
func applyWithdraw(tx *state.Tx, b withdrawBody) (ledger.Ref, error) {
	code := b.Withdrawal.Code
	if !bytes.Equal(sharing.DigestOf(sharing.StandingOf(tx, code)), b.Grants) {
		return ledger.None, book.Refuse(text.PlanMoved, code.String())
	}
	entry, err := catalog.ApplyWithdrawal(tx, b.Withdrawal)
	if err != nil {
		return ledger.None, err
	}
	if err := sharing.CloseDataset(tx, code, entry); err != nil {
		return ledger.None, err
	}
	return entry, b.Plan.keep(tx, entry)
}

// keep keeps what was carried out with the entry.
func (p Plan) keep(tx *state.Tx, entry ledger.Ref) error { return plans.Save(tx, planKey(entry), p) }

func moveAll(tx *state.Tx, moves []catalog.Move) error {
	for _, m := range moves {
		if _, err := catalog.ApplyMove(tx, m); err != nil {
			return err
		}
	}
	return nil
}

// applyEnd moves what an agency offers to its successor, and ends the agency with the grants that
// it holds.
func applyEnd(tx *state.Tx, b endBody) (ledger.Ref, error) {
	agency := identity.NewAgency(tx.Log().Jurisdiction(), b.End.Code)
	held := sharing.HeldBy(tx, agency)
	living := len(sharing.Living(held, tx.Clock()))
	switch {
	case !bytes.Equal(sharing.DigestOf(held), b.Grants):
		return ledger.None, book.Refuse(text.PlanMoved, b.End.Code.String())
	case b.End.Into == "" && !b.Drop && living > 0:
		return ledger.None, catalog.InUse(b.End.Code, nil, nil, living)
	}
	if err := moveAll(tx, b.Moves); err != nil {
		return ledger.None, err
	}
	if datasets, standards := catalog.OfferedBy(tx, b.End.Code); b.End.Into != "" && len(datasets)+len(standards) > 0 {
		return ledger.None, book.Refuse(text.PlanMoved, b.End.Code.String()) // one came that the plan did not move
	}
	entry, err := catalog.ApplyEnd(tx, b.End)
	if err != nil {
		return ledger.None, err
	}
	if err := sharing.CloseAgency(tx, agency, entry); err != nil {
		return ledger.None, err
	}
	return entry, b.Plan.keep(tx, entry)
}

// applyReturn brings an agency back, and lets grants be given to it again.
func applyReturn(tx *state.Tx, b catalog.AgencyReturn) (ledger.Ref, error) {
	entry, err := catalog.ApplyReturn(tx, b)
	if err != nil {
		return ledger.None, err
	}
	return entry, sharing.OpenAgency(tx, identity.NewAgency(tx.Log().Jurisdiction(), b.Code))
}
