package breaks

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"math/big"
	"testing"
	"time"

	"pgregory.net/rapid"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

const (
	hour = uint64(time.Hour / time.Millisecond)
	wait = uint64(Wait / time.Millisecond)
	t0   = uint64(1_800_000_000_000) // ms
)

// key is the key pair of a number: of a replica, or on a paper.
func key(n int) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{byte(n)}, ed25519.SeedSize))
}

// signer signs with the log key of a number.
func signer(n int) func([]byte) []byte {
	return func(m []byte) []byte { return ed25519.Sign(key(n), m) }
}

func public(n int) []byte { return key(n).Public().(ed25519.PublicKey) }

// certOf is a certificate, of which every key set here has some.
var certOf = func() []byte {
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1, 0)}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key(1).Public(), key(1))
	if err != nil {
		panic(err)
	}
	return cert
}()

// setAfter is the key set after another (nil: number 1) with the log keys of the given numbers, and
// the recovery key of paper. All have one certificate: no rule of a break looks at it.
func setAfter(before *trust.KeySet, paper int, logKeys ...int) trust.KeySet {
	name, err := identity.ParseJurisdiction("meitan.zunyi.guizhou")
	if err != nil {
		panic(err)
	}
	k := trust.KeySet{Name: name, Epoch: 1, Number: 1, DecryptionKey: []byte{1}, RecoveryKey: public(paper)}
	if before != nil {
		hash := before.Hash()
		k.Number, k.Previous = before.Number+1, hash[:]
	}
	for i, n := range logKeys {
		replica, err := identity.ParseReplica(fmt.Sprintf("r%d", i+1))
		if err != nil {
			panic(err)
		}
		k.Replicas = append(k.Replicas, trust.ReplicaKeys{Replica: replica, CACert: certOf, SigningCert: certOf, LogKey: public(n)})
	}
	return k
}

// setIn is setAfter in an epoch.
func setIn(epoch uint64, before *trust.KeySet, paper int, logKeys ...int) trust.KeySet {
	k := setAfter(before, paper, logKeys...)
	k.Epoch = epoch
	return k
}

// by is the recovery statement of a paper for a key set.
func by(paper int, k trust.KeySet) []byte {
	doc, err := trust.SignRecovery(k.Pin(), func(m []byte) []byte { return ed25519.Sign(key(paper), m) })
	if err != nil {
		panic(err)
	}
	return doc
}

func chainOf(sets ...trust.KeySet) shown { return shown{sets: sets} }

func (s shown) paper(doc []byte) shown { s.recovery = doc; return s }

func (s shown) confirm(pin trust.Pin) shown { return s.confirmedAt(pin, 1) }

// confirmedAt adds a confirmation that was decided some hours after the first sight.
func (s shown) confirmedAt(pin trust.Pin, hours uint64) shown {
	hash := pin.Hash()
	s.confirmed = &trust.Confirmation{Child: pin.Name(), Number: pin.Number(), Hash: hash[:], Since: t0 + hours*hour, Time: t0 + 999*hour}
	return s
}

// TestBreaks judges a sequence of what is shown, each after hours. Each row begins with a chain
// that is believed at first sight (S05b, S05c, S05z).
func TestBreaks(t *testing.T) {
	one := setAfter(nil, 90, 1)
	two := setAfter(&one, 90, 1, 2)
	renewed := setAfter(&one, 90, 1)
	alone := setAfter(&one, 91, 7) // signed by 1, which does not go on
	other := setAfter(nil, 92, 8)
	next := setAfter(&other, 92, 8, 9)
	third, same := setAfter(nil, 93, 10), setAfter(nil, 90, 11)
	lone, lonely := setIn(2, nil, 90, 20), setIn(3, nil, 90, 21) // went on alone, with the paper that they had
	grown := setIn(9, &lone, 90, 20, 22)                         // after lonely, by keys from before it
	back := setIn(3, nil, 90, 24)                                // from a backup of one, after late was lost too
	late := setIn(2, nil, 92, 23)
	revoking := setAfter(&one, 90, 1)
	revoking.Revokes = true
	after := setAfter(&other, 92, 8, 12)
	after.Revokes = true
	fork := setAfter(&other, 94, 8, 13) // by a key that after revoked
	said := chainOf(other).confirm(other.Pin())
	again := func(s shown) shown { return s.confirm(other.Pin()) }
	type step struct {
		at   uint64 // hours
		s    shown
		want bool
	}
	for what, steps := range map[string][]step{
		"an ordinary renewal":                  {{1, chainOf(one, renewed), true}, {2, chainOf(one, renewed), true}},
		"a further replica":                    {{1, chainOf(one, two), true}},
		"another chain":                        {{1, chainOf(other), false}, {72, chainOf(other), false}, {73, chainOf(other), true}, {74, chainOf(one), false}},
		"no log key goes on":                   {{1, chainOf(one, alone), false}, {72, chainOf(one, alone), false}, {73, chainOf(one, alone), true}},
		"what was before is not shown":         {{1, chainOf(alone), false}},
		"the old one between":                  {{1, chainOf(other), false}, {30, chainOf(one), true}, {60, chainOf(one), true}, {72, chainOf(other), false}, {73, chainOf(other), true}},
		"what follows waits with it":           {{1, chainOf(other), false}, {20, chainOf(other, next), false}, {73, chainOf(other, next), true}},
		"a third waits by itself":              {{1, chainOf(other), false}, {40, chainOf(third), false}, {73, chainOf(third), false}, {74, chainOf(other), true}, {75, chainOf(third), false}, {113, chainOf(third), true}},
		"with its paper":                       {{1, chainOf(other).paper(by(90, other)), true}},
		"with its paper, later":                {{1, chainOf(other), false}, {2, chainOf(other).paper(by(90, other)), true}},
		"with its paper, and what follows":     {{1, chainOf(other, next).paper(by(90, other)), true}},
		"with the paper of the new keys":       {{1, chainOf(other).paper(by(92, other)), false}},
		"with the paper of another set":        {{1, chainOf(other).paper(by(90, third)), false}},
		"with its paper, within its own chain": {{1, chainOf(one, alone).paper(by(90, alone)), true}},
		"confirmed":                            {{1, chainOf(other).confirm(other.Pin()), true}},
		"confirmed, later":                     {{1, chainOf(other), false}, {2, chainOf(other).confirm(other.Pin()), true}},
		"confirmed, and what follows":          {{1, chainOf(other, next).confirm(other.Pin()), true}},
		"an old confirmation":                  {{1, chainOf(other).paper(by(90, other)), true}, {3, chainOf(third).confirmedAt(third.Pin(), 0), false}},
		"a confirmation, again":                {{1, said, true}, {2, again(chainOf(other, after)), true}, {48, said, false}, {48, again(chainOf(other, fork)), false}},
		"that of what was believed already":    {{0, chainOf(other).paper(by(90, other)), true}, {1, said, true}, {2, again(chainOf(other, after)), true}, {3, again(chainOf(other, fork)), false}},
		"one that came with what follows":      {{0, chainOf(other).paper(by(90, other)), true}, {2, again(chainOf(other, after)), true}, {3, said, false}, {3, again(chainOf(other, fork)), false}},
		"of the one before":                    {{0, chainOf(other).paper(by(90, other)), true}, {1, chainOf(other, after), true}, {3, said, false}, {3, again(chainOf(other, fork)), false}},
		"a later confirmation":                 {{1, said, true}, {2, chainOf(third).confirmedAt(third.Pin(), 2), true}, {3, said, false}},
		"a paper that goes on":                 {{1, chainOf(same).paper(by(90, same)), false}},
		"alone, with its paper":                {{1, chainOf(lone).paper(by(90, lone)), true}, {2, chainOf(lone), true}},
		"alone, and the paper later":           {{1, chainOf(lone), false}, {2, chainOf(lone).paper(by(90, lone)), true}},
		"alone, and what follows":              {{1, chainOf(lone, grown).paper(by(90, lone)), true}},
		"alone, by the paper of another":       {{1, chainOf(lone).paper(by(91, lone)), false}, {72, chainOf(lone), false}, {73, chainOf(lone), true}},
		"alone twice, and the first again":     {{1, chainOf(lone).paper(by(90, lone)), true}, {2, chainOf(lonely).paper(by(90, lonely)), true}, {3, chainOf(lone).paper(by(90, lone)), false}, {3, chainOf(lone, grown).paper(by(90, lone)), false}},
		"alone, once the second was seen":      {{2, chainOf(lonely).paper(by(90, lonely)), true}, {3, chainOf(lone).paper(by(90, lone)), false}},
		"the old keys again, and then alone":   {{1, chainOf(lone).paper(by(90, lone)), true}, {2, chainOf(one), false}, {74, chainOf(one), true}, {75, chainOf(lone).paper(by(90, lone)), false}},
		"the first paper again, in a backup":   {{1, chainOf(late).paper(by(90, late)), true}, {2, chainOf(back).paper(by(92, back)), true}, {3, chainOf(late).paper(by(90, late)), false}},
		"another is confirmed":                 {{1, chainOf(other).confirm(third.Pin()), false}},
		"clock set back":                       {{50, chainOf(other), false}, {1, chainOf(other), false}, {121, chainOf(other), false}, {122, chainOf(other), true}},
		"the number before, for an hour":       {{1, chainOf(one, renewed), true}, {2, chainOf(one), true}, {3, chainOf(one), false}},
		"the number before, revoked":           {{1, chainOf(one, revoking), true}, {1, chainOf(one), false}},
		"forgotten after its endorsement":      {{1, chainOf(other), false}, {722, chainOf(other), false}, {793, chainOf(other), false}, {794, chainOf(other), true}},
	} {
		t.Run(what, func(t *testing.T) {
			m := memory{}.judge(chainOf(one), t0).next
			for i, s := range steps {
				v := m.judge(s.s, t0+s.at*hour)
				if v.believes != s.want || v.believes == (v.waits != nil) {
					t.Fatalf("step %d, after %d h: believed %t, want %t (waits: %v)", i+1, s.at, v.believes, s.want, v.waits)
				}
				m = v.next
			}
		})
	}
}

// TestFutureConfirmation: one that was decided in the future says nothing, and spends none.
func TestFutureConfirmation(t *testing.T) {
	one, other := setAfter(nil, 90, 1), setAfter(nil, 92, 8)
	m := memory{}.judge(chainOf(one).confirmedAt(one.Pin(), 99), t0).next
	if v := m.judge(chainOf(other).confirmedAt(other.Pin(), 99), t0+hour); v.believes || m.Spent != 0 {
		t.Errorf("got %+v", v)
	}
	if v := m.judge(chainOf(other).confirm(other.Pin()), t0+hour); !v.believes {
		t.Errorf("one of now: got %+v", v)
	}
}

// TestAnyOrderOfStatements: an owner begins anew, by a paper or a confirmation, with another paper
// or, in a later epoch, with the one that it has, and revokes keys in each chain. Whatever it had
// once, its parent shows again, or forks it by revoked keys, with any statement that there ever
// was: nothing of that is believed before it has waited (S05k).
func TestAnyOrderOfStatements(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, now := memory{}.judge(chainOf(setAfter(nil, 100, 1)), t0).next, t0
		var old, said []shown
		seen := map[int]uint64{}
		paper, epoch := 100, uint64(1)
		for i := range rapid.IntRange(1, 8).Draw(t, "chains") {
			before := paper
			if alone := rapid.Bool().Draw(t, "alone"); alone {
				epoch++
			} else {
				paper = 101 + i
			}
			begins := setIn(epoch, nil, paper, 10+3*i)
			s := chainOf(begins)
			if rapid.Bool().Draw(t, "paper") {
				s = s.paper(by(before, begins))
			} else {
				now++ // a later decision
				s = s.confirmedAt(begins.Pin(), 0)
				s.confirmed.Since = now
			}
			after := setIn(epoch, &begins, paper, 10+3*i, 11+3*i)
			after.Revokes = true
			for _, sets := range [][]trust.KeySet{{begins}, {begins, after}} {
				now += uint64(rapid.IntRange(0, 3).Draw(t, "minutes")) * hour / 60
				s.sets = sets
				v := m.judge(s, now)
				if !v.believes {
					t.Fatalf("chain %d: %+v", i, v)
				}
				m = v.next
			}
			said = append(said, s)
			old = append(old, chainOf(begins), chainOf(begins, setIn(1<<40, &begins, 200, 10+3*i, 12+3*i)))
			for range rapid.IntRange(0, 10).Draw(t, "again") {
				now += uint64(rapid.IntRange(0, 60).Draw(t, "hours")) * hour
				n := rapid.IntRange(0, len(old)-1).Draw(t, "which")
				again := said[rapid.IntRange(0, len(said)-1).Draw(t, "statement")]
				again.sets = old[n].sets
				if _, ok := seen[n/2]; !ok {
					seen[n/2] = now
				}
				v := m.judge(again, now)
				if v.believes && now < seen[n/2]+wait {
					t.Fatalf("chain %d is believed again %d h after it was shown, by the statement of %s", n/2, (now-seen[n/2])/hour, again.sets[0].Pin())
				}
				if v.believes {
					return
				}
				m = v.next
			}
		}
	})
}

// TestObjections: an objection of the old log keys gives way to a confirmation and to the recovery
// key, one of the recovery key to a confirmation alone.
func TestObjections(t *testing.T) {
	one, other, third := setAfter(nil, 90, 1), setAfter(nil, 92, 8), setAfter(nil, 93, 10)
	for _, paper := range []bool{false, true} {
		m := memory{}.judge(chainOf(one), t0).next
		if _, ok := m.object(other.Pin(), paper, t0); ok {
			t.Error("an objection was taken to a key set that does not wait")
		}
		m = m.judge(chainOf(other), t0).next
		if _, ok := m.object(third.Pin(), paper, t0); ok {
			t.Error("an objection was taken to another key set")
		}
		m, ok := m.object(other.Pin(), paper, t0+hour)
		if !ok {
			t.Fatal("an objection was not taken")
		}
		m, _ = m.object(other.Pin(), false, t0+2*hour) // the old keys as well
		for what, row := range map[string]struct {
			s    shown
			at   uint64
			want bool
		}{
			"after the wait":    {chainOf(other), wait, false},
			"after two months":  {chainOf(other), 60 * 24 * hour, false},
			"with its paper":    {chainOf(other).paper(by(90, other)), hour, !paper},
			"confirmed":         {chainOf(other).confirm(other.Pin()), hour, true},
			"the old one":       {chainOf(one), wait, true},
			"a third, at first": {chainOf(third), wait, false},
		} {
			if v := m.judge(row.s, t0+row.at); v.believes != row.want {
				t.Errorf("objected (by the recovery key: %t), %s: believed %t, want %t", paper, what, v.believes, row.want)
			}
		}
	}
}

// TestObjectedStays: a parent that shows one key set after the other keeps no more than MaxWaiting
// waiting, and the one to which somebody objects stays.
func TestObjectedStays(t *testing.T) {
	one, other := setAfter(nil, 90, 1), setAfter(nil, 92, 8)
	m := memory{}.judge(chainOf(one), t0).next
	m = m.judge(chainOf(other), t0).next
	m, _ = m.object(other.Pin(), false, t0)
	for i := range 3 * MaxWaiting {
		m = m.judge(chainOf(setAfter(nil, 92, 100+i)), t0+uint64(i)).next
	}
	hash := other.Hash()
	if v := m.judge(chainOf(other), t0+wait); len(m.Waiting) != MaxWaiting || !bytes.Equal(m.Waiting[0].Hash, hash[:]) || v.believes || v.changed {
		t.Errorf("%d wait; the one that was objected to: %+v", len(m.Waiting), v)
	}
}

// TestObjectionIsNotForgotten: a parent shows one forged key set after the other, and the owner
// objects to each (A23). Shown again, the first is still objected to; one more is not believed
// either, and a wait that goes on beside them is as long as it was. The paper and the level above
// the parent end that for the true keys.
func TestObjectionIsNotForgotten(t *testing.T) {
	one, truth := setAfter(nil, 90, 1), setAfter(nil, 91, 9)
	for _, paper := range []bool{false, true} {
		m, now := memory{}.judge(chainOf(one), t0).next, t0
		for i := range MaxWaiting + 1 {
			now += hour
			forged := setAfter(nil, 92, 100+i)
			m = m.judge(chainOf(forged), now).next
			if next, ok := m.object(forged.Pin(), paper, now); ok {
				m = next
			} else if i < MaxWaiting {
				t.Fatalf("no objection was taken to number %d", i+1)
			}
		}
		for i := range MaxWaiting + 1 {
			for _, later := range []uint64{hour, hour + wait, hour + 60*24*hour} {
				v := m.judge(chainOf(setAfter(nil, 92, 100+i)), now+later)
				if v.believes || v.changed || v.waits.Objected == nobody {
					t.Errorf("objected by the paper: %t; forged key set %d, %d h later: believed %t, remembered anew %t, objected by %v", paper, i+1, later/hour, v.believes, v.changed, v.waits)
				}
				m = v.next
			}
		}
		if len(m.Waiting) != MaxWaiting {
			t.Errorf("%d are remembered, want %d", len(m.Waiting), MaxWaiting)
		}
		for how, s := range map[string]shown{"paper": chainOf(truth).paper(by(90, truth)), "confirmed": chainOf(truth).confirm(truth.Pin())} {
			if v := m.judge(s, now+hour); !v.believes {
				t.Errorf("the true keys (%s) are not believed", how)
			}
		}
	}
}

// TestAnyOrder: a parent shows any key sets that it can make, in any order and at any times. None
// that broke with what was believed is believed before it was shown, and 72 hours have passed
// since; what was believed is, whenever it is shown.
func TestAnyOrder(t *testing.T) {
	one := setAfter(nil, 90, 1)
	var made []shown
	for i := range 3 {
		begins := setAfter(nil, 92, 10+i)
		made = append(made, chainOf(begins), chainOf(begins, setAfter(&begins, 92, 10+i, 20+i)))
	}
	alone := setAfter(&one, 92, 30)
	made = append(made, chainOf(one, alone), chainOf(alone, setAfter(&alone, 92, 30, 31)))
	rapid.Check(t, func(t *rapid.T) {
		m, now := memory{}.judge(chainOf(one), t0).next, t0
		seen := map[trust.Pin]uint64{} // by the first of the keys that broke
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			now += uint64(rapid.IntRange(0, 30).Draw(t, "hours")) * hour
			if rapid.Bool().Draw(t, "old") {
				v := m.judge(chainOf(one), now)
				if !v.believes || v.changed {
					t.Fatalf("what was believed: %+v", v)
				}
				continue
			}
			s := made[rapid.IntRange(0, len(made)-1).Draw(t, "shown")]
			broke := s.sets[0].Pin()
			if broke == one.Pin() {
				broke = s.sets[1].Pin()
			}
			if _, ok := seen[broke]; !ok {
				seen[broke] = now
			}
			v := m.judge(s, now)
			if v.believes && now < seen[broke]+wait {
				t.Fatalf("believed %d h after it was first seen", (now-seen[broke])/hour)
			}
			if again := v.next.judge(s, now); again.believes != v.believes || again.changed {
				t.Fatalf("the same again: %+v after %+v", again, v)
			}
			if v.believes {
				return
			}
			if len(v.next.Waiting) > MaxWaiting {
				t.Fatalf("%d wait", len(v.next.Waiting))
			}
			m = v.next
		}
	})
}

// TestWaitEndsWithAnothersPaper (S05m): a forged key set waits; then the true ones are confirmed,
// or come with the paper. The wait of the forged one is over with that, and begins anew when it is
// shown again.
func TestWaitEndsWithAnothersPaper(t *testing.T) {
	one, forged, truth := setAfter(nil, 90, 1), setAfter(nil, 92, 8), setAfter(nil, 93, 10)
	for how, s := range map[string]shown{
		"confirmed": chainOf(truth).confirmedAt(truth.Pin(), 60), "by its paper": chainOf(truth).paper(by(90, truth)),
	} {
		m := memory{}.judge(chainOf(one), t0).next
		m = m.judge(chainOf(forged), t0+hour).next
		v := m.judge(s, t0+60*hour)
		if !v.believes {
			t.Errorf("%s: the true keys are not believed", how)
		}
		if v = v.next.judge(chainOf(forged), t0+74*hour); v.believes {
			t.Errorf("%s: the forged keys are believed 14 hours later", how)
		}
		if v = v.next.judge(chainOf(forged), t0+74*hour+wait); !v.believes {
			t.Errorf("%s: the others do not wait for 72 hours, but for ever", how)
		}
		m = memory{}.judge(chainOf(one), t0).next
		m, _ = m.judge(chainOf(forged), t0+hour).next.object(forged.Pin(), false, t0+2*hour)
		if v = m.judge(s, t0+60*hour).next.judge(chainOf(forged), t0+74*hour+wait); v.believes {
			t.Errorf("%s: what was objected to is believed", how)
		}
	}
}
