package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
)

// Growth says that a log grew from an older size to the checkpoint of the note, and proves it. Its
// form is the body of the request add-checkpoint of C2SP tlog-witness, so that witnesses take it as
// it is.
type Growth struct {
	Old  uint64
	Path tlog.TreeProof // of RFC 9162 §2.1.4; empty where Old is 0 or the size of the note
	Note []byte
}

// maxGrowthPath is the longest consistency proof that tlog-witness takes.
const maxGrowthPath = 63

// MaxGrowthLen is the longest growth, in bytes.
const MaxGrowthLen = MaxNoteLen + maxGrowthPath*45 + 32

// Encode returns the growth as a witness takes it.
func (g Growth) Encode() []byte {
	out := fmt.Appendf(nil, "old %d\n", g.Old)
	for _, h := range g.Path {
		out = append(base64.StdEncoding.AppendEncode(out, h[:]), '\n')
	}
	return append(append(out, '\n'), g.Note...)
}

// ParseGrowth reads what Encode wrote, in its one spelling. It verifies nothing. The error wraps
// ErrMalformed.
func ParseGrowth(data []byte) (g Growth, err error) {
	head, signed, ok := bytes.Cut(data, []byte("\n\n"))
	first, rest, _ := bytes.Cut(append(head, '\n'), []byte("\n"))
	size, isOld := bytes.CutPrefix(first, []byte("old "))
	if !ok || !isOld || len(data) > MaxGrowthLen {
		return g, malformed("consistency proof", errors.New("it does not begin with the line of the old size"))
	}
	if g.Old, err = strconv.ParseUint(string(size), 10, 62); err != nil {
		return g, malformed("consistency proof", err)
	}
	for line := range bytes.Lines(rest) {
		h, err := base64.StdEncoding.DecodeString(string(bytes.TrimSuffix(line, []byte("\n"))))
		if err != nil || len(h) != tlog.HashSize || len(g.Path) == maxGrowthPath {
			return g, malformed("consistency proof", errors.New("a line is no hash, or one too many"))
		}
		g.Path = append(g.Path, tlog.Hash(h))
	}
	g.Note = bytes.Clone(signed)
	if !bytes.Equal(g.Encode(), data) {
		return g, malformed("consistency proof", errors.New("another spelling of the same proof"))
	}
	return g, nil
}

// Follows checks that the tree of this checkpoint begins with that of an older one of the same log,
// by a consistency proof. The error wraps ErrNotProven.
func (c Checkpoint) Follows(old Checkpoint, path tlog.TreeProof) error {
	switch {
	case old.Log != c.Log:
		return fmt.Errorf("%w: the older checkpoint is of %s, this one of %s", ErrNotProven, old.Log, c.Log)
	case old.Size > c.Size:
		return fmt.Errorf("%w: the older checkpoint has %d entries, this one %d", ErrNotProven, old.Size, c.Size)
	case old.Size == 0 && old.Root == sha256.Sum256(nil):
		return nil // every tree begins with the empty one
	case old.Size == c.Size && old.Root != c.Root:
		return fmt.Errorf("%w: two checkpoints of %d entries have different roots", ErrNotProven, c.Size)
	case c.Size > identity.MaxIndex:
		return malformed("checkpoint", errors.New("impossible size"))
	}
	if err := tlog.CheckTree(path, int64(c.Size), c.Root, int64(old.Size), old.Root); err != nil {
		return fmt.Errorf("%w: the older checkpoint is not the beginning of this one: %w", ErrNotProven, err)
	}
	return nil
}

// Checkpoint returns the checkpoint of the note. No signature was verified: it is what the note
// says. The error wraps ErrMalformed.
func (g Growth) Checkpoint() (Checkpoint, error) {
	text, _, ok := bytes.Cut(g.Note, []byte("\n\n"))
	if !ok || len(g.Note) > MaxNoteLen {
		return Checkpoint{}, malformed("checkpoint", errors.New("no signature lines"))
	}
	return parseCheckpoint(string(text) + "\n")
}
