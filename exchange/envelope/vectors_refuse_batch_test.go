package envelope

import (
	"bytes"
	"crypto/sha256"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// member changes a member of a batch.
func (b *refuser) member(name, reason, why string, change func(*recipe)) {
	b.change(b.world.member(), "batch-"+name, reason, why, func(r *recipe) {
		copied := *r.batch
		r.batch = &copied
		change(r)
	})
}

// batches changes the path of a member, and what its signature covers.
func (b *refuser) batches() {
	proof := func(name, reason, why string, change func(*inclusion)) {
		b.member(name, reason, why, func(r *recipe) { r.batch.onProof = change })
	}
	m := b.world.member().make()
	other := newBatch(3, 2)
	other.others = "another leaf"
	_, foreign := other.tree(toBeSigned(m.protected, m.outer, m.sign1.Payload))
	proof("other-path", "signature", "the path of another batch", func(p *inclusion) { p.Path = foreign.Path })
	proof("flip-path", "signature", "one bit of a hash in the path", func(p *inclusion) { p.Path[0] = flip(5)(bytes.Clone(p.Path[0])) })
	proof("truncated", "path", "a path without its last hash", func(p *inclusion) { p.Path = p.Path[:0] })
	proof("longer", "path", "a path with a hash more", func(p *inclusion) { p.Path = append(p.Path, p.Path[0]) })
	proof("wrong-count", "path", "a count of four, for which the path has another length", func(p *inclusion) { p.Count = 4 })
	proof("wrong-count-fits", "signature", "a count of five, for which the path has the right length", func(p *inclusion) { p.Count, p.Index = 5, 4 })
	proof("wrong-index", "path", "as the second leaf, for which the path is too short", func(p *inclusion) { p.Index = 1 })
	proof("index-beyond", "path", "as the fourth leaf of three", func(p *inclusion) { p.Index = 3 })
	proof("count-0", "path", "leaf 0 of none, without a path", func(p *inclusion) { *p = inclusion{Path: [][]byte{}} })
	proof("count-huge", "path", "the largest count that can be written", func(p *inclusion) { p.Count = 1<<64 - 1 })
	b.member("count-1", "path", "a batch of one", func(r *recipe) {
		r.batch.count, r.batch.index, r.batch.signed = 1, 0, 1
		r.batch.onProof = func(p *inclusion) { p.Path = [][]byte{} }
	})
	b.member("count-1025", "path", "a batch of 1,025", func(r *recipe) { r.batch.count, r.batch.signed = 1025, 1025 })
	b.member("count-not-signed", "signature", "signed with another count than in the proof", func(r *recipe) { r.batch.signed = 4 })
	b.batchRoots(m)
	b.batchHeaders(m)
}

// batchRoots signs other roots, or other bytes than a root.
func (b *refuser) batchRoots(m made) {
	b.member("bare-leaf", "signature", "a leaf that was hashed without its first byte", func(r *recipe) {
		r.batch.leaf = func(message []byte) [32]byte { return sha256.Sum256(message) }
	})
	b.member("leaf-as-node", "signature", "a leaf that was hashed as a node", func(r *recipe) {
		r.batch.leaf = func(message []byte) [32]byte { return sha256.Sum256(append([]byte{1}, message...)) }
	})
	b.member("node-as-leaf", "signature", "the path begins one level higher: a node in place of the leaf", func(r *recipe) {
		r.batch.count, r.batch.signed, r.batch.index = 4, 4, 0
		r.batch.onProof = func(p *inclusion) { p.Count, p.Path = 2, p.Path[1:] }
	})
	b.member("other-context", "signature", "the root signed under the context of a ledger's statement", func(r *recipe) { r.batch.context = "xietong/1 statement" })
	b.member("root-alone", "signature", "a signature over the root alone", func(r *recipe) {
		root, _ := r.batch.tree(toBeSigned(m.protected, m.outer, m.sign1.Payload))
		r.shape = func(s *sign1, _ []byte) { s.Signature = b.city.by[0].SignStatement(root[:]) }
	})
	b.member("as-single", "statement", "a member of a batch that says it is single", func(r *recipe) { r.head.Form = formSingle })
	b.member("as-single-stripped", "signature", "a member that says it is single, without its proof", func(r *recipe) {
		r.onProtected = swap("\x3a\x00\x01\x11\x70\x02", "\x3a\x00\x01\x11\x70\x01")
		r.shape = func(s *sign1, _ []byte) { s.Unprotected = cbor.RawMessage{emptyMap} }
	})
	b.member("stripped", "statement", "a member without its proof", func(r *recipe) {
		r.shape = func(s *sign1, _ []byte) { s.Unprotected = cbor.RawMessage{emptyMap} }
	})
	single := b.world.request().make()
	b.member("single", "signature", "a single signature in the place of that of a root", func(r *recipe) {
		r.shape = func(s *sign1, _ []byte) { s.Signature = single.sign1.Signature }
	})
	b.member("single-as-member", "signature", "its own single signature, with a path beside it", func(r *recipe) {
		r.shape = func(s *sign1, outer []byte) {
			s.Signature = r.by.SignStatement(toBeSigned(s.Protected, outer, s.Payload))
		}
	})
	b.member("other-key", "signature", "the root signed by r2, with the certificate of r1", func(r *recipe) { r.by = b.city.by[1] })
	b.member("revoked-key", "unknown-key", "signed with r1, whose key set the reader believes no more", func(r *recipe) { r.keySets = r.keySets[1:] })
	b.member("late", "expired", "ended, and a member of a batch", func(r *recipe) { r.at = r.outer.Expires + 1 })
}

// batchHeaders changes the unprotected header of a member.
func (b *refuser) batchHeaders(m made) {
	header := func(name, reason, why string, unprotected string) {
		b.member(name, reason, why, func(r *recipe) {
			r.shape = func(s *sign1, _ []byte) { s.Unprotected = cbor.RawMessage(unprotected) }
		})
	}
	_, p := b.world.member().batch.tree(toBeSigned(m.protected, m.outer, m.sign1.Payload))
	bare := string(mustEncode(p))
	inner := string(mustEncode([]byte(bare)))
	const one = "\xa1\x19\x01\x8c\xa1\x20\x81" // {396: {-1: [
	header("empty-proofs", "statement", "no inclusion proof", "\xa1\x19\x01\x8c\xa1\x20\x80")
	header("two-proofs", "statement", "the inclusion proof twice", "\xa1\x19\x01\x8c\xa1\x20\x82"+inner+inner)
	header("consistency", "statement", "a consistency proof", "\xa1\x19\x01\x8c\xa1\x21\x81"+inner)
	header("kid", "statement", "a kid beside the proof", "\xa2\x04\x40\x19\x01\x8c\xa1\x20\x81"+inner)
	header("unwrapped", "statement", "the inclusion proof as an array, not in a byte string", one+bare)
	header("null-proof", "statement", "null in place of the proofs", "\xa1\x19\x01\x8c\xf6")
	header("short-hash", "statement", "31 bytes of a hash in the path", one+string(mustEncode([]byte("\x83\x03\x02\x81\x58\x1f"+strings.Repeat("h", 31)))))
	header("long-index", "statement", "the index in two bytes", one+string(mustEncode([]byte("\x83\x03\x18\x02\x81\x58\x20"+strings.Repeat("h", 32)))))
}
