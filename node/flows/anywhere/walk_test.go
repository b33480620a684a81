package anywhere_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/flows/callstest"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// A caller asks 南明区, which has a dataset of each category, over the tree. The columns of walk:
//
//	grantee   water of 云岩区, which has a grant for villages
//	fellow    civil-affairs of 云岩区, which has none
//	superior  water of 贵阳市, which has none
//	stranger  an agency that 云岩区 never registered
//	nameless  云岩区, without an agency
var callers = []string{"grantee", "fellow", "superior", "stranger", "nameless"}

const given, empty = "given", "empty"

// walk says what each caller learns from each operation: given, an empty list, or the code of the
// refusal. Whatever is not given holds no word of any record.
var walk = []struct {
	operation, about string
	want             [5]string
}{
	{"query", "villages", [5]string{given, "basis-needed", "basis-needed", "agency-not-listed", "agency-needed"}},
	{"query", "loans", [5]string{"grant-needed", "grant-needed", "grant-needed", "agency-not-listed", "agency-needed"}},
	{"query", "fingerprints", [5]string{"not-shared", "not-shared", "not-shared", "agency-not-listed", "agency-needed"}},
	{"query", "no-such", [5]string{"unknown-dataset", "unknown-dataset", "unknown-dataset", "agency-not-listed", "agency-needed"}},
	{"verify", "villages", [5]string{given, "basis-needed", "basis-needed", "agency-not-listed", "agency-needed"}},
	{"verify", "loans", [5]string{"grant-needed", "grant-needed", "grant-needed", "agency-not-listed", "agency-needed"}},
	{"verify", "fingerprints", [5]string{"not-shared", "not-shared", "not-shared", "agency-not-listed", "agency-needed"}},
	{"gather", "villages", [5]string{given, "basis-needed", "basis-needed", "agency-not-listed", "agency-needed"}},
	{"gather", "loans", [5]string{"grant-needed", "grant-needed", "grant-needed", "agency-not-listed", "agency-needed"}},
	{"gather", "fingerprints", [5]string{"not-shared", "not-shared", "not-shared", "agency-not-listed", "agency-needed"}},
	{"receipt", "a use by the grantee", [5]string{given, "not-found", "not-found", "not-found", "not-found"}},
	{"receipt", "its application", [5]string{given, "not-found", "not-found", "not-found", "not-found"}},
	{"receipt", "a record", [5]string{"not-found", "not-found", "not-found", "not-found", "not-found"}},
	{"receipt", "a local use", [5]string{"not-found", "not-found", "not-found", "not-found", "not-found"}},
	{"receipt", "nothing", [5]string{"not-found", "not-found", "not-found", "not-found", "not-found"}},
	{"receipt", "a catalogue entry", [5]string{given, given, given, given, given}},
	{"shares", "of the grantee's request", [5]string{empty, empty, empty, empty, empty}},
	{"answered", "nobody's request", [5]string{given, given, given, given, given}},
	{"datasets", "all", [5]string{given, given, given, given, given}},
	{"standards", "all", [5]string{empty, empty, empty, empty, empty}},
	{"agencies", "all", [5]string{given, given, given, given, given}},
	{"believed", "of 贵阳市", [5]string{given, given, given, given, given}},
}

// walkers is the scene of the walk.
type walkers struct {
	*world
	at      *callstest.Place // who is asked
	entries map[string]identity.Entry
}

func newWalkers(t *testing.T) *walkers {
	t.Helper()
	w := &walkers{world: callstest.New(t, callstest.Options{Counties: []identity.Jurisdiction{nanming, callstest.Yunyan}})}
	w.at = w.At(nanming)
	for _, set := range []string{"loans", "fingerprints"} {
		w.at.Put(t, label(set), village(1, "金丝雀"))
	}
	record := w.at.Names().Entry(w.at.Size(t) - 1)
	local, err := w.at.Ask.Query(t.Context(), newID(), by(water), nanming, lookup())
	if err != nil {
		t.Fatal(err)
	}
	used, err := w.At(callstest.Yunyan).Ask.Query(t.Context(), newID(), by(water), nanming, lookup())
	if err != nil {
		t.Fatal(err)
	}
	entry := w.at.Log().Entry
	w.entries = map[string]identity.Entry{
		"a use by the grantee": used.Access, "its application": entry(used.Grant.Index() - 1), "a record": record,
		"a local use": local.Access, "nothing": entry(1 << 40), "a catalogue entry": entry(3),
	}
	return w
}

// ask sends a call of a caller as it is, and returns the content of the answer.
func (w *walkers) ask(t *testing.T, caller, operation, about string) ([]byte, error) {
	t.Helper()
	from, agency := w.At(callstest.Yunyan), map[string]string{"grantee": "water", "fellow": "civil-affairs", "superior": "water", "stranger": "forestry"}
	if caller == "superior" {
		from = w.City
	}
	call := envelope.Call{Operation: label(operation), Purpose: label(purpose), Parameters: w.parameters(operation, about)}
	if agency[caller] != "" {
		call.Agency = label(agency[caller])
	}
	err := from.View(t.Context(), func(r *state.Reader) error { call.Agencies = catalog.ListName(r); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if operation == "gather" { // by the city, of all its counties
		answer, err := from.Asker().Federate(t.Context(), newID(), guiyang, call)
		return answer.Content, err
	}
	answer, err := from.Asker().Ask(t.Context(), newID(), nanming, call)
	return answer.Content, err
}

func (w *walkers) parameters(operation, about string) []byte {
	switch operation {
	case "query", "gather":
		q := records.Question{Dataset: label(about), Key: "520102016001"}
		if operation == "query" {
			return must(canon.Marshal(q))
		}
		q.Key, q.Measure.Function = "", gather.Count
		return must(canon.Marshal(map[int]any{1: true, 3: q, 5: 1, 6: make([]byte, 32)}))
	case "verify":
		return must(canon.Marshal(records.Claim{Dataset: label(about), Key: "520102016001", Field: "name", Value: []byte(`"金丝雀"`)}))
	case "receipt":
		return must(canon.Marshal(map[int]string{1: w.entries[about].String()}))
	case "shares":
		return must(canon.Marshal(map[int][]byte{1: make([]byte, 32)}))
	case "answered":
		return must(canon.Marshal(map[int]any{1: make([]byte, 32), 2: 1, 3: "guiyang.guizhou", 4: 4}))
	case "agencies":
		return must(canon.Marshal(map[int]int{1: 0}))
	case "believed":
		return must(canon.Marshal(map[int]identity.Jurisdiction{1: guiyang}))
	}
	return must(canon.Marshal(map[int]string{}))
}

// learned says what the answer tells: given, empty, or the code of the refusal.
func learned(operation string, content []byte, err error) string {
	if err != nil {
		return string(failure.Of(err).Code)
	}
	if operation == "gather" {
		share := must(gather.Decode(content))
		for _, m := range share.Missing {
			if m.Name == nanming {
				return string(text.ByNumber(m.Code))
			}
		}
	}
	if bytes.Equal(content, []byte{0xa0}) { // a map without members
		return empty
	}
	return given
}

// TestWalk asks every operation as every kind of caller. An operation without a row fails.
func TestWalk(t *testing.T) {
	w := newWalkers(t)
	var rows []string
	for _, row := range walk {
		rows = append(rows, row.operation)
		for i, caller := range callers {
			what := fmt.Sprintf("%s %s by the %s", row.operation, row.about, caller)
			before := w.at.Size(t)
			content, err := w.ask(t, caller, row.operation, row.about)
			if got := learned(row.operation, content, err); got != row.want[i] {
				t.Errorf("%s: got %s (%v), want %s", what, got, err, row.want[i])
			}
			if strings.Contains(string(content), "金丝雀") || err != nil && strings.Contains(err.Error(), "金丝雀") {
				t.Errorf("%s: it tells of a record that is not the caller's", what)
			}
			use := slices.Contains([]string{"query", "verify", "gather"}, row.operation)
			if recorded := w.at.Size(t) > before; recorded != (use && row.want[i] == given) {
				t.Errorf("%s: recorded %t", what, recorded)
			}
		}
	}
	slices.Sort(rows)
	if got := w.at.Serves.Names(); !slices.Equal(slices.Compact(rows), got) {
		t.Errorf("the walk has rows for %q, and %q are served", slices.Compact(rows), got)
	}
}

// TestAlikeRefusals: the refusals that must not be told apart are equal, value by value: a receipt
// of what is another's, and of what is not there; what is not shared, whether the record is there
// or not, and for every caller.
func TestAlikeRefusals(t *testing.T) {
	w := newWalkers(t)
	refusal := func(caller, operation, about string) string {
		_, err := w.ask(t, caller, operation, about)
		p, ok := errors.AsType[*relay.Problem](err)
		if !ok {
			t.Fatalf("%s %s by the %s: got %v", operation, about, caller, err)
		}
		return strings.ReplaceAll(fmt.Sprintf("%s %d %q", p.At, p.Code, p.Args), w.entries[about].String(), "ENTRY")
	}
	nothing := refusal("fellow", "receipt", "nothing")
	for about := range w.entries {
		if about == "a catalogue entry" {
			continue
		}
		for _, caller := range callers[1:] {
			if got := refusal(caller, "receipt", about); got != nothing {
				t.Errorf("the receipt of %s by the %s: got %s, want %s", about, caller, got, nothing)
			}
		}
	}
	for _, operation := range []string{"query", "verify"} {
		first := refusal("grantee", operation, "fingerprints")
		for _, caller := range []string{"fellow", "superior"} {
			if got := refusal(caller, operation, "fingerprints"); got != first {
				t.Errorf("%s by the %s: got %s, want %s", operation, caller, got, first)
			}
		}
	}
}
