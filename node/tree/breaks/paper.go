package breaks

import (
	"bytes"
	"slices"

	"xietong/certs/trust"
)

// paper returns the recovery key that counts. Another one that the log keys name counts only when
// it was named for as long as a break waits: until then the one before does, alone. Otherwise
// whoever stole a log key would take the place of the paper with it, which is for that very case.
func (b believed) paper(now uint64) []byte {
	if len(b.Named) > 0 && now >= b.Since+uint64(Wait.Milliseconds()) {
		return b.Named
	}
	return b.Recovery
}

// names returns which recovery key counts when a key set that follows b names one, which is named
// beside it (empty: none), and since when.
func (b believed) names(key []byte, now uint64) (counts, named []byte, since uint64) {
	counts = b.paper(now)
	switch {
	case bytes.Equal(key, counts):
		return counts, []byte{}, 0
	case bytes.Equal(key, b.Named):
		return counts, key, b.Since
	}
	return counts, key, now
}

// paperOf returns the recovery key of the key set with the number, which is one of those shown, as
// the one that counts.
func (s shown) paperOf(number uint64) believed {
	return believed{Recovery: s.sets[s.at(number)].RecoveryKey}
}

func (s shown) at(number uint64) int {
	return slices.IndexFunc(s.sets, func(k trust.KeySet) bool { return k.Number == number })
}

// byPaper reports whether the recovery key that counts stands behind one of the key sets, which is
// returned by its number. Its statement is shown again for ever, so it counts once: for what is of
// a later epoch than all that was believed or, in the same epoch, where neither that key set nor
// the last names the key again. Who goes on alone in its ledger keeps its paper, and its epoch
// alone tells the new chain from an earlier one behind which the paper stands as well.
func (s shown) byPaper(b believed, now uint64) (number uint64, ok bool) {
	key := b.paper(now)
	pin, err := trust.OpenRecovery(s.recovery, key)
	if err != nil || !s.leadsFromPin(pin) {
		return 0, false
	}
	signed := s.sets[s.at(pin.Number())]
	if signed.Epoch != b.Epoch {
		return pin.Number(), signed.Epoch > b.Epoch
	}
	last := s.sets[len(s.sets)-1].RecoveryKey
	return pin.Number(), !bytes.Equal(last, key) && !bytes.Equal(signed.RecoveryKey, key)
}
