package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// TestReceiptsOfOtherLedgers: entries of two jurisdictions, and of two epochs of one, have the same
// index. Each has files of its own, and what is there already is never replaced by anything else:
// the receipt may be the only one that there will ever be.
func TestReceiptsOfOtherLedgers(t *testing.T) {
	b, dir := newWorkbench(t, "C"), t.TempDir()
	saves := func(entry, receipt, payload string) (code int, stderr string) {
		t.Helper()
		b.node.in = map[string]func([]byte) any{"GET /v1/receipt": func([]byte) any {
			return client.Receipt{Entry: entry, Receipt: []byte(receipt), Payload: []byte(payload)}
		}}
		code, _, stderr = b.run("ledger", "receipt", entry, "--out", dir)
		return code, stderr
	}
	holds := func(file, want string) {
		t.Helper()
		got, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", file, got, err, want)
		}
	}
	for entry, receipt := range map[string]string{
		"nanming.guiyang.guizhou/log/1/10": "one", "nanming.guiyang.guizhou/log/2/10": "two", "zunyi.guizhou/log/1/10": "three",
	} {
		if code, stderr := saves(entry, receipt, "payload of "+receipt); code != exitDone {
			t.Fatalf("%s: exit %d, %s", entry, code, stderr)
		}
	}
	for stem, receipt := range map[string]string{
		"nanming.guiyang.guizhou-log-1-10": "one", "nanming.guiyang.guizhou-log-2-10": "two", "zunyi.guizhou-log-1-10": "three",
	} {
		holds(stem+".receipt", receipt)
		holds(stem+".payload", "payload of "+receipt)
	}
	if code, stderr := saves("zunyi.guizhou/log/1/10", "three", "payload of three"); code != exitDone {
		t.Errorf("the same again: exit %d, %s", code, stderr)
	}
	for what, row := range map[string][2]string{"another receipt": {"other", "payload of three"}, "another payload": {"three", "other"}} {
		code, stderr := saves("zunyi.guizhou/log/1/10", row[0], row[1])
		if code != exitFailed || !strings.Contains(stderr, "zunyi.guizhou-log-1-10.") || !strings.Contains(stderr, "--out") {
			t.Errorf("%s: exit %d, %s", what, code, stderr)
		}
	}
	if err := os.Remove(filepath.Join(dir, "zunyi.guizhou-log-1-10.receipt")); err != nil {
		t.Fatal(err)
	}
	if code, _ := saves("zunyi.guizhou/log/1/10", "fresh", "other"); code != exitFailed {
		t.Errorf("another payload beside no receipt: exit %d", code)
	}
	if _, err := os.Stat(filepath.Join(dir, "zunyi.guizhou-log-1-10.receipt")); err == nil {
		t.Error("a part of it was written")
	}
	holds("zunyi.guizhou-log-1-10.payload", "payload of three")
}

// TestWhoAsksForAReceipt (U-B3): --in says who asks, whosever entry it is. Where the node hosts
// several and none is named, the one whose entry it is asks; for an entry from elsewhere one must
// be named.
func TestWhoAsksForAReceipt(t *testing.T) {
	hosted := []string{"nanming.guiyang.guizhou", "yunyan.guiyang.guizhou"}
	for _, row := range []struct {
		line, asks, stderr string
	}{
		{"zunyi.guizhou/log/1/10 --in nanming.guiyang.guizhou --as water", "nanming.guiyang.guizhou water", ""},
		{"yunyan.guiyang.guizhou/log/1/10 --in nanming.guiyang.guizhou", "nanming.guiyang.guizhou", ""},
		{"yunyan.guiyang.guizhou/log/1/10", "yunyan.guiyang.guizhou", ""},
		{"zunyi.guizhou/log/1/10", "", "jurisdiction-needed"},
		{"zunyi.guizhou/log/1/010 --in nanming.guiyang.guizhou", "", "is no index of an entry"},
	} {
		b := newWorkbench(t, "C")
		b.node.wild = func(w http.ResponseWriter) bool {
			asks := strings.Fields(b.node.as[len(b.node.as)-1])
			p := client.Problem{Title: "jurisdiction-needed", Status: http.StatusBadRequest, Code: "jurisdiction-needed"}
			switch in := asks[0]; {
			case in == "en":
			case slices.Contains(hosted, in):
				w.Header().Set("Content-Type", "application/json")
				_ = json.NewEncoder(w).Encode(client.Receipt{Entry: "zunyi.guizhou/log/1/10", Receipt: []byte("r")})
				return true
			default:
				p = client.Problem{Title: "x", Status: http.StatusNotFound, Code: "not-hosted-here"}
			}
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(p.Status)
			_ = json.NewEncoder(w).Encode(p)
			return true
		}
		code, _, stderr := b.run(append([]string{"ledger", "receipt", "--out", t.TempDir()}, strings.Fields(row.line)...)...)
		last := ""
		if len(b.node.as) > 0 {
			last = strings.TrimSpace(strings.TrimSuffix(b.node.as[len(b.node.as)-1], " en"))
		}
		if (code == exitDone) != (row.stderr == "") || !strings.Contains(stderr, row.stderr) || row.stderr == "" && last != row.asks {
			t.Errorf("%s: exit %d, asked as %q, want %q: %s", row.line, code, last, row.asks, stderr)
		}
	}
}

// TestGrantsOfOthers (U-B3): a grant that another jurisdiction gave is told as that, with who may
// end or renew it and by which command, whether the node hosts other jurisdictions or --in names
// one of them.
func TestGrantsOfOthers(t *testing.T) {
	for lang, want := range map[string][]string{
		"C":           {"was given by zunyi.guizhou: only the provider there", "xietong grant revoke zunyi.guizhou/log/1/10"},
		"zh_CN.UTF-8": {"是zunyi.guizhou授予的", "xietong grant revoke zunyi.guizhou/log/1/10"},
	} {
		for _, line := range []string{"grant revoke zunyi.guizhou/log/1/10 --reason r", "grant renew zunyi.guizhou/log/1/10 --until 2027-12-31 --basis b --paper p"} {
			b := newWorkbench(t, lang)
			b.node.wild = func(w http.ResponseWriter) bool {
				refuse(w, client.Problem{Title: "x", Status: http.StatusNotFound, Code: "not-hosted-here", Detail: "not hosted"})
				return true
			}
			code, _, stderr := b.run(strings.Fields(line)...)
			if code != exitFailed || !strings.Contains(stderr, want[0]) || !strings.Contains(stderr, want[1]) {
				t.Errorf("%s: exit %d, %s", line, code, stderr)
			}
		}
	}
}
