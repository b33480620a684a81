package federated_test

import (
	"testing"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/node/flows/callstest"
	"xietong/node/ground/text"
)

// TestHandedOverTwice (S07) has a hop hand the same question to each county twice, and keep the
// second answer: it is the first one again, and no share in which the county says that it refuses.
// After a restart a county does not sign any share of the question any more, but a refusal.
func TestHandedOverTwice(t *testing.T) {
	w := callstest.New(t, callstest.Options{Counties: []identity.Jurisdiction{nanming, callstest.Yunyan}})
	w.Twice = true
	got, err := w.City.Federated.Gather(t.Context(), newID(), by(water), wide())
	if err != nil || got.Answered != 2 || got.Total() != 2 {
		t.Errorf("got %d in all of %d, missing %+v, %v, want 2 of 2", got.Total(), got.Answered, got.Missing, err)
	}
	frames := w.Frames()
	request := frames[len(frames)-1]
	yunyan := w.At(callstest.Yunyan)
	answer := func() envelope.Reply {
		e := must(envelope.Decode(yunyan.Serve(t, guiyang, request)[0]))
		m := must(envelope.Open(e, yunyan.Sets, nil, e.Header().Issued))
		return must(envelope.DecodeReply(m.Content, must(envelope.Decode(request)).Hash()))
	}
	if share := must(gather.Decode(answer().Result)); share.Answered != 1 {
		t.Errorf("again: got %+v, want its share", share)
	}
	w.Reopen(t, yunyan)
	if again := answer(); again.Problem == nil || again.Problem.Code != text.Number(text.IDSeen) {
		t.Errorf("after a restart: got %+v, %v, want no other share", must(gather.Decode(again.Result)), again.Problem)
	}
}
