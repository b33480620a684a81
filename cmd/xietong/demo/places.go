package demo

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"

	"xietong/node/faces/client"
)

// place is one jurisdiction of the tree, with its node.
type place struct {
	name   string // nanming.guiyang.guizhou
	code   string
	title  string // 南明区
	above  *place
	listen string // UDP address that its children dial; "" at a county
	pin    string
	token  string                    // of the invitation that it joined with
	node   running                   // nil: it is switched off
	as     map[string]*client.Client // by agency
}

// dir returns the name of the place's data directory, which every command takes.
func (p *place) dir() string {
	label, _, _ := strings.Cut(p.name, ".")
	return label
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

// The places that the steps name, by their codes.
const (
	root      = "520000"
	nanming   = "520102" // 南明区, 贵阳市
	liping    = "522631" // 黎平县, 黔东南州
	yunyan    = "520103" // 云岩区, 贵阳市
	weining   = "520526" // 威宁县, 毕节市
	rootName  = "guizhou"
	rootTitle = "贵州省"
)

// branch lists the counties that run, with their prefectures, if each node is a process of its own.
var branch = []string{nanming, yunyan, weining, liping}

// counties returns the codes of the counties, in the order of the townships' rows, and the code of
// each county's prefecture.
func (d *demo) counties() (codes []string, prefectureOf map[string]string) {
	prefectureOf = map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(string(allTownships)), "\n")[1:] {
		cells := strings.Split(strings.TrimSpace(line), ",")
		county := cells[countyOfTownship]
		if _, seen := prefectureOf[county]; seen || d.Processes && !slices.Contains(branch, county) {
			continue
		}
		prefectureOf[county] = cells[prefectureOfTownship]
		codes = append(codes, county)
	}
	return codes, prefectureOf
}

func (d *demo) at(code string) *place {
	for _, p := range d.places {
		if p.code == code {
			return p
		}
	}
	panic("demo: no place " + code) // a mistake in this program
}

// level returns the places that are depth levels below the root.
func (d *demo) level(depth int) (all []*place) {
	for _, p := range d.places {
		if strings.Count(p.name, ".") == depth {
			all = append(all, p)
		}
	}
	return all
}

// The levels of the tree.
const (
	prefectures = 1
	countyWide  = 2
)

// freePort returns a loopback address that is not in use now.
func freePort() (string, error) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return conn.LocalAddr().String(), conn.Close()
}

// grow makes the tree from the root down: the places of each level are invited by their parents,
// join, and start.
func (d *demo) grow(ctx context.Context) error {
	top := &place{name: rootName, code: root, title: rootTitle}
	if err := d.plant(ctx, top, nil); err != nil {
		return err
	}
	d.places = []*place{top}
	counties, prefectureOf := d.counties()
	var cities []string
	for _, county := range counties {
		if city := prefectureOf[county]; !slices.Contains(cities, city) {
			cities = append(cities, city)
		}
	}
	if err := d.invite(ctx, cities, func(string) *place { return top }); err != nil {
		return err
	}
	return d.invite(ctx, counties, func(county string) *place { return d.at(prefectureOf[county]) })
}

// invite has the parents invite the places of one level, which join and start side by side.
func (d *demo) invite(ctx context.Context, codes []string, parentOf func(code string) *place) error {
	made := make([]*place, len(codes))
	err := d.each(len(codes), func(i int) error {
		parent := parentOf(codes[i])
		invitation, err := parent.as[""].Invite(ctx, client.NewInvitation{Name: codes[i]})
		if err != nil {
			return fmt.Errorf("%s: %w", codes[i], err)
		}
		made[i] = &place{
			name: invitation.Child, code: codes[i], title: invitation.ShortName, above: parent, token: invitation.Token,
		}
		return d.plant(ctx, made[i], &invitation)
	})
	d.places = append(d.places, made...)
	return err
}

// plant makes one node and starts it: a root by init, every other by its invitation.
func (d *demo) plant(ctx context.Context, p *place, invitation *client.Invitation) (err error) {
	if strings.Count(p.name, ".") < countyWide {
		if p.listen, err = freePort(); err != nil {
			return err
		}
	}
	p.as = map[string]*client.Client{}
	for _, agency := range []string{"", provider, consumer} {
		p.as[agency] = client.Dial(filepath.Join(d.Folder, p.dir()), client.Options{Language: d.Lang.Tag(), As: agency, CommandLine: true})
	}
	if invitation == nil {
		p.pin, err = d.machine.init(ctx, p)
	} else {
		p.pin, err = d.machine.join(ctx, p)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", p.title, err)
	}
	return d.start(ctx, p)
}

func (d *demo) start(ctx context.Context, p *place) (err error) {
	if p.node, err = d.machine.start(ctx, p); err != nil {
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
	backward := slices.DeleteFunc(slices.Clone(d.places), func(p *place) bool { return p == nil }) // the start was interrupted
	slices.Reverse(backward)
	return d.each(len(backward), func(i int) error {
		for _, c := range backward[i].as {
			c.Close()
		}
		return backward[i].stop()
	})
}
