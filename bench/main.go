// Command bench measures our ledger beside what others would take for it, on the machine that it
// runs on, by turns and in one process: three replicas of a jurisdiction and three members of etcd,
// each with a data directory of its own on the same disk and sockets of its own, and the same number
// of clients in the process. Both answer a write once a majority has flushed it to disk.
//
// Two commands measure what others have nothing beside: growth, what a ledger of many entries costs,
// and crowd, what many clients at once meet.
//
// It judges no time: it prints what it saw, the medians, the ranges and the ratios. It is a module of
// its own, so that what it compares with is no dependency of the program.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/pprof"
	"strconv"
	"strings"
	"time"
)

// subject is a thing that is measured.
type subject interface {
	// write makes one durable write for a client.
	write(ctx context.Context, client int) error
	close() error
}

// contestant is a thing that can be measured: its name, and how it is made in an empty folder.
type contestant struct {
	name string
	open func(ctx context.Context, folder string, size int) (subject, error)
}

var contestants = []contestant{
	{"xietong", openOurs},
	{"etcd", openEtcd},
	{"xietong-provable", openProvable},
	{"tessera", openTessera},
}

// options are what the flags say.
type options struct {
	clients []int
	size    int
	runs    int
	each    time.Duration
	only    string
	profile string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := begin(ctx, os.Args[1:])
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// begin runs what the arguments say.
func begin(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "growth":
			return grow(ctx, args[1:], os.Stdout)
		case "crowd":
			return come(ctx, args[1:], os.Stdout)
		}
	}
	o, err := parse(args)
	if err != nil {
		return err
	}
	return profiled(o.profile, func() error { return compare(ctx, o, os.Stdout) })
}

// profiled runs do under the CPU profiler, where a file is named.
func profiled(file string, do func() error) error {
	if file == "" {
		return do()
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return errors.Join(err, f.Close())
	}
	err = do()
	pprof.StopCPUProfile()
	return errors.Join(err, f.Close())
}

func parse(args []string) (o options, err error) {
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	clients := f.String("clients", "1,64,256", "clients at once, each measured by itself")
	f.IntVar(&o.size, "size", 512, "bytes of a payload")
	f.IntVar(&o.runs, "runs", 5, "runs of each")
	f.DurationVar(&o.each, "for", 10*time.Second, "how long a run takes")
	f.StringVar(&o.only, "only", "", "measure these alone, such as xietong,etcd; empty: all")
	f.StringVar(&o.profile, "profile", "", "write a CPU profile of all runs to this `file`")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	for s := range strings.SplitSeq(*clients, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 || n > 4096 {
			return o, fmt.Errorf("read -clients: %q is no number from 1 to 4096", s)
		}
		o.clients = append(o.clients, n)
	}
	if o.runs < 1 || o.each < time.Millisecond || f.NArg() > 0 {
		return o, errors.New("read flags: -runs is at least 1, -for at least 1ms, and there are no arguments")
	}
	return o, nil
}
