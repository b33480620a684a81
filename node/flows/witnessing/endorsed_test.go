package witnessing

import (
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// endorse has a place endorse a key set of a child, as its own software does.
const endorse book.Command[endorseBody, ledger.Ref] = 9006

type endorseBody struct {
	_         struct{} `cbor:",toarray"`
	Child     identity.Label
	Number    uint64
	Hash      tlog.Hash
	By        ledger.Ref
	Statement book.Statement
}

func applyEndorse(tx *state.Tx, b endorseBody) (ledger.Ref, error) {
	at := book.Next(tx)
	_, err := b.Statement.Append(tx, ledger.Head{Kind: ledger.KindEndorsement, Code: b.Child, To: b.Number, Root: b.Hash, About: b.By})
	return at, err
}

// TestEndorsesOtherKeys: what a city endorses for its county is held, at the province, against the
// keys by which the county is believed there, and against what the city endorsed before. What
// differs is an alarm with the entries; keys that come later, or after a new invitation, are none,
// and it is over when the keys that are endorsed are believed (W19).
func TestEndorsesOtherKeys(t *testing.T) {
	w := newWorld(t, three...)
	province, city, county := w.at(three[0]), w.at(three[1]), w.at(three[2])
	endorses := func(number uint64, hash byte, by ledger.Ref) identity.Entry {
		t.Helper()
		ref := must2(endorse.Do(t.Context(), city.Host, book.Request{}, endorseBody{
			Child: county.name.Label(), Number: number, Hash: tlog.Hash{hash}, By: by, Statement: must2(city.Note("text/plain", []byte("x")))(t),
		}))(t)
		return ref.In(city.Names())
	}
	believes := func(number uint64, hash byte) {
		of := tlog.Hash{hash}
		w.pins[county.name] = must2(trust.NewPin(county.name, number, of[:]))(t)
	}
	finds := func(what string, want ...Finding) {
		t.Helper()
		w.elapse(showAgain)
		w.round()
		w.round()
		found := province.findings()
		for i := range found {
			found[i].At = time.Time{}
		}
		if len(found) != len(want) || len(want) > 0 && (found[0].Entry != want[0].Entry || found[0].Other != want[0].Other || found[0].Size != want[0].Size || found[0].About != city.name || found[0].Endorsed != county.name) {
			t.Errorf("%s: the province finds %+v, want %+v", what, found, want)
		}
	}
	endorses(1, 1, 5)
	finds("nothing is believed yet")
	believes(1, 1)
	finds("the same is")
	believes(2, 2)
	finds("a later one is")
	made := endorses(2, 9, 5)
	finds("the city endorses other keys upward", Finding{Entry: made, Size: 2})
	true2 := endorses(2, 2, 5)
	finds("and the true ones, too", Finding{Entry: true2, Other: made, Size: 2})

	w = newWorld(t, three...)
	province, city, county = w.at(three[0]), w.at(three[1]), w.at(three[2])
	endorses(1, 1, 5)
	believes(1, 1)
	endorses(1, 7, 8)
	finds("it joined again, and the keys of before are believed yet")
	believes(1, 7)
	finds("it joined again")
	believes(1, 3)
	later := endorses(1, 7, 9)
	finds("keys that nobody endorsed are believed", Finding{Entry: later, Size: 1})
	believes(1, 7)
	finds("it is over")
}
