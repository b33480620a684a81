package group

import (
	"errors"
	"os"
	"testing"

	"xietong/consensus/state"
)

// scattered is three replicas whose old entries lie in files, none of which moves any more.
type scattered struct {
	*fetched
	written []string
	numbers []uint32 // of the replicas
}

// inScattered runs f with three replicas that have at least three files of old entries each.
func inScattered(t *testing.T, f func(t *testing.T, x *scattered)) {
	inFetched(t, func(t *testing.T, x *fetched) {
		x.options.FileBlocks = 1
		x.up(1, 2, 3)
		leader := x.leader()
		s := &scattered{fetched: x, numbers: []uint32{1, 2, 3}}
		for i := range 1100 {
			s.written = append(s.written, long("many", i))
			x.put(leader, s.written[i])
		}
		for _, n := range x.others(leader) {
			x.reached(n, leader)
		}
		for _, n := range s.numbers {
			x.files(n, 3)
		}
		f(t, s)
	})
}

// harm flips a byte in the middle of a file of a replica, which does not run meanwhile; remove: it
// takes the file away.
func (s *scattered) harm(n uint32, file int, remove bool) {
	s.Helper()
	path := s.files(n, 3)[file]
	data, err := os.ReadFile(path)
	if err != nil {
		s.Fatal(err)
	}
	s.down(n)
	if data[len(data)/2] ^= 1; remove {
		err = os.Remove(path)
	} else {
		err = os.WriteFile(path, data, 0o600)
	}
	if err != nil {
		s.Fatal(err)
	}
	s.back(n)
}

// TestScatteredDamage (D29) has another file of old entries be damaged, or missing, on each of
// three replicas: each has its good copy on the two others, so all are mended, by themselves.
func TestScatteredDamage(t *testing.T) {
	inScattered(t, func(t *testing.T, x *scattered) {
		for i, n := range x.numbers {
			x.harm(n, i, i == 1)
		}
		x.leader()
		for _, n := range x.numbers {
			if _, ok := errors.AsType[*state.DecayError](x.nodes[n].decay(t)); !ok {
				t.Fatalf("a scrub of replica %d finds nothing", n)
			}
		}
		for _, n := range x.numbers {
			if _, err := x.nodes[n].MendFiles(t.Context()); err != nil {
				t.Errorf("replica %d: %v", n, err)
			}
		}
		for _, n := range x.numbers {
			if err := x.nodes[n].decay(t); err != nil || x.nodes[n].store.Damaged() != nil {
				t.Errorf("replica %d, mended: a scrub finds %v, and %v", n, err, x.nodes[n].store.Damaged())
			}
		}
		x.agree(x.leader(), x.written)
	})
}
