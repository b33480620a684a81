package federated

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
)

// newDesk returns a desk with a ledger in memory, which can keep and show answers.
func newDesk(t *testing.T) (*Desk, *booktest.Ledger) {
	t.Helper()
	registry := state.NewRegistry()
	Register(registry)
	own := booktest.New(t, "guiyang.guizhou", registry)
	return &Desk{own: own}, own
}

func named(t *testing.T, s string) identity.Jurisdiction {
	t.Helper()
	j, err := identity.ParseJurisdiction(s)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// keepOne keeps the answer of a child to a request.
func keepOne(t *testing.T, own *booktest.Ledger, request byte, asker, child string, answer []byte) {
	t.Helper()
	_, err := commandShare.Do(t.Context(), own, book.Request{}, shareBody{
		Request: bytes.Repeat([]byte{request}, 32), Asker: named(t, asker), Child: named(t, child).Label(), Answer: answer,
	})
	if err != nil {
		t.Fatal(err)
	}
}

// shownTo returns all answers to a request that are shown to an asker, in as many results as it
// takes.
func shownTo(t *testing.T, d *Desk, request byte, asker string) (all []keptShare, pages int) {
	t.Helper()
	want := sharesOf{Request: bytes.Repeat([]byte{request}, 32)}
	for first := true; first || !want.After.IsZero(); first = false {
		page, err := d.kept(t.Context(), want, named(t, asker))
		if err != nil {
			t.Fatal(err)
		}
		all, want.After = append(all, page.Shares...), page.After
		pages++
	}
	return all, pages
}

const asker = "guizhou"

// TestKept: the last answer of a child stays, because that is the one which the share lists;
// answers are shown by pages, and to the asker alone.
func TestKept(t *testing.T) {
	d, own := newDesk(t)
	long := bytes.Repeat([]byte{'x'}, 300<<10)
	for _, child := range []string{"c", "a", "b", "e", "d"} {
		keepOne(t, own, 1, asker, child+".guiyang.guizhou", []byte("before a restart"))
		keepOne(t, own, 1, asker, child+".guiyang.guizhou", append([]byte(child), long...))
	}
	keepOne(t, own, 2, asker, "a.guiyang.guizhou", []byte("to another request"))
	keepOne(t, own, 3, "bijie.guizhou", "a.guiyang.guizhou", []byte("to another asker"))
	all, pages := shownTo(t, d, 1, asker)
	children := ""
	for _, s := range all {
		children += s.Child.String()
		if string(s.Answer[:1]) != s.Child.String() || len(s.Answer) != 1+len(long) {
			t.Errorf("%s: got an answer of %d bytes that begins with %q", s.Child, len(s.Answer), s.Answer[:1])
		}
	}
	if children != "abcde" || pages != 3 {
		t.Errorf("got the answers of %q in %d results, want abcde in 3", children, pages)
	}
	if all, _ := shownTo(t, d, 3, asker); len(all) != 0 {
		t.Errorf("%d answers to another's request are shown", len(all))
	}
	if all, _ := shownTo(t, d, 3, "bijie.guizhou"); len(all) != 1 || string(all[0].Answer) != "to another asker" {
		t.Errorf("got %q", all)
	}
}

// TestTerm: an answer is dropped, by the next that is kept, when its term is over by a clock that
// has held for five minutes (see state), and not before.
func TestTerm(t *testing.T) {
	d, own := newDesk(t)
	began := own.Clock
	for i := range maxDropped + 1 {
		keepOne(t, own, 1, asker, fmt.Sprintf("c%02d.guiyang.guizhou", i), []byte("x"))
	}
	for i, row := range []struct {
		after time.Duration
		want  int // that are left
	}{
		{ShareTerm, maxDropped + 1}, {ShareTerm + 5*time.Minute, maxDropped + 1}, {ShareTerm + 10*time.Minute, 1}, {ShareTerm + 15*time.Minute, 0},
	} {
		own.Clock = began.Add(row.after)
		keepOne(t, own, byte(100+i), asker, "a.guiyang.guizhou", []byte("y"))
		if all, _ := shownTo(t, d, 1, asker); len(all) != row.want {
			t.Errorf("after %s: %d answers are kept, want %d", row.after, len(all), row.want)
		}
	}
}
