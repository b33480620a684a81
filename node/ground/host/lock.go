package host

import (
	"context"
	"sync"
)

// Lock is a mutex that is held while others are waited for. Who waits for it waits at a channel,
// so that a test in a bubble can tell it from work, and let time pass.
type Lock struct {
	made sync.Once
	held chan struct{} // full while somebody holds it
}

// Lock implements sync.Locker.
func (l *Lock) Lock() {
	l.made.Do(l.make)
	l.held <- struct{}{}
}

// LockIn is Lock, unless ctx ends first: then it returns its error.
func (l *Lock) LockIn(ctx context.Context) error {
	l.made.Do(l.make)
	select {
	case l.held <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Unlock implements sync.Locker.
func (l *Lock) Unlock() { <-l.held }

// TryLock takes the lock where nobody holds it.
func (l *Lock) TryLock() bool {
	l.made.Do(l.make)
	select {
	case l.held <- struct{}{}:
		return true
	default:
		return false
	}
}

func (l *Lock) make() { l.held = make(chan struct{}, 1) }
