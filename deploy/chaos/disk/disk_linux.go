package disk

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// ErrUnmounted is returned by Cut and Unmount of a disk that is not mounted.
var ErrUnmounted = errors.New("the disk is not mounted")

// readers is how many requests are answered at once: one that waits holds no other up.
const readers = 8

// Disk is one disk. Its content outlives Cut and Unmount, and ends with the process.
type Disk struct {
	mu      sync.Mutex
	tree    *tree
	faults  []*Fault
	free    uint64
	dead    chan struct{} // closed when nothing is acknowledged any more
	mounted string
	device  int
	workers sync.WaitGroup
}

// New returns an empty disk of 64 GiB.
func New() *Disk { return &Disk{tree: newTree(), free: 64 << 30} }

// Possible returns why no disk can be mounted here, or nil.
func Possible() error {
	if os.Geteuid() != 0 {
		return errors.New("only root may mount")
	}
	f, err := os.OpenFile("/dev/fuse", os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

// Mount mounts the disk at a folder.
func (d *Disk) Mount(folder string) error {
	device, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open /dev/fuse: %w", err)
	}
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0,default_permissions,allow_other", device)
	if err := unix.Mount("xietong-chaos", folder, "fuse.xietong-chaos", unix.MS_NOSUID|unix.MS_NODEV, options); err != nil {
		return fmt.Errorf("mount %s: %w", folder, errors.Join(err, unix.Close(device)))
	}
	d.mu.Lock()
	d.mounted, d.device, d.dead = folder, device, make(chan struct{})
	d.mu.Unlock()
	for range readers {
		d.workers.Go(func() { d.serve(device) })
	}
	return nil
}

// Stop makes the disk acknowledge nothing any more: the moment of the power cut. Whoever waits for
// it waits until Cut; kill it before.
func (d *Disk) Stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stop()
}

func (d *Disk) stop() {
	select {
	case <-d.dead:
	default:
		close(d.dead)
	}
}

// Cut is the power cut: it stops the disk, drops what was not synced, and mounts what is left. The
// processes that use it must have been killed between Stop and Cut. It returns how many changes
// were not synced.
func (d *Disk) Cut(loss Loss, r *rand.Rand) (unsynced int, err error) {
	folder, err := d.unmount()
	if err != nil {
		return 0, err
	}
	d.mu.Lock()
	unsynced = d.tree.cut(loss, r)
	d.mu.Unlock()
	return unsynced, d.Mount(folder)
}

// Unmount unmounts the disk.
func (d *Disk) Unmount() error {
	_, err := d.unmount()
	return err
}

func (d *Disk) unmount() (folder string, err error) {
	d.mu.Lock()
	folder = d.mounted
	if d.mounted = ""; folder != "" {
		d.stop()
	}
	d.mu.Unlock()
	if folder == "" {
		return "", ErrUnmounted
	}
	err = unix.Unmount(folder, unix.MNT_FORCE|unix.MNT_DETACH)
	if err != nil {
		return "", fmt.Errorf("unmount %s: %w", folder, err)
	}
	d.workers.Wait()
	return folder, unix.Close(d.device)
}

// Have has the disk have these faults, and no others.
func (d *Disk) Have(faults ...*Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = faults
}

// Free sets how many bytes the disk says are free. It does not hold writes to it.
func (d *Disk) Free(n uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.free = n
}

func (d *Disk) serve(device int) {
	data := make([]byte, requestLen)
	for {
		n, err := unix.Read(device, data)
		switch {
		case err == unix.EINTR || err == unix.EAGAIN || err == unix.ENOENT: // ENOENT: it was interrupted before it was read
			continue
		case err != nil || n < inHeaderLen: // it is unmounted
			return
		}
		r := parseRequest(data[:n])
		body, errno, silent := d.answer(r)
		if silent {
			continue
		}
		if errno != 0 {
			body = nil
		}
		out := words(nil, uint32(outHeaderLen+len(body)), -int32(errno), r.unique)
		_, _ = unix.Write(device, append(out, body...)) // whoever asked may be gone
	}
}

// answer answers a request; silent: it is not answered.
func (d *Disk) answer(r request) (body []byte, errno unix.Errno, silent bool) {
	switch r.op {
	case opInit:
		return initOut(r.u32(8)), 0, false
	case opForget, opBatchForget, opInterrupt:
		return nil, 0, true
	case opDestroy:
		return nil, 0, false
	}
	h, known := handlers[r.op]
	fault := d.fault(r, h.op)
	if fault.Slow > 0 {
		select {
		case <-time.After(fault.Slow):
		case <-d.dead:
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.dead: // never acknowledged
		return nil, 0, true
	default:
	}
	n := d.tree.inodes[r.node]
	switch {
	case r.op == opStatfs:
		return statfsOut(d.free), 0, false
	case !known:
		return nil, unix.ENOSYS, false
	case n == nil:
		return nil, unix.ESTALE, false
	case fault.Err != 0 && !fault.After:
		if h.op == OpSync { // as Linux does: it is told once, and what was to be synced counts as clean
			n.pending = nil
		}
		return nil, fault.Err, false
	case fault.Lie:
		return nil, 0, false
	}
	body, errno = h.answer(d.tree, n, r)
	if fault.Err != 0 && errno == 0 {
		errno = fault.Err
	}
	return body, errno, false
}

// fault returns the first fault that a request has, counted; none has no fault in it.
func (d *Disk) fault(r request, op Op) (has Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	n := d.tree.inodes[r.node]
	if op == "" || n == nil || r.op == opSetattr && r.u32(0)&setSize == 0 {
		return has
	}
	if found := n.entries[lastName(r, op)]; found != nil {
		n = found
	}
	for _, f := range d.faults {
		if f.hits(op, n) {
			return *f
		}
	}
	return has
}

// lastName returns the name that a request is about, beside its folder.
func lastName(r request, op Op) string {
	switch {
	case op == OpRemove:
		return r.names(0)[0]
	case op == OpRename && r.op == opRename:
		return r.names(8)[0]
	case op == OpRename:
		return r.names(16)[0]
	}
	return ""
}
