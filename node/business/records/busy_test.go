package records

import (
	"bytes"
	"context"
	"fmt"
	"testing"
	"testing/synctest"

	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
)

// busy is a ledger that has no room for the first chunks that it is asked to take.
type busy struct {
	*booktest.Ledger
	refuse int
}

func (b *busy) Propose(ctx context.Context, kind state.Kind, q book.Request, body []byte) ([]byte, error) {
	if kind == state.Kind(commandImportChunk) && b.refuse > 0 {
		b.refuse--
		return nil, fmt.Errorf("propose: %w: %w", group.ErrNotDone, group.ErrBusy)
	}
	return b.Ledger.Propose(ctx, kind, q, body)
}

// TestImportWaitsForRoom checks that an import goes on when the ledger has room again (M3).
func TestImportWaitsForRoom(t *testing.T) {
	l, _ := open(t)
	synctest.Test(t, func(t *testing.T) {
		b := &busy{l, 3}
		data, f := file(0)
		done, err := NewDesk(b).Load(t.Context(), newID(), civil, code, f, bytes.NewReader(data), nil)
		if err != nil || done.Rows != importRows || b.refuse != 0 {
			t.Errorf("got %d rows, %v, %d times refused too few", done.Rows, err, b.refuse)
		}
	})
}
