// Package measure is the tool of the benchmarks: it runs the replicas of a jurisdiction in this
// process, each with a data directory and a socket of its own, and appends records to their ledger
// by the command that every use of data commits, without an API.
//
// It is for tests and benches only. It judges no time and no size.
package measure

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/policy"
)

// MaxAppend is the largest payload that an Appender takes, in bytes.
const MaxAppend = 256 << 10

// ErrAppendSize is returned for a payload size that an Appender cannot have: it is smaller than the
// shortest access record, or larger than MaxAppend.
var ErrAppendSize = errors.New("no such size of payload")

// Appender commits access records to the ledger of a jurisdiction as every use of data does, but
// without a user: it is the subject of the benchmark of the ledger. Many goroutines may use it.
type Appender struct {
	ledger book.Ledger
	permit sharing.Permit
	access sharing.Access
}

// The agency and the dataset of the records, and the purpose for which the agency uses the dataset.
var (
	appendAgency  = fixedLabel("clerk")
	appendDataset = fixedLabel("files")
	appendPurpose = fixedLabel("measurement")
)

func fixedLabel(s string) identity.Label {
	l, err := identity.ParseLabel(s)
	if err != nil {
		panic(err) // a mistake in this program
	}
	return l
}

// NewAppender prepares a ledger: (1) an agency, (2) a dataset of its own, (3) the permission to use
// it, and (4) one record, whose length shows how much must be added so that each payload has size
// bytes. The error wraps ErrAppendSize for a size that cannot be had.
func NewAppender(ctx context.Context, l book.Ledger, size int) (*Appender, error) {
	a := &Appender{ledger: l, access: sharing.Access{Operation: "lookup", Rows: 1}}
	shortest, err := a.prepare(ctx)
	if err != nil {
		return nil, fmt.Errorf("prepare appends: %w", err)
	}
	if size < shortest || size > MaxAppend {
		return nil, fmt.Errorf("%w: %d bytes, not %d to %d", ErrAppendSize, size, shortest, MaxAppend)
	}
	a.access.Parameters = strings.Repeat("0", size-shortest)
	return a, nil
}

// prepare returns how long the shortest payload is.
func (a *Appender) prepare(ctx context.Context) (shortest int, err error) {
	if err := a.addAgency(ctx); err != nil {
		return 0, err
	}
	version, err := a.publish(ctx)
	if err != nil {
		return 0, err
	}
	provider := identity.NewAgency(a.ledger.Name(), appendAgency)
	a.permit, err = sharing.PermitUse(ctx, a.ledger, sharing.Request{
		Consumer: provider, Dataset: appendDataset, Version: version, Purpose: appendPurpose.String(),
		Offer: policy.Offer{Provider: provider, Category: policy.Unconditional, Purposes: []string{appendPurpose.String()}},
	})
	if err != nil {
		return 0, err
	}
	entry, err := a.Append(ctx)
	if err != nil {
		return 0, err
	}
	err = a.ledger.View(ctx, func(r *state.Reader) error {
		payload, err := a.ledger.Payload(r, entry.Index())
		shortest = len(payload)
		return err
	})
	return shortest, err
}

func (a *Appender) addAgency(ctx context.Context) error {
	_, err := catalog.AddAgency(ctx, a.ledger, identity.Message{}, catalog.Agency{Code: appendAgency, Title: appendAgency.String()})
	return err
}

func (a *Appender) publish(ctx context.Context) (version uint64, err error) {
	p, err := catalog.Publish(ctx, a.ledger, identity.Message{}, catalog.Local(""), catalog.Entry{
		Code: appendDataset, Title: appendDataset.String(), Agency: appendAgency, Category: policy.Unconditional.String(),
		Purposes: []catalog.Purpose{{Code: appendPurpose, Title: appendPurpose.String()}},
		Schema:   json.RawMessage(`{"type":"object","required":["id"],"properties":{"id":{"type":"string"}}}`), Key: "id",
		Indexed: []string{}, UpdateCycle: "yearly", NotSecret: true,
	})
	return p.Version, err
}

// Append commits one record, as sharing does before an answer is given: the payload is sealed, and
// the command that appends it, refused if its id was seen or the dataset moved, is replicated,
// flushed to disk and applied. It returns the entry.
func (a *Appender) Append(ctx context.Context) (identity.Entry, error) {
	id, err := identity.NewMessage()
	if err != nil {
		return identity.Entry{}, err
	}
	return sharing.RecordUse(ctx, a.ledger, id, a.permit, a.access)
}
