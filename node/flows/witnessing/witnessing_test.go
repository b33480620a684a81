package witnessing

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/witness"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

var three = []string{"guizhou", "guiyang.guizhou", "nanming.guiyang.guizhou"}

// TestBothWays: a county's checkpoint is kept, logged and cosigned by its city, and that of the
// city by the province; those of the city and the province are kept and cosigned below, without an
// entry. So what a county records comes to the root of the province, and then all is still: no
// entry about witnessing leads to another without end.
func TestBothWays(t *testing.T) {
	w := newWorld(t, three...)
	province, city, county := w.at(three[0]), w.at(three[1]), w.at(three[2])
	county.says(3)
	for range 4 {
		w.round()
	}
	want := []*place{province, city, county}
	var sizes []uint64
	for _, p := range want {
		sizes = append(sizes, p.size())
	}
	for range 5 {
		w.round()
	}
	for i, p := range want {
		if got := p.size(); got != sizes[i] {
			t.Errorf("%s has %d entries, and had %d before five minutes in which nothing happened", p.name, got, sizes[i])
		}
	}
	for _, pair := range [][2]*place{{city, county}, {province, city}, {county, city}, {city, province}} {
		by, of := pair[0], pair[1]
		if v := by.of(of); v.Kept != of.size() {
			t.Errorf("%s keeps %d of %d entries of %s", by.name, v.Kept, of.size(), of.name)
		}
		if v := of.of(by); v.Cosigned != of.size() || v.CosignedAt.Sub(w.now()).Abs() > time.Hour {
			t.Errorf("%s cosigned %d of %d entries of %s, at %s", by.name, v.Cosigned, of.size(), of.name, v.CosignedAt)
		}
	}
	if got := county.heads(ledger.KindWitnessed); len(got) > 0 {
		t.Errorf("a county logs checkpoints of its city: %+v", got)
	}
	logged := city.heads(ledger.KindWitnessed)
	last := logged[len(logged)-1]
	county.read(func(r *state.Reader) {
		root := must2(r.RootAt(last.To))(t)
		if last.Code != county.name.Label() || last.To != county.size() || last.Root != root {
			t.Errorf("the city logs %+v, and the county has %d entries with root %s", last, county.size(), root)
		}
	})
	for _, p := range want {
		if f := p.findings(); len(f) > 0 {
			t.Errorf("%s finds %+v", p.name, f)
		}
	}
}

// TestNotByItself: neighbours on one node witness nothing of each other.
func TestNotByItself(t *testing.T) {
	w := newWorld(t, three[1:]...)
	city, county := w.at(three[1]), w.at(three[2])
	city.here, county.here = true, true
	county.says(1)
	w.round()
	if v := city.of(county); v.Kept > 0 {
		t.Errorf("the city keeps %+v", v)
	}
	county.here = false // it does not know
	w.round()
	if v := county.of(city); v.Cosigned > 0 {
		t.Errorf("the city cosigned %+v", v)
	}
}

// keys are all key sets of a place.
func (p *place) keys() (all []trust.KeySet) {
	for _, k := range must2(p.w.believed(p.name))(p.w.t) {
		all = append(all, k.KeySet)
	}
	return all
}

// TestFork: a copy of a county's directory goes on beside its original, each with entries of its
// own. The city finds it at the next link, both sides keep evidence that a stranger verifies, the
// alarm stands on both until it is acknowledged, and nothing of that log is cosigned from then on,
// whichever of the two shows itself (W01). The one that the city does not keep is in question, also
// when it is opened again, whatever else is said of it (C15); the one that it keeps is not.
func TestFork(t *testing.T) {
	for name, later := range map[string]int{"the copy has as many entries": 3, "it has more": 5} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, three[1:]...)
			city, county := w.at(three[1]), w.at(three[2])
			county.says(2)
			copied := county.copied()
			county.says(3)
			w.round()
			kept := city.of(county).Kept
			original := county.becomes(copied)
			county.says(later)
			w.round()
			w.round()
			for _, p := range []*place{city, county} {
				found := p.findings()
				if len(found) != 1 || found[0].Kept > 0 || found[0].Size != kept || found[0].Own != (p == county) {
					t.Fatalf("%s finds %+v; the city keeps %d entries", p.name, found, kept)
				}
				if _, _, err := witness.OpenFork(found[0].Evidence, county.name, county.keys()); err != nil {
					t.Errorf("the evidence of %s: %v", p.name, err)
				}
				if got := p.heads(ledger.KindFork); len(got) != 1 {
					t.Errorf("%s has %d entries about it", p.name, len(got))
				}
			}
			for p, about := range map[*place]identity.Jurisdiction{city: county.name, county: city.name} {
				id := must2(identity.NewMessage())(t)
				entry := must2(p.desk.Acknowledge(t.Context(), id, about, "stopped the copy"))(t)
				if again, err := p.desk.Acknowledge(t.Context(), id, about, "stopped the copy"); err != nil || again != entry {
					t.Errorf("%s: the same again: got %s, %v, want %s", p.name, again, err, entry)
				}
				if _, err := p.desk.Acknowledge(t.Context(), must2(identity.NewMessage())(t), about, "once more"); code(err) != "no-fork" {
					t.Errorf("%s: once more: got %v", p.name, err)
				}
				if f := p.findings(); len(f) > 0 || len(p.heads(ledger.KindForkSeen)) != 1 {
					t.Errorf("%s finds %+v after that", p.name, f)
				}
			}
			if got := county.Questioned(); got == nil || !isFork(got) {
				t.Errorf("in question: %v", got)
			}
			must(t, 0, county.Close())
			county.open()
			if all, err := county.desk.Proven(t.Context()); err != nil || len(all) != 1 || all[0].Checkpoint.Size != kept {
				t.Fatalf("opened again: %+v, %v", all, err)
			} else if county.Doubt(all[0]); !isFork(county.Questioned()) {
				t.Errorf("opened again, in question: %v", county.Questioned())
			}
			county.becomes(original)
			county.says(1)
			w.round()
			if got := county.Questioned(); got != nil {
				t.Errorf("the one that is kept is in question: %v", got)
			}
			if found := county.findings(); len(found) != 1 || !found[0].Own {
				t.Errorf("the original finds %+v", found)
			}
			if got := city.of(county).Kept; got != kept {
				t.Errorf("the city keeps %d entries of a log that forked, and kept %d", got, kept)
			}
		})
	}
}

func isFork(err error) bool {
	q, ok := errors.AsType[*host.QuestionError](err)
	return ok && q.Found != nil && q.Forked
}

// TestBehind: a county that was put back to a backup is told by its city how much it had signed,
// before it writes anything, and shows it at once, and the city when it shows so little again. The
// one that has everything ends it (W02).
func TestBehind(t *testing.T) {
	w := newWorld(t, three[1:]...)
	city, county := w.at(three[1]), w.at(three[2])
	w.round()
	backup := county.copied()
	county.says(4)
	w.round()
	kept := city.of(county).Kept
	whole := county.becomes(backup)
	seen := must2(county.desk.Largest(t.Context()))(t)
	if len(seen) != 1 || !seen[0].Proven || seen[0].By != city.name || seen[0].Checkpoint.Size != kept || seen[0].Checkpoint.Log != county.Log() {
		t.Errorf("the largest is %+v; the city keeps %d entries", seen, kept)
	}
	w.round()
	if found := city.findings(); len(found) > 0 {
		t.Errorf("the city finds %+v at once: it may have been overtaken", found)
	}
	w.round()
	for _, p := range []*place{city, county} {
		found := p.findings()
		if len(found) != 1 || found[0].Kept != kept || found[0].Size != county.size() || found[0].Own != (p == county) {
			t.Errorf("%s finds %+v; the city keeps %d entries, and there are %d", p.name, found, kept, county.size())
		}
	}
	county.becomes(whole)
	w.round()
	if found := city.findings(); len(found) > 0 {
		t.Errorf("the city finds %+v after the whole one came back", found)
	}
	city.down.Store(true)
	if _, err := county.desk.Largest(t.Context()); err == nil {
		t.Error("nobody answers, and that is no error")
	}
}

// TestFollow: the checkpoint that was witnessed is verified by a policy that asks for the city, as
// a tool of others does, goes on from an older size, and stays what it was while the ledger grows.
func TestFollow(t *testing.T) {
	w := newWorld(t, three...)
	city := w.at(three[1])
	if _, _, err := city.desk.Follow(t.Context(), 0); code(err) != text.NotWitnessed {
		t.Errorf("before: got %v", err)
	}
	city.says(6)
	w.at(three[2]).down.Store(true)
	w.round()
	w.at(three[2]).down.Store(false)
	city.desk.Round(t.Context()) // the county sees the same one, and the province has seen it
	before := must2(city.Follow(t.Context(), 0))(t)
	city.says(2)
	f, by, err := city.desk.Follow(t.Context(), 2)
	if err != nil || f.Checkpoint.Size != before.Checkpoint.Size || len(by) != 2 {
		t.Fatalf("got %+v by %+v, %v; it had %d entries", f.Checkpoint, by, err, before.Checkpoint.Size)
	}
	rules := "log " + f.Keys[0].Key + "\n"
	for i, c := range by {
		rules += fmt.Sprintf("witness w%d %s\n", i, c.Key)
	}
	p := must2(ledger.ParsePolicy([]byte(rules + "group all all w0 w1\nquorum all\n")))(t)
	if j, err := p.Judge(f.Signed); err != nil || len(j.Lacks) > 0 || j.Ignored > 0 {
		t.Errorf("by a policy: got %+v, %v\n%s", j, err, f.Signed)
	}
	city.read(func(r *state.Reader) {
		old := ledger.Checkpoint{Log: r.Log(), Size: 2, Root: must2(r.RootAt(2))(t)}
		if err := f.Checkpoint.Follows(old, f.Path); err != nil {
			t.Error(err)
		}
	})
	if _, _, err := city.desk.Follow(t.Context(), f.Checkpoint.Size+1); !errors.Is(err, host.ErrBeyond) {
		t.Errorf("beyond it: got %v", err)
	}
}

// TestLargestIsKept: the longest note and the longest evidence fit into what is kept of them.
func TestLargestIsKept(t *testing.T) {
	name := must2(identity.ParseJurisdiction("a" + longest(199)))(t)
	log := must2(identity.NewLog(name, 1<<62))(t)
	note := make([]byte, witness.MaxNote)
	for _, b := range []book.Bucket[kept]{keptOf, olderOf} {
		if err := b.Check(kept{Log: log, Size: 1 << 62, Note: note, At: 1 << 62, Entry: 1 << 62}); err != nil {
			t.Error(err)
		}
	}
	if err := cosignedBy.Check(cosigned{Log: log, Size: 1 << 62, Note: note, Line: make([]byte, maxLine), At: 1 << 62}); err != nil {
		t.Error(err)
	}
	f := fork{Log: log, Holder: name, Size: 1 << 62, Evidence: make([]byte, witness.MaxForkLen), At: 1 << 62, Entry: 1 << 62, Seen: 1 << 62}
	if err := forks.Check(f); err != nil {
		t.Error(err)
	}
	if n := max(len(keyOfFork(log, name)), len(keyOfOlder(log, 0, 0))); n > 512 {
		t.Errorf("a key of %d bytes", n)
	}
}

// longest returns the rest of a name of n bytes.
func longest(n int) (s string) {
	for len(s) < n-60 {
		s += "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbb."
	}
	for len(s) < n {
		s += "c"
	}
	return s
}

// TestForgot (C18): a city that has begun an epoch since its county kept a checkpoint of its ledger
// says so with what it saw, as it may have seen more; once the county keeps one of that epoch, it
// does not.
func TestForgot(t *testing.T) {
	w := newWorld(t, three[1:]...)
	city, county := w.at(three[1]), w.at(three[2])
	forgot := func() bool {
		t.Helper()
		seen := must2(county.desk.LargestBy(t.Context(), city.name))(t)
		if len(seen) != 1 {
			t.Fatalf("the city saw %+v", seen)
		}
		return seen[0].Forgot
	}
	w.round()
	if forgot() {
		t.Error("a city in its first epoch forgot")
	}
	city.inEpoch(2)
	w.elapse(every)
	county.says(1)
	county.desk.Round(t.Context())
	if !forgot() {
		t.Error("a city in an epoch that the county does not know forgot nothing")
	}
	w.round()
	if forgot() {
		t.Error("the county knows that epoch")
	}
}
