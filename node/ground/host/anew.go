package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"xietong/certs/authority"
	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/consensus/vault"
	"xietong/node/ground/book"
)

// A jurisdiction whose keys count no more goes on in the same ledger: most of the replicas that
// must sign the next key set are gone for good, or a backup is from before the newest keys. Nobody
// could tell this folder from that of a thief, so what is made here is believed by nobody before
// the parent endorses it, whose invitation names the epoch. The replica is alone from then on, in
// a new epoch of the ledger, whose key set begins a new chain with keys that are new.
//
// (1) BeginAnew makes the new keys, notes in the file anew what is begun, makes the replica alone,
// and puts the keys and the chain of before aside; (2) Open with Options.Anew begins the epoch; (3)
// the caller has the parent endorse the new chain, keeps what it said (SetAbove), and ends it with
// EndAnew. Each step finds what an earlier attempt left. Until then Open without the option fails
// with an *AnewError, so that nothing is signed or answered.

const (
	anewFile    = "anew"
	newCerts    = "certs.new"
	maxAnewLen  = 64 << 10 // bytes
	formerCerts = "before" // and the epoch
)

// AnewError says that the folder goes on with new keys, which the parent has not endorsed yet.
type AnewError struct {
	In     identity.Jurisdiction
	Dir    string
	Inside bool // the parent runs on the same node, as that says
}

func (e *AnewError) Error() string {
	return fmt.Sprintf("%s goes on with new keys in %s, which its parent has not endorsed yet", e.In, e.Dir)
}

// Anew says how a jurisdiction goes on with new keys.
type Anew struct {
	Now    time.Time
	Epoch  uint64                // with which the parent wants it to go on, unless the ledger is there already
	Bound  []byte                // hash of number 1 of the key sets that the invitation is bound to; empty: of none yet
	Parent identity.Jurisdiction // that endorses it
	// Saw returns what the parent saw of the ledger. chains are those of the key sets in the
	// folder, verified, the newest last; what Saw returns is believed, and the epoch begins with
	// it. It is not asked where what was begun goes on. nil: the parent saw nothing.
	Saw    func(chains [][]trust.KeySet) (Saw, error)
	Reason string // a person's
	Hosted int    // see New
}

// anewNote is the file anew.
type anewNote struct {
	_      struct{} `cbor:",toarray"`
	Epoch  uint64
	Parent identity.Jurisdiction
	Saw    []byte
	Older  []Mark
	Headed []headed // what was seen, where no checkpoint of as much was: one, or none
	Most   Mark     // the largest that was seen of a log before that one, from that of the folder on
	Least  uint64   // the least size that was seen of one before that one, after that of the folder; 0: there is none
	Reason string
	Before string // the folder in which the keys of before are kept
}

// BeginAnew prepares the folder of a jurisdiction to go on with new keys, alone. Nothing of the
// ledger is changed yet. The caller holds the data directory. It says how with ask, which is given
// the state and whether something is begun; with nil, nothing is changed.
func BeginAnew(dir string, name identity.Jurisdiction, registry *state.Registry, ask func(r *state.Reader, begun bool) (*Anew, error)) (made Made, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("begin %s anew: %w", name, foreignPart(dir, err))
		}
	}()
	note, noted, err := readAnew(dir)
	if err != nil {
		return made, err
	}
	replica := ReplicaIn(dir)
	if replica.IsZero() { // the keys were put aside a moment ago
		if replica, err = authority.ReplicaIn(filepath.Join(dir, newCerts)); err != nil {
			return made, err
		}
	}
	begins := false
	err = makeAlone(dir, name, replica, registry, func(r *state.Reader) (a *Anew, err error) {
		if a, err = ask(r, noted); err != nil || a == nil {
			return nil, err
		}
		have, err := chainIn(r)
		if err != nil {
			return nil, OfLog(dir, err)
		}
		begins, made.Recovery = true, trust.RecoveryFingerprint(have.recovery)
		note, err = a.note(dir, name, replica, note, noted, have)
		return a, err
	})
	if err == nil && begins {
		err = putAside(dir, note.Before)
	}
	return made, err
}

// note makes the keys, and returns the note of what is begun, as it is kept from then on: the one
// that is there where the ledger has its epoch, unless the invitation is for others meanwhile.
func (a Anew) note(dir string, name identity.Jurisdiction, r identity.Replica, note anewNote, noted bool, have chainAlone) (anewNote, error) {
	begun := noted && have.first.Epoch == note.Epoch
	hash := have.first.Hash()
	spent := begun && a.Epoch > note.Epoch && !bytes.Equal(a.Bound, hash[:])
	if begun && !spent {
		return note, nil
	}
	var saw Saw
	if a.Saw != nil {
		var err error
		if saw, err = a.Saw(have.chains); err != nil {
			return note, err
		}
	}
	newest, err := saw.newest()
	if err != nil {
		return note, err
	}
	next := anewNote{
		Epoch: max(a.Epoch, newest.epoch+1), Parent: a.Parent, Saw: newest.note, Older: newest.older, Headed: newest.headed, Reason: a.Reason, Before: note.Before,
	}
	next.Most, next.Least = newest.since(have.epoch)
	if !noted || spent {
		next.Before = freeBefore(dir, a.Epoch)
		certs := filepath.Join(dir, newCerts)
		if err := os.RemoveAll(certs); err != nil {
			return next, err
		}
		if _, err := authority.CreateAnew(certs, name, r, a.Now, have.recovery); err != nil {
			return next, err
		}
	}
	return next, writeAnew(dir, next)
}

// freeBefore returns the name of a folder for the keys of before, that of an epoch or the next one
// that is free.
func freeBefore(dir string, epoch uint64) string {
	for ; ; epoch++ {
		name := fmt.Sprintf("%s-%d", formerCerts, epoch)
		if _, err := os.Stat(filepath.Join(dir, name)); errors.Is(err, fs.ErrNotExist) {
			return name
		}
	}
}

// chainAlone are the key sets of a replica that is made alone.
type chainAlone struct {
	first    trust.KeySet     // of the newest chain
	recovery []byte           // the key that the newest key set names
	chains   [][]trust.KeySet // verified, the newest last
	epoch    uint64           // of the newest log
}

// makeAlone makes the replica alone, once something is noted. A replica that was made alone and has
// no note would open with the keys of before, beside the others. note returns nil where it stays as
// it is.
func makeAlone(dir string, name identity.Jurisdiction, replica identity.Replica, registry *state.Registry, note func(*state.Reader) (*Anew, error)) (err error) {
	store, err := state.Open(filepath.Join(dir, stateFile), registry, state.Options{Unmoving: true})
	if err != nil {
		return OfState(dir, err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if _, err = logOf(store, dir, name); err != nil {
		return err
	}
	keystore, err := vault.Open(filepath.Join(dir, Keystore))
	if err != nil {
		return partOf(dir, PartKeystore, Keystore, err)
	}
	var a *Anew
	err = store.View(func(r *state.Reader) (err error) {
		a, err = note(r)
		return err
	})
	if err != nil || a == nil {
		return err
	}
	return OfLog(dir, group.MakeAlone(group.Config{
		Jurisdiction: name, Replica: replica, Dir: dir, Store: store, Logger: slog.New(slog.DiscardHandler), Hosted: a.Hosted,
		Mark: markOf(keystore, store.Names().First()), Fatal: func(error) {},
	}))
}

// chainIn returns the chains of a state.
func chainIn(r *state.Reader) (have chainAlone, err error) {
	all := map[uint64][][]byte{} // by the epoch until which the chain counted; 0: it does
	var order []uint64
	for _, k := range r.FormerKeySets() {
		if _, known := all[k.Until]; !known {
			order = append(order, k.Until)
		}
		all[k.Until] = append(all[k.Until], k.Signed)
	}
	if all[0] = r.KeySets(); len(all[0]) == 0 {
		return have, fmt.Errorf("%w: the ledger has none", trust.ErrInvalid)
	}
	for _, until := range append(order, 0) {
		chain, err := trust.WalkFirst(all[until])
		if err != nil {
			return have, &state.DamageError{Err: err}
		}
		have.chains = append(have.chains, chain)
	}
	newest := have.chains[len(have.chains)-1]
	have.epoch = r.Log().Epoch()
	have.first, have.recovery = newest[0], newest[len(newest)-1].RecoveryKey
	return have, nil
}

// FirstPin returns the pin of number 1 of the newest chain in a state.
func FirstPin(r *state.Reader) (trust.Pin, error) {
	have, err := chainIn(r)
	if err != nil {
		return trust.Pin{}, err
	}
	return have.first.Pin(), nil
}

// putAside keeps the keys and the chain of before in a folder of their own, and puts the new keys
// in their place.
func putAside(dir, before string) error {
	aside, certs := filepath.Join(dir, before), filepath.Join(dir, certsFolder)
	if _, err := os.Stat(filepath.Join(aside, certsFolder)); errors.Is(err, fs.ErrNotExist) {
		if err := MakeFolder(aside); err != nil {
			return err
		}
		for _, name := range []string{recoveryFile, denialFile} { // they are about the keys of before
			if err := os.Rename(filepath.Join(dir, name), filepath.Join(aside, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		chain, err := os.ReadFile(filepath.Join(dir, chainFile))
		if err == nil {
			err = WriteFile(filepath.Join(aside, chainFile), chain)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := os.Rename(certs, filepath.Join(aside, certsFolder)); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	if _, err := os.Stat(certs); errors.Is(err, fs.ErrNotExist) {
		if err := os.Rename(filepath.Join(dir, newCerts), certs); err != nil {
			return err
		}
	}
	return errors.Join(syncFolder(aside), syncFolder(dir))
}

// readAnew reads the note; ok is false where nothing is begun.
func readAnew(dir string) (n anewNote, ok bool, err error) {
	path := filepath.Join(dir, anewFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return n, false, nil
	}
	if err == nil {
		err = canon.Unmarshal(data, maxAnewLen, &n)
	}
	if err == nil && (filepath.Base(n.Before) != n.Before || n.Epoch == 0) {
		err = fmt.Errorf("epoch %d, keys in %q", n.Epoch, n.Before)
	}
	if err != nil {
		return n, false, &PartError{PartKeys, path, err}
	}
	return n, true, nil
}

func writeAnew(dir string, n anewNote) error {
	data, err := canon.Marshal(n)
	if err == nil && n.Epoch == 0 {
		err = errors.New("there is no epoch 0")
	}
	if err == nil && len(data) > maxAnewLen {
		err = fmt.Errorf("%d bytes, more than %d", len(data), maxAnewLen)
	}
	if err == nil {
		err = WriteFile(filepath.Join(dir, anewFile), data)
	}
	if err != nil {
		return fmt.Errorf("note what is begun: %w", err)
	}
	return nil
}

// Unendorsed reports whether the folder of a jurisdiction goes on with new keys, which the parent
// has not endorsed yet.
func Unendorsed(dir string) (bool, error) {
	_, begun, err := readAnew(dir)
	return begun, err
}

// openAnew reads the note, and refuses to open what nobody endorsed.
func (h *Host) openAnew(allowed bool) error {
	note, begun, err := readAnew(h.dir)
	switch {
	case err != nil:
		return err
	case begun && !allowed:
		return &AnewError{In: h.name, Dir: h.dir}
	case begun:
		h.anew.Store(&note)
	}
	return nil
}

// EndAnew ends what BeginAnew began: the parent has endorsed the new keys. The state is on disk
// before the note goes: whoever looks into the folder later finds the new chain.
func (h *Host) EndAnew() error {
	if h.anew.Load() == nil {
		return nil
	}
	h.store.Flush()
	if err := removeFile(filepath.Join(h.dir, anewFile)); err != nil {
		return fmt.Errorf("end what was begun anew: %w", err)
	}
	h.anew.Store(nil)
	return syncFolder(h.dir)
}

// beginChain begins the epoch of the new chain, unless the ledger has it. It is on disk before the
// parent is told of it: what BeginAnew finds after a kill must be what was told. An attempt that
// was killed before may have left it in raft's log alone, where the next one did not find it, and
// noted another epoch.
func (h *Host) beginChain(ctx context.Context, have [][]byte) error {
	defer h.store.Flush()
	note := h.anew.Load()
	first, err := trust.Reopen(have[0])
	if err != nil {
		return err
	}
	if bytes.Equal(first.LogKey(h.Replica()), h.authority.LogPublic()) {
		if first.Epoch == note.Epoch {
			return nil
		}
		note.Epoch = first.Epoch
		return writeAnew(h.dir, *note)
	}
	if own := h.Log().Epoch(); note.Epoch <= own { // it began epochs that the parent did not believe
		note.Epoch = own + 1
		if err := writeAnew(h.dir, *note); err != nil {
			return err
		}
	}
	change, err := h.chainChange(note)
	if err != nil {
		return fmt.Errorf("begin epoch %d: %w", note.Epoch, err)
	}
	body, err := canon.Marshal(change)
	if err == nil {
		_, err = h.Propose(ctx, state.KindEpochAnew, book.Request{}, body)
	}
	if err != nil {
		return fmt.Errorf("begin epoch %d: %w", note.Epoch, err)
	}
	h.doubt(change.From) // until what was lost is settled, as after any start
	q := *h.question.Load()
	q.Epoch, q.Outrun, q.Beside = note.Epoch, 0, false
	h.question.Store(&q)
	h.logger.Warn("the ledger goes on with new keys by the word of a person", "epoch", note.Epoch, "lost_from", change.From,
		"lost_to", change.To, "reason", note.Reason)
	return nil
}
