package offline

import (
	"errors"
	"fmt"
	"strings"

	"xietong/consensus/ledger"
	"xietong/consensus/witness"
	"xietong/node/ground/text"
)

// goesOn proves that what was verified goes on from a checkpoint that somebody kept, of the same
// log or of an epoch before. That must have the log's signature, too; its witnesses are not looked
// at.
func (v *exportVerifier) goesOn(rules *ledger.Policy, kept Named) error {
	j, _, err := judged(rules, kept)
	if err != nil {
		return err
	}
	old := j.Checkpoint
	if earlier(old, v.at) {
		upTo, err := v.upTo(old)
		if err != nil {
			return v.notConsistent(kept, err)
		}
		if upTo < old.Size {
			return text.Fail(text.KeptLost, text.Args{
				"found": kept.File, "file": v.file, "log": old.Log.String(), "size": fmt.Sprint(old.Size), "from": fmt.Sprint(upTo),
			}, nil)
		}
		v.report.SinceLog, old.Log = old.Log.String(), v.at.Log // the tree goes on
	}
	switch err := v.follows(old); {
	case errors.Is(err, errNoProof):
		return text.Fail(text.ProofMissing, text.Args{"found": kept.File, "file": v.file, "size": fmt.Sprint(old.Size)}, err)
	case err != nil:
		return v.notConsistent(kept, err)
	}
	v.report.Since = &old.Size
	return nil
}

func (v *exportVerifier) notConsistent(kept Named, err error) error {
	reason := strings.TrimPrefix(err.Error(), "not proven: ")
	return text.Fail(text.NotConsistent, text.Args{"found": kept.File, "file": v.file, "reason": reason}, err)
}

// errNoProof is returned where the file of a checkpoint has no proof, or one from another size on:
// nothing is proven then, and nothing is refuted.
var errNoProof = errors.New("no proof from that size on")

// follows proves that the tree begins with that of an older checkpoint. Of one as long, or of an
// empty one, the roots say it.
func (v *exportVerifier) follows(old ledger.Checkpoint) (err error) {
	path := v.growth.Path
	switch {
	case v.whole && old.Size > 0 && old.Size <= v.size:
		path, err = ledger.ProveConsistency(old.Size, v.size, tilesBy(v.tile))
	case old.Size == 0 || old.Size >= v.size:
		path = nil
	case old.Log == v.at.Log && old.Size != v.growth.Old:
		err = errNoProof
	}
	if err == nil {
		err = v.at.Follows(old, path)
	}
	return err
}

// earlier reports whether a checkpoint is of an epoch before that of another one of its ledger.
func earlier(old, now ledger.Checkpoint) bool {
	return old.Log.Jurisdiction() == now.Log.Jurisdiction() && old.Log.Epoch() < now.Log.Epoch()
}

// upTo returns how many of the entries of an earlier epoch are here, as the entries say that began
// the epochs since: all after them are named as lost.
func (v *exportVerifier) upTo(old ledger.Checkpoint) (uint64, error) {
	if !v.whole {
		return 0, errors.New("it is of an earlier epoch, and only a whole export shows how the later one began")
	}
	var lost []ledger.Head
	for epoch := old.Log.Epoch() + 1; epoch <= v.at.Log.Epoch(); epoch++ {
		h, ok := v.begun[epoch]
		if !ok {
			return 0, fmt.Errorf("%w: no entry began epoch %d", ledger.ErrNotProven, epoch)
		}
		lost = append(lost, h)
	}
	upTo, all := witness.Named(old, lost)
	if !all {
		return 0, fmt.Errorf("%w: of its %d entries more are lost than the ledger names", ledger.ErrNotProven, old.Size)
	}
	return upTo, nil
}
