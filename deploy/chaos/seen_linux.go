package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/node/faces/client"
)

// seen is what clients were given, and what must be true of it for ever.
type seen struct {
	mu          sync.Mutex
	entries     map[string]string // acknowledged writes: the name of the entry, and what was written
	checkpoints map[uint64]string // size and root, in hex
	receipts    map[string][]byte
	unknown     int     // writes of which nobody knows whether they were done
	wrong       []error // contradictions that were found on the way
}

func newSeen() *seen {
	return &seen{entries: map[string]string{}, checkpoints: map[uint64]string{}, receipts: map[string][]byte{}}
}

func (s *seen) say(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.wrong = append(s.wrong, fmt.Errorf(format, args...))
}

// wrote notes an acknowledged write. Two writes never have one entry.
func (s *seen) wrote(entry, what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, twice := s.entries[entry]; twice && before != what {
		s.wrong = append(s.wrong, fmt.Errorf("entry %s was given for %s and for %s", entry, before, what))
	}
	s.entries[entry] = what
}

func (s *seen) lost() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.unknown++
}

// checkpoint asks a machine for the newest checkpoint and notes it. Of one size there is one root.
func (s *seen) checkpoint(ctx context.Context, m *machine) {
	var c client.Checkpoint
	if m.ask(ctx, http.MethodGet, "/v1/ledger/checkpoint", "", nil, &c) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if before, ok := s.checkpoints[c.Size]; ok && before != c.Root {
		s.wrong = append(s.wrong, fmt.Errorf("two checkpoints of %d entries: %s and %s", c.Size, before, c.Root))
	}
	s.checkpoints[c.Size] = c.Root
}

// receipt asks a machine for the receipt of an entry and keeps it.
func (s *seen) receipt(ctx context.Context, m *machine, entry string) {
	var r client.Receipt
	if m.ask(ctx, http.MethodGet, "/v1/ledger/entries/"+indexOf(entry)+"/receipt", "", nil, &r) != nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.receipts[entry] = r.Receipt
}

// indexOf returns the index of an entry, of its name.
func indexOf(entry string) string { return entry[strings.LastIndexByte(entry, '/')+1:] }

// leavesOf returns all leaves of a machine's ledger.
func leavesOf(ctx context.Context, m *machine) (leaves [][]byte, err error) {
	for {
		var page client.Leaves
		if err := m.ask(ctx, http.MethodGet, "/v1/ledger/leaves?from="+strconv.Itoa(len(leaves)), "", nil, &page); err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		if len(page.Leaves) == 0 {
			return leaves, nil
		}
		leaves = append(leaves, page.Leaves...)
	}
}

// judge checks, of machines that are ready and that no client uses, that they have one ledger, and
// that it holds what clients were given. The program itself may add entries meanwhile.
func (s *seen) judge(ctx context.Context, machines []*machine) error {
	var one [][]byte
	for _, m := range machines {
		leaves, err := leavesOf(ctx, m)
		if err != nil {
			return err
		}
		if len(leaves) < len(one) || !slices.EqualFunc(one, leaves[:len(one)], bytes.Equal) {
			return fmt.Errorf("%s has %d entries, %s has %d, and they differ", m.name, len(leaves), machines[0].name, len(one))
		}
		one = leaves
	}
	return errors.Join(s.judgeLeaves(one), s.judgeOnce(ctx, machines), errors.Join(s.wrong...))
}

// judgeLeaves checks that each checkpoint is the root of the first entries.
func (s *seen) judgeLeaves(leaves [][]byte) error {
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) (list []tlog.Hash, err error) {
		for _, i := range indexes {
			list = append(list, hashes[i])
		}
		return list, nil
	})
	for i, leaf := range leaves {
		more, err := tlog.StoredHashes(int64(i), leaf, reader)
		if err != nil {
			return err
		}
		hashes = append(hashes, more...)
	}
	for _, size := range slices.Sorted(maps.Keys(s.checkpoints)) {
		if size > uint64(len(leaves)) {
			return fmt.Errorf("a client was given a checkpoint of %d entries, and the ledger has %d", size, len(leaves))
		}
		root, err := tlog.TreeHash(int64(size), reader)
		if err != nil {
			return err
		}
		if got := hex.EncodeToString(root[:]); got != s.checkpoints[size] {
			return fmt.Errorf("a client was given the root %s of %d entries, and it is %s", s.checkpoints[size], size, got)
		}
	}
	return nil
}

// judgeOnce checks on each machine that every acknowledged write has its entry, and that there are
// no more entries of records than writes.
func (s *seen) judgeOnce(ctx context.Context, machines []*machine) error {
	for _, m := range machines {
		got := map[string]bool{}
		path := "/v1/ledger/entries?kind=record&limit=200"
		for cursor := ""; ; {
			var page struct {
				Entries []client.Entry
				Cursor  string
			}
			if err := m.ask(ctx, http.MethodGet, path+cursor, "", nil, &page); err != nil {
				return fmt.Errorf("%s: list of entries: %w", m.name, err)
			}
			for _, e := range page.Entries {
				got[e.Entry] = true
			}
			if page.Cursor == "" {
				break
			}
			cursor = "&cursor=" + page.Cursor
		}
		for entry, what := range s.entries {
			if !got[entry] {
				return fmt.Errorf("%s: %s was acknowledged as %s, and is not in the ledger", m.name, what, entry)
			}
		}
		if most := len(s.entries) + s.unknown; len(got) > most {
			return fmt.Errorf("%s: %d entries of records, of at most %d writes: one was done twice", m.name, len(got), most)
		}
	}
	return nil
}

// judgeReceipts verifies the receipts with the program, against the pin of the root.
func (s *seen) judgeReceipts(ctx context.Context, g *group) error {
	m := g.all()[0]
	for entry, receipt := range s.receipts {
		path := filepath.Join(g.folder, "receipt")
		if err := os.WriteFile(path, receipt, 0o600); err != nil {
			return err
		}
		if _, err := m.do(ctx, "", "ledger", "verify", path, "--root", g.pin); err != nil {
			return fmt.Errorf("receipt of %s (%s): %w", entry, base64.StdEncoding.EncodeToString(receipt), err)
		}
	}
	return nil
}

// verify has the program verify the directories of machines that do not run.
func verify(ctx context.Context, machines []*machine) error {
	for _, m := range machines {
		if out, err := m.do(ctx, "", "ledger", "verify"); err != nil {
			return fmt.Errorf("ledger verify: %w: %s", err, out)
		}
	}
	return nil
}
