package group

import (
	"context"
	"io"
	"log"
	"log/slog"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/go-hclog"
)

// adapted turns the logger of raft into slog, and nothing else does. Raft's key/value pairs hold
// indexes, terms and replicas, no personal data.
type adapted struct {
	to    *slog.Logger
	name  string
	args  []any
	alone *atomic.Bool // this replica alone has a vote; nil: it does not matter
	out   func() bool  // it was removed, and what it tries in vain is told once; nil: it does not matter
}

// noHeartbeat begins the warnings that an election starts because the replica does not hear a
// leader. The only voter never hears another and elects itself at each start, so there they warn of
// nothing.
const noHeartbeat = "heartbeat timeout reached"

func adaptLogger(to *slog.Logger, alone *atomic.Bool, out func() bool) hclog.Logger {
	return adapted{to: to, alone: alone, out: out}
}

var levels = map[hclog.Level]slog.Level{
	hclog.Trace: slog.LevelDebug - 4, hclog.Debug: slog.LevelDebug, hclog.Info: slog.LevelInfo,
	hclog.Warn: slog.LevelWarn, hclog.Error: slog.LevelError,
}

// Log implements hclog.Logger. It logs the library's "info" at debug level, because only the
// developers of the library need that.
func (a adapted) Log(level hclog.Level, msg string, args ...any) {
	to := levels[level]
	if level == hclog.Info || a.out != nil && a.out() || a.alone != nil && a.alone.Load() && strings.HasPrefix(msg, noHeartbeat) {
		to = slog.LevelDebug
	}
	a.to.Log(context.Background(), to, msg, args...)
}

func (a adapted) Trace(msg string, args ...any) { a.Log(hclog.Trace, msg, args...) }
func (a adapted) Debug(msg string, args ...any) { a.Log(hclog.Debug, msg, args...) }
func (a adapted) Info(msg string, args ...any)  { a.Log(hclog.Info, msg, args...) }
func (a adapted) Warn(msg string, args ...any)  { a.Log(hclog.Warn, msg, args...) }
func (a adapted) Error(msg string, args ...any) { a.Log(hclog.Error, msg, args...) }

func (a adapted) IsTrace() bool { return a.enabled(hclog.Trace) }
func (a adapted) IsDebug() bool { return a.enabled(hclog.Debug) }
func (a adapted) IsInfo() bool  { return a.enabled(hclog.Debug) }
func (a adapted) IsWarn() bool  { return a.enabled(hclog.Warn) }
func (a adapted) IsError() bool { return a.enabled(hclog.Error) }

func (a adapted) enabled(l hclog.Level) bool { return a.to.Enabled(context.Background(), levels[l]) }

func (a adapted) ImpliedArgs() []any { return a.args }

func (a adapted) With(args ...any) hclog.Logger {
	a.to, a.args = a.to.With(args...), append(a.args[:len(a.args):len(a.args)], args...)
	return a
}

func (a adapted) Name() string { return a.name }

func (a adapted) Named(name string) hclog.Logger {
	a.to, a.name = a.to.With("part", name), name
	return a
}

func (a adapted) ResetNamed(name string) hclog.Logger { return a.Named(name) }
func (a adapted) SetLevel(hclog.Level)                {}
func (a adapted) GetLevel() hclog.Level               { return hclog.Info }

func (a adapted) StandardLogger(*hclog.StandardLoggerOptions) *log.Logger {
	return slog.NewLogLogger(a.to.Handler(), slog.LevelInfo)
}

func (a adapted) StandardWriter(o *hclog.StandardLoggerOptions) io.Writer {
	return a.StandardLogger(o).Writer()
}
