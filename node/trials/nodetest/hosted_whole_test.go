package nodetest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestHostedIsSetBackWhole (A23-1, C44): a machine that hosts city and county is set back whole,
// every file in its place. The county is found to be old by what the province keeps of it, and
// never answers under the grant that it had revoked: not at the start, not after a word on the
// city, and not after its own.
func TestHostedIsSetBackWhole(t *testing.T) {
	Run(t, "guizhou\n  guiyang\n    nanming hosted\n", func(t *testing.T, tree *Tree) {
		province, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
		old := revokedSince(t, tree, province, city, county)
		city.Kill()
		setBack(t, old, city.machine.dir)
		city.Start()
		unansweredUntil(t, province, county, text.CopyBehind) // the province tells it, though its parent is in question
		unanswered := func(pause time.Duration, times int) (last text.Code) {
			for range times {
				time.Sleep(pause)
				_, err := ask(t, province, county)
				if err == nil {
					t.Fatal("what was revoked is answered")
				}
				if p, refused := errors.AsType[*client.Problem](err); refused {
					last = text.Code(p.Code)
				}
			}
			return last
		}
		city.hearWord(client.Continuation{Checked: true})
		unanswered(20*time.Second, 9)
		if !slices.Contains(alarms(t, county), string(text.CopyBehind)) {
			t.Errorf("after a word on the city the county has the alarms %v", alarms(t, county))
		}
		county.hearWord(client.Continuation{Checked: true})
		if got := unanswered(20*time.Second, 9); got != text.GrantRevoked {
			t.Errorf("after its own word it refuses as %s, want %s", got, text.GrantRevoked)
		}
	})
}
