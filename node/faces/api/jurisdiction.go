package api

import (
	"context"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
)

// Jurisdiction is the part of a hosted jurisdiction that the API needs; *host.Host is one.
type Jurisdiction interface {
	book.Ledger
	Replica() identity.Replica
	Leads() bool
	Pin() (trust.Pin, error)
	Chain(ctx context.Context) (levels []trust.Level, root trust.Pin, err error)
	Checkpoint(ctx context.Context) (c ledger.Checkpoint, signed []byte, err error)
	Entry(ctx context.Context, index uint64) (host.Entry, error)
}
