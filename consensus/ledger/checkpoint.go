package ledger

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/certs/trust"
)

// MaxNoteLen is the longest checkpoint with all its lines, in bytes.
const MaxNoteLen = 64 << 10

// Checkpoint is the state of a log: its first Size entries have the root hash Root.
type Checkpoint struct {
	Log  identity.Log
	Size uint64
	Root tlog.Hash
}

// text returns the note's text (C2SP tlog-checkpoint).
func (c Checkpoint) text() string {
	return fmt.Sprintf("%s\n%d\n%s\n", c.Log, c.Size, base64.StdEncoding.EncodeToString(c.Root[:]))
}

func parseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return Checkpoint{}, malformed("checkpoint", errors.New("not three lines"))
	}
	log, err := identity.ParseLog(lines[0])
	if err != nil {
		return Checkpoint{}, malformed("checkpoint", err)
	}
	size, err := strconv.ParseUint(lines[1], 10, 62)
	if err != nil {
		return Checkpoint{}, malformed("checkpoint", err)
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != tlog.HashSize {
		return Checkpoint{}, malformed("checkpoint", errors.New("root is no 32 bytes in base64"))
	}
	c := Checkpoint{log, size, tlog.Hash(root)}
	if c.text() != text {
		return Checkpoint{}, malformed("checkpoint", errors.New("another spelling of the same checkpoint"))
	}
	return c, nil
}

// LogSigner signs with a replica's log key; certs/authority is one.
type LogSigner interface {
	LogPublic() ed25519.PublicKey
	SignLog(message []byte) []byte
}

// noteSigner lets package note sign with a LogSigner under the log's name.
type noteSigner struct {
	log identity.Log
	by  LogSigner
}

func (s noteSigner) Name() string { return s.log.String() }
func (s noteSigner) KeyHash() uint32 {
	return keyHash(s.log.String(), noteAlgEd25519, s.by.LogPublic())
}
func (s noteSigner) Sign(msg []byte) ([]byte, error) { return s.by.SignLog(msg), nil }

// SignCheckpoint returns the note with one replica's line.
func SignCheckpoint(c Checkpoint, by LogSigner) ([]byte, error) {
	signed, err := note.Sign(&note.Note{Text: c.text()}, noteSigner{c.Log, by})
	if err != nil {
		return nil, fmt.Errorf("sign checkpoint: %w", err)
	}
	return signed, nil
}

// MergeNotes joins notes over the same checkpoint into one with all their lines, in ascending order
// of their bytes, so that a set of lines is always written in one way. The error wraps ErrMalformed
// when the notes differ in text.
func MergeNotes(notes ...[]byte) ([]byte, error) {
	var text []byte
	var lines [][]byte
	for i, n := range notes {
		head, tail, ok := bytes.Cut(n, []byte("\n\n"))
		switch {
		case !ok:
			return nil, malformed("checkpoint", errors.New("no signature lines"))
		case i > 0 && !bytes.Equal(head, text):
			return nil, malformed("checkpoint", errors.New("the notes to merge differ in text"))
		}
		text, lines = head, slices.AppendSeq(lines, bytes.Lines(tail))
	}
	slices.SortFunc(lines, bytes.Compare)
	return slices.Concat(text, []byte("\n\n"), bytes.Join(lines, nil)), nil
}

// OpenCheckpoint verifies a note: a majority of the key set's replicas must have signed it, and
// every line must be by a listed key, once, in ascending order. The error wraps ErrMalformed or
// ErrNotProven.
func OpenCheckpoint(data []byte, log identity.Log, keys trust.KeySet) (Checkpoint, error) {
	if len(data) > MaxNoteLen {
		return Checkpoint{}, malformed("checkpoint", fmt.Errorf("%d bytes, more than %d", len(data), MaxNoteLen))
	}
	var known []note.Verifier
	for _, r := range keys.Replicas {
		v, err := verifierFor(log, r.LogKey)
		if err != nil {
			return Checkpoint{}, malformed("log key", err)
		}
		known = append(known, v)
	}
	n, err := note.Open(data, note.VerifierList(known...))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: checkpoint: %w", ErrNotProven, err)
	}
	switch {
	case len(n.UnverifiedSigs) > 0:
		return Checkpoint{}, fmt.Errorf("%w: the checkpoint has a line by a key that is not listed", ErrNotProven)
	case len(n.Sigs) < keys.Majority():
		return Checkpoint{}, fmt.Errorf("%w: %d of %d replicas signed the checkpoint", ErrNotProven, len(n.Sigs), len(keys.Replicas))
	case !bytes.Equal(respell(n), data):
		return Checkpoint{}, malformed("checkpoint", errors.New("another spelling of the same note"))
	}
	c, err := parseCheckpoint(n.Text)
	if err == nil && c.Log != log {
		err = fmt.Errorf("%w: checkpoint of %s, not of %s", ErrNotProven, c.Log, log)
	}
	return c, err
}

// respell writes a note anew in the one allowed spelling: lines in ascending order, each once, and
// base64 without stray bits at its end. A note in any other spelling differs from the result.
func respell(n *note.Note) []byte {
	var lines []string
	for _, s := range n.Sigs {
		signature, err := base64.StdEncoding.DecodeString(s.Base64)
		if err != nil {
			return nil // note.Open decoded it already
		}
		lines = append(lines, fmt.Sprintf("\u2014 %s %s\n", s.Name, base64.StdEncoding.EncodeToString(signature)))
	}
	slices.Sort(lines)
	return []byte(n.Text + "\n" + strings.Join(lines, ""))
}

func verifierFor(log identity.Log, key ed25519.PublicKey) (note.Verifier, error) {
	return note.NewVerifier(VerifierKey(log, key))
}
