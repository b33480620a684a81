package xietong_test

import (
	"go/ast"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "xietong/"

// within reports whether the package is one of the rooms or below it. The room "." is the root
// alone.
func within(pkg string, rooms ...string) bool {
	return slices.ContainsFunc(rooms, func(room string) bool { return pkg == room || strings.HasPrefix(pkg, room+"/") })
}

// floors says what each floor may import of the house. An import goes down only.
var floors = []struct {
	floor  string
	may    []string
	reason string
}{
	{"certs", []string{"certs"},
		"who is who stands on nothing: every other floor trusts it, so it must be readable alone"},
	{"consensus", []string{"consensus", "certs"},
		"what a jurisdiction recorded must be verifiable without the exchange, and without the business above"},
	{"exchange", []string{"exchange", "certs"},
		"messages travel whether or not a ledger stands behind them; what must be logged is handed in by node"},
	{"node", []string{"node", "exchange", "consensus", "certs"},
		"node is where everything meets; it knows no command line"},
	{"cmd/xietong/bench", []string{"node", "node/faces/client", "node/ground/text", "node/trials/measure", "cmd/xietong/bench"},
		"a benchmark measures the paths that users go, and appends beside them to know their floor"},
	{"cmd/xietong", []string{"node", "node/faces/client", "node/faces/export", "node/ground/table", "node/ground/text", "node/ground/zone", "cmd/xietong"},
		"the command is a client of the API, reads and writes files, and has a sentence or two; what it could do past the API would go unlogged"},
}

// onlyItself are the rooms that may be imported as themselves, without what lies below them in the
// tree of folders.
var onlyItself = map[string]bool{"cmd/xietong node": true, "cmd/xietong/bench node": true}

func TestFloors(t *testing.T) {
	for _, s := range sources(t) {
		i := slices.IndexFunc(floors, func(f struct {
			floor  string
			may    []string
			reason string
		}) bool {
			return within(s.dir, f.floor)
		})
		if i < 0 {
			if s.dir != "." && !within(s.dir, "deploy") {
				t.Errorf("%s: there is no floor for it; the floors are certs, consensus, exchange, node and cmd/xietong", s.path)
			}
			continue
		}
		for _, imported := range s.imports() {
			pkg, own := strings.CutPrefix(imported, module)
			if own && !allowed(floors[i].floor, pkg, floors[i].may) {
				t.Errorf("%s imports %s; %s may import %s only: %s", s.path, pkg, floors[i].floor,
					strings.Join(floors[i].may, ", "), floors[i].reason)
			}
		}
	}
}

func allowed(floor, pkg string, may []string) bool {
	return slices.ContainsFunc(may, func(room string) bool {
		return pkg == room || !onlyItself[floor+" "+room] && within(pkg, room)
	})
}

// TestCommandRooms: the rooms of the command are separate programs that share one binary.
func TestCommandRooms(t *testing.T) {
	for _, s := range sources(t) {
		if s.dir == "cmd/xietong" || !within(s.dir, "cmd/xietong") {
			continue
		}
		for _, imported := range s.imports() {
			pkg := strings.TrimPrefix(imported, module)
			if within(pkg, "cmd/xietong") && !within(pkg, s.dir) {
				t.Errorf("%s imports %s: demo and bench are rooms of their own", s.path, pkg)
			}
		}
	}
}

// bareEcho is measured beside the house and must have nothing of it: its keys and its tls.Config
// are its own, and prove nobody.
const bareEcho = "cmd/xietong/bench/echo"

// libraries says where a library may be imported. Tests may import what they check us against.
var libraries = []struct {
	library string // and everything below it
	rooms   []string
	tests   bool // the rule holds for tests too
	reason  string
}{
	{"crypto/tls", []string{"certs/tlsconf", bareEcho}, false,
		"one place builds every tls.Config, so that no link can forget VerifyConnection or allow resumption"},
	{"google.golang.org/grpc", []string{"certs/spire"}, true,
		"gRPC serves the SPIRE Workload API and nothing else; everything of ours is QUIC or HTTP"},
	{"github.com/spiffe/go-spiffe/v2/workloadapi", []string{"certs/spire"}, true,
		"identities come through x509svid.Source and x509bundle.Source, from wherever they are issued"},
	{"github.com/hashicorp/raft", []string{"consensus/group"}, true,
		"raft is how a group agrees, not what it keeps: the state machine and the ledger must be readable without it"},
	{"github.com/hashicorp/raft-wal", []string{"consensus/group"}, true,
		"raft's log has one owner, which pins the version that loses nothing"},
	{"github.com/hashicorp/go-hclog", []string{"consensus/group"}, true,
		"hclog is raft's; we log with log/slog"},
	{"go.etcd.io/bbolt", []string{"consensus/state"}, true,
		"data, tiles and the applied index are one transaction, so one room opens the file"},
	{"cel.dev/cel-go", []string{"node"}, true,
		"Apply decides nothing: expressions are evaluated before raft, above it"},
	{"github.com/santhosh-tekuri/jsonschema", []string{"node"}, true,
		"Apply decides nothing: records are validated before raft, above it"},
	{"github.com/danielgtaylor/huma", []string{"node/faces/api"}, true,
		"one room serves the API; its wire types are plain structs of node/faces/client"},
	{"github.com/spf13/cobra", []string{"cmd"}, true,
		"a command line is the command's own matter"},
	{"github.com/tyler-smith/go-bip39", []string{"certs/paper"}, false,
		"one room knows how a recovery key is written"},
	{"rsc.io/qr", []string{"certs/paper"}, false,
		"one room knows how a recovery key is drawn"},
	{"github.com/stretchr/testify", nil, true,
		"tests use testing, with got and want"},
	{"log", []string{"consensus/group"}, false,
		"logs are structured: log/slog; the interface of raft's hclog names the old type, and group answers it"},
}

func TestLibraries(t *testing.T) {
	for _, s := range sources(t) {
		for _, imported := range s.imports() {
			for _, l := range libraries {
				exact := imported == l.library
				below := strings.HasPrefix(imported, l.library+"/") && l.library != "log"
				if (exact || below) && (!s.test || l.tests) && !within(s.dir, l.rooms...) {
					t.Errorf("%s imports %s, which is for %s only: %s", s.path, imported,
						strings.Join(append(l.rooms, "nobody")[:max(1, len(l.rooms))], ", "), l.reason)
				}
			}
		}
	}
}

// TestKeysAreMadeUnderCerts: whoever makes a private key must keep it, rotate it and never let it
// out, and that is done once, under certs.
func TestKeysAreMadeUnderCerts(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || within(s.dir, "certs", bareEcho) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			sel, ok := call.Fun.(*ast.SelectorExpr)
			if ok && (strings.HasPrefix(sel.Sel.Name, "GenerateKey") || sel.Sel.Name == "NewKeyFromSeed") {
				t.Errorf("%s calls %s: private keys are made under certs only", fileSet.Position(call.Pos()), sel.Sel.Name)
			}
			return true
		})
	}
}

// TestOneSpelling: every byte that is signed or hashed has one spelling, which certs/canon
// enforces. The other rooms may name its types, and call no codec.
func TestOneSpelling(t *testing.T) {
	types := []string{"RawMessage", "Tag", "RawTag"}
	for _, s := range sources(t) {
		if s.test || within(s.dir, "certs/canon") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "cbor" && !slices.Contains(types, sel.Sel.Name) {
				t.Errorf("%s uses cbor.%s: CBOR is written and read through certs/canon", fileSet.Position(sel.Pos()), sel.Sel.Name)
			}
			return true
		})
	}
}

// TestRulesBite checks the checks: each kind of rule refuses what it is there to refuse.
func TestRulesBite(t *testing.T) {
	tests := []struct {
		floor, pkg string
		want       bool
	}{
		{"certs", "certs/canon", true},
		{"certs", "consensus/ledger", false},
		{"consensus", "certs/identity", true},
		{"consensus", "exchange/link", false},
		{"consensus", "node/ground/policy", false},
		{"exchange", "consensus/ledger", false},
		{"node", "cmd/xietong", false},
		{"node", "exchange/link", true},
		{"cmd/xietong", "node", true},
		{"cmd/xietong", "node/ground/text", true},
		{"cmd/xietong", "node/business/records", false},
		{"cmd/xietong", "node/trials/measure", false},
		{"cmd/xietong/bench", "node/trials/measure", true},
		{"cmd/xietong/bench", "node/business/records", false},
		{"cmd/xietong", "certs/identity", false},
		{"cmd/xietong", "cmd/xietong/demo", true},
	}
	for _, tt := range tests {
		for _, f := range floors {
			if f.floor != tt.floor {
				continue
			}
			if got := allowed(f.floor, tt.pkg, f.may); got != tt.want {
				t.Errorf("may %s import %s = %v, want %v", tt.floor, tt.pkg, got, tt.want)
			}
		}
	}
	for _, tt := range []struct {
		from, to string
		test     bool
		want     bool
	}{
		{"node/business/records", "node/business/sharing", false, true},
		{"node/business/sharing", "node/business/records", false, false},
		{"node/business/records", "node/ground/book", false, true},
		{"node/ground/book", "node/tree", false, false},
		{"node/tree/standing", "node/tree", false, true},
		{"node/tree", "node/tree/standing", false, false},
		{"node/faces/api", "node/flows/join", false, true},
		{"node/flows/calls", "node/flows/callstest", true, true},
		{"node/flows/calls", "node/flows/callstest", false, false},
		{"node/trials/nodetest", "node/faces/client", false, true},
	} {
		from, _ := placeOf(tt.from)
		to, _ := placeOf(tt.to)
		if why := reaches(from, to, tt.test); (why == "") != tt.want {
			t.Errorf("may %s import %s, %q, want %v", tt.from, tt.to, why, tt.want)
		}
	}
	for _, s := range []string{"/" + "work/x", "cd /" + "root", "(/" + "home/li/go)"} {
		if !machinePath.MatchString(s) {
			t.Errorf("%q is not found to be a machine path", s)
		}
	}
	for _, s := range []string{"https://example.org/" + "work/", "./" + "work", "/" + "workers", "/v1/" + "root", "{dir}/" + "root"} {
		if machinePath.MatchString(s) {
			t.Errorf("%q is taken for a machine path", s)
		}
	}
}

// packages returns the directory of every package with code of its own, sorted, without the root.
func packages(t *testing.T) []string {
	var dirs []string
	for _, s := range sources(t) {
		if !s.test && s.dir != "." {
			dirs = append(dirs, path.Clean(s.dir))
		}
	}
	slices.Sort(dirs)
	return slices.Compact(dirs)
}

// TestTLSIsMadeInOnePlace: a tls.Config that forgets one setting lets somebody in who was
// withdrawn.
func TestTLSIsMadeInOnePlace(t *testing.T) {
	for _, s := range sources(t) {
		if s.dir == "certs/tlsconf" || s.dir == bareEcho || strings.HasSuffix(s.path, "_test.go") {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.CompositeLit); ok && isTLSConfig(lit.Type) {
				t.Errorf("%s builds a tls.Config: only certs/tlsconf does, where every setting is tested", s.path)
			}
			return true
		})
	}
}

func isTLSConfig(e ast.Expr) bool {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Config" {
		return false
	}
	x, ok := sel.X.(*ast.Ident)
	return ok && (x.Name == "tls" || x.Name == "tlsconf")
}
