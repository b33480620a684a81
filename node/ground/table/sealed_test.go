package table

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xietong/node/ground/text"
)

// sealedLen is the length of a block as it is in the file.
const sealedLen = blockLen + 16

// isFailure reports whether an error is a failure with the code, and nothing that a reader of a
// file takes for its end.
func isFailure(err error, code text.Code) bool {
	f, ok := errors.AsType[*text.Failure](err)
	return ok && f.Code == code && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF)
}

// heldFile holds random bytes in a temporary file of some blocks, of which the last is not whole.
func heldFile(t *testing.T) (*Held, []byte) {
	file := make([]byte, inMemory+3*blockLen+rand.IntN(blockLen-1)+1)
	for i := range file {
		file[i] = byte(rand.Uint32())
	}
	h, err := Hold(t.TempDir(), bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.Close() })
	return h, file
}

// stored reads and writes the bytes of the temporary file, as the disk does.
func stored(t *testing.T, h *Held, at, length int64) []byte {
	t.Helper()
	b := make([]byte, length)
	if _, err := h.file.file.ReadAt(b, at); err != nil {
		t.Fatal(err)
	}
	return b
}

func store(t *testing.T, h *Held, at int64, b []byte) {
	t.Helper()
	if _, err := h.file.file.WriteAt(b, at); err != nil {
		t.Fatal(err)
	}
}

// mustFail checks that reading the file fails, that what was read before is as it came and from
// before the block, and that no later read succeeds. Then it lets the file be read anew.
func mustFail(t *testing.T, what string, h *Held, file []byte, block int64) {
	t.Helper()
	got, err := io.ReadAll(io.NewSectionReader(h, 0, h.Size()))
	if !isFailure(err, text.TemporaryDamaged) || int64(len(got)) > block*blockLen || !bytes.Equal(got, file[:len(got)]) {
		t.Errorf("%s: got %d bytes, %v, want those before block %d, and %s", what, len(got), err, block, text.TemporaryDamaged)
	}
	if n, again := h.ReadAt(make([]byte, 1), 0); n != 0 || again == nil || h.Err() == nil {
		t.Errorf("%s: a later read: got %d bytes, %v, %v, want the failure", what, n, again, h.Err())
	}
	h.file.failed, h.file.number = nil, -1
}

// TestHeldByteChanged flips bits of each block on the disk, its first and last byte, its tag, and
// others.
func TestHeldByteChanged(t *testing.T) {
	h, file := heldFile(t)
	end := h.Size() + (h.Size()+blockLen-1)/blockLen*16
	for block := range (end + sealedLen - 1) / sealedLen {
		first, last := block*sealedLen, min((block+1)*sealedLen, end)-1
		for _, at := range []int64{first, last, last - 15, last - 16, first + rand.Int64N(last-first)} {
			was := stored(t, h, at, 1)
			store(t, h, at, []byte{was[0] ^ 1<<rand.IntN(8)})
			mustFail(t, "a flipped bit", h, file, block)
			store(t, h, at, was)
		}
	}
	got, err := io.ReadAll(io.NewSectionReader(h, 0, h.Size()))
	if err != nil || !bytes.Equal(got, file) {
		t.Errorf("undamaged: got %d bytes, %v, want the file", len(got), err)
	}
}

// TestHeldBlocksMoved swaps blocks, puts one of another file, or of the same one, in the place of
// one, and cuts the file short: each block is whole, and stands elsewhere than it was written.
func TestHeldBlocksMoved(t *testing.T) {
	h, file := heldFile(t)
	other, _ := heldFile(t)
	for range 20 {
		of := rand.Perm(int(h.Size() / blockLen)) // whole ones
		a, b := int64(of[0]), int64(of[1])
		wasA, wasB := stored(t, h, a*sealedLen, sealedLen), stored(t, h, b*sealedLen, sealedLen)
		store(t, h, a*sealedLen, wasB)
		mustFail(t, "a block twice", h, file, a)
		store(t, h, b*sealedLen, wasA)
		mustFail(t, "two blocks swapped", h, file, min(a, b))
		store(t, h, b*sealedLen, wasB)
		store(t, h, a*sealedLen, stored(t, other, a*sealedLen, sealedLen))
		mustFail(t, "a block of another file", h, file, a)
		store(t, h, a*sealedLen, wasA)
	}
	for _, size := range []int64{2*sealedLen + 5, 2 * sealedLen} {
		if err := h.file.file.Truncate(size); err != nil {
			t.Fatal(err)
		}
		mustFail(t, "cut short", h, file, 2)
	}
}

// TestHeldCannotBe holds a file where the folder is none, or missing, and on a full disk: the
// failure names the folder and the cause.
func TestHeldCannotBe(t *testing.T) {
	none := filepath.Join(t.TempDir(), "none")
	for _, row := range []struct{ make, dir, reason string }{
		{"", none, "no such file or directory"},
		{none, none, "not a directory"},
	} {
		if row.make != "" {
			if err := os.WriteFile(row.make, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		_, err := Hold(row.dir, bytes.NewReader(make([]byte, 2*inMemory)))
		cannotBe(t, err, row.dir, row.reason)
	}
	t.Setenv("TMPDIR", filepath.Join(none, "below"))
	_, err := Hold("", bytes.NewReader(make([]byte, 2*inMemory)))
	cannotBe(t, err, filepath.Join(none, "below"), "not a directory")
}

func cannotBe(t *testing.T, err error, dir, reason string) {
	t.Helper()
	f, _ := errors.AsType[*text.Failure](err)
	if !isFailure(err, text.TemporaryUnusable) || f.Args["dir"] != dir || f.Args["reason"] != reason {
		t.Errorf("got %v, want %s of %s: %s", err, text.TemporaryUnusable, dir, reason)
	}
	for _, l := range []text.Lang{text.En, text.Zh} {
		if f != nil && !strings.Contains(text.Explain(l, f.Code, f.Args).Where, dir) {
			t.Errorf("got %+v, which does not name %s", text.Explain(l, f.Code, f.Args), dir)
		}
	}
}

// TestHeldOnAFullDisk writes to a file that takes nothing, and one that takes no write at all.
func TestHeldOnAFullDisk(t *testing.T) {
	for path, reason := range map[string]string{"/dev/full": "no space left on device", os.DevNull: "bad file descriptor"} {
		s, err := newSealed(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		taken := s.file
		t.Cleanup(func() { _ = taken.Close() })
		flag := os.O_WRONLY
		if path == os.DevNull {
			flag = os.O_RDONLY
		}
		if s.file, err = os.OpenFile(path, flag, 0); err != nil {
			t.Skip(err) // no Linux
		}
		_, err = s.Write(make([]byte, 2*blockLen))
		cannotBe(t, errors.Join(err, s.file.Close()), s.dir, reason)
	}
}
