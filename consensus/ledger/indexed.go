package ledger

// Indexed is a leaf with its index.
type Indexed struct {
	Index uint64
	Leaf  Leaf
}
