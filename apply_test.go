package xietong_test

import (
	"fmt"
	"go/token"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// decidesDir holds handlers that break the rules on purpose.
const decidesDir = "testdata/decides"

// deciding are the packages that, with all packages below them, no code that Apply reaches may use:
// each could give another result on another replica, or on the same one when the log is replayed.
var deciding = []string{
	"math/rand", "crypto/rand", "os", "net", "regexp", "log", "runtime", "syscall", "golang.org/x/sys", "cel.dev",
	"github.com/google/cel-go", "github.com/santhosh-tekuri/jsonschema",
}

// decidingNames are other names that such code may not use, as package and name; a method has the
// name of its type before it.
var decidingNames = map[string]string{
	"time.Now": "the clock", "time.Since": "the clock", "time.Until": "the clock", "time.Sleep": "the clock",
	"time.After": "a timer", "time.AfterFunc": "a timer", "time.NewTimer": "a timer", "time.NewTicker": "a timer",
	"time.Tick": "a timer", "time.Local": "the zone of the machine", "time.Time.Local": "the zone of the machine",
	"time.LoadLocation": "files of the machine", "maps.Keys": "the order of a map", "maps.Values": "the order of a map",
	"maps.All": "the order of a map", "hash/maphash.String": "randomness", "hash/maphash.Bytes": "randomness",
}

// codecs are methods that encoders call by reflection, so that the source shows no call.
var codecs = []string{"MarshalText", "UnmarshalText", "MarshalCBOR", "UnmarshalCBOR", "MarshalBinary", "UnmarshalBinary", "MarshalJSON", "UnmarshalJSON"}

// applied are the functions, beside the registered handlers, that run between raft and the state
// file.
var applied = []string{"(*xietong/consensus/state.Tx).apply", "(*xietong/consensus/state.Tx).finish"}

// TestApplyDecidesNothing walks from every command handler of the house, and checks that none can
// reach a clock, randomness, the order of a map, floating point, a goroutine, the machine, or an
// expression language.
func TestApplyDecidesNothing(t *testing.T) {
	m := checkModule(t, "./consensus/...", "./node/...", "./cmd/...", "./"+decidesDir)
	root, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	r := newReach(m, func(at token.Pos, broken string) {
		p := m.files.Position(at)
		if name, err := filepath.Rel(root, p.Filename); err == nil {
			p.Filename = name
		}
		t.Errorf("%s: a command's handler can get here, and Apply decides nothing: %s", p, broken)
	})
	handlers := 0
	for path := range m.packages {
		if !strings.HasSuffix(path, decidesDir) {
			handlers += r.registered(path)
		}
	}
	for fn := range m.bodies {
		if slices.Contains(applied, fn.FullName()) {
			r.named(fn, fn.Pos())
		}
	}
	r.drain()
	found := 0
	for o := range r.seen {
		if fn, ok := o.(*types.Func); ok && slices.Contains(applied, fn.FullName()) {
			found++
		}
	}
	if handlers < 3 || found != len(applied) {
		t.Errorf("%d handlers and %d of %d other beginnings were found", handlers, found, len(applied))
	}
	t.Logf("%d handlers, %d functions and variables within their reach", handlers, len(r.seen))
	t.Run("every rule bites", func(t *testing.T) { everyRuleBites(t, m) })
}

func everyRuleBites(t *testing.T, m *checkedModule) {
	got := map[string][]string{}
	r := newReach(m, func(at token.Pos, broken string) {
		in := "?"
		for fn, decl := range m.bodies {
			if decl.Pos() <= at && at <= decl.End() {
				in = fn.Name()
			}
		}
		got[in] = append(got[in], broken)
	})
	if n := r.registered("xietong/" + decidesDir); n != 22 {
		t.Errorf("%d handlers were found, want 22", n)
	}
	for in, want := range map[string]string{
		"clock": "time.Now", "timer": "time.AfterFunc", "zone": "time.Time.Local", "randomness": "math/rand/v2.IntN",
		"secretRandomness": "crypto/rand.Read", "file": "os.ReadFile", "network": "net.LookupHost", "made": "a goroutine",
		"channel": "a channel", "selects": "a select", "generic": "the order of a map", "keys": "maps.Keys", "float": "floating point",
		"sum":        "floating point",
		"expression": "cel.NewEnv", "schema": "NewCompiler", "log": "log/slog.Info", "pattern": "regexp.MustCompile",
		"tell": "os.Getenv", "MarshalText": "os.ErrExist", "?": "time.Now",
	} {
		if !strings.Contains(fmt.Sprint(got[in]), want) {
			t.Errorf("%s: got %q, want %s found", in, got[in], want)
		}
		delete(got, in)
	}
	if len(got) > 0 {
		t.Errorf("found where nothing is wrong: %q", got)
	}
}
