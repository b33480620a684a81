package main

import (
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestLinkedByAnotherReplica: a child that another replica has a link to is told as linked, in both
// languages, and is none of those without a link.
func TestLinkedByAnotherReplica(t *testing.T) {
	for lang, want := range map[text.Lang][]string{
		text.Zh: {"由副本 r2 连接", "其中已连接 1 个", "没有连接的下级：云岩区"}, text.En: {"up by replica r2", "1 of them linked", "children without a link: 云岩区"},
	} {
		a := &app{lang: lang, getenv: func(string) string { return "" }}
		by := client.Neighbour{Name: "nanming.guiyang.guizhou", DisplayName: "南明区", State: client.ChildJoined, LinkedBy: "r2", LastHeard: "2026-11-24T02:00:00Z"}
		gone := client.Neighbour{Name: "yunyan.guiyang.guizhou", DisplayName: "云岩区", State: client.ChildJoined}
		told := strings.Join(append(a.linksTold(client.JurisdictionStatus{Children: []client.Neighbour{by, gone}}), a.linkTold(by)), "\n")
		for _, w := range want {
			if !strings.Contains(told, w) {
				t.Errorf("%v: %q is not told in %s", lang, w, told)
			}
		}
	}
}

// TestByHandIsTold: what a person must end by hand is told with its end, in both languages.
func TestByHandIsTold(t *testing.T) {
	for lang, want := range map[text.Lang]string{text.Zh: "须人工终止", text.En: "end by hand what had ended"} {
		a := &app{lang: lang, getenv: func(string) string { return "" }}
		lost := client.Lost{Epoch: 2, Entry: "guizhou/log/2/9", From: 4, To: 9, Settled: true, ByHandUntil: "2026-12-31T00:00:00Z"}
		told := strings.Join(a.lostTold([]client.Lost{lost}), "\n")
		lost.ByHandUntil = ""
		if !strings.Contains(told, want) || !strings.Contains(told, "2026-12-31") || strings.Contains(strings.Join(a.lostTold([]client.Lost{lost}), ""), want) {
			t.Errorf("%v: got %s", lang, told)
		}
	}
}
