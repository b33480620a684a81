package host

import (
	"testing"
	"time"

	"xietong/certs/identity"
)

// TestMiddle checks whose clock is the median, who may lead, and what is told of the others.
func TestMiddle(t *testing.T) {
	const far = 8 * hour
	for what, row := range map[string]struct {
		words  []clockWord // of r1, which is this one, r2, …
		median time.Duration
		ok     bool
		fitter int           // how many others may lead
		own    time.Duration // how far r1 is told to be ahead; 0: it is not told to be apart
	}{
		"alone":                         {[]clockWord{{by: ByStart}}, 0, true, 0, 0},
		"all near":                      {[]clockWord{{by: ByStart}, {ahead: time.Minute, by: ByStart}, {ahead: -time.Minute, by: BySystem}}, 0, true, 2, 0},
		"one of three is ahead":         {[]clockWord{{by: ByStart}, {ahead: far, by: ByStart}, {ahead: time.Minute, by: ByStart}}, time.Minute, true, 1, 0},
		"this one is behind":            {[]clockWord{{by: BySystem}, {ahead: far, by: ByStart}, {ahead: far, by: ByStart}}, far, true, 2, -far},
		"this one is not believed":      {[]clockWord{{by: ByNobody}, {ahead: -far, by: ByStart}, {ahead: -far, by: ByStart}}, -far, true, 2, far},
		"two, and nobody knows":         {[]clockWord{{by: ByStart}, {ahead: far, by: ByStart}}, 0, false, 0, -far},
		"two, and both are vouched for": {[]clockWord{{by: BySystem}, {ahead: far, by: ByNeighbour}}, 0, false, 0, -far},
		"two, and one is vouched for":   {[]clockWord{{by: ByStart}, {ahead: far, by: ByNeighbour}}, far, true, 1, -far},
		"two, and this is vouched for":  {[]clockWord{{by: ByOperator}, {ahead: far, by: ByStart}}, 0, true, 0, 0},
		"two, and one is not believed":  {[]clockWord{{by: ByStart}, {ahead: far, by: ByNobody}}, 0, true, 0, 0},
		"two and two":                   {[]clockWord{{by: ByStart}, {ahead: far, by: ByStart}, {by: BySystem}, {ahead: far, by: ByStart}}, 0, true, 1, 0},
		"nobody believes his own":       {[]clockWord{{by: ByNobody}, {ahead: far, by: ByNobody}}, 0, false, 0, 0},
		"five, two of them ahead":       {[]clockWord{{by: ByStart}, {ahead: far, by: BySystem}, {ahead: far, by: BySystem}, {by: ByStart}, {by: ByStart}}, 0, true, 2, 0},
	} {
		for i := range row.words {
			r, err := identity.NewReplica(uint32(i + 1))
			if err != nil {
				t.Fatal(err)
			}
			row.words[i].replica = r
		}
		own := row.words[0].replica
		median, ok := middle(row.words)
		if median != row.median || ok != row.ok {
			t.Errorf("%s: median %s, %t, want %s, %t", what, median, ok, row.median, row.ok)
		}
		if got := fitter(row.words, own); len(got) != row.fitter {
			t.Errorf("%s: %v may lead, want %d", what, got, row.fitter)
		}
		told := time.Duration(0)
		if wrong := apartOf(row.words, own); wrong != nil {
			told = wrong.Ahead
		}
		if told != row.own {
			t.Errorf("%s: told to be ahead by %s, want %s", what, told, row.own)
		}
	}
}
