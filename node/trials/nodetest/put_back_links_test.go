package nodetest

import (
	"fmt"
	"testing"
	"time"
)

// TestOneOfThreePutBack: of three machines of a city one is put back from a backup, the first or
// the last, and runs on in question until somebody replaces it. The other two serve: whoever asks
// the city, from above or below, is answered, and the province is through it.
func TestOneOfThreePutBack(t *testing.T) {
	for _, which := range []int{0, 2} {
		t.Run(fmt.Sprintf("r%d", which+1), func(t *testing.T) {
			Run(t, "guizhou\n  guiyang listen\n    nanming\n", func(t *testing.T, tree *Tree) {
				root, city, county := tree.Node("guizhou"), tree.Node("guiyang"), tree.Node("nanming")
				all := []*Node{city, city.Further(), city.Further()}
				for _, n := range []*Node{root, city, county} {
					offer(t, n)
				}
				time.Sleep(2 * time.Minute)
				back, serves := all[which], all[(which+1)%len(all)]
				back.Stop()
				newest := back.machine.dir
				back.moved()
				old := back.machine.dir
				back.machine.dir = newest
				back.Start()
				time.Sleep(2 * time.Minute)
				back.Kill()
				back.machine.dir = old
				back.Start()
				time.Sleep(30 * time.Second) // until whoever asks has found another one
				for range 20 {
					time.Sleep(10 * time.Second)
					for _, n := range []*Node{root, county} {
						if _, err := ask(t, n, serves); err != nil {
							t.Errorf("%s asks the city: %v", n.Name(), err)
						}
					}
					if _, err := ask(t, county, root); err != nil {
						t.Errorf("through the city: %v", err)
					}
				}
			})
		})
	}
}
