package chains

import (
	"testing"

	"xietong/certs/trust"
)

// TestOneRuleOfBreaks: what a chain does not show it does not lead on from, whatever its numbers
// are: whoever forges keys would otherwise hand on none but later ones, and nobody would be told
// that others were believed. So it is for whoever waits (see breaks), too.
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
	alone := after(one, make([]byte, 32))
	for what, row := range map[string]struct {
		shown []trust.KeySet
		want  bool
	}{
		"the same":                 {[]trust.KeySet{one}, true},
		"what follows it":          {[]trust.KeySet{one, two, three}, true},
		"what begins later":        {[]trust.KeySet{two, three}, false},
		"where no log key goes on": {[]trust.KeySet{one, alone}, false},
	} {
		c := &chain{}
		for _, k := range row.shown {
			c.sets = append(c.sets, trust.Believed{KeySet: k})
		}
		if got := c.contains(Former{Number: 1, Hash: one.Hash()}); got != row.want {
			t.Errorf("%s: it leads on: %t, want %t", what, got, row.want)
		}
	}
}
