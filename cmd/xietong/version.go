package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

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

func (a *app) versionCommand() *cobra.Command {
	return a.verb("version", text.CLIShortVersion, func(*cobra.Command, []string) error { return a.printVersion() })
}

func (a *app) printVersion() error {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	if a.jsonOnly {
		return printJSON(a.stdout, map[string]string{
			"version": programVersion(), "go": runtime.Version(), "platform": platform,
		})
	}
	_, err := fmt.Fprintln(a.stdout, "xietong", programVersion(), runtime.Version(), platform)
	return err
}
