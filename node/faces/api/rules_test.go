package api

import (
	"testing"

	"xietong/certs/identity"
	"xietong/node/business/catalog"
	"xietong/node/faces/client"
)

// TestRulesOf: whether grants by rule are given again is told as it is, and not of what is shared
// on conditions, held or withdrawn.
func TestRulesOf(t *testing.T) {
	lost := must(identity.ParseEntry("guizhou/log/1/3"))
	for want, p := range map[string]catalog.Published{
		client.RulesGiven:     {Entry: catalog.Entry{Category: client.Unconditional}},
		client.Conditional:    {Entry: catalog.Entry{Category: client.Conditional}, RulesHeld: true},
		client.NotShared:      {Entry: catalog.Entry{Category: client.NotShared}},
		client.RulesHeld:      {Entry: catalog.Entry{Category: client.Unconditional}, RulesHeld: true},
		client.DatasetHeld:    {Entry: catalog.Entry{Category: client.Unconditional}, Withdrawn: &catalog.Ending{Lost: lost}},
		client.RulesWithdrawn: {Entry: catalog.Entry{Category: client.Unconditional}, Withdrawn: &catalog.Ending{}},
	} {
		if got := rulesOf(p); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
