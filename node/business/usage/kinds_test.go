package usage

import (
	"strings"
	"testing"

	"xietong/consensus/ledger"
	"xietong/node/ground/text"
)

// TestKindsAreCalled: every kind of entry is found by its name in both languages, and no two share
// one.
func TestKindsAreCalled(t *testing.T) {
	for k := ledger.Kind(1); k < mostKinds; k++ {
		name := k.String()
		if len(name) > 0 && name[0] >= '0' && name[0] <= '9' || strings.Contains(name, "(") { // there is no such kind
			continue
		}
		for _, typed := range []string{name, strings.ToUpper(name), text.Word(text.Zh, name)} {
			if got, err := kindNamed(typed); err != nil || got != k {
				t.Errorf("%s: got %v, %v, want %v", typed, got, err, k)
			}
		}
	}
}
