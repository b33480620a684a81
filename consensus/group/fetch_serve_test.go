package group

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/raft"

	"xietong/consensus/state"
)

// TestNewReplicaIsFilled: a replica that has nothing is filled by Serve, adopted, added and
// promoted while the others write.
func TestNewReplicaIsFilled(t *testing.T) {
	inFetched(t, func(t *testing.T, x *fetched) {
		x.up(1, 2, 3)
		leader := x.leader()
		var written []string
		for i := range 100 {
			written = append(written, long("old", i))
			x.put(leader, written[i])
		}
		stream, err := x.open(t.Context(), 4, leader.config.Replica)
		if err != nil {
			t.Fatal(err)
		}
		filled, err := state.Fill(t.Context(), stream, state.FillConfig{Dir: x.dir(4), Log: testLog(t), Registry: registry(), Source: "r1"})
		if err != nil {
			t.Fatal(err)
		}
		stream.Close()
		x.installed(4, leader)
		x.up(4)
		if err := leader.Add(t.Context(), replica(4)); err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			written = append(written, long("new", i))
			x.put(leader, written[len(written)-1])
		}
		if err := leader.Promote(x.within(time.Minute), replica(4)); err != nil {
			t.Fatal(err)
		}
		x.agree(leader, written)
		if filled.Size != 100 || len(x.opened) != 1 {
			t.Errorf("filled up to %+v, by %q", filled, x.opened)
		}
		if got := x.nodes[4].show(); got != "r1 r2 r3 r4" {
			t.Errorf("members: %s", got)
		}
	})
}

// installed puts in place what was filled for a new replica, and makes its log.
func (x *fetched) installed(n uint32, leader *node) {
	x.Helper()
	path := x.dir(n) + "/state.db"
	if err := state.Install(path, testLog(x.T)); err != nil {
		x.Fatal(err)
	}
	store, err := state.Open(path, registry(), state.Options{})
	if err != nil {
		x.Fatal(err)
	}
	c := leader.config
	c.Dir, c.Replica, c.Store = x.dir(n), replica(n), store
	if err := Adopt(c); err != nil {
		x.Fatal(err)
	}
	if err := store.Close(); err != nil {
		x.Fatal(err)
	}
}

// TestSnapshotOfNothing: a leader's snapshot that comes without data is not taken for one that was
// installed (the library takes it so).
func TestSnapshotOfNothing(t *testing.T) {
	n := alone1(t, t.TempDir())
	defer n.close()
	before, _ := n.store.Applied()
	s, err := n.snapshots().Create(1, before+1000, 1, raft.Configuration{}, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); !errors.Is(err, ErrFetchNeeded) {
		t.Errorf("got %v, want ErrFetchNeeded", err)
	}
	if applied, _ := n.store.Applied(); applied != before {
		t.Errorf("applied %d, want %d", applied, before)
	}
}

// TestServeIsBounded: so many replicas are filled at once, and a closing group waits for none.
func TestServeIsBounded(t *testing.T) {
	inFetched(t, func(t *testing.T, x *fetched) {
		x.up(1, 2, 3)
		leader := x.leader()
		var open []io.Closer
		for range serveAtOnce {
			s, err := x.open(t.Context(), 2, leader.config.Replica)
			if err != nil {
				t.Fatal(err)
			}
			open = append(open, s)
		}
		time.Sleep(time.Second)
		if err := leader.Serve(t.Context(), nothing{}); !errors.Is(err, ErrBusy) {
			t.Errorf("one more: got %v, want ErrBusy", err)
		}
		if err := leader.close(); err != nil {
			t.Error(err)
		}
		delete(x.nodes, leader.number())
		x.serving.Wait()
		if err := leader.Serve(t.Context(), nothing{}); !errors.Is(err, state.ErrClosed) {
			t.Errorf("after it closed: got %v", err)
		}
		for _, s := range open {
			s.Close()
		}
	})
}

type nothing struct{ bytes.Buffer }

func (nothing) Read([]byte) (int, error)    { return 0, io.EOF }
func (nothing) Write(p []byte) (int, error) { return len(p), nil }
func (nothing) Close() error                { return nil }

// TestLogIsKeptForWhoIsFilled: while a replica is filled from another one, and for a minute after
// it, the log of that one is cut off later.
func TestLogIsKeptForWhoIsFilled(t *testing.T) {
	inFetched(t, func(t *testing.T, x *fetched) {
		x.tune = nil
		x.up(1, 2, 3)
		leader := x.leader()
		kept := func(when string, want uint64) {
			t.Helper()
			synctest.Wait()
			leader.members.mu.Lock()
			defer leader.members.mu.Unlock()
			if got := leader.members.trailing; got != want {
				t.Errorf("%s %d entries are kept, want %d", when, got, want)
			}
		}
		kept("before", trailingLogs)
		s, err := x.open(t.Context(), 2, leader.config.Replica)
		if err != nil {
			t.Fatal(err)
		}
		kept("meanwhile", trailingServed)
		s.Close()
		time.Sleep(keepServed / 2)
		kept("soon after", trailingServed)
		time.Sleep(keepServed)
		kept("later", trailingLogs)
	})
}

// TestOfferedMarker: a replica that lags is offered an early entry of the log, at which the
// configuration of the marker was in force already; where there is none, the marker itself.
func TestOfferedMarker(t *testing.T) {
	logs := raft.NewInmemStore()
	for i := uint64(20); i <= 110; i++ {
		if err := logs.StoreLog(&raft.Log{Index: i, Term: i / 10}); err != nil {
			t.Fatal(err)
		}
	}
	for name, row := range map[string]struct {
		logs          raft.LogStore
		index, config uint64
		want          uint64
	}{
		"early":                     {logs, 100, 1, 40},
		"a later configuration":     {logs, 100, 90, 90},
		"the newest configuration":  {logs, 100, 100, 100},
		"the log begins behind":     {logs, 15, 1, 15},
		"the log begins there":      {logs, 20, 1, 20},
		"no log":                    {nil, 100, 1, 100},
		"an empty log":              {raft.NewInmemStore(), 100, 1, 100},
		"a log that ends before it": {logs, 1000, 1, 1000},
	} {
		m := state.Marker{Index: row.index, Term: 77, ConfigurationIndex: row.config}
		got := (&snapshots{logs: row.logs}).offered(m)
		term := row.want / 10
		if row.want == row.index {
			term = 77
		}
		if got.Index != row.want || got.Term != term || got.ConfigurationIndex != row.config {
			t.Errorf("%s: got %d of term %d, want %d of term %d", name, got.Index, got.Term, row.want, term)
		}
	}
}

// TestConfigurationAt: a source says which configuration was in force at any entry that it has,
// before and after a change, and before and after its snapshot.
func TestConfigurationAt(t *testing.T) {
	inFetched(t, func(t *testing.T, x *fetched) {
		x.tune = nil
		x.up(1, 2, 3)
		leader := x.leader()
		x.put(leader, "three")
		three, _ := leader.store.Applied()
		if err := leader.Add(t.Context(), replica(4)); err != nil {
			t.Fatal(err)
		}
		x.put(leader, "four")
		four, _ := leader.store.Applied()
		for _, when := range []string{"from the log", "from the marker"} {
			for index, want := range map[uint64]int{three: 3, four: 4} {
				data, at, err := leader.configurationAt(index, leader.store.Marker)
				if err != nil {
					t.Fatalf("%s: %v", when, err)
				}
				if got := len(raft.DecodeConfiguration(data).Servers); got != want || at > index {
					t.Errorf("%s: got %d replicas since %d, want %d", when, got, at, want)
				}
			}
			if err := leader.Snapshot(); err != nil {
				t.Fatal(err)
			}
		}
		if _, _, err := leader.configurationAt(1<<40, leader.store.Marker); err == nil {
			t.Error("an entry that is not there has a configuration")
		}
	})
}
