package envelope

import (
	"bytes"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/fxamacker/cbor/v2"
)

// statements changes the COSE_Sign1 around correctly signed content.
func (b *refuser) statements() {
	bytesOf := func(name, why string, change func([]byte) []byte) {
		b.request("statement-"+name, "statement", why, func(r *recipe) { r.onStatement = change })
	}
	shape := func(name, why string, change func(*sign1)) {
		b.request("statement-"+name, "statement", why, func(r *recipe) { r.shape = func(s *sign1, _ []byte) { change(s) } })
	}
	m := b.world.request().make()
	protected, payload, signature := string(mustEncode(m.protected)), string(mustEncode(m.sign1.Payload)), string(mustEncode(m.sign1.Signature))
	bytesOf("empty", "no bytes", instead([]byte{}))
	bytesOf("cut", "the last byte is missing", func(data []byte) []byte { return data[:len(data)-1] })
	bytesOf("trailing", "a byte behind the statement", after("\x00"))
	bytesOf("untagged", "no tag 18", swap("\xd2\x84", "\x84"))
	bytesOf("other-tag", "tag 98, COSE_Sign, in place of 18", swap("\xd2\x84", "\xd8\x62\x84"))
	bytesOf("mac", "tag 17, COSE_Mac0, in place of 18", swap("\xd2\x84", "\xd1\x84"))
	bytesOf("long-tag", "tag 18 in two bytes", swap("\xd2\x84", "\xd8\x12\x84"))
	bytesOf("tag-twice", "tag 18 twice", swap("\xd2\x84", "\xd2\xd2\x84"))
	bytesOf("cose-tag", "the tag of CBOR itself before it", swap("\xd2\x84", "\xd9\xd9\xf7\xd2\x84"))
	bytesOf("long-head", "the number of elements in two bytes", swap("\xd2\x84", "\xd2\x98\x04"))
	bytesOf("indefinite", "an array of indefinite length", both(swap("\xd2\x84", "\xd2\x9f"), after("\xff")))
	bytesOf("three", "no signature", both(swap("\xd2\x84", "\xd2\x83"), swap(signature, "")))
	bytesOf("five", "a fifth element", both(swap("\xd2\x84", "\xd2\x85"), after("\x40")))
	bytesOf("null", "null in place of the array", instead([]byte("\xd2\xf6")))
	bytesOf("null-protected", "null in place of the protected header", swap(protected, "\xf6"))
	bytesOf("empty-protected", "an empty protected header", swap(protected, "\x40"))
	bytesOf("protected-unwrapped", "the protected header as a map, not in a byte string", swap(protected, string(m.protected)))
	bytesOf("payload-long-length", "the length of the commitment in three bytes", swap(payload, "\x59\x00\x20"+string(m.sign1.Payload)))
	bytesOf("payload-as-text", "the commitment as text", swap(payload, "\x78\x20"+strings.Repeat("a", 32)))
	bytesOf("signature-indefinite", "the signature as a byte string of indefinite length", swap(signature, "\x5f"+signature+"\xff"))
	bytesOf("unprotected-array", "an array in place of the unprotected header", swap(protected+"\xa0", protected+"\x80"))
	bytesOf("unprotected-indefinite", "an unprotected header of indefinite length", swap(protected+"\xa0", protected+"\xbf\xff"))
	bytesOf("unprotected-text", "an unprotected header with a text as its key", swap(protected+"\xa0", protected+"\xa1\x611\x00"))
	shape("null-unprotected", "null in place of the empty unprotected header", func(s *sign1) { s.Unprotected = cbor.RawMessage{0xf6} })
	shape("unprotected", "a kid in the unprotected header", func(s *sign1) { s.Unprotected = cbor.RawMessage("\xa1\x04\x40") })
	shape("unprotected-certificate", "the certificate in the unprotected header", func(s *sign1) {
		s.Unprotected = mustEncode(map[int][]byte{33: b.city.by[0].SigningCert()})
	})
	shape("null-payload", "no commitment: a detached payload", func(s *sign1) { s.Payload = nil })
	shape("empty-payload", "an empty commitment", func(s *sign1) { s.Payload = []byte{} })
	shape("short-payload", "a commitment of 31 bytes", func(s *sign1) { s.Payload = s.Payload[:31] })
	shape("long-payload", "a commitment of 33 bytes", func(s *sign1) { s.Payload = append(bytes.Clone(s.Payload), 0) })
	shape("null-signature", "null in place of the signature", func(s *sign1) { s.Signature = nil })
	shape("short-signature", "a signature of 63 bytes", func(s *sign1) { s.Signature = s.Signature[:63] })
	shape("long-signature", "a signature of 65 bytes", func(s *sign1) { s.Signature = append(bytes.Clone(s.Signature), 0) })
}

// protecteds changes the protected header, which is then signed.
func (b *refuser) protecteds() {
	bytesOf := func(name, why string, change func([]byte) []byte) {
		b.request("protected-"+name, "statement", why, func(r *recipe) { r.onProtected = change })
	}
	value := func(name, why string, change func(*protectedHeader)) {
		b.request("protected-"+name, "statement", why, func(r *recipe) { change(&r.head) })
	}
	for _, s := range spellings(0xa5, 1) {
		if s.name != "empty" { // statements has this case
			bytesOf(s.name, "the protected header: "+s.why, s.change)
		}
	}
	const alg, form = "\x01\x27", "\x3a\x00\x01\x11\x70\x01"
	cert := "\x18\x22" + string(mustEncode(b.world.request().head.Cert))
	bytesOf("order", "258 before 34", swap(cert+"\x19\x01\x02\x2f", "\x19\x01\x02\x2f"+cert))
	bytesOf("form-first", "the form before the labels that are not negative", both(swap(form, ""), swap("\xa5"+alg, "\xa5"+form+alg)))
	bytesOf("repeated", "the algorithm twice", swap("\xa5"+alg, "\xa6"+alg+alg))
	bytesOf("repeated-form", "the form twice, first a batch", swap("\xa5", "\xa6"))
	b.all[len(b.all)-1].onProtected = both(swap("\xa5", "\xa6"), swap(form, "\x3a\x00\x01\x11\x70\x02"+form))
	bytesOf("kid", "an unlisted header: a kid", both(swap("\xa5"+alg, "\xa6"+alg), swap(alg, alg+"\x04\x40")))
	bytesOf("critical", "an unlisted header: critical ones", both(swap("\xa5"+alg, "\xa6"+alg), swap(alg, alg+"\x02\x81\x18\x63")))
	bytesOf("location", "an unlisted header of RFC 9995: where the preimage lies", both(swap("\xa5"+alg, "\xa6"+alg), swap(form, "\x19\x01\x04\x61a"+form)))
	bytesOf("text-label", "an unlisted header with a text as its label", both(swap("\xa5"+alg, "\xa6"+alg), after("\x61a\x00")))
	bytesOf("no-algorithm", "no algorithm", swap("\xa5"+alg, "\xa4"))
	bytesOf("no-form", "no form", both(swap("\xa5", "\xa4"), swap(form, "")))
	bytesOf("no-certificate", "no certificate", both(swap("\xa5", "\xa4"), swap(cert, "")))
	bytesOf("null-form", "null in place of the form", swap(form, "\x3a\x00\x01\x11\x70\xf6"))
	bytesOf("text-form", "the form as text", swap(form, "\x3a\x00\x01\x11\x70\x611"))
	bytesOf("negative-form", "a negative form", swap(form, "\x3a\x00\x01\x11\x70\x20"))
	bytesOf("long-form", "the form in two bytes", swap(form, "\x3a\x00\x01\x11\x70\x18\x01"))
	bytesOf("long-label", "the label of the form in eight bytes", swap(form, "\x3b\x00\x00\x00\x00\x00\x01\x11\x70\x01"))
	bytesOf("text-algorithm", "the algorithm by its name", swap(alg, "\x01\x65EdDSA"))
	bytesOf("numbered-type", "a content type by its number", swap("\x19\x01\x03"+string(mustEncode(RequestType)), "\x19\x01\x03\x18\x32"))
	bytesOf("type-not-utf-8", "a content type that is not UTF-8", swap("\x78\x24application", "\x78\x24\xffpplication"))
	bytesOf("bare-certificate", "the certificate's hash without its algorithm", swap("\x82\x2f\x58\x20", "\x58\x20"))
	bytesOf("null-certificate", "null in place of the certificate's hash", swap(cert, "\x18\x22\x82\x2f\xf6"))
	value("es256", "ES256 in place of EdDSA", func(h *protectedHeader) { h.Alg = -7 })
	value("ed25519", "the algorithm as -19, Ed25519 of RFC 9864", func(h *protectedHeader) { h.Alg = -19 })
	value("payload-sha-512", "SHA-512 as the payload's hash", func(h *protectedHeader) { h.PayloadHash = -44 })
	value("certificate-sha-512", "SHA-512 as the certificate's hash", func(h *protectedHeader) { h.Cert.Alg = -44 })
	value("short-certificate", "31 bytes of a certificate's hash", func(h *protectedHeader) { h.Cert.Hash = h.Cert.Hash[:31] })
	value("empty-type", "an empty content type", func(h *protectedHeader) { h.ContentType = "" })
	value("long-type", "a content type of 101 bytes", func(h *protectedHeader) { h.ContentType = strings.Repeat("a", 101) })
	value("form-0", "form 0", func(h *protectedHeader) { h.Form = 0 })
	value("form-3", "a form to come", func(h *protectedHeader) { h.Form = 3 })
}

// preimages changes what is in the body of a message that is not encrypted.
func (b *refuser) preimages() {
	// formed changes the form of the body; the outer header holds the new size and is signed.
	formed := func(name, reason, why string, change func([]byte) []byte) {
		b.request("body-"+name, reason, why, func(r *recipe) { r.onPlain = change })
	}
	body := func(name, why string, change func([]byte) []byte) {
		b.request(name, "commitment", why, func(r *recipe) { r.onBody = change })
	}
	other := b.world.request()
	other.pre.Salt = seed("another salt")
	body("flip-salt", "one bit of the salt", flip(10))
	body("flip-content", "the last bit of the content", flip(-1))
	body("swapped-body", "the body of another message, with the same content", instead(other.make().plain))
	formed("other-salt", "commitment", "another salt than was signed", func(data []byte) []byte { return append(seed("another salt"), data[saltLen:]...) })
	formed("short-head", "body", "35 bytes, too few for a salt and a length", func(data []byte) []byte { return data[:headLen-1] })
	formed("cut-content", "body", "a content one byte shorter than its length says", func(data []byte) []byte { return data[:len(data)-1] })
	formed("length-beyond", "body", "a length of 2^32-1", func(data []byte) []byte { return fillAt(data, saltLen, 0xff, lengthLen) })
	formed("trailing", "padding", "a byte behind the content of a body that is not encrypted", after("\x00"))
	formed("length-less", "padding", "a length one byte less than the content", shorter)
	formed("cbor", "body", "the preimage itself, as an array", instead(b.world.request().make().preimage))
	b.request("too-much", "body", "a content of 786,433 bytes", func(r *recipe) {
		r.pre.Content = append(make([]byte, MaxContent), 1)
		r.fill = MaxContent
	})
	b.request("other-type", "commitment", "the statement says another content type than the preimage", func(r *recipe) { r.head.ContentType = AnswerType })
	b.request("text-type", "content-type", "a content type that is of no kind", func(r *recipe) { r.pre.ContentType, r.head.ContentType = "text/plain", "text/plain" })
	b.request("longest-type", "content-type", "a content type of 100 bytes that is of no kind", func(r *recipe) {
		r.pre.ContentType = strings.Repeat("a", 100)
		r.head.ContentType = r.pre.ContentType
	})
	b.request("answer-as-request", "content-type", "a request with the content type of an answer", func(r *recipe) { r.pre.ContentType, r.head.ContentType = AnswerType, AnswerType })
	b.change(b.world.answered(), "request-as-answer", "content-type", "an answer with the content type of a request", func(r *recipe) {
		r.pre.ContentType, r.head.ContentType = RequestType, RequestType
	})
}

// shorter makes the length that a plaintext says one byte less.
func shorter(plain []byte) []byte {
	plain[headLen-1]--
	return plain
}

func fillAt(data []byte, at int, with byte, n int) []byte {
	for i := range n {
		data[at+i] = with
	}
	return data
}

// encrypted changes the encrypted request.
func (b *refuser) encrypted(name, reason, why string, change func(*recipe)) {
	b.change(b.world.encrypted(), name, reason, why, change)
}

func (b *refuser) encapsulations() {
	formed := func(name, why string, change func([]byte) []byte) {
		b.encrypted("encapsulation-"+name, "encapsulation", why, func(r *recipe) { r.onEnc = change })
	}
	formed("none", "no encapsulation, though the outer header names a decryption key", instead([]byte{}))
	formed("short", "an encapsulation of 1,119 bytes", func(data []byte) []byte { return data[1:] })
	formed("long", "an encapsulation of 1,121 bytes", after("\x00"))
	formed("short-hash", "31 bytes of its hash", func([]byte) []byte { return seed("hash")[1:] })
	formed("both", "the encapsulation and its hash in one frame", func(data []byte) []byte { return append(data, seed("hash")...) })
	b.encrypted("encapsulation-both-apart", "frame", "the encapsulation, and its hash as an element of its own", func(r *recipe) {
		whole := string(mustEncode(r.to.enc))
		r.onFrame = both(swap("\x86\x01", "\x87\x01"), swap(whole, whole+string(mustEncode(seed("hash")))))
	})
	b.encrypted("encapsulation-array", "frame", "an array of the encapsulation and its hash", func(r *recipe) {
		whole := string(mustEncode(r.to.enc))
		r.onFrame = swap(whole, "\x82"+whole+string(mustEncode(seed("hash"))))
	})
	b.request("encapsulation-in-clear", "encapsulation", "an encapsulation, though the body is not encrypted", func(r *recipe) {
		r.onEnc = instead(b.county.to[1].enc)
	})
	unknown := func(name, why string, change func(*recipe)) {
		b.encrypted(name, "unknown-encapsulation", why, func(r *recipe) {
			r.byReference = true
			change(r)
		})
	}
	unknown("not-held", "the hash of an encapsulation that the reader does not hold", func(*recipe) {})
	unknown("held-of-another", "the hash of an encapsulation that the reader holds of another origin", func(r *recipe) {
		r.holds = []hold{{b.other.name.String(), "enc"}}
	})
	unknown("flip-hash", "one bit of the hash", func(r *recipe) {
		r.holds, r.onEnc = []hold{{r.outer.Origin.String(), "enc"}}, flip(3)
	})
	unknown("not-held-zero", "32 zero bytes as the hash", func(r *recipe) { r.onEnc = instead(make([]byte, hashLen)) })
}

func (b *refuser) encryptions() {
	bad := func(name, why string, change func(*recipe)) { b.encrypted(name, "decryption", why, change) }
	bad("flip-enc", "one bit of the encapsulation's ML-KEM half", func(r *recipe) { r.onEnc = flip(100) })
	bad("flip-enc-x25519", "one bit of the encapsulation's X25519 half", func(r *recipe) { r.onEnc = flip(-20) })
	bad("zero-enc-x25519", "a point of low order as the encapsulation's X25519 half", func(r *recipe) {
		r.onEnc = func(data []byte) []byte { clear(data[encLen-32:]); return data }
	})
	bad("flip-ciphertext", "one bit of the ciphertext", func(r *recipe) { r.onBody = flip(10) })
	bad("flip-tag", "the last bit of the authentication tag", func(r *recipe) { r.onBody = flip(-1) })
	bad("plain", "the body is not encrypted, though the outer header says so", func(r *recipe) {
		r.onBody = func(data []byte) []byte { return append(b.world.encrypted().make().plain, data[:tagLen]...) }
	})
	bad("no-decryption-key", "the reader has no key", func(r *recipe) { r.seeds = nil })
	bad("other-decryption-key", "the reader has another key", func(r *recipe) { r.seeds = r.seeds[:1] })
	bad("encrypted-to-other", "encrypted to the key of another jurisdiction, which the reader has not", func(r *recipe) { r.to = b.other.to[0] })
	bad("key-not-named", "encrypted to the key before, while the outer header names the newest", func(r *recipe) {
		r.outer.DecryptionKey, r.to = r.to.key[:], b.county.to[0]
	})
	bad("other-id", "encrypted with a key exported for another id", func(r *recipe) { r.cipher = func(s *sealing) { s.id = idOf("another") } })
	bad("other-hash", "encrypted with a key exported for another statement", func(r *recipe) { r.cipher = func(s *sealing) { s.hash[31] ^= 1 } })
	bad("other-aad", "encrypted with the outer header of another message as additional data", func(r *recipe) {
		other := b.world.request().make().outer
		r.cipher = func(s *sealing) { s.aad = must(hex.DecodeString(hashOf(other))) }
	})
	bad("swapped-encrypted-body", "the body of another message under the same encapsulation", func(r *recipe) {
		again := calling("same-encapsulation", "", b.city, b.county, query())
		again.to = r.to
		r.onBody = instead(again.make().body)
	})
	b.request("unnamed-key", "body", "encrypted, though the outer header names no decryption key", func(r *recipe) {
		r.onPlain = instead(b.world.encrypted().make().body)
	})
	b.encrypted("other-plaintext", "commitment", "another content is encrypted than was signed", func(r *recipe) {
		r.cipher = func(s *sealing) { s.plain = flip(headLen)(bytes.Clone(s.plain)) }
	})
	b.encrypted("encrypted-preimage", "body", "the preimage is encrypted as an array", func(r *recipe) {
		r.onPlain = func(data []byte) []byte { return append(b.world.encrypted().make().preimage, data...)[:len(data)] }
	})
	padding := func(name, why string, change func([]byte) []byte) {
		b.encrypted("padding-"+name, "padding", why, func(r *recipe) { r.onPlain = change })
	}
	padding("not-zero", "the last byte of the padding is 1", flip(-1))
	padding("first-not-zero", "the first byte of the padding is 1", func(data []byte) []byte {
		data[headLen+len(b.world.encrypted().pre.Content)] = 1
		return data
	})
	padding("more", "padded to the next size but one", after(strings.Repeat("\x00", 32)))
	padding("length-less", "a length one byte less than the content, the rest taken for padding", shorter)
}

func (b *refuser) calls() {
	call := func(name, why string, content []byte) {
		b.request("call-"+name, "request", why, func(r *recipe) { r.pre.Content = content })
	}
	good := must(query().Encode())
	edit := func(name, why string, change func([]byte) []byte) { call(name, why, change(bytes.Clone(good))) }
	for _, s := range spellings(0xa6, 1) {
		edit(s.name, "the call: "+s.why, s.change)
	}
	const operation, purpose = "\x01\x65query", "\x04\x6asocial-aid"
	grant := "\x05\x78\x1fnanming.guiyang.guizhou/log/1/7"
	person, parameters := "\x03\x50"+string(seed("person")[:16]), "\x07\x57"+village
	edit("no-operation", "no operation", swap("\xa6"+operation, "\xa5"))
	edit("null-operation", "null in place of the operation", swap(operation, "\x01\xf6"))
	edit("empty-operation", "an empty operation", swap(operation, "\x01\x60"))
	edit("upper-case", "an upper-case letter in the operation", swap(operation, "\x01\x65Query"))
	edit("64-bytes", "an operation of 64 bytes", swap(operation, "\x01\x78\x40"+strings.Repeat("q", 64)))
	edit("bytes-operation", "the operation as a byte string", swap(operation, "\x01\x45query"))
	edit("no-parameters", "no parameters", both(swap("\xa6\x01", "\xa5\x01"), swap(parameters, "")))
	edit("null-parameters", "null in place of the parameters", swap(parameters, "\x07\xf6"))
	edit("text-parameters", "the parameters as text", swap(parameters, "\x07\x77"+village))
	edit("order", "the purpose before the person", swap(person+purpose, purpose+person))
	edit("repeated", "the purpose twice", both(swap("\xa6\x01", "\xa7\x01"), swap(purpose, purpose+purpose)))
	edit("unlisted", "a field 9", both(swap("\xa6\x01", "\xa7\x01"), after("\x09\x00")))
	list := func(what string) func([]byte) []byte { return both(swap("\xa6\x01", "\xa7\x01"), after("\x08"+what)) }
	hash := string(seed("agencies"))
	edit("list-null", "null in place of no list of agencies", list("\xf6"))
	edit("list-number-0", "a list of agencies of number 0", list("\x82\x00\x58\x20"+hash))
	edit("list-short-hash", "31 bytes of the hash of a list of agencies", list("\x82\x07\x58\x1f"+hash[:31]))
	edit("list-long", "a list of agencies with a third value", list("\x83\x07\x58\x20"+hash+"\x00"))
	edit("list-number", "the number of a list of agencies in two bytes", list("\x82\x18\x07\x58\x20"+hash))
	edit("null-agency", "null in place of no agency", swap("\x02\x6dcivil-affairs", "\x02\xf6"))
	edit("empty-agency", "an empty agency is spelled by leaving it out", swap("\x02\x6dcivil-affairs", "\x02\x60"))
	edit("agency-id", "a SPIFFE ID in place of the agency's label", swap("\x02\x6dcivil-affairs", "\x02\x78\x2dspiffe://guiyang.guizhou/agency/civil-affairs"))
	edit("empty-person", "an empty pseudonym is spelled by leaving it out", swap(person, "\x03\x40"))
	edit("long-person", "a pseudonym of 33 bytes", swap(person, "\x03\x58\x21"+strings.Repeat("p", 33)))
	edit("text-person", "the pseudonym as text", swap(person, "\x03\x70"+strings.Repeat("p", 16)))
	edit("purpose-not-utf-8", "a purpose that is not UTF-8", swap(purpose, "\x04\x6a\xffocial-aid"))
	edit("grant-log", "a log in place of an entry", swap(grant, "\x05\x78\x1dnanming.guiyang.guizhou/log/1"))
	edit("grant-zero", "a leading zero in an entry", swap(grant, "\x05\x78\x20nanming.guiyang.guizhou/log/1/07"))
	edit("grant-epoch", "epoch 0", swap(grant, "\x05\x78\x1fnanming.guiyang.guizhou/log/0/7"))
	edit("grant-beyond", "an index of 2^62", swap(grant, "\x05\x78\x31nanming.guiyang.guizhou/log/1/4611686018427387904"))
	call("array", "an array of the values", []byte("\x82\x65query\x40"))
	call("answer", "the content of an answer", b.world.answered().pre.Content)
}

func (b *refuser) replies() {
	good := b.world.answered()
	hash, refusal := string((*good.reply).To), b.world.problem()
	answer := func(name, reason, why string, content []byte) {
		b.change(good, "reply-"+name, reason, why, func(r *recipe) { r.pre.Content = content })
	}
	edit := func(name, why string, change func([]byte) []byte) {
		answer(name, "answer", why, change(bytes.Clone(good.pre.Content)))
	}
	problem := func(name, why string, change func([]byte) []byte) {
		answer(name, "answer", why, change(bytes.Clone(refusal.pre.Content)))
	}
	for _, s := range spellings(0xa3, 1) {
		edit(s.name, "the answer: "+s.why, s.change)
	}
	to, entry := "\x01\x58\x20"+hash, "\x04\x78\x1fnanming.guiyang.guizhou/log/1/8"
	result := "\x03" + string(mustEncode(good.reply.Result))
	value := "\x02\x82\x18\x18\x81\x72household-register"
	edit("to-nothing", "no request's hash", swap("\xa3"+to, "\xa2"))
	edit("null-to", "null in place of the request's hash", swap(to, "\x01\xf6"))
	edit("short-to", "31 bytes of the request's hash", swap(to, "\x01\x58\x1f"+hash[:31]))
	edit("order", "the entry before the result", swap(result+entry, entry+result))
	edit("repeated", "the result twice", swap("\xa3"+to+result, "\xa4"+to+result+result))
	edit("unlisted", "a field 5", both(swap("\xa3\x01", "\xa4\x01"), after("\x05\x00")))
	edit("null-problem", "null in place of no problem", swap("\xa3"+to, "\xa4"+to+"\x02\xf6"))
	edit("null-result", "null in place of no result", swap(result, "\x03\xf6"))
	edit("empty-result", "an empty result is spelled by leaving it out", swap(result, "\x03\x40"))
	edit("text-result", "the result as text", swap(result, "\x03\x61a"))
	edit("empty-entry", "an empty entry is spelled by leaving it out", swap(entry, "\x04\x60"))
	edit("malformed-entry", "an upper-case letter in the entry", swap(entry, "\x04\x78\x1fNanming.guiyang.guizhou/log/1/8"))
	problem("problem-and-result", "a problem and a result", both(swap("\xa2\x01", "\xa3\x01"), after("\x03\x41a")))
	problem("problem-and-entry", "a problem and an entry", both(swap("\xa2\x01", "\xa3\x01"), after(entry)))
	problem("code-0", "problem 0", swap(value, "\x02\x82\x00\x81\x72household-register"))
	problem("code-beyond", "problem 65536", swap(value, "\x02\x82\x1a\x00\x01\x00\x00\x81\x72household-register"))
	problem("long-code", "the code in three bytes", swap(value, "\x02\x82\x19\x00\x18\x81\x72household-register"))
	problem("no-values", "no list of values", swap(value, "\x02\x81\x18\x18"))
	problem("null-values", "null in place of an empty list of values", swap(value, "\x02\x82\x18\x18\xf6"))
	problem("third", "a third element in the problem", swap(value, "\x02\x83"+value[2:]+"\x00"))
	problem("bytes-value", "a value as a byte string", swap(value, "\x02\x82\x18\x18\x81\x52household-register"))
	problem("null-value", "null in place of a value", swap(value, "\x02\x82\x18\x18\x81\xf6"))
	problem("value-not-utf-8", "a value that is not UTF-8", swap(value, "\x02\x82\x18\x18\x81\x72\xffousehold-register"))
	problem("17-values", "17 values", swap(value, "\x02\x82\x18\x18\x91"+strings.Repeat("\x60", 17)))
	problem("long-value", "a value of 1,025 bytes", swap(value, "\x02\x82\x18\x18\x81\x79\x04\x01"+strings.Repeat("v", 1025)))
	answer("request", "answer", "the content of a request", b.world.request().pre.Content)
	answer("other-request", "other-request", "an answer to another request", mustEncode(Reply{To: seed("request"), Result: []byte{1}}))
	other := slices.Clone(good.reply.To)
	other[31] ^= 1
	answer("other-bit", "other-request", "one bit of the request's hash", mustEncode(Reply{To: other, Result: []byte{1}}))
}
