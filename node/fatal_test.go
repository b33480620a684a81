package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/group"
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
	line := state.CheckpointLine{Replica: h.Replica(), Mark: state.Mark{Index: 1 << 40, Size: 1}, Note: []byte("x\n\n— x\n")}
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

// TestStoppedIsTold: a replica that cannot write says what the disk says, where, and what to do. A
// state that is unknown for another reason is not told so.
func TestStoppedIsTold(t *testing.T) {
	full := &fs.PathError{Op: "write", Path: "/data/j/x/wal/2.wal", Err: syscall.ENOSPC}
	for _, row := range []struct {
		err                 error
		code                text.Code
		where, zh, does, en string
	}{
		{fmt.Errorf("%w: %w", group.ErrLogFailed, full), text.ReplicaStopped, full.Path, "磁盘已满", "清理或扩充磁盘", "free or add space"},
		{fmt.Errorf("commit: %w", syscall.ENOSPC), text.ReplicaStopped, "/data/j/x", "磁盘已满", "清理或扩充磁盘", "free or add space"},
		{fmt.Errorf("commit: %w", syscall.EIO), text.ReplicaStopped, "/data/j/x", "磁盘读写出错", "检查磁盘", "check the disk"},
		{fmt.Errorf("%w: segment is sealed", group.ErrLogFailed), text.ReplicaStopped, "/data/j/x", "原因未能识别", "检查磁盘", "check the disk"},
		{errors.New("unknown command kind 999"), text.Internal, "", "", "", ""},
	} {
		f := text.AsFailure((&replicaError{host.FirstReplica(), "/data/j/x", row.err}).told())
		zh, en := text.Explain(text.Zh, f.Code, f.Args), text.Explain(text.En, f.Code, f.Args)
		if f.Code != row.code || f.Code == text.ReplicaStopped && (zh.Where != row.where || !strings.Contains(zh.What, row.zh) ||
			!strings.Contains(zh.Do, row.does) || !strings.Contains(en.Do, row.en)) {
			t.Errorf("%v: got %s, told as %+v and %+v", row.err, f.Code, zh, en)
		}
	}
}
