package calls_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"xietong/node/business/records"
	"xietong/node/flows/callstest"
)

// probe is a claim and its outcome.
type probe struct {
	key, value string
	want       records.Outcome
}

// ask asks the city and returns the bytes of the request and of the answer.
func (p probe) ask(t *testing.T, w *callstest.World) (request, answer int) {
	t.Helper()
	claim := records.Claim{
		Dataset: villages, Key: p.key, Field: "name", Value: json.RawMessage(fmt.Sprintf("%q", p.value)), Purpose: purpose, Application: applied,
	}
	if p.want == "" {
		claim.Purpose = "curiosity"
	}
	got, err := w.County.Ask.Verify(t.Context(), newID(), by(water), guiyang, claim)
	if (err == nil) != (p.want != "") || got.Outcome != p.want {
		t.Fatalf("%s is %.20s: got %q, %v, want %q", p.key, p.value, got.Outcome, err, p.want)
	}
	requests, answers := w.Frames(), w.Answers()
	return len(requests[len(requests)-1]), len(answers[len(answers)-1])
}

// TestLengthOfAnAnswerTellsNothing is the attack of a hop that counts bytes (S18): it must not tell
// yes from no, from no such record, from a refusal. The first answer bears its encapsulation whole,
// the later ones bear its hash; the claims have 200 to 2,000 bytes.
func TestLengthOfAnAnswerTellsNothing(t *testing.T) {
	first := map[int][]records.Outcome{} // by the length of the answer
	for _, p := range []probe{
		{"520102016001", "纪念塔社区", records.Yes}, {"520102016001", "别处", records.No}, {"520102016099", "纪念塔社区", records.NoSuchRecord},
		{"520102016001", "纪念塔社区", ""},
	} {
		_, answer := p.ask(t, newWorld(t))
		first[answer] = append(first[answer], p.want)
	}
	if len(first) != 1 {
		t.Errorf("the lengths of first answers tell the outcomes: %v", first)
	}
	w := newWorld(t)
	probe{"520102016001", "纪念塔社区", records.Yes}.ask(t, w)
	lengths, requests := map[int]bool{}, map[int]bool{}
	for n := 200; n <= 2000; n += 50 {
		name := strings.Repeat("x", n)
		w.City.Put(t, villages, callstest.Village(n/50, name))
		key := fmt.Sprintf("520102016%03d", n/50)
		seen := map[int]bool{}
		for _, p := range []probe{
			{key, name, records.Yes}, {key, strings.Repeat("y", n), records.No}, {"520102017" + key[9:], name, records.NoSuchRecord}, {key, name, ""},
		} {
			request, answer := p.ask(t, w)
			lengths[answer], seen[request], requests[request] = true, true, true
		}
		if len(seen) > 2 { // of the refused one, the purpose has another length
			t.Errorf("claims of %d bytes are requests of %v bytes", n, seen)
		}
	}
	if len(lengths) != 1 || len(requests) > 25 {
		t.Errorf("later answers have %d lengths, the requests %d", len(lengths), len(requests))
	}
}
