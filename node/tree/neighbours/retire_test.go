package neighbours

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/door"
)

// rounds lets the party look after its standing, n times, a minute apart.
func (p *party) rounds(t *testing.T, c *clock, n int) {
	t.Helper()
	for range n {
		c.pass(time.Minute)
		if err := p.upkeep.round(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// counts returns the numbers of the key sets of another party that count now, and how many CAs its
// links are verified by.
func (p *party) counts(t *testing.T, other *party) (numbers []uint64, cas int) {
	t.Helper()
	p.refresh(t)
	sets, err := p.table.KeySets(other.Name())
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range trust.At(sets, p.table.now()) {
		numbers = append(numbers, b.Number)
	}
	bundle, err := p.table.Bundles().GetX509BundleForTrustDomain(spiffeid.RequireTrustDomainFromString(other.Name().String()))
	if err != nil {
		t.Fatal(err)
	}
	return numbers, len(bundle.X509Authorities())
}

// TestKeysRetire renews and revokes a county's keys: they are used once the city has endorsed them,
// the ones before count for an hour more, and revoked ones for no moment more (S14).
func TestKeysRetire(t *testing.T) {
	c := newClock()
	city, county := newParty(t, "guiyang.guizhou", c), newParty(t, "nanming.guiyang.guizhou", c)
	joinTo(t, city, county, c)
	check := func(when string, inUse uint64, cas int, counting ...uint64) {
		t.Helper()
		numbers, have := city.counts(t, county)
		if county.KeysInUse() != inUse || have != cas || len(numbers) != len(counting) || numbers[0] != counting[0] {
			t.Errorf("%s: number %d is in use, %v count, %d CAs; want %d, %v, %d", when, county.KeysInUse(), numbers, have, inUse, counting, cas)
		}
	}
	if _, err := county.NewKeys(t.Context(), message(t), host.Change{}); !isSoon(err) {
		t.Errorf("renewed at once after the first: got %v", err)
	}
	c.pass(2 * time.Hour)
	if n, err := county.NewKeys(t.Context(), message(t), host.Change{}); err != nil || n != 2 {
		t.Fatalf("renewed: number %d, %v", n, err)
	}
	check("published", 1, 1, 1)
	county.rounds(t, c, 2)
	check("endorsed", 2, 1, 1, 2)
	c.pass(trust.Grace)
	check("an hour later", 2, 1, 2)
	if n, err := county.NewKeys(t.Context(), message(t), host.Change{Revoke: true}); err != nil || n != 3 {
		t.Fatalf("revoked: number %d, %v", n, err)
	}
	county.rounds(t, c, 2)
	check("revoked", 3, 1, 3)
	if _, err := county.NewKeys(t.Context(), message(t), host.Change{}); !isSoon(err) {
		t.Errorf("renewed at once after that: got %v", err)
	}
}

func message(t *testing.T) identity.Message {
	t.Helper()
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func isSoon(err error) bool {
	e, ok := errors.AsType[*host.KeysError](err)
	return ok && !e.Again.IsZero()
}

// TestCutOffGoesOnWithOldKeys: a jurisdiction whose new key set its parent has not endorsed goes on
// with the keys that are endorsed, and nobody loses it.
func TestCutOffGoesOnWithOldKeys(t *testing.T) {
	c := newClock()
	city, county := newParty(t, "guiyang.guizhou", c), newParty(t, "nanming.guiyang.guizhou", c)
	joinTo(t, city, county, c)
	reach := county.upkeep.o.Reach
	county.upkeep.o.Reach = func(context.Context, identity.Jurisdiction) (door.Asker, func(), error) {
		return nil, nil, errors.New("cut off")
	}
	c.pass(2 * time.Hour)
	if _, err := county.NewKeys(t.Context(), message(t), host.Change{Revoke: true}); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		c.pass(24 * time.Hour)
		if err := county.upkeep.round(t.Context()); err == nil {
			t.Fatal("cut off, and yet it presented itself")
		}
	}
	if n, _ := city.counts(t, county); county.KeysInUse() != 1 || len(n) != 1 || n[0] != 1 {
		t.Errorf("cut off: number %d is in use, %v count", county.KeysInUse(), n)
	}
	if e, ok := errors.AsType[*host.KeysError](second(county.NewKeys(t.Context(), message(t), host.Change{}))); !ok || e.Pending != 2 {
		t.Errorf("a renewal while another waits: got %v", e)
	}
	county.upkeep.o.Reach = reach
	county.upkeep.Poke()
	county.rounds(t, c, 2)
	if n, _ := city.counts(t, county); county.KeysInUse() != 2 || len(n) != 1 || n[0] != 2 {
		t.Errorf("back: number %d is in use, %v count", county.KeysInUse(), n)
	}
}

// TestThiefBeforeTheEndorsement (S14e): a county renews its keys while it is cut off, and finds
// them stolen before the city endorsed the new ones. It revokes at once, and again when the thief
// comes back; once it is linked, nothing of the keys before the last revocation counts.
func TestThiefBeforeTheEndorsement(t *testing.T) {
	c := newClock()
	city, county := newParty(t, "guiyang.guizhou", c), newParty(t, "nanming.guiyang.guizhou", c)
	joinTo(t, city, county, c)
	reach := county.upkeep.o.Reach
	county.upkeep.o.Reach = func(context.Context, identity.Jurisdiction) (door.Asker, func(), error) {
		return nil, nil, errors.New("cut off")
	}
	c.pass(2 * time.Hour)
	for i, revoke := range []bool{false, true, true} {
		if n, err := county.NewKeys(t.Context(), message(t), host.Change{Revoke: revoke}); err != nil || n != uint64(i+2) {
			t.Fatalf("revoke %t: number %d, %v", revoke, n, err)
		}
		if _ = county.upkeep.round(t.Context()); county.KeysInUse() != 1 { // it cannot present itself
			t.Fatalf("cut off: number %d is in use", county.KeysInUse())
		}
	}
	county.upkeep.o.Reach = reach
	county.upkeep.Poke()
	county.rounds(t, c, 2)
	if n, cas := city.counts(t, county); county.KeysInUse() != 4 || len(n) != 1 || n[0] != 4 || cas != 1 {
		t.Errorf("back: number %d is in use, %v count, %d CAs; want number 4 alone", county.KeysInUse(), n, cas)
	}
}

// TestEndorsedKeysAreUsedWhileARevocationWaits: a renewal that the parent endorsed comes into use
// although a revocation was published after it, which the parent has not seen: nobody believes the
// keys before for longer than an hour.
func TestEndorsedKeysAreUsedWhileARevocationWaits(t *testing.T) {
	c := newClock()
	city, county := newParty(t, "guiyang.guizhou", c), newParty(t, "nanming.guiyang.guizhou", c)
	joinTo(t, city, county, c)
	c.pass(2 * time.Hour)
	if _, err := county.NewKeys(t.Context(), message(t), host.Change{}); err != nil {
		t.Fatal(err)
	}
	if err := county.upkeep.present(t.Context(), city.Name()); err != nil { // endorsed, not in use yet
		t.Fatal(err)
	}
	county.upkeep.o.Reach = func(context.Context, identity.Jurisdiction) (door.Asker, func(), error) {
		return nil, nil, errors.New("cut off")
	}
	if n, err := county.NewKeys(t.Context(), message(t), host.Change{Revoke: true}); err != nil || n != 3 || county.KeysInUse() != 1 {
		t.Fatalf("revoked: number %d, %v; number %d is in use", n, err, county.KeysInUse())
	}
	c.pass(host.UseAfter)
	if _ = county.upkeep.round(t.Context()); county.KeysInUse() != 2 {
		t.Errorf("cut off: number %d is in use, want number 2", county.KeysInUse())
	}
}

func second[A, B any](_ A, b B) B { return b }

// TestStolenLogKeyIsFoundByItsOwner (S14c): whoever read the county's log key presents a number 2
// of its own. The city must take it; at the next presentation of the county both sides are alarmed,
// whether the county has a new key set or not (S14).
func TestStolenLogKeyIsFoundByItsOwner(t *testing.T) {
	for _, renews := range []bool{false, true} {
		c := newClock()
		city, county := newParty(t, "guiyang.guizhou", c), newParty(t, "nanming.guiyang.guizhou", c)
		joinTo(t, city, county, c)
		forge(t, city, county)
		if renews {
			c.pass(2 * time.Hour)
			if _, err := county.NewKeys(t.Context(), message(t), host.Change{}); err != nil {
				t.Fatal(err)
			}
		}
		county.upkeep.Poke()
		if err := county.upkeep.round(t.Context()); err == nil {
			t.Errorf("renews %t: nothing was wrong", renews)
		}
		for side, about := range map[*party]*party{city: county, county: city} {
			if a, ok := side.table.Alarmed(about.Name()); !ok || a.Code != text.KeySetsForked && a.Code != text.KeySetOld {
				t.Errorf("renews %t: %s is alarmed %t, %s", renews, side.Name(), ok, a.Code)
			}
		}
	}
}

// TestDamagedKeySetIsOneChildOut: a key set of a child that cannot be read takes that child out of
// the neighbours, with an alarm, and leaves the others (S01).
func TestDamagedKeySetIsOneChildOut(t *testing.T) {
	const damage book.Command[[][]byte, book.Nothing] = 999
	c := newClock()
	city := newParty(t, "guiyang.guizhou", c, func(r *state.Registry) {
		damage.Handle(r, func(tx *state.Tx, key [][]byte) (book.Nothing, error) {
			return book.Nothing{}, tx.Put("child-key-sets", key[0], []byte{0x80})
		})
	})
	county, sister := newParty(t, "nanming.guiyang.guizhou", c), newParty(t, "yunyan.guiyang.guizhou", c)
	joinTo(t, city, county, c)
	joinTo(t, city, sister, c)
	city.table = New(city.Host, c.Now, city.table.logger) // as after a restart
	var key []byte
	err := city.View(t.Context(), func(r *state.Reader) error {
		r.Scan("child-key-sets", []byte("nanming/"), nil, func(k, _ []byte) bool { key = append([]byte{}, k...); return false })
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := damage.Do(t.Context(), city, book.Request{}, [][]byte{key}); err != nil {
		t.Fatal(err)
	}
	city.refresh(t)
	if a, _ := city.table.Alarmed(county.Name()); city.table.IsNeighbour(county.Name()) || a.Code != text.ChildDamaged {
		t.Errorf("the damaged one: neighbour %t, alarm %q", city.table.IsNeighbour(county.Name()), a.Code)
	}
	if !city.table.IsNeighbour(sister.Name()) {
		t.Error("its sister is no neighbour any more")
	}
}

// forge presents a number 2 that the holder of the county's log key made.
func forge(t *testing.T, city, county *party) {
	t.Helper()
	sets, err := county.KeySets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pin, err := county.Pin()
	if err != nil {
		t.Fatal(err)
	}
	walked, err := trust.Walk(pin, sets)
	if err != nil {
		t.Fatal(err)
	}
	first, hash := walked[0], walked[0].Hash()
	first.Number, first.Previous, first.DecryptionKey = 2, hash[:], []byte("of the thief")
	input := first.SigningInput()
	forged, err := trust.Assemble(first, []trust.Signature{{Replica: county.Replica(), Sig: county.SignLog(input)}})
	if err != nil {
		t.Fatal(err)
	}
	way := way{city, county.Name()}
	if _, err := door.AskPresent(t.Context(), way, tree.Presentation{
		Child: county.Name(), After: 1, Hash: hash[:], KeySets: [][]byte{forged}, Replica: county.Replica(),
	}, 1, county.SignLog); err != nil {
		t.Fatal(err)
	}
}
