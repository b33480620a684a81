// Package identity holds the names of everything that Xietong speaks of, as parsed, comparable
// values.
//
// A name is parsed once, where it comes in, and is a typed value from then on: two values are the
// same name if and only if they are == (so they serve as map keys), and String gives back exactly
// the text that was parsed. There is one spelling of every name; upper case, leading zeros, empty
// labels and trailing dots are refused, never corrected.
//
//	label         nanming                                       [a-z0-9-], 1-63 bytes, no hyphen at an end
//	jurisdiction  nanming.guiyang.guizhou                       labels joined by dots, at most 200 bytes and 8 labels
//	agency        spiffe://nanming.guiyang.guizhou/agency/civil-affairs
//	replica       r1                                            counted up from 1 within a jurisdiction, never reused
//	dataset       nanming.guiyang.guizhou/villages              jurisdiction, slash, code (a label)
//	log           nanming.guiyang.guizhou/log/1                 one epoch of a jurisdiction's ledger
//	entry         nanming.guiyang.guizhou/log/1/31              log, slash, index (from 0)
//	message       01890a5d-ac96-774b-bcce-b302099a8057          UUIDv7 of a message or idempotency key (RFC 9562 §5.7)
//
// The package does no I/O and knows nothing of permissions; only NewMessage reads a clock and
// randomness. The zero value of each type is "no name": IsZero reports it, String gives "", and no
// parser ever returns it without an error.
package identity

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Limits of names. They are part of the format: a longer name is refused everywhere.
const (
	MaxLabelLen        = 63  // bytes; the limit of a DNS label (RFC 1035 §2.3.4)
	MaxJurisdictionLen = 200 // bytes; leaves room for the rest of a SPIFFE ID's trust domain limit of 255
	MaxDepth           = 8   // labels of a jurisdiction
)

// ErrMalformed is wrapped by every error of this package's parsers.
var ErrMalformed = errors.New("malformed name")

func malformed(kind, s, why string) error {
	if len(s) > MaxJurisdictionLen {
		s = s[:MaxJurisdictionLen] + "…"
	}
	return fmt.Errorf("%w: %s %q: %s", ErrMalformed, kind, s, why)
}

// A Label is one part of a name: the place in a jurisdiction, the code of an agency or a dataset.
type Label struct{ s string }

// ParseLabel parses a label.
func ParseLabel(s string) (Label, error) {
	if why := badLabel(s); why != "" {
		return Label{}, malformed("label", s, why)
	}
	return Label{s}, nil
}

// badLabel returns the reason why s is not a label, or "" for a label.
func badLabel(s string) string {
	switch {
	case s == "":
		return "it is empty"
	case len(s) > MaxLabelLen:
		return fmt.Sprintf("it is longer than %d bytes", MaxLabelLen)
	case s[0] == '-' || s[len(s)-1] == '-':
		return "it begins or ends with a hyphen"
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return "only a-z, 0-9 and hyphen may stand in it"
		}
	}
	return ""
}

func (l Label) String() string { return l.s }

// IsZero reports whether l is no label.
func (l Label) IsZero() bool { return l == Label{} }

// A Jurisdiction names a place with a government, like a DNS name: the parent is the name without
// its first label. It is also the name of the jurisdiction's SPIFFE trust domain.
type Jurisdiction struct{ s string }

// ParseJurisdiction parses a jurisdiction's name.
func ParseJurisdiction(s string) (Jurisdiction, error) {
	if len(s) > MaxJurisdictionLen {
		return Jurisdiction{}, malformed("jurisdiction", s, fmt.Sprintf("it is longer than %d bytes", MaxJurisdictionLen))
	}
	if strings.Count(s, ".") >= MaxDepth {
		return Jurisdiction{}, malformed("jurisdiction", s, fmt.Sprintf("it has more than %d labels", MaxDepth))
	}
	for label := range strings.SplitSeq(s, ".") {
		if why := badLabel(label); why != "" {
			return Jurisdiction{}, malformed("jurisdiction", s, "in a label, "+why)
		}
	}
	return Jurisdiction{s}, nil
}

func (j Jurisdiction) String() string { return j.s }

// IsZero reports whether j is no jurisdiction.
func (j Jurisdiction) IsZero() bool { return j == Jurisdiction{} }

// Label returns the first label, which distinguishes j from its siblings.
func (j Jurisdiction) Label() Label {
	first, _, _ := strings.Cut(j.s, ".")
	return Label{first}
}

// Parent returns the jurisdiction above j; ok is false at a root.
func (j Jurisdiction) Parent() (parent Jurisdiction, ok bool) {
	_, rest, ok := strings.Cut(j.s, ".")
	return Jurisdiction{rest}, ok
}

// Child returns the jurisdiction named l directly under j. The error wraps ErrMalformed when its
// name would be too long or too deep.
func (j Jurisdiction) Child(l Label) (Jurisdiction, error) {
	return ParseJurisdiction(l.s + "." + j.s)
}

// Depth returns the number of labels: 1 at a root, and 0 for no jurisdiction.
func (j Jurisdiction) Depth() int {
	if j.IsZero() {
		return 0
	}
	return 1 + strings.Count(j.s, ".")
}

// Under reports whether j lies in the subtree of top. Every jurisdiction lies in its own subtree.
func (j Jurisdiction) Under(top Jurisdiction) bool {
	return j == top || !top.IsZero() && strings.HasSuffix(j.s, "."+top.s)
}

// An Agency is a department inside a jurisdiction.
type Agency struct {
	in   Jurisdiction
	code Label
}

const agencyScheme, agencyPath = "spiffe://", "/agency/"

// NewAgency returns the agency of the given code in j.
func NewAgency(j Jurisdiction, code Label) Agency { return Agency{j, code} }

// ParseAgency parses an agency's SPIFFE ID.
func ParseAgency(s string) (Agency, error) {
	rest, ok := strings.CutPrefix(s, agencyScheme)
	domain, path, ok2 := strings.Cut(rest, "/")
	code, ok3 := strings.CutPrefix("/"+path, agencyPath)
	if !ok || !ok2 || !ok3 {
		return Agency{}, malformed("agency", s, "it has not the form spiffe://JURISDICTION/agency/CODE")
	}
	j, err := ParseJurisdiction(domain)
	if err != nil {
		return Agency{}, err
	}
	l, err := ParseLabel(code)
	if err != nil {
		return Agency{}, err
	}
	return Agency{j, l}, nil
}

func (a Agency) String() string {
	if a.IsZero() {
		return ""
	}
	return agencyScheme + a.in.s + agencyPath + a.code.s
}

// IsZero reports whether a is no agency.
func (a Agency) IsZero() bool { return a == Agency{} }

// Jurisdiction returns the jurisdiction that the agency belongs to.
func (a Agency) Jurisdiction() Jurisdiction { return a.in }

// Code returns the agency's label within its jurisdiction.
func (a Agency) Code() Label { return a.code }

// A Replica is one member of a jurisdiction's raft group. Its text is also raft's server id and
// address.
type Replica struct{ n uint32 }

// NewReplica returns the replica with the given number, which must not be 0.
func NewReplica(n uint32) (Replica, error) {
	if n == 0 {
		return Replica{}, malformed("replica", "r0", "replicas are counted from 1")
	}
	return Replica{n}, nil
}

// ParseReplica parses a replica's name.
func ParseReplica(s string) (Replica, error) {
	digits, ok := strings.CutPrefix(s, "r")
	n, err := parseCount(digits, 32)
	if !ok || err != nil || n == 0 {
		return Replica{}, malformed("replica", s, "it is not r1, r2, …")
	}
	return Replica{uint32(n)}, nil
}

func (r Replica) String() string {
	if r.IsZero() {
		return ""
	}
	return "r" + strconv.FormatUint(uint64(r.n), 10)
}

// IsZero reports whether r is no replica.
func (r Replica) IsZero() bool { return r == Replica{} }

// Number returns the replica's number, counted from 1.
func (r Replica) Number() uint32 { return r.n }

// parseCount parses the one decimal spelling of a number: digits alone, no leading zero.
func parseCount(s string, bits int) (uint64, error) {
	n, err := strconv.ParseUint(s, 10, bits)
	if err == nil && strconv.FormatUint(n, 10) != s {
		err = strconv.ErrSyntax
	}
	return n, err
}
