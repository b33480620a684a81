package measure

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"xietong/certs/identity"
	"xietong/node"
	"xietong/node/faces/api"
	"xietong/node/flows/replicas"
)

// Replicas are the nodes of one jurisdiction, each with a data directory of its own, which reach
// one another over sockets of this machine.
type Replicas struct {
	Dirs  []string // of r1, r2, …
	nodes []*node.Node
}

// Open makes a jurisdiction of n replicas in an empty folder, as an administrator does: the first
// is made, each further one is invited, joins, and has its vote and its place in the key set before
// the next one comes.
func Open(ctx context.Context, folder string, n int, logger *slog.Logger) (r *Replicas, err error) {
	r = &Replicas{}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open replicas: %w", err), r.Close())
		}
	}()
	at, err := freePort()
	if err != nil {
		return r, err
	}
	first := filepath.Join(folder, "r1")
	if _, err := node.Init(first, node.InitOptions{Name: "bench", Listen: at}); err != nil {
		return r, err
	}
	if err := r.up(ctx, first, logger); err != nil {
		return r, err
	}
	for len(r.nodes) < n {
		if err := r.add(ctx, folder, logger); err != nil {
			return r, err
		}
	}
	return r, nil
}

// Close stops the replicas, the last one first.
func (r *Replicas) Close() (err error) {
	for _, n := range slices.Backward(r.nodes) {
		err = errors.Join(err, n.Close())
	}
	r.nodes = nil
	return err
}

// Appender prepares appends at the replica that leads.
func (r *Replicas) Appender(ctx context.Context, size int) (*Appender, error) {
	l, err := r.leader()
	if err != nil {
		return nil, fmt.Errorf("prepare appends: %w", err)
	}
	return NewAppender(ctx, l, size)
}

// Receipt returns the receipt of an entry, from the replica that leads.
func (r *Replicas) Receipt(ctx context.Context, entry identity.Entry) ([]byte, error) {
	l, err := r.leader()
	if err != nil {
		return nil, err
	}
	proves, ok := l.(interface {
		Receipt(ctx context.Context, index uint64) ([]byte, error)
	})
	if !ok {
		return nil, errors.New("make receipt: the ledger makes none")
	}
	return proves.Receipt(ctx, entry.Index())
}

// leader returns the ledger at the replica that leads.
func (r *Replicas) leader() (api.Jurisdiction, error) {
	for _, n := range r.nodes {
		if h := n.Hosted()[0]; h.Ledger.Leads() {
			return h.Ledger, nil
		}
	}
	return nil, errors.New("no replica leads")
}

func (r *Replicas) up(ctx context.Context, dir string, logger *slog.Logger) error {
	n, err := node.Open(ctx, dir, node.Options{Logger: logger, Version: "bench"})
	if err != nil {
		return err
	}
	r.Dirs, r.nodes = append(r.Dirs, dir), append(r.nodes, n)
	return nil
}

// add adds one replica more.
func (r *Replicas) add(ctx context.Context, folder string, logger *slog.Logger) error {
	desk := r.nodes[0].Hosted()[0].Replicas
	id, err := identity.NewMessage()
	if err != nil {
		return err
	}
	invited, err := desk.Invite(ctx, id, 0)
	if err != nil {
		return err
	}
	line, err := invited.Encode()
	if err != nil {
		return err
	}
	at, err := freePort()
	if err != nil {
		return err
	}
	dir := filepath.Join(folder, "r"+strconv.Itoa(len(r.nodes)+1))
	if _, err := node.JoinReplica(ctx, dir, line, node.JoinOptions{Options: node.Options{Logger: logger}, Listen: at}); err != nil {
		return err
	}
	if err := r.up(ctx, dir, logger); err != nil {
		return err
	}
	return promote(ctx, desk, invited.Replica)
}

// promoteWithin is how long a replica may take to catch up and to get its vote.
const promoteWithin = time.Minute

// promote gives a replica its vote once it has caught up, and waits until it votes and signs.
func promote(ctx context.Context, desk api.Replicas, replica identity.Replica) error {
	ctx, cancel := context.WithTimeout(ctx, promoteWithin)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	id, err := identity.NewMessage()
	if err != nil {
		return err
	}
	for {
		if err = desk.Promote(ctx, id, replica); err == nil {
			all, failed := desk.List(ctx)
			if slices.ContainsFunc(all, func(s replicas.Status) bool { return s.Replica == replica && s.Votes && s.Signs }) {
				return nil
			}
			err = failed
		}
		select {
		case <-again.C:
		case <-ctx.Done():
			return errors.Join(err, ctx.Err())
		}
	}
}

func freePort() (string, error) {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return conn.LocalAddr().String(), conn.Close()
}
