package main

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// clerks are the clerks of a city and its county on one real node, who type commands.
type clerks struct {
	t     *testing.T
	dir   string
	lang  string
	ahead atomic.Int64 // ns: the clock of the node
}

const (
	provider = "--in nanming.guiyang.guizhou --as civil-affairs " // in the county
	housing  = "--in nanming.guiyang.guizhou --as housing "       // the county's own consumer
	water    = "--in guiyang.guizhou --as water "                 // the city's, at the county
	applies  = " --basis b --scenario s --scope s --method m --until "
)

func newClerks(t *testing.T, lang string) *clerks { return newClerksIn(t, lang, "") }

// newClerksIn is newClerks in a time zone.
func newClerksIn(t *testing.T, lang, zone string) *clerks {
	t.Helper()
	c := &clerks{t: t, dir: filepath.Join(t.TempDir(), "d"), lang: lang}
	if _, err := node.Init(c.dir, node.InitOptions{Name: "guiyang.guizhou", DisplayName: "贵阳市", Level: "prefecture", Listen: freePort(t), TimeZone: zone}); err != nil {
		t.Fatal(err)
	}
	n, err := node.Open(t.Context(), c.dir, node.Options{
		Logger: slog.New(slog.DiscardHandler), Version: "test", Now: func() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) },
	})
	if err != nil {
		t.Fatal(err)
	}
	path, release, err := client.SocketPath(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: n.Handler()}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Shutdown(context.Background())
		<-served
		release()
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// run types a command line.
func (c *clerks) run(line string) (code int, stdout, stderr string) {
	c.t.Helper()
	var out, errs bytes.Buffer
	a := app{
		stdin: strings.NewReader(""), stdout: &out, stderr: &errs, now: time.Now, node: theNode,
		getenv: func(name string) string { return map[string]string{"LANG": c.lang, "XIETONG_DATA": c.dir}[name] },
	}
	code = a.run(c.t.Context(), strings.Fields(line))
	return code, out.String(), errs.String()
}

// does types a command that must succeed, and returns what the clerk sees.
func (c *clerks) does(line string) string {
	c.t.Helper()
	code, stdout, stderr := c.run(line)
	if code != 0 {
		c.t.Fatalf("%s\ngot %d\n%s", line, code, stderr)
	}
	return stdout + stderr
}

// refused types a command that must be refused with the code, and returns what the clerk is told.
func (c *clerks) refused(code, line string) string {
	c.t.Helper()
	if exit, _, stderr := c.run("--json " + line); exit != exitOf(text.Code(code)) || !strings.Contains(stderr, `"code":"`+code+`"`) {
		c.t.Fatalf("%s\ngot %d %s, want %s", line, exit, stderr, code)
	}
	_, _, told := c.run(line)
	if strings.ContainsAny(told, "{}") || regexp.MustCompile(`[a-z] *[（(]?(none|无)[）)]`).MatchString(told) {
		c.t.Errorf("%s is told with an empty place: %s", code, told)
	}
	if c.lang == "zh_CN.UTF-8" && regexp.MustCompile(`\p{Han} *[a-z]+ [a-z]+ [a-z]+ [a-z]+\p{Han}`).MatchString(told) {
		c.t.Errorf("%s has English inside Chinese: %s", code, told)
	}
	return told
}

var (
	typed    = regexp.MustCompile("xietong grant (give|renew|revoke) [^`；\n]*")
	typeable = strings.NewReplacer("DATE", "2029-12-31", "BASIS", "b", "PAPER", "p", "期限", "2029-12-31", "依据", "b", "文号", "p", "REASON", "r", "理由", "r")
)

// follow has the provider's clerk type the command that a refusal tells.
func (c *clerks) follow(told string) {
	c.t.Helper()
	command, ok := strings.CutPrefix(typed.FindString(told), "xietong ")
	if !ok {
		c.t.Fatalf("it tells no command: %s", told)
	}
	command, _, _ = strings.Cut(command, "，")
	if strings.HasPrefix(command, "grant revoke ") {
		command = provider + command
	}
	c.does(typeable.Replace(command))
}

// toldAfter returns the members of a list that a refusal tells after a word.
func toldAfter(told, after string) []string {
	_, rest, _ := strings.Cut(told, after)
	return strings.FieldsFunc(rest[:strings.IndexAny(rest+"\n", "；;\n")], func(r rune) bool { return strings.ContainsRune(" ,、：:", r) })
}

func putFile(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (c *clerks) dataset(code, category string) {
	c.t.Helper()
	name := filepath.Join(c.t.TempDir(), code+".json")
	citation := ""
	if category == client.NotShared {
		citation = `"citation":"《居民身份证法》第十九条",`
	}
	putFile(c.t, name, `{"code":"`+code+`","title":"台账","category":"`+category+`",`+citation+`"key":"id","not_secret":true,"update_cycle":"yearly",
		"purposes":[{"code":"statistics","title":"统计"},{"code":"residence-check","title":"核验"}],"measures":{"income":["sum","average"]},
		"schema":{"type":"object","required":["id"],"properties":{"id":{"type":"string"},"name":{"type":"string"},"income":{"type":"number"}}}}`)
	c.does(provider + "dataset publish --yes " + name)
	record := filepath.Join(c.t.TempDir(), "record.json")
	putFile(c.t, record, `{"id":"1","name":"甲","income":5}`)
	c.does(provider + "record put " + code + " " + record)
}

// TestWhatToDo walks the refusals of a use and of a grant by hand on a real node, in both
// languages: what a refusal tells its reader to do is done, and works.
func TestWhatToDo(t *testing.T) {
	for _, lang := range []string{"zh_CN.UTF-8", "en_US.UTF-8"} {
		t.Run(lang[:2], func(t *testing.T) {
			c := newClerks(t, lang)
			c.does("--in guiyang.guizhou host add 南明区")
			c.does("--in guiyang.guizhou agency add water 水务局")
			for _, agency := range []string{"civil-affairs", "housing", "tax"} {
				c.does("--in nanming.guiyang.guizhou agency add " + agency + " " + agency)
			}
			c.unconditional()
			c.conditional()
			c.byHand()
			c.ended()
		})
	}
}

// unconditional walks the refusals of data that rule gives.
func (c *clerks) unconditional() {
	c.dataset("villages", client.Unconditional)
	query := water + "query villages --at 南明区 "
	purposes := toldAfter(c.refused("purpose-needed", query+applies+"2027-12-31"), "--purpose")
	purposes = append(purposes, toldAfter(c.refused("unknown-purpose", query+"--purpose x"+applies+"2027-12-31"), "x")...)
	if !slices.Contains(purposes, "statistics") {
		c.t.Errorf("got the purposes %q", purposes)
	}
	query += "--purpose statistics "
	c.refused("basis-needed", query)
	fields := c.refused("unknown-field", query+"--fields id,height"+applies+"2027-12-31")
	if !strings.Contains(fields, "name") {
		c.t.Errorf("got %s", fields)
	}
	c.does(query + "--fields id" + applies + "2027-12-31")
	c.refused("measure-not-offered", query+"--maximum income")
	c.does(query + "--sum income")

	told := c.does(query + applies + "2027-06-30") // earlier than the grant ends
	if !strings.Contains(told, "2027-12-31 23:59:59") {
		c.t.Errorf("whoever asks for an end is told that of the grant: %s", told)
	}
	c.does(query + applies + "2028-06-30")
	held := c.grants("villages")
	if len(held) != 2 || !strings.Contains(held[0], "2028-06-30") {
		c.t.Fatalf("got %q", held)
	}
	c.does(provider + "grant revoke " + strings.Fields(held[0])[0] + " --reason r")
	told = c.refused("grant-revoked", query)
	again := c.refused("no-grant-by-rule", water+"query villages --at 南明区 --purpose residence-check"+applies+"2027-12-31")
	c.does(housing + "query villages --purpose statistics" + applies + "2027-12-31") // what still goes
	c.follow(told)
	c.does(query)
	c.follow(again)
	c.does(water + "query villages --at 南明区 --purpose residence-check")
}

// conditional walks the refusals of data that the provider gives by hand.
func (c *clerks) conditional() {
	c.dataset("loans", client.Conditional)
	query := water + "query loans --at 南明区 --purpose statistics "
	c.follow(c.refused("grant-needed", query+applies+"2027-12-31"))
	c.does(query)
	told := c.refused("not-renewable", query+applies+"2030-12-31")
	c.does(query) // without --until
	c.follow(strings.NewReplacer("--until DATE", "--until 2030-12-31", "--until 期限", "--until 2030-12-31").Replace(told))
	c.does(query + applies + "2030-12-31")

	narrow := "grant give loans tax --purpose statistics --until 2027-12-31 --basis b --paper p --fields id,income --measures income=sum"
	c.does(provider + narrow)
	tax := "--in nanming.guiyang.guizhou --as tax query loans --purpose statistics "
	told = c.refused("field-not-granted", tax)
	c.does(tax + "--fields id,income")
	c.follow(told)
	c.does(tax)
	c.does(provider + "grant give loans tax --purpose residence-check --until 2027-12-31 --basis b --paper p --measures income=sum")
	tax = strings.Replace(tax, "statistics", "residence-check", 1)
	told = c.refused("measure-not-granted", tax+"--average income")
	c.does(tax + "--count")
	c.follow(told)
	c.does(tax + "--average income")

	c.dataset("farms", client.Unconditional) // and conditional later (U-B8)
	c.does(housing + "query farms --purpose statistics" + applies + "2028-12-31")
	c.dataset("farms", client.Conditional)
	if got := c.does(provider + "grant list --dataset farms --state stopped"); !strings.Contains(got, "housing") {
		c.t.Errorf("got %s", got)
	}
	c.follow(c.refused("grant-needed", housing+"query farms --purpose statistics"))
	c.does(housing + "query farms --purpose statistics")

	c.dataset("prints", client.NotShared)
	if told := c.refused("not-shared", housing+"query prints --purpose statistics"); !strings.Contains(told, "《居民身份证法》第十九条") {
		c.t.Errorf("got %s", told)
	}
	give := "grant give prints housing --purpose statistics --until 2027-12-31 --basis b --paper p"
	c.refused("give-not-shared", provider+give)
	c.dataset("prints", client.Conditional)
	c.does(provider + give)
	c.does(housing + "query prints --purpose statistics")
}

// byHand walks the refusals of a grant by hand.
func (c *clerks) byHand() {
	give := "grant give loans housing --purpose statistics --basis b --paper p --until "
	c.refused("give-own", provider+strings.Replace(give, "housing", "civil-affairs", 1)+"2028-12-31")
	c.refused("not-provider", housing+give+"2028-12-31")
	c.refused("not-provider", "--in nanming.guiyang.guizhou --as tax "+give+"2028-12-31")
	c.refused("unknown-agency", provider+strings.Replace(give, "housing", "forestry", 1)+"2028-12-31")
	c.refused("agency-not-there", provider+strings.Replace(give, "housing", "forestry@贵阳市", 1)+"2028-12-31")
	if told := c.does(provider + strings.Replace(give, "housing", "water@遵义市", 1) + "2028-12-31"); strings.Count(told, "\n") != 2 {
		c.t.Errorf("nobody can look whether there is the agency, and the clerk is told so: %s", told)
	}
	c.refused("ground-needed", provider+"grant give loans housing --purpose statistics --until 2028-12-31")
	c.does(provider + give + "2028-12-31")
	c.follow(c.refused("grant-shorter", provider+give+"2028-06-30"))
	c.does(provider + give + "2028-06-30")
	c.follow(c.refused("grant-narrower", provider+give+"2028-06-30 --fields id"))
	c.does(provider + give + "2028-06-30 --fields id")
	old := strings.Fields(c.grants("loans --consumer housing --state live")[0])[0]
	renew := provider + "grant renew " + old + " --basis b --paper p --until "
	c.does(renew + "2028-12-31")
	told := c.refused("grant-replaced", renew+"2029-12-31")
	next := regexp.MustCompile(`nanming\.guiyang\.guizhou/log/1/\d+`).FindAllString(strings.Replace(told, old, "", -1), 1)
	c.does(strings.Replace(renew, old, next[0], 1) + "2029-12-31")
	live := strings.Fields(c.grants("loans --consumer housing --state live")[0])[0]
	c.does(provider + "grant revoke " + live + " --reason r")
	c.follow(c.refused("renew-revoked", provider+"grant renew "+live+" --basis b --paper p --until 2030-12-31"))
	c.does(housing + "query loans --purpose statistics --fields id")
}

// ended walks the refusals of grants that have ended.
func (c *clerks) ended() {
	soon := time.Now().Add(90 * time.Minute).Format(time.RFC3339)
	for _, code := range []string{"streets", "licences"} {
		c.dataset(code, map[string]string{"streets": client.Unconditional, "licences": client.Conditional}[code])
		c.does(provider + "grant give " + code + " housing --purpose statistics --basis b --paper p --until " + soon)
	}
	c.ahead.Store(int64(2 * time.Hour))
	c.refused("grant-expired", housing+"query streets --purpose statistics")
	c.does(housing + "query streets --purpose statistics" + applies + "2028-12-31")
	c.follow(c.refused("grant-ended", housing+"query licences --purpose statistics"+applies+"2028-12-31"))
	c.does(housing + "query licences --purpose statistics")
}

// grants returns the lines of the provider's list.
func (c *clerks) grants(of string) (lines []string) {
	c.t.Helper()
	for line := range strings.Lines(c.does(provider + "grant list --dataset " + of)) {
		if strings.HasPrefix(line, "nanming.guiyang.guizhou/log/") {
			lines = append(lines, line)
		}
	}
	return lines
}
