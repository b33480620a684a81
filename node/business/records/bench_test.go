package records

import (
	"fmt"
	"strings"
	"testing"

	"xietong/node/business/catalog"
	"xietong/node/ground/book/booktest"
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

// BenchmarkCountByField counts 9,000 records by a field of 900 values, which are kept, and by a
// condition that every record meets, which looks at each.
func BenchmarkCountByField(b *testing.B) {
	l := booktest.New(b, nanming.String(), commands())
	if err := publish(l); err != nil {
		b.Fatal(err)
	}
	if _, err := catalog.Publish(b.Context(), l, newID(), civil, countedEntry("town")); err != nil {
		b.Fatal(err)
	}
	desk := NewDesk(l)
	var file strings.Builder
	file.WriteString("id,town\n")
	for n := range 9000 {
		fmt.Fprintf(&file, "%d,town %d\n", n, n%900)
	}
	loadCSV(b, desk, residentCode, file.String())
	for name, filter := range map[string]string{"kept": "", "scanned": `id != ""`} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				got, err := desk.Query(b.Context(), newID(), civil, Question{
					Dataset: residentCode, Purpose: "statistics", Application: applied, Measure: parsed("count by town"), Filter: filter,
				})
				if err != nil || len(got.Groups) != 900 {
					b.Fatal(len(got.Groups), err)
				}
			}
		})
	}
}
