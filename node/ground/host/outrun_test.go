package host

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"xietong/certs/trust"
)

// TestOutrun (C17): a folder that is older than its keys is put in question by a key set that its
// newest one signed, and stays so: neither a neighbour nor a person has it go on, also after a
// restart. What proves nothing, and what is here already, does nothing; nor does it to the folder
// that has the key set.
func TestOutrun(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	add(t, h)
	closed(t, h)
	old := copyOf(t, dir)
	h = tryOpen(t, dir, "")
	before, err := h.newestSet()
	if err != nil {
		t.Fatal(err)
	}
	publishNumber(t, h, before, before.Replicas, func(next trust.KeySet) trust.Signature { return h.authority.SignKeySet(next) })
	all, err := h.KeySets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first, next := all[len(all)-2], all[len(all)-1]
	if err := h.Outrun(next); err != nil || h.Questioned() != nil {
		t.Errorf("what is here: %v, %v", err, h.Questioned())
	}
	same := seen(t, h)
	closed(t, h)

	h = tryOpen(t, old, "")
	if err := h.settle(h.question.Load()); err != nil {
		t.Fatal(err)
	}
	for what, set := range map[string][]byte{"nothing": nil, "the same": first, "torn": next[:len(next)-1], "changed": bytes.Replace(next, next[40:44], []byte("none"), 1)} {
		if err := h.Outrun(set); err != nil || h.Questioned() != nil {
			t.Errorf("%s: %v, %v", what, err, h.Questioned())
		}
	}
	h.Witnessed()
	if err := h.Outrun(next); err != nil || h.Questioned() != nil { // somebody has its key
		t.Errorf("the one that the parent took for the newest: %v, %v", err, h.Questioned())
	}
	closed(t, h)
	h = tryOpen(t, old, "")
	if err := h.Outrun(next); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		add(t, h)
		_ = h.askOnce(t.Context(), told{seen: []Seen{same}, err: ErrNoWitness})
		if q := h.question.Load(); q == nil || q.Outrun != before.Number || q.Waiting || signs(t, h) {
			t.Fatalf("got %+v", q)
		}
		if _, err := h.Continue(t.Context(), newID(t), "r"); !errors.As(err, new(*QuestionError)) {
			t.Errorf("continued: %v", err)
		}
		if _, err := h.BeginEpoch(t.Context(), newID(t), "r", Lost{}); !errors.As(err, new(*QuestionError)) {
			t.Errorf("an epoch: %v", err)
		}
		closed(t, h)
		h = tryOpen(t, old, "")
	}
	closed(t, h)
	data, err := os.ReadFile(filepath.Join(old, outrunFile))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, outrunFile), data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	h = tryOpen(t, dir, "")
	defer closed(t, h)
	if h.Questioned() != nil {
		t.Errorf("the newest folder: %v", h.Questioned())
	}
}

// TestBeside (C27): a folder that went on with a key set of its own, where the parent endorsed
// another of that number, is put in question by that one, which the same keys signed, and stays so.
// What others signed, and what is older, does nothing.
func TestBeside(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	add(t, h)
	first, err := h.newestSet()
	if err != nil {
		t.Fatal(err)
	}
	own := func(k trust.KeySet) trust.Signature { return h.authority.SignKeySet(k) }
	publishNumber(t, h, first, first.Replicas, own)
	other := func(before trust.KeySet, sign func(trust.KeySet) trust.Signature) []byte {
		hash, next := before.Hash(), before
		next.Number, next.Previous, next.Epoch = before.Number+1, hash[:], before.Epoch+1
		signed, err := trust.Assemble(next, []trust.Signature{sign(next)})
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	thief := open(t, t.TempDir())
	stolen := func(k trust.KeySet) trust.Signature { return thief.authority.SignKeySet(k) }
	all, err := h.KeySets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for what, set := range map[string][]byte{"number 1": all[0], "one that is here": all[1], "another's": other(first, stolen), "after one that is not here": other(thief.keys.walked[0].KeySet, stolen)} {
		if err := h.Outrun(set); err != nil || h.Questioned() != nil {
			t.Errorf("%s: %v, %v", what, err, h.Questioned())
		}
	}
	closed(t, thief)
	beside := other(first, own)
	h.Witnessed()
	if err := h.Outrun(beside); err != nil || h.Questioned() != nil {
		t.Errorf("the one that the parent took for the newest: %v, %v", err, h.Questioned())
	}
	closed(t, h)
	h = tryOpen(t, dir, "")
	if err := h.Outrun(beside); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		add(t, h) // of what is signed already there is a checkpoint
		if q := h.question.Load(); q == nil || q.Outrun != 1 || !q.Beside || q.Waiting || signs(t, h) {
			t.Fatalf("got %+v", q)
		}
		if _, err := h.Continue(t.Context(), newID(t), "r"); !errors.As(err, new(*QuestionError)) {
			t.Errorf("continued: %v", err)
		}
		closed(t, h)
		h = tryOpen(t, dir, "")
	}
	closed(t, h)
}
