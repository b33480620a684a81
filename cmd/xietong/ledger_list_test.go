package main

import (
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// TestActsOfOneBelow: the acts of a jurisdiction below are asked for by its name, and what follows
// the list says how far they are known.
func TestActsOfOneBelow(t *testing.T) {
	known := &client.Known{Log: "yunyan.guiyang.guizhou/log/2", Size: 30, Acts: 1, By: "yunyan.guiyang.guizhou", At: "2026-11-24T02:20:00Z"}
	for lang, want := range map[string]string{
		"zh_CN.UTF-8": "yunyan.guiyang.guizhou/log/2：前 30 条中的全部 1 项行为，", "en_US.UTF-8": "yunyan.guiyang.guizhou/log/2: all 1 act of its first 30 entries, known since ",
	} {
		b := newWorkbench(t, lang)
		b.node.in = map[string]func([]byte) any{"GET /v1/ledger/entries": func([]byte) any {
			return client.Entries{Known: known, Below: []client.Known{{Log: "a.yunyan.guiyang.guizhou/log/1", Size: 4, Acts: 2, By: "yunyan.guiyang.guizhou", At: "2026-11-24T02:21:00Z"}}, Entries: []client.Entry{{Entry: "yunyan.guiyang.guizhou/log/2/7", Index: 7, Kind: 10, KindName: "grant", Seq: 3, Time: "2026-11-24T02:10:00Z"}}}
		}}
		code, out, told := b.run("ledger", "list", "--at", "云岩区", "--kind", "grant")
		if code != exitDone || !strings.Contains(out, "yunyan.guiyang.guizhou/log/2/7") || !strings.Contains(told, want) || strings.Count(told, "a.yunyan.guiyang.guizhou/log/1") != 1 || strings.Contains(out, want) {
			t.Errorf("got %d\n%s%s", code, out, told)
		}
		if asked := b.node.given; !strings.Contains(asked, "at=%E4%BA%91%E5%B2%A9%E5%8C%BA") || !strings.Contains(asked, "kind=grant") {
			t.Errorf("asked for %s", asked)
		}
		if _, out, told := b.run("ledger", "list", "--at", "云岩区", "--json"); !strings.Contains(out, `"size":30`) && !strings.Contains(out, `"size": 30`) || strings.Contains(told, want) {
			t.Errorf("as JSON: got %s%s", out, told)
		}
	}
}

// TestActsPassedOn: of acts that came through another jurisdiction, the list says by whose word
// they are all.
func TestActsPassedOn(t *testing.T) {
	known := &client.Known{Log: "yunyan.guiyang.guizhou/log/2", Size: 30, Acts: 2, By: "guiyang.guizhou", At: "2026-11-24T02:20:00Z"}
	for lang, want := range map[string]string{
		"zh_CN.UTF-8": "前 30 条中的 2 项行为，由 guiyang.guizhou 转报，是否齐全以其所报为准，", "en_US.UTF-8": "2 acts of its first 30 entries, as passed on by guiyang.guizhou, who says that these are all; known since ",
	} {
		b := newWorkbench(t, lang)
		b.node.in = map[string]func([]byte) any{"GET /v1/ledger/entries": func([]byte) any { return client.Entries{Known: known, Entries: []client.Entry{}} }}
		if _, _, told := b.run("ledger", "list", "--at", "云岩区"); !strings.Contains(told, want) {
			t.Errorf("got %s", told)
		}
	}
}
