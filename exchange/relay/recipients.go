package relay

import (
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"xietong/certs/trust"
	"xietong/exchange/envelope"
)

// maxRecipients bounds the decryption keys whose encapsulations are kept. It is more than a jurisdiction has neighbours.
const maxRecipients = 1024

// recipients keeps one recipient for each decryption key, so that an encapsulation serves for an hour of messages. They are
// found by the key itself: whoever shows a new key set is sent nothing under the old one.
type recipients struct {
	now   func() time.Time
	mu    sync.Mutex
	byKey map[[32]byte]*envelope.Recipient
	order [][32]byte // oldest first
}

// newest returns the recipient with the newest decryption key of the key sets.
func (c *recipients) newest(sets []trust.KeySet) (*envelope.Recipient, error) {
	if len(sets) == 0 {
		return nil, errors.New("no key set")
	}
	public := sets[len(sets)-1].DecryptionKey
	name := sha256.Sum256(public)
	c.mu.Lock()
	defer c.mu.Unlock()
	if to := c.byKey[name]; to != nil {
		return to, nil
	}
	to, err := envelope.NewRecipient(public, c.now)
	if err != nil {
		return nil, err
	}
	if len(c.order) == maxRecipients {
		delete(c.byKey, c.order[0])
		c.order = c.order[1:]
	}
	c.byKey[name], c.order = to, append(c.order, name)
	return to, nil
}
