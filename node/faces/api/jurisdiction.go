package api

import (
	"context"

	"xietong/certs/identity"
	"xietong/certs/trust"
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
	Follow(ctx context.Context, since uint64) (host.Followed, error)
	Leaves(ctx context.Context, from uint64) ([][]byte, error)
	Entry(ctx context.Context, index uint64) (host.Entry, error)
}
