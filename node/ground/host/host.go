// Package host runs one jurisdiction on this replica. It opens and closes the keys, vault, state
// and raft group together, and makes the entry of an act, its checkpoint and its receipt.
//
// A jurisdiction's folder holds
//
//	state.db   the replicated state and the ledger (consensus/state)
//	wal/       raft's log, with the mark of the keystore
//	certs/     private keys and certificates (certs/authority)
//	keystore   the wrapping keys of the vault (consensus/vault)
//	files/     the old entries of the ledger, in files that never change (consensus/bundle)
//	chain      key sets and endorsements from the root to the parent; absent before it joins
//	recovery   the recovery statement for the first key set; absent where no keys were lost before it
//	place      where the folder lies; another place is a question (see question.go)
//	denial     the parent's word that it does not endorse these keys; absent while it does
//	newer      key sets and endorsements down to the parent that lead further than chain; absent while none do
//	host-lost  which of those above on this node lost entries (see inside.go); absent while none did
//	unheard    since how many entries a neighbour was not asked after a person's word (see unheard.go); else absent
//	outrun     the key set that others showed, and that is not here (see outrun.go); else absent
//	state.new  a state that is being filled from another replica; else absent
//	anew       how the jurisdiction goes on with new keys, until the parent endorsed them; else absent
//	before-9/  the keys and the chain of before, where it went on with new keys in epoch 9
//
// The package holds no business: the rooms register their commands, and know what their entries
// mean. Private keys never pass through it; it asks the authority to sign.
package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/consensus/vault"
	"xietong/node/ground/book"
)

const (
	firstEpoch  = 1
	stateFile   = "state.db"
	certsFolder = "certs"
	commandLife = time.Hour // how long an idempotency key is good for
	readyWithin = 30 * time.Second
	// A new entry waits for a checkpoint for checkpointLag times the number of jurisdictions that
	// share the disk, but at most for longestLag.
	checkpointLag = 200 * time.Millisecond
	longestLag    = time.Second
)

// Keystore is the name of the vault's file in a jurisdiction's folder.
const Keystore = "keystore"

// Host is one hosted jurisdiction.
type Host struct {
	name       identity.Jurisdiction
	dir        string
	above      atomic.Pointer[above]             // nil: has not joined a parent
	newer      atomic.Pointer[newer]             // nil: nothing leads further; see KeepNewer
	endorsed   atomic.Pointer[trust.Endorsement] // by the parent, as last seen; nil: not read yet
	recovery   atomic.Pointer[[]byte]            // statement for the first key set; nil: none
	denial     atomic.Pointer[Denial]            // nil: the parent did not say otherwise
	anew       atomic.Pointer[anewNote]          // nil: it goes on with the keys that it has
	authority  *authority.Authority
	links      *authority.Source
	keys       keySets
	vault      *vault.Keystore
	store      *state.Store
	group      *group.Group
	logger     *slog.Logger
	now        func() time.Time
	guard      *guard // of now
	growth     *Growth
	stop       context.CancelFunc
	workers    sync.WaitGroup
	renewing   Lock                                                     // held while keys are renewed
	marking    Lock                                                     // held while a checkpoint is made: one at a time
	signing    Lock                                                     // held while a mark is signed: once
	openedNote atomic.Pointer[openedNote]                               // the newest published checkpoint that was verified
	others     Others                                                   // Reach.Others; nil: there are none
	ended      sync.Once                                                // by End
	endErr     error                                                    // of it
	witnessed  atomic.Bool                                              // see Witnessed
	out        atomic.Bool                                              // see TakenOut
	settled    atomic.Bool                                              // see Settled
	unled      atomic.Bool                                              // see atLeader
	admitted   func(*state.Reader, identity.Replica) *trust.ReplicaKeys // Reach.Admitted
	removed    func(*state.Reader, identity.Replica) bool               // Reach.Removed
	fatal      func(error)                                              // Options.Fatal
	damaged    sync.Once                                                // fatal is called once for a damaged tree
	correcting Lock                                                     // held while the clock of the state is corrected
	repairing  Lock                                                     // held while this replica is mended
	keeping    Lock                                                     // held while the chain is kept: one at a time
	decay      decay                                                    // of what is on the disk
	asking     Lock                                                     // held while the replicas are asked for their clocks
	yielding   Lock                                                     // held while leadership is handed over because of the clock
	question   atomic.Pointer[QuestionError]                            // nil: the folder is not in question
	openedSize uint64                                                   // entries of the ledger when it was opened
	openedSet  uint64                                                   // number of the newest key set then
	sizes      signedSizes
	unheard    unheard     // see Unheard
	voiced     atomic.Bool // a person gave their word, and it votes
	placing    Lock        // held while the place is noted: one at a time
}

// Options of a host.
type Options struct {
	Registry *state.Registry
	Logger   *slog.Logger
	Now      func() time.Time // the wall clock, which somebody may set
	// Elapsed is how much time has passed since some moment, also while the machine was suspended;
	// nobody can set it. nil: the wall clock is believed whatever it says, as tests want it.
	Elapsed func() time.Duration
	// Synced returns when a time service set the clock last, by the clock itself; zero: not known.
	// nil: there is no such service.
	Synced func() time.Time
	// Signed is a folder outside the data directory in which the largest size that was signed is
	// noted; "": none.
	Signed  string
	MinFree uint64  // bytes; see group.Config
	Growth  *Growth // of the node; nil: unbounded
	// Reach returns how the other replicas are reached. It is called once, when the keys and the
	// state are open, and before anybody is reached. nil: nobody is.
	Reach func(*Host) Reach
	// Hosted is the number of jurisdictions that share this machine; 0: one. The more there are,
	// the less disk and address space each takes.
	Hosted int
	// Anew opens a jurisdiction that goes on with new keys, for whoever has them endorsed; see
	// BeginAnew.
	Anew  bool
	Group func(*group.Config) // changes the settings of the group; for tests
	// FileBlocks is how many blocks of 256 entries a file of old entries has; 0: see state.Options.
	// Fewer are for tests.
	FileBlocks int
	// Fatal is called when this replica's state is unknown or differs from that of the majority, or
	// when a write of raft's log failed: at most once for each. From then on the host changes
	// nothing, and can only be closed. nil: the process ends by a panic.
	Fatal func(error)
	// Aside opens a folder that was made by Beside, in which state.db is that of another folder: it
	// is only read, and what is recorded is forgotten as the host closes.
	Aside bool
}

// Reach is how a replica reaches the others.
type Reach struct {
	Streams group.Streams
	Others  Others
	// Fetch opens a stream to another replica, on which it fills this one.
	Fetch func(ctx context.Context, from identity.Replica) (io.ReadWriteCloser, error)
	// Admitted returns the keys with which a further replica was admitted, or nil; Removed reports
	// whether somebody asked to remove one.
	Admitted func(r *state.Reader, of identity.Replica) *trust.ReplicaKeys
	Removed  func(r *state.Reader, of identity.Replica) bool
}

// Folder returns the folder of a jurisdiction under a node's data directory.
func Folder(data string, name identity.Jurisdiction) string {
	return filepath.Join(data, "j", name.String())
}

// Open opens the jurisdiction in dir, and waits at most 30 seconds until it can take commands. The
// error is a *ForeignError where a part of the folder is of another ledger or another copy.
func Open(ctx context.Context, dir string, name identity.Jurisdiction, o Options) (h *Host, err error) {
	h = &Host{
		name: name, dir: dir, logger: o.Logger.With("jurisdiction", name.String()), now: o.Now, growth: o.Growth, fatal: o.Fatal,
	}
	if h.fatal == nil {
		h.fatal = func(err error) { panic(err) }
	}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("open %s: %w", name, foreignPart(dir, err)), h.Close())
		}
	}()
	if err = h.openParts(ctx, o); err != nil {
		return h, err
	}
	if err = h.openGroup(o); err != nil {
		return h, h.part(PartLedger, walFolder, err)
	}
	ready, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	if h.alone() { // nobody else could lead
		if err = h.group.WaitReady(ready); err != nil {
			return h, err
		}
	}
	if err = h.openQuestion(o.Signed); err != nil {
		return h, err
	}
	ledger, _ := h.store.Clocks()
	parent, _ := name.Parent()
	h.guard = newGuard(clocks{o.Now, o.Elapsed, o.Synced}, parent, ledger)
	if err = h.openKeys(ready); err != nil {
		return h, h.part(PartKeys, certsFolder, err)
	}
	if _, err = h.Endorsed(ready); errors.Is(err, ErrNotAbove) {
		return h, &PartError{PartChain, filepath.Join(dir, chainFile), err}
	} else if err != nil {
		return h, err
	}
	h.noteOpened()
	h.work(lagOf(o.Hosted), o.Hosted)
	return h, nil
}

// openParts opens the keys, the vault and the state.
func (h *Host) openParts(ctx context.Context, o Options) (err error) {
	certs, file := filepath.Join(h.dir, certsFolder), filepath.Join(h.dir, stateFile)
	if err = h.openAnew(o.Anew); err != nil {
		return err
	}
	if h.authority, err = authority.Open(certs, h.name, replicaIn(certs)); err != nil {
		return h.part(PartKeys, certsFolder, err)
	}
	h.links = authority.NewSource(h.authority, h.now)
	if err = errors.Join(h.readAbove(), h.readNewer(), h.readRecovery(), h.readDenial()); err != nil {
		return err
	}
	if h.vault, err = vault.Open(filepath.Join(h.dir, Keystore)); err != nil {
		return h.part(PartKeystore, Keystore, err)
	}
	if h.store, err = state.Open(file, o.Registry, h.stateOptions(o)); err != nil {
		return h.part(PartLedger, stateFile, err)
	}
	if _, err = logOf(h.store, h.dir, h.name); err != nil {
		return err
	}
	if err = h.openTree(ctx); err != nil {
		return h.part(PartLedger, stateFile, err)
	}
	if err = h.checkKeystore(); err != nil { // by the entries, which the tree finds
		return err
	}
	return h.checkPlace()
}

// ReplicaIn returns the replica whose keys are in the folder of a jurisdiction; zero: that cannot
// be read.
func ReplicaIn(dir string) identity.Replica {
	r, _ := authority.ReplicaIn(filepath.Join(dir, certsFolder))
	return r
}

// replicaIn returns the replica whose keys are in a folder; the one that a jurisdiction begins with
// where that cannot be read, which opening the keys then tells.
func replicaIn(certs string) identity.Replica {
	if r, err := authority.ReplicaIn(certs); err == nil {
		return r
	}
	return FirstReplica()
}

// openGroup opens the raft group.
func (h *Host) openGroup(o Options) (err error) {
	config := group.Config{
		Jurisdiction: h.name, Replica: h.Replica(), Dir: h.dir, Store: h.store, Logger: o.Logger, MinFree: o.MinFree, Hosted: o.Hosted,
		Mark: markOf(h.vault, h.Names().First()), Fatal: o.Fatal, CheckFilled: h.checkFilled, Mute: h.Mute, Ahead: h.ahead, Out: h.out.Load,
	}
	h.admitted = func(*state.Reader, identity.Replica) *trust.ReplicaKeys { return nil }
	if o.Reach != nil {
		r := o.Reach(h)
		h.others, h.admitted, h.removed = r.Others, r.Admitted, r.Removed
		config.Streams, config.Fetch = r.Streams, r.Fetch
	}
	if o.Group != nil {
		o.Group(&config)
	}
	h.group, err = group.Open(config)
	return err
}

// work begins the background work: whoever leads makes the checkpoints, and every replica signs.
func (h *Host) work(lag time.Duration, hosted int) {
	ctx, stop := context.WithCancel(context.Background())
	h.stop = stop
	h.workers.Go(func() {
		signer{ready: h.unquestionedAnd(h.group.WaitReady), appended: h.store.Advanced, sign: h.checkpoint, lag: lag, logger: h.logger}.run(ctx)
	})
	h.workers.Go(func() { h.watchClock(ctx) })
	h.workers.Go(func() { h.scrub(ctx, hosted) })
	if h.others == nil {
		return
	}
	h.workers.Go(func() { h.watchDecay(ctx) })
	h.workers.Go(func() {
		signer{ready: h.unquestionedAnd(h.group.WaitLeader), appended: h.store.Advanced, sign: h.signMarks, logger: h.logger}.run(ctx)
	})
}

func lagOf(hosted int) time.Duration {
	return min(checkpointLag*time.Duration(max(hosted, 1)), longestLag)
}

// Close stops everything that Open started, in the opposite order. It also closes a host that was
// opened only in part.
func (h *Host) Close() error {
	err := h.End()
	h.sizes.close()
	if h.store != nil {
		err = errors.Join(err, h.store.Close())
	}
	return err
}

// End ends what runs, and answers every command that waits, of a replica that must not go on; what
// is in its state can still be read. Close does the rest.
func (h *Host) End() error {
	h.ended.Do(func() {
		if h.stop != nil {
			h.stop()
			h.workers.Wait()
		}
		if h.group != nil {
			h.endErr = h.group.Close()
		}
	})
	return h.endErr
}

// Name returns the jurisdiction.
func (h *Host) Name() identity.Jurisdiction { return h.name }

// Leads reports whether this replica leads its group.
func (h *Host) Leads() bool { return h.group.Leads() }

// Replica returns this replica.
func (h *Host) Replica() identity.Replica { return h.authority.Replica() }

// View runs f on a state that shows everything acknowledged before the call, as Linearize says.
func (h *Host) View(ctx context.Context, f func(*state.Reader) error) error {
	if err := h.Linearize(ctx); err != nil {
		return err
	}
	return h.Look(f)
}

// Look runs f on the state as this replica has it.
func (h *Host) Look(f func(*state.Reader) error) error { return h.store.View(f) }

// Propose replicates a command and returns the result of its handler. A refusal is a
// *state.Refusal. After a *ClockError, an *ApartError, a *GrowthError or group.ErrNotDone nothing
// was done.
func (h *Host) Propose(ctx context.Context, kind state.Kind, q book.Request, body []byte) ([]byte, error) {
	now, err := h.ready(ctx, kind)
	if err != nil {
		return nil, fmt.Errorf("propose: %w", err)
	}
	if err := h.growth.spend(ctx, h.name, len(body), now); err != nil {
		return nil, fmt.Errorf("propose: %w", err)
	}
	result, err := h.propose(ctx, kind, q, body, now)
	if err != nil {
		return nil, err
	}
	return result.Data, result.Err()
}

// propose replicates a command under a clock.
func (h *Host) propose(ctx context.Context, kind state.Kind, q book.Request, body []byte, now time.Time) (state.Result, error) {
	return h.submit(ctx, state.Command{
		Kind: kind, Origin: q.Origin, ID: q.ID, Asked: q.Asked, Body: body,
		Clock: uint64(now.UnixMilli()), Expires: uint64(now.Add(commandLife).UnixMilli()),
	})
}

// Log returns the ledger's log.
func (h *Host) Log() identity.Log { return h.store.Names().Log() }
