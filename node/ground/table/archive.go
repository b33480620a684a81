package table

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"net/url"
	"path"
	"strings"
)

// directoryMost is how much of a zip archive may be read to list what is in it, in bytes: what is
// listed costs about ten times as much memory.
const directoryMost = 2 << 20

var errBomb = errors.New("more than a workbook can have")

// doubt is the error of a workbook of which another program shows something else than is read
// here: something stands in it twice, or where it does not belong. The reason is told (text).
type doubt struct{ reason, what string }

func (d doubt) Error() string { return d.reason + ": " + d.what }

// measured reads a Source, and fails when more is read than is left.
type measured struct {
	Source
	left int64
}

func (m *measured) ReadAt(p []byte, at int64) (int, error) {
	if m.left -= int64(len(p)); m.left < 0 {
		return 0, errBomb
	}
	return m.Source.ReadAt(p, at)
}

// unzip lists what is in a zip archive.
func unzip(src Source) (*book, error) {
	m := &measured{src, directoryMost}
	z, err := zip.NewReader(m, src.Size())
	m.left = 1 << 62
	if err != nil {
		return nil, err
	}
	b := &book{zip: z, day0: 1900, files: map[string]*zip.File{}}
	for _, f := range z.File {
		name := partName(f.Name)
		if strings.HasSuffix(name, "/") {
			continue // a folder
		}
		if b.files[name] != nil || strings.ContainsFunc(f.Name, func(r rune) bool { return r < ' ' }) {
			b.twice = name
		}
		b.files[name] = f
	}
	return b, nil
}

// partName returns the name of a part as all programs know it. Some write names with backslashes,
// or in another case than they refer to them.
func partName(name string) string {
	if plain, err := url.PathUnescape(name); err == nil {
		name = plain
	}
	name = strings.ReplaceAll(name, `\`, "/")
	folder := strings.HasSuffix(name, "/")
	name = strings.ToLower(strings.ToUpper(path.Clean("/" + name)[1:])) // so that ſ is s
	if folder {
		name += "/"
	}
	return name
}

// file returns a file of the archive; nil if there is none.
func (b *book) file(name string) *zip.File { return b.files[partName(name)] }

// The parts of a zip archive (APPNOTE.TXT 4.3).
const (
	localLen    = 30 // bytes of a header without its name
	endLen      = 22 // of the end without its comment
	localMark   = "PK\x03\x04"
	listMark    = "PK\x01\x02"
	unicodePath = 0x7075 // an extra field that names the file anew
)

// undoubted checks that whoever reads the archive in its order finds the same files as whoever
// reads its directory: they stand one behind the other from the first byte on, under the same names
// and lengths, and then comes the directory, and nothing after it.
func (b *book) undoubted(src Source) error {
	if b.twice != "" {
		return doubt{"two parts of one name", b.twice}
	}
	files := map[int64]*zip.File{}
	for _, f := range b.zip.File {
		at, err := f.DataOffset()
		if err != nil {
			return err
		}
		files[at] = f
	}
	at := int64(0)
	for range b.zip.File {
		next, body, err := header(src, at, files)
		if err != nil {
			return err
		}
		delete(files, body)
		at = next
	}
	return b.ends(src, at)
}

// header checks the header of the file that begins at the place. It returns where the next begins,
// and where the bytes of this one do.
func header(src Source, at int64, files map[int64]*zip.File) (next, body int64, err error) {
	var h [localLen]byte
	if err := readAt(src, h[:], at); err != nil || string(h[:4]) != localMark {
		return 0, 0, doubt{"bytes that are in no part", "zip"}
	}
	short := func(i int) int64 { return int64(binary.LittleEndian.Uint16(h[i:])) }
	body = at + localLen + short(26) + short(28)
	f := files[body]
	if f == nil {
		return 0, 0, doubt{"bytes that are in no part", "zip"}
	}
	names := make([]byte, body-at-localLen)
	if err := readAt(src, names, at+localLen); err != nil {
		return 0, 0, err
	}
	name, extra := string(names[:short(26)]), names[short(26):]
	length, streamed := binary.LittleEndian.Uint32(h[18:]), short(6)&8 != 0
	switch {
	case name != f.Name, renames(extra, name), renames(f.Extra, name), short(8) != int64(f.Method):
		return 0, 0, doubt{"two parts of one name", partName(f.Name)}
	case !streamed && length != uint32(min(f.CompressedSize64, 1<<32-1)) && length != 1<<32-1:
		return 0, 0, doubt{"a part of two lengths", partName(f.Name)}
	}
	next = body + int64(f.CompressedSize64)
	if streamed {
		next = afterLengths(src, next)
	}
	return next, body, nil
}

// afterLengths returns where the next header is: behind a file that was written as a stream, its
// lengths may follow in several forms.
func afterLengths(src Source, at int64) int64 {
	var mark [4]byte
	for _, n := range []int64{16, 24, 12, 20, 0} {
		if err := readAt(src, mark[:], at+n); err == nil && (string(mark[:]) == localMark || string(mark[:]) == listMark) {
			return at + n
		}
	}
	return at
}

// renames reports whether the extra fields give the file another name.
func renames(extra []byte, name string) bool {
	for len(extra) >= 4 {
		id, end := binary.LittleEndian.Uint16(extra), 4+int(binary.LittleEndian.Uint16(extra[2:]))
		if end > len(extra) {
			return id == unicodePath
		}
		if id == unicodePath && string(extra[min(4+5, end):end]) != name { // behind a version and a checksum
			return true
		}
		extra = extra[end:]
	}
	return false
}

// ends checks that the directory begins at the place, and that the archive ends with it.
func (b *book) ends(src Source, at int64) error {
	var mark [4]byte
	var end [endLen]byte
	err := readAt(src, end[:], src.Size()-endLen-int64(len(b.zip.Comment)))
	if err == nil && len(b.zip.File) > 0 {
		err = readAt(src, mark[:], at)
	}
	from := binary.LittleEndian.Uint32(end[16:])
	switch {
	case err != nil, string(end[:4]) != "PK\x05\x06", int(binary.LittleEndian.Uint16(end[20:])) != len(b.zip.Comment):
		return doubt{"bytes that are in no part", "zip"}
	case len(b.zip.File) > 0 && string(mark[:]) != listMark, int64(from) != at && from != 1<<32-1:
		return doubt{"bytes that are in no part", "zip"}
	}
	return nil
}

func readAt(src Source, p []byte, at int64) error {
	n, err := src.ReadAt(p, at)
	if n == len(p) {
		return nil
	}
	return err
}
