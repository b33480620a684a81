// Package usage lists and counts who used which data: the uses of this jurisdiction's datasets, for
// the agencies that provide them (国令809 art 29), and what its own agencies asked of other
// jurisdictions, with the grants that they hold there.
//
// The room of the uses tells, in the command that appends the entry of a use, how that entry is to
// be found (Use.Keep). A list then costs as much as the page that it shows, however many uses there
// are: it follows those keys from the newest on, and opens the payloads of the page alone.
//
//	uses       code 0x00 down64(index)                                            -> the consumer, as a SPIFFE ID
//	usesby     code 0x00 MAC(purpose) 0x00 jurisdiction 0x00 agency 0x00 down64(index) -> nothing
//	usecounts  down64(month) code 0x00 consumer 0x00                              -> be64(uses) be64(refused uses)
//	askings    agency 0x00 down64(index)                                          -> nothing
//	askingsby  agency 0x00 MAC(dataset) 0x00 MAC(destination) 0x00 MAC(purpose) 0x00 down64(index) -> nothing
//	askcounts  down64(month) agency 0x00 code 0x00                                -> be64(answered) be64(refused)
//	held       agency 0x00 MAC(grant)                                             -> the last question that heard of it, its end
//
// So the state tells no more of a use than the public heads and the grants, which name consumers:
// the purpose of the provider's own use, which has no grant, is a MAC here, and what was asked, and
// how many records were answered, lie sealed in the payload of the entry. A list tells who, when,
// what for, under which grant, by which operation and how many records. It never tells a parameter,
// a key, the outcome of a verification, nor a record.
//
// An agency sees the uses of the datasets that it provides, and what it asked itself, and no
// others. Whoever runs the jurisdiction sees all. Nobody else sees any: there is no operation for
// other jurisdictions. What is told of a grant that is held elsewhere is what was heard of it last:
// only the jurisdiction that gave it knows how it stands.
//
// The order of a list is that of the ledger, the newest first, so a page that follows another one
// shows neither a row twice nor leaves one out, while more uses come. Months and days are those of
// UTC+8.
package usage

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/zone"
)

// Limits of a list.
const (
	MaxPage     = 200  // rows
	DefaultPage = 50   // rows
	maxStreams  = 4096 // prefixes of an index that one page follows
)

// usesOf finds the uses of a dataset, and usesBy those of a dataset for a purpose by a consumer.
var (
	usesOf = index{bucket: "uses", parts: 1}
	usesBy = index{bucket: "usesby", parts: 4}
)

// bucketUseCounts has how many uses there were, by month, dataset and consumer.
const bucketUseCounts = "usecounts"

// Register declares the buckets of this room. Those who record uses have the commands.
func Register(r *state.Registry) {
	r.Keep(
		state.Bucket{Name: usesOf.bucket, MaxKey: 128, MaxValue: 512, Large: true},
		state.Bucket{Name: usesBy.bucket, MaxKey: 512, MaxValue: 0, Large: true},
		state.Bucket{Name: bucketUseCounts, MaxKey: 512, MaxValue: 16, Large: true},
	)
}

// Found is a MAC by which the state finds what it does not know: 8 bytes. Two purposes with one MAC
// would be listed as one.
type Found []byte

// FindPurpose returns the MAC by which the uses for a purpose are found.
func FindPurpose(l book.Ledger, purpose identity.Label) Found {
	return find(l, "purpose", purpose.String())
}

// find returns the MAC of a word. The empty word has none.
func find(l book.Ledger, what, word string) Found {
	if word == "" {
		return Found{}
	}
	mac := l.MAC("find "+what, []byte(word))
	return mac[:8]
}

func (f Found) part() string { return hex.EncodeToString(f) }

// Use is what the state has to know of a use, to find and count it.
type Use struct {
	Dataset  identity.Label
	Consumer identity.Agency
	Purpose  Found
	Refused  bool // records were read, and a refusal was told in their place
}

// Keep makes the entry of a use be found and counted. It is a part of the handler of the command
// that appended the entry.
func (u Use) Keep(tx *state.Tx, entry ledger.Ref) error {
	n, _ := entry.Index()
	consumer, code := u.Consumer.String(), u.Dataset.String()
	return errors.Join(
		usesOf.put(tx, n, []byte(consumer), code),
		usesBy.put(tx, n, nil, code, u.Purpose.part(), u.Consumer.Jurisdiction().String(), u.Consumer.Code().String()),
		count(tx, bucketUseCounts, u.Refused, code, consumer),
	)
}

// ConsumerOf returns who used the dataset by the use that the entry at index records; ok is false
// where there is no such entry.
func ConsumerOf(r book.Reads, dataset identity.Label, n uint64) (consumer identity.Agency, ok bool, err error) {
	kept := r.Get(usesOf.bucket, usesOf.key(n, dataset.String()))
	if kept == nil {
		return consumer, false, nil
	}
	consumer, err = identity.ParseAgency(string(kept))
	return consumer, err == nil, err
}

// monthOf numbers the months of UTC+8, from January of year 0.
func monthOf(ms uint64) uint64 {
	t := time.UnixMilli(int64(ms)).In(zone.Ledger)
	return uint64(t.Year())*12 + uint64(t.Month()) - 1
}

// count counts one more row in this month: of what was answered, or of what was refused.
func count(tx *state.Tx, bucket string, refused bool, parts ...string) error {
	key := append(book.Down64(monthOf(tx.Clock())), book.Joined(parts...)...)
	n := countIn(tx.Get(bucket, key))
	if refused {
		n.Refused++
	} else {
		n.Answered++
	}
	return tx.Put(bucket, key, n.kept())
}

// Counted is how many rows there are of something.
type Counted struct{ Answered, Refused uint64 }

func countIn(kept []byte) (n Counted) {
	if len(kept) == 16 {
		n = Counted{binary.BigEndian.Uint64(kept), binary.BigEndian.Uint64(kept[8:])}
	}
	return n
}

func (n Counted) kept() []byte { return append(book.Be64(n.Answered), book.Be64(n.Refused)...) }

func (n Counted) plus(o Counted) Counted {
	return Counted{n.Answered + o.Answered, n.Refused + o.Refused}
}
