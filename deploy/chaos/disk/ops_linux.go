package disk

import (
	"maps"
	"slices"

	"golang.org/x/sys/unix"
)

// handler answers a request of an inode.
type handler struct {
	op     Op // of which faults are; empty: none
	answer func(*tree, *inode, request) ([]byte, unix.Errno)
}

var handlers = map[uint32]handler{
	opLookup:     {"", lookup},
	opGetattr:    {"", func(_ *tree, n *inode, _ request) ([]byte, unix.Errno) { return n.attrOut(), 0 }},
	opSetattr:    {OpResize, setattr},
	opMknod:      {OpCreate, mknod},
	opMkdir:      {OpCreate, mkdir},
	opUnlink:     {OpRemove, remove},
	opRmdir:      {OpRemove, remove},
	opRename:     {OpRename, rename},
	opRename2:    {OpRename, rename},
	opOpen:       {"", func(*tree, *inode, request) ([]byte, unix.Errno) { return openOut(), 0 }},
	opOpendir:    {"", func(*tree, *inode, request) ([]byte, unix.Errno) { return openOut(), 0 }},
	opRead:       {OpRead, read},
	opWrite:      {OpWrite, write},
	opRelease:    {"", nothing},
	opReleasedir: {"", nothing},
	opFlush:      {"", nothing},
	opFsync:      {OpSync, fsync},
	opFsyncdir:   {OpSync, fsync},
	opReaddir:    {"", readdir},
	opCreate:     {OpCreate, create},
	opFallocate:  {OpResize, fallocate},
}

func nothing(*tree, *inode, request) ([]byte, unix.Errno) { return nil, 0 }

func lookup(_ *tree, n *inode, r request) ([]byte, unix.Errno) {
	found := n.entries[r.names(0)[0]]
	if found == nil {
		return nil, unix.ENOENT
	}
	return found.entryOut(), 0
}

func setattr(_ *tree, n *inode, r request) ([]byte, unix.Errno) {
	valid := r.u32(0)
	if valid&setSize != 0 {
		n.change(change{at: int64(r.u64(16))})
	}
	if valid&setMode != 0 {
		n.mode = n.mode&unix.S_IFMT | r.u32(68)&^unix.S_IFMT
	}
	return n.attrOut(), 0
}

// made makes a new inode under a name.
func (t *tree) made(in *inode, name string, mode uint32) (*inode, unix.Errno) {
	if in.entries[name] != nil {
		return nil, unix.EEXIST
	}
	n := t.make(mode, name, in)
	t.do(step{{in, name, n}})
	return n, 0
}

func mknod(t *tree, n *inode, r request) ([]byte, unix.Errno) {
	made, err := t.made(n, r.names(16)[0], r.u32(0))
	if err != 0 {
		return nil, err
	}
	return made.entryOut(), 0
}

func mkdir(t *tree, n *inode, r request) ([]byte, unix.Errno) {
	made, err := t.made(n, r.names(8)[0], r.u32(0)|unix.S_IFDIR)
	if err != 0 {
		return nil, err
	}
	return made.entryOut(), 0
}

func create(t *tree, n *inode, r request) ([]byte, unix.Errno) {
	made, err := t.made(n, r.names(16)[0], r.u32(4))
	if err != 0 {
		return nil, err
	}
	return append(made.entryOut(), openOut()...), 0
}

func remove(t *tree, n *inode, r request) ([]byte, unix.Errno) {
	name := r.names(0)[0]
	found := n.entries[name]
	switch {
	case found == nil:
		return nil, unix.ENOENT
	case len(found.entries) > 0:
		return nil, unix.ENOTEMPTY
	}
	t.do(step{{n, name, nil}})
	return nil, 0
}

func rename(t *tree, n *inode, r request) ([]byte, unix.Errno) {
	names, flags := 8, uint32(0)
	if r.op == opRename2 {
		names, flags = 16, r.u32(8)
	}
	both, to := r.names(names), t.inodes[r.u64(0)]
	found := n.entries[both[0]]
	switch {
	case found == nil || to == nil:
		return nil, unix.ENOENT
	case flags&unix.RENAME_NOREPLACE != 0 && to.entries[both[1]] != nil:
		return nil, unix.EEXIST
	case flags&^unix.RENAME_NOREPLACE != 0:
		return nil, unix.EINVAL
	case to.entries[both[1]] != nil && len(to.entries[both[1]].entries) > 0:
		return nil, unix.ENOTEMPTY
	}
	t.do(step{{n, both[0], nil}, {to, both[1], found}})
	return nil, 0
}

func read(_ *tree, n *inode, r request) ([]byte, unix.Errno) {
	return n.now.read(int64(r.u64(8)), int(r.u32(16))), 0
}

func write(_ *tree, n *inode, r request) ([]byte, unix.Errno) {
	data := slices.Clone(r.body[40 : 40+r.u32(16)])
	n.change(change{int64(r.u64(8)), data})
	return words(nil, uint64(len(data))), 0
}

func fsync(t *tree, n *inode, _ request) ([]byte, unix.Errno) {
	n.sync()
	if n.isFolder() {
		t.syncFolder(n)
	}
	return nil, 0
}

func readdir(_ *tree, n *inode, r request) ([]byte, unix.Errno) {
	names := slices.Sorted(maps.Keys(n.entries))
	var out []byte
	for at := r.u64(8); at < uint64(len(names)); at++ {
		more := dirent(out, n.entries[names[at]], names[at], at+1)
		if len(more) > int(r.u32(16)) {
			break
		}
		out = more
	}
	return out, 0
}

func fallocate(_ *tree, n *inode, r request) ([]byte, unix.Errno) {
	switch end := int64(r.u64(8) + r.u64(16)); {
	case r.u32(24) != 0:
		return nil, unix.EOPNOTSUPP
	case end > n.now.size:
		n.change(change{at: end})
	}
	return nil, 0
}
