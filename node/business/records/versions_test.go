package records

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// A02: many versions of one record must not make each look at it, and each entry of an index that
// leads to it, a walk over all of them: two such questions held every slot for minutes.
func TestManyVersionsOfOneRecord(t *testing.T) {
	l, desk := open(t)
	for n := 1; n <= 200; n++ {
		put(t, desk, fmt.Sprintf(`{"code":"520102016001","name":"纪念塔社区%d","township":"T1"}`, n))
		if n != 100 && n != 200 {
			continue
		}
		reading(t, l, func(r *state.Reader) {
			reads, rows := &booktest.Counting{Reads: r}, 0
			v := newView(reads)
			v.indexed(code, "township", desk.valueMAC(code, "township", []byte(`"T1"`)), 0, onward, func(found) bool {
				rows++
				return true
			})
			if rows != 1 {
				t.Errorf("%d versions: got %d records, want 1", n, rows)
			}
			if reads.Pairs > 4*n {
				t.Errorf("%d versions: %d pairs are read for one record, want at most %d", n, reads.Pairs, 4*n)
			}
		})
	}
	all, older, err := desk.History(t.Context(), civil, code, "520102016001")
	if err != nil || len(all) != 201 || older {
		t.Errorf("history: got %d versions, older %t, %v, want all 201", len(all), older, err)
	}
}

// TestHistorySaysWhy (G8): the provider reads why a record was retracted where it reads that.
func TestHistorySaysWhy(t *testing.T) {
	_, desk := open(t) // with the record
	if _, err := desk.Retract(t.Context(), newID(), civil, code, "520102016001", "注销"); err != nil {
		t.Fatal(err)
	}
	all, _, err := desk.History(t.Context(), civil, code, "520102016001")
	if err != nil || len(all) != 2 || all[0].Reason != "" || all[1].Reason != "注销" {
		t.Errorf("got %+v, %v, want the reason with the retraction alone", all, err)
	}
}

// A02b: a question that nobody waits for any more ends, also where it passes nothing but versions
// that count no more.
func TestWalkOverOldVersionsEnds(t *testing.T) {
	l, desk := open(t)
	for n := range 50 {
		put(t, desk, fmt.Sprintf(`{"code":"520102016001","name":"社区%d","township":"T1"}`, n))
	}
	put(t, desk, `{"code":"520102016001","name":"社区","township":"T2"}`)
	for name, q := range map[string]Question{
		"all of them": {Dataset: code, Filter: `name == "nobody"`},
		"an index":    {Dataset: code, Where: map[string]json.RawMessage{"township": []byte(`"T1"`)}},
	} {
		q.Purpose, q.Application = "statistics", applied
		s, _ := decided(t, l, desk, catalog.Local("water"), q)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		reading(t, l, func(r *state.Reader) {
			s := &search{desk: desk, p: s.p}
			if err := s.read(ctx, r, sharing.Permit{}); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: got %v, want that nobody waits any more", name, err)
			}
		})
	}
}

// trial is a dataset whose versions are counted beside, as a list of positions.
type trial struct {
	t        *rapid.T
	ledger   book.Ledger
	visible  map[MAC][]Version // by key
	opened   uint64            // of the import that is under way; 0: none
	replace  bool              // it takes the place of all records
	staged   []Version         // of that import
	stagedOf []MAC
	imports  int
	changes  Changes // of the records, as they should be told
}

func (r *trial) statement(head ledger.Head) book.Statement {
	s, err := r.ledger.Act(head, RecordType, []byte("{}"))
	r.must(err)
	return s
}

func (r *trial) must(err error) {
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *trial) key() MAC { return MAC{byte(rapid.IntRange(1, 3).Draw(r.t, "key"))} }

func (r *trial) put(*rapid.T) {
	key := r.key()
	got, err := commandPut.Do(context.Background(), r.ledger, book.Request{}, putBody{
		Code: code, Version: 1, Key: key, Statement: r.statement(recordHead(agency, code)),
	})
	r.must(err)
	index, _ := got.Entry.Index()
	if want := r.current(key) != nil; got.Replaced != want {
		r.t.Fatalf("replaced: got %t, want %t", got.Replaced, want)
	}
	r.visible[key] = append(r.visible[key], Version{Index: index, Position: index})
	r.changes.Last = got.Entry
}

func (r *trial) retract(*rapid.T) {
	key := r.key()
	now := r.current(key)
	if now == nil {
		return
	}
	got, err := commandRetract.Do(context.Background(), r.ledger, book.Request{}, retractBody{
		Code: code, Version: 1, Key: key, Retracts: now.Index, Statement: r.statement(retractionHead(now.Index, agency, code)),
	})
	r.must(err)
	index, _ := got.Index()
	r.visible[key] = append(r.visible[key], Version{Index: index, Position: index, Retracted: true})
	r.changes.Last = got
	r.changes.Removed++
}

// open opens an import, or finds that another is under way.
func (r *trial) open(*rapid.T) {
	r.imports++
	replace := rapid.Bool().Draw(r.t, "replace")
	got, err := commandImportOpen.Do(context.Background(), r.ledger, book.Request{}, openBody{
		ID: sha256.Sum256(fmt.Append(nil, r.imports)), Code: code, Version: 1, Rows: 3, Replace: replace, Bound: replace,
		Statement: r.statement(ledger.Head{Kind: ledger.KindImportOpened, Code: code}),
	})
	if r.opened != 0 {
		if !failure.Is(err, text.NotReady) {
			r.t.Fatalf("a second import at once: got %v", err)
		}
		return
	}
	r.must(err)
	r.opened, _ = got.Opened.Index()
	r.staged, r.stagedOf, r.replace = nil, nil, replace
}

func (r *trial) stage(*rapid.T) {
	if r.opened == 0 || len(r.staged) == 3 {
		return
	}
	key := r.key()
	var size uint64
	r.must(r.ledger.View(context.Background(), func(s *state.Reader) error { size = s.Size(); return nil }))
	_, err := commandImportChunk.Do(context.Background(), r.ledger, book.Request{}, chunkBody{
		Import: r.opened, First: uint64(len(r.staged)), Rows: []chunkRow{{Key: key, Sealed: []byte("sealed")}},
	})
	r.must(err)
	r.staged = append(r.staged, Version{Index: size, Import: ledger.RefTo(r.opened)})
	r.stagedOf = append(r.stagedOf, key)
}

// index makes the next staged row findable.
func (r *trial) index(*rapid.T) {
	if r.opened != 0 && len(r.staged) == 3 {
		r.must(indexRows(r.ledger, r.opened, 1))
	}
}

func (r *trial) end(*rapid.T) {
	if r.opened == 0 {
		return
	}
	if len(r.staged) < 3 || rapid.IntRange(0, 3).Draw(r.t, "give up") == 0 {
		_, err := commandImportAbandon.Do(context.Background(), r.ledger, book.Request{}, abandonBody{
			Import: r.opened, Statement: r.statement(ledger.Head{Kind: ledger.KindImportAbandoned, Code: code, About: ledger.RefTo(r.opened)}),
		})
		r.must(err)
		r.opened = 0
		return
	}
	r.must(indexRows(r.ledger, r.opened, 3))
	var now importState
	r.must(r.ledger.View(context.Background(), func(s *state.Reader) error { now, _ = importAt(s, r.opened); return nil }))
	leaving := r.leaving()
	got, err := commandImportPublish.Do(context.Background(), r.ledger, book.Request{}, publishBody{
		Import: r.opened, Root: rootOf(now.Frontier), Left: uint64(len(leaving)), Since: r.changes.Last, Statement: r.statement(publicationHead(r.opened, uint64(len(leaving)), agency, code)),
	})
	r.must(err)
	r.changes.Last = got
	position, _ := got.Index()
	if r.replace {
		r.changes.Floor = got
		r.changes.Removed += uint64(len(leaving))
	}
	for _, key := range leaving {
		gone := Version{Index: position, Position: position, Retracted: true, Import: ledger.RefTo(r.opened)}
		r.visible[key] = append(r.visible[key], gone)
	}
	for i, v := range r.staged {
		v.Position = position
		r.visible[r.stagedOf[i]] = append(r.visible[r.stagedOf[i]], v)
	}
	r.opened = 0
}

// leaving returns the keys of the records that leave when the import is published.
func (r *trial) leaving() (keys []MAC) {
	for key := range r.visible {
		if r.replace && r.current(key) != nil && !slices.Contains(r.stagedOf, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// current returns the version that counts, by all that are visible.
func (r *trial) current(key MAC) (last *Version) {
	for _, v := range r.visible[key] {
		if last == nil || newer(v, *last) {
			last = &v
		}
	}
	if last != nil && last.Retracted {
		return nil
	}
	return last
}

// check compares what is found of every key with what is counted beside.
func (r *trial) check(*rapid.T) {
	r.must(r.ledger.View(context.Background(), func(s *state.Reader) error {
		if got := ChangesOf(s, code); got != r.changes {
			r.t.Fatalf("changes: got %+v, want %+v", got, r.changes)
		}
		reads, records := &booktest.Counting{Reads: s}, 0
		v := newView(reads)
		for n := range byte(4) {
			key, before := MAC{n}, reads.Pairs
			got, ok := v.current(code, key)
			if want := r.current(key); ok != (want != nil) || ok && got != *want {
				r.t.Fatalf("key %d: got %+v, %t, want %+v", n, got, ok, want)
			}
			if ok {
				records++
			}
			if read := reads.Pairs - before; read > 2+4 {
				r.t.Fatalf("key %d: %d pairs are read for its current version", n, read)
			}
			want := slices.Clone(r.visible[key])
			slices.SortFunc(want, func(a, b Version) int {
				return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.Index, b.Index))
			})
			if have := v.history(code, key, 1000); !slices.Equal(have, want) {
				r.t.Fatalf("key %d: history %+v, want %+v", n, have, want)
			}
			after := rapid.Uint64Range(0, s.Size()).Draw(r.t, "after")
			gone := slices.ContainsFunc(want, func(v Version) bool { return v.Retracted && v.Position > after })
			if gone && !removed(s, code, key, after) { // to say so of one that was gone before costs a second reading
				r.t.Fatalf("key %d: it is not told that it was removed after %d: %+v", n, after, want)
			}
		}
		walked := 0
		v.all(code, nil, onward, func(f found) bool {
			if want := r.current(f.key); want == nil || f.Version != *want {
				r.t.Fatalf("key %d: a walk finds %+v, want %+v", f.key[0], f.Version, want)
			}
			walked++
			return true
		})
		if walked != records {
			r.t.Fatalf("a walk finds %d records, want %d", walked, records)
		}
		return nil
	}))
}

// However versions come (put, retracted, imported, given up), the one that counts is found, and
// with as little reading as when there is one.
func TestVersionThatCounts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := booktest.New(t, nanming.String(), commands())
		if err := publish(l); err != nil {
			rt.Fatal(err)
		}
		r := &trial{t: rt, ledger: l, visible: map[MAC][]Version{}}
		rt.Repeat(map[string]func(*rapid.T){
			"put": r.put, "retract": r.retract, "open": r.open, "stage": r.stage, "stage more": r.stage, "index": r.index, "end": r.end, "": r.check,
		})
	})
}
