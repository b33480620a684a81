package host

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

const maxTokenLen = 48 << 10 // characters

// MAC returns a stand-in for a value that the replicated state must find again and may not know.
// Each domain has a key of its own.
func (h *Host) MAC(domain string, parts ...[]byte) [32]byte { return h.vault.MAC(domain, parts...) }

// Preimage returns the encoded preimage of the payload of the entry at index, with which a receipt
// proves the payload; nil: the payload was erased. The error wraps book.ErrNoEntry where the ledger
// has no such entry.
func (h *Host) Preimage(r *state.Reader, index uint64) ([]byte, error) {
	leaf := r.Leaf(index)
	if leaf == nil {
		return nil, fmt.Errorf("open payload: entry %d of %d: %w", index, r.Size(), book.ErrNoEntry)
	}
	encoded, err := h.open(leaf, r.Sealed(index))
	if err != nil {
		return nil, fmt.Errorf("open payload of entry %d: %w", index, err)
	}
	return encoded, nil
}

// Payload opens the payload of the entry at index, and checks it against the entry's commitment.
// The error wraps book.ErrNoEntry where the ledger has no such entry, and book.ErrErased where the
// payload was erased.
func (h *Host) Payload(r *state.Reader, index uint64) ([]byte, error) {
	encoded, err := h.Preimage(r, index)
	if err != nil {
		return nil, err
	}
	if encoded == nil {
		return nil, fmt.Errorf("open payload of entry %d: %w", index, book.ErrErased)
	}
	p, err := ledger.DecodePreimage(encoded)
	if err != nil {
		return nil, fmt.Errorf("open payload of entry %d: %w", index, err)
	}
	return p.Payload, nil
}

// SealToken makes an opaque text that only this jurisdiction can read; a caller brings the text
// back later. OpenToken takes at most 48 KiB, which is about 36 KiB of content.
func (h *Host) SealToken(content []byte) string {
	var nonce [32]byte
	rand.Read(nonce[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(append(nonce[:], h.vault.Seal(nonce, content)...))
}

// OpenToken returns the content that SealToken put into the token. The error wraps book.ErrToken.
func (h *Host) OpenToken(token string) ([]byte, error) {
	if len(token) > maxTokenLen {
		return nil, fmt.Errorf("%w: %d characters", book.ErrToken, len(token))
	}
	data, err := base64.RawURLEncoding.DecodeString(token)
	// Encoded again it must be the same text: the decoder skips line ends and spare bits.
	if err != nil || len(data) < 32 || base64.RawURLEncoding.EncodeToString(data) != token {
		return nil, fmt.Errorf("%w: not what was given", book.ErrToken)
	}
	content, err := h.vault.Open([32]byte(data[:32]), data[32:])
	if err != nil {
		return nil, fmt.Errorf("%w: %w", book.ErrToken, err)
	}
	return content, nil
}

// Note commits to a payload of the node's own statement, and seals it.
func (h *Host) Note(contentType string, payload []byte) (book.Statement, error) {
	c, sealed, err := h.seal(contentType, payload)
	return book.Statement{Evidence: ledger.PlainEvidence(c), Sealed: sealed, Stated: []byte{}}, err
}

// Act commits to the payload of an agency's act, signs it with the stated head, and seals it. The
// error is an *EndedError where what is signed could never be proven, and a *ClockError as of
// Propose.
func (h *Host) Act(stated ledger.Head, contentType string, payload []byte) (book.Statement, error) {
	if err := cmp.Or(h.clockError(), h.checkEnded()); err != nil {
		return book.Statement{}, fmt.Errorf("sign act: %w", err)
	}
	c, sealed, err := h.seal(contentType, payload)
	if err != nil {
		return book.Statement{}, err
	}
	log := h.Log()
	evidence, err := ledger.Sign(log, stated, contentType, c, h.authority.Signer())
	hash := ledger.Stated(log, stated)
	return book.Statement{Evidence: evidence, Sealed: sealed, Stated: hash[:]}, err
}

func (h *Host) seal(contentType string, payload []byte) (ledger.Commitment, []byte, error) {
	preimage, err := ledger.NewPreimage(contentType, payload).Encode()
	if err != nil {
		return ledger.Commitment{}, nil, err
	}
	c := ledger.Commit(preimage)
	return c, h.vault.Seal(c, preimage), nil
}
