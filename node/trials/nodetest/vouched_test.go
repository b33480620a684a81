package nodetest

import (
	"errors"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// right returns a scene in which no clock is wrong.
func right(t *testing.T, tree *Tree, n string, asks string) *clockScene {
	s := &clockScene{t, tree, tree.Node(n), tree.Node(asks), wrongClock{writes: true}}
	s.wrong.Unserved()
	s.wrong.Restart()
	tree.WaitLinked()
	s.offer(time.Now().Add(40 * day))
	return s
}

// TestNightAsleep suspends all machines for a night: nobody takes it for a jump.
func TestNightAsleep(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		s := right(t, tree, "nanming", "guiyang")
		tree.Skip(14 * time.Hour)
		time.Sleep(time.Minute)
		if p := s.put(identity.Message{}); p.err != nil || s.alarm() != "" {
			t.Errorf("after the night: %v, alarm %q", p.err, s.alarm())
		}
		s.tells()
	})
}

// TestOffForWeeks starts machines that were off for weeks. A county is vouched for by its city; a
// root alone needs the word of a person, which is recorded, once under its key.
func TestOffForWeeks(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		s := right(t, tree, "nanming", "guiyang")
		s.wrong.Stop()
		tree.Skip(20 * day)
		s.wrong.Start()
		tree.Within(time.Minute, "the city vouches", func() bool { return s.put(identity.Message{}).err == nil })
		if c, err := s.wrong.Client("").Clock(t.Context()); err != nil || c.By != client.ClockByNeighbour || len(c.Neighbours) != 1 {
			t.Errorf("got %+v, %v", c, err)
		}
	})
	Run(t, "guizhou", func(t *testing.T, tree *Tree) {
		s := right(t, tree, "guizhou", "guizhou")
		s.wrong.Stop()
		tree.Skip(20 * day)
		s.wrong.Start()
		time.Sleep(time.Minute)
		if p := s.put(identity.Message{}); p.err == nil || s.alarm() != string(text.ClockUnvouched) {
			t.Errorf("before a word: %v, alarm %q", p.err, s.alarm())
		}
		accept := func() error {
			_, err := s.wrong.Client("").AcceptClock(t.Context(), client.ClockAcceptance{Reason: "对照电话报时"})
			return err
		}
		if err := accept(); err != nil {
			t.Fatal(err)
		}
		if p := s.put(identity.Message{}); p.err != nil || s.alarm() != "" {
			t.Errorf("after a word: %v, alarm %q", p.err, s.alarm())
		}
		if err := accept(); err == nil || codeOf(err) != text.ClockBelieved {
			t.Errorf("a second word: %v", err)
		}
		if got := len(s.wrong.Entries("clock accepted")); got != 1 {
			t.Errorf("%d entries tell of the word", got)
		}
	})
}

// TestTooFarBehind has a clock be accepted that is 400 days ahead. Once it is right, nothing is
// written, the sentence says why, and reading goes on.
func TestTooFarBehind(t *testing.T) {
	Run(t, "guizhou", func(t *testing.T, tree *Tree) {
		s := right(t, tree, "guizhou", "guizhou")
		s.wrong.SetOffset(400 * day)
		if _, err := s.wrong.Client("").AcceptClock(t.Context(), client.ClockAcceptance{Reason: "错看"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute) // the keys have ended by then, and others come into use
		if p := s.put(identity.Message{}); p.err != nil {
			t.Error(p.err)
		}
		s.wrong.Stop()
		s.wrong.SetOffset(0)
		s.wrong.Start()
		_, err := s.wrong.Client("").AcceptClock(t.Context(), client.ClockAcceptance{Reason: "对照电话报时"})
		if err == nil || codeOf(err) != text.ClockSetBack {
			t.Errorf("got %v, want that it cannot be corrected", err)
		}
		if p := s.put(identity.Message{}); p.err == nil || s.alarm() != string(text.ClockSetBack) {
			t.Errorf("put: %v, alarm %q", p.err, s.alarm())
		}
		if _, err := s.wrong.Client("").Agencies(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// codeOf returns the code of a problem; "": the error is none.
func codeOf(err error) text.Code {
	p, ok := errors.AsType[*client.Problem](err)
	if !ok {
		return ""
	}
	return text.Code(p.Code)
}
