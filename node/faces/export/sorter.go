package export

import (
	"bufio"
	"cmp"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
)

// Limits of sorting.
const (
	maxHeld = 32 << 20  // bytes of rows in memory
	maxRuns = 1000      // of rows that were sorted in memory; a file has at most maxHeld times as many bytes
	maxCell = 256 << 20 // bytes of a value that is read back; more is damage
)

// ErrTooMuch is returned for more rows than can be sorted: about 32 GB.
var ErrTooMuch = errors.New("more rows than can be sorted")

// Sorter sorts rows in bounded memory. What is more than it holds lies in a temporary file that no
// other program sees, sorted in runs, which are merged. Rows that are equal keep their order. One
// goroutine may use it at a time.
type Sorter struct {
	order   Order
	most    int // bytes in memory
	rows    []Row
	held    int
	columns int
	file    *os.File // nil: everything is in memory
	ends    []int64  // of the runs in the file
}

// NewSorter returns a sorter without rows.
func NewSorter(o Order) *Sorter { return &Sorter{order: o, most: maxHeld} }

// Add takes a row, which the caller must not change.
func (s *Sorter) Add(row Row) error {
	s.rows, s.columns = append(s.rows, row), len(row)
	for _, v := range row {
		s.held += len(v) + 24 // of a slice
	}
	if s.held += 24; s.held < s.most {
		return nil
	}
	return s.spill()
}

// spill writes the rows in memory to the file, as a run.
func (s *Sorter) spill() (err error) {
	if len(s.ends) == maxRuns {
		return ErrTooMuch
	}
	if s.file == nil {
		if s.file, err = os.CreateTemp("", "xietong-sort-*"); err != nil {
			return fmt.Errorf("sort rows: %w", err)
		}
		if err := os.Remove(s.file.Name()); err != nil { // it goes with this process
			return fmt.Errorf("sort rows: %w", err)
		}
	}
	s.sort()
	w := bufio.NewWriterSize(s.file, 1<<20)
	var b []byte
	for _, row := range s.rows {
		b = b[:0]
		for _, v := range row {
			if v == nil {
				b = append(b, 0)
				continue
			}
			b = append(binary.AppendUvarint(b, uint64(len(v)+1)), v...)
		}
		w.Write(b) // an error stays, and Flush returns it
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("sort rows: %w", err)
	}
	end, err := s.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return fmt.Errorf("sort rows: %w", err)
	}
	s.ends, s.rows, s.held = append(s.ends, end), nil, 0
	return nil
}

func (s *Sorter) sort() { slices.SortStableFunc(s.rows, s.order.Compare) }

// Each calls each with every row, in order.
func (s *Sorter) Each(each func(Row) error) error {
	if s.file == nil {
		s.sort()
		for _, row := range s.rows {
			if err := each(row); err != nil {
				return err
			}
		}
		return nil
	}
	if len(s.rows) > 0 {
		if err := s.spill(); err != nil {
			return err
		}
	}
	return s.merge(each)
}

func (s *Sorter) merge(each func(Row) error) error {
	m := &merging{order: s.order}
	begin := int64(0)
	for i, end := range s.ends {
		r := &run{r: bufio.NewReader(io.NewSectionReader(s.file, begin, end-begin)), index: i, columns: s.columns}
		begin = end
		if err := r.next(); err != nil {
			return err
		}
		m.runs = append(m.runs, r)
	}
	for heap.Init(m); len(m.runs) > 0; {
		first := m.runs[0]
		if err := each(first.row); err != nil {
			return err
		}
		switch err := first.next(); {
		case errors.Is(err, io.EOF):
			heap.Pop(m)
		case err != nil:
			return err
		default:
			heap.Fix(m, 0)
		}
	}
	return nil
}

// Discard gives back what the sorter holds.
func (s *Sorter) Discard() {
	if s.file != nil {
		_ = s.file.Close() // it is of no use to anybody
	}
}

// run is one run of sorted rows in the file.
type run struct {
	r       *bufio.Reader
	index   int
	columns int
	row     Row
}

// next reads the next row; io.EOF at the end of the run.
func (r *run) next() error {
	row := make(Row, r.columns)
	for i := range row {
		n, err := binary.ReadUvarint(r.r)
		if err == io.EOF && i == 0 {
			return io.EOF
		}
		if err == nil && n > maxCell {
			err = errors.New("damaged")
		}
		if err == nil && n > 0 {
			row[i] = make([]byte, n-1)
			_, err = io.ReadFull(r.r, row[i])
		}
		if err != nil {
			return fmt.Errorf("read sorted rows: %w", err)
		}
	}
	r.row = row
	return nil
}

// merging is the heap of the runs, that with the least row first.
type merging struct {
	order Order
	runs  []*run
}

func (m *merging) Len() int { return len(m.runs) }
func (m *merging) Less(i, j int) bool {
	return cmp.Or(m.order.Compare(m.runs[i].row, m.runs[j].row), m.runs[i].index-m.runs[j].index) < 0
}
func (m *merging) Swap(i, j int) { m.runs[i], m.runs[j] = m.runs[j], m.runs[i] }
func (m *merging) Push(any)      {}
func (m *merging) Pop() any {
	last := m.runs[len(m.runs)-1]
	m.runs = m.runs[:len(m.runs)-1]
	return last
}
