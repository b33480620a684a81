package state

import (
	"fmt"
	"io"
	"time"
)

// Before a source offers something it reads all that it would have to send, and compares that with
// its sums: for a large ledger this takes minutes, in which nothing is sent. Whoever waits for it
// would close the stream, as of a source that hangs. So the source says how far it is, from where
// it reads and not from beside: one that hangs says nothing.
const (
	// stillEvery is how often a source says that it still reads.
	stillEvery = 10 * time.Second
	// maxStills is how often it may say so before one offer: a liar holds nobody for longer.
	maxStills = 2000
)

// still says how many bytes a source has read, of what it will offer.
type still struct {
	_    struct{} `cbor:",toarray"`
	Read uint64
}

// pulse is of one answer of a source, until it is offered.
type pulse struct {
	to   io.Writer
	last time.Time // when something was sent
	read uint64
}

func newPulse(to io.Writer) *pulse { return &pulse{to: to, last: time.Now()} }

// beat notes that so many bytes were read, and says so when it is time. The error ends the reading:
// nobody waits for it any more.
func (p *pulse) beat(bytes int) error {
	p.read += uint64(bytes)
	now := time.Now()
	if now.Sub(p.last) < stillEvery {
		return nil
	}
	p.last = now
	return newFrameWriter(p.to).write(messageStill, still{Read: p.read})
}

// awaitOffer reads the offer of a source that may read for long before it makes one. Each time it
// must have read more.
func (r *frameReader) awaitOffer() (o offer, err error) {
	read := uint64(0)
	for n := 0; ; n++ {
		kind, data, err := r.read()
		if err != nil {
			return o, err
		}
		if kind != messageStill {
			return o, decodeAs(messageOffer, kind, data, &o)
		}
		var s still
		if err := decodeAs(messageStill, kind, data, &s); err != nil {
			return o, err
		}
		if s.Read <= read || n == maxStills {
			return o, fmt.Errorf("%w: it says for the %dth time that it reads, and has read %d bytes after %d", errFrame, n+1, s.Read, read)
		}
		read = s.Read
	}
}
