package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"xietong/node/faces/client"
)

// Limits of the pages of one question. Who answers says how many records there are, and where the
// next page begins: it is believed up to here.
const (
	mostRecords  = 100_000_000 // of a dataset
	spareRecords = 10_000      // that may come while the pages are asked for, beside as many as there were
	leastPage    = 10          // that a page counts as at least, unless fewer are asked for
)

// errEndless is returned for pages of which there is no end.
var errEndless = errors.New("pages without end")

// endless returns errEndless for a cursor that was given before.
func (p *part) endless(cursor string) error {
	if cursor != "" && slices.ContainsFunc(p.pages, func(of page) bool { return of.Answer.Cursor == cursor }) {
		return errEndless
	}
	return nil
}

// nearer checks that a page of records, of so many rows at most, brings the end nearer, and notes
// its sum: all pages together looked at no more records than there can be, with the same columns,
// and where the rows have their key, none came before.
func (p *part) nearer(got *page, limit int, keyed bool) error {
	first := got.Answer
	if len(p.pages) > 0 {
		first = p.pages[0].Answer
	}
	seen := looked(got.Answer, limit)
	for _, of := range p.pages {
		seen += looked(of.Answer, limit)
	}
	if seen > 2*min(first.TotalRecords, mostRecords)+spareRecords || !slices.Equal(got.Answer.Columns, first.Columns) {
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

// looked returns how many records were looked at for a page, which costs something even if it is
// nothing.
func looked(a *client.Answer, limit int) uint64 {
	return min(max(uint64(min(limit, leastPage)), a.TotalScanned, a.Count), mostRecords)
}
