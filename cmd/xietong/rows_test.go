package main

import (
	"slices"
	"testing"

	"xietong/node/faces/client"
)

// TestColumnsOnce: a field that is asked for twice is one column, where it stands first.
func TestColumnsOnce(t *testing.T) {
	if got, want := columnsOf(&client.Answer{}, []string{"name", "code", "name"}), []string{"name", "code"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
