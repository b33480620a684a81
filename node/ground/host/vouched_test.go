package host

import (
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// former is the log key of a machine that was removed.
type former struct{ ed25519.PrivateKey }

func (f former) LogPublic() ed25519.PublicKey { return f.Public().(ed25519.PublicKey) }
func (f former) SignLog(m []byte) []byte      { return ed25519.Sign(f.PrivateKey, m) }

// movedTo has the jurisdiction run on another machine alone, and back here: key set 2 lists r2, and
// key set 3 r1 again. It returns the log key of that machine.
func movedTo(t *testing.T, h *Host) former {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	r2, err := identity.NewReplica(2)
	if err != nil {
		t.Fatal(err)
	}
	sets, err := h.published(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	gone, one := former{private}, sets[len(sets)-1].KeySet
	other := one.Replicas[0]
	other.Replica, other.LogKey = r2, gone.LogPublic()
	two := publishNumber(t, h, one, []trust.ReplicaKeys{other}, func(next trust.KeySet) trust.Signature { return h.authority.SignKeySet(next) })
	publishNumber(t, h, two, one.Replicas, func(next trust.KeySet) trust.Signature {
		return trust.Signature{Replica: r2, Sig: gone.SignLog(next.SigningInput())}
	})
	if err := h.RenewKeys(t.Context(), func(uint64) bool { return true }); err != nil {
		t.Fatal(err)
	}
	return gone
}

func publishNumber(t *testing.T, h *Host, before trust.KeySet, listed []trust.ReplicaKeys, sign func(trust.KeySet) trust.Signature) trust.KeySet {
	t.Helper()
	hash, next := before.Hash(), before
	next.Number, next.Previous, next.Replicas, next.Revokes = before.Number+1, hash[:], listed, false
	signed, err := trust.Assemble(next, []trust.Signature{sign(next)})
	if err != nil {
		t.Fatal(err)
	}
	change, err := h.keySetChange(next.Number, listed, signed)
	if err != nil {
		t.Fatal(err)
	}
	body, err := canon.Marshal(change)
	if err == nil {
		_, err = h.Propose(t.Context(), state.KindKeySet, book.Request{}, body)
	}
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// signedWith is a checkpoint that a neighbour shows, signed with a key.
func signedWith(t *testing.T, by ledger.LogSigner, epoch, size uint64) Seen {
	t.Helper()
	log, err := identity.ParseLog("nanming.guiyang.guizhou/log/1")
	if err == nil {
		log, err = identity.NewLog(log.Jurisdiction(), epoch)
	}
	if err != nil {
		t.Fatal(err)
	}
	c := ledger.Checkpoint{Log: log, Size: size, Root: tlog.Hash{1, 2, 3}}
	note, err := ledger.SignCheckpoint(c, by)
	if err != nil {
		t.Fatal(err)
	}
	city, _ := log.Jurisdiction().Parent()
	return Seen{By: city, Checkpoint: c, Note: note}
}

// TestARemovedKeyIsNoWitness (C08): whoever has the log key of a machine that was removed can
// neither put the ledger in question nor keep it there, whatever size or epoch they sign with it.
func TestARemovedKeyIsNoWitness(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	add(t, h)
	gone := movedTo(t, h)
	add(t, h)
	honest := seen(t, h)
	for _, epoch := range []uint64{1, 2, 7} {
		sizes := []uint64{honest.Checkpoint.Size + 1, 1 << 40}
		for size := range honest.Checkpoint.Size {
			sizes = append(sizes, size+1)
		}
		for _, size := range sizes {
			if h.Doubt(signedWith(t, gone, epoch, size)); h.Questioned() != nil {
				t.Fatalf("epoch %d, %d entries: %v", epoch, size, h.Questioned())
			}
		}
	}
	closed(t, h)
	h = tryOpen(t, copyOf(t, dir), "")
	defer func() { closed(t, h) }()
	if err := h.askOnce(t.Context(), told{seen: []Seen{honest, signedWith(t, gone, 7, 5), signedWith(t, gone, 1, 2), signedWith(t, gone, 7, 2)}}); err != nil || !signs(t, h) {
		t.Errorf("moved: %v", err)
	}
}

// childSaw is what a child says that it saw.
func childSaw(t *testing.T, s Seen) Seen {
	t.Helper()
	by, err := identity.ParseJurisdiction("a.nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	s.By = by
	return s
}

// TestAGivenUpKeyIsNoWitness (C30): whoever has the log keys of a chain that ended, or of a machine
// that was removed in a later epoch, puts nothing in question with what they sign of an epoch
// before; the parent, which may stop its children anyway, and a key that is listed still do.
func TestAGivenUpKeyIsNoWitness(t *testing.T) {
	harmless := func(h *Host, what string, thief ledger.LogSigner) {
		t.Helper()
		for size := uint64(1); size <= 1<<40; size = 3*size + 1 {
			if h.Doubt(childSaw(t, signedWith(t, thief, 1, size))); h.Questioned() != nil {
				t.Fatalf("%s, %d entries of epoch 1: %v", what, size, h.Questioned())
			}
		}
	}
	chain := filepath.Join(t.TempDir(), "nanming")
	h := open(t, chain)
	add(t, h)
	seen(t, h)
	closed(t, h)
	stolen := tryOpen(t, copyOf(t, chain), "")
	defer func() { closed(t, stolen) }()
	if _, err := anewIn(t, chain, 2, nil); err != nil {
		t.Fatal(err)
	}
	h = openAnewIn(t, chain)
	if err := errors.Join(h.EndAnew(), h.SettleEpoch(t.Context(), 2, true)); err != nil {
		t.Fatal(err)
	}
	harmless(h, "a chain that ended", stolen)
	if h.Doubt(signedWith(t, stolen, 1, 1000)); h.Questioned() == nil {
		t.Error("the parent says that more is lost, and is not believed")
	}
	closed(t, h)

	dir := t.TempDir()
	closed(t, open(t, dir))
	h, _, _ = losesMore(t, dir)
	defer func() { closed(t, h) }()
	err := h.SettleEpoch(t.Context(), 2, true)
	if err == nil {
		err = h.RenewKeys(t.Context(), func(uint64) bool { return true })
	}
	if err != nil || !signs(t, h) {
		t.Fatal(err)
	}
	_, private, _ := ed25519.GenerateKey(nil)
	others, err := h.published(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	newest := others[len(others)-1].KeySet
	listed := newest.Replicas[0]
	listed.Replica, err = identity.NewReplica(2)
	listed.LogKey = former{private}.LogPublic()
	if err != nil {
		t.Fatal(err)
	}
	if s := childSaw(t, signedWith(t, h, 1, 1000)); !h.vouched(s) {
		t.Error("a key that is listed still is not believed")
	}
	publishNumber(t, h, newest, []trust.ReplicaKeys{listed}, func(next trust.KeySet) trust.Signature { return h.authority.SignKeySet(next) })
	harmless(h, "a machine that was removed", h)
	if !h.vouched(signedWith(t, h, 1, 1000)) {
		t.Error("the parent is not believed")
	}
}

// TestMoreIsLost (C09): a neighbour that was away while a new epoch was begun has seen more of the
// one before than that names as lost. The ledger is in question again; by a person's word another
// entry says so, and what ended in those entries must end here before anybody is answered. Names
// stay.
func TestMoreIsLost(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	add(t, h)
	closed(t, h)
	old := copyOf(t, dir)
	h = tryOpen(t, dir, "")
	add(t, h)
	first := seen(t, h)
	add(t, h)
	add(t, h)
	more := seen(t, h)
	closed(t, h)
	h = tryOpen(t, old, "")
	defer func() { closed(t, h) }()
	_ = h.askOnce(t.Context(), told{seen: []Seen{first}})
	from := h.question.Load().Size
	var begun identity.Entry
	begin := func() identity.Entry {
		t.Helper()
		lost := Lost{From: h.question.Load().Size}
		if !begun.IsZero() { // of the newest epoch
			lost = Lost{From: 40, To: 50}
		}
		entry, err := h.BeginEpoch(t.Context(), newID(t), "r", lost)
		if err == nil && signs(t, h) {
			t.Error("it signs before that is settled")
		}
		if begun.IsZero() {
			begun = entry
		}
		if b := begunOf(t, h, 2); b.Lost.Entry != begun.Index() || b.Said != entry.Index() {
			t.Errorf("begun by entry %d, want %d, and told last by entry %d, want %d", b.Lost.Entry, begun.Index(), b.Said, entry.Index())
		}
		if err == nil {
			err = h.SettleEpoch(t.Context(), 2, true)
		}
		if err != nil || !signs(t, h) {
			t.Fatalf("not gone on: %v", err)
		}
		return entry
	}
	begin()
	if h.Doubt(first); h.Questioned() != nil {
		t.Error("what is named as lost puts it in question")
	}
	if h.Doubt(more); h.Questioned() == nil || h.question.Load().Size != from {
		t.Fatalf("more is lost than is named: %v", h.Questioned())
	}
	widened := begin()
	if h.Doubt(more); h.Questioned() != nil {
		t.Error("in question for what is named now")
	}
	_ = h.Look(func(r *state.Reader) error {
		e := r.Epochs()
		if len(e) != 1 || e[0].From != from || e[0].To != more.Checkpoint.Size || !e[0].Whole || r.Log().Epoch() != 2 || h.Names().Entry(begun.Index()) != begun {
			t.Errorf("epochs are %+v, in %s", e, r.Log())
		}
		return nil
	})
	said, err := h.Entry(t.Context(), widened.Index())
	if head := said.Leaf.Head; err != nil || head.Kind != ledger.KindEpoch || head.To != more.Checkpoint.Size || head.Root != more.Checkpoint.Root {
		t.Errorf("got %+v, %v", head, err)
	}
	var states begins
	err = h.Look(func(r *state.Reader) error {
		payload, err := h.Payload(r, widened.Index())
		return errors.Join(err, json.Unmarshal(payload, &states))
	})
	if err != nil || states.From != from || states.To != more.Checkpoint.Size {
		t.Errorf("its statement has the entries %d to %d, want %d to %d", states.From, states.To, from, more.Checkpoint.Size)
	}
}

// TestSignedMoreThanWasSeen (C10): what was signed in the last minute no neighbour has seen. The
// note outside the directory has it: so the neighbours' word that nothing is missing settles
// nothing, and the ledger goes on in a new epoch, which names all of that as lost.
func TestSignedMoreThanWasSeen(t *testing.T) {
	dir, signed := filepath.Join(t.TempDir(), "data", "j", "nanming"), filepath.Join(t.TempDir(), "signed")
	closed(t, open(t, dir))
	h := tryOpen(t, dir, signed)
	add(t, h)
	early := seen(t, h)
	closed(t, h)
	old := copyOf(t, dir)
	h = tryOpen(t, dir, signed)
	add(t, h)
	last := seen(t, h).Checkpoint.Size
	closed(t, h)
	putBack(t, old, dir)
	h = tryOpen(t, dir, signed)
	defer func() { closed(t, h) }()
	_ = h.askOnce(t.Context(), told{seen: []Seen{early}})
	q := h.question.Load()
	if q == nil || q.Found == nil || q.Found.Checkpoint.Size != last {
		t.Fatalf("the word of who saw less settles it: %+v", q)
	}
	if _, err := h.Continue(t.Context(), newID(t), "r"); err == nil {
		t.Error("it goes on under the old names")
	}
	entry, err := h.BeginEpoch(t.Context(), newID(t), "r", Lost{From: q.Size, Checked: true})
	if err == nil {
		err = h.SettleEpoch(t.Context(), 2, false)
	}
	if err != nil || !signs(t, h) || entry.Log().Epoch() != 2 {
		t.Fatalf("not gone on: %s, %v", entry, err)
	}
	if begun, err := h.Entry(t.Context(), entry.Index()); err != nil || begun.Leaf.Head.To != last {
		t.Errorf("lost up to %d, want %d (%v)", begun.Leaf.Head.To, last, err)
	}
}

// TestAForkStops (C15): a directory that signed other entries than a neighbour keeps is in question
// from then on. Opened again, the same is a fork still, though the neighbour keeps more than there
// was when it was found, and who saw less does not settle it.
func TestAForkStops(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	add(t, h)
	early := seen(t, h)
	closed(t, h)
	other := copyOf(t, dir)
	h = tryOpen(t, other, "")
	for range 3 {
		add(t, h)
	}
	if err := h.settle(h.question.Load()); err != nil {
		t.Fatal(err)
	}
	kept := seen(t, h)
	closed(t, h)
	h = tryOpen(t, dir, "")
	for range 4 {
		add(t, h)
	}
	seen(t, h)
	h.Doubt(early)
	if h.Questioned() != nil {
		t.Fatal("in question for what is here")
	}
	for what := range 2 {
		if what > 0 {
			closed(t, h)
			h = tryOpen(t, dir, "")
		}
		h.Doubt(kept)
		_ = h.askOnce(t.Context(), told{seen: []Seen{early}})
		add(t, h)
		if q := h.question.Load(); q == nil || !q.Forked || q.Found.Checkpoint != kept.Checkpoint || signs(t, h) {
			t.Errorf("%d times opened again: %+v", what, q)
		}
		if _, err := h.Continue(t.Context(), newID(t), "r"); !errors.As(err, new(*QuestionError)) {
			t.Errorf("it goes on in its old epoch: %v", err)
		}
	}
	closed(t, h)
}
