// Package roster is the list of the jurisdictions that a tree should have: the code, label, names,
// level and parent of each. With it, people need not type known facts, and a total can say how many
// of the jurisdictions it covers.
//
// The program comes with the places of the whole country as of 2023-06-30: 31 provinces, 333
// prefectures and 2,847 counties, in china.csv (see data.md). Nobody published that list, so it has
// number 0, and each tree has its own part of it (see ShippedOf): below the root guizhou the 98
// places of Guizhou, below the root china all. The file is read when it is first needed, once.
//
// A list that people bring is CSV in UTF-8, with a header and one place a line:
//
//	code,level,label,name_zh,short_zh,name_en,parent
//	520000,province,guizhou,贵州省,贵州省,Guizhou Province,
//	520500,prefecture,bijie,毕节市,毕节市,Bijie City,520000
//	520526,county,weining,威宁彝族回族苗族自治县,威宁县,Weining County,520500
//
// The columns may stand in any order; short_zh and name_en may be absent or empty. parent is the
// code of the place above; at the root it is empty or 000000. A level is one of Levels, by its code
// or by its word in either language (县级), or a word of the tree's own, such as canton (see
// LevelOf). Parse refuses a file with all its faults (see Faulty), and takes the lines in any
// order.
//
// The root of a tree publishes the list of that tree as a numbered entry of its ledger (see
// rosters). The entry holds the manifest of the list, the deterministic CBOR map (see canon)
//
//	{1: number, 2: SHA-256 of the manifest before (absent in numbers 0 and 1), 3: number of places,
//	 4: [[SHA-256 of a piece, its length] …]}
//
// The hash of a list is the SHA-256 of its manifest. The pieces, one after the other, hold the
// places in the order of the tree: each place stands after its parent, and all below it stand
// directly after it. A piece is at most MaxPiece long and is read by itself:
//
//	[[name of a place above …], [place …]]
//
// in which a place is [label, number of its parent among the names above, counted from 1, 0 at the
// root, code, level, display name, short name, English name], and the names above stand in the
// order in which the places need them. A piece ends after a place whose name says so (see ends),
// so that a change of one place leaves most pieces as they are: a jurisdiction that has the list
// before asks its parent for the others alone. The only piece of a tree of one place:
//
//	82 80 81 87 61 61 00 60 60 61 61 60 60
//
// Lists with the same places have the same pieces, and share what is made of them: all
// jurisdictions of a process hold one copy.
//
// A text that a person typed is found in a list by the index of Meant, which is built once: by
// code, label, name and whole name, in any width and case, in traditional characters, with or
// without the word for the kind of place, and after the names of places above.
//
// A place in the list may have joined the tree or not; the ledgers record which have. The package
// is pure, and changes nothing.
package roster

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"sync"

	"xietong/certs/identity"
	"xietong/node/ground/text"
)

// Place is one jurisdiction of the list.
type Place struct {
	Name        identity.Jurisdiction
	Code        string // GB/T 2260, or any
	Level       string // a code of Levels, or a word of the tree's own
	DisplayName string // 威宁彝族回族苗族自治县
	ShortName   string // 威宁县
	EnglishName string // Weining County
}

// Roster is the list.
type Roster struct {
	number uint64
	before []byte // hash of the list before; nil at number 0 and 1
	*list
}

// list holds the places, which do not change once the list is made.
type list struct {
	places []Place
	at     map[identity.Jurisdiction]int32 // where each place stands
	end    []int32                         // where those below a place end; 0: at the end of the list
	open   []int32                         // the last place, and those above it
	levels []string                        // those that are none of the usual ones
	finder finder
	once   sync.Once // guards the making of pieces
	pieces []Piece
	cutErr error
}

// MaxPlaces is the greatest number of places in a list.
const MaxPlaces = 60_000

func empty(number uint64, before []byte) *Roster {
	return &Roster{number: number, before: before, list: &list{at: map[identity.Jurisdiction]int32{}}}
}

// add appends a place. It stands after its parent, and after nothing that does not lie below its
// parent, unless it is the root.
func (l *list) add(p Place) error {
	if _, twice := l.at[p.Name]; twice {
		return fmt.Errorf("%s stands twice", p.Name)
	}
	if len(l.places) == MaxPlaces {
		return fmt.Errorf("%s is one too many", p.Name)
	}
	if err := p.check(); err != nil {
		return err
	}
	if err := l.addLevel(p.Level); err != nil {
		return err
	}
	if parent, below := p.Name.Parent(); len(l.places) > 0 {
		for len(l.open) > 0 && (!below || l.places[l.open[len(l.open)-1]].Name != parent) {
			l.end[l.open[len(l.open)-1]] = int32(len(l.places))
			l.open = l.open[:len(l.open)-1]
		}
		if len(l.open) == 0 {
			return fmt.Errorf("%s does not stand after its parent or what lies below that", p.Name)
		}
	}
	l.at[p.Name] = int32(len(l.places))
	l.open = append(l.open, int32(len(l.places)))
	l.places, l.end = append(l.places, p), append(l.end, 0)
	return nil
}

// Places returns a copy of all places, in the order of the tree.
func (l *list) Places() []Place { return slices.Clone(l.places) }

// All gives all places, in the order of the tree: each after its parent, and all below it directly
// after it.
func (l *list) All() iter.Seq[Place] { return slices.Values(l.places) }

// Len returns the number of places.
func (l *list) Len() int { return len(l.places) }

// Of returns the place with the name.
func (l *list) Of(name identity.Jurisdiction) (Place, bool) {
	i, ok := l.at[name]
	if !ok {
		return Place{}, false
	}
	return l.places[i], true
}

// DisplayName returns the display name of the place, or the whole name where the list does not have
// it.
func (l *list) DisplayName(name identity.Jurisdiction) string {
	p, _ := l.Of(name)
	return cmp.Or(p.DisplayName, name.String())
}

// Levels returns the levels that a place may have: the usual ones, and those of the list.
func (l *list) Levels() []string { return slices.Concat(text.Levels, l.levels) }

// until returns where the places at and below one end.
func (l *list) until(i int) int {
	if end := l.end[i]; end > 0 {
		return int(end)
	}
	return len(l.places)
}

// Under gives the places at a jurisdiction and below it, in the order of the tree. The jurisdiction
// need not be listed.
func (l *list) Under(name identity.Jurisdiction) iter.Seq[Place] {
	if i, listed := l.at[name]; listed {
		return slices.Values(l.places[i:l.until(int(i))])
	}
	return func(yield func(Place) bool) {
		for _, p := range l.places {
			if p.Name.Under(name) && !yield(p) {
				return
			}
		}
	}
}

// HasLevel reports whether a place of the list has the level.
func (l *list) HasLevel(level string) bool {
	return slices.ContainsFunc(l.places, func(p Place) bool { return p.Level == level })
}

// Children returns the places directly below a jurisdiction, in the order of the list.
func (l *list) Children(of identity.Jurisdiction) (all []Place) {
	at, ok := l.at[of]
	if !ok {
		return nil
	}
	for i, end := int(at)+1, l.until(int(at)); i < end; i = l.until(i) {
		all = append(all, l.places[i])
	}
	return all
}
