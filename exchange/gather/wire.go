package gather

import (
	"errors"
	"fmt"
	"slices"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// ErrForm is wrapped by every error about bytes that do not have the form of a share.
var ErrForm = errors.New("not a share")

type missingWire struct {
	_     struct{} `cbor:",toarray"`
	Name  identity.Jurisdiction
	State State
	By    identity.Jurisdiction
	Code  uint16
	Args  []string
	Heard uint64
}

type shareWire struct {
	Roster   uint64        `cbor:"1,keyasint"`
	Hash     []byte        `cbor:"2,keyasint"`
	Own      []Group       `cbor:"3,keyasint,omitempty"`
	AsOf     *uint64       `cbor:"4,keyasint,omitempty"`
	Groups   []Group       `cbor:"5,keyasint,omitempty"`
	Answered uint64        `cbor:"6,keyasint,omitempty"`
	Missing  []missingWire `cbor:"7,keyasint,omitempty"`
	Shares   []Listed      `cbor:"8,keyasint,omitempty"`
	Extra    []Extra       `cbor:"9,keyasint,omitempty"`
	LeftOut  []LeftOut     `cbor:"10,keyasint,omitempty"`
}

const (
	maxArgs = 16                        // values of a problem
	maxArg  = 1 << 10                   // bytes of one
	maxText = 1 << 10                   // bytes of a value of a group
	maxAll  = MaxGroups + MaxShares + 2 // groups, those that put others together included
)

// Encode returns the one encoding of a share, of at most MaxLen bytes.
func (s Share) Encode() ([]byte, error) {
	w := shareWire{
		Roster: s.Roster, Hash: s.Hash, Own: s.Own, AsOf: s.AsOf, Groups: s.Groups, Answered: s.Answered, Shares: s.Shares, Extra: s.Extra,
		LeftOut: s.LeftOut,
	}
	for _, m := range s.Missing {
		w.Missing = append(w.Missing, missingWire{Name: m.Name, State: m.State, By: m.By, Code: m.Code, Args: append([]string{}, m.Args...), Heard: m.Heard})
	}
	if err := w.check(); err != nil {
		return nil, err
	}
	data, err := canon.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("encode share: %w", err)
	}
	if len(data) > MaxLen {
		return nil, fmt.Errorf("encode share: %d bytes", len(data))
	}
	return data, nil
}

// Decode decodes a share strictly. It does not check that the share adds up: see Check.
func Decode(data []byte) (Share, error) {
	var w shareWire
	if err := canon.Unmarshal(data, MaxLen, &w); err != nil {
		return Share{}, fmt.Errorf("%w: %w", ErrForm, err)
	}
	if err := w.check(); err != nil {
		return Share{}, err
	}
	s := Share{
		Roster: w.Roster, Hash: w.Hash, Own: w.Own, AsOf: w.AsOf, Groups: w.Groups, Answered: w.Answered, Shares: w.Shares, Extra: w.Extra,
		LeftOut: w.LeftOut,
	}
	for _, m := range w.Missing {
		s.Missing = append(s.Missing, Missing{m.Name, Why{State: m.State, By: m.By, Code: m.Code, Args: m.Args, Heard: m.Heard}})
	}
	return s, nil
}

func (w shareWire) check() error {
	switch {
	case len(w.Hash) != 32:
		return fmt.Errorf("%w: a roster's hash of %d bytes", ErrForm, len(w.Hash))
	case len(w.Missing) > MaxMembers || len(w.Extra) > MaxExtra || w.Answered > MaxMembers:
		return fmt.Errorf("%w: %d answered, %d missing, %d not in the roster", ErrForm, w.Answered, len(w.Missing), len(w.Extra))
	case len(w.LeftOut) > MaxMembers+MaxExtra:
		return fmt.Errorf("%w: %d jurisdictions left records out", ErrForm, len(w.LeftOut))
	case len(w.Groups) > maxAll || len(w.Own) > maxAll || len(w.Shares) > MaxShares:
		return fmt.Errorf("%w: %d groups of %d shares", ErrForm, len(w.Groups), len(w.Shares))
	}
	groups := slices.Concat(w.Own, w.Groups)
	for _, e := range w.Extra {
		if groups = append(groups, e.Records); e.Name.IsZero() {
			return fmt.Errorf("%w: nobody stands beside the roster", ErrForm)
		}
	}
	for _, g := range groups {
		if err := g.check(); err != nil {
			return err
		}
	}
	for _, m := range w.Missing {
		if err := m.check(); err != nil {
			return err
		}
	}
	for _, l := range w.Shares {
		if l.Child.IsZero() || len(l.Hash) != 32 || l.Outcome < Added || l.Outcome > Rejected {
			return fmt.Errorf("%w: an answer of %q with a hash of %d bytes and the outcome %d", ErrForm, l.Child, len(l.Hash), l.Outcome)
		}
	}
	return nil
}

func (g Group) check() error {
	switch {
	case g.Values == nil || len(g.Values) > MaxBy:
		return fmt.Errorf("%w: a group of %d values", ErrForm, len(g.Values))
	case g.With > g.Count:
		return fmt.Errorf("%w: %d of %d records have a value", ErrForm, g.With, g.Count)
	case (g.Amount != nil) != (g.With > 0):
		return fmt.Errorf("%w: %d records have a value, and an amount is told: %t", ErrForm, g.With, g.Amount != nil)
	}
	for _, v := range g.Values {
		if len(v) > maxText {
			return fmt.Errorf("%w: a value of %d bytes", ErrForm, len(v))
		}
	}
	return nil
}

// maxSumLen is the length of the text of the longest sum: a sign, 20 digits, a point and 18 digits.
const maxSumLen = 40

// size returns an upper bound of the bytes of an encoded group, which is one of its sum with other
// groups of the same values too, if it is one of each.
func (g Group) size() int {
	n := 32 // for the numbers and the heads of arrays and texts
	for _, v := range g.Values {
		n += 3 + len(v)
	}
	if g.Amount != nil {
		n += max(len(g.Amount.String()), maxSumLen)
	}
	return n
}

func (m missingWire) check() error {
	if m.Name.IsZero() || m.By.IsZero() || m.State <= Answered || m.State > NotJoined || m.Args == nil || len(m.Args) > maxArgs {
		return fmt.Errorf("%w: %q is in the state %d with %d values, says %q", ErrForm, m.Name, m.State, len(m.Args), m.By)
	}
	for _, arg := range m.Args {
		if len(arg) > maxArg {
			return fmt.Errorf("%w: a value of %d bytes", ErrForm, len(arg))
		}
	}
	return nil
}
