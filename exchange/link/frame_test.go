package link

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
)

// holding is a writer that fails and keeps the data, as a reset stream may.
type holding struct{ held []byte }

var errGone = errors.New("gone")

func (h *holding) Write(p []byte) (int, error) {
	h.held = p
	return 0, errGone
}

// TestWriteFrameLetsGo checks that a buffer is not used again while a failed stream may still read
// it.
func TestWriteFrameLetsGo(t *testing.T) {
	var h holding
	if err := writeFrame(&h, []byte("first"), MaxFrame); !errors.Is(err, errGone) {
		t.Fatalf("got %v, want %v", err, errGone)
	}
	want := bytes.Clone(h.held)
	for range 100 {
		if err := writeFrame(io.Discard, []byte("other"), MaxFrame); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(h.held, want) {
		t.Errorf("got %q, want %q", h.held, want)
	}
}

// readWhole reads one frame, and counts it for nobody.
func readWhole(r io.Reader, most int) ([]byte, error) {
	n, err := readLength(r, most)
	if err != nil {
		return nil, err
	}
	return readData(r, n, nil)
}

// TestFramesSideBySide checks that frames of any length, written at the same time, do not share a
// buffer.
func TestFramesSideBySide(t *testing.T) {
	var group sync.WaitGroup
	for n := range 8 {
		group.Go(func() {
			for size := range 100 {
				var b bytes.Buffer
				want := fmt.Appendf(nil, "%d %*d", n, size<<n, size)
				err := writeFrame(&b, want, MaxFrame)
				got, failed := readWhole(&b, MaxFrame)
				if err != nil || failed != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bytes: got %d, %v, %v", len(want), len(got), err, failed)
				}
			}
		})
	}
	group.Wait()
}
