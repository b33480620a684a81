// Package paper makes a jurisdiction's recovery key, whose private part is kept on no machine: it
// is written on paper, as 24 words or as a QR code, and read from there when all other keys are
// lost. A recovery key signs one thing, the recovery statement (see trust.SignRecovery).
//
// The private part is an Ed25519 seed of 32 bytes. With the first byte of its SHA-256 behind it, it
// is 264 bits, and each 11 of them are the number of a word in a list of BIP-39, in English or in
// simplified Chinese, where a word is one character:
//
//	abandon abandon … art          的 的 … 性          (the seed of 32 zero bytes)
//
// The QR code holds "XIETONG:" and the same 33 bytes in hexadecimal, in capitals. Read takes words
// of one list, in any spacing, case and width, numbers and signs between them or none, or the text
// of the code. It names a word that is in no list by its place, and never repeats it.
//
// The package keeps nothing and logs nothing. Wipe overwrites what can be overwritten; what a
// library copied stays until the memory is used again.
package paper

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"unicode"

	"github.com/tyler-smith/go-bip39/wordlists"
	"golang.org/x/text/unicode/norm"
	"rsc.io/qr"
)

// Words is how many words a key has.
const Words = 24

// MaxTyped is the longest input that Read takes, in bytes.
const MaxTyped = 4 << 10

const (
	bitsOfWord = 11
	prefix     = "XIETONG:" // of the text of a QR code
)

// List is a list of words.
type List int

// The lists.
const (
	English List = iota
	Chinese
)

var lists = [...][]string{English: wordlists.English, Chinese: wordlists.ChineseSimplified}

// The errors of Read.
var (
	ErrCount    = errors.New("not 24 words")
	ErrChecksum = errors.New("the words do not belong together: one is wrong, or two have changed places")
)

// CountError is ErrCount with the number of words that there are.
type CountError struct{ Words int }

func (e *CountError) Error() string { return fmt.Sprintf("%v: %d", ErrCount, e.Words) }
func (e *CountError) Unwrap() error { return ErrCount }

// WordError says which word is in no list, or is of another script than most. It does not repeat
// the word, which may be close to a right one.
type WordError struct {
	Place int  // from 1
	Mixed bool // it is of another script than most
}

func (e *WordError) Error() string { return fmt.Sprintf("word %d is not in the list", e.Place) }

// Key is a recovery key.
type Key struct{ private ed25519.PrivateKey }

// New makes a recovery key.
func New() (*Key, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	return &Key{private}, err
}

// Format writes nothing private, for any verb, so that a key that slips into a log gives nothing
// away.
func (k *Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, "recovery key") }

// Public returns the public part, which a key set names.
func (k *Key) Public() ed25519.PublicKey {
	return bytes.Clone(k.private.Public().(ed25519.PublicKey))
}

// Sign signs a message.
func (k *Key) Sign(message []byte) []byte { return ed25519.Sign(k.private, message) }

// Wipe overwrites the private part. The key is of no use afterwards.
func (k *Key) Wipe() { clear(k.private) }

// checked returns the seed and the first byte of its hash. The caller clears it.
func (k *Key) checked() []byte {
	seed := k.private[:ed25519.SeedSize]
	sum := sha256.Sum256(seed)
	return append(bytes.Clone(seed), sum[0])
}

// Words returns the 24 words in the list. They are the private part: the caller shows them once.
func (k *Key) Words(l List) []string {
	data := k.checked()
	defer clear(data)
	words := make([]string, Words)
	for i := range words {
		number := 0
		for bit := i * bitsOfWord; bit < (i+1)*bitsOfWord; bit++ {
			number = number<<1 | int(data[bit/8]>>(7-bit%8)&1)
		}
		words[i] = lists[l][number]
	}
	return words
}

// Code returns the QR code, as rows of dark modules without the quiet zone. It is the private part,
// as the words are.
func (k *Key) Code() ([][]bool, error) {
	data := k.checked()
	defer clear(data)
	code, err := qr.Encode(prefix+fmt.Sprintf("%X", data), qr.L)
	if err != nil {
		return nil, fmt.Errorf("draw the recovery key: %w", err)
	}
	rows := make([][]bool, code.Size)
	for y := range rows {
		rows[y] = make([]bool, code.Size)
		for x := range rows[y] {
			rows[y][x] = code.Black(x, y)
		}
	}
	clear(code.Bitmap)
	return rows, nil
}

// Read returns the key that the words, or the text of a QR code, stand for. The error is ErrCount,
// ErrChecksum or a *WordError, and repeats nothing of what was typed.
func Read(typed []byte) (*Key, error) {
	if len(typed) > MaxTyped {
		return nil, ErrCount
	}
	folded := bytes.ToLower(norm.NFKC.Bytes(typed))
	defer clear(folded)
	data, err := decode(folded)
	if err != nil {
		return nil, err
	}
	defer clear(data)
	if sum := sha256.Sum256(data[:ed25519.SeedSize]); sum[0] != data[ed25519.SeedSize] {
		return nil, ErrChecksum
	}
	return &Key{ed25519.NewKeyFromSeed(data[:ed25519.SeedSize])}, nil
}

// decode returns the 33 bytes of words, or of the text of a code.
func decode(folded []byte) ([]byte, error) {
	tight := bytes.Join(bytes.Fields(folded), nil)
	defer clear(tight)
	if digits, ok := bytes.CutPrefix(tight, bytes.ToLower([]byte(prefix))); ok {
		data := make([]byte, ed25519.SeedSize+1)
		if len(digits) != hex.EncodedLen(len(data)) {
			return nil, ErrChecksum
		}
		if _, err := hex.Decode(data, digits); err != nil {
			return nil, ErrChecksum
		}
		return data, nil
	}
	words := split(folded)
	if len(words) != Words {
		return nil, &CountError{len(words)}
	}
	list, odd := scriptOf(words)
	if odd > 0 {
		return nil, &WordError{odd, true}
	}
	data := make([]byte, ed25519.SeedSize+1)
	for i, word := range words {
		number := slices.Index(list, word)
		if number < 0 {
			clear(data)
			return nil, &WordError{Place: i + 1}
		}
		for bit := range bitsOfWord {
			at := i*bitsOfWord + bit
			data[at/8] |= byte(number>>(bitsOfWord-1-bit)&1) << (7 - at%8)
		}
	}
	return data, nil
}

// scriptOf returns the list in whose script most of the words are, and the place from 1 of the
// first word that is in another; 0: none.
func scriptOf(words []string) (list []string, odd int) {
	han := func(word string) bool { return unicode.Is(unicode.Han, []rune(word)[0]) }
	chinese := 0
	for _, word := range words {
		if han(word) {
			chinese++
		}
	}
	list = lists[English]
	if chinese > len(words)/2 {
		list = lists[Chinese]
	}
	for i, word := range words {
		if han(word) != (chinese > len(words)/2) {
			return list, i + 1
		}
	}
	return list, 0
}

// split returns the words: a Chinese character is one, and so are letters of other scripts that
// stand together. All else, as numbers and signs, only stands between words.
func split(folded []byte) (words []string) {
	within := false
	for _, r := range string(folded) {
		switch {
		case unicode.Is(unicode.Han, r):
			words, within = append(words, string(r)), false
		case !unicode.IsLetter(r):
			within = false
		case within:
			words[len(words)-1] += string(r)
		default:
			words, within = append(words, string(r)), true
		}
	}
	return words
}
