package neighbours

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
	"xietong/node/ground/host"
	"xietong/node/tree"
	"xietong/node/tree/door"
)

// TestStandingInHello: a child fetches its standing every five minutes and shows it in hello. Its
// own child takes only one that is proven and of the parent, and is told when it becomes old (S09).
func TestStandingInHello(t *testing.T) {
	c := newClock()
	province, city, county := newParty(t, "guizhou", c), newParty(t, "guiyang.guizhou", c), newParty(t, "nanming.guiyang.guizhou", c)
	joinTo(t, province, city, c)
	joinTo(t, city, county, c)
	if bytes.Contains(province.table.Hello(), []byte("guizhou")) {
		t.Error("a root shows a standing")
	}
	round := func(p *party) {
		t.Helper()
		if err := p.upkeep.round(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	round(city)
	round(county)
	peer := tlsconf.Peer{Jurisdiction: city.Name(), Replica: city.Replica()}
	asOf := func(said []byte) time.Time {
		t.Helper()
		if err := county.table.Greet(peer, said); err != nil {
			t.Fatal(err)
		}
		heard, _ := county.table.LastHello(city.Name())
		return heard.AsOf
	}
	first := asOf(city.table.Hello())
	if c.Now().Sub(first).Abs() > time.Minute {
		t.Errorf("as of %s, want now, %s", first, c.Now())
	}
	c.pass(presentEvery + time.Second)
	round(city)
	if later := asOf(city.table.Hello()); later.Sub(first) < presentEvery {
		t.Errorf("as of %s, five minutes after %s", later, first)
	}
	true := city.table.self.standing
	for what, standing := range map[string][]byte{"none": {}, "nonsense": {1}, "another's": county.table.self.standing, "altered": append(bytes.Clone(true[:len(true)-1]), true[len(true)-1]^1)} {
		city.table.self.standing = standing
		if at := asOf(city.table.Hello()); !at.IsZero() {
			t.Errorf("%s was taken, as of %s", what, at)
		}
	}
	city.table.self.standing = make([]byte, trust.MaxStandingLen+1)
	if err := county.table.Greet(peer, city.table.Hello()); err == nil {
		t.Error("a standing that is too long was taken")
	}
	city.table.self.standing = true
	c.pass(oldAfter + time.Minute)
	asOf(city.table.Hello())
	asOf(city.table.Hello())
	if n := strings.Count(county.log.String(), "standing of parent is old"); n != 1 {
		t.Errorf("told %d times that the standing is old, want once", n)
	}
}

// TestRevokedStandingIsAskedAgain (A12b): the parent revokes its keys, and its answer holds a
// standing that they signed a moment before. The child asks again at once, and where that does not
// help, later; it does not accuse the parent of other key sets.
func TestRevokedStandingIsAskedAgain(t *testing.T) {
	for _, row := range []struct {
		stale, asked int // answers with the old standing; answers in all
		taken        bool
	}{{1, 2, true}, {2, 2, false}} {
		c := newClock()
		city, county := newParty(t, "guiyang.guizhou", c), newParty(t, "nanming.guiyang.guizhou", c)
		joinTo(t, city, county, c)
		old, err := city.door().Say(t.Context(), county.Name().Label())
		if err != nil {
			t.Fatal(err)
		}
		id, err := identity.NewMessage()
		if err == nil {
			_, err = city.NewKeys(t.Context(), id, host.Change{Revoke: true})
		}
		if err == nil {
			err = city.RenewKeys(t.Context(), func(uint64) bool { return true })
		}
		if err != nil || city.KeysInUse() != 2 {
			t.Fatalf("got %v; in use are keys %d, want 2", err, city.KeysInUse())
		}
		asked, at := 0, city.door()
		say := at.Say
		at.Say = func(ctx context.Context, child identity.Label) (tree.Said, error) {
			said, err := say(ctx, child)
			if asked++; asked <= row.stale {
				said.Standing = old.Standing
			}
			return said, err
		}
		county.upkeep.o.Reach = func(context.Context, identity.Jurisdiction) (door.Asker, func(), error) {
			return answering{at, county.Name()}, func() {}, nil
		}
		if err := county.upkeep.round(t.Context()); (err == nil) != row.taken || asked != row.asked {
			t.Errorf("%d stale answers: got %v after %d, want %d", row.stale, err, asked, row.asked)
		}
		if strings.Contains(county.log.String(), "key-sets-forked") {
			t.Errorf("%d stale answers: the parent is accused: %s", row.stale, county.log)
		}
	}
}

// answering is a link to a door in the same process.
type answering struct {
	at    door.Door
	child identity.Jurisdiction
}

func (a answering) Exchange(ctx context.Context, frame []byte) ([]byte, error) {
	answer, _, err := a.at.AnswerNeighbour(ctx, a.child, frame)
	return answer, err
}
