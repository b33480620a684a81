package main

import (
	"fmt"
	"strings"
	"testing"
)

// TestOtherSystems: where no node runs, what needs none works, and every other verb says where to
// run it, before it touches anything.
func TestOtherSystems(t *testing.T) {
	for lang, want := range map[string]string{
		"en": "error: a node runs on Linux alone, so this command cannot run on Windows\nwhat to do: run it on the Linux machine of the node; here `xietong ledger verify`",
		"zh": "错误：节点只在 Linux 上运行，Windows 上不能执行这个命令\n办法：请在运行节点的 Linux 机器上执行；在本机可用 xietong ledger verify",
	} {
		b := newWorkbench(t, map[string]string{"en": "C", "zh": "zh_CN.UTF-8"}[lang])
		b.app.foreign = "Windows"
		for _, line := range []string{"serve", "status", "init guizhou", "join -", "agency list", "demo", "record import villages x.csv", "record check villages x.csv", "bench ledger"} {
			if code, stdout, stderr := b.run(strings.Fields(line)...); code != exitFailed || stdout != "" || !strings.HasPrefix(stderr, want) {
				t.Errorf("%s: exit %d, %q, %q", line, code, stdout, stderr)
			}
		}
		dir := corpusFiles(t)
		offline := fmt.Sprintf("record check %s/households.json %s/rows.csv", dir, dir)
		for _, line := range []string{offline, "version", "ledger verify", "help", "completion bash", "ledger --help"} {
			if code, _, stderr := b.run(strings.Fields(line)...); code != exitDone {
				t.Errorf("%s: exit %d, %q", line, code, stderr)
			}
		}
	}
}
