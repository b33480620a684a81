package api

import (
	"context"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/node/faces/client"
	"xietong/node/flows/epochs"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// Newest is whether the data directory of a hosted jurisdiction is the newest.
type Newest interface {
	// Continue records what a person says of that, and returns the entry. The error is
	// host.ErrNotInQuestion where nobody asked.
	Continue(ctx context.Context, id identity.Message, reason string, w epochs.Word) (identity.Entry, error)
}

type continueLedger struct {
	Caller
	Body client.Continuation
}

func (s *server) registerContinue(a huma.API) {
	handle(s, a, post("continue-ledger", "/v1/ledger/continuation", "Have a ledger in question go on"), continuedLedger)
}

func continuedLedger(ctx context.Context, h Hosted, in *continueLedger) (client.Entered, error) {
	return entered(in.Caller, func(id identity.Message) (identity.Entry, error) {
		if err := text.Recordable("reason", in.Body.Reason); err != nil {
			return identity.Entry{}, err
		}
		entry, err := h.Newest.Continue(ctx, id, in.Body.Reason, epochs.Word{Newest: in.Body.Newest, Checked: in.Body.Checked})
		if errors.Is(err, host.ErrNotInQuestion) {
			err = text.Fail(text.LedgerNotInQuestion, text.Args{"jurisdiction": h.Ledger.Name().String()}, err)
		}
		if _, below := h.Standing.Parent(); !below { // what to do is another thing
			for code, ofRoot := range map[text.Code]text.Code{text.LostUnseen: text.LostUnseenRoot, text.LostKeys: text.LostKeysRoot} {
				if failure.Is(err, code) {
					err = text.Fail(ofRoot, text.Args{"jurisdiction": h.Ledger.Name().String()}, err)
				}
			}
		}
		return entry, err
	})
}
