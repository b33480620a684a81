package federated_test

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/flows/callstest"
	"xietong/node/flows/federated"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// answering returns a city of two counties, of which one answers with so many bytes.
func answering(t *testing.T, n int) *world {
	t.Helper()
	return callstest.New(t, callstest.Options{
		Counties: []identity.Jurisdiction{nanming, callstest.Yunyan},
		Federated: func(p *place, in *relay.Registry) {
			if p.Name() != callstest.Yunyan {
				p.Federated.Serve(in, p.Lists)
				return
			}
			in.RegisterFederated("gather", func(context.Context, relay.Received) (relay.Result, error) {
				stands := func(context.Context) error { return nil }
				return relay.Result{Content: bytes.Repeat([]byte{1}, n), Stands: stands}, nil
			})
		},
	})
}

// TestLongAnswer: a county answers with as many bytes as a share has at most: the city keeps and
// shows the answer, and it is kept where it was given. With more bytes than can be kept it is told
// as one that gave no answer. The answer is no share and is rejected, and the other county counts.
func TestLongAnswer(t *testing.T) {
	for what, row := range map[string]struct{ bytes, listed int }{
		"as long as a share":         {gather.MaxLen, 2},
		"longer than can be kept":    {federated.MaxKept, 1},
		"as long as a message holds": {relay.MaxData, 2}, // the county refuses: it cannot keep it
	} {
		w := answering(t, row.bytes)
		got, err := w.At(nanming).Federated.Gather(t.Context(), newID(), by(water), wide())
		if err != nil {
			t.Fatal(err)
		}
		if got.Answered != 1 || len(got.Missing) != 1 || got.Missing[0].Name != callstest.Yunyan || got.Missing[0].State != gather.Refused {
			t.Errorf("%s: got %+v", what, got.Share)
		}
		if len(got.Shares) != row.listed || !slices.Equal(got.Audit.Hops, []identity.Jurisdiction{guiyang}) {
			t.Errorf("%s: %d answers are listed, want %d; the audit found %+v", what, len(got.Shares), row.listed, got.Audit)
		}
	}
}

// TestLongestAnswerIsKept takes an answer of the greatest length, with the longest names beside it,
// through each command that keeps one; a longer one is refused before it is replicated.
func TestLongestAnswerIsKept(t *testing.T) {
	w := newWorld(t)
	for _, n := range []int{federated.MaxKept, state.MaxCommandLen} {
		for what, err := range w.County.Federated.KeepLong(t.Context(), n) {
			if (err == nil) != (n == federated.MaxKept) || err != nil && !failure.Is(err, text.TooLarge) {
				t.Errorf("%s of %d bytes: got %v", what, n, err)
			}
		}
	}
}
