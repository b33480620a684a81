package state

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
)

// asked is a command of an origin, at a time.
func asked(t testing.TB, kind Kind, origin string, id identity.Message, body string, now uint64) []byte {
	t.Helper()
	data, err := Command{Kind: kind, Origin: origin, ID: id, Clock: now, Expires: now + 1000, Body: []byte(body)}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestOneIDOfTwoOrigins has origins use one id, in every order and across a restart. Names that one
// begins with the other, or are empty, are names of their own.
func TestOneIDOfTwoOrigins(t *testing.T) {
	origins := []string{"", "guizhou", "guizhou2", strings.Repeat("x", MaxOriginLen)}
	for first := range origins {
		order := slices.Concat(origins[first:], origins[:first])
		path := filepath.Join(t.TempDir(), "state.db")
		s, index, id := openStore(t, path), uint64(0), newID(t)
		apply := func(origin, body string) Code {
			index++
			return s.Apply(index, 1, [][]byte{asked(t, kindOnce, origin, id, body, 1000)})[0].Code
		}
		for _, origin := range order {
			if code := apply(origin, origin+"x"); code != Done {
				t.Errorf("%.9q of %.40q: got code %d", origin, order, code)
			}
		}
		for _, restarted := range []bool{false, true} {
			if restarted {
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
				s = openStore(t, path)
			}
			for _, origin := range order {
				if same, other := apply(origin, origin+"x"), apply(origin, "y"); same != CodeSeen || other != CodeIDReused {
					t.Errorf("%.9q again, restarted %t: got code %d, and of another request %d", origin, restarted, same, other)
				}
			}
		}
	}
	_, err := Command{Kind: kindOnce, Origin: strings.Repeat("x", MaxOriginLen+1), ID: newID(t), Body: []byte("x")}.Encode()
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("an origin that is too long: got %v, want ErrTooLarge", err)
	}
}

// remembered returns the keys of the memory of ids.
func remembered(t testing.TB, s *Store) (keys []string) {
	t.Helper()
	err := s.View(func(r *Reader) error {
		for _, bucket := range []string{bucketSeen, bucketExpiry} {
			r.Scan(bucket, nil, nil, func(k, _ []byte) bool {
				keys = append(keys, fmt.Sprintf("%s %x", bucket, k))
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// TestForgettingIsTheSameEverywhere applies the same commands to a replica that goes on and to one
// that is started anew now and then: they forget the same ids at the same commands, although each
// begins to look where it forgot last, and knows that place only until it stops.
func TestForgettingIsTheSameEverywhere(t *testing.T) {
	paths := [2]string{filepath.Join(t.TempDir(), "a.db"), filepath.Join(t.TempDir(), "b.db")}
	stores := [2]*Store{openStore(t, paths[0]), openStore(t, paths[1])}
	most := 0
	for n := range uint64(400) {
		command := asked(t, kindOnce, "guizhou", newID(t), fmt.Sprint(n), 1000+n*ForgetAfter/60)
		if n%7 == 3 {
			stores[1].Flush()
		}
		if n%50 == 20 {
			if err := stores[1].Close(); err != nil {
				t.Fatal(err)
			}
			stores[1] = openStore(t, paths[1])
		}
		for _, s := range stores {
			s.Apply(n+1, 1, [][]byte{command})
		}
		a, b := remembered(t, stores[0]), remembered(t, stores[1])
		if !slices.Equal(a, b) {
			t.Fatalf("after command %d: %d and %d keys are remembered", n, len(a), len(b))
		}
		most = max(most, len(a)/2)
	}
	if most > 72 {
		t.Errorf("%d ids were remembered, more than those of an hour and ten minutes", most)
	}
}

// TestForgettingBeginsBehindWhatIsForgotten drops keys, some of which came after others behind
// them were dropped: that happens after a correction of the clock, and none is left lying.
func TestForgettingBeginsBehindWhatIsForgotten(t *testing.T) {
	registry := NewRegistry()
	registry.Keep(Bucket{Name: "b", MaxKey: 16, MaxValue: 16})
	tx := newTx(registry, &meta{Log: testLog(t)})
	drop := func() (dropped string) {
		keys, err := tx.DropFirst("b", 2, func([]byte) bool { return true })
		if err != nil {
			t.Fatal(err)
		}
		return string(slices.Concat(keys...))
	}
	for i, row := range []struct{ put, want string }{{"cdef", "cd"}, {"ag", "ae"}, {"", "fg"}, {"", ""}, {"b", "b"}} {
		for _, key := range []byte(row.put) {
			if err := tx.Put("b", []byte{key}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if got := drop(); got != row.want {
			t.Errorf("call %d: dropped %q, want %q", i, got, row.want)
		}
		tx = newTx(tx.registry, tx.meta, tx.layers...) // the next transaction, before this one is on disk
	}
}

// TestForgettingNeedsNoMemory puts, deletes and drops keys at random, while what may go moves on
// and back, in a transaction that knows where it dropped last and in one that has just begun: both
// drop the same, and undoing a command gives the first its memory back.
func TestForgettingNeedsNoMemory(t *testing.T) {
	registry, random := NewRegistry(), rand.New(rand.NewPCG(1, 2))
	registry.Keep(Bucket{Name: "b", MaxKey: 16, MaxValue: 16})
	a, b := newTx(registry, &meta{Log: testLog(t)}), newTx(registry, &meta{Log: testLog(t)})
	dropped := 0
	for step := range 30_000 {
		before, undone := a.mark(), random.IntN(10) == 0
		key, kind := be64(uint64(1000+step-random.IntN(500))), random.IntN(8)
		limit, most := uint64(1000+step-random.IntN(300)), 1+random.IntN(8)
		if step%2000 < 1000 { // what may go piles up
			kind += 2
		}
		run := func(tx *Tx) []byte {
			var keys [][]byte
			var err error
			switch {
			case kind > 2:
				err = tx.Put("b", key, nil)
			case kind == 2:
				err = tx.Delete("b", key)
			default:
				keys, err = tx.DropFirst("b", most, func(k []byte) bool { return index64(k) < limit })
			}
			if err != nil {
				t.Fatal(err)
			}
			return slices.Concat(keys...)
		}
		got := run(a)
		if undone {
			a.undo(before)
			continue
		}
		b = newTx(registry, &meta{Log: b.Log()}, b.layer)
		b.layer, b.layers = b.layers[1], b.layers[1:]
		if want := run(b); !bytes.Equal(got, want) {
			t.Fatalf("step %d: dropped %x, and %x without memory", step, got, want)
		}
		dropped += len(got) / 8
	}
	if dropped < 10_000 {
		t.Errorf("%d keys were dropped: that is too few to be a test", dropped)
	}
}

// BenchmarkForgetting appends in packs of 64, as many clients do, with the ids of a busy hour
// behind it: with none, with a million that are remembered, and with a million that have ended, of
// which each command forgets two. It tells what most packs took, and the slowest pack and commit.
func BenchmarkForgetting(b *testing.B) {
	const busy, hour = 1 << 20, uint64(ForgetAfter)
	for _, row := range []struct {
		name string
		ids  int
		now  uint64
	}{{"empty", 0, 5 * hour}, {"remembered", busy, 1000}, {"ended", busy, 5 * hour}} {
		b.Run(row.name, func(b *testing.B) {
			s, index := openStore(b, filepath.Join(b.TempDir(), "state.db")), uint64(0)
			apply := func(n int, now uint64) time.Duration {
				pack := make([][]byte, n)
				for i := range pack {
					pack[i] = asked(b, kindNote, "spiffe://guiyang.guizhou/agency/water", newID(b), "x", now)
				}
				index++
				began := time.Now()
				s.Apply(index, 1, pack)
				return time.Since(began)
			}
			for range row.ids / 1024 {
				apply(1024, 1000)
			}
			apply(1, row.now) // a clock is believed once others have followed it
			s.Flush()
			var took []time.Duration
			var commit time.Duration
			commands := 0
			for b.Loop() {
				if commands == busy/4 {
					b.Fatal("nothing is left to be forgotten")
				}
				took, commands = append(took, apply(64, row.now+MaxBack)), commands+64
				if commands%4096 == 0 {
					began := time.Now()
					s.Flush()
					commit = max(commit, time.Since(began))
				}
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/64000, "µs/command")
			b.ReportMetric(float64(took[len(took)-1].Microseconds())/1000, "slowest-ms")
			b.ReportMetric(float64(commit.Microseconds())/1000, "commit-ms")
			b.ReportMetric(float64(len(remembered(b, s))/2), "ids-left")
		})
	}
}
