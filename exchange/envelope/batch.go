package envelope

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"runtime"
	"slices"
	"sync"

	"github.com/fxamacker/cbor/v2"

	"xietong/exchange/budget"
)

// MaxBatch is the most messages that one signature covers.
const MaxBatch = 1024

const batchContext = "xietong/1 batch"

// Batcher signs the messages of one jurisdiction. While one signature is being made, the messages
// that come wait, and the next signature covers all of them; a message that comes alone is signed
// at once. No goroutine is needed: one of those who wait signs for all. Many goroutines may use it.
//
// Everybody encodes and encrypts in a slot of the node, when it is their turn. Nobody waits for a
// signature in a slot. The signature itself is made in none: all in the batch wait for it, and
// whoever leads would have them wait until it is its own turn, which somebody that has used much
// comes to last. One signature is a small piece of work, however many it is for.
type Batcher struct {
	signer  func() Signer
	slots   *budget.Slots
	mu      sync.Mutex
	signing bool
	waiting []*member
}

// member is a message that waits for its statement. It is told when the statement is there, or,
// while it is not, that it has to sign for those who wait.
type member struct {
	unsigned
	told chan struct{} // of one place, so that a leader, who does not wait, can be told too
}

// NewBatcher returns a batcher that asks for the signer at each signature, because keys change, and
// computes in the slots; nil: at once.
func NewBatcher(signer func() Signer, slots *budget.Slots) *Batcher {
	return &Batcher{signer: signer, slots: slots}
}

// Seal seals a message as the function Seal does, and may sign it together with others. ctx says
// who pays.
func (b *Batcher) Seal(ctx context.Context, d Draft, to *Recipient) (e Envelope, err error) {
	m := &member{told: make(chan struct{}, 1)}
	if err = b.slots.Run(ctx, func(context.Context) (err error) {
		m.unsigned, err = d.unsigned(to, newSalt())
		return err
	}); err != nil {
		return e, err
	}
	if b.enter(m) {
		b.lead()
	}
	err = b.slots.Run(ctx, func(context.Context) (err error) {
		e, err = m.encrypted(to)
		return err
	})
	return e, err
}

func newSalt() []byte {
	salt := make([]byte, saltLen)
	rand.Read(salt) // never fails
	return salt
}

// enter returns when the member has its statement, or with true when it has to lead.
func (b *Batcher) enter(m *member) (leads bool) {
	b.mu.Lock()
	b.waiting = append(b.waiting, m)
	if !b.signing {
		b.signing = true
		b.mu.Unlock()
		return true
	}
	b.mu.Unlock()
	<-m.told
	return m.statement == nil
}

// lead signs for those who wait, the caller among them, and hands the lead on. Before, it lets
// everybody run who is ready to: whoever has a message joins, and where nobody is ready it goes on
// at once.
func (b *Batcher) lead() {
	runtime.Gosched()
	b.mu.Lock()
	n := min(len(b.waiting), MaxBatch)
	batch := slices.Clone(b.waiting[:n])
	b.waiting = slices.Delete(b.waiting, 0, n)
	b.mu.Unlock()
	sign(batch, b.signer())
	b.mu.Lock()
	var next *member
	if b.signing = len(b.waiting) > 0; b.signing {
		next = b.waiting[0]
	}
	b.mu.Unlock()
	for _, m := range batch {
		m.told <- struct{}{}
	}
	if next != nil {
		next.told <- struct{}{}
	}
}

// sign makes the statements: of one message with a signature of its own, of more with one over the
// root of the tree that has them as its leaves.
func sign(batch []*member, by Signer) {
	cert := sha256.Sum256(by.SigningCert())
	if len(batch) == 1 {
		batch[0].sign(cert, by)
		return
	}
	protected, leaves := make([][]byte, len(batch)), make([][32]byte, len(batch))
	for i, m := range batch {
		protected[i] = m.protected(cert, formBatch)
		leaves[i] = leafHash(toBeSigned(protected[i], m.outer, m.commitment[:]))
	}
	paths := make([][][]byte, len(batch))
	root := treeOf(leaves, paths)
	signature := by.SignStatement(batchToBeSigned(root, uint64(len(batch))))
	for i, m := range batch {
		p := inclusion{Count: uint64(len(batch)), Index: uint64(i), Path: paths[i]}
		m.statement = statement(protected[i], p.unprotected(), m.commitment, signature)
	}
}

// batchToBeSigned is what the signature of a batch covers. It is an array of three, and a
// Sig_structure one of four that begins with another text.
func batchToBeSigned(root [32]byte, count uint64) []byte {
	return mustEncode([]any{batchContext, root[:], count})
}

// inclusion is an inclusion proof of RFC 9942: [tree size, leaf index, path].
type inclusion struct {
	_     struct{} `cbor:",toarray"`
	Count uint64
	Index uint64
	Path  [][]byte
}

// unprotectedHeader is the unprotected header of a member of a batch: the proofs of RFC 9942 (396)
// with one inclusion proof (-1).
type unprotectedHeader struct {
	Proofs struct {
		Inclusion [][]byte `cbor:"-1,keyasint"`
	} `cbor:"396,keyasint"`
}

func (p inclusion) unprotected() cbor.RawMessage {
	var h unprotectedHeader
	h.Proofs.Inclusion = [][]byte{mustEncode(p)}
	return mustEncode(h)
}

// root returns the root that the path leads to from a leaf (RFC 9162 §2.1.3.2). It is false if the
// path has not the one length that it must have.
func (p inclusion) root(leaf [32]byte) (root [32]byte, ok bool) {
	at, last, r := p.Index, p.Count-1, leaf
	for _, sibling := range p.Path {
		if last == 0 {
			return r, false
		}
		if at&1 == 1 || at == last {
			r = nodeHash(sibling, r[:])
			for at&1 == 0 && at != 0 {
				at, last = at>>1, last>>1
			}
		} else {
			r = nodeHash(r[:], sibling)
		}
		at, last = at>>1, last>>1
	}
	return r, last == 0
}

// treeOf returns the root of the leaves (RFC 9162 §2.1.1), and appends to each path the siblings
// from its leaf up.
func treeOf(leaves [][32]byte, paths [][][]byte) [32]byte {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := 1
	for k*2 < len(leaves) {
		k *= 2
	}
	left, right := treeOf(leaves[:k], paths[:k]), treeOf(leaves[k:], paths[k:])
	for i := range paths {
		if i < k {
			paths[i] = append(paths[i], right[:])
		} else {
			paths[i] = append(paths[i], left[:])
		}
	}
	return nodeHash(left[:], right[:])
}

// The hashes of RFC 9162 §2.1.1: a leaf begins with another byte than a node, so that neither can
// be taken for the other.
func leafHash(data []byte) [32]byte {
	return sha256.Sum256(append([]byte{0}, data...))
}

func nodeHash(left, right []byte) [32]byte {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left)
	copy(b[1+sha256.Size:], right)
	return sha256.Sum256(b[:])
}
