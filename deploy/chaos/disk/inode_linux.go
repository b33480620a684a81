package disk

import (
	"maps"
	"time"

	"golang.org/x/sys/unix"
)

// inode is a file, a folder or a socket: as processes see it, and as the disk has it.
type inode struct {
	id     uint64
	mode   uint32
	name   string // the last name that it was given
	parent *inode // the folder of that name
	time   time.Time

	now     content
	synced  content
	pending []change // of now, not of synced, in their order

	entries map[string]*inode // of a folder, as processes see it
	durable map[string]*inode // of a folder, as the disk has it
}

func (n *inode) isFolder() bool { return n.mode&unix.S_IFMT == unix.S_IFDIR }

// change makes a change that is not synced yet.
func (n *inode) change(c change) {
	n.now.apply(c)
	n.pending = append(n.pending, c)
	n.time = time.Now()
}

// sync puts all changes of the content on the disk.
func (n *inode) sync() {
	for _, c := range n.pending {
		n.synced.apply(c)
	}
	n.pending = nil
}

// entry is one name of a folder, and what it stands for; nil: it is there no more.
type entry struct {
	folder *inode
	name   string
	is     *inode
}

// step is a change of folders that happens whole or not at all. A rename has two entries.
type step []entry

func (s step) of(folder *inode) bool {
	for _, e := range s {
		if e.folder == folder {
			return true
		}
	}
	return false
}

// keep puts a step on the disk.
func (s step) keep() {
	for _, e := range s {
		set(e.folder.durable, e.name, e.is)
	}
}

func set(entries map[string]*inode, name string, is *inode) {
	if is == nil {
		delete(entries, name)
		return
	}
	entries[name] = is
}

// tree is all inodes, and the steps that are not on the disk yet.
type tree struct {
	root   *inode
	inodes map[uint64]*inode
	steps  []step
	last   uint64
}

func newTree() *tree {
	t := &tree{inodes: map[uint64]*inode{}}
	t.root = t.make(unix.S_IFDIR|0o755, "/", nil)
	return t
}

func (t *tree) make(mode uint32, name string, parent *inode) *inode {
	t.last++
	n := &inode{id: t.last, mode: mode, name: name, parent: parent, time: time.Now(), now: newContent(), synced: newContent()}
	if n.isFolder() {
		n.entries, n.durable = map[string]*inode{}, map[string]*inode{}
	}
	t.inodes[n.id] = n
	return n
}

// do changes folders as processes see them.
func (t *tree) do(s step) {
	for _, e := range s {
		set(e.folder.entries, e.name, e.is)
		e.folder.time = time.Now()
		if e.is != nil {
			e.is.name, e.is.parent = e.name, e.folder
		}
	}
	t.steps = append(t.steps, s)
}

// syncFolder puts all changes of a folder on the disk.
func (t *tree) syncFolder(folder *inode) {
	var rest []step
	for _, s := range t.steps {
		if s.of(folder) {
			s.keep()
		} else {
			rest = append(rest, s)
		}
	}
	t.steps = rest
}

// reset makes what the disk has what processes see, and forgets every inode without a name.
func (t *tree) reset() {
	t.steps, t.inodes = nil, map[uint64]*inode{}
	t.visit(t.root, func(n *inode) {
		t.inodes[n.id] = n
		n.now, n.pending = n.synced.clone(), nil
		n.entries = maps.Clone(n.durable)
	})
}

// visit calls f for an inode and all below it, as the disk has them.
func (t *tree) visit(n *inode, f func(*inode)) {
	f(n)
	for name, child := range n.durable {
		child.name, child.parent = name, n
		t.visit(child, f)
	}
}
