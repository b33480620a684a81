package ledger

import "testing"

// BenchmarkSign signs an act of an agency, as its proposer does.
func BenchmarkSign(b *testing.B) {
	f := newFixture(b, "nanming", 1)
	leaf, err := DecodeLeaf(f.leaves[f.add(b, "a", true)])
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Sign(f.log, leaf.Head, "application/json", Commitment{}, f.signers[0]); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerifyStatement verifies an act, as a verifier of a ledger does with each.
func BenchmarkVerifyStatement(b *testing.B) {
	f := newFixture(b, "nanming", 1)
	data := f.leaves[f.add(b, "a", true)]
	b.ReportAllocs()
	for b.Loop() {
		leaf, err := DecodeLeaf(data)
		if err == nil {
			err = VerifyStatement(f.log, leaf, f.set)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
