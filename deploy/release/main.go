// Command release makes the archives of a release: for every system one with the program, the
// licence, the READMEs, the pages that they link and the unit for systemd, and SHA256SUMS over
// all of them.
//
//	go run ./deploy/release -version v0.1.0 -o dist
//
//	dist/xietong-v0.1.0-linux-amd64.tar.gz
//	dist/xietong-v0.1.0-windows-amd64.zip
//	…
//	dist/SHA256SUMS
//
// With -deb, it also makes packages for Debian of those for Linux: deploy/deb says what is in them.
//
// The same commit gives the same bytes under the same version of Go: the programs are built without
// paths of this machine (-trimpath) and without cgo, and every time in an archive is that of the
// commit. So whoever builds a commit anew can compare the sums. A work tree that differs from its
// commit is refused. It signs nothing, uploads nothing, and makes no tag.
package main

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// targets are the systems that a release is made for. A node runs on Linux; on the others the
// program verifies what was copied there.
var targets = []string{"linux/amd64", "linux/arm64", "linux/loong64", "windows/amd64", "darwin/amd64", "darwin/arm64"}

// beside are the patterns of the files that go along with the program.
var beside = []string{"LICENSE", "*.md", "docs/*.md", "docs/zh/*.md", "deploy/systemd/*.service", "deploy/compose/*.yaml"}

func main() {
	version := flag.String("version", "", "the `VERSION` of the release (default the commit's tag, or its hash)")
	out := flag.String("o", "dist", "the `FOLDER` for the archives")
	only := flag.String("only", "", "build these `TARGETS` alone, such as linux/amd64,windows/amd64")
	deb := flag.Bool("deb", false, "make packages for Debian, too")
	flag.Parse()
	chosen := targets
	if *only != "" {
		chosen = strings.Split(*only, ",")
	}
	if err := release(*out, *version, chosen, *deb); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// release makes the archives and, if asked to, the packages, and their sums, in the folder out.
func release(out, version string, chosen []string, deb bool) error {
	c, err := commitHere()
	if err != nil {
		return err
	}
	version = cmp.Or(version, c.name)
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	sums := map[string]string{}
	for _, target := range chosen {
		if !slices.Contains(targets, target) {
			return fmt.Errorf("%s is none of %s", target, strings.Join(targets, ", "))
		}
		files, err := made(target, version, c.at, deb)
		if err != nil {
			return fmt.Errorf("%s: %w", target, err)
		}
		for _, f := range files {
			if err := os.WriteFile(filepath.Join(out, f.name), f.data, 0o644); err != nil {
				return err
			}
			sums[f.name] = fmt.Sprintf("%x", sha256.Sum256(f.data))
			fmt.Printf("%s  %s  %d bytes\n", sums[f.name], f.name, len(f.data))
		}
	}
	return os.WriteFile(filepath.Join(out, "SHA256SUMS"), sumsFile(sums), 0o644)
}

// commit is the commit that is released.
type commit struct {
	name string // its tag, or its hash
	at   time.Time
}

// commitHere returns the commit of the work tree, which must not differ from it.
func commitHere() (c commit, err error) {
	changed, err := run("git", "status", "--porcelain", "--untracked-files=no")
	if err == nil && changed != "" {
		err = errors.New("the work tree differs from its commit: commit or put away what changed\n" + changed)
	}
	if err != nil {
		return c, err
	}
	if c.name, err = run("git", "describe", "--tags", "--always"); err != nil {
		return c, err
	}
	seconds, err := run("git", "log", "-1", "--format=%ct")
	if err != nil {
		return c, err
	}
	unix, err := strconv.ParseInt(seconds, 10, 64)
	c.at = time.Unix(unix, 0).UTC()
	return c, err
}

// made builds the program for a target, and returns the archive and, if it is asked for and there
// is one, the package.
func made(target, version string, at time.Time, deb bool) (all []file, err error) {
	system, machine, _ := strings.Cut(target, "/")
	program, err := build(system, machine, version)
	if err != nil {
		return nil, err
	}
	name, archive, err := archiveOf(system, machine, version, program, at)
	if err != nil {
		return nil, err
	}
	all = append(all, file{name: name, data: archive})
	if deb && system == "linux" {
		name, packed, err := debOf(machine, version, program, at)
		if err != nil {
			return nil, err
		}
		all = append(all, file{name: name, data: packed})
	}
	return all, nil
}

// archiveOf returns the archive with the program for a target, and its name.
func archiveOf(system, machine, version string, program []byte, at time.Time) (name string, archive []byte, err error) {
	folder := strings.Join([]string{"xietong", version, system, machine}, "-")
	files := []file{{folder + "/" + programName(system), 0o755, program}}
	along, err := besides(folder)
	if err != nil {
		return "", nil, err
	}
	files = append(files, along...)
	if system == "windows" {
		archive, err = zipOf(files, at)
		return folder + ".zip", archive, err
	}
	archive, err = tarOf(files, at)
	return folder + ".tar.gz", archive, err
}

// besides reads what goes along with the program, in the order of the names.
func besides(folder string) (files []file, err error) {
	for _, pattern := range beside {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			return nil, fmt.Errorf("nothing is called %s: %w", pattern, cmp.Or(err, os.ErrNotExist))
		}
		for _, path := range paths {
			data, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			files = append(files, file{folder + "/" + filepath.ToSlash(path), 0o644, data})
		}
	}
	return files, nil
}

func programName(system string) string {
	if system == "windows" {
		return "xietong.exe"
	}
	return "xietong"
}

// build builds the program, and returns its bytes.
func build(system, machine, version string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "xietong-release-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, programName(system))
	c := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X main.version="+version, "-o", path, "./cmd/xietong")
	found, err := fetching()
	if err != nil {
		return nil, err
	}
	c.Env = slices.Concat(os.Environ(), found, environment(system, machine))
	if said, err := c.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w\n%s", err, said)
	}
	return os.ReadFile(path)
}

// fetching returns the variables by which the go command finds modules, as `go env -w` has them
// too: what it finds is held to the sums of go.sum.
func fetching() (all []string, err error) {
	names := []string{"GOPROXY", "GOSUMDB", "GOPRIVATE", "GOCACHE", "GOMODCACHE"}
	said, err := run("go", append([]string{"env"}, names...)...)
	if err != nil {
		return nil, err
	}
	for i, value := range strings.Split(said, "\n") {
		all = append(all, names[i]+"="+value)
	}
	return all, nil
}

// environment returns the variables on which the bytes of a program depend, so that those of this
// machine do not count. An empty one would be that of `go env -w`, whose file GOENV=off leaves out;
// the toolchain is the one that runs, which no other takes the place of.
func environment(system, machine string) []string {
	return []string{
		"GOOS=" + system, "GOARCH=" + machine, "GOAMD64=v1", "GOARM64=v8.0", "CGO_ENABLED=0", "GOENV=off", "GOTOOLCHAIN=local", "GOFLAGS=-buildvcs=auto", "GOEXPERIMENT=", "GOFIPS140=off", "GOWORK=off",
	}
}

// run returns what a command prints, without the end of the line.
func run(name string, args ...string) (string, error) {
	var said bytes.Buffer
	c := exec.Command(name, args...)
	c.Stderr = &said
	printed, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", c, err, &said)
	}
	return strings.TrimSpace(string(printed)), nil
}

// sumsFile returns the file that sha256sum -c reads.
func sumsFile(sums map[string]string) []byte {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		lines = append(lines, sums[name]+"  "+name+"\n")
	}
	return []byte(strings.Join(lines, ""))
}
