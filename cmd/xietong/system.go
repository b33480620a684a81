package main

import (
	"cmp"
	"os"
	"runtime"
	"slices"
)

// A node runs on Linux alone. On other systems the program checks what was copied there. What
// differs between the systems is in the files system_….go, and nowhere else in the command.

// offlineVerbs need no node, and run on every system.
var offlineVerbs = []string{"xietong ledger verify", "xietong record check", "xietong config check", "xietong config show", "xietong version"}

// keyVerbs have the keys of a node in this process.
var keyVerbs = []string{"xietong init", "xietong join", "xietong serve"}

// foreignSystem returns the name of this system if no node runs on it; "": one does.
func foreignSystem() string {
	if nodesRun {
		return ""
	}
	return cmp.Or(map[string]string{"darwin": "macOS", "windows": "Windows"}[runtime.GOOS], runtime.GOOS)
}

// foreignError is a verb that needs a node, on a system on which none runs.
type foreignError struct{ system string }

func (e *foreignError) Error() string { return "no node runs on " + e.system }

// runsHere refuses a verb that this system cannot run, and prepares the process for one that has
// keys.
func (a *app) runsHere(command string) error {
	if a.node.keepSecrets != nil && slices.Contains(keyVerbs, command) {
		a.node.keepSecrets()
	}
	if a.foreign == "" || slices.Contains(offlineVerbs, command) {
		return nil
	}
	return &foreignError{a.foreign}
}

// environment returns a variable of the environment. Where no locale is set, as on Windows, it is
// that of the system.
func environment(name string) string {
	value := os.Getenv(name)
	if name == "LANG" {
		return cmp.Or(value, systemLocale())
	}
	return value
}
