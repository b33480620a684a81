package door

import (
	"context"
	"errors"
	"testing"

	"xietong/node/ground/text"
	"xietong/node/tree/treetest"
)

// TestLacked: whoever knocks hands the root a key set, also while it shows no more than its keys,
// and hears nothing of what came of it; a door that takes none refuses it.
func TestLacked(t *testing.T) {
	root := treetest.New(t, "guizhou")
	var alarms []text.Code
	w := wire{door: doorOf(root, &alarms)}
	code := func(err error) text.Code {
		f, _ := errors.AsType[*text.Failure](err)
		if f == nil {
			return ""
		}
		return f.Code
	}
	if err := TellLacked(t.Context(), w, []byte("set")); code(err) != text.BadRequest {
		t.Errorf("a door that takes none: got %v", err)
	}
	got := ""
	w.door.Lacked = func(_ context.Context, signed []byte) error { got = string(signed); return nil }
	w.door.Withheld = func(keys bool) error {
		if keys {
			return nil
		}
		return text.Fail(text.BeingVerified, text.Args{"jurisdiction": "guizhou"}, nil)
	}
	if err := TellLacked(t.Context(), w, []byte("set")); err != nil || got != "set" {
		t.Errorf("while it shows its keys: got %q, %v", got, err)
	}
}
