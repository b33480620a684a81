package api

import (
	"context"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/node/faces/client"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// Newest is whether the data directory of a hosted jurisdiction is the newest.
type Newest interface {
	// Continue records that a person says so, and returns the entry. checked says that they looked
	// through what ended in entries that are lost. The error is host.ErrNotInQuestion where nobody
	// asked.
	Continue(ctx context.Context, id identity.Message, reason string, checked bool) (identity.Entry, error)
}

type continueLedger struct {
	Caller
	Body client.Continuation
}

func (s *server) registerContinue(a huma.API) {
	handle(s, a, post("continue-ledger", "/v1/ledger/continuation", "Vouch that the data directory is the newest"), continuedLedger)
}

func continuedLedger(ctx context.Context, h Hosted, in *continueLedger) (client.Entered, error) {
	return entered(in.Caller, func(id identity.Message) (identity.Entry, error) {
		if err := text.Recordable("reason", in.Body.Reason); err != nil {
			return identity.Entry{}, err
		}
		entry, err := h.Newest.Continue(ctx, id, in.Body.Reason, in.Body.Checked)
		if errors.Is(err, host.ErrNotInQuestion) {
			err = text.Fail(text.LedgerNotInQuestion, text.Args{"jurisdiction": h.Ledger.Name().String()}, err)
		}
		return entry, err
	})
}
