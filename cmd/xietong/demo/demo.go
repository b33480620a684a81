// Package demo shows what works, before your eyes, on real data: it makes a node, uses it through its door like any
// client, kills it, and has a second process verify what it said.
//
// It never reaches into the rooms: it runs its own binary and speaks to it over the node's socket. Everything it makes
// lies in one folder, so each command it prints can be pasted. The data beside this file are real and public.
package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"xietong/node/client"
	"xietong/node/text"
)

// Options of the demo.
type Options struct {
	Folder string // made anew; holds the binary and the data directory
	Out    io.Writer
	In     io.Reader
	JSON   bool // one object a step instead of sentences
	Exit   bool // stop after the last step instead of staying up
	Slow   bool // wait for Enter after each step
	Lang   text.Lang
}

const (
	nodeName = "nanming.guiyang.guizhou"
	title    = "南明区"
	dataName = "nanming"
	binary   = "xietong"

	readyWithin = 30 * time.Second
	readyPoll   = 20 * time.Millisecond
)

// ErrStep is wrapped by the error of a step that did not hold.
var ErrStep = errors.New("a step of the demo did not hold")

// said is what a step tells: what was done, and lines below it.
type said []string

// step is one thing that is shown.
type step struct {
	name string
	show func(context.Context) (said, error)
}

// demo is one run.
type demo struct {
	Options
	keys     *bufio.Reader
	node     *exec.Cmd
	provider *client.Client
	consumer *client.Client
	pin      string
	access   string // name of the entry that records step 3
	killed   error  // of killing the node inside a callback
	started  time.Time
	ready    time.Duration
}

// Run shows every step and returns an error if one did not hold.
func Run(ctx context.Context, o Options) (err error) {
	d := &demo{Options: o, started: time.Now(), keys: bufio.NewReader(o.In)}
	if err := d.prepare(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := d.open(ctx); err != nil {
		return d.failed(step{name: "start"}, err)
	}
	steps := []step{
		{"publish", d.publish}, {"import", d.imports}, {"query", d.ask}, {"verify", d.yesOrNo}, {"refusals", d.refusals},
		{"crash", d.crash}, {"receipt", d.prove},
	}
	for i, s := range steps {
		if err := d.showStep(ctx, i+1, s); err != nil {
			return err
		}
	}
	return d.end(ctx, len(steps))
}

func (d *demo) showStep(ctx context.Context, number int, s step) error {
	began := time.Now()
	lines, err := s.show(ctx)
	took := time.Since(began).Milliseconds()
	if d.JSON {
		return errors.Join(d.print(map[string]any{"step": s.name, "ok": err == nil, "ms": took}), d.failed(s, err))
	}
	if err != nil {
		return d.failed(s, err)
	}
	fmt.Fprintf(d.Out, "%d  %s  (%d ms)\n", number, lines[0], took)
	for _, line := range lines[1:] {
		fmt.Fprintf(d.Out, "   %s\n", line)
	}
	if d.Slow {
		fmt.Fprintln(d.Out, d.t(text.DemoNext, nil))
		if _, err := d.keys.ReadString('\n'); err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("wait for Enter: %w", err)
		}
	}
	return nil
}

func (d *demo) failed(s step, err error) error {
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrStep, s.name, err)
	}
	return nil
}

func (d *demo) print(v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(d.Out, "%s\n", data)
	return err
}

// prepare makes the folder anew and puts this very binary into it.
func (d *demo) prepare() error {
	if err := os.RemoveAll(d.Folder); err != nil {
		return fmt.Errorf("prepare demo: %w", err)
	}
	if err := os.MkdirAll(d.Folder, 0o700); err != nil {
		return fmt.Errorf("prepare demo: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("prepare demo: %w", err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		return fmt.Errorf("prepare demo: %w", err)
	}
	if err := os.WriteFile(filepath.Join(d.Folder, binary), data, 0o700); err != nil {
		return fmt.Errorf("prepare demo: %w", err)
	}
	return nil
}

// command is the binary in the folder with arguments, run there: what a person would type.
func (d *demo) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "./"+binary, args...)
	cmd.Dir = d.Folder
	return cmd
}

// open makes the node and starts it.
func (d *demo) open(ctx context.Context) error {
	init := d.command(ctx, "--data", dataName, "--json", "init", nodeName, "--display-name", title, "--code", county, "--level", "county")
	out, err := init.Output()
	if err != nil {
		return err
	}
	var made struct {
		Pin string `json:"pin"`
	}
	if err := json.Unmarshal(out, &made); err != nil {
		return err
	}
	d.pin = made.Pin
	path := filepath.Join(d.Folder, dataName)
	d.provider = client.Dial(path, client.Options{Language: d.Lang.Tag(), As: provider})
	d.consumer = client.Dial(path, client.Options{Language: d.Lang.Tag(), As: consumer})
	if err := d.serve(ctx); err != nil {
		return err
	}
	d.ready = time.Since(d.started)
	if d.JSON {
		return nil
	}
	fmt.Fprintln(d.Out, d.t(text.DemoOpened, text.Args{"title": title, "name": nodeName, "folder": d.Folder, "pin": d.pin}))
	fmt.Fprintf(d.Out, "%s\n\n", d.t(text.DemoReady, text.Args{
		"ms": fmt.Sprint(d.ready.Milliseconds()), "mib": fmt.Sprint(resident(d.node.Process.Pid)),
	}))
	return nil
}

// resident returns the memory that a process holds, in MiB; 0 where the system does not tell.
func resident(pid int) (mib uint64) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, after, _ := strings.Cut(string(status), "VmRSS:")
	var kib uint64
	if _, err := fmt.Sscan(after, &kib); err != nil {
		return 0
	}
	return kib >> 10
}

// close ends the clients and the node.
func (d *demo) close() error {
	if d.provider != nil {
		d.provider.Close()
		d.consumer.Close()
	}
	return d.kill(os.Interrupt)
}

// serve starts the node and waits until it answers.
func (d *demo) serve(ctx context.Context) error {
	d.node = d.command(context.WithoutCancel(ctx), "--data", dataName, "serve")
	if err := d.node.Start(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		_, err := d.provider.Status(ctx)
		if err == nil || ctx.Err() != nil {
			return err
		}
		<-tick.C
	}
}

// kill ends the node with a signal and waits for it.
func (d *demo) kill(signal os.Signal) error {
	if d.node == nil {
		return nil
	}
	err := d.node.Process.Signal(signal)
	waited := d.node.Wait()
	d.node = nil
	if signal == os.Kill {
		waited = nil // it did not end well, as was meant
	}
	return errors.Join(err, waited)
}

// pasted are the lines that a person may try next, in the folder.
func (d *demo) pasted() []string {
	node := "./" + binary + " --data " + dataName
	return []string{
		node + " status",
		node + " --as water query villages --where township=520102016 --purpose residence-check",
		node + " --as water query villages --key " + villageKey + " --verify name=" + villageName + " --purpose residence-check",
		node + " --as civil-affairs grant list",
		"./" + binary + " ledger verify access.receipt access.payload --root " + d.pin,
	}
}

// end says that all held, and keeps the node up until it is interrupted.
func (d *demo) end(ctx context.Context, steps int) error {
	if d.JSON {
		last := map[string]any{
			"ok": true, "ready_ms": d.ready.Milliseconds(), "rss_mib": resident(d.node.Process.Pid), "jurisdictions": 1,
		}
		if err := d.print(last); err != nil {
			return err
		}
	} else {
		seconds := fmt.Sprintf("%.1f", time.Since(d.started).Seconds())
		fmt.Fprintf(d.Out, "\n%s\n\n   cd %s\n", d.t(text.DemoHeld, text.Args{"steps": fmt.Sprint(steps), "seconds": seconds}), d.Folder)
		for _, line := range d.pasted() {
			fmt.Fprintf(d.Out, "   %s\n", line)
		}
	}
	if d.Exit {
		return nil
	}
	<-ctx.Done()
	return nil
}
