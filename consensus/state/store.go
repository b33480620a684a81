// Package state is the replicated state machine of one jurisdiction, kept in a bbolt file.
//
// Raft's log makes commands durable; this file holds the state that they add up to. Apply runs
// commands in one open transaction, which is kept in memory over the file. A single flusher commits
// the transaction FlushEvery after it began, later where the file has many free pages, earlier when
// it is half full, and before a snapshot. The transaction holds everything at once: data, ledger
// entries, tree, and the raft index and term up to which commands are applied. So after a crash the
// file is at some index, raft replays the entries from its log, and Apply skips entries at or below
// that index: nothing is ever applied twice.
//
// No reader waits for the file. A reader sees everything that was applied when it began: the file,
// over it the transaction that is being committed, over that a copy of the open one. During a
// commit the file may or may not show the transaction yet; the reader sees the same in both cases,
// because the transaction lies over the file until the commit is over. The open transaction is
// bounded: when it is full Apply waits for the disk, and so does raft.
//
// Apply decides nothing. Handlers get a transaction and a command, no clock, randomness, map order,
// floating point, goroutine or network; a test checks the code that this package can reach. So
// everything that a handler does, errors and panics too, depends on the command and the replicated
// state alone, and is the same on every replica: a command whose handler fails is refused, and what
// it wrote is undone, write by write. No body ends the node, not even one that stands in raft's log
// already. A kept value that cannot be read takes out of service what it is about, for handlers and
// views alike. The state is unknown after an undecodable command, an unknown kind, a failed commit,
// a database that cannot be read, or a state that differs from the majority's: then the process
// ends, and raft replays its log at the next start.
//
// A key and a value are bounded when they are written, by the bounds of their bucket; a room
// declares its buckets beside its commands (Registry.Keep).
//
// A replica that has nothing, or lags too far behind, is filled from another one (Source, Fill),
// and what was filled becomes the file of a new store (Install) or of one that serves (Store.Swap).
// shares.go says of each bucket how it is filled.
//
// The file has one bucket for each name that a room above uses, and these:
//
//	meta         "state" -> ["xietong state", format, log, applied index, term, tree size, ledger time, digest, index and sum of the last entry]; "clock" -> [clock, that of the correction, the two by which is forgotten]; "raft" -> marker; "files" -> [how many files of old entries, blocks of each]
//	leaf         be64(index) -> encoded leaf        tile  level, be64(n) -> up to 256 hashes; old ones are in files: see files.go
//	sealed       be64(index) -> ciphertext of the payload
//	seq          "/" and the agency, "/" alone for the node -> be64(last sequence number)
//	keysets      be64(number) -> [index of its entry, number of replicas, signed key set]
//	former-keysets be64(epoch with which the next chain began), be64(number) -> likewise, of the chain before
//	epochs       be64(epoch) -> how it began
//	marks        be64(raft index) -> what this replica found itself to be there
//	lines        be64(raft index) -> what the replicas signed of that mark
//	checkpoints  be64(size) -> [signed note, mark, signatures of its digest]
//	seen, expiry message ids and when they may be forgotten
//	sums         name of a bucket that decides -> sum of what it holds; of any other: name, 0x00, first byte of a key -> how many, and their checksums added up
//
// Behind each value stands its checksum.
package state

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"sync"
	"time"

	bolt "go.etcd.io/bbolt"

	"xietong/certs/identity"
	"xietong/consensus/bundle"
)

// Format is the version of the file's layout. Open refuses a file of a later version.
const Format = 4

// Defaults and bounds of the open transaction.
const (
	FlushEvery  = 50 * time.Millisecond // of a store that is alone on its disk; each of n stores that share a disk waits n times as long,
	FlushAtMost = time.Second           // up to this
	MaxOpen     = 8192                  // commands applied and not yet committed; at this number Apply commits by itself
	MaxOpenLen  = 32 << 20              // bytes written and not yet committed; likewise
)

// Errors of opening a file.
var (
	// ErrInUse is returned when another process has the file open.
	ErrInUse = errors.New("state file is in use by another process")
	// ErrOlderFormat is returned for a file that an earlier version of the program wrote.
	ErrOlderFormat = errors.New("state file was written by an older version")
	// ErrNewerFormat is returned for a file that a later version of the program wrote.
	ErrNewerFormat = errors.New("state file was written by a newer version")
	// ErrNoState is returned when there is no state file, or Create did not complete it.
	ErrNoState = errors.New("no state file")
	// ErrFailed is returned by a store whose state is unknown; Fatal was told why.
	ErrFailed = errors.New("state is unknown, and not changed any more")
	// ErrClosed is returned by a store that was closed.
	ErrClosed = errors.New("state is closed")
)

// meta is the position of the state. Every transaction writes it.
type meta struct {
	_      struct{} `cbor:",toarray"`
	Kind   string   // "xietong state": tells the file from any other
	Format uint64
	Log    identity.Log
	Index  uint64
	Term   uint64
	Size   uint64 // entries of the ledger
	Time   uint64 // ledger time, ms since 1970 UTC; never goes back
	Digest []byte // over all that was applied, in its order; never changed but replaced
	Last   LastEntry

	clock clock // kept under a key of its own
	names Names // kept in a bucket of its own
	filed filed // kept under a key of its own; of a view it may be newer than its transaction, since the files are there first

	contents contents // the sums of what decides, kept under keys of their own; changed in place

	// fronts has, by bucket, where Tx.DropFirst goes on. It is in memory alone, and never changed
	// but replaced.
	fronts map[string]front
}

// LastEntry is the last raft entry whose commands were applied. A log in which another entry stands
// at the index is of another time.
type LastEntry struct {
	_     struct{} `cbor:",toarray"`
	Index uint64
	Sum   uint64 // SumOf its commands
}

// SumOf returns the sum of the commands of a raft entry.
func SumOf(commands [][]byte) uint64 {
	sum := uint32(0)
	for _, c := range commands {
		sum = crc32.Update(sum, castagnoli, be64(uint64(len(c))))
		sum = crc32.Update(sum, castagnoli, c)
	}
	return uint64(sum)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// LastEntry returns the last raft entry whose commands were applied, committed or not.
func (s *Store) LastEntry() LastEntry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.meta.Last
}

const metaKind = "xietong state"

// Options of a store. The zero value is the default.
type Options struct {
	FlushEvery time.Duration // 0: FlushEvery times Hosted, at most FlushAtMost
	// Fatal is called, once, when the state is unknown, and should end the process. If it returns,
	// the store applies and commits nothing any more and can only be closed. Fatal must not call
	// the store, which holds a lock meanwhile. The default panics.
	Fatal  func(error)
	Hosted int // how many stores share the address space and the disk; 0: one
	// Room returns how many bytes of disk space may be used for files of old entries: while one
	// does not fit none is written. nil: any number.
	Room func() (uint64, error)
	// Unmoved is told why old entries could not be moved into a file; it is tried again. nil:
	// nobody is.
	Unmoved func(error)
	// FileBlocks is how many blocks of 256 entries a file has, where there is none yet; 0: 256.
	// Fewer are for tests.
	FileBlocks int
	// Unmoving is true where nothing moves old entries into files: whoever opens a store to look,
	// or to make raft's log, changes nothing that it need not.
	Unmoving bool
	// Aside is true for whoever opens a store to see what comes of it: the file is opened for
	// reading only, what is applied stays in memory and is forgotten as the store is closed.
	Aside bool

	mapLen    int                         // bytes of the file's first map; 0: mapLen
	began     func()                      // is called when the file is read and mu not yet held; nil: nothing is
	commit    func(*bolt.Tx) error        // commits a transaction; for tests of faults, as the next two
	rename    func(from, to string) error // renames a file that was filled,
	syncDir   func(path string) error     // and flushes its folder
	reading   func()                      // is called for each part that a source reads before an offer; nil: nothing is
	shortList int                         // bytes of a list of free pages that every commit writes; 0: shortList
}

// Store is the open state file.
type Store struct {
	path     string
	registry *Registry
	options  Options
	wake     chan struct{} // tells the flusher that a transaction is open
	half     chan struct{} // tells the flusher that it is half full
	stop     chan struct{}
	dead     chan struct{} // closed when the store failed
	flusher  sync.WaitGroup
	files    *bundle.Folder
	mover    *mover
	harmed   harmed // what views found to be damaged

	flushing sync.Mutex // held through a commit, and taken before mu
	scrubbed *groupPass // what a scrub has read of a group; nil: nothing; guarded by flushing
	unlisted bool       // the newest commit did not write the list of free pages; guarded by flushing
	listLen  int        // bytes of that list; guarded by flushing

	mu       sync.Mutex // guards the fields below; never held while waiting for the disk, but by Swap
	db       *bolt.DB   // changes with flushing held, too,
	views    *views     // and with it who reads it
	open     *Tx        // nil: nothing to commit
	frozen   *layer     // what is being committed; nil: nothing
	passed   uint64     // how often frozen went into the file, or the file was swapped
	pending  int        // commands in open
	meta     meta       // as of open
	closed   bool
	failed   error         // why the state is unknown; nil: it is known
	advanced chan struct{} // closed when more is applied; nil: nobody waits
}

// Create makes an empty state file for the log, whole or not at all: it writes the file under
// another name and renames it. It fails when path exists.
func Create(path string, log identity.Log) error {
	if _, err := os.Stat(path); err == nil {
		return fmt.Errorf("create state: %s exists", path)
	}
	temp := path + ".new"
	if err := os.RemoveAll(temp); err != nil {
		return fmt.Errorf("create state: %w", err)
	}
	db, err := bolt.Open(temp, 0o600, boltOptions(false))
	if err != nil {
		return fmt.Errorf("create state: %w", err)
	}
	err = db.Update(func(tx *bolt.Tx) error {
		own := NewRegistry()
		first := newTx(own, &meta{Kind: metaKind, Format: Format, Log: log, Digest: digestOf(log), names: NamesOf(log)})
		return errors.Join(first.saveMeta(), own.writeLayer(tx, first.layer, nil))
	})
	if err = errors.Join(err, db.Close()); err != nil {
		return fmt.Errorf("create state: %w", err)
	}
	if err := os.Rename(temp, path); err != nil {
		return fmt.Errorf("create state: %w", err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return fmt.Errorf("create state: %w", err)
	}
	return nil
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Open opens the state file and starts its flusher. The error wraps ErrNoState, ErrInUse,
// ErrOlderFormat or ErrNewerFormat in those cases.
func Open(path string, registry *Registry, options Options) (*Store, error) {
	db, m, err := openFile(path, registry, options.Aside, cmp.Or(options.mapLen, mapFor(options.Hosted)))
	if err != nil {
		return nil, err
	}
	if options.FlushEvery == 0 {
		options.FlushEvery = min(FlushEvery*time.Duration(max(options.Hosted, 1)), FlushAtMost)
	}
	if options.Fatal == nil {
		options.Fatal = func(err error) { panic(err) }
	}
	if options.commit == nil {
		options.commit = (*bolt.Tx).Commit
	}
	if options.rename == nil {
		options.rename, options.syncDir = os.Rename, syncDir
	}
	s := &Store{
		files: folderBeside(path), mover: newMover(), path: path, db: db, views: new(views), registry: registry, options: options, meta: m,
		wake: make(chan struct{}, 1), half: make(chan struct{}, 1), stop: make(chan struct{}), dead: make(chan struct{}),
	}
	return s, s.start()
}

// start looks at the files of old entries, and starts the goroutines. A file that is missing or
// damaged is told as any other damage that a view meets.
func (s *Store) start() error {
	if err := s.files.Sweep(); err != nil {
		return errors.Join(fmt.Errorf("open state: %w", err), s.db.Close())
	}
	_ = s.View(func(r *Reader) error { return s.harms(r.checkFiles()) }) // it is noted, and the store serves on
	s.flusher.Go(s.flushLoop)
	if !s.options.Unmoving && !s.options.Aside {
		s.flusher.Go(s.moveLoop)
	}
	return nil
}

// Applied returns the raft index and term up to which commands were applied, committed or not.
func (s *Store) Applied() (index, term uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.meta.Index, s.meta.Term
}

// Advanced returns a channel that is closed as soon as View shows more than it does now. It stays
// open when the store fails or is closed first.
func (s *Store) Advanced() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.advances()
}

func (s *Store) advances() <-chan struct{} {
	if s.advanced == nil {
		s.advanced = make(chan struct{})
	}
	return s.advanced
}

// WaitApplied waits until View shows everything up to the raft index. It returns ErrClosed or
// ErrFailed when the store ends before that, or the error of ctx.
func (s *Store) WaitApplied(ctx context.Context, index uint64) error {
	for {
		s.mu.Lock()
		if s.failed != nil || s.meta.Index >= index {
			defer s.mu.Unlock()
			return failure(s.failed)
		}
		advanced := s.advances()
		s.mu.Unlock()
		select {
		case <-advanced:
		case <-s.stop:
			return ErrClosed
		case <-s.dead:
			return ErrFailed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func failure(why error) error {
	if why == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrFailed, why)
}

// Close commits the open transaction and closes the file. When the store failed, before or now,
// Close drops the open transaction and returns the reason. A second call does nothing.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	s.mu.Unlock()
	close(s.stop)
	s.flusher.Wait()
	s.flushing.Lock()
	err := s.commit(true)
	if err == nil {
		err = s.list()
	}
	s.flushing.Unlock()
	s.files.Forget()
	return errors.Join(err, retired{s.db, s.views}.close())
}

// Knows reports whether a command of the kind can be applied.
func (s *Store) Knows(kind Kind) bool {
	_, known := s.registry.handlers[kind]
	return known
}
