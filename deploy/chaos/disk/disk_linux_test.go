package disk

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// mounted returns a disk and where it is mounted.
func mounted(t *testing.T) (*Disk, string) {
	t.Helper()
	if err := Possible(); err != nil {
		if os.Getenv("CI") == "true" && os.Geteuid() == 0 {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	d, folder := New(), t.TempDir()
	if err := d.Mount(folder); err != nil {
		t.Fatal(err)
	}
	poll(t, folder)
	t.Cleanup(func() {
		if err := d.Unmount(); err != nil {
			t.Error(err)
		}
	})
	return d, folder
}

// poll has the kernel learn that files are not polled. Opening a file in the process that serves it
// would else wait for an answer where the runtime does not expect it.
func poll(t *testing.T, folder string) {
	t.Helper()
	path := filepath.Join(folder, "polled")
	file, err := unix.Open(path, unix.O_CREAT|unix.O_RDWR, 0o600)
	must(t, err)
	_, err = unix.Poll([]unix.PollFd{{Fd: int32(file), Events: unix.POLLIN}}, 0)
	must(t, err, unix.Close(file), unix.Unlink(path))
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// syncAt syncs a file or a folder.
func syncAt(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	must(t, err)
	must(t, f.Sync(), f.Close())
}

// TestCutKeepsWhatWasSynced has files in every state at a power cut.
func TestCutKeepsWhatWasSynced(t *testing.T) {
	for _, loss := range []Loss{All, Torn, None} {
		t.Run(loss.String(), func(t *testing.T) {
			d, folder := mounted(t)
			at := func(name string) string { return filepath.Join(folder, name) }
			old, fresh := bytes.Repeat([]byte("o"), 20_000), bytes.Repeat([]byte("n"), 20_000)
			must(t, os.Mkdir(at("kept"), 0o700), os.WriteFile(at("kept/synced"), old, 0o600))
			must(t, os.WriteFile(at("kept/written"), old, 0o600), os.WriteFile(at("kept/moved"), old, 0o600))
			for _, name := range []string{"kept/synced", "kept/written", "kept/moved", "kept", "."} {
				syncAt(t, at(name))
			}
			must(t, os.WriteFile(at("kept/new"), old, 0o600))
			syncAt(t, at("kept/new")) // and not its folder
			must(t, os.Rename(at("kept/moved"), at("kept/elsewhere")))
			f, err := os.OpenFile(at("kept/written"), os.O_RDWR, 0)
			must(t, err)
			_, err = f.WriteAt(fresh, 0)
			must(t, err, f.Close())

			cut(t, d, folder, loss)
			got, err := os.ReadFile(at("kept/synced"))
			if err != nil || !bytes.Equal(got, old) {
				t.Errorf("what was synced: %d bytes, %v", len(got), err)
			}
			names, written := namesOf(t, at("kept")), readFile(t, at("kept/written"))
			if len(written) != len(old) {
				t.Errorf("what was written over has %d bytes", len(written))
			}
			switch n := bytes.Count(written, []byte("n")); {
			case loss == All && (n > 0 || !slices.Equal(names, []string{"moved", "synced", "written"})):
				t.Errorf("after all was lost: %d new bytes, %q", n, names)
			case loss == None && (n < len(fresh) || !slices.Equal(names, []string{"elsewhere", "new", "synced", "written"})):
				t.Errorf("after nothing was lost: %d new bytes, %q", n, names)
			case slices.Contains(names, "moved") == slices.Contains(names, "elsewhere"):
				t.Errorf("half a rename: %q", names)
			}
		})
	}
}

func namesOf(t *testing.T, folder string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	must(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

// TestTornBySectors: over many cuts, a write that was not synced is kept in part, by whole sectors.
func TestTornBySectors(t *testing.T) {
	parts := 0
	for seed := range uint64(20) {
		c := newContent()
		r := rand.New(rand.NewPCG(seed, 0))
		n := &inode{synced: c, pending: []change{{at: 100, data: bytes.Repeat([]byte("n"), 4*sectorLen)}}}
		n.lose(Torn, r)
		got := n.synced.read(0, 8*sectorLen)
		for at := 0; at+sectorLen <= len(got); at += sectorLen {
			k := bytes.Count(got[max(at, 100):at+sectorLen], []byte("n"))
			if k != 0 && k != at+sectorLen-max(at, 100) {
				t.Fatalf("seed %d: %d bytes of the sector at %d", seed, k, at)
			}
		}
		if k := bytes.Count(got, []byte("n")); k > 0 && k < 4*sectorLen {
			parts++
		}
	}
	if parts == 0 {
		t.Error("no write was torn")
	}
}

// cut makes a power cut of a seed.
func cut(t *testing.T, d *Disk, folder string, loss Loss) {
	t.Helper()
	_, err := d.Cut(loss, rand.New(rand.NewPCG(1, 2)))
	must(t, err)
	poll(t, folder)
}

// mapped is the file that the process of TestMapShowsWrites maps: a page that is not there yet is
// read from the disk, which must not be in the same process.
const mapped = "XIETONG_CHAOS_MAPPED"

// TestMapShowsWrites: bbolt reads a map of its file, and writes to the file.
func TestMapShowsWrites(t *testing.T) {
	path := os.Getenv(mapped)
	if path == "" {
		_, folder := mounted(t)
		child := exec.Command(os.Args[0], "-test.run", "^TestMapShowsWrites$")
		child.Env = append(os.Environ(), mapped+"="+filepath.Join(folder, "state"))
		if out, err := child.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return
	}
	f, err := os.Create(path)
	must(t, err, f.Truncate(8192))
	defer f.Close()
	seen, err := syscall.Mmap(int(f.Fd()), 0, 8192, syscall.PROT_READ, syscall.MAP_SHARED)
	must(t, err)
	defer syscall.Munmap(seen)
	for _, want := range []byte{'a', 'b'} {
		if _, err := f.WriteAt([]byte{want}, 5000); err != nil || seen[5000] != want {
			t.Fatalf("the map shows %q, want %q: %v", seen[5000], want, err)
		}
	}
}

// TestFaults: each step can fail undone, fail done, lie and wait.
func TestFaults(t *testing.T) {
	d, folder := mounted(t)
	path := filepath.Join(folder, "f")
	must(t, os.WriteFile(path, []byte("old"), 0o600))
	syncAt(t, path)
	syncAt(t, folder)
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	must(t, err)
	defer f.Close()

	d.Have(&Fault{Ops: []Op{OpWrite}, Match: "f", Err: syscall.ENOSPC, Times: 1})
	if _, err := f.WriteAt([]byte("new"), 0); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a write on a full disk: %v", err)
	}
	if got := readFile(t, path); string(got) != "old" {
		t.Errorf("it left %q", got)
	}
	d.Have(&Fault{Ops: []Op{OpRename}, Err: syscall.EIO, After: true})
	if err := os.Rename(path, path+"2"); !errors.Is(err, syscall.EIO) {
		t.Errorf("a rename that is done and reported as failed: %v", err)
	}
	if _, err := os.Stat(path + "2"); err != nil {
		t.Errorf("it is not done: %v", err)
	}
	d.Have(&Fault{Ops: []Op{OpSync}, Lie: true}, &Fault{Ops: []Op{OpRead}, Slow: time.Millisecond})
	_, err = f.WriteAt([]byte("new"), 0)
	must(t, err, f.Sync())
	cut(t, d, folder, All)
	if got := readFile(t, path); string(got) != "old" {
		t.Errorf("after a lie: %q", got)
	}
}
