package witnessing

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/treetest"
)

// withKeys is a jurisdiction that has these key sets of its epochs.
type withKeys struct {
	Own
	name identity.Jurisdiction
	now  uint64 // its epoch
	sets map[uint64][]trust.KeySet
}

func (o withKeys) Name() identity.Jurisdiction { return o.name }

func (o withKeys) Log() identity.Log {
	log, _ := identity.NewLog(o.name, o.now)
	return log
}

func (o withKeys) KeySetsIn(epoch, _ uint64) ([]trust.KeySet, error) { return o.sets[epoch], nil }

// handing is a parent that hands what is asked for.
type handing func(c chainAsked) (chainHanded, error)

func (h handing) Ask(_ context.Context, _ identity.Message, _ identity.Jurisdiction, call envelope.Call) (a relay.Answer, err error) {
	c, err := operationLostKeys.Parameters(relay.Received{Call: call})
	if err != nil {
		return a, err
	}
	out, err := h(c)
	if err == nil {
		a.Content, err = canon.Marshal(out)
	}
	return a, err
}

// walked verifies key sets.
func walked(t *testing.T, signed [][]byte) []trust.KeySet {
	t.Helper()
	pin, err := trust.PinOf(signed[0])
	if err != nil {
		t.Fatal(err)
	}
	return must2(trust.Walk(pin, signed))(t)
}

// TestLostKeys (C41): a county that goes on in a fourth epoch has the keys of the first, of which
// the second went on, and none of the third, in which it had gone on alone. Its city hands both
// chains. The one counts as it follows from what is here, the other by the city's endorsement, up
// to the key set that it endorsed and from the last that took others back; and what the keys sign
// that are here proves nothing of the third epoch. A city that hands another chain, or one that it
// did not endorse, is not believed.
func TestLostKeys(t *testing.T) {
	city, child := treetest.New(t, "guiyang.guizhou"), treetest.NewIn(t, "nanming.guiyang.guizhou", 3)
	first, other := treetest.New(t, "nanming.guiyang.guizhou"), treetest.NewIn(t, "nanming.guiyang.guizhou", 3)
	city.Invite(t, child, "secret", false)
	child.JoinTo(t, city, "secret")
	one := first.Follow(t, 2, func(*trust.KeySet) {})
	third := must2(child.KeySets(t.Context()))(t)
	forged := must2(other.KeySets(t.Context()))(t)
	proof := must2(city.ProveEndorsement(t.Context(), city.Child(t, "nanming").Endorsement.In(city.Names()).Index()))(t)
	newest := walked(t, must2(city.KeySets(t.Context()))(t))
	own := withKeys{name: child.Name(), now: 4, sets: map[uint64][]trust.KeySet{
		1: walked(t, one)[:1], 2: walked(t, one)[:1], 3: walked(t, one)[:1], 4: walked(t, forged),
	}}
	own.sets[4][0].Epoch = 4
	for what, row := range map[string]struct {
		epoch  uint64
		signed [][]byte
		proof  []byte
		want   []trust.KeySet
		code   text.Code
	}{
		"what follows":                  {2, one, nil, walked(t, one), ""},
		"what was endorsed":             {3, third, proof, walked(t, third), ""},
		"nothing":                       {2, nil, nil, walked(t, one)[:1], ""},
		"another chain":                 {3, forged, proof, nil, text.AnswerRefused},
		"one that nobody endorsed":      {3, third, nil, nil, text.AnswerRefused},
		"not from its beginning":        {2, one[1:], nil, nil, text.AnswerRefused},
		"one of which a set is another": {2, slices.Concat(one[:1], forged), nil, nil, text.AnswerRefused},
	} {
		asked := 0
		d := New(Options{
			Own: own, Logger: slog.New(slog.DiscardHandler), Here: func(identity.Jurisdiction) bool { return false },
			Parent: func() (identity.Jurisdiction, bool) { return city.Name(), true },
			KeySets: func(identity.Jurisdiction) ([]trust.Believed, error) {
				return []trust.Believed{{KeySet: newest[len(newest)-1]}}, nil
			},
			Asker: handing(func(c chainAsked) (h chainHanded, err error) {
				asked++
				h.KeySets = append([][]byte{}, row.signed[min(int(c.From)-1, len(row.signed)):]...)
				if c.From == 1 {
					h.Endorsement = row.proof
				}
				return h, nil
			}),
		})
		log := must2(identity.NewLog(child.Name(), row.epoch))(t)
		for range 2 {
			got, err := d.signersIn(t.Context(), log, 0)
			if row.code != "" && !failure.Is(err, row.code) || row.code == "" && err != nil || hashes(got) != hashes(row.want) {
				t.Errorf("%s: got %s, %v, want %s, %q", what, hashes(got), err, hashes(row.want), row.code)
			}
		}
		if row.code == "" && asked > 2 {
			t.Errorf("%s: asked %d times for what was handed", what, asked)
		}
		if row.signed == nil && asked != 2 {
			t.Errorf("%s: asked %d times, want again, as it may know it by then", what, asked)
		}
	}
	signed, endorsement, err := tree.ChainIn(t.Context(), city, child.Name().Label(), 3, 1)
	if err != nil || len(signed) != 1 || endorsement == ledger.None {
		t.Errorf("the city hands %d key sets, endorsed by %v, %v", len(signed), endorsement, err)
	}
	if signed, _, err = tree.ChainIn(t.Context(), city, child.Name().Label(), 2, 1); err != nil || len(signed) > 0 {
		t.Errorf("of an epoch that it does not know the city hands %d key sets, %v", len(signed), err)
	}
}

func hashes(sets []trust.KeySet) (all string) {
	for _, k := range sets {
		all += fmt.Sprintf("%x ", k.Hash())
	}
	return all
}
