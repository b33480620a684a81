package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
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

// cutShort returns the problem of a request that ended before its answer came: whether it took
// effect is not known, and an import goes on by itself.
func (a *app) cutShort(err error) (client.Problem, bool) {
	_, imports := errors.AsType[*importStopped](err)
	interrupted, unknown := errors.Is(err, context.Canceled), errors.Is(err, client.ErrUnknownOutcome)
	switch {
	case imports && interrupted:
		return a.own("interrupted", text.CLIInterrupted, text.CLIImportStoppedDo, a.data, err), true
	case imports && (unknown || errors.Is(err, client.ErrBroken)):
		return a.own("import-stopped", text.CLIImportStopped, text.CLIImportStoppedDo, a.data, err), true
	case interrupted:
		return a.own("interrupted", text.CLIInterrupted, text.CLIInterruptedDo, "", err), true
	case unknown: // whatever came of later attempts
		return a.own("outcome-unknown", text.CLIOutcome, text.CLIOutcomeDo, a.data, err), true
	}
	return client.Problem{}, false
}

// unreached returns the problem of a node that gives no answer.
func (a *app) unreached(err error) (client.Problem, bool) {
	if s, ok := errors.AsType[*silentError](err); ok {
		return a.known(text.NodeSilent, text.Args{"seconds": fmt.Sprintf("%.0f", s.within.Seconds()), "dir": a.data}), true
	}
	switch {
	case errors.Is(err, errStarting):
		return a.known(text.NodeStarting, text.Args{"dir": a.data}), true
	case errors.Is(err, client.ErrNotRunning):
		if info, err := os.Stat(a.data); err != nil || !info.IsDir() {
			return a.known(node.AbsentDir(a.data), text.Args{"dir": a.data}), true
		}
		return a.known(text.NotRunning, text.Args{"dir": a.data}), true
	case errors.Is(err, client.ErrBroken):
		return a.own("node-stopped", text.CLIStopped, text.CLIStoppedDo, a.data, err), true
	case errors.Is(err, client.ErrSocket):
		return a.own("socket", text.CLISocket, text.CLISocketDo, a.data, err), true
	}
	return client.Problem{}, false
}
