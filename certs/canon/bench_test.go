package canon

import (
	"strings"
	"testing"
)

func BenchmarkUnmarshal(b *testing.B) {
	data, err := Marshal(sample{Name: strings.Repeat("a", 100), Bytes: make([]byte, 1500)})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		var v sample
		if err := Unmarshal(data, 1<<16, &v); err != nil {
			b.Fatal(err)
		}
	}
}
