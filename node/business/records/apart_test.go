package records

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
)

// TestUnfitTellsNoOtherField (S37): that a record is not as the entry in force says is told to
// whoever asks for what does not fit, and to nobody else.
func TestUnfitTellsNoOtherField(t *testing.T) {
	_, desk := republishing(t, 3, typed(`"string"`, `,"name":{"type":"string"}`), typed(`"integer"`, `,"name":{"type":["string","null"]}`))
	dataset := must(identity.ParseLabel("residents"))
	if _, _, err := desk.Put(t.Context(), newID(), civil, dataset, []byte(`{"id":"2","n":1,"name":"李"}`)); err != nil {
		t.Fatal(err)
	}
	told := func(q Question) string {
		q.Dataset, q.Purpose, q.Application = dataset, "statistics", applied
		got, err := desk.Query(t.Context(), newID(), catalog.Local("water"), q)
		if err != nil {
			return string(failure.Of(err).Code)
		}
		return fmt.Sprint(got.Count, " left out ", got.Unfit)
	}
	for key, want := range map[string]string{"1": "1 left out 0", "2": "1 left out 0", "7": "0 left out 0"} {
		if got := told(Question{Key: key, Fields: []string{"id", "name"}}); got != want {
			t.Errorf("record %s: got %s, want %s", key, got, want)
		}
	}
	for _, q := range []Question{
		{Key: "1", Fields: []string{"n"}}, {Key: "1", Fields: []string{"id"}, Where: map[string]json.RawMessage{"n": []byte("1")}},
		{Key: "1", Fields: []string{"id"}, Filter: "n == 1"}, {Key: "1"},
	} {
		if got := told(q); got != "0 left out 1" {
			t.Errorf("%+v: got %s", q, got)
		}
	}
	for key, want := range map[string]Outcome{"1": No, "2": Yes, "7": NoSuchRecord} {
		v, err := desk.Verify(t.Context(), newID(), catalog.Local("water"), Claim{
			Dataset: dataset, Key: key, Field: "name", Value: []byte(`"李"`), Purpose: "statistics",
		})
		if err != nil || v.Outcome != want {
			t.Errorf("the name of %s: got %s, %v, want %s", key, v.Outcome, err, want)
		}
	}
}

// accessOf returns the payload of the newest record of a use.
func accessOf(t *testing.T, l *booktest.Ledger) (a struct{ Keys []string }, payload string) {
	t.Helper()
	heads := l.Heads(t, 0)
	last := len(heads) - 1
	for heads[last].Kind != ledger.KindAccess {
		last--
	}
	reading(t, l, func(r *state.Reader) {
		data, err := l.Payload(r, uint64(last))
		if err == nil {
			err = json.Unmarshal(data, &a)
		}
		if payload = string(data); err != nil {
			t.Fatal(err)
		}
	})
	return a, payload
}

// TestUsesShareNoKeys (S38): the records of two uses, which the consumer may read, have no name of
// a record in common, also of the same record.
func TestUsesShareNoKeys(t *testing.T) {
	l, desk := open(t)
	seen := map[string]bool{}
	for range 2 {
		for _, use := range []func() error{
			func() error {
				_, err := desk.Query(t.Context(), newID(), catalog.Local("water"), Question{
					Dataset: code, Key: "520102016001", Purpose: "statistics", Application: applied,
				})
				return err
			},
			func() error {
				_, err := desk.Verify(t.Context(), newID(), catalog.Local("water"), Claim{
					Dataset: code, Key: "520102016001", Field: "name", Value: []byte(`"x"`), Purpose: "statistics",
				})
				return err
			},
		} {
			if err := use(); err != nil {
				t.Fatal(err)
			}
			a, payload := accessOf(t, l)
			if len(a.Keys) != 1 || slices.ContainsFunc(a.Keys, func(k string) bool { return seen[k] }) {
				t.Errorf("got the keys %v, after %v", a.Keys, seen)
			}
			mac := fmt.Sprintf("%x", desk.keyMAC(code, []byte(`"520102016001"`)))
			if strings.Contains(payload, mac[:32]) {
				t.Errorf("the state's own name of the record is in %s", payload)
			}
			seen[a.Keys[0]] = true
		}
	}
}
