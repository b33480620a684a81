package sharing

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/policy"
)

// derivation derives the grants, and who is kept from grants by rule, from the entries.
type derivation struct {
	r       *state.Reader
	given   map[uint64]book.Said // the grants by their entry
	revoked map[uint64]ledger.Ref
	acts    []book.Said         // the revocations and the allowances, in their order
	closed  book.Last           // what ended all grants, by the key of closed
	heard   map[ledger.Ref]bool // entries that ended those of an agency of which nobody can read the name
}

// Derive begins a derivation of the grants of a state.
func Derive(r *state.Reader) book.Derivation {
	return &derivation{r: r, given: map[uint64]book.Said{}, revoked: map[uint64]ledger.Ref{}, closed: book.Last{}, heard: map[ledger.Ref]bool{}}
}

// Entry implements book.Derivation.
func (d *derivation) Entry(e book.Said) {
	about, _ := e.Head.About.Index()
	switch e.Head.Kind {
	case ledger.KindGrant:
		d.given[e.Index] = e
	case ledger.KindGrantRevoked:
		d.revoked[about] = e.Ref()
		d.acts = append(d.acts, e)
	case ledger.KindRuleAllowed:
		d.acts = append(d.acts, e)
	case ledger.KindDatasetEnded:
		d.close(closedDataset(e.Head.Code), e)
	case ledger.KindHolderEnded: // of another jurisdiction, which the payload names
		var said struct{ Agency string }
		if d.heard[e.Ref()] = json.Unmarshal(e.Payload, &said) != nil; !d.heard[e.Ref()] {
			d.close(book.Joined("agency", said.Agency), e)
		}
	case ledger.KindAgencyEnded:
		d.close(closedAgency(identity.NewAgency(d.r.Log().Jurisdiction(), e.Head.Agency)), e)
	}
}

func (d *derivation) close(of []byte, e book.Said) {
	d.closed[string(append(of, book.Be64(e.Index)...))] = e.Ref()
}

// Compare implements book.Derivation.
func (d *derivation) Compare(tell func(book.Contradiction)) {
	have, newest := map[uint64]keptGrant{}, map[string]uint64{}
	for key, k := range grants.All(d.r, nil) {
		index := binary.BigEndian.Uint64(key)
		have[index] = k
		newest[string(k.found())] = index // they come in their order
	}
	allowed := d.allowances()
	for _, index := range slices.Sorted(maps.Keys(have)) {
		k := have[index]
		said, ok := d.given[index]
		if !ok && k.Endless { // an allowance gave it again
			said, ok = allowed[index]
		}
		how := book.Other
		switch {
		case !ok:
			how = book.Unsaid
		case k.is(said) && k.Revoked == d.revoked[index] && k.follows(index, newest):
			continue
		}
		tell(book.Contradiction{Bucket: grants.Name, Entry: ledger.RefTo(index), How: how})
	}
	for _, index := range slices.Sorted(maps.Keys(d.given)) {
		if _, kept := have[index]; !kept {
			tell(book.Contradiction{Bucket: grants.Name, Entry: ledger.RefTo(index), How: book.Missing})
		}
	}
	d.compareFound(have, tell)
	d.compareBarred(have, tell)
	keptClosed := book.Last{}
	for key, c := range closed.All(d.r, nil) {
		if !d.heard[c.Entry] {
			keptClosed[string(key)] = c.Entry
		}
	}
	d.closed.Compare(closed.Name, keptClosed, tell)
}

func (d *derivation) allowances() map[uint64]book.Said {
	all := map[uint64]book.Said{}
	for _, act := range d.acts {
		if act.Head.Kind == ledger.KindRuleAllowed {
			act.Payload = nil // it says whom it allows, and no terms
			all[act.Index] = act
		}
	}
	return all
}

// found returns the part of the key by which a grant is found that names its use.
func (k keptGrant) found() []byte {
	user := k.Consumer.String()
	if k.Endless {
		user = whoever
	}
	return book.Joined(user, k.Dataset.String(), k.Purpose.String())
}

// follows reports whether a grant that was replaced was so by a later one of the use, and one that
// was not is the newest, or ended before that.
func (k keptGrant) follows(index uint64, newest map[string]uint64) bool {
	next, replaced := k.Replaced.Index()
	last := newest[string(k.found())]
	return !replaced || next > index && next <= last
}

// is reports whether a grant is the one that its entry gave.
func (k keptGrant) is(said book.Said) bool {
	if k.Dataset != said.Head.Code {
		return false
	}
	if said.Payload == nil {
		return true
	}
	var terms struct {
		By, Consumer, Standard, Purpose, Until string
		Fields                                 []string
		Measures                               policy.Measures
	}
	if err := json.Unmarshal(said.Payload, &terms); err != nil {
		return false
	}
	same := k.Purpose.String() == terms.Purpose && k.Measures.Equal(terms.Measures) && k.ByHand == (terms.By == "hand") && k.Endless == (terms.Standard != "")
	if k.Endless {
		return same && k.Consumer.String() == terms.Standard
	}
	until := time.UnixMilli(int64(k.Until)).UTC().Format(time.RFC3339)
	return same && k.Consumer.String() == terms.Consumer && until == terms.Until && slices.Equal(k.Fields, terms.Fields)
}

// compareFound compares the grants with what finds them.
func (d *derivation) compareFound(have map[uint64]keptGrant, tell func(book.Contradiction)) {
	found := map[uint64]bool{}
	d.r.Scan(bucketGranted, nil, nil, func(key, _ []byte) bool {
		if len(key) < 8 {
			return true
		}
		index := ^binary.BigEndian.Uint64(key[len(key)-8:])
		if k, ok := have[index]; !ok || !bytes.Equal(k.found(), key[:len(key)-8]) {
			tell(book.Contradiction{Bucket: bucketGranted, Entry: ledger.RefTo(index), How: book.Unsaid})
			return true
		}
		found[index] = true
		return true
	})
	for index := range have { // they are put in order by whoever tells them
		if !found[index] {
			tell(book.Contradiction{Bucket: bucketGranted, Entry: ledger.RefTo(index), How: book.Missing})
		}
	}
}

// compareBarred compares who is kept from grants by rule with what the acts say, in their order. Of
// whom a grant is, the grant says.
func (d *derivation) compareBarred(have map[uint64]keptGrant, tell func(book.Contradiction)) {
	said, kept := book.Last{}, book.Last{}
	unknown := map[ledger.Ref]bool{} // acts about grants that are missing, which is told
	for _, act := range d.acts {
		about, _ := act.Head.About.Index()
		k, ok := have[about]
		if !ok {
			unknown[act.Ref()] = true
			continue
		}
		if key := string(k.grant(d.r, about).barKey()); act.Head.Kind == ledger.KindGrantRevoked {
			said[key] = act.Ref()
		} else {
			delete(said, key)
		}
	}
	for key, entry := range barred.All(d.r, nil) {
		if !unknown[entry] {
			kept[string(key)] = entry
		}
	}
	said.Compare(barred.Name, kept, tell)
}
