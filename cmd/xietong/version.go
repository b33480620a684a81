package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"

	"xietong/node/ground/text"
)

// version is set by the release build (-ldflags "-X main.version=v1.2.3").
var version string

// programVersion returns the version of the program: the release, or else the commit of the build.
func programVersion() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value
		}
	}
	return "devel"
}

// programBuild is what is known of the build of the program.
type programBuild struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`   // of the source; absent: it was built outside a repository
	Date     string `json:"date,omitempty"`     // of the commit, RFC 3339
	Modified bool   `json:"modified,omitempty"` // the source differed from the commit
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

func thisBuild() programBuild {
	b := programBuild{Version: programVersion(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return b
	}
	for _, setting := range info.Settings {
		switch setting.Key {
		case "vcs.revision":
			b.Commit = setting.Value
		case "vcs.time":
			b.Date = setting.Value
		case "vcs.modified":
			b.Modified = setting.Value == "true"
		}
	}
	return b
}

// line returns the build as one line; scripts take the second word as the version.
func (b programBuild) line() string {
	words := []string{"xietong", b.Version, b.Go, b.Platform}
	if b.Commit != "" {
		words = append(words, b.Commit, b.Date)
	}
	if b.Modified {
		words = append(words, "+modified")
	}
	return strings.Join(words, " ")
}

func (a *app) versionCommand() *cobra.Command {
	return a.verb("version", text.CLIShortVersion, func(*cobra.Command, []string) error { return a.printVersion() })
}

func (a *app) printVersion() error {
	b := thisBuild()
	if a.jsonOnly {
		return printJSON(a.stdout, b)
	}
	_, err := fmt.Fprintln(a.stdout, b.line())
	return err
}
