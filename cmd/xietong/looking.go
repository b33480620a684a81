package main

import (
	"cmp"
	"context"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// Limits of a measure in pages.
const (
	pageSeconds = 10    // of a page
	mostPages   = 2_000 // of one measure; the cursor of each is kept
	idlePages   = 100   // that look at no record more, as where many were retracted
)

// measureAll asks for a measure of one jurisdiction in pages, each of which is a use, until it
// ends. With --out the pages lie beside the file until then, and the same command goes on with
// them, also with another time for a page.
func (a *app) measureAll(ctx context.Context, q client.Query, wait int) error {
	asked := q
	q.PageSeconds = cmp.Or(wait, pageSeconds)
	ask := func(p *part, cursor string) (page, error) {
		q.Cursor = cursor
		answer, err := a.page(ctx, p, q)
		if err == nil {
			err = p.further(&answer)
		}
		return page{Answer: &answer}, err
	}
	show := func(p *part) error {
		last := *p.last()
		last.GrantedNow = p.pages[0].Answer.GrantedNow
		return a.showAnswer(asked, last)
	}
	return a.allOf(asked, ask, show, func(p *part) {
		if !a.jsonOnly && len(p.pages) > 1 {
			a.tell(text.CLIPagesTold, text.Args{
				"uses": number(uint64(p.asked)), "first": p.pages[0].Answer.Access, "last": p.last().Access,
			})
		}
	})
}

// further checks that a page brings the end of a measure nearer: it is of the same records as the
// first, looks at no more than there can be, and the pages are not too many.
func (p *part) further(got *client.Answer) error {
	idle := 0
	for _, of := range p.pages {
		first := of.Answer
		if got.AsOf != first.AsOf || got.TotalRecords != first.TotalRecords || got.TotalScanned < first.TotalScanned {
			return errEndless
		}
		if got.TotalScanned == first.TotalScanned {
			idle++
		}
	}
	if got.TotalScanned > 2*min(got.TotalRecords, mostRecords)+spareRecords || idle > idlePages || len(p.pages) >= mostPages {
		return errEndless
	}
	if !got.Unfinished && got.Cursor != "" || got.Unfinished && got.Cursor == "" {
		return client.ErrNotUnderstood
	}
	return nil
}

// looking adds how far a measure came.
func looking(at *client.Answer, args text.Args) text.Args {
	out := text.Args{"scanned": number(at.TotalScanned), "total": number(at.TotalRecords)}
	for name, value := range args {
		out[name] = value
	}
	return out
}
