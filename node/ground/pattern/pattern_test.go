package pattern

import (
	"errors"
	"regexp/syntax"
	"runtime"
	"strings"
	"testing"
)

// allocated returns how many bytes f takes from the heap.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// compile compiles one pattern of many.
func compile(pattern string) (*Pattern, error) {
	left := 1 << 30
	return Compile(pattern, &left)
}

// TestTogether checks that what may be compiled for one filter is counted over all its patterns.
func TestTogether(t *testing.T) {
	left := MaxInstructions
	for range 2 {
		if _, err := Compile("a{400}", &left); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Compile("a{400}", &left); err == nil {
		t.Error("1,200 instructions were compiled")
	}
}

// TestHostilePatterns (S02b) refuses patterns that would take hundreds of MiB to compile, or long
// to parse, and takes little for it.
func TestHostilePatterns(t *testing.T) {
	for name, pattern := range map[string]string{
		"a repeated group":       "^(?:" + strings.Repeat("a?", 400) + "){1000}$",
		"nested repeats":         "(?:(?:(?:a{10}){10}){10}b?)+",
		"repeats side by side":   strings.Repeat("a{999}", 170),
		"an open repeat":         "(?:ab){500,}",
		"repeated classes":       `(?:` + strings.Repeat(`\pL`, 50) + `){20}`,
		"repeated captures":      "(((((a))))){200}",
		"literals, repeated":     "(?:" + strings.Repeat("长", 300) + "){4}",
		"alternatives, repeated": "(?:" + strings.Repeat("b|ca|", 200) + "d){9}",
		"too long":               strings.Repeat("a", MaxLen+1),
		"many sets":              strings.Repeat(`[^a]`, 200),
		"many ranges":            "[" + strings.Repeat(`B-\x{1E943}`, 90) + "]{500}[" + strings.Repeat("a-", 90) + "]",
		"ranges without case":    "(?i)[" + strings.Repeat(`B-\x{1E943}`, 90) + "]",
		"ranges, case off later": "a(?ms-U:b)(?mi:[" + strings.Repeat(`B-\x{1E943}`, 9) + "])",
	} {
		var err error
		took := allocated(func() { _, err = compile(pattern) })
		if refused, ok := errors.AsType[*Refused](err); !ok || !refused.Large {
			t.Errorf("%s: got %v, want it refused as too large", name, err)
		}
		if took > 1<<20 {
			t.Errorf("%s: %d KiB before it was refused", name, took>>10)
		}
	}
}

// TestPatternsOfPeople takes the patterns that schemas have in practice.
func TestPatternsOfPeople(t *testing.T) {
	for pattern, text := range map[string]string{
		`^[0-9]{12}$`: "520102016001",
		`^[1-9]\d{5}(18|19|20)\d{2}((0[1-9])|(1[0-2]))(([0-2][1-9])|10|20|30|31)\d{3}[0-9Xx]$`: "520102199001011234",
		`^[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}$`:                                 "91520100MA6DL0000X",
		`^1[3-9]\d{9}$`:                                 "13800000000",
		`^\p{Han}{2,20}(·\p{Han}{1,20})*`:               "阿不都·热合曼",
		`^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$`: "2026-11-28",
		`(?i)^[a-z0-9._%+-]+@[a-z0-9.-]+\.[a-z]{2,}$`:   "a@b.cn",
	} {
		p, err := compile(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		if matches, ok := p.Match(text, NewWork()); !matches || !ok {
			t.Errorf("%s: %q: got %t, %t, want a match", pattern, text, matches, ok)
		}
	}
}

// TestWork checks that a match is charged before it runs, and that what is spent is spent.
func TestWork(t *testing.T) {
	p, err := compile("^a{90}$")
	if err != nil {
		t.Fatal(err)
	}
	left := NewWork()
	if _, ok := p.Match(strings.Repeat("a", 48<<10), left); ok {
		t.Error("48 KiB of text were matched with 90 instructions")
	}
	if _, ok := p.Match("a", left); ok {
		t.Error("a match after the work was spent")
	}
	matches, ok := p.Match(strings.Repeat("a", 90), NewWork())
	if !matches || !ok {
		t.Errorf("a short text: got %t, %t", matches, ok)
	}
}

// FuzzCompile checks, for any pattern, that it compiles to no more instructions than were
// estimated, and that refusing or compiling it stays small.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{
		"^(?:a?b?){30}$", `(?i)[a-z]+\pL`, "((a)|b*?){2,5}", "a{0}", "(?:)*", `\Q.\E|^$`, "x{2,}y{3}z{0,4}", "(|a)*", "(?s).*(?:.|\n)?", "[^\x00-\U0010FFFF]",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, pattern string) {
		n, err := estimate(pattern)
		if err != nil {
			return
		}
		tree, err := syntax.Parse(pattern, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		program, err := syntax.Compile(tree.Simplify())
		if err != nil || len(program.Inst) > n {
			t.Errorf("%q: %v, %d instructions, estimated %d", pattern, err, len(program.Inst), n)
		}
		if took := allocated(func() { _, err = compile(pattern) }); err != nil || took > 4<<20 {
			t.Errorf("%q: %v, %d KiB", pattern, err, took>>10)
		}
	})
}
