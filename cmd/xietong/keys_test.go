package main

import (
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// TestKeysOfARoot: a root, whose keys no parent endorses, is not told to wait for one.
func TestKeysOfARoot(t *testing.T) {
	for verb, want := range map[string]string{"renew": "再有效一小时", "revoke --yes": "此前的密钥已作废"} {
		b := newWorkbench(t, "zh_CN.UTF-8")
		b.node.in = map[string]func([]byte) any{"POST /v1/keys": func([]byte) any { return client.NewKeySet{Number: 2, Counts: true} }}
		_, stdout, _ := b.run(strings.Fields("keys " + verb)...)
		if !strings.Contains(stdout, "没有上级") || strings.Contains(stdout, "上级背书") || !strings.Contains(stdout, want) {
			t.Errorf("keys %s: got %q", verb, stdout)
		}
	}
}
