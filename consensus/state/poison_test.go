package state

import (
	"bytes"
	"errors"
	"path/filepath"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
)

const kindPoison = 1004

// poisons are bodies that make a handler fail after it wrote, each in another way.
var poisons = map[string]func(tx *Tx) error{
	"a key of 33,046 bytes": func(tx *Tx) error { return tx.Put("x", bytes.Repeat([]byte{'k'}, 33_046), []byte("v")) },
	"an empty key":          func(tx *Tx) error { return tx.Put("x", nil, []byte("v")) },
	"a value too long":      func(tx *Tx) error { return tx.Put("x", []byte("k"), make([]byte, 1<<20)) },
	"no such bucket":        func(tx *Tx) error { return tx.Put("nobody's", []byte("k"), nil) },
	"an impossible entry": func(tx *Tx) error {
		_, err := tx.Append(ledger.Head{}, ledger.PlainEvidence(ledger.Commit(nil)), nil)
		return err
	},
	"an undecodable part": func(*Tx) error { return canon.Unmarshal([]byte("?"), 1, new(uint64)) },
	"an index too far":    func(tx *Tx) error { _ = make([]int, tx.Size())[tx.Size()+7]; return nil },
	"a nil pointer":       func(*Tx) error { var r *Refusal; return &Refusal{Code: r.Code} },
	"any other error":     func(*Tx) error { return errors.New("not thought of") },
	"a late refusal":      func(*Tx) error { return &Refusal{Code: 99} },
}

func poisonRegistry() *Registry {
	r := writeRegistry()
	r.Register(kindPoison, Idempotent, func(tx *Tx, body []byte) ([]byte, error) {
		if _, err := tx.Append(ledger.Head{Kind: ledger.KindRecord}, ledger.PlainEvidence(ledger.Commit(body)), body); err != nil {
			return nil, err
		}
		if err := errors.Join(tx.Put("x", []byte("k"), []byte("poisoned")), tx.Delete("x", []byte("kept"))); err != nil {
			return nil, err
		}
		return nil, poisons[string(body)](tx)
	})
	return r
}

// TestPoisonBodyIsRefused (S01) gives a handler bodies on which it fails (S13). The command is
// refused and leaves nothing behind; the entry of raft in which it stands, and everything after, is
// applied.
func TestPoisonBodyIsRefused(t *testing.T) {
	for name := range poisons {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "state.db")
			if err := Create(path, testLog(t)); err != nil {
				t.Fatal(err)
			}
			s, err := Open(path, poisonRegistry(), Options{Fatal: func(err error) { t.Errorf("the node ended: %v", err) }})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			s.Apply(1, 1, [][]byte{command(t, kindWrite, identity.Message{}, "x kept v")})
			got := s.Apply(2, 1, [][]byte{
				command(t, kindNote, identity.Message{}, "before"), command(t, kindPoison, newID(t), name), command(t, kindNote, identity.Message{}, "after"),
			})
			if len(got) != 3 || got[0].Code != Done || got[1].Code == Done || got[2].Code != Done {
				t.Fatalf("got %+v, want the poisoned command alone refused", got)
			}
			if err := s.View(func(r *Reader) error {
				if got := r.Get("x", []byte("k")); got != nil {
					t.Errorf("got %q, want nothing of the refused command", got)
				}
				if got := r.Get("x", []byte("kept")); string(got) != "v" {
					t.Errorf("got %q, want what the refused command deleted", got)
				}
				return checkRoot(r)
			}); err != nil {
				t.Error(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if report, err := Verify(t.Context(), path, nil); err != nil || report.Entries != 3 {
				t.Errorf("got %d entries, %v, want 3 that verify", report.Entries, err)
			}
		})
	}
}

// damages are what a handler meets in a file that is damaged, or in a replica that differs.
var damages = map[string]func(tx *Tx) error{
	"the database fails": func(tx *Tx) error {
		tx.file.Rollback()
		tx.Get("x", []byte("k"))
		return nil
	},
	"the database fails in a scan": func(tx *Tx) error {
		tx.file.Rollback()
		tx.Scan("x", nil, nil, func(_, _ []byte) bool { return true })
		return nil
	},
	"a key set cannot be read": func(tx *Tx) error {
		if err := tx.Put(bucketKeySets, be64(1), []byte{0xff}); err != nil {
			return err
		}
		return tx.addLine(CheckpointLine{Mark: Mark{Size: 1}})
	},
	"a tile cannot be read": func(tx *Tx) error {
		if err := tx.Put(bucketTile, tileKey(ledger.TileID{}), []byte{1}); err != nil {
			return err
		}
		_, err := applyMark(tx, []byte{0x80})
		return err
	},
	"the root is not the majority's": func(tx *Tx) error { return tx.checkOwn(Mark{Size: 1}) },
}

// TestDamageEndsTheNode checks that what is the file's fault, and not a command's, is no refusal.
func TestDamageEndsTheNode(t *testing.T) {
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			r := noteRegistry()
			r.Register(kindPoison, Idempotent, func(tx *Tx, _ []byte) ([]byte, error) { return nil, damage(tx) })
			path, ended := filepath.Join(t.TempDir(), "state.db"), 0
			if err := Create(path, testLog(t)); err != nil {
				t.Fatal(err)
			}
			s, err := Open(path, r, Options{Fatal: func(error) { ended++ }})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			s.Apply(1, 1, [][]byte{command(t, kindNote, identity.Message{}, "a")})
			s.Flush()
			poison := command(t, kindPoison, identity.Message{}, "x")
			if _, err := s.Try(poison); err == nil || ended > 0 {
				t.Errorf("tried: %v, ended %d times", err, ended)
			}
			if got := s.Apply(2, 1, [][]byte{poison}); got != nil || ended != 1 {
				t.Errorf("applied: %+v, ended %d times", got, ended)
			}
		})
	}
}

// TestTryKeepsNothing applies a command while another is tried. What is tried shows nowhere, and
// changes nothing of what is applied.
func TestTryKeepsNothing(t *testing.T) {
	path, during := filepath.Join(t.TempDir(), "state.db"), func() {}
	if err := Create(path, testLog(t)); err != nil {
		t.Fatal(err)
	}
	r := noteRegistry()
	r.Register(kindPoison, Idempotent, func(tx *Tx, body []byte) ([]byte, error) {
		during()
		_, err := tx.Append(ledger.Head{Kind: ledger.KindRecord}, ledger.PlainEvidence(ledger.Commit(body)), body)
		return nil, errors.Join(err, tx.Put("x", []byte("k"), []byte("tried")))
	})
	s, err := Open(path, r, Options{Fatal: func(err error) { t.Error(err) }})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	index := uint64(0)
	apply := func() {
		index++
		s.Apply(index, 1, [][]byte{command(t, kindNote, identity.Message{}, "applied")})
	}
	during = apply
	for range 20 { // more and more entries are in no tile yet
		apply()
		if refused, err := s.Try(command(t, kindPoison, identity.Message{}, "tried")); err != nil || refused.Code != Done {
			t.Fatalf("got %+v, %v", refused, err)
		}
	}
	if err := s.View(func(r *Reader) error {
		if got := r.Get("x", []byte("k")); got != nil {
			t.Errorf("got %q, want nothing", got)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if report, err := Verify(t.Context(), path, nil); err != nil || report.Entries != index {
		t.Errorf("got %d entries, %v, want the %d that were applied", report.Entries, err, index)
	}
}
