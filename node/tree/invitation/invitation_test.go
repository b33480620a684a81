package invitation

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

func pin(t testing.TB, name string, fill byte) trust.Pin { return numbered(t, name, 1, fill) }

// later is the pin of a key set that came later.
func later(t testing.TB, name string) trust.Pin { return numbered(t, name, 3, 3) }

func numbered(t testing.TB, name string, number uint64, fill byte) trust.Pin {
	t.Helper()
	j, err := identity.ParseJurisdiction(name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := trust.NewPin(j, number, bytes.Repeat([]byte{fill}, 32))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func example(t testing.TB) Token {
	t.Helper()
	child, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	return Token{
		Parent: pin(t, "guiyang.guizhou", 1), Root: pin(t, "guizhou", 2), Child: child, Code: "520102", Level: "county",
		DisplayName: "南明区", ShortName: "南明区", Secret: bytes.Repeat([]byte{7}, SecretLen),
		Until: time.UnixMilli(1795482000000), Addresses: []string{"192.0.2.7:7400"},
	}
}

func TestToken(t *testing.T) {
	for what, edit := range map[string]func(*Token){
		"as it is": func(*Token) {},
		"the parent is root": func(k *Token) {
			k.Parent = pin(t, "guizhou", 1)
			k.Root = k.Parent
			k.Child, _ = identity.ParseJurisdiction("guiyang.guizhou")
		},
		"the root's keys changed": func(k *Token) {
			k.Parent, k.Root = later(t, "guizhou"), pin(t, "guizhou", 1)
			k.Child, _ = identity.ParseJurisdiction("guiyang.guizhou")
		},
		"IPv6 and a name":  func(k *Token) { k.Addresses = []string{"[2001:db8::7]:7400", "node.guiyang.example.cn:443"} },
		"nothing optional": func(k *Token) { k.Code, k.Level, k.ShortName = "", "", "" },
	} {
		want := example(t)
		edit(&want)
		line, err := want.Encode()
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		got, err := Parse("  " + line + "\r\n")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", what, got, err, want)
		}
		if strings.ContainsAny(line, ":[]()$`'\" ") {
			t.Errorf("%s: %s holds what a shell would take for its own", what, line)
		}
	}
}

// TestExample checks that the beginning of the line in the package comment is real.
func TestExample(t *testing.T) {
	line, err := example(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile("invitation.go")
	if err != nil {
		t.Fatal(err)
	}
	shown := line[:len("xt1-guiyang-192.0.2.7-7400-")+5] + "…"
	if !bytes.Contains(source, []byte(shown)) {
		t.Errorf("the package comment does not show %s", shown)
	}
	if len(line) > 400 {
		t.Errorf("%d characters, too long to be copied by hand", len(line))
	}
}

// TestEveryCharacterCounts changes each character of a line, and cuts it at each place: Parse takes
// none of these lines.
func TestEveryCharacterCounts(t *testing.T) {
	line, err := example(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for i := range line {
		for _, c := range []byte{'A', 'B', '2', 'a', '-', 0xff} {
			if c == line[i] {
				continue
			}
			got, err := Parse(line[:i] + string([]byte{c}) + line[i+1:])
			if same := strings.EqualFold(string([]byte{c}), line[i:i+1]); (err == nil) != same {
				t.Errorf("character %d as %q: taken as %v", i, c, got)
			}
		}
		if _, err := Parse(line[:i]); err == nil {
			t.Errorf("cut at %d: taken", i)
		}
	}
}

// TestMended (U-C14) hands in the line as people get it: what a copy does without harm is mended.
func TestMended(t *testing.T) {
	want := example(t)
	line, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	wide := strings.Map(func(r rune) rune { return r - '!' + '！' }, line)
	for what, given := range map[string]string{
		"lower case": strings.ToLower(line), "upper case": strings.ToUpper(line), "full width": wide,
		"spaces":           line[:40] + " " + line[40:90] + "   " + line[90:],
		"line breaks":      line[:9] + "\n" + line[9:80] + "\r\n  " + line[80:],
		"quotes":           `"` + line + `"`,
		"Chinese quotes":   "“" + line + "”",
		"the command":      "xietong --data nanming join " + line,
		"with a flag":      "xietong join " + line + " --listen 0.0.0.0:7400",
		"a sentence":       "邀请码：" + line + "，请今日内使用。",
		"a full stop":      line + ".\n",
		"full-width marks": strings.ReplaceAll(line, "-", "－"), "dashes": strings.ReplaceAll(line, "-", "–"), "long dashes": strings.ReplaceAll(line, "-", "—"),
		"what is not seen": "\ufeff" + line[:50] + "\u200b" + line[50:],
	} {
		if got, err := Parse(given); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %v, %v", what, got, err)
		}
	}
}

func TestRefused(t *testing.T) {
	line, err := example(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for what, row := range map[string]struct {
		line string
		want error
	}{
		"nothing":         {"", ErrNotToken},
		"something else":  {"hello world", ErrNotToken},
		"a later version": {"xt2" + line[3:], ErrNewer},
		"another address": {strings.Replace(line, "192.0.2.7", "192.0.2.9", 1), ErrTampered},
		"another parent":  {strings.Replace(line, "guiyang", "zunyi", 1), ErrTampered},
		"cut short":       {line[:len(line)-9], ErrMistyped},
		"too long":        {line + strings.Repeat("A", maxLen), ErrNotToken},
	} {
		if _, err := Parse(row.line); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v, want %v", what, err, row.want)
		}
	}
	for what, edit := range map[string]func(*Token){
		"not the child":         func(k *Token) { k.Child, _ = identity.ParseJurisdiction("nanming.zunyi.guizhou") },
		"another tree's root":   func(k *Token) { k.Root = pin(t, "yunnan", 2) },
		"two pins of one name":  func(k *Token) { k.Root = pin(t, "guiyang.guizhou", 2) },
		"a short secret":        func(k *Token) { k.Secret = k.Secret[1:] },
		"no end":                func(k *Token) { k.Until = time.UnixMilli(0) },
		"no name":               func(k *Token) { k.DisplayName = "" },
		"a long name":           func(k *Token) { k.DisplayName = strings.Repeat("明", 70) },
		"a name that acts":      func(k *Token) { k.DisplayName = "南明\x1b[2J区" },
		"a name that was lost":  func(k *Token) { k.ShortName = "南\uFFFD区" },
		"a name that hides":     func(k *Token) { k.DisplayName = "南明区\u2800" },
		"a short name, too":     func(k *Token) { k.ShortName = "南明\ufe00" },
		"no address":            func(k *Token) { k.Addresses = nil },
		"five addresses":        func(k *Token) { k.Addresses = []string{"a:1", "b:1", "c:1", "d:1", "e:1"} },
		"an address without":    func(k *Token) { k.Addresses = []string{"192.0.2.7"} },
		"port 0":                func(k *Token) { k.Addresses = []string{"192.0.2.7:0"} },
		"port 07400":            func(k *Token) { k.Addresses = []string{"192.0.2.7:07400"} },
		"a host with a command": func(k *Token) { k.Addresses = []string{"$(reboot):7400"} },
	} {
		k := example(t)
		edit(&k)
		if _, err := k.Encode(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", what, err)
		}
	}
}

// TestSecretIsNotTold checks that neither print nor log shows the secret.
func TestSecretIsNotTold(t *testing.T) {
	k := example(t)
	line, err := k.Encode()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("invited", "token", k)
	secret := line[strings.LastIndexByte(line, '-')+1:][60:100]
	for _, said := range []string{k.String(), fmt.Sprint(k), fmt.Sprintf("%v", k), log.String()} {
		if strings.Contains(said, secret) || strings.Contains(said, "7 7 7") || strings.Contains(said, "070707") {
			t.Errorf("the secret is told: %s", said)
		}
	}
}

func FuzzParse(f *testing.F) {
	line, err := example(f).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Add("xt1-guiyang-192.0.2.7-7400-UYAQC")
	f.Fuzz(func(t *testing.T, s string) {
		k, err := Parse(s)
		if err != nil {
			return
		}
		if again, err := k.Encode(); err != nil || again != mend(s) {
			t.Errorf("%q came back as %q, %v", s, again, err)
		}
	})
}
