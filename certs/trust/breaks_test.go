package trust

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"testing"
	"time"

	"xietong/certs/identity"
)

// TestConfirmation: a confirmation is of a child of a child of whoever signed, by a key set that
// counted and a certificate that was in force then; any other change of a byte breaks it (S05c).
func TestConfirmation(t *testing.T) {
	s := newStandings(t)
	hash := sha256.Sum256([]byte("a key set"))
	pin, err := NewPin(place(t, "town."+s.county.Name.String()), 2, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	at := time.UnixMilli(int64(s.true.Time))
	doc, err := SignConfirmation(pin, at.Add(-time.Millisecond), at, s.by)
	if err != nil {
		t.Fatal(err)
	}
	got, err := OpenConfirmation(doc, Always(s.city))
	if err != nil || got.Pin() != pin || got.Since != uint64(at.Add(-time.Millisecond).UnixMilli()) || len(doc) > MaxConfirmationLen {
		t.Fatalf("got %+v, %v", got, err)
	}
	other := s.city
	other.Name = place(t, "zunyi.guizhou")
	past := Believed{KeySet: s.city, Until: at.Add(-time.Millisecond)}
	for what, by := range map[string][]Believed{
		"nobody": nil, "another city": Always(other), "its parent": Always(s.county),
		"keys that counted no more": {past}, "keys that were revoked": {{KeySet: s.city, Revoked: true}},
	} {
		if _, err := OpenConfirmation(doc, by); !errors.Is(err, ErrConfirmation) {
			t.Errorf("by %s: got %v, want ErrConfirmation", what, err)
		}
	}
	for i := range doc {
		bad := bytes.Clone(doc)
		bad[i] ^= 1
		if _, err := OpenConfirmation(bad, Always(s.city)); !errors.Is(err, ErrConfirmation) {
			t.Fatalf("byte %d changed: got %v", i, err)
		}
	}
	for what, of := range map[string]string{"itself": s.city.Name.String(), "its child": s.county.Name.String(), "a root": "guizhou"} {
		near, err := NewPin(place(t, of), 1, hash[:])
		if err != nil {
			t.Fatal(err)
		}
		doc, err := SignConfirmation(near, at, at, s.by)
		if err == nil {
			_, err = OpenConfirmation(doc, Always(s.city))
		}
		if !errors.Is(err, ErrConfirmation) {
			t.Errorf("of %s: got %v", what, err)
		}
	}
	if _, err := SignConfirmation(pin, at.Add(time.Second), at, s.by); !errors.Is(err, ErrConfirmation) {
		t.Errorf("signed before it was decided: got %v", err)
	}
}

// TestConfirmedInAChain: a level confirms for the level two below it, and for no other.
func TestConfirmedInAChain(t *testing.T) {
	s, m := newStandings(t), newMember(t, 1)
	town := set(t, nil, m)
	town.Name = place(t, "town."+s.county.Name.String())
	at := time.UnixMilli(int64(s.true.Time))
	confirm := func(of KeySet) []byte {
		doc, err := SignConfirmation(of.Pin(), at, at, s.by)
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
	levels := func(edit func(l []Level)) []Level {
		l := []Level{
			{KeySets: [][]byte{sign(t, s.city, s.by)}, Endorsement: s.payload}, {KeySets: [][]byte{sign(t, s.county, s.of)}, Endorsement: endorse(t, town, nil)},
			{KeySets: [][]byte{sign(t, town, m)}},
		}
		edit(l)
		return l
	}
	sibling := town
	sibling.Name = place(t, "other."+s.county.Name.String())
	for what, row := range map[string]struct {
		edit func(l []Level)
		err  error
	}{
		"of the town":     {func(l []Level) { l[0].Confirmed = confirm(town) }, nil},
		"of another":      {func(l []Level) { l[0].Confirmed = confirm(sibling) }, ErrConfirmation},
		"by the county":   {func(l []Level) { l[1].Confirmed = confirm(town) }, ErrChain},
		"by itself":       {func(l []Level) { l[2].Confirmed = confirm(town) }, ErrChain},
		"by nobody":       {func(l []Level) { l[0].Confirmed = []byte{1} }, ErrConfirmation},
		"none, of nobody": {func(l []Level) {}, nil},
	} {
		links, err := Descend(s.city.Pin(), levels(row.edit), bare)
		if !errors.Is(err, row.err) {
			t.Errorf("%s: got %v, want %v", what, err, row.err)
		}
		if err == nil && (links[2].Confirmed != nil) != (what == "of the town") || err == nil && links[1].Confirmed != nil {
			t.Errorf("%s: got %+v", what, links[2].Confirmed)
		}
	}
}

// TestObjection: an objection counts by a majority of the log keys from before, or by the recovery
// key, and by nobody else (S05i).
func TestObjection(t *testing.T) {
	one, two, three, thief := newMember(t, 1), newMember(t, 2), newMember(t, 3), newMember(t, 2)
	before, fake := set(t, nil, one, two, three), set(t, nil, thief)
	paper, other := paperOf("nanming"), paperOf("another")
	keys := Objecting{Recovery: before.RecoveryKey}
	for _, r := range before.Replicas {
		keys.LogKeys = append(keys.LogKeys, ReplicaKey{Replica: r.Replica, Key: r.LogKey})
	}
	by := func(m member) Objector {
		return Objector{m.keys.Replica, func(msg []byte) []byte { return ed25519.Sign(m.log, msg) }}
	}
	onPaper := func(key ed25519.PrivateKey) Objector {
		return Objector{identity.Replica{}, func(msg []byte) []byte { return ed25519.Sign(key, msg) }}
	}
	now := time.UnixMilli(1_800_000_000_000)
	for what, row := range map[string]struct {
		by    []Objector
		taken bool
		paper bool
	}{
		"two of three":           {[]Objector{by(one), by(three)}, true, false},
		"in another order":       {[]Objector{by(three), by(two), by(one)}, true, false},
		"one of three":           {[]Objector{by(one)}, false, false},
		"one twice":              {[]Objector{by(one), by(one)}, false, false},
		"one and a thief":        {[]Objector{by(one), by(thief)}, false, false},
		"the paper":              {[]Objector{onPaper(paper)}, true, true},
		"another paper":          {[]Objector{onPaper(other)}, false, true},
		"the paper and two keys": {[]Objector{by(one), by(two), onPaper(paper)}, false, true},
	} {
		doc, err := SignObjection(fake.Pin(), now, row.by...)
		if err != nil {
			t.Fatal(err)
		}
		to, err := ObjectionTo(doc)
		pin, paper, openErr := OpenObjection(doc, keys)
		if err != nil || to != fake.Pin() || (openErr == nil) != row.taken || row.taken && (pin != to || paper != row.paper) || len(doc) > MaxObjectionLen {
			t.Errorf("%s: got %v, %t, %v", what, pin, paper, openErr)
		}
		if !row.taken {
			continue
		}
		for i := range doc {
			bad := bytes.Clone(doc)
			bad[i] ^= 1
			if _, _, err := OpenObjection(bad, keys); !errors.Is(err, ErrObjection) {
				t.Fatalf("%s, byte %d changed: got %v", what, i, err)
			}
		}
		if _, _, err := OpenObjection(doc, Objecting{}); !errors.Is(err, ErrObjection) {
			t.Errorf("%s, by no keys: got %v", what, err)
		}
	}
	if _, err := SignObjection(fake.Pin(), now); !errors.Is(err, ErrObjection) {
		t.Errorf("signed by nobody: got %v", err)
	}
	if _, err := SignObjection(Pin{}, now, by(one)); !errors.Is(err, ErrObjection) {
		t.Errorf("to nothing: got %v", err)
	}
}
