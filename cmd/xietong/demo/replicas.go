package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// divisions is the dataset of the place with three machines: the places right below it or, where
// there are none, the place itself.
const divisions = "divisions"

// rowsBelow returns the records of that dataset, of which the first is asked for.
func (s *stage) rowsBelow(code string) (rows string, first sample) {
	p := s.place(code)
	rows = "code,name\n"
	for _, o := range s.list {
		above, below := o.Name.Parent()
		if below && above == p.Name || o == p && !s.hasBelow(p.Name.String()) {
			rows += o.Code + "," + o.DisplayName + "\n"
			if first.key == "" {
				first = sample{o.Code, o.DisplayName}
			}
		}
	}
	return rows, first
}

// askers is how many clerks ask at once.
const askers = 2

// clerks ask a place for a record, one question right after the other, and see how it answers.
type clerks struct {
	mu      sync.Mutex
	answers int
	longest time.Duration
}

func (c *clerks) answered(took time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers, c.longest = c.answers+1, max(c.longest, took)
}

func (c *clerks) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.answers
}

// some waits until the clerks have got some more answers.
func (c *clerks) some(ctx context.Context) error {
	until := c.count() + 10*askers
	return poll(ctx, func() (bool, error) { return c.count() >= until, nil })
}

// during has clerks of the province ask a place from before do begins until after it ends. Each
// answer is an entry that most machines of the place wrote. No question may fail.
func (d *demo) during(ctx context.Context, p *place, do func(*clerks) error) (line string, err error) {
	_, record := d.stage.rowsBelow(p.code)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var seen clerks
	var failed [askers]error
	var group sync.WaitGroup
	over := make(chan struct{})
	for i := range askers {
		group.Go(func() {
			for failed[i] == nil {
				select {
				case <-over:
					return
				default:
				}
				began := time.Now()
				if _, err := one(ctx, d.top(), p, divisions, record.key, record.name); err != nil {
					failed[i] = fmt.Errorf("asked for %s: %w", time.Since(began).Round(time.Millisecond), err)
					stop()
					return
				}
				seen.answered(time.Since(began))
			}
		})
	}
	err = seen.some(ctx)
	if err == nil {
		err = do(&seen)
	}
	if err == nil {
		err = seen.some(ctx)
	}
	close(over)
	group.Wait()
	return d.t(text.DemoMeanwhile, text.Args{"title": d.top().title, "answers": count(uint64(seen.answers)), "seconds": fmt.Sprintf("%.1f", seen.longest.Seconds())}), errors.Join(append(failed[:], err)...)
}

// toThree has a place go from one machine to three, while it answers.
func (d *demo) toThree(ctx context.Context) (said, error) {
	p := d.at(d.stage.thrice())
	rows, _ := d.stage.rowsBelow(p.code)
	if _, err := p.as[provider].PublishDataset(ctx, division(divisions, "下级行政区划名录")); err != nil {
		return nil, err
	}
	if _, err := p.as[provider].ImportRecords(ctx, client.Import{Dataset: divisions, Format: client.FormatCSV, File: strings.NewReader(rows)}); err != nil {
		return nil, err
	}
	asked, err := d.during(ctx, p, func(*clerks) error {
		for range 2 {
			if err := d.addReplica(ctx, p); err != nil {
				return err
			}
		}
		return nil
	})
	return said{d.t(text.DemoThree, text.Args{"title": p.title}), asked}, err
}

// addReplica makes one more machine of a place, and waits until it votes and signs.
func (d *demo) addReplica(ctx context.Context, p *place) error {
	invitation, err := p.as[""].InviteReplica(ctx, client.NewReplica{})
	if err != nil {
		return err
	}
	r := &place{
		name: p.name, code: p.code, level: p.level, title: p.title + " " + invitation.Replica,
		folder: p.folder + "-" + invitation.Replica, above: p.above, token: invitation.Token,
	}
	if r.listen, err = freePort(); err != nil {
		return err
	}
	d.dial(r)
	d.further = append(d.further, r)
	if err := (apart{d}).joinReplica(ctx, r); err != nil {
		return fmt.Errorf("%s: %w", r.title, err)
	}
	if err := d.start(ctx, r); err != nil {
		return err
	}
	err = poll(ctx, func() (bool, error) {
		_, err := p.as[""].PromoteReplica(ctx, invitation.Replica)
		return err == nil, err // refused while it has not caught up
	})
	if err != nil {
		return fmt.Errorf("promote %s: %w", r.title, err)
	}
	return d.whole(ctx, p)
}

// whole waits until all machines of a place vote and sign, are connected, and have all entries.
func (d *demo) whole(ctx context.Context, p *place) error {
	err := poll(ctx, func() (bool, error) {
		all, err := p.as[""].Replicas(ctx)
		whole := 0
		for _, r := range all.Replicas {
			votes := r.Role == client.ReplicaLeader || r.Role == client.ReplicaVoter
			if votes && r.Signs && r.Reachable && r.Behind != nil && *r.Behind == 0 {
				whole++
			}
		}
		return err == nil && whole == 1+len(d.further), errors.Join(err, fmt.Errorf("%+v", all))
	})
	if err != nil {
		return fmt.Errorf("machines of %s: %w", p.title, err)
	}
	return nil
}

// machines are those of the place that has three, by the names of the replicas.
func (d *demo) machines() map[string]*place {
	all := map[string]*place{"r1": d.at(d.stage.thrice())}
	for _, p := range d.further {
		all[p.folder[strings.LastIndexByte(p.folder, '-')+1:]] = p
	}
	return all
}

// leaderAt returns the name of the replica that leads, as one machine says; "": none.
func leaderAt(ctx context.Context, p *place) (string, error) {
	all, err := p.as[""].Replicas(ctx)
	i := slices.IndexFunc(all.Replicas, func(r client.Replica) bool { return r.Role == client.ReplicaLeader })
	if i < 0 {
		return "", err
	}
	return all.Replicas[i].Replica, err
}

// loseLeader kills the machine that leads while questions are under way: the others answer all of
// them. Once it is back, the three ledgers are held against one another.
func (d *demo) loseLeader(ctx context.Context) (said, error) {
	p := d.at(d.stage.thrice())
	was, err := leaderAt(ctx, p)
	lost := d.machines()[was]
	if err != nil || lost == nil {
		return nil, fmt.Errorf("%q leads: %w", was, err)
	}
	leads := ""
	asked, err := d.during(ctx, p, func(seen *clerks) error {
		node := lost.node.(process)
		lost.node = nil
		if err := node.kill(); err != nil {
			return err
		}
		if err := seen.some(ctx); err != nil {
			return err
		}
		leads, err = d.leaderAfter(ctx, was)
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := d.start(ctx, lost); err != nil {
		return nil, err
	}
	if err := errors.Join(d.whole(ctx, p), d.linked(ctx)); err != nil {
		return nil, err
	}
	alike, err := d.compared(ctx)
	return said{
		d.t(text.DemoLeaderLost, text.Args{"title": p.title, "replica": was}), asked,
		d.t(text.DemoLeaderNow, text.Args{"replica": leads, "lost": was}), alike,
	}, err
}

// leaderAfter returns the replica that those which stayed say leads now.
func (d *demo) leaderAfter(ctx context.Context, lost string) (leads string, err error) {
	for name, stays := range d.machines() {
		if name == lost {
			continue
		}
		err := poll(ctx, func() (bool, error) {
			leads, err = leaderAt(ctx, stays)
			return err == nil && leads != "" && leads != lost, err
		})
		if err != nil {
			return "", fmt.Errorf("a leader after %s: %w", lost, err)
		}
	}
	return leads, nil
}
