package door

import (
	"context"
	"slices"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/ground/text"
	"xietong/node/tree/treetest"
)

// TestHeld (C42): until a neighbour has said what it saw, it gets nothing by which somebody is
// believed, or that is recorded; the time, the own keys, and what was seen of its own ledger, it
// gets all the same, as it may need them to say it. Who knocks is held up likewise.
func TestHeld(t *testing.T) {
	root, child := treetest.New(t, "guizhou"), treetest.New(t, "guiyang.guizhou")
	var alarms []text.Code
	d := doorOf(root, &alarms)
	var waited []identity.Jurisdiction
	d.Unheard = func(_ context.Context, peer identity.Jurisdiction) error {
		waited = append(waited, peer)
		return text.Fail(text.LinkUncompared, text.Args{"jurisdiction": "guizhou", "name": "guiyang.guizhou"}, nil)
	}
	d.Seen = func(context.Context, identity.Jurisdiction) (Seen, error) {
		return Seen{Notes: []SeenNote{}, Epoch: 3}, nil
	}
	d.Prove = func(context.Context, identity.Jurisdiction, Wanted) ([]trust.Level, error) { return nil, nil }
	d.Stale = func(_, _ identity.Jurisdiction) {}
	d.Lacked = func(context.Context, []byte) error { return nil }
	d.Clocks = &clocksTold{child: child}
	d.Member = func(Membership) (Member, error) { return Member{KeySets: [][]byte{}}, nil }
	free := []uint64{opTime, opMeet, opStale, opMember, opLacked, opSeen, opClock}
	for op := uint64(1); op <= opClock+1; op++ {
		for what, asked := range map[string]func([]byte) ([]byte, error){
			"over a link": func(frame []byte) ([]byte, error) {
				data, _, err := d.AnswerNeighbour(t.Context(), child.Name(), frame)
				return data, err
			},
			"at the door": func(frame []byte) ([]byte, error) { return d.Answer(t.Context(), treetest.Binding, frame) },
		} {
			waited = nil
			frame, err := canon.Marshal(request{Op: op, Body: []byte{}})
			if err != nil {
				t.Fatal(err)
			}
			got, err := asked(frame)
			if err != nil {
				t.Fatal(err)
			}
			var a answer
			if err := canon.Unmarshal(got, MaxAnswerLen, &a); err != nil {
				t.Fatal(err)
			}
			is := text.ByNumber(uint16(a.Code)) == text.LinkUncompared
			if want := !slices.Contains(free, op); is != want || (len(waited) > 0) != want {
				t.Errorf("operation %d %s: code %d, waited for %v, want held %t", op, what, a.Code, waited, want)
			}
		}
	}
	said, err := AskSeen(t.Context(), neighbourly{d, child.Name()})
	if err != nil || said.Epoch != 3 {
		t.Errorf("what was seen: got %+v, %v", said, err)
	}
}

// neighbourly asks a door over the link of a neighbour.
type neighbourly struct {
	door Door
	peer identity.Jurisdiction
}

func (n neighbourly) Exchange(ctx context.Context, frame []byte) ([]byte, error) {
	data, _, err := n.door.AnswerNeighbour(ctx, n.peer, frame)
	return data, err
}
