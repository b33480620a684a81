package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"xietong/node/faces/client"
)

// Limits of the pages of one question. Who answers says how many records there are, and where the
// next page begins: it is believed up to here.
const (
	mostRecords  = 100_000_000 // of a dataset
	spareRecords = 100_000     // that may come while the pages are asked for, beside as many as there were
)

// errEndless is returned for pages of which there is no end.
var errEndless = fmt.Errorf("%w: pages without end", client.ErrNotUnderstood)

// endless returns errEndless for a cursor that was given before.
func (p *part) endless(cursor string) error {
	if cursor != "" && slices.ContainsFunc(p.pages, func(of page) bool { return of.Answer.Cursor == cursor }) {
		return errEndless
	}
	return nil
}

// nearer checks that a page of records brings the end nearer, and notes its sum: all pages together
// looked at no more records than there can be, and where the rows have their key, none came before.
func (p *part) nearer(got *page, keyed bool) error {
	first := got.Answer
	if len(p.pages) > 0 {
		first = p.pages[0].Answer
	}
	seen := looked(got.Answer)
	for _, of := range p.pages {
		seen += looked(of.Answer)
	}
	if seen > 2*min(first.TotalRecords, mostRecords)+spareRecords {
		return errEndless
	}
	if len(got.Answer.Rows) == 0 || !keyed {
		return nil
	}
	sum := sha256.New()
	for _, row := range got.Answer.Rows {
		sum.Write(row)
	}
	got.Sum = hex.EncodeToString(sum.Sum(nil))
	if slices.ContainsFunc(p.pages, func(of page) bool { return of.Sum == got.Sum }) {
		return errEndless
	}
	return nil
}

// looked returns how many records were looked at for an answer: one at least.
func looked(a *client.Answer) uint64 {
	return min(max(1, a.TotalScanned, a.Count), mostRecords)
}
