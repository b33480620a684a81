package envelope

import (
	"bytes"
	"fmt"
	"strings"
)

// refuser collects vectors. Each is an accepted vector with one change.
type refuser struct {
	*world
	all []recipe
}

func (w *world) refused() []recipe {
	b := &refuser{world: w}
	b.frames()
	b.hops()
	b.outers()
	b.outerValues()
	b.readings()
	b.statements()
	b.protecteds()
	b.batches()
	b.unknownKeys()
	b.signatures()
	b.preimages()
	b.encapsulations()
	b.encryptions()
	b.calls()
	b.replies()
	return b.all
}

func (b *refuser) change(r recipe, name, reason, why string, change func(*recipe)) {
	r.name, r.reason, r.why = name, reason, why
	change(&r)
	b.all = append(b.all, r)
}

// request changes the request, which is not encrypted.
func (b *refuser) request(name, reason, why string, change func(*recipe)) {
	b.change(b.world.request(), name, reason, why, change)
}

// swap replaces the first occurrence of old, which must be there.
func swap(old, with string) func([]byte) []byte {
	return func(data []byte) []byte {
		if !bytes.Contains(data, []byte(old)) {
			panic(fmt.Sprintf("%x does not hold %x", data, old))
		}
		return bytes.Replace(data, []byte(old), []byte(with), 1)
	}
}

func after(more string) func([]byte) []byte {
	return func(data []byte) []byte { return append(data, more...) }
}

// both makes two changes.
func both(first, second func([]byte) []byte) func([]byte) []byte {
	return func(data []byte) []byte { return second(first(data)) }
}

// flip changes one bit; a negative at counts from the end.
func flip(at int) func([]byte) []byte {
	return func(data []byte) []byte {
		if at < 0 {
			data[len(data)+at] ^= 1
		} else {
			data[at] ^= 1
		}
		return data
	}
}

// instead returns data in place of the made piece.
func instead(data []byte) func([]byte) []byte { return func([]byte) []byte { return data } }

// spellings are other encodings of a map or an array, which every piece must refuse: head is its
// first byte, and first its first key or element, an integer below 24.
func spellings(head, first byte) []struct {
	name, why string
	change    func([]byte) []byte
} {
	begin, n := string([]byte{head, first}), head&0x1f
	return []struct {
		name, why string
		change    func([]byte) []byte
	}{
		{"empty", "no bytes", instead([]byte{})},
		{"cut", "the last byte is missing", func(data []byte) []byte { return data[:len(data)-1] }},
		{"trailing", "a byte behind it", after("\x00")},
		{"long-integer", "an integer below 24 in two bytes", swap(begin, string([]byte{head, 0x18, first}))},
		{"long-head", "the number of its elements in two bytes", swap(begin, string([]byte{head&0xe0 | 24, n, first}))},
		{"indefinite", "of indefinite length", both(swap(begin, string([]byte{head&0xe0 | 31, first})), after("\xff"))},
		{"tagged", "a tag before it", func(data []byte) []byte { return append([]byte("\xd9\xd9\xf7"), data...) }},
		{"null", "null in its place", instead([]byte{0xf6})},
	}
}

func (b *refuser) frames() {
	frame := func(name, reason, why string, change func([]byte) []byte) {
		b.request("frame-"+name, reason, why, func(r *recipe) { r.onFrame = change })
	}
	m := b.world.request().make()
	outer, statement, body := string(mustEncode(m.outer)), string(mustEncode(m.statement)), string(mustEncode(m.body))
	for _, s := range spellings(0x86, version) {
		frame(s.name, "frame", "the frame: "+s.why, s.change)
	}
	frame("map", "frame", "a map in place of the array", instead([]byte("\xa1\x01\x01")))
	frame("five", "frame", "no body", both(swap("\x86\x01", "\x85\x01"), swap(body, "")))
	frame("seven", "frame", "a seventh element", both(swap("\x86\x01", "\x87\x01"), after("\x00")))
	frame("float-version", "frame", "the version as a float", swap("\x86\x01", "\x86\xf9\x3c\x00"))
	frame("negative-version", "frame", "a negative version", swap("\x86\x01", "\x86\x20"))
	frame("null-version", "frame", "null in place of the version", swap("\x86\x01", "\x86\xf6"))
	frame("text-version", "frame", "the version as text", swap("\x86\x01", "\x86\x611"))
	frame("version-0", "version", "a version that never was", swap("\x86\x01", "\x86\x00"))
	frame("version-2", "version", "a version to come", swap("\x86\x01", "\x86\x02"))
	frame("version-huge", "version", "the largest version that can be written", swap("\x86\x01", "\x86\x1b\xff\xff\xff\xff\xff\xff\xff\xff"))
	frame("version-2-five", "frame", "a version to come, in a form that this one does not know",
		both(swap("\x86\x01", "\x85\x02"), swap(body, "")))
	frame("null-outer", "frame", "null in place of the outer header", swap(outer, "\xf6"))
	frame("null-statement", "frame", "null in place of the statement", swap(statement, "\xf6"))
	frame("null-encapsulation", "frame", "null in place of no encapsulation", swap(statement+"\x40", statement+"\xf6"))
	frame("null-body", "frame", "null in place of the body", swap(body, "\xf6"))
	frame("outer-as-text", "frame", "the outer header as text", swap(outer, "\x78"+outer[1:2]+strings.Repeat("a", len(m.outer))))
	frame("outer-unwrapped", "frame", "the outer header as a map, not in a byte string", swap(outer, string(m.outer)))
	frame("outer-as-array", "frame", "the bytes of the outer header as an array of integers", swap(outer, "\x82\x01\x02"))
	frame("outer-long-length", "frame", "the length of the outer header in three bytes",
		swap(outer, "\x59\x00"+outer[1:]))
	frame("statement-indefinite", "frame", "the statement as a byte string of indefinite length", swap(statement, "\x5f"+statement+"\xff"))
	frame("body-indefinite", "frame", "the body as a byte string of indefinite length", swap(body, "\x5f"+body+"\xff"))
	frame("statement-tagged", "frame", "the statement with tag 24, encoded CBOR", swap(statement, "\xd8\x18"+statement))
	frame("swapped", "outer", "outer header and statement in each other's place", swap(outer+statement, statement+outer))
	frame("empty-outer", "outer", "an outer header without bytes", swap(outer, "\x40"))
	frame("empty-body", "size", "a body without bytes", swap(body, "\x40"))
	b.request("frame-too-long", "frame", "1,048,577 bytes, all else in order", func(r *recipe) {
		long := Call{Operation: labelOf("query"), Parameters: make([]byte, MaxFrame-len(m.frame))}
		r.pre.Content = mustEncode(long)
		long.Parameters = make([]byte, len(long.Parameters)+MaxFrame+1-len(r.frame()))
		r.pre.Content = mustEncode(long)
		r.fill = len(long.Parameters)
		if n := len(r.frame()); n != MaxFrame+1 {
			panic(fmt.Sprintf("a frame of %d bytes", n))
		}
	})
}

func (b *refuser) hops() {
	hop := func(name, why, old, with string) {
		b.request("hop-"+name, "frame", why, func(r *recipe) { r.onFrame = swap(old, with) })
	}
	const head, begin = "\x86\x01\x84", "\x86\x01\x84\x19\x13\x88\x08\x50"
	trace := string(b.world.request().hop.Trace)
	hop("null", "null in place of the hop header", begin+trace+"\x40", "\x86\x01\xf6")
	hop("long-integer", "the milliseconds in four bytes", begin, head+"\x1a\x00\x00\x13\x88\x08\x50")
	hop("long-head", "the number of its elements in two bytes", begin, "\x86\x01\x98\x04\x19\x13\x88\x08\x50")
	hop("indefinite", "an array of indefinite length", begin+trace+"\x40", "\x86\x01\x9f\x19\x13\x88\x08\x50"+trace+"\x40\xff")
	hop("three", "no hash of what is held", begin+trace+"\x40", "\x86\x01\x83\x19\x13\x88\x08\x50"+trace)
	hop("five", "a fifth element", begin+trace+"\x40", "\x86\x01\x85\x19\x13\x88\x08\x50"+trace+"\x40\x00")
	hop("null-remaining", "null in place of the milliseconds", begin, head+"\xf6\x08\x50")
	hop("negative", "negative milliseconds", begin, head+"\x20\x08\x50")
	hop("remaining-beyond", "2^32 milliseconds", begin, head+"\x1b\x00\x00\x00\x01\x00\x00\x00\x00\x08\x50")
	hop("17", "17 hops left", begin, head+"\x19\x13\x88\x11\x50")
	hop("256", "256 hops left", begin, head+"\x19\x13\x88\x19\x01\x00\x50")
	hop("short-trace", "a trace of 15 bytes", begin+trace, head+"\x19\x13\x88\x08\x4f"+trace[:15])
	hop("long-trace", "a trace of 17 bytes", begin+trace, head+"\x19\x13\x88\x08\x51"+trace+"\x00")
	hop("null-trace", "null in place of the trace", begin+trace, head+"\x19\x13\x88\x08\xf6")
	hop("text-trace", "the trace as text", begin+trace, head+"\x19\x13\x88\x08\x70"+strings.Repeat("a", 16))
	hop("null-held", "null in place of no hash", begin+trace+"\x40", begin+trace+"\xf6")
	hop("short-held", "31 bytes of the hash of what is held", begin+trace+"\x40", begin+trace+"\x58\x1f"+strings.Repeat("h", 31))
	hop("whole-held", "a whole encapsulation in place of the hash of what is held", begin+trace+"\x40", begin+trace+"\x59\x04\x60"+strings.Repeat("h", encLen))
}

// outers changes the form of the outer header, which is then signed.
func (b *refuser) outers() {
	outer := func(name, why string, change func([]byte) []byte) {
		b.request("outer-"+name, "outer", why, func(r *recipe) { r.onOuter = change })
	}
	for _, s := range spellings(0xa7, 1) {
		outer(s.name, "the outer header: "+s.why, s.change)
	}
	id := b.world.request().id.Bytes()
	origin := "\x03\x6fguiyang.guizhou"
	outer("order", "the kind before the id", swap("\x01\x50"+string(id[:])+"\x02\x01", "\x02\x01\x01\x50"+string(id[:])))
	outer("repeated", "the kind twice", both(swap("\xa7\x01", "\xa8\x01"), swap("\x02\x01\x03", "\x02\x01\x02\x01\x03")))
	outer("unlisted", "a field 9", both(swap("\xa7\x01", "\xa8\x01"), after("\x09\x00")))
	outer("text-key", "key 2 as text", swap("\x02\x01\x03", "\x612\x01\x03"))
	outer("no-kind", "no kind", both(swap("\xa7\x01", "\xa6\x01"), swap("\x02\x01\x03", "\x03")))
	outer("no-origin", "no origin", both(swap("\xa7\x01", "\xa6\x01"), swap(origin, "")))
	outer("null-kind", "null in place of the kind", swap("\x02\x01\x03", "\x02\xf6\x03"))
	outer("null-id", "null in place of the id", swap("\x01\x50"+string(id[:]), "\x01\xf6"))
	outer("null-origin", "null in place of the origin", swap(origin, "\x03\xf6"))
	outer("null-key", "null in place of no decryption key", both(swap("\xa7\x01", "\xa8\x01"), after("\x08\xf6")))
	outer("float-time", "a time as a float", swap("\x05\x1b", "\x05\xfb"))
	outer("bignum", "the kind as a bignum", swap("\x02\x01\x03", "\x02\xc2\x41\x01\x03"))
	outer("array", "an array of the values", instead([]byte("\x81\x01")))
	outer("text-id", "the id as text", swap("\x01\x50"+string(id[:]), "\x01\x78\x24"+b.world.request().id.String()))
	outer("bytes-origin", "the origin as a byte string", swap(origin, "\x03\x4fguiyang.guizhou"))
	outer("not-utf-8", "an origin that is not UTF-8", swap(origin, "\x03\x6f\xffuiyang.guizhou"))
	outer("indefinite-origin", "the origin as a text of indefinite length", swap(origin, "\x03\x7f\x6fguiyang.guizhou\xff"))
	outer("upper-case", "an upper-case letter in the origin", swap(origin, "\x03\x6fGuiyang.guizhou"))
	outer("empty-origin", "an empty origin", swap(origin, "\x03\x60"))
	outer("hyphen", "a label that begins with a hyphen", swap(origin, "\x03\x6f-uiyang.guizhou"))
	outer("empty-label", "an empty label", swap(origin, "\x03\x70guiyang..guizhou"))
	outer("nine-labels", "an origin of nine labels", swap(origin, "\x03\x71a.b.c.d.e.f.g.h.i"))
	outer("64-bytes", "a label of 64 bytes", swap(origin, "\x03\x78\x40"+strings.Repeat("a", 64)))
	outer("201-bytes", "an origin of 201 bytes", swap(origin, "\x03\x78\xc9"+b.long.name.String()+"a"))
}

// outerValues puts forbidden values into the outer header.
func (b *refuser) outerValues() {
	outer := func(name, why string, change func(*outerWire)) {
		b.request("outer-"+name, "outer", why, func(r *recipe) { change(&r.outer) })
	}
	outer("short-id", "an id of 15 bytes", func(o *outerWire) { o.ID = o.ID[:15] })
	outer("long-id", "an id of 17 bytes", func(o *outerWire) { o.ID = append(bytes.Clone(o.ID), 0) })
	outer("uuid-4", "a UUIDv4", func(o *outerWire) { o.ID = flipped(o.ID, 6, 0x30) })
	outer("uuid-variant", "a UUID of another variant", func(o *outerWire) { o.ID = flipped(o.ID, 8, 0x40) })
	outer("kind-0", "kind 0", func(o *outerWire) { o.Kind = 0 })
	outer("kind-4", "a kind to come", func(o *outerWire) { o.Kind = 4 })
	outer("federated-encrypted", "a federated request that is encrypted", func(o *outerWire) {
		o.Kind, o.DecryptionKey = Federated, seed("nobody's key")
	})
	b.request("outer-kind-256", "outer", "kind 256", func(r *recipe) { r.onOuter = swap("\x02\x01\x03", "\x02\x19\x01\x00\x03") })
	outer("to-itself", "from a jurisdiction to itself", func(o *outerWire) { o.Origin = o.Destination })
	outer("issued-0", "issued at 0", func(o *outerWire) { o.Issued = 0 })
	outer("ends-at-once", "ends when it begins", func(o *outerWire) { o.Expires = o.Issued })
	outer("ends-before", "ends before it begins", func(o *outerWire) { o.Expires = o.Issued - 1 })
	outer("over-30-days", "a life of 30 days and a millisecond", func(o *outerWire) { o.Expires = o.Issued + 2592000001 })
	outer("beyond-9999", "ends after the year 9999", func(o *outerWire) { o.Issued, o.Expires = maxTime, maxTime+1 })
	outer("huge-time", "the largest times that can be written", func(o *outerWire) { o.Issued, o.Expires = 1<<64-2, 1<<64-1 })
	outer("empty-key", "an empty hash of a decryption key is spelled by leaving it out", func(*outerWire) {})
	b.all[len(b.all)-1].onOuter = both(swap("\xa7\x01", "\xa8\x01"), after("\x08\x40"))
	outer("short-key", "31 bytes of a decryption key's hash", func(o *outerWire) { o.DecryptionKey = seed("key")[:31] })
	outer("size-0", "a body of no bytes, it says", func(*outerWire) {})
	b.all[len(b.all)-1].grow = -len(b.world.request().make().plain)
	b.change(b.world.encrypted(), "outer-size-no-bucket", "outer", "an encrypted body of 321 bytes, which is no size for one", func(r *recipe) {
		r.onPlain = func([]byte) []byte { return make([]byte, 321-tagLen) }
	})
	outer("size-beyond", "a body of 1,048,577 bytes, it says", func(*outerWire) {})
	b.all[len(b.all)-1].grow = MaxFrame + 1 - len(b.world.request().make().plain)
	b.request("size-more", "size", "a body one byte shorter than the outer header says", func(r *recipe) { r.grow = 1 })
	b.request("size-less", "size", "a body one byte longer than the outer header says", func(r *recipe) { r.grow = -1 })
	b.request("body-cut", "size", "a body without its last byte", func(r *recipe) {
		r.onBody = func(body []byte) []byte { return body[:len(body)-1] }
	})
	b.change(b.world.encrypted(), "encrypted-body-cut", "size", "an encrypted body without its last byte", func(r *recipe) {
		r.onBody = func(body []byte) []byte { return body[:len(body)-1] }
	})
}

func flipped(data []byte, at int, bits byte) []byte {
	out := bytes.Clone(data)
	out[at] ^= bits
	return out
}

// readings are correct messages that the wrong reader reads, or a reader at the wrong time. The
// first failing check gives the reason.
func (b *refuser) readings() {
	end := b.world.request().outer.Expires
	b.request("other-destination", "destination", "read by a jurisdiction that it is not for", func(r *recipe) { r.reader = b.other.name })
	b.request("federated-elsewhere", "destination", "a federated request, read by who does not lie below its destination", func(r *recipe) {
		r.outer.Kind, r.reader = Federated, b.city.name
	})
	b.request("own-message", "destination", "read by its origin", func(r *recipe) { r.reader = b.city.name })
	b.request("other-destination-late", "destination", "for somebody else, and ended", func(r *recipe) { r.reader, r.at = b.other.name, end+1 })
	b.request("late", "expired", "one millisecond after its end", func(r *recipe) { r.at = end + 1 })
	b.request("late-unknown", "expired", "ended, and the reader believes no key set", func(r *recipe) { r.at, r.sets, r.keySets = end+1, nil, []string{} })
	b.request("early", "future", "five minutes and a millisecond ahead of the reader's clock", func(r *recipe) { r.at = r.outer.Issued - 300001 })
}

func (b *refuser) unknownKeys() {
	unknown := func(name, why string, change func(*recipe)) { b.request(name, "unknown-key", why, change) }
	unknown("no-key-set", "the reader believes no key set of the origin", func(r *recipe) { r.keySets = []string{} })
	unknown("unlisted-certificate", "r3's certificate is in no key set", func(r *recipe) { r.sign(b.city.by[2]) })
	unknown("later-key-set", "signed with the certificate of number 2, of which the reader does not know", func(r *recipe) {
		r.sign(b.city.by[1])
		r.keySets = r.keySets[:1]
	})
	unknown("earlier-key-set", "signed with the certificate of number 1, which the reader does not believe any more",
		func(r *recipe) { r.keySets = r.keySets[1:] })
	unknown("wrong-origin", "signed by the county, with the city as its origin", func(r *recipe) { r.sign(b.county.by[0]) })
	unknown("other-key-sets", "the key sets of another jurisdiction, which list the certificate", func(r *recipe) {
		r.sign(b.county.by[0])
		r.keySets = []string{"key-set-county-1"}
	})
	unknown("mixed-key-sets", "the newest key set is of another jurisdiction", func(r *recipe) {
		r.keySets = []string{"key-set-city-1", "key-set-county-1"}
	})
	unknown("mixed-older", "the newest key set lists the certificate, the one before it is of another jurisdiction", func(r *recipe) {
		r.keySets = []string{"key-set-county-1", "key-set-city-1"}
	})
	unknown("no-such-certificate", "the hash of no certificate", func(r *recipe) { r.head.Cert.Hash = seed("certificate") })
	unknown("ca-certificate", "the CA certificate is no signing certificate", func(r *recipe) {
		ca := r.by
		ca.public.SigningCert = ca.public.CACert
		r.sign(ca)
	})
	unknown("not-ed25519", "the certificate of r4 is for a key of another algorithm", func(r *recipe) { r.sign(b.city.by[3]) })
	year := uint64(now.AddDate(1, 0, 0).UnixMilli())
	moved := func(name, why string, issued uint64) {
		b.request(name, "certificate-time", why, func(r *recipe) {
			r.outer.Issued, r.outer.Expires, r.at = issued, issued+7200000, issued+4000000
		})
	}
	moved("certificate-ended", "issued one millisecond after its certificate's last second began", year+1)
	moved("certificate-not-yet", "issued one millisecond before its certificate's first", uint64(now.UnixMilli())-3600001)
}

func (b *refuser) signatures() {
	bad := func(name, why string, change func(*recipe)) { b.request(name, "signature", why, change) }
	resign := func(name, why string, message func(s *sign1, outer []byte) []byte) {
		bad(name, why, func(r *recipe) {
			by := r.by
			r.shape = func(s *sign1, outer []byte) { s.Signature = by.SignStatement(message(s, outer)) }
		})
	}
	m := b.world.request().make()
	other := calling("another", "", b.city, b.county, query()).make()
	reshape := func(change func(*sign1)) func(*recipe) {
		return func(r *recipe) { r.shape = func(s *sign1, _ []byte) { change(s) } }
	}
	bad("flip-signature", "one bit of the signature", reshape(func(s *sign1) { s.Signature = flip(0)(s.Signature) }))
	bad("flip-scalar", "one bit of the signature's second half", reshape(func(s *sign1) { s.Signature = flip(40)(s.Signature) }))
	bad("scalar-plus-order", "the signature's second half with the group's order added", reshape(func(s *sign1) { s.Signature = plusOrder(s.Signature) }))
	bad("zero-signature", "64 zero bytes", reshape(func(s *sign1) { s.Signature = make([]byte, 64) }))
	bad("flip-commitment", "one bit of the commitment", reshape(func(s *sign1) { s.Payload = flip(0)(s.Payload) }))
	bad("flip-id", "one bit of the id: the external AAD differs", func(r *recipe) { r.onFrame = swap(string(m.outer), string(flip(18)(bytes.Clone(m.outer)))) })
	bad("longer-life", "an end one millisecond later than was signed", func(r *recipe) { r.onFrame = swap(string(m.outer), string(flip(len(m.outer)-4)(bytes.Clone(m.outer)))) })
	bad("other-type-stated", "another content type than was signed", reshape(func(s *sign1) { s.Protected = swap("request+cbor", "request-cbor")(s.Protected) }))
	bad("swapped-statement", "the statement of another message of the same origin", func(r *recipe) { r.onStatement = instead(other.statement) })
	bad("swapped-outer", "the outer header of another message of the same origin", func(r *recipe) { r.onFrame = swap(string(m.outer), string(other.outer)) })
	bad("swapped-signature", "the signature of another message", reshape(func(s *sign1) { s.Signature = other.sign1.Signature }))
	bad("other-key", "signed by r2, with the certificate of r1", func(r *recipe) { r.by = b.city.by[1] })
	resign("aad-context", "signed with the context of a ledger's statement", func(s *sign1, outer []byte) []byte {
		return mustEncode([]any{"Signature1", s.Protected, mustEncode([]any{"xietong/1 statement", outer}), s.Payload})
	})
	resign("aad-bare", "signed with the outer header alone as external AAD", func(s *sign1, outer []byte) []byte {
		return mustEncode([]any{"Signature1", s.Protected, outer, s.Payload})
	})
	resign("aad-empty", "signed without an external AAD", func(s *sign1, _ []byte) []byte {
		return mustEncode([]any{"Signature1", s.Protected, []byte{}, s.Payload})
	})
	resign("aad-other", "signed with the outer header of another message", func(s *sign1, _ []byte) []byte {
		return toBeSigned(s.Protected, other.outer, s.Payload)
	})
	resign("signature-context", "signed as a COSE_Sign and not as a COSE_Sign1", func(s *sign1, outer []byte) []byte {
		return mustEncode([]any{"Signature", s.Protected, mustEncode([]any{messageContext, outer}), s.Payload})
	})
	resign("signed-body", "signed over the preimage in place of its hash", func(s *sign1, outer []byte) []byte {
		return toBeSigned(s.Protected, outer, m.plain)
	})
}

// plusOrder adds the order of the group of Ed25519 to the scalar: the same equation, another
// signature.
func plusOrder(signature []byte) []byte {
	order := []byte("\xed\xd3\xf5\x5c\x1a\x63\x12\x58\xd6\x9c\xf7\xa2\xde\xf9\xde\x14\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x10")
	out, carry := bytes.Clone(signature), 0
	for i, add := range order {
		carry += int(out[32+i]) + int(add)
		out[32+i], carry = byte(carry), carry>>8
	}
	return out
}
