package records

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"io"
	"sync"
	"time"

	"xietong/exchange/budget"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/rows"
)

// errChanged is returned when the rows are not the ones that were staged or checked before.
var errChanged = errors.New("rows changed")

// stage stages the good rows of the file that are not staged yet, and returns the number of rows in
// the file. It seals the next command while one is replicated.
func (l *loader) stage(ctx context.Context) (read uint64, err error) {
	declared, err := l.desk.declare(ctx, l.now) // by the entry in force: its answers need the counts still
	if err != nil {
		return 0, err
	}
	labels := l.desk.newLabels(l.set.Code, declared)
	if l.file.For != nil { // a field that the entry to come does not count has no value to tell
		labels.only(l.set.countable())
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	chunks := make(chan chunkBody, 1)
	var sealing sync.WaitGroup
	var sealErr error
	sealing.Go(func() {
		defer close(chunks)
		sealErr = l.desk.Slots.Run(ctx, func(ctx context.Context) (err error) {
			reader, err := l.upload.rows(ctx, l.desk, l.set, l.file.Reading)
			if err == nil {
				read, err = l.seal(ctx, reader, chunks, labels)
			}
			return err
		})
	})
	for c := range chunks {
		if err == nil {
			err = l.propose(ctx, c)
		}
		if err != nil {
			cancel()
		}
	}
	sealing.Wait()
	return read, l.upload.outcome(cmp.Or(err, sealErr))
}

// wait waits until there may be room again; false: ctx ended before.
func wait(ctx context.Context) bool {
	select {
	case <-time.After(failure.RetryAfter):
		return true
	case <-ctx.Done():
		return false
	}
}

// propose replicates one chunk.
func (l *loader) propose(ctx context.Context, c chunkBody) error {
	want := c.First + uint64(len(c.Rows))
	err := l.do(ctx, want, func() (uint64, error) {
		return commandImportChunk.Do(ctx, l.desk.ledger, book.Request{}, c)
	})
	if err == nil {
		l.tell(want)
	}
	return err
}

// tell tells how much of the work is done, as a part of the rows of the file, after so many rows
// were staged or indexed.
func (l *loader) tell(work uint64) {
	if l.progress != nil {
		each := uint64(2 + len(l.set.Indexed)) // staged, and indexed by the key and by each field
		l.progress(min(work/each, l.file.Good-1), l.file.Good)
	}
}

// passing hashes the rows that were accepted so far, in their order.
type passing struct{ hash hash.Hash }

func (p passing) add(record []byte) {
	p.hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(record))))
	p.hash.Write(record)
}

func (l *loader) passed(p passing) MAC { return l.desk.ledger.MAC("import rows", p.hash.Sum(nil)) }

// seal reads the file and makes the chunks that are not staged yet. It returns the number of rows
// that it read.
func (l *loader) seal(ctx context.Context, reader *rows.Reader, chunks chan<- chunkBody, labels *labels) (read uint64, err error) {
	p := passing{sha256.New()}
	good, size, values := uint64(0), 0, labels.newTable()
	chunk := chunkBody{Import: l.opened, First: l.state.Done}
	send := func() error {
		if len(chunk.Rows) == 0 {
			return nil
		}
		chunk.Passed, chunk.Values = l.passed(p), values.values
		budget.Outside(ctx, func() {
			select {
			case chunks <- chunk:
			case <-ctx.Done():
			}
		})
		if err := ctx.Err(); err != nil {
			return err
		}
		labels.full()
		chunk = chunkBody{Import: l.opened, First: good}
		size, values = 0, labels.newTable()
		return nil
	}
	for {
		record, err := reader.Next()
		if errors.Is(err, io.EOF) && good < l.file.Good {
			return read, errChanged
		}
		if errors.Is(err, io.EOF) {
			return read, send()
		}
		if paused := budget.Pause(ctx); paused != nil {
			return read, paused
		}
		read++
		if _, isBad := asBad(err); isBad {
			continue
		}
		if err != nil {
			return read, unreadable(l.upload.taken, reader.Row(), err)
		}
		good++
		l.good = good
		p.add(record.JSON)
		switch {
		case good > l.file.Good:
			return read, errChanged
		case good == l.state.Done && l.passed(p) != l.state.Passed:
			return read, errChanged
		case good <= l.state.Done:
			continue
		}
		row, err := l.row(record, values)
		if err != nil {
			return read, err
		}
		chunk.Rows = append(chunk.Rows, row)
		if size += row.size(); size+values.bytes >= maxChunkBytes || len(chunk.Rows) == maxChunkRows {
			if err := send(); err != nil {
				return read, err
			}
		}
	}
}

// row seals one checked row.
func (l *loader) row(record rows.Record, t *valueTable) (chunkRow, error) {
	code := l.set.Code
	note, err := l.desk.ledger.Note(RecordType, record.JSON)
	if err != nil {
		return chunkRow{}, err
	}
	groups, err := t.labels.values(record.JSON, nil)
	if err != nil {
		return chunkRow{}, err
	}
	return chunkRow{
		Key: l.desk.keyMAC(code, record.Key), Indexed: l.desk.indexedMACs(code, record.Indexed), Groups: t.add(groups),
		Commitment: note.Evidence.Commitment(), Sealed: note.Sealed,
	}, nil
}

// size returns the number of bytes, approximately, that the row takes in a command.
func (r chunkRow) size() int {
	n := len(r.Key) + len(r.Commitment) + len(r.Sealed) + 16 + 4*len(r.Groups)
	for _, v := range r.Indexed {
		n += len(v.Field) + len(v.Value) + 8
	}
	return n
}
