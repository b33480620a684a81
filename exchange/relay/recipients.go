package relay

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/envelope"
)

// maxRecipients bounds the jurisdictions whose recipients are kept.
const maxRecipients = 4096

// recipients keeps one recipient for each jurisdiction, so that one encapsulation serves many
// messages. A jurisdiction that shows a new decryption key gets a new recipient, and can displace
// only its own.
type recipients struct {
	now  func() time.Time
	mu   sync.Mutex
	kept map[identity.Jurisdiction]*recipient
}

type recipient struct {
	key      [32]byte // SHA-256 of the decryption key
	to       *envelope.Recipient
	answered []byte // hash of the encapsulation under which it answered last
}

// newest returns the recipient with the newest decryption key of the key sets, which are of one
// jurisdiction.
func (c *recipients) newest(sets []trust.Believed) (*envelope.Recipient, error) {
	if len(sets) == 0 {
		return nil, errors.New("no key set")
	}
	newest := sets[len(sets)-1]
	key := sha256.Sum256(newest.DecryptionKey)
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.kept[newest.Name]; r != nil && r.key == key {
		return r.to, nil
	}
	to, err := envelope.NewRecipient(newest.DecryptionKey, c.now)
	if err != nil {
		return nil, err
	}
	if c.kept[newest.Name] == nil && len(c.kept) >= maxRecipients {
		for some := range c.kept { // nobody can choose which
			delete(c.kept, some)
			break
		}
	}
	c.kept[newest.Name] = &recipient{key: key, to: to}
	return to, nil
}

// answered notes the encapsulation under which a jurisdiction answered with a result; nil: it says
// that it does not hold the one that was noted.
func (c *recipients) answered(by identity.Jurisdiction, encapsulation []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.kept[by]; r != nil {
		r.answered = encapsulation
	}
}

// hold reports whether the jurisdiction has answered under the encapsulation.
func (c *recipients) hold(by identity.Jurisdiction, encapsulation []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	r := c.kept[by]
	return r != nil && encapsulation != nil && bytes.Equal(r.answered, encapsulation)
}
