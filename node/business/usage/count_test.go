package usage

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
	"time"

	"xietong/certs/identity"
)

// TestCountsModel counts drawn uses in every way, page by page, as a model does that has them in a
// slice.
func TestCountsModel(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	r := open(t)
	var model []used
	for range 400 {
		r.Clock = r.Clock.Add(time.Duration(rnd.Int64N(int64(2 * 24 * time.Hour))))
		model = append(model, r.use(t, drawn(rnd)))
	}
	zone := time.FixedZone("", 8*3600)
	for range 100 {
		who := []identity.Agency{admin, civil, water}[rnd.IntN(3)]
		c := Counting{By: []By{ByMonth, ByDataset, ByAgency}[rnd.IntN(3)], Dataset: filter(rnd, who, r.Clock, r.Clock).Dataset}
		if rnd.IntN(3) == 0 {
			c.From = fmt.Sprintf("2027-%02d", 1+rnd.IntN(6))
		}
		if rnd.IntN(3) == 0 {
			c.To = fmt.Sprintf("2027-%02d", 6+rnd.IntN(6))
		}
		sums := map[[2]string]Counted{}
		for _, u := range model {
			month := u.at.In(zone).Format("2006-01")
			if !u.fits(who, Filter{Dataset: c.Dataset}) || c.From != "" && month < c.From || c.To != "" && month > c.To {
				continue
			}
			key := [2]string{month, map[By]string{ByDataset: fmt.Sprintf("dataset-%d", u.dataset), ByAgency: u.consumer.String()}[c.By]}
			n := sums[key]
			if u.refused != "" {
				n.Refused++
			} else {
				n.Answered++
			}
			sums[key] = n
		}
		keys := slices.SortedFunc(maps.Keys(sums), func(a, b [2]string) int {
			if a[0] != b[0] {
				return -bytes.Compare([]byte(a[0]), []byte(b[0]))
			}
			return bytes.Compare([]byte(a[1]), []byte(b[1]))
		})
		var want []Monthly
		for _, key := range keys {
			want = append(want, Monthly{key[0], key[1], sums[key]})
		}
		got := all(t, func(p Page) ([]Monthly, string, error) { return r.desk.CountUses(t.Context(), actor(who), c, p) }, 1+rnd.IntN(20), func() {})
		if !slices.Equal(got, want) {
			t.Fatalf("%v, %+v: got\n%v\nwant\n%v", who, c, got, want)
		}
	}
}

// shelf is a bucket in memory, which counts how often it is looked into.
type shelf struct {
	keys  [][]byte
	looks *int
}

func (s shelf) Get(string, []byte) []byte { return nil }

func (s shelf) Scan(_ string, prefix, from []byte, each func(k, v []byte) bool) {
	*s.looks++
	from = slices.MaxFunc([][]byte{prefix, from}, bytes.Compare)
	at := sort.Search(len(s.keys), func(i int) bool { return bytes.Compare(s.keys[i], from) >= 0 })
	for _, k := range s.keys[at:] {
		if !bytes.HasPrefix(k, prefix) || !each(k, nil) {
			return
		}
	}
}

// TestPageCostsAPage counts the looks that a page of 50 costs, of 1,000 uses and of 100,000: what
// the rows and the consumers come to, whatever the filter.
func TestPageCostsAPage(t *testing.T) {
	consumers := 40
	for what, filter := range map[string][]choice{
		"of two datasets":   {{"dataset-0", "dataset-1"}, nil, nil, nil},
		"by one agency":     {nil, nil, {"guiyang.guizhou"}, {"agency-7"}},
		"for one purpose":   {{"dataset-1"}, {"00000000"}, nil, nil},
		"of one of each":    {{"dataset-0"}, {"00000000"}, {"guiyang.guizhou"}, {"agency-7"}},
		"of a few that fit": {{"dataset-2"}, nil, nil, nil},
	} {
		var costs []int
		for _, n := range []int{1000, 100_000} {
			s := shelf{looks: new(int)}
			for i := range n {
				dataset := i % 2
				if i%(n/20) == 0 {
					dataset = 2 // twenty of it
				}
				s.keys = append(s.keys, usesBy.key(uint64(i), fmt.Sprintf("dataset-%d", dataset), "00000000", "guiyang.guizhou", fmt.Sprintf("agency-%d", i/2%consumers)))
			}
			slices.SortFunc(s.keys, bytes.Compare)
			w, err := usesBy.walk(s, uint64(n), filter...)
			if err != nil {
				t.Fatal(err)
			}
			for range 50 {
				if _, _, _, ok := w.next(); !ok {
					break
				}
			}
			costs = append(costs, *s.looks)
		}
		if most := 6*consumers + 60; costs[0] > most || costs[1] > most {
			t.Errorf("%s: a page of 1,000 uses costs %d looks, and of 100,000 %d", what, costs[0], costs[1])
		}
	}
}

// TestTooWide refuses a list that would have to look at more prefixes than it may.
func TestTooWide(t *testing.T) {
	s := shelf{looks: new(int)}
	for i := range maxStreams + 1 {
		s.keys = append(s.keys, usesBy.key(7, "dataset-0", "00000000", "guiyang.guizhou", fmt.Sprintf("agency-%05d", i)))
	}
	_, err := usesBy.walk(s, 9, nil, nil, nil, nil)
	refused(t, "too many agencies", err, "list-too-wide")
	if _, err := usesBy.walk(s, 9, nil, nil, nil, choice{"agency-00007"}); err != nil {
		t.Errorf("one of them: %v", err)
	}
}
