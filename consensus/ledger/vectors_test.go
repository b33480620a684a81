package ledger

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
)

// The golden vectors in testdata/vectors are made here, from seeds that docs/ledger-format.md
// names. Every run makes them again and compares; -update writes them. A change of the vectors is a
// change of the format.
var update = flag.Bool("update", false, "write the golden vectors in testdata/vectors")

const vectorDir = "testdata/vectors"

// vector is one receipt with the answer that is expected of a reader: a reason to refuse it, or the
// facts that it proves.
type vector struct {
	Name     string  `json:"name"`
	Why      string  `json:"why"`
	Reason   string  `json:"reason,omitempty"`
	Proves   *proven `json:"proves,omitempty"`
	Pin      string  `json:"pin"`
	Receipt  []byte  `json:"receipt"`           // base64
	Preimage []byte  `json:"preimage,omitzero"` // base64; absent: none is given
}

// proven holds the facts that a reader finds in a receipt that it accepts.
type proven struct {
	Entry       string `json:"entry"`
	Size        uint64 `json:"size"`
	Kind        uint16 `json:"kind"`
	Agency      string `json:"agency"`
	Code        string `json:"code"`
	Seq         uint64 `json:"seq"`
	Time        uint64 `json:"time"`
	Signed      bool   `json:"signed"`
	Chain       string `json:"chain"`        // from the pinned jurisdiction down
	AsOf        uint64 `json:"as_of"`        // 0 without an endorsement
	ContentType string `json:"content_type"` // "" without a payload
	PayloadHash string `json:"payload_hash"` // SHA-256 of the payload in hex; "" without one
}

func provenBy(v Verified) *proven {
	h := v.Leaf.Head
	p := &proven{
		Entry: v.Entry.String(), Size: v.TreeSize, Kind: uint16(h.Kind), Agency: h.Agency.String(), Code: h.Code.String(),
		Seq: h.Seq, Time: h.Time, Signed: v.Leaf.Evidence.Signed(), AsOf: v.AsOf,
	}
	var names []string
	for _, j := range v.Chain {
		names = append(names, j.String())
	}
	p.Chain = strings.Join(names, " > ")
	if v.Payload != nil {
		p.ContentType, p.PayloadHash = v.Payload.ContentType, fmt.Sprintf("%x", sha256.Sum256(v.Payload.Payload))
	}
	return p
}

// part is one named piece of the format, for an author who writes a reader step by step.
type part struct {
	Name string `json:"name"`
	What string `json:"what"`
	Hex  string `json:"hex,omitempty"`
	Text string `json:"text,omitempty"`
}

func (p part) bytes() []byte {
	if p.Text != "" {
		return []byte(p.Text)
	}
	return must(hex.DecodeString(p.Hex))
}

func seed(text string) []byte {
	sum := sha256.Sum256([]byte("xietong test vector " + text))
	return sum[:]
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// vectorSigner makes replica n of a place with all keys from seeds. Its CA is Ed25519, so that
// every byte is determined.
func vectorSigner(place, seeds string, n uint32) (testSigner, trust.ReplicaKeys) {
	r := must(identity.NewReplica(n))
	key := func(use string) ed25519.PrivateKey {
		return ed25519.NewKeyFromSeed(seed(seeds + r.String() + " " + use))
	}
	s := testSigner{replica: r, log: key("log"), signing: key("signing")}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{Organization: []string{place}},
		URIs:      []*url.URL{{Scheme: "spiffe", Host: place}},
		NotBefore: then.Add(-time.Hour), NotAfter: then.AddDate(10, 0, 0), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign, SubjectKeyId: []byte(r.String()),
	}
	caDER := must(x509.CreateCertificate(zeroes{}, ca, ca, key("ca").Public(), key("ca")))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{Organization: []string{place}},
		URIs:      []*url.URL{{Scheme: "spiffe", Host: place, Path: "/signing/" + r.String()}},
		NotBefore: then.Add(-time.Hour), NotAfter: then.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	s.cert = must(x509.CreateCertificate(zeroes{}, template, ca, s.signing.Public(), key("ca")))
	return s, trust.ReplicaKeys{Replica: r, CACert: caDER, SigningCert: s.cert, LogKey: s.LogPublic()}
}

// vectorPaper returns the public part of a place's recovery key.
func vectorPaper(place string) ed25519.PublicKey { return paperOf(place).Public().(ed25519.PublicKey) }

// paperOf returns a place's recovery key, from a seed.
func paperOf(place string) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(seed(place + " recovery"))
}

// world holds the material of the vectors: a log with a statement of the node, an act and many more
// statements of the node, and two key sets, of which the first lists r1 and the second r1 to r3.
type world struct {
	log      identity.Log
	by       []testSigner // r1 to r4; r4 is in no key set
	keys     []trust.ReplicaKeys
	one, two trust.KeySet
	signed1  []byte // by r1
	signed2  []byte // by r1, the majority of number 1
	heads    []Head
	leaves   [][]byte
	preimage [][]byte
}

func newWorld() *world {
	j := must(identity.ParseJurisdiction(place))
	w := &world{log: must(identity.NewLog(j, 1))}
	for n := range uint32(4) {
		s, keys := vectorSigner(place, "", n+1)
		w.by, w.keys = append(w.by, s), append(w.keys, keys)
	}
	w.one = trust.KeySet{Name: j, Epoch: 1, Number: 1, Replicas: w.keys[:1], DecryptionKey: []byte("in place of 1216 bytes"), RecoveryKey: vectorPaper(place)}
	w.two = after(w.one, w.keys[:3])
	w.signed1, w.signed2 = signSet(w.one, w.by[0]), signSet(w.two, w.by[0])
	w.entry(Head{Kind: KindKeySet}, "application/cbor", string(w.signed1), nil)
	w.entry(record(), "application/json", village, &w.by[0])
	for n := 2; n < 300; n++ {
		w.entry(Head{Kind: KindAccess, Code: record().Code, About: 2}, "text/plain", fmt.Sprintf("access %d", n), nil)
	}
	return w
}

// record returns the stated head of the act at index 1.
func record() Head {
	return Head{
		Kind: KindRecord, Agency: must(identity.ParseLabel("civil-affairs")), Code: must(identity.ParseLabel("villages")),
	}
}

// after returns the key set that follows before.
func after(before trust.KeySet, replicas []trust.ReplicaKeys) trust.KeySet {
	hash := before.Hash()
	return trust.KeySet{
		Name: before.Name, Epoch: before.Epoch, Number: before.Number + 1, Replicas: replicas,
		DecryptionKey: before.DecryptionKey, RecoveryKey: before.RecoveryKey, Previous: hash[:],
	}
}

func signSet(k trust.KeySet, by ...testSigner) []byte {
	var sigs []trust.Signature
	for _, s := range by {
		sigs = append(sigs, trust.Signature{Replica: s.replica, Sig: s.SignLog(k.SigningInput())})
	}
	return must(trust.Assemble(k, sigs))
}

// entry puts an entry at the end of the log: an act of by, or a statement of the node when by is
// nil.
func (w *world) entry(head Head, contentType, payload string, by *testSigner) {
	n := uint64(len(w.leaves))
	preimage := must(Preimage{
		Salt: seed(fmt.Sprintf("salt %d", n)), ContentType: contentType, Payload: []byte(payload),
	}.Encode())
	evidence := PlainEvidence(Commit(preimage))
	if by != nil {
		evidence = must(Sign(w.log, head, contentType, Commit(preimage), *by))
	}
	head.Seq, head.Time = max(n, 1), uint64(then.UnixMilli())+n
	w.heads, w.preimage = append(w.heads, head), append(w.preimage, preimage)
	w.leaves = append(w.leaves, must(Leaf{head, evidence}.Encode()))
}

// grown is a tree over some leaves.
type grown struct {
	log    identity.Log
	leaves [][]byte
	tiles  memTiles
}

func (w *world) tree(leaves ...[]byte) grown {
	g := grown{w.log, leaves, memTiles{}}
	var hashes []tlog.Hash
	for _, leaf := range leaves {
		hashes = append(hashes, LeafHash(leaf))
	}
	for id, tile := range must(Append(0, hashes, g.tiles)).Tiles {
		g.tiles[id] = tile
	}
	return g
}

func (g grown) checkpoint() Checkpoint {
	size := uint64(len(g.leaves))
	return Checkpoint{g.log, size, must(Root(size, g.tiles))}
}

// note returns the checkpoint's note with the lines of by.
func (g grown) note(by ...testSigner) []byte {
	var notes [][]byte
	for _, s := range by {
		notes = append(notes, must(SignCheckpoint(g.checkpoint(), s)))
	}
	return must(MergeNotes(notes...))
}

// receipt issues a receipt whose COSE receipt is by the given replica.
func (g grown) receipt(index uint64, note []byte, by testSigner, sets ...[]byte) []byte {
	return must(Issue(g.leaves[index], index, g.checkpoint(), note, g.tiles, []trust.Level{{KeySets: sets}}, by))
}

// accepted returns the vectors that every reader accepts.
func (w *world) accepted() []vector {
	var all []vector
	r1, r2, r3, r4 := w.by[0], w.by[1], w.by[2], w.by[3]
	add := func(name, why string, g grown, index uint64, note []byte, by testSigner, pin trust.Pin, sets ...[]byte) {
		h, p := w.heads[index], must(DecodePreimage(w.preimage[index]))
		all = append(all, vector{
			Name: name, Why: why, Pin: pin.String(), Receipt: g.receipt(index, note, by, sets...), Preimage: w.preimage[index],
			Proves: &proven{
				Entry: fmt.Sprintf("%s/log/1/%d", place, index), Size: uint64(len(g.leaves)), Kind: uint16(h.Kind),
				Agency: h.Agency.String(), Code: h.Code.String(), Seq: h.Seq, Time: h.Time, Signed: !h.Agency.IsZero(), Chain: place,
				ContentType: p.ContentType, PayloadHash: fmt.Sprintf("%x", sha256.Sum256(p.Payload)),
			},
		})
	}
	pin1 := w.one.Pin()
	g1, g2, g7, g300 := w.tree(w.leaves[0]), w.tree(w.leaves[:2]...), w.tree(w.leaves[:7]...), w.tree(w.leaves...)
	add("receipt-1", "the one entry of a log: an empty path", g1, 0, g1.note(r1), r1, pin1, w.signed1)
	add("receipt-2-own", "an own statement of the node", g2, 0, g2.note(r1), r1, pin1, w.signed1)
	add("receipt-2-act", "an act of an agency", g2, 1, g2.note(r1), r1, pin1, w.signed1)
	add("receipt-2-no-payload", "without a payload, the entry is proved and no more", g2, 1, g2.note(r1), r1, pin1, w.signed1)
	all[3].Preimage, all[3].Proves.ContentType, all[3].Proves.PayloadHash = nil, "", ""
	for _, n := range []uint64{0, 1, 5, 6} {
		add(fmt.Sprintf("receipt-7-%d", n), "a tree that is not full", g7, n, g7.note(r1), r1, pin1, w.signed1)
	}
	for _, n := range []uint64{1, 255, 256, 299} {
		add(fmt.Sprintf("receipt-300-%d", n), "a path over the border of a tile", g300, n, g300.note(r1), r1, pin1, w.signed1)
	}
	two := g7.note(r1, r3)
	add("receipt-2-of-3", "number 2 of the key set, two of three lines", g7, 1, two, r1, pin1, w.signed1, w.signed2)
	add("receipt-3-of-3", "all lines", g7, 1, g7.note(r3, r1, r2), r3, pin1, w.signed1, w.signed2)
	add("receipt-pin-2", "pinned at number 2, whose signatures are left out", g7, 2, two, r1, w.two.Pin(), signSet(w.two))
	add("receipt-pin-middle", "pinned at number 2, with number 1 before it", g7, 2, two, r1, w.two.Pin(), w.signed1, w.signed2)
	three := signSet(after(w.two, w.keys[1:4]), r2, r3)
	add("receipt-old-certificate", "the act's certificate stands in numbers 1 and 2, in 3 no more",
		g7, 1, g7.note(r2, r4), r4, pin1, w.signed1, w.signed2, three)
	limited, leaf, preimage := w.limited()
	w.heads, w.preimage = append(w.heads, limited), append(w.preimage, preimage)
	g := w.tree(append(w.leaves[:300:300], leaf)...)
	add("receipt-limit", "an act with a limit, and the tag of its matter", g, 300, g.note(r1), r1, pin1, w.signed1)
	w.heads, w.preimage = w.heads[:300], w.preimage[:300]
	second := g7
	second.log = must(identity.NewLog(w.log.Jurisdiction(), 2))
	begun := after(w.two, w.keys[:1])
	begun.Epoch = 2
	for _, n := range []uint64{1, 2} {
		add(fmt.Sprintf("receipt-epoch-2-%d", n), "an entry of epoch 1 under a checkpoint of epoch 2; an act was signed for the log of epoch 1",
			second, n, second.note(r1), r1, pin1, w.signed1, w.signed2, signSet(begun, r1, r2))
		all[len(all)-1].Proves.Entry = fmt.Sprintf("%s/%d", second.log, n)
	}
	return all
}

// limited returns an act with a limit, in a matter. It stands in no tree of the other vectors.
func (w *world) limited() (head Head, leaf, preimage []byte) {
	head = Head{
		Kind: KindApplication, Agency: record().Agency, Code: record().Code, Limit: 5, Unit: WorkingDays, Rule: 2, Tag: Tag(seed("tag")[:16]),
	}
	preimage = must(Preimage{Salt: seed("salt 300"), ContentType: "application/json", Payload: []byte("{}")}.Encode())
	evidence := must(Sign(w.log, head, "application/json", Commit(preimage), w.by[0]))
	head.Seq, head.Time = 300, uint64(then.UnixMilli())+300
	return head, must(Leaf{head, evidence}.Encode()), preimage
}

// parts returns the named pieces, in the order in which the page explains them.
func (w *world) parts() []part {
	var all []part
	add := func(name, what string, data []byte) {
		all = append(all, part{Name: name, What: what, Hex: hex.EncodeToString(data)})
	}
	text := func(name, what string, data string) { all = append(all, part{Name: name, What: what, Text: data}) }
	hash := func(data []byte) []byte { sum := sha256.Sum256(data); return sum[:] }
	own, act := must(DecodeLeaf(w.leaves[2])), must(DecodeLeaf(w.leaves[1]))
	s := act.Evidence.statement
	for n, i := range []int{2, 1} {
		name := []string{"own", "act"}[n]
		add("preimage-"+name, "preimage of entry "+fmt.Sprint(i), w.preimage[i])
		add("commitment-"+name, "its SHA-256", hash(w.preimage[i]))
	}
	add("head-own", "head of entry 2", mustEncode(own.Head))
	limited, _, _ := w.limited()
	add("head-limit", "head of an act with a limit", mustEncode(limited))
	add("leaf-own", "leaf of entry 2, a statement of the node", w.leaves[2])
	hashOwn, hashAct := LeafHash(w.leaves[2]), LeafHash(w.leaves[1])
	add("leaf-hash-own", "its leaf hash", hashOwn[:])
	add("protected-act", "protected header of the statement in entry 1", s.protected)
	add("aad-act", "external AAD of the statement", statedFor(w.log, act.Head))
	add("to-be-signed-act", "Sig_structure of the statement", toBeSigned(s.protected, statedFor(w.log, act.Head), s.commitment[:]))
	add("signature-act", "signature of the statement", s.signature)
	add("statement-act", "the statement, COSE_Sign1", act.Evidence.raw)
	add("leaf-act", "leaf of entry 1, an act", w.leaves[1])
	add("leaf-hash-act", "its leaf hash", hashAct[:])
	for i, k := range w.keys[:3] {
		name := fmt.Sprintf("-r%d", i+1)
		add("ca-cert"+name, "CA certificate, DER", k.CACert)
		add("signing-cert"+name, "signing certificate, DER", k.SigningCert)
		add("log-key"+name, "log key, Ed25519", k.LogKey)
		add("log-key-id"+name, "key id of the log key in "+w.log.String(), binary.BigEndian.AppendUint32(nil, keyHash(w.log.String(), noteAlgEd25519, k.LogKey)))
	}
	add("recovery-key", "recovery key, Ed25519", w.one.RecoveryKey)
	recovery := func(message []byte) []byte { return ed25519.Sign(paperOf(place), message) }
	add("recovery-1", "recovery statement for key set 1", must(trust.SignRecovery(w.one.Pin(), recovery)))
	for i, k := range []trust.KeySet{w.one, w.two} {
		name := fmt.Sprintf("-%d", i+1)
		add("key-set"+name, "key set", must(k.Encode()))
		add("key-set-hash"+name, "its SHA-256", hash(must(k.Encode())))
		add("key-set-input"+name, "what its signatures are over", k.SigningInput())
		add("key-set-signature"+name, "signature of r1", w.by[0].SignLog(k.SigningInput()))
		add("signed-key-set"+name, "signed key set", [][]byte{w.signed1, w.signed2}[i])
		text("pin"+name, "its pin", k.Pin().String())
	}
	g7 := w.tree(w.leaves[:7]...)
	text("checkpoint-1-of-1", "checkpoint of 7 entries, key set 1", string(g7.note(w.by[0])))
	text("checkpoint-2-of-3", "checkpoint of 7 entries, key set 2", string(g7.note(w.by[0], w.by[2])))
	data := g7.receipt(1, g7.note(w.by[0]), w.by[0], w.signed1)
	r := must(DecodeReceipt(data))
	root, cose := g7.checkpoint().Root, must(decodeSign1(r.COSE))
	add("proof-7-1", "inclusion proof of entry 1 in 7", r.Proof)
	add("root-7", "root of 7 entries", root[:])
	add("protected-cose", "protected header of the COSE receipt", cose.Protected)
	add("to-be-signed-cose", "Sig_structure of the COSE receipt", toBeSigned(cose.Protected, []byte{}, root[:]))
	add("signature-cose", "signature of the COSE receipt", cose.Signature)
	add("cose-7-1", "COSE receipt", r.COSE)
	add("receipt-7-1", "receipt", data)
	return append(all, w.outsideParts(g7)...)
}

// outsideParts returns the pieces with which tools of others follow the log.
func (w *world) outsideParts(g grown) []part {
	seed := sha256.Sum256([]byte("xietong test vector witness"))
	parent := testWitness{"guiyang.guizhou/witness", ed25519.NewKeyFromSeed(seed[:])}
	policy := "# the log of nanming, by any of its replicas, and the witness of its parent\n"
	for _, k := range w.keys[:3] {
		policy += "log " + VerifierKey(w.log, k.LogKey) + "\n"
	}
	policy += "witness guiyang " + parent.vkey() + "\nquorum guiyang\n"
	signed := g.note(w.by[0], w.by[2])
	excerpt := must(Excerpts(w.log, 0, 7, leafReader{g})).Sign(w.by[0])
	return []part{
		{Name: "verifier-key-r1", What: "verifier key of r1", Text: VerifierKey(w.log, w.keys[0].LogKey)},
		{Name: "policy", What: "policy for this log", Text: policy},
		{Name: "checkpoint-cosigned", What: "checkpoint of 7 entries, key set 2, with the line of a witness", Text: string(signed) + parent.line(signed, 1795482060)},
		{Name: "excerpt-0-7", What: "excerpt of entries 0 to 6", Hex: hex.EncodeToString(mustEncode(excerpt.wire()))},
		{Name: "excerpt-message", What: "what r1 signs of it", Hex: hex.EncodeToString(excerpt.message())},
		{Name: "signature-excerpt", What: "signature of r1", Hex: hex.EncodeToString(excerpt.Signature)},
		{Name: "excerpt-signed", What: "the excerpt as it goes up, signed by r1", Hex: hex.EncodeToString(excerpt.Encode())},
		{Name: "growth-3-7", What: "proof that the 7 entries go on from 3", Text: string(Growth{3, must(ProveConsistency(3, 7, g.tiles)), signed}.Encode())},
	}
}

// leafReader reads the leaves of a tree.
type leafReader struct{ grown }

func (l leafReader) Tile(id TileID) ([]byte, error) { return l.tiles.Tile(id) }
func (l leafReader) Leaf(index uint64) []byte       { return l.leaves[index] }

// lines writes a list as JSON with one element a line, so that a difference shows in which element
// it is.
func lines[T any](list []T) []byte {
	var b bytes.Buffer
	for i, v := range list {
		b.WriteString(map[bool]string{true: "[\n", false: ",\n"}[i == 0])
		b.Write(must(json.Marshal(v)))
	}
	b.WriteString("\n]\n")
	return b.Bytes()
}

func TestVectors(t *testing.T) {
	w := newWorld()
	for name, want := range map[string][]byte{
		"parts.json":  lines(append(w.parts(), w.chainParts()...)),
		"accept.json": lines(append(w.accepted(), w.acceptedChains()...)),
		"refuse.json": lines(w.refused()),
	} {
		path := filepath.Join(vectorDir, name)
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: differs from what is made today (%v); go test ./consensus/ledger -run TestVectors -update", path, err)
		}
	}
}

// readVectors reads the vectors as a stranger would, from the files.
func readVectors[T any](t *testing.T, name string) []T {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(vectorDir, name))
	if err != nil {
		t.Fatal(err)
	}
	var list []T
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestVectorsAreAcceptedAndRefused(t *testing.T) {
	seen, reasons := map[string]bool{}, map[string]bool{}
	for _, v := range append(readVectors[vector](t, "accept.json"), readVectors[vector](t, "refuse.json")...) {
		if seen[v.Name] {
			t.Errorf("%s: the name stands twice", v.Name)
		}
		seen[v.Name], reasons[v.Reason] = true, true
		got, err := VerifyReceipt(v.Receipt, v.Preimage, must(trust.ParsePin(v.Pin)))
		if reason := reasonOf(err); reason != v.Reason {
			t.Errorf("%s: got %q, %v, want %q", v.Name, reason, err, v.Reason)
		}
		if err == nil && v.Proves != nil && *provenBy(got) != *v.Proves {
			t.Errorf("%s: got %+v, want %+v", v.Name, *provenBy(got), *v.Proves)
		}
	}
	for _, r := range refusals {
		if !reasons[r.word] {
			t.Errorf("no vector is refused for %q", r.word)
		}
	}
}

// unmarshal decodes data that the tests of this package take apart, and panics when it cannot.
func unmarshal[T any](data []byte) T {
	var v T
	if err := canon.Unmarshal(data, MaxReceiptLen, &v); err != nil {
		panic(err)
	}
	return v
}
