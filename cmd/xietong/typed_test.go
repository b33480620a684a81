package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// TestForms reads what a Chinese input method types.
func TestForms(t *testing.T) {
	for _, row := range []struct {
		what        string
		form        form
		typed, want string
	}{
		{"selector", aName, "＊＊．贵阳市", "**.贵阳市"},
		{"code", aName, "５２０１００", "520100"},
		{"name", aName, "ｎａｎｍｉｎｇ。guiyang．guizhou", "nanming.guiyang.guizhou"},
		{"fingerprint", aName, "Ｄ９８Ｆ　１２３４", "D98F 1234"},
		{"time", aName, "２０２６－１２－３１", "2026-12-31"},
		{"bracket", aName, "贵安新区（直管区）", "贵安新区（直管区）"},
		{"katakana", aName, "ｱ区", "ｱ区"},
		{"list", aList, "code，ｎａｍｅ、 kind", "code,name,kind"},
		{"apart", aList, "code,cafe\u0301", "code,caf\u00e9"},
		{"empty", aList, "1,,64", "1,,64"},
		{"condition", aCondition, "ｎａｍｅ＝新华路１号（＝甲）", "name=新华路１号（＝甲）"},
		{"Latin", aCondition, "name=＝１", "name=＝１"},
		{"none", aCondition, "ｎａｍｅ", "ｎａｍｅ"},
		{"filter", aFilter, "ｎａｍｅ　＝＝　\"１号\" ＆＆ kind＝＝'＝\\'１' || x＞１", "name == \"１号\" && kind=='＝\\'１' || x>1"},
		{"raw", aFilter, "name.matches(r'１\\') ＆＆ \"\"\"１\"１\"\"\"＝＝a", "name.matches(r'１\\') && \"\"\"１\"１\"\"\"==a"},
		{"not closed", aFilter, "ａ＝＝'１", "a=='１"},
		{"level", aLevel, "市级", "prefecture"},
		{"other level", aLevel, "ｃｏｕｎｔｙ", "county"},
		{"by", byLevels, "县级，kind", "county,kind"},
		{"data", asTyped, "１号　", "１号　"},
	} {
		if got := row.form(row.typed); got != row.want {
			t.Errorf("%s: %q is read as %q, want %q", row.what, row.typed, got, row.want)
		}
	}
}

// TestEveryInputHasAForm walks all commands: each flag that takes a text and each argument has a
// form, so that none is forgotten.
func TestEveryInputHasAForm(t *testing.T) {
	a := newWorkbench(t, "C").app
	a.getenv = func(string) string { return "" }
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if _, known := flagForms[f.Name]; !known && strings.HasPrefix(f.Value.Type(), "string") {
				t.Errorf("%s: the flag --%s has no form", c.CommandPath(), f.Name)
			}
			if _, reads := f.Value.(typedValue); !reads {
				t.Errorf("%s: the flag --%s is not read in its form", c.CommandPath(), f.Name)
			}
		})
		for _, name := range strings.Fields(c.Use)[1:] {
			if name = strings.Trim(name, "[]…"); name != strings.ToUpper(name) && name != "FILE.json" || name == "FLAGS" || name == "COMMAND" {
				continue
			}
			if _, known := argumentForms[name]; !known {
				t.Errorf("%s: the argument %s has no form", c.CommandPath(), name)
			}
		}
		for _, child := range c.Commands() {
			walk(child)
		}
	}
	walk(a.rootCommand())
}

// TestEmptyArgument refuses an argument or an option that is empty before the node is asked: an
// empty key would ask for all records.
func TestEmptyArgument(t *testing.T) {
	b := newWorkbench(t, "zh_CN.UTF-8")
	for _, line := range [][]string{
		{"invite", ""}, {"agency", "add", "civil-affairs", ""}, {"ledger", "audits", ""},
		{"query", "d", "--key", ""}, {"query", "d", "--fields", ""}, {"query", "d", "--filter", " "}, {"query", "d", "--at="}, {"withdraw", "x", "--reason", " "},
	} {
		code, _, stderr := b.run(line...)
		if code != exitUsage || !strings.Contains(stderr, "不能为空") || !strings.Contains(stderr, "--help") || len(b.node.asked) > 0 {
			t.Errorf("%q: exit %d, asked %q, stderr:\n%s", line, code, b.node.asked, stderr)
		}
	}
}

// TestNothingEmptyIsTaken walks all commands: each flag that is given and empty, or of spaces and
// commas alone, and each argument that is empty, is refused before anything is asked or opened. So
// a new one cannot be forgotten.
func TestNothingEmptyIsTaken(t *testing.T) {
	tried := 0
	refused := func(line []string) {
		b := newWorkbench(t, "C")
		code, out, stderr := b.run(line...)
		if tried++; code != exitUsage || stderr == "" || out != "" || len(b.node.asked) > 0 {
			t.Errorf("%q: exit %d, asked %q, printed %q, stderr:\n%s", line, code, b.node.asked, out, stderr)
		}
	}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		for _, child := range c.Commands() {
			walk(child)
		}
		if c.Args == nil || c.HasSubCommands() || strings.Contains(c.CommandPath(), "completion") {
			return
		}
		line := strings.Fields(c.CommandPath())[1:]
		for _, name := range strings.Fields(c.Use)[1:] {
			if _, known := argumentForms[strings.Trim(name, "[]")]; known {
				refused(append(slices.Clone(line), ""))
				refused(append(slices.Clone(line), " "))
				line = append(line, "x")
			}
		}
		flags := func(f *pflag.Flag) {
			if f.Name == "help" {
				return
			}
			for _, empty := range []string{"", " ", "　", ",", " , "} {
				if list := strings.Contains(f.Value.Type(), "Slice"); list || !strings.Contains(empty, ",") {
					refused(append(slices.Clone(line), "--"+f.Name+"="+empty))
				}
			}
		}
		c.LocalFlags().VisitAll(flags)
		c.InheritedFlags().VisitAll(flags)
	}
	a := newWorkbench(t, "C").app
	a.getenv = func(string) string { return "" }
	walk(a.rootCommand())
	if tried < 300 {
		t.Errorf("%d were tried", tried)
	}
}

// TestNothingUnreadableIsTaken walks all commands: each flag and argument that is a text is refused
// where it has control characters, is of another encoding, or was lost before, and nothing is asked
// or made. Names of files may have any bytes.
func TestNothingUnreadableIsTaken(t *testing.T) {
	bad := []string{"a\x1b[31m", "a\x00", "民\uFFFD", "\xc3\xf1\xd5\xfe\xbe\xd6", "\u0086"}
	tried := 0
	refused := func(line []string) {
		b := newWorkbench(t, "C")
		code, out, stderr := b.run(line...)
		if tried++; code != exitUsage || !strings.Contains(stderr, "is no UTF-8 text") || out != "" || len(b.node.asked) > 0 {
			t.Errorf("%q: exit %d, asked %q, printed %q, stderr:\n%s", line, code, b.node.asked, out, stderr)
		}
	}
	a := newWorkbench(t, "C").app
	a.getenv = func(string) string { return "" }
	each(a.rootCommand(), func(c *cobra.Command) {
		if c.Args == nil || c.HasSubCommands() || strings.Contains(c.CommandPath(), "completion") {
			return
		}
		line := strings.Fields(c.CommandPath())[1:]
		first := len(line)
		var names []string
		for _, name := range strings.Fields(c.Use)[1:] {
			if name = strings.Trim(name, "[]"); argumentForms[name] != nil {
				names, line = append(names, name), append(line, "x")
			}
		}
		for i, name := range names {
			for _, text := range bad {
				if whole := slices.Clone(line); !slices.Contains(fileArguments, name) {
					whole[first+i] = text
					refused(whole)
				}
			}
		}
		flags := func(f *pflag.Flag) {
			for _, text := range bad {
				if strings.HasPrefix(f.Value.Type(), "string") && !slices.Contains(paths, f.Name) && f.Name != "help" {
					refused(append(slices.Clone(line), "--"+f.Name+"="+text))
				}
			}
		}
		c.LocalFlags().VisitAll(flags)
		c.InheritedFlags().VisitAll(flags)
	})
	if tried < 1000 {
		t.Errorf("%d were tried", tried)
	}
}

// TestNothingLongIsMade gives the verbs that make a data directory themselves, and ask no node, a
// text of 100,000 bytes for each of their flags and arguments: each is refused, in words and by its
// name, and nothing is made.
func TestNothingLongIsMade(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	tried := 0
	refused := func(name string, line ...string) {
		b := newWorkbench(t, "zh_CN.UTF-8")
		b.app.node = theNode
		dir := filepath.Join(b.dir, "new")
		code, _, stderr := b.run(append(line, "--data", dir)...)
		_, err := os.Lstat(dir)
		if tried++; code == exitDone || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(stderr, name) || len(stderr) > 1000 || !strings.Contains(stderr, "办法：") {
			t.Errorf("%.40q: exit %d, %v, stderr:\n%.2000s", line, code, err, stderr)
		}
	}
	a := newWorkbench(t, "C").app
	a.getenv = func(string) string { return "" }
	for verb, arguments := range map[string][]string{"init": {"guizhou"}, "join": {"xt1"}} {
		c, _, err := a.rootCommand().Find([]string{verb})
		if err != nil {
			t.Fatal(err)
		}
		refused("", verb, long)
		c.LocalFlags().VisitAll(func(f *pflag.Flag) {
			if f.Value.Type() == "string" && !slices.Contains([]string{"help", "data", "in", "as", "roster"}, f.Name) {
				refused("--"+f.Name, append(append([]string{verb}, arguments...), "--"+f.Name, long)...)
			}
		})
	}
	if tried < 7 {
		t.Errorf("%d were tried", tried)
	}
}

// TestEmptyValueIsAValue sends a condition on the empty text: only a condition without a field is
// none.
func TestEmptyValueIsAValue(t *testing.T) {
	b := newWorkbench(t, "C")
	b.run("query", "d", "--where", "name=")
	if got := strings.Join(b.node.asked, "\n"); !strings.Contains(got, `"where":{"name":""}`) {
		t.Errorf("sent %s", got)
	}
}

// TestFullWidthIsSent checks the requests of command lines that a Chinese input method typed.
func TestFullWidthIsSent(t *testing.T) {
	for _, row := range []struct {
		line []string
		want string
	}{
		{[]string{"query", "ｖｉｌｌａｇｅｓ", "--at", "南明区", "--fields", "code，name", "--where", "name＝１号", "--limit", "１０"},
			`{"at":"南明区","dataset":"villages","where":{"name":"１号"},"fields":["code","name"],"limit":10}`},
		{[]string{"query", "villages", "--key", "１"}, `"key":"１"`},
		{[]string{"query", "villages", "--at", "＊．贵阳市", "--count"}, `"at":"*.贵阳市"`},
		{[]string{"invite", "５２０１０３", "--hours", "２４"}, `"name":"520103","hours":24`},
		{[]string{"invite", "甲１区", "--label", "ｊｉａ", "--level", "县级"}, `"name":"甲１区","label":"jia","level":"county"`},
		{[]string{"tree", "confirm", "沿江镇", "--fingerprint", "Ａ1B2 1122 3344 5566 7788 99AA", "--reason", "电话１"},
			`"fingerprint":"A1B2 1122 3344 5566 7788 99AA","reason":"电话１"`},
	} {
		b := newWorkbench(t, "C")
		b.run(row.line...)
		if got := strings.Join(b.node.asked, "\n"); !strings.Contains(got, row.want) {
			t.Errorf("%q: sent\n%s\nwant %s", row.line, got, row.want)
		}
	}
}

// TestSpacesAroundAValue refuses a condition whose value would match nothing for a space that was
// typed beside the sign.
func TestSpacesAroundAValue(t *testing.T) {
	for lang, want := range map[string]string{"en": `write "文=甲"`, "zh": "请写作“文=甲”"} {
		for _, args := range [][]string{{"--where", "文 = 甲"}, {"--where", "文=甲 "}, {"--key", "1", "--verify", "文 =　甲"}} {
			b := newWorkbench(t, lang)
			code, _, stderr := b.run(append([]string{"query", "d", "--purpose", "p"}, args...)...)
			if code != exitUsage || !strings.Contains(stderr, want) || len(b.node.asked) > 0 {
				t.Errorf("%q: got exit %d, %s", args, code, stderr)
			}
		}
	}
}
