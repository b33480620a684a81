package operation

import (
	"context"
	"errors"
	"testing"

	"xietong/certs/identity"
)

// TestWholeRecord: the relay is given all that is recorded of a use; without the basis, a kept
// answer would stand for ever.
func TestWholeRecord(t *testing.T) {
	gone := errors.New("gone")
	j, err := identity.ParseJurisdiction("guizhou")
	if err != nil {
		t.Fatal(err)
	}
	log, err := identity.NewLog(j, 1)
	if err != nil {
		t.Fatal(err)
	}
	record := Record{Entry: log.Entry(7), Stands: func(context.Context) error { return gone }, Basis: []byte("basis")}
	got, err := encoded("result", record)
	if err != nil || got.Entry != record.Entry || string(got.Basis) != "basis" || got.Stands == nil || !errors.Is(got.Stands(t.Context()), gone) {
		t.Errorf("got %+v, %v, want all of %+v", got, err, record)
	}
}
