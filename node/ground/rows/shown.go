package rows

import (
	"encoding/json"
	"maps"
	"slices"
)

// shape says which members a value may show: those that the schema lists. A schema lists a member
// where it has it among its properties; an object of which it lists none, or lets have others by
// additionalProperties, shows all that it has. A record itself shows what its schema lists, always.
type shape struct {
	open    bool // members that are not listed are shown too
	members map[string]*shape
	prefix  []*shape
	items   *shape // nil: whatever they are, they are shown
}

// shapeOf returns the shape of a value that meets all the nodes; nil: everything is shown.
func shapeOf(nodes ...*node) *shape {
	s := &shape{}
	listed, items, prefix := map[string][]*node{}, []*node{}, [][]*node{}
	for _, n := range meeting(nodes) {
		s.open = s.open || n.open
		for name, child := range n.members {
			listed[name] = append(listed[name], child)
		}
		if n.items != nil {
			items = append(items, n.items)
		}
		for i, child := range n.prefix {
			if i == len(prefix) {
				prefix = append(prefix, nil)
			}
			prefix[i] = append(prefix[i], child)
		}
	}
	s.open = s.open || len(listed) == 0
	s.members = map[string]*shape{}
	for name, children := range listed {
		s.members[name] = shapeOf(children...)
	}
	for _, children := range prefix {
		s.prefix = append(s.prefix, shapeOf(children...))
	}
	if len(items) > 0 {
		s.items = shapeOf(items...)
	}
	if s.open && s.items == nil && !slices.ContainsFunc(s.prefix, notNil) && !anyClosed(s.members) {
		return nil
	}
	return s
}

func notNil(s *shape) bool { return s != nil }

func anyClosed(members map[string]*shape) bool {
	for _, child := range members {
		if child != nil {
			return true
		}
	}
	return false
}

// meeting returns the nodes, and all others that a value meets with them.
func meeting(nodes []*node) (all []*node) {
	seen := map[*node]bool{}
	var add func([]*node)
	add = func(more []*node) {
		for _, n := range more {
			if !seen[n] {
				seen[n] = true
				all = append(all, n)
				add(n.same)
			}
		}
	}
	add(nodes)
	return all
}

// recordShape returns the shape of the records: the fields of the schema, and no others.
func (s *Schema) recordShape() *shape {
	whole := &shape{members: map[string]*shape{}}
	if meets := shapeOf(s.root); meets != nil {
		for name := range s.byName {
			whole.members[name] = meets.members[name]
		}
		return whole
	}
	for name := range s.byName {
		whole.members[name] = nil
	}
	return whole
}

// checkRequired refuses a schema that no record fits, because it requires a member that a record
// may not have: one that is not listed where all are.
func (s *shape) checkRequired(nodes ...*node) error {
	if s == nil {
		return nil
	}
	for _, n := range nodes {
		for _, name := range n.required {
			if _, listed := s.members[name]; !listed && !s.open {
				return badSchema("required names %q, which properties does not list", name)
			}
		}
	}
	below := map[string][]*node{}
	for _, n := range meeting(nodes) {
		for name, child := range n.members {
			below[name] = append(below[name], child)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(below)) {
		if err := s.members[name].checkRequired(below[name]...); err != nil {
			return err
		}
	}
	return nil
}

// Shown returns of a canonical record what the schema lists, in canonical form: the record itself
// where that is all of it, which costs no allocation. It is what may leave under a catalogue entry
// with this schema, whatever was put under an earlier one.
func (s *Schema) Shown(record []byte) ([]byte, error) {
	if s.listsAll(record) {
		return record, nil
	}
	return s.cut(record, func(string) {})
}

// Unlisted returns the members of a canonical record that Shown leaves out, each once: "phone" or,
// within a member, "address/phone".
func (s *Schema) Unlisted(record []byte) (paths []string, err error) {
	if s.listsAll(record) {
		return nil, nil
	}
	_, err = s.cut(record, func(path string) {
		if !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	})
	return paths, err
}

func (s *Schema) listsAll(record []byte) bool {
	at, listed := s.shown.lists(record, 0)
	return listed && at == len(record) && record[0] == '{'
}

func (s *Schema) cut(record []byte, left func(path string)) ([]byte, error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(record, &object); err != nil || object == nil {
		return nil, badFile("decode record: %v", err)
	}
	return s.shown.cut(nil, record, "", left), nil
}

// cut appends what the shape shows of a canonical value, and calls left with each member that it
// leaves out.
func (s *shape) cut(out, value []byte, path string, left func(path string)) []byte {
	switch {
	case s == nil || len(value) == 0:
	case value[0] == '{':
		return s.cutMembers(out, value, path, left)
	case value[0] == '[':
		return s.cutItems(out, value, path, left)
	}
	return append(out, value...)
}

func (s *shape) cutMembers(out, value []byte, path string, left func(path string)) []byte {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(value, &members) // a part of a record that was decoded as a whole
	names := make([]string, 0, len(members))
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names)
	out = append(out, '{')
	first := true
	for _, name := range names {
		at := name
		if path != "" {
			at = path + "/" + name
		}
		child, listed := s.members[name]
		if !listed && !s.open {
			left(at)
			continue
		}
		if !first {
			out = append(out, ',')
		}
		first = false
		out = child.cut(append(appendText(out, name), ':'), members[name], at, left)
	}
	return append(out, '}')
}

func (s *shape) cutItems(out, value []byte, path string, left func(path string)) []byte {
	var items []json.RawMessage
	_ = json.Unmarshal(value, &items) // a part of a record that was decoded as a whole
	out = append(out, '[')
	for i, item := range items {
		if i > 0 {
			out = append(out, ',')
		}
		out = s.item(i).cut(out, item, path, left)
	}
	return append(out, ']')
}

func (s *shape) item(i int) *shape {
	if i < len(s.prefix) {
		return s.prefix[i]
	}
	return s.items
}

// lists reports whether the shape shows all of the canonical value that begins at b[at], and
// returns where the value ends. It returns false for whatever is no canonical value, and then no
// end.
func (s *shape) lists(b []byte, at int) (end int, listed bool) {
	if at >= len(b) {
		return at, false
	}
	closing := byte('}')
	switch {
	case s == nil || b[at] != '{' && b[at] != '[':
		return skip(b, at)
	case b[at] == '[':
		closing = ']'
	}
	inObject := closing == '}'
	at++
	if at < len(b) && b[at] == closing {
		return at + 1, true
	}
	for i := 0; ; i++ {
		child, shown := s.item(i), true
		if inObject {
			if child, at, shown = s.member(b, at); !shown {
				return at, false
			}
		}
		if at, shown = child.lists(b, at); !shown || at >= len(b) {
			return at, false
		}
		if at++; b[at-1] != ',' {
			return at, b[at-1] == closing
		}
	}
}

// member reads the name of a member and the colon. It returns false for a member that is not shown.
func (s *shape) member(b []byte, at int) (child *shape, end int, shown bool) {
	end, ok := skipText(b, at)
	if !ok || end >= len(b) || b[end] != ':' {
		return nil, end, false
	}
	child, listed := s.members[string(b[at+1:end-1])] // the name of a field has no escaped character
	return child, end + 1, listed || s.open
}

// skip returns where the canonical value ends that begins at b[at].
func skip(b []byte, at int) (end int, ok bool) {
	for depth := 0; at < len(b); at++ {
		switch b[at] {
		case '"':
			if at, ok = skipText(b, at); !ok {
				return at, false
			}
			at--
		case '{', '[':
			depth++
			continue
		case '}', ']':
			depth--
		case ',', ':':
			continue
		default:
			for at+1 < len(b) && b[at+1] != ',' && b[at+1] != '}' && b[at+1] != ']' {
				at++
			}
		}
		if depth <= 0 {
			return at + 1, depth == 0
		}
	}
	return at, false
}

// skipText returns where the text ends that begins at b[at].
func skipText(b []byte, at int) (end int, ok bool) {
	if at >= len(b) || b[at] != '"' {
		return at, false
	}
	for at++; at < len(b); at++ {
		switch b[at] {
		case '\\':
			at++
		case '"':
			return at + 1, true
		}
	}
	return at, false
}
