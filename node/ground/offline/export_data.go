package offline

import (
	"context"
	"errors"
	"path/filepath"

	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/datadir"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// ExportData is Export of the ledger of one jurisdiction in a stopped or copied data directory. It
// covers what the newest checkpoint in it does.
func ExportData(ctx context.Context, data, name, dir string, progress func(done, total uint64)) (report ExportReport, err error) {
	if err := datadir.CheckFormat(data); err != nil {
		return report, err
	}
	settings, err := datadir.ReadConfig(data)
	if err != nil {
		return report, err
	}
	of, err := called(settings, name)
	if err != nil {
		return report, err
	}
	if err := datadir.CheckHosted(data, of.Name); err != nil {
		return report, err
	}
	folder := host.Folder(data, of.Name)
	file := filepath.Join(folder, "state.db")
	var failed error // of the export itself
	err = state.Look(file, func(r *state.Reader) error {
		if failed = checkStored(file, r); failed == nil {
			report, failed = Export(ctx, stored{r}, dir, progress)
		}
		if _, damaged := errors.AsType[*state.DamageError](failed); damaged {
			return failed
		}
		return nil
	})
	if err != nil {
		return report, datadir.Error(data, host.OfState(folder, err))
	}
	return report, failed
}

// checkStored verifies the newest checkpoint in a file by the key sets in it, and by its tree.
func checkStored(file string, r *state.Reader) (err error) {
	found := state.Report{Log: r.Log()}
	found.KeySets = r.KeySets()
	found.Published, _ = r.Published()
	found.InForce = r.InForce(found.Published.Mark.Size)
	if found.Signed, err = r.RootAt(found.Published.Mark.Size); err != nil {
		return &state.DamageError{File: file, Err: err}
	}
	if _, err := checkSigned(found); err != nil {
		return refused(&wrongFile{file, err})
	}
	return nil
}

// stored is the ledger in a file.
type stored struct{ r *state.Reader }

func (s stored) Growth(_ context.Context, since uint64) ([]byte, error) {
	p, ok := s.r.Published()
	if !ok {
		return nil, text.Fail(text.NotFound, text.Args{"what": "checkpoint", "where": s.r.Log().String()}, nil)
	}
	g := ledger.Growth{Old: since, Note: p.Note}
	if since > 0 {
		var err error
		if g.Path, err = ledger.ProveConsistency(since, p.Mark.Size, s.r); err != nil {
			return nil, err
		}
	}
	return g.Encode(), nil
}

func (s stored) Leaves(ctx context.Context, from uint64) (leaves [][]byte, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for i := range uint64(ledger.TileWidth) {
		leaf, err := s.r.ProvenLeaf(from + i)
		if err != nil || leaf == nil {
			return leaves, err
		}
		leaves = append(leaves, leaf)
	}
	return leaves, nil
}
