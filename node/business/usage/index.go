package usage

import (
	"bytes"
	"container/heap"
	"encoding/binary"
	"math"
	"strconv"

	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// index finds the entries of a bucket by the parts of their keys, the newest first. A key is the
// parts, each with a zero byte after it, and down64 of the number of the entry.
type index struct {
	bucket string
	parts  int
}

func (x index) key(n uint64, parts ...string) []byte {
	return append(book.Joined(parts...), book.Down64(n)...)
}

func (x index) put(tx *state.Tx, n uint64, value []byte, parts ...string) error {
	return tx.Put(x.bucket, x.key(n, parts...), value)
}

// choice is what one part of a key may be: any, where it is nil.
type choice []string

// one is the choice of a single part; the empty text stands for any.
func one(part string) choice {
	if part == "" {
		return nil
	}
	return choice{part}
}

// stream is the entries of one prefix. at is the number of the next of them.
type stream struct {
	prefix []byte
	at     uint64
	value  []byte
}

// streams are the streams of a list, the one with the newest entry first.
type streams []stream

func (s streams) Len() int           { return len(s) }
func (s streams) Less(i, j int) bool { return s[i].at > s[j].at }
func (s streams) Swap(i, j int)      { s[i], s[j] = s[j], s[i] }
func (s *streams) Push(v any)        { *s = append(*s, v.(stream)) }
func (s *streams) Pop() any {
	last := (*s)[len(*s)-1]
	*s = (*s)[:len(*s)-1]
	return last
}

// walk is one list: the entries below a number, of every prefix whose parts are among the choices.
type walk struct {
	book.Reads
	index
	below uint64 // numbers below this one
	left  int    // prefixes that may still be looked at
	open  streams
}

// walk opens a list. It refuses a list of more than maxStreams prefixes, with text.ListTooWide.
func (x index) walk(r book.Reads, below uint64, parts ...choice) (*walk, error) {
	w := &walk{Reads: r, index: x, below: below, left: maxStreams}
	if err := w.under(nil, parts); err != nil {
		return nil, err
	}
	heap.Init(&w.open)
	return w, nil
}

// under opens the streams below a prefix.
func (w *walk) under(prefix []byte, parts []choice) error {
	if len(parts) == 0 {
		return w.add(prefix)
	}
	below := func(part string) error { return w.under(append(bytes.Clone(prefix), book.Joined(part)...), parts[1:]) }
	if parts[0] != nil {
		for _, part := range parts[0] {
			if err := below(part); err != nil {
				return err
			}
		}
		return nil
	}
	for part, ok := w.part(prefix, nil); ok; part, ok = w.part(prefix, &part) {
		if err := below(part); err != nil {
			return err
		}
	}
	return nil
}

// part returns the first part that stands under a prefix, or the first after another one.
func (w *walk) part(prefix []byte, after *string) (part string, ok bool) {
	from := prefix
	if after != nil {
		from = append(append(bytes.Clone(prefix), *after...), 1)
	}
	w.Scan(w.bucket, prefix, from, func(k, _ []byte) bool {
		before, _, whole := bytes.Cut(k[len(prefix):], []byte{0})
		part, ok = string(before), whole
		return false
	})
	return part, ok
}

func (w *walk) add(prefix []byte) error {
	if w.left--; w.left < 0 {
		return text.Fail(text.ListTooWide, text.Args{"limit": strconv.Itoa(maxStreams)}, nil)
	}
	if s := (stream{prefix: prefix}); w.advance(&s, w.below) {
		w.open = append(w.open, s)
	}
	return nil
}

// advance moves a stream to its newest entry below a number; false: there is none.
func (w *walk) advance(s *stream, below uint64) (ok bool) {
	if below == 0 {
		return false
	}
	w.Scan(w.bucket, s.prefix, append(bytes.Clone(s.prefix), book.Down64(below-1)...), func(k, v []byte) bool {
		if ok = len(k) == len(s.prefix)+8; ok {
			s.at, s.value = math.MaxUint64-binary.BigEndian.Uint64(k[len(s.prefix):]), v
		}
		return false
	})
	return ok
}

// next returns the newest entry that was not returned yet, with its first part and its value; ok is
// false at the end.
func (w *walk) next() (n uint64, first string, value []byte, ok bool) {
	if len(w.open) == 0 {
		return 0, "", nil, false
	}
	s := w.open[0]
	before, _, _ := bytes.Cut(s.prefix, []byte{0})
	if w.advance(&w.open[0], s.at) {
		heap.Fix(&w.open, 0)
	} else {
		heap.Pop(&w.open)
	}
	return s.at, string(before), s.value, true
}
