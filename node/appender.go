package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/catalog"
	"xietong/node/host"
	"xietong/node/policy"
	"xietong/node/sharing"
)

// MaxAppend is the largest payload that an Appender takes, in bytes.
const MaxAppend = 256 << 10

// ErrAppendSize is returned for a payload size that an Appender cannot have: it is smaller than the shortest access record, or
// larger than MaxAppend.
var ErrAppendSize = errors.New("no such size of payload")

// Appender commits access records to the ledger of an open node as every use of data does, and without anybody who uses any:
// it is what the benchmark of the ledger measures. Many goroutines may use it.
type Appender struct {
	host   *host.Host
	permit sharing.Permit
	access sharing.Access
}

// The agency and the dataset of which the records tell, and what the agency uses it for.
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

// Appender prepares the first jurisdiction of the node: (1) an agency, (2) a dataset of its own, (3) the permission to use it,
// and (4) one record, from which it learns how much is to be added so that each payload has size bytes.
func (n *Node) Appender(ctx context.Context, size int) (*Appender, error) {
	a := &Appender{host: n.hosted[0].host, access: sharing.Access{Operation: "lookup", Rows: 1}}
	err := errors.Join(a.addAgency(ctx), a.publish(ctx))
	var version uint64
	if err == nil {
		err = a.host.View(ctx, func(r *state.Reader) error {
			version, _, _ = catalog.Version(r, appendDataset)
			return nil
		})
	}
	if err != nil {
		return nil, fmt.Errorf("prepare appends: %w", err)
	}
	provider := identity.NewAgency(a.host.Name(), appendAgency)
	a.permit, err = sharing.PermitUse(ctx, a.host, sharing.Request{
		Consumer: provider, Dataset: appendDataset, Version: version, Purpose: appendPurpose.String(),
		Offer: policy.Offer{Provider: provider, Category: policy.Unconditional, Purposes: []string{appendPurpose.String()}},
	})
	if err != nil {
		return nil, fmt.Errorf("prepare appends: %w", err)
	}
	entry, err := a.Append(ctx)
	if err != nil {
		return nil, fmt.Errorf("prepare appends: %w", err)
	}
	shortest := 0
	err = a.host.View(ctx, func(r *state.Reader) error {
		payload, err := a.host.Payload(r, entry.Index())
		shortest = len(payload)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("prepare appends: %w", err)
	}
	if size < shortest || size > MaxAppend {
		return nil, fmt.Errorf("%w: %d bytes, not %d to %d", ErrAppendSize, size, shortest, MaxAppend)
	}
	a.access.Parameters = strings.Repeat("0", size-shortest)
	return a, nil
}

func (a *Appender) addAgency(ctx context.Context) error {
	_, err := catalog.AddAgency(ctx, a.host, identity.Message{}, catalog.Agency{Code: appendAgency, Title: appendAgency.String()})
	return err
}

func (a *Appender) publish(ctx context.Context) error {
	_, err := catalog.Publish(ctx, a.host, identity.Message{}, catalog.Entry{
		Code: appendDataset, Title: appendDataset.String(), Agency: appendAgency, Category: policy.Unconditional.String(),
		Purposes: []catalog.Purpose{{Code: appendPurpose, Title: appendPurpose.String()}},
		Schema:   json.RawMessage(`{"type":"object","required":["id"],"properties":{"id":{"type":"string"}}}`), Key: "id",
		Indexed: []string{}, UpdateCycle: "yearly", NotSecret: true,
	})
	return err
}

// Append commits one record, as sharing does before an answer is given: the payload is sealed, and the command that appends it,
// refused if its id was seen or the dataset moved, is replicated, flushed to disk and applied. It returns the entry.
func (a *Appender) Append(ctx context.Context) (identity.Entry, error) {
	id, err := identity.NewMessage()
	if err != nil {
		return identity.Entry{}, err
	}
	return sharing.RecordUse(ctx, a.host, id, a.permit, a.access)
}
