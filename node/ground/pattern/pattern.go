// Package pattern bounds regular expressions that come from outside: in a filter, in the schema of
// a dataset.
//
// A pattern of a few bytes may stand for millions of instructions, because counted repeats are
// written out where it is compiled. So the number of its instructions is estimated from the syntax
// tree, and a pattern that has too many is refused before anything is compiled:
//
//	^[0-9]{12}$            15 instructions, taken
//	^(?:a?…a?){1000}$      1,800,000 instructions, refused
//
// A match costs no more than its instructions times the bytes of the text. That product is charged
// to the Work of one record before the match runs. The package is pure.
package pattern

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// Limits of a pattern.
const (
	MaxLen          = 1 << 10 // bytes
	MaxInstructions = 1000
	// maxSets bounds the sets of characters in a pattern: one such as \pL is 5 KiB in the tree. A
	// wide range that ignores case is walked character by character when it is parsed.
	maxSets = 100
	maxFold = 8 // sets, where case is ignored beyond ASCII
	// setShare is how many ends of ranges a set may have for each instruction that it counts as.
	setShare = 64
)

// MaxWork is what the patterns of one record may cost, in instructions times bytes.
const MaxWork = 1_000_000

// Refused is the error of a pattern that is not taken. Large tells a pattern that is too large from
// one that is malformed.
type Refused struct {
	Large  bool
	Reason string
}

func (r *Refused) Error() string { return r.Reason }

func large(format string, args ...any) error { return &Refused{true, fmt.Sprintf(format, args...)} }

// Pattern is a compiled pattern. Several goroutines may use it at once.
type Pattern struct {
	compiled     *regexp.Regexp
	instructions int
}

// Compile compiles a pattern in the syntax of RE2. left is how many instructions may still be
// compiled for the same filter or schema, and is reduced. The error is a *Refused.
func Compile(pattern string, left *int) (*Pattern, error) {
	instructions, err := estimate(pattern)
	if err != nil {
		return nil, err
	}
	if *left -= instructions; *left < 0 {
		return nil, large("all patterns together have too many instructions")
	}
	compiled, err := regexp.Compile(pattern)
	if err != nil {
		return nil, &Refused{false, err.Error()}
	}
	return &Pattern{compiled, instructions}, nil
}

// estimate returns at least as many instructions as the pattern compiles to. It compiles nothing.
func estimate(pattern string) (int, error) {
	if len(pattern) > MaxLen {
		return 0, large("the pattern has %d bytes, more than %d", len(pattern), MaxLen)
	}
	most := maxSets
	if foldsCase(pattern) && beyondASCII(pattern) {
		most = maxFold
	}
	if n := sets(pattern); n > most {
		return 0, large("the pattern has %d sets and ranges of characters, more than %d", n, most)
	}
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return 0, &Refused{false, err.Error()}
	}
	n := size(tree) + 3 // fail, match, and the loop before an unanchored pattern
	if n > MaxInstructions {
		return 0, large("the pattern is too large: it has more than %d instructions", MaxInstructions)
	}
	return n, nil
}

// sets counts, before the pattern is parsed, what may become a set or a range of characters.
func sets(pattern string) int {
	return strings.Count(pattern, "[") + strings.Count(pattern, "-") + strings.Count(pattern, `\p`) + strings.Count(pattern, `\P`)
}

// foldsCase reports whether a part of the pattern may ignore case.
func foldsCase(pattern string) bool {
	for rest := pattern; ; {
		_, after, ok := strings.Cut(rest, "(?")
		if !ok {
			return false
		}
		flags := strings.TrimLeft(after, "imsU-")
		if strings.Contains(after[:len(after)-len(flags)], "i") {
			return true
		}
		rest = after
	}
}

// beyondASCII reports whether the pattern may name a character beyond ASCII.
func beyondASCII(pattern string) bool {
	return strings.Contains(pattern, `\x{`) || strings.ContainsFunc(pattern, func(r rune) bool { return r >= 0x80 })
}

// size returns the instructions of a tree, and any number above MaxInstructions for a tree that has
// more.
func size(tree *syntax.Regexp) int {
	n := 1
	switch tree.Op {
	case syntax.OpLiteral:
		n = max(len(tree.Rune), 1)
	case syntax.OpCapture, syntax.OpStar, syntax.OpPlus:
		n = 2
	case syntax.OpCharClass:
		n = 1 + len(tree.Rune)/setShare
	case syntax.OpAlternate:
		n = len(tree.Sub)
	case syntax.OpRepeat:
		n = 0
	}
	for _, sub := range tree.Sub {
		if n += size(sub); n > MaxInstructions {
			return n
		}
	}
	if tree.Op == syntax.OpRepeat {
		times := max(tree.Min, tree.Max, 1)
		n = times*n + (times - tree.Min) + 3 // written out, with a branch before each that may be left out
	}
	return n
}

// Work is what may still be spent on one record.
type Work struct{ left int }

// NewWork returns the work that one record may cost.
func NewWork() *Work { return &Work{MaxWork} }

// Spend takes n from what is left; ok is false where that is not enough.
func (w *Work) Spend(n int) (ok bool) {
	if n > w.left {
		w.left = 0
		return false
	}
	w.left -= n
	return true
}

// Match reports whether a part of the text matches; ok is false, and nothing was matched, where
// that would cost more than is left.
func (p *Pattern) Match(text string, left *Work) (matches, ok bool) {
	if !left.Spend(p.Cost(text)) {
		return false, false
	}
	return p.compiled.MatchString(text), true
}

// Cost returns what it costs to match the text.
func (p *Pattern) Cost(text string) int { return p.instructions * (len(text) + 1) }
