package chains

import (
	"context"
	"crypto/sha256"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/breaks"
	"xietong/node/tree/door"
	"xietong/node/tree/treetest"
)

// made makes other keys and another ledger under the name of a jurisdiction, and has its parent
// endorse them: what a parent can do to its child, and what it does honestly for a child that lost
// its keys. It returns their owner, which takes no name in the tree.
func (w *world) made(child string) *host.Host {
	w.t.Helper()
	ctx, dir, name := w.t.Context(), w.t.TempDir(), named(w.t, child)
	above, _ := name.Parent()
	parent := w.places[above]
	id, err := identity.NewMessage()
	if err != nil {
		w.t.Fatal(err)
	}
	secret, binding := []byte("other keys"), [32]byte{1}
	place := tree.Place{Name: name, DisplayName: child}
	_, err = tree.Invite(ctx, parent, id, tree.Invitation{Place: place, Secret: tree.SecretHash(secret), Until: w.now().Add(time.Hour), Rekey: true})
	if err != nil {
		w.t.Fatal(err)
	}
	epoch, err := tree.Epoch(ctx, parent, name, secret)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := host.Make(dir, name, host.New{Now: w.now(), Epoch: epoch, Hosted: 1}); err != nil {
		w.t.Fatal(err)
	}
	registry := state.NewRegistry()
	tree.Register(registry)
	other, err := host.Open(ctx, dir, name, host.Options{Registry: registry, Logger: slog.New(slog.DiscardHandler), Now: w.now})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { other.Close() })
	sets, err := other.KeySets(ctx)
	if err != nil {
		w.t.Fatal(err)
	}
	_, err = tree.Redeem(ctx, parent, tree.Redemption{
		Child: name, Secret: secret, KeySets: sets, Replica: other.Replica(),
		Possession: other.SignLog(tree.PossessionInput(binding, tree.SecretHash(secret))),
	}, binding, w.now())
	if err != nil {
		w.t.Fatal(err)
	}
	w.refresh(parent)
	return other
}

// pinOf returns the pin of the newest key set by which a place believes another.
func (w *world) pinOf(from, of string) (pin trust.Pin, err error) {
	sets, err := w.at(from).store.KeySets(w.t.Context(), named(w.t, of), false)
	if err == nil {
		pin = sets[len(sets)-1].Pin()
	}
	return pin, err
}

// code returns the code of the error with which a place refuses the keys of another; "" where it
// believes them.
func (w *world) code(from, of string) text.Code {
	w.t.Helper()
	_, err := w.pinOf(from, of)
	if f, ok := errors.AsType[*text.Failure](err); ok {
		return f.Code
	}
	if err != nil {
		w.t.Errorf("%s looks for %s: %v", from, of, err)
	}
	return ""
}

// objection is what the true owner of a name signs about other keys under it.
func (w *world) objection(of string, to trust.Pin) []byte {
	w.t.Helper()
	own := w.at(of)
	doc, err := trust.SignObjection(to, w.now(), trust.Objector{Replica: own.Replica(), Sign: own.SignLog})
	if err != nil {
		w.t.Fatal(err)
	}
	return doc
}

func (w *world) pin(of *host.Host) trust.Pin {
	w.t.Helper()
	pin, err := of.Pin()
	if err != nil {
		w.t.Fatal(err)
	}
	return pin
}

// TestParentMakesItsChildsKeys: a city makes keys under its county's name and endorses them. A
// county of another city, which verifies from the pin of the root and knew the county before, does
// not believe them before 72 hours have passed (S05b). The old keys are believed for as long as
// their endorser said so last; inside the city's branch nothing waits.
func TestParentMakesItsChildsKeys(t *testing.T) {
	w := newWorld(t, branches...)
	from, of := "nanming.guiyang.guizhou", "meitan.zunyi.guizhou"
	w.finds(from, of)
	before, impostor := w.pin(w.at(of).Host), w.pin(w.made(of))
	w.at("guizhou").store.Drop(named(t, of)) // the ways between are asked anew
	w.at("guiyang.guizhou").store.Drop(named(t, of))
	w.pass(againAfter + time.Second)
	if _, err := w.at(from).store.KeySets(t.Context(), named(t, of), true); treetest.Code(err) != text.KeysChanged {
		t.Errorf("asked anew: got %v, want %s", err, text.KeysChanged)
	}
	if got, err := w.pinOf(from, of); err != nil || got != before {
		t.Errorf("a moment later: %s believes %s, %v; want the keys from before, of which the city said that they stand", from, got, err)
	}
	w.pass(MaxAge + time.Minute)
	if got, err := w.pinOf(from, of); treetest.Code(err) != text.KeysChanged {
		t.Errorf("%s believes %s of %s (the city made %s), %v; want none before 72 h have passed", from, got, of, impostor, err)
	}
	if got, err := w.pinOf("guizhou", of); err != nil || got != impostor {
		t.Errorf("the province sees the county first now: got %s, %v, want %s", got, err, impostor)
	}
	if got, err := w.pinOf("zunyi.guizhou", of); err != nil || got != impostor {
		t.Errorf("in the city: got %s, %v, want %s", got, err, impostor)
	}
	waiting, err := w.at(from).memory.Waiting(t.Context(), named(t, of))
	if err != nil || len(waiting) != 1 || waiting[0].Pin != impostor || waiting[0].Believed != before {
		t.Errorf("there wait %+v, %v", waiting, err)
	}
	w.pass(breaks.Wait - MaxAge - 10*time.Minute)
	if got := w.code(from, of); got != text.KeysChanged {
		t.Errorf("shortly before the end: got %q", got)
	}
	w.pass(20 * time.Minute)
	if got, err := w.pinOf(from, of); err != nil || got != impostor {
		t.Errorf("after 72 h without an objection: got %s, %v", got, err)
	}
}

// TestCityIsReplaced: the root makes keys under its city's name. Nobody stands above the root, so
// whoever knew the city waits, and nobody below the city is believed meanwhile; those who stand
// below the city are told so by their own chain (S05b).
func TestCityIsReplaced(t *testing.T) {
	w := newWorld(t, branches...)
	from := "nanming.guiyang.guizhou"
	w.finds(from, "zunyi.guizhou")
	w.finds(from, "meitan.zunyi.guizhou")
	w.made("zunyi.guizhou")
	w.pass(MaxAge + time.Minute)
	if got := w.code(from, "zunyi.guizhou"); got != text.KeysChanged {
		t.Errorf("the city: got %q, want %s", got, text.KeysChanged)
	}
	hash := sha256.Sum256([]byte("x"))
	pin, err := trust.NewPin(named(t, "zunyi.guizhou"), 1, hash[:])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.at("guizhou").memory.Confirm(t.Context(), treetest.Message(t), pin, "r"); treetest.Code(err) != text.NotConfirmable {
		t.Errorf("the root confirms its own child: got %v", err)
	}
}

// TestConfirmed: the level above the endorser confirms new keys. Whoever waits for them believes
// them when it asks next, at once or later, however many hops are between; other keys wait still
// (S05c).
func TestConfirmed(t *testing.T) {
	for of, by := range map[string]string{"meitan.zunyi.guizhou": "guizhou", "town.meitan.zunyi.guizhou": "zunyi.guizhou"} {
		w := newWorld(t, branches...)
		from := []string{"nanming.guiyang.guizhou", "guiyang.guizhou", by}
		for _, each := range from {
			w.finds(each, of)
			w.finds(each, "town.meitan.zunyi.guizhou")
		}
		fresh := w.pin(w.made(of))
		w.pass(MaxAge + time.Minute)
		for _, each := range from {
			if got := w.code(each, of); got != text.KeysChanged {
				t.Errorf("%s, of %s: got %q, want %s", each, of, got, text.KeysChanged)
			}
		}
		w.confirmed(by, of, fresh)
		w.told(of)
		if got, err := w.pinOf(from[0], of); err != nil || got != fresh {
			t.Errorf("%s, of %s, as soon as it was confirmed: got %s, %v, want %s", from[0], of, got, err, fresh)
		}
		w.pass(MaxAge + time.Minute)
		for _, each := range from {
			if got, err := w.pinOf(each, of); err != nil || got != fresh {
				t.Errorf("%s, of %s, after it was confirmed: got %s, %v, want %s", each, of, got, err, fresh)
			}
		}
		w.made(of)
		w.pass(MaxAge + time.Minute)
		if got := w.code(from[0], of); got != text.KeysChanged {
			t.Errorf("other keys of %s than those that were confirmed: got %q", of, got)
		}
	}
}

// told has everybody forget what was found of a jurisdiction, as its news do, and passes as much
// time as it takes until it is asked for again.
func (w *world) told(of string) {
	for _, p := range w.places {
		p.store.Tell(named(w.t, of), identity.Jurisdiction{})
	}
	w.pass(againAfter + time.Second)
}

// TestConfirmedAndRevokedAtOnce: new keys are confirmed, and a verifier believes them in the same
// minute, so that its belief is younger than the confirmation by less than clocks differ. Their
// owner revokes them. The parent shows the confirmed keys again, with what confirmed them: they are
// not believed, neither at once nor days later (S05k).
func TestConfirmedAndRevokedAtOnce(t *testing.T) {
	w := newWorld(t, branches...)
	from, of, by := "nanming.guiyang.guizhou", "meitan.zunyi.guizhou", "guizhou"
	w.finds(from, of)
	owner := w.made(of)
	fresh := w.pin(owner)
	w.pass(MaxAge + time.Minute)
	w.code(from, of)
	w.finds(by, "zunyi.guizhou")
	w.code(by, of)
	w.confirmed(by, of, fresh)
	w.told(of)
	if got, err := w.pinOf(from, of); err != nil || got != fresh {
		t.Fatalf("got %s, %v, want %s", got, err, fresh)
	}
	peer := named(t, "guiyang.guizhou")
	old, err := w.at(by).door.Prove(t.Context(), peer, door.Wanted{Name: named(t, of)})
	if err != nil {
		t.Fatal(err)
	}
	revoked := w.revokes("zunyi.guizhou", owner)
	w.told(of)
	if got, err := w.pinOf(from, of); err != nil || got != revoked {
		t.Fatalf("after the revocation: got %s, %v, want %s", got, err, revoked)
	}
	w.at(by).door.Prove = func(context.Context, identity.Jurisdiction, door.Wanted) ([]trust.Level, error) {
		return slices.Clone(old), nil
	}
	w.told(of)
	if got, err := w.pinOf(from, of); err == nil {
		t.Errorf("shown again: %s believes %s, which was revoked", from, got)
	}
}

// revokes has the owner of keys revoke them and present the next to its parent, and returns the pin
// of those.
func (w *world) revokes(parent string, owner *host.Host) trust.Pin {
	w.t.Helper()
	if _, err := owner.NewKeys(w.t.Context(), treetest.Message(w.t), host.Change{Revoke: true}); err != nil {
		w.t.Fatal(err)
	}
	sets, err := owner.KeySets(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	hash := w.pin(owner).Hash()
	shown := tree.Presentation{Child: owner.Name(), After: 1, Hash: hash[:], KeySets: sets[1:], Replica: owner.Replica()}
	if _, _, err := tree.Present(w.t.Context(), w.at(parent), shown, tree.Proof{}, w.now()); err != nil {
		w.t.Fatal(err)
	}
	w.refresh(w.at(parent))
	pin, err := trust.PinOf(sets[1])
	if err != nil {
		w.t.Fatal(err)
	}
	return pin
}

// confirmed has a place confirm what it is shown of another, twice.
func (w *world) confirmed(by, of string, want trust.Pin) {
	w.t.Helper()
	p := w.at(by)
	shown, err := p.store.Shown(w.t.Context(), named(w.t, of))
	if err != nil || shown != want {
		w.t.Fatalf("to confirm there is %s, %v, want %s", shown, err, want)
	}
	first, err := p.memory.Confirm(w.t.Context(), treetest.Message(w.t), shown, "called")
	if err != nil {
		w.t.Fatal(err)
	}
	if again, err := p.memory.Confirm(w.t.Context(), treetest.Message(w.t), shown, "again"); err != nil || again != first {
		w.t.Errorf("confirmed again: entry %s, %v, want %s", again, err, first)
	}
}

// TestObjected: the owner of a name objects to other keys under it, by its old keys; whoever takes
// that never believes them, after 72 hours and after a restart, until the level above the endorser
// confirms (S05i).
func TestObjected(t *testing.T) {
	w := newWorld(t, branches...)
	from, of := "nanming.guiyang.guizhou", "meitan.zunyi.guizhou"
	w.finds(from, of)
	impostor := w.made(of)
	fake, p := w.pin(impostor), w.at(from)
	doc := w.objection(of, fake)
	if err := p.memory.Object(t.Context(), doc); treetest.Code(err) != text.NothingWaits {
		t.Errorf("before it was seen: got %v, want %s", err, text.NothingWaits)
	}
	w.pass(MaxAge + time.Minute)
	w.code(from, of)
	forged, err := trust.SignObjection(fake, w.now(), trust.Objector{Replica: impostor.Replica(), Sign: impostor.SignLog})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.memory.Object(t.Context(), forged); treetest.Code(err) != text.NotPossessed {
		t.Errorf("by the new keys: got %v, want %s", err, text.NotPossessed)
	}
	for range 2 {
		if err := p.memory.Object(t.Context(), doc); err != nil {
			t.Errorf("by the old keys: %v", err)
		}
	}
	w.pass(breaks.Wait + time.Hour)
	if got := w.code(from, of); got != text.KeysObjected {
		t.Errorf("after 72 h: got %q, want %s", got, text.KeysObjected)
	}
	if _, err := w.at("guizhou").memory.Confirm(t.Context(), treetest.Message(t), fake, "they are its own"); err != nil {
		t.Fatal(err)
	}
	w.pass(MaxAge + time.Minute)
	if got := w.code(from, of); got != "" {
		t.Errorf("after it was confirmed: got %q", got)
	}
}

// TestStolenKeysDoNotComeBack: keys are withdrawn as stolen, and the county comes with others. The
// stolen ones are not believed again while the others wait (S05b).
func TestStolenKeysDoNotComeBack(t *testing.T) {
	w := newWorld(t, branches...)
	from, of := "nanming.guiyang.guizhou", "meitan.zunyi.guizhou"
	w.finds(from, of)
	old := w.levelsOf(named(t, of), w.now)
	w.withdraw(named(t, of))
	told := func() {
		for _, name := range []string{"zunyi.guizhou", "guizhou", "guiyang.guizhou", from} {
			w.at(name).store.Tell(named(t, of), identity.Jurisdiction{})
		}
	}
	told()
	w.pass(againAfter + time.Second)
	if got := w.code(from, of); got != text.PlaceWithdrawn {
		t.Errorf("withdrawn: got %q", got)
	}
	w.made(of)
	told()
	w.pass(againAfter + time.Second)
	if got := w.code(from, of); got != text.KeysChanged {
		t.Errorf("with other keys: got %q, want %s", got, text.KeysChanged)
	}
	w.at("guizhou").door.Prove = func(context.Context, identity.Jurisdiction, door.Wanted) ([]trust.Level, error) {
		return slices.Clone(old), nil
	}
	w.pass(MaxAge + tree.MaxSkew + time.Minute)
	if got := w.code(from, of); got == "" {
		t.Error("the stolen keys are believed again")
	}
}
