package ledger

import (
	"crypto/ed25519"
	"errors"
	"testing"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

// TestEveryByteOfAnExcerpt: with any byte changed, or cut off anywhere, an excerpt is refused, and
// is signed by no replica that is known.
func TestEveryByteOfAnExcerpt(t *testing.T) {
	a := actedLog(t, 13, func(i int) bool { return i == 6 || i == 9 })
	sets := []trust.KeySet{newWorld().one}
	f, want := must(FrontierAt(5, a)), must(FrontierAt(13, a)).Root()
	data := a.cut(5, 13).Encode()
	if err := must(ParseExcerpt(data)).SignedBy(sets); err != nil {
		t.Fatal(err)
	}
	tree := 0 // how many of the changes the tree finds, too
	for i := range data {
		for _, flip := range []byte{1, 0x20, 0x80, 0xff} {
			data[i] ^= flip
			x, err := ParseExcerpt(data)
			if err == nil && x.SignedBy(sets) == nil {
				t.Errorf("byte %d flipped by %#x: still taken", i, flip)
			}
			if err == nil && x.Log == a.log {
				if g, err := f.Fold(x); err != nil || g.Root() != want {
					tree++
				} else if i < len(data)-2-ed25519.SignatureSize-2-ed25519.PublicKeySize {
					t.Errorf("byte %d flipped by %#x: it gives the same tree", i, flip)
				}
			}
			data[i] ^= flip
		}
	}
	if tree == 0 {
		t.Error("the tree finds nothing")
	}
	for n := range data {
		if _, err := ParseExcerpt(data[:n]); !errors.Is(err, ErrMalformed) {
			t.Errorf("cut after %d bytes: got %v", n, err)
		}
	}
}

// TestWhoSignedAnExcerpt: an excerpt that shows less than its maker showed gives the same tree, and
// is told from the true one by its signature. No other signature of the same key passes for it, nor
// one of another key (W10c).
func TestWhoSignedAnExcerpt(t *testing.T) {
	a := actedLog(t, 13, func(i int) bool { return i == 6 || i == 9 })
	w := newWorld()
	good, r4 := a.cut(0, 13), w.by[3]
	hidden := must(Excerpts(a.log, 0, 13, kept{a, a.acts[1:]}))
	if x, y := must(must(FrontierAt(0, a)).Fold(good)), must(must(FrontierAt(0, a)).Fold(hidden)); x.Root() != y.Root() || len(hidden.Acts) == len(good.Acts) {
		t.Fatal("what is hidden changes the tree: it shows nothing")
	}
	hidden.Key = good.Key
	both := []trust.KeySet{w.one, w.two}
	for name, tc := range map[string]struct {
		by      func([]byte) []byte
		x       Excerpt
		sets    []trust.KeySet
		taken   bool
		holding bool // by the key that it names
	}{
		"the true one":             {x: good, sets: both, taken: true, holding: true},
		"by an older set alone":    {x: good, sets: both[:1], taken: true, holding: true},
		"by no set":                {x: good, holding: true},
		"one not listed":           {x: must(Excerpts(a.log, 0, 13, a)).Sign(r4), sets: both, holding: true},
		"one not listed, hiding":   {x: hidden.Sign(r4), sets: both, holding: true},
		"the signature of another": {x: Excerpt{a.log, 0, 13, hidden.Acts, hidden.Hashes, good.Key, good.Signature}, sets: both},
		"of another log":           {x: Excerpt{must(identity.NewLog(a.log.Jurisdiction(), 2)), 0, 13, good.Acts, good.Hashes, good.Key, good.Signature}, sets: both},
		"no key":                   {x: Excerpt{a.log, 0, 13, good.Acts, good.Hashes, nil, good.Signature}, sets: both},
		"without its context":      {x: hidden, sets: both, by: func(m []byte) []byte { return m[len(excerptContext):] }},
		"in a context of another":  {x: hidden, sets: both, by: func(m []byte) []byte { return append([]byte(stateContext), m[len(excerptContext):]...) }},
	} {
		if tc.by != nil {
			tc.x.Signature = w.by[0].SignLog(tc.by(tc.x.message()))
		}
		if err := tc.x.SignedBy(tc.sets); (err == nil) != tc.taken || err != nil && !errors.Is(err, ErrNotProven) {
			t.Errorf("%s: got %v", name, err)
		}
		if err := tc.x.Holds(); (err == nil) != tc.holding {
			t.Errorf("%s, by its own key: got %v", name, err)
		}
	}
	if _, err := parseCheckpoint(string(good.message())); err == nil {
		t.Error("what is signed of an excerpt is a checkpoint")
	}
}
