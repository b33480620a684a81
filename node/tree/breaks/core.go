package breaks

import (
	"bytes"
	"slices"
	"time"

	"xietong/certs/trust"
)

// Times and limits of a break.
const (
	// Wait is how long a key set that broke with the one before waits, from when this verifier saw
	// it first.
	Wait = 72 * time.Hour
	// Remembered is how long a key set that waits, and to which nobody objects, is remembered: the
	// endorsement that was shown with it has ended then. Shown again later, it waits anew.
	Remembered = trust.EndorsementTerm
	// MaxWaiting is how many key sets of one jurisdiction are remembered as waiting (see room). As
	// many that were objected to leave room for no other.
	MaxWaiting = 4
)

// skew is how far the clocks of two jurisdictions may be apart, in ms.
const skew = 5 * 60 * 1000

// Who objected to a waiting key set.
const (
	nobody      = 0
	oldKeys     = 1 // a majority of the log keys that were believed before
	recoveryKey = 2
)

// believed is the key set that a verifier believed last.
type believed struct {
	_        struct{} `cbor:",toarray"`
	Epoch    uint64   // the latest of all that were believed
	Number   uint64
	Hash     []byte
	Before   []byte // hash of number-1; empty in number 1
	LogKeys  []trust.ReplicaKey
	Recovery []byte // public recovery key that counts: see paper
	Revokes  bool   // number-1
	At       uint64 // when it was first believed, ms since 1970 UTC
	Named    []byte // the recovery key that it names, where that is another; else empty
	Since    uint64 // when that one was first named, ms since 1970 UTC
}

// waiting is a key set that broke with the believed one.
type waiting struct {
	_        struct{} `cbor:",toarray"`
	Number   uint64
	Hash     []byte
	Seen     uint64 // first, ms since 1970 UTC
	Objected uint64 // who did: nobody, oldKeys or recoveryKey
}

// memory is what a verifier remembers of one jurisdiction.
type memory struct {
	_       struct{} `cbor:",toarray"`
	First   uint64   // when the jurisdiction was first remembered, ms since 1970 UTC
	Since   uint64   // when this chain of key sets was first believed, ms since 1970 UTC
	Spent   uint64   // when the last confirmation of what was believed was decided, ms since 1970 UTC; 0: none
	Now     believed
	Waiting []waiting // in the order in which they were seen
}

// shown is what a verifier is shown of one jurisdiction.
type shown struct {
	sets      []trust.KeySet      // consecutive and verified, oldest first; the last is the endorsed one
	recovery  []byte              // the recovery statement that came with them
	confirmed *trust.Confirmation // by the level above the endorser
}

// verdict is the judgement about what was shown.
type verdict struct {
	next     memory
	changed  bool     // next is to be remembered
	believes bool     // the last of the key sets that were shown is believed
	waits    *waiting // otherwise
}

// judge judges what was shown, at the given time in ms since 1970 UTC:
//
//  1. Whoever is seen for the first time is believed: there is nothing to compare with.
//  2. So is what was believed last, and what follows it, each key set signed by the one before it
//     and with a log key of it; and for trust.Grace the number before, which was not revoked: a hop
//     may have it still.
//  3. So is a key set that the level above the endorser confirmed, and what follows it, unless that
//     was before the present chain was believed: it was about an earlier break. A confirmation that
//     was shown with what it confirms is spent, and so is every earlier one: only a later decision
//     counts again. Otherwise the first would lead back for ever, past keys that were revoked
//     since.
//  4. So is one that the recovery key of what was believed last stands behind, unless that very key
//     objects to it. It must be of a later epoch, or of the same and name another recovery key: a
//     paper that goes on would stand behind an earlier key set for ever.
//  5. Any other waits, from when it was first shown; what follows it waits with it. It is not
//     believed as long as an objection stands, nor beside MaxWaiting others to which one stands.
//
// To see again what was believed before changes nothing. So no order in which a parent shows key
// sets makes a wait shorter or longer.
func (m memory) judge(s shown, now uint64) verdict {
	v := m.judged(s, now)
	if c := s.confirmed; v.believes && c != nil && c.Since > m.Spent && c.Since <= now+skew && s.leadsFromPin(c.Pin()) {
		v.next.Spent, v.changed = c.Since, true
	}
	return v
}

func (m memory) judged(s shown, now uint64) verdict {
	newest := s.sets[len(s.sets)-1]
	hash := newest.Hash()
	switch {
	case m.Now.Number == 0:
		m.First = now
		return m.believe(s, now, s.paperOf(newest.Number))
	case m.Now.is(newest.Number, hash[:]), m.Now.follows(newest.Number, hash[:], now):
		return verdict{next: m, believes: true}
	case s.leadsFrom(m.Now.Number, m.Now.Hash):
		v := m.believe(s, now, m.Now)
		v.next.Since = m.Since
		return v
	case m.counts(s.confirmed, now) && s.leadsFromPin(s.confirmed.Pin()):
		return m.vouched(s, now, s.confirmed.Number)
	}
	return m.waits(s, now)
}

// counts reports whether a confirmation is a later decision than all that led to what is believed,
// and not about the key set before that.
func (m memory) counts(c *trust.Confirmation, now uint64) bool {
	if c == nil || c.Number+1 == m.Now.Number && bytes.Equal(c.Hash, m.Now.Before) {
		return false
	}
	return c.Since > m.Spent && c.Since+skew >= m.Since && c.Since <= now+skew
}

// waits judges a break that nobody confirmed.
func (m memory) waits(s shown, now uint64) verdict {
	m.Waiting = m.remembered(now)
	at := slices.IndexFunc(m.Waiting, func(w waiting) bool { return s.leadsFrom(w.Number, w.Hash) })
	fresh, w := at < 0, s.begin(now)
	left, ok := room(m.Waiting)
	switch {
	case !fresh:
		w = m.Waiting[at]
	case ok:
		m.Waiting = append(left, w)
	default: // the owner denied as many as are remembered, and need not deny one more
		fresh, w.Objected = false, oldKeys
	}
	number, byPaper := s.byPaper(m.Now, now)
	switch {
	case byPaper && w.Objected != recoveryKey:
		return m.vouched(s, now, number)
	case w.Objected == nobody && now >= w.until():
		return m.believe(s, now, s.paperOf(w.Number))
	}
	return verdict{next: m, changed: fresh, waits: &w}
}

// until is when the wait ends, in ms since 1970 UTC.
func (w waiting) until() uint64 { return w.Seen + uint64(Wait.Milliseconds()) }

// remembered returns the waiting key sets that are not forgotten yet.
func (m memory) remembered(now uint64) []waiting {
	return slices.DeleteFunc(slices.Clone(m.Waiting), func(w waiting) bool {
		return w.Objected == nobody && now > w.Seen+uint64(Remembered.Milliseconds())
	})
}

// believe remembers the last of the key sets. It waits no more, nor does what it follows. by is
// whose recovery key counted until then.
func (m memory) believe(s shown, now uint64, by believed) verdict {
	newest := s.sets[len(s.sets)-1]
	hash := newest.Hash()
	m.Since = now
	m.Now = believed{
		Epoch: max(m.Now.Epoch, newest.Epoch), Number: newest.Number, Hash: hash[:], Before: append([]byte{}, newest.Previous...),
		LogKeys: []trust.ReplicaKey{}, Revokes: newest.Revokes, At: now,
	}
	m.Now.Recovery, m.Now.Named, m.Now.Since = by.names(newest.RecoveryKey, now)
	for _, r := range newest.Replicas {
		m.Now.LogKeys = append(m.Now.LogKeys, trust.ReplicaKey{Replica: r.Replica, Key: r.LogKey})
	}
	m.Waiting = slices.DeleteFunc(m.remembered(now), func(w waiting) bool { return s.leadsFrom(w.Number, w.Hash) })
	if m.Waiting == nil {
		m.Waiting = []waiting{}
	}
	return verdict{next: m, changed: true, believes: true}
}

// vouched believes the last of the key sets because somebody vouched for the one with the number,
// and so against every other that waits: shown again, each waits from then on. What was objected to
// stays so.
func (m memory) vouched(s shown, now, number uint64) verdict {
	v := m.believe(s, now, s.paperOf(number))
	v.next.Waiting = slices.DeleteFunc(v.next.Waiting, func(w waiting) bool { return w.Objected == nobody })
	return v
}

// object takes an objection to a waiting key set; ok is false where the key set does not wait. The
// recovery key's stays where the old keys object as well.
func (m memory) object(to trust.Pin, paper bool, now uint64) (next memory, ok bool) {
	m.Waiting = m.remembered(now)
	hash := to.Hash()
	at := slices.IndexFunc(m.Waiting, func(w waiting) bool { return w.Number == to.Number() && bytes.Equal(w.Hash, hash[:]) })
	if at < 0 {
		return m, false
	}
	by := uint64(oldKeys)
	if paper {
		by = recoveryKey
	}
	m.Waiting[at].Objected = max(m.Waiting[at].Objected, by)
	return m, true
}

func (b believed) is(number uint64, hash []byte) bool {
	return b.Number == number && bytes.Equal(b.Hash, hash)
}

// follows reports whether b followed the key set a moment ago.
func (b believed) follows(number uint64, hash []byte, now uint64) bool {
	return number+1 == b.Number && bytes.Equal(hash, b.Before) && !b.Revokes && now <= b.At+uint64(trust.Grace.Milliseconds())
}

// room makes room for one more: the first seen gives way, of those to which nobody objects. One
// that was objected to never does, or its parent could show it again as if nobody had; where all
// were, ok is false.
func room(all []waiting) (left []waiting, ok bool) {
	if len(all) < MaxWaiting {
		return all, true
	}
	at := slices.IndexFunc(all, func(w waiting) bool { return w.Objected == nobody })
	if at < 0 {
		return all, false
	}
	return slices.Delete(slices.Clone(all), at, at+1), true
}

// begin is the wait of the last of the key sets, from now on.
func (s shown) begin(now uint64) waiting {
	newest := s.sets[len(s.sets)-1]
	hash := newest.Hash()
	return waiting{Number: newest.Number, Hash: hash[:], Seen: now}
}

func (s shown) leadsFromPin(pin trust.Pin) bool {
	hash := pin.Hash()
	return pin.Name() == s.sets[0].Name && s.leadsFrom(pin.Number(), hash[:])
}

func (s shown) leadsFrom(number uint64, hash []byte) bool { return LeadsFrom(s.sets, number, hash) }

// LeadsFrom reports whether the key set with the number and hash is one of consecutive ones, and
// every one after it has a log key of the one before. Who signed each of them, trust.Walk has
// verified. What begins later leads from nothing before: where an owner made more key sets than a
// chain hands on (see trust.Some), whoever judges asks for those between first (see Store.Behind).
func LeadsFrom(sets []trust.KeySet, number uint64, hash []byte) bool {
	from := slices.IndexFunc(sets, func(k trust.KeySet) bool { return k.Number == number })
	if from < 0 {
		return false
	}
	if have := sets[from].Hash(); !bytes.Equal(have[:], hash) {
		return false
	}
	for i := from + 1; i < len(sets); i++ {
		if !goesOn(sets[i-1], sets[i]) {
			return false
		}
	}
	return true
}

// goesOn reports whether a log key of a key set stands in the next.
func goesOn(before, next trust.KeySet) bool {
	return slices.ContainsFunc(next.Replicas, func(r trust.ReplicaKeys) bool {
		return slices.ContainsFunc(before.Replicas, func(old trust.ReplicaKeys) bool { return bytes.Equal(old.LogKey, r.LogKey) })
	})
}
