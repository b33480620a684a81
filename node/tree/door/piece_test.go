package door

import (
	"bytes"
	"context"
	"testing"
	"time"

	"xietong/exchange/budget"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/tree/treetest"
)

// TestPiecesInALoop, of R03: a neighbour is given the pieces of a longest roster twice, and no more
// at once; that hinders no other, and more are given later. A hash that is none is refused.
func TestPiecesInALoop(t *testing.T) {
	city := treetest.New(t, "guiyang.guizhou")
	now, piece, served := time.Now(), []byte("piece"), 0
	d := Door{
		Parent: city, Now: func() time.Time { return now }, Pieces: NewPieces(),
		Piece: func(context.Context, []byte) ([]byte, error) { served++; return piece, nil },
	}
	ask := func(neighbour string, hash []byte) error {
		ctx := budget.With(t.Context(), budget.Payer{Neighbour: neighbour})
		got, err := AskPiece(ctx, wire{door: d}, hash)
		if err == nil && !bytes.Equal(got, piece) {
			t.Errorf("got %q", got)
		}
		return err
	}
	hash := make([]byte, 32)
	for i := range 2 * roster.MaxPieces {
		if err := ask("nanming", hash); err != nil {
			t.Fatalf("piece %d: %v", i, err)
		}
	}
	if err := ask("nanming", hash); treetest.Code(err) != text.Busy || served != 2*roster.MaxPieces {
		t.Errorf("%d served, then %v", served, err)
	}
	if err := ask("yunyan", hash); err != nil {
		t.Errorf("another neighbour: %v", err)
	}
	if now = now.Add(10 * time.Second); ask("nanming", hash) != nil {
		t.Error("nothing later either")
	}
	for _, hash := range [][]byte{{}, hash[1:], append(hash, 0)} {
		if err := ask("guanshanhu", hash); treetest.Code(err) != text.BadRequest {
			t.Errorf("a hash of %d bytes: %v", len(hash), err)
		}
	}
}
