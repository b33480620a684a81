package main

import (
	"cmp"
	"strings"

	"xietong/node/ground/text"
)

// A command in a sentence is meant to be pasted. One that is for this node stands there as
// {xietong} or {program}, and is given the flags by which this command has found the node, and the
// jurisdiction on it. One that somebody runs elsewhere stands there as xietong.

// program returns the beginning of a command for this node: with --data, where the node is found by
// it alone, and, if wanted, with --in as it was given.
func (a *app) program(in bool) string {
	words := append([]string{"xietong"}, a.dataFlag()...)
	if in && a.in != "" {
		words = append(words, "--in", text.Folder(a.in))
	}
	return strings.Join(words, " ")
}

// hereFlags returns the flags that commands for this node need; "" where they need none.
func (a *app) hereFlags() string {
	return strings.TrimPrefix(strings.TrimPrefix(a.program(true), "xietong"), " ")
}

func (a *app) dataFlag() []string {
	if a.data == cmp.Or(a.getenv("XIETONG_DATA"), defaultData) {
		return nil
	}
	return []string{"--data", text.Folder(a.data)}
}
