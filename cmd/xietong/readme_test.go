package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeCommands runs what both READMEs tell a newcomer to type under "A node of your own", in their order.
func TestReadmeCommands(t *testing.T) {
	for file, section := range map[string]string{"README.md": "## A node of your own", "README.zh-CN.md": "## 自建节点"} {
		t.Run(file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("../..", file))
			if err != nil {
				t.Fatal(err)
			}
			_, rest, found := strings.Cut(string(data), section)
			blocks := strings.Split(rest, "```")
			if !found || len(blocks) < 4 {
				t.Fatalf("no section %q with two blocks", section)
			}
			script := "set -e\ntrap 'kill %1' EXIT\n" + regexp.MustCompile(`(?m)^go build.*\n`).ReplaceAllString(blocks[1], "") +
				"until ./xietong --data nanming status; do :; done\n" + blocks[3]
			script = strings.ReplaceAll(script, " init nanming", " --json init nanming")
			script = strings.Replace(script, "--level county\n", "--level county | tee init.json\nPIN=$(sed -n 's/.*\"pin\": *\"\\([^\"]*\\)\".*/\\1/p' init.json)\n", 1)
			script = strings.ReplaceAll(script, "--root PIN", `--root "$PIN"`)
			runScript(t, script)
		})
	}
}

// runScript runs a script in a folder where ./xietong is this test as the binary.
func runScript(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(self, filepath.Join(dir, "xietong")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), mainEnv+"=1", "LANG=en_US.UTF-8")
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "verified: entry") {
		t.Errorf("%v\n%s", err, out)
	}
}
