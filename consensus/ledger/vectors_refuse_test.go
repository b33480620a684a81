package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/fxamacker/cbor/v2"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

// refusals gives each word of docs/ledger-format.md with the texts of our errors that it stands
// for. The order counts: the first row that fits an error is the right one.
var refusals = []struct {
	word string
	says []string
}{
	{"version", []string{"data: receipt: version"}},
	{"receipt", []string{"data: receipt: "}},
	{"endorsement-ended", []string{"had ended"}},
	{"endorsement", []string{"invalid endorsement"}},
	{"chain", []string{"invalid chain", "the chain ends with"}},
	{"pin", []string{"is not the pinned one"}},
	{"key-set-order", []string{"does not follow number"}},
	{"minority", []string{"replicas signed the checkpoint"}},
	{"key-set-signatures", []string{"signatures are not in order", "which is not listed", "the signature of r", "replicas signed", "must be left out"}},
	{"key-set", []string{"invalid key set"}},
	{"epoch", []string{"key set of epoch"}},
	{"line", []string{"invalid signature for key"}},
	{"unlisted", []string{"by a key that is not listed", "no verifiable signatures"}},
	{"note", []string{"data: checkpoint", "not proven: checkpoint: malformed note"}},
	{"origin", []string{"not proven: checkpoint of "}},
	{"proof", []string{"data: inclusion proof"}},
	{"size", []string{"the proof is for"}},
	{"inclusion", []string{"the entry is not in the tree"}},
	{"cose", []string{"data: COSE receipt"}},
	{"cose-signature", []string{"the signature of the COSE receipt"}},
	{"leaf", []string{"data: leaf", "data: evidence"}},
	{"statement", []string{"data: statement"}},
	{"certificate", []string{"no key set of the chain lists", "data: signing certificate"}},
	{"certificate-time", []string{"was not valid at the entry's time"}},
	{"statement-signature", []string{"the signature of the act"}},
	{"payload", []string{"data: payload"}},
	{"commitment", []string{"not the one that the entry commits to"}},
	{"content-type", []string{"the act states the content type"}},
}

func reasonOf(err error) string {
	if err == nil {
		return ""
	}
	for _, r := range refusals {
		if slices.ContainsFunc(r.says, func(s string) bool { return strings.Contains(err.Error(), s) }) {
			return r.word
		}
	}
	return "no word for: " + err.Error()
}

// refuser collects vectors. Most vectors are the receipt of the act at index 1 of 2 entries with
// one thing changed.
type refuser struct {
	*world
	g   grown
	all []vector
}

func (w *world) refused() []vector {
	b := &refuser{world: w, g: w.tree(w.leaves[:2]...)}
	b.flips()
	b.spellings()
	b.chains()
	b.endorsements()
	b.keySets()
	b.notes()
	b.proofs()
	b.coses()
	b.leafForms()
	b.acts()
	b.payloads()
	return b.all
}

func (b *refuser) base() []byte { return b.g.receipt(1, b.g.note(b.by[0]), b.by[0], b.signed1) }

func (b *refuser) raw(name, reason, why string, receipt []byte) {
	b.all = append(b.all, vector{name, why, reason, nil, b.one.Pin().String(), receipt, b.preimage[1]})
}

func (b *refuser) edit(name, reason, why string, change func(*Receipt)) {
	r := must(DecodeReceipt(b.base()))
	change(&r)
	b.raw(name, reason, why, mustEncode(r))
}

func (b *refuser) payload(name, reason, why string, preimage []byte) {
	b.raw(name, reason, why, b.base())
	b.all[len(b.all)-1].Preimage = preimage
}

func (b *refuser) pinned(name, reason, why, pin string, sets ...[]byte) {
	b.edit(name, reason, why, func(r *Receipt) { r.Chain[0].KeySets = sets })
	b.all[len(b.all)-1].Pin = pin
}

// leaf adds the receipt of a leaf that stands in the tree as it is.
func (b *refuser) leaf(name, reason, why string, leaf []byte) {
	g := b.tree(b.leaves[0], leaf)
	b.raw(name, reason, why, g.receipt(1, g.note(b.by[0]), b.by[0], b.signed1))
}

// flip returns data with one bit changed at the given place of part, which stands in data.
func flip(data, part []byte, at int) []byte {
	i := bytes.Index(data, part)
	if i < 0 {
		panic("the part does not stand in the data")
	}
	out := bytes.Clone(data)
	out[i+at] ^= 1
	return out
}

// swap replaces the first old, which must be there.
func swap(data []byte, old, with string) []byte {
	if !bytes.Contains(data, []byte(old)) {
		panic(fmt.Sprintf("%x does not hold %x", data, old))
	}
	return bytes.Replace(data, []byte(old), []byte(with), 1)
}

func (b *refuser) flips() {
	base := b.base()
	r := must(DecodeReceipt(base))
	s := must(decodeSign1(r.COSE))
	path := unmarshal[inclusion](r.Proof).Path[0]
	root := b.g.checkpoint().Root
	b.raw("flip-leaf", "inclusion", "one bit of the leaf", flip(base, r.Leaf, 40))
	b.raw("flip-path", "inclusion", "one bit of the inclusion proof's hash", flip(base, path, 0))
	b.edit("flip-root", "line", "another root in the checkpoint", func(r *Receipt) {
		other := root
		other[0] ^= 1
		r.Note = swap(r.Note, root.String(), other.String())
	})
	b.raw("flip-line", "line", "one bit of a line's signature", flip(base, r.Note, len(r.Note)-20))
	b.raw("flip-cose-signature", "cose-signature", "one bit of the COSE receipt's signature", flip(base, s.Signature, 0))
	b.edit("flip-cose-proof", "cose", "the COSE receipt holds another proof", func(r *Receipt) { r.COSE = flip(r.COSE, path, 31) })
	b.raw("flip-key-set", "pin", "one bit of the decryption key in the pinned key set", flip(base, b.one.DecryptionKey, 0))
	b.raw("flip-key-set-signature", "key-set-signatures", "one bit of the key set's signature",
		flip(base, b.by[0].SignLog(b.one.SigningInput()), 63))
	b.payload("flip-payload", "commitment", "one bit of the payload", flip(b.preimage[1], b.preimage[1], len(b.preimage[1])-2))
	b.payload("flip-salt", "commitment", "one bit of the salt", flip(b.preimage[1], b.preimage[1], 10))
	b.raw("empty", "receipt", "no bytes", []byte{})
	b.raw("cut", "receipt", "the last byte is missing", base[:len(base)-1])
	b.raw("trailing", "receipt", "a byte behind the receipt", append(bytes.Clone(base), 0))
}

// spellings adds other encodings of the same receipt.
func (b *refuser) spellings() {
	base, log := b.base(), b.log.String()
	field2 := "\x02\x78\x1d" + log
	if !bytes.HasPrefix(base, []byte("\xa7\x01\x01"+field2)) {
		panic("the receipt begins in another way")
	}
	rest := string(base[3+len(field2):])
	r := must(DecodeReceipt(base))
	note := string(mustEncode(r.Note))
	spell := func(name, why string, parts ...string) {
		b.raw(name, "receipt", why, []byte(strings.Join(parts, "")))
	}
	spell("long-integer", "the version in two bytes", "\xa7\x01\x18\x01", field2, rest)
	spell("long-key", "a key in two bytes", "\xa7\x18\x01\x01", field2, rest)
	spell("long-length", "a length in three bytes", "\xa7\x01\x01\x02\x79\x00\x1d", log, rest)
	spell("long-map", "the number of fields in two bytes", "\xb8\x07\x01\x01", field2, rest)
	spell("map-order", "field 2 before field 1", "\xa7", field2, "\x01\x01", rest)
	spell("repeated-key", "field 1 twice", "\xa8\x01\x01\x01\x01", field2, rest)
	spell("unknown-key", "a field 8", "\xa8\x01\x01", field2, rest, "\x08\x00")
	spell("absent-field", "no field 1", "\xa6", field2, rest)
	spell("text-key", "key 1 as text", "\xa7\x61\x31\x01", field2, rest)
	spell("indefinite-map", "a map of indefinite length", "\xbf\x01\x01", field2, rest, "\xff")
	spell("indefinite-text", "a text of indefinite length", "\xa7\x01\x01\x02\x7f\x78\x1d", log, "\xff", rest)
	spell("indefinite-array", "an array of indefinite length", string(swap(base, "\x07\x81\xa1\x01", "\x07\x9f\xa1\x01")), "\xff")
	spell("indefinite-bytes", "a byte string of indefinite length", string(swap(base, "\x05"+note, "\x05\x5f"+note+"\xff")))
	spell("tag", "a tag before the receipt", "\xd9\xd9\xf7", string(base))
	spell("float", "the version as a float", "\xa7\x01\xf9\x3c\x00", field2, rest)
	spell("null", "null in place of the version", "\xa7\x01\xf6", field2, rest)
	spell("not-utf-8", "a text that is not UTF-8", "\xa7\x01\x01\x02\x78\x1d\xff", log[1:], rest)
	b.raw("bytes-as-text", "receipt", "the note as text", swap(base, note, string(mustEncode(string(r.Note)))))
	b.edit("version-2", "version", "a version to come", func(r *Receipt) { r.Version = 2 })
	b.edit("log-zero", "receipt", "a leading zero in the log's name", func(r *Receipt) { r.Log = place + "/log/01" })
	b.edit("log-case", "receipt", "an upper-case letter in the log's name", func(r *Receipt) { r.Log = "N" + log[1:] })
	b.edit("log-long", "receipt", "nine labels in the log's name", func(r *Receipt) { r.Log = "a.b.c.d.e.f.g.h.i/log/1" })
}

func (b *refuser) chains() {
	b.edit("endorsement-last", "chain", "an endorsement at the last level", func(r *Receipt) { r.Chain[0].Endorsement = []byte{1} })
	b.raw("empty-endorsement", "receipt", "an empty endorsement is spelled by leaving it out",
		append(swap(b.base(), "\x07\x81\xa1\x01", "\x07\x81\xa2\x01"), "\x02\x40"...))
	b.edit("no-endorsement", "chain", "two levels without an endorsement", func(r *Receipt) { r.Chain = append(r.Chain, r.Chain[0]) })
	b.edit("no-level", "chain", "no level", func(r *Receipt) { r.Chain = []trust.Level{} })
	b.pinned("pin-other-place", "pin", "the pin of another jurisdiction",
		strings.Replace(b.one.Pin().String(), "nanming", "yunyan", 1), b.signed1)
	b.pinned("pin-other-tree", "pin", "the pin of another tree of the same name",
		fmt.Sprintf("%s/keys/1/%x", place, seed("another tree")), b.signed1)
	b.pinned("pin-later", "pin", "the pin is of number 2, the chain ends with number 1", b.two.Pin().String(), b.signed1)
	b.pinned("pin-earlier", "pin", "the pin is of number 1, the chain begins with number 2", b.one.Pin().String(), signSet(b.two))
	other := after(b.one, b.keys[:2])
	b.pinned("pin-other-branch", "pin", "the pin is of another number 2", b.two.Pin().String(), b.signed1, signSet(other, b.by[0]))
	level := "\x07\x81\xa1\x01"
	sets := level + string(mustEncode([][]byte{b.signed1}))
	b.raw("no-key-set", "key-set", "a level without key sets", swap(b.base(), sets, level+"\x80"))
	b.raw("null-key-sets", "receipt", "null in place of the key sets", swap(b.base(), sets, level+"\xf6"))
	b.edit("epoch", "epoch", "the receipt names a log of epoch 2, the key set is of epoch 1", func(r *Receipt) { r.Log = place + "/log/2" })
}

func (b *refuser) keySets() {
	r1, r2, r3, r4 := b.by[0], b.by[1], b.by[2], b.by[3]
	pin1, pin2 := b.one.Pin().String(), b.two.Pin().String()
	three := after(b.two, b.keys[1:3])
	b.pinned("skipped-number", "key-set-order", "number 3 after number 1", pin1, b.signed1, signSet(three, r2, r3))
	forked := after(b.one, b.keys[:2])
	b.pinned("other-branch", "key-set-order", "number 3 follows another number 2", pin1,
		b.signed1, signSet(forked, r1), signSet(three, r2, r3))
	back := after(b.one, b.keys[:1])
	back.Name = must(identity.ParseJurisdiction("yunyan.guiyang.guizhou"))
	b.pinned("renamed", "key-set-order", "number 2 has another name", pin1, b.signed1, signSet(back, r1))
	epoch2 := b.one
	epoch2.Epoch = 2
	b.pinned("epoch-back", "key-set-order", "number 2 is of an earlier epoch than number 1", epoch2.Pin().String(),
		signSet(epoch2, r1), signSet(func() trust.KeySet { k := after(epoch2, b.keys[:1]); k.Epoch = 1; return k }(), r1))
	b.pinned("unsigned", "key-set-signatures", "number 1 without signatures", pin1, signSet(b.one))
	b.pinned("too-few", "key-set-signatures", "number 3 signed by one of number 2's three", pin2, signSet(b.two), signSet(three, r2))
	b.pinned("by-the-new", "key-set-signatures", "number 2 signed by a replica that only number 2 lists", pin1, b.signed1, signSet(b.two, r2))
	b.pinned("by-a-stranger", "key-set-signatures", "a stranger's signature beside the majority", pin1, b.signed1, signSet(b.two, r1, r4))
	b.pinned("signed-twice", "key-set-signatures", "one replica's signature twice", pin2, signSet(b.two), signSet(three, r2, r2))
	b.pinned("signature-order", "key-set-signatures", "signatures not in the order of the replicas", pin2, signSet(b.two),
		mustEncode([]any{must(three.Encode()), []any{
			[]any{"r3", r3.SignLog(three.SigningInput())}, []any{"r2", r2.SignLog(three.SigningInput())},
		}}))
	b.pinned("pinned-signatures", "key-set-signatures", "signatures on a pinned number 2", pin2, b.signed2)
	b.pinned("null-signatures", "key-set", "null in place of no signatures", pin2, mustEncode([]any{must(b.two.Encode()), nil}))
	shape := func(name, why string, data []byte) {
		hash := sha256.Sum256(data)
		sig := r1.SignLog(append([]byte("xietong/1 key set\n"), hash[:]...))
		b.pinned(name, "key-set", why, fmt.Sprintf("%s/keys/1/%x", place, hash), mustEncode([]any{data, []any{[]any{"r1", sig}}}))
	}
	one := must(b.one.Encode())
	shape("key-set-long", "a pinned key set with an integer in two bytes", swap(one, "\x02\x01\x03\x01", "\x02\x18\x01\x03\x01"))
	shape("key-set-trailing", "a byte behind a pinned key set", append(bytes.Clone(one), 0))
	odd := func(change func(*trust.KeySet)) []byte {
		k := b.one
		k.Replicas = slices.Clone(k.Replicas)
		change(&k)
		return mustEncode(k)
	}
	shape("replica-order", "replicas not in the order of their numbers", odd(func(k *trust.KeySet) {
		k.Replicas = []trust.ReplicaKeys{b.keys[1], b.keys[0]}
	}))
	shape("shared-log-key", "two replicas with one log key", odd(func(k *trust.KeySet) {
		k.Replicas = []trust.ReplicaKeys{b.keys[0], b.keys[1]}
		k.Replicas[1].LogKey = k.Replicas[0].LogKey
	}))
	shape("short-log-key", "a log key of 31 bytes", odd(func(k *trust.KeySet) { k.Replicas[0].LogKey = k.Replicas[0].LogKey[1:] }))
	shape("no-certificate", "four bytes in place of a certificate", odd(func(k *trust.KeySet) { k.Replicas[0].SigningCert = []byte("cert") }))
	shape("previous-in-1", "number 1 with a hash of a number before it", odd(func(k *trust.KeySet) { k.Previous = seed("before") }))
	shape("no-replica", "no replica", odd(func(k *trust.KeySet) { k.Replicas = []trust.ReplicaKeys{} }))
	shape("no-decryption-key", "an empty decryption key", odd(func(k *trust.KeySet) { k.DecryptionKey = []byte{} }))
	shape("no-recovery-key", "an empty recovery key", odd(func(k *trust.KeySet) { k.RecoveryKey = []byte{} }))
	shape("recovery-key-left-out", "no field 8", swap(swap(one, "\x08\x58\x20"+string(b.one.RecoveryKey), ""), "\xa6", "\xa5"))
	shape("weak-recovery-key", "a recovery key of small order", odd(func(k *trust.KeySet) { k.RecoveryKey = append([]byte{1}, make([]byte, 31)...) }))
	shape("recovery-log-key", "the log key of r1 as the recovery key", odd(func(k *trust.KeySet) { k.RecoveryKey = k.Replicas[0].LogKey }))
}

func (b *refuser) notes() {
	r1, r2, r3, r4 := b.by[0], b.by[1], b.by[2], b.by[3]
	ofThree := func(name, reason, why string, note []byte) {
		b.edit(name, reason, why, func(r *Receipt) { r.Note, r.Chain[0].KeySets = note, [][]byte{b.signed1, b.signed2} })
	}
	note := b.g.note(r1)
	ofThree("one-of-three", "minority", "one of three lines", note)
	ofThree("line-twice", "note", "two lines and one of them again", func() []byte {
		two := b.g.note(r1, r2)
		return append(two, two[bytes.LastIndex(two[:len(two)-1], []byte("\n"))+1:]...)
	}())
	head, lines, _ := strings.Cut(string(b.g.note(r1, r3)), "\n\n")
	both := strings.SplitAfter(lines, "\n")
	ofThree("line-order", "note", "lines not in ascending order", []byte(head+"\n\n"+both[1]+both[0]))
	set := func(name, reason, why string, note []byte) {
		b.edit(name, reason, why, func(r *Receipt) { r.Note = note })
	}
	set("unlisted-line", "unlisted", "a line by a key that the key set does not list, beside the majority", b.g.note(r1, r4))
	set("unlisted-only", "unlisted", "only a line by a key that the key set does not list", b.g.note(r4))
	other := b.g
	other.log = must(identity.NewLog(must(identity.ParseJurisdiction("yunyan.guiyang.guizhou")), 1))
	set("other-log", "unlisted", "a checkpoint of another log, by the same key", other.note(r1))
	wrong := b.g.checkpoint()
	wrong.Log = other.log
	text := func(name, reason, why, text string) {
		sig := r1.SignLog([]byte(text))
		id := fmt.Sprintf("%08x", keyHash(b.log.String(), noteAlgEd25519, r1.LogPublic()))
		set(name, reason, why, fmt.Appendf(nil, "%s\n\u2014 %s %s\n", text, b.log, base64Of(id, sig)))
	}
	text("other-origin", "origin", "the text names another log than the line", wrong.text())
	text("fourth-line", "note", "a fourth line in the text", b.g.checkpoint().text()+"more\n")
	text("size-zero", "note", "a leading zero in the size", strings.Replace(b.g.checkpoint().text(), "\n2\n", "\n02\n", 1))
	text("short-root", "note", "a root of 31 bytes", fmt.Sprintf("%s\n2\n%s\n", b.log, base64Of("", seed("root")[1:])))
	set("no-line", "note", "no lines", note[:bytes.Index(note, []byte("\n\n"))+2])
	set("no-newline", "note", "no newline at the end", note[:len(note)-1])
	set("carriage-return", "note", "a carriage return", swap(note, "\n\n", "\r\n\n"))
	set("stray-bits", "note", "base64 with stray bits at its end", strayBits(note))
	set("hyphen", "note", "a hyphen in place of the dash before a line", swap(note, "\u2014", "-"))
}

func (b *refuser) proofs() {
	g7 := b.tree(b.leaves[:7]...)
	// The holder of a receipt can put any proof into it, in both places: no signature is over the
	// proof itself.
	both := func(name, reason, why string, proof []byte) {
		b.edit(name, reason, why, func(r *Receipt) {
			s := must(decodeSign1(r.COSE))
			s.Unprotected = proofHeader(proof)
			r.Proof, r.COSE = proof, mustEncode(cbor.Tag{Number: tagSign1, Content: s})
		})
	}
	mine := must(DecodeReceipt(b.base())).Proof
	p := func(change func(*inclusion)) []byte {
		v := unmarshal[inclusion](mine)
		change(&v)
		return mustEncode(v)
	}
	both("other-index", "inclusion", "the proof of entry 0", must(DecodeReceipt(b.g.receipt(0, []byte{}, b.by[0], b.signed1))).Proof)
	both("index-moved", "inclusion", "entry 1's path under index 0", p(func(v *inclusion) { v.Index = 0 }))
	both("other-size", "size", "the proof is for 7 entries, the checkpoint for 2", must(DecodeReceipt(g7.receipt(1, []byte{}, b.by[0], b.signed1))).Proof)
	both("index-beyond", "proof", "the index is the size", p(func(v *inclusion) { v.Index = 2 }))
	both("size-huge", "proof", "a size of 2^62", p(func(v *inclusion) { v.Size = 1 << 62 }))
	both("path-short", "inclusion", "a path without its hash", p(func(v *inclusion) { v.Path = [][]byte{} }))
	both("path-long", "inclusion", "a path with a hash more", p(func(v *inclusion) { v.Path = append(v.Path, v.Path[0]) }))
	both("path-too-long", "proof", "a path of 63 hashes", p(func(v *inclusion) { v.Path = slices.Repeat(v.Path, 63) }))
	both("path-hash-short", "proof", "a hash of 31 bytes", p(func(v *inclusion) { v.Path[0] = v.Path[0][1:] }))
	both("proof-long-integer", "proof", "the size in two bytes", swap(mine, "\x83\x02\x01", "\x83\x18\x02\x01"))
	both("proof-trailing", "proof", "a byte behind the proof", append(bytes.Clone(mine), 0))
	g1 := b.tree(b.leaves[0])
	r := must(DecodeReceipt(g1.receipt(0, g1.note(b.by[0]), b.by[0], b.signed1)))
	s := must(decodeSign1(r.COSE))
	r.Proof = []byte("\x83\x01\x00\xf6")
	s.Unprotected = proofHeader(r.Proof)
	r.COSE = mustEncode(cbor.Tag{Number: tagSign1, Content: s})
	b.raw("path-null", "proof", "null in place of an empty path", mustEncode(r))
	b.all[len(b.all)-1].Preimage = b.preimage[0]
	b.edit("swapped-leaf", "inclusion", "the leaf of entry 0 under the proof of entry 1", func(r *Receipt) { r.Leaf = b.leaves[0] })
}

func (b *refuser) coses() {
	root := b.g.checkpoint().Root
	cose := func(name, reason, why string, change func(*sign1)) {
		b.edit(name, reason, why, func(r *Receipt) {
			s := must(decodeSign1(r.COSE))
			change(&s)
			r.COSE = mustEncode(cbor.Tag{Number: tagSign1, Content: s})
		})
	}
	// signed makes another protected header, signed by r1.
	signed := func(protected []byte) func(*sign1) {
		return func(s *sign1) {
			s.Protected, s.Signature = protected, b.by[0].SignLog(toBeSigned(protected, []byte{}, root[:]))
		}
	}
	kid := sha256.Sum256(b.by[0].LogPublic())
	cose("wrong-kid", "cose-signature", "the kid is of a key that is not listed",
		signed(mustEncode(coseHeader{algEdDSA, seed("kid"), vdsRFC9162})))
	cose("cose-other-algorithm", "cose", "ES256 in the protected header", signed(mustEncode(coseHeader{-7, kid[:], vdsRFC9162})))
	cose("cose-other-tree", "cose", "another verifiable data structure", signed(mustEncode(coseHeader{algEdDSA, kid[:], 2})))
	cose("cose-long-header", "cose", "an integer in the protected header in two bytes",
		signed(swap(mustEncode(coseHeader{algEdDSA, kid[:], vdsRFC9162}), "\x01\x27", "\x01\x38\x07")))
	cose("cose-attached", "cose", "the root stands in the COSE receipt", func(s *sign1) { s.Payload = root[:] })
	cose("cose-empty-payload", "cose", "an empty payload in place of null", func(s *sign1) { s.Payload = []byte{} })
	cose("cose-more-headers", "cose", "one more unprotected header", func(s *sign1) { s.Unprotected[1] = []byte{0} })
	cose("cose-no-proof", "cose", "no proof in the COSE receipt", func(s *sign1) { s.Unprotected = map[int64]cbor.RawMessage{} })
	cose("cose-stranger", "cose-signature", "signed by a key that is not listed",
		func(s *sign1) { s.Signature = b.by[3].SignLog(toBeSigned(s.Protected, []byte{}, root[:])) })
	cose("cose-other-root", "cose-signature", "signed over another root",
		func(s *sign1) { s.Signature = b.by[0].SignLog(toBeSigned(s.Protected, []byte{}, seed("root"))) })
	b.edit("cose-untagged", "cose", "no tag 18", func(r *Receipt) { r.COSE = r.COSE[1:] })
	b.edit("cose-other-tag", "cose", "tag 98 in place of 18", func(r *Receipt) { r.COSE = append([]byte{0xd8, 98}, r.COSE[1:]...) })
	b.edit("cose-long-tag", "cose", "tag 18 in two bytes", func(r *Receipt) { r.COSE = append([]byte{0xd8, 18}, r.COSE[1:]...) })
}

func (b *refuser) leafForms() {
	leaf := must(DecodeLeaf(b.leaves[1]))
	c := leaf.Evidence.commitment
	plain := mustEncode(c[:])
	wire := func(version uint64, evidence []byte, change func(*Head)) []byte {
		h := leaf.Head
		change(&h)
		return mustEncode(leafWire{Version: version, Head: h, Evidence: evidence})
	}
	same := func(*Head) {}
	good := wire(1, plain, same)
	b.leaf("leaf-version-2", "leaf", "a version to come", wire(2, plain, same))
	b.leaf("no-kind", "leaf", "kind 0", wire(1, plain, func(h *Head) { h.Kind = 0 }))
	b.leaf("no-seq", "leaf", "no sequence number", wire(1, plain, func(h *Head) { h.Seq = 0 }))
	b.leaf("no-time", "leaf", "no time", wire(1, plain, func(h *Head) { h.Time = 0 }))
	b.leaf("time-beyond", "leaf", "a time after the year 9999", wire(1, plain, func(h *Head) { h.Time = MaxTime + 1 }))
	b.leaf("clock-late", "leaf", "a clock that is not behind ledger time", wire(1, plain, func(h *Head) { h.Clock = h.Time }))
	b.leaf("limit-alone", "leaf", "a limit without a unit", wire(1, plain, func(h *Head) { h.Limit = 5 }))
	b.leaf("limit-without-rule", "leaf", "a limit in working days, by no rule", wire(1, plain, func(h *Head) { h.Limit, h.Unit = 5, WorkingDays }))
	b.leaf("unit-alone", "leaf", "a unit without a limit", wire(1, plain, func(h *Head) { h.Unit = Days }))
	b.leaf("rule-alone", "leaf", "a rule without a limit", wire(1, plain, func(h *Head) { h.Rule = 1 }))
	b.leaf("unit-beyond", "leaf", "a limit in a unit that there is none of", wire(1, plain, func(h *Head) { h.Limit, h.Unit, h.Rule = 5, 4, 1 }))
	b.leaf("tag-short", "leaf", "a tag of 15 bytes", append(swap(good[:len(good)-len(plain)], "\xa5\x01\x04", "\xa6\x01\x04"), append([]byte("\x0e\x4f"), append(bytes.Repeat([]byte{7}, 15), plain...)...)...))
	b.leaf("tag-empty", "leaf", "a tag of zeroes must be absent", append(swap(good[:len(good)-len(plain)], "\xa5\x01\x04", "\xa6\x01\x04"), append([]byte("\x0e\x50"), append(make([]byte, 16), plain...)...)...))
	b.leaf("zero-field", "leaf", "a field that is 0 must be absent", swap(good, "\xa5\x01\x04", "\xa6\x01\x04\x04\x00"))
	b.leaf("kind-beyond", "leaf", "a kind above 65535", swap(good, "\xa5\x01\x04", "\xa5\x01\x1a\x00\x01\x00\x00"))
	b.leaf("unknown-head", "leaf", "a field 17 in the head", append(swap(good[:len(good)-len(plain)], "\xa5\x01\x04", "\xa6\x01\x04"),
		append([]byte("\x11\x01"), plain...)...))
	b.leaf("head-order", "leaf", "the code before the agency", swap(good,
		"\x02\x6dcivil-affairs\x03\x68villages", "\x03\x68villages\x02\x6dcivil-affairs"))
	b.leaf("agency-case", "leaf", "an upper-case letter in the agency", swap(good, "civil", "Civil"))
	b.leaf("commitment-short", "leaf", "a commitment of 31 bytes", wire(1, mustEncode(c[1:]), same))
	b.leaf("commitment-null", "leaf", "null in place of the commitment", wire(1, []byte{0xf6}, same))
	b.leaf("commitment-long-length", "leaf", "the commitment's length in three bytes", append(good[:len(good)-len(plain)], append([]byte{0x59, 0, 32}, c[:]...)...))
	b.leaf("leaf-trailing", "leaf", "a byte behind the leaf", append(bytes.Clone(wire(1, plain, same)), 0))
}

// acts adds acts of an agency, well-formed in all but one thing.
func (b *refuser) acts() {
	type act struct {
		log       identity.Log
		stated    Head
		header    statementHeader
		protected []byte // nil: of header
		by        testSigner
		shape     func(*sign1)
	}
	good := must(DecodeLeaf(b.leaves[1]))
	c := good.Evidence.commitment
	leaf := func(name, reason, why string, change func(*act)) {
		cert := sha256.Sum256(b.by[0].cert)
		a := act{b.log, good.Head, statementHeader{algEdDSA, certByHash{Alg: algSHA256, Hash: cert[:]}, algSHA256, "application/json"}, nil, b.by[0], func(*sign1) {}}
		change(&a)
		if a.protected == nil {
			a.protected = mustEncode(a.header)
		}
		s := sign1{Protected: a.protected, Unprotected: map[int64]cbor.RawMessage{}, Payload: c[:]}
		s.Signature = a.by.SignStatement(toBeSigned(a.protected, statedFor(a.log, a.stated), c[:]))
		a.shape(&s)
		raw := mustEncode(cbor.Tag{Number: tagSign1, Content: s})
		h := good.Head
		if name == "certificate-expired" {
			h.Time = uint64(then.AddDate(1, 0, 0).UnixMilli()) + 1
		}
		b.leaf(name, reason, why, mustEncode(leafWire{Version: leafVersion, Head: h, Evidence: raw}))
	}
	leaf("head-changed", "statement-signature", "signed with another head: the external AAD differs", func(a *act) { a.stated.Code = identity.Label{} })
	leaf("head-more", "statement-signature", "signed without the entry that it is about", func(a *act) { a.stated.About = 1 })
	leaf("signed-for-other-log", "statement-signature", "signed for epoch 2 of the log", func(a *act) { a.log = must(identity.NewLog(b.log.Jurisdiction(), 2)) })
	leaf("signed-with-log-key", "statement-signature", "signed with the log key in place of the certificate's", func(a *act) { a.by.signing = a.by.log })
	leaf("certificate-unlisted", "certificate", "r4's certificate is in no key set", func(a *act) {
		cert := sha256.Sum256(b.by[3].cert)
		a.header.Cert.Hash, a.by = cert[:], b.by[3]
	})
	leaf("certificate-ca", "certificate", "the CA certificate is no signing certificate", func(a *act) {
		cert := sha256.Sum256(b.keys[0].CACert)
		a.header.Cert.Hash = cert[:]
	})
	leaf("certificate-expired", "certificate-time", "one millisecond after the certificate's last", func(*act) {})
	leaf("statement-other-algorithm", "statement", "ES256 in the protected header", func(a *act) { a.header.Alg = -7 })
	leaf("statement-other-hash", "statement", "SHA-512 as the payload's hash", func(a *act) { a.header.PayloadHash = -44 })
	leaf("certificate-other-hash", "statement", "SHA-512 as the certificate's hash", func(a *act) { a.header.Cert.Alg = -44 })
	leaf("statement-no-type", "statement", "an empty content type", func(a *act) { a.header.ContentType = "" })
	leaf("statement-long-type", "statement", "a content type of 101 bytes", func(a *act) { a.header.ContentType = strings.Repeat("a", 101) })
	leaf("statement-more-headers", "statement", "a critical header", func(a *act) {
		a.protected = mustEncode(map[int64]any{1: algEdDSA, 2: []int{99}, 34: a.header.Cert, 258: algSHA256, 259: "application/json"})
	})
	leaf("statement-header-order", "statement", "258 before 34 in the protected header", func(a *act) {
		good := mustEncode(a.header)
		cert := mustEncode(a.header.Cert)
		a.protected = swap(good, "\x18\x22"+string(cert)+"\x19\x01\x02\x2f", "\x19\x01\x02\x2f\x18\x22"+string(cert))
	})
	leaf("statement-unprotected", "statement", "an unprotected header", func(a *act) { a.shape = func(s *sign1) { s.Unprotected[4] = []byte{0x40} } })
	leaf("statement-null-header", "statement", "null in place of an empty unprotected header", func(a *act) { a.shape = func(s *sign1) { s.Unprotected = nil } })
	leaf("statement-detached", "statement", "no commitment in the statement", func(a *act) { a.shape = func(s *sign1) { s.Payload = nil } })
	leaf("statement-short-signature", "statement", "a signature of 63 bytes", func(a *act) { a.shape = func(s *sign1) { s.Signature = s.Signature[1:] } })
	leaf("other-content-type", "content-type", "the act states another content type than its payload has", func(a *act) { a.header.ContentType = "text/plain" })
}

func (b *refuser) payloads() {
	p := must(DecodePreimage(b.preimage[1]))
	// committed makes the preimage the one that the entry commits to.
	committed := func(name, why string, preimage []byte) {
		c := Commit(preimage)
		b.leaf(name, "payload", why, must(Leaf{b.heads[1], PlainEvidence(c)}.Encode()))
		b.all[len(b.all)-1].Preimage = preimage
	}
	b.payload("other-payload", "commitment", "the payload of entry 0", b.preimage[0])
	b.payload("empty-preimage", "payload", "no bytes, which is not the same as none given", []byte{})
	b.payload("payload-trailing", "payload", "a byte behind the preimage", append(bytes.Clone(b.preimage[1]), 0))
	committed("payload-null", "null in place of an empty payload", mustEncode([]any{p.Salt, p.ContentType, nil}))
	committed("payload-long-length", "the salt's length in three bytes", swap(b.preimage[1], "\x58\x20", "\x59\x00\x20"))
	committed("payload-as-text", "the payload as text", mustEncode([]any{p.Salt, p.ContentType, string(p.Payload)}))
	committed("payload-indefinite", "an array of indefinite length", append(swap(b.preimage[1], "\x83\x58", "\x9f\x58"), 0xff))
	committed("salt-short", "a salt of 31 bytes", mustEncode([]any{p.Salt[1:], p.ContentType, p.Payload}))
	committed("no-content-type", "an empty content type", mustEncode([]any{p.Salt, "", p.Payload}))
	committed("long-content-type", "a content type of 101 bytes", mustEncode([]any{p.Salt, strings.Repeat("a", 101), p.Payload}))
	committed("fourth-element", "a fourth element", mustEncode([]any{p.Salt, p.ContentType, p.Payload, 1}))
}

// base64Of encodes the bytes of an id in hex and what follows.
func base64Of(id string, data []byte) string {
	return base64.StdEncoding.EncodeToString(append(must(hex.DecodeString(id)), data...))
}

// strayBits sets a bit that stands for nothing, in the last base64 digit of a note. A line of 68
// bytes ends in one "=".
func strayBits(note []byte) []byte {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	out := bytes.Clone(note)
	at := len(out) - 3
	out[at] = digits[strings.IndexByte(digits, out[at])+1]
	return out
}
