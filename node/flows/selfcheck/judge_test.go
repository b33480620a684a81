package selfcheck

import (
	"crypto/sha256"
	"testing"
	"time"

	"pgregory.net/rapid"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/tree"
	"xietong/node/tree/breaks"
	"xietong/node/tree/chains"
)

// life is the life of a jurisdiction's keys, as an honest tree sees it: when each key set was made,
// and when its parent endorsed it.
type life struct {
	made, endorsed []time.Time // endorsed: zero: not yet
}

func hashOf(i int) [32]byte { return sha256.Sum256([]byte{byte(i)}) }

// own is what the jurisdiction knows at a time: it learns of an endorsement five minutes later, or
// not at all while it is cut off.
func (l life) own(at time.Time, learned int) (o Own) {
	o.Since = l.endorsed[0]
	for i := range l.made {
		if l.made[i].After(at) {
			break
		}
		s := OwnSet{Hash: hashOf(i)}
		if i+1 < len(l.endorsed) && i+1 <= learned && !l.endorsed[i+1].IsZero() {
			s.Until = l.endorsed[i+1].Add(trust.Grace)
		}
		o.Sets = append(o.Sets, s)
	}
	return o
}

// newestAt returns the newest key set that was endorsed at a time.
func (l life) newestAt(at time.Time) (newest int) {
	for i, e := range l.endorsed {
		if !e.IsZero() && !e.After(at) {
			newest = i
		}
	}
	return newest
}

var (
	grand = mustName("guizhou")
	start = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
)

func mustName(s string) identity.Jurisdiction {
	j, err := identity.ParseJurisdiction(s)
	if err != nil {
		panic(err)
	}
	return j
}

func minutes(t *rapid.T, most int, what string) time.Duration {
	return time.Duration(rapid.IntRange(0, most).Draw(t, what)) * time.Minute
}

// living draws a life of some days, in which the parent may be off for days.
func living(t *rapid.T) (l life) {
	l.made, l.endorsed = []time.Time{start}, []time.Time{start.Add(minutes(t, 10, "first"))}
	for range rapid.IntRange(0, 5).Draw(t, "renewals") {
		last := l.endorsed[len(l.endorsed)-1]
		made := last.Add(time.Hour + minutes(t, 24*60, "renewed"))
		l.made = append(l.made, made)
		l.endorsed = append(l.endorsed, made.Add(minutes(t, 3*24*60, "parent off")))
	}
	return l
}

// TestHonestTreeIsNoAlarm: whatever keys are renewed or revoked, parents are off for days, chains
// are ten minutes old, clocks five minutes apart, the own link or that of the parent is down:
// nobody is alarmed, and nobody is a lead.
func TestHonestTreeIsNoAlarm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l, now := living(t), start.Add(20*time.Minute)
		var asked []Asking
		mutes := map[Relation]int{}
		for range rapid.IntRange(1, 60).Draw(t, "askings") {
			now = now.Add(Confirm + minutes(t, 6*60, "pause"))
			a := Asking{Who: grand, Relation: Grandparent, At: now}
			if rapid.Bool().Draw(t, "another") {
				a.Who, a.Relation = mustName([]string{"zunyi", "bijie", "anshun"}[rapid.IntRange(0, 2).Draw(t, "who")]), Other
			}
			switch rapid.IntRange(0, 5).Draw(t, "kind") {
			case 0: // cut off, here or above
				a.Kind, a.Excused = Nothing, true
			case 1: // lost once, in the first minutes of a cut
				a.Kind, a.Excused = Nothing, mutes[a.Relation] >= silences-1
				mutes[a.Relation]++
			default:
				mutes[a.Relation] = 0
				asOf := now.Add(-minutes(t, int(chains.MaxAge/time.Minute), "age of the chain"))
				b := hashOf(l.newestAt(asOf))
				skew := minutes(t, int(2*tree.MaxSkew/time.Minute), "clocks") - tree.MaxSkew
				a.Kind, a.Belief = Named, Belief{Name: grand, Epoch: 1, Number: 1, Hash: b[:], AsOf: uint64(asOf.Add(skew).UnixMilli())}
			}
			asked = append(asked, a)
			learned := l.newestAt(now.Add(-5 * time.Minute))
			if found := Judge(l.own(now, learned), asked, now); len(found) > 0 {
				t.Fatalf("at %s, of %d askings, the last %+v: found %+v", now, len(asked), a, found)
			}
		}
	})
}

// TestForeignKeysAreFound: a key set that was never made here is an alarm at the first word of the
// grandparent, whatever honest words came before and whatever others say.
func TestForeignKeysAreFound(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := living(t)
		now := l.endorsed[len(l.endorsed)-1].Add(2*time.Hour + minutes(t, 24*60, "later"))
		own := l.own(now, len(l.made))
		good, foreign := hashOf(l.newestAt(now)), hashOf(200)
		belief := func(hash [32]byte) Belief {
			return Belief{Name: grand, Epoch: 1, Number: 9, Hash: hash[:], AsOf: uint64(now.Add(-time.Minute).UnixMilli())}
		}
		var asked []Asking
		for i := range rapid.IntRange(0, 5).Draw(t, "honest") {
			asked = append(asked, Asking{Who: grand, Relation: Grandparent, At: now.Add(time.Duration(i-9) * time.Minute), Kind: Named, Belief: belief(good)})
		}
		bad := Asking{Who: grand, Relation: Grandparent, At: now, Kind: Named, Belief: belief(foreign)}
		switch rapid.IntRange(0, 2).Draw(t, "where") {
		case 1:
			bad.Belief = belief(good)
			old, ours := hashOf(201), good
			for i, hash := range [][]byte{old[:], ours[:], foreign[:]} { // seen with our first, and later
				seen := l.endorsed[0]
				if i > 0 {
					seen = now.Add(-time.Hour)
				}
				bad.Belief.Waiting = append(bad.Belief.Waiting, Waiting{Number: 9, Hash: hash, Until: uint64(seen.Add(breaks.Wait).UnixMilli())})
			}
		case 2:
			bad.Belief = belief(good)
			bad.Belief.Before = &Before{Number: 9, Hash: foreign[:], AsOf: uint64(now.Add(-time.Hour).UnixMilli())}
		}
		asked = append(asked, bad)
		found, want := Judge(own, asked, now), fingerprint(grand, 9, foreign[:])
		if len(found) != 1 || found[0].Who != grand || found[0].Verdict != Differs || found[0].Lead || found[0].Fingerprint() != want {
			t.Fatalf("found %+v", found)
		}
	})
}

// TestJudge is the table of what counts for what. Two counties of one city are one word (S05v).
func TestJudge(t *testing.T) {
	now := start.Add(100 * time.Hour)
	own := Own{Name: mustName("nanming.guiyang.guizhou"), Since: start, Sets: []OwnSet{{Hash: hashOf(0), Until: now.Add(-2 * time.Hour)}, {Hash: hashOf(1), Until: now.Add(30 * time.Minute)}, {Hash: hashOf(2)}, {Hash: hashOf(3)}}}
	said := func(i int, ago, age time.Duration) Asking {
		h := hashOf(i)
		return Asking{Who: grand, Relation: Grandparent, At: now.Add(-ago), Kind: Named, Belief: Belief{Name: grand, Epoch: 1, Number: 1, Hash: h[:], AsOf: uint64(now.Add(-ago - age).UnixMilli())}}
	}
	nothing := func(ago time.Duration, excused bool) Asking {
		return Asking{Who: grand, Relation: Grandparent, At: now.Add(-ago), Kind: Nothing, Excused: excused}
	}
	odd := func(ago time.Duration, k Kind) Asking {
		return Asking{Who: grand, Relation: Grandparent, At: now.Add(-ago), Kind: k}
	}
	by := func(who string, a Asking) Asking { a.Who, a.Relation = mustName(who), Other; return a }
	for what, row := range map[string]struct {
		asked []Asking
		want  string
	}{
		"the newest":                           {[]Asking{said(2, 0, 0)}, ""},
		"one not endorsed yet":                 {[]Asking{said(3, 0, 0)}, ""},
		"the one before, in its hour":          {[]Asking{said(1, 0, 0)}, ""},
		"an old one once":                      {[]Asking{said(0, 0, 0)}, ""},
		"an old one twice":                     {[]Asking{said(0, 12*time.Minute, 0), said(0, 0, 0)}, "differs"},
		"an old one twice at once":             {[]Asking{said(0, time.Minute, 0), said(0, 0, 0)}, ""},
		"an old one, then the newest":          {[]Asking{said(0, 12*time.Minute, 0), said(2, 0, 0)}, ""},
		"an old one, as of long ago":           {[]Asking{said(0, 12*time.Minute, 3*time.Hour), said(0, 0, 3*time.Hour)}, ""},
		"another's":                            {[]Asking{said(9, 0, 0)}, "differs"},
		"another's, then silence":              {[]Asking{said(9, time.Hour, 0), nothing(0, false)}, "differs"},
		"another's, then ours":                 {[]Asking{said(9, time.Hour, 0), said(2, 0, 0)}, ""},
		"another's, from before our first":     {[]Asking{said(9, 0, 100*time.Hour)}, ""},
		"not known once":                       {[]Asking{odd(0, Unknown)}, ""},
		"not known twice":                      {[]Asking{odd(12*time.Minute, Unknown), odd(0, Unknown)}, "differs"},
		"not known, and to another key":        {[]Asking{odd(12*time.Minute, Unknown), odd(0, OtherKey)}, "differs"},
		"silent twice":                         {[]Asking{nothing(2*time.Hour, false), nothing(0, false)}, ""},
		"silent three times":                   {[]Asking{nothing(2*time.Hour, false), nothing(time.Hour, false), nothing(0, false)}, "silent"},
		"silent, with an answer between":       {[]Asking{nothing(3*time.Hour, false), nothing(2*time.Hour, false), said(2, time.Hour, 0), nothing(0, false)}, ""},
		"silent, and cut off between":          {[]Asking{nothing(3*time.Hour, false), nothing(2*time.Hour, false), nothing(time.Hour, true), nothing(0, false)}, "silent"},
		"cut off":                              {[]Asking{nothing(3*time.Hour, true), nothing(2*time.Hour, true), nothing(time.Hour, true), nothing(0, true)}, ""},
		"silent long ago":                      {[]Asking{nothing(40*time.Hour, false), nothing(30*time.Hour, false), nothing(0, false)}, ""},
		"what one other says":                  {[]Asking{by("zunyi.guizhou", said(9, 0, 0))}, "lead"},
		"what two others say":                  {[]Asking{by("zunyi.guizhou", said(9, time.Hour, 0)), by("bijie.guizhou", said(9, 0, 0))}, "differs differs"},
		"what two of one city say":             {[]Asking{by("meitan.zunyi.guizhou", said(9, time.Hour, 0)), by("tongzi.zunyi.guizhou", said(9, 0, 0))}, "lead lead"},
		"what a city and its county say":       {[]Asking{by("zunyi.guizhou", said(9, time.Hour, 0)), by("tongzi.zunyi.guizhou", said(9, 0, 0))}, "lead lead"},
		"two others say two things":            {[]Asking{by("zunyi.guizhou", said(9, time.Hour, 0)), by("bijie.guizhou", said(8, 0, 0))}, "lead lead"},
		"two others do not know ours":          {[]Asking{by("zunyi.guizhou", odd(12*time.Minute, Unknown)), by("zunyi.guizhou", odd(0, Unknown)), by("bijie.guizhou", said(8, 0, 0))}, "differs differs"},
		"one other, and the grandparent's not": {[]Asking{by("zunyi.guizhou", said(9, time.Hour, 0)), said(2, 0, 0)}, "lead"},
		"others silent three times":            {[]Asking{by("zunyi.guizhou", nothing(2*time.Hour, false)), by("bijie.guizhou", nothing(time.Hour, false)), by("anshun.guizhou", nothing(0, false))}, "silent"},
		"others silent, one answers":           {[]Asking{by("zunyi.guizhou", nothing(2*time.Hour, false)), by("bijie.guizhou", said(2, time.Hour, 0)), by("anshun.guizhou", nothing(0, false))}, ""},
	} {
		got := ""
		for _, f := range Judge(own, row.asked, now) {
			if got != "" {
				got += " "
			}
			if f.Lead {
				got += "lead"
			} else {
				got += f.Verdict.String()
			}
		}
		if got != row.want {
			t.Errorf("%s: got %q, want %q", what, got, row.want)
		}
	}
}

// TestMadeBeforeItWasEndorsed: keys were made, and endorsed two days later; until then others
// rightly believed the ones before. That the parent endorsed a second key set since changes nothing
// of it.
func TestMadeBeforeItWasEndorsed(t *testing.T) {
	at, before, later := start.Add(48*time.Hour), hashOf(200), hashOf(1)
	for number := range uint64(2) {
		e := trust.Endorsement{Number: number + 1, Since: []uint64{uint64(at.UnixMilli()), uint64(at.Add(time.Hour).UnixMilli())}[:number+1]}
		own := Own{Since: firstEndorsed(start, &e), Sets: []OwnSet{{Hash: later}}}
		asked := Asking{Who: grand, Relation: Grandparent, At: at.Add(2 * time.Hour), Kind: Named, Belief: Belief{
			Name: grand, Epoch: 1, Number: 2, Hash: later[:], AsOf: uint64(at.Add(2 * time.Hour).UnixMilli()),
			Before: &Before{Number: 1, Hash: before[:], AsOf: uint64(at.UnixMilli())},
		}}
		if found := Judge(own, []Asking{asked}, asked.At); len(found) > 0 || !own.Since.Equal(at) {
			t.Errorf("number %d: since %s, want %s; found %+v", number+1, own.Since, at, found)
		}
	}
}
