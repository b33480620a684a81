package link

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/tlsconf"
)

// rawly dials another replica with the settings, and nothing of ours beside.
func (m *member) rawly(to *member, c *quic.Config) (*quic.Conn, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return m.socket.transport.Dial(ctx, to.addr, m.DialReplica(m.name, to.id), c)
}

// mustRawly dials one that takes it.
func (m *member) mustRawly(to *member) *quic.Conn {
	m.t.Helper()
	q, err := m.rawly(to, replicaConfig())
	if err != nil {
		m.t.Fatal(err)
	}
	return q
}

// codeOfStream returns the code with which a stream was reset, if it was.
func codeOfStream(s *quic.Stream) (Code, bool) {
	s.SetReadDeadline(time.Now().Add(2 * firstFrameWithin))
	_, err := io.Copy(io.Discard, s)
	reset, ok := errors.AsType[*quic.StreamError](err)
	if !ok {
		return 0, false
	}
	return Code(reset.ErrorCode), true
}

// TestHostileStreamsOfReplicas: a stream that says nothing of its use in time, or something wrong,
// is reset, and the others of the connection go on.
func TestHostileStreamsOfReplicas(t *testing.T) {
	inGroup(t, func(_ *world, r1, r2, _ *member) {
		r2.echoes(UseRaft)
		for what, row := range map[string]struct {
			says []byte // nil: nothing, for ever
			want Code
		}{
			"nothing at all":           {nil, CodeSilent},
			"the end":                  {[]byte{}, CodeMalformed},
			"an unknown use":           {[]byte{uses}, CodeMalformed},
			"the last of unknown uses": {[]byte{255, 1}, CodeMalformed},
			"a use that nobody takes":  {[]byte{byte(UseFetch)}, CodeBusy},
			"a greeting, and more":     {[]byte{byte(greeting), 1}, CodeMalformed},
		} {
			q := r1.mustRawly(r2)
			s, err := q.OpenStream()
			if err != nil {
				t.Fatal(err)
			}
			if row.says != nil {
				s.Write(row.says)
				s.Close()
			}
			later, err := q.OpenStream() // lets the other side see the one before
			if err != nil {
				t.Fatal(err)
			}
			later.Write([]byte{byte(UseRaft), 'x'})
			later.Close()
			began := time.Now()
			if got, ok := codeOfStream(s); !ok || got != row.want {
				t.Errorf("%s: got code %d, %t, want %d", what, got, ok, row.want)
			}
			if took := time.Since(began); row.says == nil && (took > firstFrameWithin+time.Second || took < firstFrameWithin-time.Second) {
				t.Errorf("%s: reset after %s", what, took)
			}
			if heard, err := io.ReadAll(later); err != nil || string(heard) != "x" {
				t.Errorf("%s: another stream: got %q, %v", what, heard, err)
			}
			q.CloseWithError(0, "")
		}
	})
}

// TestGreeting holds the bytes of a greeting: 00 and the end, answered by 00 and the end.
func TestGreeting(t *testing.T) {
	inGroup(t, func(_ *world, r1, r2, _ *member) {
		s, err := r1.mustRawly(r2).OpenStream()
		if err != nil {
			t.Fatal(err)
		}
		s.Write([]byte{0})
		s.Close()
		if heard, err := io.ReadAll(s); err != nil || string(heard) != "\x00" {
			t.Errorf("got %q, %v", heard, err)
		}
	})
}

// opens opens n streams for a use, and returns them.
func opens(t *testing.T, q *quic.Conn, u Use, n int) (all []*quic.Stream) {
	t.Helper()
	for range n {
		s, err := q.OpenStream()
		if err != nil {
			t.Fatal(err)
		}
		s.Write([]byte{byte(u), 'x'})
		all = append(all, s)
	}
	time.Sleep(time.Second)
	return all
}

// answered counts the streams that were not reset, and that were answered.
func answered(all []*quic.Stream) (open, echoed int) {
	for _, s := range all {
		s.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
		n, err := s.Read(make([]byte, 1))
		if _, reset := errors.AsType[*quic.StreamError](err); !reset {
			open++
		}
		echoed += n
	}
	return open, echoed
}

// TestFloodOfReplicaStreams: a replica opens streams without end. As many as it may wait, the rest
// is reset; the streams of another replica are accepted beside, and what is closed gives room
// again.
func TestFloodOfReplicaStreams(t *testing.T) {
	inGroup(t, func(_ *world, r1, r2, r3 *member) {
		l := r2.replicas.For(UseAsks)
		waiting := opens(t, r1.mustRawly(r2), UseAsks, maxOfOther+100)
		if open, _ := answered(waiting); open != maxOfOther {
			t.Errorf("%d streams of one replica wait for Accept, want %d", open, maxOfOther)
		}
		theirs := r3.mustDial(UseAsks, r2)
		r2.echoes(UseAsks) // now they are accepted
		if err := tells(theirs, "x"); err != nil {
			t.Errorf("the stream of another: %v", err)
		}
		more := opens(t, r1.mustRawly(r2), UseAsks, 100) // over a second connection: the bound is of the replica
		if open, echoed := answered(more); open != 0 || echoed != 0 {
			t.Errorf("%d more are open, %d are echoed, want none", open, echoed)
		}
		if err := r3.asks(UseAsks, r2, "still"); err != nil {
			t.Errorf("another replica: %v", err)
		}
		r2.echoes(UseRaft)
		if err := r1.asks(UseRaft, r2, "still"); err != nil {
			t.Errorf("another use: %v", err)
		}
		for _, s := range append(waiting, more...) {
			s.Close()
			s.CancelRead(0)
		}
		time.Sleep(time.Second)
		if open, echoed := answered(opens(t, r1.mustRawly(r2), UseAsks, 100)); open != 100 || echoed != 100 {
			t.Errorf("after those were closed: %d are open, %d echoed, want 100", open, echoed)
		}
		l.Close()
	})
}

// TestQueuedStreamsEndWithTheirConnection: streams that wait for Accept are dropped with their
// connection, and leave nothing behind.
func TestQueuedStreamsEndWithTheirConnection(t *testing.T) {
	inGroup(t, func(_ *world, r1, r2, r3 *member) {
		l := r2.replicas.For(UseAsks)
		q := r1.mustRawly(r2)
		opens(t, q, UseAsks, 50)
		q.CloseWithError(0, "")
		time.Sleep(time.Second)
		theirs := r3.mustDial(UseAsks, r2)
		defer theirs.Close()
		if _, by, err := l.Accept(); err != nil || by != r3.id {
			t.Errorf("accepted from %s, %v, want %s", by, err, r3.id)
		}
		r2.replicas.mu.Lock()
		defer r2.replicas.mu.Unlock()
		if got := r2.replicas.others[r1.id].open; got != [uses]int{} {
			t.Errorf("%d streams are counted", got)
		}
	})
}

// TestRefusedAfterTheHandshake: a replica that is no longer admitted when its handshake ends is
// closed, whichever side finds it so.
func TestRefusedAfterTheHandshake(t *testing.T) {
	for what, row := range map[string]struct {
		finds int
		want  Reason
	}{"the listener": {1, NotKnown}, "the dialler": {0, NotTrusted}} {
		inGroup(t, func(_ *world, r1, r2, _ *member) {
			r2.echoes(UseRaft)
			[]*member{r1, r2}[row.finds].replicas.o.Recheck = func(tlsconf.State) error { return errors.New("removed just now") }
			if err := r1.asks(UseRaft, r2, "x"); reason(err) != row.want {
				t.Errorf("%s finds it: got %v, want %s", what, err, row.want)
			}
		})
	}
}

// TestManyAsks: an honest replica that asks more at once than it may waits for itself, and loses
// none.
func TestManyAsks(t *testing.T) {
	inGroup(t, func(_ *world, r1, r2, _ *member) {
		r2.echoes(UseAsks)
		if err := r1.asks(UseAsks, r2, "first"); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 3 * maxOfUse {
			wg.Go(func() {
				if err := r1.asks(UseAsks, r2, "x"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := r1.dialled.Load(); got != 1 {
			t.Errorf("dialled %d times, want once", got)
		}
	})
}

// TestSlowReader: a stream that is not read holds its own window and no other stream: one on a new
// connection, and two once the connection has carried something.
func TestSlowReader(t *testing.T) {
	inGroup(t, func(_ *world, r1, r2, _ *member) {
		r2.echoes(UseRaft)
		l := r2.replicas.For(UseFetch)
		raft := r1.mustDial(UseRaft, r2)
		defer raft.Close()
		for n := range 2 {
			c := r1.mustDial(UseFetch, r2)
			defer c.Close()
			go c.Write(make([]byte, 8<<20))
			if _, _, err := l.Accept(); err != nil { // and never reads
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
			for range 20 {
				began := time.Now()
				if err := tells(raft, "heartbeat"); err != nil || time.Since(began) > 50*time.Millisecond {
					t.Fatalf("beside %d that are not read: %v after %s", n+1, err, time.Since(began))
				}
			}
			for range 100 {
				if err := tells(raft, string(make([]byte, 5<<10))); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// held returns the bytes that one replica holds at another.
func (m *member) held(of *member) (n int) {
	m.replicas.mu.Lock()
	o := m.replicas.others[of.id]
	m.replicas.mu.Unlock()
	if o == nil {
		return 0
	}
	o.memory.mu.Lock()
	defer o.memory.mu.Unlock()
	for _, held := range o.memory.held {
		n += held
	}
	return n
}

// TestWindowsOfReplicas: the window of a connection grows to what a fast line needs, in the account
// of its replica, which is bounded, and all of it comes back.
func TestWindowsOfReplicas(t *testing.T) {
	inGroup(t, func(_ *world, r1, r2, _ *member) {
		r2.echoes(UseRaft)
		conns := []*quic.Conn{}
		for range maxChannels {
			q := r1.mustRawly(r2)
			conns = append(conns, q)
			var wg sync.WaitGroup
			for range 4 {
				s, err := q.OpenStreamSync(context.Background())
				if err != nil {
					break
				}
				wg.Go(func() { s.Write(append([]byte{byte(UseRaft)}, make([]byte, 2<<20)...)); s.Close() })
				wg.Go(func() { io.Copy(io.Discard, s) })
			}
			wg.Wait()
		}
		if got := r2.held(r1); got > ownShare || got < maxChannels*(connCost+maxWindow) {
			t.Errorf("%d KiB are held by %d connections", got>>10, len(conns))
		}
		for _, q := range conns {
			q.CloseWithError(0, "")
		}
		time.Sleep(time.Second)
		if got := r2.held(r1); got != 0 {
			t.Errorf("%d bytes are held by no connection", got)
		}
	})
}

// TestConnectionsOfAReplica: one replica has so many connections, and each other as many.
func TestConnectionsOfAReplica(t *testing.T) {
	inGroup(t, func(_ *world, r1, r2, r3 *member) {
		r2.echoes(UseRaft)
		var conns []*quic.Conn
		for range 2 * maxChannels {
			conns = append(conns, r1.mustRawly(r2))
		}
		time.Sleep(time.Second)
		alive := 0
		for _, q := range conns {
			if q.Context().Err() == nil {
				alive++
			}
		}
		if alive != maxChannels {
			t.Errorf("%d connections of one replica are open, want %d", alive, maxChannels)
		}
		if err := r3.asks(UseRaft, r2, "x"); err != nil {
			t.Errorf("another replica: %v", err)
		}
	})
}

// TestClosedStreamsAreGivenBack checks rule Q3: whoever closes a stream of which it has not read
// all gives it back, and the other side learns that nobody reads.
func TestClosedStreamsAreGivenBack(t *testing.T) {
	inGroup(t, func(_ *world, r1, r2, _ *member) {
		r2.replicas.For(UseFetch)
		for n := range maxStreams + 50 {
			a, b := pair(t, UseFetch, r1, r2)
			written := make(chan error, 1)
			go func() { written <- second(b.Write(make([]byte, 100<<10))) }()
			if _, err := io.ReadFull(a, make([]byte, 5)); err != nil {
				t.Fatal(err)
			}
			a.Close()
			if err := <-written; err == nil {
				t.Fatalf("stream %d: written to nobody", n)
			}
			b.Close()
		}
	})
}

// TestSilentReplica: a connection on which nothing comes is given up, whatever idle time its
// dialler claims, and one that is kept open ends with its certificate.
func TestSilentReplica(t *testing.T) {
	inGroup(t, func(_ *world, r1, r2, _ *member) {
		silent := replicaConfig()
		silent.KeepAlivePeriod, silent.MaxIdleTimeout = 0, time.Hour
		q, err := r1.rawly(r2, silent)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		<-q.Context().Done()
		app, ok := errors.AsType[*quic.ApplicationError](context.Cause(q.Context()))
		if took := time.Since(began); !ok || Code(app.ErrorCode) != CodeSilent || took > deadAfter+2*aliveEvery {
			t.Errorf("got %v after %s, want code %d", context.Cause(q.Context()), took, CodeSilent)
		}
		q = r1.mustRawly(r2)
		ends := tlsconf.Ends(q.ConnectionState().TLS)
		<-q.Context().Done()
		app, ok = errors.AsType[*quic.ApplicationError](context.Cause(q.Context()))
		if off := time.Since(ends).Abs(); !ok || Code(app.ErrorCode) != CodeWithdrawn || off > authority.LinkTerm/2+time.Second {
			t.Errorf("got %v, %s from the end of the certificate, want code %d", context.Cause(q.Context()), off, CodeWithdrawn)
		}
	})
}

// TestStrangersAmongReplicas: nobody but another replica gets a connection, those who do not hold
// nothing here, and the true ones come in all the while.
func TestStrangersAmongReplicas(t *testing.T) {
	inGroup(t, func(w *world, r1, r2, _ *member) {
		county := w.party("nanming.guiyang.guizhou", 20)
		w.trust(r2.party, county)
		w.open(county, false)
		r2.echoes(UseRaft)
		before := rest(t, r2.party)
		dial := func(c *tlsconf.Config) error {
			ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
			defer cancel()
			q, err := county.socket.transport.Dial(ctx, r2.addr, c, replicaConfig())
			if err != nil {
				return explain(err)
			}
			<-q.Context().Done()
			return explain(context.Cause(q.Context()))
		}
		other := r1.local().Party
		for what, row := range map[string]struct {
			config *tlsconf.Config
			want   Reason
		}{
			"a neighbour":                  {county.DialReplica(r2.name, r2.id), NotKnown},
			"another hosted jurisdiction":  {other.DialReplica(county.name, r2.id), NotHosted},
			"itself":                       {r2.DialReplica(r2.name, r2.id), NotKnown},
			"for another replica":          {other.DialReplica(r2.name, r1.id), NotTrusted},
			"a replica, as a neighbour is": {other.Dial(r2.name), NotKnown},
		} {
			for range 30 {
				if err := dial(row.config); reason(err) != row.want {
					t.Fatalf("%s: got %v, want %s", what, err, row.want)
				}
				time.Sleep(time.Second)
			}
			if err := r1.asks(UseRaft, r2, "x"); err != nil {
				t.Errorf("%s comes: another replica: %v", what, err)
			}
		}
		r2.socket.gate.mu.Lock()
		if r2.socket.gate.sources[sourceOf(r1.addr)].class != friends {
			t.Error("the address of a replica is one of strangers, who can shut it out")
		}
		r2.socket.gate.mu.Unlock()
		r1.replicas.Close()
		w.returns(r2.party, before)
		w.close(county)
	})
}

// TestNoReplicasHere: the protocol is spoken, but the streams are not open yet, or no more: whoever
// dials tries again.
func TestNoReplicasHere(t *testing.T) {
	inGroup(t, func(_ *world, r1, r2, _ *member) {
		r2.replicas.Close()
		if _, err := r1.dial(UseRaft, r2); reason(err) != Refused {
			t.Errorf("got %v, want %s", err, Refused)
		}
		again := r2.replicas.o
		r2.replicas = r2.socket.Replicas(again)
		r2.echoes(UseRaft)
		time.Sleep(replicaPause)
		if err := r1.asks(UseRaft, r2, "x"); err != nil {
			t.Error(err)
		}
		r2.socket.Close()
		if _, err := r2.socket.Replicas(again).For(UseRaft).Dial(context.Background(), r1.id); err == nil {
			t.Error("dialled over a socket that is closed")
		}
		if nobody := (identity.Replica{}); r1.replicas.Reachable(nobody) || !r1.replicas.Heard(nobody).IsZero() {
			t.Error("nobody is reachable")
		}
	})
}
