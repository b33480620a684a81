package host

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const kindTest state.Kind = 1000

type testBody struct {
	_         struct{} `cbor:",toarray"`
	Statement book.Statement
}

func testRegistry() *state.Registry {
	r := state.NewRegistry()
	book.Command[testBody, ledger.Ref](kindTest).Handle(r, func(tx *state.Tx, b testBody) (ledger.Ref, error) {
		return b.Statement.Append(tx, testHead())
	})
	return r
}

func testHead() ledger.Head {
	code, _ := identity.ParseLabel("villages")
	agency, _ := identity.ParseLabel("civil-affairs")
	return ledger.Head{Kind: ledger.KindRecord, Agency: agency, Code: code}
}

func open(t *testing.T, dir string) *Host {
	t.Helper()
	name, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, name, time.Now(), 1); err != nil {
		t.Fatal(err)
	}
	h, err := Open(t.Context(), dir, name, Options{Registry: testRegistry(), Logger: slog.New(slog.DiscardHandler), Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// village is a real row of the demo's data; it stands for data that must never be in clear on disk.
const village = `{"code":"520102016001","name":"纪念塔社区"}`

func add(t *testing.T, h *Host) {
	t.Helper()
	act, err := h.Act(testHead(), "application/json", []byte(village))
	if err != nil {
		t.Fatal(err)
	}
	body, err := canon.Marshal(testBody{Statement: act})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Propose(t.Context(), kindTest, book.Request{}, body); err != nil {
		t.Fatal(err)
	}
}

func TestReceiptsOutliveRestarts(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	pin, err := h.Pin()
	if err != nil {
		t.Fatal(err)
	}
	var receipts [][]byte
	for round := range 3 {
		add(t, h)
		index := uint64(round + 1) // entry 0 is the key set
		got := keep(t, h, index)
		v, err := ledger.VerifyReceipt(got.receipt, got.preimage, pin)
		if err != nil || string(v.Payload.Payload) != village || v.Entry.Index() != index || !v.Leaf.Evidence.Signed() {
			t.Errorf("entry %d: got %+v, %v", index, v, err)
		}
		receipts = append(receipts, got.receipt)
		if err := h.Close(); err != nil {
			t.Fatal(err)
		}
		h = open(t, dir)
	}
	defer h.Close()
	for i, receipt := range receipts {
		if _, err := ledger.VerifyReceipt(receipt, nil, pin); err != nil {
			t.Errorf("receipt %d after restarts: %v", i, err)
		}
	}
	if proof, err := h.ProveEndorsement(t.Context(), 1); !errors.Is(err, book.ErrNoEntry) || proof != nil {
		t.Errorf("a record, proven with its payload as if it were an endorsement: got %x, %v", proof, err)
	}
	if _, err := h.Receipt(t.Context(), 99); !errors.Is(err, book.ErrNoEntry) {
		t.Errorf("an entry to come: got %v, want ErrNoEntry", err)
	}
	if _, err := h.Entry(t.Context(), 99); !errors.Is(err, book.ErrNoEntry) {
		t.Errorf("an entry to come: got %v, want ErrNoEntry", err)
	}
	if e, err := h.Entry(t.Context(), 0); err != nil || e.Leaf.Head.Kind != ledger.KindKeySet {
		t.Errorf("entry 0: got %+v, %v, want the key set", e, err)
	}
}

// TestNothingInClear searches every file of the jurisdiction for the payload.
func TestNothingInClear(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	for range 20 {
		add(t, h)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	files := 0
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for _, secret := range []string{"520102016001", "纪念塔"} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s holds %q in clear", path, secret)
			}
		}
		files++
		return err
	})
	if err != nil || files < 8 {
		t.Errorf("looked at %d files, %v", files, err)
	}
}

// TestLostKeystore: a keystore that is missing beside a ledger is not made anew. Under another one
// no record would be found, and "no such record" would be answered and recorded.
func TestLostKeystore(t *testing.T) {
	dir := t.TempDir()
	name, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, name, time.Now(), 1); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, Keystore)); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, name, time.Now(), 1); !errors.Is(err, ErrLost) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(filepath.Join(dir, Keystore)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a keystore was made: %v", err)
	}
}
