package demo

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"

	"xietong/node"
	"xietong/node/faces/client"
)

// place is one jurisdiction of the tree, with its node.
type place struct {
	name   string // nanming.guiyang.guizhou
	code   string
	level  string
	title  string // 南明区
	folder string // name of its data directory, which every command takes
	above  *place
	listen string // UDP address that its children and its other machines dial; "" at most counties
	pin    string
	token  string                    // of the invitation that it joined with
	node   running                   // nil: it is switched off
	as     map[string]*client.Client // by agency
}

// way returns the titles of the places that a message visits between two places.
func way(from, to *place) string {
	path, top := []string{from.title}, from
	for !to.under(top) {
		top = top.above
		path = append(path, top.title)
	}
	turn := len(path)
	for p := to; p != top; p = p.above {
		path = append(path, p.title)
	}
	slices.Reverse(path[turn:])
	return strings.Join(path, " > ")
}

func (p *place) under(top *place) bool { return p == top || p.above != nil && p.above.under(top) }

// The places of Guizhou that the steps name, by their codes.
const (
	nanming = "520102" // 南明区, 贵阳市
	liping  = "522631" // 黎平县, 黔东南州
	yunyan  = "520103" // 云岩区, 贵阳市
	weining = "520526" // 威宁县, 毕节市
)

// top returns the province.
func (d *demo) top() *place { return d.places[0] }

func (d *demo) at(code string) *place {
	for _, p := range d.places {
		if p.code == code {
			return p
		}
	}
	panic("demo: no place " + code) // a mistake in this program
}

// level returns the places of a level.
func (d *demo) level(level string) (all []*place) {
	for _, p := range d.places {
		if p.level == level {
			all = append(all, p)
		}
	}
	return all
}

// The levels of the places below the province.
const (
	levelPrefecture = "prefecture"
	levelCounty     = "county"
)

// freePort returns a loopback address that is not in use now.
func freePort() (string, error) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return conn.LocalAddr().String(), conn.Close()
}

// grow makes the tree from the root down: the places of each depth are invited by their parents,
// join, and start.
func (d *demo) grow(ctx context.Context) error {
	played := d.stage.played()
	top := d.placed(played[0])
	if err := d.plant(ctx, top, nil); err != nil {
		return err
	}
	d.places = []*place{top}
	for depth := 2; ; depth++ {
		var next []node.Place
		for _, p := range played {
			if p.Name.Depth() == depth {
				next = append(next, p)
			}
		}
		if len(next) == 0 {
			return nil
		}
		if err := d.invite(ctx, next); err != nil {
			return err
		}
	}
}

// placed returns a place of the list, without its node.
func (d *demo) placed(p node.Place) *place {
	return &place{name: p.Name.String(), code: p.Code, level: p.Level, title: p.ShortName, folder: d.stage.folder(p)}
}

// invite has the parents invite the places of one depth, which join and start side by side.
func (d *demo) invite(ctx context.Context, next []node.Place) error {
	made := make([]*place, len(next))
	err := d.each(len(next), func(i int) error {
		above, _ := next[i].Name.Parent()
		parent := d.places[slices.IndexFunc(d.places, func(p *place) bool { return p.name == above.String() })]
		invitation, err := parent.as[""].Invite(ctx, client.NewInvitation{Name: next[i].Code})
		if err != nil {
			return fmt.Errorf("%s: %w", next[i].Code, err)
		}
		p := d.placed(next[i])
		p.above, p.token = parent, invitation.Token
		made[i] = p
		return d.plant(ctx, p, &invitation)
	})
	d.places = append(d.places, made...)
	return err
}

// plant makes one node and starts it: a root by init, every other by its invitation.
func (d *demo) plant(ctx context.Context, p *place, invitation *client.Invitation) (err error) {
	if d.stage.hasBelow(p.name) || p.code == d.stage.thrice() {
		if p.listen, err = freePort(); err != nil {
			return err
		}
	}
	d.dial(p)
	if invitation == nil {
		p.pin, err = d.machineOf(p).init(ctx, p)
	} else {
		p.pin, err = d.machineOf(p).join(ctx, p)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", p.title, err)
	}
	return d.start(ctx, p)
}

// dial makes the clients of a place's agencies.
func (d *demo) dial(p *place) {
	p.as = map[string]*client.Client{}
	for _, agency := range []string{"", provider, consumer} {
		p.as[agency] = client.Dial(filepath.Join(d.Folder, p.folder), client.Options{Language: d.Lang.Tag(), As: agency, CommandLine: true})
	}
}

func (d *demo) start(ctx context.Context, p *place) (err error) {
	if p.node, err = d.machineOf(p).start(ctx, p); err != nil {
		return fmt.Errorf("start %s: %w", p.title, err)
	}
	return nil
}

// stop ends a place's node, which tells its neighbours and closes its files.
func (p *place) stop() error {
	if p.node == nil {
		return nil
	}
	node := p.node
	p.node = nil
	return node.stop()
}

// linked waits until every parent reports a link to each child that runs.
func (d *demo) linked(ctx context.Context) error {
	for _, parent := range d.places {
		want := 0
		for _, p := range d.places {
			if p.above == parent && p.node != nil {
				want++
			}
		}
		if want == 0 {
			continue
		}
		err := poll(ctx, func() (bool, error) {
			tree, err := parent.as[""].Tree(ctx)
			linked := 0
			for _, c := range tree.Children {
				if c.Linked {
					linked++
				}
			}
			return err == nil && linked >= want, err
		})
		if err != nil {
			return fmt.Errorf("links of %s: %w", parent.title, err)
		}
	}
	return nil
}

// unlinked waits until the parent of a place reports that the link to it is down.
func (d *demo) unlinked(ctx context.Context, p *place) error {
	return poll(ctx, func() (bool, error) {
		tree, err := p.above.as[""].Tree(ctx)
		up := slices.ContainsFunc(tree.Children, func(c client.Neighbour) bool { return c.Name == p.name && c.Linked })
		return err == nil && !up, err
	})
}

// close ends every node, the lowest first.
func (d *demo) close() error {
	backward := slices.DeleteFunc(slices.Concat(d.places, d.further), func(p *place) bool { return p == nil }) // the start was interrupted
	slices.Reverse(backward)
	return d.each(len(backward), func(i int) error {
		for _, c := range backward[i].as {
			c.Close()
		}
		return backward[i].stop()
	})
}
