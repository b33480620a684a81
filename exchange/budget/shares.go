package budget

// shares is what is in use: in all, of each neighbour, and within it of each origin.
type shares struct {
	used  float64
	below map[string]*shares
}

// path returns the names under which a payer's shares are counted, from the outermost in.
func (p Payer) path() []string {
	if p.Within == "" {
		return []string{p.Neighbour, p.Origin}
	}
	return []string{p.Neighbour, p.Origin, p.Within}
}

// room returns how much more a payer may have of all: what is free, less what its neighbour holds,
// less what each within it holds down to the payer itself. See the package comment for why.
func (s *shares) room(all float64, p Payer) float64 {
	room := all - s.used
	for _, name := range p.path() {
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
	for _, name := range p.path() {
		above := s
		s = above.child(name)
		if s.used += n; s.used <= 0 {
			delete(above.below, name)
		}
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
