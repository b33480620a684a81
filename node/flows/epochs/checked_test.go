package epochs

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

func newID(t *testing.T) identity.Message {
	t.Helper()
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestWhereHeadsBegin: the heads are asked for from the most on that anybody cosigned, though the
// neighbour that finds the loss cosigned less; of a fork, from what that one did: what others
// cosigned may be of the other history.
func TestWhereHeadsBegin(t *testing.T) {
	for name, row := range map[string]struct {
		forked bool
		want   uint64
	}{"behind": {false, 6}, "forked": {true, 2}} {
		d, o, w := newDesk(t)
		w.common, w.others, o.question.Forked = 2, 6, row.forked
		if _, err := d.Continue(t.Context(), newID(t), "r", Word{}); err != nil || fmt.Sprint(w.from) != fmt.Sprint([]uint64{row.want}) {
			t.Errorf("%s: asked from %d, %v, want %d", name, w.from, err, row.want)
		}
	}
}

// TestSettledByAPerson: the parent is gone after the epoch was begun and before what ended was; a
// person who looked through it ends the wait. Their word is recorded, with the reason, once for the
// same request; where the epoch was begun with it, it is in the entry that began it.
func TestSettledByAPerson(t *testing.T) {
	d, o, w := newDesk(t)
	w.acts, o.refuses = []ledger.Indexed{act(8, ledger.KindCancellation)}, true
	id := newID(t)
	if _, err := d.Continue(t.Context(), id, "r", Word{}); err == nil {
		t.Fatal("it went on")
	}
	o.refuses, o.said, o.question.Epoch = false, nil, 2
	w.acts, w.err = nil, errors.New("no link")
	if err := d.resume(t.Context(), true); !failure.Is(err, text.LostUnasked) {
		t.Errorf("without the parent: %v", err)
	}
	o.question.Since = o.question.Since.Add(-host.AskAgain)
	if err := d.resume(t.Context(), true); !failure.Is(err, text.LostUnknown) {
		t.Errorf("long without the parent: %v", err)
	}
	o.said, id = nil, newID(t)
	entry, err := d.Continue(t.Context(), id, "I looked", Word{Checked: true})
	if err != nil || fmt.Sprint(o.said) != "[keys settle as it is]" {
		t.Errorf("got %v, did %s", err, o.said)
	}
	var payload []byte
	err = o.View(t.Context(), func(r *state.Reader) (err error) {
		payload, err = o.Payload(r, entry.Index())
		return err
	})
	head := o.Heads(t, entry.Index())[0]
	if err != nil || head.Kind != ledger.KindEpochChecked || head.Epoch != 2 || head.From != o.begun[0].Lost.From || head.To != 20 || !strings.Contains(string(payload), `"reason":"I looked"`) {
		t.Errorf("%s is %+v, %s, %v", entry, head, payload, err)
	}
	o.question = nil
	if again, err := d.Continue(t.Context(), id, "I looked", Word{Checked: true}); err != nil || again != entry {
		t.Errorf("again: got %s, %v, want %s", again, err, entry)
	}
	o.question, o.begun[0].Lost.Settled, o.begun[0].Lost.Checked = &host.QuestionError{Epoch: 2}, false, true
	if entry, err := d.Continue(t.Context(), newID(t), "I looked", Word{Checked: true}); err != nil || entry != o.names.Entry(o.begun[0].Lost.Entry) {
		t.Errorf("begun with the word: got %s, %v", entry, err)
	}
}

// TestWordOfWhatWasWidened (R21-13): where a person's word came when more was found lost, the entry
// that says so records it, and not the one that began the epoch.
func TestWordOfWhatWasWidened(t *testing.T) {
	d, o, w := newDesk(t)
	w.acts, o.refuses = []ledger.Indexed{act(8, ledger.KindCancellation)}, true
	if _, err := d.Continue(t.Context(), newID(t), "r", Word{}); err == nil {
		t.Fatal("it went on")
	}
	o.refuses, o.said, o.question.Epoch = false, nil, 2
	b := &o.begun[0]
	b.Said, b.Lost.Checked = b.Lost.Entry+7, true // as host.Begun tells of it
	entry, err := d.Continue(t.Context(), newID(t), "I looked", Word{Checked: true})
	if want := o.names.Entry(b.Lost.Entry + 7); err != nil || entry != want {
		t.Errorf("got %s, %v, want %s", entry, err, want)
	}
}
