// Package demo shows the system at work on real data. It makes a province, by default Guizhou with
// its 98 jurisdictions, each with its own keys, ledger, data directory and socket, joined by real
// invitations over UDP on the loopback interface. Their agencies publish their real townships and
// villages and ask one another, one county is switched off and comes back, one prefecture goes on
// three machines and loses the one that leads, and another process verifies the receipts.
//
// All nodes run in this process, but for those of that prefecture, which are processes, since one
// of them is killed; with Options.Processes, the nodes of one branch run, each in a process of its
// own. In both cases the demo uses no internals of a node: it makes nodes as the
// commands do, runs its own binary, and speaks to the nodes over their sockets. All its files lie
// in one folder, so a person can paste each command that it prints. The data beside this file are
// real and public.
package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"xietong/node/ground/text"
)

// Options of the demo.
type Options struct {
	// Folder is an empty folder of the caller's own, for the binary and a data directory of each
	// place. "": a new one that nobody else can open, deleted in the end unless a step failed.
	Folder string
	Out    io.Writer
	In     io.Reader
	JSON   bool // one JSON object for each step instead of sentences
	Exit   bool // stop after the last step instead of staying up
	Slow   bool // wait for Enter after each step
	// Processes shows one branch of the tree, each node a process of its own.
	Processes bool
	// Province names the province to bring up, by its label, name or code; "": Guizhou.
	Province string
	Lang     text.Lang
	Version  string // of the program
}

const (
	binary      = "xietong"
	readyWithin = 30 * time.Second
	readyPoll   = 10 * time.Millisecond
)

// ErrStep is wrapped by the error of a step that did not hold.
var ErrStep = errors.New("a step of the demo did not hold")

// said is the text of a step: a headline, and the lines below it.
type said []string

// step is one step of the demo.
type step struct {
	name string
	show func(context.Context) (said, error)
}

// demo is one run.
type demo struct {
	Options
	keys    *bufio.Reader
	machine machine
	stage   stage
	places  []*place // each after its parent
	further []*place // the second and third machine of one of them
	access  string   // entry of the answering county that records the query of step 1
	asked   string   // entry of the asking county that records the same query
	kept    uint64   // size of the ledger of the switched-off county
	started time.Time
	ready   time.Duration
}

// Run shows every step, and stays up until ctx ends, unless Exit is set. It returns a *FailedError
// if a step did not hold, and ErrBrokenOff or ErrUnread where it was broken off before the last
// one. Whatever it returns, its nodes have ended.
func Run(ctx context.Context, o Options) (err error) {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	o.Out = heard{o.Out, end}
	d := &demo{Options: o, started: time.Now(), keys: bufio.NewReader(o.In)}
	if d.stage, err = stageOf(o.Province); err != nil {
		return err
	}
	d.stage.branch = o.Processes
	defer func() { err = d.leave(ctx, o.Folder == "", err) }()
	if err := d.prepare(); err != nil {
		return err
	}
	log, err := os.Create(d.file("nodes.log"))
	if err != nil {
		return fmt.Errorf("prepare demo: %w", err)
	}
	defer log.Close()
	d.machine = inside{d.Folder, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelWarn})), len(d.stage.list), d.Version}
	if d.Processes {
		d.machine = apart{d}
	} else {
		crowd()
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := d.open(ctx); err != nil {
		return d.failed(step{name: "start"}, err)
	}
	steps := []step{
		{"ask", d.ask}, {"verify", d.yesOrNo}, {"count", d.countAll}, {"off", d.switchOff}, {"refusals", d.refusals},
		{"back", d.switchOn}, {"replicas", d.toThree}, {"leader", d.loseLeader}, {"receipt", d.prove},
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

// prepare makes the folder, unless it is given, and copies this binary into it. The temp directory
// is shared with whoever else uses the machine, so the folder has a name that nobody can foresee,
// and one that exists is never taken.
func (d *demo) prepare() (err error) {
	if d.Folder == "" {
		if d.Folder, err = os.MkdirTemp("", "xietong-demo"); err != nil {
			return fmt.Errorf("prepare demo: %w", err)
		}
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

// command returns the command that a person would type in the folder.
func (d *demo) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "./"+binary, args...)
	cmd.Dir = d.Folder
	return cmd
}

// runJSON runs a command and decodes the JSON that it prints.
func (d *demo) runJSON(ctx context.Context, into any, args ...string) error {
	out, err := d.command(ctx, args...).Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return fmt.Errorf("%w: %s", err, failed.Stderr)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(out, into)
}

// open makes the tree, and has every place publish.
func (d *demo) open(ctx context.Context) error {
	d.tell(text.DemoOpened, text.Args{"title": d.stage.list[0].DisplayName, "folder": d.Folder})
	if err := d.grow(ctx); err != nil {
		return err
	}
	if err := d.linked(ctx); err != nil {
		return err
	}
	d.ready = time.Since(d.started)
	ready := text.DemoReady
	if len(d.level(levelPrefecture)) == 0 {
		ready = text.DemoReadyFlat
	}
	d.tell(ready, text.Args{
		"title": d.stage.list[0].DisplayName, "prefectures": fmt.Sprint(len(d.level(levelPrefecture))), "counties": fmt.Sprint(len(d.level(levelCounty))),
		"seconds": fmt.Sprintf("%.1f", d.ready.Seconds()), "mib": fmt.Sprint(d.resident()),
	})
	began := time.Now()
	rows, err := d.publish(ctx)
	if err != nil {
		return err
	}
	d.tell(d.stage.sentence(text.DemoPublish, text.DemoPublishPlaces), text.Args{
		"townships": count(rows["townships"]), "villages": count(rows["villages"]), "records": count(rows["places"]), "seconds": fmt.Sprintf("%.1f", time.Since(began).Seconds()),
	})
	d.tell(text.DemoForShow, nil)
	if d.JSON {
		return d.print(map[string]any{"step": "publish", "ok": true, "ms": time.Since(began).Milliseconds()})
	}
	_, err = fmt.Fprintln(d.Out)
	return err
}

// tell prints a sentence for a person; with JSON it prints nothing.
func (d *demo) tell(code text.Code, args text.Args) {
	if !d.JSON {
		fmt.Fprintln(d.Out, d.t(code, args))
	}
}

// pasted returns the commands that a person may try next in the folder.
func (d *demo) pasted() []string {
	at := func(p *place) string { return "./" + binary + " --data " + p.folder }
	from, top, dataset := d.at(d.stage.from), d.top(), d.stage.dataset()
	return []string{
		at(from) + " status",
		at(top) + " tree",
		at(from) + " --as water query " + dataset + " --at " + d.stage.called(d.stage.to) + " --limit 3 --purpose residence-check",
		at(top) + " --as water query " + dataset + " --at '**." + top.name + "' --count --purpose statistics",
		"./" + binary + " ledger verify access.receipt access.payload --root $(cat " + pinFile + ")",
	}
}

// end reports that all steps held, and keeps the tree up until ctx ends, unless Exit is set.
func (d *demo) end(ctx context.Context, steps int) error {
	if d.JSON {
		last := map[string]any{
			"ok": true, "ready_ms": d.ready.Milliseconds(), "rss_mib": d.resident(), "jurisdictions": len(d.places),
		}
		if err := d.print(last); err != nil {
			return err
		}
	} else {
		d.tellEnd(steps)
	}
	if d.Exit {
		return nil
	}
	<-ctx.Done()
	return nil
}

// tellEnd says that all steps held and, where the nodes stay up, what can be asked of them.
func (d *demo) tellEnd(steps int) {
	args := text.Args{"steps": fmt.Sprint(steps), "seconds": fmt.Sprintf("%.1f", time.Since(d.started).Seconds())}
	if d.Exit {
		fmt.Fprintf(d.Out, "\n%s\n", d.t(text.DemoEnded, args))
		return
	}
	fmt.Fprintf(d.Out, "\n%s\n  cd %s\n", d.t(text.DemoHeld, args), d.Folder)
	for _, line := range d.pasted() {
		fmt.Fprintf(d.Out, "  %s\n", line)
	}
}
