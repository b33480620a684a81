package rows

import (
	"bufio"
	"bytes"
	"cmp"
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"

	"xietong/node/ground/table"
)

// keyLen is how long the trace of a key is: 16 bytes of the hash of its folded form, 8 of the key's
// own, the row and the line.
const keyLen = 32

// runLen is how many traces are sorted in memory at once: 16 MiB.
const runLen = 512 << 10

type trace [keyLen]byte

func traceOf(key []byte, row uint64, line uint64) (t trace) {
	like := sha256.Sum256(alike(key))
	own := sha256.Sum256(key)
	copy(t[:16], like[:])
	copy(t[16:24], own[:])
	binary.BigEndian.PutUint32(t[24:], uint32(row))
	binary.BigEndian.PutUint32(t[28:], uint32(line))
	return t
}

func (t trace) row() uint32  { return binary.BigEndian.Uint32(t[24:]) }
func (t trace) line() uint32 { return binary.BigEndian.Uint32(t[28:]) }

// alike returns what keys have in common that differ only by case, width or composition, or by
// characters that show nothing.
func alike(key []byte) []byte {
	if !slices.ContainsFunc(key, func(b byte) bool { return b >= 0x80 }) {
		return bytes.ToLower(key) // the keys of most files
	}
	seen := strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) {
			return -1
		}
		return r
	}, string(key))
	return []byte(strings.ToLower(width.Fold.String(norm.NFC.String(seen))))
}

// Alike are two rows whose keys differ only by case, width or composition, or by characters that
// show nothing, by their lines or, in a list of JSON, by their numbers.
type Alike struct{ Line, First uint64 }

// maxAlike is how many such rows are listed.
const maxAlike = 20

// repeated is a row whose key stands in another row too, and the first row in which it stands.
type repeated struct{ row, first uint32 }

// keySet finds the rows that have the key of an earlier row, in bounded memory at any size: traces
// of the keys are sorted in runs, which are held outside and merged in the end.
type keySet struct {
	dir  string
	most int // traces that are sorted in memory at once
	run  []trace
	held []*table.Held
}

// add takes the key of a row. Rows come in order.
func (k *keySet) add(key []byte, row, line uint64) error {
	if k.run = append(k.run, traceOf(key, row, line)); len(k.run) < k.most {
		return nil
	}
	slices.SortFunc(k.run, func(a, b trace) int { return bytes.Compare(a[:], b[:]) })
	h, err := table.Hold(k.dir, &traces{left: k.run})
	if err != nil {
		return err
	}
	k.held, k.run = append(k.held, h), k.run[:0]
	return nil
}

// traces reads traces as bytes.
type traces struct {
	left []trace
	at   int // bytes read of the first
}

func (t *traces) Read(p []byte) (n int, err error) {
	for len(t.left) > 0 && n < len(p) {
		read := copy(p[n:], t.left[0][t.at:])
		n, t.at = n+read, t.at+read
		if t.at == keyLen {
			t.left, t.at = t.left[1:], 0
		}
	}
	if n == 0 && len(p) > 0 {
		err = io.EOF
	}
	return n, err
}

// close gives up what was held.
func (k *keySet) close() (err error) {
	for _, h := range k.held {
		err = errors.Join(err, h.Close())
	}
	k.held, k.run = nil, nil
	return err
}

// found returns the rows whose keys stand twice, in order, and the first maxAlike rows with
// a key that is like an earlier one, with their number.
func (k *keySet) found() (twice []repeated, like []Alike, count uint64, err error) {
	slices.SortFunc(k.run, func(a, b trace) int { return bytes.Compare(a[:], b[:]) })
	m := merge{}
	for _, h := range k.held {
		m = append(m, &run{in: bufio.NewReaderSize(io.NewSectionReader(h, 0, h.Size()), 16<<10)})
	}
	m = append(m, &run{in: bufio.NewReaderSize(&traces{left: k.run}, 16<<10)})
	for i := len(m) - 1; i >= 0; i-- {
		if err := m[i].next(); errors.Is(err, io.EOF) {
			m = slices.Delete(m, i, i+1)
		} else if err != nil {
			return nil, nil, 0, err
		}
	}
	heap.Init(&m)
	var first, last trace // of the same key, of the same folded key
	again := false        // the key of first stands twice
	for len(m) > 0 {
		t := m[0].now
		switch {
		case bytes.Equal(t[:24], first[:24]):
			if !again {
				twice = append(twice, repeated{first.row(), first.row()})
			}
			twice, again = append(twice, repeated{t.row(), first.row()}), true
		case bytes.Equal(t[:16], last[:16]):
			if count++; len(like) < maxAlike {
				like = append(like, Alike{uint64(max(t.line(), last.line())), uint64(min(t.line(), last.line()))})
			}
			first, again = t, false
		default:
			first, last, again = t, t, false
		}
		if err := m[0].next(); errors.Is(err, io.EOF) {
			heap.Pop(&m)
		} else if err != nil {
			return nil, nil, 0, err
		} else {
			heap.Fix(&m, 0)
		}
	}
	slices.SortFunc(twice, func(a, b repeated) int { return cmp.Compare(a.row, b.row) })
	slices.SortFunc(like, func(a, b Alike) int { return cmp.Compare(a.Line, b.Line) })
	return twice, like, count, nil
}

// run is one sorted run of traces, and the next of them.
type run struct {
	in  *bufio.Reader
	now trace
}

func (r *run) next() error {
	_, err := io.ReadFull(r.in, r.now[:])
	return err
}

// merge is a heap of runs.
type merge []*run

func (m merge) Len() int           { return len(m) }
func (m merge) Less(i, j int) bool { return bytes.Compare(m[i].now[:], m[j].now[:]) < 0 }
func (m merge) Swap(i, j int)      { m[i], m[j] = m[j], m[i] }
func (m *merge) Push(x any)        { *m = append(*m, x.(*run)) }
func (m *merge) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}
