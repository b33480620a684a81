package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"xietong/node/faces/client"
)

// How long the server waits. An idle client of this program lets go of its connection first.
const (
	headerWithin = 10 * time.Second
	idleWithin   = client.IdleWithin + 5*time.Second
)

// Serving is what Serve serves, and where.
type Serving struct {
	Listener net.Listener
	Handler  http.Handler
	Failed   <-chan struct{} // closed when a request would wait in vain; nil: it never is
	Logger   *slog.Logger    // for lines that others cause
}

// Serve serves the API until ctx ends. Requests that are under way then have five seconds to end by
// themselves, uses of data whose clients have gone among them; after that they are ended, which is
// no error. When Serve returns, no request is handled any more, except after Failed.
func Serve(ctx context.Context, s Serving) error {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	r := newRoom(s.Listener, maxConnections)
	under := &underWay{end: end, none: make(chan struct{})}
	server := &http.Server{
		Handler: under.counted(s.Handler), ReadHeaderTimeout: headerWithin, IdleTimeout: idleWithin, ConnState: r.note,
		BaseContext: func(net.Listener) context.Context { return context.WithValue(life, lifeKey{}, life) },
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, connectionKey{}, c)
		},
		ErrorLog: slog.NewLogLogger(lines{s.Logger.Handler()}, slog.LevelWarn),
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(r) }()
	away := r.porch.server()
	away.ErrorLog = server.ErrorLog
	turned := make(chan error, 1)
	go func() { turned <- away.Serve(r.porch) }()
	defer func() {
		_ = away.Close() // it has nothing but connections that were refused
		<-turned
	}()
	select {
	case err := <-ended:
		under.stop()
		err = errors.Join(fmt.Errorf("serve: %w", err), server.Close())
		<-under.none
		return err
	case <-s.Failed:
		err := server.Close()
		<-ended
		return err
	case <-ctx.Done():
	}
	err := drain(server, under, s.Logger)
	<-ended
	return err
}

// lines writes what the HTTP server has to say to the node's log, under a constant message.
type lines struct{ slog.Handler }

func (l lines) Handle(ctx context.Context, r slog.Record) error {
	line := slog.NewRecord(r.Time, r.Level, "api server", 0)
	line.AddAttrs(slog.String("error", r.Message))
	return l.Handler.Handle(ctx, line)
}
