package api

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/faces/client"
	"xietong/node/flows/witnessing"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// Witness tells what neighbours witnessed of each other's ledgers; *witnessing.Desk is one.
type Witness interface {
	Of(r *state.Reader, name identity.Jurisdiction) witnessing.View
	Follow(ctx context.Context, since uint64) (host.Followed, []witnessing.Cosigned, error)
	Findings(r *state.Reader) []witnessing.Finding
	ActsOf(r *state.Reader, of identity.Jurisdiction) (*witnessing.Acts, error)
	KnownBelow(r *state.Reader, top identity.Jurisdiction) []witnessing.Known
	SawReceipt(ctx context.Context, of identity.Jurisdiction, receipt []byte)
	Acknowledge(ctx context.Context, id identity.Message, about identity.Jurisdiction, reason string) (identity.Entry, error)
}

type acknowledgeFork struct {
	Caller
	Name string `path:"name" maxLength:"200" doc:"The neighbour, as people name it"`
	Body client.NewForkAcknowledgment
}

// forkAcknowledged records that a person knows of a ledger with two histories.
func forkAcknowledged(ctx context.Context, h Hosted, in *acknowledgeFork) (client.Entered, error) {
	return entered(in.Caller, func(id identity.Message) (identity.Entry, error) {
		name, err := h.Standing.Resolve(in.Name)
		if err != nil {
			return identity.Entry{}, err
		}
		return h.Witness.Acknowledge(ctx, id, name, in.Body.Reason)
	})
}

// witnessed adds to a neighbour what was witnessed on both sides, and the alarm about that. What is
// shown is what this replica has.
func witnessed(h Hosted, n *client.Neighbour, name identity.Jurisdiction) {
	_ = h.Ledger.Look(func(r *state.Reader) error {
		v := h.Witness.Of(r, name)
		n.Kept, n.KeptAt, n.Heads, n.HeadsFrom = v.Kept, stamp(v.KeptAt), v.Heads, v.HeadsFrom
		for _, l := range v.Lost {
			n.Lost = append(n.Lost, client.Lost{Epoch: l.Epoch, Before: l.Before, Entry: l.Entry.String(), From: l.From, To: l.To, Seen: l.Seen})
		}
		n.Cosigned, n.CosignedAt = v.Cosigned, stamp(v.CosignedAt)
		for _, f := range h.Witness.Findings(r) {
			if f.About == name && n.Alarm == "" && !(findingCode(f) == text.OwnBehind && h.outrun()) {
				n.Alarm = string(findingCode(f))
			}
		}
		return nil
	})
}

// ledgerAlarms are the alarms about ledgers that have two histories, are shorter than what was
// signed, do not prove that an epoch goes on from the one before, hide what was shown of it, or
// endorse other keys than are shown.
func ledgerAlarms(h Hosted) (all []client.Alarm) {
	outrun := h.outrun()
	_ = h.Ledger.Look(func(r *state.Reader) error {
		for _, f := range h.Witness.Findings(r) {
			if outrun && findingCode(f) == text.OwnBehind {
				continue
			}
			args := map[string]string{"name": h.Standing.Called(f.About), "size": strconv.FormatUint(f.Size, 10)}
			switch {
			case !f.Endorsed.IsZero():
				args = map[string]string{"name": args["name"], "jurisdiction": h.Standing.Called(f.Endorsed), "number": args["size"], "entry": f.Entry.String()}
				if !f.Other.IsZero() {
					args["next"] = f.Other.String()
				}
			case !f.Hidden.IsZero():
				args = map[string]string{"name": args["name"], "log": f.Log.String(), "next": f.Hidden.String(), "entry": f.Entry.String(), "since": stamp(f.At)}
			case f.Apart:
				args["log"], args["since"] = f.Log.String(), stamp(f.At)
			case f.Epoch > 0:
				args = map[string]string{"name": args["name"], "epoch": strconv.FormatUint(f.Epoch, 10), "log": f.Log.String(), "signed": strconv.FormatUint(f.Kept, 10)}
			case f.Kept > 0:
				args["signed"] = strconv.FormatUint(f.Kept, 10)
			default:
				args["entry"], args["since"] = f.Entry.String(), stamp(f.At)
			}
			all = append(all, client.Alarm{Code: string(findingCode(f)), Args: args, By: f.About.String(), Since: stamp(f.At), Last: stamp(f.At)})
		}
		return nil
	})
	return all
}

// outrun reports whether the keys in the data directory are not the newest. That the ledger is not
// either goes without saying then, and what to do about it is another thing.
func (h Hosted) outrun() bool {
	return slices.ContainsFunc(h.Trouble(), func(err error) bool {
		q, questioned := errors.AsType[*host.QuestionError](err)
		return questioned && q.Outrun > 0
	})
}

func findingCode(f witnessing.Finding) text.Code {
	switch {
	case !f.Endorsed.IsZero() && f.Other.IsZero():
		return text.EndorsedOther
	case !f.Endorsed.IsZero():
		return text.EndorsedTwice
	case !f.Hidden.IsZero():
		return text.HeadsHide
	case f.Apart:
		return text.HeadsApart
	case f.Epoch > 0:
		return text.EpochUnproven
	case f.Own && f.Kept > 0:
		return text.OwnBehind
	case f.Own:
		return text.OwnForked
	case f.Kept > 0:
		return text.LedgerBehind
	}
	return text.LedgerForked
}
