package catalog

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// shownOf bounds how much of a value a difference shows, in characters; seenBefore is how much of
// what both have in common it shows before the first character that differs.
const (
	shownOf    = 160
	seenBefore = 30
)

// Difference is one place in which two documents differ:
//
//	{"schema/properties/name/maxLength", "40", "400"}
//	{"schema/required", "", "\"phone\""}
//
// At is the way to it: names of members and positions in lists, in which ~ is written ~0 and / is
// written ~1 (RFC 6901). Before and After are JSON, cut where they are long; "" is nothing.
type Difference struct {
	At, Before, After string
}

// differences returns where two decoded documents differ, in the order of the members' names. It is
// empty only where they are the same.
func differences(before, after any) (all []Difference) {
	differ("", before, after, func(d Difference) { all = append(all, d) })
	return all
}

func differ(at string, before, after any, found func(Difference)) {
	switch was := before.(type) {
	case map[string]any:
		if is, ok := after.(map[string]any); ok {
			differMembers(at, was, is, found)
			return
		}
	case []any:
		if is, ok := after.([]any); ok {
			differLists(at, was, is, found)
			return
		}
	}
	if a, b := spelled(before), spelled(after); !bytes.Equal(a, b) {
		found(shownAt(at, string(a), string(b)))
	}
}

func differMembers(at string, before, after map[string]any, found func(Difference)) {
	_, added := apart(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after)))
	for _, name := range slices.Sorted(slices.Values(append(added, slices.Collect(maps.Keys(before))...))) {
		was, had := before[name]
		is, has := after[name]
		switch at := under(at, name); {
		case had && has:
			differ(at, was, is, found)
		case had:
			found(shownAt(at, string(spelled(was)), ""))
		default:
			found(shownAt(at, "", string(spelled(is))))
		}
	}
}

// differLists compares lists of texts and numbers by what only one of them has, and other lists
// place by place.
func differLists(at string, before, after []any, found func(Difference)) {
	if slices.ContainsFunc(append(slices.Clone(before), after...), isTree) {
		for i := range max(len(before), len(after)) {
			switch at := under(at, strconv.Itoa(i)); {
			case i >= len(after):
				found(shownAt(at, string(spelled(before[i])), ""))
			case i >= len(before):
				found(shownAt(at, "", string(spelled(after[i]))))
			default:
				differ(at, before[i], after[i], found)
			}
		}
		return
	}
	was, is := spelledAll(before), spelledAll(after)
	gone, added := apart(was, is)
	for _, s := range gone {
		found(shownAt(at, s, ""))
	}
	for _, s := range added {
		found(shownAt(at, "", s))
	}
	if len(gone)+len(added) == 0 && !slices.Equal(was, is) { // another order, or the same twice
		found(shownAt(at, string(spelled(before)), string(spelled(after))))
	}
}

func isTree(v any) bool {
	switch v.(type) {
	case map[string]any, []any:
		return true
	}
	return false
}

func spelledAll(list []any) (all []string) {
	for _, v := range list {
		all = append(all, string(spelled(v)))
	}
	return all
}

func under(at, name string) string {
	name = strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
	return strings.TrimPrefix(at+"/"+name, "/")
}

// shownAt cuts the two values so that what differs can be seen.
func shownAt(at, before, after string) Difference {
	was, is := []rune(before), []rune(after)
	same := 0
	for same < len(was) && same < len(is) && was[same] == is[same] {
		same++
	}
	return Difference{at, window(was, same), window(is, same)}
}

// window returns the part of a value around the character at; all of it where it is short.
func window(value []rune, at int) string {
	if len(value) <= shownOf {
		return string(value)
	}
	from := max(0, min(at-seenBefore, len(value)-shownOf))
	s := string(value[from : from+shownOf])
	if from > 0 {
		s = "…" + s
	}
	if from+shownOf < len(value) {
		s += "…"
	}
	return s
}

// decoded returns a document as a tree, numbers as they are written; nil where it is none.
func decoded(document []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}

// spelled returns a value of a tree in one spelling: the members of objects sorted.
func spelled(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // what was decoded can be encoded
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
