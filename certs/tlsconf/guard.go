package tlsconf

import (
	"context"
	"crypto/tls"
	"fmt"
)

// alertCancelled tells the other side that this side gives up the handshake for a reason that has
// nothing to do with the protocol (user_canceled, RFC 8446 §6.1).
const alertCancelled = 90

// Guard returns the configuration listen with one more check. Each handshake calls admit when its
// first message has named a hosted jurisdiction and a protocol, before the handshake has cost much.
// ctx is the context of the connection; protocol is Join when the dialler offers it, else Raft when
// it offers that and it is spoken, and Exchange otherwise. An error of admit ends the handshake
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
