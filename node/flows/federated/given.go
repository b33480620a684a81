package federated

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/records"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// commandGiven keeps what this jurisdiction answered. Its number is that of docs/protocol.md.
const commandGiven book.Command[givenBody, book.Nothing] = 31

// Limits of what is kept of the own answers: in all, and of those that one neighbour brought the
// requests of. Beyond them the oldest answer goes, of the neighbour that has most; its request is
// then told that it was answered, and gets no other answer.
const (
	maxGiven   = 128 << 20 // bytes
	maxGivenOf = 32 << 20
	maxEvicted = 64 // answers that one command drops; where that does not make room, its own is not kept
)

const (
	bucketGivenBy   = "givenby"   // be64(given at, ms) hash -> nothing
	bucketGivenOf   = "givenof"   // neighbour 0x00 be64(given at, ms) hash -> be64(bytes)
	bucketGivenSize = "givensize" // "=" neighbour, or "=" for all -> be64(bytes)
)

var given = book.Bucket[givenValue]{Name: "given", Max: state.MaxCommandLen, MaxKey: 32, Large: true}

// givenValue is an answer of this jurisdiction. An empty frame says that it is not kept any more.
type givenValue struct {
	At        uint64                `cbor:"1,keyasint"` // ms since 1970 UTC, ledger time
	Neighbour identity.Jurisdiction `cbor:"2,keyasint"`
	Asker     identity.Jurisdiction `cbor:"3,keyasint"`
	Basis     []byte                `cbor:"4,keyasint,omitempty"`
	Frame     []byte                `cbor:"5,keyasint,omitempty"`
}

// givenBody is the body of commandGiven.
type givenBody struct {
	_       struct{} `cbor:",toarray"`
	Request []byte   // hash
	Value   givenValue
}

func (v givenValue) ofKey(request []byte) []byte {
	return slices.Concat([]byte(v.Neighbour.String()), []byte{0}, book.Be64(v.At), request)
}

// applyGiven keeps an answer. The first answer to a request stays, whatever comes later.
func applyGiven(tx *state.Tx, b givenBody) (done book.Nothing, err error) {
	if given.Has(tx, b.Request) {
		return done, book.Refuse(text.IDSeen)
	}
	v := b.Value
	v.At = tx.Time()
	if err := dropGiven(tx); err != nil {
		return done, err
	}
	fits, err := makeRoom(tx, v.Neighbour, uint64(len(v.Frame)))
	if err != nil {
		return done, err
	}
	if !fits {
		v.Frame = nil
	}
	err = errors.Join(given.Save(tx, b.Request, v), tx.Put(bucketGivenBy, append(book.Be64(v.At), b.Request...), []byte{}))
	if err == nil && fits {
		err = errors.Join(
			tx.Put(bucketGivenOf, v.ofKey(b.Request), book.Be64(uint64(len(v.Frame)))), resize(tx, v.Neighbour.String(), uint64(len(v.Frame)), 0),
		)
	}
	return done, err
}

// dropGiven forgets answers whose term is over.
func dropGiven(tx *state.Tx) error {
	term := uint64(ShareTerm.Milliseconds())
	over, err := tx.DropFirst(bucketGivenBy, maxDropped, func(k []byte) bool {
		return len(k) >= 8 && binary.BigEndian.Uint64(k)+term < tx.Forgets()
	})
	for _, k := range over {
		if v, _, unread := given.Read(tx, k[8:]); unread == nil && len(v.Frame) > 0 {
			err = errors.Join(err, tx.Delete(bucketGivenOf, v.ofKey(k[8:])), resize(tx, v.Neighbour.String(), 0, uint64(len(v.Frame))))
		} // what cannot be read goes when room is made
		err = errors.Join(err, tx.Delete(given.Name, k[8:]))
	}
	return err
}

// evict drops the frame of the oldest answer that a neighbour has; found is false where there is
// none. Where the answer cannot be read, its id stays used up, and no other answer is hindered.
func evict(tx *state.Tx, of string) (found bool, err error) {
	prefix := append([]byte(of), 0)
	var key, size []byte
	tx.Scan(bucketGivenOf, prefix, prefix, func(k, v []byte) bool {
		key, size = k, v
		return false
	})
	if key == nil {
		return false, nil
	}
	request := key[len(prefix)+8:]
	if v, ok, unread := given.Read(tx, request); ok && unread == nil {
		v.Frame, v.Basis = nil, nil
		err = given.Save(tx, request, v)
	}
	err = errors.Join(err, tx.Delete(bucketGivenOf, key), resize(tx, of, 0, binary.BigEndian.Uint64(size)))
	return true, err
}

// makeRoom drops frames until one of so many bytes fits, and reports whether it does.
func makeRoom(tx *state.Tx, of identity.Jurisdiction, size uint64) (fits bool, err error) {
	for range maxEvicted {
		from := of.String()
		switch {
		case sizeOf(tx, from)+size > maxGivenOf:
		case sizeOf(tx, "")+size > maxGiven:
			from = largest(tx)
		default:
			return true, nil
		}
		if found, err := evict(tx, from); !found || err != nil {
			return false, err
		}
	}
	return false, nil
}

func sizeOf(r book.Reads, of string) uint64 {
	if v := r.Get(bucketGivenSize, sizeKey(of)); len(v) == 8 {
		return binary.BigEndian.Uint64(v)
	}
	return 0
}

// sizeKey begins with a byte that no name has, because no key is empty.
func sizeKey(of string) []byte { return append([]byte{'='}, of...) }

// largest returns the neighbour whose answers take most.
func largest(r book.Reads) (of string) {
	most := uint64(0)
	r.Scan(bucketGivenSize, nil, nil, func(k, v []byte) bool {
		if n := binary.BigEndian.Uint64(v); len(k) > 1 && n > most {
			most, of = n, string(k[1:])
		}
		return true
	})
	return of
}

func resize(tx *state.Tx, of string, more, less uint64) (err error) {
	for _, name := range []string{"", of} {
		n := sizeOf(tx, name) + more - less
		if n == 0 {
			err = errors.Join(err, tx.Delete(bucketGivenSize, sizeKey(name)))
			continue
		}
		err = errors.Join(err, tx.Put(bucketGivenSize, sizeKey(name), book.Be64(n)))
	}
	return err
}

func registerGiven(r *state.Registry) {
	given.Keep(r)
	r.Keep(
		state.Bucket{Name: bucketGivenBy, MaxKey: 8 + 32, MaxValue: 0, Large: true},
		state.Bucket{Name: bucketGivenOf, MaxKey: 200 + 1 + 8 + 32, MaxValue: 8, Large: true},
		state.Bucket{Name: bucketGivenSize, MaxKey: 1 + 200, MaxValue: 8, Large: true},
	)
	commandGiven.Handle(r, applyGiven)
}

// Given is the relay.Shares of a jurisdiction: it keeps what the jurisdiction answered to federated
// requests in the ledger's state.
type Given struct{ Own book.Ledger }

// Given returns the answer to a request. The error is text.IDSeen where the request was answered,
// and the answer is kept no more, or what it rested on does not stand any more.
func (g Given) Given(ctx context.Context, request [32]byte) (frame []byte, ok bool, err error) {
	err = g.Own.View(ctx, func(r *state.Reader) error {
		v, found := given.Load(r, request[:])
		switch {
		case !found:
			return nil
		case len(v.Frame) == 0:
			return text.Fail(text.IDSeen, nil, nil)
		case v.Basis != nil:
			if err := records.StandsOn(r, v.Basis); err != nil {
				return err
			}
		}
		frame, ok = v.Frame, true
		return nil
	})
	return frame, ok, err
}

// of returns the answer to a request. The frame is empty where it is kept no more, or does not
// stand any more.
func (g Given) of(ctx context.Context, request []byte) (v givenValue, found bool, err error) {
	err = g.Own.View(ctx, func(r *state.Reader) error {
		if v, found = given.Load(r, request); v.Basis != nil && records.StandsOn(r, v.Basis) != nil {
			v.Frame = nil
		}
		return nil
	})
	return v, found, err
}

// Give keeps an answer, also if nobody waits for it any more. An answer that is too long to be kept
// is refused, as text.TooLarge, and may not be given.
func (g Given) Give(ctx context.Context, request [32]byte, neighbour, asker identity.Jurisdiction, frame, basis []byte) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keptWithin)
	defer cancel()
	_, err := commandGiven.Do(ctx, g.Own, book.Request{}, givenBody{Request: request[:], Value: givenValue{
		Neighbour: neighbour, Asker: asker, Basis: basis, Frame: frame,
	}})
	return err
}
