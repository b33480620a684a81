package node

import (
	"encoding"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/tree"
)

// forger makes bodies of commands. Most of a body is plausible, so that its handler gets far with
// it; the rest is what a hostile sender would write there.
type forger struct{ *rand.Rand }

// plausibleNames are texts that are read by name, and so make handlers meet what others kept.
var plausibleNames = map[reflect.Type][]string{
	reflect.TypeFor[identity.Label]():        {"people", "civil-affairs", "guiyang"},
	reflect.TypeFor[identity.Jurisdiction](): {"guizhou", "guiyang.guizhou", "nanming.guiyang.guizhou"},
	reflect.TypeFor[identity.Agency]():       {"spiffe://guizhou/agency/civil-affairs", "spiffe://guiyang.guizhou/agency/people"},
	reflect.TypeFor[identity.Replica]():      {"r1", "r2"},
}

var plain = []string{"people", "name", "民政局", "2026-11-24", "count"}

func (f forger) text(plausible []string) string {
	hostile := []string{"", "\x00", "a\x00b", "\xff\xfe", strings.Repeat("字", 11_000), strings.Repeat("a", 33_000), strings.Repeat("b", 270_000)}
	if len(plausible) == 0 || f.IntN(150) == 0 {
		return hostile[f.IntN(len(hostile))]
	}
	return plausible[f.IntN(len(plausible))]
}

func (f forger) number() uint64 {
	return []uint64{0, 0, 1, 1, 1, 1, 1, 2, 2, 3, 7, 2_000_000_000_000, 1 << 63, 1<<64 - 1}[f.IntN(14)]
}

// time is the clock of a proposer, which now and then has gone mad.
func (f forger) time(index uint64) uint64 {
	if f.IntN(100) == 0 {
		return f.number()
	}
	return 1_000_000 + index
}

func (f forger) bytes(n int) []byte {
	if f.IntN(150) == 0 {
		n = []int{0, 1, 31, 33, 33_000, 270_000}[f.IntN(6)]
	}
	return slices.Repeat([]byte{byte(f.IntN(3))}, n)
}

// value makes a value that is encoded as one of the type might be; it need not be one.
func (f forger) value(t reflect.Type) any {
	if f.IntN(1000) == 0 {
		return []any{nil, "x", uint64(1), []any{}, map[string]any{}}[f.IntN(5)]
	}
	p := reflect.New(t).Interface()
	if _, ok := p.(encoding.BinaryUnmarshaler); ok { // evidence
		return ledger.PlainEvidence(ledger.Commit(f.bytes(8))).Encode()
	}
	if _, ok := p.(encoding.TextUnmarshaler); ok {
		return f.text(plausibleNames[t])
	}
	switch t.Kind() {
	case reflect.Pointer:
		return []any{nil, f.value(t.Elem())}[f.IntN(2)]
	case reflect.Struct:
		return f.fields(t)
	case reflect.Array, reflect.Slice:
		return f.list(t)
	case reflect.Map:
		return map[string]any{f.text(plain): f.value(t.Elem())}
	case reflect.String:
		return f.text(plain)
	case reflect.Bool:
		return f.IntN(2) == 0
	}
	return f.number()
}

func (f forger) list(t reflect.Type) any {
	n := []int{0, 1, 1, 1, 2, 2, 3, 40}[f.IntN(8)]
	switch {
	case t.Kind() == reflect.Array && t.Elem().Kind() == reflect.Uint8:
		return f.bytes(t.Len())
	case t.Elem().Kind() == reflect.Uint8:
		return f.bytes(32)
	}
	all := make([]any, n)
	for i := range all {
		all[i] = f.value(t.Elem())
	}
	return all
}

// fields makes the array or the map of a structure.
func (f forger) fields(t reflect.Type) any {
	array, keyed := []any{}, map[any]any{}
	for i := range t.NumField() {
		field := t.Field(i)
		key, options, _ := strings.Cut(field.Tag.Get("cbor"), ",")
		switch {
		case !field.IsExported() || field.Name == "_":
		case strings.Contains(options, "keyasint"):
			keyed[uint64(key[0]-'0')] = f.value(field.Type)
		default:
			array = append(array, f.value(field.Type))
		}
	}
	if len(keyed) > 0 {
		return keyed
	}
	return array
}

// body makes a body, and now and then damages its bytes.
func (f forger) body(t reflect.Type) []byte {
	data, err := canon.Marshal(f.value(t))
	if err != nil {
		panic(err) // all of it is CBOR
	}
	switch f.IntN(30) {
	case 0:
		data = data[:f.IntN(len(data)+1)]
	case 1:
		data = append(data, 0)
	case 2:
		data[f.IntN(len(data))] ^= byte(1 << f.IntN(8))
	}
	return data
}

// TestHostileBodies applies bodies that no proposer would make, of every kind of command that a
// node registers (S01, S13). Each is applied or refused: no handler panics, the node goes on, what
// was kept can be read, and the ledger verifies.
//
// A checkpoint line is left out: it says what the majority signed, and a replica that has another
// root must stop (see TestDamageEndsTheNode in consensus/state).
func TestHostileBodies(t *testing.T) {
	registry := commands()
	shapes := registry.Shapes()
	kinds := slices.Sorted(maps.Keys(shapes))
	kinds = slices.DeleteFunc(kinds, func(k state.Kind) bool { return k == state.KindCheckpointLine })
	log, err := identity.ParseLog("guizhou/log/1")
	if err != nil {
		t.Fatal(err)
	}
	done := map[state.Kind]int{}
	for range 6 {
		seed := rand.Uint64()
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			if err := state.Create(path, log); err != nil {
				t.Fatal(err)
			}
			s, err := state.Open(path, registry, state.Options{Fatal: func(err error) { t.Errorf("the node ended: %v", err) }})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			f := forger{rand.New(rand.NewPCG(seed, 0))}
			for index := uint64(1); index <= 800; index++ {
				kind := kinds[f.IntN(len(kinds))]
				got := applyForged(t, s, index, state.Command{Kind: kind, Clock: f.time(index), Body: f.body(shapes[kind].Body)})
				if got.Code == state.Done {
					done[kind]++
				}
			}
			if err := s.View(readAll); err != nil {
				t.Errorf("read what was kept: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := state.Verify(t.Context(), path, nil); err != nil {
				t.Error(err)
			}
		})
	}
	if t.Logf("carried out, by kind: %v", done); len(done) < len(kinds)/2 {
		t.Error("most kinds were never carried out: the bodies are not plausible enough to attack with")
	}
}

// applyForged applies one command and checks that it was answered, and not because its handler
// panicked.
func applyForged(t *testing.T, s *state.Store, index uint64, c state.Command) state.Result {
	t.Helper()
	data, err := c.Encode()
	if errors.Is(err, state.ErrTooLarge) {
		return state.Result{Code: state.CodeTooLarge}
	}
	got := s.Apply(index, 1, [][]byte{data})
	if err != nil || len(got) != 1 {
		t.Fatalf("command %d: %d answers, %v", c.Kind, len(got), err)
	}
	if why := errors.Unwrap(got[0].Err()); why != nil && strings.HasPrefix(why.Error(), "panic") {
		t.Errorf("command %d: %v", c.Kind, why)
	}
	return got[0]
}

// readAll reads the lists of the rooms. A document in them that its proposer should not have made
// is an error of that list.
func readAll(r *state.Reader) error {
	tree.Children(r)
	tree.UpstreamOf(r)
	sharing.Grants(r)
	r.KeySets()
	catalog.Agencies(r)
	catalog.Datasets(r)
	catalog.Standards(r)
	return nil
}
