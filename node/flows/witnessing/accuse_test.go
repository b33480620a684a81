package witnessing

import (
	"context"
	"crypto/ed25519"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/witness"
)

// logKey is the log key of a machine.
type logKey struct{ ed25519.PrivateKey }

func (k logKey) LogPublic() ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }
func (k logKey) SignLog(m []byte) []byte      { return ed25519.Sign(k.PrivateKey, m) }

// moved is a ledger that began on another machine, which was removed.
type moved struct {
	Own
	sets [][]byte
}

func (m moved) KeySets(context.Context) ([][]byte, error) { return m.sets, nil }

// hasMoved has a place be one that began on another machine. It returns the log key of that.
func (p *place) hasMoved() logKey {
	p.w.t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	gone := logKey{must(p.w.t, private, err)}
	all := p.keys()
	now, r9 := all[len(all)-1], must2(identity.NewReplica(9))(p.w.t)
	first := all[0]
	first.Number, first.Previous, first.Revokes = 1, nil, false
	other := now.Replicas[0]
	other.Replica, other.LogKey = r9, gone.LogPublic()
	first.Replicas = []trust.ReplicaKeys{other}
	hash := first.Hash()
	now.Number, now.Previous = 2, hash[:]
	own := moved{Own: p.Host}
	for _, k := range []trust.KeySet{first, now} {
		sig := trust.Signature{Replica: r9, Sig: gone.SignLog(k.SigningInput())}
		own.sets = append(own.sets, must2(trust.Assemble(k, []trust.Signature{sig}))(p.w.t))
	}
	p.desk.o.Own = own
	return gone
}

// TestRemovedKeyAccusesNobody (A20-7): a city began on a machine that was removed since. Who has
// its log key, and is a neighbour, says that it keeps a checkpoint which that key signed: of
// another tree, of more entries than there are, or evidence of two histories. The city records
// nothing of it, and tells nobody that it was put back or has two histories (W23).
func TestRemovedKeyAccusesNobody(t *testing.T) {
	for name, answer := range map[string]func(city *place, sign func(size uint64) []byte) found{
		"another tree": func(_ *place, sign func(uint64) []byte) found {
			return found{Verdict: witness.Elsewhere, Kept: sign(3)}
		},
		"more entries": func(_ *place, sign func(uint64) []byte) found {
			return found{Verdict: witness.Behind, Kept: sign(100_000)}
		},
		"evidence of two histories": func(city *place, sign func(uint64) []byte) found {
			o := must2(city.desk.offer(city.w.t.Context(), crossing{old: 3}))(city.w.t)
			return found{Verdict: witness.Forked, Fork: witness.Fork{Kept: sign(3), Shown: o.o}.Encode()}
		},
		"evidence that begins with the true one": func(city *place, sign func(uint64) []byte) found {
			o := must2(city.desk.offer(city.w.t.Context(), crossing{old: 3}))(city.w.t)
			g := ledger.Growth{Old: o.c.Size, Note: sign(o.c.Size)}
			return found{Verdict: witness.Forked, Fork: witness.Fork{Kept: o.note, Shown: witness.Offer{
				Growth: g.Encode(), Was: tlog.Hash{7}, Begun: []witness.Begun{},
			}}.Encode()}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, three[1:]...)
			city, county := w.at(three[1]), w.at(three[2])
			city.says(4)
			for range 3 {
				w.round()
			}
			gone := city.hasMoved()
			asked := 0
			county.answers = func(operation string, content []byte) []byte {
				if operation != string(operationWitness) {
					return content
				}
				asked++
				return must2(canon.Marshal(answer(city, func(size uint64) []byte {
					c := ledger.Checkpoint{Log: city.Log(), Size: size, Root: tlog.Hash{7}}
					return must2(ledger.SignCheckpoint(c, gone))(t)
				})))(t)
			}
			city.says(3)
			before := len(city.heads(ledger.KindFork))
			for range 3 {
				w.round()
			}
			if asked == 0 {
				t.Fatal("the county was not asked")
			}
			for _, f := range city.findings() {
				t.Errorf("the city says of itself: %d entries of %d, two histories: %v", f.Size, f.Kept, f.Evidence != nil)
			}
			if n := len(city.heads(ledger.KindFork)); n != before || city.Questioned() != nil {
				t.Errorf("the city records %d forks, and is in question: %v", n, city.Questioned())
			}
			county.answers = nil
			city.witnessed(county)
		})
	}
}
