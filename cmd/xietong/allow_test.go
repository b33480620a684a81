package main

import (
	"regexp"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// TestRevokedAndAllowedInWords (N19-5, 6, 7) walks the acts about revoked grants on a real node: a
// reason that is not recorded, another revocation that bars still, and data of which no grant is
// given by rule are told.
func TestRevokedAndAllowedInWords(t *testing.T) {
	for lang, want := range map[string][6]string{
		"zh_CN.UTF-8": {"理由为“用途变更”；本次的理由没有记入账本", "另有 1 次撤销尚未解除", "对方下次查询时即按规则授予", "没有变化：撤销对按规则授予的限制此前已经解除", "不按规则授予：需要授予的，由提供部门用 xietong grant give 授予", "已撤销，未解除"},
		"en_US.UTF-8": {"for the reason “用途变更”; the reason that you give now is not recorded", "1 other revocation keeps the same side", "the next query of the other side gets a grant by rule", "nothing changed: the revocation keeps nobody", "shared on conditions, so no grant of it is given by rule", "revoked, bars"},
	} {
		t.Run(lang[:2], func(t *testing.T) {
			c := newClerks(t, lang)
			c.does("--in guiyang.guizhou host add 南明区")
			for _, agency := range []string{"civil-affairs", "housing"} {
				c.does("--in nanming.guiyang.guizhou agency add " + agency + " " + agency)
			}
			c.dataset("villages", client.Unconditional)
			c.dataset("loans", client.Conditional)
			grant := regexp.MustCompile(`nanming\.guiyang\.guizhou/log/1/\d+`)
			var given []string
			for _, purpose := range []string{"statistics", "residence-check"} {
				given = append(given, grant.FindString(c.does(housing+"query villages --key 1 --purpose "+purpose+applies+"2028-12-31")))
			}
			loan := grant.FindString(c.does(provider + "grant give loans housing --purpose statistics --until 2028-12-31 --basis b --paper p"))
			for _, g := range append(given, loan) {
				c.does(provider + "grant revoke " + g + " --reason 用途变更")
			}
			tells := func(i int, line string) {
				t.Helper()
				if _, out, errs := c.run(provider + line); !strings.Contains(out+errs, want[i]) {
					t.Errorf("%s: %q is not told in %s%s", line, want[i], out, errs)
				}
			}
			tells(0, "grant revoke "+given[0]+" --reason 机构改革")
			tells(1, "grant allow "+given[1]+" --reason r")
			if _, out, _ := c.run(provider + "grant allow " + given[1] + " --reason r"); strings.Contains(out, want[2]) || !strings.Contains(out, given[0]) {
				t.Errorf("while one bars still: %s", out)
			}
			c.refused("no-grant-by-rule", housing+"query villages --key 1 --purpose residence-check"+applies+"2028-12-31")
			tells(5, "grant list --state revoked")
			tells(2, "grant allow "+given[0]+" --reason r")
			tells(3, "grant allow "+given[1]+" --reason r")
			tells(4, "grant allow "+loan+" --reason r")
		})
	}
}
