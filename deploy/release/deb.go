package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// nfpm makes the package. It is run, and no part of this module.
const nfpm = "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.43.4"

// debOf returns the package for Debian with the program for a machine, and its name. Its files are
// listed in deploy/deb/nfpm.yaml.
func debOf(machine, version string, program []byte, at time.Time) (name string, deb []byte, err error) {
	stage, err := os.MkdirTemp("", "xietong-release-*")
	if err != nil {
		return "", nil, err
	}
	defer os.RemoveAll(stage)
	licences, err := licencesOf()
	if err != nil {
		return "", nil, err
	}
	staged := map[string][]byte{"xietong": program, "licences": licences}
	if err := completions(staged, machine, program, stage); err != nil {
		return "", nil, err
	}
	for file, data := range staged {
		path := filepath.Join(stage, file)
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return "", nil, err
		}
		if err := os.Chtimes(path, at, at); err != nil {
			return "", nil, err
		}
	}
	version = debVersion(version, at)
	name = "xietong_" + version + "_" + machine + ".deb"
	c := exec.Command("go", "run", nfpm, "package", "--config", "deploy/deb/nfpm.yaml", "--packager", "deb", "--target", filepath.Join(stage, name))
	c.Env = slices.Concat(os.Environ(), []string{
		"STAGE=" + stage, "ARCH=" + machine, "VERSION=" + version, "SOURCE_DATE_EPOCH=" + fmt.Sprint(at.Unix()),
	})
	if said, err := c.CombinedOutput(); err != nil {
		return "", nil, fmt.Errorf("%s: %w\n%s", nfpm, err, said)
	}
	deb, err = os.ReadFile(filepath.Join(stage, name))
	return name, deb, err
}

// completions adds the scripts by which shells complete words, which are the same on every machine:
// the program makes them, or the one of this machine.
func completions(staged map[string][]byte, machine string, program []byte, folder string) error {
	if runtime.GOOS != "linux" || runtime.GOARCH != machine {
		here, err := build(runtime.GOOS, runtime.GOARCH, "")
		if err != nil {
			return err
		}
		program = here
	}
	path := filepath.Join(folder, "here")
	if err := os.WriteFile(path, program, 0o700); err != nil {
		return err
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		script, err := run(path, "completion", shell)
		if err != nil {
			return err
		}
		staged["xietong."+shell] = []byte(script + "\n")
	}
	return nil
}

// numbered is a version that begins with a number.
var numbered = regexp.MustCompile(`^v[0-9]`)

// debVersion returns a version as Debian orders them: a commit without a tag comes before every
// release, and after the commits before it.
func debVersion(version string, at time.Time) string {
	if numbered.MatchString(version) {
		return strings.ReplaceAll(version[1:], "-", "~")
	}
	return "0~" + fmt.Sprint(at.Unix()) + "." + strings.ReplaceAll(version, "-", ".")
}

// licencesOf returns the licences of the libraries that are in the program, one after the other.
func licencesOf() ([]byte, error) {
	listed, err := run("go", "list", "-deps", "-f", `{{with .Module}}{{if not .Main}}{{with .Replace}}{{.Path}} {{.Version}} {{.Dir}}{{else}}{{.Path}} {{.Version}} {{.Dir}}{{end}}{{end}}{{end}}`, "./cmd/xietong")
	if err != nil {
		return nil, err
	}
	modules := strings.Split(listed, "\n")
	slices.Sort(modules)
	var all bytes.Buffer
	for _, module := range slices.Compact(modules) {
		parts := strings.Fields(module)
		if len(parts) != 3 {
			continue // a package of the standard library has no module
		}
		found := 0
		for _, pattern := range []string{"LICEN[SC]E*", "COPYING*", "NOTICE*"} {
			files, err := filepath.Glob(filepath.Join(parts[2], pattern))
			if err != nil {
				return nil, err
			}
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil {
					return nil, err
				}
				fmt.Fprintf(&all, "== %s %s: %s\n\n%s\n\n", parts[0], parts[1], filepath.Base(file), bytes.TrimSpace(text))
				found++
			}
		}
		if found == 0 {
			return nil, fmt.Errorf("%s %s has no licence", parts[0], parts[1])
		}
	}
	return all.Bytes(), nil
}
