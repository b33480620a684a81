// Package demo shows what works, before your eyes, on real data: it makes a node, uses it through its door like any
// client, kills it, and has a second process verify what it said.
//
// It never reaches into the rooms: it runs its own binary and speaks to it over the node's socket. Everything it makes
// lies in one folder, so each command it prints can be pasted. The data beside this file are real and public.
package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"xietong/node/client"
	"xietong/node/text"
)

// Options of the demo.
type Options struct {
	Folder string // made anew; holds the binary and the data directory
	Out    io.Writer
	JSON   bool // one object a step instead of sentences
	Exit   bool // stop after the last step instead of staying up
	Lang   text.Lang
}

const (
	nodeName = "nanming.guiyang.guizhou"
	dataName = "nanming"
	binary   = "xietong"

	readyWithin = 30 * time.Second
	readyPoll   = 20 * time.Millisecond
)

// ErrStep is wrapped by the error of a step that did not hold.
var ErrStep = errors.New("a step of the demo did not hold")

// step is one thing that is shown.
type step struct {
	name string
	show func(context.Context) (string, error)
}

// demo is one run.
type demo struct {
	Options
	node    *exec.Cmd
	client  *client.Client
	pin     string
	started time.Time
}

// Run shows every step and returns an error if one did not hold.
func Run(ctx context.Context, o Options) (err error) {
	d := &demo{Options: o, started: time.Now()}
	if err := d.prepare(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.kill(os.Interrupt)) }()
	steps := []step{
		{"start", d.start}, {"agencies", d.addAgencies}, {"crash", d.crash}, {"receipt", d.verify},
		{"flipped", d.flipped}, {"refused", d.refused},
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
	said, err := s.show(ctx)
	took := time.Since(began)
	if d.JSON {
		return errors.Join(d.print(map[string]any{"step": s.name, "ok": err == nil, "ms": took.Milliseconds()}), d.failed(s, err))
	}
	if err == nil {
		fmt.Fprintf(d.Out, "%d  %s  (%d ms)\n", number, said, took.Milliseconds())
	}
	return d.failed(s, err)
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

func (d *demo) start(ctx context.Context) (string, error) {
	init := d.command(ctx, "--data", dataName, "--json", "init", nodeName, "--display-name", "南明区", "--code", "520102", "--level", "county")
	out, err := init.Output()
	if err != nil {
		return "", err
	}
	var made struct {
		Pin string `json:"pin"`
	}
	if err := json.Unmarshal(out, &made); err != nil {
		return "", err
	}
	d.pin = made.Pin
	if err := d.serve(ctx); err != nil {
		return "", err
	}
	return text.T(d.Lang, text.DemoStarted, text.Args{"name": nodeName, "pin": d.pin}), nil
}

// serve starts the node and waits until it answers.
func (d *demo) serve(ctx context.Context) error {
	d.node = d.command(context.WithoutCancel(ctx), "--data", dataName, "serve")
	if err := d.node.Start(); err != nil {
		return err
	}
	if d.client == nil {
		d.client = client.Dial(filepath.Join(d.Folder, dataName), client.Options{Language: d.Lang.Tag()})
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		_, err := d.client.Status(ctx)
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

// end says that all held, and keeps the node up until it is interrupted.
func (d *demo) end(ctx context.Context, steps int) error {
	if d.JSON {
		if err := d.print(map[string]any{"ok": true, "ready_ms": time.Since(d.started).Milliseconds(), "jurisdictions": 1}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(d.Out, "\n%s\n", text.T(d.Lang, text.DemoHeld, text.Args{"steps": fmt.Sprint(steps), "folder": d.Folder}))
	}
	if d.Exit {
		return nil
	}
	<-ctx.Done()
	return nil
}
