package rosters

import (
	"errors"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/tree/treetest"
)

// register registers the room with agencies of which none ended.
func register(r *state.Registry) {
	Register(r, func(*state.Tx, identity.Label) error { return nil })
}

// TestEndedAgencyPublishesNothing: an agency that ended after it was looked at publishes no list.
func TestEndedAgencyPublishesNothing(t *testing.T) {
	ended := errors.New("ended")
	top := treetest.New(t, "guizhou", func(r *state.Registry) {
		Register(r, func(*state.Tx, identity.Label) error { return ended })
	})
	s := New(below{top, top}, nil, nobody)
	if err := s.PublishShipped(t.Context()); err != nil { // the node itself does
		t.Fatal(err)
	}
	by := acting{identity.NewAgency(top.Name(), treetest.Label(t, "civil-affairs"))}
	if _, err := s.Publish(t.Context(), treetest.Message(t), by, country(t, 20, nil)); err == nil {
		t.Error("it published a list")
	}
	if got := s.Current().Number(); got != 1 {
		t.Errorf("got number %d, want 1", got)
	}
}

// publisher returns a root that published the list of the program as number 1, and how an agency of
// it publishes a list under an id.
func publisher(t *testing.T) (*Store, func(id identity.Message, list *roster.Roster, shown func(Plan) error) (identity.Entry, error)) {
	t.Helper()
	top := treetest.New(t, "guizhou", register)
	s := New(below{top, top}, nil, nobody)
	if err := s.PublishShipped(t.Context()); err != nil {
		t.Fatal(err)
	}
	by := acting{identity.NewAgency(top.Name(), treetest.Label(t, "civil-affairs"))}
	return s, func(id identity.Message, list *roster.Roster, shown func(Plan) error) (identity.Entry, error) {
		return s.PublishShown(t.Context(), id, by, list, shown)
	}
}

func seen(Plan) error { return nil }

// TestPublishedAgain: the same request again, as after a lost answer, has its answer, also where
// another list was published since: nobody looks at its plan again. Another list under the key is
// refused.
func TestPublishedAgain(t *testing.T) {
	s, publish := publisher(t)
	id, list := treetest.Message(t), country(t, 20, nil)
	first, err := publish(id, list, seen)
	if err != nil {
		t.Fatal(err)
	}
	moved := func(Plan) error { return errors.New("the plan moved") }
	for number := uint64(2); number <= 3; number++ {
		again, err := publish(id, list, moved)
		if err != nil || again != first || s.Current().Number() != number {
			t.Errorf("number %d: got %s, %v, number %d, want %s", number, again, err, s.Current().Number(), first)
		}
		if _, err := publish(treetest.Message(t), country(t, 100, nil), seen); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := publish(id, country(t, 30, nil), seen); treetest.Code(err) != text.IDReused {
		t.Errorf("another list under the key: got %v, want %s", err, text.IDReused)
	}
}

// TestPublishedTheSame (A12): a list that is in force is not published once more: the answer is its
// entry, and nothing is recorded. Nobody gets that answer who was shown another plan.
func TestPublishedTheSame(t *testing.T) {
	s, publish := publisher(t)
	list := country(t, 20, nil)
	entry, err := publish(treetest.Message(t), list, seen)
	if err != nil {
		t.Fatal(err)
	}
	size := func() (n uint64) {
		if err := s.own.View(t.Context(), func(r *state.Reader) error { n = r.Size(); return nil }); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := size()
	for range Kept {
		same, err := publish(treetest.Message(t), country(t, 20, nil), seen)
		if err != nil || same != entry {
			t.Errorf("got %s, %v, want %s", same, err, entry)
		}
	}
	moved := errors.New("the plan moved")
	if _, err := publish(treetest.Message(t), list, func(Plan) error { return moved }); !errors.Is(err, moved) {
		t.Errorf("not as it was shown: got %v", err)
	}
	if s.Current().Number() != 2 || size() != before {
		t.Errorf("number %d, %d entries, want number 2, %d entries", s.Current().Number(), size(), before)
	}
}
