package federated_test

import (
	"bytes"
	"context"
	"testing"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/flows/callstest"
)

// TestLongAnswer: a county answers with as many bytes as a message holds. The answer is no share
// and is rejected, and the other county counts.
func TestLongAnswer(t *testing.T) {
	w := callstest.New(t, callstest.Options{
		Counties: []identity.Jurisdiction{nanming, callstest.Yunyan},
		Federated: func(p *place, in *relay.Registry) {
			if p.Name() != callstest.Yunyan {
				p.Federated.Serve(in, p.Lists)
				return
			}
			in.RegisterFederated("gather", func(context.Context, relay.Received) (relay.Result, error) {
				return relay.Result{Content: bytes.Repeat([]byte{1}, relay.MaxData)}, nil
			})
		},
	})
	got, err := w.City.Federated.Gather(t.Context(), newID(), by(water), wide())
	if err != nil {
		t.Fatal(err)
	}
	if got.Answered != 1 || len(got.Missing) != 1 || got.Missing[0].Name != callstest.Yunyan || got.Missing[0].State != gather.Refused {
		t.Errorf("got %+v", got.Share)
	}
}
