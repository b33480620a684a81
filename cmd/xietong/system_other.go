//go:build !linux

package main

import (
	"errors"
	"os"
	"syscall"
)

// nodesRun says that no node runs on this system: what is verified here was copied here.
const nodesRun = false

// No node is started here.
func ownSession() *syscall.SysProcAttr { return nil }
func keepSecrets()                     {}
func closeOnExec(int)                  {}
func sameFile(f, to *os.File) error    { return errors.ErrUnsupported }

// Such systems have no files without a name.
func openNameless(string, string) (*os.File, error) { return nil, errors.ErrUnsupported }
func nameNameless(*os.File) error                   { return errors.ErrUnsupported }
