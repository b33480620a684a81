package host

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

// tryOpen opens a folder as open does, with the folder for signed sizes.
func tryOpen(t *testing.T, dir, signed string) *Host {
	t.Helper()
	return openAs(t, "nanming.guiyang.guizhou", dir, signed)
}

func openAs(t *testing.T, as, dir, signed string) *Host {
	t.Helper()
	name, err := identity.ParseJurisdiction(as)
	if err != nil {
		t.Fatal(err)
	}
	h, err := Open(t.Context(), dir, name, Options{Registry: testRegistry(), Logger: slog.New(slog.DiscardHandler), Now: time.Now, Signed: signed})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func closed(t *testing.T, h *Host) {
	t.Helper()
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

// putBack puts the files of a folder over those of another one, which keep what the file system
// knows of them, as rsync --inplace does.
func putBack(t *testing.T, from, to string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(to, "wal")); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		if err != nil || d.IsDir() {
			return errors.Join(err, os.MkdirAll(target, 0o700))
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// copyOf returns a copy of a folder.
func copyOf(t *testing.T, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "copy")
	putBack(t, dir, to)
	return to
}

// signs reports whether the host signs the ledger as it is, and answers others.
func signs(t *testing.T, h *Host) bool {
	t.Helper()
	_, _, err := h.Checkpoint(t.Context())
	_, asked := errors.AsType[*QuestionError](err)
	if err != nil && !asked || asked != (h.Questioned() != nil) {
		t.Errorf("checkpoint: got %v, in question: %v", err, h.Questioned())
	}
	return err == nil
}

// told are witnesses who say this: those who do, and others. The parent is one, unless it is here.
type told struct {
	seen   []Seen
	err    error
	others []identity.Jurisdiction
	here   bool
}

func (w told) Largest(context.Context) ([]Seen, error) { return w.seen, w.err }

func (w told) Elsewhere() (all []identity.Jurisdiction, parent bool) {
	for _, s := range w.seen {
		all = append(all, s.By)
	}
	return append(all, w.others...), !w.here
}

// seen is what a neighbour saw of a ledger as it is now.
func seen(t *testing.T, h *Host) Seen {
	t.Helper()
	c, signed, err := h.Checkpoint(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	by, err := identity.ParseJurisdiction("guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	return Seen{By: by, Checkpoint: c, Note: signed}
}

// TestACopyIsInQuestion (C01): a copy records, and signs nothing, also after a restart; the
// original and a folder that was only renamed sign on.
func TestACopyIsInQuestion(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	add(t, h)
	if !signs(t, h) {
		t.Fatal("the original does not sign")
	}
	closed(t, h)
	other := copyOf(t, dir)
	for range 2 {
		h = tryOpen(t, other, "")
		add(t, h)
		if signs(t, h) {
			t.Fatal("a copy signs")
		}
		if q := h.question.Load(); q.Size != 2 || q.Grouped {
			t.Errorf("got %+v, want the size with which the question began", q)
		}
		if err := h.RenewKeys(t.Context(), func(uint64) bool { return true }); err != nil {
			t.Error(err)
		}
		closed(t, h)
	}
	moved := dir + "-moved"
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	h = tryOpen(t, moved, "")
	defer closed(t, h)
	if add(t, h); !signs(t, h) {
		t.Error("the original, renamed, does not sign")
	}
}

// TestWitnessesSettleIt (C04): of what neighbours say they saw, nothing more and the same settles
// the question; more or other entries that were signed keep the ledger in it, also where another
// neighbour saw less; what nobody signed is no evidence.
func TestWitnessesSettleIt(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	add(t, h)
	early := seen(t, h)
	add(t, h)
	equal := seen(t, h)
	closed(t, h)
	old := copyOf(t, dir)
	h = tryOpen(t, dir, "")
	add(t, h)
	later := seen(t, h)
	closed(t, h)

	twin := tryOpen(t, copyOf(t, old), "") // which goes on beside the original
	if twin.AskWitnesses(t.Context(), told{seen: []Seen{equal}}); !signs(t, twin) {
		t.Fatal("the twin does not sign")
	}
	add(t, twin)
	forked := seen(t, twin)
	closed(t, twin)
	unsigned, foreign, empty := later, equal, early
	unsigned.Note = []byte("not signed")
	foreign.Checkpoint.Log = identity.Log{}
	forgetful := equal
	forgetful.Forgot = true
	empty.Checkpoint.Size = 0

	for _, row := range []struct {
		what           string
		dir            string
		said           told
		settles        bool
		behind, forked bool
	}{
		{"the same", old, told{seen: []Seen{equal}}, true, false, false},
		{"less", old, told{seen: []Seen{early}}, true, false, false},
		{"more", old, told{seen: []Seen{later}}, false, true, false},
		{"more, and another less", old, told{seen: []Seen{early, later}}, false, true, false},
		{"more, unsigned", old, told{seen: []Seen{unsigned}}, false, false, false},
		{"more, unsigned, and another the same", old, told{seen: []Seen{unsigned, equal}}, true, false, false},
		{"the same, by one that forgot", old, told{seen: []Seen{forgetful}}, false, false, false},
		{"another ledger", old, told{seen: []Seen{foreign}}, false, false, false},
		{"nothing yet", old, told{seen: []Seen{empty}}, false, false, false},
		{"other entries", dir, told{seen: []Seen{forked}}, false, true, true},
		{"nobody", old, told{err: ErrNoWitness}, false, false, false},
		{"nobody in time", old, told{err: context.DeadlineExceeded}, false, false, false},
	} {
		t.Run(row.what, func(t *testing.T) {
			h := tryOpen(t, copyOf(t, row.dir), "")
			defer func() { closed(t, h) }()
			add(t, h) // what is recorded meanwhile is not taken for what was there
			if err := h.askOnce(t.Context(), row.said); (err == nil) != row.settles && row.said.err != nil {
				t.Errorf("got %v", err)
			}
			if got := signs(t, h); got != row.settles {
				t.Errorf("signs: got %t", got)
			}
			q := h.question.Load()
			if got := q != nil && q.Found != nil; got != row.behind || got && q.Forked != row.forked {
				t.Errorf("got %+v, want behind %t, forked %t", q, row.behind, row.forked)
			}
			if _, err := h.Continue(t.Context(), newID(t), "r"); row.behind && !errors.As(err, new(*QuestionError)) {
				t.Errorf("continued over what a neighbour saw: %v", err)
			}
		})
	}
}

// TestAnOldBackupBeginsAnEpoch (C05): by a person's word, the ledger goes on in a new epoch, also
// of a root, whom nobody endorses. The entry names what is lost and commits to what was seen;
// nothing is signed until what ended in it has ended, also after a restart; then the checkpoint is
// of the new log, and entries keep their names.
func TestAnOldBackupBeginsAnEpoch(t *testing.T) {
	dir := t.TempDir()
	name, err := identity.ParseJurisdiction("guizhou")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, name, time.Now(), 1); err != nil {
		t.Fatal(err)
	}
	h := openAs(t, "guizhou", dir, "")
	add(t, h)
	early := seen(t, h)
	closed(t, h)
	old := copyOf(t, dir)
	h = openAs(t, "guizhou", dir, "")
	add(t, h)
	later := seen(t, h)
	closed(t, h)

	h = openAs(t, "guizhou", old, "")
	add(t, h) // it records
	id, lost := newID(t), Lost{From: early.Checkpoint.Size, Acts: 3}
	if _, err := h.BeginEpoch(t.Context(), id, "the disk is lost", lost); !errors.As(err, new(*QuestionError)) {
		t.Errorf("before a neighbour said anything: got %v", err)
	}
	_ = h.askOnce(t.Context(), told{seen: []Seen{later}, err: ErrNoWitness}) // nobody else will answer
	if _, err := h.Continue(t.Context(), newID(t), "r"); !errors.As(err, new(*QuestionError)) || signs(t, h) {
		t.Fatalf("it goes on in its old epoch: %v", err)
	}
	entry, err := h.BeginEpoch(t.Context(), id, "the disk is lost", lost)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := h.BeginEpoch(t.Context(), id, "the disk is lost", lost); err != nil || again != entry || h.Log().Epoch() != 2 {
		t.Errorf("the same again: got %s, %v, want %s", again, err, entry)
	}
	if _, err := h.BeginEpoch(t.Context(), newID(t), "r", lost); !errors.As(err, new(*QuestionError)) || signs(t, h) {
		t.Errorf("a second epoch, or it signs before it is settled: %v", err)
	}
	closed(t, h)
	h = openAs(t, "guizhou", old, "")
	defer func() { closed(t, h) }()
	begins := begunOf(t, h, 2)
	was, known := begins.Seen, begins.Lost
	if was.Checkpoint != later.Checkpoint || was.By != later.By || !bytes.Equal(was.Note, later.Note) || known.From != lost.From || known.Acts != lost.Acts || known.Settled || signs(t, h) {
		t.Fatalf("after a restart: %+v", begins)
	}
	_ = h.askOnce(t.Context(), told{seen: []Seen{later}})
	if err := h.SettleEpoch(t.Context(), 2, true); err != nil || !signs(t, h) {
		t.Fatalf("not settled: %v", err)
	}
	after := seen(t, h)
	if after.Checkpoint.Log != entry.Log() || after.Checkpoint.Size < entry.Index() {
		t.Errorf("the checkpoint is of %s, %d entries", after.Checkpoint.Log, after.Checkpoint.Size)
	}
	begun, err := h.Entry(t.Context(), entry.Index())
	if head := begun.Leaf.Head; err != nil || head.Kind != ledger.KindEpoch || head.From != lost.From || head.To != later.Checkpoint.Size || head.Root != later.Checkpoint.Root {
		t.Errorf("got %+v, %v", begun, err)
	}
	if got, want := h.Names().Entry(lost.From-1).Log(), later.Checkpoint.Log; got != want {
		t.Errorf("an entry from before is of %s, want %s", got, want)
	}
	if agrees, _ := h.judge(after.Checkpoint.Size, later); !agrees {
		t.Error("what is named as lost is held against the new epoch")
	}
	proveOld(t, h, lost.From-1)
}

// proveOld checks that the receipt of an entry of the epoch before verifies, and no other.
func proveOld(t *testing.T, h *Host, index uint64) {
	t.Helper()
	receipt, err := h.Receipt(t.Context(), index)
	if err != nil {
		t.Fatal(err)
	}
	_, root, err := h.Chain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	asked := h.Names().Entry(index)
	if e, err := Proven(receipt, nil, root, asked); err != nil || e.Name != asked {
		t.Errorf("receipt of entry %d: got %s, %v", index, e.Name, err)
	}
}

// TestSetBack (C06): a neighbour that saw more, or others, than is here puts a running node in
// question, and what it says without this ledger's signature does nothing.
func TestSetBack(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	add(t, h)
	same := seen(t, h)
	closed(t, h)
	other := copyOf(t, dir)
	h = tryOpen(t, other, "")
	if err := h.settle(h.question.Load()); err != nil {
		t.Fatal(err)
	}
	add(t, h)
	add(t, h)
	more := seen(t, h)
	closed(t, h)
	h = open(t, dir)
	defer closed(t, h)
	forged := more
	forged.Note = bytes.Replace(more.Note, []byte("nanming"), []byte("yunyan0"), 1)
	for what, s := range map[string]Seen{"the same": same, "forged": forged} {
		if h.Doubt(s); h.Questioned() != nil {
			t.Errorf("%s: in question", what)
		}
	}
	h.Doubt(more)
	if add(t, h); h.Questioned() == nil || signs(t, h) {
		t.Fatal("not in question")
	}
	entry, err := h.BeginEpoch(t.Context(), newID(t), "set back", Lost{From: same.Checkpoint.Size})
	if err == nil {
		err = h.SettleEpoch(t.Context(), 2, true)
	}
	if err != nil || !signs(t, h) || entry.Log().Epoch() != 2 {
		t.Errorf("not gone on: %s, %v", entry, err)
	}
}

// TestAPersonContinues: while neighbours may answer, nobody's word is taken; then it is recorded
// once, and the folder signs on where it lies, also after a restart.
func TestAPersonContinues(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	id := newID(t)
	if _, err := h.Continue(t.Context(), id, "moved"); !errors.Is(err, ErrNotInQuestion) {
		t.Errorf("got %v, want ErrNotInQuestion", err)
	}
	if closed(t, h); h.Questioned() != nil {
		t.Error("in question")
	}
	other := copyOf(t, dir)
	h = tryOpen(t, other, "")
	if _, err := h.Continue(t.Context(), id, "moved"); !errors.As(err, new(*QuestionError)) {
		t.Errorf("got %v while neighbours may answer", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.AskWitnesses(ctx, told{}) // ends with its context
	if err := h.askOnce(t.Context(), told{err: ErrNoWitness}); !errors.Is(err, ErrNoWitness) {
		t.Error(err)
	}
	first, err := h.Continue(t.Context(), id, "moved")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := h.Continue(t.Context(), id, "moved"); err != nil || again != first {
		t.Errorf("the same again: got %s, %v, want %s", again, err, first)
	}
	if !signs(t, h) || entriesOf(t, h, ledger.KindContinued) != 1 {
		t.Error("it does not sign on, or the word is not recorded once")
	}
	closed(t, h)
	h = tryOpen(t, other, "")
	defer closed(t, h)
	if add(t, h); !signs(t, h) {
		t.Error("it does not sign after a restart")
	}
}

// TestAnOldBackupInItsPlace (C02): a folder that keeps its place is found by what was noted outside
// it. A kill between note and signature leaves no question.
func TestAnOldBackupInItsPlace(t *testing.T) {
	dir, outside := filepath.Join(t.TempDir(), "data", "j", "nanming"), filepath.Join(t.TempDir(), "signed")
	closed(t, open(t, dir))
	h := tryOpen(t, dir, outside)
	add(t, h)
	seen(t, h)
	closed(t, h)
	old := copyOf(t, dir)
	h = tryOpen(t, dir, outside)
	add(t, h)
	seen(t, h)
	closed(t, h)
	h = tryOpen(t, dir, outside)
	if h.Questioned() != nil {
		t.Error("a plain restart is in question")
	}
	last, _ := h.store.Applied()
	h.sizes.signs(h.sizes.size+1, last) // as before a signature that never came
	add(t, h)
	closed(t, h)

	putBack(t, old, dir)
	for range 2 { // also after a restart
		h = tryOpen(t, dir, outside)
		if add(t, h); signs(t, h) {
			t.Fatal("an old backup in its place signs")
		}
		if note, _, err := readPlace(dir); err != nil || !note.Place.same(placeOf(dir)) {
			t.Fatalf("the place is another: %v, so the test shows nothing", err)
		}
		closed(t, h)
	}
	h = tryOpen(t, dir, outside)
	_ = h.askOnce(t.Context(), told{err: ErrNoWitness})
	if _, err := h.Continue(t.Context(), newID(t), "nothing newer is left"); err != nil {
		t.Fatal(err)
	}
	closed(t, h)
	h = tryOpen(t, dir, outside)
	defer closed(t, h)
	if !signs(t, h) {
		t.Error("it is asked again what was settled")
	}
}

// TestSizesThatCannotBeNoted are told, and stop nobody.
func TestSizesThatCannotBeNoted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "j", "nanming")
	closed(t, open(t, dir))
	file := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(filepath.Dir(filepath.Dir(dir)), "signed")
	for what, folder := range map[string]string{"a file": file, "in the data directory": inside} {
		h := tryOpen(t, dir, folder)
		if add(t, h); !signs(t, h) {
			t.Errorf("%s: it does not sign", what)
		}
		if _, ok := errors.AsType[*SignedError](errors.Join(h.Trouble()...)); !ok {
			t.Errorf("%s: got %v, want a *SignedError", what, h.Trouble())
		}
		closed(t, h)
	}
}

// TestPlaces: what both sides know is compared, and nothing else.
func TestPlaces(t *testing.T) {
	at := func(machine, system string, files ...fileID) place {
		return place{Machine: []byte(machine), System: []byte(system), Files: files}
	}
	one, two := fileID{Inode: 1, Born: 7}, fileID{Inode: 2, Born: 8}
	for _, row := range []struct {
		what       string
		noted, now place
		same       bool
	}{
		{"the same", at("m", "s", one), at("m", "s", one), true},
		{"nothing known", at("", ""), at("", ""), true},
		{"nothing noted", at("", ""), at("m", "s", one), true},
		{"nothing told any more", at("m", "s", one), at("", ""), true},
		{"another machine", at("m", "s", one), at("n", "s", one), false},
		{"another file system", at("m", "s", one), at("m", "t", one), false},
		{"another file", at("m", "s", one), at("m", "s", two), false},
		{"an inode that was used again", at("m", "s", one), at("m", "s", fileID{Inode: 1, Born: 9}), false},
		{"no time of birth any more", at("m", "s", one), at("m", "s", fileID{Inode: 1}), true},
		{"the file that was to come", at("m", "s", one, two), at("m", "s", two), true},
	} {
		if got := row.noted.same(row.now); got != row.same {
			t.Errorf("%s: got %t", row.what, got)
		}
	}
}

// TestAPlaceThatCannotBeRead is another place, and a folder without a note is too, unless its
// ledger is empty.
func TestAPlaceThatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	closed(t, open(t, dir))
	for what, spoil := range map[string]func(string) error{
		"torn": func(p string) error { return os.Truncate(p, 9) },
		"gone": os.Remove,
		"long": func(p string) error { return os.WriteFile(p, make([]byte, 2*maxPlaceLen), 0o600) },
	} {
		own := dir
		if err := spoil(filepath.Join(own, placeFile)); err != nil {
			t.Fatal(err)
		}
		h := tryOpen(t, own, "")
		if h.Questioned() == nil {
			t.Errorf("%s: in no question", what)
		}
		if err := h.settle(h.question.Load()); err != nil {
			t.Fatal(err)
		}
		closed(t, h)
	}
}

// TestAFilledStateKeepsThePlace: what another replica filled comes in the place of state.db under
// another inode, and is no copy, whenever the machine fails.
func TestAFilledStateKeepsThePlace(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	add(t, h)
	closed(t, h)
	file, filled := filepath.Join(dir, stateFile), filepath.Join(dir, state.FillFile)
	data, err := os.ReadFile(file)
	if err == nil {
		err = os.WriteFile(filled, data, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	h = tryOpen(t, dir, "")
	if err := h.notePlace(state.FillFile); err != nil {
		t.Fatal(err)
	}
	closed(t, h)
	h = tryOpen(t, dir, "")
	if h.Questioned() != nil {
		t.Error("in question before the swap")
	}
	if err := h.notePlace(state.FillFile); err != nil {
		t.Fatal(err)
	}
	closed(t, h)
	if err := os.Rename(filled, file); err != nil {
		t.Fatal(err)
	}
	h = tryOpen(t, dir, "")
	defer closed(t, h)
	if h.Questioned() != nil {
		t.Error("in question after the swap")
	}
}
