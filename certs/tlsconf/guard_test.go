package tlsconf

import (
	"context"
	"crypto/tls"
	"errors"
	"testing"
)

// TestGuard checks that admit is called for hosted jurisdictions alone, with the protocol that was
// chosen, and that its refusal ends the handshake.
func TestGuard(t *testing.T) {
	city, county := newNode(t, "guiyang.guizhou"), newNode(t, "nanming.guiyang.guizhou")
	city.trusts(t, county)
	county.trusts(t, city)
	full := errors.New("full")
	var asked []string
	listen := Guard(city.listenFor(county), func(ctx context.Context, protocol string) error {
		if ctx == nil || ctx.Done() == nil {
			t.Error("not the context of the connection")
		}
		if asked = append(asked, protocol); protocol == Join {
			return full
		}
		return nil
	})
	if _, _, err, serverErr := shake(t, county.Dial(city.name), listen); err != nil || serverErr != nil {
		t.Errorf("a neighbour: got %v, %v", err, serverErr)
	}
	_, _, err, serverErr := shake(t, DialJoin(city.name), listen)
	alert, ok := errors.AsType[tls.AlertError](serverErr)
	if err == nil || !errors.Is(serverErr, full) || !ok || alert != alertCancelled {
		t.Errorf("at the door: got %v, %v", err, serverErr)
	}
	if _, _, _, serverErr := shake(t, DialJoin(county.name), listen); !errors.Is(serverErr, ErrNotHosted) {
		t.Errorf("what is not hosted: got %v, want ErrNotHosted", serverErr)
	}
	if len(asked) != 2 || asked[0] != Exchange || asked[1] != Join {
		t.Errorf("asked for %q", asked)
	}
}
