package records

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"xietong/consensus/state"
	"xietong/exchange/budget"
	"xietong/exchange/gather"
	"xietong/node/business/catalog"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// slowRecords takes a time that passes in the bubble to open each record. It counts them, and how
// many are opened at once at most.
type slowRecords struct {
	*booktest.Ledger
	opened, now, most atomic.Int64
}

func (l *slowRecords) Payload(r *state.Reader, index uint64) ([]byte, error) {
	now := l.now.Add(1)
	for most := l.most.Load(); now > most && !l.most.CompareAndSwap(most, now); most = l.most.Load() {
	}
	time.Sleep(100 * time.Microsecond)
	l.now.Add(-1)
	l.opened.Add(1)
	return l.Ledger.Payload(r, index)
}

// TestCostlyScansLetOthersIn attacks the processors of a provider: one neighbour has 100 scans of
// all records run at once. Somebody else's question for one record is answered after at most two
// steps of these for each slot (B02).
func TestCostlyScansLetOthersIn(t *testing.T) {
	const scans, slots, step = 100, 2, int64(budget.Step / (100 * time.Microsecond)) // records in a step
	l, desk := open(t)
	data, f := file(0)
	if _, err := desk.Load(t.Context(), newID(), civil, code, f, bytes.NewReader(data), nil); err != nil {
		t.Fatal(err)
	}
	ask := func(desk *Desk, ctx context.Context, q Question) error {
		q.Dataset, q.Purpose, q.Application = code, "statistics", applied
		_, err := desk.Query(ctx, newID(), catalog.Local("water"), q)
		return err
	}
	one := Question{Key: "520102016001"}
	all := Question{Filter: `name == ""`, Measure: gather.Measure{Function: gather.Count}}
	for _, q := range []Question{one, all} { // makes the grant
		if err := ask(desk, t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		slow := &slowRecords{Ledger: l}
		desk := NewDesk(slow)
		desk.Slots = budget.NewSlots(slots)
		ctx, cancel := context.WithCancel(t.Context())
		var hostile sync.WaitGroup
		for range scans {
			hostile.Go(func() { _ = ask(desk, budget.With(ctx, budget.Payer{Neighbour: "hostile"}), all) })
		}
		time.Sleep(5 * budget.Step)
		before := slow.opened.Load()
		if err := ask(desk, budget.With(t.Context(), budget.Payer{Neighbour: "healthy"}), one); err != nil {
			t.Error(err)
		}
		if n := slow.opened.Load() - before; n > 2*slots*step {
			t.Errorf("%d records were opened before one question was answered, want at most %d", n, 2*slots*step)
		}
		if slow.most.Load() > slots {
			t.Errorf("%d scans compute at once in %d slots", slow.most.Load(), slots)
		}
		cancel()
		hostile.Wait()
	})
}

// lookers counts those who look at the state now.
type lookers struct {
	*booktest.Ledger
	now atomic.Int64
}

func (l *lookers) Look(f func(*state.Reader) error) error {
	l.now.Add(1)
	defer l.now.Add(-1)
	return l.Ledger.Look(f)
}

// TestTurnComesBeforeTheState: whoever waits for a slot does not look at the state meanwhile. A
// commit that must enlarge the map of the file waits for all who look, so a neighbour whose
// questions wait would hold up everything that is recorded (B02b).
func TestTurnComesBeforeTheState(t *testing.T) {
	l, _ := open(t)
	synctest.Test(t, func(t *testing.T) {
		state := &lookers{Ledger: l}
		desk := NewDesk(state)
		desk.Slots = budget.NewSlots(1)
		q := Question{Dataset: code, Key: "520102016001", Purpose: "statistics", Application: applied}
		free, done := make(chan struct{}), make(chan error, 20)
		ctx := budget.With(t.Context(), budget.Payer{Neighbour: "hostile"})
		go func() { _ = desk.Slots.Run(ctx, func(context.Context) error { <-free; return nil }) }()
		synctest.Wait()
		for range cap(done) {
			go func() { _, err := desk.Query(ctx, newID(), catalog.Local("water"), q); done <- err }()
		}
		synctest.Wait()
		if n := state.now.Load(); n != 0 {
			t.Errorf("%d look at the state while they wait for a slot, want none", n)
		}
		close(free)
		for range cap(done) {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
}

// upload is a file that stops in the middle until its gate opens.
type upload struct {
	begun *atomic.Int32
	gate  <-chan struct{}
	rest  io.Reader
}

func (u *upload) Read(b []byte) (int, error) {
	if u.begun != nil {
		u.begun.Add(1)
		u.begun = nil
		<-u.gate
	}
	return u.rest.Read(b)
}

// TestFilesAtOnce (A07) has many files checked at once: a few are read, the others wait, and nobody
// who waits for a file to come holds a slot.
func TestFilesAtOnce(t *testing.T) {
	_, desk := open(t)
	synctest.Test(t, func(t *testing.T) {
		desk.Slots, desk.Files = budget.NewSlots(1), NewFiles()
		ctx := budget.With(t.Context(), budget.Payer{Neighbour: budget.Local, Origin: "0"})
		begun, gate := new(atomic.Int32), make(chan struct{})
		var all sync.WaitGroup
		for n := range MaxComing / 2 { // a quarter of all for each of two
			all.Go(func() {
				ctx := budget.With(t.Context(), budget.Payer{Neighbour: budget.Local, Origin: fmt.Sprint(n % 2)})
				file := &upload{begun, gate, strings.NewReader("code,name\n520102016009,社区\n")}
				got, err := desk.Check(ctx, civil, code, asCSV, file)
				if err != nil || got.Good != 1 {
					t.Errorf("got %+v, %v, want one good row", got, err)
				}
			})
		}
		synctest.Wait()
		if _, err := desk.Check(ctx, civil, code, asCSV, strings.NewReader("")); !failure.Is(err, text.Overloaded) {
			t.Errorf("one more: got %v, want %s", err, text.Overloaded)
		}
		if got := begun.Load(); got != MaxFiles {
			t.Errorf("%d files are read at once, want %d", got, MaxFiles)
		}
		ran := false
		other := budget.With(t.Context(), budget.Payer{Neighbour: "another"})
		if err := desk.Slots.Run(other, func(context.Context) error { ran = true; return nil }); err != nil || !ran {
			t.Errorf("while files are waited for: ran %t, %v", ran, err)
		}
		close(gate)
		all.Wait()
	})
}

// gated takes nothing until its gate opens.
type gated struct {
	strings.Builder
	gate <-chan struct{}
}

func (g *gated) Write(p []byte) (int, error) {
	<-g.gate
	return g.Builder.Write(p)
}

// TestSlowReaderHoldsNoSlot (A07c): whoever has the bad rows of a file told, and reads nothing of
// them, holds up nobody who computes.
func TestSlowReaderHoldsNoSlot(t *testing.T) {
	_, desk := open(t)
	synctest.Test(t, func(t *testing.T) {
		desk.Slots, desk.Files = budget.NewSlots(1), NewFiles()
		gate, done := make(chan struct{}), make(chan error)
		slow := &gated{gate: gate}
		go func() {
			file := strings.NewReader("code,name\n" + strings.Repeat("5201,社区\n", 20_000))
			ctx := budget.With(t.Context(), budget.Payer{Neighbour: budget.Local, Origin: "0"})
			done <- desk.BadRows(ctx, civil, code, asCSV, text.Zh, file, slow)
		}()
		synctest.Wait()
		ran := false
		ctx, cancel := context.WithTimeout(budget.With(t.Context(), budget.Payer{Neighbour: "another"}), time.Minute)
		defer cancel()
		if err := desk.Slots.Run(ctx, func(context.Context) error { ran = true; return nil }); err != nil || !ran {
			t.Errorf("while nobody reads: ran %t, %v", ran, err)
		}
		close(gate)
		if err := <-done; err != nil || strings.Count(slow.String(), "\n") != 20_001 {
			t.Errorf("got %d lines, %v", strings.Count(slow.String(), "\n"), err)
		}
	})
}

// TestSilentFiles (A07b): one agency sends files of which nothing comes. Half of those that are
// read at once are its own at most, and a third of those that may wait, so another agency's are
// taken.
func TestSilentFiles(t *testing.T) {
	_, desk := open(t)
	synctest.Test(t, func(t *testing.T) {
		desk.Files = NewFiles()
		of := func(agency string) context.Context {
			return budget.With(t.Context(), budget.Payer{Neighbour: budget.Local, Origin: agency})
		}
		gate := make(chan struct{})
		var refused atomic.Int32
		var all sync.WaitGroup
		for range MaxComing {
			all.Go(func() {
				_, err := desk.Check(of("water"), civil, code, asCSV, &upload{new(atomic.Int32), gate, strings.NewReader("code,name\n")})
				if failure.Is(err, text.Overloaded) {
					refused.Add(1)
				}
			})
		}
		synctest.Wait()
		if got := refused.Load(); got != MaxComing-MaxComing/3 {
			t.Errorf("%d of %d are refused", got, MaxComing)
		}
		got, err := desk.Check(of("civil-affairs"), civil, code, asCSV, strings.NewReader("code,name\n520102016009,社区\n"))
		if err != nil || got.Good != 1 {
			t.Errorf("another agency's: got %+v, %v", got, err)
		}
		close(gate)
		all.Wait()
	})
}
