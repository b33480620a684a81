package offline

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/node/ground/text"
)

// Named is a file that a person gave, with its content.
type Named struct {
	File string
	Data []byte
}

// ExportedReport tells what VerifyExport verified.
type ExportedReport struct {
	Log    string `json:"log"`
	Size   uint64 `json:"size"`
	Root   string `json:"root"`   // lower-case hex
	Keys   int    `json:"keys"`   // log keys that the policy lists for this log,
	Signed int    `json:"signed"` // and how many of them signed
	// Quorum is what the policy calls the witnesses that it asks for; "none": it asks for none.
	Quorum   string            `json:"quorum"`
	Cosigned []CosignedBy      `json:"cosigned"`
	Ignored  int               `json:"ignored"`             // lines by keys that the policy does not list
	Files    uint64            `json:"files"`               // tiles and bundles that were verified; 0: a checkpoint alone was given
	Since    *uint64           `json:"since,omitempty"`     // entries under the kept checkpoint; absent: none was given
	SinceLog string            `json:"since_log,omitempty"` // of that checkpoint, where it is of an epoch before
	Time     string            `json:"time,omitempty"`      // of the last entry, RFC 3339; absent: no entry was read
	Kinds    map[string]uint64 `json:"kinds,omitempty"`     // how many entries there are of each kind
}

// CosignedBy is the line of a witness.
type CosignedBy struct {
	Witness string `json:"witness"`
	Time    string `json:"time"` // RFC 3339, by the witness
}

// VerifyExport verifies an export, or a checkpoint alone (which may have a consistency proof before
// it, as the request add-checkpoint has), by a policy: (1) a log key of the policy signed the
// checkpoint, (2) the quorum of the policy cosigned it, (3) every leaf is an entry and in the tree,
// every tile is that which its leaves give, and the tree has the root of the checkpoint, (4) it
// goes on from the checkpoint kept, if one is given. It uses no network. The error is a
// *text.Failure.
func VerifyExport(ctx context.Context, path string, policy Named, kept *Named, progress func(done, total uint64)) (ExportedReport, error) {
	rules, err := ledger.ParsePolicy(policy.Data)
	if err != nil {
		return ExportedReport{}, text.Fail(text.PolicyFault, text.Args{"file": policy.File, "reason": err.Error()}, err)
	}
	v := exportVerifier{tileFiles: tileFiles{dir: path}, file: path, progress: progress}
	if info, err := os.Stat(path); err != nil {
		return v.report, err
	} else if v.whole = info.IsDir(); v.whole {
		v.file = filepath.Join(path, checkpointFile)
	}
	if err := v.judge(rules); err != nil {
		return v.report, err
	}
	if v.whole {
		if err := v.tree(ctx); err != nil {
			return v.report, err
		}
	}
	if kept != nil {
		return v.report, v.goesOn(rules, *kept)
	}
	return v.report, nil
}

type exportVerifier struct {
	tileFiles
	file     string // of the checkpoint
	whole    bool   // there are tiles
	growth   ledger.Growth
	at       ledger.Checkpoint
	order    ledger.Order
	begun    map[uint64]ledger.Head // by epoch, the last entry that began it or said that more is lost
	progress func(done, total uint64)
	report   ExportedReport
}

// judge verifies the checkpoint by the policy.
func (v *exportVerifier) judge(rules *ledger.Policy) error {
	data, err := readUpTo(v.file, ledger.MaxGrowthLen)
	if err != nil {
		return refused(err)
	}
	j, growth, err := judged(rules, Named{v.file, data})
	if err != nil {
		return err
	}
	v.growth, v.at, v.size = growth, j.Checkpoint, j.Checkpoint.Size
	v.report = ExportedReport{
		Log: j.Checkpoint.Log.String(), Size: j.Checkpoint.Size, Root: fmt.Sprintf("%x", j.Checkpoint.Root[:]),
		Keys: j.Keys, Signed: j.Signed, Quorum: j.Quorum, Cosigned: []CosignedBy{}, Ignored: j.Ignored,
	}
	for _, c := range j.Cosigned {
		v.report.Cosigned = append(v.report.Cosigned, CosignedBy{c.Witness, time.Unix(int64(c.At), 0).UTC().Format(time.RFC3339)})
	}
	if len(j.Lacks) > 0 {
		return text.Fail(text.PolicyUnmet, text.Args{"file": v.file, "missing": strings.Join(j.Lacks, ", ")}, nil)
	}
	return nil
}

// judged verifies a note, which may have a consistency proof before it.
func judged(rules *ledger.Policy, note Named) (j ledger.Judgement, g ledger.Growth, err error) {
	g.Note = note.Data
	if bytes.HasPrefix(note.Data, []byte("old ")) {
		g, err = ledger.ParseGrowth(note.Data)
	}
	if err == nil {
		j, err = rules.Judge(g.Note)
	}
	switch of := j.Checkpoint.Log; {
	case errors.Is(err, ledger.ErrNotProven) && of != (identity.Log{}): // its lines are by no key of the policy
		return j, g, text.Fail(text.PolicyNoKey, text.Args{"file": note.File, "log": of.String(), "found": strings.Join(rules.Logs(), ", ")}, err)
	case err != nil:
		return j, g, refused(&wrongFile{note.File, err})
	}
	return j, g, nil
}

// tree verifies every leaf and every tile, from the leaves up, and then the root.
func (v *exportVerifier) tree(ctx context.Context) error {
	hashes, err := v.leaves(ctx)
	for level := 1; err == nil && len(hashes) > 0; level++ {
		hashes, err = v.level(level, hashes)
	}
	if err != nil {
		return refused(err)
	}
	root, err := ledger.Root(v.size, tilesBy(v.tile))
	if err == nil && root != v.at.Root {
		err = &wrongFile{v.file, errors.New("the signed checkpoint is not the root that its entries give")}
	}
	if err != nil {
		return refused(err)
	}
	v.report.Time = time.UnixMilli(int64(v.order.Time())).UTC().Format(time.RFC3339)
	return nil
}

// leaves verifies the entry bundles by the tiles of level 0, and returns the roots of the full
// ones.
func (v *exportVerifier) leaves(ctx context.Context) (roots []tlog.Hash, err error) {
	v.report.Kinds, v.begun = map[string]uint64{}, map[uint64]ledger.Head{}
	for n := range ledger.ExtentOf(0, v.size).Tiles() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		tile, err := v.tile(ledger.TileID{N: n})
		if err != nil {
			return nil, err
		}
		all, err := v.bundle(n)
		if err != nil {
			return nil, err
		}
		for i, leaf := range all {
			if err := v.leaf(leaf, tile[i*tlog.HashSize:]); err != nil {
				width := ledger.ExtentOf(0, v.size).Width(n)
				return nil, &wrongFile{v.path(ledger.BundlePath(n, width)), fmt.Errorf("entry %d: %w", n*ledger.TileWidth+uint64(i), err)}
			}
		}
		if len(all) == ledger.TileWidth {
			roots = append(roots, ledger.TileRoot(tile))
		}
		v.report.Files += 2
		if v.progress != nil {
			v.progress(min((n+1)*ledger.TileWidth, v.size), v.size)
		}
	}
	return roots, nil
}

// leaf verifies one leaf: it has the hash in the tile, is an entry, and follows the one before.
func (v *exportVerifier) leaf(data, want []byte) error {
	if h := ledger.LeafHash(data); !bytes.Equal(h[:], want[:len(h)]) {
		return errors.New("its leaf is not the one in the tree")
	}
	leaf, err := v.order.Next(data)
	if err != nil {
		return err
	}
	if v.report.Kinds[leaf.Head.Kind.String()]++; leaf.Head.Kind == ledger.KindEpoch {
		v.begun[leaf.Head.Epoch] = leaf.Head
	}
	return nil
}

// level verifies the tiles of a level by the hashes that the level below gives, and returns the
// roots of the full ones.
func (v *exportVerifier) level(level int, below []tlog.Hash) (roots []tlog.Hash, err error) {
	x := ledger.ExtentOf(level, v.size)
	for n := range x.Tiles() {
		id := ledger.TileID{Level: level, N: n}
		tile, err := v.tile(id)
		if err != nil {
			return nil, err
		}
		for i := range x.Width(n) {
			if h := below[n*ledger.TileWidth+uint64(i)]; !bytes.Equal(h[:], tile[i*tlog.HashSize:(i+1)*tlog.HashSize]) {
				return nil, &wrongFile{v.path(id.Path(x.Width(n))), fmt.Errorf("hash %d is not the one that the tiles below give", i)}
			}
		}
		if n < x.Full {
			roots = append(roots, ledger.TileRoot(tile))
		}
		v.report.Files++
	}
	return roots, nil
}
