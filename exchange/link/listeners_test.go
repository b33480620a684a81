package link

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"xietong/certs/tlsconf"
)

// TestHostileListeners checks a dialler at a listener that answers a hello wrongly: no link comes
// up, and the dialler gets the reason.
func TestHostileListeners(t *testing.T) {
	hello := string(pad([]byte("hello from guiyang.guizhou")))
	for what, row := range map[string]struct {
		says []byte
		then func(s *quic.Stream)
		want string // of the error
	}{
		"silence":            {nil, func(*quic.Stream) {}, "deadline exceeded"},
		"no answer":          {nil, func(s *quic.Stream) { s.Close() }, "malformed frame: no answer"},
		"half a length":      {[]byte{0, 0}, func(s *quic.Stream) { s.Close() }, "malformed frame: a length"},
		"half a hello":       {frame(100, "hello"), func(s *quic.Stream) { s.Close() }, "malformed frame: 5 bytes of 100"},
		"half, and silence":  {frame(100, "hello"), func(*quic.Stream) {}, "deadline exceeded"},
		"a long hello":       {append(frame(MaxHello+1, ""), make([]byte, MaxHello+1)...), func(s *quic.Stream) { s.Close() }, "malformed frame: a hello of 0 bytes"},
		"4 GiB":              {frame(1<<32-1, "x"), func(s *quic.Stream) { s.Close() }, "malformed frame: 4294967295 bytes"},
		"two hellos":         {append(frame(leastHello, hello), frame(leastHello, hello)...), func(s *quic.Stream) { s.Close() }, "malformed frame: more than one answer"},
		"a reset":            {nil, func(s *quic.Stream) { abandon(s, CodeInternal) }, "ended: "},
		"a code of tomorrow": {nil, func(s *quic.Stream) { abandon(s, 99) }, "ended: "},
		"an endless hello":   {frame(leastHello, hello), func(*quic.Stream) {}, "deadline exceeded"},
	} {
		inWorld(t, func(w *world) {
			city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
			w.trust(city, county)
			w.open(county, false)
			end := w.listenRaw(city, func(s *quic.Stream) {
				s.Write(row.says)
				row.then(s)
			})
			var got error
			ctx, cancel := context.WithCancel(context.Background())
			began := time.Now()
			county.socket.Keep(ctx, county.dialler(city, func(err error) { got = err; cancel() }, func(tlsconf.Peer, bool) { t.Errorf("%s: a link is up", what) }))
			if got == nil || !strings.Contains(got.Error(), row.want) || time.Since(began) > firstFrameWithin+time.Second {
				t.Errorf("%s: got %v after %s, want %q", what, got, time.Since(began), row.want)
			}
			w.close(county)
			end()
		})
	}
}

// TestHostileAnswers checks that a malformed answer fails the exchange, costs no more memory than
// the bytes that were sent, and leaves the link up.
func TestHostileAnswers(t *testing.T) {
	inWorld(t, func(w *world) {
		city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
		w.trust(city, county)
		w.open(county, false)
		end := w.listenRaw(city, func(s *quic.Stream) {
			asked, err := io.ReadAll(s)
			switch {
			case err != nil:
				s.CancelWrite(0)
				return
			case bytes.HasPrefix(asked, frame(0, "")):
				s.Write(frame(leastHello, string(says(city))))
			case string(asked[4:]) == "4 GiB":
				s.Write(frame(1<<32-1, "x"))
			case string(asked[4:]) == "half":
				s.Write(frame(100, "x"))
			case string(asked[4:]) == "half a length":
				s.Write([]byte{0, 0, 0})
			case string(asked[4:]) == "endless":
				for err == nil {
					_, err = s.Write(frame(1, "x"))
				}
			}
			s.Close()
		})
		endKeep := county.keep(city, func(err error) { t.Errorf("got %v", err) })
		time.Sleep(time.Second)
		for _, what := range []string{"4 GiB", "half", "half a length"} {
			if got, err := county.ask(city, what); !errors.Is(err, ErrFrame) || got != "" {
				t.Errorf("%s: got %q, %v, want ErrFrame", what, got, err)
			}
		}
		enough, n := errors.New("enough"), 0
		err := county.socket.Exchange(context.Background(), county.name, city.name, []byte("endless"), func([]byte) error {
			if n++; n == 10 {
				return enough
			}
			return nil
		})
		if !errors.Is(err, enough) {
			t.Errorf("an endless answer: got %v", err)
		}
		if got, err := county.ask(city, "nothing"); err != nil || got != "" || county.dialled.Load() != 1 {
			t.Errorf("afterwards: got %q, %v; dialled %d times", got, err, county.dialled.Load())
		}
		endKeep()
		w.close(county)
		end()
	})
}

// listenRaw listens as the party and answers each stream with the function.
func (w *world) listenRaw(p *party, answer func(*quic.Stream)) (end func()) {
	w.t.Helper()
	w.plug(p)
	transport := &quic.Transport{Conn: p.wire}
	listener, err := transport.Listen(p.listen(), quicConfig(guestWindow))
	if err != nil {
		w.t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			q, err := listener.Accept(context.Background())
			if err != nil {
				return
			}
			wg.Go(func() {
				for {
					s, err := q.AcceptStream(context.Background())
					if err != nil {
						return
					}
					wg.Go(func() { answer(s) })
				}
			})
		}
	})
	return func() {
		listener.Close()
		transport.Close()
		wg.Wait()
		p.wire.Close()
	}
}
