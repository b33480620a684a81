package adoption

import (
	"context"

	"xietong/certs/identity"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
)

// request returns the request to publish the entry together with the rows of an import; the zero
// entry: with none.
func (d *Desk) request(id identity.Message, p prepared, with identity.Entry) book.Request {
	content := p.publish.Document
	if !with.IsZero() {
		content = append(append([]byte{}, content...), with.String()...)
	}
	return book.By(identity.NewAgency(d.own.Name(), p.entry.Agency), id, content)
}

func (d *Desk) published(p prepared, result catalog.PublicationResult) catalog.Published {
	return catalog.Published{Entry: p.entry, Version: result.Version, At: result.Entry.In(d.own.Names()), Document: p.publish.Document}
}

// answered returns the answer to a request that came before, be the entry one that would be refused
// by now.
func (d *Desk) answered(ctx context.Context, id identity.Message, p prepared, with identity.Entry) (done catalog.Published, came bool, err error) {
	if p.publish.Document == nil { // no request is for what is no entry
		return done, false, nil
	}
	request := d.request(id, p, with)
	var result catalog.PublicationResult
	switch adopts := p.entry.Standard != ""; {
	case adopts && with.IsZero():
		result, came, err = commandAdopt.Came(ctx, d.own, request)
	case adopts:
		result, came, err = commandAdoptAlong.Came(ctx, d.own, request)
	case with.IsZero():
		result, came, err = catalog.Came(ctx, d.own, request)
	default:
		result, came, err = d.records.CameAlong(ctx, request)
	}
	return d.published(p, result), came, err
}
