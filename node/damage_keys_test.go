package node

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xietong/node/ground/text"
)

// TestIssuerIsMissing (D14): without the key of the CA, or with a damaged one, nothing but links is
// missing, so the node starts; its log and its status say why no link can be made.
func TestIssuerIsMissing(t *testing.T) {
	dir, _ := initDir(t)
	serve(t, dir)()
	path := filepath.Join(dir, "j", nanming.Name, "certs", "ca.key")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	other, _ := initDir(t)
	foreign, err := os.ReadFile(filepath.Join(other, "j", nanming.Name, "certs", "ca.key"))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		content []byte // nil: no file
		want    text.Code
	}{{nil, text.PartMissing}, {[]byte{}, text.PartDamaged}, {make([]byte, 240), text.PartDamaged}, {whole[:100], text.PartDamaged}, {foreign, text.PartDamaged}} {
		if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if row.content != nil {
			if err := os.WriteFile(path, row.content, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var log bytes.Buffer
		stop := serveLogging(t, dir, slog.New(slog.NewTextHandler(&log, nil)))
		status, err := dial(t, dir, "en").Status(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		alarms := status.Jurisdictions[0].Alarms
		if len(alarms) != 1 || alarms[0].Code != string(row.want) || alarms[0].Args["file"] != path {
			t.Errorf("%q: got the alarms %+v, want %s", row.content, alarms, row.want)
		}
		stop()
		if !strings.Contains(log.String(), "no link can be made") {
			t.Errorf("%q: the log says %q", row.content, &log)
		}
	}
}

// TestRecoveryKeyIsKept: recovery.pub, which the ledger knows, is written anew where it is missing
// or damaged.
func TestRecoveryKeyIsKept(t *testing.T) {
	dir, _ := initDir(t)
	serve(t, dir)()
	path := filepath.Join(dir, "j", nanming.Name, "certs", "recovery.pub")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range [][]byte{nil, make([]byte, len(whole)), whole[:30]} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		var log bytes.Buffer
		serveLogging(t, dir, slog.New(slog.NewTextHandler(&log, nil)))()
		if have, err := os.ReadFile(path); err != nil || !bytes.Equal(have, whole) || !strings.Contains(log.String(), "recovery.pub was missing or damaged") {
			t.Errorf("%q: got %q, %v, log %q", content, have, err, &log)
		}
	}
}
