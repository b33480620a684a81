package state

import (
	"sync"
	"time"

	"xietong/certs/identity"
)

// Memory is a state without a file and without raft. It applies a command at once, by the same
// code, and its content is gone with the process. It is for tests of the rooms that keep their part
// of the state here. It is safe for use by several goroutines.
type Memory struct {
	mu sync.Mutex // guards the fields below; held while a view reads
	tx *Tx
}

// NewMemory returns the empty state of a log.
func NewMemory(log identity.Log, registry *Registry) *Memory {
	return &Memory{tx: newTx(registry, &meta{Kind: metaKind, Format: Format, Log: log, names: NamesOf(log)})}
}

// Apply applies one command. An error means that the state is unknown: in a node it stops the
// replica.
func (m *Memory) Apply(c Command) (Result, error) {
	data, err := c.Encode()
	if err != nil {
		return Result{}, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tx.meta.Index++
	return m.tx.apply(data)
}

// View runs f on the state as it is now. f must not apply anything.
func (m *Memory) View(f func(*Reader) error) error {
	m.mu.Lock()
	layers := append([]*layer{m.tx.layer.IsoCopy()}, m.tx.layers[1:]...)
	r := &Reader{reads: reads{layers: layers}, meta: *m.tx.meta, fresh: m.tx.fresh}
	m.mu.Unlock() // as in a Store, nobody waits for a reader
	return r.view(f)
}

// Time returns ledger time.
func (m *Memory) Time() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.UnixMilli(int64(m.tx.meta.Time))
}
