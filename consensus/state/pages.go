package state

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
)

// The pages of a bbolt file, as bbolt v1.5.0 writes them, in the byte order of the machine. A page
// begins with its number (uint64), its kind (uint16), how many elements it has (uint16), and how
// many pages follow that belong to it (uint32). bbolt reads a file through a map of it and trusts
// what it finds there: of a damaged file it panics in goroutines of its own, and of one that was
// cut off the process dies by a signal. So what it will read is read here first, by offsets that
// are checked.
const (
	pageHeader   = 16
	elementLen   = 16
	branchPage   = 0x01
	leafPage     = 0x02
	metaPage     = 0x04
	freePage     = 0x10
	inBucket     = 0x01 // the flag of an element that is a bucket
	boltMagic    = 0xED0CDAED
	boltVersion  = 2
	boltMetaLen  = 64
	boltSums     = 56 // bytes of a meta page that its checksum is over
	leastPage    = 1 << 10
	mostPage     = 16 << 20
	noList       = ^uint64(0) // the list of free pages was not written
	mostDepth    = 64
	mostPageSize = 1 << 30 // bytes of a page with those that belong to it
)

// pages is a file that is looked through.
type pages struct {
	file     io.ReaderAt
	page     int64  // bytes
	number   uint64 // of pages
	root     uint64
	freelist uint64
	seen     []uint64                 // a bit for each page that was met
	walks    func(bucket string) bool // whether the pages of a bucket are looked through; nil: of all
}

// CheckFile reports whether the database at path can be opened, as a *DamageError. It reads every
// page that is in use. Nobody may write the file meanwhile.
func CheckFile(path string) error { return checkBuckets(path, nil) }

// checkBuckets is CheckFile of some buckets, where the list of free pages was written: else all are
// read.
func checkBuckets(path string, walks func(bucket string) bool) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := checkPages(f, info.Size(), walks); err != nil {
		return &DamageError{File: path, Err: err}
	}
	return nil
}

// checkPages looks through the pages of buckets, and then through the list of free pages. No page
// of those may be in the list, or the next commit writes over what the bucket holds.
func checkPages(file io.ReaderAt, size int64, walks func(bucket string) bool) error {
	w, err := readBoltMeta(file, size)
	if err != nil {
		return err
	}
	if w.freelist != noList {
		w.walks = walks
	}
	if _, err := w.walk(w.root, nil, nil, 0); err != nil || w.freelist == noList {
		return err
	}
	return w.free()
}

// readBoltMeta reads the newer of the two meta pages that is whole. Each commit writes one of them,
// in turn and last: where the power fails then, or the page is damaged, the file is as it was
// before the last commit, whose commands raft's log brings again.
func readBoltMeta(file io.ReaderAt, size int64) (*pages, error) {
	var newest *pages
	var newestTx uint64
	var other error // a meta page that says it is another
	try := func(at int64) {
		b := make([]byte, pageHeader+boltMetaLen)
		if _, err := file.ReadAt(b, at); err != nil {
			return
		}
		w, tx, ok := decodeBoltMeta(b[pageHeader:])
		if kind := binary.NativeEndian.Uint16(b[8:]); ok && kind != metaPage {
			other = fmt.Errorf("its meta page says that it is of the kind %d", kind)
		}
		if ok && (newest == nil || tx > newestTx) {
			newest, newestTx = w, tx
		}
	}
	try(0)
	for page := int64(leastPage); page <= mostPage && page < size; page *= 2 {
		try(page)
	}
	if other != nil {
		return nil, other
	}
	if newest == nil {
		return nil, errors.New("neither of its first two pages is whole")
	}
	if newest.number > uint64(size/newest.page) {
		return nil, fmt.Errorf("it ends at %d of %d pages", size/newest.page, newest.number)
	}
	newest.file, newest.seen = file, make([]uint64, newest.number/64+1)
	return newest, nil
}

func decodeBoltMeta(b []byte) (w *pages, tx uint64, ok bool) {
	n := binary.NativeEndian
	sum := fnv.New64a()
	sum.Write(b[:boltSums]) // never fails
	page := int64(n.Uint32(b[8:]))
	if n.Uint32(b) != boltMagic || n.Uint32(b[4:]) != boltVersion || n.Uint64(b[boltSums:]) != sum.Sum64() || page < leastPage || page > mostPage {
		return nil, 0, false
	}
	return &pages{page: page, root: n.Uint64(b[16:]), freelist: n.Uint64(b[32:]), number: n.Uint64(b[40:])}, n.Uint64(b[48:]), true
}

// read returns a page with those that belong to it, and its kind.
func (w *pages) read(id uint64) (data []byte, kind uint16, err error) {
	n := binary.NativeEndian
	head := make([]byte, pageHeader)
	if id < 2 || id >= w.number {
		return nil, 0, fmt.Errorf("page %d is named, and there are %d", id, w.number)
	}
	if _, err := w.file.ReadAt(head, int64(id)*w.page); err != nil {
		return nil, 0, err
	}
	more := uint64(n.Uint32(head[12:]))
	switch {
	case n.Uint64(head) != id:
		return nil, 0, fmt.Errorf("page %d says that it is page %d", id, n.Uint64(head))
	case more >= w.number-id || int64(more+1)*w.page > mostPageSize:
		return nil, 0, fmt.Errorf("page %d goes on behind the end", id)
	}
	for i := id; i <= id+more; i++ {
		if w.met(i) {
			return nil, 0, fmt.Errorf("page %d is in two places", i)
		}
		w.seen[i/64] |= 1 << (i % 64)
	}
	data = make([]byte, int64(more+1)*w.page)
	_, err = w.file.ReadAt(data, int64(id)*w.page)
	return data, n.Uint16(head[8:]), err
}

// met reports whether a page was met that is in use.
func (w *pages) met(id uint64) bool { return w.seen[id/64]&(1<<(id%64)) != 0 }

// free reads the list of free pages, once all that is looked through was.
func (w *pages) free() error {
	n := binary.NativeEndian
	data, kind, err := w.read(w.freelist)
	if err != nil {
		return err
	}
	count, at := uint64(n.Uint16(data[10:])), pageHeader
	if count == 0xFFFF {
		count, at = n.Uint64(data[at:]), at+8
	}
	if kind != freePage || count > uint64(len(data)-at)/8 {
		return fmt.Errorf("page %d is no list of free pages", w.freelist)
	}
	for last := uint64(1); count > 0; count, at = count-1, at+8 {
		id := n.Uint64(data[at:])
		if id <= last || id >= w.number {
			return fmt.Errorf("the list of free pages names page %d", id)
		}
		if w.met(id) {
			return fmt.Errorf("the list of free pages names page %d, which is in use", id)
		}
		last = id
	}
	return nil
}

// walk looks through the pages of a bucket from one of them down. Where they are not nil, its first
// key is least, by which bbolt finds the page when it writes it anew, and all are below below. It
// returns the last key.
func (w *pages) walk(id uint64, least, below []byte, depth int) (last []byte, err error) {
	if depth > mostDepth {
		return nil, fmt.Errorf("page %d is too deep", id)
	}
	data, kind, err := w.read(id)
	if err != nil {
		return nil, err
	}
	if none := binary.NativeEndian.Uint16(data[10:]) == 0; none && (kind == branchPage || least != nil) {
		return nil, fmt.Errorf("page %d has no elements", id)
	}
	switch kind {
	case branchPage:
		return w.branch(id, data, least, below, depth)
	case leafPage:
		return w.leaf(id, data, least, below, depth)
	}
	return nil, fmt.Errorf("page %d is of the unknown kind %d", id, kind)
}

func (w *pages) branch(id uint64, data, least, below []byte, depth int) (last []byte, err error) {
	n := binary.NativeEndian
	count := int(n.Uint16(data[10:]))
	key := func(i int) ([]byte, error) {
		at := pageHeader + i*elementLen
		if at+elementLen > len(data) {
			return nil, fmt.Errorf("page %d has no room for its %d elements", id, count)
		}
		return within(id, data, at, uint64(n.Uint32(data[at:])), uint64(n.Uint32(data[at+4:])))
	}
	for i := range count {
		own, err := key(i)
		if err != nil {
			return nil, err
		}
		if err := inOrder(id, i, own, least, below); err != nil {
			return nil, err
		}
		upTo := below
		if i+1 < count {
			if upTo, err = key(i + 1); err != nil {
				return nil, err
			}
		}
		if least, err = w.walk(n.Uint64(data[pageHeader+i*elementLen+8:]), own, upTo, depth+1); err != nil {
			return nil, err
		}
	}
	return least, nil
}

func (w *pages) leaf(id uint64, data, least, below []byte, depth int) (last []byte, err error) {
	n := binary.NativeEndian
	for i := range int(n.Uint16(data[10:])) {
		at := pageHeader + i*elementLen
		if at+elementLen > len(data) {
			return nil, fmt.Errorf("page %d has no room for its elements", id)
		}
		pos, keyLen, length := uint64(n.Uint32(data[at+4:])), uint64(n.Uint32(data[at+8:])), uint64(n.Uint32(data[at+12:]))
		both, err := within(id, data, at, pos, keyLen+length)
		if err != nil {
			return nil, err
		}
		key, value := both[:keyLen], both[keyLen:]
		if err := inOrder(id, i, key, least, below); err != nil {
			return nil, err
		}
		if n.Uint32(data[at:])&inBucket != 0 && (w.walks == nil || w.walks(string(key))) {
			if err := w.bucket(id, value, depth); err != nil {
				return nil, err
			}
		}
		least = key
	}
	return least, nil
}

// bucket looks through a bucket that stands in a value: the number of its first page, or 0 and a
// page of its own.
func (w *pages) bucket(id uint64, value []byte, depth int) (err error) {
	n := binary.NativeEndian
	if len(value) < 16 {
		return fmt.Errorf("page %d has a bucket of %d bytes", id, len(value))
	}
	if root := n.Uint64(value); root != 0 {
		_, err = w.walk(root, nil, nil, depth+1)
		return err
	}
	inline := value[16:]
	if len(inline) < pageHeader || n.Uint16(inline[8:]) != leafPage {
		return fmt.Errorf("page %d has a bucket without a page", id)
	}
	_, err = w.leaf(id, inline, nil, nil, depth+1)
	return err
}

// within returns length bytes of a page, pos behind the element at at.
func within(id uint64, data []byte, at int, pos, length uint64) ([]byte, error) {
	if from := uint64(at) + pos; from+length <= uint64(len(data)) {
		return data[from : from+length], nil
	}
	return nil, fmt.Errorf("an element of page %d goes on behind its end", id)
}

// inOrder checks that the key of an element stands where it must: the first of a page is least, any
// other is behind it.
func inOrder(id uint64, i int, key, least, below []byte) error {
	order := bytes.Compare(key, least)
	if least != nil && (i == 0 && order != 0 || i > 0 && order <= 0) || below != nil && bytes.Compare(key, below) >= 0 {
		return fmt.Errorf("element %d of page %d is out of order", i, id)
	}
	return nil
}
