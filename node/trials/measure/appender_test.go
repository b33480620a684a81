package measure

import (
	"errors"
	"log/slog"
	"path/filepath"
	"testing"

	"xietong/consensus/state"
	"xietong/node/ground/datadir"
	"xietong/node/ground/offline"
)

// TestAppender checks the size of the appended payloads, and that the ledger with all of them
// verifies.
func TestAppender(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bench")
	if _, err := datadir.Init(dir, datadir.InitOptions{Name: "bench"}); err != nil {
		t.Fatal(err)
	}
	n, err := Open(t.Context(), dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{512, 64 << 10} {
		a, err := n.Appender(t.Context(), size)
		if err != nil {
			t.Fatal(err)
		}
		entry, err := a.Append(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		err = a.host.View(t.Context(), func(r *state.Reader) error {
			payload, err := a.host.Payload(r, entry.Index())
			if len(payload) != size {
				t.Errorf("a payload of %d bytes, want %d", len(payload), size)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	for _, size := range []int{0, 32, MaxAppend + 1} {
		if _, err := n.Appender(t.Context(), size); !errors.Is(err, ErrAppendSize) {
			t.Errorf("%d bytes: got %v, want ErrAppendSize", size, err)
		}
	}
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	report, err := offline.VerifyData(t.Context(), dir, "", nil)
	if err != nil || report.FirstBad != "" || report.Entries < 9 {
		t.Errorf("got %+v, %v", report, err)
	}
}
