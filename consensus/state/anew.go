package state

import "encoding/binary"

// A ledger whose keys count no more, because most of those who must sign the next are gone, or
// because the newest are, goes on in a new epoch with a new chain of key sets, which begins with
// number 1. The key sets of before are kept apart: by them the signatures of before are verified.

// FormerKeySet is a key set of a chain before the newest.
type FormerKeySet struct {
	Until  uint64 // the epoch with which the next chain began
	Index  uint64 // of its entry
	Signed []byte
}

// FormerKeySets returns the key sets of the chains before the newest, in their order. Each chain
// begins with number 1.
func (r reads) FormerKeySets() (all []FormerKeySet) {
	r.Scan(bucketFormer, nil, nil, func(k, v []byte) bool {
		var set keySet
		decodeOwn(v, maxKeySetValue, &set)
		all = append(all, FormerKeySet{Until: binary.BigEndian.Uint64(k), Index: set.Index, Signed: set.Signed})
		return true
	})
	return all
}

// applyEpochAnew begins an epoch whose key set begins a new chain. It may be that nothing was lost.
// What decides whether the new keys are believed is the parent's word, which comes after.
func applyEpochAnew(tx *Tx, body []byte) ([]byte, error) {
	b, log, err := tx.nextEpoch(body, 1)
	if err != nil {
		return nil, err
	}
	if err := tx.endChain(b.Epoch); err != nil {
		return nil, err
	}
	return tx.beginEpoch(log, b)
}

// endChain keeps the key sets apart, as those that counted until an epoch.
func (tx *Tx) endChain(epoch uint64) error {
	var numbers, values [][]byte
	tx.Scan(bucketKeySets, nil, nil, func(k, v []byte) bool {
		decodeOwn(v, maxKeySetValue, new(keySet))
		numbers, values = append(numbers, k), append(values, v)
		return true
	})
	for i, number := range numbers {
		if err := tx.Put(bucketFormer, append(be64(epoch), number...), values[i]); err != nil {
			return err
		}
		if err := tx.Delete(bucketKeySets, number); err != nil {
			return err
		}
	}
	return nil
}
