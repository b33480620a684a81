package witnessing

import (
	"fmt"
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
	MadeUp    int      // so many children, before it
	NoCode    bool     // it names no child
	Child     identity.Label
	Number    uint64
	Hash      tlog.Hash
	By        ledger.Ref
	Statement book.Statement
}

func applyEndorse(tx *state.Tx, b endorseBody) (ledger.Ref, error) {
	for i := range b.MadeUp {
		label, err := identity.ParseLabel(fmt.Sprintf("m%d", i))
		if err == nil {
			_, err = b.Statement.Append(tx, ledger.Head{Kind: ledger.KindEndorsement, Code: label, To: 1})
		}
		if err != nil {
			return ledger.None, err
		}
	}
	at := book.Next(tx)
	h := ledger.Head{Kind: ledger.KindEndorsement, Code: b.Child, To: b.Number, Root: b.Hash, About: b.By}
	if b.NoCode {
		h.Code = identity.Label{}
	}
	_, err := b.Statement.Append(tx, h)
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
	endorses(1, 1, 8)
	finds("it was renewed while it was invited again")
	later := endorses(1, 7, 8)
	finds("it joined again, and the keys of before are believed yet")
	believes(1, 7)
	finds("it joined again")
	believes(1, 3)
	endorses(1, 7, 9)
	finds("keys that nobody endorsed are believed", Finding{Entry: later, Size: 1})
	believes(1, 7)
	finds("it is over")
}

// TestEndorsementsAreComparedAlways (A20-3): a city cannot end the comparison of what it endorses:
// not by an endorsement that names no child, nor by more children than are remembered, nor by
// another invitation, by which keys that were given up come back, or are shown for long (W24).
func TestEndorsementsAreComparedAlways(t *testing.T) {
	nanming := must2(identity.ParseLabel("nanming"))(t)
	for name, tc := range map[string]struct {
		first endorseBody // the true keys are hash 1, by invitation 5
		then  []endorseBody
		after time.Duration
		entry int // which of then is told; -1: none
	}{
		"none":                         {entry: -1},
		"one without a code":           {then: []endorseBody{{NoCode: true, Child: nanming, Number: 1, Hash: tlog.Hash{1}, By: 5}, {Child: nanming, Number: 1, Hash: tlog.Hash{9}, By: 5}}, entry: 1},
		"many children that are none":  {then: []endorseBody{{MadeUp: mostOfEndorser, Child: nanming, Number: 1, Hash: tlog.Hash{9}, By: 5}}},
		"two chains by turns":          {then: []endorseBody{{Child: nanming, Number: 1, Hash: tlog.Hash{9}, By: 8}, {Child: nanming, Number: 1, Hash: tlog.Hash{1}, By: 9}}, entry: 1},
		"one for the others":           {then: []endorseBody{{Child: nanming, Number: 1, Hash: tlog.Hash{9}, By: 8}}, after: longAgo},
		"one that joined anew":         {then: []endorseBody{{Child: nanming, Number: 1, Hash: tlog.Hash{9}, By: 8}}, after: longAgo / 2, entry: -1},
		"the same keys, invited again": {then: []endorseBody{{Child: nanming, Number: 1, Hash: tlog.Hash{1}, By: 8}}, after: longAgo, entry: -1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, three...)
			province, city, county := w.at(three[0]), w.at(three[1]), w.at(three[2])
			hash := tlog.Hash{1}
			w.pins[county.name] = must2(trust.NewPin(county.name, 1, hash[:]))(t)
			var entries []identity.Entry
			if tc.then == nil || tc.then[0].MadeUp == 0 {
				tc.then = append([]endorseBody{{Child: nanming, Number: 1, Hash: hash, By: 5}}, tc.then...)
				tc.entry++
			}
			for _, b := range tc.then {
				b.Statement = must2(city.Note("text/plain", []byte("x")))(t)
				ref := must2(endorse.Do(t.Context(), city.Host, book.Request{}, b))(t)
				entries = append(entries, ref.In(city.Names()))
			}
			for range 8 {
				w.round()
			}
			w.elapse(tc.after)
			for range 4 {
				w.elapse(showAgain)
				w.round()
			}
			found := province.findings()
			switch {
			case tc.entry <= 0 && tc.then[0].MadeUp == 0:
				if len(found) > 0 {
					t.Errorf("the province finds %+v", found)
				}
			case len(found) != 1 || found[0].Entry != entries[tc.entry] || found[0].Endorsed != county.name:
				t.Errorf("the province finds %+v, want %s", found, entries[tc.entry])
			}
		})
	}
}

// TestAnEpochEndsNoFinding (W24): a city endorsed two key sets of its county under one number. It
// begins an epoch, and sends the first heads of that alone: what was found stays.
func TestAnEpochEndsNoFinding(t *testing.T) {
	w := newWorld(t, three...)
	province, city, county := w.at(three[0]), w.at(three[1]), w.at(three[2])
	hash := tlog.Hash{1}
	w.pins[county.name] = must2(trust.NewPin(county.name, 1, hash[:]))(t)
	for _, h := range []byte{1, 9, 1} {
		b := endorseBody{Child: county.name.Label(), Number: 1, Hash: tlog.Hash{h}, By: 5, Statement: must2(city.Note("text/plain", []byte("x")))(t)}
		must2(endorse.Do(t.Context(), city.Host, book.Request{}, b))(t)
	}
	for range 4 {
		w.elapse(showAgain)
		w.round()
	}
	before := province.findings()
	city.rewrites(province, city.size())
	w.elapse(2 * time.Minute)
	must2(0, city.desk.show(t.Context(), province.name))(t)
	city.first(province, 2)
	for range 4 {
		w.elapse(showAgain)
		w.without(city, 1)
	}
	if after := province.findings(); len(before) != 1 || len(after) != 1 || after[0].Entry != before[0].Entry {
		t.Errorf("found %+v before, %+v after", before, after)
	}
	for range 4 {
		w.elapse(showAgain)
		w.round()
	}
	if after := province.findings(); len(after) != 1 {
		t.Errorf("once all heads are there: found %+v", after)
	}
}
