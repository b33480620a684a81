package node

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/faces/client"
	"xietong/node/flows/join"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// diverge gives a ledger a line over another root than its own, signed by the majority.
func diverge(ctx context.Context, t *testing.T, h *host.Host) {
	t.Helper()
	line := state.CheckpointLine{Replica: h.Replica(), Mark: state.Mark{Index: 1 << 40, Size: 1}, Note: []byte("x\n\n— x\n")}
	body, err := canon.Marshal(line)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Propose(ctx, state.KindCheckpointLine, book.Request{}, body); err == nil {
		t.Error("the line was acknowledged")
	}
}

// cityAndCounty is the directory of a city that hosts a county.
func cityAndCounty(t *testing.T) (dir string, above, county identity.Jurisdiction) {
	t.Helper()
	dir, above = cityFolder(t), mustName(t, "guiyang.guizhou")
	n := openCity(t, dir)
	if _, err := n.Host(t.Context(), above, newID(t), yunyan(t), join.Keys{}); err != nil {
		t.Fatal(err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, above, yunyan(t).Name
}

// isAlone checks that a node serves the city, tells why the county ended, and takes no command that
// names neither.
func isAlone(t *testing.T, dir string, want text.Code) {
	t.Helper()
	in := func(name string) *client.Client {
		c := client.Dial(dir, client.Options{In: name, Language: "en"})
		t.Cleanup(func() { c.Close() })
		return c
	}
	s, err := in("").Status(t.Context())
	if err != nil || len(s.Jurisdictions) != 1 || len(s.Ended) != 1 || s.Ended[0].DisplayName != "云岩区" || s.Ended[0].Why.Code != string(want) {
		t.Errorf("status: got %+v, %v; want %s", s.Ended, err, want)
	}
	add := func(c *client.Client) text.Code {
		_, err := c.AddAgency(t.Context(), client.NewAgency{Code: "civil", Title: "民政局"})
		p, ok := errors.AsType[*client.Problem](err)
		if !ok {
			return ""
		}
		return text.Code(p.Code)
	}
	for name, want := range map[string]text.Code{"guiyang.guizhou": "", "贵阳市": "", "云岩区": want, "yunyan.guiyang.guizhou": want, "": text.JurisdictionNeeded, "南明区": text.NotHosted} {
		if got := add(in(name)); got != want {
			t.Errorf("a command in %q: got %s, want %s", name, got, want)
		}
	}
	if status, _, body := send(t, foreign(dir), "GET", "/v1/ready", "", nil); status != 503 || !strings.Contains(body, "云岩区") {
		t.Errorf("ready: got %d, %s", status, body)
	}
}

// TestOneEndsAlone (H7): one jurisdiction of a node ends, at a start or while it is asked, because
// it diverged or lacks a file. The other one is served, the status tells which ended and why, and a
// command that names none goes to neither. The next start tries it again. Where none is left, the
// node ends.
func TestOneEndsAlone(t *testing.T) {
	dir, above, county := cityAndCounty(t)
	n := openCity(t, dir)
	ready, ended, ctx, cancel := make(chan struct{}), make(chan error, 1), t.Context(), func() {}
	serving := func() {
		ctx, cancel = context.WithCancel(t.Context())
		ready = make(chan struct{})
		go func() { ended <- n.serveSocket(ctx, filepath.Join(dir, client.SocketName), func() { close(ready) }) }()
		<-ready
	}
	serving()
	h := mustHosted(t, n, county)
	began := time.Now()
	diverge(t.Context(), t, h.host)
	for _, still := n.of(county); still; _, still = n.of(county) {
		time.Sleep(time.Millisecond)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("whoever asked waited %s", took)
	}
	isAlone(t, dir, text.Diverged)
	if n.Err() != nil {
		t.Errorf("the node ends: %v", n.Err())
	}
	cancel()
	if err := errors.Join(<-ended, n.Close()); err != nil {
		t.Fatal(err)
	}
	stop := serve(t, dir) // it is tried again, and is no other
	isAlone(t, dir, text.Diverged)
	stop()
	if err := os.Rename(filepath.Join(host.Folder(dir, above), host.Keystore), filepath.Join(t.TempDir(), "keystore")); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir, Options{Logger: slog.New(slog.DiscardHandler)}); err == nil {
		t.Error("a node starts of which nothing is left")
	}
}

// TestOneCannotBeOpened (H7, B21-13): of one of two, of either, something is missing: a file, a
// folder, all of it, also where there is the folder of one that is hosted no more.
func TestOneCannotBeOpened(t *testing.T) {
	dir, above, county := cityAndCounty(t)
	aside, other := filepath.Join(t.TempDir(), "aside"), host.Folder(dir, mustName(t, "baiyun.guiyang.guizhou"))
	for _, lacks := range []string{host.Keystore, "state.db", "certs", "wal", ".", "beside another"} {
		for of, left := range map[identity.Jurisdiction]identity.Jurisdiction{county: above, above: county} {
			missing := filepath.Join(host.Folder(dir, of), lacks)
			if lacks == "beside another" {
				missing = host.Folder(dir, of)
				if err := os.Mkdir(other, 0o700); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Rename(missing, aside); err != nil {
				t.Fatal(err)
			}
			n := openCity(t, dir)
			if _, served := n.of(left); !served || len(n.Ended()) != 1 || n.Ended()[0].Place.Name != of || text.AsFailure(n.Ended()[0].Why).Code == text.Internal {
				t.Errorf("without %s of %s: got %+v", lacks, of, n.Ended())
			}
			_ = os.Remove(other)
			if err := errors.Join(n.Close(), os.RemoveAll(missing), os.Rename(aside, missing)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := os.Rename(filepath.Join(dir, "j"), aside); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), dir, Options{Logger: slog.New(slog.DiscardHandler)}); text.AsFailure(err).Code == text.Internal {
		t.Errorf("without any: got %v", err)
	}
}

// TestHostedNoMoreEndsNobody (H7): a county whose hosting ended diverges while the node is open;
// the city is served.
func TestHostedNoMoreEndsNobody(t *testing.T) {
	dir, _, county := cityAndCounty(t)
	n := openCity(t, dir)
	h := mustHosted(t, n, county)
	if _, err := n.EndHosting(t.Context(), county, newID(t), "merged", planOf(t, n, county)); err != nil {
		t.Fatal(err)
	}
	diverge(t.Context(), t, h.host)
	for broke := false; !broke; time.Sleep(time.Millisecond) {
		n.mu.RLock()
		broke = n.broken[county] != nil
		n.mu.RUnlock()
	}
	if err := n.Err(); err != nil {
		t.Errorf("the node ends: %v", err)
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
}
