package join

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/width"

	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/tree/treetest"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

func nanmingsRequest(t *testing.T) Firewall {
	return Firewall{
		Child: "南明区", Name: treetest.Name(t, "nanming.guiyang.guizhou"), Parent: "贵阳市", ParentName: treetest.Name(t, "guiyang.guizhou"),
		Addresses: []string{"192.0.2.7:7400", "[2001:db8::7]:7400"}, Date: time.Date(2026, 11, 25, 23, 0, 0, 0, time.FixedZone("", 8*3600)),
	}
}

// TestFirewallRequest compares the forms with the golden files; go test ./node/flows/join -run
// TestFirewallRequest -update writes them.
func TestFirewallRequest(t *testing.T) {
	for _, l := range []text.Lang{text.Zh, text.En} {
		got := FirewallRequest(l, nanmingsRequest(t))
		path := filepath.Join("testdata", "firewall-request."+string(l)+".txt")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
		}
	}
}

// TestFirewallRequestFits checks that the form of every place fits on one page: 40 lines of 80
// columns.
func TestFirewallRequestFits(t *testing.T) {
	list := roster.ShippedOf(nanmingsRequest(t).Name)
	for _, p := range list.Places()[1:] {
		parent, _ := p.Name.Parent()
		r := nanmingsRequest(t)
		r.Child, r.Name, r.Parent, r.ParentName = p.DisplayName, p.Name, list.DisplayName(parent), parent
		r.Addresses = append(r.Addresses, "data-exchange.bureau.guizhou.example.cn:17400", "192.0.2.8:7400")
		for _, l := range []text.Lang{text.Zh, text.En} {
			form := FirewallRequest(l, r)
			if n := strings.Count(form, "\n"); n > 40 {
				t.Fatalf("%s, %s: %d lines", p.Name, l, n)
			}
			for line := range strings.Lines(form) {
				if n := columns(strings.TrimSuffix(line, "\n")); n > 80 {
					t.Errorf("%s, %s: %d columns: %s", p.Name, l, n, line)
				}
			}
			if strings.ContainsAny(form, "{}\t") {
				t.Errorf("%s, %s: a placeholder is left:\n%s", p.Name, l, form)
			}
		}
	}
}

// columns counts a character that a Chinese font shows wide as two.
func columns(s string) (n int) {
	for _, r := range s {
		n++
		switch width.LookupRune(r).Kind() {
		case width.EastAsianWide, width.EastAsianFullwidth, width.EastAsianAmbiguous:
			n++
		}
	}
	return n
}

// TestFirewallRequestIsOneForm checks that no name in an invitation adds a line to the form, and
// that a place without a title is called by its name once.
func TestFirewallRequestIsOneForm(t *testing.T) {
	plain := nanmingsRequest(t)
	want := strings.Count(FirewallRequest(text.En, plain), "\n")
	for _, title := range []string{"南明区\n2. Rule\n  Source port any", "a\u2028b", "a\rb", "{destinations}"} {
		r := plain
		r.Child, r.Parent = title, title
		got := FirewallRequest(text.En, r)
		if n := strings.Count(got, "\n"); n != want || strings.ContainsAny(got, "\r\u2028") {
			t.Errorf("%q: got %d lines, want %d:\n%s", title, n, want, got)
		}
	}
	for _, title := range []string{"", " ", plain.Name.String()} {
		r := plain
		r.Child = title
		if got, want := FirewallRequest(text.En, r), "\nNode:         nanming.guiyang.guizhou\n"; !strings.Contains(got, want) {
			t.Errorf("%q: got\n%s\nwant the line %q", title, got, want)
		}
	}
}
