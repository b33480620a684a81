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
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree/treetest"
)

// lostIn is an epoch that was settled by a person's word; the entry that said what is lost is that
// of its number.
func lostIn(epoch, from, to uint64) host.Begun {
	return host.Begun{
		Epoch: epoch, Before: epoch - 1, Said: epoch, Seen: host.Seen{Checkpoint: ledger.Checkpoint{Size: to}},
		Lost: host.Lost{From: from, Checked: true, Settled: true, Entry: epoch},
	}
}

// linkedParent is a parent to which there is a link.
func linkedParent(t *testing.T) (name identity.Jurisdiction, near []Near) {
	t.Helper()
	name = treetest.Name(t, "guizhou")
	return name, []Near{{Name: name, Up: true, Parent: true}}
}

// TestEachLossIsHeard (C31): of a ledger that lost entries twice, and was settled without their
// heads both times, each loss is asked after: one of which nobody can tell more hides no other.
func TestEachLossIsHeard(t *testing.T) {
	nobodyKnows, known := lostIn(2, 5, 5), lostIn(3, 7, 20)
	for _, all := range [][]host.Begun{{nobodyKnows, known}, {known, nobodyKnows}} {
		for what, does := range map[string]func(*Desk) error{
			"before others are answered": func(d *Desk) error { return d.Hear(t.Context()) },
			"now and then":               func(d *Desk) error { return d.resume(t.Context(), true) },
		} {
			d, o, w := newDesk(t)
			o.question, o.begun = nil, slices.Clone(all)
			_, w.near = linkedParent(t)
			if err := does(d); err != nil || fmt.Sprint(o.said) != "[keys settle 3]" || len(o.begun) != 1 {
				t.Errorf("%s: %v, did %s", what, err, o.said)
			}
		}
	}
}

// TestOneLossHoldsUpNoOther (C31): what cannot be ended of one loss keeps what another one ended
// from nobody.
func TestOneLossHoldsUpNoOther(t *testing.T) {
	d, o, w := newDesk(t)
	first, second := lostIn(2, 5, 20), lostIn(3, 7, 20)
	first.Lost.Settled, second.Lost.Settled, first.Lost.Checked = false, false, false
	first.Seen.By, w.awayFor = treetest.Name(t, "guizhou"), 5
	o.begun = []host.Begun{first, second}
	if err := d.resume(t.Context(), false); err == nil || fmt.Sprint(o.said) != "[keys settle 3]" {
		t.Errorf("got %v, did %s", err, o.said)
	}
}

// TestASecondLossIsHeard (C32): in one run of a node the ledger goes on twice. Whoever said after
// the first word what it saw, or told the heads, is asked again after the second, and before others
// are answered; a parent that does not say it is waited for again.
func TestASecondLossIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, o, w := newDesk(t)
		parent, near := linkedParent(t)
		o.question, o.unheard, o.went, w.near = nil, true, 1, near
		hears := func(what string, held bool, asked, from, did string) {
			t.Helper()
			w.asked, w.from, o.said = nil, nil, nil
			if err := d.Hear(t.Context()); (err != nil) != held {
				t.Errorf("%s: got %v", what, err)
			}
			if got := fmt.Sprint(w.asked, w.from, o.said); got != fmt.Sprint(asked, " ", from, " ", did) {
				t.Errorf("%s: asked %s, want %s %s %s", what, got, asked, from, did)
			}
		}
		w.mutes = map[string]bool{parent.String(): true}
		hears("the first word", true, "[guizhou]", "[]", "[]")
		time.Sleep(host.AskAgain)
		hears("long after", false, "[guizhou]", "[]", "[]")
		w.mutes = nil
		time.Sleep(parentAgain)
		hears("it says it", false, "[guizhou]", "[]", "[doubt heard]")
		hears("then", false, "[]", "[]", "[]")
		time.Sleep(24 * time.Hour)
		o.unheard, o.went, o.begun = true, 2, []host.Begun{lostIn(2, 7, 20)}
		w.mutes = map[string]bool{parent.String(): true}
		hears("the second word", true, "[guizhou]", "[]", "[]")
		w.mutes, w.err = nil, errors.New("it does not tell yet")
		time.Sleep(parentAgain)
		hears("it says it, and does not tell the heads", true, "[guizhou]", "[7]", "[doubt heard]")
		w.err = nil
		time.Sleep(parentAgain)
		hears("it tells them", false, "[]", "[7]", "[keys settle]")
		time.Sleep(time.Hour)
		o.went, o.begun = 3, []host.Begun{lostIn(3, 9, 20)} // all neighbours were heard meanwhile
		hears("the third word", false, "[]", "[9]", "[keys settle 3]")
	})
}

// TestMoreIsLostIsHeard (C32): the same epoch, of which more is found to be lost, is asked after
// anew, also where the word was given while what it lost before was being asked for.
func TestMoreIsLostIsHeard(t *testing.T) {
	d, o, w := newDesk(t)
	o.question, w.err = nil, text.Fail(text.HeadsMissing, text.Args{"known": "12"}, nil)
	_, w.near = linkedParent(t)
	o.begun = []host.Begun{lostIn(2, 7, 20)}
	w.during = func() { o.went++ }
	for range 2 {
		if err := d.Hear(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := fmt.Sprint(w.from); got != "[7 7]" {
		t.Errorf("a word was given meanwhile: asked from %s", got)
	}
	w.during, w.from = nil, nil
	if err := d.Hear(t.Context()); err != nil || len(w.from) != 1 {
		t.Errorf("asked from %v, %v", w.from, err)
	}
	o.begun[0].Said, o.begun[0].Seen.Checkpoint.Size = 30, 40
	o.went++
	if err := d.Hear(t.Context()); err != nil || len(w.from) != 2 {
		t.Errorf("more is lost: asked from %v, %v", w.from, err)
	}
}

// TestHeadsThatAreNotThere: while the parent has some of the heads alone, it is asked every ten
// minutes whether it has more, and they are fetched once it has.
func TestHeadsThatAreNotThere(t *testing.T) {
	d, o, w := newDesk(t)
	some := func(known string) error { return text.Fail(text.HeadsMissing, text.Args{"known": known}, nil) }
	o.question, o.begun, w.err = nil, []host.Begun{lostIn(2, 7, 20)}, some("9")
	asks := func(what, fetched, probed string) {
		t.Helper()
		w.from, w.probed = nil, nil
		if err := d.resume(t.Context(), true); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(w.from, w.probed); got != fetched+" "+probed {
			t.Errorf("%s: fetched from, and asked from: %s, want %s %s", what, got, fetched, probed)
		}
	}
	asks("at first", "[7]", "[]")
	asks("no more", "[]", "[9]")
	w.err = some("12")
	asks("some more", "[7]", "[9]")
	asks("no more than that", "[]", "[12]")
	o.went++ // and it may have forgotten what it told
	asks("after another word", "[7]", "[]")
	w.err = nil
	asks("all", "[7]", "[12]")
	if fmt.Sprint(o.said) != "[keys settle]" {
		t.Errorf("did %s", o.said)
	}
}

// TestTheSameWordTwice: whoever did not get the answer says the same again, and is told the same
// entry, also once all is settled; any other word is told that nothing is in question.
func TestTheSameWordTwice(t *testing.T) {
	d, o, _ := newDesk(t)
	id := newID(t)
	entry, err := d.Continue(t.Context(), id, "r", Word{})
	if err != nil {
		t.Fatal(err)
	}
	o.question = nil
	if again, err := d.Continue(t.Context(), id, "r", Word{}); err != nil || again != entry {
		t.Errorf("got %s, %v, want %s", again, err, entry)
	}
	if _, err := d.Continue(t.Context(), newID(t), "r", Word{}); !errors.Is(err, host.ErrNotInQuestion) {
		t.Errorf("another: %v", err)
	}
	o.question = &host.QuestionError{Epoch: 2}
	if _, err := d.Continue(t.Context(), newID(t), "r", Word{Checked: true}); !errors.Is(err, host.ErrNotInQuestion) {
		t.Errorf("settled meanwhile: %v", err)
	}
}
