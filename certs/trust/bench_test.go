package trust

import "testing"

// BenchmarkWalk walks three key sets of one replica, as a year of renewals leaves them.
func BenchmarkWalk(b *testing.B) {
	m := newMember(b, 1)
	one := set(b, nil, m)
	two := set(b, &one, m)
	three := set(b, &two, m)
	pin, signed := one.Pin(), [][]byte{sign(b, one, m), sign(b, two, m), sign(b, three, m)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Walk(pin, signed); err != nil {
			b.Fatal(err)
		}
	}
}
