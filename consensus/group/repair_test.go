package group

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	wal "github.com/hashicorp/raft-wal"
	walfs "github.com/hashicorp/raft-wal/fs"
	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
)

// sealedTail makes a log whose last file, of 4 KiB, is sealed and still listed as the one that
// takes entries. A crash leaves such a log when it comes before the next file is begun. Entries
// below truncated are cut off at the head. sealedTail returns the index of the last entry.
func sealedTail(t *testing.T, dir string, truncated uint64) (last uint64) {
	t.Helper()
	db := new(metadb.BoltMetaDB)
	if _, err := db.Load(dir); err != nil {
		t.Fatal(err)
	}
	info := types.SegmentInfo{ID: 0, BaseIndex: 1, MinIndex: 1, Codec: wal.CodecBinaryV1, SizeLimit: 4 << 10, CreateTime: time.Now()}
	tail, err := segment.NewFiler(dir, walfs.New()).Create(info)
	if err != nil {
		t.Fatal(err)
	}
	for sealed := false; !sealed; {
		last++
		var data strings.Builder
		if err := new(wal.BinaryCodec).Encode(logEntry(last), &data); err != nil {
			t.Fatal(err)
		}
		if err := tail.Append([]types.LogEntry{{Index: last, Data: []byte(data.String())}}); err != nil {
			t.Fatal(err)
		}
		if sealed, _, err = tail.Sealed(); err != nil {
			t.Fatal(err)
		}
	}
	info.MinIndex = max(1, truncated)
	state := types.PersistentState{NextSegmentID: 1, Segments: []types.SegmentInfo{info}}
	if err := errors.Join(tail.Close(), db.CommitState(state), db.Close()); err != nil {
		t.Fatal(err)
	}
	return last
}

func logEntry(index uint64) *raft.Log {
	return &raft.Log{Index: index, Term: 1, Type: raft.LogCommand, Data: fmt.Appendf(nil, "village %d", index)}
}

// TestSealedTailIsRepaired: the library alone can read such a log and never again write to it.
func TestSealedTailIsRepaired(t *testing.T) {
	for what, row := range map[string]struct {
		truncated uint64
		before    func(t *testing.T, dir string, last uint64)
		lost      uint64 // entries at the end that were never acknowledged
	}{
		"whole":      {},
		"a cut head": {truncated: 20},
		"a repair that was cut short": {before: func(t *testing.T, dir string, _ uint64) {
			name := segment.FileName(types.SegmentInfo{ID: 1, BaseIndex: 1})
			if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		"a torn last write": {lost: 1, before: func(t *testing.T, dir string, last uint64) {
			path := filepath.Join(dir, segment.FileName(types.SegmentInfo{BaseIndex: 1}))
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			at := strings.LastIndex(string(data), fmt.Sprintf("village %d", last))
			data[at] ^= 1
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			last := sealedTail(t, dir, row.truncated)
			if row.before != nil {
				row.before(t, dir, last)
			}
			last -= row.lost
			for round := range 3 {
				logs, err := openLog(dir, Config{Segment: 4 << 10, Logger: slog.New(slog.DiscardHandler)}, newFailing(nil))
				if err != nil {
					t.Fatal(err)
				}
				for range 200 { // more than two files of it
					last++
					if err := logs.StoreLog(logEntry(last)); err != nil {
						t.Fatalf("round %d, entry %d: %v", round, last, err)
					}
				}
				for index := max(1, row.truncated); index <= last; index++ {
					var got raft.Log
					if err := logs.GetLog(index, &got); err != nil || string(got.Data) != string(logEntry(index).Data) {
						t.Fatalf("round %d, entry %d: got %q, %v", round, index, got.Data, err)
					}
				}
				if first, err := logs.FirstIndex(); err != nil || first != max(1, row.truncated) {
					t.Errorf("the log begins at %d, %v", first, err)
				}
				if err := logs.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestTheLibraryStillNeedsRepair fails when the library needs repairTail no more.
func TestTheLibraryStillNeedsRepair(t *testing.T) {
	dir := t.TempDir()
	last := sealedTail(t, dir, 0)
	logs, err := wal.Open(dir, wal.WithSegmentSize(4<<10))
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close()
	if err := logs.StoreLog(logEntry(last + 1)); !errors.Is(err, wal.ErrSealed) {
		t.Errorf("got %v: raft-wal mends a sealed last file by itself now, so that repairTail is not needed any more", err)
	}
}
