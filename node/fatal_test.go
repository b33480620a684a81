package node

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// TestServeSaysThatItDiverged: raft's log holds a line over another root than this replica's,
// signed by the majority. At every start the operator is told, in the error of Serve and in the
// log.
func TestServeSaysThatItDiverged(t *testing.T) {
	dir, _ := initDir(t)
	serve(t, dir)() // the key set is entry 0
	name, err := identity.ParseJurisdiction(nanming.Name)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	h, err := host.Open(ctx, host.Folder(dir, name), name, host.Options{
		Registry: state.NewRegistry(), Logger: slog.New(slog.DiscardHandler), Now: time.Now,
		Fatal: func(error) { cancel() },
	})
	if err != nil {
		t.Fatal(err)
	}
	line := state.CheckpointLine{Replica: h.Replica(), Size: 1, Root: make([]byte, 32), Note: []byte("x\n\n— x\n")}
	body, err := canon.Marshal(line)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Propose(ctx, state.KindCheckpointLine, book.Request{}, body); err == nil {
		t.Error("the line was acknowledged")
	}
	h.Close()
	for range 2 {
		var log bytes.Buffer
		err := Serve(t.Context(), dir, ServeOptions{Logger: slog.New(slog.NewTextHandler(&log, nil)), Version: "test"})
		f := text.AsFailure(err)
		told := text.T(text.En, f.Code, f.Args) + text.Explain(text.En, f.Code, f.Args).Where
		if f.Code != text.Diverged || !strings.Contains(told, "replica r1") || !strings.Contains(told, nanming.Name+"/log/1, tree size 1") {
			t.Errorf("got %v, told as %q", err, told)
		}
		if !strings.Contains(log.String(), `level=ERROR msg="replica stopped"`) {
			t.Errorf("the log says %q", log.String())
		}
	}
}
