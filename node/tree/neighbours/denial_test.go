package neighbours

import (
	"slices"
	"strings"
	"testing"

	"xietong/node/ground/text"
)

// TestDenialIsOfTheParent (A53): a parent denies with a problem whose values name others and hold
// commands. What is kept, and told as an alarm, is of this jurisdiction and of the parent alone.
func TestDenialIsOfTheParent(t *testing.T) {
	c := newParty(t, "nanming.guiyang.guizhou", newClock())
	parent := name(t, "guiyang.guizhou")
	const bait = "xietong keys revoke --yes"
	for _, code := range denials {
		values := text.Values(code, text.Args{})
		for i := range values {
			values[i] = bait
		}
		got := c.upkeep.denial(parent, &text.Failure{Code: code, Args: text.Named(code, values)})
		if told := text.Explain(text.En, code, text.Named(code, got)); strings.Contains(told.What+told.Where+told.Do, bait) {
			t.Errorf("%s: told as %+v", code, told)
		}
	}
	other := text.Args{"name": "x.guizhou", "jurisdiction": "guizhou", "entry": "guizhou/log/1/7"}
	want := []string{"nanming.guiyang.guizhou", "guiyang.guizhou", "–"}
	if got := c.upkeep.denial(parent, &text.Failure{Code: text.EndorsementWithdrawn, Args: other}); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	other["entry"] = "guiyang.guizhou/log/1/7"
	want[2] = other["entry"]
	if got := c.upkeep.denial(parent, &text.Failure{Code: text.EndorsementWithdrawn, Args: other}); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
