package neighbours

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/ground/host"
	"xietong/node/tree/door"
)

// taped keeps the answers that come over a way.
type taped struct {
	way
	answers *[][]byte
}

func (a taped) Exchange(ctx context.Context, frame []byte) ([]byte, error) {
	answer, err := a.way.Exchange(ctx, frame)
	*a.answers = append(*a.answers, bytes.Clone(answer))
	return answer, err
}

// replayed gives one answer to whatever is asked.
type replayed struct{ answer []byte }

func (r replayed) Exchange(context.Context, []byte) ([]byte, error) { return r.answer, nil }

// TestOldChainIsNotTakenAgain (S14l): the keys of a city were stolen and revoked, and its county
// knows. Whoever stands at the city's address, with the stolen keys, gives the county the answer of
// the day before: the revoked keys do not count again, and it is an alarm.
func TestOldChainIsNotTakenAgain(t *testing.T) {
	c := newClock()
	city, county := newParty(t, "guiyang.guizhou", c), newParty(t, "nanming.guiyang.guizhou", c)
	joinTo(t, city, county, c)
	var answers [][]byte
	over := door.Asker(taped{way{city, county.Name()}, &answers})
	county.upkeep.o.Reach = func(context.Context, identity.Jurisdiction) (door.Asker, func(), error) { return over, func() {}, nil }
	round := func() error {
		county.upkeep.Poke()
		return county.upkeep.round(t.Context())
	}
	counts := func() (numbers []uint64) {
		n, _ := county.table.Known(city.Name())
		for _, k := range trust.At(n.KeySets, c.Now()) {
			numbers = append(numbers, k.Number)
		}
		return numbers
	}
	if err := round(); err != nil {
		t.Fatal(err)
	}
	old := answers[0]
	id, err := identity.NewMessage()
	if err == nil {
		_, err = city.NewKeys(t.Context(), id, host.Change{Revoke: true})
	}
	if err == nil {
		err = city.RenewKeys(t.Context(), func(uint64) bool { return true })
	}
	if err == nil {
		err = round()
	}
	if got := counts(); err != nil || len(got) != 1 || got[0] != 2 {
		t.Fatalf("after the revocation key sets %v count, %v", got, err)
	}
	c.pass(24 * time.Hour)
	over = replayed{old}
	if err := round(); !errors.Is(err, host.ErrNotAbove) {
		t.Errorf("the answer of a day ago: got %v, want %v", err, host.ErrNotAbove)
	}
	if got := counts(); len(got) != 1 || got[0] != 2 {
		t.Errorf("after the answer of a day ago key sets %v count", got)
	}
	if !strings.Contains(county.log.String(), "parent-keys-old") {
		t.Errorf("no alarm: %s", county.log)
	}
}

// TestStrangerAtTheDoor (S11c): who stands at the address of the parent's door, and does not prove
// itself, is asked nothing, raises no alarm and ends none.
func TestStrangerAtTheDoor(t *testing.T) {
	c := newClock()
	city, county := newParty(t, "guiyang.guizhou", c), newParty(t, "nanming.guiyang.guizhou", c)
	joinTo(t, city, county, c)
	stranger := errors.New("another certificate")
	asked := 0
	county.upkeep.o.Reach = func(context.Context, identity.Jurisdiction) (door.Asker, func(), error) {
		asked++
		return replayed{nil}, func() {}, nil
	}
	county.upkeep.o.Proves = func(context.Context, door.Asker, identity.Jurisdiction) error { return stranger }
	county.table.Alarm(city.Name(), "key-sets-forked", nil)
	county.upkeep.Poke()
	if err := county.upkeep.round(t.Context()); !errors.Is(err, stranger) || asked != 1 {
		t.Errorf("got %v after %d connections, want %v", err, asked, stranger)
	}
	if _, alarmed := county.table.Alarmed(city.Name()); !alarmed {
		t.Error("the true alarm has ended")
	}
	if n := strings.Count(county.log.String(), "needs a look"); n != 1 {
		t.Errorf("%d alarms: %s", n, county.log)
	}
}
