package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"xietong/node"
	"xietong/node/trials/measure"
)

// MaxAppend is the largest size of an appended payload, in bytes.
const MaxAppend = measure.MaxAppend

// ErrAppendSize is returned for a payload size that an append cannot have.
var ErrAppendSize = measure.ErrAppendSize

// LedgerOptions are the options of Ledger.
type LedgerOptions struct {
	Clients  int
	Replicas int
	Size     int           // bytes of a payload, at most MaxAppend
	For      time.Duration // time for each measurement
	Logger   *slog.Logger
	Told     func(what string, clients int) // called before each round
}

// LedgerResult holds the measurements, and the report of verifying the ledger at the end.
type LedgerResult struct {
	Append, Fsync Measurement
	Verified      node.DataReport
}

// ErrLedger is returned if the ledger does not hold all appended entries.
var ErrLedger = errors.New("the ledger does not verify")

// Ledger measures durable appends: it (1) makes the nodes of a jurisdiction, one for each replica,
// in a temporary folder and opens them in this process, (2) warms them up, (3) measures them by
// turns with the plain file, (4) closes them, verifies the ledger from the file of each, and
// removes the folder.
func Ledger(ctx context.Context, o LedgerOptions) (r LedgerResult, err error) {
	folder, err := os.MkdirTemp("", "xietong-bench-")
	if err != nil {
		return r, fmt.Errorf("make folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	dirs, appended, err := r.measure(ctx, folder, o)
	if err != nil {
		return r, err
	}
	for _, dir := range dirs {
		verified, err := node.VerifyData(ctx, dir, "", nil)
		if err != nil {
			return r, err
		}
		if r.Verified.Entries == 0 { // of the replica that led
			r.Verified = verified
		}
		if verified.FirstBad != "" || r.Verified.Entries < uint64(appended) {
			return r, fmt.Errorf("%w: %d appended, %d there, %s", ErrLedger, appended, r.Verified.Entries, verified.FirstBad)
		}
	}
	return r, nil
}

func (r *LedgerResult) measure(ctx context.Context, folder string, o LedgerOptions) (dirs []string, appended int, err error) {
	n, err := measure.Open(ctx, folder, o.Replicas, o.Logger)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	a, err := n.Appender(ctx, o.Size)
	if err != nil {
		return nil, 0, err
	}
	file, err := os.OpenFile(filepath.Join(folder, "file"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, 0, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	content := make([]byte, o.Size)
	flush := func(context.Context, int) error {
		_, err := file.Write(content)
		return errors.Join(err, file.Sync())
	}
	append1 := func(ctx context.Context, _ int) error {
		_, err := a.Append(ctx)
		return err
	}
	warm, err := load(ctx, o.Clients, o.For/warmPart, append1)
	if err != nil {
		return nil, 0, err
	}
	var floor, ours sample
	for range rounds {
		for _, thing := range []struct {
			what    string
			clients int
			do      func(context.Context, int) error
			into    *sample
		}{{WhatFsync, 1, flush, &floor}, {WhatAppend, o.Clients, append1, &ours}} {
			o.Told(thing.what, thing.clients)
			got, err := load(ctx, thing.clients, o.For/rounds, thing.do)
			if err != nil {
				return nil, 0, err
			}
			thing.into.add(got)
		}
	}
	r.Append, r.Fsync = ours.measured(WhatAppend, o.Clients), floor.measured(WhatFsync, 1)
	r.Append.Replicas = o.Replicas
	return n.Dirs, len(warm.took) + len(ours.took), nil
}
