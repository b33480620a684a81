package selfcheck

import (
	"bytes"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/tree"
	"xietong/node/tree/chains"
)

// The bounds of the judgement.
const (
	// slack is how far apart the two clocks that a time passed through may be.
	slack = 2 * tree.MaxSkew
	// oldest is the greatest age of a belief that says anything: that of a chain, which is asked
	// for anew after chains.MaxAge, and the hour for which two key sets count.
	oldest = trust.Grace + chains.MaxAge
	// Confirm is how long after an odd answer the same jurisdiction is asked again. What it held of
	// an older chain is gone then.
	Confirm = chains.MaxAge + 2*time.Minute
	// silences is how many askings without an answer are an alarm, and silentFor how far back they
	// count.
	silences  = 3
	silentFor = 12 * time.Hour
)

// Relation is what the jurisdiction that is asked is to the asker.
type Relation uint8

// The relations.
const (
	Grandparent Relation = iota + 1 // it stands above the endorser
	Parent                          // it is the endorser
	Other                           // it was drawn by chance
)

// Kind is what an asking came to.
type Kind uint8

// The kinds.
const (
	Named    Kind = iota + 1 // it named the key set that it believes
	Unknown                  // it refused, signed, what our signing key signed
	OtherKey                 // it encrypted its answer, signed, to a decryption key that is not ours
	Nothing                  // nobody said anything about our keys
)

// Asking is one question, and what it came to.
type Asking struct {
	Who      identity.Jurisdiction
	Relation Relation
	At       time.Time
	Kind     Kind
	Belief   Belief // of Named
	// Excused says, of Nothing, that it tells nothing about the parent: the own link was down
	// before the question, or somebody on the way signed why there is no answer.
	Excused  bool
	Why      string // of Nothing: the code of the problem
	Evidence []byte // what the one that was asked signed: see the package comment; none: nothing
}

// Own is what a jurisdiction knows of its own key sets.
type Own struct {
	Name identity.Jurisdiction
	Sets []OwnSet // all of them, oldest first
	// Since is when the first of them was first endorsed, or made where nobody says so. Before that
	// others rightly believed other keys.
	Since time.Time
}

// OwnSet is one of the own key sets.
type OwnSet struct {
	Hash  [32]byte
	Until time.Time // the end of the hour after the next one was endorsed; zero: none was, as far as is known
}

func (o Own) find(hash []byte) (OwnSet, bool) {
	i := slices.IndexFunc(o.Sets, func(s OwnSet) bool { return bytes.Equal(s.Hash[:], hash) })
	if i < 0 {
		return OwnSet{}, false
	}
	return o.Sets[i], true
}

// sense is what one asking means.
type sense uint8

const (
	agrees  sense = iota
	foreign       // a key set that this jurisdiction never made: no honest answerer errs so
	odd           // what an older chain explains, if the same is not said again
	mute          // nothing, where an answer had to come
	excused       // nothing, which nobody need wonder at
)

// sense judges one asking by itself.
func (o Own) sense(a Asking) sense {
	switch {
	case a.Kind == Unknown || a.Kind == OtherKey:
		return odd
	case a.Kind == Nothing && a.Excused:
		return excused
	case a.Kind == Nothing:
		return mute
	}
	asOf := time.UnixMilli(int64(a.Belief.AsOf))
	if b := o.strange(a.Belief); len(b.Waiting) > 0 || b.Before != nil {
		return foreign
	}
	set, ours := o.find(a.Belief.Hash)
	switch {
	case asOf.Before(a.At.Add(-oldest - slack)), !ours && asOf.Before(o.Since.Add(slack)):
		return mute // it knows nothing of now
	case !ours:
		return foreign
	case set.Until.IsZero() || !asOf.After(set.Until.Add(slack)):
		return agrees
	}
	return odd
}

// strange returns a belief without what is rightly told beside it: our own key sets, and those of
// before ours were endorsed, which a hop could show for chains.MaxAge more.
func (o Own) strange(b Belief) Belief {
	b.Waiting = slices.DeleteFunc(slices.Clone(b.Waiting), func(w Waiting) bool {
		_, ours := o.find(w.Hash)
		return ours || !w.seen().After(o.Since.Add(chains.MaxAge+slack))
	})
	if f := b.Before; f != nil {
		_, ours := o.find(f.Hash)
		if ours || !time.UnixMilli(int64(f.AsOf)).After(o.Since.Add(slack)) {
			b.Before = nil
		}
	}
	return b
}

// Verdict says what is wrong.
type Verdict uint8

// The verdicts.
const (
	Differs Verdict = iota + 1 // others believe keys that are not ours, or not ours any more
	Silent                     // nobody confirms ours
)

// Finding is one thing that a person must look at.
type Finding struct {
	Verdict  Verdict               `cbor:"1,keyasint"`
	Who      identity.Jurisdiction `cbor:"2,keyasint"` // who said so, or did not answer
	Relation Relation              `cbor:"3,keyasint"`
	Lead     bool                  `cbor:"4,keyasint,omitempty"` // the word of one that stands on no way of ours
	Kind     Kind                  `cbor:"5,keyasint"`
	Belief   Belief                `cbor:"6,keyasint,omitzero"` // of Named
	Since    uint64                `cbor:"7,keyasint"`          // ms since 1970 UTC: the first asking
	Last     uint64                `cbor:"8,keyasint"`          // ms since 1970 UTC: the last one
	Evidence []byte                `cbor:"9,keyasint,omitempty"`
}

// Judge says what the askings so far, oldest first, come to. It is deterministic and keeps nothing.
func Judge(o Own, asked []Asking, now time.Time) (all []Finding) {
	for _, who := range whoAnswered(asked) {
		if f, found := o.differs(who, asked); found {
			all = append(all, f)
		}
	}
	for i, f := range all {
		agrees := func(g Finding) bool { return g.Relation == Other && o.apart(f.Who, g.Who) && f.sameAs(g) }
		all[i].Lead = f.Relation == Other && !slices.ContainsFunc(all, agrees)
	}
	for _, r := range []Relation{Grandparent, Other} {
		if f, found := o.silent(r, asked, now); found {
			all = append(all, f)
		}
	}
	return all
}

// apart reports whether no jurisdiction that stands on no way of ours speaks for both: whoever
// stands above one of them answers for it as it likes.
func (o Own) apart(a, b identity.Jurisdiction) bool {
	above, ok := a, true
	for ok && !b.Under(above) {
		above, ok = above.Parent()
	}
	return a != b && (!ok || o.Name.Under(above))
}

// sameAs reports whether two say the same: they name one key set that is not ours. Whoever knows
// only that our keys are not what it believes names none.
func (f Finding) sameAs(g Finding) bool {
	named := f.Belief.hashes()
	return f.Kind != Named || g.Kind != Named || slices.ContainsFunc(g.Belief.hashes(), func(h string) bool { return slices.Contains(named, h) })
}

// hashes returns the key sets that a belief names.
func (b Belief) hashes() (all []string) {
	all = append(all, string(b.Hash))
	for _, w := range b.Waiting {
		all = append(all, string(w.Hash))
	}
	if b.Before != nil {
		all = append(all, string(b.Before.Hash))
	}
	return all
}

// whoAnswered returns who was asked, each once, in the order of the first asking.
func whoAnswered(asked []Asking) (all []identity.Jurisdiction) {
	for _, a := range asked {
		if !slices.Contains(all, a.Who) {
			all = append(all, a.Who)
		}
	}
	return all
}

// differs looks at what one jurisdiction said last, and where that is odd, at what it said before
// that too.
func (o Own) differs(who identity.Jurisdiction, asked []Asking) (f Finding, found bool) {
	var run []Asking // the latest answers, newest first, that do not agree
	for _, a := range slices.Backward(asked) {
		if a.Who != who {
			continue
		}
		s := o.sense(a)
		if s == agrees {
			break
		}
		if s == foreign || s == odd {
			run = append(run, a)
		}
	}
	if len(run) == 0 {
		return f, false
	}
	last, first := run[0], run[len(run)-1]
	if o.sense(last) != foreign && last.At.Sub(first.At) < chains.MaxAge {
		return f, false
	}
	f = finding(Differs, first, last)
	f.Belief = o.strange(f.Belief)
	return f, true
}

// silent counts the askings of a relation that came to nothing since somebody last answered.
func (o Own) silent(r Relation, asked []Asking, now time.Time) (f Finding, found bool) {
	var run []Asking
	for _, a := range slices.Backward(asked) {
		if a.Relation != r {
			continue
		}
		s := o.sense(a)
		if s != mute && s != excused || now.Sub(a.At) > silentFor {
			break
		}
		if s == mute {
			run = append(run, a)
		}
	}
	if len(run) < silences {
		return f, false
	}
	return finding(Silent, run[len(run)-1], run[0]), true
}

func finding(v Verdict, first, last Asking) Finding {
	return Finding{
		Verdict: v, Who: last.Who, Relation: last.Relation, Kind: last.Kind, Belief: last.Belief,
		Since: uint64(first.At.UnixMilli()), Last: uint64(last.At.UnixMilli()), Evidence: last.Evidence,
	}
}
