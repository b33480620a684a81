package chains

import (
	"bytes"
	"testing"
)

// TestRecoveryStatementTravels: the statement for the key sets of any level on the way comes along
// with them, over every hop, to whoever asks for the chain, and is kept with it.
func TestRecoveryStatementTravels(t *testing.T) {
	w := newWorld(t, branches...)
	statement := []byte("the statement of zunyi")
	if err := w.at("zunyi.guizhou").KeepRecovery(statement); err != nil {
		t.Fatal(err)
	}
	w.finds("nanming.guiyang.guizhou", "town.meitan.zunyi.guizhou")
	kept := w.at("nanming.guiyang.guizhou").store.kept[named(t, "town.meitan.zunyi.guizhou")]
	if kept == nil || !bytes.Equal(kept.levels[1].Recovery, statement) || len(kept.levels[0].Recovery)+len(kept.levels[2].Recovery) != 0 {
		t.Errorf("got %+v, want the statement at the level of zunyi alone", kept)
	}
}
