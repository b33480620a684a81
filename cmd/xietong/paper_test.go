package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
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
		code, stdout, stderr := b.run("init", "nanming.guiyang.guizhou", "--yes")
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

// TestPaperOfARoot: the paper of a root promises nothing that it cannot do.
func TestPaperOfARoot(t *testing.T) {
	for _, row := range []struct{ lang, root, other string }{
		{"en_US.UTF-8", "A root has no parent", "others believe the new keys at once"}, {"zh_CN.UTF-8", "根没有上级", "立即被各地采信"},
	} {
		b := newWorkbench(t, row.lang)
		for _, name := range []string{"guizhou", "nanming.guiyang.guizhou"} {
			_, stdout, stderr := b.run("init", name, "--yes")
			if !strings.Contains(stdout, row.root) || strings.Contains(stdout, row.other) {
				t.Errorf("%s, %s: got %s%s", row.lang, name, stdout, stderr)
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
	}{{[]string{"--json", "init", "a", "--yes"}, 0}, {[]string{"--json", "init", "a", "--recovery-words", "--yes"}, 24}} {
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
		"one short":  {strings.Repeat("abandon ", 22) + "art\n\n", "23 words were read, and not 24"},
		"one more":   {strings.Repeat("abandon ", 24) + "art\n", "25 words were read, and not 24"},
		"mixed":      {"abandon " + strings.Repeat("的", 22) + "性\n", "word 1 is not in the language of the others"},
		"mixed late": {strings.Repeat("abandon ", 23) + "的\n", "word 24 is not in the language of the others"},
		"nothing":    {"", "0 words were read"},
		"wrong":      {strings.Repeat("abandon ", 24) + "\n", "changed places"},
		"never ends": {strings.Repeat(" ", 1<<20), "0 words were read"},
	} {
		b := newWorkbench(t, "en_US.UTF-8")
		b.stdin = row.typed
		code, stdout, stderr := b.run("join", "token", "--recovery")
		if row.want == "" && (code != exitDone || !strings.Contains(stdout, "agencies, datasets, records and grants from before are not here") || !strings.Contains(stdout, "believe the new ones within seconds")) {
			t.Errorf("%s: exit %d, %s%s", what, code, stdout, stderr)
		}
		if row.want != "" && (code == exitDone || !strings.Contains(stderr, row.want) || strings.Contains(stderr+stdout, "abando")) {
			t.Errorf("%s: exit %d, %s%s, want %q", what, code, stdout, stderr, row.want)
		}
	}
}

// TestNewPaper: keys renew --recovery shows a new key and gives the node the public part alone; a
// paper whose key set was not made is void, and said to be. Where the node refuses beforehand, no
// paper is shown.
func TestNewPaper(t *testing.T) {
	b := newWorkbench(t, "en_US.UTF-8")
	code, stdout, stderr := b.run("keys", "renew", "--recovery")
	if code != exitDone || !strings.Contains(stdout, "南明区, key set 3,") || !strings.Contains(stdout, "counts when key set 3 has been in use") {
		t.Errorf("exit %d, %s%s", code, stdout, stderr)
	}
	public := regexp.MustCompile(`^POST /v1/keys \{"recovery_key":"([0-9a-f]{64})"(,"try":true)?\}$`)
	tried, asked := public.FindStringSubmatch(b.node.asked[0]), public.FindStringSubmatch(b.node.asked[len(b.node.asked)-1])
	if tried == nil || asked == nil || tried[1] != asked[1] || tried[2] == "" || asked[2] != "" {
		t.Errorf("the node was asked %q", b.node.asked)
	}
	soon := client.Problem{Title: "Keys changed just now", Status: 429, Code: "keys-too-soon"}
	b.node.fail = map[string]client.Problem{"POST /v1/keys": soon}
	if code, stdout, _ := b.run("keys", "renew", "--recovery"); code == exitDone || stdout != "" {
		t.Errorf("refused beforehand: exit %d, and shown %s", code, stdout)
	}
	b.node.fail = nil
	requests := 0
	b.node.wild = func(w http.ResponseWriter) bool {
		if requests++; requests < 3 { // the try, and the name
			return false
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(soon.Status)
		return json.NewEncoder(w).Encode(soon) == nil
	}
	if code, stdout, _ := b.run("keys", "renew", "--recovery"); code == exitDone || !strings.Contains(stdout, "just shown is void: destroy that paper") {
		t.Errorf("refused afterwards: exit %d, %s", code, stdout)
	}
	code, _, stderr = b.run("--json", "keys", "renew", "--recovery")
	if code != exitUsage || !strings.Contains(stderr, `"title":"Wrong command line"`) {
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
	code, stdout, stderr := b.run("init", "nanming.guiyang.guizhou", "--yes")
	for _, want := range []string{"shown by an earlier run, fingerprint 139E 3940 E64B 5491 7220 88D9", "keys renew --recovery"} {
		if code != exitDone || !strings.Contains(stdout, want) {
			t.Errorf("exit %d, %s: no %q in\n%s", code, stderr, want, stdout)
		}
	}
}

// TestPaperOfNothing: where a join or an init fails after the paper was shown, the paper is said to
// count only if the same directory succeeds later: its keys stay there, and may be endorsed by
// another invitation. No word of it where none was shown.
func TestPaperOfNothing(t *testing.T) {
	fails := func(code text.Code) error { return text.Fail(code, text.Args{"name": "南明区"}, nil) }
	for _, row := range []struct {
		lang       string
		code       text.Code
		shown      bool
		want, fear string
	}{
		{"en_US.UTF-8", text.InvitationRedeemed, true, "with another invitation in this directory", "is void"},
		{"zh_CN.UTF-8", text.InvitationRedeemed, true, "用新的邀请码在同一目录再次加入", "作废"},
		{"en_US.UTF-8", text.InvitationExpired, true, "counts only if this data directory succeeds later", "is void"},
		{"zh_CN.UTF-8", text.InvitationExpired, true, "只在本数据目录以后成功时有效", "作废"},
		{"en_US.UTF-8", text.InvitationRedeemed, false, "", "destroy"},
	} {
		b := newWorkbench(t, row.lang)
		show := func(paper func(string, *node.Paper) error) error {
			if !row.shown {
				return nil
			}
			return paper("南明区", fakePaper())
		}
		b.app.node.join = func(_ context.Context, _, _ string, o joinOptions) (node.JoinResult, error) {
			return node.JoinResult{}, errors.Join(show(o.Paper), fails(row.code))
		}
		b.app.node.init = func(_ string, o initOptions) (node.InitResult, error) {
			return node.InitResult{}, errors.Join(show(o.Paper), fails(row.code))
		}
		for _, args := range [][]string{{"join", "token"}, {"init", "nanming.guiyang.guizhou", "--yes"}} {
			code, stdout, _ := b.run(args...)
			_, after, _ := strings.Cut(stdout, node.PaperFingerprint(fakePaper())) // on the paper itself
			print := row.shown && !strings.Contains(after, node.PaperFingerprint(fakePaper()))
			if code != exitFailed || !strings.Contains(after, row.want) || strings.Contains(after, row.fear) || print {
				t.Errorf("%s, %q, shown %t: exit %d, after the paper\n%s\nwant %q", row.code, args, row.shown, code, after, row.want)
			}
		}
	}
}

// wholeToken is an invitation of which nothing is missing.
const wholeToken = "xt1-guiyang-192.0.2.7-7400-VMAW6Z3VNF4WC3THFZTXK2L2NBXXKAUCAFMCAAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEA" +
	"QCAIBAOBWOZ3VNF5GQ33VAFMCAAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAIBAEAQCAR3W4YLONVUW4ZZOM52WS6LBNZTS4Z3VNF5GQ33VAVTDKMRQGEYDEBTGMNXXK3TUPEDWTZMNS7TJRDXFRS5AQ2PFRWL6NGEO4WGLUCKQA4DQOBYHA4DQOBYHA4DQOBYHA4FBWAAAAGRAWEI2QAFYC3RRHEZC4MBOGIXDOORXGQYDBQQLZ42Q"

// TestInvitationFromInput (A18): an invitation is a secret, and an argument stands in the list of
// processes. With - it comes from standard input, also on several lines, as mail folds it, with
// what invite printed around it, and before the words of a recovery key.
func TestInvitationFromInput(t *testing.T) {
	folded := ""
	for line := range slices.Chunk([]byte(wholeToken), 72) {
		folded += string(line) + "\r\n"
	}
	if strings.Count(folded, "\n") < 3 {
		t.Fatalf("got %q", folded)
	}
	words := strings.Repeat("abandon ", 23) + "art"
	for _, row := range []struct {
		typed string
		args  []string
		want  string
	}{
		{wholeToken + "\n", []string{"join", "-"}, wholeToken},
		{"\n  " + wholeToken + "\r\n" + words + "\n", []string{"join", "-", "--recovery"}, wholeToken},
		{folded + words + "\n", []string{"join", "-", "--recovery"}, strings.TrimSpace(folded)},
		{"xt1-nanming-AB\n\n" + words + "\n", []string{"join", "-", "--recovery"}, "xt1-nanming-AB"},
		{"Invitation for Nanming\n\n" + wholeToken + "\n\nOn the other machine, run", []string{"join", "-"}, "Invitation for Nanming\n\n" + wholeToken},
		{"this is\nno invitation\n\n\n" + words + "\n", []string{"join", "-", "--recovery"}, "this is\nno invitation"},
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

// TestWordsOfNoUse (B21-4): who is to type the words of a recovery key is told before that the
// directory takes no invitation so, and is not asked for them.
func TestWordsOfNoUse(t *testing.T) {
	b := newWorkbench(t, "en_US.UTF-8")
	b.app.node.joinable = func(string, string) error {
		return text.Fail(text.JoinShared, text.Args{"jurisdiction": "guiyang.guizhou", "replica": "r2", "dir": "x"}, nil)
	}
	b.stdin = wholeToken + "\n"
	if code, stdout, stderr := b.run("join", "-", "--recovery"); code != exitFailed || !strings.Contains(stderr, "--alone") || strings.Contains(stdout+stderr, "24 words") {
		t.Errorf("exit %d\n%s\n%s", code, stdout, stderr)
	}
}
