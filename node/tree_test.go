package node

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// freePort returns a loopback address whose port is free.
func freePort(t *testing.T) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().String()
}

// city makes and serves a node of 贵阳市 that listens, and returns its directory and a client.
func city(t *testing.T) (dir string, c *client.Client) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "guiyang")
	if _, err := Init(dir, InitOptions{Name: "guiyang.guizhou", DisplayName: "贵阳市", Level: "prefecture", Listen: freePort(t)}); err != nil {
		t.Fatal(err)
	}
	serve(t, dir)
	return dir, dial(t, dir, "en")
}

func quiet() JoinOptions { return JoinOptions{Options: Options{Logger: slog.New(slog.DiscardHandler)}} }

func invited(t *testing.T, c *client.Client, name string) client.Invitation {
	t.Helper()
	v, err := c.Invite(t.Context(), client.NewInvitation{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// linked waits until the jurisdiction has a link to the neighbour.
func linked(t *testing.T, c *client.Client, neighbour string) client.Neighbour {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		tree, err := c.Tree(ctx)
		if err != nil {
			t.Fatal(err)
		}
		all := tree.Children
		if tree.Parent != nil {
			all = append(all, *tree.Parent)
		}
		for _, n := range all {
			if n.Name == neighbour && n.Linked {
				return n
			}
		}
	}
}

// TestJoinAndHost goes the way of two administrators: invite, join, serve. Then the city hosts a
// county itself.
func TestJoinAndHost(t *testing.T) {
	cityDir, c := city(t)
	invitation := invited(t, c, "南明区")
	if invitation.Child != "nanming.guiyang.guizhou" || invitation.Code != "520102" || invitation.Level != "county" {
		t.Errorf("the roster was not asked: got %+v", invitation)
	}
	dir := filepath.Join(t.TempDir(), "nanming")
	o := quiet()
	var steps []text.Code
	o.Told = func(s JoinStep) { steps = append(steps, s.Name) }
	made, err := Join(t.Context(), dir, invitation.Token, o)
	if err != nil {
		t.Fatal(err)
	}
	want := []text.Code{text.JoinNetwork, text.JoinClock, text.JoinDisk, text.JoinParent, text.JoinKeys, text.JoinEndorsed, text.JoinChain}
	if !slices.Equal(steps, want) || strings.Join(made.Chain, ">") != "贵阳市>南明区" || made.Fingerprint != invitation.Fingerprint {
		t.Errorf("got steps %q, %+v", steps, made)
	}
	again, err := Join(t.Context(), dir, invitation.Token, quiet())
	if err != nil || again.Entry != made.Entry || again.Pin != made.Pin {
		t.Errorf("joined again: got %+v, %v, want %+v", again, err, made)
	}
	serve(t, dir)
	county := dial(t, dir, "en")
	up := linked(t, county, "guiyang.guizhou")
	down := linked(t, c, "nanming.guiyang.guizhou")
	if up.State != client.ChildJoined || down.State != client.ChildJoined || down.Entry != made.Entry || up.DisplayName != "贵阳市" {
		t.Errorf("got %+v and %+v", up, down)
	}
	if tree, err := county.Tree(t.Context()); err != nil || len(tree.Addresses) != 0 {
		t.Errorf("the county listens: %+v, %v", tree.Addresses, err)
	}

	hosted, err := c.AddHosted(t.Context(), client.NewHosted{Name: "云岩区"})
	if err != nil || hosted.Name != "yunyan.guiyang.guizhou" {
		t.Fatalf("host: got %+v, %v", hosted, err)
	}
	at := client.Dial(cityDir, client.Options{In: "guiyang.guizhou", Language: "en"})
	t.Cleanup(at.Close)
	linked(t, at, "yunyan.guiyang.guizhou")
	if again, err := at.AddHosted(t.Context(), client.NewHosted{Name: "云岩区"}); err != nil || again.Pin != hosted.Pin {
		t.Errorf("hosted again: got %+v, %v", again, err)
	}
}

// TestJoinIsRefused checks the error that a person reads for an invitation that cannot be used, and
// that nothing is left behind.
func TestJoinIsRefused(t *testing.T) {
	cityDir, c := city(t)
	good := invited(t, c, "南明区")
	nobody := filepath.Join(t.TempDir(), "nobody")
	if _, err := Init(nobody, InitOptions{Name: "guiyang.guizhou", DisplayName: "贵阳市", Listen: freePort(t)}); err != nil {
		t.Fatal(err)
	}
	stop := serve(t, nobody)
	silent := invited(t, dial(t, nobody, "en"), "南明区")
	stop()
	for what, row := range map[string]struct {
		token string
		want  text.Code
		skew  time.Duration
	}{
		"no token":        {token: "hello", want: text.InvitationMalformed},
		"a mistyped one":  {token: strings.Replace(good.Token, "A", "B", 1), want: text.InvitationMalformed},
		"nobody there":    {token: silent.Token, want: text.ParentSilent},
		"a clock behind":  {token: good.Token, skew: -70 * time.Minute, want: text.ClockApart},
		"a clock ahead":   {token: good.Token, skew: 6 * time.Minute, want: text.ClockApart},
		"a replaced one":  {token: good.Token, want: text.InvitationUnknown},
		"somebody's else": {token: good.Token, want: text.DirOfNode},
	} {
		dir := filepath.Join(t.TempDir(), "nanming")
		token := row.token
		switch what {
		case "a replaced one":
			if _, err := c.Invite(t.Context(), client.NewInvitation{Name: "云岩区"}); err != nil {
				t.Fatal(err)
			}
			old := invited(t, c, "花溪区")
			invited(t, c, "花溪区")
			token = old.Token
		case "somebody's else":
			dir = cityDir
		}
		o := quiet()
		o.Now = func() time.Time { return time.Now().Add(row.skew) }
		_, err := Join(t.Context(), dir, token, o)
		f := text.AsFailure(err)
		if f.Code != row.want {
			t.Errorf("%s: got %v, want %s", what, err, row.want)
		}
		if row.want == text.ClockApart && !strings.HasPrefix(f.Args["offset"], row.skew.Abs().Truncate(time.Minute).String()[:2]) {
			t.Errorf("%s: the offset is told as %q", what, f.Args["offset"])
		}
		if _, err := os.Stat(filepath.Join(dir, "config.yaml")); err == nil && what != "somebody's else" {
			t.Errorf("%s left a node behind", what)
		}
	}
}

// joinChildEnv is the variable that makes this test a process that joins and is killed; its value
// is DIR, TOKEN and the step, on a line each.
const joinChildEnv = "XIETONG_TEST_JOIN"

// joinChild joins, and kills itself after the step.
func joinChild(value string) {
	part := strings.Split(value, "\n")
	o := quiet()
	self, _ := os.FindProcess(os.Getpid()) // it is there
	o.Told = func(s JoinStep) {
		if string(s.Name) == part[2] {
			_ = self.Kill()
			select {}
		}
	}
	_, err := Join(context.Background(), part[0], part[1], o)
	panic(err) // it was to be killed
}

// TestJoinKilledAfterEveryStep kills the joining process after each step. The same command then
// finishes the work, with the keys that were made, one endorsement and one entry "joined".
func TestJoinKilledAfterEveryStep(t *testing.T) {
	_, c := city(t)
	places := map[text.Code]string{
		text.JoinNetwork: "南明区", text.JoinClock: "云岩区", text.JoinParent: "花溪区", text.JoinKeys: "乌当区", text.JoinEndorsed: "白云区",
		text.JoinChain: "观山湖区",
	}
	for step, place := range places {
		t.Run(string(step), func(t *testing.T) {
			invitation := invited(t, c, place)
			dir := filepath.Join(t.TempDir(), "child")
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(os.Environ(), joinChildEnv+"="+strings.Join([]string{dir, invitation.Token, string(step)}, "\n"))
			if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(err.Error(), "killed") {
				t.Fatalf("it was not killed: %v\n%s", err, out)
			}
			before := endorsement(t, c, invitation.Child)
			made, err := Join(t.Context(), dir, invitation.Token, quiet())
			if err != nil {
				t.Fatal(err)
			}
			if before != "" && made.Entry != before {
				t.Errorf("endorsed twice: %s, then %s", before, made.Entry)
			}
			serve(t, dir)
			child := dial(t, dir, "en")
			linked(t, child, "guiyang.guizhou")
			if got := entriesOf(t, child, "joined"); got != 1 {
				t.Errorf("%d entries \"joined\", want 1", got)
			}
		})
	}
	if got := entriesOf(t, c, "endorsement"); got != len(places) {
		t.Errorf("%d endorsements for %d children", got, len(places))
	}
}

// endorsement returns the entry that endorses the child, or "".
func endorsement(t *testing.T, c *client.Client, child string) string {
	t.Helper()
	tree, err := c.Tree(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range tree.Children {
		if n.Name == child && n.State == client.ChildJoined {
			return n.Entry
		}
	}
	return ""
}

// entriesOf counts the entries of a kind.
func entriesOf(t *testing.T, c *client.Client, kind string) (n int) {
	t.Helper()
	s, err := c.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Jurisdictions[0].TreeSize {
		e, err := c.Entry(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		if e.KindName == kind {
			n++
		}
	}
	return n
}

// TestWithdraw ends the endorsement of a linked child, and lets it back by a new invitation.
func TestWithdraw(t *testing.T) {
	_, c := city(t)
	invitation := invited(t, c, "南明区")
	dir := filepath.Join(t.TempDir(), "nanming")
	if _, err := Join(t.Context(), dir, invitation.Token, quiet()); err != nil {
		t.Fatal(err)
	}
	stop := serve(t, dir)
	linked(t, c, "nanming.guiyang.guizhou")
	withdrawn(t, c, "南明区", "撤并")
	tree, err := c.Tree(t.Context())
	if err != nil || tree.Children[0].Linked || tree.Children[0].State != client.ChildWithdrawn {
		t.Errorf("after the withdrawal: got %+v, %v", tree.Children, err)
	}
	stop()
	_, err = Join(t.Context(), dir, invitation.Token, quiet())
	if f := text.AsFailure(err); f.Code != text.InvitationUnknown {
		t.Errorf("the old invitation: got %v, want %s", err, text.InvitationUnknown)
	}
	if _, err := Join(t.Context(), dir, invited(t, c, "南明区").Token, quiet()); err != nil {
		t.Fatal(err)
	}
	serve(t, dir)
	linked(t, c, "nanming.guiyang.guizhou")
}

// TestParentMoves checks that a child finds its parent at another address when its administrator
// writes that address into the configuration.
func TestParentMoves(t *testing.T) {
	cityDir := filepath.Join(t.TempDir(), "guiyang")
	if _, err := Init(cityDir, InitOptions{Name: "guiyang.guizhou", Listen: freePort(t)}); err != nil {
		t.Fatal(err)
	}
	stop := serve(t, cityDir)
	dir := filepath.Join(t.TempDir(), "nanming")
	if _, err := Join(t.Context(), dir, invited(t, dial(t, cityDir, "en"), "南明区").Token, quiet()); err != nil {
		t.Fatal(err)
	}
	stop()
	moved := freePort(t)
	for _, change := range []struct{ dir, key string }{{cityDir, "listen:"}, {dir, "    parent_address:"}} {
		path := filepath.Join(change.dir, "config.yaml")
		written, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(string(written), "\n")
		i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, change.key) })
		lines[i] = change.key + ` "` + moved + `"`
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	serve(t, cityDir)
	serve(t, dir)
	linked(t, dial(t, dir, "en"), "guiyang.guizhou")
}

// TestInvitedAsItCanBeEndorsed (A22): what no endorsement or token can hold is refused before the
// invitation is made, so the one before still stands. What is accepted can be redeemed.
func TestInvitedAsItCanBeEndorsed(t *testing.T) {
	_, c := city(t)
	first, err := c.Invite(t.Context(), client.NewInvitation{Name: "经开区", Label: "jingkai", Level: "county"})
	if err != nil {
		t.Fatal(err)
	}
	for what, v := range map[string]client.NewInvitation{
		"a name of 300 bytes":       {Name: strings.Repeat("区", 100)},
		"a code of 60 bytes":        {Name: "经开区", Code: strings.Repeat("五", 20)},
		"a short name of 300 bytes": {Name: "经开区", ShortName: strings.Repeat("区", 100)},
	} {
		v.Label = "jingkai"
		_, err := c.Invite(t.Context(), v)
		if p, ok := errors.AsType[*client.Problem](err); !ok || p.Code != string(text.BadRequest) {
			t.Errorf("%s: got %v, want %s", what, err, text.BadRequest)
		}
	}
	if _, err := Join(t.Context(), filepath.Join(t.TempDir(), "jingkai"), first.Token, quiet()); err != nil {
		t.Errorf("the first invitation: %v", err)
	}
}
