package xietong_test

import (
	"go/ast"
	"slices"
	"strings"
	"testing"
)

// shelves are the folders of node, from the ground up. A room imports the shelves below its own; of
// its own shelf it imports the rooms named beside it, and no others.
var shelves = []struct {
	name   string
	rooms  map[string][]string // room → rooms of the same shelf that it reads
	reason string
}{
	{"ground", map[string][]string{
		"book": {"text"}, "host": {"book"}, "text": nil, "failure": {"host", "text"}, "operation": {"failure", "text"},
		"config": {"text", "zone"}, "zone": {"text"}, "datadir": {"config", "failure", "host", "roster", "text", "zone"}, "offline": {"book", "config", "datadir", "host", "roster", "text"},
		"rows": {"pattern", "scalar", "table", "text"}, "table": {"text"}, "filter": {"pattern", "scalar"}, "pattern": nil, "scalar": nil,
		"roster": {"text"}, "policy": nil, "loglimit": nil,
	}, "what every room stands on: how it keeps, tells, decides and offers"},
	{"tree", map[string][]string{
		"tree": nil, "invitation": nil, "door": {"tree"}, "neighbours": {"tree", "door"}, "rosters": {"door"},
		"breaks": nil, "chains": {"tree", "breaks", "door", "neighbours"}, "standing": {"tree", "breaks", "chains", "neighbours", "rosters"},
		"treetest": {"tree"},
	}, "where a jurisdiction stands, whose keys are believed, and what a place is called"},
	{"business", map[string][]string{
		"catalog": nil, "usage": nil, "sharing": {"usage"}, "questions": nil,
		"records": {"catalog", "sharing"},
	}, "what a jurisdiction does with data and cases, each room a core with a thin adapter"},
	{"flows", map[string][]string{
		"calls": nil, "anywhere": nil, "federated": {"anywhere", "calls"}, "adoption": {"anywhere"}, "granting": nil, "reform": nil, "join": nil, "drill": nil, "selfcheck": nil, "witnessing": nil, "epochs": {"reform"}, "replicas": {"join"},
		"callstest": {"adoption", "anywhere", "calls", "federated", "selfcheck"},
	}, "what needs several jurisdictions, or several rooms"},
	{"faces", map[string][]string{
		"client": nil, "api": {"client", "export"}, "export": nil, // one order for lists, wherever they are sorted
	}, "what people and systems see: they hold no business"},
	{"trials", map[string][]string{"nodetest": nil, "measure": nil}, "tests and benches only"},
}

// place is where a package of node stands.
type placeOfRoom struct {
	level       int
	shelf, room string
	reads       []string
}

// placeOf returns where a package of node stands; ok is false for node itself and every other
// package.
func placeOf(pkg string) (p placeOfRoom, ok bool) {
	parts := strings.Split(pkg, "/")
	if len(parts) < 2 || parts[0] != "node" {
		return p, false
	}
	p.shelf, p.room, p.level = parts[1], parts[1], -1
	if len(parts) > 2 {
		p.room = parts[2]
	}
	for i, s := range shelves {
		if reads, known := s.rooms[p.room]; known && s.name == p.shelf {
			p.level, p.reads = i, reads
		}
	}
	return p, true
}

func TestShelves(t *testing.T) {
	for _, s := range sources(t) {
		p, ok := placeOf(s.dir)
		if !ok {
			continue
		}
		if p.level < 0 {
			t.Errorf("%s: the room %s is on no shelf; give it one here and a line in docs/architecture.md", s.path, s.dir)
			continue
		}
		for _, imported := range s.imports() {
			if imported == module+"node" && p.shelf != "trials" {
				t.Errorf("%s imports node: node puts the rooms together, so no room can know it", s.path)
			}
			other, ok := placeOf(strings.TrimPrefix(imported, module))
			if !ok || !strings.HasPrefix(imported, module) {
				continue
			}
			if why := reaches(p, other, s.test); why != "" {
				t.Errorf("%s: %s/%s imports %s/%s: %s", s.path, p.shelf, p.room, other.shelf, other.room, why)
			}
		}
	}
}

// reaches says why a room may not import another; "" where it may. A room whose name ends with test
// is there for the tests of its shelf.
func reaches(p, other placeOfRoom, test bool) string {
	switch {
	case other.shelf == p.shelf && other.room == p.room, p.shelf == "trials":
		return ""
	case other.shelf == p.shelf && test && strings.HasSuffix(other.room, "test"):
		return ""
	case other.shelf == p.shelf && slices.Contains(p.reads, other.room):
		return ""
	case other.shelf == p.shelf:
		return "of its own shelf a room reads the rooms named in this test only, so that each can be understood and replaced alone"
	case other.level > p.level:
		return "a room reads the shelves below its own only: " + shelves[max(p.level, 0)].reason
	}
	return ""
}

// faces that stand on the API alone, and what of node they may import.
var clients = map[string][]string{
	"node/faces/client":  {"node/faces/client"},
	"node/faces/console": {"node/faces/client", "node/faces/design", "node/faces/chart", "node/ground/text"},
	"node/faces/portal":  {"node/faces/client", "node/faces/design", "node/faces/chart", "node/ground/text"},
}

// TestFacesHoldNoBusiness checks that a face reads what the API tells, and nothing behind it.
func TestFacesHoldNoBusiness(t *testing.T) {
	for _, s := range sources(t) {
		for face, may := range clients {
			if !within(s.dir, face) || s.test {
				continue
			}
			for _, imported := range s.imports() {
				pkg, own := strings.CutPrefix(imported, module)
				if own && within(pkg, "node", "exchange", "consensus") && !within(pkg, append(may, s.dir)...) {
					t.Errorf("%s imports %s: what a face shows, the API tells", s.path, pkg)
				}
			}
		}
	}
}

// proposing are the packages that hand a command to a jurisdiction's ledger, or make a statement of
// it.
var proposing = map[string][]string{
	"Propose": {"consensus/group", "node", "node/ground/book", "node/ground/host"},
	"Act":     {"node/ground/host", "node/business", "node/flows", "node/tree"},
	"Note":    {"node/ground/host", "node/business", "node/flows", "node/tree"},
}

// TestCommandsAreProposedInRooms counts the commands and statements that are made outside the
// rooms: none. A face that made one would hold business that no other face has.
func TestCommandsAreProposedInRooms(t *testing.T) {
	found := map[string]int{}
	for _, s := range sources(t) {
		if s.test || s.dir == "node/ground/book/booktest" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if !ok || proposing[sel.Sel.Name] == nil {
				return true
			}
			found[sel.Sel.Name]++
			if !within(s.dir, proposing[sel.Sel.Name]...) {
				t.Errorf("%s calls %s: commands and statements are made in the rooms", fileSet.Position(call.Pos()), sel.Sel.Name)
			}
			return true
		})
	}
	if found["Propose"] < 3 || found["Act"] < 5 || found["Note"] < 5 {
		t.Errorf("%v were found; the check looks in the wrong place", found)
	}
}
