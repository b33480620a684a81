package roster

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"runtime"
	"slices"
	"strings"
	"testing"
	"weak"

	"xietong/certs/canon"
)

const head = "code,level,label,name_zh,short_zh,name_en,parent\n"

func parsed(t testing.TB, rows string) *Roster {
	t.Helper()
	r, err := Parse(head + rows)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// read encodes a list and reads it again, as if nobody in this process had it.
func read(r *Roster) (*Roster, error) {
	m, err := r.Manifest()
	if err != nil {
		return nil, err
	}
	all := map[string][]byte{}
	for data := range r.Pieces() {
		hash := sha256.Sum256(data)
		all[string(hash[:])] = data
	}
	defer forgotten(m.Pieces)()
	return m.List(func(p Piece) ([]byte, error) { return all[string(p.Hash)], nil })
}

// forgotten makes the process forget a list until back is called.
func forgotten(pieces []Piece) (back func()) {
	sum := sumOf(pieces)
	was := shared.of(sum)
	shared.mu.Lock()
	defer shared.mu.Unlock()
	delete(shared.lists, sum)
	return func() {
		shared.mu.Lock()
		defer shared.mu.Unlock()
		if was != nil {
			shared.lists[sum] = weak.Make(was)
		}
	}
}

// TestPieceExample checks the bytes in the package comment.
func TestPieceExample(t *testing.T) {
	none := empty(0, nil)
	if err := none.add(Place{Name: name(t, "a")}); err != nil {
		t.Fatal(err)
	}
	for data := range none.Pieces() {
		if got := hex.EncodeToString(data); got != "828081876161"+"006060606060" {
			t.Errorf("got %s", got)
		}
	}
}

// TestPieces checks that the shipped lists are read as they were encoded, and that other bytes are
// refused.
func TestPieces(t *testing.T) {
	for _, list := range []*Roster{guizhou.Next(guizhou), ShippedOf(name(t, Nation))} {
		back, err := read(list)
		if err != nil || back.Number() != list.Number() || back.Hash() != list.Hash() || !slices.Equal(back.places, list.places) {
			t.Fatalf("got number %d, %v", back.Number(), err)
		}
		if back.list == list.list {
			t.Error("it was not read")
		}
		m, _ := list.Manifest()
		size := uint64(0)
		for _, p := range m.Pieces {
			size += p.Len
		}
		t.Logf("%d pieces of %d bytes for %d places", len(m.Pieces), size, list.Len())
	}
	for data := range guizhou.Pieces() {
		for i := range data {
			if err := empty(0, nil).read(data[:i], MaxPlaces); !errors.Is(err, ErrInvalid) {
				t.Fatalf("the first %d bytes: %v", i, err)
			}
		}
	}
}

// TestSmallChangeMovesFewPieces: whatever happens to one place of a long list, wherever it stands,
// at most three pieces are others.
func TestSmallChangeMovesFewPieces(t *testing.T) {
	all := ShippedOf(name(t, Nation))
	before, err := all.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(before.Pieces) < 6 {
		t.Fatalf("%d pieces", len(before.Pieces))
	}
	had := map[string]bool{}
	for _, p := range before.Pieces {
		had[string(p.Hash)] = true
	}
	lines := strings.SplitAfter(all.CSV(), "\n")
	for at := 100; at < len(lines)-1; at += 300 {
		for what, edit := range map[string][]string{
			"renamed": {strings.Replace(lines[at], "区", "新区", 1)},
			"added":   {lines[at], "new-" + strings.Replace(lines[at], ",county,", ",county,new-", 1)},
		} {
			if what == "added" && !strings.Contains(lines[at], ",county,") {
				continue
			}
			next, err := Parse(strings.Join(slices.Concat(lines[:at], edit, lines[at+1:]), ""))
			if err != nil {
				t.Fatalf("line %d %s: %v", at, what, err)
			}
			m, err := next.Manifest()
			if err != nil {
				t.Fatal(err)
			}
			others := slices.DeleteFunc(slices.Clone(m.Pieces), func(p Piece) bool { return had[string(p.Hash)] })
			if len(others) > 3 {
				t.Errorf("line %d %s: %d of %d pieces are others", at, what, len(others), len(m.Pieces))
			}
		}
	}
}

// TestListsAreShared: whoever reads a list that is in use gets the one copy of its places, under
// its own number; and what nobody uses any more is let go.
func TestListsAreShared(t *testing.T) {
	m, err := guizhou.Next(guizhou).Manifest()
	if err != nil {
		t.Fatal(err)
	}
	r, err := m.List(func(Piece) ([]byte, error) { return nil, errors.New("it was fetched") })
	if err != nil || r.list != guizhou.list || r.Number() != 1 {
		t.Fatalf("got %v", err)
	}
	m, err = parsed(t, "1,province,a,甲,甲,A,000000\n").Manifest()
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		runtime.GC()
		shared.mu.Lock()
		_, held := shared.lists[sumOf(m.Pieces)]
		shared.mu.Unlock()
		if !held {
			return
		}
		runtime.Gosched()
	}
	t.Error("a list that nobody uses is held")
}

// TestHostilePieces, of R04: a piece that holds anything but places of the list, each once and
// where it belongs, is refused.
func TestHostilePieces(t *testing.T) {
	root := "876161" + "006060606060"
	for what, row := range map[string]struct{ before, piece string }{
		"no place":                   {"", "8280" + "80"},
		"a parent to come":           {"", "828161618" + "2" + root + "876162026060606060"},
		"no parent":                  {"", "8280" + "82" + root + "876162006060606060"},
		"a root with a parent":       {"", "82816161" + "81" + "876162016060606060"},
		"a place twice":              {"", "82816161" + "83" + root + "876162016060606060" + "876162016060606060"},
		"a label that is none":       {"", "82816161" + "82" + root + "876142016060606060"},
		"a name above that is none":  {"", "82816141" + "82" + root + "876162016060606060"},
		"a name above too many":      {"", "8282616163622e61" + "82" + root + "876162016060606060"},
		"a second root":              {"8280" + "81" + root, "8280" + "81" + "876162006060606060"},
		"the root again":             {"8280" + "81" + root, "8280" + "81" + root},
		"a place outside":            {"8280" + "81" + root, "82816162" + "81" + "876163016060606060"},
		"a place of another piece":   {"82816161" + "82" + root + "876162016060606060", "82816161" + "81" + "876162016060606060"},
		"below a place that is over": {"82816161" + "83" + root + "876162016060606060" + "876163016060606060", "8281" + "63622e61" + "81" + "876164016060606060"},
		"control characters":         {"", "8280" + "81" + "876161006001606060"},
		"more places than are promised": {"82816161" + "83" + root + "876162016060606060" + "876163016060606060",
			"82816161" + "82" + "876164016060606060" + "876165016060606060"},
	} {
		r := empty(0, nil)
		for i, piece := range []string{row.before, row.piece} {
			data, err := hex.DecodeString(piece)
			if err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if i == 0 && piece == "" {
				continue
			}
			err = r.read(data, 4)
			if i == 0 && err != nil {
				t.Fatalf("%s: before it: %v", what, err)
			}
			if i == 1 && !errors.Is(err, ErrInvalid) {
				t.Errorf("%s: got %v", what, err)
			}
		}
	}
}

// TestHostileManifests, of R01: a manifest that promises more than a list may be, or nothing, is
// refused before anything of it is fetched; and pieces that are not its own are refused before they
// are read.
func TestHostileManifests(t *testing.T) {
	hash := func(i int) []byte { h := sha256.Sum256([]byte{byte(i), byte(i >> 8)}); return h[:] }
	good := Manifest{Number: 1, Places: 1, Pieces: []Piece{{Hash: hash(0), Len: 1}}}
	for what, edit := range map[string]func(*Manifest){
		"no place":        func(m *Manifest) { m.Places = 0 },
		"60,001 places":   func(m *Manifest) { m.Places = MaxPlaces + 1 },
		"no piece":        func(m *Manifest) { m.Pieces = []Piece{} },
		"an empty piece":  func(m *Manifest) { m.Pieces[0].Len = 0 },
		"a long piece":    func(m *Manifest) { m.Pieces[0].Len = MaxPiece + 1 },
		"10 GB":           func(m *Manifest) { m.Pieces[0].Len = 10 << 30 },
		"no hash":         func(m *Manifest) { m.Pieces[0].Hash = nil },
		"a piece twice":   func(m *Manifest) { m.Pieces = append(m.Pieces, m.Pieces[0]) },
		"a hash too many": func(m *Manifest) { m.Before = hash(1) },
		"a hash too few":  func(m *Manifest) { m.Number = 2 },
		"too many pieces": func(m *Manifest) {
			for i := range MaxPieces {
				m.Pieces = append(m.Pieces, Piece{Hash: hash(i + 1), Len: 1})
			}
		},
		"too many bytes": func(m *Manifest) {
			for i := range MaxLen / MaxPiece {
				m.Pieces = append(m.Pieces, Piece{Hash: hash(i + 1), Len: MaxPiece})
			}
		},
	} {
		m := good
		m.Pieces = slices.Clone(good.Pieces)
		edit(&m)
		data, err := canon.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeManifest(data); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	data, err := canon.Marshal(good)
	if err != nil {
		t.Fatal(err)
	}
	m, err := DecodeManifest(data)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.List(func(Piece) ([]byte, error) { return []byte{0}, nil }); !errors.Is(err, ErrInvalid) {
		t.Errorf("another piece: got %v", err)
	}
	m, _ = guizhou.Manifest()
	m.Places++
	if _, err := m.List(nil); !errors.Is(err, ErrInvalid) {
		t.Errorf("a place less than promised: got %v", err)
	}
}

// TestFollows checks which list may take the place of another.
func TestFollows(t *testing.T) {
	one := parsed(t, "1,province,a,甲,甲,A,000000\n11,county,x,子,子,X,1\n12,county,y,丑,丑,Y,1\n")
	first := one.Next(one)
	for what, row := range map[string]struct {
		rows string
		edit func(*Roster)
		want string
	}{
		"the same places":   {"1,province,a,甲,甲,A,000000\n11,county,x,子,子,X,1\n12,county,y,丑,丑,Y,1\n", nil, ""},
		"a place less":      {"1,province,a,甲,甲,A,000000\n11,county,x,子,子,X,1\n", nil, ""},
		"a place more":      {"1,province,a,甲,甲,A,000000\n11,county,x,子,子,X,1\n12,county,y,丑,丑,Y,1\n13,county,z,寅,寅,Z,1\n", nil, ""},
		"another title":     {"1,province,a,甲,甲,A,000000\n11,county,x,子区,子,X,1\n", nil, ""},
		"another code":      {"1,province,a,甲,甲,A,000000\n14,county,x,子,子,X,1\n", nil, ""},
		"codes swapped":     {"1,province,a,甲,甲,A,000000\n12,county,x,子,子,X,1\n11,county,y,丑,丑,Y,1\n", nil, "the code 1"},
		"another root":      {"1,province,b,甲,甲,A,000000\n", nil, "of b, after one of a"},
		"the number again":  {"1,province,a,甲,甲,A,000000\n", func(r *Roster) { r.number = 1 }, "number 1 after number 1"},
		"a number left out": {"1,province,a,甲,甲,A,000000\n", func(r *Roster) { r.number = 3 }, "number 3 after number 1"},
		"another before it": {"1,province,a,甲,甲,A,000000\n", func(r *Roster) { r.before = make([]byte, 32) }, "names another before it"},
	} {
		next := first.Next(parsed(t, row.rows))
		if row.edit != nil {
			row.edit(next)
		}
		err := next.Follows(first)
		if row.want == "" && err != nil || row.want != "" && (!errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: got %v, want %q", what, err, row.want)
		}
	}
}

// FuzzRead: what is read as a piece is written again as the same places.
func FuzzRead(f *testing.F) {
	for data := range guizhou.Pieces() {
		f.Add(data)
	}
	f.Add([]byte("\x82\x80\x81\x87aa\x00`````"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := empty(1, nil)
		if r.read(data, MaxPlaces) != nil {
			return
		}
		if again, err := read(r); err != nil || !slices.Equal(again.places, r.places) {
			t.Errorf("read and encoded again: %v", err)
		}
	})
}
