package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"

	"xietong/certs/identity"
)

// The bounds of a policy. The specification asks for at least 32 of each.
const (
	MaxPolicyLen   = 64 << 10
	maxPolicyItems = 128 // logs; and witnesses and groups together
)

// Policy says when a checkpoint is believed (C2SP tlog-policy): one of the listed logs signed it,
// and a quorum of the listed witnesses cosigned it.
type Policy struct {
	logs   []verifierKey
	named  map[string]*member
	quorum *member // nil: no cosignature is asked for
	closed bool    // the quorum was said
}

// member is a witness, or a group of members.
type member struct {
	name    string
	witness *verifierKey // nil: a group
	least   int          // how many of the members of a group must have cosigned
	of      []*member
	grouped bool // it is a member of a group
}

// PolicyError is what is wrong with a line of a policy, counted from 1; 0: with the whole.
type PolicyError struct {
	Line int
	Err  error
}

func (e *PolicyError) Error() string {
	if e.Line == 0 {
		return e.Err.Error()
	}
	return fmt.Sprintf("line %d: %v", e.Line, e.Err)
}

// Unwrap returns the reason.
func (e *PolicyError) Unwrap() error { return e.Err }

// ParsePolicy reads a policy file. It is strict: a line that the specification does not have, or
// that has no end, is refused, because a policy that was cut short asks for less. The error is a
// *PolicyError.
func ParsePolicy(data []byte) (*Policy, error) {
	p := &Policy{named: map[string]*member{}}
	if len(data) > MaxPolicyLen {
		return nil, &PolicyError{0, fmt.Errorf("it is longer than %d bytes", MaxPolicyLen)}
	}
	n := 0
	for line := range bytes.Lines(data) {
		n++
		if err := p.line(line); err != nil {
			return nil, &PolicyError{n, err}
		}
	}
	if !p.closed {
		return nil, &PolicyError{0, errors.New("it has no quorum line")}
	}
	return p, nil
}

func (p *Policy) line(line []byte) error {
	text, ended := bytes.CutSuffix(line, []byte("\n"))
	switch {
	case !ended:
		return errors.New("the last line has no end; the file was cut short")
	case bytes.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		return errors.New("a control character stands in it")
	}
	words := strings.FieldsFunc(string(text), func(r rune) bool { return r == ' ' || r == '\t' })
	if len(words) == 0 || strings.HasPrefix(words[0], "#") {
		return nil
	}
	switch rest := words[1:]; words[0] {
	case "log":
		return p.log(rest)
	case "witness":
		return p.witness(rest)
	case "group":
		return p.group(rest)
	case "quorum":
		return p.setQuorum(rest)
	}
	return fmt.Errorf("it begins with %s, and neither with log, witness, group nor quorum", quote(words[0]))
}

// quote returns a word of a policy as an error tells it: in quotes, and not longer than a name.
func quote(s string) string {
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	return strconv.Quote(s)
}

func (p *Policy) log(words []string) error {
	if len(words) < 1 || len(words) > 2 {
		return errors.New("a log line has a verifier key and at most an address behind it")
	}
	k, err := parseVerifierKey(words[0], noteAlgEd25519)
	switch {
	case err != nil:
		return err
	case slices.ContainsFunc(p.logs, func(other verifierKey) bool { return other.key.Equal(k.key) && !epochs(other.name, k.name) }):
		return errors.New("the same key stands in a log line before")
	case len(p.logs) == maxPolicyItems:
		return fmt.Errorf("it has more than %d logs", maxPolicyItems)
	}
	p.logs = append(p.logs, k)
	return nil
}

// epochs reports whether two names are of two epochs of one ledger, which its replicas sign with
// the same keys.
func epochs(a, b string) bool {
	one, err := identity.ParseLog(a)
	other, bad := identity.ParseLog(b)
	return err == nil && bad == nil && one != other && one.Jurisdiction() == other.Jurisdiction()
}

func (p *Policy) witness(words []string) error {
	if len(words) < 2 || len(words) > 3 {
		return errors.New("a witness line has a name, a verifier key, and at most an address behind them")
	}
	k, err := parseVerifierKey(words[1], noteAlgCosignature)
	if err != nil {
		return err
	}
	for _, m := range p.named {
		if m.witness != nil && m.witness.key.Equal(k.key) {
			return errors.New("the same key stands in a witness line before")
		}
	}
	return p.define(&member{name: words[0], witness: &k})
}

func (p *Policy) define(m *member) error {
	switch {
	case m.name == "none":
		return errors.New("none is no name for a witness or a group")
	case p.named[m.name] != nil:
		return fmt.Errorf("the name %s stands in a line before", quote(m.name))
	case len(p.named) == maxPolicyItems:
		return fmt.Errorf("it has more than %d witnesses and groups", maxPolicyItems)
	}
	p.named[m.name] = m
	return nil
}

func (p *Policy) group(words []string) error {
	if len(words) < 3 {
		return errors.New("a group line has a name, all, any or a number, and the members")
	}
	g := &member{name: words[0]}
	for _, name := range words[2:] {
		m := p.named[name]
		switch {
		case m == nil:
			return fmt.Errorf("no line before defines %s", quote(name))
		case m.grouped:
			return fmt.Errorf("%s is a member of a group already", quote(name))
		}
		m.grouped = true
		g.of = append(g.of, m)
	}
	switch n, err := strconv.ParseUint(words[1], 10, 16); {
	case words[1] == "all":
		g.least = len(g.of)
	case words[1] == "any":
		g.least = 1
	case err != nil || strconv.FormatUint(n, 10) != words[1] || n < 1 || int(n) > len(g.of):
		return fmt.Errorf("%s is neither all, any nor a number from 1 to %d", quote(words[1]), len(g.of))
	default:
		g.least = int(n)
	}
	return p.define(g)
}

func (p *Policy) setQuorum(words []string) error {
	switch {
	case len(words) != 1:
		return errors.New("a quorum line has one name")
	case p.closed:
		return errors.New("a quorum line stands before")
	case words[0] != "none" && p.named[words[0]] == nil:
		return fmt.Errorf("no line before defines %s", quote(words[0]))
	}
	p.quorum, p.closed = p.named[words[0]], true
	return nil
}

// Judgement is what a policy finds in a checkpoint that one of its logs signed.
type Judgement struct {
	Checkpoint Checkpoint
	Keys       int        // log keys of the policy for this log,
	Signed     int        // and how many of them signed
	Cosigned   []Cosigned // by witnesses of the policy, in the order of their names
	Quorum     string     // the name that the policy gives it; "none": no cosignature is asked for
	Lacks      []string   // what the quorum lacks, as "NAME" or "GROUP 1/2 (NAME, NAME)"; empty: nothing
	Ignored    int        // lines by keys that the policy does not list
}

// Cosigned is the line of one witness.
type Cosigned struct {
	Witness string
	At      uint64 // seconds since 1970 UTC, by the witness
}

// Logs returns the names of the logs of which the policy lists keys, in their order, each once.
func (p *Policy) Logs() (names []string) {
	for _, k := range p.logs {
		names = append(names, k.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Judge verifies the lines of a checkpoint by the keys of the policy. A line by any other key is
// passed over, as the specification asks for. That the quorum is not met is no error: it is told in
// Lacks. The error wraps ErrMalformed, or ErrNotProven where no log of the policy signed the
// checkpoint, or a line by a key that it lists does not verify.
func (p *Policy) Judge(data []byte) (j Judgement, err error) {
	if len(data) > MaxNoteLen {
		return j, malformed("checkpoint", fmt.Errorf("%d bytes, more than %d", len(data), MaxNoteLen))
	}
	known, witness, err := p.verifiers()
	if err != nil {
		return j, err
	}
	n, err := note.Open(data, note.VerifierList(known...))
	if unsigned, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		n, err = unsigned.Note, nil
	}
	if err != nil {
		return j, fmt.Errorf("%w: checkpoint: %w", ErrNotProven, err)
	}
	if j.Checkpoint, err = parseCheckpoint(n.Text); err != nil {
		return j, err
	}
	at := map[string]uint64{}
	for _, s := range n.Sigs {
		switch m := witness[keyID{s.Name, s.Hash}]; {
		case m != nil:
			at[m.name] = cosignedAt(s)
			j.Cosigned = append(j.Cosigned, Cosigned{m.name, at[m.name]})
		case s.Name == j.Checkpoint.Log.String():
			j.Signed++
		}
	}
	slices.SortFunc(j.Cosigned, func(a, b Cosigned) int { return strings.Compare(a.Witness, b.Witness) })
	for _, k := range p.logs {
		if k.name == j.Checkpoint.Log.String() {
			j.Keys++
		}
	}
	if j.Signed == 0 {
		return j, fmt.Errorf("%w: no log key of the policy signed the checkpoint of %s", ErrNotProven, j.Checkpoint.Log)
	}
	j.Ignored, j.Quorum = len(n.UnverifiedSigs), "none"
	if p.quorum != nil {
		j.Quorum = p.quorum.name
		j.Lacks = p.quorum.lacks(at)
	}
	return j, nil
}

// keyID is how a line names its key.
type keyID struct {
	name string
	hash uint32
}

func (p *Policy) verifiers() (known []note.Verifier, witness map[keyID]*member, err error) {
	for _, k := range p.logs {
		v, err := note.NewVerifier(k.String())
		if err != nil {
			return nil, nil, malformed("log key", err)
		}
		known = append(known, v)
	}
	witness = map[keyID]*member{}
	for _, m := range p.named {
		if m.witness != nil {
			known = append(known, cosigner{*m.witness})
			witness[keyID{m.witness.name, m.witness.hash()}] = m
		}
	}
	return known, witness, nil
}

// lacks returns what a member lacks, given the witnesses that cosigned; nil: nothing.
func (m *member) lacks(at map[string]uint64) []string {
	name := m.name
	if !utf8.ValidString(name) {
		name = strconv.Quote(name)
	}
	if _, cosigned := at[m.name]; m.witness != nil {
		if cosigned {
			return nil
		}
		return []string{name}
	}
	var missing []string
	has := 0
	for _, each := range m.of {
		lacks := each.lacks(at)
		if lacks == nil {
			has++
		}
		missing = append(missing, lacks...)
	}
	if has >= m.least {
		return nil
	}
	return []string{fmt.Sprintf("%s %d/%d (%s)", name, has, m.least, strings.Join(missing, ", "))}
}
