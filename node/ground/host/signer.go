package host

import (
	"context"
	"log/slog"
	"time"
)

// signAgain is the pause after a checkpoint that could not be made, because the disk is full or
// raft has no majority.
const signAgain = 5 * time.Second

// signer makes checkpoints of new entries, or signs them, at most lag after they are applied. It
// sleeps while nothing happens and while it is not ready, because a node may host a hundred
// jurisdictions.
type signer struct {
	ready    func(context.Context) error // waits until there is somebody to sign for
	appended func() <-chan struct{}      // closed when the next command is applied
	sign     func(context.Context) error // does nothing where everything is signed
	lag      time.Duration
	logger   *slog.Logger
}

// run signs until ctx ends. It listens for the next command before it looks at the ledger, so it
// misses none. A checkpoint is a command too; the look after it finds nothing to sign.
func (s signer) run(ctx context.Context) {
	pause := s.lag
	for s.ready(ctx) == nil {
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
		appended := s.appended()
		if err := s.sign(ctx); err != nil && ctx.Err() == nil {
			s.logger.Warn("checkpoint not made", "error", err)
			pause = signAgain
			continue
		}
		pause = s.lag
		select {
		case <-appended:
		case <-ctx.Done():
		}
	}
}
