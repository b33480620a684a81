package host

import (
	"errors"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/consensus/state"
)

// TestAheadIsInQuestion: a replica that has what those that lead do not have is in question at
// once, and votes for nobody, also where it is in question already; and no word has it go on, as it
// would then follow, or lead those that have less.
func TestAheadIsInQuestion(t *testing.T) {
	h := open(t, t.TempDir())
	add(t, h)
	defer closed(t, h)
	var size uint64
	err := h.Look(func(r *state.Reader) error {
		size = r.Size()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		h.ahead(&group.AheadError{Leader: "r2", Index: 84, Applied: 100})
		q, questioned := errors.AsType[*QuestionError](h.Questioned())
		if !questioned || q.Ahead == nil || !q.Grouped || q.Waiting || q.Size != size || !h.Mute() || !h.Ahead() {
			t.Fatalf("got %+v", q)
		}
		id, err := identity.NewMessage()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.Continue(t.Context(), id, "it is the newest"); !errors.Is(err, error(q)) || !h.Mute() {
			t.Errorf("continued: %v", err)
		}
	}
}
