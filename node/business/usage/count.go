package usage

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
	"xietong/node/ground/zone"
)

// By says of what the months are counted apart.
type By string

// The ways to count.
const (
	ByMonth   By = "month"
	ByDataset By = "dataset"
	ByAgency  By = "agency"
)

// Counting says which months are counted, and how.
type Counting struct {
	By      By
	Dataset identity.Label // zero: all
	From    string         // first month, such as 2026-10; "": the first that there is
	To      string         // last month; "": the last that there is
}

// Monthly is how often something happened in one month.
type Monthly struct {
	Month string // such as 2026-10, in UTC+8
	Of    string // the dataset's code, or the agency; "" where months are not counted apart
	Counted
}

// CountUses returns a page of how many uses there were in each month, of those that Uses lists for
// the actor, the newest month first; cursor is "" at the end. Refusals: text.MonthsOnly for the
// months, and those of Uses.
func (d *Desk) CountUses(ctx context.Context, by Asks, c Counting, p Page) (rows []Monthly, cursor string, err error) {
	err = d.own.View(ctx, func(r *state.Reader) error {
		codes, err := d.visible(r, by, c.Dataset)
		if err != nil {
			return err
		}
		t := tally{Counting: c, Page: p, bucket: bucketUseCounts, first: codes, group: func(dataset, consumer string) string {
			return map[By]string{ByDataset: dataset, ByAgency: consumer}[c.By]
		}}
		rows, cursor, err = t.read(r, d.own)
		return err
	})
	return rows, cursor, err
}

// tally is a list of counts by month, of which a page is wanted. Its bucket has counts by
// down64(month) and two more parts.
type tally struct {
	Counting
	Page
	bucket string
	of     string // beside Counting, what is counted: a cursor is good for the same only
	first  choice // what the first part may be; nil: any
	second choice // what the second part may be; nil: any
	group  func(first, second string) string
}

// read returns a page of the counts. It keeps the groups of one month in memory.
func (t tally) read(r *state.Reader, own book.Ledger) (rows []Monthly, cursor string, err error) {
	first, last, err := t.months()
	if err != nil {
		return nil, "", err
	}
	at, after := last, ""
	if t.Cursor != "" {
		if at, after, err = t.opened(own); err != nil {
			return nil, "", err
		}
	}
	skip := t.Cursor != ""
	for month, ok := t.month(r, at); ok && month >= first; month, ok = t.month(r, month-1) {
		groups := t.groups(r, month)
		for _, of := range slices.Sorted(maps.Keys(groups)) {
			switch {
			case skip && month == at && of <= after:
				continue
			case len(rows) == t.Rows():
				before := rows[len(rows)-1]
				return rows, t.sealed(own, before), nil
			}
			rows = append(rows, Monthly{Month: monthNamed(month), Of: of, Counted: groups[of]})
		}
		if month == 0 {
			break
		}
	}
	return rows, "", nil
}

// groups counts the groups of a month.
func (t tally) groups(r book.Reads, month uint64) map[string]Counted {
	groups, prefix := map[string]Counted{}, book.Down64(month)
	under := func(prefix []byte) {
		r.Scan(t.bucket, prefix, prefix, func(k, v []byte) bool {
			parts := bytes.Split(k[8:], []byte{0})
			if len(parts) == 3 && (t.second == nil || slices.Contains(t.second, string(parts[1]))) {
				of := t.group(string(parts[0]), string(parts[1]))
				groups[of] = groups[of].plus(countIn(v))
			}
			return true
		})
	}
	if t.first == nil {
		under(prefix)
	}
	for _, part := range t.first {
		under(append(bytes.Clone(prefix), book.Joined(part)...))
	}
	return groups
}

// month returns the last month that has counts, up to one.
func (t tally) month(r book.Reads, upTo uint64) (month uint64, ok bool) {
	r.Scan(t.bucket, nil, book.Down64(upTo), func(k, _ []byte) bool {
		if ok = len(k) > 8; ok {
			month = math.MaxUint64 - binary.BigEndian.Uint64(k)
		}
		return false
	})
	return month, ok
}

const monthForm = "2006-01"

func monthNamed(month uint64) string { return fmt.Sprintf("%04d-%02d", month/12, month%12+1) }

// months returns the numbers of the first and the last month.
func (c Counting) months() (first, last uint64, err error) {
	last = math.MaxUint64
	bad := text.Fail(text.MonthsOnly, text.Args{"from": text.Short(c.From), "to": text.Short(c.To)}, nil)
	read := func(typed string, month *uint64) bool {
		begins, ends, ok := span(typed, zone.Ledger)
		if typed == "" || !ok || len(typed) != len(monthForm) || !begins.Before(ends) {
			return typed == ""
		}
		*month = uint64(begins.Year())*12 + uint64(begins.Month()) - 1
		return true
	}
	if !read(c.From, &first) || !read(c.To, &last) || first > last {
		return 0, 0, bad
	}
	return first, last, nil
}

// countCursor is the content of a cursor of counts, which is sealed.
type countCursor struct {
	_      struct{} `cbor:",toarray"`
	Digest []byte
	Month  string // of the last row before
	Of     string // of the last row before
}

const maxCountCursorLen = 512

func (t tally) digest() []byte {
	return digestOf(t.bucket, t.of, string(t.By), t.Dataset.String(), t.From, t.To)
}

func (t tally) sealed(own book.Ledger, last Monthly) string {
	return own.SealToken(encoded(countCursor{Digest: t.digest(), Month: last.Month, Of: last.Of}))
}

// opened returns the month and the group after which the list goes on.
func (t tally) opened(own book.Ledger) (month uint64, of string, err error) {
	var c countCursor
	data, err := own.OpenToken(t.Cursor)
	if err == nil {
		err = canon.Unmarshal(data, maxCountCursorLen, &c)
	} else if !errors.Is(err, book.ErrToken) {
		return 0, "", err
	}
	if err == nil {
		month, _, err = Counting{From: c.Month}.months()
	}
	if err != nil || !bytes.Equal(c.Digest, t.digest()) {
		return 0, "", text.Fail(text.CursorNotOfList, nil, err)
	}
	return month, c.Of, nil
}
