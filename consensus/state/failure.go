package state

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"

	bolt "go.etcd.io/bbolt"

	"xietong/consensus/bundle"
)

// UnreadableError is the error of a kept value that cannot be decoded. It takes out of service what
// the value is about, and nothing else: a command that needs it is refused, a view that meets it
// ends with this error.
type UnreadableError struct {
	Bucket string
	Key    []byte
	Err    error
}

func (e *UnreadableError) Error() string {
	return fmt.Sprintf("the value %x of %s cannot be read: %v", e.Key, e.Bucket, e.Err)
}

func (e *UnreadableError) Unwrap() error { return e.Err }

// refusal returns the error as the answer to the command that met it.
func (e *UnreadableError) refusal() *Refusal {
	return &Refusal{Code: CodeUnreadable, Args: []string{e.Bucket, hex.EncodeToString(e.Key)}, cause: e}
}

// Unreadable ends the handler or the view that runs, with an *UnreadableError. It does not return.
func Unreadable(bucket string, key []byte, err error) {
	panic(&UnreadableError{bucket, key, err})
}

// DamageError is the fault of this replica's file, and not of a command or a view: what was asked
// of it cannot be read. A view that meets it ends with it, and the store serves on (see Damaged);
// the command that meets it leaves the state unknown, and the node ends.
type DamageError struct {
	File string // its path; "" where a command met a value that cannot be decoded
	Err  error
	// Files are the paths of all files of old entries of which it is known that they are damaged or
	// missing, where File is one of them; nil: nobody looked for others.
	Files []string
}

func (e *DamageError) Error() string { return "damaged file: " + e.Err.Error() }

func (e *DamageError) Unwrap() error { return e.Err }

// inFile is deferred around every call into the database: a panic there means a damaged file.
func inFile(file *bolt.Tx) {
	if p := recover(); p != nil {
		path := ""
		if db := file.DB(); db != nil {
			path = db.Path()
		}
		panic(damageIn(path, p))
	}
}

// damageIn returns what a reader of a state file panicked with as damage: of another file, where it
// names one, as that of old entries does, or else of this one.
func damageIn(path string, p any) *DamageError {
	damage, known := p.(*DamageError)
	if !known {
		damage = &DamageError{Err: fmt.Errorf("read state file: %v", p)}
	}
	damage.File = cmp.Or(damage.File, path)
	return damage
}

// view runs f, and returns as an error that f met a value, or a part of the file, that cannot be
// read. It recovers from no other panic.
func (r *Reader) view(f func(*Reader) error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *UnreadableError:
			err = p
		case *DamageError:
			p.File = cmp.Or(p.File, r.file.DB().Path())
			err = p
		default:
			panic(p)
		}
	}()
	return f(r)
}

// damaged notes and returns the damage of the file that a view met, if its error is one.
func (s *Store) damaged(err error) error {
	if damage, ok := errors.AsType[*DamageError](err); ok {
		s.noteDamage(damage)
	}
	return err
}

func (s *Store) noteDamage(damage *DamageError) { s.harmed.note(s.files, damage) }

// noteHurt notes a value that is not as it was written.
func (s *Store) noteHurt(err error) {
	damage, known := errors.AsType[*DamageError](err)
	if !known {
		damage = &DamageError{Err: err}
	}
	damage.File = cmp.Or(damage.File, s.path)
	s.noteDamage(damage)
}

// Damaged returns the first damage of the files that a view met since the store was opened, and
// that was not mended, or nil.
func (s *Store) Damaged() *DamageError { return s.harmed.told(false) }

// DamagedBeside returns the first damage that is not of a file of old entries, or nil.
func (s *Store) DamagedBeside() *DamageError { return s.harmed.told(true) }

// DamagedFiles returns the paths of the files of old entries of which a view, a scrub or the
// opening found that they are damaged or missing, in their order.
func (s *Store) DamagedFiles() []string { return s.harmed.all() }

// harmed is what is known to be damaged or missing: of each the first that was met.
type harmed struct {
	mu     sync.Mutex
	first  *DamageError            // of all; nil: nothing
	beside *DamageError            // of what is no file of old entries
	files  map[string]*DamageError // of these, by their paths
}

// note notes damage, of a file of old entries where it is one of a folder.
func (h *harmed) note(in *bundle.Folder, damage *DamageError) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.first == nil {
		h.first = damage
	}
	switch {
	case !in.Has(damage.File):
		h.beside = cmp.Or(h.beside, damage)
	case h.files == nil:
		h.files = map[string]*DamageError{damage.File: damage}
	case h.files[damage.File] == nil:
		h.files[damage.File] = damage
	}
}

// mended forgets the damage of a file of old entries.
func (h *harmed) mended(path string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.files, path)
	if h.first == nil || h.first.File != path {
		return
	}
	h.first = h.beside
	for _, left := range slices.Sorted(maps.Keys(h.files)) {
		h.first = cmp.Or(h.first, h.files[left])
	}
}

func (h *harmed) forget() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.first, h.beside, h.files = nil, nil, nil
}

func (h *harmed) told(beside bool) *DamageError {
	h.mu.Lock()
	defer h.mu.Unlock()
	if beside {
		return h.beside
	}
	return h.first
}

func (h *harmed) all() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(maps.Keys(h.files))
}

// endsNode reports whether an error of a handler means that this replica's state is unknown. Every
// other error depends on the command and on the replicated state alone, so it is the same on every
// replica, and is an answer.
func endsNode(err error) bool {
	_, damaged := errors.AsType[*DamageError](err)
	_, diverged := errors.AsType[*DivergedError](err)
	return damaged || diverged
}

// answerTo returns the refusal that answers a command whose handler ended with an error.
func answerTo(kind Kind, err error) *Refusal {
	if refusal, ok := errors.AsType[*Refusal](err); ok {
		return refusal
	}
	if unreadable, ok := errors.AsType[*UnreadableError](err); ok {
		return unreadable.refusal()
	}
	return &Refusal{Code: CodeFailed, Args: []string{strconv.Itoa(int(kind))}, cause: err}
}

// panicked returns the error of a handler that panicked with p.
func panicked(p any) error {
	switch p := p.(type) {
	case *DamageError:
		return p
	case *UnreadableError:
		return p
	}
	return fmt.Errorf("panic: %v", p)
}
