// Package loglimit bounds the log lines that others cause. A neighbour or a stranger can have the
// same refused as often as it likes; of one kind of line about one of them there are a few at once
// and then one a minute, which tells how many were left out.
//
// What is counted together is a message with the attributes "jurisdiction" and "peer". These name
// hosted jurisdictions, and neighbours or branches of the tree (route.Branch), whose number is
// bounded; a line about another jurisdiction names its branch. A line about a stranger has no peer,
// so all strangers are one. No attribute that a stranger chooses may have one of these names.
//
// A Queue stands between the node and whoever reads its log, so that nobody waits for that reader.
package loglimit

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// Bounds of the lines of one kind about one neighbour.
const (
	AtOnce = 20
	Every  = time.Minute
)

// New returns a logger that writes to another one what is not too much.
func New(l *slog.Logger) *slog.Logger {
	return slog.New(&handler{Handler: l.Handler(), lines: &lines{of: map[kind]*spent{}}})
}

// kind is what is counted together.
type kind struct{ message, jurisdiction, peer string }

// note notes the attribute, if it names whom a line is about.
func (k *kind) note(a slog.Attr) {
	switch a.Key {
	case "jurisdiction":
		k.jurisdiction = a.Value.String()
	case "peer":
		k.peer = a.Value.String()
	}
}

// lines counts the lines of each kind.
type lines struct {
	mu sync.Mutex
	of map[kind]*spent
}

type spent struct {
	until time.Time // when the kind has all its lines again
	more  int       // lines that were left out since the last
}

// spend takes a line of the kind, and reports whether there was one, and how many were left out
// before it.
func (l *lines) spend(k kind, now time.Time) (more int, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.of[k]
	if s == nil {
		s = &spent{}
		l.of[k] = s
	}
	if s.until.Before(now) {
		s.until = now
	}
	if s.until.Sub(now) > (AtOnce-1)*Every {
		s.more++
		return 0, false
	}
	s.until = s.until.Add(Every)
	more, s.more = s.more, 0
	return more, true
}

type handler struct {
	slog.Handler
	lines *lines
	about kind // as far as it is known from the logger
}

// Handle writes the line, unless there were too many like it.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	about := h.about
	about.message = r.Message
	r.Attrs(func(a slog.Attr) bool { about.note(a); return true })
	more, ok := h.lines.spend(about, r.Time)
	if !ok {
		return nil
	}
	if more > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int("left_out", more))
	}
	return h.Handler.Handle(ctx, r)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	about := h.about
	for _, a := range attrs {
		about.note(a)
	}
	return &handler{h.Handler.WithAttrs(attrs), h.lines, about}
}

func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{h.Handler.WithGroup(name), h.lines, h.about}
}
