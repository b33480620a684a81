package xietong_test

import (
	"go/ast"
	"slices"
	"strconv"
	"testing"
)

// aboutSomebody are attributes of log lines that name a jurisdiction, or an agency in one.
var aboutSomebody = []string{"of", "who", "hop", "by", "about", "agency", "name", "origin", "asker", "child", "parent", "neighbour"}

// TestLinesAreCountedByWhomTheyName: a log line about somebody has the attribute "peer", by which
// package loglimit counts, so that lines about one leave out none about another.
func TestLinesAreCountedByWhomTheyName(t *testing.T) {
	n := 0
	for _, s := range sources(t) {
		if !within(s.dir, "node") {
			continue
		}
		ast.Inspect(s.file, func(node ast.Node) bool {
			keys, ok := lineOf(node)
			names := slices.ContainsFunc(keys, func(k string) bool { return slices.Contains(aboutSomebody, k) })
			if ok && slices.Contains(keys, "peer") {
				n++
			} else if ok && names {
				t.Errorf("%s: a line with %q has no peer", s.path, keys)
			}
			return true
		})
	}
	if n < 10 {
		t.Errorf("%d lines with a peer were found", n)
	}
}

// lineOf returns the attributes of a log line with a message; false: it is none.
func lineOf(node ast.Node) (keys []string, ok bool) {
	call, is := node.(*ast.CallExpr)
	if !is || len(call.Args) == 0 {
		return nil, false
	}
	level := ""
	switch f := call.Fun.(type) {
	case *ast.SelectorExpr:
		level = f.Sel.Name
	case *ast.Ident:
		level = f.Name
	}
	if !slices.Contains([]string{"Debug", "Info", "Warn", "Error", "line"}, level) {
		return nil, false
	}
	for i := 1; i < len(call.Args); i += 2 {
		if lit, is := call.Args[i].(*ast.BasicLit); is {
			key, _ := strconv.Unquote(lit.Value)
			keys = append(keys, key)
		}
	}
	return keys, true
}
