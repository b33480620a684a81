package roster

import (
	_ "embed" // the data are part of the binary
	"fmt"
	"slices"
	"strings"
	"sync"

	"xietong/certs/identity"
	"xietong/node/ground/text"
)

//go:embed china.csv
var china string

// Nation is the label of a root that has the whole country below it.
const Nation = "china"

// LevelProvince is the level of the roots below the nation.
const LevelProvince = "province"

// nation is the row of that root; in the file the provinces stand below its code.
const nation = noParent + ",nation," + Nation + ",中华人民共和国,中国,China,\n"

// shipped holds a list, a *Roster, for each root that was asked for: at most one for each province,
// and one for the nation.
var shipped sync.Map

// ShippedOf returns the list that comes with the program for the tree of a jurisdiction, which is
// the part below its last label: below guizhou that of Guizhou, below china the whole country. For
// a tree that the program does not know, the list has its root alone, without a display name. All
// jurisdictions of a tree get the same list.
func ShippedOf(name identity.Jurisdiction) *Roster {
	top := topOf(name)
	if r, read := shipped.Load(top.String()); read {
		return r.(*Roster)
	}
	rows, known := rowsBelow(top.String())
	if !known {
		r := empty(0, nil)
		if err := r.add(Place{Name: top}); err != nil {
			panic(err) // the first place of a list can be any
		}
		return r
	}
	r, err := Parse(rows)
	if err != nil {
		panic(err) // the data are part of the program, and a test reads them
	}
	first, _ := shipped.LoadOrStore(top.String(), r)
	return first.(*Roster)
}

// Ships reports whether the program comes with a list for the tree of a jurisdiction.
func Ships(name identity.Jurisdiction) bool {
	r := ShippedOf(name)
	return r.places[0].DisplayName != ""
}

func topOf(name identity.Jurisdiction) identity.Jurisdiction {
	for {
		above, below := name.Parent()
		if !below {
			return name
		}
		name = above
	}
}

// rowsBelow returns the file of the places below a root; false: there is no such root. The codes of
// the places of a province begin with its first two digits.
func rowsBelow(root string) (rows string, known bool) {
	header, all, _ := strings.Cut(china, "\n")
	if root == Nation {
		return header + "\n" + nation + all, true
	}
	var b strings.Builder
	b.WriteString(header + "\n")
	prefix := ""
	for line := range strings.Lines(all) {
		if cells := strings.Split(line, ","); cells[1] == LevelProvince && cells[2] == root {
			prefix = cells[0][:2]
		}
		if prefix != "" && strings.HasPrefix(line, prefix) {
			b.WriteString(line)
		}
	}
	return b.String(), prefix != ""
}

// Provinces returns the roots of the shipped lists below the nation.
func Provinces() (all []Place) {
	for line := range strings.Lines(china) {
		cells := strings.Split(line, ",")
		if cells[1] != LevelProvince {
			continue
		}
		name, err := identity.ParseJurisdiction(cells[2])
		if err != nil {
			panic(fmt.Sprintf("china.csv: %s: %v", cells[2], err)) // as in ShippedOf
		}
		p, _ := ShippedOf(name).Of(name)
		all = append(all, p)
	}
	return all
}

// ShippedCalled returns the places of the shipped lists that a person means by the text, as Meant
// does in all of them together. Where it returns several, the person has to say which.
func ShippedCalled(typed string) (all []Place) {
	best := byNone
	for _, root := range append(Provinces(), nationPlace()) {
		only := func(p Place) bool { return root.Name.String() != Nation || p.Name == root.Name }
		near, found := ShippedOf(root.Name).meant(typed, only)
		if near < best {
			best, all = near, nil
		}
		if near == best {
			all = append(all, found...)
		}
	}
	return all
}

// NearProvince returns the provinces that are spelled nearly as the text, as NearBelow does.
func NearProvince(typed string) (all []Place) {
	nation := nationPlace().Name
	near := ShippedOf(nation).NearBelow(nation, typed)
	for _, p := range Provinces() {
		if slices.ContainsFunc(near, func(o Place) bool { return o.Code == p.Code }) {
			all = append(all, p)
		}
	}
	return all
}

func nationPlace() Place {
	cells := strings.Split(strings.TrimSpace(nation), ",")
	name, err := identity.ParseJurisdiction(cells[2])
	if err != nil {
		panic(err) // a constant
	}
	return Place{Name: name, Code: cells[0], Level: cells[1], DisplayName: cells[3], ShortName: cells[4], EnglishName: cells[5]}
}

// LevelOf returns the level that a person means by a text: the code of one of Levels, by its code
// or its word in either language; or else the text itself, where it can be the level of a tree of
// another country: letters, marks, digits and hyphens of any script, at most 32 bytes. The error is
// false where it is none of these.
func LevelOf(typed string) (level string, ok bool) {
	level = text.LevelCalled(strings.TrimSpace(typed))
	return level, level != "" && len(level) <= maxShort && !strings.ContainsFunc(level, noLevelRune)
}
