package join

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"xietong/certs/authority"
	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/exchange/link"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
	"xietong/node/tree/invitation"
	"xietong/node/tree/treetest"
)

// TestWhoeverAnswers (A40): somebody who answers at the parent's address refuses the time, or the
// chain, with codes from the whole table and with values of its choice. Whoever joins reads that
// nothing is proven, and one of a few words; no sentence and no command of the other.
func TestWhoeverAnswers(t *testing.T) {
	const bait = "xietong keys revoke --yes"
	city := treetest.New(t, "guiyang.guizhou")
	pin := city.MustPin(t)
	codes := []uint64{1<<16 - 1, 1 << 40}
	for _, c := range []text.Code{text.Busy, text.Internal, text.GrantNeeded, text.StateDamaged, text.ParentMismatch, text.ClockApart} {
		codes = append(codes, uint64(text.Number(c)))
	}
	for n := uint64(1); n < 600; n += 17 { // a connection takes some hundred requests
		codes = append(codes, n)
	}
	var code, refused atomic.Uint64 // which operation is refused, and with what
	line := knocks(t, city, func(frame []byte) ([]byte, error) {
		if uint64(frame[1]) != refused.Load() {
			return canon.Marshal([]any{0, []string{}, encoded(t, city.Clock().UnixMilli())})
		}
		name := text.ByNumber(uint16(code.Load()))
		values := text.Values(name, text.Args{})
		for i := range values {
			values[i] = bait
		}
		return canon.Marshal([]any{code.Load(), append([]string{}, values...), []byte{}})
	})
	a := &attempt{line: line, t: invitation.Token{Parent: pin, Root: pin}, o: Options{Now: city.Clock}}
	for _, operation := range []uint64{1, 2} {
		refused.Store(operation)
		for _, with := range codes {
			code.Store(with)
			err := a.meet(t.Context())
			f, ok := errors.AsType[*text.Failure](err)
			if !ok || f.Code != text.ParentUnproven || !slices.Contains([]string{"busy", "fails inside", "refuses before its proof"}, f.Args["reason"]) {
				t.Fatalf("operation %d refused with %d: got %v", operation, with, err)
			}
			if told := text.Explain(text.En, f.Code, f.Args); strings.Contains(told.What+told.Where+told.Do+err.Error(), "revoke") {
				t.Errorf("operation %d refused with %d: told %+v", operation, with, told)
			}
		}
	}
	if _, _, err := VerifyDoor(t.Context(), line, pin, city.Name(), city.Clock()); text.AsFailure(err).Code != text.ParentUnproven {
		t.Errorf("a joined one looks whom it reached: got %v", err)
	}
}

// knocks opens a door at which the function answers, and returns a connection to it.
func knocks(t *testing.T, p *treetest.Party, answer func(frame []byte) ([]byte, error)) door.Line {
	t.Helper()
	return knocksBound(t, p, func(_ [32]byte, frame []byte) ([]byte, error) { return answer(frame) })
}

// knocksBound is knocks for an answer that looks at what binds it to its connection.
func knocksBound(t *testing.T, p *treetest.Party, answer func(binding [32]byte, frame []byte) ([]byte, error)) door.Line {
	t.Helper()
	open := func(o link.Options) (*link.Socket, net.Addr) {
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		o.Logger = slog.New(slog.DiscardHandler)
		s, err := link.Open(conn, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := errors.Join(s.Close(), conn.Close()); err != nil {
				t.Error(err)
			}
		})
		return s, conn.LocalAddr()
	}
	now := func() time.Time { return p.Clock() }
	local := tlsconf.Local{Party: tlsconf.Party{SVID: authority.NewSource(p.Keys, now), Bundles: &tlsconf.Bundles{}, Now: now}}
	_, addr := open(link.Options{
		Listen: tlsconf.Listen(func(j identity.Jurisdiction) (tlsconf.Local, bool) { return local, j == p.Name() }, now),
		Knock: func(_ context.Context, _ identity.Jurisdiction, binding [32]byte, frame []byte) ([]byte, error) {
			return answer(binding, frame)
		},
	})
	own, _ := open(link.Options{})
	line, err := DialDoor(t.Context(), own, []net.Addr{addr}, p.Name())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { line.Conn.Close(link.CodeClosing) })
	return line
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	data, err := canon.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
