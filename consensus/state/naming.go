package state

import (
	"fmt"
	"io/fs"

	"xietong/consensus/bundle"
	"xietong/consensus/ledger"
)

// naming finds the files of a state whose tree may be damaged. The tree names a file by the root of
// its entries, which stands in a tile above: one tile for 256 files. Where that tile is damaged the
// files are whole all the same, and so is what says their names: (1) the other hashes of the tile,
// (2) the tile below, from whose hashes the root is derived, and (3) the folder itself. A name that
// was read from what is damaged is no file's: nobody finds another name of 32 bytes by chance.
type naming struct {
	view   *Reader
	there  map[string]bool         // the names in the folder
	taken  map[uint64]bundle.ID    // by number: what was found before
	absent map[uint64]*DamageError // and what was not
	// missing is the first file that the tree names and that is not there, in whose place another
	// one of its number was taken.
	missing *DamageError
}

func newNaming(r *Reader) (*naming, error) {
	there, err := r.old.in.Names()
	return &naming{view: r, there: there, taken: map[uint64]bundle.ID{}, absent: map[uint64]*DamageError{}}, err
}

// file returns which file has a number. The error is a *DamageError where none is there; it names
// the one that the tree does.
func (n *naming) file(number uint64) (bundle.ID, error) {
	if id, known := n.taken[number]; known {
		return id, nil
	}
	if damage, known := n.absent[number]; known {
		return bundle.ID{}, damage
	}
	told := n.byTree(number)
	for _, id := range told {
		if n.there[id.Name()] {
			n.taken[number] = id
			return id, nil
		}
	}
	damage := &DamageError{Err: fmt.Errorf("the tree has no root of the entries from %d on", bundle.ID{Number: number, Blocks: int(n.view.meta.filed.Blocks)}.First())}
	if len(told) > 0 {
		id := told[len(told)-1]
		damage = hurtFile(n.view.old.in, id, bucketLeaf, id.First(), id.Entries(), fs.ErrNotExist)
	}
	id, found := n.byFolder(number)
	if !found {
		n.absent[number] = damage
		return id, damage
	}
	if n.missing == nil {
		n.missing = damage
	}
	n.taken[number] = id
	return id, nil
}

// byTree returns which file may have a number, as the tree says above and, where the state file has
// what is below, below: the surer one last.
func (n *naming) byTree(number uint64) (may []bundle.ID) {
	f, tiles := n.view.meta.filed, storedTiles{n.view.reads}
	if id, err := f.fileID(number, tiles); err == nil {
		may = append(may, id)
	}
	if f.Blocks == ledger.TileWidth {
		below, _ := tiles.Tile(ledger.TileID{Level: 1, N: number})
		if _, sound := n.view.sound(bucketTile, tileKey(ledger.TileID{Level: 1, N: number})); sound && len(below) == ledger.TileWidth*len(bundle.ID{}.Root) {
			may = append(may, bundle.ID{Number: number, Blocks: int(f.Blocks), Root: ledger.Subroot(below)})
		}
	}
	return may
}

// byFolder returns the only file of a number that is whole. Of two histories neither is taken.
func (n *naming) byFolder(number uint64) (id bundle.ID, found bool) {
	all, err := n.view.old.in.Numbered(number, int(n.view.meta.filed.Blocks))
	for _, may := range all {
		if n.view.old.read(may, (*bundle.File).Check) != nil {
			continue
		}
		if found {
			return bundle.ID{}, false
		}
		id, found = may, true
	}
	return id, found && err == nil
}

// storedTiles is the stored tree as it stands there, also where that is not what was written.
type storedTiles struct{ reads }

// Tile implements ledger.TileReader.
func (t storedTiles) Tile(id ledger.TileID) ([]byte, error) {
	key := tileKey(id)
	if tile, ok := t.sound(bucketTile, key); ok {
		return tile, nil
	}
	defer inFile(t.file)
	stored := t.bucket(bucketTile).Get(key)
	if len(stored) < sumLen {
		return nil, nil
	}
	return append([]byte{}, stored[:len(stored)-sumLen]...), nil
}
