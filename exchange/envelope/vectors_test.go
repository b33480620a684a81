package envelope

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
)

// The golden vectors in testdata/vectors are made here, from seeds that docs/message-format.md
// names. Every run makes them again and compares; -rewrite writes them. A change of the vectors is
// a change of the format.
var rewrite = flag.Bool("rewrite", false, "write the golden vectors in testdata/vectors anew")

const vectorDir = "testdata/vectors"

// vector is one message, with its reader, the time of reading, the keys that the reader knows, and
// the expected result: a reason to refuse the message, or its content.
type vector struct {
	Name    string   `json:"name"`
	Why     string   `json:"why"`
	Reason  string   `json:"reason,omitempty"`
	Says    *said    `json:"says,omitempty"`
	Reader  string   `json:"reader"`
	At      uint64   `json:"at"`                // ms since 1970 UTC
	KeySets []string `json:"key_sets"`          // parts: key sets of the origin that are believed
	Seeds   []string `json:"seeds,omitempty"`   // parts: the decryption keys of the reader
	Holds   []hold   `json:"holds,omitempty"`   // encapsulations that the reader holds
	Request string   `json:"request,omitempty"` // hash of the request that the reader asked, in hex
	Frame   []byte   `json:"frame"`             // base64
	Fill    []int    `json:"fill,omitempty"`    // [at, count]: zero bytes left out of frame
}

// hold is an encapsulation that the reader holds: whose it is, and its part.
type hold [2]string

// whole returns the frame with the bytes of Fill.
func (v vector) whole() []byte {
	if v.Fill == nil {
		return v.Frame
	}
	return slices.Concat(v.Frame[:v.Fill[0]], make([]byte, v.Fill[1]), v.Frame[v.Fill[0]:])
}

// said is the content of an accepted message. Bytes are in hex; contents and parameters are given
// as their SHA-256.
type said struct {
	ID          string     `json:"id"`
	Kind        Kind       `json:"kind"`
	Origin      string     `json:"origin"`
	Destination string     `json:"destination"`
	Issued      int64      `json:"issued"`
	Expires     int64      `json:"expires"`
	Encrypted   bool       `json:"encrypted"`
	Remaining   uint32     `json:"remaining"`
	Hops        uint8      `json:"hops"`
	Trace       string     `json:"trace"`
	Held        string     `json:"held"`
	Hash        string     `json:"hash"`
	Call        *saidCall  `json:"call,omitempty"`
	Reply       *saidReply `json:"reply,omitempty"`
}

type saidCall struct {
	Operation  string `json:"operation"`
	Agency     string `json:"agency"`
	Person     string `json:"person"`
	Purpose    string `json:"purpose"`
	Grant      string `json:"grant"`
	Case       string `json:"case"`
	Parameters string `json:"parameters"`
	Agencies   string `json:"agencies,omitempty"` // number/hash
}

type saidReply struct {
	To     string   `json:"to"`
	Code   uint16   `json:"code"` // 0: no problem
	Args   []string `json:"args"`
	Result string   `json:"result"` // "": none
	Entry  string   `json:"entry"`
}

func hashOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func saidBy(h Header, hop Hop, hash [32]byte) *said {
	return &said{
		ID: h.ID.String(), Kind: h.Kind, Origin: h.Origin.String(), Destination: h.Destination.String(),
		Issued: h.Issued.UnixMilli(), Expires: h.Expires.UnixMilli(), Encrypted: h.DecryptionKey != nil,
		Remaining: hop.Remaining, Hops: hop.Hops, Trace: hex.EncodeToString(hop.Trace[:]),
		Held: hex.EncodeToString(hop.Held), Hash: hex.EncodeToString(hash[:]),
	}
}

func (s *said) calls(c Call) {
	s.Call = &saidCall{
		Operation: c.Operation.String(), Agency: c.Agency.String(), Person: hex.EncodeToString(c.Person), Purpose: c.Purpose.String(),
		Grant: c.Grant.String(), Case: c.Case.String(), Parameters: hashOf(c.Parameters),
	}
	if l := c.Agencies; l != nil {
		s.Call.Agencies = fmt.Sprintf("%d/%x", l.Number, l.Hash)
	}
}

func (s *said) replies(r Reply) {
	s.Reply = &saidReply{To: hex.EncodeToString(r.To), Args: []string{}, Entry: r.Entry.String()}
	if r.Problem != nil {
		s.Reply.Code, s.Reply.Args = r.Problem.Code, r.Problem.Args
	}
	if r.Result != nil {
		s.Reply.Result = hashOf(r.Result)
	}
}

var errDestination = errors.New("for another destination") // package relay routes such a message

// read handles a frame as a destination or an asker does.
func (v vector) read(known map[string][]byte) (*said, error) {
	e, err := Decode(v.whole())
	if err != nil {
		return nil, err
	}
	if reader, err := identity.ParseJurisdiction(v.Reader); err != nil || !e.header.For(reader) {
		return nil, errDestination
	}
	var sets []trust.Believed
	for _, name := range v.KeySets {
		var k trust.KeySet
		if err := canon.Unmarshal(known[name], trust.MaxKeySetLen, &k); err != nil {
			return nil, err
		}
		sets = append(sets, trust.Believed{KeySet: k})
	}
	var keys decryptionKeys
	for _, name := range v.Seeds {
		keys = append(keys, known[name])
	}
	opener := NewOpener(keys)
	for _, h := range v.Holds {
		name := encName{origin: jurisdictionOf(h[0]), key: [32]byte(e.header.DecryptionKey), hash: sha256.Sum256(known[h[1]])}
		opener.keep(encapsulation{name, must(keys.Decapsulate(name.key, known[h[1]], []byte(bodyInfo)))})
	}
	m, err := Open(e, sets, opener, time.UnixMilli(int64(v.At)))
	if err != nil {
		return nil, err
	}
	s := saidBy(m.Header, e.Hop, e.Hash())
	if m.Header.Kind != Answer {
		c, err := DecodeCall(m.Content)
		s.calls(c)
		return s, err
	}
	r, err := DecodeReply(m.Content, [32]byte(must(hex.DecodeString(v.Request))))
	if err == nil {
		s.replies(r)
	}
	return s, err
}

// refusals maps the texts of our errors to the words of docs/message-format.md. The first match is
// the right one.
var refusals = []struct{ word, says string }{
	{"version", "malformed message: frame: version "},
	{"size", "malformed message: frame: a body of "},
	{"frame", "malformed message: frame: "},
	{"frame", "malformed message: hop: "},
	{"outer", "malformed message: outer header: "},
	{"encapsulation", "malformed message: encapsulation: "},
	{"destination", errDestination.Error()},
	{"expired", ErrExpired.Error()},
	{"future", ErrFuture.Error()},
	{"path", "malformed message: path: "},
	{"statement", "malformed message: statement: "},
	{"statement", "malformed message: protected header: "},
	{"certificate-time", "the certificate was not in force when the message was issued"},
	{"unknown-key", ErrUnknownKey.Error()},
	{"signature", ErrSignature.Error()},
	{"unknown-encapsulation", ErrBody.Error() + ": " + ErrUnknownEncapsulation.Error()},
	{"decryption", ErrBody.Error() + ": "},
	{"padding", "malformed message: body: " + errPadding.Error()},
	{"body", "malformed message: body: "},
	{"commitment", ErrBody.Error()},
	{"content-type", "malformed message: content: type "},
	{"request", "malformed message: request: "},
	{"other-request", "malformed message: answer: to another request"},
	{"answer", "malformed message: answer: "},
}

func reasonOf(err error) string {
	if err == nil {
		return ""
	}
	for _, r := range refusals {
		if strings.HasPrefix(err.Error(), r.says) || r.word == "certificate-time" && strings.HasSuffix(err.Error(), r.says) {
			return r.word
		}
	}
	return "no word for: " + err.Error()
}

// part is one named piece of the format, for an author who writes a reader step by step.
type part struct {
	Name string `json:"name"`
	What string `json:"what"`
	Hex  string `json:"hex"`
}

func (p part) bytes() []byte { return must(hex.DecodeString(p.Hex)) }

// lines writes a list as JSON with one element on each line, so that a difference shows the
// element.
func lines[T any](list []T) []byte {
	var b bytes.Buffer
	for i, v := range list {
		b.WriteString(map[bool]string{true: "[\n", false: ",\n"}[i == 0])
		b.Write(must(json.Marshal(v)))
	}
	b.WriteString("\n]\n")
	return b.Bytes()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func vectorsOf(recipes []recipe) []vector {
	var all []vector
	for _, r := range recipes {
		all = append(all, r.vector())
	}
	return all
}

func TestVectors(t *testing.T) {
	w := newWorld()
	for name, want := range map[string][]byte{
		"parts.json":  lines(w.parts()),
		"accept.json": lines(vectorsOf(w.accepted())),
		"refuse.json": lines(vectorsOf(w.refused())),
	} {
		path := filepath.Join(vectorDir, name)
		if *rewrite {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: differs from what is made today (%v); go test ./exchange/envelope -run TestVectors -rewrite", path, err)
		}
	}
}

// readVectors reads the vectors from the files, as another implementation would.
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

func readParts(t *testing.T) map[string][]byte {
	known := map[string][]byte{}
	for _, p := range readVectors[part](t, "parts.json") {
		known[p.Name] = p.bytes()
	}
	return known
}

func TestVectorsAreAcceptedAndRefused(t *testing.T) {
	known, seen, reasons := readParts(t), map[string]bool{}, map[string]bool{}
	for _, v := range append(readVectors[vector](t, "accept.json"), readVectors[vector](t, "refuse.json")...) {
		if seen[v.Name] {
			t.Errorf("%s: the name stands twice", v.Name)
		}
		seen[v.Name], reasons[v.Reason] = true, true
		got, err := v.read(known)
		if reason := reasonOf(err); reason != v.Reason {
			t.Errorf("%s: got %q, %v, want %q", v.Name, reason, err, v.Reason)
		}
		if (v.Says == nil) == (v.Reason == "") {
			t.Errorf("%s: a vector says something or is refused", v.Name)
		}
		if err == nil && v.Says != nil && !bytes.Equal(lines([]*said{got}), lines([]*said{v.Says})) {
			t.Errorf("%s: got %s, want %s", v.Name, lines([]*said{got}), lines([]*said{v.Says}))
		}
	}
	for _, r := range refusals {
		if !reasons[r.word] {
			t.Errorf("no vector is refused for %q", r.word)
		}
	}
}

// TestVectorsAreSealed checks that Seal makes the same bytes as the accepted vectors, given their
// salts and encapsulations; the vectors themselves are put together from the pieces.
func TestVectorsAreSealed(t *testing.T) {
	for _, r := range newWorld().accepted() {
		d := Draft{
			Header: Header{
				ID: r.id, Kind: r.outer.Kind, Origin: r.outer.Origin, Destination: r.outer.Destination,
				Issued: time.UnixMilli(int64(r.outer.Issued)), Expires: time.UnixMilli(int64(r.outer.Expires)),
			},
			ContentType: r.pre.ContentType, Content: r.pre.Content,
		}
		if r.batch != nil { // TestBatch has these
			continue
		}
		e, err := sealSalted(d, r.by, r.to, r.pre.Salt)
		if err != nil {
			t.Errorf("%s: %v", r.name, err)
			continue
		}
		e.Hop = r.hop.hop()
		if r.byReference {
			e = e.ByReference()
		}
		if got, err := e.Encode(); err != nil || !bytes.Equal(got, r.frame()) {
			t.Errorf("%s: sealed as %x, %v, want %x", r.name, got, err, r.frame())
		}
	}
}

// TestVectorsAreEvidence checks for every accepted vector that the parts that Signed returns prove
// the origin without the body.
func TestVectorsAreEvidence(t *testing.T) {
	for _, r := range newWorld().accepted() {
		e := must(Decode(r.frame()))
		outer, statement := e.Signed()
		h, commitment, err := VerifySigned(outer, statement, r.sets)
		if err != nil || h.ID != r.id || commitment != sha256.Sum256(mustEncode(r.pre)) {
			t.Errorf("%s: got %s, %x, %v", r.name, h.ID, commitment, err)
		}
	}
}

func labelOf(s string) identity.Label               { return must(identity.ParseLabel(s)) }
func entryOf(s string) identity.Entry               { return must(identity.ParseEntry(s)) }
func jurisdictionOf(s string) identity.Jurisdiction { return must(identity.ParseJurisdiction(s)) }
