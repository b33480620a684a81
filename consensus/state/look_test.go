package state

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
)

// TestLookNamesTheFile has a file of old entries be missing, or damaged, of a state that is looked
// at and verified without a node: it is named, and state.db is not blamed.
func TestLookNamesTheFile(t *testing.T) {
	for _, missing := range []bool{true, false} {
		x := newTwins(t, 1)
		x.grow(1300)
		x.moveAll()
		if err := x.Close(); err != nil {
			t.Fatal(err)
		}
		all := x.files()
		hurt := all[0]
		last := copyOf(t, all[2])
		last[len(last)-1] ^= 1
		putBack(t, last, all[2]) // which is not met before the first
		if missing {
			if err := os.Remove(hurt); err != nil {
				t.Fatal(err)
			}
		} else {
			putBack(t, copyOf(t, hurt)[:5000], hurt)
		}
		err := Look(x.path, func(r *Reader) error { _, err := r.ProvenLeaf(0); return err })
		_, verifyErr := Verify(t.Context(), x.path, nil)
		for what, err := range map[string]error{"look": err, "verify": verifyErr} {
			damage, ok := errors.AsType[*DamageError](err)
			if !ok || damage.File != hurt || strings.Contains(err.Error(), "state file") {
				t.Errorf("%s: got %v, want it in %s", what, err, hurt)
			}
		}
		bad, ok := errors.AsType[*BadEntryError](verifyErr)
		if want := []string{all[0], all[2]}; !ok || bad.Index != 0 || !slices.Equal(bad.Files, want) {
			t.Errorf("verify: got %+v, want all of %v", bad, want)
		}
	}
}
