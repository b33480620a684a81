package main

import (
	"context"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

// growth fills the state of a ledger, and at each of some sizes measures what must not grow with
// it: how long it takes to open, to append and to prove. The commands go straight into the state
// machine, without raft and sockets, because no machine makes a hundred million of them otherwise
// in an hour. Each is what a use of data leaves: an entry with a sealed payload, and an id that is
// remembered for an hour and a minute, of a clock that goes on by ten milliseconds a command: from
// the first size on as many ids are forgotten as come.
//
// What is appended to a larger one is measured by turns with the first, of which a copy is kept.
//
// Filling and measuring are processes of their own. The one that fills is killed while it writes,
// as a machine that loses power: nothing is in the memory of the one that opens.
type growth struct {
	entries []uint64
	size    int
	dir     string
	cold    bool
}

const (
	kindGrow    state.Kind = 1000
	packed                 = 256     // commands of a raft entry
	appended               = 1 << 17 // commands that are measured
	rounds                 = 8
	proofs                 = 5000
	idLife                 = 60_000 // ms
	perCommand             = 10     // ms of the clock
	firstClock             = 1_800_000_000_000
	phaseFill              = "fill"
	phaseLook              = "look"
	stateInDir             = "state.db"
	growthUsage            = "growth -entries 1000000,10000000 -dir FOLDER"
)

func parseGrowth(args []string) (g growth, phase string, err error) {
	f := flag.NewFlagSet(growthUsage, flag.ContinueOnError)
	entries := f.String("entries", "1000000,10000000", "the sizes at which it is measured, in order")
	f.IntVar(&g.size, "size", 512, "bytes of a sealed payload")
	f.StringVar(&g.dir, "dir", "", "the `folder` to fill, on the disk to be measured; it is removed at the end; empty: a temporary one")
	f.BoolVar(&g.cold, "cold", true, "drop the file from the memory of the system before it is opened")
	f.StringVar(&phase, "phase", "", "for the processes that this one starts")
	if err := f.Parse(args); err != nil {
		return g, "", err
	}
	for s := range strings.SplitSeq(*entries, ",") {
		n, err := strconv.ParseUint(s, 10, 40)
		if err != nil || n < appended || len(g.entries) > 0 && n <= g.entries[len(g.entries)-1] {
			return g, "", fmt.Errorf("read -entries: %q is no number of at least %d that is larger than the one before", s, appended)
		}
		g.entries = append(g.entries, n)
	}
	if g.size < 1 || g.size > 64<<10 || f.NArg() > 0 {
		return g, "", errors.New("read flags: -size is 1 to 65536, and there are no arguments")
	}
	return g, phase, nil
}

// grow runs the command.
func grow(ctx context.Context, args []string, out io.Writer) (err error) {
	g, phase, err := parseGrowth(args)
	switch {
	case err != nil:
		return err
	case phase == phaseFill:
		return g.fill()
	case phase == phaseLook:
		return g.look(out)
	}
	if g.dir == "" {
		g.dir = os.TempDir()
	}
	if g.dir, err = os.MkdirTemp(g.dir, "growth-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(g.dir)) }()
	if err := state.Create(g.path(), growthLog()); err != nil {
		return err
	}
	for _, n := range g.entries {
		began := time.Now()
		if err := g.process(ctx, phaseFill, n, out); err != nil {
			return err
		}
		info, err := os.Stat(g.path())
		if err != nil {
			return err
		}
		files, old := g.files()
		fmt.Fprintf(out, "%d entries: filled in %s, %d bytes of state.db an entry, and %d in %d files that never change; killed\n",
			n, shown(time.Since(began)), info.Size()/int64(n), old/int64(n), len(files))
		for _, after := range []string{"a kill", "a clean end"} {
			fmt.Fprintf(out, "  after %s:\n", after)
			if err := g.process(ctx, phaseLook, n, out); err != nil {
				return err
			}
		}
		if n == g.entries[0] {
			if err := copyFile(g.path(), g.firstPath()); err != nil {
				return err
			}
		}
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// files returns the files of old entries, and their bytes.
func (g growth) files() (paths []string, bytes int64) {
	paths, _ = filepath.Glob(filepath.Join(g.dir, state.FilesFolder, "0*"))
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil {
			bytes += info.Size()
		}
	}
	return paths, bytes
}

func (g growth) firstPath() string { return filepath.Join(g.dir, "first.db") }

func (g growth) path() string { return filepath.Join(g.dir, stateInDir) }

// process runs a phase in a process of its own.
func (g growth) process(ctx context.Context, phase string, n uint64, out io.Writer) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	c := exec.CommandContext(ctx, self, "growth", "-phase", phase, "-entries", strconv.FormatUint(n, 10),
		"-size", strconv.Itoa(g.size), "-dir", g.dir, fmt.Sprintf("-cold=%t", g.cold))
	c.Stdout, c.Stderr = out, os.Stderr
	err = c.Run()
	if ended, ok := errors.AsType[*exec.ExitError](err); ok && phase == phaseFill {
		if w, ok := ended.Sys().(syscall.WaitStatus); ok && w.Signaled() && w.Signal() == syscall.SIGKILL {
			return nil
		}
	}
	if err == nil && phase == phaseFill {
		err = errors.New("it ended by itself")
	}
	if err != nil {
		return fmt.Errorf("%s %d entries: %w", phase, n, err)
	}
	return nil
}

func growthLog() identity.Log {
	l, err := identity.ParseLog("nanming.guiyang.guizhou/log/1")
	if err != nil {
		panic(err) // a mistake in this program
	}
	return l
}

// open opens a state.
func (g growth) open(path string) (*filled, error) {
	r := state.NewRegistry()
	r.Register(kindGrow, state.Idempotent, func(tx *state.Tx, body []byte) ([]byte, error) {
		index, err := tx.Append(ledger.Head{Kind: ledger.KindRecord}, ledger.PlainEvidence(ledger.Commit(body)), body)
		return binary.BigEndian.AppendUint64(nil, index), err
	})
	s, err := state.Open(path, r, state.Options{})
	if err != nil {
		return nil, err
	}
	f := &filled{Store: s, body: make([]byte, g.size)}
	for i := range f.body {
		f.body[i] = byte(rand.Uint32())
	}
	f.index, _ = s.Applied()
	return f, f.View(func(r *state.Reader) error { f.size, f.clock = r.Size(), max(r.Clock(), firstClock); return nil })
}

// filled is a state that is filled.
type filled struct {
	*state.Store
	index, size, clock uint64
	body               []byte
}

// append applies a raft entry of commands, each with an id of its own.
func (f *filled) append() error {
	pack := make([][]byte, packed)
	for i := range pack {
		f.clock += perCommand
		binary.BigEndian.PutUint64(f.body[:min(8, len(f.body))], f.clock)
		id, err := idAt(f.clock)
		if err != nil {
			return err
		}
		c := state.Command{Kind: kindGrow, Origin: "spiffe://nanming.guiyang.guizhou/agency/water", ID: id, Clock: f.clock, Expires: f.clock + idLife, Body: f.body}
		if pack[i], err = c.Encode(); err != nil {
			return err
		}
	}
	f.index++
	results := f.Apply(f.index, 1, pack)
	if len(results) != packed {
		return fmt.Errorf("append: %d of %d results", len(results), packed)
	}
	for _, r := range results {
		if err := r.Err(); err != nil {
			return fmt.Errorf("append: %w", err)
		}
	}
	f.size += packed
	return nil
}

// idAt returns an id that is made at a time, as clients make them.
func idAt(ms uint64) (identity.Message, error) {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], ms<<16|0x7000|uint64(rand.Uint32N(1<<12)))
	binary.BigEndian.PutUint64(b[8:], 1<<63|rand.Uint64()>>2)
	return identity.MessageFromBytes(b[:])
}

// fill fills the state up to the size, goes on until a commit is under way, and kills its process.
func (g growth) fill() error {
	f, err := g.open(g.path())
	if err != nil {
		return err
	}
	for f.size < g.entries[0] {
		if err := f.append(); err != nil {
			return err
		}
	}
	f.Flush()
	return syscall.Kill(os.Getpid(), syscall.SIGKILL)
}

// look opens the state, measures, and closes it.
func (g growth) look(out io.Writer) (err error) {
	if g.cold {
		files, _ := g.files()
		for _, path := range append(files, g.path()) {
			if err := dropCache(path); err != nil {
				return err
			}
		}
	}
	began := time.Now()
	f, err := g.open(g.path())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	fmt.Fprintf(out, "    open %s, memory %d MiB\n", shown(time.Since(began)), memory()>>20)
	for _, when := range []string{"first", "then"} {
		if err := f.proveAll(when, out); err != nil {
			return err
		}
	}
	if _, err := os.Stat(g.firstPath()); errors.Is(err, os.ErrNotExist) {
		return appendAll(out, f)
	}
	first, err := g.open(g.firstPath())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, first.Close()) }()
	return appendAll(out, f, first)
}

// appendAll measures appends with their commits, of one state, or of two by turns.
func appendAll(out io.Writer, all ...*filled) error {
	rates := make([][]float64, len(all))
	for round := range rounds {
		for i := range all {
			f := all[(i+round)%len(all)]
			began := time.Now()
			for range appended / packed / rounds {
				if err := f.append(); err != nil {
					return err
				}
			}
			f.Flush()
			rates[(i+round)%len(all)] = append(rates[(i+round)%len(all)], appended/rounds/time.Since(began).Seconds())
		}
	}
	for i, r := range rates {
		slices.Sort(r)
		fmt.Fprintf(out, "    append to %d entries: median %.0f/s (%.0f-%.0f), %.2f of this one\n", all[i].size, r[rounds/2], r[0], r[rounds-1], r[rounds/2]/rates[0][rounds/2])
	}
	fmt.Fprintf(out, "    memory %d MiB\n", memory()>>20)
	return nil
}

// proveAll measures the proofs of entries anywhere, each in a view of its own, and verifies them.
// They are of the same entries each time: what the first had to read from the disk is in memory
// then.
func (f *filled) proveAll(when string, out io.Writer) error {
	var took []time.Duration
	random := rand.New(rand.NewPCG(1, f.size))
	for range proofs {
		began := time.Now()
		var proof tlog.RecordProof
		var root tlog.Hash
		var leaf []byte
		index := random.Uint64N(f.size)
		err := f.View(func(r *state.Reader) (err error) {
			if proof, err = ledger.ProveInclusion(index, r.Size(), r); err == nil {
				took = append(took, time.Since(began))
				root, err = ledger.Root(r.Size(), r)
			}
			leaf = r.Leaf(index)
			return err
		})
		if err == nil {
			err = tlog.CheckRecord(proof, int64(f.size), root, int64(index), ledger.LeafHash(leaf))
		}
		if err != nil {
			return err
		}
	}
	slices.Sort(took)
	fmt.Fprintf(out, "    inclusion proof, %s: p50 %s, p99 %s\n", when, shown(took[len(took)/2]), shown(took[len(took)*99/100]))
	return nil
}

// memory returns the memory of this process that is no file, in bytes.
func memory() uint64 {
	n, _ := memoryOf(os.Getpid())
	return n
}

// memoryOf returns the memory of a process that is no file, in bytes. Only Linux tells.
func memoryOf(pid int) (bytes uint64, err error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			n, err := strconv.ParseUint(strings.Fields(rest)[0], 10, 64)
			return n << 10, err
		}
	}
	return 0, errors.New("it is not told")
}
