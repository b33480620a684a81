package nodetest

import (
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// differs returns the alarms of a node about neighbours whose clocks differ.
func differs(t *testing.T, n *Node) (all []text.Code) {
	t.Helper()
	status, err := n.Client("").Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range status.Jurisdictions[0].Alarms {
		switch code := text.Code(a.Code); code {
		case text.ClockWrongHere, text.ClockWrongThere, text.ClocksDiffer:
			all = append(all, code)
		}
	}
	return all
}

// TestClocksDiffer starts a node with a clock that is hours off, so that each side refuses the
// certificate of the other: both tell it, and whose is probably wrong; both are silent once it is
// set right. Nothing vouches for a clock that is refused.
func TestClocksDiffer(t *testing.T) {
	for what, scene := range map[string]struct {
		tree, wrong string
		told        map[string][]text.Code
	}{
		"a county below a city that has a root": {"guizhou\n  guiyang\n    nanming\n", "nanming", map[string][]text.Code{
			"nanming": {text.ClockWrongHere}, "guiyang": {text.ClockWrongThere}, "guizhou": nil,
		}},
		"a city between": {"guizhou\n  guiyang\n    nanming\n", "guiyang", map[string][]text.Code{
			"guiyang": {text.ClockWrongHere, text.ClockWrongHere}, "guizhou": {text.ClocksDiffer}, "nanming": {text.ClocksDiffer},
		}},
		"two alone": {"guizhou\n  guiyang\n", "guiyang", map[string][]text.Code{"guizhou": {text.ClocksDiffer}, "guiyang": {text.ClocksDiffer}}},
	} {
		for _, off := range []time.Duration{8 * time.Hour, -8 * time.Hour, 40 * time.Minute} {
			t.Run(what+" "+off.String(), func(t *testing.T) {
				Run(t, scene.tree, func(t *testing.T, tree *Tree) {
					for at := range scene.told { // no time service sets their clocks
						tree.Node(at).Unserved()
						tree.Node(at).Restart()
					}
					tree.WaitLinked()
					wrong := tree.Node(scene.wrong)
					wrong.Stop()
					wrong.SetOffset(off)
					wrong.Start()
					for at, want := range scene.told {
						tree.Within(2*time.Minute, at+" tells", func() bool { return slices.Equal(differs(t, tree.Node(at)), want) })
					}
					c, err := wrong.Client("").Clock(t.Context())
					if err != nil || c.By != client.ClockByStart || len(c.Alarms) == 0 {
						t.Errorf("clock show: %+v, %v", c, err)
					}
					wrong.SetOffset(0)
					tree.WaitLinked()
					for at := range scene.told {
						tree.Within(time.Minute, at+" is silent", func() bool { return len(differs(t, tree.Node(at))) == 0 })
					}
				})
			})
		}
	}
}
