package main

import (
	"context"
	"fmt"
	"time"
)

// silentWithin is how long a node may take for an answer that it makes of what it knows by itself.
// One that is stopped by a signal, or whose disk hangs, takes connections and gives none.
const silentWithin = 20 * time.Second

// silentError says that a node gave no such answer in time.
type silentError struct {
	within time.Duration
	err    error // of the client; that it knows not what came of the request is no news here
}

func (e *silentError) Error() string { return fmt.Sprintf("no answer within %s: %v", e.within, e.err) }

// soon asks for an answer that needs nobody but the node, and gives up after a.silent.
func soon[T any](ctx context.Context, a *app, ask func(context.Context) (T, error)) (T, error) {
	within := a.silent
	if within == 0 {
		within = silentWithin
	}
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	got, err := ask(limited)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		err = &silentError{within, err}
	}
	return got, err
}
