package breaks

import (
	"testing"

	"xietong/certs/trust"
	"xietong/node/ground/text"
	"xietong/node/tree/treetest"
)

// TestThiefNamesItsPaper: whoever stole a log key names a recovery key of its own in the next key
// set, and in further ones (A24). The owner comes back with the printed paper within 72 hours: it
// is believed at once, and an objection by the thief's paper is none. In the owner's new chain, the
// same holds of its new paper from the beginning.
func TestThiefNamesItsPaper(t *testing.T) {
	one := setAfter(nil, 90, 1)
	stolen := setAfter(&one, 66, 1)
	further := setAfter(&stolen, 67, 1)
	anew := setAfter(nil, 91, 7)
	again := setAfter(&anew, 68, 7) // whose log key was stolen as well, before anybody saw it
	third := setAfter(nil, 93, 10)
	m := memory{}.judge(chainOf(one), t0).next
	for i, s := range []shown{chainOf(one, stolen), chainOf(one, stolen, further)} {
		v := m.judge(s, t0+uint64(70*i)*hour)
		if !v.believes {
			t.Fatal("what follows is not believed")
		}
		m = v.next
	}
	for at, want := range map[uint64]bool{71: true, 141: true, 142: false} {
		for what, sets := range map[string][]trust.KeySet{"alone": {anew}, "with what follows": {anew, again}} {
			v := m.judge(shown{sets: sets}.paper(by(90, anew)), t0+at*hour)
			if v.believes != want {
				t.Errorf("the owner's, %s, after %d h: believed %t, want %t", what, at, v.believes, want)
			}
			if v = v.next.judge(chainOf(third).paper(by(91, third)), t0+(at+1)*hour); v.believes != want {
				t.Errorf("and next by its new paper, %s, after %d h: believed %t, want %t", what, at, v.believes, want)
			}
		}
		if v := m.judge(chainOf(anew).paper(by(67, anew)), t0+at*hour); v.believes == want {
			t.Errorf("by the thief's paper, after %d h: believed %t, want %t", at, v.believes, !want)
		}
	}
}

// TestNewPaperCounts: a paper that the owner changed counts after 72 hours, from when it was first
// named, and the one before no more; whoever vouches for keys vouches for their paper.
func TestNewPaperCounts(t *testing.T) {
	one := setAfter(nil, 90, 1)
	two := setAfter(&one, 91, 1)
	three := setAfter(&two, 91, 1, 2)
	anew := setAfter(nil, 92, 7)
	m := memory{}.judge(chainOf(one), t0).next.judge(chainOf(one, two), t0).next
	m = m.judge(chainOf(one, two, three), t0+wait-hour).next
	for paper, want := range map[int]bool{90: false, 91: true} {
		if v := m.judge(chainOf(anew).paper(by(paper, anew)), t0+wait); v.believes != want {
			t.Errorf("paper %d: believed %t, want %t", paper, v.believes, want)
		}
		if v := m.judge(chainOf(anew).paper(by(paper, anew)), t0+wait-1); v.believes == want {
			t.Errorf("paper %d, a moment before: believed %t, want %t", paper, v.believes, !want)
		}
	}
	m = m.judge(chainOf(one, two, three, setAfter(&three, 90, 1)), t0+2*wait).next // the former again
	if string(m.Now.paper(t0+2*wait)) != string(public(91)) {
		t.Error("a paper that counted once counts again at once")
	}
}

// TestThiefsPaperObjectsToNothing: an objection by a recovery key that the log keys named a moment
// ago is by nobody (A24).
func TestThiefsPaperObjectsToNothing(t *testing.T) {
	s := newScene(t)
	one, anew := setAfter(nil, 90, 1), setAfter(nil, 91, 7)
	s.judge("", linkOf(one))
	s.judge("", linkOf(one, setAfter(&one, 66, 1)))
	s.judge(text.KeysChanged, linkOf(anew))
	for paper, want := range map[int]text.Code{66: text.NotPossessed, 90: ""} {
		doc, err := trust.SignObjection(anew.Pin(), s.Clock(), trust.Objector{Sign: signer(paper)})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Object(t.Context(), doc); treetest.Code(err) != want {
			t.Errorf("by paper %d: got %v, want %q", paper, err, want)
		}
	}
}
