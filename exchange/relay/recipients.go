package relay

import (
	"crypto/sha256"
	"errors"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/envelope"
)

const (
	// maxRecipients bounds the decryption keys whose encapsulations are kept. It is more than a
	// jurisdiction has neighbours.
	maxRecipients = 1024
	// maxIDs bounds the messages of one encapsulation, because their ids are remembered.
	maxIDs = 1024
)

// recipients keeps one recipient for each decryption key, so that one encapsulation serves many
// messages. A recipient is found by the key itself: a jurisdiction that shows a new key set gets no
// message under the old key.
type recipients struct {
	now   func() time.Time
	mu    sync.Mutex
	byKey map[[32]byte]*recipient
	order [][32]byte // oldest first
}

// recipient encrypts to one decryption key. The key of a message is derived from the encapsulation
// and the id (see envelope); two messages under one key would give both away. The asker chooses the
// ids, and may ask a failed request again under the same id; so a repeated id begins a new
// encapsulation.
type recipient struct {
	public []byte
	now    func() time.Time
	mu     sync.Mutex
	to     *envelope.Recipient
	ids    map[identity.Message]struct{} // of the messages that were encrypted with to
}

// newest returns the recipient with the newest decryption key of the key sets.
func (c *recipients) newest(sets []trust.Believed) (*recipient, error) {
	if len(sets) == 0 {
		return nil, errors.New("no key set")
	}
	public := sets[len(sets)-1].DecryptionKey
	name := sha256.Sum256(public)
	c.mu.Lock()
	defer c.mu.Unlock()
	if r := c.byKey[name]; r != nil {
		return r, nil
	}
	r := &recipient{public: public, now: c.now}
	if err := r.renew(); err != nil {
		return nil, err
	}
	if len(c.order) == maxRecipients {
		delete(c.byKey, c.order[0])
		c.order = c.order[1:]
	}
	c.byKey[name], c.order = r, append(c.order, name)
	return r, nil
}

func (r *recipient) renew() (err error) {
	r.to, err = envelope.NewRecipient(r.public, r.now)
	r.ids = map[identity.Message]struct{}{}
	return err
}

// of returns the envelope recipient that encrypts the message with the id; nil for a nil r, which
// means in the clear.
func (r *recipient) of(id identity.Message) (*envelope.Recipient, error) {
	if r == nil {
		return nil, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, again := r.ids[id]; again || len(r.ids) == maxIDs {
		if err := r.renew(); err != nil {
			return nil, err
		}
	}
	r.ids[id] = struct{}{}
	return r.to, nil
}
