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
// rosters); from number 2 on, a list names the hash of the list before. A list is the deterministic
// CBOR map (see canon)
//
//	{1: number, 2: SHA-256 of the list before (absent in numbers 0 and 1), 3: [place …]}
//
// in which each place stands after its parent. A place is [label, number of its parent among the
// places, counted from 1, 0 at the root, code, level, display name, short name, English name]. The
// hash of a list is the SHA-256 of that map. A tree of one place, number 1:
//
//	a2 01 01 03 81 87 61 61 00 60 60 61 61 60 60
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
	"slices"

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
	number   uint64
	before   []byte // hash of the list before; nil at number 0 and 1
	places   []Place
	byName   map[identity.Jurisdiction]int
	children map[identity.Jurisdiction][]int
	finder   *finder // of the places, so lists with the same places share it
}

// MaxPlaces is the greatest number of places in a list.
const MaxPlaces = 5_000

func empty(number uint64, before []byte) *Roster {
	return &Roster{
		number: number, before: before, byName: map[identity.Jurisdiction]int{}, children: map[identity.Jurisdiction][]int{},
		finder: &finder{},
	}
}

// add appends a place. Its parent stands before it, unless it is the root.
func (r *Roster) add(p Place) error {
	if _, twice := r.byName[p.Name]; twice {
		return fmt.Errorf("%s stands twice", p.Name)
	}
	parent, below := p.Name.Parent()
	if _, known := r.byName[parent]; below && !known && len(r.places) > 0 {
		return fmt.Errorf("the parent of %s does not stand before it", p.Name)
	}
	if len(r.places) > 0 && !p.Name.Under(r.places[0].Name) || len(r.places) == MaxPlaces {
		return fmt.Errorf("%s does not lie below %s, or is one too many", p.Name, r.places[0].Name)
	}
	for _, s := range []string{p.Code, p.Level, p.DisplayName, p.ShortName, p.EnglishName} {
		if !text.Readable(s) {
			return fmt.Errorf("a text of %s has control characters, or is no UTF-8", p.Name)
		}
	}
	if below {
		r.children[parent] = append(r.children[parent], len(r.places))
	}
	r.byName[p.Name] = len(r.places)
	r.places = append(r.places, p)
	return nil
}

// Places returns all places, each after its parent.
func (r *Roster) Places() []Place { return slices.Clone(r.places) }

// Of returns the place with the name.
func (r *Roster) Of(name identity.Jurisdiction) (Place, bool) {
	i, ok := r.byName[name]
	if !ok {
		return Place{}, false
	}
	return r.places[i], true
}

// DisplayName returns the display name of the place, or the whole name where the list does not have
// it.
func (r *Roster) DisplayName(name identity.Jurisdiction) string {
	p, _ := r.Of(name)
	return cmp.Or(p.DisplayName, name.String())
}

// Levels returns the levels that a place may have: the usual ones, and those of the list.
func (r *Roster) Levels() []string {
	levels := slices.Clone(text.Levels)
	for _, p := range r.places {
		if !slices.Contains(levels, p.Level) {
			levels = append(levels, p.Level)
		}
	}
	return levels
}

// Children returns the places directly below a jurisdiction, in the order of the list.
func (r *Roster) Children(of identity.Jurisdiction) (all []Place) {
	for _, i := range r.children[of] {
		all = append(all, r.places[i])
	}
	return all
}
