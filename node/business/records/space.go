package records

import (
	"fmt"
	"io"
	"sync"

	"xietong/node/ground/text"
)

// Space asks the disks of a node for the room that a file needs, before a byte of it is written:
// that of the temporary folder, where it lies while it is read, and that of the data, where its
// rows become records. What files that are being taken in were promised counts as used, so that two
// of them do not fill a disk together; while they are being written, it counts twice.
type Space struct {
	Data, Temporary string // folders
	Reserve         uint64 // bytes that stay free on the disk of the data
	// Disk returns which disk a folder is on, and the bytes that are free there.
	Disk func(dir string) (disk, free uint64, err error)

	mu       sync.Mutex
	promised map[uint64]uint64 // bytes, by disk
}

// What is reckoned with, in bytes. A record of 60 bytes takes 943 on the disk (docs/benchmarks.md),
// with its entry, its indexes and its share of raft's log.
const (
	heldInMemory = 1 << 20  // of a file: what is longer is held on the disk
	besideRow    = 1 << 10  // what a record takes beside its own bytes
	besideTrace  = 32       // what the key of a row takes while the file is read
	stepUnsized  = 16 << 20 // after so much of a file of unknown length the disks are asked again
)

// roomFor is what a file of so many bytes needs of the temporary folder and of the data. rows is
// how many of its rows become records; 0: none, it is only checked, and how many it has is not
// known.
func roomFor(size, rows uint64) (temporary, data uint64) {
	if size > heldInMemory {
		temporary = size + max(besideTrace*rows, size/8)
	}
	if rows > 0 {
		data = size + besideRow*rows
	}
	return temporary, data
}

// take promises a file the room that it needs, until release is called. Without enough of it the
// failure is text.SpaceNeeded or text.DiskFull. No Space at all, nil, is room for everything.
func (s *Space) take(size, rows uint64) (release func(), err error) {
	if s == nil {
		return func() {}, nil
	}
	temporary, data := roomFor(size, rows)
	s.mu.Lock()
	defer s.mu.Unlock()
	ofData, freeData, err := s.Disk(s.Data)
	if err != nil {
		return nil, fmt.Errorf("look at free space: %w", err)
	}
	ofTemporary, freeTemporary, err := s.Disk(s.Temporary)
	if err != nil { // whoever writes to the folder tells what is wrong with it
		ofTemporary, freeTemporary, temporary = ofData, freeData, 0
	}
	if ofTemporary == ofData {
		data, temporary = data+temporary, 0
	}
	if err := s.enough(s.Data, data, s.Reserve, freeData, ofData); err != nil {
		return nil, err
	}
	if err := s.enough(s.Temporary, temporary, 0, freeTemporary, ofTemporary); err != nil {
		return nil, err
	}
	s.promise(ofData, data)
	s.promise(ofTemporary, temporary)
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.promised[ofData] -= data
		s.promised[ofTemporary] -= temporary
	}), nil
}

func (s *Space) promise(disk, bytes uint64) {
	if s.promised == nil {
		s.promised = map[uint64]uint64{}
	}
	s.promised[disk] += bytes
}

// enough refuses what would leave less than the reserve on a disk: as text.DiskFull where that is
// so already, and neither a smaller file nor waiting helps.
func (s *Space) enough(dir string, needed, reserve, free, disk uint64) error {
	left := free - min(free, s.promised[disk])
	if needed == 0 || left >= reserve && left-reserve >= needed {
		return nil
	}
	if free < reserve {
		return text.Fail(text.DiskFull, text.Args{"dir": dir, "free": text.Mebibytes(free), "needed": text.Mebibytes(reserve)}, nil)
	}
	return text.Fail(text.SpaceNeeded, text.Args{
		"dir": dir, "needed": text.Mebibytes(needed + 1<<20 - 1), "free": text.Mebibytes(left), "reserve": text.Mebibytes(reserve),
	}, nil)
}

// sized is a file whose length is known before it comes.
type sized interface{ Size() int64 }

// spaced returns the file such that the disks are asked for the room that it needs: for all of it
// at once where its length is known, else after each step.
func (s *Space) spaced(r io.Reader, rows uint64) (_ io.Reader, release func(), err error) {
	if known, ok := r.(sized); ok {
		release, err = s.take(uint64(max(0, known.Size())), rows)
		return r, release, err
	}
	release, err = s.take(stepUnsized, rows)
	return &unsized{r: r, space: s, left: stepUnsized}, release, err
}

// unsized is a file of unknown length.
type unsized struct {
	r     io.Reader
	space *Space
	left  int64 // bytes until the disks are asked again
}

func (u *unsized) Read(p []byte) (n int, err error) {
	if u.left <= 0 {
		release, err := u.space.take(stepUnsized, 0)
		if err != nil {
			return 0, err
		}
		release()
		u.left = stepUnsized
	}
	n, err = u.r.Read(p)
	u.left -= int64(n)
	return n, err
}
