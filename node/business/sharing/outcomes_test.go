package sharing

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// TestRefusedUseIsRecordedWhateverMoved records refusals after everything moved on which the use
// was decided: nothing is told of the data, so nothing can refuse the record.
func TestRefusedUseIsRecordedWhateverMoved(t *testing.T) {
	for what, move := range map[string]func(*room, Permit){
		"nothing":               func(*room, Permit) {},
		"the entry":             func(r *room, _ Permit) { r.now.Version++ },
		"a record":              func(r *room, _ Permit) { r.removed, r.at = "a", 1000 },
		"the grant, revoked":    func(r *room, p Permit) { r.revoke(t, p) },
		"the grant, at its end": func(r *room, _ Permit) { r.later(t, 2*365*24*time.Hour) },
	} {
		t.Run(what, func(t *testing.T) {
			r := open(t)
			p := r.permitted(t, request(water))
			move(r, p)
			before, id := r.size(t), newID()
			entry, err := RecordUse(t.Context(), r, id, p, Access{Operation: "search", Answered: [][]byte{probe("a")}, Refused: text.GroupTooSmall})
			if err != nil || r.size(t) != before+1 || r.grants(t)[0].Uses != 1 {
				t.Fatalf("got %v, %d entries, %+v", err, r.size(t)-before, r.grants(t))
			}
			var said map[string]any
			r.reading(t, func(reader *state.Reader) {
				payload, err := r.Payload(reader, entry.Index())
				if err := errors.Join(err, json.Unmarshal(payload, &said)); err != nil {
					t.Error(err)
				}
			})
			if said["refused"] != "group-too-small" {
				t.Errorf("got %v", said)
			}
			r.refused(t, "its id again", text.IDReused, func() error { // without Asked each is another request
				_, err := RecordUse(t.Context(), r, id, p, Access{Operation: "search", Refused: text.GroupTooSmall})
				return err
			})
		})
	}
}

// TestLookedAtBefore checks that a used id and a spent quota are refused by a look, as the command
// would refuse them; and that refused probes count.
func TestLookedAtBefore(t *testing.T) {
	r := open(t)
	q := request(water)
	q.Asked = []byte("this")
	p, other := r.permitted(t, q), request(water)
	other.Asked = []byte("that")
	id := newID()
	look := func(p Permit, key string) (code text.Code) {
		r.reading(t, func(reader *state.Reader) {
			if err := p.Unused(reader, r, id, probe(key)); err != nil {
				code = failure.Of(err).Code
			}
		})
		return code
	}
	if code := look(p, "a"); code != "" {
		t.Errorf("before: got %s", code)
	}
	if _, err := RecordUse(t.Context(), r, id, p, Access{Operation: "verify", Probe: probe("a"), Refused: text.Internal}); err != nil {
		t.Fatal(err)
	}
	if same, another := look(p, "a"), look(r.permitted(t, other), "a"); same != text.IDSeen || another != text.IDReused {
		t.Errorf("afterwards: got %s, and of another request %s", same, another)
	}
	for n := range ProbesPerDay - 1 {
		id = newID()
		if code := look(p, "a"); code != "" {
			t.Errorf("probe %d: got %s", n+2, code)
		}
		if _, err := RecordUse(t.Context(), r, id, p, Access{Operation: "verify", Probe: probe("a"), Refused: text.Internal}); err != nil {
			t.Fatal(err)
		}
	}
	if id = newID(); look(p, "a") != text.QuotaSpent || look(p, "b") != "" {
		t.Errorf("spent: got %q, and of another key %q", look(p, "a"), look(p, "b"))
	}
}

// TestBasis checks what ends an answer that was given: nothing but what it rests on.
func TestBasis(t *testing.T) {
	r := open(t)
	p, neighbours := r.permitted(t, request(water)), r.permitted(t, request(neighbour))
	basis := p.Basis(Access{AsOf: 6, Answered: [][]byte{probe("a")}})
	basis = must(DecodeBasis(basis.Encode()))
	stands := func() (err error) {
		r.reading(t, func(reader *state.Reader) {
			err = basis.Stands(reader, func(book.Reads, identity.Label) (DatasetState, bool) { return r.now, true })
		})
		return err
	}
	for n := range 2 * ProbesPerDay {
		if _, err := RecordUse(t.Context(), r, newID(), p, Access{Operation: "verify", Probe: probe("a")}); err != nil && n < ProbesPerDay {
			t.Fatal(err)
		}
	}
	r.revoke(t, neighbours)
	if err := stands(); err != nil {
		t.Errorf("after a spent quota and the end of another grant: %v", err)
	}
	for what, move := range map[string]*uint64{"a later version": &r.now.Version, "a retraction": &r.at} {
		r.removed = "b"
		if err := stands(); err != nil {
			t.Errorf("before %s: %v", what, err)
		}
		r.removed = "a"
		*move += 7
		if err := stands(); !failure.Is(err, text.DatasetMoved) {
			t.Errorf("%s: got %v", what, err)
		}
		*move -= 7
	}
	many := must(DecodeBasis(p.Basis(Access{AsOf: 6, Answered: make([][]byte, maxBasisKeys+1)}).Encode()))
	basis, r.removed = many, ""
	if err := stands(); !failure.Is(err, text.DatasetMoved) {
		t.Errorf("more records than are kept: got %v", err)
	}
	basis = p.Basis(Access{})
	r.revoke(t, p)
	if err := stands(); !failure.Is(err, text.GrantRevoked) {
		t.Errorf("revoked: got %v", fmt.Sprint(err))
	}
}
