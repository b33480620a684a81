package main

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"xietong/node/ground/text"
)

func TestColumns(t *testing.T) {
	for s, want := range map[string]int{
		"": 0, "abc": 3, "南明区": 6, "（）": 4, "，": 2, "a南": 3, "e\u0301": 1, "ｱ": 1, "Ａ": 2, "𠮷": 2, "—“”": 3,
	} {
		if got := columns(s); got != want {
			t.Errorf("columns(%q) = %d, want %d", s, got, want)
		}
	}
}

func TestClean(t *testing.T) {
	for s, want := range map[string]string{
		"南明区 a": "南明区 a", "\x1b[2J": `\x1b[2J`, "a\nb\tc": `a\nb\tc`, "\u202eabc": `\u202eabc`,
		"\u009b31m": `\u009b31m`, "\x7f": `\x7f`, "\xff": "\uFFFD", `a\n`: `a\n`,
	} {
		if got := clean(s); got != want {
			t.Errorf("clean(%q) = %q, want %q", s, got, want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("\x1b]0;x\a\u2028")
	f.Fuzz(func(t *testing.T, s string) {
		unprintable := func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) }
		if got := clean(s); strings.ContainsFunc(got, unprintable) || clean(got) != got {
			t.Errorf("clean(%q) = %q", s, got)
		}
	})
}

func TestPrintTable(t *testing.T) {
	var b strings.Builder
	a := &app{stdout: &b, getenv: func(string) string { return "" }}
	a.table([]string{"编码", "名称"}, [][]string{{"a", "民政局"}, {"water", ""}, {"x\ty"}, {"1", "2", "3"}})
	if got, want := b.String(), "编码   名称\na      民政局\nwater\nx\\ty\n1      2\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	b.Reset()
	a.pairs(given([]pair{{"部门", "a"}, {"absent", ""}, {"n", "1\x1b[m"}}))
	if got, want := b.String(), "部门  a\nn     1\\x1b[m\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMeter(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	steps := func(m *meter) {
		for _, step := range []struct {
			after time.Duration
			line  string
			last  bool
		}{{10 * time.Millisecond, "too soon", false}, {time.Second, "进度 1", false}, {6 * time.Second, "b", false}, {0, "end", true}} {
			now = now.Add(step.after)
			m.tell(step.line, step.last)
		}
		m.clear()
		m.clear()
	}
	var plain, terminal strings.Builder
	steps(&meter{w: &plain, now: clock, last: now})
	if got, want := plain.String(), "b\nend\n"; got != want {
		t.Errorf("plain: %q, want %q", got, want)
	}
	steps(&meter{w: &terminal, terminal: true, now: clock, last: now})
	if got, want := terminal.String(), "\r进度 1\rb     \rend\r   \r"; got != want {
		t.Errorf("terminal: %q, want %q", got, want)
	}
}

// cobraWords match the library's own texts.
var cobraWords = regexp.MustCompile(`(?i)usage:|flags|available|commands?:|examples?:|help for|additional|\(default`)

// TestHelp checks that every command describes itself in both languages.
func TestHelp(t *testing.T) {
	for _, lang := range []text.Lang{text.Zh, text.En} {
		a := &app{lang: lang, getenv: func(string) string { return "" }}
		root := a.rootCommand()
		commands := root.Commands()
		for i := 0; i < len(commands); i++ {
			c := commands[i]
			commands = append(commands, c.Commands()...)
			chinese := regexp.MustCompile(`\p{Han}`).MatchString(c.Short)
			var help strings.Builder
			a.stdout = &help
			a.help(c)
			if m := cobraWords.FindString(help.String()); m != "" && lang == text.Zh {
				t.Errorf("the help of %s says %q", c.CommandPath(), m)
			}
			if c.Short == "" || chinese != (lang == text.Zh) {
				t.Errorf("%s in %s: %q", c.CommandPath(), lang, c.Short)
			}
		}
		if len(commands) < 18 {
			t.Errorf("%d commands", len(commands))
		}
	}
}

// TestNoHeadingTwice looks at the headings of every table: no two of one table are the same words.
func TestNoHeadingTwice(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	table := regexp.MustCompile(`\[\]text\.Code\{([^{}]*)\}`)
	heading := regexp.MustCompile(`text\.(\w+)`)
	source, err := os.ReadFile("../../node/ground/text/status.go")
	found := 0
	for _, name := range append(files, "../../node/ground/text/cli_join.go") {
		code, failed := os.ReadFile(name)
		if err = errors.Join(err, failed); err != nil {
			t.Fatal(err)
		}
		source = append(source, code...)
	}
	words := map[string]string{}
	for _, w := range regexp.MustCompile(`\{(\w+), "([^"]*)", "[^"]*"\}`).FindAllStringSubmatch(string(source), -1) {
		words[w[1]] = w[2]
	}
	for _, in := range table.FindAllStringSubmatch(string(source), -1) {
		seen := map[string]string{}
		for _, h := range heading.FindAllStringSubmatch(in[1], -1) {
			if other := seen[words[h[1]]]; words[h[1]] != "" && other != "" {
				t.Errorf("%s and %s are both headed %q in %s", other, h[1], words[h[1]], in[0])
			}
			seen[words[h[1]]] = h[1]
			found++
		}
	}
	if found < 40 {
		t.Errorf("%d headings found", found)
	}
}
