package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// inModule returns the path of a file or folder of the module.
func inModule(name string) (string, error) {
	path, err := filepath.Abs(name)
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		return "", fmt.Errorf("run it in the root of the module: %w", err)
	}
	return path, nil
}

// sooner is what a run of flips does not wait for: in each file, a time and a shorter one, or how
// many blocks of entries a file of old ones has, and fewer.
var sooner = map[string][][2]string{
	"consensus/state/mover.go":     {{"cmp.Or(s.options.FileBlocks, bundle.MaxBlocks)", "cmp.Or(s.options.FileBlocks, 1)"}},
	"consensus/state/fillmove.go":  {{"cmp.Or(f.config.FileBlocks, bundle.MaxBlocks)", "cmp.Or(f.config.FileBlocks, 1)"}},
	"node/ground/host/olddecay.go": {{"oldAgain  = time.Minute", "oldAgain  = 2 * time.Second"}},
	"node/ground/host/scrub.go":    {{"scrubFirst = time.Minute", "scrubFirst = 100 * time.Millisecond"}, {"scrubPause = 250 * time.Millisecond", "scrubPause = time.Millisecond"}},
	"node/ground/host/repair.go":   {{"mendLook  = 10 * time.Second", "mendLook  = 200 * time.Millisecond"}},
}

// scrubOverlay writes the overlay with which the program scrubs at once, and returns its path.
func scrubOverlay(folder string) (string, error) {
	replaced := map[string]string{}
	for name, all := range sooner {
		path, err := inModule(name)
		if err != nil {
			return "", err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return "", err
		}
		changed := string(source)
		for _, one := range all {
			if strings.Count(changed, one[0]) != 1 {
				return "", fmt.Errorf("%s does not say %q", name, one[0])
			}
			changed = strings.Replace(changed, one[0], one[1], 1)
		}
		replaced[path] = filepath.Join(folder, filepath.Base(name))
		if err := os.WriteFile(replaced[path], []byte(changed), 0o600); err != nil {
			return "", err
		}
	}
	overlay := filepath.Join(folder, "overlay.json")
	data, err := json.Marshal(map[string]map[string]string{"Replace": replaced})
	return overlay, errors.Join(err, os.WriteFile(overlay, data, 0o600))
}
