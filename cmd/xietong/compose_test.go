package main

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// TestCompose: the compose file has a service, with a volume of its own for its data, for each that
// the pages name; what they run in it is a command; and it starts one.
func TestCompose(t *testing.T) {
	data, err := os.ReadFile("../../deploy/compose/compose.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Services map[string]struct {
			Volumes     []string `yaml:"volumes"`
			Healthcheck struct {
				Test []string `yaml:"test"`
			} `yaml:"healthcheck"`
		} `yaml:"services"`
		Volumes map[string]any `yaml:"volumes"`
	}
	if err := yaml.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	for name, s := range file.Services {
		if _, there := file.Volumes[name]; !there || !slices.Contains(s.Volumes, name+":/data") {
			t.Errorf("%s has no volume for its data: %v", name, s.Volumes)
		}
		check, found := strings.CutPrefix(strings.Join(s.Healthcheck.Test, " "), "CMD xietong ")
		if err := parses(t, shownCommand{line: check, whole: true}); !found || err != nil {
			t.Errorf("%s is checked by %v: %v", name, s.Healthcheck.Test, err)
		}
	}
	line := regexp.MustCompile(`docker compose (?:run --rm|exec)(?: -T)? (\S+) ([^|\n]+)`)
	for _, page := range []string{"../../docs/operating.md", "../../docs/zh/operating.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		all := line.FindAllStringSubmatch(string(text), -1)
		for _, m := range all {
			if _, there := file.Services[m[1]]; !there {
				t.Errorf("%s: no service %s", page, m[1])
			}
			command := strings.TrimPrefix(strings.TrimSpace(m[2]), "xietong ")
			if err := parses(t, shownCommand{line: command, whole: true}); err != nil {
				t.Errorf("%s: %q: %v", page, command, err)
			}
		}
		if len(all) < 9 {
			t.Errorf("%s: only %d commands", page, len(all))
		}
	}
}
