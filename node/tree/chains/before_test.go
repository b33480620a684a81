package chains

import (
	"crypto/ed25519"
	"testing"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

// TestOneRuleOfBreaks: what a chain does not show it does not lead on from, whatever its numbers
// are: whoever forges keys would otherwise hand on none but later ones, and nobody would be told
// that others were believed. So it is for whoever waits (see breaks), too. What was believed in the
// last day and leads on no more is told (S05g).
func TestOneRuleOfBreaks(t *testing.T) {
	w := newWorld(t, "guizhou", "zunyi.guizhou")
	signed, err := w.at("zunyi.guizhou").KeySets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pin, err := trust.PinOf(signed[0])
	if err != nil {
		t.Fatal(err)
	}
	sets, err := trust.Walk(pin, signed)
	if err != nil {
		t.Fatal(err)
	}
	one := sets[0]
	after := func(k trust.KeySet, logKey []byte) trust.KeySet {
		hash := k.Hash()
		next := k
		next.Number, next.Previous = k.Number+1, hash[:]
		next.Replicas = append([]trust.ReplicaKeys{}, k.Replicas...)
		next.Replicas[0].LogKey = logKey
		return next
	}
	two := after(one, one.Replicas[0].LogKey)
	three := after(two, two.Replicas[0].LogKey)
	alone := after(one, ed25519.NewKeyFromSeed(make([]byte, 32)).Public().(ed25519.PublicKey))
	for what, row := range map[string]struct {
		shown []trust.KeySet
		want  bool
	}{
		"the same":                 {[]trust.KeySet{one}, true},
		"what follows it":          {[]trust.KeySet{one, two, three}, true},
		"what begins later":        {[]trust.KeySet{two, three}, false},
		"where no log key goes on": {[]trust.KeySet{one, alone}, false},
	} {
		s := &Store{before: map[identity.Jurisdiction]recalled{}, now: w.now}
		for _, shown := range [][]trust.KeySet{{one}, row.shown} {
			c := &chain{of: one.Name, made: w.now()}
			for _, k := range shown {
				c.sets = append(c.sets, trust.Believed{KeySet: k})
			}
			s.remember(c)
		}
		if f, broken := s.formerOf(one.Name); broken == row.want || broken && f.Hash != one.Hash() {
			t.Errorf("%s: it leads on: %t, want %t", what, !broken, row.want)
		}
	}
}
