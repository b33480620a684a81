package records

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/rows"
	"xietong/node/ground/text"
)

// Limits of an import.
const (
	maxChunkRows  = 1000      // rows of one command
	maxChunkBytes = 256 << 10 // bytes of one command, about
)

// File describes a file to import: its format and the findings of the check, which the load must
// find again.
type File struct {
	Reading
	Hash     [sha256.Size]byte
	Rows     uint64
	Good     uint64
	KeepGood bool // import the good rows although others are bad
	// Replace makes the dataset exactly the file: the records that are not in it leave. Every row
	// must be good, and Plan, which the check gave, must be what the records still are. So it must
	// be for rows that keep values of records, or are for an entry to come.
	Replace bool
	Plan    string
}

// Loaded is the outcome of the second pass over a file.
type Loaded struct {
	Opened    identity.Entry // the entry that opened the import
	Published identity.Entry // the entry that made its rows visible; zero: they wait for their entry
	Time      time.Time      // when Published was entered; zero where that is
	Rows      uint64
	Skipped   uint64
	Left      uint64 // records that left, because it took the place of all
	// Unchanged says that nothing was written: the file was published before, and nothing has
	// changed in the records since; or, with no Opened, its rows are what the records are.
	Unchanged bool
}

func asBad(err error) (*rows.Bad, bool) { return errors.AsType[*rows.Bad](err) }

// Load imports a file that was checked:
//
//  1. An entry opens the import, or the unfinished import of the same file is found. If the file
//     was published, and nothing has changed in the records since, the load ends here. So it does
//     before the entry where the check found that every row is the same as its record.
//  2. The rows are staged. Rows that are staged already are skipped.
//  3. The file must have been the one that was checked. Another file is refused as
//     text.FileChanged, and the import is given up.
//  4. The staged rows are made findable, in the order of the indexes.
//  5. The provider's act over the root of the rows' leaves makes all rows visible at once. Rows for
//     an entry to come wait here until that is published: see Bring.
//
// A load that fails before step 5 leaves nothing that anybody can see. The same file goes on where
// it stopped, unless the import was given up. The same request, told by its id, never imports the
// file a second time; the zero id is no request. progress, if not nil, is called with the part of
// the work that is done and all of it, both in rows. Other refusals: text.RowsRejected for bad rows
// without KeepGood or no good row, text.AlongNotGood for bad rows beside an entry to come,
// text.NotReady while another import into the dataset runs.
func (d *Desk) Load(ctx context.Context, id identity.Message, by catalog.Actor, code identity.Label, f File, r io.Reader, progress func(done, total uint64)) (Loaded, error) {
	set, err := d.ownDataset(ctx, f.by(by), code)
	if err != nil {
		return Loaded{}, err
	}
	release, err := d.startImport(code)
	if err != nil {
		return Loaded{}, err
	}
	defer release()
	done, err := d.Files.start(ctx)
	if err != nil {
		return Loaded{}, err
	}
	defer done()
	l := &loader{desk: d, now: set, file: f, progress: progress}
	if l.set, err = f.of(set); err == nil {
		err = l.loadable()
	}
	if err != nil {
		return Loaded{}, err
	}
	err = d.Slots.Run(ctx, func(ctx context.Context) (err error) {
		l.upload, err = d.Files.takeIn(ctx, r, f.Good)
		return err
	})
	if err != nil {
		return Loaded{}, err
	}
	loaded, err := l.load(ctx, id)
	return loaded, errors.Join(err, l.upload.Close())
}

// load imports the file, which is held. What was staged and is damaged is staged once more, by
// another import, because the file is here.
func (l *loader) load(ctx context.Context, id identity.Message) (Loaded, error) {
	if l.upload.Sum() != l.file.Hash {
		return Loaded{}, l.changed()
	}
	published, err := l.attempt(ctx, id)
	if errors.Is(err, errStaged) {
		if err = l.desk.abandon(ctx, l.opened); err == nil {
			published, err = l.attempt(ctx, identity.Message{})
		}
	}
	if err != nil {
		return Loaded{}, err
	}
	l.desk.poke()
	return l.loaded(ctx, published)
}

// attempt opens the import, or goes on with it, and publishes it. It gives the import up where that
// can never be published.
func (l *loader) attempt(ctx context.Context, id identity.Message) (published identity.Entry, err error) {
	err = l.look(ctx, id)
	if err == nil && !l.idle {
		err = l.open(ctx, id)
	}
	if err != nil || l.idle {
		return l.seen.Since.In(l.desk.ledger.Names()), err
	}
	if l.state.Published != ledger.None {
		return l.state.Published.In(l.desk.ledger.Names()), nil
	}
	read, err := l.stage(ctx)
	if err == nil && read != l.file.Rows || errors.Is(err, errChanged) {
		return published, errors.Join(l.changed(), l.desk.abandon(ctx, l.opened))
	}
	if err == nil {
		err = l.index(ctx)
	}
	if err == nil && l.file.For == nil {
		published, err = l.publish(ctx)
	}
	if failure.Is(err, text.DatasetMoved) {
		err = errors.Join(err, l.desk.abandon(ctx, l.opened))
	}
	return published, err
}

// loadable refuses a file that the check did not find good, and one that takes the place of all
// records without its plan.
func (l *loader) loadable() (err error) {
	f, code := l.file, l.set.Code
	args := text.Args{
		"bad": strconv.FormatUint(f.Rows-min(f.Good, f.Rows), 10), "rows": strconv.FormatUint(f.Rows, 10), "dataset": code.String(),
	}
	switch {
	case f.Rows == 0:
		return text.Fail(text.NoRows, text.Args{"dataset": code.String()}, nil)
	case f.For != nil && (f.KeepGood || f.Good != f.Rows):
		return text.Fail(text.AlongNotGood, args, nil)
	case f.Good == 0:
		delete(args, "bad")
		return text.Fail(text.RowsNoneGood, args, nil)
	case f.Replace && f.Good < f.Rows:
		return text.Fail(text.ReplaceNotGood, args, nil)
	case f.Good > f.Rows || f.Good < f.Rows && !f.KeepGood:
		return text.Fail(text.RowsRejected, args, nil)
	case f.bound():
		l.plan, err = l.desk.openPlan(l.set, f)
	}
	if seen, not := l.desk.openPlan(l.set, f); not == nil {
		l.seen = seen
	}
	return err
}

// startImport admits one import at a time into a dataset.
func (d *Desk) startImport(code identity.Label) (release func(), err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.importing[code] {
		return nil, text.Fail(text.NotReady, text.Args{"reason": "another import into " + code.String() + " is running"}, nil)
	}
	d.importing[code] = true
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.importing, code)
	}, nil
}

// loader is one load under way.
type loader struct {
	desk     *Desk
	now      dataset // as it is
	set      dataset // as the rows are read for it: by the entry in force, or the one to come
	file     File
	upload   *uploaded
	progress func(done, total uint64)

	opened uint64
	good   uint64      // good rows that were read
	state  importState // as it was when the load began
	before bool        // it was published before the request for this load came
	plan   effectPlan  // of a file that is bound to the records
	seen   effectPlan  // of any file; the zero value: none was given
	idle   bool        // its rows are what the records are, and no import was opened
}

func (l *loader) loaded(ctx context.Context, published identity.Entry) (Loaded, error) {
	done := Loaded{
		Published: published, Unchanged: l.before || l.idle, Rows: l.file.Good, Skipped: l.file.Rows - l.file.Good,
	}
	if !l.idle {
		done.Opened = l.desk.ledger.Names().Entry(l.opened)
	}
	if published.IsZero() {
		return done, nil
	}
	if !done.Unchanged && l.file.Replace {
		done.Left = l.plan.Left
	}
	err := l.desk.ledger.View(ctx, func(r *state.Reader) (err error) {
		done.Time, err = timeOf(r, published.Index())
		return err
	})
	return done, err
}

// changed returns the failure of a file that is not what was checked: another one, or one of which
// other rows are good now.
func (l *loader) changed() error {
	sum := l.upload.Sum()
	want, got := hex.EncodeToString(l.file.Hash[:8]), hex.EncodeToString(sum[:8])
	if want == got {
		want, got = strconv.FormatUint(l.file.Good, 10), strconv.FormatUint(l.good, 10)
	}
	return text.Fail(text.FileChanged, text.Args{"file": l.set.Code.String(), "want": want, "got": got}, nil)
}

// bound reports whether the file says something for the records alone that the check saw: those of
// which it keeps values, in place of which it comes, or which leave together with their entry.
func (f File) bound() bool { return f.Replace || f.Missing == MissingKeep || f.For != nil }

// facts returns what tells the file from any other.
func (f File) facts() []byte {
	return slices.Concat(f.Reading.facts(), f.Hash[:], book.Be64(f.Rows), book.Be64(f.Good))
}

// open opens the import of this file, or finds it; see applyImportOpen. It gives up another
// unfinished import of the dataset, because its file or the catalogue entry has changed since.
func (l *loader) open(ctx context.Context, id identity.Message) error {
	own, code := l.desk.ledger, l.set.Code
	payload, err := json.Marshal(l.stated())
	if err != nil {
		return fmt.Errorf("open import: %w", err)
	}
	note, err := own.Note(RecordType, payload)
	if err != nil {
		return fmt.Errorf("open import: %w", err)
	}
	importID, how := l.id()
	body := openBody{
		ID: importID, Code: code, Version: l.set.Version, Replace: l.file.Replace, Rows: l.file.Good,
		Bound: l.file.Replace || l.file.Missing == MissingKeep, Same: l.saysSame(), Last: l.seen.Since, Statement: note,
	}
	if l.file.For != nil {
		body.For, body.Since = l.file.For.hash(), l.plan.Since
		how = append(how, body.For[:]...)
	}
	request := l.set.requested(own, id, append(l.file.facts(), how...))
	got, err := commandImportOpen.Do(ctx, own, request, body)
	if failure.Is(err, text.NotReady) {
		if err = l.giveUpOther(ctx, err); err == nil {
			got, err = commandImportOpen.Do(ctx, own, request, body)
		}
	}
	if err != nil {
		return err
	}
	if l.idle = got.Opened == ledger.None; l.idle {
		l.seen.Since = got.Last
		return nil
	}
	l.opened, _ = got.Opened.Index()
	l.before = got.Before
	return own.View(ctx, func(r *state.Reader) error {
		l.state, _ = importAt(r, l.opened)
		switch {
		case l.state.Abandoned: // of an earlier request with this id
			return text.Fail(text.NotFound, text.Args{"what": "import", "where": own.Names().Entry(l.opened).String()}, nil)
		case l.file.bound() && l.state.Published == ledger.None && ChangesOf(r, code).Last != l.plan.Since:
			return text.Fail(text.RecordsMoved, text.Args{"dataset": code.String()}, nil)
		}
		return nil
	})
}

// id returns the id of the import, and the way in which it takes the file in.
func (l *loader) id() (id MAC, how []byte) {
	how = []byte("beside the others")
	if l.file.Replace {
		how = []byte("in place of all")
	}
	if l.file.Missing == MissingKeep { // the rows are of these records
		since, _ := l.plan.Since.Index()
		how = append(how, book.Be64(since)...)
	}
	file := l.desk.fileMAC(l.set, l.file)
	return l.desk.ledger.MAC("import id", file[:], how), how
}

// saysSame reports whether the file says nothing but what the records were when it was checked.
func (l *loader) saysSame() bool {
	return l.seen.Same && l.file.For == nil && !(l.file.Replace && l.seen.Left > 0)
}

// look finds out whether the file says nothing but what the records still are, for a request that
// nobody can repeat; any other is answered by the command that opens an import. An import of the
// same file that is there says more: when it was published.
func (l *loader) look(ctx context.Context, id identity.Message) error {
	if !l.saysSame() || !id.IsZero() {
		return nil
	}
	file, _ := l.id()
	return l.desk.ledger.View(ctx, func(r *state.Reader) error {
		_, s, ok := importByID(r, file)
		l.idle = ChangesOf(r, l.set.Code).Last == l.seen.Since && !(ok && s.stands(r))
		return nil
	})
}

// giveUpOther gives up the unfinished import of the dataset; busy is the error that said that there
// is one.
func (l *loader) giveUpOther(ctx context.Context, busy error) error {
	var other uint64
	var left bool
	err := l.desk.ledger.View(ctx, func(r *state.Reader) error {
		other, left = unfinished(r, l.set.Code)
		return nil
	})
	if err != nil || !left {
		return errors.Join(err, busy)
	}
	return l.desk.abandon(ctx, other)
}

// abandon gives an import up.
func (d *Desk) abandon(ctx context.Context, opened uint64) error {
	note, err := d.ledger.Note(RecordType, []byte(`{"abandoned":true}`))
	if err != nil {
		return fmt.Errorf("abandon import: %w", err)
	}
	_, err = commandImportAbandon.Do(ctx, d.ledger, book.Request{}, abandonBody{Import: opened, Statement: note})
	return err
}
