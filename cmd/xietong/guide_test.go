package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The pages of docs/ are run as a reader reads them: every block ```sh, one after the other, in one
// shell, with `xietong` as this program. A block that ends otherwise than well says with which exit
// code: ```sh exit=4. A block ```text right below one shows what that prints: each of its lines
// must be in the output, where … stands for anything and space counts once. Any other ```text is
// not run: TestDocCommands holds it against the tree of commands. A block ```go is a program, saved
// as main.go.

// guide is a page, with what a reader has before it and puts in for its words in capitals.
type guide struct {
	file  string
	setup string            // a script that comes first
	words map[string]string // put in for a whole word, by a part of the script
	after string            // a script that comes last, and fails if all was for nothing
	tools []string          // programs that the page needs beside ours
	most  int               // commands of ours in its blocks; 0: any number
}

// page returns the file of a page in a language. The READMEs lie above docs/.
func (g guide) page(folder string) string {
	switch {
	case g.file != "README.md":
		return filepath.Join("../../docs", folder, g.file)
	case folder == "zh":
		return "../../README.zh-CN.md"
	}
	return "../../README.md"
}

// cityAndCounties makes 贵阳市 with two counties, as the README does.
const cityAndCounties = `
xietong --data guiyang init guiyang.guizhou --yes --listen ADDRESS < /dev/null
xietong --data guiyang serve --detach
for place in nanming:南明区 yunyan:云岩区; do
  xietong --data guiyang invite "${place#*:}" > invitation
  xietong --data "${place%:*}" join "$(grep ^xt1- invitation)"
  xietong --data "${place%:*}" serve --detach
done
`

var guides = []guide{
	{file: "clerk.md", setup: cityAndCounties, words: map[string]string{
		"GRANT": `$(xietong --data nanming --json grant list --state live | sed -n 's/.*"grant": *"\([^"]*\)".*/\1/p' | head -1)`,
		"ENTRY": `$(xietong --data guiyang --json --as water asked list --limit 5 | sed -n 's/.*"there": *"\([^"]*\)".*/\1/p' | head -1)`,
		"PIN":   `$(xietong --data guiyang --json tree | sed -n 's/^  "root": *"\([^"]*\)".*/\1/p')`,
	}},
	{file: "operating.md", setup: `
xietong --data guiyang init guiyang.guizhou --yes --listen ADDRESS < /dev/null
xietong --data guiyang serve --detach
xietong --data guiyang invite 南明区 > invitation
`, words: map[string]string{
		"TOKEN":          `$(grep ^xt1- invitation)`,
		"127.0.0.1:7500": "ANOTHER",
	}, after: `
until xietong --json tree | tr -d ' \n' | grep '"linked":true'; do :; done # under the address that the page gave it
`},
	{file: "three-machines.md", words: map[string]string{
		"192.0.2.7:7400": "ADDRESS", "192.0.2.8:7400": "ANOTHER", "192.0.2.9:7400": "THIRD",
	}, after: `
xietong --data two replica list 2>&1 | grep -E '1 of 3|3 个'
xietong --data one stop < /dev/null
xietong --data three agency add civil-affairs 民政局 < /dev/null # the loss of one costs time alone
xietong --data two agency list | grep civil-affairs
`},
	{file: "README.md", setup: `
xietong --data guiyang init guiyang.guizhou --yes --listen FOURTH < /dev/null
xietong --data guiyang serve --detach
xietong --data guiyang invite 南明区 > token
`, words: map[string]string{
		"TOKEN": `$(grep ^xt1- token)`, "192.0.2.7:7400": "ADDRESS", "192.0.2.8:7400": "ANOTHER", "192.0.2.9:7400": "THIRD",
	}, after: `
kill -9 "$(grep -o 'pid=[0-9]*' one/serve.log | tail -1 | cut -d= -f2)" # the one that leads
xietong --data two agency add civil-affairs 民政局 < /dev/null
rm one/node.sock
xietong --data three --json replica list | tr -d ' \n' | grep '"there":2'
until xietong --data guiyang --json tree | tr -d ' \n' | grep '"linked":true'; do :; done
`, most: 10},
	{file: "api.md", setup: oneNode, tools: []string{"curl", "go"}},
}

// oneNode makes a node of its own, for programs.
const oneNode = `
xietong init guizhou < /dev/null
xietong serve --detach
`

// TestGuides runs each page in both languages, and compares what it shows with what comes.
func TestGuides(t *testing.T) {
	for _, g := range guides {
		for folder, locale := range map[string]string{"": "en_US.UTF-8", "zh": "zh_CN.UTF-8"} {
			t.Run(filepath.Join(folder, g.file), func(t *testing.T) {
				t.Parallel()
				for _, tool := range g.tools {
					if _, err := exec.LookPath(tool); err != nil {
						t.Skip("the page's examples need " + tool)
					}
				}
				g.run(t, examplesOf(t, g.page(folder)), locale)
			})
		}
	}
}

// run runs the blocks in one shell, and looks for what is shown in the output of its block.
func (g guide) run(t *testing.T, blocks []example, locale string) {
	script, commands := g.setup, 0
	for i, b := range blocks {
		commands += strings.Count(b.text, "xietong --data")
		script += fmt.Sprintf("\necho; echo '%s%d'\n", mark, i) + g.filled(b)
	}
	script += "\necho; echo '" + mark + "'\n" + g.after
	if g.most > 0 && commands != g.most {
		t.Errorf("%d commands, want %d", commands, g.most)
	}
	dir, bin := t.TempDir(), t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	linkProgram(t, filepath.Join(bin, "xietong"))
	stop := "trap 'for d in */node.sock; do xietong --data \"$(dirname \"$d\")\" stop; done > /dev/null 2>&1' EXIT\n"
	cmd := exec.CommandContext(ctx, "bash", "-s")
	addresses := strings.NewReplacer("ADDRESS", freePort(t), "ANOTHER", freePort(t), "THIRD", freePort(t), "FOURTH", freePort(t))
	cmd.Stdin = strings.NewReader("set -e -o pipefail\n" + stop + addresses.Replace(script))
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), mainEnv+"=1", "LANG="+locale, "TMPDIR="+dir, "PATH="+bin+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	parts := bytes.Split(out, []byte(mark))
	if err != nil {
		t.Fatalf("%v, in block %d of %d:\n%s", err, len(parts)-1, len(blocks), bytes.Join(parts[max(0, len(parts)-2):], nil))
	}
	for i, b := range blocks {
		for _, line := range b.shows {
			if !prints(string(parts[i+1]), line) {
				t.Errorf("line %d: %q is not in what it prints:\n%s", b.line, line, parts[i+1])
			}
		}
	}
}

// mark stands before the output of each block.
const mark = "@@@block "

// filled is the script of a block with the words put in, and with the exit code that it shall have.
func (g guide) filled(b example) string {
	text := b.text
	for word, value := range g.words {
		if strings.HasPrefix(value, "$") {
			value = `"` + value + `"`
		}
		text = regexp.MustCompile(`\b`+word+`\b`).ReplaceAllLiteralString(text, value)
	}
	if b.exit == 0 {
		return text
	}
	return fmt.Sprintf("set +e\n%sgot=$?; set -e\n[ $got = %d ] || { echo \"exit $got, want %d\"; exit 99; }\n", text, b.exit, b.exit)
}

// prints reports whether a line of the output has line in it, where … stands for anything.
func prints(output, line string) bool {
	parts := strings.Split(strings.Join(strings.Fields(line), " "), "…")
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(strings.TrimSpace(part))
	}
	wanted := regexp.MustCompile(strings.Join(parts, ".*"))
	for got := range strings.Lines(output) {
		if wanted.MatchString(strings.Join(strings.Fields(got), " ")) {
			return true
		}
	}
	return false
}

// linkProgram makes name this program.
func linkProgram(t *testing.T, name string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, name); err != nil {
		t.Fatal(err)
	}
}

// example is a block ```sh of a page.
type example struct {
	text  string
	line  int      // of the page, where it begins
	exit  int      // with which it ends
	shows []string // lines of the block ```text right below it
}

// examplesOf reads a page's blocks ```sh.
func examplesOf(t *testing.T, file string) (blocks []example) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split("\n"+string(data), "\n```")
	line := 0
	for i, part := range parts {
		if i%2 == 1 {
			kind, text, _ := strings.Cut(part+"\n", "\n")
			switch name, rest, _ := strings.Cut(kind, " "); {
			case name == "sh":
				b := example{text: text, line: line}
				_, _ = fmt.Sscanf(rest, "exit=%d", &b.exit)
				blocks = append(blocks, b)
			case name == "go":
				blocks = append(blocks, example{text: "cat > main.go <<'END'\n" + text + "\nEND\n", line: line})
			case name == "text" && len(blocks) > 0 && strings.TrimSpace(parts[i-1]) == "":
				blocks[len(blocks)-1].shows = strings.FieldsFunc(text, func(r rune) bool { return r == '\n' })
			}
		}
		line += strings.Count(part, "\n") + 1
	}
	return blocks
}
