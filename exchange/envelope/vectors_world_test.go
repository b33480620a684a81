package envelope

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/hpke"
	"crypto/mlkem"
	"crypto/mlkem/mlkemtest"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"time"

	"github.com/fxamacker/cbor/v2"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

// seed returns the 32 bytes that a key, a salt or an id of the vectors is made from.
func seed(text string) []byte {
	sum := sha256.Sum256([]byte("xietong test vector " + text))
	return sum[:]
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// testSigner is a replica with keys from seeds.
type testSigner struct {
	signing ed25519.PrivateKey
	public  trust.ReplicaKeys
}

func (s testSigner) SigningCert() []byte             { return s.public.SigningCert }
func (s testSigner) SignStatement(msg []byte) []byte { return ed25519.Sign(s.signing, msg) }

// place is a jurisdiction of the vectors. Its key set number n lists the replicas of that number,
// and the decryption key of seeds[n-1].
type place struct {
	word  string // in the names of parts
	name  identity.Jurisdiction
	by    []testSigner // r1 …
	sets  []trust.Believed
	seeds [][]byte
	to    []*Recipient
}

// newPlace makes a place whose signing certificates are valid until the given time.
func newPlace(word, name string, until time.Time, numbers ...[]int) *place {
	p := &place{word: word, name: jurisdictionOf(name)}
	for r := range 4 {
		p.by = append(p.by, newSigner(name, uint32(r+1), until))
	}
	for n, replicas := range numbers {
		s := seed(fmt.Sprintf("%s %d decryption", name, n+1))
		k := trust.KeySet{Name: p.name, Epoch: 1, Number: uint64(n + 1), DecryptionKey: publicOf(s)}
		k.RecoveryKey = ed25519.NewKeyFromSeed(seed(name + " recovery")).Public().(ed25519.PublicKey)
		for _, r := range replicas {
			k.Replicas = append(k.Replicas, p.by[r-1].public)
		}
		if n > 0 {
			hash := p.sets[n-1].Hash()
			k.Previous = hash[:]
		}
		p.sets, p.seeds = append(p.sets, trust.Believed{KeySet: k}), append(p.seeds, s)
		p.to = append(p.to, fixedRecipient(k.DecryptionKey, fmt.Sprintf("%s %d", name, n+1)))
	}
	return p
}

// newSigner makes replica n. r4's certificate is for a key that is not Ed25519.
func newSigner(name string, n uint32, until time.Time) testSigner {
	r := must(identity.NewReplica(n))
	key := func(use string) ed25519.PrivateKey {
		return ed25519.NewKeyFromSeed(seed(name + " " + r.String() + " " + use))
	}
	s := testSigner{signing: key("signing")}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{name}}, URIs: []*url.URL{{Scheme: "spiffe", Host: name}},
		NotBefore: now.Add(-time.Hour), NotAfter: until, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte(r.String()),
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{Organization: []string{name}},
		URIs:      []*url.URL{{Scheme: "spiffe", Host: name, Path: "/signing/" + r.String()}},
		NotBefore: now.Add(-time.Hour), NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	var public any = s.signing.Public()
	if n == 4 {
		public = must(ecdsa.ParseRawPrivateKey(elliptic.P256(), seed(name+" r4 signing"))).Public()
	}
	s.public = trust.ReplicaKeys{
		Replica: r, LogKey: key("log").Public().(ed25519.PublicKey),
		CACert:      must(x509.CreateCertificate(zeroes{}, ca, ca, key("ca").Public(), key("ca"))),
		SigningCert: must(x509.CreateCertificate(zeroes{}, template, ca, public, key("ca"))),
	}
	return s
}

func publicOf(seed []byte) []byte {
	return must(hpke.MLKEM768X25519().NewPrivateKey(seed)).PublicKey().Bytes()
}

// decryptionKeys are the seeds of a reader's decryption keys.
type decryptionKeys [][]byte

func (d decryptionKeys) Decapsulate(key [32]byte, enc, info []byte) (*hpke.Recipient, error) {
	for _, s := range d {
		if sha256.Sum256(publicOf(s)) == key {
			return hpke.NewRecipient(enc, must(hpke.MLKEM768X25519().NewPrivateKey(s)), hpke.HKDFSHA256(), hpke.AES256GCM(), info)
		}
	}
	return nil, errors.New("a key that is not here")
}

// fixedRecipient encrypts with one encapsulation, from seeds. No library makes one without
// randomness, so X-Wing (draft-connolly-cfrg-xwing-kem §5.4) and the key schedule of HPKE (RFC 9180
// §5.1) are written out here.
func fixedRecipient(public []byte, whose string) *Recipient {
	r := must(NewRecipient(public, func() time.Time { return now }))
	ssM, ctM, err := mlkemtest.Encapsulate768(must(mlkem.NewEncapsulationKey768(public[:mlkem.EncapsulationKeySize768])), seed(whose+" ml-kem"))
	if err != nil {
		panic(err)
	}
	pkX := must(ecdh.X25519().NewPublicKey(public[mlkem.EncapsulationKeySize768:]))
	skE := must(ecdh.X25519().NewPrivateKey(seed(whose + " x25519")))
	ctX := skE.PublicKey().Bytes()
	ss := sha3.Sum256(bytes.Join([][]byte{ssM, must(skE.ECDH(pkX)), ctX, pkX.Bytes(), []byte(`\.//^\`)}, nil))
	r.enc, r.until = append(ctM, ctX...), now.Add(time.Hour)
	r.hash = sha256.Sum256(r.enc)
	context := append([]byte{0}, extract(nil, "psk_id_hash", nil)...)
	context = append(context, extract(nil, "info_hash", []byte(bodyInfo))...)
	r.sender = exporterSecret(expand(extract(ss[:], "secret", nil), "exp", context, 32))
	return r
}

var suite = append([]byte("HPKE"), 0x64, 0x7a, 0, 1, 0, 2) // X-Wing, HKDF-SHA-256, AES-256-GCM

// extract is LabeledExtract with the salt.
func extract(salt []byte, label string, ikm []byte) []byte {
	return must(hkdf.Extract(sha256.New, bytes.Join([][]byte{[]byte("HPKE-v1"), suite, []byte(label), ikm}, nil), salt))
}

// expand is LabeledExpand.
func expand(prk []byte, label string, info []byte, n int) []byte {
	labeled := bytes.Join([][]byte{binary.BigEndian.AppendUint16(nil, uint16(n)), []byte("HPKE-v1"), suite, []byte(label), info}, nil)
	return must(hkdf.Expand(sha256.New, prk, string(labeled), n))
}

type exporterSecret []byte

func (s exporterSecret) Export(context string, n int) ([]byte, error) {
	return expand(s, "sec", []byte(context), n), nil
}

// world holds the places that send the vectors and read them.
type world struct {
	city, county, other, small, top, long, longer, far *place
}

func newWorld() *world {
	year, end := now.AddDate(1, 0, 0), time.UnixMilli(maxTime).Truncate(time.Second)
	long := func(first string) string { // of 200 bytes
		return first + hex.EncodeToString(make([]byte, 31)) + "." + hex.EncodeToString(make([]byte, 31)) + "." + hex.EncodeToString(make([]byte, 31)) + ".guizhou-01"
	}
	return &world{
		city:   newPlace("city", "guiyang.guizhou", year, []int{1, 4}, []int{2}),
		county: newPlace("county", "nanming.guiyang.guizhou", year, []int{1}, []int{1}),
		other:  newPlace("other", "yunyan.guiyang.guizhou", year, []int{1}),
		small:  newPlace("small", "a", year, []int{1}),
		top:    newPlace("top", "b", year, []int{1}),
		long:   newPlace("long", long("a"), year, []int{1}),
		longer: newPlace("longer", long("b"), year, []int{1}),
		far:    newPlace("far", "zunyi.guizhou", end, []int{1}),
	}
}

func (w *world) places() []*place {
	return []*place{w.city, w.county, w.other, w.small, w.top, w.long, w.longer, w.far}
}

// idOf makes a UUIDv7 with the time of the vectors.
func idOf(text string) identity.Message {
	b := seed("id " + text)[:16]
	binary.BigEndian.PutUint64(b, uint64(now.UnixMilli())<<16|0x7000|uint64(b[7]))
	b[8] = b[8]&0x3f | 0x80
	return must(identity.MessageFromBytes(b))
}

// recipe describes how to make a vector: the pieces of a message, and the changes to them. A piece
// is changed before its use, so all later pieces are made from the changed one.
type recipe struct {
	name, why, reason string
	reader            identity.Jurisdiction
	at                uint64
	sets              []trust.Believed
	keySets, seeds    []string
	holds             []hold
	request           string
	call              *Call
	reply             *Reply

	id    identity.Message
	hop   hopWire
	outer outerWire
	head  protectedHeader
	pre   preimage
	by    testSigner
	to    *Recipient

	onPlain, onOuter, onProtected, onStatement, onEnc, onBody, onFrame func([]byte) []byte
	grow                                                               int // error of the size in the outer header
	shape                                                              func(s *sign1, outer []byte)
	cipher                                                             func(*sealing) // changes the input of the encryption after signing
	byReference                                                        bool
	batch                                                              *batch
	fill                                                               int // zero bytes to leave out
}

// batch makes a message a member of a batch. The other leaves come from seeds.
type batch struct {
	count, index uint64
	others       string // of what the seeds of the other leaves are
	context      string // that is signed
	// What is changed: the leaf, the count that is signed, the proof after signing.
	leaf    func(message []byte) [32]byte
	signed  uint64
	onProof func(*inclusion)
}

func newBatch(count, index uint64) *batch {
	return &batch{count: count, index: index, others: "leaf", context: batchContext, leaf: leafHash, signed: count, onProof: func(*inclusion) {}}
}

// tree returns the root and the path of the member.
func (b *batch) tree(message []byte) (root [32]byte, p inclusion) {
	leaves, paths := make([][32]byte, b.count), make([][][]byte, b.count)
	for i := range leaves {
		leaves[i] = [32]byte(seed(fmt.Sprintf("%s %d", b.others, i)))
	}
	leaves[b.index] = b.leaf(message)
	root = treeOf(leaves, paths)
	return root, inclusion{Count: b.count, Index: b.index, Path: paths[b.index]}
}

func (b *batch) sign(s *sign1, message []byte, by testSigner) {
	root, p := b.tree(message)
	s.Signature = by.SignStatement(mustEncode([]any{b.context, root[:], b.signed}))
	b.onProof(&p)
	s.Unprotected = p.unprotected()
}

// sealing is the input of an encryption.
type sealing struct {
	id         identity.Message
	hash       [32]byte
	aad, plain []byte
}

func (s sealing) by(r *Recipient) []byte {
	gcm := must(cipherOf(r.sender, exportContext(s.id, s.hash)))
	return gcm.Seal(nil, make([]byte, gcm.NonceSize()), s.plain, s.aad)
}

// message is a well-formed message of one place to another, read in time by a reader that knows all
// needed keys.
func message(name, why string, from, to *place, kind Kind, content []byte) recipe {
	id, r1 := idOf(name), from.by[0]
	bytes16 := id.Bytes()
	r := recipe{
		name: name, why: why, reader: to.name, at: uint64(now.UnixMilli()) + 40, sets: from.sets, id: id, by: r1,
		hop: hopWire{Remaining: 5000, Hops: 8, Trace: bytes16[:], Held: []byte{}},
		outer: outerWire{
			ID: bytes16[:], Kind: kind, Origin: from.name, Destination: to.name, Issued: uint64(now.UnixMilli()),
			Expires: uint64(now.Add(time.Minute).UnixMilli()),
		},
		pre: preimage{Salt: seed("salt " + name), ContentType: kind.contentType(), Content: content},
	}
	r.sign(r1)
	r.head.Alg, r.head.PayloadHash, r.head.ContentType, r.head.Form = algEdDSA, algSHA256, r.pre.ContentType, formSingle
	for _, k := range from.sets {
		r.keySets = append(r.keySets, fmt.Sprintf("key-set-%s-%d", from.word, k.Number))
	}
	for n := range to.seeds {
		r.seeds = append(r.seeds, fmt.Sprintf("seed-%s-%d", to.word, n+1))
	}
	return r
}

// inBatch makes the message a member of a batch.
func (r *recipe) inBatch(b *batch) {
	r.head.Form, r.batch = formBatch, b
}

// sign lets another replica sign.
func (r *recipe) sign(by testSigner) {
	hash := sha256.Sum256(by.SigningCert())
	r.by, r.head.Cert = by, certByHash{Alg: algSHA256, Hash: hash[:]}
}

func (h hopWire) hop() Hop { return Hop{h.Remaining, h.Hops, [TraceLen]byte(h.Trace), h.Held} }

func apply(change func([]byte) []byte, data []byte) []byte {
	if change == nil {
		return data
	}
	return change(bytes.Clone(data))
}

// made are the pieces of a message in the order in which they are made.
type made struct {
	preimage, plain, outer, protected, statement, enc, body, frame []byte
	sign1                                                          sign1
}

func (r recipe) make() made {
	m := made{preimage: mustEncode(r.pre), enc: []byte{}}
	size := sizeOf(len(r.pre.Content), r.to != nil)
	if r.to != nil {
		size -= tagLen
	}
	m.plain = apply(r.onPlain, plain(r.pre.Salt, r.pre.Content, size))
	o := r.outer
	o.Size = uint64(len(m.plain) + r.grow)
	if r.to != nil {
		o.Size += tagLen
		if o.DecryptionKey == nil {
			o.DecryptionKey = r.to.key[:]
		}
	}
	m.outer = apply(r.onOuter, mustEncode(o))
	m.protected = apply(r.onProtected, mustEncode(r.head))
	commitment := sha256.Sum256(m.preimage)
	m.sign1 = sign1{Protected: m.protected, Unprotected: cbor.RawMessage{emptyMap}, Payload: commitment[:]}
	if message := toBeSigned(m.protected, m.outer, commitment[:]); r.batch != nil {
		r.batch.sign(&m.sign1, message, r.by)
	} else {
		m.sign1.Signature = r.by.SignStatement(message)
	}
	if r.shape != nil {
		r.shape(&m.sign1, m.outer)
	}
	m.statement = apply(r.onStatement, mustEncode(cbor.Tag{Number: tagSign1, Content: m.sign1}))
	m.body = m.plain
	if r.to != nil {
		aad := sha256.Sum256(m.outer)
		s := sealing{id: r.id, hash: m.hash(), aad: aad[:], plain: m.plain}
		if r.cipher != nil {
			r.cipher(&s)
		}
		m.enc, m.body = r.to.enc, s.by(r.to)
	}
	if r.byReference {
		hash := sha256.Sum256(m.enc)
		m.enc = hash[:]
	}
	m.enc, m.body = apply(r.onEnc, m.enc), apply(r.onBody, m.body)
	m.frame = apply(r.onFrame, mustEncode(frameWire{
		Version: version, Hop: r.hop, Outer: m.outer, Statement: m.statement, Encapsulation: m.enc, Body: m.body,
	}))
	return m
}

func (m made) hash() [32]byte { return sha256.Sum256(mustEncode([]any{m.outer, m.statement})) }

func (r recipe) frame() []byte { return r.make().frame }

func (r recipe) vector() vector {
	defer func() {
		if p := recover(); p != nil {
			panic(fmt.Sprintf("%s: %v", r.name, p))
		}
	}()
	m := r.make()
	v := vector{
		Name: r.name, Why: r.why, Reason: r.reason, Reader: r.reader.String(), At: r.at, KeySets: r.keySets, Seeds: r.seeds,
		Holds: r.holds, Request: r.request, Frame: m.frame,
	}
	if r.fill > 0 {
		at := bytes.Index(m.frame, make([]byte, r.fill))
		v.Frame, v.Fill = append(m.frame[:at:at], m.frame[at+r.fill:]...), []int{at, r.fill}
	}
	if r.reason != "" {
		return v
	}
	v.Says = saidBy(must(decodeHeader(m.outer)), r.hop.hop(), m.hash())
	if r.call != nil {
		v.Says.calls(*r.call)
	} else {
		v.Says.replies(*r.reply)
	}
	return v
}
