package api

import (
	"testing"

	"xietong/node/ground/text"
)

// TestMissingForWhom (G40): a member is missing because of the one above it that is named as such,
// and not because of who does not believe its keys, or who asks.
func TestMissingForWhom(t *testing.T) {
	for what, row := range map[string]struct {
		args text.Args
		want string
	}{
		"not there":                     {text.Args{"jurisdiction": "north.bor", "by": "bor"}, "north.bor"},
		"not believed by who asks":      {text.Args{"name": "szohod.north.bor", "jurisdiction": "bor"}, "szohod.north.bor"},
		"no grant by rule for who asks": {text.Args{"name": "szohod.north.bor", "jurisdiction": "bor", "dataset": "beds"}, "szohod.north.bor"},
		"a name that is no place":       {text.Args{"name": "…", "jurisdiction": "north.bor"}, "north.bor"},
	} {
		if got := missingFor(row.args); got != row.want {
			t.Errorf("%s: got %q, want %q", what, got, row.want)
		}
	}
}
