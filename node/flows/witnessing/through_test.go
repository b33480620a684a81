package witnessing

import (
	"testing"

	"xietong/node/tree/treetest"
)

// TestOfWhom (C48): who asks for the heads of another ledger is above it.
func TestOfWhom(t *testing.T) {
	city := treetest.Name(t, "guiyang.guizhou")
	for of, want := range map[string]string{
		"":                              "guiyang.guizhou",
		"nanming.guiyang.guizhou":       "nanming.guiyang.guizhou",
		"huaxi.nanming.guiyang.guizhou": "huaxi.nanming.guiyang.guizhou",
		"guiyang.guizhou":               "",
		"guizhou":                       "",
		"zunyi.guizhou":                 "",
		"nanming.zunyi.guizhou":         "",
		"xguiyang.guizhou":              "",
	} {
		got, err := ofWhom{of}.of(city)
		if (err == nil) != (want != "") || err == nil && got.String() != want {
			t.Errorf("of %q: got %s, %v, want %q", of, got, err, want)
		}
	}
}
