package witnessing

import (
	"fmt"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
	"xietong/node/tree/treetest"
)

// hide has a place record that a log, of an epoch, hides an act.
func (p *place) hide(of identity.Jurisdiction, child identity.Jurisdiction, epoch uint64) ledger.Ref {
	p.w.t.Helper()
	log := must2(identity.NewLog(of, epoch))(p.w.t)
	before := must2(identity.NewLog(of, 1))(p.w.t)
	s := must2(p.Note("text/plain", []byte("x")))(p.w.t)
	h := hidden{Log: log, Before: before, Index: 1, Child: child, At: uint64(p.w.now().UnixMilli())}
	return must2(commandHidden.Do(p.w.t.Context(), p.Host, book.Request{}, hiddenBody{Hidden: h, Statement: s}))(p.w.t)
}

// TestHiddenIsAcknowledged (W27): a person ends the alarm about heads that hide an act, of a ledger
// that does not go on; one that hides it again is told anew. A child that makes up ledgers below
// it, and epochs of each, makes no more than mostHidden alarms and entries.
func TestHiddenIsAcknowledged(t *testing.T) {
	w := newWorld(t, "guiyang.guizhou", "nanming.guiyang.guizhou", "yunyan.guiyang.guizhou")
	city, county, other := w.at("guiyang.guizhou"), w.at("nanming.guiyang.guizhou"), w.at("yunyan.guiyang.guizhou")
	entry := city.hide(county.name, county.name, 2)
	if again := city.hide(county.name, county.name, 3); again != entry || len(city.findings()) != 1 {
		t.Errorf("another epoch of the same ledger: entry %d after %d, %+v", again, entry, city.findings())
	}
	acknowledge := func(of *place) error {
		_, err := city.desk.Acknowledge(t.Context(), treetest.Message(t), of.name, "it was withdrawn")
		return err
	}
	if err := acknowledge(other); code(err) != text.NoFork {
		t.Errorf("of another child: %v", err)
	}
	if err := acknowledge(county); err != nil || len(city.findings()) != 0 {
		t.Errorf("acknowledged: %v, %+v", err, city.findings())
	}
	if seen := city.heads(ledger.KindForkSeen); len(seen) != 1 || seen[0].About != entry || seen[0].Code != county.name.Label() {
		t.Errorf("recorded: %+v", seen)
	}
	if city.hide(county.name, county.name, 2); len(city.findings()) != 1 {
		t.Errorf("hidden again: %+v", city.findings())
	}
	had := len(city.heads(ledger.KindFork))
	for i := range 2 * mostHidden {
		below := must2(county.name.Child(treetest.Label(t, fmt.Sprintf("v%d", i))))(t)
		city.hide(below, county.name, 2)
	}
	if n, recorded := len(city.findings()), len(city.heads(ledger.KindFork))-had; n != mostHidden || recorded != mostHidden-1 {
		t.Errorf("%d alarms and %d more entries of a child that makes ledgers up", n, recorded)
	}
	if city.hide(other.name, other.name, 2); len(city.findings()) != mostHidden+1 {
		t.Error("another child has no room")
	}
}
