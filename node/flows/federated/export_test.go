package federated

import (
	"context"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/ground/operation"
)

// ServeLying registers this room's operations; lie changes each share before it is signed.
func (d *Desk) ServeLying(in *relay.Registry, consumers operation.Consumers, lie func(*gather.Share)) {
	operationShares.Serve(in, func(ctx context.Context, r relay.Received, p sharesOf) (shares, error) {
		return d.kept(ctx, p, r.Header.Origin)
	})
	in.RegisterFederated(string(operationGather), func(ctx context.Context, r relay.Received) (relay.Result, error) {
		result, err := d.gather(ctx, r, consumers)
		if err != nil {
			return result, err
		}
		share, err := gather.Decode(result.Content)
		if err != nil {
			return result, err
		}
		lie(&share)
		result.Content, err = share.Encode()
		return result, err
	})
}

// Derived gives derived to the tests of the package federated_test.
func Derived(id identity.Message, of identity.Jurisdiction) (identity.Message, error) {
	return derived(id, of)
}

// ServeHiding registers this room's operations, without the one that shows what children answered.
func (d *Desk) ServeHiding(in *relay.Registry, consumers operation.Consumers) {
	in.RegisterFederated(string(operationGather), func(ctx context.Context, r relay.Received) (relay.Result, error) {
		return d.gather(ctx, r, consumers)
	})
}
