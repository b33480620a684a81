package link

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"xietong/certs/tlsconf"
)

// TestHostileStreams checks that a linked neighbour can harm only its own streams.
func TestHostileStreams(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		for what, row := range map[string]struct {
			says []byte
			want Code
		}{
			"4 GiB":          {frame(1<<32-1, "x"), CodeMalformed},
			"two requests":   {append(frame(2, "hi"), frame(2, "ho")...), CodeMalformed},
			"half a request": {frame(3, "hi"), CodeMalformed},
			"nothing":        {[]byte{}, CodeMalformed},
		} {
			s := county.stream(t, city)
			if _, err := s.Write(row.says); err != nil {
				t.Fatal(err)
			}
			s.Close()
			_, err := io.ReadAll(s)
			if e, ok := errors.AsType[*quic.StreamError](err); !ok || Code(e.ErrorCode) != row.want {
				t.Errorf("%s: got %v, want code %d", what, err, row.want)
			}
		}
		if err := county.socket.Exchange(context.Background(), county.name, city.name, nil, nil); !errors.Is(err, ErrFrame) {
			t.Errorf("an empty request: got %v, want ErrFrame", err)
		}
		if got, err := county.ask(city, "still"); err != nil || got != "nanming said still" {
			t.Errorf("afterwards: got %q, %v", got, err)
		}
	})
}

// TestSlowStreams checks that a request which comes in too slowly is given up, and that a long
// request over a slow line is not.
func TestSlowStreams(t *testing.T) {
	for what, row := range map[string]struct {
		length   int // the promised length
		first    int // bytes sent at once
		each     int // bytes sent each second
		finished bool
		within   time.Duration
	}{
		"half a length, and no more":          {0x00ffffff, -2, 0, false, firstFrameWithin},
		"nothing after the length":            {100, 0, 0, false, firstFrameWithin},
		"one byte a second":                   {1000, 0, 1, false, firstFrameWithin},
		"all but the end":                     {1000, 1000, 0, false, firstFrameWithin},
		"a long frame, one byte a second":     {MaxFrame, 0, 1, false, firstFrameWithin + 64*time.Second},
		"a long frame, and then nothing":      {MaxFrame, MaxFrame / 2, 0, false, firstFrameWithin + 64*time.Second},
		"a long frame over a slow line":       {MaxFrame - 100, 0, 16 << 10, true, firstFrameWithin + 64*time.Second},
		"a short frame over a very slow line": {1000, 0, 250, true, firstFrameWithin},
	} {
		linked(t, func(_ *world, city, county *party) {
			s := county.stream(t, city)
			began := time.Now()
			said := make(chan struct{})
			go func() {
				defer close(said)
				says := append(frame(uint32(row.length), ""), make([]byte, row.length)...)
				n, err := s.Write(says[:4+row.first])
				for err == nil && row.each > 0 && n < len(says) {
					time.Sleep(time.Second)
					more := 0
					more, err = s.Write(says[n:min(len(says), n+row.each)])
					n += more
				}
				if row.finished {
					s.Close()
				}
			}()
			got, err := io.ReadAll(s)
			took := time.Since(began)
			e, ok := errors.AsType[*quic.StreamError](err)
			switch {
			case row.finished && (err != nil || len(got) == 0 || took > row.within+time.Second):
				t.Errorf("%s: got %d bytes, %v after %s, want an answer", what, len(got), err, took)
			case !row.finished && (!ok || Code(e.ErrorCode) != CodeSilent || took.Round(time.Second) != row.within):
				t.Errorf("%s: got %v after %s, want code %d after %s", what, err, took, CodeSilent, row.within)
			}
			<-said
			if _, err := county.ask(city, "still"); err != nil {
				t.Errorf("%s: afterwards: %v", what, err)
			}
		})
	}
}

// TestAbandonedStreams checks that streams which were opened and then left alone, in any way, hold
// room for seconds only.
func TestAbandonedStreams(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		city.serve = func(ctx context.Context, _ tlsconf.Peer, request []byte, write func([]byte) error) error {
			if string(request) == "wait" {
				<-ctx.Done()
				return context.Cause(ctx)
			}
			return write(make([]byte, MaxFrame))
		}
		for what, leave := range map[string]func(s *quic.Stream){
			"reset at once":           func(s *quic.Stream) { s.CancelWrite(0); s.CancelRead(0) },
			"reset after half a word": func(s *quic.Stream) { s.Write([]byte{0, 0}); s.CancelWrite(0); s.CancelRead(0) },
			"only its end":            func(s *quic.Stream) { s.Close(); s.CancelRead(0) },
			"half a word":             func(s *quic.Stream) { s.Write([]byte{0, 0}); s.CancelRead(0) },
			"given up while served": func(s *quic.Stream) {
				s.Write(frame(4, "wait"))
				s.Close()
				time.Sleep(time.Millisecond)
				s.CancelRead(0)
			},
			"never read":         func(s *quic.Stream) { s.Write(frame(4, "much")); s.Close() },
			"read only at first": func(s *quic.Stream) { s.Write(frame(4, "much")); s.Close(); s.Read(make([]byte, 10)) },
		} {
			for range 128 { // who reads nothing gets no answer to its hello either, and dials anew
				leave(county.stream(t, city))
			}
			time.Sleep(takenWithin + ofLinks.longer(MaxFrame) + firstFrameWithin)
			if open := city.link(county).conn.underWay(); open != 0 {
				t.Errorf("%s: %d are still under way", what, open)
			}
			if got, err := county.ask(city, "much"); err != nil || len(got) != MaxFrame {
				t.Errorf("%s: afterwards: got %d bytes, %v", what, len(got), err)
			}
		}
	})
}

// TestRefusedLater checks that a link ends when a hello on it is refused, also if the other side
// ignores the refusal.
func TestRefusedLater(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		city.refuse.Store(refusal{errors.New("another epoch")})
		s := county.stream(t, city)
		hello := string(pad([]byte("hello from nanming.guiyang.guizhou")))
		if _, err := s.Write(append(frame(0, ""), frame(uint32(len(hello)), hello)...)); err != nil {
			t.Fatal(err)
		}
		s.Close()
		_, err := io.ReadAll(s)
		time.Sleep(100 * time.Millisecond)
		if got := reason(explain(err)); got != Refused || city.socket.Up(city.name, county.name) {
			t.Errorf("got %v; up %t", err, city.socket.Up(city.name, county.name))
		}
	})
}

// TestRefusedAgainAndAgain checks that a dialler whose hello is refused tries less and less often,
// gets the reason each time, leaves nothing behind, and links again when its hello is accepted.
func TestRefusedAgainAndAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		city, county := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20)
		w.trust(city, county)
		city.refuse.Store(refusal{errors.New("another epoch")})
		w.open(city, true)
		w.open(county, false)
		before := rest(t, city)
		var failures atomic.Int32
		end := county.keep(city, func(err error) {
			if failures.Add(1); reason(err) != Refused {
				t.Errorf("got %v, want %s", err, Refused)
			}
		})
		time.Sleep(time.Hour)
		if got, hour := int(failures.Load()), int(time.Hour/longestPause); got < hour || got > 3*hour {
			t.Errorf("%d attempts in an hour", got)
		}
		w.returns(city, before)
		city.refuse.Store(refusal{})
		time.Sleep(longestPause + time.Second)
		if _, err := county.ask(city, "x"); err != nil {
			t.Errorf("when it is taken again: %v", err)
		}
		end()
		w.close(county, city)
	})
}

// TestManyConnections checks that a neighbour has at most a few connections, and that they harm no
// other neighbour.
func TestManyConnections(t *testing.T) {
	inWorld(t, func(w *world) {
		city, county, other := w.party("guiyang.guizhou", 7), w.party("nanming.guiyang.guizhou", 20), w.party("yunyan.guiyang.guizhou", 30)
		w.trust(city, county)
		w.trust(city, other)
		w.open(city, true)
		w.open(county, false)
		w.open(other, false)
		codes := map[Code]int{}
		var open []*quic.Conn
		for range 3 * maxConns {
			q := county.raw(t, city)
			open = append(open, q)
			time.Sleep(50 * time.Millisecond)
			if app, ok := errors.AsType[*quic.ApplicationError](context.Cause(q.Context())); ok {
				codes[Code(app.ErrorCode)]++
			}
		}
		if len(codes) != 1 || codes[CodeBusy] != 2*maxConns {
			t.Errorf("got %v, want %d times code %d", codes, 2*maxConns, CodeBusy)
		}
		end := other.keep(city, func(err error) { t.Errorf("the other neighbour: %v", err) })
		time.Sleep(firstFrameWithin + time.Second)
		end()
		end = county.keep(city, func(err error) { t.Errorf("once they were closed, as no hello came: %v", err) })
		time.Sleep(time.Second)
		if _, err := city.ask(county, "x"); err != nil {
			t.Error(err)
		}
		end()
		for _, q := range open {
			q.CloseWithError(0, "")
		}
		w.close(other, county, city)
	})
}

// stream opens a stream on the link and writes nothing on it. It waits for a link that comes again.
func (p *party) stream(t *testing.T, to *party) *quic.Stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for ctx.Err() == nil {
		p.socket.mu.Lock()
		l := p.socket.best(ends{p.name, to.name}, nil)
		p.socket.mu.Unlock()
		if l != nil {
			if s, err := l.conn.quic.OpenStreamSync(ctx); err == nil {
				return s
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("no link to open a stream on")
	return nil
}

// link returns the newest link between the two.
func (p *party) link(to *party) *Link {
	p.socket.mu.Lock()
	defer p.socket.mu.Unlock()
	links := p.socket.links[ends{p.name, to.name}]
	return links[len(links)-1]
}

func (c *Conn) underWay() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open
}
