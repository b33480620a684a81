package node

import (
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestHostileAgencies: a county whose grant was revoked asks again as another agency of its own,
// and as one that it made up. Neither is served, nothing is written, and the city's operator is
// told of both.
func TestHostileAgencies(t *testing.T) {
	s := newScene(t)
	question := client.Query{At: "guiyang.guizhou", Dataset: "villages", Key: "520102016001", Use: use}
	got, err := s.county.water.Query(t.Context(), question)
	if err != nil {
		t.Fatal(err)
	}
	must(t)(s.city.civil.RevokeGrant(t.Context(), indexOf(t, got.Grant), client.Revocation{Reason: "超范围使用"}))
	before := s.city.kinds(t)
	_, err = s.county.civil.Query(t.Context(), question)
	refused(t, err, text.NoGrantByRule)
	s.city.log.wait(t, "level=ERROR", "asked again after a revocation", "agency=spiffe://nanming.guiyang.guizhou/agency/civil-affairs")
	in := s.insider(t)
	s.county.stop()
	l := in.letter(t)
	l.call.Agency = mustLabel(t, "not-registered-anywhere")
	if got := in.ask(t, in.link(t), l.frame(t)); !strings.HasPrefix(got, "agency-not-listed|not-registered-anywhere|") {
		t.Errorf("a code that nobody registered: got %s", got)
	}
	s.city.log.wait(t, "level=ERROR", "not listed", "agency=spiffe://nanming.guiyang.guizhou/agency/not-registered-anywhere")
	s.city.grew(t, before, nil)
	s.sound(t)
}
