package ledger

import (
	"bytes"
	"errors"
	"testing"
)

// TestCosign has a replica of a city cosign a county's checkpoint. The line is one that a policy
// counts, is verified by the city's key set and nobody else's, and stands for no other checkpoint.
func TestCosign(t *testing.T) {
	f, city, other := newFixture(t, "nanming.guiyang.guizhou", 1), newFixture(t, "guiyang.guizhou", 3), newFixture(t, "zunyi.guizhou", 3)
	for range 5 {
		f.add(t, "{}", false)
	}
	c, signed := f.checkpoint(t, 1)
	name := city.log.Jurisdiction()
	line, err := Cosign(c, name, 1700000000, city.signers[1])
	if err != nil {
		t.Fatal(err)
	}
	if at, err := OpenCosignature(line, c, name, city.set); err != nil || at != 1700000000 {
		t.Fatalf("got %d, %v", at, err)
	}
	for i := range line {
		bad := bytes.Clone(line)
		bad[i] ^= 1
		if _, err := OpenCosignature(bad, c, name, city.set); !errors.Is(err, ErrNotProven) && !errors.Is(err, ErrMalformed) {
			t.Errorf("byte %d may be another: %v", i, err)
		}
	}
	smaller := c
	smaller.Size--
	for what, verify := range map[string]func() (uint64, error){
		"of another size":      func() (uint64, error) { return OpenCosignature(line, smaller, name, city.set) },
		"by another":           func() (uint64, error) { return OpenCosignature(line, c, other.log.Jurisdiction(), other.set) },
		"under another name":   func() (uint64, error) { return OpenCosignature(line, c, other.log.Jurisdiction(), city.set) },
		"twice":                func() (uint64, error) { return OpenCosignature(append(line, line...), c, name, city.set) },
		"with a line of a log": func() (uint64, error) { return OpenCosignature(append(line, signed...), c, name, city.set) },
		"none":                 func() (uint64, error) { return OpenCosignature(nil, c, name, city.set) },
	} {
		if at, err := verify(); err == nil {
			t.Errorf("%s: taken, of %d", what, at)
		}
	}
	rules := "log " + VerifierKey(f.log, f.signers[0].LogPublic()) + "\nwitness city " + WitnessKey(name, city.signers[1].LogPublic()) + "\nquorum city\n"
	p, err := ParsePolicy([]byte(rules))
	if err != nil {
		t.Fatal(err)
	}
	if j, err := p.Judge(append(bytes.Clone(signed), line...)); err != nil || len(j.Lacks) > 0 || j.Cosigned[0].At != 1700000000 {
		t.Errorf("by a policy: got %+v, %v", j, err)
	}
}

// TestCosignatureIsNoCheckpoint: what a replica signs as a witness, even of a log of its own name,
// is no checkpoint of its own log, nor the other way round, though one key signs both (W06).
func TestCosignatureIsNoCheckpoint(t *testing.T) {
	city := newFixture(t, "guiyang.guizhou", 1)
	city.add(t, "{}", false)
	c, signed := city.checkpoint(t, 1)
	name := city.log.Jurisdiction()
	line, err := Cosign(c, name, 7, city.signers[0])
	if err != nil {
		t.Fatal(err)
	}
	text, own, _ := bytes.Cut(signed, []byte("\n\n"))
	if got, err := OpenCheckpoint(append(append(bytes.Clone(text), "\n\n"...), line...), city.log, city.set); err == nil {
		t.Errorf("a cosignature is taken for a checkpoint of %d entries", got.Size)
	}
	if at, err := OpenCosignature(own, c, name, city.set); err == nil {
		t.Errorf("a checkpoint is taken for a cosignature of %d", at)
	}
	if got, err := parseCheckpoint(string(cosigned(7, []byte(c.text())))); err == nil {
		t.Errorf("what a witness signs reads as a checkpoint of %s", got.Log)
	}
}
