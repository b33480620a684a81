package roster

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"
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

// TestWireExample checks the bytes in the package comment.
func TestWireExample(t *testing.T) {
	none := empty(0, nil)
	if err := none.add(Place{Name: name(t, "a")}); err != nil {
		t.Fatal(err)
	}
	data, err := none.Next(none).Encode()
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(data); got != "a2010103818761610060606060"+"60" {
		t.Errorf("got %s", got)
	}
}

// TestWire checks that the shipped list is decoded as it was encoded, and that other bytes are
// refused.
func TestWire(t *testing.T) {
	first := guizhou.Next(guizhou)
	data, err := first.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := Decode(data)
	if err != nil || back.Number() != 1 || back.Hash() != first.Hash() || len(back.Places()) != 98 {
		t.Fatalf("got number %d, %v", back.Number(), err)
	}
	for i, p := range guizhou.Places() {
		if back.Places()[i] != p {
			t.Errorf("place %d: got %+v, want %+v", i, back.Places()[i], p)
		}
	}
	t.Logf("%d bytes for 98 places", len(data))
	for i := range data {
		if r, err := Decode(data[:i]); !errors.Is(err, ErrInvalid) {
			t.Fatalf("the first %d bytes: %v, %v", i, r, err)
		}
	}
	for what, row := range map[string]string{
		"no place":             "a2010103" + "80",
		"a hash too many":      "a3010102" + "5820" + strings.Repeat("00", 32) + "0381876161006060606060",
		"a hash too few":       "a20102" + "0381876161006060606060",
		"a parent to come":     "a20101" + "0382876161006060606060" + "876162026060606060",
		"no parent":            "a20101" + "0382876161006060606060" + "876162006060606060",
		"a place twice":        "a20101" + "0383876161006060606060" + "876162016060606060" + "876162016060606060",
		"a label that is none": "a20101" + "0382876161006060606060" + "876142016060606060",
		"number 1 in two ways": "a2011801" + "0381876161006060606060",
	} {
		data, err := hex.DecodeString(row)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if r, err := Decode(data); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v, %v", what, r, err)
		}
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

func FuzzDecode(f *testing.F) {
	data, err := guizhou.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte("\xa2\x01\x01\x03\x81\x87aa\x00`````"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Decode(data)
		if err != nil {
			return
		}
		again, err := r.Encode()
		if err != nil || string(again) != string(data) {
			t.Errorf("decoded and encoded again: %x, %v", again, err)
		}
	})
}
