package booktest

import "xietong/node/ground/book"

// Counting reads a state, and counts the pairs that it gives and the values that it looks up. A
// test of what a reading costs counts work, and no time.
type Counting struct {
	book.Reads
	Pairs, Gets int
}

// Get implements book.Reads.
func (c *Counting) Get(bucket string, key []byte) []byte {
	c.Gets++
	return c.Reads.Get(bucket, key)
}

// Scan implements book.Reads.
func (c *Counting) Scan(bucket string, prefix, from []byte, each func(key, value []byte) (more bool)) {
	c.Reads.Scan(bucket, prefix, from, func(k, v []byte) bool {
		c.Pairs++
		return each(k, v)
	})
}
