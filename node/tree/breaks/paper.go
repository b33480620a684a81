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
	at := slices.IndexFunc(s.sets, func(k trust.KeySet) bool { return k.Number == number })
	return believed{Recovery: s.sets[at].RecoveryKey}
}

// byPaper reports whether the recovery key stands behind one of the key sets, which is returned by
// its number, and neither that nor the last names it again.
func (s shown) byPaper(key []byte) (number uint64, ok bool) {
	pin, err := trust.OpenRecovery(s.recovery, key)
	if err != nil || !s.leadsFromPin(pin) {
		return 0, false
	}
	last := s.sets[len(s.sets)-1].RecoveryKey
	return pin.Number(), !bytes.Equal(last, key) && !bytes.Equal(s.paperOf(pin.Number()).Recovery, key)
}
