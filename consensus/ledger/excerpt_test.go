package ledger

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
)

// acted is a log of which some entries are acts.
type acted struct {
	leafReader
	acts []uint64
}

// actedLog makes a log of n entries, of which those are acts of which act says so.
func actedLog(t testing.TB, n int, act func(i int) bool) (a acted) {
	t.Helper()
	w := &world{log: must(identity.NewLog(must(identity.ParseJurisdiction(place)), 1))}
	signer, _ := vectorSigner(place, "", 1)
	var leaves [][]byte
	for i := range n {
		head := Head{Kind: KindAccess, Seq: uint64(i + 1), Time: uint64(i + 1)}
		evidence := PlainEvidence(Commitment{byte(i), byte(i >> 8)})
		if act(i) {
			head.Kind, head.Agency = KindGrant, must(identity.ParseLabel("civil-affairs"))
			evidence = must(Sign(w.log, head, "text/plain", Commitment{byte(i), byte(i >> 8)}, signer))
			a.acts = append(a.acts, uint64(i))
		}
		leaves = append(leaves, must(Leaf{head, evidence}.Encode()))
	}
	a.leafReader = leafReader{w.tree(leaves...)}
	return a
}

// cut cuts an excerpt of the log, signed by a replica.
func (a acted) cut(from, to uint64) Excerpt {
	signer, _ := vectorSigner(place, "", 1)
	return must(Excerpts(a.log, from, to, a)).Sign(signer)
}

// mth is the tree of RFC 9162 §2.1.1 over leaves, computed as it is defined.
func mth(leaves [][]byte) tlog.Hash {
	switch n := len(leaves); n {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return sha256.Sum256(append([]byte{0}, leaves[0]...))
	default:
		k := 1
		for 2*k < n {
			k *= 2
		}
		l, r := mth(leaves[:k]), mth(leaves[k:])
		return sha256.Sum256(slices.Concat([]byte{1}, l[:], r[:]))
	}
}

// coverage returns the roots of the largest full subtrees in [from, to) without the acts, looking
// for them from the top of the tree down.
func (a acted) coverage(from, to, at, width uint64) (all []tlog.Hash) {
	within := at >= from && at+width <= to
	for _, i := range a.acts {
		within = within && (i < at || i >= at+width)
	}
	switch {
	case within:
		return []tlog.Hash{mth(a.leaves[at : at+width])}
	case at+width <= from || at >= to || width == 1:
		return nil
	}
	return append(a.coverage(from, to, at, width/2), a.coverage(from, to, at+width/2, width/2)...)
}

// TestExcerpts cuts logs into excerpts at all kinds of places. Each shows the acts of its range and
// the hashes that the definition gives, folds to the root that the definition gives, and so proves
// itself by a later checkpoint.
func TestExcerpts(t *testing.T) {
	rnd := rand.New(rand.NewPCG(15, 2))
	for _, n := range []int{1, 2, 7, 64, 300} {
		for _, often := range []float64{0, 0.05, 0.5, 1} {
			a := actedLog(t, n, func(int) bool { return rnd.Float64() < often })
			f, last := must(FrontierAt(0, a)), a.checkpoint()
			for f.Size < last.Size {
				from, to := f.Size, f.Size+1+rnd.Uint64N(last.Size-f.Size)
				x := a.cut(from, to)
				if !slices.Equal(x.Hashes, a.coverage(from, x.To, 0, 512)) {
					t.Errorf("%d entries: [%d, %d) has the hashes %v, and must have %v", n, from, x.To, x.Hashes, a.coverage(from, x.To, 0, 512))
				}
				var shown []uint64
				for _, act := range must(x.Leaves()) {
					shown = append(shown, act.Index)
				}
				want := slices.DeleteFunc(slices.Clone(a.acts), func(i uint64) bool { return i < from || i >= x.To })
				if !slices.Equal(shown, want) {
					t.Errorf("%d entries: [%d, %d) shows %v, and its acts are %v", n, from, x.To, shown, want)
				}
				read := must(ParseExcerpt(x.Encode()))
				f = must(f.Fold(read))
				old := Checkpoint{a.log, f.Size, f.Root()}
				if at := must(FrontierAt(f.Size, a)); f.Check() != nil || !slices.Equal(at.Hashes, f.Hashes) || old.Root != mth(a.leaves[:f.Size]) {
					t.Fatalf("%d entries: the frontier at %d is %+v, and must be %+v", n, f.Size, f, at)
				}
				if err := last.Follows(old, must(ProveConsistency(f.Size, last.Size, a))); err != nil {
					t.Errorf("%d entries, at %d: %v", n, f.Size, err)
				}
			}
		}
	}
}

// TestExcerptsGrow: an excerpt that was made when the log was shorter is the beginning of the one
// that is made later, and once it is full it is the same for ever. So whoever keeps pieces of the
// same log keeps the same pieces, whenever they came.
func TestExcerptsGrow(t *testing.T) {
	a := actedLog(t, 400, func(i int) bool { return i%3 > 0 })
	starts := map[uint64]bool{}
	for from := uint64(0); from < 400; {
		starts[from] = true
		from = must(Excerpts(a.log, from, 400, a)).To
	}
	if len(starts) < 4 {
		t.Fatalf("all in %d pieces: it shows nothing", len(starts))
	}
	var last Excerpt
	for size, from := uint64(1), uint64(0); size <= 400; size++ {
		x := must(Excerpts(a.log, from, size, a))
		if last.From == from && size > 1 && x.To > last.To && !x.Extends(last) {
			t.Errorf("at size %d: [%d, %d) does not extend [%d, %d)", size, from, x.To, last.From, last.To)
		}
		if x.To < size && !x.Full() || x.To == size && size-from < 10 && x.Full() {
			t.Errorf("at size %d: [%d, %d) is full: %v", size, x.From, x.To, x.Full())
		}
		if last = x; x.To < size {
			from = x.To
		}
		if !starts[from] {
			t.Errorf("at size %d a piece begins at %d", size, from)
		}
	}
}

// kept shows fewer entries of a log than are acts.
type kept struct {
	acted
	acts []uint64
}

func (k kept) Leaf(index uint64) []byte {
	if leaf := k.acted.Leaf(index); slices.Contains(k.acts, index) {
		return leaf
	}
	return k.leaves[0] // no act
}

// TestExtends: what was shown once does not go under a hash.
func TestExtends(t *testing.T) {
	a := actedLog(t, 20, func(i int) bool { return i%4 == 1 })
	hidden := actedLog(t, 20, func(i int) bool { return i%4 == 1 && i != 5 })
	short, long := must(Excerpts(a.log, 0, 10, a)), must(Excerpts(a.log, 0, 20, a))
	more := actedLog(t, 20, func(i int) bool { return i%2 == 1 })
	if x := must(Excerpts(a.log, 0, 20, more)); !long.Extends(short) || !x.Extends(must(Excerpts(a.log, 0, 10, kept{more, a.acts}))) {
		t.Error("a longer one, or one that shows more, does not extend a shorter one")
	}
	for name, x := range map[string]Excerpt{
		"the same": short, "another begin": must(Excerpts(a.log, 1, 20, a)), "an act under a hash": must(Excerpts(a.log, 0, 20, hidden)),
		"no act": {Log: a.log, To: 20}, "another log": {Log: must(identity.NewLog(a.log.Jurisdiction(), 2)), To: 20, Acts: long.Acts},
	} {
		if x.Extends(short) {
			t.Errorf("%s: it extends", name)
		}
	}
}

func TestExcerptRefused(t *testing.T) {
	a := actedLog(t, 13, func(i int) bool { return i == 6 || i == 9 })
	good := a.cut(5, 13)
	for name, edit := range map[string]func(*signedExcerptWire){
		"a version to come":       func(w *signedExcerptWire) { w.Excerpt.Version = 2 },
		"no log":                  func(w *signedExcerptWire) { w.Excerpt.Log = identity.Log{} },
		"nothing":                 func(w *signedExcerptWire) { w.Excerpt.To = w.Excerpt.From },
		"backwards":               func(w *signedExcerptWire) { w.Excerpt.From, w.Excerpt.To = w.Excerpt.To, w.Excerpt.From },
		"more entries than one":   func(w *signedExcerptWire) { w.Excerpt.To = w.Excerpt.From + MaxExcerptEntries + 1 },
		"beyond all logs":         func(w *signedExcerptWire) { w.Excerpt.From, w.Excerpt.To = identity.MaxIndex, identity.MaxIndex+1 },
		"a hash too few":          func(w *signedExcerptWire) { w.Excerpt.Hashes = w.Excerpt.Hashes[32:] },
		"a hash too many":         func(w *signedExcerptWire) { w.Excerpt.Hashes = append(w.Excerpt.Hashes, w.Excerpt.Hashes[:32]...) },
		"half a hash":             func(w *signedExcerptWire) { w.Excerpt.Hashes = w.Excerpt.Hashes[16:] },
		"an act twice":            func(w *signedExcerptWire) { w.Excerpt.Acts[1] = w.Excerpt.Acts[0] },
		"acts in another order":   func(w *signedExcerptWire) { slices.Reverse(w.Excerpt.Acts) },
		"an act before the range": func(w *signedExcerptWire) { w.Excerpt.Acts[0].Index = 4 },
		"an act behind the range": func(w *signedExcerptWire) { w.Excerpt.Acts[1].Index = 13 },
		"an act that is no leaf":  func(w *signedExcerptWire) { w.Excerpt.Acts[0].Leaf = []byte{1} },
		"a leaf that is too long": func(w *signedExcerptWire) { w.Excerpt.Acts[0].Leaf = make([]byte, MaxActLen+1) },
		"no key":                  func(w *signedExcerptWire) { w.Key = []byte{} },
		"half a key":              func(w *signedExcerptWire) { w.Key = w.Key[:16] },
		"no signature":            func(w *signedExcerptWire) { w.Signature = []byte{} },
		"a long signature":        func(w *signedExcerptWire) { w.Signature = append(w.Signature, 0) },
		"null for the acts":       func(w *signedExcerptWire) { w.Excerpt.Acts = nil },
	} {
		w := unmarshal[signedExcerptWire](good.Encode())
		edit(&w)
		if x, err := ParseExcerpt(mustEncode(w)); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: got %+v, %v", name, x, err)
		}
	}
	if x, err := ParseExcerpt(mustEncode(good.wire())); !errors.Is(err, ErrMalformed) {
		t.Errorf("without key and signature: got %+v, %v", x, err)
	}
	if _, err := ParseExcerpt(make([]byte, MaxExcerptLen+1)); !errors.Is(err, canon.ErrNotCanonical) {
		t.Errorf("too long: got %v", err)
	}
	if _, err := must(FrontierAt(4, a)).Fold(good); !errors.Is(err, ErrNotProven) {
		t.Errorf("folded elsewhere: got %v", err)
	}
	if _, err := Excerpts(a.log, 13, 13, a); err == nil {
		t.Error("an empty one was made")
	}
	for name, f := range map[string]Frontier{"too few": {Size: 3, Hashes: make([]tlog.Hash, 1)}, "too many": {Hashes: make([]tlog.Hash, 1)}, "beyond": {Size: 1 << 62, Hashes: make([]tlog.Hash, 1)}} {
		if err := f.Check(); !errors.Is(err, ErrMalformed) {
			t.Errorf("a frontier of hashes that are %s: got %v", name, err)
		}
	}
}

// TestExcerptFits: the longest leaf that can be made is an act that fits, and the longest excerpt
// is within its bound.
func TestExcerptFits(t *testing.T) {
	label := must(identity.ParseLabel(strings.Repeat("a", 63)))
	long := must(identity.ParseJurisdiction(strings.Repeat(strings.Repeat("b", 39)+".", 4) + strings.Repeat("c", 40)))
	log := must(identity.NewLog(long, 1<<64-1))
	signer, _ := vectorSigner(place, "", 1)
	const most = 1<<64 - 1
	head := Head{
		Kind: 65535, Agency: label, Code: label, From: most, To: most, Limit: most, About: most, Root: tlog.Hash{1}, Unit: WorkingDays, Rule: most, Tag: Tag{1},
	}
	evidence := must(Sign(log, head, strings.Repeat("x", 100), Commitment{1}, signer))
	head.Seq, head.Time, head.Clock = most, MaxTime, MaxTime-1
	leaf := must(Leaf{head, evidence}.Encode())
	if len(leaf) > MaxActLen {
		t.Errorf("a leaf has %d bytes, more than %d", len(leaf), MaxActLen)
	}
	const n = MaxExcerptEntries + 5
	plain := must(Leaf{Head{Kind: KindAccess, Seq: 1, Time: 1}, PlainEvidence(Commitment{1})}.Encode())
	longest := 0
	for _, every := range []int{1, 2, 3, 200, 341, 700, 1 << 30} {
		var leaves [][]byte
		for i := range n {
			leaves = append(leaves, map[bool][]byte{true: leaf, false: plain}[i%every == every-1])
		}
		w := &world{log: log}
		x := must(Excerpts(log, 3, n, leafReader{w.tree(leaves...)})).Sign(signer)
		longest = max(longest, len(x.Encode()))
		if _, err := ParseExcerpt(x.Encode()); err != nil {
			t.Errorf("one act in %d: %v", every, err)
		}
		if !x.Full() {
			t.Errorf("one act in %d: what Excerpts ends at %d is not full", every, x.To)
		}
		if every == 1<<30 && x.To != 3+MaxExcerptEntries {
			t.Errorf("without acts it ends at %d", x.To)
		}
	}
	t.Logf("the longest leaf has %d bytes, the longest excerpt %d of %d", len(leaf), longest, MaxExcerptLen)
}

// TestActs: of every kind that has a name it is known what it counts as, also from its bytes alone.
func TestActs(t *testing.T) {
	for _, k := range []Kind{KindKeySet, KindAgency, KindCatalogueEntry, KindImportPublished, KindApplication, KindGrant, KindGrantRevoked, KindEndorsement, KindWithdrawal, KindDatasetEnded, KindAgencyEnded, KindFork, 40, 65535} {
		if !k.IsAct() {
			t.Errorf("%s is no act", k)
		}
	}
	for k, why := range many {
		if k.IsAct() || why == "" || kindNames[k] == "" {
			t.Errorf("%s is an act, or is none without a reason", k)
		}
	}
	page := string(must(os.ReadFile("../../docs/protocol.md")))
	_, section, _ := strings.Cut(page, "\n### Acts\n")
	section, _, _ = strings.Cut(section, "\n## ")
	section = strings.ReplaceAll(section, "\n", " ")
	if named := regexp.MustCompile(`\b\d+ [a-z]`).FindAllString(section, -1); len(named) != len(many) {
		t.Errorf("the page names %d kinds that are no acts, and there are %d", len(named), len(many))
	}
	for k := range many {
		if name := fmt.Sprintf("%d %s", k, kindNames[k]); !strings.Contains(section, name) {
			t.Errorf("the page does not say that %s is no act", name)
		}
	}
	for _, k := range []Kind{1, 23, 24, 255, 256, 65535} {
		leaf := must(Leaf{Head{Kind: k, Seq: 1, Time: 1}, PlainEvidence(Commitment{})}.Encode())
		if got, ok := kindOf(leaf); !ok || got != k {
			t.Errorf("%x: got %d, want %d", leaf, got, k)
		}
	}
	for _, leaf := range [][]byte{nil, {0x83}, bytes.Repeat([]byte{0x83}, 99), {0x83, 1, 0xa3, 1, 0x1a, 0, 0, 0}} {
		if k, ok := kindOf(leaf); ok {
			t.Errorf("%x: got %d", leaf, k)
		}
	}
}

// FuzzExcerpt: an excerpt of any bytes is refused, or has this one spelling and folds.
func FuzzExcerpt(f *testing.F) {
	a := actedLog(f, 13, func(i int) bool { return i == 6 || i == 9 })
	signed, known := [][]byte{a.cut(0, 13).Encode(), a.cut(5, 6).Encode()}, newWorld().one
	for _, data := range signed {
		f.Add(data)
	}
	start := must(FrontierAt(5, a))
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := ParseExcerpt(data)
		if err != nil {
			return
		}
		if !bytes.Equal(x.Encode(), data) {
			t.Errorf("%x is spelled %x", data, x.Encode())
		}
		if g, err := start.Fold(x); err == nil && (g.Size != x.To || g.Check() != nil) {
			t.Errorf("folded to %+v", g)
		}
		if _, err := x.Leaves(); err != nil {
			t.Error(err)
		}
		if x.SignedBy([]trust.KeySet{known}) == nil && !slices.ContainsFunc(signed, func(s []byte) bool { return bytes.Equal(s, data) }) {
			t.Errorf("%x passes for signed", data)
		}
	})
}
