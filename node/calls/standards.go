package calls

import (
	"context"
	"fmt"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/relay"
	"xietong/node/catalog"
	"xietong/node/text"
)

// StandardAt is a standard entry of another jurisdiction.
type StandardAt struct {
	catalog.Standard
	Version uint64
	Entry   identity.Entry // that set this version
}

type standardsParameters struct {
	Code  identity.Label `cbor:"1,keyasint,omitzero"` // absent: all
	After identity.Label `cbor:"2,keyasint,omitzero"`
}

type standardWire struct {
	_        struct{} `cbor:",toarray"`
	Entry    identity.Entry
	Version  uint64
	Document []byte // JSON
}

type standardsResult struct {
	Standards []standardWire `cbor:"1,keyasint,omitempty"`
	After     identity.Label `cbor:"2,keyasint,omitzero"`
}

// serveStandards gives the standard entries that this jurisdiction has set: they are for everybody to read.
func (d *Desk) serveStandards(ctx context.Context, r relay.Received) (relay.Result, error) {
	var p standardsParameters
	if err := parameters(r, &p); err != nil {
		return relay.Result{}, err
	}
	var all []catalog.SetStandard
	err := d.own.View(ctx, func(s *state.Reader) (err error) {
		all, err = catalog.Standards(s)
		return err
	})
	if err != nil {
		return relay.Result{}, fmt.Errorf("serve standards: %w", err)
	}
	var page standardsResult
	size := 0
	for _, s := range all {
		if !p.Code.IsZero() && s.Code != p.Code || s.Code.String() <= p.After.String() {
			continue
		}
		if size += len(s.Document); len(page.Standards) > 0 && size > maxCatalogue {
			page.After = last(page.Standards, all)
			break
		}
		page.Standards = append(page.Standards, standardWire{Entry: s.At, Version: s.Version, Document: s.Document})
	}
	return relay.Result{Content: encode(page)}, nil
}

// last returns the code of the last standard of a page.
func last(page []standardWire, all []catalog.SetStandard) (code identity.Label) {
	for _, s := range all {
		if s.At == page[len(page)-1].Entry {
			code = s.Code
		}
	}
	return code
}

// Standards asks another jurisdiction for the standard entries that it has set, or for the one with the code.
func (d *Desk) Standards(ctx context.Context, id identity.Message, to identity.Jurisdiction, agency, code identity.Label) (all []StandardAt, err error) {
	var after identity.Label
	for range maxPages {
		var page standardsResult
		err := d.read(ctx, request{id: id, to: to, agency: agency}, opStandards, standardsParameters{Code: code, After: after}, &page)
		if err != nil {
			return nil, err
		}
		for _, w := range page.Standards {
			s, err := catalog.DecodeStandard(w.Document)
			if err == nil {
				err = theirs(to, w.Entry)
			}
			if err != nil || !code.IsZero() && s.Code != code {
				return nil, unreadable(to, fmt.Errorf("standard %s: %w", s.Code, err))
			}
			all = append(all, StandardAt{Standard: s, Version: w.Version, Entry: w.Entry})
		}
		if after = page.After; after.IsZero() {
			return all, nil
		}
		if id, err = identity.NewMessage(); err != nil {
			return nil, err
		}
	}
	return nil, unreadable(to, fmt.Errorf("standards in more than %d answers", maxPages))
}

// Standard asks another jurisdiction for one standard entry.
func (d *Desk) Standard(ctx context.Context, id identity.Message, to identity.Jurisdiction, agency, code identity.Label) (StandardAt, error) {
	all, err := d.Standards(ctx, id, to, agency, code)
	if err == nil && len(all) != 1 {
		err = text.Fail(text.NoStandard, text.Args{"dataset": code.String(), "jurisdiction": to.String()}, nil)
	}
	if err != nil {
		return StandardAt{}, err
	}
	return all[0], nil
}
