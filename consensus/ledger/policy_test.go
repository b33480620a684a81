package ledger

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"xietong/certs/identity"
)

// testWitness is a witness of a test.
type testWitness struct {
	name string
	key  ed25519.PrivateKey
}

func newWitness(name string) testWitness {
	return testWitness{name, ed25519.NewKeyFromSeed(bytes.Repeat([]byte(name[:1]+name[len(name)-1:]), 16))}
}

func (w testWitness) vkey() string {
	return verifierKey{w.name, noteAlgCosignature, w.key.Public().(ed25519.PublicKey)}.String()
}

// line returns the witness's line for a note, as tlog-cosignature has it.
func (w testWitness) line(signed []byte, at uint64) string {
	text, _, _ := strings.Cut(string(signed), "\n\n")
	sig := ed25519.Sign(w.key, fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s\n", at, text))
	id := binary.BigEndian.AppendUint32(nil, keyHash(w.name, noteAlgCosignature, w.key.Public().(ed25519.PublicKey)))
	return fmt.Sprintf("— %s %s\n", w.name, base64.StdEncoding.EncodeToString(append(binary.BigEndian.AppendUint64(id, at), sig...)))
}

// watched is a log of three replicas with its policy, whose key lines are at the beginning.
func watched(t testing.TB) (f *fixture, w []testWitness, keys string) {
	t.Helper()
	f = newFixture(t, "nanming.guiyang.guizhou", 3)
	for range 5 {
		f.add(t, "{}", false)
	}
	for _, s := range f.signers {
		keys += "log " + VerifierKey(f.log, s.LogPublic()) + "\n"
	}
	for _, name := range []string{"x1", "x2", "x3", "y1", "y2"} {
		each := newWitness(name)
		w = append(w, each)
		keys += "\t witness " + name + "  " + each.vkey() + " https://" + name + ".example\n"
	}
	return f, w, keys
}

const groups = "group X 2 x1 x2 x3\n#\n  # both\ngroup Y any y1 y2\ngroup both all X Y\nquorum both\n"

// TestPolicyJudges compares what a policy finds in notes with various lines.
func TestPolicyJudges(t *testing.T) {
	f, w, keys := watched(t)
	for _, tc := range []struct {
		rules    string
		replicas int
		by       []int // witnesses, by their place
		lacks    []string
	}{
		{"quorum none\n", 1, nil, nil},
		{"quorum none\n", 3, []int{0}, nil},
		{"quorum x1\n", 2, nil, []string{"x1"}},
		{"quorum x1\n", 2, []int{0}, nil},
		{"quorum x1\n", 2, []int{1}, []string{"x1"}},
		{groups, 3, nil, []string{"both 0/2 (X 0/2 (x1, x2, x3), Y 0/1 (y1, y2))"}},
		{groups, 3, []int{0, 3}, []string{"both 1/2 (X 1/2 (x2, x3))"}},
		{groups, 3, []int{0, 2}, []string{"both 1/2 (Y 0/1 (y1, y2))"}},
		{groups, 3, []int{0, 2, 4}, nil},
		{groups, 1, []int{0, 1, 2, 3, 4}, nil},
	} {
		c, signed := f.checkpoint(t, tc.replicas)
		var cosigned []Cosigned
		for _, i := range tc.by {
			signed = append(signed, w[i].line(signed, uint64(1000+i))...)
			cosigned = append(cosigned, Cosigned{w[i].name, uint64(1000 + i)})
		}
		signed = append(signed, newWitness("stranger").line(signed, 1)...)
		p, err := ParsePolicy([]byte(keys + tc.rules))
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.Judge(signed)
		quorum := strings.TrimSpace(tc.rules[strings.LastIndex(tc.rules, "quorum ")+7:])
		want := Judgement{Checkpoint: c, Keys: 3, Signed: tc.replicas, Cosigned: cosigned, Quorum: quorum, Lacks: tc.lacks, Ignored: 1}
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q by %v: got %+v, %v\nwant %+v", tc.rules, tc.by, got, err, want)
		}
	}
}

// TestPolicyRefusesNotes gives a policy notes that prove nothing.
func TestPolicyRefusesNotes(t *testing.T) {
	f, w, keys := watched(t)
	p, err := ParsePolicy([]byte(keys + "quorum x1\n"))
	if err != nil {
		t.Fatal(err)
	}
	_, signed := f.checkpoint(t, 1)
	good := append(bytes.Clone(signed), w[0].line(signed, 7)...)
	if _, err := p.Judge(good); err != nil {
		t.Fatal(err)
	}
	other := newFixture(t, "yunyan.guiyang.guizhou", 1)
	other.add(t, "{}", false)
	_, foreign := other.checkpoint(t, 1)
	text, _, _ := strings.Cut(string(signed), "\n\n")
	for name, note := range map[string][]byte{
		"of another log": foreign, "empty": nil, "by witnesses alone": []byte(text + "\n\n" + w[0].line(signed, 7)),
		"with an extension": bytes.Replace(good, []byte("\n\n"), []byte("\nmore\n\n"), 1), "too long": append(bytes.Clone(good), make([]byte, MaxNoteLen)...),
	} {
		if got, err := p.Judge(note); !errors.Is(err, ErrNotProven) && !errors.Is(err, ErrMalformed) {
			t.Errorf("a note %s: got %+v, %v", name, got, err)
		}
	}
	for i := range good { // a changed byte: refused, or the witness's line is not counted any more
		bad := bytes.Clone(good)
		bad[i] ^= 1
		if j, err := p.Judge(bad); err == nil && len(j.Lacks) == 0 {
			t.Errorf("byte %d (%q) flipped, and taken: %+v", i, good[i], j)
		}
	}
}

// TestPolicyErrors (L07c) gives policies with a mistake, and compares the line and the reason.
func TestPolicyErrors(t *testing.T) {
	_, w, keys := watched(t)
	log := strings.SplitN(keys, "\n", 2)[0]
	vkey := strings.TrimPrefix(log, "log ")
	cut := func(s string) string { return s[:len(s)-4] }
	for _, tc := range []struct {
		rules string
		line  int
		want  string
	}{
		{"", 0, "it has no quorum line"},
		{log + "\n", 0, "it has no quorum line"},
		{"quorum none", 1, "the last line has no end"},
		{"\nquorum none\nquorum none\n", 3, "a quorum line stands before"},
		{"quorum x1\n", 1, `no line before defines "x1"`},
		{"quorum\n", 1, "a quorum line has one name"},
		{"quorum none none\n", 1, "a quorum line has one name"},
		{"Quorum none\n", 1, `it begins with "Quorum"`},
		{"quorum\u00a0none\n", 1, "it begins with"},
		{"quorum none\r\n", 1, "a control character"},
		{"log\n", 1, "a log line has"},
		{log + " https://a b\n", 1, "a log line has"},
		{log + "\n" + log + "\n", 2, "the same key stands in a log line before"},
		{"log x\n", 1, "a verifier key has the form"},
		{"log x+y\n", 1, "a verifier key has the form"},
		{"log +00000000+AA==\n", 1, "a verifier key has the form"},
		{"log x+123+AA==\n", 1, "the id in a verifier key has 8"},
		{"log x+1234567g+AA==\n", 1, "the id in a verifier key has 8"},
		{"log x+12345678+_\n", 1, "the key in a verifier key is not in base64"},
		{"log x+12345678+\n", 1, "the key in a verifier key is not in base64"},
		{"log x+12345678+BgAA\n", 1, "the verifier key is of type 6 (ML-DSA-44)"},
		{"log " + w[0].vkey() + "\n", 1, "the verifier key is of type 4, where type 1"},
		{"witness a " + vkey + "\n", 1, "the verifier key is of type 1, where type 4"},
		{"log " + cut(vkey) + "\n", 1, "the verifier key has 30 bytes, where 33"},
		{"log x" + vkey + "\n", 1, "the id in the verifier key is not that of its name"},
		{"witness a\n", 1, "a witness line has"},
		{"witness none " + w[0].vkey() + "\n", 1, "none is no name"},
		{"witness a " + w[0].vkey() + "\nwitness b " + w[0].vkey() + "\n", 2, "the same key stands in a witness line before"},
		{"witness a " + w[0].vkey() + "\nwitness a " + w[1].vkey() + "\n", 2, `the name "a" stands in a line before`},
		{keys + "group g any\n", 9, "a group line has"},
		{keys + "group g any z\n", 9, `no line before defines "z"`},
		{keys + "group g any none\n", 9, `no line before defines "none"`},
		{keys + "group g any g\n", 9, `no line before defines "g"`},
		{keys + "group g any x1 x1\n", 9, `"x1" is a member of a group already`},
		{keys + "group g any x1\ngroup h any x1\n", 10, `"x1" is a member of a group already`},
		{keys + "group x2 any x1\n", 9, `the name "x2" stands`},
		{keys + "group g 0 x1\n", 9, `"0" is neither all, any nor a number from 1 to 1`},
		{keys + "group g 01 x1\n", 9, `"01" is neither`},
		{keys + "group g 2 x1\n", 9, `"2" is neither`},
		{keys + "group g 70000 x1\n", 9, `"70000" is neither`},
		{strings.Repeat("#\n", MaxPolicyLen), 0, "it is longer than"},
	} {
		_, err := ParsePolicy([]byte(tc.rules))
		bad, ok := errors.AsType[*PolicyError](err)
		if !ok || bad.Line != tc.line || !strings.HasPrefix(bad.Err.Error(), tc.want) {
			t.Errorf("%.60q: got %v, want line %d: %s", tc.rules, err, tc.line, tc.want)
		}
	}
	var many strings.Builder
	for i := range maxPolicyItems + 1 {
		fmt.Fprintf(&many, "witness w%d %s\n", i, testWitness{"w", ed25519.NewKeyFromSeed(binary.BigEndian.AppendUint64(make([]byte, 24), uint64(i)))}.vkey())
	}
	if _, err := ParsePolicy([]byte(many.String())); err == nil || !strings.Contains(err.Error(), "it has more than 128 witnesses") {
		t.Errorf("got %v", err)
	}
}

// FuzzPolicy: a policy of any bytes is refused or judges any note, and never asks for less when its
// end is cut off.
func FuzzPolicy(f *testing.F) {
	log, w, keys := watched(f)
	_, signed := log.checkpoint(f, 2)
	signed = append(signed, w[0].line(signed, 7)...)
	f.Add([]byte(keys+groups), signed)
	f.Add([]byte(keys+"quorum none\n"), signed)
	f.Add([]byte("quorum none\n"), []byte("a/log/1\n0\n\n\n"))
	f.Fuzz(func(t *testing.T, rules, note []byte) {
		p, err := ParsePolicy(rules)
		if err != nil {
			if _, ok := errors.AsType[*PolicyError](err); !ok {
				t.Errorf("got %v", err)
			}
			return
		}
		j, err := p.Judge(note)
		if err == nil && (j.Signed == 0 || j.Keys < j.Signed) {
			t.Errorf("taken by %d of %d log keys", j.Signed, j.Keys)
		}
	})
}

// FuzzGrowth: a growth of any bytes is refused, or has this one spelling.
func FuzzGrowth(f *testing.F) {
	log, _, _ := watched(f)
	_, signed := log.checkpoint(f, 1)
	path, err := ProveConsistency(3, log.size, log.tiles)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(Growth{3, path, signed}.Encode())
	f.Add([]byte("old 0\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		g, err := ParseGrowth(data)
		if err == nil && !bytes.Equal(g.Encode(), data) {
			t.Errorf("%q is spelled %q", data, g.Encode())
		}
		_, _ = g.Checkpoint()
	})
}

// TestFollows proves checkpoints to go on from older ones, and refuses every other pair and proof.
func TestFollows(t *testing.T) {
	f := newFixture(t, "nanming.guiyang.guizhou", 1)
	empty, _ := f.checkpoint(t, 1)
	var all []Checkpoint
	for range 300 {
		f.add(t, "{}", false)
		c, _ := f.checkpoint(t, 1)
		all = append(all, c)
	}
	last := all[len(all)-1]
	for _, old := range []Checkpoint{empty, all[0], all[6], all[255], all[256], all[298], last} {
		var g Growth
		if g.Old = old.Size; old.Size > 0 {
			var err error
			if g.Path, err = ProveConsistency(old.Size, last.Size, f.tiles); err != nil {
				t.Fatal(err)
			}
		}
		_, g.Note = f.checkpoint(t, 1)
		read, err := ParseGrowth(g.Encode())
		if err != nil {
			t.Fatal(err)
		}
		c, err := read.Checkpoint()
		if err != nil || c != last {
			t.Fatalf("got %+v, %v", c, err)
		}
		if err := c.Follows(old, read.Path); err != nil {
			t.Errorf("from %d: %v", old.Size, err)
		}
		for name, err := range map[string]error{
			"another root": c.Follows(Checkpoint{old.Log, old.Size, f.tilesRoot(t, 5)}, read.Path),
			"a longer log": old.Follows(Checkpoint{old.Log, last.Size + 1, last.Root}, read.Path),
			"another log":  c.Follows(Checkpoint{identity.Log{}, old.Size, old.Root}, read.Path),
		} {
			if err == nil {
				t.Errorf("from %d: %s is taken", old.Size, name)
			}
		}
		for i := range read.Path {
			read.Path[i][0] ^= 1
			if c.Follows(old, read.Path) == nil {
				t.Errorf("from %d: hash %d flipped and still taken", old.Size, i)
			}
			read.Path[i][0] ^= 1
		}
	}
}

// tilesRoot returns the root of the first size entries.
func (f *fixture) tilesRoot(t *testing.T, size uint64) [32]byte {
	t.Helper()
	root, err := Root(size, f.tiles)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// TestTileFiles compares the names and extents of files with the examples of the specification.
func TestTileFiles(t *testing.T) {
	for got, want := range map[string]string{
		TileID{0, 1234067}.Path(256): "tile/0/x001/x234/067", TileID{2, 0}.Path(1): "tile/2/000.p/1", BundlePath(273, 112): "tile/entries/273.p/112",
		BundlePath(1000, 256): "tile/entries/x001/000",
	} {
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	for level, want := range []Extent{{273, 112}, {1, 17}, {0, 1}, {}, {}, {}, {}, {}, {}} {
		if got := ExtentOf(level, 70000); got != want {
			t.Errorf("level %d: got %+v, want %+v", level, got, want)
		}
	}
	leaves := [][]byte{{1}, {}, bytes.Repeat([]byte{7}, MaxLeafLen)}
	data, err := EncodeBundle(leaves)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := DecodeBundle(data, 3); err != nil || !bytes.Equal(bytes.Join(got, nil), bytes.Join(leaves, nil)) {
		t.Errorf("got %d leaves, %v", len(got), err)
	}
	for name, bad := range map[string][]byte{"cut": data[:len(data)-1], "longer": append(bytes.Clone(data), 0), "one more": append(bytes.Clone(data), 0, 0), "empty": nil} {
		if _, err := DecodeBundle(bad, 3); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := EncodeBundle([][]byte{make([]byte, MaxLeafLen+1)}); !errors.Is(err, ErrMalformed) {
		t.Errorf("a leaf too long: got %v", err)
	}
}
