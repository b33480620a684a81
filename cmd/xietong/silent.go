package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
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

// patient returns how long a node may be silent in this run.
func (a *app) patient() time.Duration { return cmp.Or(a.silent, silentWithin) }

// watched carries the requests of a run. An answer may take long, as it may need others; so while
// one is awaited, the node is asked whether it lives. Of one that does not answer that either, the
// run is ended with a silentError as cause.
type watched struct {
	zoneHeard
	within time.Duration
	end    context.CancelCauseFunc // of the run
}

func (w watched) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, answered := context.WithCancel(r.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		w.watch(ctx, *r.URL)
	}()
	stop := func() { answered(); <-done }
	resp, err := w.zoneHeard.RoundTrip(r)
	if err != nil {
		stop()
		return nil, err
	}
	resp.Body = watchedBody{resp.Body, stop}
	return resp, nil
}

// watchedBody is an answer that is watched until it is closed.
type watchedBody struct {
	io.ReadCloser
	stop func()
}

func (b watchedBody) Close() error {
	defer b.stop()
	return b.ReadCloser.Close()
}

// watch asks until the answer came.
func (w watched) watch(ctx context.Context, u url.URL) {
	u.Path, u.RawQuery = "/v1/health", ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(w.within):
		}
		limited, cancel := context.WithTimeout(ctx, w.within)
		err := w.lives(limited, u.String())
		if cancel(); err != nil && ctx.Err() == nil && limited.Err() == context.DeadlineExceeded {
			w.end(&silentError{w.within, err})
			return
		}
	}
}

// lives asks a node whether it lives; any answer says so.
func (w watched) lives(ctx context.Context, health string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, health, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := w.Transport.RoundTrip(r) // the zone is heard of the request itself
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// silence returns the error of a run that ended because its node is silent: that, unless a request
// was lost that may have been done.
func silence(ctx context.Context, err error) error {
	s, silent := errors.AsType[*silentError](context.Cause(ctx))
	switch {
	case err == nil || !silent:
		return err
	case errors.Is(err, client.ErrUnknownOutcome):
		return fmt.Errorf("%w: %w", client.ErrUnknownOutcome, s.err)
	}
	return s
}

// soon asks for an answer that needs nobody but the node, and gives up after a.silent.
func soon[T any](ctx context.Context, a *app, ask func(context.Context) (T, error)) (T, error) {
	within := a.patient()
	limited, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	got, err := ask(limited)
	if err != nil && ctx.Err() == nil && limited.Err() != nil {
		err = &silentError{within, err}
	}
	return got, err
}

// cutShort returns the problem of a request that ended before its answer came: whether it took
// effect is not known, and an import goes on by itself. What ended a demo is told here, too.
func (a *app) cutShort(err error) (client.Problem, bool) {
	if p, ok := a.ofDemo(err); ok {
		return p, true
	}
	_, imports := errors.AsType[*importStopped](err)
	interrupted, unknown := errors.Is(err, context.Canceled), errors.Is(err, client.ErrUnknownOutcome)
	switch {
	case imports && interrupted:
		return a.own("interrupted", text.CLIInterrupted, text.CLIImportStoppedDo, a.data, err), true
	case imports && (unknown || errors.Is(err, client.ErrBroken)):
		return a.own("import-stopped", text.CLIImportStopped, text.CLIImportStoppedDo, a.data, err), true
	case interrupted:
		return a.own("interrupted", text.CLIInterrupted, cmp.Or(a.stopped, text.CLIInterruptedDo), "", err), true
	case unknown: // whatever came of later attempts
		return a.own("outcome-unknown", text.CLIOutcome, text.CLIOutcomeDo, a.data, err), true
	}
	return client.Problem{}, false
}

// displaced reports whether something else has the place of the socket of the node.
func (a *app) displaced() bool {
	info, err := os.Lstat(filepath.Join(a.data, client.SocketName))
	return err == nil && info.Mode()&(fs.ModeSocket|fs.ModeSymlink) == 0
}

// unreached returns the problem of a node that gives no answer.
func (a *app) unreached(err error) (client.Problem, bool) {
	if s, ok := errors.AsType[*silentError](err); ok {
		return a.known(text.NodeSilent, text.Args{"seconds": fmt.Sprintf("%.0f", s.within.Seconds()), "dir": a.data}), true
	}
	switch {
	case errors.Is(err, errStarting) && a.displaced():
		return a.known(text.SocketReplaced, text.Args{"file": filepath.Join(a.data, client.SocketName)}), true
	case errors.Is(err, errStarting):
		return a.known(text.NodeStarting, text.Args{"dir": a.data}), true
	case errors.Is(err, client.ErrNotRunning):
		if info, err := os.Stat(a.data); err != nil || !info.IsDir() {
			return a.known(node.AbsentDir(a.data), text.Args{"dir": a.data}), true
		}
		if f, ok := errors.AsType[*text.Failure](node.CheckDir(a.data)); ok && (f.Code == text.DirOlder || f.Code == text.DirNewer) {
			return a.known(f.Code, f.Args), true // `serve` would refuse it
		}
		return a.known(text.NotRunning, text.Args{"dir": a.data}), true
	case errors.Is(err, client.ErrBroken):
		return a.own("node-stopped", text.CLIStopped, text.CLIStoppedDo, a.data, err), true
	case errors.Is(err, client.ErrSocket) && errors.Is(err, syscall.EAGAIN): // its queue is full
		return a.known(text.Overloaded, text.Args{"seconds": "2"}), true
	case errors.Is(err, client.ErrSocket):
		return a.own("socket", text.CLISocket, text.CLISocketDo, a.data, err), true
	}
	return client.Problem{}, false
}
