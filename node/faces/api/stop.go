package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"
)

// How long a stop waits.
const (
	drainWithin = 5 * time.Second // for requests to end by themselves
	lastWithin  = 2 * time.Second // for those that were ended to tell their clients
)

// drain lets the requests that are under way end, and then ends them.
func drain(server *http.Server, under *underWay, logger *slog.Logger) error {
	err := shutdown(server, drainWithin)
	if n := under.stop(); n > 0 {
		logger.Warn("requests ended by the stop", "number", n)
		err = shutdown(server, lastWithin)
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = server.Close() // those that wait for their clients see it
	}
	<-under.none
	return err
}

func shutdown(server *http.Server, within time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), within)
	defer cancel()
	return server.Shutdown(ctx)
}

// The keys of what the context of a request knows of where it is served: the context that ends when
// a stop ends what is under way, and the connection.
type (
	lifeKey       struct{}
	connectionKey struct{}
)

// goesOn returns a context that does not end when the client of the request goes, but after a time,
// or when a stop ends what is under way. A client that goes leaves its connection to others.
func goesOn(ctx context.Context, within time.Duration) (context.Context, func()) {
	on, cancel := context.WithTimeout(context.WithoutCancel(ctx), within)
	life, served := ctx.Value(lifeKey{}).(context.Context)
	if !served { // as in tests
		return on, cancel
	}
	ended := context.AfterFunc(life, cancel)
	gone := context.AfterFunc(ctx, func() {
		if c, ok := ctx.Value(connectionKey{}).(*connection); ok && life.Err() == nil {
			_ = c.Close() // nobody is at the other end
		}
	})
	return on, func() { ended(); gone(); cancel() }
}

// underWay counts the requests that are handled, so that a stop waits for the last of them.
type underWay struct {
	end  context.CancelFunc // of their contexts
	none chan struct{}      // closed when none is left after stop

	mu      sync.Mutex
	number  int
	stopped bool
}

// counted is the handler whose requests are counted.
func (u *underWay) counted(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !u.add(1) {
			panic(http.ErrAbortHandler) // closes the connection
		}
		defer u.add(-1)
		h.ServeHTTP(w, r)
	})
}

// add counts a request that begins (1) or ends (-1). After stop none begins.
func (u *underWay) add(n int) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if n > 0 && u.stopped {
		return false
	}
	u.number += n
	if u.stopped && u.number == 0 {
		close(u.none)
	}
	return true
}

// stop ends the requests that are under way, and returns how many there are.
func (u *underWay) stop() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.stopped = true
	if u.number == 0 {
		close(u.none)
	}
	u.end()
	return u.number
}
