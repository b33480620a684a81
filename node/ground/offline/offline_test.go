package offline

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/datadir"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestVerifyReceiptFromTheRoot verifies a golden receipt of three levels from the pin of the
// province, as a stranger would.
func TestVerifyReceiptFromTheRoot(t *testing.T) {
	data, err := os.ReadFile("../../../consensus/ledger/testdata/vectors/accept.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Name              string
		Pin               string
		Receipt, Preimage []byte
	}
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		if v.Name != "chain-3" {
			continue
		}
		r, err := VerifyReceipt(v.Receipt, v.Preimage, v.Pin)
		want := "guizhou > guiyang.guizhou > nanming.guiyang.guizhou"
		if got := strings.Join(r.Chain, " > "); err != nil || got != want || r.AsOf != "2026-11-24T01:00:00Z" || r.Titles["guizhou"] != "贵州省" {
			t.Errorf("got %s (%v) as of %s, %v, want %s", got, r.Titles, r.AsOf, err, want)
		}
		return
	}
	t.Error("there is no vector chain-3")
}

// filled returns the data directory of a closed jurisdiction, which has four entries under a
// checkpoint, and its file of the state.
func filled(t *testing.T) (dir, file string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "data")
	if _, err := datadir.Init(dir, datadir.InitOptions{Name: nanming}); err != nil {
		t.Fatal(err)
	}
	name, err := identity.ParseJurisdiction(nanming)
	if err != nil {
		t.Fatal(err)
	}
	registry := state.NewRegistry()
	commandEnter.Handle(registry, func(tx *state.Tx, b entered) (ledger.Ref, error) {
		return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindAgency, Agency: b.Agency})
	})
	h, err := host.Open(t.Context(), host.Folder(dir, name), name, host.Options{
		Registry: registry, Logger: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []string{"civil-affairs", "public-security", "education"} {
		label, err := identity.ParseLabel(code)
		if err != nil {
			t.Fatal(err)
		}
		id, err := identity.NewMessage()
		if err != nil {
			t.Fatal(err)
		}
		act, err := h.Act(ledger.Head{Kind: ledger.KindAgency, Agency: label}, "application/json", []byte(`{}`))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := book.Enter(t.Context(), h, commandEnter, book.ByNode(h, id, nil), entered{Agency: label, Statement: act}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := h.Receipt(t.Context(), 3); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, filepath.Join(host.Folder(dir, name), "state.db")
}

// entered is the body of a command of this test, which enters an agency.
type entered struct {
	_         struct{} `cbor:",toarray"`
	Agency    identity.Label
	Statement book.Statement
}

const commandEnter book.Command[entered, ledger.Ref] = 250

const nanming = "nanming.guiyang.guizhou"

// TestChangedCheckpointIsFound changes the newest checkpoint in the file, one byte at a time, and
// the mark and the signatures of the state's digest that stand behind it, and checks that
// VerifyData finds each change.
func TestChangedCheckpointIsFound(t *testing.T) {
	dir, file := filled(t)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	start := []byte(nanming + "/log/1\n4\n")
	text := data[bytes.Index(data, start):]
	line := bytes.Index(text, []byte("\n\n")) + 2
	length := line + 18
	note := line + bytes.IndexByte(text[line:], '\n') + 1
	const behind = 1 + 2 + 34 + 34 + 1 + 1 + 3 + 66 // index and size, root, digest, one line
	for i := range note + behind {
		if i >= length && i < note {
			continue // the signature of the note
		}
		for at := 0; ; { // the file may hold older copies of the page
			next := bytes.Index(data[at:], start)
			if next < 0 {
				break
			}
			at += next
			f.WriteAt([]byte{data[at+i] ^ 1}, int64(at+i))
			at++
		}
		report, err := VerifyData(t.Context(), dir, "", nil, nil, nil)
		if err == nil && report.FirstBad == "" {
			t.Errorf("byte %d of the checkpoint was changed, and all is well", i)
		}
		f.WriteAt(data, 0)
	}
	if report, err := VerifyData(t.Context(), dir, "", nil, nil, nil); err != nil || report.FirstBad != "" || report.Entries != 4 {
		t.Errorf("the file as it was: got %+v, %v", report, err)
	}
}

// TestNewKeysThatSignedNothingYet (B19-7): a ledger that goes on with new keys, which have signed
// no checkpoint yet, holds: its newest is proven by the keys and the epoch of before.
func TestNewKeysThatSignedNothingYet(t *testing.T) {
	dir, _ := filled(t)
	name, err := identity.ParseJurisdiction(nanming)
	if err != nil {
		t.Fatal(err)
	}
	parent, _ := name.Parent()
	folder := host.Folder(dir, name)
	anew := func(*state.Reader, bool) (*host.Anew, error) {
		return &host.Anew{Now: time.Now(), Epoch: 2, Parent: parent, Reason: "test"}, nil
	}
	if _, err := host.BeginAnew(folder, name, state.NewRegistry(), anew); err != nil {
		t.Fatal(err)
	}
	h, err := host.Open(t.Context(), folder, name, host.Options{Registry: state.NewRegistry(), Logger: slog.New(slog.DiscardHandler), Now: time.Now, Anew: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	report, err := VerifyData(t.Context(), dir, "", nil, nil, nil)
	if err != nil || report.FirstBad != "" || report.Checkpoint != 4 || report.Entries != 6 {
		t.Errorf("got %+v, %v", report, err)
	}
}

// TestVerifyAsksWhichLedger: where a directory hosts several jurisdictions, a person is told which.
func TestVerifyAsksWhichLedger(t *testing.T) {
	dir, _ := filled(t)
	c, err := datadir.ReadConfig(dir)
	if err != nil {
		t.Fatal(err)
	}
	other := c.Jurisdictions[0]
	if other.Name, err = identity.ParseJurisdiction("yunyan.guiyang.guizhou"); err != nil {
		t.Fatal(err)
	}
	other.DisplayName, other.ShortName, other.Code = "云岩区", "云岩", "520103"
	c.Jurisdictions = append(c.Jurisdictions, other)
	for typed, want := range map[string]string{
		nanming: nanming, "南明区": nanming, "nanming": nanming, "云岩": other.Name.String(), "520103": other.Name.String(), "YUNYAN.guiyang.guizhou": other.Name.String(),
		"guiyang": "", "花溪区": "", "yunyan.zunyi": "",
	} {
		got, err := called(c, typed)
		if got.Name.String() != want || (want == "") != (text.AsFailure(err).Code == text.NoSuchHosted) {
			t.Errorf("%s: got %s, %v, want %s", typed, got.Name, err, want)
		}
	}
	if err := datadir.WriteConfig(dir, c); err != nil {
		t.Fatal(err)
	}
	_, err = VerifyData(t.Context(), dir, "", nil, nil, nil)
	if f := text.AsFailure(err); f.Code != text.JurisdictionNeeded || f.Args["jurisdictions"] != nanming+", yunyan.guiyang.guizhou" {
		t.Errorf("got %v", err)
	}
	if report, err := VerifyData(t.Context(), dir, nanming, nil, nil, nil); err != nil || report.Entries != 4 {
		t.Errorf("got %+v, %v", report, err)
	}
}

// TestVerifyTellsOfAnotherKeystore: a whole ledger beside the keystore of another copy, or a
// damaged one, is told; so is a copy without one, which is no fault.
func TestVerifyTellsOfAnotherKeystore(t *testing.T) {
	dir, file := filled(t)
	other, _ := filled(t)
	keystore := filepath.Join(filepath.Dir(file), host.Keystore)
	read := func(path string) []byte {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	own, foreign := read(keystore), read(filepath.Join(other, "j", nanming, host.Keystore))
	for _, row := range []struct {
		content []byte // nil: no file
		want    KeystoreState
	}{{own, KeystoreOwn}, {foreign, KeystoreOther}, {own[1:], KeystoreDamaged}, {nil, KeystoreAbsent}} {
		var err error
		if row.content == nil {
			err = os.Remove(keystore)
		} else {
			err = os.WriteFile(keystore, row.content, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
		report, err := VerifyData(t.Context(), dir, "", nil, nil, nil)
		if err != nil || report.Keystore != row.want || report.FirstBad != "" {
			t.Errorf("got %+v, %v, want %s", report, err, row.want)
		}
	}
}

// TestVerifyOpensPayloads: a bit that turned in a sealed payload is told with its entry, though
// every entry agrees with the checkpoint, and without the keystore too.
func TestVerifyOpensPayloads(t *testing.T) {
	dir, file := filled(t)
	found, err := state.Verify(t.Context(), file, nil)
	if err != nil || len(found.Sealed) < 3 {
		t.Fatal(len(found.Sealed), err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	sealed := found.Sealed[2].Bytes
	turned := bytes.Clone(sealed)
	turned[len(turned)-1] ^= 1
	if err := os.WriteFile(file, bytes.ReplaceAll(data, sealed, turned), 0o600); err != nil {
		t.Fatal(err)
	}
	unsound := func() {
		t.Helper()
		report, err := VerifyData(t.Context(), dir, "", nil, nil, nil)
		f, ok := errors.AsType[*text.Failure](err)
		if !ok || f.Code != text.DataUnsound || !strings.HasPrefix(f.Args["kept"], "sealed ") || f.Args["values"] != "1" {
			t.Errorf("got %+v, %v", report, err)
		}
	}
	unsound()
	if err := os.Remove(filepath.Join(filepath.Dir(file), host.Keystore)); err != nil {
		t.Fatal(err)
	}
	unsound()
}
