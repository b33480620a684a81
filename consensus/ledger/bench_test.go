package ledger

import "testing"

// BenchmarkSign is what whoever proposes an act of an agency does.
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

// BenchmarkVerifyStatement is what whoever verifies a ledger does with each act.
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
