package records

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/rows"
)

// villageFile is a file with the villages of the names, by the last digit of their keys.
func villageFile(names ...string) (string, File) {
	var b strings.Builder
	b.WriteString("code,name,township\n")
	for n, name := range names {
		fmt.Fprintf(&b, "52010201600%d,%s,T1\n", n, name)
	}
	n := uint64(len(names))
	return b.String(), File{Reading: asCSV, Hash: sha256.Sum256([]byte(b.String())), Rows: n, Good: n}
}

func villageKey(n int) string { return fmt.Sprintf("52010201600%d", n) }

// load imports a file that was checked.
func load(t *testing.T, desk *Desk, data string, f File) Loaded {
	t.Helper()
	done, err := desk.Load(t.Context(), newID(), civil, code, f, strings.NewReader(data), nil)
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	return done
}

// namesNow returns the names of the villages that count now, by the last digit of their keys.
func namesNow(t *testing.T, l book.Ledger) map[string]string {
	t.Helper()
	names := map[string]string{}
	reading(t, l, func(r *state.Reader) {
		newView(r).all(code, nil, onward, func(f found) bool {
			record, err := l.Payload(r, f.Index)
			key, keyErr := rows.Member(record, "code")
			name, nameErr := rows.Member(record, "name")
			if err := errors.Join(err, keyErr, nameErr); err != nil {
				t.Fatal(err)
			}
			names[string(key[12:13])] = strings.Trim(string(name), `"`)
			return true
		})
	})
	return names
}

// P03, H5, U-A2: a file that was imported once is imported again, unless nothing was published in
// the dataset since: then it is told when it was.
func TestFileImportedAgain(t *testing.T) {
	a, aFile := villageFile("a", "a", "a")
	b, bFile := villageFile("b", "b")
	for what, row := range map[string]struct {
		between   func(t *testing.T, l *booktest.Ledger, desk *Desk)
		unchanged bool
	}{
		"nothing": {func(*testing.T, *booktest.Ledger, *Desk) {}, true},
		"b":       {func(t *testing.T, _ *booktest.Ledger, desk *Desk) { load(t, desk, b, bFile) }, false},
		"a put": {func(t *testing.T, _ *booktest.Ledger, desk *Desk) {
			put(t, desk, `{"code":"`+villageKey(1)+`","name":"p"}`)
		}, false},
		"a put of a": {func(t *testing.T, _ *booktest.Ledger, desk *Desk) {
			put(t, desk, `{"code":"`+villageKey(1)+`","name":"a"}`)
		}, false},
		"a retraction": {func(t *testing.T, _ *booktest.Ledger, desk *Desk) {
			if _, err := desk.Retract(t.Context(), newID(), civil, code, villageKey(0), "r"); err != nil {
				t.Fatal(err)
			}
		}, false},
		"a new version of the entry": {func(t *testing.T, l *booktest.Ledger, _ *Desk) {
			if err := republish(t.Context(), l); err != nil {
				t.Fatal(err)
			}
		}, false},
		"an import that was given up": {func(t *testing.T, l *booktest.Ledger, _ *Desk) { interrupted(t, l, b, bFile) }, true},
	} {
		t.Run(what, func(t *testing.T) {
			l, desk := open(t)
			first := load(t, desk, a, aFile)
			row.between(t, l, desk)
			again := load(t, desk, a, aFile)
			if again.Unchanged != row.unchanged || (again.Published == first.Published) != row.unchanged {
				t.Errorf("got %+v after %+v; unchanged: want %t", again, first, row.unchanged)
			}
			if again.Time.UnixMilli() != l.Clock.UnixMilli() {
				t.Errorf("published at %v, want %v", again.Time, l.Clock)
			}
			if got, want := fmt.Sprint(namesNow(t, l)), "map[0:a 1:a 2:a]"; got != want && what != "nothing" {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// cutting is a ledger that is cut off at one of its commands, before or after the command was
// applied.
type cutting struct {
	*booktest.Ledger
	left  int // commands until then
	after bool
}

var errCut = errors.New("cut off")

func (c *cutting) Propose(ctx context.Context, kind state.Kind, q book.Request, body []byte) ([]byte, error) {
	if c.left--; c.left < 0 || c.left == 0 && !c.after {
		return nil, errCut
	}
	data, err := c.Ledger.Propose(ctx, kind, q, body)
	if c.left == 0 {
		return nil, errCut
	}
	return data, err
}

// interrupted begins an import, and leaves it when its first rows are staged.
func interrupted(t *testing.T, l *booktest.Ledger, data string, f File) {
	t.Helper()
	desk := NewDesk(&cutting{l, 3, false})
	if _, err := desk.Load(t.Context(), newID(), civil, code, f, strings.NewReader(data), nil); !errors.Is(err, errCut) {
		t.Fatalf("got %v, want that it is cut off", err)
	}
}

// P03: an import that is cut off at any of its steps goes on when the same file comes again, by the
// same request or another, whatever came between. The same request is no repeat.
func TestImportCutOff(t *testing.T) {
	data, f := file(0)
	whole, desk := open(t)
	before := whole.Proposals.Load()
	if _, err := desk.Load(t.Context(), newID(), civil, code, f, bytes.NewReader(data), nil); err != nil {
		t.Fatal(err)
	}
	steps := int(whole.Proposals.Load() - before)
	every := 1
	if testing.Short() { // most steps are alike: the last one, and a part of the others
		every = 5
	}
	for at := 2*steps - 1; at >= 0; at -= every {
		for _, same := range []bool{true, false} {
			cut := &cutting{nil, 1 + at/2, at%2 == 1}
			t.Run(fmt.Sprintf("at command %d, applied %t, same request %t", cut.left, cut.after, same), func(t *testing.T) {
				l, desk := open(t)
				cut.Ledger = l
				id := newID()
				if _, err := NewDesk(cut).Load(t.Context(), id, civil, code, f, bytes.NewReader(data), nil); !errors.Is(err, errCut) {
					t.Fatalf("got %v, want that it is cut off", err)
				}
				put(t, desk, `{"code":"200000000000","name":"put meanwhile"}`)
				if !same {
					id = newID()
				}
				done, err := desk.Load(t.Context(), id, civil, code, f, bytes.NewReader(data), nil)
				if err != nil || done.Unchanged {
					t.Fatalf("got %+v, %v", done, err)
				}
				want := map[ledger.Kind]int{ledger.KindImportOpened: 1, ledger.KindImportPublished: 1}
				if at == 2*steps-1 && !same { // it was published, and something came after it
					want = map[ledger.Kind]int{ledger.KindImportOpened: 2, ledger.KindImportPublished: 2}
				}
				got := map[ledger.Kind]int{}
				for _, head := range l.Heads(t, 0) {
					if want[head.Kind] > 0 || head.Kind == ledger.KindImportAbandoned {
						got[head.Kind]++
					}
				}
				if !maps.Equal(got, want) || visibleRows(t, l) != 1+importRows {
					t.Errorf("got %d of each kind, want %d; %d records", got, want, visibleRows(t, l))
				}
			})
		}
	}
}

// recording is a ledger that keeps its commands.
type recording struct {
	*booktest.Ledger
	commands []state.Command
}

func (r *recording) Propose(ctx context.Context, kind state.Kind, q book.Request, body []byte) ([]byte, error) {
	now := r.Clock
	r.commands = append(r.commands, state.Command{
		Kind: kind, Origin: q.Origin, ID: q.ID, Asked: q.Asked, Body: body,
		Clock: uint64(now.UnixMilli()), Expires: uint64(now.Add(time.Hour).UnixMilli()),
	})
	return r.Ledger.Propose(ctx, kind, q, body)
}

// P03: another replica that applies the same commands takes the same imports for the same.
func TestImportsReplayed(t *testing.T) {
	l := &recording{Ledger: booktest.New(t, nanming.String(), commands())}
	if err := publish(l); err != nil {
		t.Fatal(err)
	}
	desk := NewDesk(l)
	a, aFile := villageFile("a", "a", "a")
	b, bFile := villageFile("b", "b")
	load(t, desk, a, aFile)
	load(t, desk, b, bFile)
	load(t, desk, a, aFile)
	load(t, desk, a, aFile)
	put(t, desk, `{"code":"520102016001","name":"p"}`)
	load(t, desk, a, aFile)
	other := state.NewMemory(l.Log(), commands())
	for _, c := range l.commands {
		if _, err := other.Apply(c); err != nil {
			t.Fatal(err)
		}
	}
	kept := func(view func(func(*state.Reader) error) error) (all []string) {
		if err := view(func(r *state.Reader) error {
			for _, bucket := range []string{versions.Name, imports.Name, changes.Name, bucketImportIDs, bucketImporting} {
				r.Scan(bucket, nil, nil, func(k, v []byte) bool {
					all = append(all, fmt.Sprintf("%s %x %x", bucket, k, v))
					return true
				})
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return all
	}
	got, want := kept(other.View), kept(l.Look)
	if !slices.Equal(got, want) {
		t.Errorf("got %d values on the other replica, want the same %d", len(got), len(want))
	}
	published := 0
	for _, head := range l.Heads(t, 0) {
		if head.Kind == ledger.KindImportPublished {
			published++
		}
	}
	if published != 4 {
		t.Errorf("%d imports were published, want a, b, a, and a after the put", published)
	}
}
