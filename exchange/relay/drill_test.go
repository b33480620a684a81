package relay

import (
	"errors"
	"testing"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
)

// TestDrill: a destination that checks signatures refuses a drill, over any number of hops; a
// destination that does not gives ErrTaken; and no operation runs.
func TestDrill(t *testing.T) {
	w := newWide(t)
	r, err := identity.NewReplica(1)
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := authority.NewStranger(name(t, county), r, today)
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []string{city, farCounty} {
		for reason, by := range map[string]envelope.Signer{badSignature: nil, UnknownKey: stranger} {
			p, err := w.relays[county].Drill(t.Context(), newID(t), name(t, to), by)
			if err != nil || p.At != name(t, to) || Code(p.Code) != MessageRefused || p.Args[0] != county || p.Args[1] != reason {
				t.Errorf("to %s: got %+v, %v, want refused for %q", to, p, err, reason)
			}
		}
	}
	if _, err := w.relays[county].Drill(t.Context(), newID(t), name(t, farCounty), w.keys[county]); !errors.Is(err, ErrTaken) {
		t.Errorf("a stranger that is none: got %v, want ErrTaken", err)
	}
	if _, err := w.relays[county].Drill(t.Context(), newID(t), name(t, county), nil); err == nil || errors.Is(err, ErrTaken) {
		t.Errorf("oneself: got %v", err)
	}
	w.broken = link.ErrNoLink
	_, err = w.relays[county].Drill(t.Context(), newID(t), name(t, city), nil)
	wantProblem(t, "a broken link", err, county, Unreachable, city, NoLink)
	if len(w.served) > 0 {
		t.Errorf("%d drills were served", len(w.served))
	}
}
