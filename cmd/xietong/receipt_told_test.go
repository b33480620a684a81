package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// forMachines is what no clerk reads: an identity of SPIFFE, a digest, base64.
var forMachines = regexp.MustCompile(`spiffe:|[0-9a-f]{32}|[A-Za-z0-9+/]{40,}|"[a-z]+":`)

// TestReceiptInWords (U-C7) verifies receipts of a real node: each tells in words who asked whom
// for which data, for what purpose, when, in which ledger, and who signed. Files in the wrong order
// are told as that.
func TestReceiptInWords(t *testing.T) {
	for _, lang := range []string{"zh_CN.UTF-8", "en_US.UTF-8"} {
		t.Run(lang[:2], func(t *testing.T) {
			c := newClerks(t, lang)
			c.does("--in guiyang.guizhou host add 南明区")
			c.does("--in guiyang.guizhou agency add water 水务局")
			for _, agency := range []string{"civil-affairs", "housing"} {
				c.does("--in nanming.guiyang.guizhou agency add " + agency + " " + agency)
			}
			c.dataset("villages", client.Unconditional)
			use := water + "query villages --at 南明区 --key 1 --purpose statistics" + applies + "2028-12-31"
			used := regexp.MustCompile(`nanming\.guiyang\.guizhou/log/1/\d+`).FindAllString(c.does(use), -1)
			there := used[len(used)-1]
			asked := regexp.MustCompile(` guiyang\.guizhou/log/1/\d+`).FindString(c.does(water + "asked list"))
			revoked := regexp.MustCompile(`nanming\.guiyang\.guizhou/log/1/\d+`).FindAllString(c.does(provider+"grant revoke "+used[0]+" --reason 用途变更"), -1)
			pin := regexp.MustCompile(`[a-z.]+/keys/1/[0-9a-f]{64}`).FindString(c.does("--in guiyang.guizhou tree"))
			dir := t.TempDir()
			verified := func(by, entry string) string {
				t.Helper()
				c.does(by + "ledger receipt " + entry + " --out " + dir)
				stem := filepath.Join(dir, strings.ReplaceAll(entry, "/", "-"))
				told := c.does("ledger verify " + stem + ".receipt " + stem + ".payload --root " + pin)
				if found := forMachines.FindString(told); found != "" {
					t.Errorf("%s is told with %q: %s", entry, found, told)
				}
				if loud := c.does("--verbose ledger verify " + stem + ".receipt " + stem + ".payload --root " + pin); !strings.Contains(loud, pin) || !strings.Contains(loud, "{") && !strings.Contains(loud, "cbor") {
					t.Errorf("%s with --verbose: %s", entry, loud)
				}
				return told
			}
			zh := lang[:2] == "zh"
			for what, row := range map[string]struct {
				told   string
				zh, en []string
			}{
				"a use": {verified(water, there), []string{"water@贵阳市（guiyang.guizhou）使用了 civil-affairs@南明区（nanming.guiyang.guizhou）的数据资源 villages，用途：statistics", "条数        1", "提供部门", "需求部门", "节点（签署检查点）"},
					[]string{"water@贵阳市 (guiyang.guizhou) used the dataset villages of civil-affairs@", "for the purpose statistics", "records         1", "provider", "consumer"}},
				"the asker's own": {verified(water, strings.TrimSpace(asked)), []string{"water@贵阳市（guiyang.guizhou）向 ", "已答复", "对方条目  " + there}, []string{"water@贵阳市 (guiyang.guizhou) asked ", "answered", there}},
				"a grant": {verified(provider, used[0]), []string{"按规则", "准许 water@贵阳市（guiyang.guizhou）使用数据资源 villages，用途：statistics", "2028-12-3", "所答复的申请"},
					[]string{"by rule", "granted water@贵阳市 (guiyang.guizhou) the use of the dataset villages for the purpose statistics", "2028-12-3", "application"}},
				"the roster": {verified("--in guiyang.guizhou ", publicationOf(c)), []string{"第 1 号，共 "}, []string{"number 1, "}},
				"a revocation": {verified(provider, revoked[len(revoked)-1]), []string{"civil-affairs@南明区（nanming.guiyang.guizhou）撤销了数据资源 villages 的一项共享权限", "用途变更", "部门 civil-affairs（对本条目签名）"},
					[]string{"revoked a grant for the dataset villages", "用途变更", "the agency civil-affairs of"}},
				"a record": {verified(provider, recordOf(c)), []string{"记录写入", "甲", "income"}, []string{"record", "甲", "income"}},
			} {
				for _, want := range map[bool][]string{true: row.zh, false: row.en}[zh] {
					if !strings.Contains(row.told, want) {
						t.Errorf("%s: %q is not told in %s", what, want, row.told)
					}
				}
			}
			c.wrongFiles(filepath.Join(dir, strings.ReplaceAll(there, "/", "-")), pin)
		})
	}
}

// publicationOf publishes a roster of one place less, and returns its entry.
func publicationOf(c *clerks) string {
	c.t.Helper()
	var kept []string
	for line := range strings.Lines(c.does("--in guiyang.guizhou roster list -o csv")) {
		if !strings.Contains(line, "清镇") {
			kept = append(kept, line)
		}
	}
	file := filepath.Join(c.t.TempDir(), "roster.csv")
	if err := os.WriteFile(file, []byte(strings.Join(kept, "")), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return regexp.MustCompile(`guiyang\.guizhou/log/1/\d+`).FindString(c.does(water + "roster publish " + file + " --yes"))
}

// recordOf returns the entry of the record.
func recordOf(c *clerks) string {
	c.t.Helper()
	return regexp.MustCompile(`nanming\.guiyang\.guizhou/log/1/\d+`).FindString(c.does("--in nanming.guiyang.guizhou ledger list --kind record"))
}

// wrongFiles verifies the files in the wrong order, and other files.
func (c *clerks) wrongFiles(stem, pin string) {
	c.t.Helper()
	code, _, told := c.run("ledger verify " + stem + ".payload " + stem + ".receipt --root " + pin)
	if code != exitUsage || !strings.Contains(told, "xietong ledger verify "+stem+".receipt "+stem+".payload --root "+pin) {
		c.t.Errorf("in the wrong order: got %d %s", code, told)
	}
	other := filepath.Join(c.t.TempDir(), "other")
	if err := os.WriteFile(other, []byte("other"), 0o600); err != nil {
		c.t.Fatal(err)
	}
	for _, line := range []string{stem + ".receipt " + other, other + " " + stem + ".payload", stem + ".payload", other} {
		if code, _, told := c.run("ledger verify " + line + " --root " + pin); code != exitUnverified || strings.Contains(told, "cbor") {
			c.t.Errorf("%s: got %d %s", line, code, told)
		}
	}
}

// TestReceiptOfAnotherEpoch: where a receipt does not prove in which epoch its entry was made, no
// name is told that the ledger does not give it.
func TestReceiptOfAnotherEpoch(t *testing.T) {
	fake := newWorkbench(t, "C").app.node.verifyReceipt
	about := uint64(5)
	for lang, want := range map[string]map[string][]string{
		"zh_CN.UTF-8": {"": {"序号 7 的条目", "以 nanming.guiyang.guizhou/log/2 签署", "xietong ledger entry 7", "本账本序号 5 的条目"}, log + "7": {"签名时名为 " + log + "7"}},
		"en_US.UTF-8": {"": {"verified: entry 7 stands", "signed under nanming.guiyang.guizhou/log/2", "xietong ledger entry 7", "entry 5 of the same ledger"}, log + "7": {"the agency signed the entry as " + log + "7"}},
	} {
		for stated, words := range want {
			b := newWorkbench(t, lang)
			b.app.node.verifyReceipt = func(receipt, payload []byte, pin string) (receiptReport, error) {
				r, err := fake(receipt, payload, pin)
				r.Entry, r.Log, r.Stated, r.AboutIndex = "", "nanming.guiyang.guizhou/log/2", stated, &about
				return r, err
			}
			file := filepath.Join(b.dir, "receipt")
			if err := os.WriteFile(file, []byte("receipt"), 0o600); err != nil {
				t.Fatal(err)
			}
			code, out, errs := b.run("ledger", "verify", file, "--root", pin)
			for _, w := range words {
				if !strings.Contains(out, w) {
					t.Errorf("%s: %q is not told in %s%s (exit %d)", lang, w, out, errs, code)
				}
			}
			if strings.Contains(out, "/log/2/") {
				t.Errorf("%s: a name that the ledger does not give: %s", lang, out)
			}
		}
	}
}
