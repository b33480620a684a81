package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/faces/export"
	"xietong/node/ground/text"
)

func group(values ...string) (g client.Group) {
	for _, v := range values {
		g.Values = append(g.Values, client.GroupValue{Value: json.RawMessage(v)})
	}
	return g
}

// TestGroupsThatReadAlike: a group without a value, one of the text null, of the empty text, and of
// 5 and "5" are told apart, in a file by their values and on the screen by their looks.
func TestGroupsThatReadAlike(t *testing.T) {
	f := figures{of: client.Measure{Function: client.MeasureCount, By: []string{"c"}}}
	for _, v := range []string{`null`, `"null"`, `""`, `5`, `"5"`, `"村"`, `"（无值）"`} {
		f.groups = append(f.groups, group(v))
	}
	var file, screen []string
	_ = f.each([]bool{false}, func(row export.Row) error { file = append(file, string(row[0])); return nil })
	a := &app{lang: text.Zh, getenv: func(string) string { return "" }}
	for _, g := range f.groups {
		screen = append(screen, a.groupLine([]bool{false}, mixed(1, f.groups), g)[0])
	}
	if want := []string{`null`, `"null"`, `""`, `5`, `"5"`, `"村"`, `"（无值）"`}; !slices.Equal(file, want) {
		t.Errorf("in a file: got %q, want %q", file, want)
	}
	if want := []string{`（无值）`, `"null"`, `""`, `5`, `"5"`, `"村"`, `"（无值）"`}; !slices.Equal(screen, want) {
		t.Errorf("on the screen: got %q, want %q", screen, want)
	}
	texts := []client.Group{group(`"520102"`), group(`null`), group(`"null"`)}
	if got := fmt.Sprint(a.groupLine([]bool{false}, mixed(1, texts), texts[0]), a.groupLine([]bool{false}, mixed(1, texts), texts[2])); got != "[520102] [null]" {
		t.Errorf("texts alone: got %s", got)
	}
}
