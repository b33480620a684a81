package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/group"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/vault"
)

// Further is a further replica of a jurisdiction while its folder is made: (1) BeginFurther makes
// its keys, (2) Secrets keeps what another replica hands over, (3) Fill receives the state, (4)
// Finish makes raft's log. Each step finds what an earlier attempt left, and goes on.
type Further struct {
	Dir  string
	Name identity.Jurisdiction
	Keys *authority.Authority
	Now  func() time.Time
	// FileBlocks is that of Options.
	FileBlocks int

	newest  trust.KeySet // that is known of the jurisdiction
	replica identity.Replica
}

// BeginFurther makes the folder of a further replica with its keys. newest is a key set that the
// jurisdiction is known by; what is filled must go on from it.
func BeginFurther(dir string, newest trust.KeySet, r identity.Replica, now func() time.Time) (*Further, error) {
	certs := filepath.Join(dir, certsFolder)
	for _, folder := range []string{certs, filepath.Join(dir, state.FilesFolder)} {
		if err := MakeFolder(folder); err != nil {
			return nil, fmt.Errorf("begin replica: %w", err)
		}
	}
	keys, err := authority.CreateReplica(certs, newest.Name, r, now())
	if err != nil {
		return nil, fmt.Errorf("begin replica: %w", err)
	}
	return &Further{Dir: dir, Name: newest.Name, Keys: keys, Now: now, newest: newest, replica: r}, nil
}

// LinkSource returns the source of the identities with which the replica stands on links.
func (f *Further) LinkSource() *authority.Source { return authority.NewSource(f.Keys, f.Now) }

// Secrets keeps the keystore and the decryption keys, which ask brings from another replica.
func (f *Further) Secrets(ask func(public []byte) (keystore, decryption []byte, err error)) error {
	receiver, err := authority.NewReceiver()
	if err != nil {
		return err
	}
	keystore, decryption, err := ask(receiver.Public())
	if err == nil {
		err = f.Keys.Take(receiver, decryption)
	}
	if err == nil {
		err = vault.Receive(filepath.Join(f.Dir, Keystore), keystore)
	}
	if err != nil {
		return fmt.Errorf("take keys of the jurisdiction: %w", err)
	}
	return nil
}

// Fill receives the state from another replica, whose source answers on the stream.
func (f *Further) Fill(ctx context.Context, stream io.ReadWriter, from identity.Replica, registry *state.Registry, progress func(done, total uint64)) error {
	path := filepath.Join(f.Dir, stateFile)
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	log, err := identity.NewLog(f.Name, f.newest.Epoch)
	if err != nil {
		return err
	}
	c := state.FillConfig{
		Dir: f.Dir, Log: log, Registry: registry, Source: from.String(), Progress: progress, Check: checkFilled(log, f.newest),
		FileBlocks: f.FileBlocks,
	}
	if _, err := state.Fill(ctx, stream, c); err != nil {
		return err
	}
	return state.Install(path, log)
}

// Finish makes raft's log, from which the replica follows the others.
func (f *Further) Finish() error {
	store, err := state.Open(filepath.Join(f.Dir, stateFile), state.NewRegistry(), state.Options{Unmoving: true})
	if err != nil {
		return f.part(PartLedger, stateFile, err)
	}
	if _, err := logOf(store, f.Dir, f.Name); err != nil {
		return errors.Join(err, store.Close())
	}
	keystore, err := vault.Open(filepath.Join(f.Dir, Keystore))
	if err == nil {
		err = group.Adopt(group.Config{
			Jurisdiction: f.Name, Replica: f.replica, Dir: f.Dir, Store: store, Logger: slog.New(slog.DiscardHandler), Mark: markOf(keystore, store.Names().First()),
		})
		if errors.Is(err, group.ErrBootstrapped) { // by an earlier attempt
			err = nil
		}
	}
	err = errors.Join(f.part(PartLedger, walFolder, err), store.Close())
	if err == nil {
		err = writePlace(f.Dir, placeNote{Place: placeOf(f.Dir)})
	}
	return err
}

func (f *Further) part(part Part, name string, err error) error {
	return partOf(f.Dir, part, name, err)
}

// checkFilled verifies a state that another replica sent to this one, which lags behind.
func (h *Host) checkFilled(p state.Published, signed [][]byte, inForce uint64) error {
	known, err := h.newestSet()
	if err != nil {
		return err
	}
	err = checkFilled(h.Log(), known)(p, signed, inForce)
	if err == nil && h.Questioned() == nil { // noted before it comes in the place of state.db
		err = h.notePlace(state.FillFile)
	}
	return err
}

// Serve fills another replica, whose stream it is, from this one. A checkpoint of what is here is
// made first: what none covers, the other one cannot verify. Where no majority signs, it verifies
// the one before.
func (h *Host) Serve(ctx context.Context, stream io.ReadWriteCloser) error {
	if err := h.checkpoint(ctx); err != nil {
		h.logger.Debug("checkpoint not made before a replica is filled", "error", err)
	}
	return h.group.Serve(ctx, stream)
}

// checkFilled returns how a state is verified that another replica sent: its key sets lead to the
// one that is known, and a majority of the one in force signed the checkpoint and the digest.
func checkFilled(log identity.Log, known trust.KeySet) func(state.Published, [][]byte, uint64) error {
	return func(p state.Published, signed [][]byte, inForce uint64) error {
		if len(signed) == 0 || inForce == 0 || p.Note == nil {
			return fmt.Errorf("%w: nothing was signed yet", ledger.ErrNotProven)
		}
		pin, err := trust.PinOf(signed[0])
		if err != nil {
			return err
		}
		sets, err := trust.Walk(pin, signed)
		if err != nil {
			return err
		}
		if known.Number > uint64(len(sets)) || sets[known.Number-1].Hash() != known.Hash() {
			return fmt.Errorf("%w: its key sets do not lead to number %d, which is known", trust.ErrInvalid, known.Number)
		}
		c, err := ledger.OpenCheckpoint(p.Note, log, sets[inForce-1])
		if err != nil {
			return err
		}
		if c.Size != p.Mark.Size || !bytes.Equal(c.Root[:], p.Mark.Root) {
			return fmt.Errorf("%w: the checkpoint is not of its mark", ledger.ErrNotProven)
		}
		digest := ledger.StateDigest{Log: log, Index: p.Mark.Index, Digest: p.Mark.Digest}
		return digest.CheckMajority(p.Lines, sets[inForce-1])
	}
}

// KeepAbove keeps the levels above, as another replica keeps them, and the recovery statement. Open
// verifies them, as it does after every start.
func (f *Further) KeepAbove(chain, recovery []byte) error {
	for name, data := range map[string][]byte{chainFile: chain, recoveryFile: recovery} {
		if len(data) == 0 {
			continue
		}
		if err := WriteFile(filepath.Join(f.Dir, name), data); err != nil {
			return fmt.Errorf("keep %s: %w", name, err)
		}
	}
	return nil
}
