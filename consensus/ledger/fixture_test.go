package ledger

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net/url"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

// then is the ledger time of the fixture's first entry.
var then = time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)

// testSigner holds the keys of one replica. They are derived from its number, so that every run
// gives the same bytes.
type testSigner struct {
	replica identity.Replica
	log     ed25519.PrivateKey
	signing ed25519.PrivateKey
	cert    []byte
}

func (s testSigner) LogPublic() ed25519.PublicKey    { return s.log.Public().(ed25519.PublicKey) }
func (s testSigner) SignLog(message []byte) []byte   { return ed25519.Sign(s.log, message) }
func (s testSigner) SigningCert() []byte             { return s.cert }
func (s testSigner) SignStatement(msg []byte) []byte { return ed25519.Sign(s.signing, msg) }
func (s testSigner) keys() trust.ReplicaKeys {
	return trust.ReplicaKeys{Replica: s.replica, CACert: s.cert, SigningCert: s.cert, LogKey: s.LogPublic()}
}

func newSigner(t testing.TB, name string, n uint32) testSigner {
	t.Helper()
	seed := func(use string) []byte { return bytes.Repeat([]byte{byte(n), use[0], name[0]}, 11)[:32] }
	s := testSigner{log: ed25519.NewKeyFromSeed(seed("log")), signing: ed25519.NewKeyFromSeed(seed("signing"))}
	var err error
	if s.replica, err = identity.NewReplica(n); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(int64(n)), Subject: pkix.Name{Organization: []string{name}},
		URIs:      []*url.URL{{Scheme: "spiffe", Host: name, Path: fmt.Sprintf("/signing/r%d", n)}},
		NotBefore: then.Add(-time.Hour), NotAfter: then.Add(24 * time.Hour),
	}
	if s.cert, err = x509.CreateCertificate(zeroes{}, template, template, s.signing.Public(), s.signing); err != nil {
		t.Fatal(err)
	}
	return s
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { clear(p); return len(p), nil }

var _ io.Reader = zeroes{}

// memTiles keeps tiles in memory.
type memTiles map[TileID][]byte

func (m memTiles) Tile(id TileID) ([]byte, error) { return m[id], nil }

// fixture is a small log of a jurisdiction with some replicas.
type fixture struct {
	log      identity.Log
	signers  []testSigner
	set      trust.KeySet
	signed   []byte
	tiles    memTiles
	size     uint64
	leaves   [][]byte
	preimage [][]byte
}

func newFixture(t testing.TB, name string, replicas int) *fixture {
	t.Helper()
	j, err := identity.ParseJurisdiction(name)
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{tiles: memTiles{}}
	if f.log, err = identity.NewLog(j, 1); err != nil {
		t.Fatal(err)
	}
	f.set = trust.KeySet{Name: j, Epoch: 1, Number: 1, DecryptionKey: []byte{1}, RecoveryKey: vectorPaper(name)}
	for n := range replicas {
		s := newSigner(t, name, uint32(n+1))
		f.signers = append(f.signers, s)
		f.set.Replicas = append(f.set.Replicas, s.keys())
	}
	var sigs []trust.Signature
	for _, s := range f.signers {
		sigs = append(sigs, trust.Signature{Replica: s.replica, Sig: s.SignLog(f.set.SigningInput())})
	}
	if f.signed, err = trust.Assemble(f.set, sigs); err != nil {
		t.Fatal(err)
	}
	return f
}

// add appends an entry; a signed one is an act of civil-affairs.
func (f *fixture) add(t testing.TB, payload string, signed bool) uint64 {
	t.Helper()
	salt := bytes.Repeat([]byte{byte(f.size)}, SaltLen)
	preimage, err := Preimage{Salt: salt, ContentType: "application/json", Payload: []byte(payload)}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	code, _ := identity.ParseLabel("villages")
	agency, _ := identity.ParseLabel("civil-affairs")
	head := Head{Kind: KindRecord, Agency: agency, Code: code}
	evidence := PlainEvidence(Commit(preimage))
	if signed {
		if evidence, err = Sign(f.log, head, "application/json", Commit(preimage), f.signers[0]); err != nil {
			t.Fatal(err)
		}
	}
	head.Seq, head.Time = f.size+1, uint64(then.UnixMilli())+f.size
	leaf, err := Leaf{head, evidence}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	f.appendLeaves(t, LeafHash(leaf))
	f.leaves, f.preimage = append(f.leaves, leaf), append(f.preimage, preimage)
	return f.size - 1
}

// addHead appends an entry with a head, which the node itself states.
func (f *fixture) addHead(t testing.TB, head Head) uint64 {
	t.Helper()
	head.Seq, head.Time = f.size+1, uint64(then.UnixMilli())+f.size
	leaf, err := Leaf{head, PlainEvidence(Commitment{})}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	f.appendLeaves(t, LeafHash(leaf))
	f.leaves, f.preimage = append(f.leaves, leaf), append(f.preimage, nil)
	return f.size - 1
}

func (f *fixture) appendLeaves(t testing.TB, hashes ...tlog.Hash) {
	t.Helper()
	got, err := Append(f.size, hashes, f.tiles)
	if err != nil {
		t.Fatal(err)
	}
	f.size = got.Size
	for id, tile := range got.Tiles {
		f.tiles[id] = tile
	}
}

// checkpoint returns the note of the present state with the lines of the first n replicas.
func (f *fixture) checkpoint(t testing.TB, n int) (Checkpoint, []byte) {
	t.Helper()
	root, err := Root(f.size, f.tiles)
	if err != nil {
		t.Fatal(err)
	}
	c := Checkpoint{f.log, f.size, root}
	var notes [][]byte
	for _, s := range f.signers[:n] {
		signed, err := SignCheckpoint(c, s)
		if err != nil {
			t.Fatal(err)
		}
		notes = append(notes, signed)
	}
	merged, err := MergeNotes(notes...)
	if err != nil {
		t.Fatal(err)
	}
	return c, merged
}

func (f *fixture) receipt(t testing.TB, index uint64, lines int) []byte {
	t.Helper()
	c, signed := f.checkpoint(t, lines)
	data, err := Issue(f.leaves[index], index, c, signed, f.tiles, []trust.Level{{KeySets: [][]byte{f.signed}}}, f.signers[0])
	if err != nil {
		t.Fatal(err)
	}
	return data
}
