package invitation

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

func exampleReplica(t testing.TB) Replica {
	t.Helper()
	second, err := identity.NewReplica(2)
	if err != nil {
		t.Fatal(err)
	}
	return Replica{
		Of: pin(t, "guiyang.guizhou", 1), Root: pin(t, "guizhou", 2), Replica: second, Secret: bytes.Repeat([]byte{7}, SecretLen),
		Until: time.UnixMilli(1795482000000), Addresses: []string{"192.0.2.7:7400"},
	}
}

func TestReplica(t *testing.T) {
	for what, edit := range map[string]func(*Replica){
		"as it is":                     func(*Replica) {},
		"of the root":                  func(k *Replica) { k.Of = pin(t, "guizhou", 1); k.Root = k.Of },
		"of a root whose keys changed": func(k *Replica) { k.Of, k.Root = later(t, "guizhou"), pin(t, "guizhou", 1) },
		"IPv6 and two":                 func(k *Replica) { k.Addresses = []string{"[2001:db8::7]:7400", "node.guiyang.example.cn:443"} },
		"a later number":               func(k *Replica) { k.Replica, _ = identity.NewReplica(31) },
	} {
		want := exampleReplica(t)
		edit(&want)
		line, err := want.Encode()
		if err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		got, err := ParseReplica("xietong replica join " + line + "\r\n")
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v, want %+v", what, got, err, want)
		}
		if _, err := Parse(line); !errors.Is(err, ErrOtherKind) {
			t.Errorf("%s: read as one of a lower level: %v, want ErrOtherKind", what, err)
		}
		if told := fmt.Sprint(got, got.LogValue()); strings.Contains(told, "7 7 7") {
			t.Errorf("%s: the secret is told: %s", what, told)
		}
	}
	line, err := example(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseReplica(line); !errors.Is(err, ErrOtherKind) {
		t.Errorf("one of a lower level: %v, want ErrOtherKind", err)
	}
}

// TestEveryCharacterOfAReplicaCounts changes each character of the line: none is read as another
// invitation.
func TestEveryCharacterOfAReplicaCounts(t *testing.T) {
	line, err := exampleReplica(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for i := range line {
		for _, by := range []byte("A2x-") {
			wrong := line[:i] + string(by) + line[i+1:]
			if got, err := ParseReplica(wrong); err == nil && mend(wrong) != line {
				t.Errorf("character %d as %c: got %+v", i, by, got)
			}
		}
	}
}

// TestReplicaRefused encodes what is not allowed.
func TestReplicaRefused(t *testing.T) {
	for what, edit := range map[string]func(*Replica){
		"no replica":    func(k *Replica) { k.Replica = identity.Replica{} },
		"no secret":     func(k *Replica) { k.Secret = nil },
		"no address":    func(k *Replica) { k.Addresses = nil },
		"a bad address": func(k *Replica) { k.Addresses = []string{"here"} },
		"another root":  func(k *Replica) { k.Root = pin(t, "yunnan", 2) },
		"a later one":   func(k *Replica) { k.Of, k.Root = pin(t, "guizhou", 1), later(t, "guizhou") },
		"no end":        func(k *Replica) { k.Until = time.UnixMilli(0) },
		"no pin":        func(k *Replica) { k.Of = trust.Pin{} },
	} {
		k := exampleReplica(t)
		edit(&k)
		if line, err := k.Encode(); err == nil {
			t.Errorf("%s: got %s", what, line)
		}
	}
}

func FuzzParseReplica(f *testing.F) {
	line, err := exampleReplica(f).Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(line)
	f.Fuzz(func(t *testing.T, s string) {
		k, err := ParseReplica(s)
		if err != nil {
			return
		}
		if again, err := k.Encode(); err != nil || again != mend(s) {
			t.Errorf("%q is read, and written as %q, %v", s, again, err)
		}
	})
}
