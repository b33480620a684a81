package budget

// shares is what is in use: in all, of each neighbour, and within it of each origin.
type shares struct {
	used  float64
	below map[string]*shares
}

// room returns how much more a payer may have of all: what is free, less what its neighbour holds,
// less what it holds itself. See the package comment for why.
func (s *shares) room(all float64, p Payer) float64 {
	room := all - s.used
	for _, name := range []string{p.Neighbour, p.Origin} {
		if s = s.below[name]; s == nil {
			return room
		}
		room -= s.used
	}
	return room
}

// add counts n more for a payer; less, if n is negative. Whoever holds nothing is forgotten.
func (s *shares) add(n float64, p Payer) {
	s.used += n
	neighbour := s.child(p.Neighbour)
	neighbour.used += n
	origin := neighbour.child(p.Origin)
	origin.used += n
	if origin.used <= 0 {
		delete(neighbour.below, p.Origin)
	}
	if neighbour.used <= 0 {
		delete(s.below, p.Neighbour)
	}
}

func (s *shares) child(name string) *shares {
	c := s.below[name]
	if c == nil {
		if s.below == nil {
			s.below = map[string]*shares{}
		}
		c = &shares{}
		s.below[name] = c
	}
	return c
}
