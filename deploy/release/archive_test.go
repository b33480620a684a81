package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"
)

var (
	some = []file{{"x/xietong", 0o755, bytes.Repeat([]byte("program"), 1000)}, {"x/README.zh-CN.md", 0o644, []byte("协同\n")}}
	then = time.Date(2026, 11, 28, 9, 30, 12, 0, time.UTC)
)

// TestArchivesAreTheSame: the same files give the same bytes, whenever and in whichever zone they
// are packed.
func TestArchivesAreTheSame(t *testing.T) {
	for name, pack := range map[string]func([]file, time.Time) ([]byte, error){"tar": tarOf, "zip": zipOf} {
		first, err := pack(some, then)
		if err != nil {
			t.Fatal(err)
		}
		again, err := pack(some, time.Unix(then.Unix(), 0).UTC())
		if err != nil || !bytes.Equal(first, again) {
			t.Errorf("%s: the same files gave other bytes, %v", name, err)
		}
	}
}

// TestArchivesAreWhole reads the archives again.
func TestArchivesAreWhole(t *testing.T) {
	packed, err := tarOf(some, then)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	r := tar.NewReader(z)
	for _, want := range some {
		h, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil || h.Name != want.name || h.FileInfo().Mode() != want.mode || !bytes.Equal(data, want.data) || !h.ModTime.Equal(then) || h.Uid != 0 {
			t.Errorf("tar: got %+v with %d bytes, %v, want %s", h, len(data), err, want.name)
		}
	}
	if _, err := r.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("tar: after the last file: got %v", err)
	}
	packed, err = zipOf(some, then)
	if err != nil {
		t.Fatal(err)
	}
	files, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil || len(files.File) != len(some) {
		t.Fatalf("zip: got %+v, %v", files, err)
	}
	for i, f := range files.File {
		from, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(from)
		if err != nil || f.Name != some[i].name || f.Mode() != some[i].mode || !bytes.Equal(data, some[i].data) || !f.Modified.Equal(then) {
			t.Errorf("zip: got %+v with %d bytes, %v, want %s", f.FileHeader, len(data), err, some[i].name)
		}
	}
}

// TestSums: sha256sum -c reads the sums.
func TestSums(t *testing.T) {
	if got, want := string(sumsFile(map[string]string{"b": "02", "a": "01"})), "01  a\n02  b\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestDebVersions: a package of a later commit or release is a newer one.
func TestDebVersions(t *testing.T) {
	versions := []string{debVersion("1a2b3c4", then), debVersion("0f2b3c4", then.Add(time.Second)), debVersion("v0.1.0-rc.1", then), debVersion("v0.1.0", then), debVersion("v0.10.0", then)}
	for i, want := range []string{"0~1795858212.1a2b3c4", "0~1795858213.0f2b3c4", "0.1.0~rc.1", "0.1.0", "0.10.0"} {
		if versions[i] != want {
			t.Errorf("got %s, want %s", versions[i], want)
		}
		if _, err := exec.LookPath("dpkg"); err != nil || i == 0 {
			continue
		}
		if out, err := exec.CommandContext(t.Context(), "dpkg", "--compare-versions", versions[i-1], "lt", versions[i]).CombinedOutput(); err != nil {
			t.Errorf("%s is not before %s: %v %s", versions[i-1], versions[i], err, out)
		}
	}
}

// TestPackagedFilesAreThere: what the package takes from the repository is in it.
func TestPackagedFilesAreThere(t *testing.T) {
	t.Chdir("../..")
	listed, err := os.ReadFile("deploy/deb/nfpm.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(?:src|postinstall|preremove|postremove|templates): (LICENSE|deploy/[^,\n]+)`).FindAllStringSubmatch(string(listed), -1)
	for _, path := range found {
		if _, err := os.Stat(path[1]); err != nil {
			t.Error(err)
		}
	}
	if len(found) < 9 {
		t.Errorf("only %d files of the repository are listed", len(found))
	}
	licences, err := licencesOf()
	if err != nil || !bytes.Contains(licences, []byte("== github.com/hashicorp/raft v")) {
		t.Errorf("%d bytes of licences, %v", len(licences), err)
	}
}

// TestBesideIsThere: what goes along with the program is in the repository, with all that its pages
// for people link.
func TestBesideIsThere(t *testing.T) {
	t.Chdir("../..")
	files, err := besides("x")
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"x/README.md", "x/LICENSE", "x/docs/operating.md", "x/docs/zh/clerk.md", "x/deploy/systemd/xietong.service"} {
		if !slices.ContainsFunc(files, func(f file) bool { return f.name == want }) {
			t.Errorf("no %s", want)
		}
	}
}

// TestProgramsAreTheSame: what the go command builds for a release depends on no variable of the
// machine. It says so itself: each that it puts into the program is one that is set.
func TestProgramsAreTheSame(t *testing.T) {
	for _, p := range [][2]string{{"linux", "amd64"}, {"linux", "arm64"}, {"windows", "amd64"}} {
		var want string
		kept := filepath.Join(t.TempDir(), "env") // of `go env -w`
		if err := os.WriteFile(kept, []byte("GOEXPERIMENT=jsonv2\nGOTOOLCHAIN=go1.99.1\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, machine := range [][]string{nil, {"GOENV=" + kept}, {"GOTOOLCHAIN=go1.99.1"}, {"GOAMD64=v3", "GOARM64=v9.0", "CGO_ENABLED=1", "GOFLAGS=-race", "GOEXPERIMENT=rangefunc", "GOFIPS140=latest"}} {
			c := exec.Command("go", "env", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "CGO_ENABLED", "GOFLAGS", "GOEXPERIMENT", "GOFIPS140", "GOWORK", "GOTOOLCHAIN")
			c.Env = slices.Concat(os.Environ(), machine, environment(p[0], p[1]))
			said, err := c.CombinedOutput()
			if err != nil {
				t.Fatal(err, string(said))
			}
			if want == "" {
				want = string(said)
			}
			if string(said) != want {
				t.Errorf("%v: got %q, want %q", p, said, want)
			}
		}
	}
}
