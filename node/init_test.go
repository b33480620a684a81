package node

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/node/config"
	"xietong/node/text"
)

const initChildEnv = "XIETONG_TEST_INIT"

// initOrder is the order in which Init makes its files, and the name under which each is written before it is renamed.
var initOrder = []struct{ path, temp string }{
	{"certs/ca.key", ".new"}, {"certs/ca.crt", ".new"}, {"certs/signing.key", ".new"}, {"certs/signing.crt", ".new"},
	{"certs/log.key", ".new"}, {"certs/decryption.key", ".new"}, {"keystore", ".new"}, {"state.db", ".new"}, {"wal", ".new"},
	{"../../config.yaml", ".new"}, {"../../FORMAT", ".new"},
}

// TestInitAfterEveryStep puts a directory together as a crash between any two files of Init leaves it, and as a crash
// within each file does; Init repeated must finish it, keep every key that was made, and give a node that runs.
func TestInitAfterEveryStep(t *testing.T) {
	whole, pin := initDir(t)
	folder := filepath.Join("j", nanming.Name)
	for step, next := range initOrder {
		for _, torn := range []bool{false, true} {
			name := strings.TrimPrefix(next.path, "../../")
			if torn {
				name += " torn"
			}
			t.Run(name, func(t *testing.T) {
				dir := filepath.Join(t.TempDir(), "data")
				for _, done := range initOrder[:step] {
					copyTree(t, filepath.Join(whole, folder, done.path), filepath.Join(dir, folder, done.path))
				}
				if torn {
					tear(t, filepath.Join(whole, folder, next.path), filepath.Join(dir, folder, next.path)+next.temp)
				}
				made, err := Init(dir, nanming)
				if err != nil {
					t.Fatal(err)
				}
				if step >= slices.IndexFunc(initOrder, func(f struct{ path, temp string }) bool { return f.path == "keystore" }) && made.Pin != pin {
					t.Errorf("the keys were whole, and the pin changed from %s to %s", pin, made.Pin)
				}
				checkRuns(t, dir, made.Pin)
			})
		}
	}
}

// TestInitAfterAnOlderCrash holds that what earlier versions left, which wrote in place, is finished as well.
func TestInitAfterAnOlderCrash(t *testing.T) {
	for what, spoil := range map[string]func(string) error{
		"an empty wal":  func(dir string) error { return emptied(filepath.Join(dir, "j", nanming.Name, "wal")) },
		"half a config": func(dir string) error { return os.Truncate(filepath.Join(dir, config.FileName), 40) },
		"no FORMAT":     func(string) error { return nil },
	} {
		t.Run(what, func(t *testing.T) {
			dir, pin := initDir(t)
			if err := os.Remove(filepath.Join(dir, formatName)); err != nil {
				t.Fatal(err)
			}
			if err := spoil(dir); err != nil {
				t.Fatal(err)
			}
			made, err := Init(dir, nanming)
			if err != nil || made.Pin != pin {
				t.Fatalf("got %+v, %v, want pin %s", made, err, pin)
			}
			checkRuns(t, dir, pin)
		})
	}
}

func emptied(dir string) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	return os.Mkdir(dir, 0o700)
}

// TestInitKilled kills Init in another process at moments spread over its run.
func TestInitKilled(t *testing.T) {
	rounds := 40
	if testing.Short() {
		rounds = 8
	}
	finished := 0
	for round := range rounds {
		dir := filepath.Join(t.TempDir(), "data")
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), initChildEnv+"="+dir)
		started, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		started.Read(make([]byte, 1)) // it runs
		time.Sleep(time.Duration(round) * time.Millisecond)
		cmd.Process.Kill()
		cmd.Wait()
		made, err := Init(dir, nanming)
		if text.AsFailure(err).Code == text.DirNotEmpty {
			finished++ // it was faster than the kill
			continue
		}
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if round%4 == 0 {
			checkRuns(t, dir, made.Pin)
		}
	}
	t.Logf("%d kills, %d of them after the end", rounds, finished)
}

// initChild is what runs in the other process.
func initChild(dir string) {
	os.Stdout.WriteString(".")
	if _, err := Init(dir, nanming); err != nil {
		os.Stderr.WriteString(err.Error())
	}
}

// checkRuns serves the directory and compares its pin; Init on what is whole is refused.
func checkRuns(t *testing.T, dir, pin string) {
	t.Helper()
	stop := serve(t, dir)
	status, err := dial(t, dir, "en").Status(t.Context())
	if err != nil || len(status.Jurisdictions) != 1 || status.Jurisdictions[0].Pin != pin {
		t.Errorf("status: got %+v, %v, want pin %s", status, err, pin)
	}
	stop()
	if _, err := Init(dir, nanming); text.AsFailure(err).Code != text.DirNotEmpty {
		t.Errorf("init of a whole directory: got %v, want %s", err, text.DirNotEmpty)
	}
	err = filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".new") {
			t.Errorf("%s was left", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func copyTree(t *testing.T, from, to string) {
	t.Helper()
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if err := os.MkdirAll(filepath.Dir(target), 0o700); err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// tear copies the first half of a file, or of every file of a folder.
func tear(t *testing.T, from, to string) {
	t.Helper()
	copyTree(t, from, to)
	err := filepath.WalkDir(to, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.Truncate(path, info.Size()/2)
	})
	if err != nil {
		t.Fatal(err)
	}
}
