package join

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
	"xietong/exchange/link"
	"xietong/node/text"
)

// door opens the party's door on a loopback address.
func (p *party) door(t *testing.T, alarms *[]text.Code) net.Addr {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return p.clock() }
	local := tlsconf.Local{Party: tlsconf.Party{SVID: authority.NewSource(p.keys, now), Bundles: &tlsconf.Bundles{}, Now: now}}
	d := doorOf(p, alarms)
	s, err := link.Open(conn, link.Options{
		Listen: tlsconf.Listen(func(j identity.Jurisdiction) (tlsconf.Local, bool) { return local, j == p.Name() }, now),
		Knock: func(ctx context.Context, _ identity.Jurisdiction, binding [32]byte, frame []byte) ([]byte, error) {
			return d.Answer(ctx, binding, frame)
		},
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), conn.Close()); err != nil {
			t.Error(err)
		}
	})
	return conn.LocalAddr()
}

// TestJoinOverQUIC joins over a real socket: the child knows a pin and an address, shows no certificate, and judges the
// parent's once it has learned its key sets.
func TestJoinOverQUIC(t *testing.T) {
	city, imposter, county := newParty(t, "guiyang.guizhou"), newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou")
	city.invite(t, county, "one", false)
	var alarms []text.Code
	own, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := link.Open(own, link.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := errors.Join(s.Close(), own.Close()); err != nil {
			t.Error(err)
		}
	}()
	dial := func(addr net.Addr) Line {
		c, err := s.Dial(t.Context(), addr, tlsconf.DialJoin(city.Name()))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close(link.CodeClosing) })
		return Line{c}
	}
	pin, err := city.Pin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Meet(t.Context(), dial(imposter.door(t, &alarms)), pin, pin, city.clock()); code(err) != text.ParentMismatch {
		t.Errorf("an imposter: got %v, want %s", err, text.ParentMismatch)
	}

	line := dial(city.door(t, &alarms))
	chain, err := Meet(t.Context(), line, pin, pin, city.clock())
	if err != nil {
		t.Fatal(err)
	}
	learned := &tlsconf.Bundles{}
	if err := learned.Set(chain[len(chain)-1].KeySets); err != nil {
		t.Fatal(err)
	}
	if err := tlsconf.VerifyServer(line.TLS(), learned, city.Name(), county.clock()); err != nil {
		t.Errorf("the parent's certificate: %v", err)
	}
	if offset, err := Offset(t.Context(), line, time.Now); err != nil || offset.Abs() > time.Minute {
		t.Errorf("offset: got %s, %v", offset, err)
	}
	bring := county.bring(t, "one")
	elsewhere := bring.Possession // made for another connection
	if _, _, err := Ask(t.Context(), line, bring); code(err) != text.NotPossessed {
		t.Errorf("a signature for another connection: got %v, want %s", err, text.NotPossessed)
	}
	binding, err := line.Binding()
	if err != nil {
		t.Fatal(err)
	}
	bring.Possession = county.keys.SignLog(PossessionInput(binding, SecretHash(bring.Secret)))
	if string(bring.Possession) == string(elsewhere) {
		t.Error("the binding is the same on every connection")
	}
	levels, _, err := Ask(t.Context(), line, bring)
	if err != nil {
		t.Fatal(err)
	}
	got, err := county.SetAbove(t.Context(), pin, levels)
	if err != nil || len(got) != 2 || got[1].Endorsement.Pin() != mustPin(t, county) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func mustPin(t *testing.T, p *party) trust.Pin {
	t.Helper()
	pin, err := p.Pin()
	if err != nil {
		t.Fatal(err)
	}
	return pin
}
