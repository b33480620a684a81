package host

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fakeLedger is a ledger that counts the looks and signatures of a signer.
type fakeLedger struct {
	mu           sync.Mutex
	next         chan struct{}
	size, signed int
	looked       int
	fails        bool
	leading      chan struct{} // closed: it leads
}

func (l *fakeLedger) appended() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.next
}

func (l *fakeLedger) commit(entries int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.size += entries
	close(l.next)
	l.next = make(chan struct{})
}

func (l *fakeLedger) leads(ctx context.Context) error {
	select {
	case <-l.leading:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *fakeLedger) sign(context.Context) error {
	l.mu.Lock()
	fresh := l.signed < l.size && !l.fails
	l.looked++
	if fresh {
		l.signed = l.size
	}
	fails := l.fails
	l.mu.Unlock()
	if fails {
		return errors.New("the disk is full")
	}
	if fresh {
		l.commit(0)
	}
	return nil
}

// did returns the size that was signed, and how often the signer looked since the last call.
func (l *fakeLedger) did() (signed, looked int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	looked, l.looked = l.looked, 0
	return l.signed, looked
}

// TestSignerSleeps checks that everything is signed in time, and that an idle ledger costs nothing.
func TestSignerSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &fakeLedger{next: make(chan struct{}), leading: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() {
			signer{ready: l.leads, appended: l.appended, sign: l.sign, lag: checkpointLag, logger: slog.New(slog.DiscardHandler)}.run(ctx)
			close(done)
		}()
		step := func(what string, wait time.Duration, signed, most int) {
			t.Helper()
			time.Sleep(wait)
			synctest.Wait()
			if got, looked := l.did(); got != signed || looked > most {
				t.Errorf("%s: signed %d, want %d; looked %d times, want at most %d", what, got, signed, looked, most)
			}
		}
		l.commit(1)
		step("it does not lead", time.Hour, 0, 0)
		close(l.leading)
		step("it leads", checkpointLag, 1, 1)
		step("at rest", 365*24*time.Hour, 1, 1) // its own checkpoint was a commit
		l.commit(1)
		step("one entry", checkpointLag, 2, 1)
		step("at rest again", time.Hour, 2, 1)
		for range 1000 {
			l.commit(1)
			time.Sleep(time.Millisecond)
		}
		step("a thousand entries in a second", checkpointLag, 1002, 8)
		l.mu.Lock()
		l.fails = true
		l.mu.Unlock()
		l.commit(1)
		step("a full disk", time.Minute, 1002, 14)
		l.mu.Lock()
		l.fails = false
		l.mu.Unlock()
		step("space again", signAgain, 1003, 2)
		step("at rest for good", 365*24*time.Hour, 1003, 1)
		cancel()
		<-done
	})
}
