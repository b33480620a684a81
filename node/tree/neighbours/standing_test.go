package neighbours

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"xietong/certs/tlsconf"
	"xietong/certs/trust"
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
