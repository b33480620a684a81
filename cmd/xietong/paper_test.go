package main

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"xietong/node"
	"xietong/node/faces/client"
)

// TestPaper: the recovery key is shown in words, and on a terminal that is wide enough as a QR code
// too; no line of it is wider than the terminal. What is piped has no colours.
func TestPaper(t *testing.T) {
	for _, row := range []struct {
		lang     string
		terminal int
		words    string
		code     bool
	}{
		{"en_US.UTF-8", 0, "abandon", false}, {"en_US.UTF-8", 36, "abandon", false}, {"en_US.UTF-8", 40, "abandon", true},
		{"en_US.UTF-8", 80, "abandon", true}, {"en_US.UTF-8", 200, "abandon", true}, {"zh_CN.UTF-8", 40, "的", true}, {"zh_CN.UTF-8", 0, "的", false},
	} {
		b := newWorkbench(t, row.lang)
		b.app.columns = row.terminal
		code, stdout, stderr := b.run("init", "nanming.guiyang.guizhou")
		if code != exitDone || strings.Count(stdout, row.words) != 23 || strings.Contains(stdout, "\x1b") != row.code || strings.Contains(stdout, "▀") != row.code {
			t.Errorf("%s, %d columns: exit %d, %s, got\n%s", row.lang, row.terminal, code, stderr, stdout)
		}
		for _, line := range strings.Split(stdout, "\n") {
			inside, coded := strings.CutPrefix(line, "\x1b[30;47m")
			inside = strings.TrimSuffix(inside, "\x1b[0m")
			if coded && columns(inside) != qrColumns {
				t.Errorf("%d columns: a line of the code has %d, want %d", row.terminal, columns(inside), qrColumns)
			}
			if strings.Contains(line, row.words) && row.terminal > 0 && columns(line) > row.terminal {
				t.Errorf("%d columns: a line of words has %d", row.terminal, columns(line))
			}
		}
	}
}

// TestPaperInJSON: --json shows no recovery key unless it is asked for by a flag that says what it
// does.
func TestPaperInJSON(t *testing.T) {
	b := newWorkbench(t, "en_US.UTF-8")
	for _, row := range []struct {
		args  []string
		words int
	}{{[]string{"--json", "init", "a"}, 0}, {[]string{"--json", "init", "a", "--recovery-words"}, 24}} {
		_, stdout, _ := b.run(row.args...)
		var made node.InitResult
		if err := json.Unmarshal([]byte(stdout), &made); err != nil || len(made.Words) != row.words || made.Recovery == "" || made.Papered != (row.words > 0) {
			t.Errorf("%q: got %s, want %d words", row.args, stdout, row.words)
		}
	}
}

// TestReadPaper: the words come from standard input, in lines or not, and a mistyped one is named
// by its place; none is repeated.
func TestReadPaper(t *testing.T) {
	for what, row := range map[string]struct{ typed, want string }{
		"one line": {fakeWords + "\n", ""}, "no end of line": {fakeWords, ""}, "lines": {strings.ReplaceAll(fakeWords, " ", "\n") + "\n", ""},
		"more behind it": {fakeWords + "\nxietong serve\n", ""}, "Chinese": {strings.Repeat("的", 23) + "性\n", ""},
		"the code":   {"XIETONG:" + strings.Repeat("0", 64) + "66\n", ""},
		"mistyped":   {strings.Replace(fakeWords, "abandon", "abandom", 1) + "\n", "word 1 "},
		"one short":  {strings.Repeat("abandon ", 22) + "art\n\n", "not 24 words"},
		"nothing":    {"", "not 24 words"},
		"wrong":      {strings.Repeat("abandon ", 24) + "\n", "changed places"},
		"never ends": {strings.Repeat(" ", 1<<20), "not 24 words"},
	} {
		b := newWorkbench(t, "en_US.UTF-8")
		b.stdin = row.typed
		code, stdout, stderr := b.run("join", "token", "--recovery")
		if row.want == "" && (code != exitDone || !strings.Contains(stdout, "others believe the new keys at once")) {
			t.Errorf("%s: exit %d, %s%s", what, code, stdout, stderr)
		}
		if row.want != "" && (code == exitDone || !strings.Contains(stderr, row.want) || strings.Contains(stderr+stdout, "abando")) {
			t.Errorf("%s: exit %d, %s%s, want %q", what, code, stdout, stderr, row.want)
		}
	}
}

// TestNewPaper: keys renew --recovery shows a new key and gives the node the public part alone; a
// paper whose key set was not made is void, and said to be.
func TestNewPaper(t *testing.T) {
	b := newWorkbench(t, "en_US.UTF-8")
	code, stdout, stderr := b.run("keys", "renew", "--recovery")
	if code != exitDone || !strings.Contains(stdout, "key set 4,") || !strings.Contains(stdout, "the new paper counts") {
		t.Errorf("exit %d, %s%s", code, stdout, stderr)
	}
	asked := b.node.asked[len(b.node.asked)-1]
	if public := regexp.MustCompile(`^POST /v1/keys \{"recovery_key":"[0-9a-f]{64}"\}$`); !public.MatchString(asked) {
		t.Errorf("the node was asked %s", asked)
	}
	b.node.fail = map[string]client.Problem{"POST /v1/keys": {Title: "Keys changed just now", Status: 429, Code: "keys-too-soon"}}
	if code, stdout, _ := b.run("keys", "renew", "--recovery"); code == exitDone || !strings.Contains(stdout, "just shown is void: destroy that paper") {
		t.Errorf("exit %d, %s", code, stdout)
	}
	if code, _, stderr := b.run("--json", "keys", "renew", "--recovery"); code != exitUsage {
		t.Errorf("with --json: exit %d, %s", code, stderr)
	}
}

// TestPaperOfAnEarlierAttempt: where an attempt before this one has shown the recovery key, no
// second paper is printed, and it is said which one counts and what to do without it.
func TestPaperOfAnEarlierAttempt(t *testing.T) {
	b := newWorkbench(t, "en_US.UTF-8")
	b.app.node.init = func(string, initOptions) (node.InitResult, error) {
		return node.InitResult{Recovery: "139E 3940 E64B 5491 7220 88D9"}, nil
	}
	code, stdout, stderr := b.run("init", "nanming.guiyang.guizhou")
	for _, want := range []string{"shown by an attempt before this one, fingerprint 139E 3940 E64B 5491 7220 88D9", "keys renew --recovery"} {
		if code != exitDone || !strings.Contains(stdout, want) {
			t.Errorf("exit %d, %s: no %q in\n%s", code, stderr, want, stdout)
		}
	}
}

// TestInvitationFromInput (A18): an invitation is a secret, and an argument stands in the list of
// processes. With - it comes from standard input, before the words of a recovery key.
func TestInvitationFromInput(t *testing.T) {
	words := strings.Repeat("abandon ", 23) + "art"
	for _, row := range []struct {
		typed string
		args  []string
		want  string
	}{
		{"xt1-nanming-AB\n", []string{"join", "-"}, "xt1-nanming-AB"},
		{"  xt1-nanming-AB\r\n" + words + "\n", []string{"join", "-", "--recovery"}, "xt1-nanming-AB"},
		{"", []string{"join", "-"}, ""},
		{strings.Repeat("x", 2*maxToken), []string{"join", "-"}, strings.Repeat("x", maxToken)},
	} {
		b := newWorkbench(t, "en_US.UTF-8")
		b.stdin = row.typed
		join, got := b.app.node.join, "none"
		b.app.node.join = func(ctx context.Context, dir, token string, o joinOptions) (node.JoinResult, error) {
			got = token
			return join(ctx, dir, token, o)
		}
		if code, _, stderr := b.run(row.args...); code != exitDone || got != row.want {
			t.Errorf("%q: exit %d, %s, joined with %q, want %q", row.args, code, stderr, got, row.want)
		}
	}
}
