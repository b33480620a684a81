package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"xietong/node/faces/client"
)

// What every run works on.
const (
	jurisdiction = "guizhou"
	agency       = "civil-affairs"
	dataset      = "registers"
	purpose      = "check"
	within       = 2 * time.Minute // what must come about at all; never how fast
)

// group is the replicas of one jurisdiction, and their network.
type group struct {
	folder  string
	program string
	pin     string
	network *network
	clocks  bool // the clocks of the machines can be moved
	disk    func(number int) (string, error)

	mu       sync.Mutex
	machines []*machine
	numbers  int
}

// newGroup makes a jurisdiction of so many replicas, which run and are ready, with an agency and a
// dataset. disk gives the folder on which a machine keeps its data.
func newGroup(ctx context.Context, program, folder string, replicas int, disk func(number int) (string, error)) (g *group, err error) {
	g = &group{folder: folder, program: program, disk: disk}
	defer func() {
		if err != nil {
			err = errors.Join(err, g.close())
		}
	}()
	if g.network, err = newNetwork(); err != nil {
		return g, err
	}
	first, err := g.add()
	if err != nil {
		return g, err
	}
	out, err := first.do(ctx, "", "init", jurisdiction, "--yes", "--listen", first.address+":7400", "--json")
	if err != nil {
		return g, err
	}
	var made struct{ Pin string }
	if err = json.Unmarshal([]byte(out), &made); err != nil {
		return g, err
	}
	g.pin = made.Pin
	if err = errors.Join(first.start(), first.ready(ctx)); err != nil {
		return g, err
	}
	if err = g.publish(ctx, first); err != nil {
		return g, err
	}
	for len(g.machines) < replicas {
		if _, err = g.grow(ctx, first); err != nil {
			return g, err
		}
	}
	return g, nil
}

// add adds a machine, which does not run yet.
func (g *group) add() (*machine, error) {
	g.numbers++
	number, name := g.numbers, fmt.Sprintf("m%d", g.numbers)
	dir, err := g.disk(number)
	if err != nil {
		return nil, err
	}
	space, address, err := g.network.join(number)
	if err != nil {
		return nil, err
	}
	m := newMachine(g.program, name, space, address, filepath.Join(dir, "data"), filepath.Join(g.folder, name+".log"), number)
	g.mu.Lock()
	defer g.mu.Unlock()
	g.machines = append(g.machines, m)
	return m, nil
}

// all returns the machines as they are now.
func (g *group) all() []*machine {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]*machine(nil), g.machines...)
}

// publish makes the agency and the dataset.
func (g *group) publish(ctx context.Context, m *machine) error {
	err := m.ask(ctx, http.MethodPost, "/v1/agencies", newKey(), client.NewAgency{Code: agency, Title: "民政局"}, nil)
	if err != nil {
		return err
	}
	return m.ask(ctx, http.MethodPost, "/v1/datasets", newKey(), json.RawMessage(`{"code": "`+dataset+`", "title": "登记", "agency": "`+agency+`",
		"category": "unconditional", "purposes": [{"code": "`+purpose+`", "title": "核验"}], "key": "k", "not_secret": true, "indexed": ["g"],
		"schema": {"type": "object", "required": ["k"], "properties": {"k": {"type": "string"}, "g": {"type": "string"}, "v": {"type": "string"}}}}`), nil)
}

// grow adds a replica by the commands of docs/three-machines.md: invite, join, serve, promote.
func (g *group) grow(ctx context.Context, by *machine) (*machine, error) {
	token, err := by.do(ctx, "", "replica", "invite", "--json")
	if err != nil {
		return nil, err
	}
	var invited client.ReplicaInvitation
	if err := json.Unmarshal([]byte(token), &invited); err != nil {
		return nil, err
	}
	return g.bring(ctx, by, invited)
}

// bring brings in a replica that was invited, on a new machine.
func (g *group) bring(ctx context.Context, by *machine, invited client.ReplicaInvitation) (*machine, error) {
	m, err := g.add()
	if err != nil {
		return nil, err
	}
	if err := g.again(ctx, func() error {
		_, err := m.do(ctx, invited.Token+"\n", "replica", "join", "-", "--listen", m.address+":7400")
		return err
	}); err != nil {
		return nil, err
	}
	if err := m.start(); err != nil {
		return nil, err
	}
	return m, g.again(ctx, func() error {
		_, err := by.do(ctx, "", "replica", "promote", invited.Replica)
		return err
	})
}

// again does something until it succeeds, as an administrator repeats a command.
func (g *group) again(ctx context.Context, do func() error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	for {
		err := do()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// leader returns the machine that leads, as one of them says; nil: none is known.
func (g *group) leader(ctx context.Context) *machine {
	for _, m := range g.all() {
		var list client.Replicas
		if m.ask(ctx, http.MethodGet, "/v1/replicas", "", nil, &list) != nil {
			continue
		}
		for _, r := range list.Replicas {
			if r.Role == client.ReplicaLeader && r.Here {
				return m
			}
		}
	}
	return nil
}

// ready waits until every machine is ready.
func (g *group) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	var errs []error
	for _, m := range g.all() {
		errs = append(errs, m.ready(ctx))
	}
	return errors.Join(errs...)
}

// close ends all processes, and the network.
func (g *group) close() error {
	for _, m := range g.all() {
		m.kill()
	}
	if g.network == nil {
		return nil
	}
	return g.network.close()
}
