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
