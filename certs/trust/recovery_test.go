package trust

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"xietong/certs/canon"
)

// paperOf is the private recovery key of the tests' jurisdiction of that name.
func paperOf(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

// recovered is the recovery statement for a key set, signed by a paper.
func recovered(t testing.TB, pin Pin, paper ed25519.PrivateKey) []byte {
	t.Helper()
	doc, err := SignRecovery(pin, func(message []byte) []byte { return ed25519.Sign(paper, message) })
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestRecovery: a statement is for the key set that it names, and for no other: another name,
// number or hash is another pin. It holds by the key that signed it alone (S05d).
func TestRecovery(t *testing.T) {
	paper := paperOf("nanming")
	key := paper.Public().(ed25519.PublicKey)
	one := set(t, nil, newMember(t, 1))
	doc := recovered(t, one.Pin(), paper)
	if got, err := OpenRecovery(doc, key); err != nil || got != one.Pin() {
		t.Fatalf("got %s, %v, want %s", got, err, one.Pin())
	}
	hash := one.Hash()
	for what, pin := range map[string]Pin{
		"another name":   {place(t, "yunyan.guiyang.guizhou"), 1, hash},
		"another number": {one.Name, 2, hash},
		"another hash":   {one.Name, 1, sha256.Sum256([]byte("another"))},
	} {
		if got, err := OpenRecovery(recovered(t, pin, paper), key); err != nil || got != pin || got == one.Pin() {
			t.Errorf("%s: got %s, %v, want %s, which is not the key set's", what, got, err, pin)
		}
	}
	for what, by := range map[string]ed25519.PublicKey{
		"another key": paperOf("yunyan").Public().(ed25519.PublicKey), "no key": nil, "a key of 31 bytes": key[1:],
		"a weak key": smallOrder[1], "a key in another spelling": prime,
	} {
		if got, err := OpenRecovery(doc, by); !errors.Is(err, ErrRecovery) {
			t.Errorf("%s: got %s, %v, want ErrRecovery", what, got, err)
		}
	}
}

// TestEveryByteOfARecoveryStatement flips every bit of a statement, and cuts it everywhere.
func TestEveryByteOfARecoveryStatement(t *testing.T) {
	paper := paperOf("nanming")
	key := paper.Public().(ed25519.PublicKey)
	doc := recovered(t, set(t, nil, newMember(t, 1)).Pin(), paper)
	for i := range doc {
		for bit := range 8 {
			bad := bytes.Clone(doc)
			bad[i] ^= 1 << bit
			if _, err := OpenRecovery(bad, key); !errors.Is(err, ErrRecovery) {
				t.Errorf("byte %d, bit %d: got %v, want ErrRecovery", i, bit, err)
			}
		}
		if _, err := OpenRecovery(doc[:i], key); !errors.Is(err, ErrRecovery) {
			t.Errorf("the first %d bytes: got %v, want ErrRecovery", i, err)
		}
	}
}

// TestImpossibleRecoveryStatements: what is no statement in its one form is refused, though the
// recovery key signed it.
func TestImpossibleRecoveryStatements(t *testing.T) {
	paper := paperOf("nanming")
	key := paper.Public().(ed25519.PublicKey)
	one := set(t, nil, newMember(t, 1))
	hash := one.Hash()
	signedAs := func(statement []byte) []byte {
		doc, err := canon.Marshal(signedRecovery{Statement: statement, Signature: ed25519.Sign(paper, append([]byte(recoveryContext), statement...))})
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
	statement := func(number uint64, hash []byte) []byte {
		data, err := canon.Marshal(recovery{one.Name, number, hash})
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	good := statement(1, hash[:])
	if _, err := OpenRecovery(signedAs(good), key); err != nil {
		t.Fatal(err)
	}
	long := bytes.Replace(good, []byte{2, 1, 3}, []byte{2, 0x18, 1, 3}, 1) // number 1 in two bytes
	for what, doc := range map[string][]byte{
		"nothing": nil, "too long": append(signedAs(good), make([]byte, MaxRecoveryLen)...), "a byte behind it": append(signedAs(good), 0),
		"number 0": signedAs(statement(0, hash[:])), "a hash of 31 bytes": signedAs(statement(1, hash[1:])), "no hash": signedAs(statement(1, nil)),
		"not the shortest form": signedAs(long), "a byte behind the statement": signedAs(append(bytes.Clone(good), 0)), "null": signedAs(nil),
		"signed for another use": {},
	} {
		if what == "signed for another use" {
			data, err := canon.Marshal(signedRecovery{Statement: good, Signature: ed25519.Sign(paper, append([]byte(standingContext), good...))})
			if err != nil {
				t.Fatal(err)
			}
			doc = data
		}
		if got, err := OpenRecovery(doc, key); !errors.Is(err, ErrRecovery) {
			t.Errorf("%s: got %s, %v, want ErrRecovery", what, got, err)
		}
	}
	if _, err := SignRecovery(Pin{}, func([]byte) []byte { return make([]byte, 64) }); !errors.Is(err, ErrRecovery) {
		t.Errorf("no pin: got %v, want ErrRecovery", err)
	}
	if _, err := SignRecovery(one.Pin(), func([]byte) []byte { return nil }); !errors.Is(err, ErrRecovery) {
		t.Errorf("no signature: got %v, want ErrRecovery", err)
	}
}

// TestRecoveryInChain: a chain hands a statement of any level up as it came, bounded, and judges
// none.
func TestRecoveryInChain(t *testing.T) {
	a, b := newMember(t, 1), newMember(t, 1)
	city, county := set(t, nil, a), set(t, nil, b)
	city.Name = place(t, "guiyang.guizhou")
	chain := func(above, below []byte) []Level {
		return []Level{
			{KeySets: [][]byte{sign(t, city, a)}, Endorsement: endorse(t, county, nil), Recovery: above},
			{KeySets: [][]byte{sign(t, county, b)}, Recovery: below},
		}
	}
	longest := make([]byte, MaxRecoveryLen)
	links, err := Descend(city.Pin(), chain([]byte("any"), longest), bare)
	if err != nil || string(links[0].Recovery) != "any" || !bytes.Equal(links[1].Recovery, longest) {
		t.Errorf("got %v, %v, want both statements as they came", links, err)
	}
	for _, levels := range [][]Level{chain(append(longest, 0), nil), chain(nil, append(longest, 0))} {
		if _, err := Descend(city.Pin(), levels, bare); !errors.Is(err, ErrChain) || !strings.Contains(err.Error(), "513 bytes") {
			t.Errorf("got %v, want ErrChain", err)
		}
	}
}
