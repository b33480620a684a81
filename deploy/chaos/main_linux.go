package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"time"
)

func main() {
	if err := chaos(); err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func chaos() error {
	seed := flag.Uint64("seed", uint64(time.Now().UnixNano()%1_000_000), "draw everything from this seed")
	cuts := flag.Int("cuts", 0, "cut the power so often, instead of running clients")
	replicas := flag.Int("replicas", 3, "of so many replicas at once")
	lie := flag.String("lie", "", "with -cuts: fsync does nothing on files of this pattern, such as *.wal, which must be found")
	lasts := flag.Duration("for", time.Minute, "run clients and faults so long")
	most := flag.Duration("most", 19*time.Second, "a fault lasts at most so long, and a second")
	errs := flag.Bool("errors", false, "with -cuts: before the power fails, so do steps of the disks (EIO, ENOSPC, EROFS, slow)")
	flips := flag.Int("flips", 0, "change so many single bits of the files of one machine that is stopped, instead of running clients")
	program := flag.String("program", "", "the program (default: built anew)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	folder, err := folders()
	if err != nil {
		return err
	}
	fmt.Printf("seed %d, folder %s\n", *seed, folder)
	built := *program == ""
	clocks, quick := built && *cuts == 0 && *flips == 0, built && *flips > 0
	overlay := ""
	if clocks {
		overlay, err = clockOverlay(folder)
	} else if quick {
		overlay, err = scrubOverlay(folder)
	}
	if err == nil {
		*program, err = build(*program, folder, overlay)
	}
	if err != nil {
		return err
	}
	var run interface{ run(context.Context) error } = &storm{out: os.Stdout, program: *program, folder: folder, seed: *seed, lasts: *lasts, most: *most, clocks: clocks}
	if *cuts > 0 {
		run = &cutting{out: os.Stdout, program: *program, folder: folder, seed: *seed, cuts: *cuts, replicas: *replicas, lie: *lie, errors: *errs}
	}
	if *flips > 0 {
		run = &flipping{out: os.Stdout, program: *program, folder: folder, seed: *seed, flips: *flips, replicas: *replicas, quick: quick}
	}
	if err := run.run(ctx); err != nil {
		return fmt.Errorf("%w (what the processes wrote is kept in %s)", err, folder)
	}
	return errors.Join(os.RemoveAll(folder))
}
