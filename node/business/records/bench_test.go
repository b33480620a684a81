package records

import (
	"testing"

	"xietong/node/business/catalog"
)

// BenchmarkLookup asks for one record by its key, without a network, raft and disk.
func BenchmarkLookup(b *testing.B) {
	_, desk := open(b)
	q := Question{Dataset: code, Key: "520102016001", Purpose: "statistics", Application: applied}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := desk.Query(b.Context(), newID(), catalog.Local("water"), q); err != nil {
			b.Fatal(err)
		}
	}
}
