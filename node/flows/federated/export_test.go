package federated

import (
	"context"
	"fmt"
	"strings"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

// ServeLying registers this room's operations; lie changes each share before it is signed.
func (d *Desk) ServeLying(in *relay.Registry, consumers operation.Consumers, lie func(*gather.Share)) {
	operationShares.Serve(in, func(ctx context.Context, r relay.Received, p sharesOf) (shares, error) {
		return d.kept(ctx, p, r.Header.Origin)
	})
	d.serveLying(in, consumers, lie)
}

func (d *Desk) serveLying(in *relay.Registry, consumers operation.Consumers, lie func(*gather.Share)) {
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

// ServeHidingWhile registers this room's operations; what children answered is not shown while
// hides says so, and lie changes its shares before they are signed.
func (d *Desk) ServeHidingWhile(in *relay.Registry, consumers operation.Consumers, hides func() bool, lie func(*gather.Share)) {
	operationShares.Serve(in, func(ctx context.Context, r relay.Received, p sharesOf) (shares, error) {
		if hides() {
			return shares{}, text.Fail(text.NotReady, text.Args{"reason": "hidden"}, nil)
		}
		return d.kept(ctx, p, r.Header.Origin)
	})
	d.serveLying(in, consumers, lie)
}

// ServeGarbage registers this room's operations; what children answered, and what it answered
// itself, is shown as bytes of no form. lie changes its shares before they are signed.
func (d *Desk) ServeGarbage(in *relay.Registry, consumers operation.Consumers, asked func(), lie func(*gather.Share)) {
	for _, name := range []string{string(operationShares), string(operationAnswered)} {
		in.Register(name, func(context.Context, relay.Received) (relay.Result, error) {
			asked()
			return relay.Result{Content: []byte{0x61, 0x78}}, nil
		})
	}
	d.serveLying(in, consumers, lie)
}

// ServeSaying registers this room's operations; says changes what it says that it answered.
func (d *Desk) ServeSaying(in *relay.Registry, consumers operation.Consumers, says func(answer []byte) []byte) {
	d.serveLying(in, consumers, func(*gather.Share) {})
	operationAnswered.Serve(in, func(ctx context.Context, r relay.Received, p whatAnswered) (word, error) {
		w, err := d.says(ctx, p, r.Header.Origin)
		w.Answer = says(w.Answer)
		return w, err
	})
}

// ServeAnswered registers the operation that says what was answered.
func (d *Desk) ServeAnswered(in *relay.Registry) {
	operationAnswered.Serve(in, func(ctx context.Context, r relay.Received, p whatAnswered) (word, error) {
		return d.says(ctx, p, r.Header.Origin)
	})
}

// OpenFor opens a point about a hop that showed nothing, as a question of the agency does.
func (d *Desk) OpenFor(ctx context.Context, agency, dataset identity.Label, hop identity.Jurisdiction, request byte) (kept bool, err error) {
	return d.openPoint(ctx, point{
		Hop: hop, Agency: agency, Dataset: dataset, Asked: 1, Since: uint64(d.Now().UnixMilli()), Below: hop, Deep: true,
		Measure: gather.Measure{Function: gather.Count}, Roster: 1, Hash: make([]byte, 32), Request: append(make([]byte, 31), request), Issued: 1,
	}, []byte{1})
}

// Limits of what is open.
const MaxPointsOf = maxPointsOf

// Bounds of the own answers that are kept.
const (
	MaxKept    = maxKept
	MaxGivenOf = maxGivenOf
)

// MaxLies bounds the lies of a finding.
const MaxLies = maxLies

// SettleLongest opens a point as long as a question makes it, and ends it with the longest finding.
func (d *Desk) SettleLongest(ctx context.Context, agency, dataset identity.Label) error {
	long := longest()
	field := strings.Repeat("f", 256)
	p := point{
		Hop: long, By: long, State: gather.Late, Agency: agency, Dataset: dataset, Asked: 1, Since: 1 << 47, Below: long, Deep: true,
		Level: strings.Repeat("l", 64), Measure: gather.Measure{Function: gather.Sum, Field: field, By: []gather.By{{Field: field}, {Field: field}}},
		Groups: gather.MaxGroups, Roster: 1 << 40, Hash: make([]byte, 32), Request: make([]byte, 32), Issued: 1 << 47, All: true,
	}
	if kept, err := d.openPoint(ctx, p, make([]byte, maxKept)); err != nil || !kept {
		return fmt.Errorf("open: %t, %w", kept, err)
	}
	f := finding{Point: p, Outcome: Unreached, At: 1 << 47, Code: 104}
	for range maxLies {
		f.Lies = append(f.Lies, lie{long, gather.Contradicted, long})
		f.Args = append(f.Args, strings.Repeat("x", 1<<10))
	}
	return d.settle(ctx, f)
}

// longest is a name of the greatest length.
func longest() identity.Jurisdiction {
	name, err := identity.ParseJurisdiction(strings.Repeat(strings.Repeat("x", 48)+".", 3) + strings.Repeat("y", 53))
	if err != nil {
		panic(err)
	}
	return name
}

// KeepLong keeps an answer of n bytes by each command that keeps one.
func (d *Desk) KeepLong(ctx context.Context, n int) map[string]error {
	answer, request, long := make([]byte, n), make([]byte, 32), longest()
	_, share := commandShare.Do(ctx, d.own, book.Request{}, shareBody{Request: request, Asker: long, Child: long.Label(), Answer: answer})
	given := Given{d.own}.Give(ctx, [32]byte(request), long, long, answer, make([]byte, sharing.MaxBasis))
	return map[string]error{"share": share, "given": given}
}
