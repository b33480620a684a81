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
	Clients int
	Size    int           // bytes of a payload, at most MaxAppend
	For     time.Duration // time for each measurement
	Logger  *slog.Logger
	Told    func(what string, clients int) // called before each round
}

// LedgerResult holds the measurements, and the report of verifying the ledger at the end.
type LedgerResult struct {
	Append, Fsync Measurement
	Verified      node.DataReport
}

// ErrLedger is returned if the ledger does not hold all appended entries.
var ErrLedger = errors.New("the ledger does not verify")

// Ledger measures durable appends: it (1) makes a node in a temporary folder and opens it in this
// process, (2) warms it up, (3) measures it by turns with the plain file, (4) closes it, verifies
// its ledger from the file, and removes the folder.
func Ledger(ctx context.Context, o LedgerOptions) (r LedgerResult, err error) {
	folder, err := os.MkdirTemp("", "xietong-bench-")
	if err != nil {
		return r, fmt.Errorf("make folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	dir := filepath.Join(folder, "node")
	if _, err := node.Init(dir, node.InitOptions{Name: "bench"}); err != nil {
		return r, err
	}
	appended, err := r.measure(ctx, dir, filepath.Join(folder, "file"), o)
	if err != nil {
		return r, err
	}
	r.Verified, err = node.VerifyData(ctx, dir, "", nil)
	if err == nil && (r.Verified.FirstBad != "" || r.Verified.Entries < uint64(appended)) {
		err = fmt.Errorf("%w: %d appended, %d there, %s", ErrLedger, appended, r.Verified.Entries, r.Verified.FirstBad)
	}
	return r, err
}

func (r *LedgerResult) measure(ctx context.Context, dir, path string, o LedgerOptions) (appended int, err error) {
	n, err := measure.Open(ctx, dir, o.Logger)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	a, err := n.Appender(ctx, o.Size)
	if err != nil {
		return 0, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return 0, err
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
		return 0, err
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
				return 0, err
			}
			thing.into.add(got)
		}
	}
	r.Append, r.Fsync = ours.measured(WhatAppend, o.Clients), floor.measured(WhatFsync, 1)
	return len(warm.took) + len(ours.took), nil
}
