package replicas

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/group"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
)

const commandNote book.Command[noteBody, ledger.Ref] = 1000

type noteBody struct {
	_         struct{} `cbor:",toarray"`
	Statement book.Statement
}

func registry() *state.Registry {
	r := state.NewRegistry()
	Register(r)
	commandNote.Handle(r, func(tx *state.Tx, b noteBody) (ledger.Ref, error) {
		return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindRecord})
	})
	return r
}

// network joins replicas in one process: for each use, a queue of pipes.
type network struct {
	mu   sync.Mutex
	ends map[end]*lines
	cuts map[end]identity.Replica // that cannot be reached from there, though it may reach that
	open map[end][]net.Conn       // what was dialled from there
}

// cut has an end reach a replica no more.
func (n *network) cut(from end, to identity.Replica) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.cuts = map[end]identity.Replica{from: to}
	for _, c := range n.open[from] {
		c.Close()
	}
}

type end struct {
	replica identity.Replica
	use     string
}

type call struct {
	conn net.Conn
	from identity.Replica
}

// lines are the streams of one replica for one use.
type lines struct {
	in     *network
	at     end
	calls  chan call
	closed chan struct{}
	once   sync.Once
}

func (n *network) lines(r identity.Replica, use string) *lines {
	l := &lines{in: n, at: end{r, use}, calls: make(chan call), closed: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.ends[l.at] = l
	return l
}

func (l *lines) Accept() (net.Conn, identity.Replica, error) {
	select {
	case c := <-l.calls:
		return c.conn, c.from, nil
	case <-l.closed:
		return nil, identity.Replica{}, net.ErrClosed
	}
}

func (l *lines) Dial(ctx context.Context, to identity.Replica) (net.Conn, error) {
	l.in.mu.Lock()
	other := l.in.ends[end{to, l.at.use}]
	here, there := net.Pipe()
	if l.in.cuts[l.at] == to {
		other = nil
	}
	if l.in.open == nil {
		l.in.open = map[end][]net.Conn{}
	}
	l.in.open[l.at] = append(l.in.open[l.at], here)
	l.in.mu.Unlock()
	if other == nil {
		return nil, errors.New("not there")
	}
	select {
	case other.calls <- call{there, l.at.replica}:
		return here, nil
	case <-other.closed:
		return nil, errors.New("gone")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *lines) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// machine is one replica with all that runs on it.
type machine struct {
	*host.Host
	t       testing.TB
	replica identity.Replica
	dir     string
	in      *network
	clock   *wallClock                       // nil: the right one
	cut     atomic.Pointer[identity.Replica] // that it cannot reach
	stop    context.CancelFunc
	lines   []*lines
	workers sync.WaitGroup
}

func replicaOf(t testing.TB, n uint32) identity.Replica {
	t.Helper()
	r, err := identity.NewReplica(n)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func county(t testing.TB) identity.Jurisdiction {
	t.Helper()
	name, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// up opens the replica in its folder, and begins what runs there.
func (m *machine) up() {
	m.t.Helper()
	raft, asks, fetch := m.in.lines(m.replica, "raft"), m.in.lines(m.replica, "asks"), m.in.lines(m.replica, "fetch")
	m.lines = []*lines{raft, asks, fetch}
	var err error
	o := host.Options{
		Registry: registry(), Logger: slog.New(slog.DiscardHandler), Now: time.Now,
		Reach: func(*host.Host) host.Reach {
			return host.Reach{
				Streams: raft, Others: Asker{asks}, Admitted: Keys, Removed: WasRemoved,
				Fetch: func(ctx context.Context, from identity.Replica) (io.ReadWriteCloser, error) {
					return fetch.Dial(ctx, from)
				},
			}
		},
		Fatal: func(err error) { m.t.Errorf("%s stops: %v", m.replica, err) }, FileBlocks: 1,
	}
	if m.clock != nil {
		o.Now, o.Elapsed, o.Synced = m.clock.now, m.clock.elapsed, m.clock.synced
	}
	m.Host, err = host.Open(m.t.Context(), m.dir, county(m.t), o)
	if err != nil {
		m.t.Fatal(err)
	}
	m.Settled()
	ctx, stop := context.WithCancel(context.Background())
	m.stop = stop
	m.workers.Go(func() {
		Server{Host: m.Host, Links: linked{m}, Now: time.Now, Logger: slog.New(slog.DiscardHandler)}.Run(ctx, asks)
	})
	m.workers.Go(func() {
		for {
			conn, _, err := fetch.Accept()
			if err != nil {
				return
			}
			m.workers.Go(func() { m.Serve(ctx, conn) })
		}
	})
	keeper := Keeper{Host: m.Host, Group: m.Group(), KeySets: m.Host, Advanced: m.Advanced, Logger: slog.New(slog.NewTextHandler(m.t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))}
	m.workers.Go(func() { keeper.Run(ctx) })
	m.workers.Go(func() {
		for ctx.Err() == nil {
			m.RenewKeys(ctx, func(uint64) bool { return true })
			select {
			case <-time.After(50 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	})
}

func (m *machine) down() {
	m.stop()
	for _, l := range m.lines {
		l.Close()
	}
	m.workers.Wait()
	if err := m.Close(); err != nil {
		m.t.Error(err)
	}
}

// further brings a further machine in, as an administrator does on the two of them.
func further(t testing.TB, in *network, by *machine) *machine {
	t.Helper()
	invited, err := Invite(t.Context(), by.Host, newID(t), time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, replica: invited.Replica, dir: filepath.Join(t.TempDir(), invited.Replica.String()), in: in}
	if by.clock != nil {
		m.clock = newWallClock()
	}
	sets, err := by.KeySets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	newest, err := trust.Reopen(sets[len(sets)-1])
	if err != nil {
		t.Fatal(err)
	}
	f, err := host.BeginFurther(m.dir, newest, m.replica, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := Admit(t.Context(), by.Host, invited.Secret, f.Keys.Keys(), []string{"192.0.2.7:7400"}); err != nil {
		t.Fatal(err)
	}
	asks, fetch := in.lines(m.replica, "asks"), in.lines(m.replica, "fetch")
	err = f.Secrets(func(public []byte) ([]byte, []byte, error) {
		return Asker{asks}.Secrets(t.Context(), by.replica, public)
	})
	if err != nil {
		t.Fatal(err)
	}
	f.FileBlocks = 1
	stream, err := fetch.Dial(t.Context(), by.replica)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Fill(t.Context(), stream, by.replica, registry(), nil); err != nil {
		t.Fatal(err)
	}
	stream.Close()
	if err := f.Finish(); err != nil {
		t.Fatal(err)
	}
	m.up()
	return m
}

func newID(t testing.TB) identity.Message {
	t.Helper()
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// note makes one entry through a replica.
func (m *machine) note(ctx context.Context, what string) (ledger.Ref, error) {
	s, err := m.Note("text/plain", []byte(what))
	if err != nil {
		return 0, err
	}
	return commandNote.Do(ctx, m.Host, book.Request{}, noteBody{Statement: s})
}

// eventually waits until what holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never came that %s", what)
		}
	}
}

func (m *machine) voters() (n int) {
	members, err := m.Members()
	if err != nil {
		m.t.Error(err)
	}
	for _, one := range members {
		if one.Voter {
			n++
		}
	}
	return n
}

// first makes the jurisdiction on its first machine.
func first(t testing.TB, in *network) *machine {
	t.Helper()
	m := &machine{t: t, replica: replicaOf(t, 1), dir: filepath.Join(t.TempDir(), "r1"), in: in}
	if _, err := host.Create(m.dir, county(t), time.Now(), 1); err != nil {
		t.Fatal(err)
	}
	m.up()
	return m
}

// TestOneToThree takes a jurisdiction from one machine to three while each of them is written to,
// loses the one that leads, and has receipts of one entry from the two that stay.
func TestOneToThree(t *testing.T) {
	in := &network{ends: map[end]*lines{}}
	all := []*machine{first(t, in)}
	for range 2 {
		if _, err := all[0].note(t.Context(), "before"); err != nil {
			t.Fatal(err)
		}
		m := further(t, in, all[0])
		all = append(all, m)
		if err := SetStage(t.Context(), all[0].Host, newID(t), m.replica, Voting); err != nil {
			t.Fatal(err)
		}
		eventually(t, fmt.Sprintf("%s votes and signs", m.replica), func() bool {
			return m.voters() == len(all) && m.KeysInUse() == uint64(len(all))
		})
		if _, err := m.note(t.Context(), "through "+m.replica.String()); err != nil {
			t.Fatal(err)
		}
	}
	leads := func(m *machine) bool { return m.Leads() }
	for i, m := range all {
		if leads(m) {
			all = append(all[:i:i], all[i+1:]...)
			m.down()
			break
		}
	}
	began := time.Now()
	ref, err := all[0].note(t.Context(), "after the leader was lost")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("written %s after the leader was lost", time.Since(began))
	for _, m := range all {
		receipt, err := m.Receipt(t.Context(), uint64(ref)-1)
		if err != nil {
			t.Fatalf("%s: %v", m.replica, err)
		}
		pin, _ := m.Pin()
		if _, err := ledger.VerifyReceipt(receipt, nil, pin); err != nil {
			t.Errorf("%s: %v", m.replica, err)
		}
	}
	for _, m := range all {
		m.down()
	}
}

var _ group.Streams = (*lines)(nil)
