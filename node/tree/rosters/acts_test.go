package rosters

import (
	"errors"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/roster"
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
	if _, err := s.Publish(t.Context(), treetest.Message(t), by, roster.ShippedOf(top.Name())); err == nil {
		t.Error("it published a list")
	}
	if got := s.Current().Number(); got != 1 {
		t.Errorf("got number %d, want 1", got)
	}
}

// TestPublishedAgain: the same request again has its answer, also where another list was published
// since: nobody looks at its plan again.
func TestPublishedAgain(t *testing.T) {
	top := treetest.New(t, "guizhou", register)
	s := New(below{top, top}, nil, nobody)
	if err := s.PublishShipped(t.Context()); err != nil {
		t.Fatal(err)
	}
	by, id, list := acting{identity.NewAgency(top.Name(), treetest.Label(t, "civil-affairs"))}, treetest.Message(t), roster.ShippedOf(top.Name())
	first, err := s.PublishShown(t.Context(), id, by, list, func(p Plan) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Publish(t.Context(), treetest.Message(t), by, country(t, 100, nil)); err != nil {
		t.Fatal(err)
	}
	again, err := s.PublishShown(t.Context(), id, by, list, func(Plan) error { return errors.New("the plan moved") })
	if err != nil || again != first || s.Current().Number() != 3 {
		t.Errorf("got %s, %v, number %d, want %s and 3", again, err, s.Current().Number(), first)
	}
}
