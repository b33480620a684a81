package envelope

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// parts are the named pieces, in the order in which the page explains them.
func (w *world) parts() []part {
	var all []part
	add := func(name, what string, data []byte) {
		all = append(all, part{Name: name, What: what, Hex: hex.EncodeToString(data)})
	}
	hash := func(data []byte) []byte { sum := sha256.Sum256(data); return sum[:] }
	for _, p := range w.places() {
		for i, k := range p.sets {
			name := fmt.Sprintf("-%s-%d", p.word, i+1)
			add("key-set"+name, "key set of "+p.name.String(), must(k.Encode()))
			add("seed"+name, "seed of its decryption key", p.seeds[i])
		}
	}
	add("smallest", "message", w.smallest().frame())
	r := w.request()
	m := r.make()
	add("hop", "hop header of the request", mustEncode(r.hop))
	add("outer-request", "its outer header", m.outer)
	add("call-request", "its content", r.pre.Content)
	add("preimage-request", "its preimage", m.preimage)
	add("body-request", "its body, which is not encrypted", m.body)
	add("commitment-request", "SHA-256 of the preimage", m.sign1.Payload)
	add("certificate-request", "signing certificate, DER", r.by.SigningCert())
	add("protected-request", "protected header of its statement", m.protected)
	add("aad-request", "external AAD", mustEncode([]any{messageContext, m.outer}))
	add("to-be-signed-request", "Sig_structure", toBeSigned(m.protected, m.outer, m.sign1.Payload))
	add("signature-request", "signature", m.sign1.Signature)
	add("statement-request", "statement", m.statement)
	add("request", "message", m.frame)
	add("evidence-request", "what is hashed", mustEncode([]any{m.outer, m.statement}))
	add("hash-request", "hash of the message", hash(mustEncode([]any{m.outer, m.statement})))
	e := w.encrypted()
	m = e.make()
	context, enc := exportContext(e.id, m.hash()), sha256.Sum256(m.enc)
	add("outer-encrypted", "outer header of an encrypted request", m.outer)
	add("plaintext-encrypted", "its plaintext, padded", m.plain)
	add("decryption-key-hash", "SHA-256 of the key that it is encrypted to", e.to.key[:])
	add("enc", "encapsulation", m.enc)
	add("enc-hash", "SHA-256 of the encapsulation", enc[:])
	add("statement-encrypted", "its statement", m.statement)
	add("hash-encrypted", "hash of the message", hash(mustEncode([]any{m.outer, m.statement})))
	add("exporter-context", "what its key is exported for", []byte(context))
	add("message-key", "its key", must(e.to.sender.Export(context, keyLen)))
	add("aad-encrypted", "additional data: SHA-256 of the outer header", hash(m.outer))
	add("ciphertext", "its body", m.body)
	add("encrypted", "message", m.frame)
	add("encrypted-by-reference", "the same message with the hash of the encapsulation", w.byReference().frame())
	b := w.member()
	m = b.make()
	message := toBeSigned(m.protected, m.outer, m.sign1.Payload)
	leaf := leafHash(message)
	root, proof := b.batch.tree(message)
	add("protected-batch", "protected header of a member of a batch", m.protected)
	add("leaf-batch", "leaf hash of its Sig_structure", leaf[:])
	add("node-batch", "the one hash of its path", proof.Path[0])
	add("root-batch", "root of the batch", root[:])
	add("to-be-signed-batch", "what the signature covers", batchToBeSigned(root, proof.Count))
	add("proof-batch", "inclusion proof", mustEncode(proof))
	add("unprotected-batch", "unprotected header", m.sign1.Unprotected)
	add("signature-batch", "signature", m.sign1.Signature)
	add("commitment-batch", "payload", m.sign1.Payload)
	add("statement-batch", "statement", m.statement)
	add("reply-answer", "content of an answer", w.answered().pre.Content)
	add("reply-problem", "content of an answer that refuses", w.problem().pre.Content)
	return all
}
