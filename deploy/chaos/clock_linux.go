package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// The clock of a process can be moved where the program was built with another time.Now, which only
// the compiler sees: the program itself has no switch for it, and Linux has no clock of its own for
// a process. A file beside the data directory says by how many seconds it is wrong.
const (
	readsClock = "\tsec, nsec, mono := runtimeNow()\n"
	wrongClock = readsClock + "\tsec += chaosOffset\n"
	clockVar   = "\nvar chaosOffset int64\n\n// ChaosOffset sets by how many seconds the clock is wrong.\nfunc ChaosOffset(by int64) { chaosOffset = by }\n"
	clockFile  = `package main

import (
	"os"
	"strconv"
	"time"
)

func init() {
	go func() {
		for ; ; time.Sleep(50 * time.Millisecond) {
			data, _ := os.ReadFile(os.Getenv("` + clockName + `"))
			by, _ := strconv.ParseInt(string(data), 10, 64)
			time.ChaosOffset(by)
		}
	}()
}
`
	clockName = "XIETONG_CHAOS_CLOCK"
)

// clockOverlay writes the overlay with which the program is built, and returns its path.
func clockOverlay(folder string) (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT: %w", err)
	}
	original := filepath.Join(strings.TrimSpace(string(root)), "src", "time", "time.go")
	source, err := os.ReadFile(original)
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(source), readsClock); n < 1 {
		return "", fmt.Errorf("%s reads the clock in another way", original)
	}
	module, err := inModule("cmd/xietong")
	if err != nil {
		return "", err
	}
	wrong, watcher, overlay := filepath.Join(folder, "time.go"), filepath.Join(folder, "clock.go"), filepath.Join(folder, "overlay.json")
	replaced, err := json.Marshal(map[string]map[string]string{"Replace": {
		original: wrong, filepath.Join(module, "chaos_clock.go"): watcher,
	}})
	if err != nil {
		return "", err
	}
	return overlay, errors.Join(
		os.WriteFile(wrong, []byte(strings.ReplaceAll(string(source), readsClock, wrongClock)+clockVar), 0o600),
		os.WriteFile(watcher, []byte(clockFile), 0o600),
		os.WriteFile(overlay, replaced, 0o600),
	)
}
