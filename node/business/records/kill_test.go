package records

import (
	"bytes"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"xietong/consensus/group"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/host"
)

// kills is the number of kills in TestKillImport; 0: 100, or 8 with -short.
var kills = flag.Int("kills", 0, "how often TestKillImport kills a node")

const (
	childEnv     = "XIETONG_TEST_CHILD"
	importRows   = 2500 // of each file: several commands
	killFiles    = 2
	killWithin   = 400 * time.Millisecond
	killsPerDir  = 25
	killsPerLook = 5
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		child(dir)
	}
	os.Exit(m.Run())
}

// openDesk opens the jurisdiction in dir, and first makes the parts of it that are missing.
func openDesk(dir string, settings func(*group.Config)) (*host.Host, *Desk, error) {
	if _, err := host.Create(dir, nanming, time.Now(), 1); err != nil {
		return nil, nil, err
	}
	h, err := host.Open(context.Background(), dir, nanming, host.Options{
		Registry: commands(), Logger: slog.New(slog.DiscardHandler), Now: time.Now, Group: settings,
	})
	if err != nil {
		return nil, nil, err
	}
	return h, NewDesk(h), publish(h)
}

// file is the n-th file to import: keys 2nnnnnrrrrrr.
func file(n int) ([]byte, File) {
	var b bytes.Buffer
	b.WriteString("code,name,township\n")
	for row := range importRows {
		fmt.Fprintf(&b, "2%05d%06d,村%d-%d,520102%03d\n", n, row, n, row, row%100)
	}
	return b.Bytes(), File{Reading: asCSV, Hash: sha256.Sum256(b.Bytes()), Rows: importRows, Good: importRows}
}

// child imports files and puts records until it is killed. It writes a line to standard output for
// each import and each put that was acknowledged.
func child(dir string) {
	_, desk, err := openDesk(dir, (*group.Config).Restless)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var out sync.Mutex
	say := func(line string) {
		out.Lock()
		defer out.Unlock()
		os.Stdout.WriteString(line + "\n")
	}
	go func() {
		for i := 0; ; i++ {
			key := fmt.Sprintf("1%06d%05d", os.Getpid()%1_000_000, i)
			record := fmt.Sprintf(`{"code":"%s","name":"%s"}`, key, key)
			if _, err := desk.Put(context.Background(), newID(), civil, code, []byte(record)); err == nil {
				say("put " + key)
			}
		}
	}()
	for n := 0; ; n++ {
		data, f := file(n % killFiles) // each again and again
		if _, err := desk.Load(context.Background(), newID(), civil, code, f, bytes.NewReader(data), nil); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		say(fmt.Sprintf("import %d", n%killFiles))
	}
}

// runAndKill runs the child, waits until it has written a line of the kind, "" for none, kills it
// after a while, and returns the lines that it wrote.
func runAndKill(t *testing.T, dir, kind string, after time.Duration) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	out := heard{enough: make(chan struct{}), is: func(text string) bool { return strings.Contains(text, kind+" ") }}
	var errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if kind != "" {
		out.await(t)
	}
	time.Sleep(after) // the moment of the kill is the test
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // killed
	if errs.Len() > 0 {
		t.Fatalf("the child failed: %s", errs.String())
	}
	lines := strings.Split(out.text.String(), "\n")
	return lines[:len(lines)-1] // the text after the last newline was still being written
}

// TestKillImport kills a node at random moments of imports and puts, start-up, snapshots and log
// truncation included. After each kill the ledger is verified from its leaves; now and then the
// node is opened: every record and import that was acknowledged is there, and every import is
// visible whole or not at all. Every other kill comes after something was acknowledged.
func TestKillImport(t *testing.T) {
	rounds := *kills
	if rounds == 0 {
		rounds = 100
		if testing.Short() {
			rounds = 8
		}
	}
	var dir string
	var acked map[string]bool
	puts, imports, after := 0, 0, []string{"", "import", "", "put"}
	for round := range rounds {
		if round%killsPerDir == 0 {
			dir, acked = filepath.Join(t.TempDir(), "j"), map[string]bool{}
		}
		for _, line := range runAndKill(t, dir, after[round%len(after)], rand.N(killWithin)) {
			if !acked[line] && strings.HasPrefix(line, "import") {
				imports++
			} else if !acked[line] {
				puts++
			}
			acked[line] = true
		}
		path := filepath.Join(dir, "state.db")
		if _, err := os.Stat(path); err != nil {
			continue // killed before it was made; nothing was acknowledged, or the next look finds out
		}
		if _, err := state.Verify(t.Context(), path, nil); err != nil {
			t.Fatalf("kill %d: %v", round, err)
		}
		if round%killsPerLook == killsPerLook-1 || round == rounds-1 {
			look(t, dir, acked)
		}
		if t.Failed() {
			t.Fatalf("after kill %d", round)
		}
	}
	if dirs := (rounds + killsPerDir - 1) / killsPerDir; puts < rounds/len(after) || imports < dirs {
		t.Errorf("%d records and %d imports acknowledged in %d kills and %d directories: nothing much could be lost", puts, imports, rounds, dirs)
	}
	t.Logf("%d kills; %d records and %d imports of %d rows acknowledged, none lost", rounds, puts, imports, importRows)
}

// look opens the jurisdiction and checks that everything acknowledged is there.
func look(t *testing.T, dir string, acked map[string]bool) {
	t.Helper()
	h, desk, err := openDesk(dir, (*group.Config).Restless)
	if err != nil {
		t.Fatal(err)
	}
	visible, perImport := map[MAC]bool{}, map[ledger.Ref]int{}
	err = h.View(t.Context(), func(r *state.Reader) error {
		newView(r).all(code, nil, onward, func(f found) bool {
			visible[f.key] = true
			if f.Import != ledger.None {
				perImport[f.Import]++
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for opened, n := range perImport {
		if n != importRows {
			t.Errorf("import %d: %d of %d rows are visible", opened-1, n, importRows)
		}
	}
	for line := range acked {
		kind, what, _ := strings.Cut(line, " ")
		key := what
		if kind == "import" {
			var n int
			fmt.Sscan(what, &n)
			key = fmt.Sprintf("2%05d%06d", n, rand.N(importRows))
		}
		if !visible[desk.keyMAC(code, []byte(`"`+key+`"`))] {
			t.Errorf("%s was acknowledged and is lost", line)
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}

// heard keeps what a child writes, and closes enough once that is enough.
type heard struct {
	mu     sync.Mutex
	text   bytes.Buffer
	is     func(text string) bool
	enough chan struct{}
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text.Write(p)
	if h.is != nil && h.is(h.text.String()) {
		close(h.enough)
		h.is = nil
	}
	return len(p), nil
}

// startWithin is how long a child may take to be heard, on the slowest of machines.
const startWithin = 2 * time.Minute

// await waits until enough was heard.
func (h *heard) await(t *testing.T) {
	t.Helper()
	select {
	case <-h.enough:
	case <-time.After(startWithin):
		t.Error("the child was not heard")
	}
}
