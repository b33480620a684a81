package federated

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"xietong/consensus/group"
	"xietong/exchange/relay"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// TestOwnWantIsNobodysSilence, of A30: a hop is not blamed for a roster that the asker has no more,
// nor for what fails at the asker in another way.
func TestOwnWantIsNobodysSilence(t *testing.T) {
	d, _ := newDesk(t)
	d.Now = time.Now
	absent := text.Fail(text.RosterAbsent, text.Args{"number": "1", "jurisdiction": "nanming.guiyang.guizhou"}, nil)
	for what, err := range map[string]error{
		"a roster that is kept no more":  &unasked{absent},
		"the same, while it asks":        fmt.Errorf("ask: %w", absent),
		"its ledger is not ready":        text.Fail(text.NotReady, text.Args{"reason": "own"}, nil),
		"its ledger does not answer":     fmt.Errorf("look: %w", group.ErrNotDone),
		"it has no time":                 context.DeadlineExceeded,
		"what another signed is no list": failure.Unreadable(named(t, "guizhou"), errors.New("form")),
	} {
		p := point{Hop: named(t, "guiyang.guizhou")}
		if found, heard := d.foundOf(p, Audit{}, err).Outcome, d.unheard(p, err); found != Unreached || heard != Unreached {
			t.Errorf("%s: got %s and %s, want %s", what, found, heard, Unreached)
		}
	}
}

// TestWhoIsBlamed, of A29: a hop is told as one that withheld only where nobody else can answer for
// that nothing was shown, in several tries over an hour since this node started.
func TestWhoIsBlamed(t *testing.T) {
	d, own := newDesk(t)
	d.Now = time.Now
	hop := named(t, "nanming.guiyang.guizhou")
	refused := &relay.Problem{Code: uint16(text.Number(text.NotReady)), At: hop}
	for what, row := range map[string]struct {
		err  error
		want Outcome
	}{
		"the hop refuses":                 {refused, Withheld},
		"the parent cannot reach it":      {&relay.Problem{Code: uint16(relay.Unreachable), At: named(t, "guizhou")}, Unreached},
		"the parent says it was late":     {&relay.Problem{Code: uint16(relay.Late), At: named(t, "guizhou")}, Unreached},
		"the parent says it is busy":      {&relay.Problem{Code: uint16(relay.Busy), At: named(t, "guizhou")}, Unreached},
		"the parent says it is not ready": {&relay.Problem{Code: uint16(text.Number(text.NotReady)), At: named(t, "guizhou")}, Unreached},
		"the hop was given no time":       {&relay.Problem{Code: uint16(relay.Hurried), At: hop}, Unreached},
		"the hop's places were filled":    {&relay.Problem{Code: uint16(relay.Busy), At: hop}, Unreached},
		"the hop was asked too late":      {&relay.Problem{Code: uint16(text.Number(text.MessageExpired)), At: hop}, Unreached},
		"the hop shows too little":        {errNotShown, Withheld},
		"the hop signs no answer":         {fmt.Errorf("ask: %w", &relay.Problem{Code: uint16(relay.AnswerRefused), At: own.Name(), SignedBy: hop}), Withheld},
		"the hop signs another form":      {failure.Unreadable(hop, errors.New("form")), Withheld},
		"what came fits no signature":     {&relay.Problem{Code: uint16(relay.AnswerRefused), At: own.Name()}, Unreached},
		"the parent signs in its place":   {&relay.Problem{Code: uint16(relay.AnswerRefused), At: own.Name(), SignedBy: named(t, "guizhou")}, Unreached},
		"this node had no time left":      {&relay.Problem{Code: uint16(relay.Late), At: own.Name()}, Unreached},
		"this node's ledger cannot read":  {&unasked{errors.New("no such roster")}, Unreached},
	} {
		if got := d.foundOf(point{Hop: hop}, Audit{}, row.err).Outcome; got != row.want {
			t.Errorf("%s: got %s, want %s", what, got, row.want)
		}
		silent := row.want
		if silent == Withheld {
			silent = Silent
		}
		if got := d.unheard(point{Hop: hop, By: hop}, row.err); got != silent {
			t.Errorf("%s: heard: got %s, want %s", what, got, silent)
		}
	}
	const w, u = Withheld, Unreached
	began := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	for what, row := range map[string]struct {
		starts, every time.Duration
		comes         []Outcome
		want          Outcome // "": it stays open
	}{
		"for a day":                           {0, time.Hour, []Outcome{w, w, w, w, w}, ""},
		"once after a day":                    {25 * time.Hour, time.Hour, []Outcome{w}, ""},
		"often in a short time":               {25 * time.Hour, time.Minute, []Outcome{w, w, w, w, w, w}, ""},
		"seldom in a long time":               {25 * time.Hour, time.Hour, []Outcome{w, w, w}, ""},
		"often in a long time":                {25 * time.Hour, 20 * time.Minute, []Outcome{w, w, w, w}, w},
		"the line is down":                    {25 * time.Hour, time.Hour, []Outcome{u, u, u, u}, u},
		"the line came up just now":           {25 * time.Hour, time.Hour, []Outcome{u, u, u, w, w}, ""},
		"the line came up and stayed so":      {25 * time.Hour, time.Hour, []Outcome{u, u, w, w, w, w}, w},
		"too seldom in a week":                {AgainMost, time.Hour, []Outcome{w}, u},
		"often enough at the end of the week": {AgainMost - 9*time.Hour, 2 * time.Hour, []Outcome{w, w, w, w}, w},
	} {
		p, now := point{Since: uint64(began.UnixMilli())}, began.Add(row.starts)
		var tried tries
		var got Outcome
		for i, outcome := range row.comes {
			now = now.Add(row.every)
			var ends bool
			if got, ends = tried.over(p, outcome, now); ends != (row.want != "" && i == len(row.comes)-1) {
				t.Errorf("%s: try %d ends it: %t", what, i+1, ends)
			} else if !ends {
				got = ""
			}
		}
		if got != row.want {
			t.Errorf("%s: got %q, want %q", what, got, row.want)
		}
	}
}
