package table

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"testing/iotest"
)

// TestHold checks that what was held is read as it came, at any place, and that nothing of it is on
// the disk.
func TestHold(t *testing.T) {
	for _, size := range []int{0, 1, inMemory, inMemory + 1, 3*inMemory + 7} {
		file := make([]byte, size)
		for i := range file {
			file[i] = byte(rand.Uint32())
		}
		h, err := Hold(t.TempDir(), bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if h.Size() != int64(size) || h.Sum() != sha256.Sum256(file) {
			t.Errorf("%d bytes: got %d, %x", size, h.Size(), h.Sum())
		}
		for range 100 {
			at, n := rand.IntN(size+2), rand.IntN(70_000)
			got := make([]byte, n)
			n, err := h.ReadAt(got, int64(at))
			want := file[min(at, size):min(at+len(got), size)]
			if !bytes.Equal(got[:n], want) || (err != nil) != (n < len(got) || at >= size) || err != nil && !errors.Is(err, io.EOF) {
				t.Errorf("%d bytes at %d: got %d, %v", len(got), at, n, err)
			}
		}
		if h.file != nil {
			plain, err := os.ReadFile("/proc/self/fd/" + strconv.Itoa(int(h.file.file.Fd())))
			if err == nil && bytes.Contains(plain, file[1000:1064]) {
				t.Error("the temporary file holds plain bytes")
			}
			if _, err := os.Stat(h.file.file.Name()); !os.IsNotExist(err) {
				t.Errorf("the temporary file has a name: %v", err)
			}
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := Hold(t.TempDir(), iotest.TimeoutReader(bytes.NewReader(make([]byte, 4<<20)))); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("a file that ends by an error: got %v", err)
	}
}
