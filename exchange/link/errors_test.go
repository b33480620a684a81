package link

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"xietong/certs/tlsconf"
)

// TestReasons checks the reasons of errors of QUIC, and which errors are retryable.
func TestReasons(t *testing.T) {
	app := func(code Code, remote bool) error {
		return &quic.ApplicationError{ErrorCode: quic.ApplicationErrorCode(code), Remote: remote}
	}
	alert := func(n int, remote bool) error {
		return &quic.TransportError{ErrorCode: quic.TransportErrorCode(0x100 + n), Remote: remote}
	}
	for _, row := range []struct {
		err       error
		reason    Reason
		retryable bool
	}{
		{&quic.HandshakeTimeoutError{}, NoAnswer, true},
		{&quic.IdleTimeoutError{}, NoAnswer, true},
		{&quic.StatelessResetError{}, Restarted, true},
		{app(CodeClosing, true), Ended, true},
		{app(CodeRefused, true), Refused, false},
		{app(CodeMalformed, true), Broken, false},
		{app(CodeBusy, true), Busy, true},
		{app(CodeReplaced, true), Ended, true},
		{app(CodeWithdrawn, true), NotKnown, true},
		{app(CodeWithdrawn, false), NotTrusted, true},
		{app(99, true), Ended, true},
		{&quic.StreamError{ErrorCode: quic.StreamErrorCode(CodeBusy), Remote: true}, Busy, true},
		{&quic.TransportError{ErrorCode: quic.ConnectionRefused, Remote: true}, Busy, true},
		{&quic.TransportError{ErrorCode: quic.ProtocolViolation, Remote: true}, Broken, true},
		{alert(120, true), OtherVersion, true},
		{alert(80, true), NotHosted, true},
		{alert(90, true), Busy, true},
		{alert(42, true), NotKnown, true},
		{alert(42, false), NotTrusted, true},
		{tlsconf.ErrIdentity, NotTrusted, true},
		{tlsconf.ErrNotNeighbour, NotTrusted, true},
		{errors.New("something"), Broken, true},
	} {
		got, ok := errors.AsType[*Error](explain(fmt.Errorf("dial: %w", row.err)))
		if !ok || got.Reason != row.reason || got.Retryable != row.retryable || !errors.Is(got, row.err) {
			t.Errorf("%v: got %+v, want %s, %t", row.err, got, row.reason, row.retryable)
		}
		if again := explain(got); again != error(got) {
			t.Errorf("%v: explained twice", row.err)
		}
	}
	if explain(nil) != nil {
		t.Error("nothing is explained")
	}
}

// TestWhyBusy checks that a client over a bound of the gate is told Busy, and gets in when there is
// room.
func TestWhyBusy(t *testing.T) {
	for _, k := range []kind{shaking, knocking} {
		inWorld(t, func(w *world) {
			city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
			w.trust(city, county)
			w.open(city, true)
			w.open(county, false)
			var others []source
			for n := 0; city.socket.gate.held(k) < most[strangers][k]; n++ {
				s := sourceOf(from("198.51.%d.%d:1", n>>8, n&0xff))
				for city.socket.gate.take(k, s, time.Now()) {
					others = append(others, s)
				}
			}
			if err := county.knock(city); reason(err) != Busy {
				t.Errorf("at the door: got %v, want %s", err, Busy)
			}
			dials := county.dialler(city, func(error) {}, nil)
			l, err := county.socket.connect(context.Background(), dials, nil, nil)
			if want := map[kind]Reason{shaking: Busy, knocking: ""}[k]; reason(err) != want {
				t.Errorf("a neighbour: got %v, want %q", err, want)
			}
			if err == nil {
				l.conn.Close(CodeClosing)
				county.socket.leave(l.conn)
			}
			for _, s := range others {
				city.socket.gate.give(k, s)
			}
			time.Sleep(10 * time.Second) // the burst comes back meanwhile
			if err := county.knock(city); err != nil {
				t.Errorf("at the door, when there is room: %v", err)
			}
			if l, err = county.socket.connect(context.Background(), dials, nil, nil); err != nil {
				t.Errorf("a neighbour, when there is room: %v", err)
			} else {
				l.conn.Close(CodeClosing)
			}
			w.close(county, city)
		})
	}
}

// TestStrangeHandshakes checks that other handshakes are refused, with the reason that such a
// handshake usually has.
func TestStrangeHandshakes(t *testing.T) {
	inWorld(t, func(w *world) {
		city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
		w.trust(city, county)
		w.open(city, true)
		w.open(county, false)
		for what, row := range map[string]struct {
			edit func(*tlsconf.Config)
			want Reason
		}{
			"the web":                {func(c *tlsconf.Config) { c.NextProtos = []string{"h3"} }, OtherVersion},
			"no protocol":            {func(c *tlsconf.Config) { c.NextProtos = nil }, OtherVersion},
			"a name that is none":    {func(c *tlsconf.Config) { c.ServerName = "guizhou..cn" }, NotHosted},
			"no name":                {func(c *tlsconf.Config) { c.ServerName = "" }, NotHosted}, // QUIC takes the address as the name
			"a jurisdiction of else": {func(c *tlsconf.Config) { c.ServerName = "zunyi.guizhou" }, NotHosted},
			"no certificate":         {func(c *tlsconf.Config) { c.GetClientCertificate = nil }, NotKnown},
		} {
			d := county.dialler(city, nil, nil)
			d.TLS = func() *tlsconf.Config { c := county.Dial(city.name); row.edit(c); return c }
			if _, err := county.socket.connect(context.Background(), d, nil, nil); reason(err) != row.want {
				t.Errorf("%s: got %v, want %s", what, err, row.want)
			}
		}
		if got := city.socket.gate.held(shaking); got != 0 {
			t.Errorf("%d handshakes are held", got)
		}
		w.close(county, city)
	})
}
