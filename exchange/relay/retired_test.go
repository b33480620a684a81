package relay

import (
	"errors"
	"slices"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/envelope"
)

// TestRetiredKeySpeaksNoMore: whoever stole a signing key goes on with it after it was replaced. A
// call counts under the newest key set and, for an hour, the one before, whatever time the call
// says of itself; what was answered while the key set counted proves for ever (S14).
func TestRetiredKeySpeaksNoMore(t *testing.T) {
	w := newWorld(t)
	stolen, later := w.keys[county], newKeys(t, county)
	for what, row := range map[string]struct {
		before      trust.Believed
		call, proof bool
	}{
		"in its hour":                  {trust.Believed{Until: today.Add(time.Minute)}, true, true},
		"after its hour, but dated so": {trust.Believed{Until: today.Add(-time.Minute)}, false, true},
		"long after":                   {trust.Believed{Until: today.Add(-time.Hour)}, false, false},
		"revoked":                      {trust.Believed{Until: today.Add(time.Hour), Revoked: true}, false, false},
	} {
		row.before.KeySet = stolen.sets[0].KeySet
		sets := []trust.Believed{row.before, later.sets[0]}
		w.trust[name(t, county)] = sets
		d := w.draft(t)
		d.by = stolen
		d.Header.Issued = today.Add(-2 * time.Minute)
		frame := d.frame(t)
		in, err := w.relays[city].receive(name(t, county), frame)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, problem := w.relays[city].admit(t.Context(), in); (problem == nil) != row.call || problem != nil && problem.Code != uint16(MessageRefused) {
			t.Errorf("%s: a call got %v", what, problem)
		}
		_, _, err = VerifyEvidence(Evidence(in.Envelope), sets)
		if (err == nil) != row.proof || err != nil && !errors.Is(err, envelope.ErrUnknownKey) {
			t.Errorf("%s: as evidence got %v", what, err)
		}
	}
}

// TestRemovedReplicaSpeaksNoMore (S14n): a replica that was removed goes on with its signing key.
// Nothing of it that is under way counts once the newest key set is known, whatever time it says of
// itself; what it signed in the time of the key set before is proven as ever. Of a replica that
// has other keys since, the former ones have their hour.
func TestRemovedReplicaSpeaksNoMore(t *testing.T) {
	w := newWorld(t)
	removed, later := w.keys[county], newKeys(t, county)
	two, err := identity.NewReplica(2)
	if err != nil {
		t.Fatal(err)
	}
	for what, row := range map[string]struct {
		stays identity.Replica
		call  bool
	}{
		"it has other keys": {removed.sets[0].Replicas[0].Replica, true},
		"it was removed":    {two, false},
	} {
		newest := later.sets[0].KeySet
		newest.Replicas = slices.Clone(newest.Replicas)
		newest.Replicas[0].Replica = row.stays
		sets := []trust.Believed{{KeySet: removed.sets[0].KeySet, Until: today.Add(trust.Grace)}, {KeySet: newest}}
		w.trust[name(t, county)] = sets
		d := w.draft(t)
		d.by = removed
		d.Header.Issued = today.Add(-2 * time.Minute)
		in, err := w.relays[city].receive(name(t, county), d.frame(t))
		if err != nil {
			t.Fatal(err)
		}
		if _, _, problem := w.relays[city].admit(t.Context(), in); (problem == nil) != row.call || problem != nil && problem.Code != uint16(MessageRefused) {
			t.Errorf("%s: a call got %v", what, problem)
		}
		if _, _, err = VerifyEvidence(Evidence(in.Envelope), sets); err != nil {
			t.Errorf("%s: as evidence got %v", what, err)
		}
	}
}

// TestRetiredKeyAnswersNothingLater (S14d) has a thief sign, with a key that was retired before the
// request was made, a share of that request, and date it back into the time of the key. A replica
// that was removed by then has no hour for that (S14n).
func TestRetiredKeyAnswersNothingLater(t *testing.T) {
	w := newTown(t)
	stolen := w.keys[farCounty]
	sets := []trust.Believed{{KeySet: stolen.sets[0].KeySet, Until: today.Add(-time.Minute)}, newKeys(t, farCounty).sets[0]}
	asked, err := w.relays[county].Federate(t.Context(), newID(t), name(t, province), gatherCall(t))
	if err != nil {
		t.Fatal(err)
	}
	content, err := envelope.Reply{To: asked.Request[:], Result: []byte("an invented share")}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	e, err := envelope.Seal(envelope.Draft{
		Header: envelope.Header{
			ID: newID(t), Kind: envelope.Answer, Origin: name(t, farCounty), Destination: name(t, county),
			Issued: today.Add(-2 * time.Minute), Expires: today.Add(5 * time.Minute),
		},
		ContentType: envelope.AnswerType, Content: content,
	}, stolen, nil)
	if err != nil {
		t.Fatal(err)
	}
	frame, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	reply, err := VerifyShare(frame, sets, name(t, farCounty), name(t, county), asked.Request, asked.Issued)
	if !errors.Is(err, ErrEndedKey) {
		t.Errorf("got %q, %v, want ErrEndedKey", reply.Result, err)
	}
	sets[0] = trust.Believed{KeySet: stolen.sets[0].KeySet, Revoked: true}
	if _, err = VerifyShare(frame, sets, name(t, farCounty), name(t, county), asked.Request, asked.Issued); !errors.Is(err, ErrEndedKey) {
		t.Errorf("revoked: got %v, want ErrEndedKey, and not that the key is nobody's", err)
	}
	newest := sets[1].KeySet
	newest.Number, newest.Replicas = 2, slices.Clone(newest.Replicas)
	sets = []trust.Believed{{KeySet: stolen.sets[0].KeySet, Until: asked.Issued.Add(trust.Grace)}, {KeySet: newest}}
	if _, err = VerifyShare(frame, sets, name(t, farCounty), name(t, county), asked.Request, asked.Issued); err != nil {
		t.Errorf("in its hour, of a replica that is listed still: %v", err)
	}
	if newest.Replicas[0].Replica, err = identity.NewReplica(2); err != nil {
		t.Fatal(err)
	}
	if _, err = VerifyShare(frame, sets, name(t, farCounty), name(t, county), asked.Request, asked.Issued); !errors.Is(err, ErrEndedKey) {
		t.Errorf("in its hour, of a replica that was removed: got %v, want ErrEndedKey", err)
	}
}
