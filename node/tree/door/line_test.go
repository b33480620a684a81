package door

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
	"xietong/exchange/link"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/treetest"
)

// openDoor opens the party's door on a loopback address.
func openDoor(t *testing.T, p *treetest.Party, alarms *[]text.Code) net.Addr {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	now := func() time.Time { return p.Clock() }
	local := tlsconf.Local{Party: tlsconf.Party{SVID: authority.NewSource(p.Keys, now), Bundles: &tlsconf.Bundles{}, Now: now}}
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

// TestJoinOverQUIC joins over a real socket. The child knows a pin and an address, shows no
// certificate, and judges the parent's certificate once it has learned the parent's key sets.
func TestJoinOverQUIC(t *testing.T) {
	city, imposter, county := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	city.Invite(t, county, "one", false)
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
	if _, err := Meet(t.Context(), dial(openDoor(t, imposter, &alarms)), pin, pin, city.Clock()); treetest.Code(err) != text.ParentMismatch {
		t.Errorf("an imposter: got %v, want %s", err, text.ParentMismatch)
	}

	line := dial(openDoor(t, city, &alarms))
	chain, err := Meet(t.Context(), line, pin, pin, city.Clock())
	if err != nil {
		t.Fatal(err)
	}
	learned := &tlsconf.Bundles{}
	if err := learned.Set(chain[len(chain)-1].Believed()); err != nil {
		t.Fatal(err)
	}
	if err := tlsconf.VerifyServer(line.TLS(), learned, city.Name(), county.Clock()); err != nil {
		t.Errorf("the parent's certificate: %v", err)
	}
	if offset, err := Offset(t.Context(), line, time.Now); err != nil || offset.Abs() > time.Minute {
		t.Errorf("offset: got %s, %v", offset, err)
	}
	bring := county.Bring(t, "one")
	elsewhere := bring.Possession // made for another connection
	if _, _, err := Ask(t.Context(), line, bring); treetest.Code(err) != text.NotPossessed {
		t.Errorf("a signature for another connection: got %v, want %s", err, text.NotPossessed)
	}
	binding, err := line.Binding()
	if err != nil {
		t.Fatal(err)
	}
	bring.Possession = county.Keys.SignLog(tree.PossessionInput(binding, tree.SecretHash(bring.Secret)))
	if string(bring.Possession) == string(elsewhere) {
		t.Error("the binding is the same on every connection")
	}
	levels, _, err := Ask(t.Context(), line, bring)
	if err != nil {
		t.Fatal(err)
	}
	got, err := county.SetAbove(t.Context(), pin, levels)
	if err != nil || len(got) != 2 || got[1].Endorsement.Pin() != county.MustPin(t) {
		t.Errorf("got %+v, %v", got, err)
	}
}
