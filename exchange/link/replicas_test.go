package link

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"xietong/certs/identity"
)

// TestReplicasSpeak: everybody opens streams to everybody at once, for each use, and hears what it
// said.
func TestReplicasSpeak(t *testing.T) {
	inGroup(t, func(_ *world, r1, r2, r3 *member) {
		all := []*member{r1, r2, r3}
		for _, m := range all {
			for _, u := range []Use{UseRaft, UseAsks, UseFetch} {
				m.echoes(u)
			}
		}
		var wg sync.WaitGroup
		for _, from := range all {
			for _, to := range all {
				for _, u := range []Use{UseRaft, UseAsks, UseFetch} {
					if from != to {
						wg.Go(func() {
							if err := from.asks(u, to, "hello from "+from.id.String()); err != nil {
								t.Errorf("%s asks %s, use %d: %v", from.id, to.id, u, err)
							}
						})
					}
				}
			}
		}
		wg.Wait()
		for _, from := range all {
			for _, to := range all {
				if got := from.replicas.Reachable(to.id); got != (from != to) {
					t.Errorf("%s reaches %s: %t", from.id, to.id, got)
				}
			}
			if got := from.dialled.Load(); got != 2 {
				t.Errorf("%s dialled %d times, want one connection for each other", from.id, got)
			}
		}
		if _, err := r1.dial(UseRaft, r1); err == nil {
			t.Error("dialled itself")
		}
	})
}

// pair returns both ends of a stream.
func pair(t *testing.T, u Use, from, to *member) (dialled, accepted net.Conn) {
	t.Helper()
	dialled = from.mustDial(u, to)
	accepted, by, err := to.replicas.For(u).Accept()
	if err != nil || by != from.id {
		t.Fatalf("accepted from %s, %v", by, err)
	}
	return dialled, accepted
}

// TestStreamsAreConnections holds what a net.Conn promises.
func TestStreamsAreConnections(t *testing.T) {
	inGroup(t, func(_ *world, r1, r2, _ *member) {
		r2.replicas.For(UseRaft)
		a, b := pair(t, UseRaft, r1, r2)
		if a.LocalAddr().String() != "r1" || a.RemoteAddr().String() != "r2" || b.LocalAddr().String() != "r2" || b.RemoteAddr().String() != "r1" {
			t.Errorf("addresses: got %s, %s and %s, %s", a.LocalAddr(), a.RemoteAddr(), b.LocalAddr(), b.RemoteAddr())
		}
		a.SetReadDeadline(time.Now().Add(time.Second))
		began := time.Now()
		_, err := a.Read(make([]byte, 1))
		timeout, ok := errors.AsType[net.Error](err)
		if !ok || !timeout.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("read after a second: got %v after %s", err, time.Since(began))
		}
		a.SetDeadline(time.Time{})
		if _, err := b.Write([]byte("x")); err != nil {
			t.Error(err)
		}
		if n, err := a.Read(make([]byte, 9)); n != 1 || err != nil {
			t.Errorf("after a deadline that passed: got %d, %v", n, err)
		}
		// What was written before Close arrives, however much it is, and then the end.
		said := bytes.Repeat([]byte("much "), 100_000)
		go func() {
			a.Write(said)
			a.Close()
		}()
		got, err := io.ReadAll(b)
		if err != nil || !bytes.Equal(got, said) {
			t.Errorf("got %d bytes, %v, want %d and the end", len(got), err, len(said))
		}
		for what, err := range map[string]error{
			"read after close": second(a.Read(make([]byte, 1))), "write after close": second(a.Write([]byte("x"))), "end after close": a.(*stream).CloseWrite(),
		} {
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("%s: got %v, want net.ErrClosed", what, err)
			}
		}
		if err := errors.Join(a.Close(), b.Close(), b.Close()); err != nil {
			t.Errorf("closed twice: %v", err)
		}
		if _, err := b.Write([]byte("x")); err == nil {
			t.Error("written to one that has closed")
		}
	})
}

func second(_ int, err error) error { return err }

// TestCloseWakes: Close ends a Read that waits, and cuts a Write that waits, of which the other
// side is told: what it has is not all.
func TestCloseWakes(t *testing.T) {
	inGroup(t, func(_ *world, r1, r2, _ *member) {
		r2.replicas.For(UseFetch)
		a, b := pair(t, UseFetch, r1, r2)
		read, written := make(chan error, 1), make(chan error, 1)
		go func() { read <- second(a.Read(make([]byte, 1))) }()
		go func() { written <- second(a.Write(make([]byte, 8<<20))) }()
		time.Sleep(time.Second)
		a.Close()
		if err := <-read; !errors.Is(err, net.ErrClosed) {
			t.Errorf("read: got %v, want net.ErrClosed", err)
		}
		if err := <-written; !errors.Is(err, net.ErrClosed) {
			t.Errorf("write: got %v, want net.ErrClosed", err)
		}
		if _, err := io.Copy(io.Discard, b); err == nil {
			t.Error("a Write that was cut looks whole to the other side")
		}
		b.Close()
	})
}

// TestReplicaKilled: streams with a replica that says nothing any more end within about a second,
// at both ends of a cut line; whoever dials it is told at once, and no handshake is begun for each
// Dial. When it is back, it is reached at once, because it comes by itself.
func TestReplicaKilled(t *testing.T) {
	for what, back := range map[string]func(w *world, r2 *member){
		"killed": func(w *world, r2 *member) { // and started anew
			r2.socket.Close()
			r2.wire.Close()
			w.openMember(r2, 12)
			r2.echoes(UseRaft)
			r2.replicas.Keep(r2.group.all[0].id)
		},
		"cut off": func(_ *world, r2 *member) { r2.wire.dead.Store(false) },
	} {
		inGroup(t, func(w *world, r1, r2, _ *member) {
			r2.echoes(UseRaft)
			a := r1.mustDial(UseRaft, r2)
			if err := tells(a, "x"); err != nil {
				t.Fatal(err)
			}
			r2.replicas.Keep(r1.id)
			time.Sleep(provenAfter)
			r2.wire.dead.Store(true)
			dead := time.Now()
			if _, err := a.Read(make([]byte, 1)); err == nil || err == io.EOF || time.Since(dead) > deadAfter+2*aliveEvery {
				t.Errorf("%s: got %v after %s", what, err, time.Since(dead))
			}
			time.Sleep(2 * aliveEvery) // the connection that the other dialled ends by its own time
			if heard := r1.replicas.Heard(r2.id); r1.replicas.Reachable(r2.id) || heard.Sub(dead).Abs() > 2*aliveEvery {
				t.Errorf("%s: reachable %t, heard %s after its end", what, r1.replicas.Reachable(r2.id), heard.Sub(dead))
			}
			if _, err := a.Write([]byte("x")); err == nil {
				t.Errorf("%s: written to a dead connection", what)
			}
			time.Sleep(20 * time.Second)
			before, longest, failed := r1.dialled.Load(), time.Duration(0), 0
			for began := time.Now(); time.Since(began) < 20*time.Second; time.Sleep(10 * time.Millisecond) {
				at := time.Now()
				_, err := r1.dial(UseRaft, r2)
				if longest = max(longest, time.Since(at)); reason(err) == NoAnswer {
					failed++
				} else if !errors.Is(err, context.DeadlineExceeded) {
					t.Fatalf("%s: dialled: %v", what, err)
				}
			}
			if got := r1.dialled.Load() - before; got > 15 || failed < 500 || longest > 2*deadAfter {
				t.Errorf("%s: %d handshakes in 20 s; %d of the calls failed at once, the longest took %s", what, got, failed, longest)
			}
			back(w, r2)
			for began := time.Now(); !r1.replicas.Reachable(r2.id); time.Sleep(10 * time.Millisecond) {
				if time.Since(began) > replicaPause+deadAfter {
					t.Fatalf("%s: it did not come after %s", what, time.Since(began))
				}
			}
			time.Sleep(100 * time.Millisecond)
			if err := r1.asks(UseRaft, r2, "again"); err != nil {
				t.Errorf("%s: not dialled at once when it came: %v", what, err)
			}
		})
	}
}

// TestReplicaRestarted: one that was killed and started anew answers what it does not know with a
// stateless reset, so a stream that writes ends with the next packet.
func TestReplicaRestarted(t *testing.T) {
	inGroup(t, func(w *world, r1, r2, _ *member) {
		r2.echoes(UseRaft)
		a := r1.mustDial(UseRaft, r2)
		time.Sleep(provenAfter)
		r2.wire.dead.Store(true)
		r2.socket.Close()
		r2.wire.Close()
		w.openMember(r2, 12)
		r2.echoes(UseRaft)
		began := time.Now()
		a.Write(make([]byte, 64<<10))
		if _, err := a.Read(make([]byte, 1)); reason(err) != Restarted || time.Since(began) > 100*time.Millisecond {
			t.Errorf("got %v after %s, want %s at once", err, time.Since(began), Restarted)
		}
		if err := r1.asks(UseRaft, r2, "again"); err != nil {
			t.Errorf("dialled again: %v", err)
		}
	})
}

// TestReplicasUnderLoss: every twentieth packet of both sides is lost, and all that is said comes.
func TestReplicasUnderLoss(t *testing.T) {
	inGroup(t, func(_ *world, r1, r2, _ *member) {
		var mu sync.Mutex
		lost := rand.New(rand.NewPCG(1, 2))
		for _, m := range []*member{r1, r2} {
			m.drops(func([]byte) bool {
				mu.Lock()
				defer mu.Unlock()
				return lost.IntN(20) == 0
			})
		}
		r2.echoes(UseRaft)
		a := r1.mustDial(UseRaft, r2)
		for n := range 50 {
			if err := tells(a, string(bytes.Repeat([]byte{byte(n)}, 10_000))); err != nil {
				t.Fatalf("piece %d: %v", n, err)
			}
		}
	})
}

// TestReplicaMoves: a replica comes back at another address, and is looked for there.
func TestReplicaMoves(t *testing.T) {
	inGroup(t, func(w *world, r1, r2, _ *member) {
		r2.echoes(UseRaft)
		if err := r1.asks(UseRaft, r2, "x"); err != nil {
			t.Fatal(err)
		}
		r2.wire.dead.Store(true)
		r2.socket.Close()
		r2.wire.Close()
		time.Sleep(time.Minute)
		w.openMember(r2, 99)
		r2.echoes(UseRaft)
		time.Sleep(replicaPause + deadAfter)
		if err := r1.asks(UseRaft, r2, "there?"); err != nil {
			t.Error(err)
		}
	})
}

// TestReplicasReplaced runs hours of virtual time: connections are replaced before their
// certificates end, no ask fails, nor one that takes ten minutes; a stream of raft lasts until its
// connection is replaced, and then raft dials anew.
func TestReplicasReplaced(t *testing.T) {
	hours := 2
	if testing.Short() {
		hours = 1
	}
	inGroup(t, func(_ *world, r1, r2, _ *member) {
		for _, u := range []Use{UseRaft, UseAsks, UseFetch} {
			r2.echoes(u)
		}
		pooled, redialled := r1.mustDial(UseRaft, r2), 0
		long, began := r1.mustDial(UseFetch, r2), time.Now()
		for n := range hours * 1200 {
			if err := r1.asks(UseAsks, r2, "x"); err != nil {
				t.Fatalf("ask %d: %v", n, err)
			}
			if err := tells(pooled, "entries"); err != nil {
				pooled.Close()
				pooled = r1.mustDial(UseRaft, r2)
				redialled++
			}
			if err := tells(long, "piece"); err != nil {
				t.Fatalf("fetch %d: %v", n, err)
			}
			if time.Since(began) > 4*time.Minute {
				long.Close()
				long, began = r1.mustDial(UseFetch, r2), time.Now()
			}
			time.Sleep(3 * time.Second)
		}
		if got := int(r1.dialled.Load()); got < 2*hours || got > 4*hours || redialled != got-1 {
			t.Errorf("%d connections in %d hours, want one every 20 to 25 minutes; raft dialled anew %d times", got, hours, redialled)
		}
	})
}

// TestReplicasWithdrawn: the connections of a replica that is no longer admitted are closed at
// once, in both directions, and it does not come back; the others go on.
func TestReplicasWithdrawn(t *testing.T) {
	inGroup(t, func(_ *world, r1, r2, r3 *member) {
		for _, m := range []*member{r1, r2, r3} {
			m.echoes(UseRaft)
		}
		gone, back, stays := r1.mustDial(UseRaft, r3), r3.mustDial(UseRaft, r1), r1.mustDial(UseRaft, r2)
		r1.group.mu.Lock()
		r1.group.out[r3.id] = true
		r1.group.mu.Unlock()
		r1.replicas.Recheck()
		for what, c := range map[string]net.Conn{"that we dialled": gone, "that it dialled": back} {
			if _, err := c.Read(make([]byte, 1)); err == nil || err == io.EOF {
				t.Errorf("a stream %s: got %v", what, err)
			}
		}
		if err := tells(stays, "x"); err != nil {
			t.Errorf("the stream of another: %v", err)
		}
		time.Sleep(time.Minute)
		if _, err := r3.dial(UseRaft, r1); reason(err) != NotKnown {
			t.Errorf("it dials: got %v, want %s", err, NotKnown)
		}
		if _, err := r1.dial(UseRaft, r3); reason(err) != NotTrusted {
			t.Errorf("it is dialled: got %v, want %s", err, NotTrusted)
		}
		if r1.replicas.Reachable(r3.id) {
			t.Error("it is reachable")
		}
		time.Sleep(2 * wantedFor)
		before := r1.dialled.Load()
		time.Sleep(10 * time.Minute)
		if got := r1.dialled.Load() - before; got != 0 {
			t.Errorf("dialled %d times, although nobody wants it", got)
		}
	})
}

// TestReplicasClose closes at any moment, with streams open, queued and being dialled: everything
// that waits is told so, and no goroutine stays (see TestMain).
func TestReplicasClose(t *testing.T) {
	for range 5 {
		inGroup(t, func(_ *world, r1, r2, r3 *member) {
			r2.replicas.For(UseAsks) // accepts none
			l := r2.replicas.For(UseRaft)
			accepted := make(chan error, 1)
			go func() {
				for {
					if _, _, err := l.Accept(); err != nil {
						accepted <- err
						return
					}
				}
			}()
			var wg sync.WaitGroup
			for _, m := range []*member{r1, r3} {
				for _, u := range []Use{UseRaft, UseAsks} {
					wg.Go(func() {
						if c, err := m.dial(u, r2); err == nil {
							_, _ = c.Read(make([]byte, 1))
							c.Close()
						}
					})
				}
			}
			time.Sleep(rand.N(60 * time.Millisecond))
			if err := r2.replicas.Close(); err != nil {
				t.Error(err)
			}
			if err := <-accepted; !errors.Is(err, net.ErrClosed) {
				t.Errorf("accept: got %v, want net.ErrClosed", err)
			}
			if _, err := r2.dial(UseRaft, r1); !errors.Is(err, net.ErrClosed) {
				t.Errorf("dial: got %v, want net.ErrClosed", err)
			}
			if got := len(r2.replicas.open()); got != 0 {
				t.Errorf("%d connections are open", got)
			}
			wg.Wait()
			if err := r2.replicas.Close(); err != nil {
				t.Errorf("closed twice: %v", err)
			}
		})
	}
}

// TestOneUseCloses: the streams for one use are closed and begun anew, as a group is, while those
// for another go on.
func TestOneUseCloses(t *testing.T) {
	inGroup(t, func(_ *world, r1, r2, _ *member) {
		r2.echoes(UseRaft)
		r2.echoes(UseAsks)
		a := r1.mustDial(UseAsks, r2)
		r2.replicas.For(UseRaft).Close()
		if err := r1.asks(UseRaft, r2, "x"); reason(err) != Busy {
			t.Errorf("to a use that is closed: got %v, want %s", err, Busy)
		}
		if err := tells(a, "x"); err != nil {
			t.Errorf("another use: %v", err)
		}
		r2.echoes(UseRaft)
		if err := r1.asks(UseRaft, r2, "x"); err != nil {
			t.Errorf("begun anew: %v", err)
		}
		l := r1.replicas.For(UseRaft)
		l.Close()
		if _, err := l.Dial(context.Background(), r2.id); !errors.Is(err, net.ErrClosed) {
			t.Errorf("dialled for a closed use: got %v, want net.ErrClosed", err)
		}
		if _, err := r1.replicas.For(UseAsks).Dial(context.Background(), identity.Replica{}); err == nil {
			t.Error("dialled nobody")
		}
	})
}

// TestMissed: a replica that cannot be dialled, and dials, is told with the reason, until it is
// reached.
func TestMissed(t *testing.T) {
	inGroup(t, func(_ *world, r1, r2, _ *member) {
		if why, _ := r1.replicas.Missed(r2.id); why != "" {
			t.Errorf("not tried yet: got %q", why)
		}
		right := r2.at.Load()
		r2.at.Store(&net.UDPAddr{IP: net.IPv4(192, 0, 2, 99), Port: 7400})
		began := time.Now()
		r1.replicas.Keep(r2.id)
		r2.replicas.Keep(r1.id)
		time.Sleep(10 * time.Second)
		why, since := r1.replicas.Missed(r2.id)
		if why != NoAnswer || since.Sub(began) > 5*time.Second || !r1.replicas.Reachable(r2.id) {
			t.Errorf("got %q since %s, reachable %t", why, since.Sub(began), r1.replicas.Reachable(r2.id))
		}
		if why, _ := r2.replicas.Missed(r1.id); why != "" {
			t.Errorf("the other way: got %q", why)
		}
		r2.at.Store(right)
		time.Sleep(5 * time.Second)
		if why, _ := r1.replicas.Missed(r2.id); why != "" {
			t.Errorf("reached: got %q", why)
		}
	})
}
