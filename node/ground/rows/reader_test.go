package rows

import (
	"errors"
	"io"

	"xietong/node/ground/table"
)

// newReader returns a reader of a file that comes once: it holds the file and calls Open, whose
// error Next returns.
func newReader(r io.Reader, f table.Format, s *Schema) *Reader {
	failed := &Reader{source: &rowSource{}}
	held, err := table.Hold("", r)
	if err != nil {
		failed.ended = err
		return failed
	}
	taken, err := table.Inspect(held, table.Wish{Format: string(f)})
	if err == nil {
		var reader *Reader
		if reader, err = Open(held, taken, s, Options{}); err == nil {
			return reader
		}
	}
	failed.ended = errors.Join(err, held.Close())
	return failed
}
