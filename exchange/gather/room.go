package gather

import (
	"cmp"
	"slices"
	"sort"

	"xietong/certs/identity"
)

// party is one whose groups come into a sum: the jurisdiction itself, or a child.
type party struct {
	name   identity.Jurisdiction
	groups []Group
}

// room is the room of a sum: how many groups it may tell, and bytes of them.
type room struct{ groups, bytes int }

// told is what a room tells of each party: the groups for which there is room, the suppressed, and
// all others as one. A group that is told of one party is told of all.
//
// Each party is sure of an equal part of the room for its greatest groups. What some leave unused
// is shared on in equal parts, so that neither the order of the parties nor the length of what one
// of them answers decides what is told of another.
func (r room) told(f Function, parties []party) ([][]Group, error) {
	wishes, sizes := wishesOf(parties)
	level := r.level(wishes, sizes, len(parties))
	in := union(wishes, len(sizes), r.part(level))
	all := make([][]Group, len(parties))
	for i, p := range parties {
		rest := newRest(p.name)
		for _, w := range wishes[i] {
			if in[w.id] {
				all[i] = append(all[i], w.Group)
				continue
			}
			rest.add(f, w.Group)
		}
		for _, g := range p.groups {
			switch {
			case g.Suppressed:
				all[i] = append(all[i], g)
			case g.Others:
				rest.add(f, g)
			}
		}
		if rest.from == 0 {
			continue
		}
		g, err := rest.group(f)
		if err != nil {
			return nil, err
		}
		all[i] = append(all[i], g)
	}
	return all, nil
}

// wish is a group that a party has, and the number that all groups with its values have.
type wish struct {
	Group
	id int
}

// wishesOf returns the groups that each party tells, the greatest first, and the size of each
// different group.
func wishesOf(parties []party) (wishes [][]wish, sizes []int) {
	ids := map[string]int{}
	for _, p := range parties {
		var own []wish
		for _, g := range p.groups {
			if !g.told() {
				continue
			}
			key := keyOf(g)
			id, known := ids[key]
			if !known {
				id = len(sizes)
				ids[key], sizes = id, append(sizes, 0)
			}
			sizes[id] = max(sizes[id], g.size())
			own = append(own, wish{g, id})
		}
		slices.SortFunc(own, func(a, b wish) int { return cmp.Or(cmp.Compare(b.Count, a.Count), compareGroups(a.Group, b.Group)) })
		wishes = append(wishes, own)
	}
	return wishes, sizes
}

// part is the part of the room that a party may fill at a level.
func (r room) part(level int) room {
	return room{groups: level, bytes: level * r.bytes / max(1, r.groups)}
}

// level returns how many groups each party may tell: the most for which there is room, and at least
// an equal part.
func (r room) level(wishes [][]wish, sizes []int, parties int) int {
	least := r.groups / max(1, parties)
	return least + sort.Search(r.groups-least, func(more int) bool {
		told, bytes := 0, 0
		for id, in := range union(wishes, len(sizes), r.part(least+more+1)) {
			if in {
				told, bytes = told+1, bytes+sizes[id]
			}
		}
		return told > r.groups || bytes > r.bytes
	})
}

// union returns which groups are told if each party fills a part.
func union(wishes [][]wish, groups int, part room) []bool {
	in := make([]bool, groups)
	for _, own := range wishes {
		bytes := 0
		for i, w := range own {
			if bytes += w.size(); i >= part.groups || bytes > part.bytes {
				break
			}
			in[w.id] = true
		}
	}
	return in
}

// extrasOf joins what stands beside the roster, MaxExtra at most: of each party an equal part, and
// of what others leave unused too.
func extrasOf(parties [][]Extra) (all []Extra) {
	level := sort.Search(MaxExtra, func(n int) bool {
		told := 0
		for _, p := range parties {
			told += min(len(p), n+1)
		}
		return told > MaxExtra
	})
	for _, p := range parties {
		all = append(all, p[:min(len(p), level)]...)
	}
	slices.SortFunc(all, compareExtra)
	return all
}
