package node

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xietong/certs/identity"
	"xietong/node/faces/client"
	"xietong/node/ground/config"
	"xietong/node/ground/datadir"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

func TestMain(m *testing.M) {
	if value := os.Getenv(joinChildEnv); value != "" {
		joinChild(value)
	}
	if dirs := os.Getenv(keepChildEnv); dirs != "" {
		keepChild(dirs)
		return
	}
	goleak.VerifyTestMain(m)
}

var nanming = InitOptions{Name: "nanming.guiyang.guizhou", Code: "520102", DisplayName: "南明区", ShortName: "南明区", Level: "county"}

// serve runs a node on dir until the test, or the returned function, stops it.
func serve(t *testing.T, dir string) (stop func()) {
	t.Helper()
	return serveLogging(t, dir, slog.New(slog.DiscardHandler))
}

func serveLogging(t *testing.T, dir string, logger *slog.Logger) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- Serve(ctx, dir, ServeOptions{Logger: logger, Version: "test", Ready: func() { close(ready) }})
	}()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatalf("serve: %v", err)
	}
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("stop: %v", err)
		}
	}
	t.Cleanup(stop)
	return stop
}

func initDir(t *testing.T) (dir, pin string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	made, err := Init(dir, nanming)
	if err != nil {
		t.Fatal(err)
	}
	return dir, made.Pin
}

func dial(t *testing.T, dir, language string) *client.Client {
	t.Helper()
	c := client.Dial(dir, client.Options{Language: language})
	t.Cleanup(func() { c.Close() })
	return c
}

func TestNode(t *testing.T) {
	dir, pin := initDir(t)
	stop := serve(t, dir)
	c := dial(t, dir, "en")
	added, err := c.AddAgency(t.Context(), client.NewAgency{Code: "civil-affairs", Title: "民政局"})
	if err != nil {
		t.Fatal(err)
	}
	if want := "spiffe://nanming.guiyang.guizhou/agency/civil-affairs"; added.ID != want || added.Entry != "nanming.guiyang.guizhou/log/1/1" {
		t.Errorf("got %+v", added)
	}
	again, err := c.AddAgency(t.Context(), client.NewAgency{Code: "civil-affairs", Title: "民政局"})
	was := again.Unchanged
	if again.Unchanged = false; err != nil || !was || !reflect.DeepEqual(again, added) {
		t.Errorf("the same agency again: got %+v, unchanged %t, %v", again, was, err)
	}
	status, err := c.Status(t.Context())
	if err != nil || len(status.Jurisdictions) != 1 || status.Jurisdictions[0].Pin != pin || status.Jurisdictions[0].Agencies != 1 {
		t.Errorf("status: got %+v, %v", status, err)
	}
	r, err := c.Receipt(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	stop()
	stop = serve(t, dir)
	report, err := VerifyReceipt(r.Receipt, r.Payload, pin)
	if err != nil || report.Agency != "civil-affairs" || !report.Signed || !strings.Contains(string(report.Payload), "民政局") {
		t.Errorf("receipt: got %+v, %v", report, err)
	}
	if all, err := dial(t, dir, "en").Agencies(t.Context()); err != nil || len(all) != 1 || !reflect.DeepEqual(all[0], added) {
		t.Errorf("after a restart: got %+v, %v", all, err)
	}
	stop()
	data, err := VerifyData(t.Context(), dir, "", nil)
	if err != nil || data.FirstBad != "" || data.Entries != 2 || data.Pin != pin || data.Checkpoint != 2 {
		t.Errorf("data: got %+v, %v", data, err)
	}
}

func TestProblems(t *testing.T) {
	dir, _ := initDir(t)
	serve(t, dir)
	for _, row := range []struct {
		language, code, what string
		ask                  func(*client.Client) error
	}{
		{"en", "bad-request", `the code "Civil" is not well formed`, func(c *client.Client) error {
			_, err := c.AddAgency(t.Context(), client.NewAgency{Code: "Civil", Title: "x"})
			return err
		}},
		{"zh", "empty", "给出了 title，但没有内容", func(c *client.Client) error {
			_, err := c.AddAgency(t.Context(), client.NewAgency{Code: "civil"})
			return err
		}},
		{"en", "not-found", "entry", func(c *client.Client) error {
			_, err := c.Receipt(t.Context(), 99)
			return err
		}},
	} {
		err := row.ask(dial(t, dir, row.language))
		p, ok := errors.AsType[*client.Problem](err)
		if !ok || p.Code != row.code || !strings.Contains(p.Error(), row.what) || p.Do == "" {
			t.Errorf("%s: got %v, want %s with %q", row.code, err, row.code, row.what)
		}
	}
	if err := Serve(t.Context(), dir, ServeOptions{Logger: slog.New(slog.DiscardHandler)}); text.AsFailure(err).Code != text.DirInUse {
		t.Errorf("a second process: got %v, want %s", err, text.DirInUse)
	}
}

func TestDirectoriesThatAreRefused(t *testing.T) {
	dir, _ := initDir(t)
	change := func(name, old, new string) func() {
		path := filepath.Join(dir, name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write := func(s string) {
			if err := os.WriteFile(path, []byte(s), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		write(strings.Replace(string(data), old, new, 1))
		return func() { write(string(data)) }
	}
	format, err := os.ReadFile(filepath.Join(dir, "FORMAT"))
	if err != nil {
		t.Fatal(err)
	}
	for what, row := range map[string]struct {
		file, old, new string
		want           text.Code
	}{
		"a format to come":   {"FORMAT", "\n", "0\n", text.DirNewer},
		"a format before":    {"FORMAT", string(format), "1\n", text.DirOlder},
		"a mistyped key":     {config.FileName, "level:", "levle:", text.ConfigWrongKey},
		"no YAML":            {config.FileName, "version: 1", "version: [", text.ConfigForm},
		"a config to come":   {config.FileName, "version: 1", "version: 2", text.ConfigInvalid},
		"an impossible name": {config.FileName, nanming.Name, "Nanming", text.ConfigInvalid},
	} {
		undo := change(row.file, row.old, row.new)
		err := Serve(t.Context(), dir, ServeOptions{Logger: slog.New(slog.DiscardHandler)})
		if f := text.AsFailure(err); f.Code != row.want {
			t.Errorf("%s: got %v, want %s", what, err, row.want)
		}
		undo()
	}
	if err := Serve(t.Context(), filepath.Join(t.TempDir(), "none"), ServeOptions{}); text.AsFailure(err).Code != text.DirAbsent {
		t.Errorf("no directory: got %v, want %s", err, text.DirAbsent)
	}
	if _, err := Init(dir, nanming); text.AsFailure(err).Code != text.DirOfNode {
		t.Errorf("init again: got %v, want %s", err, text.DirOfNode)
	}
	serve(t, dir)
}

// TestTwoHosted serves two jurisdictions from one directory: a request must name the one it is for.
func TestTwoHosted(t *testing.T) {
	dir, _ := initDir(t)
	other, err := identity.ParseJurisdiction("yunyan.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := host.Create(host.Folder(dir, other), other, time.Now(), 1); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, config.FileName)
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	added := string(written) + "  - name: yunyan.guiyang.guizhou\n    display_name: 云岩区\n"
	if err := os.WriteFile(path, []byte(added), 0o600); err != nil {
		t.Fatal(err)
	}
	serve(t, dir)
	plain := dial(t, dir, "en")
	status, err := plain.Status(t.Context())
	if err != nil || len(status.Jurisdictions) != 2 {
		t.Fatalf("got %+v, %v", status, err)
	}
	_, err = plain.Agencies(t.Context())
	refused(t, err, text.JurisdictionNeeded)
	for _, j := range status.Jurisdictions {
		c := client.Dial(dir, client.Options{In: j.Name})
		defer c.Close()
		if _, err := c.AddAgency(t.Context(), client.NewAgency{Code: "civil-affairs", Title: j.DisplayName + "民政局"}); err != nil {
			t.Error(err)
		}
		all, err := c.Agencies(t.Context())
		if err != nil || len(all) != 1 || !strings.HasPrefix(all[0].Title, j.DisplayName) || !strings.Contains(all[0].ID, j.Name) {
			t.Errorf("%s: got %+v, %v", j.Name, all, err)
		}
	}
}

// TestLongDirectory: the path of a Unix socket has 107 bytes at most, and directories may have
// more.
func TestLongDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("x", 120))
	if _, err := datadir.Init(dir, datadir.InitOptions{Name: "nanming.guiyang.guizhou"}); err != nil {
		t.Fatal(err)
	}
	defer serve(t, dir)()
	if s, err := dial(t, dir, "en").Status(t.Context()); err != nil || len(s.Jurisdictions) != 1 {
		t.Errorf("got %+v, %v", s, err)
	}
}
