package records

import (
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// TestSpaceIsAskedFor (D-11): a file that would leave less than the reserve on a disk is refused
// with the figures before a byte of it is read, whichever disk it is; temporary files count, and so
// does what other files were promised.
func TestSpaceIsAskedFor(t *testing.T) {
	const mib = 1 << 20
	for what, row := range map[string]struct {
		size, rows          uint64
		one                 bool   // one disk
		ofData, ofTemporary uint64 // free, in MiB
		want                string // "" or the figures of the refusal
	}{
		"a small check":                    {size: mib, ofData: 0, ofTemporary: 0},
		"a check with room":                {size: 80 * mib, ofData: 0, ofTemporary: 90},
		"a check without room":             {size: 80 * mib, ofData: 1000, ofTemporary: 89, want: "temporary 90 MiB 89 MiB 0 MiB"},
		"a check on the disk of the data":  {size: 80 * mib, one: true, ofData: 153, ofTemporary: 153, want: "data 90 MiB 153 MiB 64 MiB"},
		"with room there":                  {size: 80 * mib, one: true, ofData: 154, ofTemporary: 154},
		"an import with room":              {size: 80 * mib, rows: 1 << 20, ofData: 64 + 80 + 1024, ofTemporary: 112},
		"an import without":                {size: 80 * mib, rows: 1 << 20, ofData: 64 + 80 + 1023, ofTemporary: 112, want: "data 1104 MiB 1167 MiB 64 MiB"},
		"an import without room to read":   {size: 80 * mib, rows: 1 << 20, ofData: 5000, ofTemporary: 111, want: "temporary 112 MiB 111 MiB 0 MiB"},
		"an import on one disk":            {size: 80 * mib, rows: 1 << 20, one: true, ofData: 64 + 80 + 1024 + 111, ofTemporary: 0, want: "data 1216 MiB 1279 MiB 64 MiB"},
		"less than the reserve, no import": {size: 10, rows: 1, ofData: 63, ofTemporary: 63, want: "data 64 MiB 63 MiB full"},
	} {
		s := &Space{Data: "data", Temporary: "temporary", Reserve: 64 * mib, Disk: func(dir string) (uint64, uint64, error) {
			if dir == "data" || row.one {
				return 1, row.ofData * mib, nil
			}
			return 2, row.ofTemporary * mib, nil
		}}
		f := &Files{Space: s}
		_, err := f.takeIn(t.Context(), ofSize{int64(row.size)}, row.rows)
		refusal := ""
		if a := text.AsFailure(err); failure.Is(err, text.SpaceNeeded) {
			refusal = strings.Join([]string{a.Args["dir"], a.Args["needed"], a.Args["free"], a.Args["reserve"]}, " ")
		} else if failure.Is(err, text.DiskFull) {
			refusal = strings.Join([]string{a.Args["dir"], a.Args["needed"], a.Args["free"], "full"}, " ")
		} else if !errors.Is(err, errRead) {
			t.Errorf("%s: %v", what, err)
		}
		if refusal != row.want {
			t.Errorf("%s: got %q, want %q", what, refusal, row.want)
		}
		if s.promised[1]+s.promised[2] != 0 {
			t.Errorf("%s: %v stay promised", what, s.promised)
		}
	}
}

var errRead = errors.New("it was read")

// ofSize is a file of which nothing can be read.
type ofSize struct{ size int64 }

func (f ofSize) Size() int64              { return f.size }
func (f ofSize) Read([]byte) (int, error) { return 0, errRead }

// endless is a file of unknown length that never ends.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) { e.read += len(p); return len(p), nil }

// TestUnknownLength (D-11): of a file that does not say how long it is, no more is read than a step
// beyond what there is room for.
func TestUnknownLength(t *testing.T) {
	e := &endless{}
	free := uint64(100 << 20)
	s := &Space{Reserve: 64 << 20, Disk: func(string) (uint64, uint64, error) { return 1, free - min(free, uint64(e.read)), nil }}
	r, release, err := s.spaced(e, 0)
	if err == nil {
		defer release()
		_, err = io.Copy(io.Discard, r)
	}
	if !failure.Is(err, text.SpaceNeeded) || e.read > 36<<20 {
		t.Errorf("%d bytes were read, then %v", e.read, err)
	}
}

// TestPromises takes and gives up room in any order, and compares with a list: what is promised is
// the sum of what is held, and never more than is free beyond the reserve.
func TestPromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		free := rapid.Uint64Range(0, 1<<34).Draw(t, "free")
		s := &Space{Reserve: 64 << 20, Disk: func(string) (uint64, uint64, error) { return 1, free, nil }}
		type one struct {
			bytes   uint64
			release func()
		}
		var held []one
		sum := uint64(0)
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			if len(held) > 0 && rapid.Bool().Draw(t, "give up") {
				sum -= held[0].bytes
				held[0].release()
				held[0].release() // once more does nothing
				held = held[1:]
				continue
			}
			size, rows := rapid.Uint64Range(0, 1<<33).Draw(t, "size"), rapid.Uint64Range(0, 1<<22).Draw(t, "rows")
			temporary, data := roomFor(size, rows)
			release, err := s.take(size, rows)
			if fits := temporary+data == 0 || sum+temporary+data+s.Reserve <= free; fits != (err == nil) {
				t.Fatalf("%d of %d are promised, %d are wanted: %v", sum, free, temporary+data, err)
			}
			if err == nil {
				held, sum = append(held, one{temporary + data, release}), sum+temporary+data
			}
		}
		if s.promised[1] != sum {
			t.Fatalf("%d are promised, want %d", s.promised[1], sum)
		}
	})
}
