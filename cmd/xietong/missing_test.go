package main

import (
	"fmt"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// TestOneReasonIsOneLine (U-C6): those that are missing for one reason are one line, which names
// five of them; what differs is not folded, nor when each was heard.
func TestOneReasonIsOneLine(t *testing.T) {
	away := client.MissingMember{State: client.StateUnreachable, By: "贵阳市"}
	refuses := func(title, why string) client.MissingMember {
		return client.MissingMember{Title: title, State: client.StateRefused, By: title, Itself: true, Why: why}
	}
	for _, row := range []struct {
		what, locale string
		missing      []client.MissingMember
		want         string
	}{
		{"all for one reason", "en", many(88, refuses("", "no such purpose")), "   县0, 县1, 县2, 县3, 县4 and 83 more (--json lists them)  refused: no such purpose\n"},
		{"all for one reason", "zh", many(6, refuses("", "没有这个用途")), "   县0、县1、县2、县3、县4，另有 1 个（加 --json 列出）  拒绝：没有这个用途\n"},
		{"five", "zh", many(5, refuses("", "甲")), "   县0、县1、县2、县3、县4  拒绝：甲\n"},
		{"two reasons, in turn", "en", []client.MissingMember{refuses("A", "x"), refuses("B", "y"), refuses("C", "x")}, "   A, C  refused: x\n   B  refused: y\n"},
		{"one state by another's word", "en", []client.MissingMember{refuses("A", ""), {Title: "B", State: client.StateRefused, By: "C"}},
			"   A  refused\n   B  C says: refused, or its answer was not taken\n"},
		{"heard at times of their own", "zh", []client.MissingMember{heard(away, "南明区", "2026-11-29T01:00:00Z"), heard(away, "云岩区", "2026-11-29T02:00:00Z"), heard(away, "花溪区", "")},
			"   南明区（最后联系于 2026-11-29 09:00:00 +08:00）、云岩区（最后联系于 2026-11-29 10:00:00 +08:00）、花溪区  贵阳市联系不上它\n"},
		{"one alone", "zh", []client.MissingMember{heard(away, "南明区", "2026-11-29T01:00:00Z")}, "   南明区  贵阳市联系不上它，最后联系于 2026-11-29 09:00:00 +08:00\n"},
	} {
		b := newWorkbench(t, map[string]string{"zh": "zh_CN.UTF-8", "en": "en_US.UTF-8"}[row.locale])
		answer := client.FederatedAnswer{Members: uint64(len(row.missing)), Asked: log + "31", Missing: row.missing}
		b.node.fail = map[string]client.Problem{"POST /v1/federated-query": {Status: 502, Code: "nobody-answered", Answer: &answer}}
		if _, _, stderr := b.run("query", "villages", "--at", "**.guizhou", "--count"); !strings.HasPrefix(stderr, row.want) {
			t.Errorf("%s: got\n%swant\n%s", row.what, stderr, row.want)
		}
	}
}

// many returns n members that are missing as one is, each with a title of its own.
func many(n int, as client.MissingMember) (all []client.MissingMember) {
	for i := range n {
		as.Title = fmt.Sprint("县", i)
		all = append(all, as)
	}
	return all
}

func heard(m client.MissingMember, title, at string) client.MissingMember {
	m.Title, m.LastHeard = title, at
	return m
}
