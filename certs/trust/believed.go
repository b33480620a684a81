package trust

import (
	"slices"
	"time"
)

// Grace is how long a key set still counts after the next one was endorsed: who speaks for the
// jurisdiction learns of it by asking, and what was under way must arrive.
const Grace = time.Hour

// Believed is a key set with the time for which its signatures count.
type Believed struct {
	KeySet
	Until   time.Time // zero: until a later key set is endorsed
	Revoked bool      // by the key set that follows it: nothing that it signed counts
}

// Counts reports whether a signature that was made at the given time counts. When the key set began
// is said by its certificates, which every verifier of a signature looks at.
func (b Believed) Counts(at time.Time) bool {
	return !b.Revoked && (b.Until.IsZero() || !at.After(b.Until))
}

// Believe returns the key sets, which are consecutive and oldest first, with the time for which
// each counts. since says when a parent first endorsed a number. Where nobody says so (of a root,
// which has no parent, or of numbers of long ago), a key set begins when its newest signing
// certificate was made. A key set that revokes the one before ends all that still count.
func Believe(sets []KeySet, since func(number uint64) (at time.Time, ok bool)) []Believed {
	all := make([]Believed, len(sets))
	for i, k := range sets {
		all[i].KeySet = k
		if i == 0 {
			continue
		}
		began, told := since(k.Number)
		if !told {
			began = k.Made()
		}
		all[i-1].Until = began.Add(Grace)
		for j := range i {
			all[j].Revoked = all[j].Revoked || k.Revokes && (j == i-1 || all[j].Until.After(began))
		}
	}
	return all
}

// Always returns the key sets as they count where no later one is known to end them. It is for a
// verifier that believes all of them, such as a test.
func Always(sets ...KeySet) []Believed {
	all := make([]Believed, len(sets))
	for i, k := range sets {
		all[i].KeySet = k
	}
	return all
}

// At returns the key sets that count now, oldest first: those by which it is judged what a majority
// signed. What one replica does alone is judged by Live.
func At(sets []Believed, now time.Time) (counting []Believed) {
	for _, b := range sets {
		if b.Counts(now) {
			counting = append(counting, b)
		}
	}
	return counting
}

// Live returns what counts now of the key sets, which are those of one jurisdiction, oldest first:
// for a link, and for a message under way. A key set that the newest one follows counts for the
// replicas alone that the newest lists too, with other keys or the same: a replica that was removed
// has no hour, as its machine may be in the hands of others. What is returned is no key set that
// anybody signed.
func Live(sets []Believed, now time.Time) []Believed {
	counting := At(sets, now)
	for i := range counting {
		counting[i].KeySet = counting[i].listedBy(sets[len(sets)-1].KeySet)
	}
	return slices.DeleteFunc(counting, func(b Believed) bool { return len(b.Replicas) == 0 })
}

// Then returns what counted of the key sets for an answer to what was asked at the given time. As
// with Live, a replica has no hour that the newest key set of that time did not list; those that
// came while the answer was under way count.
func Then(sets []Believed, asked time.Time) []Believed {
	newest := 0
	for i := range len(sets) - 1 {
		if u := sets[i].Until; !u.IsZero() && !u.Add(-Grace).After(asked) {
			newest = i + 1
		}
	}
	counting := At(sets, asked)
	for i, b := range counting {
		if b.Number < sets[newest].Number {
			counting[i].KeySet = b.listedBy(sets[newest].KeySet)
		}
	}
	return slices.DeleteFunc(counting, func(b Believed) bool { return len(b.Replicas) == 0 })
}

// listedBy returns the key set without the replicas that another one does not list.
func (k KeySet) listedBy(newest KeySet) KeySet {
	gone := func(r ReplicaKeys) bool { return newest.LogKey(r.Replica) == nil }
	if slices.ContainsFunc(k.Replicas, gone) {
		k.Replicas = slices.DeleteFunc(slices.Clone(k.Replicas), gone)
	}
	return k
}

// Made returns when the newest signing certificate of the key set was made, by the word of the
// jurisdiction itself.
func (k KeySet) Made() (at time.Time) {
	for _, r := range k.Replicas {
		if cert, err := certs.of(r.SigningCert); err == nil && cert.NotBefore.After(at) {
			at = cert.NotBefore
		}
	}
	return at
}

// Believed returns the key sets of the level, up to the endorsed one, with the time for which each
// counts. A later one is not believed before it is endorsed. The pinned level, which nobody
// endorses, is believed as far as it goes.
func (l Link) Believed() []Believed {
	e := l.Endorsement
	if e == nil {
		return Believe(l.KeySets, func(uint64) (at time.Time, ok bool) { return at, false })
	}
	upTo := len(l.KeySets)
	for upTo > 0 && l.KeySets[upTo-1].Number > e.Number {
		upTo--
	}
	return Believe(l.KeySets[:upTo], e.FirstEndorsed)
}
