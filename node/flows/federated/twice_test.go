package federated_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/node/flows/callstest"
	"xietong/node/flows/federated"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// TestHandedOverTwice (S07) has a hop hand the same question to each county twice, and keep the
// second answer: it is the first one again, and no share in which the county says that it refuses.
// It is so after a restart, too, and hours later.
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
	first := yunyan.Serve(t, guiyang, request)[0]
	if share := must(gather.Decode(opened(t, yunyan, request, first).Result)); share.Answered != 1 {
		t.Errorf("again: got %+v, want its share", share)
	}
	w.Reopen(t, yunyan)
	if again := yunyan.Serve(t, guiyang, request)[0]; !bytes.Equal(again, first) {
		t.Errorf("after a restart: got %+v, want the same frame", opened(t, yunyan, request, again))
	}
}

// opened opens the answer of a place to a request.
func opened(t *testing.T, p *place, request, answer []byte) envelope.Reply {
	t.Helper()
	e := must(envelope.Decode(answer))
	m := must(envelope.Open(e, p.Sets, nil, e.Header().Issued))
	return must(envelope.DecodeReply(m.Content, must(envelope.Decode(request)).Hash()))
}

// TestShareIsGivenForMonths (S07d) asks for a share again weeks later, at a node that was
// restarted: it is the same, byte for byte, for 90 days, also when a record in it was
// retracted; then the request has expired. Once the catalogue entry has a later version, the county
// says that it answered, and no more. Neither makes an entry.
func TestShareIsGivenForMonths(t *testing.T) {
	w := callstest.New(t, callstest.Options{Counties: []identity.Jurisdiction{nanming, callstest.Yunyan}})
	if _, err := w.City.Federated.Gather(t.Context(), newID(), by(water), wide()); err != nil {
		t.Fatal(err)
	}
	frames := w.Frames()
	request, yunyan := frames[len(frames)-1], w.At(callstest.Yunyan)
	first := yunyan.Serve(t, guiyang, request)[0]
	again := func() (envelope.Reply, bool) {
		frame := yunyan.Serve(t, guiyang, request)[0]
		return opened(t, yunyan, request, frame), bytes.Equal(frame, first)
	}
	before := yunyan.Size(t)
	for _, days := range []int{0, 1, 45, 89} {
		w.SetAhead(time.Duration(days) * 24 * time.Hour)
		w.Reopen(t, yunyan)
		if reply, same := again(); !same {
			t.Errorf("%d days later: got %+v, want the same frame", days, reply)
		}
	}
	if after := yunyan.Size(t); after != before {
		t.Errorf("%d entries were made", after-before)
	}
	if _, err := yunyan.Records.Retract(t.Context(), newID(), by(civil), villages, "520102016001", "撤并"); err != nil {
		t.Fatal(err)
	}
	if reply, same := again(); !same { // a number stands as of its position
		t.Errorf("after a retraction: got %+v, want the same frame", reply)
	}
	later := callstest.Dataset("villages")
	later.Title += "（新）"
	yunyan.Publish(t, later)
	if reply, _ := again(); reply.Problem == nil || reply.Problem.Code != text.Number(text.IDSeen) {
		t.Errorf("after a later version: got %+v", reply)
	}
	for n := range byte(2) {
		w.SetAhead(federated.ShareTerm + time.Duration(n+1)*time.Hour)
		if err := (federated.Given{Own: yunyan.Host}).Give(t.Context(), [32]byte{n + 1}, guiyang, guiyang, []byte("x"), nil); err != nil {
			t.Fatal(err)
		}
	}
	if reply, _ := again(); reply.Problem == nil || reply.Problem.Code != text.Number(text.MessageExpired) {
		t.Errorf("after the term: got %+v", reply)
	}
}

// TestGivenIsBounded (S07e) has one neighbour bring more requests than there is room for the
// answers: its own oldest answers go, those of another neighbour stay, and who asks for one that is
// gone is told that it was answered. What one more answer costs does not grow with their number.
func TestGivenIsBounded(t *testing.T) {
	w := newWorld(t)
	g := federated.Given{Own: w.City.Host}
	hash := func(n int) (h [32]byte) { return sha256.Sum256(fmt.Append(nil, n)) }
	if err := g.Give(t.Context(), hash(-1), yunyan, yunyan, []byte("kept"), nil); err != nil {
		t.Fatal(err)
	}
	frame := make([]byte, federated.MaxKept)
	n := federated.MaxGivenOf/len(frame) + 2
	for i := range n {
		if err := g.Give(t.Context(), hash(i), nanming, nanming, frame, nil); err != nil {
			t.Fatal(err)
		}
	}
	for i, want := range map[int]string{-1: "kept", 0: "", 1: "", n - 1: string(frame)} {
		got, ok, err := g.Given(t.Context(), hash(i))
		if string(got) != want || ok != (want != "") || (want == "") != failure.Is(err, text.IDSeen) {
			t.Errorf("answer %d: got %d bytes, %t, %v", i, len(got), ok, err)
		}
	}
	if err := g.Give(t.Context(), hash(0), nanming, nanming, []byte("another"), nil); !failure.Is(err, text.IDSeen) {
		t.Errorf("a second answer: got %v, want %s", err, text.IDSeen)
	}
	if err := g.Give(t.Context(), hash(n), nanming, nanming, make([]byte, state.MaxCommandLen), nil); !failure.Is(err, text.TooLarge) {
		t.Errorf("too long: got %v, want %s", err, text.TooLarge)
	}
}

// TestDamagedAnswerHindersNobody (S07f): an answer that cannot be read any more is forgotten with
// its term, and makes room before. Every later answer is kept all the same.
func TestDamagedAnswerHindersNobody(t *testing.T) {
	const commandDamage book.Command[[]byte, book.Nothing] = 2001
	registry := state.NewRegistry()
	federated.Register(registry)
	commandDamage.Handle(registry, func(tx *state.Tx, request []byte) (book.Nothing, error) {
		return book.Nothing{}, tx.Put("given", request, []byte("x"))
	})
	l := booktest.New(t, "guiyang.guizhou", registry)
	g := federated.Given{Own: l}
	hash := func(n int) (h [32]byte) { return sha256.Sum256(fmt.Append(nil, n)) }
	give := func(n int) {
		t.Helper()
		if err := g.Give(t.Context(), hash(n), nanming, nanming, make([]byte, federated.MaxKept), nil); err != nil {
			t.Fatalf("answer %d: %v", n, err)
		}
	}
	n := federated.MaxGivenOf / federated.MaxKept
	for i := range n {
		give(i)
	}
	for i := range n {
		damaged := hash(i)
		if _, err := commandDamage.Do(t.Context(), l, book.Request{}, damaged[:]); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		give(n + i)
	}
	l.Clock = l.Clock.Add(federated.ShareTerm + time.Hour)
	for i := range 2 * n {
		give(2*n + i)
	}
}
