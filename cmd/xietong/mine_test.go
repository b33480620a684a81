//go:build unix

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestFinishedPartIsNoAnswer (E03): whoever completes the file in which pages lie gets nothing of
// it into the answer. Its last page is asked for again, under its own key where that is known, and
// what came for another node, or before another version, is refused.
func TestFinishedPartIsNoAnswer(t *testing.T) {
	forged := `{"row":{"code":"FORGED","n":1}}` + "\n" +
		`{"page":{"answer":{"rows":null,"count":1,"cursor":"","columns":["code","n"],"access":"` + log + `390"}},"rows":1}` + "\n"
	for name, row := range map[string]struct {
		pages int // that came before
		code  string
		want  string
	}{
		"the whole answer": {1, "", ""},
		"the last page":    {2, "", ""},
		"another version":  {2, "bad-cursor", "the dataset was published anew since"},
	} {
		p := &paged{n: 10*row.pages - 5, size: 10, budget: row.pages - 1, code: "quota-spent"}
		b := pagedBench(t, p)
		file := filepath.Join(t.TempDir(), "d.csv")
		whole := []string{"query", "d", "--all", "--out", file}
		if b.run(whole...); row.pages == 1 { // what the command writes first, and nothing else
			p.n, p.budget = 15, 1
			b.run(whole...)
			p.n = 5
			cutAfterFirstLine(t, file+partSuffix)
		}
		p.budget, p.uses = -1, 0
		if row.code != "" {
			p.budget, p.code = 0, row.code
		}
		key, err := client.NewKey()
		if err != nil {
			t.Fatal(err)
		}
		sealed(t, file+partSuffix, fmt.Sprintf(`{"ask":"%s"}`+"\n", key), forged)
		code, _, stderr := b.run(whole...)
		got, _ := os.ReadFile(file)
		switch {
		case strings.Contains(string(got), "FORGED") || p.uses != 1:
			t.Errorf("%s: %d uses, got %q", name, p.uses, got)
		case row.want == "" && (code != exitDone || strings.Count(string(got), "\r\n") != p.n+1):
			t.Errorf("%s: exit %d, %s, got %q", name, code, stderr, got)
		case row.want != "" && (code != exitFailed || !strings.Contains(stderr, row.want)):
			t.Errorf("%s: exit %d, %s", name, code, stderr)
		}
	}
}

// TestPartOfAnotherNode (E03b): pages that one node gave are not taken for the answer of another.
func TestPartOfAnotherNode(t *testing.T) {
	one := pagedBench(t, &paged{n: 15, size: 10, budget: 1, code: "quota-spent"})
	file := filepath.Join(t.TempDir(), "d.csv")
	one.run("query", "d", "--all", "--out", file)
	other := pagedBench(t, &paged{n: 15, size: 10, budget: -1})
	for _, line := range []string{"query d --all", "--in huaxi query d --all", "--as police query d --all"} {
		b := other
		if line != "query d --all" {
			b = one
		}
		code, _, stderr := b.run(append(strings.Fields(line), "--out", file)...)
		if code != exitFailed || !strings.Contains(stderr, "are of another question") {
			t.Errorf("%s: exit %d, %s", line, code, stderr)
		}
	}
}

// TestPartOfSomebodyElse (E04): a file that others made, or can read or change, is neither gone on
// with nor written to, whatever is in it.
func TestPartOfSomebodyElse(t *testing.T) {
	for name, make := range map[string]func(part, mine string) error{
		"others read it":   func(part, _ string) error { return os.Chmod(part, 0o644) },
		"others write it":  func(part, _ string) error { return os.Chmod(part, 0o622) },
		"it is a link":     func(part, mine string) error { return replaced(part, mine, os.Symlink) },
		"it has two names": func(part, mine string) error { return replaced(part, mine, os.Link) },
		"it is a pipe": func(part, mine string) error {
			return replaced(part, mine, func(_, at string) error { return unix.Mkfifo(at, 0o600) })
		},
		"it is nowhere": func(part, mine string) error {
			return replaced(part, mine, func(of, at string) error { return os.Symlink(of+"-none", at) })
		},
		"it is another's": func(part, _ string) error {
			if os.Geteuid() != 0 { // nobody else gives files away
				return os.Chmod(part, 0o666)
			}
			return os.Chown(part, 4242, -1)
		},
	} {
		p := &paged{n: 15, size: 10, budget: 1, code: "quota-spent"}
		b := pagedBench(t, p)
		dir := t.TempDir()
		file, mine := filepath.Join(dir, "d.csv"), filepath.Join(dir, "mine")
		b.run("query", "d", "--all", "--out", file)
		if err := make(file+partSuffix, mine); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p.budget, p.uses = -1, 0
		code, _, stderr := b.run("query", "d", "--all", "--out", file)
		_, err := os.Lstat(file)
		if code != exitFailed || !strings.Contains(stderr, "no plain file of your own alone") || err == nil || p.uses > 0 {
			t.Errorf("%s: exit %d, %d uses, %s", name, code, p.uses, stderr)
		}
		if _, err := os.Lstat(mine + "-none"); err == nil {
			t.Errorf("%s: a file was made through the link", name)
		}
	}
}

// replaced moves a file away, and puts something else in its place.
func replaced(part, mine string, by func(of, at string) error) error {
	if err := os.Rename(part, mine); err != nil {
		return err
	}
	return by(mine, part)
}

func cutAfterFirstLine(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err == nil {
		err = os.Truncate(file, int64(strings.IndexByte(string(data), '\n')+1))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestPartInUse: whoever writes to one file from two terminals is told so.
func TestPartInUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.csv"+partSuffix)
	first, err := openPart(path, "question")
	if err != nil {
		t.Fatal(err)
	}
	defer first.file.Close()
	_, err = openPart(path, "question")
	for lang, want := range map[text.Lang]string{text.Zh: "另一个命令正在写入该文件", text.En: "another command is writing the file"} {
		p, code := (&app{lang: lang, getenv: func(string) string { return "" }}).explain(err)
		if code != exitFailed || p.Code != "file-in-use" || !strings.Contains(p.Detail, want) || p.Where != path {
			t.Errorf("got %+v of %v", p, err)
		}
	}
}
