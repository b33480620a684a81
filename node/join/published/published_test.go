package published

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/host"
	"xietong/node/join"
	"xietong/node/roster"
)

func named(t *testing.T, s string) identity.Jurisdiction {
	t.Helper()
	j, err := identity.ParseJurisdiction(s)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func newHost(t *testing.T, name string) *host.Host {
	t.Helper()
	dir := t.TempDir()
	if _, err := host.Create(dir, named(t, name), time.Now(), 1); err != nil {
		t.Fatal(err)
	}
	registry := state.NewRegistry()
	Register(registry)
	join.Register(registry)
	h, err := host.Open(t.Context(), dir, named(t, name), host.Options{Registry: registry, Logger: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// below is a jurisdiction that stands somewhere below a root, whose chain the test says.
type below struct {
	*host.Host
	root *host.Host
}

func (b below) Chain(ctx context.Context) ([]trust.Level, trust.Pin, error) { return b.root.Chain(ctx) }

// TestTake takes a roster with its proof, and nothing else: of no byte of it is there another.
func TestTake(t *testing.T) {
	top, other := newHost(t, "guizhou"), newHost(t, "guizhou")
	s := New(top)
	if err := s.PublishFirst(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.PublishFirst(t.Context()); err != nil || s.Current().Number() != 1 || s.Current().Entry.IsZero() {
		t.Fatalf("number %d, %v", s.Current().Number(), err)
	}
	proof, err := s.Proof(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if none, err := s.Proof(t.Context(), 1); err != nil || none != nil {
		t.Errorf("later than number 1: %d bytes, %v", len(none), err)
	}
	county := New(below{newHost(t, "liping.qiandongnan.guizhou"), top})
	for i := 0; i < len(proof); i += max(1, len(proof)/300) {
		forged := bytes.Clone(proof)
		forged[i] ^= 1
		if err := county.Take(t.Context(), forged); err == nil {
			t.Errorf("byte %d of %d flipped, and taken", i, len(proof))
		}
	}
	elsewhere := New(below{newHost(t, "liping.qiandongnan.guizhou"), other})
	if err := elsewhere.Take(t.Context(), proof); err == nil {
		t.Error("taken from another root of the name")
	}
	if county.Current().Number() != 0 {
		t.Fatalf("number %d is kept", county.Current().Number())
	}
	if err := county.Take(t.Context(), proof); err != nil || county.Current().Number() != 1 || county.Current().Hash() != s.Current().Hash() {
		t.Fatalf("number %d, %v", county.Current().Number(), err)
	}
	handed, err := county.Proof(t.Context(), 0)
	if err != nil || !bytes.Equal(handed, proof) {
		t.Errorf("handed on: %d bytes, %v", len(handed), err)
	}
	id, _ := identity.NewMessage()
	agency, _ := identity.ParseLabel("civil-affairs")
	if _, err := s.Publish(t.Context(), id, agency, roster.Shipped()); err != nil {
		t.Fatal(err)
	}
	later, err := s.Proof(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := county.Take(t.Context(), later); err != nil || county.Current().Number() != 2 {
		t.Errorf("number %d, %v", county.Current().Number(), err)
	}
	if err := county.Take(t.Context(), proof); err != nil || county.Current().Number() != 2 {
		t.Errorf("after an earlier one: number %d, %v", county.Current().Number(), err)
	}
}
