package witnessing

import (
	"context"
	"slices"
	"testing"

	"xietong/node/ground/text"
)

// asksAbove runs LinksAbove until the test ends it.
func (p *place) asksAbove() (end func()) {
	ctx, cancel := context.WithCancel(p.w.t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); p.desk.LinksAbove(ctx) }()
	return func() { cancel(); <-ended }
}

// TestHostedSetBackWhole (A23-1, C44): a place on its parent's node is set back with every file in
// its place, so that nothing is in question at its start. Nothing that comes over the node's own
// links is answered before the level above has said what it keeps, and that puts it in question.
// One that lost nothing goes on.
func TestHostedSetBackWhole(t *testing.T) {
	for _, back := range []bool{true, false} {
		w := newWorld(t, three...)
		province, city, county := w.at(three[0]), w.at(three[1]), w.at(three[2])
		w.hosts(three[1:]...)
		county.does(4)
		for range 4 {
			w.round()
		}
		backup := county.copied()
		if back {
			county.does(4)
			for range 4 {
				w.round()
			}
			county.becomes(backup)
		}
		if county.Questioned() != nil {
			t.Fatal("in question at its start")
		}
		province.down.Store(true)
		end := county.asksAbove()
		if err := county.desk.ComparedAbove(t.Context(), city.name); code(err) != text.AboveUnheard {
			t.Errorf("set back %t, before the level above said it: got %v, want %s", back, err, text.AboveUnheard)
		}
		if text.OwnAlone(text.AboveUnheard) {
			t.Error("whoever asks is not told the refusal of another node")
		}
		if err := county.desk.ComparedAbove(t.Context(), province.name); err != nil {
			t.Errorf("over a link to another node: %v", err)
		}
		end()
		province.down.Store(false)
		asked := 0
		province.answers = func(operation string, content []byte) []byte {
			if operation == string(operationHeads) {
				asked++
			}
			return content
		}
		county.desk.LinkedAbove()
		end = county.asksAbove()
		err := county.desk.ComparedAbove(t.Context(), city.name)
		if questioned := county.Questioned() != nil; err != nil || questioned != back {
			t.Errorf("set back %t: got %v, in question %t", back, err, questioned)
		}
		if !back && asked > 2 { // the last piece, and that there is no more
			t.Errorf("nothing is lost, and heads were asked for %d times", asked)
		}
		end()
	}
}

// TestHeadsApart (A23-1, C44): city and county are set back whole; the city goes on in a new epoch,
// and the county signs others under the names of lost entries. The province takes no heads of that,
// says so, and the county asks it.
func TestHeadsApart(t *testing.T) {
	w := newWorld(t, three...)
	province, city, county := w.at(three[0]), w.at(three[1]), w.at(three[2])
	w.hosts(three[1:]...)
	county.does(4)
	rounds := func(n int) {
		for range n {
			w.round()
		}
	}
	rounds(4)
	cityBefore, countyBefore := city.copied(), county.copied()
	county.does(4)
	rounds(4)
	city.becomes(cityBefore)
	county.becomes(countyBefore)
	city.rewrites(province, city.size())
	county.does(9)
	rounds(6)
	found := province.findings()
	if !slices.ContainsFunc(found, func(f Finding) bool { return f.Apart && f.About == city.name && f.Log == county.Log() }) {
		t.Errorf("the province finds %+v", found)
	}
	if made, due, _ := county.desk.upward.due(); made < 2 || !due {
		t.Errorf("the county is to ask the level above %d times", made)
	}
	end := county.asksAbove()
	defer end()
	if err := county.desk.ComparedAbove(t.Context(), city.name); err != nil || county.Questioned() == nil {
		t.Errorf("the county is in question %v, %v", county.Questioned(), err)
	}
}
