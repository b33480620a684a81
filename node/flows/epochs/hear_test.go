package epochs

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/node/ground/host"
)

// TestHear (C16): after a person's word each neighbour is asked once, when there is a link to it,
// and the ledger is heard when all have said it. A parent that is linked and does not say it holds
// up whoever asks, for ten minutes and without being asked each time; a child that does not say it
// holds up nobody, and is asked again.
func TestHear(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, o, w := newDesk(t)
		name := func(s string) identity.Jurisdiction {
			n, err := identity.ParseJurisdiction(s)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		parent, one, two := Near{name("guizhou"), false, true}, Near{name("nanming.guiyang.guizhou"), true, false}, Near{name("yunyan.guiyang.guizhou"), false, false}
		w.near = []Near{parent, one, two}
		step := func(what, asked, said string, failed bool) {
			t.Helper()
			w.asked, o.said = nil, nil
			if err := d.Hear(t.Context()); (err != nil) != failed {
				t.Errorf("%s: got %v", what, err)
			}
			d.hearAgain(t.Context())
			if got := fmt.Sprint(w.asked, o.said); got != asked+" "+said {
				t.Errorf("%s: got %s, want %s %s", what, got, asked, said)
			}
		}
		step("without a word", "[]", "[]", false)
		o.unheard, o.went, w.mutes = true, 1, map[string]bool{one.Name.String(): true, parent.Name.String(): true}
		step("a child that does not say", "[nanming.guiyang.guizhou nanming.guiyang.guizhou]", "[]", false)
		w.near[0].Up = true
		step("nor does the parent", "[guizhou nanming.guiyang.guizhou]", "[]", true)
		step("at once again", "[nanming.guiyang.guizhou]", "[]", true)
		w.mutes[one.Name.String()] = false
		step("the child says it", "[nanming.guiyang.guizhou]", "[doubt]", true)
		time.Sleep(host.AskAgain)
		step("long after", "[guizhou]", "[]", false)
		w.mutes[parent.Name.String()] = false
		time.Sleep(parentAgain)
		step("the parent says it", "[guizhou]", "[doubt]", false)
		w.near[2].Up = true
		step("the last one", "[yunyan.guiyang.guizhou]", "[doubt heard]", false)
		step("then", "[]", "[]", false)
	})
}

// TestWatch: what is proven to one replica of a group puts the others in question, too, as soon as
// they have its entry; one that is in question for its folder is told why. One that is alone is
// told itself.
func TestWatch(t *testing.T) {
	folder := &host.QuestionError{Grouped: true}
	for _, row := range []struct {
		grouped bool
		was     *host.QuestionError
		want    string
	}{{true, nil, "[doubt]"}, {true, folder, "[doubt]"}, {false, nil, "[]"}} {
		synctest.Test(t, func(t *testing.T) {
			d, o, w := newDesk(t)
			o.question, o.grouped, o.doubts, w.forked = row.was, row.grouped, true, true
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			d.Watch(ctx)
			if got := fmt.Sprint(o.said); got != row.want {
				t.Errorf("%+v: did %s", row, got)
			}
		})
	}
}

// slow is a parent that answers after a while, as over any line.
type slow struct {
	*heads
	told int
}

func (s *slow) LargestBy(ctx context.Context, name identity.Jurisdiction) ([]host.Seen, error) {
	select {
	case <-time.After(50 * time.Millisecond):
		s.told++
		return s.heads.LargestBy(ctx, name)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// TestAskedInItsOwnTime (C16): a ledger goes on by a person's word, and the parent answers within
// 50 ms. A child asks again and again, and gives 10 ms for the answer. The parent is heard all the
// same, and nobody waits for longer than it gave.
func TestAskedInItsOwnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, o, w := newDesk(t)
		s := &slow{heads: w}
		d.Witness, d.Lasting = s, t.Context
		o.question, o.unheard, o.begun = nil, true, nil
		_, w.near = linkedParent(t)
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				short, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
				defer cancel()
				_ = d.Hear(short)
			})
			time.Sleep(20 * time.Millisecond)
		}
		all.Wait()
		if err := d.Hear(t.Context()); err != nil || s.told != 1 {
			t.Errorf("%v, and the parent has said it %d times", err, s.told)
		}
	})
}
