package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xietong/node"
)

// TestConfigBesideNode: config check and show need no running node, tell what the restart of a
// running one would change, and nothing where it has the same.
func TestConfigBesideNode(t *testing.T) {
	c := newClerks(t, "en_US.UTF-8")
	c.does("config show")
	if said := c.does("config check"); !strings.Contains(said, "a restart changes nothing") {
		t.Errorf("beside its node it says:\n%s", said)
	}
	path := filepath.Join(c.dir, "config.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(data), `parent_address: ""`, `parent_address: "192.0.2.1:7400"`, 1)
	putFile(t, path, "\uFEFF"+strings.ReplaceAll(edited, "\n", "\r\n")) // as an editor of Windows saves it
	if said := c.does("config check"); !strings.Contains(said, "the restart changes parent_address of ") || !strings.Contains(said, "from (none) to 192.0.2.1:7400") {
		t.Errorf("after an edit it says:\n%s", said)
	}
	var got checkedConfig
	if err := json.Unmarshal([]byte(c.does("--json config check")), &got); err != nil || !got.Running || len(got.Changes) != 1 || got.Changes[0].Setting != "parent_address" {
		t.Errorf("got %+v, %v, want one change", got, err)
	}
}

// TestConfigDraft (F12): a draft is held against the folders of the data directory, as at a start,
// and it is told where there is none.
func TestConfigDraft(t *testing.T) {
	c := newClerks(t, "en_US.UTF-8")
	data, err := os.ReadFile(filepath.Join(c.dir, "config.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	draft := filepath.Join(t.TempDir(), "draft.yaml")
	putFile(t, draft, strings.ReplaceAll(string(data), "name: \"guiyang", "name: \"zunyi"))
	if code, _, told := c.run("config check " + draft); code != exitFailed || !strings.Contains(told, draft) || !strings.Contains(told, "has no folder") {
		t.Errorf("another name: exit %d, %s", code, told)
	}
	putFile(t, draft, string(data))
	if said := c.does("config check " + draft); strings.Contains(said, "not looked at") {
		t.Errorf("the same: %s", said)
	}
	if said := c.does("config check " + draft + " --data " + t.TempDir()); !strings.Contains(said, "were not looked at") {
		t.Errorf("without a data directory: %s", said)
	}
}

// TestConfigAlone: without a node nothing is said of a restart; a name without a folder is told as
// a wrong name, with the one that has a folder.
func TestConfigAlone(t *testing.T) {
	b := newWorkbench(t, "en_US.UTF-8")
	b.app.node = theNode
	dir := filepath.Join(t.TempDir(), "alone")
	if _, err := node.Init(dir, node.InitOptions{Name: "guizhou", Listen: "127.0.0.1:7400"}); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := b.run("--data", dir, "config", "check")
	if code != exitDone || stderr != "" || strings.Contains(stdout, "restart") {
		t.Errorf("got %d, %q, %q", code, stdout, stderr)
	}
	path := filepath.Join(dir, "config.yaml")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	putFile(t, path, strings.Replace(string(data), `name: "guizhou"`, `name: "guizhuo"`, 1))
	code, _, stderr = b.run("--data", dir, "config", "check")
	if code != exitFailed || !strings.Contains(stderr, "the configuration has guizhuo, which has no folder in the data directory; there, and not in the configuration: guizhou\n") {
		t.Errorf("got %d, %s", code, stderr)
	}
	code, _, stderr = b.run("--data", dir, "serve")
	if code != exitFailed || !strings.Contains(stderr, "which has no folder in the data directory") {
		t.Errorf("serve: got %d, %s", code, stderr)
	}
}
