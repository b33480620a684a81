package host

import (
	"testing"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
)

// TestLacked (S09h): whoever knocks at a root shows it a key set that is signed by keys of its own
// and is not here. One that follows the newest says that the folder is old. One beside others here
// says so only where those were made since a person had it go on, and somebody has not been heard:
// a thief of keys that were ended before stops no root, neither then nor at any other time. What
// proves nothing does nothing.
func TestLacked(t *testing.T) {
	h := open(t, t.TempDir())
	defer func() { closed(t, h) }()
	own := func(k trust.KeySet) trust.Signature { return h.authority.SignKeySet(k) }
	beside := func(before trust.KeySet, sign func(trust.KeySet) trust.Signature) []byte {
		hash, next := before.Hash(), before
		next.Number, next.Previous, next.Epoch = before.Number+1, hash[:], before.Epoch+1
		signed, err := trust.Assemble(next, []trust.Signature{sign(next)})
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	newest := func() trust.KeySet {
		k, err := h.newestSet()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	told := func(what string, signed []byte, want bool) {
		t.Helper()
		if err := h.Lacked(t.Context(), signed); err != nil {
			t.Fatal(err)
		}
		add(t, h) // of what is signed already there is a checkpoint
		q := h.question.Load()
		if is := q != nil && q.Outrun > 0; is != want || is && (!q.Root || signs(t, h)) {
			t.Errorf("%s: got %+v, want in question %t", what, q, want)
		}
	}
	add(t, h)
	first := newest()
	publishNumber(t, h, first, first.Replicas, own)
	second := newest()
	told("beside, and nobody gave a word", beside(first, own), false)
	var size uint64
	err := h.Look(func(r *state.Reader) error { size = r.Size(); return nil })
	if err == nil {
		err = h.unhear(size, false)
	}
	if err != nil {
		t.Fatal(err)
	}
	publishNumber(t, h, second, second.Replicas, own)
	thief := open(t, t.TempDir())
	told("nothing", nil, false)
	told("another's", beside(second, func(k trust.KeySet) trust.Signature { return thief.authority.SignKeySet(k) }), false)
	closed(t, thief)
	told("beside what was made before the word", beside(first, own), false)
	all, err := h.KeySets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	told("one that is here", all[2], false)
	told("beside what was made since", beside(second, own), true)
}

// TestLackedNext: one that follows the newest says that the folder is old, unless a parent stands
// above, which tells it itself; see TestOutrun.
func TestLackedNext(t *testing.T) {
	for _, joined := range []bool{true, false} {
		h := open(t, t.TempDir())
		first, err := h.newestSet()
		if err != nil {
			t.Fatal(err)
		}
		hash, next := first.Hash(), first
		next.Number, next.Previous = 2, hash[:]
		signed, err := trust.Assemble(next, []trust.Signature{h.authority.SignKeySet(next)})
		if err != nil {
			t.Fatal(err)
		}
		if joined {
			h.above.Store(&above{})
		}
		if err := h.Lacked(t.Context(), signed); err != nil || (h.Questioned() == nil) != joined {
			t.Errorf("below a parent %t: %v, %v", joined, err, h.Questioned())
		}
		closed(t, h)
	}
}

// TestOwnNextKeysAreTakenIn (S09i): this replica led, made its next keys, had the key set signed,
// and ended before it was published. All that it lists is here, and somebody shows it.
func TestOwnNextKeysAreTakenIn(t *testing.T) {
	h := open(t, t.TempDir())
	defer func() { closed(t, h) }()
	add(t, h)
	newest, err := h.newestSet()
	if err != nil {
		t.Fatal(err)
	}
	next, made, err := h.authority.Next(newest, h.now(), h.now(), authority.Wanted)
	if err != nil || !made {
		t.Fatal(made, err)
	}
	signed, err := trust.Assemble(next, []trust.Signature{h.authority.SignKeySet(next)})
	if err != nil {
		t.Fatal(err)
	}
	if taken, err := h.takeIn(t.Context(), signed); err != nil || !taken {
		t.Errorf("taken in: %t, %v", taken, err)
	}
}

// TestTwoAboveLost (C44): two of those above on its node were found to have lost entries. A place
// that a person had go on since is put in question for each of them once, and not again.
func TestTwoAboveLost(t *testing.T) {
	h := open(t, t.TempDir())
	defer func() { closed(t, h) }()
	add(t, h)
	parent, _ := h.Name().Parent()
	root, _ := parent.Parent()
	all := []identity.Jurisdiction{parent, root}
	for _, above := range all {
		if _, err := h.LostBeside(above, 1); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 3 {
		if err := h.settle(h.question.Load()); err != nil { // by a person's word
			t.Fatal(err)
		}
		for _, above := range all {
			if did, err := h.LostBeside(above, 1); err != nil || did {
				t.Errorf("look %d: %s in the same epoch: put in question again %t, %v", n, above, did, err)
			}
		}
	}
	if did, err := h.LostBeside(root, 2); err != nil || !did {
		t.Errorf("in a later epoch: put in question %t, %v", did, err)
	}
}
