package paper

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tyler-smith/go-bip39"
	"rsc.io/qr"
)

// made returns the key of a seed.
func made(seed [32]byte) *Key { return &Key{ed25519.NewKeyFromSeed(seed[:])} }

// TestWordsAreBIP39: the words are those that the library makes of the same entropy, in both
// lists.
func TestWordsAreBIP39(t *testing.T) {
	for n := range 50 {
		seed := sha256.Sum256(fmt.Append(nil, n))
		for _, list := range []List{English, Chinese} {
			bip39.SetWordList(lists[list])
			want, err := bip39.NewMnemonic(seed[:])
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(made(seed).Words(list), " "); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
	}
	bip39.SetWordList(lists[English])
	if got, want := made([32]byte{}).Words(English)[23], "art"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := made([32]byte{}).Words(Chinese)[23], "性"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestReadAsTyped: words are read in any spacing, case and width.
func TestReadAsTyped(t *testing.T) {
	k, err := New()
	if err != nil {
		t.Fatal(err)
	}
	wide := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r > ' ' && r <= '~' {
				return r + 0xfee0
			}
			return '\u3000'
		}, s)
	}
	english, chinese := k.Words(English), k.Words(Chinese)
	numbered := ""
	for i, w := range english {
		numbered += fmt.Sprintf("%2d. %-10s", i+1, w)
	}
	code := fmt.Sprintf("%s%X", prefix, k.checked())
	for what, typed := range map[string]string{
		"English": strings.Join(english, " "), "in lines": strings.Join(english, "\r\n") + "\n", "capitals": strings.ToUpper(strings.Join(english, " ")),
		"full width": wide(strings.Join(english, " ")), "numbered": numbered, "with commas": strings.Join(english, "，"),
		"Chinese": strings.Join(chinese, " "), "Chinese without spaces": strings.Join(chinese, ""), "Chinese full width": strings.Join(chinese, "\u3000"),
		"Chinese numbered": "1." + strings.Join(chinese, " 2、"), "the code": code, "the code in lines": code[:30] + "\n " + strings.ToLower(code[30:]) + "\n",
		"the code full width": wide(code),
	} {
		got, err := Read([]byte(typed))
		if err != nil || !bytes.Equal(got.Public(), k.Public()) {
			t.Errorf("%s: got %v, want the key", what, err)
		}
	}
}

// TestMistyped: a word that is in no list is named by its place, and no error repeats a word.
func TestMistyped(t *testing.T) {
	k := made(sha256.Sum256([]byte("mistyped")))
	english, chinese := k.Words(English), k.Words(Chinese)
	with := func(words []string, at int, word string) string {
		words = slices.Clone(words)
		words[at-1] = word
		return strings.Join(words, " ")
	}
	other := made(sha256.Sum256([]byte("other"))).Words(English)
	for _, row := range []struct {
		what, typed string
		place       int
		want        error
	}{
		{"a letter more", with(english, 7, english[6]+"x"), 7, nil},
		{"no word", with(chinese, 24, "龘"), 24, nil},
		{"a word of the other list", with(english, 3, "的"), 3, nil},
		{"the first of the other list", with(english, 1, "的"), 1, nil},
		{"another word of the list", with(english, 5, other[4]), 0, ErrChecksum},
		{"two that changed places", strings.Join(append(slices.Clone(english[1:]), english[0]), " "), 0, ErrChecksum},
		{"23", strings.Join(english[:23], " "), 0, ErrCount},
		{"25", strings.Join(append(english, "art"), " "), 0, ErrCount},
		{"nothing", "", 0, ErrCount},
		{"too long", strings.Repeat(" ", MaxTyped) + strings.Join(english, " "), 0, ErrCount},
		{"half a code", prefix + "00", 0, ErrChecksum},
		{"a code that is none", prefix + strings.Repeat("G", 66), 0, ErrChecksum},
		{"a code with a wrong sum", prefix + strings.Repeat("0", 66), 0, ErrChecksum},
	} {
		_, err := Read([]byte(row.typed))
		if word, ok := errors.AsType[*WordError](err); row.place > 0 && (!ok || word.Place != row.place) || row.want != nil && !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v at %d", row.what, err, row.want, row.place)
		}
		for _, word := range strings.Fields(row.typed) {
			if err != nil && len(word) > 4 && strings.Contains(err.Error(), " "+word+" ") {
				t.Errorf("%s: the error %q repeats a word", row.what, err)
			}
		}
	}
}

// TestCode: the QR code is what the library draws, at most 29 modules wide.
func TestCode(t *testing.T) {
	k := made([32]byte{})
	rows, err := k.Code()
	if err != nil || len(rows) != 29 {
		t.Fatalf("got %d rows, %v, want 29", len(rows), err)
	}
	want, err := qr.Encode(prefix+strings.Repeat("0", 64)+"66", qr.L)
	if err != nil {
		t.Fatal(err)
	}
	for y, row := range rows {
		for x, dark := range row {
			if dark != want.Black(x, y) {
				t.Fatalf("module %d, %d differs", x, y)
			}
		}
	}
}

// TestNothingIsToldByAccident: a key that slips into a log or an error writes nothing private, and
// a wiped one signs nothing of use.
func TestNothingIsToldByAccident(t *testing.T) {
	k := made(sha256.Sum256([]byte("told")))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%d"} {
		if got := fmt.Sprintf(verb, k); got != "recovery key" {
			t.Errorf("%s: got %q", verb, got)
		}
	}
	public := k.Public()
	k.Wipe()
	if ed25519.Verify(public, []byte("message"), k.Sign([]byte("message"))) {
		t.Error("a wiped key still signs")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(strings.Join(made([32]byte{}).Words(English), " ")))
	f.Add([]byte(strings.Join(made([32]byte{}).Words(Chinese), "")))
	f.Fuzz(func(t *testing.T, typed []byte) {
		k, err := Read(typed)
		if err != nil {
			return
		}
		if again, err := Read([]byte(strings.Join(k.Words(Chinese), ""))); err != nil || !bytes.Equal(again.Public(), k.Public()) {
			t.Errorf("%q: read as a key whose words are another's", typed)
		}
	})
}
