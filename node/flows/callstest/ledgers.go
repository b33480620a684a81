package callstest

import (
	"context"
	"time"

	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
)

// recording is the ledger in which the engine of a place records its calls.
type recording struct {
	*host.Host
	of *Place
}

// Propose fails where the test says so.
func (r recording) Propose(ctx context.Context, kind state.Kind, q book.Request, body []byte) ([]byte, error) {
	if r.of.Broken != nil {
		return nil, r.of.Broken
	}
	return r.Host.Propose(ctx, kind, q, body)
}

// opening is the ledger from which the records of a place are read.
type opening struct {
	*host.Host
	of *Place
}

// Payload takes the time that the test says.
func (o opening) Payload(r *state.Reader, index uint64) ([]byte, error) {
	time.Sleep(o.of.Opens)
	return o.Host.Payload(r, index)
}
