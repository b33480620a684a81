// Package invitation writes and reads an invitation as it is handed over: as one line that a person
// copies, prints or reads out.
//
//	xt1-guiyang-192.0.2.7-7400-VMAW6…
//
// The readable part, the parent's label and its first address, is for people. Only the last part is
// believed: base32 (RFC 4648, upper case, without padding) of deterministic CBOR and the first 4
// bytes of its SHA-256, so that a mistyped or cut line is told from a wrong one. The two parts must
// agree; a colon of an IPv6 address is written "_" in the readable part, which survives every
// shell.
//
//	{1: parent, 2: [number, hash] of the parent's key set, 3: [name, number, hash] of the root's first one, absent
//	 where that is 2, 4: child, 5: code, 6: level, 7: display name, 8: short name, 9: secret (16 bytes), 10: end (ms since 1970 UTC),
//	 11: ["192.0.2.7:7400" …]}
//
// The secret lets its bearer join once, in the child's name. It is in no log: String and LogValue
// leave it out.
package invitation

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"strings"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/ground/config"
	"xietong/node/ground/text"
)

// Version is with what an invitation begins that this program reads.
const Version = "xt1"

// Limits of a token.
const (
	SecretLen    = 16 // bytes
	MaxAddresses = config.MaxAddresses
	maxLen       = 4 << 10 // characters
	checkLen     = 4       // bytes
)

var (
	// ErrNotToken is returned for a text that is no invitation at all.
	ErrNotToken = errors.New("not an invitation")
	// ErrNewer is returned for an invitation that a later version of the program made.
	ErrNewer = errors.New("made by a later version")
	// ErrMistyped is returned for an invitation that was cut short or changed on its way.
	ErrMistyped = errors.New("cut short or mistyped")
	// ErrTampered is returned where the readable part says something else than the part that is
	// believed.
	ErrTampered = errors.New("the readable part was changed")
	// ErrOtherKind is returned for an invitation of a replica where one of a lower level is read,
	// and the other way round.
	ErrOtherKind = errors.New("an invitation of another kind")
	// ErrInvalid is returned for an invitation whose content is not allowed.
	ErrInvalid = errors.New("invalid invitation")
)

// Reason returns which of the errors of this package an error wraps, for a person to read, or err.
func Reason(err error) string {
	for _, known := range []error{ErrNotToken, ErrMistyped, ErrTampered, ErrInvalid} {
		if errors.Is(err, known) {
			return known.Error()
		}
	}
	return err.Error()
}

// begins is how an invitation of any version begins.
var begins = regexp.MustCompile(`^x[tr][0-9]{1,3}-`)

// Token is an invitation.
type Token struct {
	Parent      trust.Pin // of the parent's key set
	Root        trust.Pin // of the tree's root: its first key set, which stays when its keys change
	Child       identity.Jurisdiction
	Code        string // GB/T 2260 or any
	Level       string
	DisplayName string
	ShortName   string
	Secret      []byte
	Until       time.Time // exact to the millisecond
	Addresses   []string  // host:port over UDP, in the order in which they are tried
}

type parentPin struct {
	_      struct{} `cbor:",toarray"`
	Number uint64
	Hash   []byte
}

type rootPin struct {
	_      struct{} `cbor:",toarray"`
	Name   identity.Jurisdiction
	Number uint64
	Hash   []byte
}

type wire struct {
	Parent      identity.Jurisdiction `cbor:"1,keyasint"`
	Pin         parentPin             `cbor:"2,keyasint"`
	Root        *rootPin              `cbor:"3,keyasint,omitempty"`
	Child       identity.Jurisdiction `cbor:"4,keyasint"`
	Code        string                `cbor:"5,keyasint,omitempty"`
	Level       string                `cbor:"6,keyasint,omitempty"`
	DisplayName string                `cbor:"7,keyasint"`
	ShortName   string                `cbor:"8,keyasint,omitempty"`
	Secret      []byte                `cbor:"9,keyasint"`
	Until       uint64                `cbor:"10,keyasint"`
	Addresses   []string              `cbor:"11,keyasint"`
}

var encoding = base32.StdEncoding.WithPadding(base32.NoPadding)

// Encode returns the line. The error wraps ErrInvalid for a token that breaks a limit.
func (t Token) Encode() (string, error) {
	if err := t.check(); err != nil {
		return "", err
	}
	hash := t.Parent.Hash()
	w := wire{
		Parent: t.Parent.Name(), Pin: parentPin{Number: t.Parent.Number(), Hash: hash[:]}, Child: t.Child, Code: t.Code, Level: t.Level,
		DisplayName: t.DisplayName, ShortName: t.ShortName, Secret: t.Secret, Until: uint64(t.Until.UnixMilli()), Addresses: t.Addresses,
	}
	if t.Root != t.Parent {
		hash := t.Root.Hash()
		w.Root = &rootPin{Name: t.Root.Name(), Number: t.Root.Number(), Hash: hash[:]}
	}
	data, err := canon.Marshal(w)
	if err != nil {
		return "", fmt.Errorf("encode invitation: %w", err)
	}
	return pack(t.readable(), data)
}

// readable returns the part for people.
func (t Token) readable() string { return readable(Version, t.Parent.Name(), t.Addresses[0]) }

func readable(version string, of identity.Jurisdiction, address string) string {
	host, port, _ := net.SplitHostPort(address)
	return strings.Join([]string{version, of.Label().String(), strings.ReplaceAll(host, ":", "_"), port}, "-")
}

// Parse parses a line, and what a copy does to it without harm (see mend). The error wraps
// ErrNotToken, ErrNewer, ErrMistyped, ErrTampered or ErrInvalid.
func Parse(given string) (Token, error) {
	data, says, err := unpack(given, Version)
	if err != nil {
		return Token{}, err
	}
	t, err := decode(data)
	if err == nil && t.readable() != says {
		err = fmt.Errorf("%w: it says %.100q, and is for %q", ErrTampered, says, t.readable())
	}
	return t, err
}

// unpack returns the part of a line of the version that is believed, and the readable part. The
// error wraps ErrNotToken, ErrNewer, ErrOtherKind or ErrMistyped.
func unpack(given, version string) (data []byte, says string, err error) {
	line := mend(given)
	last := strings.LastIndexByte(line, '-')
	switch {
	case len(line) > maxLen || last < 0 || !begins.MatchString(line):
		return nil, "", ErrNotToken
	case line[:2] != version[:2]:
		return nil, "", fmt.Errorf("%w: %.8q", ErrOtherKind, line)
	case !strings.HasPrefix(line, version+"-"):
		return nil, "", fmt.Errorf("%w: %.8q, this program reads %s", ErrNewer, line, version)
	}
	if data, err = encoding.DecodeString(line[last+1:]); err != nil || len(data) <= checkLen || encoding.EncodeToString(data) != line[last+1:] {
		return nil, "", ErrMistyped
	}
	data, check := data[:len(data)-checkLen], data[len(data)-checkLen:]
	if sum := sha256.Sum256(data); !bytes.Equal(sum[:checkLen], check) {
		return nil, "", ErrMistyped
	}
	return data, line[:last], nil
}

// pack returns the line of what is believed, behind the readable part.
func pack(readable string, data []byte) (string, error) {
	sum := sha256.Sum256(data)
	line := readable + "-" + encoding.EncodeToString(append(data, sum[:checkLen]...))
	if len(line) > maxLen {
		return "", fmt.Errorf("%w: %d characters, more than %d", ErrInvalid, len(line), maxLen)
	}
	return line, nil
}

func decode(data []byte) (Token, error) {
	var w wire
	if err := canon.Unmarshal(data, maxLen, &w); err != nil {
		return Token{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	parent, err := trust.NewPin(w.Parent, w.Pin.Number, w.Pin.Hash)
	root := parent
	if err == nil && w.Root != nil {
		root, err = trust.NewPin(w.Root.Name, w.Root.Number, w.Root.Hash)
	}
	if err != nil {
		return Token{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	if w.Root != nil && root == parent || w.Until > maxTime {
		return Token{}, fmt.Errorf("%w: another spelling, or an end after the year 9999", ErrInvalid)
	}
	t := Token{
		Parent: parent, Root: root, Child: w.Child, Code: w.Code, Level: w.Level, DisplayName: w.DisplayName, ShortName: w.ShortName,
		Secret: w.Secret, Until: time.UnixMilli(int64(w.Until)), Addresses: w.Addresses,
	}
	return t, t.check()
}

const maxTime = 253402300799999 // ms since 1970 UTC: the end of the year 9999

// leads reports whether the key set of the root leads on to that of a jurisdiction: of the root,
// that is the same key set or a later one.
func leads(root, to trust.Pin) bool {
	return root.Name() != to.Name() || root == to || root.Number() < to.Number()
}

func (t Token) check() error {
	above, _ := t.Child.Parent()
	switch {
	case t.Child.IsZero() || above != t.Parent.Name():
		return fmt.Errorf("%w: %q is not directly below %q", ErrInvalid, t.Child, t.Parent.Name())
	case !t.Parent.Name().Under(t.Root.Name()) || !leads(t.Root, t.Parent):
		return fmt.Errorf("%w: %q is not the root above %q", ErrInvalid, t.Root.Name(), t.Parent.Name())
	case len(t.Secret) != SecretLen || t.Until.UnixMilli() <= 0:
		return fmt.Errorf("%w: a secret of %d bytes until %s", ErrInvalid, len(t.Secret), t.Until)
	case t.DisplayName == "":
		return fmt.Errorf("%w: no display name", ErrInvalid)
	}
	for _, name := range []string{t.DisplayName, cmp.Or(t.ShortName, t.DisplayName)} {
		if err := trust.CheckPlace(t.Code, t.Level, name); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
		if s := t.Code + t.Level + name; !text.Nameable(s) {
			return fmt.Errorf("%w: a text of %d bytes", ErrInvalid, len(s))
		}
	}
	return checkAddresses(t.Addresses)
}

// checkAddresses checks the addresses of an invitation of either kind.
func checkAddresses(all []string) error {
	if len(all) == 0 || len(all) > MaxAddresses {
		return fmt.Errorf("%w: %d addresses, not 1 to %d", ErrInvalid, len(all), MaxAddresses)
	}
	for _, a := range all {
		if err := config.CheckAddress(a); err != nil {
			return fmt.Errorf("%w: %w", ErrInvalid, err)
		}
	}
	return nil
}

// String describes the token without the secret that lets its bearer join.
func (t Token) String() string {
	return fmt.Sprintf("invitation of %s by %s until %s", t.Child, t.Parent.Name(), t.Until.UTC().Format(time.RFC3339))
}

// LogValue returns the text of String for logs.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }
