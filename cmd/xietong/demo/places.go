package demo

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"xietong/node/client"
)

// place is one jurisdiction of the tree, with the node that runs for it.
type place struct {
	label  string // names its data directory too
	title  string
	code   string
	above  *place
	listen string // UDP address that its children dial; "" at a county
	pin    string
	token  string // of the invitation it joined with
	node   *exec.Cmd
	as     map[string]*client.Client // by agency
}

func (p *place) name() string {
	if p.above == nil {
		return p.label
	}
	return p.label + "." + p.above.name()
}

func (p *place) level() int {
	if p.above == nil {
		return 0
	}
	return p.above.level() + 1
}

// smallTree is one province, two prefectures and two counties of each; parents stand before their children.
func smallTree() []*place {
	guizhou := &place{label: "guizhou", title: "贵州省", code: "520000"}
	guiyang := &place{label: "guiyang", title: "贵阳市", code: "520100", above: guizhou}
	southeast := &place{label: "qiandongnan", title: "黔东南州", code: "522600", above: guizhou}
	return []*place{
		guizhou, guiyang, southeast,
		{label: "nanming", title: "南明区", code: "520102", above: guiyang},
		{label: "yunyan", title: "云岩区", code: "520103", above: guiyang},
		{label: "kaili", title: "凯里市", code: "522601", above: southeast},
		{label: "liping", title: "黎平县", code: "522631", above: southeast},
	}
}

// The levels of the tree.
const (
	province   = 0
	prefecture = 1
	countyWide = 2
)

func (d *demo) at(label string) *place {
	for _, p := range d.places {
		if p.label == label {
			return p
		}
	}
	panic("demo: no place " + label) // a mistake in this program
}

func (d *demo) counties() (all []*place) {
	for _, p := range d.places {
		if p.level() == countyWide {
			all = append(all, p)
		}
	}
	return all
}

// freePort returns a loopback address on which nobody listens now.
func freePort() (string, error) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return conn.LocalAddr().String(), conn.Close()
}

// grow makes the tree from its root down: each level is invited by the one above it, joins, and is started. The places of
// one level do so side by side.
func (d *demo) grow(ctx context.Context) error {
	for level := province; level <= countyWide; level++ {
		var group sync.WaitGroup
		var failed [8]error
		for i, p := range d.places {
			if p.level() != level {
				continue
			}
			group.Go(func() {
				if err := d.plant(ctx, p); err != nil {
					failed[i] = fmt.Errorf("%s: %w", p.title, err)
				}
			})
		}
		group.Wait()
		if err := errors.Join(failed[:]...); err != nil {
			return err
		}
	}
	return nil
}

// plant makes one node: a root by init, every other by an invitation of its parent.
func (d *demo) plant(ctx context.Context, p *place) (err error) {
	if p.level() < countyWide {
		if p.listen, err = freePort(); err != nil {
			return err
		}
	}
	path := filepath.Join(d.Folder, p.label)
	p.as = map[string]*client.Client{}
	for _, agency := range []string{"", provider, consumer} {
		p.as[agency] = client.Dial(path, client.Options{Language: d.Lang.Tag(), As: agency})
	}
	args := []string{"--data", p.label, "--json", "init", p.name()} // the roster knows what it is called
	if p.above != nil {
		invitation, err := p.above.as[""].Invite(ctx, client.NewInvitation{Name: p.title})
		if err != nil {
			return err
		}
		args = []string{"--data", p.label, "--json", "join", invitation.Token}
		p.token = invitation.Token
	}
	if p.listen != "" {
		args = append(args, "--listen", p.listen)
	}
	var made struct {
		Pin string `json:"pin"`
	}
	if err := d.runJSON(ctx, &made, args...); err != nil {
		return err
	}
	p.pin = made.Pin
	return d.start(ctx, p)
}

// start starts the node and waits until it answers.
func (d *demo) start(ctx context.Context, p *place) error {
	p.node = d.command(context.WithoutCancel(ctx), "--data", p.label, "serve")
	log, err := os.OpenFile(filepath.Join(d.Folder, p.label+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close() // the process has its own
	p.node.Stderr = log
	if err := p.node.Start(); err != nil {
		return err
	}
	return poll(ctx, func() (bool, error) {
		_, err := p.as[""].Status(ctx)
		return err == nil, err
	})
}

// poll asks until the answer is yes; the error is that of the last time.
func poll(ctx context.Context, ask func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	tick := time.NewTicker(readyPoll)
	defer tick.Stop()
	for {
		yes, err := ask()
		if yes {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}

// linked waits until every place has a link to its parent.
func (d *demo) linked(ctx context.Context) error {
	for _, p := range d.places {
		if p.above == nil {
			continue
		}
		err := poll(ctx, func() (bool, error) {
			tree, err := p.as[""].Tree(ctx)
			return err == nil && tree.Parent != nil && tree.Parent.Linked, err
		})
		if err != nil {
			return fmt.Errorf("link of %s: %w", p.title, err)
		}
	}
	return nil
}

// kill ends a node with a signal and waits for it.
func (p *place) kill(signal os.Signal) error {
	if p.node == nil {
		return nil
	}
	err := p.node.Process.Signal(signal)
	waited := p.node.Wait()
	p.node = nil
	if signal == os.Kill {
		waited = nil // it did not end well, as was meant
	}
	return errors.Join(err, waited)
}

// close ends every node, the lowest first.
func (d *demo) close() error {
	var err error
	for i := range d.places {
		p := d.places[len(d.places)-1-i]
		for _, c := range p.as {
			c.Close()
		}
		err = errors.Join(err, p.kill(os.Interrupt))
	}
	return err
}

// resident returns the memory that all nodes hold, in MiB; 0 where the system does not tell.
func (d *demo) resident() (mib uint64) {
	for _, p := range d.places {
		if p.node == nil {
			continue
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.node.Process.Pid))
		if err != nil {
			return 0
		}
		_, after, _ := strings.Cut(string(status), "VmRSS:")
		var kib uint64
		if _, err := fmt.Sscan(after, &kib); err != nil {
			return 0
		}
		mib += kib >> 10
	}
	return mib
}
