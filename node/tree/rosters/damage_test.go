package rosters

import (
	"bytes"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/tree/treetest"
)

const damage book.Command[[][]byte, book.Nothing] = 999

// registerDamage registers a command that writes any bytes under a key of a bucket.
func registerDamage(r *state.Registry) {
	damage.Handle(r, func(tx *state.Tx, b [][]byte) (book.Nothing, error) {
		return book.Nothing{}, tx.Put(string(b[0]), b[1], b[2])
	})
}

// TestDamagedRoster (S01d): a current roster that cannot be read takes nothing with it: the one
// before it counts, and is handed on, until the parent brings the lost one, or a later one.
func TestDamagedRoster(t *testing.T) {
	top := treetest.New(t, "guizhou", register)
	root := New(top, nil, nobody)
	by := acting{identity.NewAgency(top.Name(), treetest.Label(t, "civil-affairs"))}
	proofs := map[uint64][]byte{}
	for number := uint64(1); number <= 3; number++ {
		err := root.PublishShipped(t.Context())
		if number > 1 {
			_, err = root.Publish(t.Context(), treetest.Message(t), by, country(t, 20+int(number), nil))
		}
		if err != nil {
			t.Fatal(err)
		}
		if proofs[number], err = root.Proof(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
	}
	whole := func(number uint64, proof []byte) []byte {
		data, err := canon.Marshal(kept{Number: number, Proof: proof})
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	for what, damaged := range map[string][]byte{
		"no CBOR":  {0x80},
		"no proof": whole(2, []byte("?")),
		"no list":  whole(2, bytes.ReplaceAll(proofs[2], []byte("guizhou"), []byte("GUIZHOU"))),
	} {
		for brought := uint64(2); brought <= 3; brought++ {
			party := below{treetest.New(t, "liping.qiandongnan.guizhou", register, registerDamage), top}
			county := New(party, nil, nobody)
			for number := uint64(1); number <= 2; number++ {
				if err := county.Take(t.Context(), proofs[number], from(root)); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := damage.Do(t.Context(), party, book.Request{}, [][]byte{[]byte(rosters.Name), keyCurrent, damaged}); err != nil {
				t.Fatal(err)
			}
			told := 0
			county = New(party, nil, nobody)
			county.Damaged = func(error) { told++ }
			if err := county.Refresh(t.Context()); err != nil || county.Current().Number() != 1 || told != 1 {
				t.Errorf("%s: got number %d, %v, told %d times; want number 1, told once", what, county.Current().Number(), err, told)
			}
			if handed, err := county.Proof(t.Context(), 0); err != nil || !bytes.Equal(handed, proofs[1]) {
				t.Errorf("%s: handed on %d bytes, %v, want number 1", what, len(handed), err)
			}
			if err := county.Take(t.Context(), proofs[brought], from(root)); err != nil || county.Current().Number() != brought {
				t.Errorf("%s: number %d is brought: got number %d, %v", what, brought, county.Current().Number(), err)
			}
		}
	}
}
