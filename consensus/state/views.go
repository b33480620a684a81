package state

import (
	"sync"

	bolt "go.etcd.io/bbolt"
)

// views counts those who read a database, so that whoever closes it waits for them at a channel.
// bbolt itself waits in a mutex, and lets none begin meanwhile; and where time is virtual, whoever
// waits in a mutex counts as busy: if the reader waits for the time, both wait for ever.
type views struct {
	mu   sync.Mutex
	open int
	none chan struct{} // closed when the last one ends; nil: nobody waits
}

func (v *views) enter() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.open++
}

func (v *views) leave() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.open--; v.open == 0 && v.none != nil {
		close(v.none)
		v.none = nil
	}
}

// wait waits until nobody reads. It is called once, when none can begin any more.
func (v *views) wait() {
	v.mu.Lock()
	var none chan struct{}
	if v.open > 0 {
		none = make(chan struct{})
		v.none = none
	}
	v.mu.Unlock()
	if none != nil {
		<-none
	}
}

// retired is a database that no view begins to read any more.
type retired struct {
	db    *bolt.DB
	views *views
}

// close closes it after the last view of it.
func (r retired) close() error {
	r.views.wait()
	return r.db.Close()
}
