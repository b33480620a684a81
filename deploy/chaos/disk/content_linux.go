package disk

// pageLen is the length of a page of a file, and sectorLen what a disk writes whole or not at all.
const (
	pageLen   = 4096
	sectorLen = 512
)

// content is what a file holds. What was never written is zero, and takes no memory.
type content struct {
	size  int64
	pages map[int64]*[pageLen]byte
}

func newContent() content { return content{pages: map[int64]*[pageLen]byte{}} }

// write writes data at an offset.
func (c *content) write(data []byte, at int64) {
	c.size = max(c.size, at+int64(len(data)))
	for len(data) > 0 {
		number, from := at/pageLen, at%pageLen
		page := c.pages[number]
		if page == nil {
			page = new([pageLen]byte)
			c.pages[number] = page
		}
		n := copy(page[from:], data)
		data, at = data[n:], at+int64(n)
	}
}

// read returns up to n bytes from an offset on, fewer at the end.
func (c *content) read(at int64, n int) []byte {
	n = int(max(0, min(int64(n), c.size-at)))
	out := make([]byte, n)
	for done := 0; done < n; {
		number, from := (at+int64(done))/pageLen, (at+int64(done))%pageLen
		step := min(n-done, int(pageLen-from))
		if page := c.pages[number]; page != nil {
			copy(out[done:done+step], page[from:])
		}
		done += step
	}
	return out
}

// resize cuts the content off, or adds zeros.
func (c *content) resize(size int64) {
	if size < c.size {
		for number, page := range c.pages {
			switch start := number * pageLen; {
			case start >= size:
				delete(c.pages, number)
			case start+pageLen > size:
				clear(page[size-start:])
			}
		}
	}
	c.size = size
}

// clone returns a copy.
func (c *content) clone() content {
	copied := content{c.size, make(map[int64]*[pageLen]byte, len(c.pages))}
	for number, page := range c.pages {
		same := *page
		copied.pages[number] = &same
	}
	return copied
}

// change is a write, or a new size where data is nil.
type change struct {
	at   int64
	data []byte
}

// apply makes a change whole.
func (c *content) apply(of change) {
	if of.data == nil {
		c.resize(of.at)
		return
	}
	c.write(of.data, of.at)
}

// tear makes those parts of a write that keep says, by sectors.
func (c *content) tear(of change, keep func() bool) {
	if of.data == nil {
		if keep() {
			c.apply(of)
		}
		return
	}
	for done := 0; done < len(of.data); {
		at := of.at + int64(done)
		step := min(len(of.data)-done, int(sectorLen-at%sectorLen))
		if keep() {
			c.write(of.data[done:done+step], at)
		}
		done += step
	}
}
