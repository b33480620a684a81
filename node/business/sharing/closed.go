package sharing

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"iter"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// closing is the value that the closed bucket has under a dataset or an agency and the number of
// the entry: the entry by which every grant from before it ended, if none had ended it before. All
// of them stay when the dataset or the agency comes back: grants that ended do not begin again.
type closing struct {
	_     struct{} `cbor:",toarray"`
	Entry ledger.Ref
}

// closed has the closings of a dataset that was withdrawn, by its code, or of an agency of this
// jurisdiction that ended, by its id; be64(number of the entry) comes after it. So to end the
// grants is one write, however many there are.
var closed = book.Bucket[closing]{Name: "closed", Max: 16}

// nobody has the id of every agency of this jurisdiction to which nothing is given until it comes
// back.
var nobody = book.Bucket[book.Nothing]{Name: "closed agency", Max: 16}

func closedDataset(code identity.Label) []byte { return book.Joined("dataset", code.String()) }

func closedAgency(agency identity.Agency) []byte { return book.Joined("agency", agency.String()) }

func closeAll(tx *state.Tx, of []byte, entry ledger.Ref) error {
	index, _ := entry.Index()
	return closed.Save(tx, append(of, book.Be64(index)...), closing{Entry: entry})
}

// CloseDataset ends all grants of a dataset, by the entry. It is a part of the handler of a command
// that withdraws the dataset.
func CloseDataset(tx *state.Tx, code identity.Label, entry ledger.Ref) error {
	return closeAll(tx, closedDataset(code), entry)
}

// CloseAgency ends all grants that an agency of this jurisdiction holds, by the entry, and lets
// none be given to it.
func CloseAgency(tx *state.Tx, agency identity.Agency, entry ledger.Ref) error {
	if err := nobody.Save(tx, closedAgency(agency), book.Nothing{}); err != nil {
		return err
	}
	return closeAll(tx, closedAgency(agency), entry)
}

// OpenAgency lets grants be given again to an agency that came back.
func OpenAgency(tx *state.Tx, agency identity.Agency) error {
	return tx.Delete(nobody.Name, closedAgency(agency))
}

// over reports whether nothing may be given to the agency.
func over(r book.Reads, agency identity.Agency) bool { return nobody.Has(r, closedAgency(agency)) }

// closedBy returns the entry that ended the grant with its dataset or its consumer: the first after
// it, for later ones ended others. None: it did not end so. An endless grant ends with its dataset
// alone: its consumer is above.
func (g Grant) closedBy(r book.Reads) ledger.Ref {
	keys := [][]byte{closedDataset(g.Dataset)}
	if !g.Endless {
		keys = append(keys, closedAgency(g.Consumer))
	}
	by := ledger.None
	for _, of := range keys {
		r.Scan(closed.Name, of, append(bytes.Clone(of), book.Be64(g.Index+1)...), func(key, data []byte) bool {
			c := closed.Decode(key, data)
			index, _ := c.Entry.Index()
			if first, _ := by.Index(); by == ledger.None || index < first {
				by = c.Entry
			}
			return false
		})
	}
	return by
}

// LastClosings returns the index of the last entry that ended all grants from before it of an
// agency, by the agency. It is known for every agency of this jurisdiction that ended, also where
// it came back.
func LastClosings(r book.Reads) map[identity.Agency]uint64 {
	last := map[identity.Agency]uint64{}
	prefix := book.Joined("agency")
	for key, c := range closed.All(r, prefix) {
		id := string(key[len(prefix) : len(key)-9]) // a zero byte and the number of the entry follow
		if agency, err := identity.ParseAgency(id); err == nil {
			last[agency], _ = c.Entry.Index()
		}
	}
	return last
}

// StandingOf returns the grants of a dataset that count, and that time alone may have ended, oldest
// first.
func StandingOf(r book.Reads, dataset identity.Label) (all []Grant) { return standing(r, dataset) }

// HeldBy returns such grants that an agency holds. It looks at no grant of another agency.
func HeldBy(r book.Reads, agency identity.Agency) (all []Grant) {
	for g := range counting(r, agency) {
		all = append(all, g)
	}
	slices.SortFunc(all, func(a, b Grant) int { return cmp.Compare(a.Index, b.Index) })
	return all
}

// holds reports whether there are any.
func holds(r book.Reads, agency identity.Agency) bool {
	for range counting(r, agency) {
		return true
	}
	return false
}

// counting gives the grants of an agency that count: of each use none but the newest can. One that
// cannot be read is left out.
func counting(r book.Reads, agency identity.Agency) iter.Seq[Grant] {
	of := book.Joined(agency.String())
	return func(yield func(Grant) bool) {
		for from, more := of, true; more; {
			more = false
			r.Scan(bucketGranted, of, from, func(k, _ []byte) bool {
				use, index := k[:len(k)-8], ^binary.BigEndian.Uint64(k[len(k)-8:])
				from = append(append(bytes.Clone(use), book.Down64(0)...), 0) // after the oldest of the use
				kept, ok, err := grants.Read(r, book.Be64(index))
				g := Grant{}
				if ok && err == nil {
					g = kept.grant(r, index)
				}
				more = g.Consumer != agency || !g.counts() || yield(g)
				return false
			})
		}
	}
}

// Living returns those of the grants that have not ended by the time, in ms since 1970 UTC.
func Living(all []Grant, at uint64) (living []Grant) {
	for _, g := range all {
		if g.live(at) {
			living = append(living, g)
		}
	}
	return living
}

// DigestOf returns a hash over which grants they are. A command that ends grants carries that of
// the grants that were shown, and is refused where others count by then.
func DigestOf(all []Grant) []byte {
	var data []byte
	for _, g := range all {
		data = append(data, book.Be64(g.Index)...)
	}
	sum := sha256.Sum256(data)
	return sum[:]
}
