//go:build !linux

package demo

import "os/exec"

// startBound starts a process. No node runs on this system.
func startBound(cmd *exec.Cmd) error { return cmd.Start() }
