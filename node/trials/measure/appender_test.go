package measure

import (
	"errors"
	"log/slog"
	"strconv"
	"testing"

	"xietong/consensus/state"
	"xietong/node/ground/offline"
)

// TestAppender checks the size of the appended payloads, of one replica and of three, and that the
// ledger with all of them verifies.
func TestAppender(t *testing.T) {
	for _, replicas := range []int{1, 3} {
		t.Run(strconv.Itoa(replicas), func(t *testing.T) { appended(t, replicas) })
	}
}

func appended(t *testing.T, replicas int) {
	r, err := Open(t.Context(), t.TempDir(), replicas, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var size uint64
	for _, bytes := range []int{512, 64 << 10} {
		a, err := r.Appender(t.Context(), bytes)
		if err != nil {
			t.Fatal(err)
		}
		entry, err := a.Append(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		size = entry.Index() + 1
		if receipt, err := r.Receipt(t.Context(), entry); err != nil || len(receipt) == 0 {
			t.Errorf("receipt of %d bytes, %v", len(receipt), err)
		}
		err = a.ledger.View(t.Context(), func(r *state.Reader) error {
			payload, err := a.ledger.Payload(r, entry.Index())
			if len(payload) != bytes {
				t.Errorf("a payload of %d bytes, want %d", len(payload), bytes)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	for _, size := range []int{0, 32, MaxAppend + 1} {
		if _, err := r.Appender(t.Context(), size); !errors.Is(err, ErrAppendSize) {
			t.Errorf("%d bytes: got %v, want ErrAppendSize", size, err)
		}
	}
	if err := r.Close(); err != nil || len(r.Dirs) != replicas {
		t.Fatal(len(r.Dirs), err)
	}
	report, err := offline.VerifyData(t.Context(), r.Dirs[0], "", nil, nil, nil)
	if err != nil || report.FirstBad != "" || report.Entries < size {
		t.Errorf("got %+v, %v, want %d entries", report, err, size)
	}
}
