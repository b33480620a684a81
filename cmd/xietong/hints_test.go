package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestHintsParse holds every command in the sentences of package text against the tree of commands.
// In English it stands in `…`; in Chinese it ends where Chinese begins. One that has more than its
// verb must be complete, so that it can be typed as it stands; {placeholders} get a value.
func TestHintsParse(t *testing.T) {
	commands := 0
	for _, said := range sentencesOfText(t) {
		for _, line := range hintsIn(said) {
			commands++
			if err := parses(t, shownCommand{line: line, whole: completeHint(line)}); err != nil {
				t.Errorf("%q: %v, in: %s", line, err, said)
			}
		}
	}
	if commands < 280 {
		t.Errorf("%d commands were found, want all", commands)
	}
}

var (
	hintEnglish = regexp.MustCompile("`xietong ([a-z-][^`]*)`")
	hintChinese = regexp.MustCompile(`xietong((?: (?:'[^']*'|\{[a-z]+\}|[A-Za-z0-9./-][A-Za-z0-9./=-]*|理由|名称|代码|新名称|上级|期限|依据|文号))+)`)
	hintValue   = regexp.MustCompile(`\{[a-z]+\}`)
	hintVerbs   = regexp.MustCompile(`^[a-z -]*$`)
	hintFlag    = regexp.MustCompile(` --?[a-z]`)
)

// givenHints are the commands that a problem is given whole.
var givenHints = strings.NewReplacer("{xietong}", "xietong", "{program}", "xietong", "{give}", "xietong grant give D C --purpose P", "{renew}", "xietong grant renew 7")

// TestHintsFollowed follows the hint of a refusal on a real node: what it names is done.
func TestHintsFollowed(t *testing.T) {
	c := newClerks(t, "en_US.UTF-8")
	c.does("agency add water 水务局")
	for _, line := range []string{"dataset show nothing", "invite Nowhere", "question run nothing", "query nothing --purpose statistics"} {
		code, _, stderr := c.run(line)
		if code != exitFailed {
			t.Errorf("%s: got %d, %s", line, code, stderr)
		}
		hints := hintEnglish.FindAllStringSubmatch(stderr, -1)
		if len(hints) == 0 {
			t.Errorf("%s: no command is named: %s", line, stderr)
		}
		for _, hint := range hints {
			if code, _, told := c.run(hint[1]); code != exitDone {
				t.Errorf("%s: the hint %q: got %d, %s", line, hint[1], code, told)
			}
		}
	}
}

// hintsIn returns the commands of a sentence, with values for what is filled in.
func hintsIn(said string) (all []string) {
	found := hintEnglish.FindAllStringSubmatch(said, -1)
	if !strings.Contains(said, "`xietong") {
		found = hintChinese.FindAllStringSubmatch(said, -1)
	}
	for _, m := range found {
		all = append(all, hintValue.ReplaceAllString(strings.TrimSpace(m[1]), "7"))
	}
	return all
}

// completeHint reports whether a command is more than the name of a verb.
func completeHint(line string) bool {
	return hintFlag.MatchString(" "+line) || !hintVerbs.MatchString(line)
}

// sentencesOfText returns the string literals of package text, put together where they are broken.
func sentencesOfText(t *testing.T) (all []string) {
	t.Helper()
	files, err := filepath.Glob("../../node/ground/text/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			whole, is := stringOf(n)
			whole = givenHints.Replace(whole)
			if is && strings.Contains(whole, "xietong ") && whole != "xietong grant give --dataset --consumer --purpose" { // which face.go takes apart
				all = append(all, strings.ReplaceAll(whole, "\n", " "))
			}
			return !is
		})
	}
	return all
}

// stringOf returns the value of a string literal, or of several that are added.
func stringOf(n ast.Node) (whole string, is bool) {
	switch n := n.(type) {
	case *ast.BasicLit:
		whole, err := strconv.Unquote(n.Value)
		return whole, n.Kind == token.STRING && err == nil
	case *ast.BinaryExpr:
		x, isX := stringOf(n.X)
		y, isY := stringOf(n.Y)
		return x + y, isX && isY
	}
	return "", false
}
