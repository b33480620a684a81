package datadir

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xietong/consensus/state"
	"xietong/node/ground/config"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(initChildEnv); dir != "" {
		initChild(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

var nanming = InitOptions{
	Name: "nanming.guiyang.guizhou", Code: "520102", DisplayName: "南明区", ShortName: "南明区", Level: "county",
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

const initChildEnv = "XIETONG_TEST_INIT"

// initOrder lists the files in the order in which Init makes them, with the suffix under which Init
// writes each before it renames it.
var initOrder = []struct{ path, temp string }{
	{"certs/recovery.pub", ".new"}, {"certs/ca.key", ".new"}, {"certs/ca.crt", ".new"}, {"certs/signing.key", ".new"}, {"certs/signing.crt", ".new"},
	{"certs/log.key", ".new"}, {"certs/decryption.key", ".new"}, {"keystore", ".new"}, {"state.db", ".new"}, {"wal", ".new"},
	{"../../config.yaml", ".new"}, {"../../FORMAT", ".new"},
}

// TestInitAfterEveryStep puts a directory together as a crash between any two files of Init leaves
// it, and as a crash within each file does. Init repeated must finish the directory, keep every key
// that was made, and give a node that runs.
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

// TestInitAfterAnOlderCrash checks that Init also finishes a directory left by an earlier version,
// which wrote its files in place.
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
		started.Read(make([]byte, 1))                                  // it runs
		time.Sleep(time.Duration(round*round) * 25 * time.Microsecond) // most kills come early
		cmd.Process.Kill()
		cmd.Wait()
		made, err := Init(dir, nanming)
		if text.AsFailure(err).Code == text.DirOfNode {
			finished++ // it was faster than the kill, if the directory is whole
			pin, err := opened(t, dir)
			if err != nil {
				t.Fatalf("round %d: init finds no unfinished directory, and it does not open: %v", round, err)
			}
			checkRuns(t, dir, pin)
			continue
		}
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if round%4 == 0 {
			checkRuns(t, dir, made.Pin)
		}
	}
	if finished == rounds {
		t.Errorf("all of %d kills came after the end", rounds)
	}
	t.Logf("%d kills, %d of them after the end", rounds, finished)
}

// initChild runs Init in the other process.
func initChild(dir string) {
	os.Stdout.WriteString(".")
	if _, err := Init(dir, nanming); err != nil {
		os.Stderr.WriteString(err.Error())
	}
}

// checkRuns opens the directory as a node does, compares the pin, and checks that Init refuses the
// complete directory.
func checkRuns(t *testing.T, dir, pin string) {
	t.Helper()
	if got, err := opened(t, dir); err != nil || got != pin {
		t.Errorf("opened: got pin %s, %v, want %s", got, err, pin)
	}
	if _, err := Init(dir, nanming); text.AsFailure(err).Code != text.DirOfNode {
		t.Errorf("init of a whole directory: got %v, want %s", err, text.DirOfNode)
	}
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".new") {
			t.Errorf("%s was left", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// opened opens the directory as a node does, and returns the pin of the one jurisdiction in it.
func opened(t *testing.T, dir string) (pin string, err error) {
	t.Helper()
	unlock, err := Lock(dir)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := CheckFormat(dir); err != nil {
		return "", err
	}
	c, err := ReadConfig(dir)
	if err != nil {
		return "", err
	}
	if len(c.Jurisdictions) != 1 || c.Jurisdictions[0].Name.String() != nanming.Name {
		t.Errorf("the configuration has %+v", c.Jurisdictions)
	}
	name := c.Jurisdictions[0].Name
	h, err := host.Open(t.Context(), host.Folder(dir, name), name, host.Options{
		Registry: state.NewRegistry(), Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		return "", Error(dir, err)
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	got, err := h.Pin()
	return got.String(), err
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

// TestDirectoriesThatAreRefused checks the failure of each refused directory: of another format, in
// use by another process, of other content, put together from two, or absent.
func TestDirectoriesThatAreRefused(t *testing.T) {
	whole, _ := initDir(t)
	other, _ := initDir(t)
	for _, dir := range []string{whole, other} { // the first opening makes the first entry
		if _, err := opened(t, dir); err != nil {
			t.Fatal(err)
		}
	}
	taken := func(part string) func(string) error {
		return func(dir string) error {
			folder := filepath.Join("j", nanming.Name, part)
			err := os.RemoveAll(filepath.Join(dir, folder))
			copyTree(t, filepath.Join(other, folder), filepath.Join(dir, folder))
			return err
		}
	}
	for what, row := range map[string]struct {
		spoil func(dir string) error
		want  text.Code
	}{
		"a format to come":     {wrote(formatName, strconv.Itoa(FormatVersion+1)), text.DirNewer},
		"a format of no sense": {wrote(formatName, "two"), text.PartDamaged},
		"a format before":      {wrote(formatName, strconv.Itoa(FormatVersion-1)), text.DirOlder},
		"no format":            {func(dir string) error { return os.Remove(filepath.Join(dir, formatName)) }, text.PartMissing},
		"a key that is none":   {wrote(config.FileName, "colour: red\n"), text.ConfigWrongKey},
		"an empty config":      {wrote(config.FileName, ""), text.PartDamaged},
		"a config of comments": {wrote(config.FileName, "# version: 1\n"), text.PartDamaged},
		"no YAML":              {wrote(config.FileName, "version: ["), text.ConfigForm},
		"nothing":              {os.RemoveAll, text.DirAbsent},
		"another's keystore":   {taken(host.Keystore), text.KeystoreOther},
		"another's raft log":   {taken("wal"), text.PartOther},
		"another's keys":       {taken("certs"), text.PartOther},
	} {
		dir := filepath.Join(t.TempDir(), "data")
		copyTree(t, whole, dir)
		if err := row.spoil(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := opened(t, dir); text.AsFailure(err).Code != row.want {
			t.Errorf("%s: got %v, want %s", what, err, row.want)
		}
	}
	unlock, err := Lock(whole)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := opened(t, whole); text.AsFailure(err).Code != text.DirInUse {
		t.Errorf("another process's: got %v, want %s", err, text.DirInUse)
	}
	if err := unlock(); err != nil {
		t.Fatal(err)
	}
	checkEmpty(t, whole)
}

func wrote(name, content string) func(dir string) error {
	return func(dir string) error { return os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600) }
}

// checkEmpty checks where a jurisdiction may be made: in an empty or absent directory, or in an
// unfinished Init of the same jurisdiction.
func checkEmpty(t *testing.T, whole string) {
	t.Helper()
	begun := filepath.Join(t.TempDir(), "data")
	copyTree(t, filepath.Join(whole, "j"), filepath.Join(begun, "j"))
	for what, row := range map[string]struct {
		dir, name string
		want      text.Code
	}{
		"no directory":     {filepath.Join(t.TempDir(), "none"), nanming.Name, text.Internal},
		"an empty one":     {t.TempDir(), nanming.Name, text.Internal},
		"begun":            {begun, nanming.Name, text.Internal},
		"begun for others": {begun, "yunyan.guiyang.guizhou", text.DirUnfinished},
		"a whole one":      {whole, nanming.Name, text.DirOfNode},
	} {
		if err := CheckEmpty(row.dir, row.name); (err == nil) != (row.want == text.Internal) || err != nil && text.AsFailure(err).Code != row.want {
			t.Errorf("%s: got %v, want %s", what, err, row.want)
		}
	}
}

// TestInitTexts: a text that nobody can read, or that no configuration takes, is refused by the
// name of its flag before anything is made.
func TestInitTexts(t *testing.T) {
	for bad, want := range map[string]text.Code{"南\x1b[2J明": text.NotText, "\xc4\xcf\xc3\xf7": text.NotText, "南\uFFFD": text.NotText, "南明\ufe00": text.NameDisguised, "⽔": text.NameDisguised, strings.Repeat("x", 201): text.BadRequest} {
		for flag, set := range map[string]func(*InitOptions){
			"--display-name": func(o *InitOptions) { o.DisplayName = bad }, "--short-name": func(o *InitOptions) { o.ShortName = bad },
			"--code": func(o *InitOptions) { o.Code = bad },
		} {
			dir, o := filepath.Join(t.TempDir(), "new"), nanming
			set(&o)
			_, err := Init(dir, o)
			f, ok := errors.AsType[*text.Failure](err)
			if _, there := os.Lstat(dir); !ok || f.Code != want || f.Args["name"]+f.Args["where"] != flag || there == nil {
				t.Errorf("%s %q: %v", flag, bad, err)
			}
		}
	}
}
