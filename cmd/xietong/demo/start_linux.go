package demo

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
)

// starts is the thread that starts processes. The system ends them when the thread that started
// them ends, so it lives as long as this process.
var starts = sync.OnceValue(func() chan<- func() {
	all := make(chan func())
	go func() {
		runtime.LockOSThread()
		for start := range all {
			start()
		}
	}()
	return all
})

// startBound starts a process that ends with this one, however that ends. It is of a group of its
// own: what a terminal sends to all of its processes is for the demo, which ends its nodes in
// order.
func startBound(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	started := make(chan error)
	starts() <- func() { started <- cmd.Start() }
	return <-started
}
