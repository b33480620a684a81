package main

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeCommands runs, in order, the commands of both READMEs that set up two nodes. It carries
// the printed invitation and pin over to the next commands, as a reader does, and skips the blocks
// that show output. The shell reads the lines from its input, one right after the other, as when a
// block is pasted whole (U-B1): no command may wait for the one before, nor read what follows it.
func TestReadmeCommands(t *testing.T) {
	port := freePort(t)
	for file, section := range map[string]string{"README.md": "## Two nodes of your own", "README.zh-CN.md": "## 自建两个节点"} {
		t.Run(file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("../..", file))
			if err != nil {
				t.Fatal(err)
			}
			_, rest, found := strings.Cut(string(data), section)
			rest, _, _ = strings.Cut(rest, "\n## ")
			if !found {
				t.Fatalf("no section %q", section)
			}
			script, commands := "set -e\ntrap 'kill %1 %2' EXIT\n", 0
			for i, block := range strings.Split(rest, "```") {
				if i%2 == 0 || !strings.Contains(block, "./xietong --data") {
					continue
				}
				script += regexp.MustCompile(`(?m)^go build.*\n`).ReplaceAllString(block, "")
				if i < 8 { // up to the first query
					commands += strings.Count(block, "./xietong")
				}
			}
			for old, new := range map[string]string{
				"127.0.0.1:7400": port,
				" invite 南明区\n":  " invite 南明区 | tee invitation\nTOKEN=$(grep ^xt1- invitation)\n",
				"join TOKEN":     `join "$TOKEN"`,
				"--root PIN":     `--root "$(./xietong --data guiyang --json tree | sed -n 's/^  "root": *"\([^"]*\)".*/\1/p')"`,
			} {
				script = strings.ReplaceAll(script, old, new)
			}
			if commands > 9 { // and one block that builds the program, or gets it
				t.Errorf("%d commands until the first answer", commands)
			}
			runScript(t, script)
		})
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().String()
}

func runScript(t *testing.T, script string) {
	t.Helper()
	if out, err := scripted(t, script); err != nil || !strings.Contains(out, "verified: entry") {
		t.Errorf("%v\n%s", err, out)
	}
}

// scripted runs a script in a folder where ./xietong is this test as the binary, and returns what
// it prints.
func scripted(t *testing.T, script string) (string, error) {
	t.Helper()
	dir := t.TempDir()
	linkProgram(t, filepath.Join(dir, "xietong"))
	cmd := exec.CommandContext(t.Context(), "bash", "-s")
	cmd.Stdin = strings.NewReader(script)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), mainEnv+"=1", "LANG=en_US.UTF-8")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
