// Package host runs one jurisdiction on this replica: its keys, vault, state and raft group, opened and closed together,
// and the way from an act to an entry, a checkpoint and a receipt.
//
// A jurisdiction's folder holds
//
//	state.db   the replicated state and the ledger (consensus/state)
//	wal/       raft's log
//	certs/     private keys and certificates (certs/authority)
//	keystore   the wrapping keys of the vault (consensus/vault)
//	files/     immutable files of the ledger; empty for now
//	chain      the key sets and endorsements from the tree's root down to this jurisdiction, once it has joined
//
// The package holds no business: what an entry means is known to the rooms that make them, and register their commands.
// Private keys never pass through it; it asks the authority to sign.
package host

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/group"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/vault"
	"xietong/node/book"
)

const (
	firstEpoch    = 1
	stateFile     = "state.db"
	certsFolder   = "certs"
	keystoreFile  = "keystore"
	filesFolder   = "files"
	commandLife   = time.Hour // how long an idempotency key is good for
	readyWithin   = 30 * time.Second
	checkpointLag = 200 * time.Millisecond // how long a new entry waits for a checkpoint; as much longer where many share a disk,
	longestLag    = time.Second            // up to this
)

// Host is one hosted jurisdiction.
type Host struct {
	name      identity.Jurisdiction
	dir       string
	log       identity.Log
	above     atomic.Pointer[above] // nil: joined nobody
	authority *authority.Authority
	links     *authority.Source
	keys      keySets
	vault     *vault.Keystore
	store     *state.Store
	group     *group.Group
	logger    *slog.Logger
	now       func() time.Time
	stop      context.CancelFunc
	workers   sync.WaitGroup
	renewing  sync.Mutex // held while keys are renewed
	signing   sync.Mutex // held while a checkpoint is made, so that one is made at a time
}

// Options of a host.
type Options struct {
	Registry *state.Registry
	Logger   *slog.Logger
	Now      func() time.Time
	MinFree  uint64              // bytes; see group.Config
	Share    int                 // how many jurisdictions share this machine: each takes the less disk and address space; 0: one
	Group    func(*group.Config) // changes the settings of the group; for tests
	// Fatal is told, once, when this replica's state is unknown or not that of the majority, after which it changes nothing
	// any more and can only be closed. nil: the process ends by a panic.
	Fatal func(error)
}

// Folder returns the folder of a jurisdiction under a node's data directory.
func Folder(data string, name identity.Jurisdiction) string {
	return filepath.Join(data, "j", name.String())
}

// Create makes the folder of a jurisdiction with its first replica. What exists is left as it is, so the same call after
// a crash finishes the work: (1) keys, (2) keystore, (3) state, (4) raft's log. The key set is proposed when the
// jurisdiction is first opened. share is how many jurisdictions share this machine.
func Create(dir string, name identity.Jurisdiction, now time.Time, share int) (trust.Pin, error) {
	for _, folder := range []string{certsFolder, filesFolder} {
		if err := MakeFolder(filepath.Join(dir, folder)); err != nil {
			return trust.Pin{}, fmt.Errorf("create %s: %w", name, err)
		}
	}
	a, err := authority.Create(filepath.Join(dir, certsFolder), name, FirstReplica(), now)
	if err != nil {
		return trust.Pin{}, fmt.Errorf("create %s: %w", name, err)
	}
	if err := vault.Create(filepath.Join(dir, keystoreFile)); err != nil && !errors.Is(err, vault.ErrExists) {
		return trust.Pin{}, fmt.Errorf("create %s: %w", name, err)
	}
	log, err := identity.NewLog(name, firstEpoch)
	if err != nil {
		return trust.Pin{}, fmt.Errorf("create %s: %w", name, err)
	}
	path := filepath.Join(dir, stateFile)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		if err := state.Create(path, log); err != nil {
			return trust.Pin{}, fmt.Errorf("create %s: %w", name, err)
		}
	}
	first, err := bootstrap(dir, name, share)
	if err != nil {
		return trust.Pin{}, fmt.Errorf("create %s: %w", name, err)
	}
	if first == nil {
		if first, _, err = a.FirstKeySet(firstEpoch); err != nil {
			return trust.Pin{}, fmt.Errorf("create %s: %w", name, err)
		}
	}
	return trust.PinOf(first)
}

// FirstReplica returns the replica that a jurisdiction begins with; so far the only one.
func FirstReplica() identity.Replica {
	r, err := identity.NewReplica(1)
	if err != nil {
		panic(err)
	}
	return r
}

// bootstrap makes raft's log unless there is one, and returns the first key set of the ledger, or nil while it has none.
func bootstrap(dir string, name identity.Jurisdiction, share int) (first []byte, err error) {
	store, err := state.Open(filepath.Join(dir, stateFile), state.NewRegistry(), state.Options{})
	if err != nil {
		return nil, err
	}
	err = group.Bootstrap(group.Config{
		Jurisdiction: name, Replica: FirstReplica(), Dir: dir, Store: store, Logger: slog.New(slog.DiscardHandler), Share: share,
	}, FirstReplica())
	if errors.Is(err, group.ErrBootstrapped) {
		err = store.View(func(r *state.Reader) error {
			if signed, _ := r.KeySets(); len(signed) > 0 {
				first = signed[0]
			}
			return nil
		})
	}
	return first, errors.Join(err, store.Close())
}

// Open opens the jurisdiction in dir and waits until it can take commands.
func Open(ctx context.Context, dir string, name identity.Jurisdiction, o Options) (h *Host, err error) {
	h = &Host{name: name, dir: dir, logger: o.Logger.With("jurisdiction", name.String()), now: o.Now}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open %s: %w", name, err), h.Close())
		}
	}()
	if h.log, err = identity.NewLog(name, firstEpoch); err != nil {
		return h, err
	}
	if h.authority, err = authority.Open(filepath.Join(dir, certsFolder), name, FirstReplica()); err != nil {
		return h, err
	}
	h.links = authority.NewSource(h.authority, h.now)
	if err = h.readAbove(); err != nil {
		return h, err
	}
	if h.vault, err = vault.Open(filepath.Join(dir, keystoreFile)); err != nil {
		return h, err
	}
	if h.store, err = state.Open(filepath.Join(dir, stateFile), o.Registry, state.Options{Fatal: o.Fatal, Share: o.Share}); err != nil {
		return h, err
	}
	config := group.Config{
		Jurisdiction: name, Replica: FirstReplica(), Dir: dir, Store: h.store, Logger: o.Logger, MinFree: o.MinFree, Share: o.Share,
	}
	if o.Group != nil {
		o.Group(&config)
	}
	h.group, err = group.Open(config)
	if err != nil {
		return h, err
	}
	ready, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	if err = h.group.WaitReady(ready); err != nil {
		return h, err
	}
	if err = h.openKeys(ready); err != nil {
		return h, err
	}
	work, stop := context.WithCancel(context.Background())
	h.stop = stop
	h.workers.Go(func() {
		signer{leads: h.group.WaitReady, appended: h.store.Advanced, sign: h.checkpoint, lag: lagOf(o.Share), logger: h.logger}.run(work)
	})
	return h, nil
}

func lagOf(share int) time.Duration {
	return min(checkpointLag*time.Duration(max(share, 1)), longestLag)
}

// Close stops what Open started, in the opposite order. It may be called on what was only partly opened.
func (h *Host) Close() error {
	var err error
	if h.stop != nil {
		h.stop()
		h.workers.Wait()
	}
	if h.group != nil {
		err = h.group.Close()
	}
	if h.store != nil {
		err = errors.Join(err, h.store.Close())
	}
	return err
}

// Name returns the jurisdiction.
func (h *Host) Name() identity.Jurisdiction { return h.name }

// Leads reports whether this replica leads its group.
func (h *Host) Leads() bool { return h.group.Leads() }

// Replica returns this replica.
func (h *Host) Replica() identity.Replica { return h.authority.Replica() }

// View runs f on a state that shows everything acknowledged before the call.
func (h *Host) View(ctx context.Context, f func(*state.Reader) error) error {
	if err := h.group.Linearize(ctx); err != nil {
		return err
	}
	return h.store.View(f)
}

// Propose replicates a command and returns what its handler gave. A refusal is a *state.Refusal. asked is what was asked
// under the id, so that the same request is known again although its seals differ; it is replicated as an HMAC only, and
// may be nil where there is no id. A *ClockError, and group.ErrNotDone, mean that nothing was done.
func (h *Host) Propose(ctx context.Context, kind state.Kind, id identity.Message, asked, body []byte) ([]byte, error) {
	now := h.now()
	if err := h.checkClock(kind, now); err != nil {
		return nil, fmt.Errorf("propose: %w", err)
	}
	if asked != nil {
		mac := h.vault.MAC("asked", asked)
		asked = mac[:]
	}
	result, err := h.group.Propose(ctx, state.Command{
		Kind: kind, ID: id, Asked: asked, Body: body,
		Time: uint64(now.UnixMilli()), Expires: uint64(now.Add(commandLife).UnixMilli()),
	})
	if err != nil {
		return nil, err
	}
	return result.Data, result.Err()
}

// Note commits to a payload of the node's own statement, and seals it.
func (h *Host) Note(contentType string, payload []byte) (book.Statement, error) {
	c, sealed, err := h.seal(contentType, payload)
	return book.Statement{Evidence: ledger.PlainEvidence(c), Sealed: sealed}, err
}

// Act commits to the payload of an agency's act, signs it with the stated head, and seals it.
func (h *Host) Act(stated ledger.Head, contentType string, payload []byte) (book.Statement, error) {
	c, sealed, err := h.seal(contentType, payload)
	if err != nil {
		return book.Statement{}, err
	}
	evidence, err := ledger.Sign(h.log, stated, contentType, c, h.authority.Signer())
	return book.Statement{Evidence: evidence, Sealed: sealed}, err
}

func (h *Host) seal(contentType string, payload []byte) (ledger.Commitment, []byte, error) {
	preimage, err := ledger.NewPreimage(contentType, payload).Encode()
	if err != nil {
		return ledger.Commitment{}, nil, err
	}
	c := ledger.Commit(preimage)
	return c, h.vault.Seal(c, preimage), nil
}

// Log returns the ledger's log.
func (h *Host) Log() identity.Log { return h.log }
