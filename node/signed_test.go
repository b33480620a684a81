package node

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"

	"xietong/certs/identity"
	"xietong/node/business/catalog"
)

// TestSignedByDefault: where the configuration names no folder for what was signed, that of the
// options is used, which the units of systemd name.
func TestSignedByDefault(t *testing.T) {
	dir, signed := cityFolder(t), filepath.Join(t.TempDir(), "signed")
	if err := os.Mkdir(signed, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := openCity(t, dir).Close(); err != nil { // which publishes the first keys
		t.Fatal(err)
	}
	n, err := Open(t.Context(), dir, Options{Logger: slog.New(slog.DiscardHandler), Signed: signed})
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	h, ok := n.of(mustName(t, "guiyang.guizhou"))
	if !ok {
		t.Fatal("it hosts nobody")
	}
	code, err := identity.ParseLabel("water")
	if err == nil {
		_, err = catalog.AddAgency(t.Context(), h.host, newID(t), catalog.Agency{Code: code, Title: "水务局"})
	}
	if err == nil {
		_, err = h.host.Follow(t.Context(), 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	if noted, err := os.ReadDir(signed); err != nil || len(noted) == 0 {
		t.Errorf("nothing is noted: %v, %v", noted, err)
	}
}
