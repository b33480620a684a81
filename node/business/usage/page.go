package usage

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"

	"xietong/certs/canon"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// Page says which part of a list is wanted.
type Page struct {
	Limit  int    // rows; 0: DefaultPage
	Cursor string // that the page before came with; "": the first page
	Oldest bool   // the oldest rows stand first, where a list is one of what comes again and again
}

// Rows returns the number of rows of a page, which are MaxPage at most.
func (p Page) Rows() int {
	if p.Limit <= 0 {
		return DefaultPage
	}
	return min(p.Limit, MaxPage)
}

// list is a list of entries of the ledger, of which a page is wanted.
type list[R any] struct {
	Page
	Period
	name   string
	filter []string // a cursor is good for the same filter only
	open   func(r *state.Reader, below uint64) (*walk, error)
	row    func(r *state.Reader, n uint64, first string, value []byte) (R, error)
}

// read returns a page, and the cursor of the next one; "" at the end.
func (q list[R]) read(r *state.Reader, own book.Ledger) (rows []R, cursor string, err error) {
	digest := q.digest()
	from, below, err := q.numbers(r)
	switch {
	case err == nil && q.Oldest:
		return q.readUp(r, own, from, below)
	case err == nil && q.Cursor != "":
		below, err = openCursor(own, q.Cursor, digest)
	}
	var w *walk
	if err == nil {
		w, err = q.open(r, below)
	}
	if err != nil {
		return nil, "", err
	}
	for last := uint64(0); ; {
		n, first, value, ok := w.next()
		if !ok || n < from {
			return rows, "", nil
		}
		if len(rows) == q.Rows() {
			return rows, sealCursor(own, digest, last), nil
		}
		one, err := q.row(r, n, first, value)
		if err != nil {
			return nil, "", err
		}
		rows, last = append(rows, one), n
	}
}

// hit is an entry of a list.
type hit struct {
	n     uint64
	first string
	value []byte
}

// readUp is read with the oldest first. Lists are walked downwards: what stands below a number is
// looked at, and below a higher one, until there are enough of the rows from the first one on.
func (q list[R]) readUp(r *state.Reader, own book.Ledger, from, end uint64) (rows []R, cursor string, err error) {
	if q.Cursor != "" {
		last, err := openCursor(own, q.Cursor, q.digest())
		if err != nil {
			return nil, "", err
		}
		from = last + 1
	}
	for width := uint64(q.Rows()) * 4; ; width *= 4 {
		top := min(from+width, end)
		lowest, err := q.lowest(r, from, top)
		if err != nil {
			return nil, "", err
		}
		if len(lowest) <= q.Rows() && top < end {
			continue
		}
		for _, h := range lowest[:min(len(lowest), q.Rows())] {
			one, err := q.row(r, h.n, h.first, h.value)
			if err != nil {
				return nil, "", err
			}
			rows = append(rows, one)
		}
		if len(lowest) > q.Rows() {
			cursor = sealCursor(own, q.digest(), lowest[q.Rows()-1].n)
		}
		return rows, cursor, nil
	}
}

// lowest returns the lowest entries of the list from one number to below another, as many as a page
// has rows and one more, the lowest first.
func (q list[R]) lowest(r *state.Reader, from, below uint64) (all []hit, err error) {
	w, err := q.open(r, below)
	if err != nil {
		return nil, err
	}
	for {
		n, first, value, ok := w.next()
		if !ok || n < from {
			slices.Reverse(all)
			return all[:min(len(all), q.Rows()+1)], nil
		}
		if all = append(all, hit{n, first, value}); len(all) > 4*q.Rows() { // what stands higher is not wanted
			all = slices.Clone(all[len(all)-q.Rows()-1:])
		}
	}
}

// numbers returns the numbers of the entries of the period: from the first to below the second.
// Ledger time never goes back.
func (q list[R]) numbers(r *state.Reader) (first, below uint64, err error) {
	from, to := q.bounds()
	below = r.Size()
	if to > 0 {
		below, err = firstAt(r, to)
	}
	if err == nil && from > 0 {
		first, err = firstAt(r, from)
	}
	return first, below, err
}

// firstAt returns the number of the first entry that is not before a time, in ms since 1970 UTC.
func firstAt(r *state.Reader, ms uint64) (n uint64, err error) {
	found := sort.Search(int(r.Size()), func(i int) bool {
		leaf, bad := ledger.DecodeLeaf(r.Leaf(uint64(i)))
		if bad != nil {
			err = errors.Join(err, fmt.Errorf("read entry %d: %w", i, bad))
		}
		return leaf.Head.Time >= ms
	})
	return uint64(found), err
}

// cursor is the content of a cursor, which is sealed.
type cursor struct {
	_      struct{} `cbor:",toarray"`
	Digest []byte   // of the list and its filter
	Below  uint64   // the number of the last row before
}

const maxCursorLen = 64

func (q list[R]) digest() []byte {
	from, to := q.bounds()
	return digestOf(append(q.filter, q.name, strconv.FormatBool(q.Oldest), strconv.FormatUint(from, 10), strconv.FormatUint(to, 10))...)
}

func digestOf(parts ...string) []byte {
	sum := sha256.Sum256(encoded(parts))
	return sum[:16]
}

// encoded encodes texts, numbers and bytes, which always have an encoding.
func encoded(v any) []byte {
	data, err := canon.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}

func sealCursor(own book.Ledger, digest []byte, below uint64) string {
	return own.SealToken(encoded(cursor{Digest: digest, Below: below}))
}

// openCursor returns the number below which the list goes on. The refusal is text.CursorNotOfList.
func openCursor(own book.Ledger, token string, digest []byte) (below uint64, err error) {
	var c cursor
	data, err := own.OpenToken(token)
	if err == nil {
		err = canon.Unmarshal(data, maxCursorLen, &c)
	} else if !errors.Is(err, book.ErrToken) {
		return 0, err
	}
	if err != nil || !bytes.Equal(c.Digest, digest) {
		return 0, text.Fail(text.CursorNotOfList, nil, err)
	}
	return c.Below, nil
}
