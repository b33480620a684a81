package offline

import (
	"bytes"
	"errors"
	"strings"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

// checkSigned verifies the newest checkpoint against the root that its entries give. It takes the
// first key set as it stands, and returns its pin: the reader of the report compares that pin with
// the trusted one.
func checkSigned(found state.Report) (pin string, err error) {
	if len(found.KeySets) == 0 {
		return "", nil
	}
	first, err := trust.PinOf(found.KeySets[0])
	if err != nil {
		return "", err
	}
	walked, err := trust.Walk(first, found.KeySets)
	p := found.Published
	if err != nil || p.Note == nil {
		return first.String(), err
	}
	var keys trust.KeySet
	if found.InForce > 0 {
		keys = walked[found.InForce-1]
	} else if keys, err = formerSigners(found); err != nil {
		return first.String(), err
	}
	log := signedLog(found)
	c, err := ledger.OpenCheckpoint(p.Note, log, keys)
	if err == nil && (c.Size != p.Mark.Size || c.Root != found.Signed || !bytes.Equal(p.Mark.Root, c.Root[:])) {
		err = errors.New("the signed checkpoint is not the root that its entries give")
	}
	if err == nil {
		err = ledger.StateDigest{Log: log, Index: p.Mark.Index, Digest: p.Mark.Digest}.CheckMajority(p.Lines, keys)
	}
	return first.String(), err
}

// formerSigners returns the key set by which the newest checkpoint is signed where it is of a chain
// before the newest: the ledger has gone on with new keys, and has not signed since.
func formerSigners(found state.Report) (keys trust.KeySet, err error) {
	var chain [][]byte
	var until uint64
	for _, k := range found.Former {
		if k.Index >= found.Published.Mark.Size {
			break
		}
		if k.Until != until {
			chain, until = nil, k.Until
		}
		chain = append(chain, k.Signed)
	}
	if len(chain) == 0 {
		return keys, errors.New("a checkpoint was published before any key set")
	}
	first, err := trust.PinOf(chain[0])
	if err != nil {
		return keys, err
	}
	walked, err := trust.Walk(first, chain)
	if err != nil {
		return keys, err
	}
	return walked[len(walked)-1], nil
}

// signedLog returns the log that the newest checkpoint says it is of, where that is one of an epoch
// before the newest, in which the ledger has not signed yet.
func signedLog(found state.Report) identity.Log {
	origin, _, _ := strings.Cut(string(found.Published.Note), "\n")
	log, err := identity.ParseLog(origin)
	if err != nil || log.Jurisdiction() != found.Log.Jurisdiction() || log.Epoch() > found.Log.Epoch() {
		return found.Log
	}
	return log
}
