package state

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// Errors of filling from a source.
var (
	// ErrOtherLog is returned for a source with the ledger of another jurisdiction or epoch.
	ErrOtherLog = errors.New("it has another ledger")
	// ErrOtherEntries is returned for a source whose entries are not those that were received
	// before. What was received is dropped, and the next filling begins anew.
	ErrOtherEntries = errors.New("its entries are not those that were received before")
	// ErrBehind is returned for a source that has not applied what is asked for.
	ErrBehind = errors.New("it is behind")
	// ErrUnproven is returned where what was received is not what was signed. It is dropped.
	ErrUnproven = errors.New("what it sent is not what was signed")
	// ErrNoRoom is returned before something is written for which there is too little disk space.
	ErrNoRoom = errors.New("too little disk space left")
)

// FillConfig says what is filled, and from where.
type FillConfig struct {
	Dir      string // of state.db; the file that is filled stands beside it
	Log      identity.Log
	Registry *Registry
	Source   string // names the source in errors
	Least    uint64 // the raft index that the source must have applied
	Hosted   int    // see Options
	// FileBlocks is how many blocks a file of old entries has; see Options.
	FileBlocks int
	// Rest is called before the rest is received, and returns the raft index that the source must
	// have applied by then; nil: Least.
	Rest func() (least uint64)
	// Room returns how many bytes of disk space may be used; nil: any number.
	Room func() (uint64, error)
	// Check verifies the newest published checkpoint, note and digest lines, by the signed key sets
	// from number 1 on, all as received, of which the one with the number inForce counts, and that
	// these key sets go on from one that is known. Nothing was published where the note is nil.
	// nil: nothing is checked, for tests.
	Check func(p Published, keySets [][]byte, inForce uint64) error
	// Progress is told how many entries are there, out of how many; nil: nobody is.
	Progress func(done, total uint64)

	store *Store // beside, whose files stay whatever comes of the filling; nil: there is none

	step func(name string, do func() error) error // does one step of writing; for tests of faults
}

// Filling returns how the store's file is filled anew from a source that has applied at least a
// raft index; Swap then puts it in place.
func (s *Store) Filling(source string, least uint64) FillConfig {
	s.mu.Lock()
	defer s.mu.Unlock()
	return FillConfig{
		Dir: filepath.Dir(s.path), store: s, Log: s.meta.Log, Registry: s.registry, Source: source, Least: least, Hosted: s.options.Hosted,
		FileBlocks: int(cmp.Or(s.meta.filed.Blocks, uint64(s.options.FileBlocks))),
	}
}

// Filled is the position of a state that was filled.
type Filled struct {
	Index, Term uint64 // of raft
	Size        uint64 // entries of the ledger
}

// Entries are asked for until fewer than fewEntries came since the last ask, at most fillRounds
// times. What then came since goes with the rest.
const (
	fewEntries = 4096
	fillRounds = 8
)

// Fill fills the file FillFile in a folder from another replica, whose Source answers on the
// stream, until it is a whole state: (1) the entries of the ledger are received, and their tree is
// made from them; (2) the rest is received, as it was at one moment; (3) it is checked that the
// tree is the one that was signed, and that nothing is missing; (4) the position of the state is
// written, without which the file is none. Install or Store.Swap then put the file in its place.
//
// A filling that ended early, and also one that was killed, goes on where it stood with the next
// call, from the same source or another one; the rest alone is received anew. The caller ends a
// stream that stands still. The error names the source.
func Fill(ctx context.Context, stream io.ReadWriter, c FillConfig) (Filled, error) {
	if c.step == nil {
		c.step = func(_ string, do func() error) error { return do() }
	}
	f := &filling{config: c, from: newFrameReader(stream), to: newFrameWriter(stream)}
	filled, err := f.run(ctx)
	if err == nil {
		return filled, nil
	}
	if errors.Is(err, ErrUnproven) || errors.Is(err, ErrOtherEntries) {
		err = errors.Join(err, RemoveFilling(c))
	}
	return Filled{}, fmt.Errorf("fill state from %s: %w", c.Source, err)
}

// filling is the filling of a file from one source.
type filling struct {
	config FillConfig
	from   *frameReader
	to     *frameWriter
	file   *fillFile
	offer  offer // the newest
	bucket string
	key    []byte // the last pair of the rest: this bucket, this key
	pairs  uint64
}

// run fills the file. One that goes on with files that are not as they were written is dropped, and
// filled anew.
func (f *filling) run(ctx context.Context) (filled Filled, err error) {
	if filled, err = f.once(ctx); !errors.Is(err, errNotFilling) {
		return filled, err
	}
	if err = RemoveFilling(f.config); err != nil {
		return filled, err
	}
	return f.once(ctx)
}

func (f *filling) once(ctx context.Context) (filled Filled, err error) {
	if f.file, err = openFilling(f.config); err != nil {
		return filled, err
	}
	err = f.receive(ctx)
	if err == nil {
		filled, err = f.finish()
	}
	if err = errors.Join(err, f.file.close()); err != nil {
		return filled, err
	}
	return filled, f.config.step("check", func() error { return CheckFile(f.file.path) })
}

func (f *filling) receive(ctx context.Context) error {
	for round := 0; round < fillRounds; round++ {
		before := f.file.size
		if err := f.ask(ctx, false); err != nil {
			return err
		}
		if f.file.size-before < fewEntries {
			break
		}
	}
	if err := f.checkFormer(ctx); err != nil {
		return err
	}
	if f.config.Rest != nil {
		f.config.Least = f.config.Rest()
	}
	return f.ask(ctx, true)
}

// checkFormer reads the files that were received before this filling began: they may have decayed
// since, and what is filled would begin with damage that nobody knows of. Those that came now were
// read again as they were written. So that the stream does not stand still meanwhile, the source is
// asked for what came since.
func (f *filling) checkFormer(ctx context.Context) error {
	last := time.Now()
	for n := range f.file.former {
		if err := f.file.checkFormer(n); err != nil {
			return err
		}
		if time.Since(last) < stillEvery {
			continue
		}
		if err := f.ask(ctx, false); err != nil {
			return err
		}
		last = time.Now()
	}
	return nil
}

// ask asks for entries, or for the rest, and writes the answer.
func (f *filling) ask(ctx context.Context, rest bool) error {
	root, err := f.file.root()
	if err != nil {
		return err
	}
	a := ask{Version: fillVersion, Format: Format, Log: f.config.Log, Have: f.file.size, Root: root[:], Rest: rest, Least: f.config.Least}
	if err := f.to.write(messageAsk, a); err != nil {
		return err
	}
	if f.offer, err = f.from.awaitOffer(); err != nil {
		return fmt.Errorf("its offer: %w", err)
	}
	if err := f.checkOffer(); err != nil {
		return err
	}
	if err := f.begin(rest); err != nil {
		return err
	}
	for more := true; more; {
		var kind byte
		var data []byte
		if kind, data, more, err = f.from.next(); err == nil && more {
			err = f.take(kind, data, rest)
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if f.config.Progress != nil {
			f.config.Progress(f.file.size, f.offer.Size)
		}
	}
	if f.file.size != f.offer.Size || f.pairs != f.offer.Pairs {
		return fmt.Errorf("%w: it ended at %d of %d entries, %d of %d pairs", errFrame, f.file.size, f.offer.Size, f.pairs, f.offer.Pairs)
	}
	return f.file.commit("entries")
}

// checkOffer refuses a source that refuses, or is another than was asked for, or offers more than
// there is room for.
func (f *filling) checkOffer() error {
	o := f.offer
	switch {
	case o.Log != f.config.Log:
		return fmt.Errorf("%w: %s, not %s", ErrOtherLog, o.Log, f.config.Log)
	case o.Format < Format:
		return fmt.Errorf("%w: format %d, this program reads %d", ErrOlderFormat, o.Format, Format)
	case o.Format > Format:
		return fmt.Errorf("%w: format %d, this program reads %d", ErrNewerFormat, o.Format, Format)
	case o.Refused == refusedEntries:
		return ErrOtherEntries
	case o.Refused == refusedBehind:
		return fmt.Errorf("%w: %q", ErrBehind, o.Why)
	case o.Refused != 0:
		return fmt.Errorf("it refuses with code %d: %q", o.Refused, o.Why)
	case o.Size < f.file.size:
		return fmt.Errorf("%w: it offers entries up to %d, %d are here", errFrame, o.Size, f.file.size)
	}
	return nil
}

// begin begins to take an answer, if there is room for it. The file takes more than what is sent,
// because its pages are not full. Of entries the offer is the size of the source's files, of which
// those that are here are not written again. While it comes, there must be room for each commit.
func (f *filling) begin(rest bool) error {
	f.from.begin(f.offer.Bytes)
	if f.config.Room == nil {
		return nil
	}
	room, err := f.config.Room()
	have := f.file.bytes()
	if rest {
		have, room = 0, room/2
	}
	if err == nil && f.offer.Bytes > room+have {
		err = fmt.Errorf("%w: %d bytes are offered, %d are here, %d are free", ErrNoRoom, f.offer.Bytes, have, room)
	}
	return err
}

// take writes one message of an answer.
func (f *filling) take(kind byte, data []byte, rest bool) error {
	switch {
	case kind == messageEntry && f.bucket == "":
		var e entries
		if err := canon.Unmarshal(data, MaxFrameLen, &e); err != nil {
			return err
		}
		return f.takeEntries(e)
	case kind == messagePairs && rest:
		var p pairs
		if err := canon.Unmarshal(data, MaxFrameLen, &p); err != nil {
			return err
		}
		return f.takePairs(p)
	}
	return fmt.Errorf("%w: a message of kind %d", errFrame, kind)
}

// takeEntries writes entries, which must follow those that are there.
func (f *filling) takeEntries(e entries) error {
	n := uint64(len(e.Entries))
	if n == 0 || e.From != f.file.size || n > f.offer.Size-f.file.size {
		return fmt.Errorf("%w: %d entries from %d on, after %d of %d", errFrame, n, e.From, f.file.size, f.offer.Size)
	}
	for _, one := range e.Entries {
		if len(one.Leaf) == 0 || len(one.Sealed) > 1 {
			return fmt.Errorf("%w: entry %d", errFrame, f.file.size)
		}
		err := f.config.Registry.checkPair(bucketLeaf, be64(f.file.size), one.Leaf)
		for _, sealed := range one.Sealed {
			err = errors.Join(err, f.config.Registry.checkPair(bucketSealed, be64(f.file.size), sealed))
		}
		if err == nil {
			err = f.file.add(one)
		}
		if err != nil {
			return err
		}
	}
	return f.file.commitFull()
}

// takePairs writes pairs, which must come bucket by bucket, and each bucket in the order of its
// keys.
func (f *filling) takePairs(p pairs) error {
	if len(p.Pairs) == 0 || p.Bucket < f.bucket || uint64(len(p.Pairs)) > f.offer.Pairs-f.pairs {
		return fmt.Errorf("%w: %d pairs of bucket %q after %d of bucket %q", errFrame, len(p.Pairs), p.Bucket, f.pairs, f.bucket)
	}
	if s := shares[p.Bucket]; s != isReplicated && s != isFound {
		return fmt.Errorf("%w: pairs of bucket %q, which are not copied", errFrame, p.Bucket)
	}
	if p.Bucket != f.bucket {
		f.bucket, f.key = p.Bucket, nil
	}
	for _, kv := range p.Pairs {
		if err := f.config.Registry.checkPair(p.Bucket, kv.Key, kv.Value); err != nil {
			return err
		}
		if bytes.Compare(kv.Key, f.key) <= 0 {
			return fmt.Errorf("%w: key %x of bucket %q after key %x", errFrame, kv.Key, p.Bucket, f.key)
		}
		if err := f.file.put(p.Bucket, kv.Key, kv.Value); err != nil {
			return err
		}
		f.key = kv.Key
	}
	f.pairs += uint64(len(p.Pairs))
	return f.file.commitFull()
}

// finish checks everything that was received, and makes the file a state.
func (f *filling) finish() (Filled, error) {
	var m meta
	if err := canon.Unmarshal(f.offer.Meta, maxMetaLen, &m); err != nil {
		return Filled{}, err
	}
	switch {
	case m.Kind != metaKind || m.Format != Format || m.Log != f.config.Log || m.Size != f.file.size || len(m.Digest) != len(digestOf(m.Log)):
		return Filled{}, fmt.Errorf("%w: the position of its state is not of this ledger of %d entries", errFrame, f.file.size)
	case m.Index < f.config.Least:
		return Filled{}, fmt.Errorf("%w: it has applied %d, %d is asked for", ErrBehind, m.Index, f.config.Least)
	case f.offer.ConfigurationIndex > m.Index || len(f.offer.Configuration) > maxOfferedLen:
		return Filled{}, fmt.Errorf("%w: its configuration is not of its position", errFrame)
	}
	if err := m.takeClock(f.offer.Clock); err != nil {
		return Filled{}, fmt.Errorf("%w: %w", errFrame, err)
	}
	marks, err := f.file.verify(m, f.config.Check)
	if err != nil {
		return Filled{}, err
	}
	marker := Marker{Version: markerVersion, Index: m.Index, Term: m.Term,
		Configuration: f.offer.Configuration, ConfigurationIndex: f.offer.ConfigurationIndex}
	if err := f.file.become(m, marker, marks); err != nil {
		return Filled{}, err
	}
	return Filled{Index: m.Index, Term: m.Term, Size: m.Size}, nil
}

// markerVersion is raft's version of a snapshot.
const markerVersion = 1

func index64(key []byte) uint64 {
	if len(key) != 8 {
		return 0
	}
	return binary.BigEndian.Uint64(key)
}
