package offline

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"xietong/consensus/ledger"
	"xietong/node/ground/text"
)

// checker builds the program that follows a log with the tools of others, and returns how it is
// run. It is a module of its own, with what it asks for in its go.sum.
func checker(t *testing.T) func(args ...string) (string, error) {
	t.Helper()
	if testing.Short() {
		t.Skip("it builds a module of its own")
	}
	program := filepath.Join(t.TempDir(), "checker")
	build := exec.CommandContext(t.Context(), "go", "build", "-C", "testdata/checker", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("the checker is required here, and does not build: %v\n%s", err, out)
		}
		t.Skipf("the checker does not build here: %v\n%s", err, out)
	}
	return func(args ...string) (string, error) {
		out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
		return string(out), err
	}
}

// TestToolsOfOthersFollow has Tessera and Torchwood follow exports of one log: checkpoint, tiles,
// entries, inclusion, and consistency with every checkpoint before. They refuse a history that was
// rewritten.
func TestToolsOfOthersFollow(t *testing.T) {
	run := checker(t)
	g := newGrown(t, "nanming.guiyang.guizhou", 3, 700, 700, 0)
	dir := filepath.Join(t.TempDir(), "log")
	key := ledger.VerifierKey(g.log, g.keys[1].LogPublic())
	var kept []string
	for _, size := range []uint64{1, 255, 256, 600, 700} {
		g.export(t, dir, size)
		kept = append(kept, "")
		for _, note := range kept {
			if out, err := run(given("follow", dir, key, note)...); err != nil {
				t.Fatalf("%d entries, since %q: %v\n%s", size, note, err, out)
			}
		}
		kept[len(kept)-1] = written(t, "kept", g.note(t, size, 3))
	}
	rewritten := newGrown(t, "nanming.guiyang.guizhou", 3, 700, 3, 1)
	again := filepath.Join(t.TempDir(), "log")
	rewritten.export(t, again, 700)
	if out, err := run("follow", again, key); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := run("follow", again, key, kept[3]); err == nil || !strings.Contains(out, "consistency") {
		t.Errorf("a rewritten log is followed: %s", out)
	}
	_, err := VerifyExport(t.Context(), again, g.policy(noWitness), &Named{"kept", g.note(t, 600, 3)}, nil)
	failsWith(t, err, text.NotConsistent)
}

// TestToolsOfOthersRefuse changes a byte in every file of an export. (Of the checkpoint they verify
// the line of one key, so the log has one replica.)
func TestToolsOfOthersRefuse(t *testing.T) {
	run := checker(t)
	g := newGrown(t, "nanming.guiyang.guizhou", 1, 600, 600, 0)
	dir, key := filepath.Join(t.TempDir(), "log"), ledger.VerifierKey(g.log, g.keys[0].LogPublic())
	g.export(t, dir, 600)
	for name, content := range files(t, dir) {
		path := filepath.Join(dir, name)
		for _, at := range []int{0, len(content) / 2, len(content) - 1} {
			bad := []byte(content)
			bad[at] ^= 4
			if err := os.WriteFile(path, bad, 0o600); err != nil {
				t.Fatal(err)
			}
			if out, err := run("follow", dir, key); err == nil {
				t.Errorf("%s: byte %d changed, and followed: %s", name, at, out)
			}
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := run("follow", dir, key); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// given leaves out what is empty.
func given(args ...string) (out []string) {
	for _, arg := range args {
		if arg != "" {
			out = append(out, arg)
		}
	}
	return out
}

func written(t *testing.T, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestWitnessOfOthersCosigns gives growths to the witness of transparency-dev, as `ledger
// checkpoint --since --raw` prints them. Our policy counts its line, and so does their policy.
func TestWitnessOfOthersCosigns(t *testing.T) {
	run := checker(t)
	g := newGrown(t, "nanming.guiyang.guizhou", 3, 300, 300, 0)
	growth := func(since, size uint64) string {
		g.size = size
		data, err := shown{g, t}.Growth(t.Context(), since)
		if err != nil {
			t.Fatal(err)
		}
		return written(t, "growth", data)
	}
	key := ledger.VerifierKey(g.log, g.keys[0].LogPublic())
	out, err := run("witness", key, growth(0, 5), growth(5, 256), growth(256, 300))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	vkey, line, _ := strings.Cut(out, "\n")
	note := g.note(t, 300, 3)
	cosigned := append(bytes.Clone(note), line...)
	rules := g.policy("witness w1 " + vkey + " https://w1.example\ngroup g all w1\nquorum g\n")
	policyFile := written(t, "policy.txt", rules.Data)
	v, err := VerifyExport(t.Context(), written(t, "checkpoint", cosigned), rules, nil, nil)
	if err != nil || v.Signed != 3 || len(v.Cosigned) != 1 || v.Cosigned[0].Witness != "w1" || v.Files != 0 {
		t.Errorf("got %+v, %v", v, err)
	}
	if out, err := run("policy", policyFile, written(t, "checkpoint", cosigned)); err != nil {
		t.Errorf("their policy: %v\n%s", err, out)
	}
	alone := written(t, "checkpoint", note)
	_, err = VerifyExport(t.Context(), alone, rules, nil, nil)
	if args := failsWith(t, err, text.PolicyUnmet); args["missing"] != "g 0/1 (w1)" {
		t.Errorf("got %v", args)
	}
	if out, err := run("policy", policyFile, alone); err == nil {
		t.Errorf("their policy takes a note without the witness: %s", out)
	}
	forked := newGrown(t, "nanming.guiyang.guizhou", 3, 300, 2, 1)
	forked.size = 300
	bad, err := shown{forked, t}.Growth(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := run("witness", key, growth(0, 5), written(t, "growth", bad)); err == nil || !strings.Contains(out, "status 422") {
		t.Errorf("the witness cosigns a fork: %v %s", err, out)
	}
}
