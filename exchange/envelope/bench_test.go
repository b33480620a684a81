package envelope

import (
	"strings"
	"testing"
)

// benchmarked returns a message like that of a query: a thousand bytes, as a draft and sealed in a
// frame.
func benchmarked(b *testing.B) (d Draft, from, to party, frame []byte) {
	b.Helper()
	from, to = newParty(b, "guizhou"), newParty(b, "guiyang.guizhou")
	d = draft(b, from, to, strings.Repeat("x", 1000))
	frame, err := seal(b, d, from, to.to).Encode()
	if err != nil {
		b.Fatal(err)
	}
	return d, from, to, frame
}

func BenchmarkSeal(b *testing.B) {
	d, from, to, _ := benchmarked(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Seal(d, from, to.to); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecode measures the work of every hop.
func BenchmarkDecode(b *testing.B) {
	_, _, _, frame := benchmarked(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(frame); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	_, from, to, frame := benchmarked(b)
	e, err := Decode(frame)
	if err != nil {
		b.Fatal(err)
	}
	opener := NewOpener(to)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(e, from.sets, opener, now); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkVerifySigned measures the verification of evidence.
func BenchmarkVerifySigned(b *testing.B) {
	_, from, _, frame := benchmarked(b)
	e, err := Decode(frame)
	if err != nil {
		b.Fatal(err)
	}
	outer, statement := e.Signed()
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := VerifySigned(outer, statement, from.sets); err != nil {
			b.Fatal(err)
		}
	}
}
