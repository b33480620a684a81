package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"xietong/node/faces/client"
)

const (
	clients  = 12
	below    = 3                       // clients of the child, which wait for its link alone
	patience = 45 * time.Second        // for which a request is tried again
	window   = 10 * time.Second        // after which clients go on to other records
	answered = "id-seen"               // the code that says so of a question
	replaced = "grant-replaced"        // the code that refuses to revoke a grant that another came after
	try      = 3500 * time.Millisecond // of one attempt
)

// crowd is the clients of a group: each uses all machines, one after the other where one fails.
type crowd struct {
	*history
	seen  *seen
	group *group
	child *machine // nil: there is none
	seed  uint64
	rest  time.Duration // of a client between two requests, at least

	mu     sync.Mutex
	leader *machine // as was known last
	grant  string   // under which the child's last question ran; empty: none since the last revocation
}

// run runs the clients until ctx ends, and waits for them.
func (c *crowd) run(ctx context.Context) {
	var work sync.WaitGroup
	for id := range clients {
		work.Go(func() { c.client(ctx, id) })
	}
	if c.child != nil {
		for id := range below {
			work.Go(func() { c.clientBelow(ctx, clients+id) })
		}
		work.Go(func() { c.grantee(ctx, clients+below) })
	}
	work.Go(func() {
		for ctx.Err() == nil {
			m := c.group.leader(ctx)
			c.mu.Lock()
			c.leader = m
			c.mu.Unlock()
			pause(ctx, 300*time.Millisecond)
		}
	})
	work.Wait()
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

func (c *crowd) client(ctx context.Context, id int) {
	chance := rand.New(rand.NewPCG(c.seed, uint64(id)+10))
	for n := 0; ctx.Err() == nil; n++ {
		o, age := c.any(chance)
		all := c.group.all()
		start := chance.IntN(len(all))
		switch draw := chance.IntN(100); {
		case draw < 40:
			o.value = fmt.Sprintf("%d-%d", id, n)
			c.put(id, o, start, chance.IntN(10) == 0)
		case draw < 93:
			c.read(id, o, start)
		case draw < 96:
			c.list(ctx, all[start], age)
		default:
			c.seen.checkpoint(ctx, all[start])
		}
		pause(ctx, c.rest+time.Duration(chance.IntN(10))*time.Millisecond)
	}
}

// any draws a record of now, and returns its age, too.
func (c *crowd) any(chance *rand.Rand) (o op, age string) {
	now := int(c.now() / window)
	return op{key: fmt.Sprintf("%d-%d-%d", c.seed, now, chance.IntN(6))}, fmt.Sprint(now)
}

func (c *crowd) clientBelow(ctx context.Context, id int) {
	chance := rand.New(rand.NewPCG(c.seed, uint64(id)+10))
	for ctx.Err() == nil {
		o, _ := c.any(chance)
		c.readBelow(id, o)
		pause(ctx, c.rest+time.Duration(chance.IntN(100))*time.Millisecond)
	}
}

// everywhere sends a request under one key to one machine after the other until it is answered, and
// returns the machine that answered; nil: none did in time, and it may have been done, unless it
// was never sent or was refused for good.
func (c *crowd) everywhere(start int, path, key string, body, answer any) (by *machine, sent bool) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for turn := start; ctx.Err() == nil; turn++ {
		all := c.group.all()
		m := all[turn%len(all)]
		once, end := context.WithTimeout(ctx, try)
		err := m.ask(once, http.MethodPost, path, key, body, answer)
		end()
		if err == nil {
			return m, true
		}
		if errors.Is(err, client.ErrNotRunning) {
			pause(ctx, 50*time.Millisecond)
			continue
		}
		sent = true
		kind := kindOf(err)
		c.met(kind)
		switch kind {
		case replaced:
			return nil, false // it was not done
		case answered:
			key = newKey() // a question, whose answer went with the machine that gave it: it is asked anew
		}
		pause(ctx, 100*time.Millisecond)
	}
	return nil, sent
}

// kindOf returns the code of a refusal, or what happened else.
func kindOf(err error) string {
	if r, ok := errors.AsType[*refusal](err); ok {
		return r.Code
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return "no answer in time"
	}
	return "connection lost"
}

// put puts a record. Some are sent again later under their key, to another machine: they get the
// answer of the first time, and nothing is written.
func (c *crowd) put(id int, o op, start int, again bool) {
	call, key := c.now(), newKey()
	body := client.PutRecord{Record: record(o.key, groupOf(o.key), o.value)}
	path := "/v1/datasets/" + dataset + "/records"
	var done client.RecordPut
	by, sent := c.everywhere(start, path, key, body, &done)
	if by == nil {
		if sent {
			c.add(id, o, "", call, false)
			c.seen.lost()
		}
		return
	}
	c.add(id, o, "", call, true)
	c.seen.wrote(done.Entry, o.key+"="+o.value)
	if !again {
		return
	}
	var repeated client.RecordPut
	if by, _ := c.everywhere(start+1, path, key, body, &repeated); by != nil {
		if repeated.Entry != done.Entry {
			c.seen.say("a put was entered as %s and, sent again under its key, as %s", done.Entry, repeated.Entry)
		}
		c.count(&c.replayed)
		c.seen.receipt(context.Background(), by, done.Entry)
	}
}

// groupOf returns the group of a record, by which lists select: the age of its key.
func groupOf(key string) string {
	var seed, age, n int
	_, _ = fmt.Sscanf(key, "%d-%d-%d", &seed, &age, &n) // keys are made above
	return fmt.Sprint(age)
}

// read asks for a record.
func (c *crowd) read(id int, o op, start int) {
	call := c.now()
	var a client.Answer
	q := client.Query{Dataset: dataset, Key: o.key, Use: client.Use{Purpose: purpose}}
	by, _ := c.everywhere(start, "/v1/query", newKey(), q, &a)
	if by == nil {
		return
	}
	c.add(id, o, valueOf(a), call, true)
	c.mu.Lock()
	leads := by == c.leader
	c.mu.Unlock()
	if !leads {
		c.count(&c.followed)
	}
}

// valueOf returns the value of the one record of an answer; "": there is none.
func valueOf(a client.Answer) string {
	if len(a.Rows) == 0 {
		return ""
	}
	var r struct{ V string }
	if err := json.Unmarshal(a.Rows[0], &r); err != nil {
		return "unreadable: " + err.Error()
	}
	return r.V
}

// readBelow has the child ask for a record, over its link.
func (c *crowd) readBelow(id int, o op) {
	call := c.now()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	q := client.Query{At: jurisdiction, Dataset: dataset, Key: o.key, Use: client.Use{
		Purpose: purpose, Basis: "国令809", Scenario: "核验", Scope: "一条", Method: "查询",
		Until: time.Now().AddDate(0, 3, 0).UTC().Format(time.RFC3339),
	}}
	key := newKey()
	for ctx.Err() == nil {
		var a client.Answer
		err := c.child.ask(ctx, http.MethodPost, "/v1/query", key, q, &a)
		if err == nil {
			c.add(id, o, valueOf(a), call, true)
			c.add(id, op{key: grantKey}, live, call, true, a.Grant)
			c.grantUsed(a.Grant)
			c.count(&c.below)
			return
		}
		kind := kindOf(err)
		if refusedForGrant[kind] {
			c.add(id, op{key: grantKey}, revoked, call, true, kind)
			c.count(&c.barred)
			return
		}
		if c.met("below: " + kind); kind == answered {
			key = newKey()
		}
		pause(ctx, 300*time.Millisecond)
	}
}

// list asks for the records of an age. A list may be as of some time ago: it is only held that it
// shows nothing that nobody has put.
func (c *crowd) list(ctx context.Context, m *machine, age string) {
	var a client.Answer
	q := client.Query{Dataset: dataset, Where: map[string]json.RawMessage{"g": json.RawMessage(`"` + age + `"`)}, Use: client.Use{Purpose: purpose}}
	once, end := context.WithTimeout(ctx, try)
	defer end()
	if err := m.ask(once, http.MethodPost, "/v1/query", newKey(), q, &a); err != nil {
		c.met("list: " + kindOf(err))
		return
	}
	for _, row := range a.Rows {
		var r struct{ K, G string }
		if err := json.Unmarshal(row, &r); err != nil || r.G != age || groupOf(r.K) != age {
			c.seen.say("a list of the records of %s has %s", age, row)
		}
	}
	c.count(&c.lists)
}
