package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"time"

	"xietong/node/faces/client"
)

// place is one jurisdiction of the tree, with the node that runs for it.
type place struct {
	label string // the name of its data directory too
	title string
	node  *process
	admin *client.Client
}

// tree is a province, one of its cities, one of its counties, and the clients that ask.
type tree struct {
	folder string
	places []*place // the upper before the lower
	nodes  processes
	// Clients of the province, each with a connection of its own: askers act for an agency of the
	// province, nobodies for an unknown agency, others for agencies that asked once.
	askers, nobodies, others []*client.Client
	floods                   []*client.Client // of the county, for an agency of it
}

const (
	provider = "civil-affairs"
	consumer = "water"
	dataset  = "villages"
	purpose  = "residence-check"
	villager = "520102016001"
	village  = `{"code":"520102016001","name":"纪念塔社区","township":"520102016"}`
)

// planted makes the tree in a temporary folder and has f measure it. In the end it closes the tree
// and removes the folder.
func planted(ctx context.Context, f func(ctx context.Context, t *tree) error) (err error) {
	folder, err := os.MkdirTemp("", "xietong-bench-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	ctx, end := context.WithCancel(ctx)
	defer end()
	t, err := plant(ctx, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.close()) }()
	return f(ctx, t)
}

// plant makes the tree in the folder: each place is invited by the one above it, joins, and is
// started.
func plant(ctx context.Context, folder string) (*tree, error) {
	t := &tree{folder: folder, places: []*place{
		{label: "guizhou", title: "贵州省"}, {label: "guiyang", title: "贵阳市"}, {label: "nanming", title: "南明区"},
	}}
	for i, p := range t.places {
		if err := t.start(ctx, i, p); err != nil {
			return t, errors.Join(fmt.Errorf("start %s: %w", p.title, err), t.close())
		}
	}
	if err := t.furnish(ctx); err != nil {
		return t, errors.Join(err, t.close())
	}
	return t, nil
}

func (t *tree) start(ctx context.Context, i int, p *place) error {
	args := []string{"--data", p.label, "init", p.label}
	if i > 0 {
		invitation, err := t.places[i-1].admin.Invite(ctx, client.NewInvitation{Name: p.title})
		if err != nil {
			return err
		}
		args = []string{"--data", p.label, "join", invitation.Token}
	}
	if i < len(t.places)-1 {
		at, err := freePort()
		if err != nil {
			return err
		}
		args = append(args, "--listen", at)
	}
	made, err := run(ctx, t.folder, args...)
	if err != nil {
		return err
	}
	if err := made.close(); err != nil {
		return err
	}
	if p.node, err = run(ctx, t.folder, "--data", p.label, "bench", "node"); err != nil {
		return err
	}
	t.nodes = append(t.nodes, p.node)
	p.admin = client.Dial(filepath.Join(t.folder, p.label), client.Options{})
	_, err = p.node.line(ctx, startWithin)
	return err
}

// furnish prepares the query: it adds an agency at each place, and at the city and the county a
// dataset with one record. Then it asks for both records until there are answers, so that every
// link is up and the grants are there.
func (t *tree) furnish(ctx context.Context) error {
	top := t.top()
	if _, err := top.admin.AddAgency(ctx, client.NewAgency{Code: consumer, Title: top.title + "水利厅"}); err != nil {
		return err
	}
	for _, p := range t.places[1:] {
		if err := p.furnish(ctx); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, startWithin)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		err := t.ask(ctx, top.admin, t.county(), t.first())
		if err == nil {
			err = t.ask(ctx, top.admin, t.city(), t.first())
		}
		if err == nil {
			return nil
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}

// furnish adds the agency, the dataset and the record of a provider.
func (p *place) furnish(ctx context.Context) error {
	if _, err := p.admin.AddAgency(ctx, client.NewAgency{Code: provider, Title: p.title + "民政局"}); err != nil {
		return err
	}
	_, err := p.admin.PublishDataset(ctx, client.NewDataset{
		Code: dataset, Title: "村（居）委会名录", Agency: provider, Category: client.Unconditional,
		Purposes: []client.Purpose{{Code: purpose, Title: "居住地核验"}}, Key: "code", Indexed: []string{"township"}, NotSecret: true,
		UpdateCycle: "yearly", Schema: json.RawMessage(`{"type":"object","required":["code","name"],"properties":{
			"code":{"type":"string"},"name":{"type":"string"},"township":{"type":"string"}}}`),
	})
	if err != nil {
		return err
	}
	_, err = p.admin.PutRecord(ctx, dataset, client.PutRecord{Record: json.RawMessage(village)})
	return err
}

// first is the use of a first query, which files the application too.
func (t *tree) first() client.Use {
	return client.Use{
		Purpose: purpose, Basis: "《贵州省供水条例》", Scenario: "供水报装", Scope: t.top().title, Method: "query",
		Until: time.Now().AddDate(1, 0, 0).UTC().Format(time.RFC3339),
	}
}

// strangers returns clients of agencies that are new, and known nowhere else.
func (t *tree) strangers(ctx context.Context, n int) ([]*client.Client, error) {
	for i := range n {
		code := fmt.Sprintf("stranger-%d", i)
		if _, err := t.top().admin.AddAgency(ctx, client.NewAgency{Code: code, Title: code}); err != nil {
			return nil, err
		}
		t.others = append(t.others, client.Dial(filepath.Join(t.folder, t.top().label), client.Options{As: code}))
	}
	return t.others, nil
}

func (t *tree) top() *place    { return t.places[0] }
func (t *tree) city() *place   { return t.places[1] }
func (t *tree) county() *place { return t.places[len(t.places)-1] }

// ask asks a place for the record, and demands one row and both entries in the answer.
func (t *tree) ask(ctx context.Context, as *client.Client, at *place, use client.Use) error {
	got, err := as.Query(ctx, client.Query{
		At: at.title, Dataset: dataset, Key: villager, Fields: []string{"code", "name"}, Use: use,
	})
	if err == nil && (len(got.Rows) != 1 || got.Asked == "" || got.Access == "") {
		err = fmt.Errorf("%w: %d rows, recorded as %q and %q", ErrAnswer, len(got.Rows), got.Asked, got.Access)
	}
	return err
}

// dial gives the tree as many askers as clients.
func (t *tree) dial(clients int) {
	for len(t.askers) < clients {
		top := filepath.Join(t.folder, t.top().label)
		t.askers = append(t.askers, client.Dial(top, client.Options{As: consumer}))
		t.nobodies = append(t.nobodies, client.Dial(top, client.Options{As: "nobody"}))
	}
}

// tell asks every node for its counts since the last time.
func (t *tree) tell(ctx context.Context) (all []told, err error) {
	all = make([]told, len(t.places))
	for i, p := range t.places {
		if err := p.node.ask(ctx, "", answerWithin, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (t *tree) close() error {
	for _, c := range slices.Concat(t.askers, t.nobodies, t.others, t.floods) {
		c.Close()
	}
	for _, p := range t.places {
		if p.admin != nil {
			p.admin.Close()
		}
	}
	return t.nodes.close()
}

// freePort returns a loopback address that is not in use now.
func freePort() (string, error) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return conn.LocalAddr().String(), conn.Close()
}
