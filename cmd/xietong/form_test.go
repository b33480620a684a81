package main

import (
	"path/filepath"
	"strings"
	"testing"

	"xietong/node/ground/text"
)

// families publishes a dataset whose keys have ten digits, with one record, which an agency of the
// city may ask for.
func (c *clerks) families() {
	c.t.Helper()
	c.does("--in guiyang.guizhou host add 南明区")
	c.does("--in guiyang.guizhou agency add water 水务局")
	for _, agency := range []string{"civil-affairs", "housing"} {
		c.does("--in nanming.guiyang.guizhou agency add " + agency + " " + agency)
	}
	dir := c.t.TempDir()
	entry, record := filepath.Join(dir, "v.json"), filepath.Join(dir, "r.json")
	putFile(c.t, entry, `{"code":"dibao","title":"低保家庭","category":"unconditional","key":"number","not_secret":true,"update_cycle":"yearly","indexed":["town"],
		"purposes":[{"code":"check","title":"核验"}],
		"schema":{"type":"object","required":["number"],"properties":{"number":{"type":"string","pattern":"^[0-9]{10}$"},"head":{"type":"string"},
		"town":{"type":"string","pattern":"^[0-9]{4}$"}}}}`)
	c.does(provider + "dataset publish --yes " + entry)
	putFile(c.t, record, `{"number":"5203280002","head":"李德明","town":"0328"}`)
	c.does(provider + "record put dibao " + record)
}

// TestKeyOfAnotherForm (N21-8): a key that an input method types in full width, or with a space
// behind it, is the key; one that no record can have is refused with what is expected, and never
// answered by "no such record", at home as elsewhere.
func TestKeyOfAnotherForm(t *testing.T) {
	for lang, wants := range map[string]string{"zh_CN.UTF-8": "应为 ^[0-9]{10}$，例如", "en_US.UTF-8": "expected: ^[0-9]{10}$, such as"} {
		t.Run(lang[:2], func(t *testing.T) {
			c := newClerks(t, lang)
			c.families()
			const wide = "５２０３２８０００２"
			for _, asker := range []string{housing + "query dibao ", "--in guiyang.guizhou --as water query dibao --at 南明区 "} {
				applied := applies + "2028-12-31"
				for _, how := range []string{"--key " + wide, "--key 5203280002\u3000", "--where number=" + wide, "--key 5203280002 --where town=０３２８"} {
					if out := c.does(asker + how + " --purpose check" + applied); !strings.Contains(out, "李德明") {
						t.Errorf("%s: the record is not shown: %s", how, out)
					}
				}
				if code, out, errs := c.run(asker + "--key " + wide + " --verify head=李德明 --purpose check" + applied); code != 0 {
					t.Errorf("verify: got %d, %s%s", code, out, errs)
				}
				for _, how := range []string{"--key 520328000", "--key 五二〇三二八〇〇〇二", "--key 520328000 --verify head=李德明", "--where number=520328000"} {
					if code, out, told := c.run(asker + how + " --purpose check" + applied); code != exitOf(text.AskedUnfit) || !strings.Contains(told, wants) {
						t.Errorf("%s: got %d, and it is not told what is expected: %s%s", how, code, out, told)
					}
				}
			}
		})
	}
}
