package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"xietong/cmd/xietong/demo"
	"xietong/node/ground/text"
)

const mainEnv = "XIETONG_TEST_MAIN"

// TestMain lets the demo run this test as the binary that it copies.
func TestMain(m *testing.M) {
	if os.Getenv(mainEnv) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// TestDemoPasted runs the demo, the whole province in one process and a branch in many processes,
// and, while its nodes stay up, every command that it prints for pasting. With the race detector it
// runs the branch alone: 98 nodes take minutes.
func TestDemoPasted(t *testing.T) {
	t.Setenv(mainEnv, "1")
	for _, run := range []struct {
		lang      text.Lang
		processes bool
		want      string
	}{{text.En, false, "9 of 9 steps held"}, {text.Zh, true, "9 个步骤全部成立"}} {
		if raced && !run.processes {
			continue
		}
		folder := t.TempDir()
		ctx, stop := context.WithCancel(t.Context())
		reader, writer := io.Pipe()
		ended := make(chan error, 1)
		go func() {
			err := demo.Run(ctx, demo.Options{Folder: folder, Out: writer, In: strings.NewReader(""), Lang: run.lang, Processes: run.processes})
			writer.CloseWithError(io.EOF)
			ended <- err
		}()
		var told strings.Builder
		pasted := 0
		lines := bufio.NewScanner(reader)
		for lines.Scan() {
			line := lines.Text()
			told.WriteString(line + "\n")
			if wide := columns(strings.ReplaceAll(line, folder, "/tmp/xietong-demo2914518303")); wide > 100 {
				t.Errorf("%d columns: %s", wide, line)
			}
			command, isCommand := strings.CutPrefix(line, "  ./xietong ")
			if !isCommand {
				continue
			}
			pasted++
			cmd := exec.CommandContext(ctx, "sh", "-c", "./xietong "+command)
			cmd.Dir = folder
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", command, err, out)
			}
			if pasted == 5 {
				stop()
			}
		}
		stop()
		if err := <-ended; err != nil {
			log, _ := os.ReadFile(filepath.Join(folder, "nodes.log"))
			t.Errorf("demo: %v; its nodes told:\n%s", err, log)
		}
		if !strings.Contains(told.String(), run.want) || pasted != 5 {
			t.Errorf("%d lines to paste; the demo told:\n%s", pasted, told.String())
		}
	}
}

// TestDemoJSON checks the output for programs: one object for each step, and a last one.
func TestDemoJSON(t *testing.T) {
	t.Setenv(mainEnv, "1")
	var out bytes.Buffer
	o := demo.Options{Folder: t.TempDir(), Out: &out, In: strings.NewReader(""), JSON: true, Exit: true, Processes: true}
	if err := demo.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	for i, line := range lines {
		var got map[string]any
		if err := json.Unmarshal([]byte(line), &got); err != nil || got["ok"] != true {
			t.Errorf("line %d: %s, %v", i, line, err)
		}
		keys := []string{"step", "ms"}
		if i == len(lines)-1 {
			keys = []string{"ready_ms", "rss_mib", "jurisdictions"}
		}
		for _, key := range keys {
			if _, ok := got[key]; !ok {
				t.Errorf("line %d has no %s: %s", i, key, line)
			}
		}
	}
	if len(lines) != 11 {
		t.Errorf("%d lines, want publishing, 9 steps and the end", len(lines))
	}
}

// TestDemoProvince runs the demo of a small province, whose counties lie below prefectures and
// below the province itself, and two of whose prefectures have none.
func TestDemoProvince(t *testing.T) {
	t.Setenv(mainEnv, "1")
	var out bytes.Buffer
	o := demo.Options{Folder: t.TempDir(), Out: &out, In: strings.NewReader(""), Exit: true, Province: "海南", Lang: text.Zh}
	if err := demo.Run(t.Context(), o); err != nil {
		t.Fatalf("%v; it told:\n%s", err, out.String())
	}
	if !strings.Contains(out.String(), "9 个步骤全部成立") || !strings.Contains(out.String(), "三亚市 4  海南省 15  海口市 4") {
		t.Errorf("it told:\n%s", out.String())
	}
}
