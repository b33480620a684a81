package envelope

import (
	"crypto/ed25519"
	"crypto/hpke"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"sync"

	"xietong/certs/identity"
)

// Bounds of what an Opener remembers. A jurisdiction has at most a few replicas, and each of them
// makes a new encapsulation every hour.
const (
	maxHeld    = 8    // encapsulations of one origin
	maxOrigins = 2048 // origins
)

// Decapsulator holds the destination's private keys; certs/authority is one.
type Decapsulator interface {
	// Decapsulate opens an encapsulation to the decryption key that has key as its SHA-256.
	Decapsulate(key [32]byte, enc, info []byte) (*hpke.Recipient, error)
}

// Opener decrypts the messages that were sent to one jurisdiction. It holds the encapsulations of
// each origin that it used last, at most maxHeld: a repeated one costs no decapsulation, and may be
// named by its hash. An origin can make it forget only the origin's own. Many goroutines may use
// it; the same new encapsulation is decapsulated once, and others do not wait for it.
type Opener struct {
	keys    Decapsulator
	mu      sync.Mutex
	held    map[identity.Jurisdiction][]encapsulation // last used first
	flights map[encName]*flight
	roots   roots
}

// encName names an encapsulation. The origin is a part of it, so that nobody can refer to the
// encapsulation of another.
type encName struct {
	origin    identity.Jurisdiction
	key, hash [32]byte // of the decryption key, of the encapsulation
}

type encapsulation struct {
	name encName
	from exporter
}

// flight is a decapsulation under way.
type flight struct {
	done chan struct{}
	from exporter
	err  error
}

// NewOpener returns an opener with the private keys of d.
func NewOpener(d Decapsulator) *Opener {
	return &Opener{
		keys: d, held: map[identity.Jurisdiction][]encapsulation{}, flights: map[encName]*flight{},
		roots: roots{good: map[[ed25519.PublicKeySize]byte][][32]byte{}},
	}
}

// knownRoots returns the signatures of batches that are known to be good.
func (o *Opener) knownRoots() *roots {
	if o == nil {
		return nil
	}
	return &o.roots
}

// Held returns the hash of the encapsulation that the origin used last; nil if none is held.
func (o *Opener) Held(origin identity.Jurisdiction) []byte {
	if o == nil {
		return nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if all := o.held[origin]; len(all) > 0 {
		return slices.Clone(all[0].name.hash[:])
	}
	return nil
}

// open decrypts the body of a message whose signature was verified. Only an encapsulation under
// which a message decrypted is remembered, because a hop can put another one into a frame.
func (o *Opener) open(e Envelope) ([]byte, error) {
	if o == nil {
		return nil, errors.New("nothing to decrypt it with")
	}
	name := encName{origin: e.header.Origin, key: [32]byte(e.header.DecryptionKey), hash: [32]byte(e.Encapsulation())}
	from, err := o.context(name, e.encapsulation)
	if err != nil {
		return nil, err
	}
	gcm, err := cipherOf(from, exportContext(e.header.ID, e.Hash()))
	if err != nil {
		return nil, fmt.Errorf("decrypt message: %w", err)
	}
	aad := sha256.Sum256(e.outer)
	plain, err := gcm.Open(nil, make([]byte, gcm.NonceSize()), e.body, aad[:])
	if err != nil {
		return nil, fmt.Errorf("decrypt message: %w", err)
	}
	o.keep(encapsulation{name, from})
	return plain, nil
}

// context returns the context of an encapsulation that is held, or whole.
func (o *Opener) context(name encName, enc []byte) (exporter, error) {
	o.mu.Lock()
	if i := slices.IndexFunc(o.held[name.origin], func(c encapsulation) bool { return c.name == name }); i >= 0 {
		defer o.mu.Unlock()
		return o.held[name.origin][i].from, nil
	}
	if len(enc) != encLen {
		o.mu.Unlock()
		return nil, ErrUnknownEncapsulation
	}
	f, waits := o.flights[name]
	if !waits {
		f = &flight{done: make(chan struct{})}
		o.flights[name] = f
	}
	o.mu.Unlock()
	if waits {
		<-f.done
	} else {
		o.decapsulate(name, enc, f)
	}
	if f.err != nil {
		return nil, fmt.Errorf("decrypt message: %w", f.err)
	}
	return f.from, nil
}

func (o *Opener) decapsulate(name encName, enc []byte, f *flight) {
	defer func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		delete(o.flights, name)
		close(f.done)
	}()
	f.from, f.err = o.keys.Decapsulate(name.key, enc, []byte(bodyInfo))
}

// keep remembers an encapsulation as the one that its origin used last.
func (o *Opener) keep(c encapsulation) {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.held[c.name.origin]
	if len(all) > 0 && all[0].name == c.name {
		return
	}
	all = slices.DeleteFunc(all, func(h encapsulation) bool { return h.name == c.name })
	if len(all) == maxHeld {
		all = all[:maxHeld-1]
	}
	if len(all) == 0 && len(o.held) >= maxOrigins {
		for some := range o.held { // no origin can choose which
			delete(o.held, some)
			break
		}
	}
	o.held[c.name.origin] = slices.Insert(all, 0, c)
}
