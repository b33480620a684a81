package tlsconf

import (
	"context"
	"crypto/tls"
	"fmt"
)

// alertCancelled tells the other side that the handshake is given up for a reason that has nothing to do with it
// (user_canceled, RFC 8446 §6.1).
const alertCancelled = 90

// Guard returns the configuration of a listener with a judge who is asked once the first message of a handshake has said
// which protocol it is for, and before anything of it has cost much. ctx is the connection's. An error ends the handshake,
// with the alert user_canceled.
func Guard(listen *Config, admit func(ctx context.Context, protocol string) error) *Config {
	guarded, choose := listen.Clone(), listen.GetConfigForClient
	guarded.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		c, err := choose(hello)
		if err != nil {
			return nil, err
		}
		if err := admit(hello.Context(), c.NextProtos[0]); err != nil {
			return nil, fmt.Errorf("%w%.0w", err, tls.AlertError(alertCancelled))
		}
		return c, nil
	}
	return guarded
}
