package relay

import (
	"bytes"
	"context"
	"sync"
	"testing"
	"testing/synctest"

	"xietong/certs/trust"
	"xietong/exchange/envelope"
)

// gated signs when it may.
type gated struct {
	envelope.Signer
	gate chan struct{}
}

func (g gated) SignStatement(message []byte) []byte {
	<-g.gate
	return g.Signer.SignStatement(message)
}

// isMember reports whether an evidence is that of a member of a batch: its statement has an
// inclusion proof.
func isMember(evidence []byte) bool {
	return bytes.Contains(evidence, []byte("\xa1\x19\x01\x8c\xa1\x20\x81"))
}

// TestManyAtOnceAreSignedTogether asks many times while signing takes long: requests and answers
// are members of batches, are believed, and their evidence proves each of them without the others.
func TestManyAtOnceAreSignedTogether(t *testing.T) {
	const many = 20
	var served []Received
	var answers []Answer
	var keysOf map[string][]trust.Believed
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		keysOf = map[string][]trust.Believed{county: w.keys[county].sets, city: w.keys[city].sets}
		gates := map[string]chan struct{}{}
		for _, s := range []string{county, city} {
			l, gate := w.local(t, s), make(chan struct{})
			signer := gated{w.keys[s], gate}
			l.Signer = func() envelope.Signer { return signer }
			w.relays[s], gates[s] = New(l), gate
		}
		var all sync.WaitGroup
		var mu sync.Mutex
		for range many {
			all.Go(func() {
				got, err := w.relays[county].Ask(t.Context(), newID(t), name(t, city), query(t))
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				answers = append(answers, got)
			})
			synctest.Wait()
		}
		close(gates[county])
		synctest.Wait()
		close(gates[city])
		all.Wait()
		served = w.served
	})
	members := map[string]int{}
	for _, r := range served {
		if _, _, err := VerifyEvidence(r.Evidence, keysOf[county]); err != nil {
			t.Errorf("evidence of a request: %v", err)
		}
		if isMember(r.Evidence) {
			members[county]++
		}
	}
	for _, a := range answers {
		if _, _, err := VerifyEvidence(a.Evidence, keysOf[city]); err != nil {
			t.Errorf("evidence of an answer: %v", err)
		}
		if isMember(a.Evidence) {
			members[city]++
		}
	}
	if len(served) != many || members[county] != many-1 || members[city] < many/2 {
		t.Errorf("%d served, of the requests and answers %v are members of batches", len(served), members)
	}
}

// TestMemberOfARevokedKey: the parent does not believe the child's key any more. A member of a
// batch whose root was verified before is refused.
func TestMemberOfARevokedKey(t *testing.T) {
	w := newWorld(t)
	var frames [][]byte
	synctest.Test(t, func(t *testing.T) {
		gate := make(chan struct{})
		batch := envelope.NewBatcher(func() envelope.Signer { return gated{w.keys[county], gate} }, nil)
		var all sync.WaitGroup
		var mu sync.Mutex
		for range 3 {
			d := w.draft(t)
			all.Go(func() {
				e, err := batch.Seal(t.Context(), d.Draft, d.to)
				e.Hop = d.hop
				frame, err2 := e.Encode()
				if err != nil || err2 != nil {
					t.Error(err, err2)
				}
				mu.Lock()
				defer mu.Unlock()
				frames = append(frames, frame)
			})
			synctest.Wait()
		}
		close(gate)
		all.Wait()
	})
	for i, frame := range frames {
		if reply, _, err := w.serve(t, county, frame); err != nil || reply.Problem != nil {
			t.Fatalf("request %d: got %+v, %v", i, reply.Problem, err)
		}
	}
	w.operation = func(context.Context, Received) (Result, error) {
		t.Error("a request that a revoked key signed was served")
		return Result{}, nil
	}
	w.trust[name(t, county)] = newKeys(t, county).sets
	for i, frame := range frames {
		var answer []byte
		err := w.relays[city].Serve(t.Context(), name(t, county), frame, func(frame []byte) error { answer = frame; return nil })
		if err != nil || answer == nil {
			t.Errorf("request %d after the revocation: %v", i, err)
		}
	}
	if len(w.refused) != len(frames) || w.refused[0].Reason() != UnknownKey {
		t.Errorf("refused: %v", w.refused)
	}
}
