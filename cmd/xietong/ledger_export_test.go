package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

var shBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestLedgerExportGuide runs the commands of the guide, in both languages, beside a node: with the
// keys that it shows, all is verified. The stopped node's directory gives the same files, and a
// policy of other keys is not met.
func TestLedgerExportGuide(t *testing.T) {
	for _, page := range []string{"../../docs/ledger-export.md", "../../docs/zh/ledger-export.md"} {
		guide, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(filepath.Dir(page)), func(t *testing.T) { followGuide(t, string(guide)) })
	}
}

func followGuide(t *testing.T, guide string) {
	b, stop := stoppable(t)
	t.Chdir(t.TempDir())
	for _, code := range []string{"civil-affairs", "education", "tax"} {
		if code, _, stderr := b.run("agency", "add", code, code); code != exitDone {
			t.Fatal(stderr)
		}
	}
	policyOf(t, b)
	ran := 0
	for _, block := range shBlock.FindAllStringSubmatch(guide, -1) {
		for line := range strings.Lines(block[1]) {
			command, to, piped := strings.Cut(strings.TrimSpace(line), " > ")
			code, stdout, stderr := b.run(strings.Fields(strings.TrimPrefix(command, "xietong "))...)
			if code != exitDone {
				t.Fatalf("%s: exit %d\n%s%s", line, code, stdout, stderr)
			}
			if piped {
				putFile(t, to, stdout)
			}
			ran++
		}
	}
	if ran != 7 {
		t.Errorf("%d commands were run", ran)
	}
	exported := len(b.exported("ledger"))
	stop()
	if code, stdout, stderr := b.run("ledger", "export", "stopped", "--json"); code != exitDone || !strings.Contains(stdout, `"files": 3`) || exported != 3 {
		t.Errorf("exit %d, %d files before\n%s%s", code, exported, stdout, stderr)
	}
	if code, stdout, stderr := b.run("ledger", "verify", "stopped", "--policy", "policy.txt", "--since", "kept"); code != exitDone {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	if code, _, stderr := b.run("ledger", "verify", "stopped"); code != exitUsage || !strings.Contains(stderr, "--policy") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
	own, _ := os.ReadFile("policy.txt")
	putFile(t, "others.txt", strings.Replace(string(own), "quorum none", "witness w guiyang.guizhou/witness+9973b111+BDHTSJ6NrD6+6m/gRLLTS9yOv1I49tu9tZqkKuySDiC/\nquorum w", 1))
	if code, _, stderr := b.run("ledger", "verify", "stopped", "--policy", "others.txt", "--json"); code != exitUnverified || !strings.Contains(stderr, "policy-unmet") {
		t.Errorf("exit %d\n%s", code, stderr)
	}
}

// exported returns the files of an export.
func (b *workbench) exported(dir string) (files []string) {
	b.t.Helper()
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && !info.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return files
}

// policyOf writes a policy of the keys that the node shows.
func policyOf(t *testing.T, b *workbench) {
	t.Helper()
	code, stdout, stderr := b.run("ledger", "checkpoint", "--json")
	var cp client.Checkpoint
	if err := json.Unmarshal([]byte(stdout), &cp); code != exitDone || err != nil || len(cp.Keys) != 1 {
		t.Fatalf("exit %d, %v\n%s%s", code, err, stdout, stderr)
	}
	putFile(t, "policy.txt", "log "+cp.Keys[0].Key+"\nquorum none\n")
}

// stoppable is a workbench beside a node that runs until it is stopped.
func stoppable(t *testing.T) (b *workbench, stop func()) {
	t.Helper()
	b, stop = realBenchUntil(t, "en_US.UTF-8")
	b.app.node.held, b.app.node.exportLedger, b.app.node.exportData, b.app.node.verifyExport = node.Held, node.Export, node.ExportData, node.VerifyExport
	return b, stop
}

// fakeExport and fakeVerifyExport stand for those of package node.
func fakeExport(ctx context.Context, src node.ExportSource, _ string, progress func(done, total uint64)) (node.ExportReport, error) {
	growth, err := src.Growth(ctx, 0)
	if err != nil {
		return node.ExportReport{}, err
	}
	if leaves, err := src.Leaves(ctx, 3); err != nil || len(leaves) != 2 || !strings.HasPrefix(string(growth), "old 12\nAQID\nBAUG\n\n") {
		return node.ExportReport{}, fmt.Errorf("got %q, %d leaves, %v", growth, len(leaves), err)
	}
	progress(30, 30)
	return node.ExportReport{Log: "nanming.guiyang.guizhou/log/1", Size: 30, Root: "cdcd", Since: 12, Files: 4}, nil
}

func fakeVerifyExport(_ context.Context, path string, policy node.Named, kept *node.Named, progress func(done, total uint64)) (node.ExportedReport, error) {
	progress(30, 30)
	r := node.ExportedReport{Log: "nanming.guiyang.guizhou/log/1", Size: 30, Root: "cdcd", Keys: 3, Signed: 2, Quorum: "none", Cosigned: []node.CosignedBy{}}
	switch string(policy.Data) {
	case "witnessed":
		r.Files, r.Quorum, r.Ignored, r.Time = 4, "both", 1, "2026-11-24T02:10:00Z"
		r.Cosigned = []node.CosignedBy{{Witness: "x1", Time: "2026-11-24T02:11:00Z"}}
		if kept != nil {
			r.Since = new(uint64)
			*r.Since = 12
		}
	case "unmet":
		return r, text.Fail(text.PolicyUnmet, text.Args{"file": path, "missing": "both 1/2 (X 1/2 (x2, x3))"}, nil)
	case "bad":
		return r, text.Fail(text.PolicyFault, text.Args{"file": policy.File, "reason": "line 3: a quorum line stands before"}, nil)
	}
	return r, nil
}
