package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestDocCommands holds every command that the pages show against the tree of commands: its verb,
// its flags, and in a block also its arguments exist. It reads blocks of code and `xietong …` in
// the text.
func TestDocCommands(t *testing.T) {
	commands := 0
	for _, file := range documents(t) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range commandsIn(string(data)) {
			commands++
			if err := parses(t, c); err != nil {
				t.Errorf("%s: %q: %v", file, c.line, err)
			}
		}
	}
	if commands < 150 {
		t.Errorf("%d commands were found, want all", commands)
	}
}

// documents returns the pages for readers.
func documents(t *testing.T) (files []string) {
	t.Helper()
	for _, pattern := range []string{"../../README*.md", "../../docs/*.md", "../../docs/zh/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	return files
}

// shownCommand is a command line on a page; in the text it may lack its arguments.
type shownCommand struct {
	line  string
	whole bool
}

var (
	inText    = regexp.MustCompile("`(?:\\./)?xietong ([a-z-][^`]*)`")
	inBlock   = regexp.MustCompile(`(?:^|[\s"]|\$\()(?:\./|\./cmd/|/usr/local/bin/)?xietong ([a-z-].*)`)
	afterward = regexp.MustCompile(`\s(?:[|&<>;#]|2>|  ).*$|;$`) // what follows a command on its line
	asUser    = regexp.MustCompile(`-[ugo] xietong\b`)
	goesOn    = regexp.MustCompile(`\s*\\\n\s*`)
	filledIn  = regexp.MustCompile(`\{\w+\}`)      // that a sentence fills in
	noCommand = regexp.MustCompile(`^test vector`) // names of test vectors
)

// commandsIn returns the commands of a page.
func commandsIn(page string) (all []shownCommand) {
	for i, part := range strings.Split("\n"+page, "\n```") {
		if i%2 == 0 {
			for _, m := range inText.FindAllStringSubmatch(strings.ReplaceAll(part, "\n", " "), -1) {
				all = append(all, shownCommand{line: m[1]})
			}
		} else if strings.HasPrefix(part, "json") || strings.HasPrefix(part, "go") {
			continue
		}
		for line := range strings.Lines(asUser.ReplaceAllString(goesOn.ReplaceAllString(part, " "), "")) {
			m := inBlock.FindStringSubmatch(strings.TrimRight(line, "\n"))
			if m == nil || i%2 == 0 && !strings.HasPrefix(line, "    ") {
				continue
			}
			words := strings.TrimSpace(afterward.ReplaceAllString(m[1], ""))
			if !strings.Contains(words, "(") {
				words, _, _ = strings.Cut(words, ")")
			}
			all = append(all, shownCommand{line: words, whole: true})
		}
	}
	return slices.DeleteFunc(all, func(c shownCommand) bool { return noCommand.MatchString(c.line) })
}

// parses reads a command as the program would, and runs nothing.
func parses(t *testing.T, c shownCommand) error {
	args := wordsOf(filledIn.ReplaceAllString(c.line, "1"))
	a := &app{getenv: func(string) string { return "" }}
	root := a.rootCommand()
	command, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if command == root && (len(rest) == 0 || !strings.HasPrefix(rest[0], "-")) {
		return errors.New("no verb")
	}
	if err := command.ParseFlags(rest); err != nil && (c.whole || !strings.Contains(err.Error(), "needs an argument")) {
		return err
	}
	if !c.whole || strings.Contains(c.line, "--help") {
		return nil
	}
	return command.ValidateArgs(command.Flags().Args())
}

// wordsOf cuts a line as a shell does; what the shell puts in is one word.
func wordsOf(line string) (words []string) {
	for _, m := range regexp.MustCompile(`(?:"(?:\$\([^)]*\)|[^"])*"|'[^']*'|\$\([^)]*\)|[^\s"'])+`).FindAllString(line, -1) {
		words = append(words, strings.Trim(m, `"'`))
	}
	return words
}

// TestDocPairs: each page in Chinese is its English page: the same headings in number, the same
// commands but for their remarks and the language that they ask for, as many blocks that show
// something, and tables of the same size.
func TestDocPairs(t *testing.T) {
	pages, err := fs.Glob(os.DirFS("../../docs/zh"), "*.md")
	if err != nil || len(pages) < 6 {
		t.Fatal(pages, err)
	}
	for _, name := range pages {
		en, zh := outline(t, name), outline(t, filepath.Join("zh", name))
		for i := range max(len(en), len(zh)) {
			at := func(all []string) string {
				if i < len(all) {
					return all[i]
				}
				return "nothing"
			}
			if at(en) != at(zh) {
				t.Errorf("%s: the pages differ:\nen: %s\nzh: %s", name, at(en), at(zh))
				break
			}
		}
	}
}

var (
	remark   = regexp.MustCompile(`(?m)(^|\s)#.*$`)
	language = regexp.MustCompile(`Accept-Language: (en|zh)|"Accept-Language", "(en|zh)"|What to do|怎么办`)
)

// outline is what both pages of a pair have alike.
func outline(t *testing.T, name string) (all []string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("../../docs", name))
	if err != nil {
		t.Fatal(err)
	}
	for i, part := range strings.Split("\n"+string(data), "\n```") {
		kind, text, _ := strings.Cut(part+"\n", "\n")
		switch {
		case i%2 == 1 && kind == "text":
			all = append(all, "a block of text")
		case i%2 == 1:
			all = append(all, kind+"\n"+language.ReplaceAllString(remark.ReplaceAllString(text, ""), "LANGUAGE"))
		default:
			for line := range strings.Lines(part) {
				if level := len(line) - len(strings.TrimLeft(line, "#")); level > 0 {
					all = append(all, fmt.Sprint("a heading of level ", level))
				} else if strings.HasPrefix(line, "|") {
					all = append(all, fmt.Sprint("a row of ", strings.Count(strings.ReplaceAll(line, `\|`, ""), "|")-1, " cells"))
				}
			}
		}
	}
	return all
}

// TestUnits: systemd takes the units that docs/operating.md names, what they start is a command,
// they leave a node little that it could do to the machine, and they are one but for the folders.
func TestUnits(t *testing.T) {
	var bodies []string
	for _, name := range []string{"xietong.service", "xietong@.service"} {
		data, err := os.ReadFile("../../deploy/systemd/" + name)
		if err != nil {
			t.Fatal(err)
		}
		_, body, _ := strings.Cut(string(data), "[Unit]")
		bodies = append(bodies, strings.NewReplacer("xietong-%i", "xietong", "node %i", "node").Replace(body))
		_, rest, _ := strings.Cut(body, "\nExecStart=xietong ")
		start, _, _ := strings.Cut(rest, "\n")
		if err := parses(t, shownCommand{line: start, whole: true}); err != nil || start != "serve" {
			t.Errorf("%s starts %q: %v", name, start, err)
		}
		t.Run(strings.ReplaceAll(name, "@", "-at"), func(t *testing.T) { systemdTakes(t, name, string(data)) })
	}
	if bodies[0] != bodies[1] {
		t.Errorf("the units differ:\n%s\n%s", bodies[0], bodies[1])
	}
}

// systemdTakes has systemd read a unit, and judge what it leaves to the program.
func systemdTakes(t *testing.T, name, unit string) {
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("needs systemd-analyze")
	}
	dir := t.TempDir()
	program := filepath.Join(dir, "xietong")
	linkProgram(t, program)
	file := filepath.Join(dir, name)
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(unit, "ExecStart=xietong", "ExecStart="+program)), 0o600); err != nil {
		t.Fatal(err)
	}
	instance := filepath.Join(dir, strings.ReplaceAll(name, "@.", "@r1."))
	if out, err := exec.CommandContext(t.Context(), "systemd-analyze", "verify", instance).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	out, err := exec.CommandContext(t.Context(), "systemd-analyze", "security", "--offline=true", "--threshold=20", file).CombinedOutput()
	if err != nil {
		t.Errorf("systemd-analyze security, want 2.0 at most: %v\n%s", err, out)
	}
}

// TestPagesAreListed: each README lists every page once, the Chinese one the page in Chinese if
// there is one, and marks those that are in English only.
func TestPagesAreListed(t *testing.T) {
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for file, section := range map[string]string{"README.md": "## Where to read on", "README.zh-CN.md": "## 文档"} {
		data, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		_, list, _ := strings.Cut(string(data), section)
		for _, page := range pages {
			want := "(docs/" + filepath.Base(page) + ")"
			if _, err := os.Stat("../../docs/zh/" + filepath.Base(page)); file != "README.md" && err == nil {
				want = "(docs/zh/" + filepath.Base(page) + ")"
			} else if file != "README.md" {
				want += "（英文）"
			}
			if n := strings.Count(list, want); n != 1 {
				t.Errorf("%s lists %s %d times", file, want, n)
			}
		}
	}
}
