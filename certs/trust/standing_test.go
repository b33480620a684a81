package trust

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"slices"
	"testing"
	"time"

	"xietong/certs/canon"
)

// SigningCert and SignStatement let a member of the tests sign: its log key is its signing key.
func (m member) SigningCert() []byte                 { return m.keys.SigningCert }
func (m member) SignStatement(message []byte) []byte { return ed25519.Sign(m.log, message) }

// standings is a city that says something of its county, and the endorsement that it made.
type standings struct {
	city, county KeySet
	by, of       member
	payload      []byte
	true         Standing
}

func newStandings(t *testing.T) standings {
	s := standings{by: newMember(t, 1), of: newMember(t, 1)}
	s.city, s.county = set(t, nil, s.by), set(t, nil, s.of)
	s.city.Name = place(t, "guiyang.guizhou")
	s.payload = endorse(t, s.county, func(e *Endorsement) { e.Issued, e.NotAfter = 500, 900_000 })
	hash := sha256.Sum256(s.payload)
	s.true = Standing{Child: s.county.Name, Entry: 3, Hash: hash[:], Size: 9, Time: 700}
	return s
}

func (s standings) sign(t *testing.T, edit func(*Standing), by Signer) []byte {
	t.Helper()
	said := s.true
	if edit != nil {
		edit(&said)
	}
	data, err := said.Sign(by)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// descend verifies the chain of the county with a signed standing in it.
func (s standings) descend(t *testing.T, standing []byte) (Link, error) {
	t.Helper()
	links, err := Descend(s.city.Pin(), []Level{
		{KeySets: [][]byte{sign(t, s.city, s.by)}, Endorsement: s.payload, Standing: standing}, {KeySets: [][]byte{sign(t, s.county, s.of)}},
	}, bare)
	if err != nil {
		return Link{}, err
	}
	return links[1], nil
}

// TestStandingIsOfItsEndorsement: no standing is taken that is of another child, of another
// endorsement, older than the endorsement, or not by a key of the endorser that counts (S09b).
func TestStandingIsOfItsEndorsement(t *testing.T) {
	s := newStandings(t)
	link, err := s.descend(t, s.sign(t, nil, s.by))
	if err != nil || link.Standing == nil || link.Standing.Time != 700 || link.Standing.Withdrawn() {
		t.Fatalf("the true one: got %+v, %v", link.Standing, err)
	}
	link, err = s.descend(t, s.sign(t, func(x *Standing) { x.Hash = nil }, s.by))
	if err != nil || !link.Standing.Withdrawn() {
		t.Errorf("a withdrawal: got %+v, %v", link.Standing, err)
	}
	if link, err = s.descend(t, nil); err != nil || link.Standing != nil {
		t.Errorf("none: got %+v, %v", link.Standing, err)
	}
	stranger := newMember(t, 1)
	for what, data := range map[string][]byte{
		"of another child":              s.sign(t, func(x *Standing) { x.Child = place(t, "yunyan.guiyang.guizhou") }, s.by),
		"of a child of another":         s.sign(t, func(x *Standing) { x.Child = place(t, "nanming.zunyi.guizhou") }, s.by),
		"of another endorsement":        s.sign(t, func(x *Standing) { x.Hash = make([]byte, 32) }, s.by),
		"older than the endorsement":    s.sign(t, func(x *Standing) { x.Time = 499 }, s.by),
		"by a stranger":                 s.sign(t, nil, stranger),
		"by the child":                  s.sign(t, nil, s.of),
		"after the certificate's end":   s.sign(t, func(x *Standing) { x.Time = 1_001 }, s.by),
		"longer than allowed":           make([]byte, MaxStandingLen+1),
		"with a byte behind":            append(s.sign(t, nil, s.by), 0),
		"with a null for the signature": nulled(t, s.sign(t, nil, s.by)),
	} {
		if _, err := s.descend(t, data); !errors.Is(err, ErrStanding) {
			t.Errorf("%s: got %v, want ErrStanding", what, err)
		}
	}
	last := Level{KeySets: [][]byte{sign(t, s.county, s.of)}, Standing: s.sign(t, nil, s.by)}
	if _, err := Descend(s.county.Pin(), []Level{last}, bare); !errors.Is(err, ErrChain) {
		t.Errorf("of no next level: got %v, want ErrChain", err)
	}
}

// nulled is a signed standing with null in place of its signature.
func nulled(t *testing.T, data []byte) []byte {
	t.Helper()
	var x document
	if err := canon.Unmarshal(data, MaxStandingLen, &x); err != nil {
		t.Fatal(err)
	}
	x.Signature = nil
	data, err := canon.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// TestStandingFlipped flips every byte of a signed standing, two ways: none is taken.
func TestStandingFlipped(t *testing.T) {
	s := newStandings(t)
	data := s.sign(t, nil, s.by)
	for at := range data {
		for _, bit := range []byte{0x01, 0x80} {
			flipped := bytes.Clone(data)
			flipped[at] ^= bit
			if got, err := OpenStanding(flipped, Always(s.city)); !errors.Is(err, ErrStanding) {
				t.Errorf("byte %d: got %+v, %v, want ErrStanding", at, got, err)
			}
		}
	}
}

// TestStandingBySets: a standing counts under the key set that counted when it was said, and not
// under one that was revoked.
func TestStandingBySets(t *testing.T) {
	s := newStandings(t)
	data := s.sign(t, nil, s.by)
	for what, want := range map[string]struct {
		set Believed
		ok  bool
	}{
		"in force":          {Believed{KeySet: s.city}, true},
		"ended later":       {Believed{KeySet: s.city, Until: time.UnixMilli(700)}, true},
		"ended before":      {Believed{KeySet: s.city, Until: time.UnixMilli(699)}, false},
		"revoked":           {Believed{KeySet: s.city, Revoked: true}, false},
		"of the child":      {Believed{KeySet: s.county}, false},
		"of another parent": {Believed{KeySet: KeySet{Name: place(t, "zunyi.guizhou"), Replicas: s.city.Replicas}}, false},
	} {
		if _, err := OpenStanding(data, []Believed{want.set}); (err == nil) != want.ok {
			t.Errorf("%s: got %v", what, err)
		}
	}
	if _, err := OpenStanding(data, nil); !errors.Is(err, ErrStanding) {
		t.Errorf("no key set: got %v", err)
	}
}

// TestImpossibleStandings are neither signed nor taken.
func TestImpossibleStandings(t *testing.T) {
	s := newStandings(t)
	for what, edit := range map[string]func(*Standing){
		"of a root":           func(x *Standing) { x.Child = place(t, "guizhou") },
		"beyond the ledger":   func(x *Standing) { x.Entry = x.Size },
		"at no time":          func(x *Standing) { x.Time = 0 },
		"after the year 9999": func(x *Standing) { x.Time = maxTime + 1 },
		"with a short hash":   func(x *Standing) { x.Hash = slices.Clone(x.Hash[:31]) },
		"with a long hash":    func(x *Standing) { x.Hash = make([]byte, 64) },
	} {
		said := s.true
		edit(&said)
		if _, err := said.Sign(s.by); !errors.Is(err, ErrStanding) {
			t.Errorf("%s, to sign: got %v", what, err)
		}
		doc, err := canon.Marshal(said)
		if err != nil {
			t.Fatal(err)
		}
		cert := sha256.Sum256(s.by.SigningCert())
		data, err := canon.Marshal(document{Said: doc, Cert: cert[:], Signature: s.by.SignStatement(append([]byte(standingContext), doc...))})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := OpenStanding(data, Always(s.city)); !errors.Is(err, ErrStanding) {
			t.Errorf("%s, to open: got %v", what, err)
		}
	}
}
