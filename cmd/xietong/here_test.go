package main

import (
	"strings"
	"testing"

	"xietong/node/ground/text"
)

// TestCommandsOfThisNode (F9): a command in a sentence that is for this node has the flags by which
// the node was found, quoted as a shell wants them, and none that are not needed.
func TestCommandsOfThisNode(t *testing.T) {
	for _, row := range []struct{ data, env, in, want string }{
		{defaultData, "", "", "xietong"},
		{"/srv/node", "/srv/node", "", "xietong"},
		{"gz", "", "", "xietong --data gz"},
		{"gz", "", "荔湾", "xietong --data gz --in 荔湾"},
		{"my node", "", "Zenda District", "xietong --data 'my node' --in 'Zenda District'"},
		{"it's", "", "", `xietong --data 'it'\''s'`},
	} {
		a := &app{data: row.data, in: row.in, getenv: func(string) string { return row.env }}
		if got := a.program(true); got != row.want {
			t.Errorf("--data %q --in %q: got %s, want %s", row.data, row.in, got, row.want)
		}
		told := a.t(text.PaperNone, text.Args{"title": "越秀区", "name": "yuexiu"})
		if want := a.program(false) + " --in yuexiu keys renew --recovery"; !strings.Contains(told, want) {
			t.Errorf("--data %q --in %q: got %q, want %q in it", row.data, row.in, told, want)
		}
	}
}

// TestRenamedTwice (F11): an agency that has the title already is told as that, and not with the
// entry that made it, in which another title stands.
func TestRenamedTwice(t *testing.T) {
	c := newClerks(t, "zh_CN.UTF-8")
	c.does("agency add test 测试局")
	if said := c.does("agency rename test 试验局"); !strings.Contains(said, "现称“试验局”；存证条目") {
		t.Errorf("renamed: %s", said)
	}
	if said := c.does("agency rename test 试验局"); !strings.Contains(said, "没有变化") || strings.Contains(said, "存证条目") {
		t.Errorf("renamed again: %s", said)
	}
}

// TestHostedComesBack (F3, F8, F9): what is told after the withdrawal of a hosted place, and after
// the end of its hosting, works as it stands; and a paper that was made counts when it comes back.
func TestHostedComesBack(t *testing.T) {
	c := newClerks(t, "en_US.UTF-8")
	c.does("host add 云岩区")
	said := c.does("--in guiyang.guizhou withdraw 云岩区 --reason drill --yes")
	if !strings.Contains(said, "host add 云岩区` brings it back") {
		t.Fatalf("withdrawn: %s", said)
	}
	if said = c.does("--in guiyang.guizhou host add 云岩区"); !strings.Contains(said, "No recovery key of 云岩区 was shown") {
		t.Errorf("hosted again: %s", said)
	}
	c.does("--in yunyan.guiyang.guizhou keys renew --recovery")
	if said = c.does("--in guiyang.guizhou host add 云岩区"); !strings.Contains(said, "still counts for 云岩区") {
		t.Errorf("after a paper: %s", said)
	}
	if code, _, told := c.run("--in guiyang.guizhou withdraw 白云 --reason drill --yes"); code == exitDone {
		t.Errorf("one that was never invited: %s", told)
	}
}

// TestInitLooksFirst (F42): a directory that has a node is told before anybody is shown a plan and
// asked.
func TestInitLooksFirst(t *testing.T) {
	c := newClerks(t, "en_US.UTF-8")
	code, stdout, stderr := c.run("init nanming.guiyang.guizhou")
	if code != exitFailed || !strings.Contains(stderr, "this is the data directory of the node") || strings.Contains(stdout+stderr, "this makes") {
		t.Errorf("exit %d, %s%s", code, stdout, stderr)
	}
}
