package relay

import (
	"errors"
	"testing"
	"time"

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
