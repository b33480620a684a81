package state

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
	for i, row := range []struct{ put, want string }{{"cdef", "cd"}, {"ag", "ae"}, {"", "g"}, {"", ""}, {"b", "b"}} {
		for _, key := range []byte(row.put) {
			if err := tx.Put("b", []byte{key}, nil); err != nil {
				t.Fatal(err)
			}
		}
		if got := drop(); got != row.want {
			t.Errorf("call %d: dropped %q, want %q", i, got, row.want)
		}
		tx = newTx(tx.registry, tx.meta, tx.layer) // the next transaction, before this one is on disk
	}
}

// BenchmarkForgetting begins with the ids of a busy hour, all of which have ended, so that each
// command forgets four of them.
func BenchmarkForgetting(b *testing.B) {
	const busy = 1 << 16
	s := openStore(b, filepath.Join(b.TempDir(), "state.db"))
	index := uint64(0)
	apply := func(n int, now uint64) {
		pack := make([][]byte, n)
		for i := range pack {
			pack[i] = asked(b, kindOnce, "spiffe://guiyang.guizhou/agency/water", newID(b), "x", now)
		}
		index++
		s.Apply(index, 1, pack)
	}
	for range busy / 1024 {
		apply(1024, 1000)
	}
	apply(1, 3000+ForgetAfter+1000)
	s.Flush()
	for b.Loop() {
		apply(1, 3000+ForgetAfter+1000+MaxBack)
	}
	b.ReportMetric(float64(len(remembered(b, s))/2), "ids-left")
}
