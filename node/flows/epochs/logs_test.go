package epochs

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// between is an epoch that was begun with the directory of epoch 1, after others were begun
// elsewhere, of which the last one was seen; and what the parent saw of each log.
func between(t *testing.T, o *own) (b host.Begun, logs []host.Seen) {
	t.Helper()
	parent, _ := linkedParent(t)
	for i, size := range []uint64{25, 31, 28} {
		log, err := identity.NewLog(o.Name(), uint64(i)+1)
		if err != nil {
			t.Fatal(err)
		}
		logs = append(logs, host.Seen{By: parent, Note: []byte("note"), Checkpoint: ledger.Checkpoint{Log: log, Size: size}})
	}
	return host.Begun{Epoch: 4, Before: 1, Said: 21, Seen: logs[2], Lost: host.Lost{From: 21, NewKeys: true, Entry: 21}}, logs
}

// TestEachLogIsAskedFor (C34): a directory of before several epochs is put back. What each
// log had is asked for, and ends: none of them is settled while one is not known, though a later
// one is, and the word of a person drops nothing of what is known of an earlier one.
func TestEachLogIsAskedFor(t *testing.T) {
	missing := text.Fail(text.HeadsMissing, text.Args{"known": "21"}, nil)
	cancelled := told{acts: []ledger.Indexed{act(22, ledger.KindCancellation)}}
	none, unknown := told{}, told{err: missing}
	for what, row := range map[string]struct {
		of      map[uint64]told
		checked bool
		want    string
		code    text.Code
		ends    bool
	}{
		"all are known":                      {map[uint64]told{1: cancelled, 2: none, 3: none}, false, "[keys settle 4]", "", true},
		"the first alone":                    {map[uint64]told{1: cancelled, 2: unknown, 3: unknown}, false, "[]", text.LostUnknown, false},
		"the first alone, and it is checked": {map[uint64]told{1: cancelled, 2: unknown, 3: unknown}, true, "[keys settle 4 as it is]", "", true},
		"the one between":                    {map[uint64]told{1: none, 2: cancelled, 3: unknown}, true, "[keys settle 4 as it is]", "", true},
		"all but the first":                  {map[uint64]told{1: unknown, 2: none, 3: none}, false, "[]", text.LostUnknown, false},
		"the first is not proven": {
			map[uint64]told{1: {err: text.Fail(text.AnswerRefused, nil, nil)}, 2: none, 3: none}, true, "[]", text.LostUnproven, false,
		},
	} {
		t.Run(what, func(t *testing.T) {
			d, o, w := newDesk(t)
			b, logs := between(t, o)
			b.Lost.Checked = row.checked
			if _, err := invite(t.Context(), o.Ledger, newID(t), "nanming"); err != nil {
				t.Fatal(err)
			}
			_, w.near = linkedParent(t)
			o.begun, w.logs, w.of = []host.Begun{b}, logs, row.of
			err := d.resume(t.Context(), false)
			if row.code == "" && err != nil || row.code != "" && !failure.Is(err, row.code) {
				t.Errorf("got %v, want %q", err, row.code)
			}
			if got := fmt.Sprint(o.said); got != row.want {
				t.Errorf("did %s, want %s", got, row.want)
			}
			if ended := !invited(t, o, "nanming"); ended != row.ends {
				t.Errorf("the invitation ended: %t, want %t", ended, row.ends)
			}
		})
	}
}

// TestLogsAreAskedAfter (C34): an epoch that lost several logs was settled by a person's word. Each
// log of which not all was known is asked after; what comes ends, and all of it settles the epoch.
func TestLogsAreAskedAfter(t *testing.T) {
	d, o, w := newDesk(t)
	b, logs := between(t, o)
	b.Lost.Checked, b.Lost.Settled = true, true
	some := told{err: text.Fail(text.HeadsMissing, text.Args{"known": "22"}, nil)}
	_, w.near = linkedParent(t)
	o.question, o.begun, w.logs = nil, []host.Begun{b}, logs
	w.of = map[uint64]told{1: {}, 2: some, 3: some}
	w.err = some.err // what a probe says: no more
	for _, want := range []string{"[21 0 0]", "[]"} {
		w.from = nil
		if err := d.resume(t.Context(), true); err != nil || fmt.Sprint(w.from) != want || len(o.said) > 0 && slices.Contains(o.said, "settle 4") {
			t.Errorf("got %v, asked from %v, did %s", err, w.from, o.said)
		}
	}
	o.said, w.of, w.err = nil, map[uint64]told{1: {}, 2: {}, 3: {}}, nil
	if err := d.resume(t.Context(), true); err != nil || !slices.Contains(o.said, "settle 4") {
		t.Errorf("more is known: %v, did %s", err, o.said)
	}
}

// TestTheParentSaysWhichLogs (C34): where several logs may be lost, a parent that does not say
// which holds the epoch up, until it was asked for a while and a person looked.
func TestTheParentSaysWhichLogs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, o, w := newDesk(t)
		b, logs := between(t, o)
		b.Lost.Checked = true
		parent, near := linkedParent(t)
		w.near, w.mutes = near, map[string]bool{parent.String(): true}
		o.question.Since, o.question.Epoch, o.begun = time.Now(), 4, []host.Begun{b}
		if err := d.resume(t.Context(), false); !failure.Is(err, text.LostUnasked) || len(o.said) > 0 {
			t.Errorf("it says nothing: %v, did %s", err, o.said)
		}
		time.Sleep(host.AskAgain)
		if err := d.resume(t.Context(), false); err != nil || fmt.Sprint(o.said) != "[keys settle 4 as it is]" {
			t.Errorf("it says nothing for long: %v, did %s", err, o.said)
		}
		o.said, w.mutes, w.logs, w.from = nil, nil, logs, nil
		if err := d.resume(t.Context(), true); err != nil || fmt.Sprint(w.from) != "[21 0 0]" {
			t.Errorf("it says it: %v, asked from %v", err, w.from)
		}
	})
}

// TestWhereItParts (C34): a log between parted from the ledger before the entry that was named as
// the first lost one: the ledger says so, before what the log ended ends.
func TestWhereItParts(t *testing.T) {
	d, o, w := newDesk(t)
	b, logs := between(t, o)
	logs[2].Checkpoint.Size = 18 // fewer than are here
	b.Seen = logs[2]
	_, w.near = linkedParent(t)
	o.begun, w.logs = []host.Begun{b}, logs
	w.of = map[uint64]told{1: {same: ledger.Agreement{UpTo: 8, Differs: true}}, 2: {same: ledger.Agreement{UpTo: 21, Differs: true}}, 3: {same: ledger.Agreement{UpTo: 14, Differs: true}}}
	if err := d.resume(t.Context(), false); err != nil || fmt.Sprint(o.said) != "[keys 4 lost from 14 settle 4]" || fmt.Sprint(w.from) != "[21 0 0]" {
		t.Errorf("got %v, did %s, asked from %v", err, o.said, w.from)
	}
	if err := d.widen(t.Context(), b, nil); err != nil {
		t.Error(err)
	}
	o.refuses = true
	if err := errors.Join(d.widen(t.Context(), b, []known{{log: logs[2].Checkpoint.Log, same: ledger.Agreement{UpTo: 21, Differs: true}}})); err != nil || len(o.said) != 3 {
		t.Errorf("what was named: %v, did %s", err, o.said)
	}
}

// TestItPartsThoughNotAllIsKnown (C34): an epoch that lost several logs was settled by a person's
// word, as the parent was away. Once that tells the heads of one log between as a whole, and those
// of the newest but for its last minute, the ledger says where it parts from the one, and only then
// shows its own heads: the parent would take what is not named for hidden.
func TestItPartsThoughNotAllIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, o, w := newDesk(t)
		b, logs := between(t, o)
		b.Lost.Checked, b.Lost.Settled = true, true
		_, w.near = linkedParent(t)
		o.question, o.begun, w.logs = nil, []host.Begun{b}, logs
		some := text.Fail(text.HeadsMissing, text.Args{"known": "27"}, nil)
		w.of = map[uint64]told{1: {}, 2: {same: ledger.Agreement{UpTo: 12, Differs: true}}, 3: {same: ledger.Agreement{UpTo: 14, Differs: true}, err: some}}
		w.err = errors.New("no answer")
		says := func(when string, want bool) {
			t.Helper()
			if _, said := d.SaysLost(); said != want {
				t.Errorf("%s: said %t, want %t", when, said, want)
			}
		}
		says("before it is asked", false)
		w.mutes = map[string]bool{w.near[0].Name.String(): true}
		_ = d.Hear(t.Context())
		says("it does not tell", false)
		time.Sleep(host.AskAgain)
		says("it does not tell for long", true)
		w.mutes = nil
		if err := d.Hear(t.Context()); err != nil || !slices.Contains(o.said, "4 lost from 12") {
			t.Errorf("it tells: %v, did %s", err, o.said)
		}
		says("it tells", true)
	})
}

// TestTheParentForgotALog (C34): the parent was put back, too, and does not know of a log between,
// of which the level above it keeps heads. What that ended ends, and nobody takes what is known for
// all. While that level says nothing, nothing is settled.
func TestTheParentForgotALog(t *testing.T) {
	for _, mute := range []bool{false, true} {
		d, o, w := newDesk(t)
		b, logs := between(t, o)
		b.Seen = logs[0]
		_, w.near = linkedParent(t)
		for i := range logs {
			logs[i].Forgot = i == 0
		}
		o.begun, w.logs, w.above, w.mute = []host.Begun{b}, logs[:1], logs[1:], mute
		w.of = map[uint64]told{1: {}, 2: {acts: []ledger.Indexed{act(22, ledger.KindCancellation)}}, 3: {}}
		if _, err := invite(t.Context(), o.Ledger, newID(t), "nanming"); err != nil {
			t.Fatal(err)
		}
		err := d.resume(t.Context(), true)
		if want := map[bool]string{false: "[keys settle 4 as it is]", true: "[]"}[mute]; fmt.Sprint(o.said) != want || (err != nil) != mute {
			t.Errorf("silent %t: %v, did %s, want %s", mute, err, o.said, want)
		}
		if invited(t, o, "nanming") != mute {
			t.Errorf("silent %t: what log 2 ended stands %t", mute, !mute)
		}
	}
}

// TestSaysItOnceItWasSaid (C43): once the ledger has said where it parts from each log, its heads
// go up: also where what a neighbour saw of given-up keys is named as lost after that.
func TestSaysItOnceItWasSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, o, w := newDesk(t)
		b, logs := between(t, o)
		b.Lost.Checked, b.Lost.Settled = true, true
		_, w.near = linkedParent(t)
		o.question, o.begun, w.logs = nil, []host.Begun{b}, logs
		some := text.Fail(text.HeadsMissing, text.Args{"known": "27"}, nil)
		w.of = map[uint64]told{1: {}, 2: {same: ledger.Agreement{UpTo: 12, Differs: true}}, 3: {err: some}}
		if err := d.Hear(t.Context()); err != nil {
			t.Fatal(err)
		}
		says := func(when string) {
			t.Helper()
			if _, said := d.SaysLost(); !said {
				t.Errorf("%s it has not said all", when)
			}
		}
		says("once it parts earlier")
		o.begun[0].Said, o.begun[0].Seen.Checkpoint.Size = o.begun[0].Said+1, 40
		says("once more is named")
	})
}

// TestUnprovenHoldsUpNobody (C24): a person looked, since no key that is known proves the heads of
// one log. The parent answers, so nobody waits for it after a start, and it is asked after.
func TestUnprovenHoldsUpNobody(t *testing.T) {
	d, o, w := newDesk(t)
	b, logs := between(t, o)
	b.Lost.Checked, b.Lost.Settled = true, true
	_, w.near = linkedParent(t)
	o.question, o.begun, w.logs = nil, []host.Begun{b}, logs
	w.of = map[uint64]told{1: {}, 2: {err: text.Fail(text.AnswerRefused, nil, nil)}, 3: {}}
	if err := d.Hear(t.Context()); err != nil || slices.Contains(o.said, "settle 4") {
		t.Errorf("got %v, did %s", err, o.said)
	}
	if err := d.resume(t.Context(), true); err != nil || fmt.Sprint(w.probed) != "[0]" {
		t.Errorf("got %v, asked for more from %v", err, w.probed)
	}
}

// invited reports whether the invitation of a child is open.
func invited(t *testing.T, o *own, child string) (is bool) {
	t.Helper()
	label, err := identity.ParseLabel(child)
	if err != nil {
		t.Fatal(err)
	}
	err = o.View(t.Context(), func(r *state.Reader) error {
		c, _ := tree.ChildOf(r, label)
		is = c.Invitation != ledger.None && c.Cancelled == ledger.None
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return is
}
