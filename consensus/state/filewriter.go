package state

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	bolt "go.etcd.io/bbolt"
)

// fileWriter writes pairs into a transaction of the file: each value with its checksum, and at the
// end the sums of the large buckets.
type fileWriter struct {
	registry *Registry
	file     *bolt.Tx
	slab     slab
	buckets  map[string]*written
	in       *written   // the bucket that was written last
	read     *groupPass // what a scrub has read, and what is written there; nil: nothing
}

// written is a bucket that is written.
type written struct {
	*kept
	name   string
	summed bool // its sums are kept here
	always bool // each pair is a new one, unless it is gone
	groups [256]groupSum
}

// groupSum is of the pairs of a bucket whose keys begin with one byte: how many there are, and the
// sum of their checksums. While a bucket is written it is by how much that changed.
type groupSum struct{ count, sum uint64 }

func (g groupSum) plus(more groupSum) groupSum {
	return groupSum{g.count + more.count, g.sum + more.sum}
}

func (r *Registry) newFileWriter(file *bolt.Tx) *fileWriter {
	return &fileWriter{registry: r, file: file, buckets: map[string]*written{}}
}

// bucket returns a bucket to write in.
func (w *fileWriter) bucket(name string) (*written, error) {
	if w.in != nil && w.in.name == name {
		return w.in, nil
	}
	b, known := w.buckets[name]
	if !known {
		in, err := w.file.CreateBucketIfNotExists([]byte(name))
		if err != nil {
			return nil, fmt.Errorf("open bucket %s: %w", name, err)
		}
		if w.registry.buckets[name].Grows {
			in.FillPercent = 0.95
		}
		b = &written{
			kept: keptIn(name, in), name: name, always: shares[name] == isImmutable,
			summed: !w.registry.decides(name) && name != bucketSums,
		}
		w.buckets[name] = b
	}
	w.in = b
	return b, nil
}

func (w *fileWriter) write(p *pair) error {
	b, err := w.bucket(p.bucket)
	if err != nil {
		return err
	}
	var change groupSum
	if b.summed && (!b.always || p.gone) {
		if sum, ok := sumIn(b.Get(p.key)); ok {
			change = groupSum{^uint64(0), -uint64(sum)}
		}
	}
	if p.gone {
		err = b.Delete(p.key)
	} else {
		stored := w.slab.seal(b.kept, p.key, p.value)
		sum, _ := sumIn(stored)
		change = change.plus(groupSum{1, uint64(sum)})
		err = b.Put(p.key, stored)
	}
	if b.summed {
		b.groups[p.key[0]] = b.groups[p.key[0]].plus(change)
		w.read.written(p, change)
	}
	return err
}

// end writes the sums of what was written.
func (w *fileWriter) end() (err error) {
	for _, b := range w.sorted() {
		for first, change := range b.groups {
			if b.summed && change != (groupSum{}) {
				err = errors.Join(err, w.addTo(groupKey(b.name, byte(first)), change))
			}
		}
		b.groups = [256]groupSum{}
	}
	return err
}

func (w *fileWriter) sorted() (all []*written) {
	for _, b := range w.buckets {
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b *written) int { return cmp.Compare(a.name, b.name) })
	return all
}

// addTo changes a sum. One that cannot be read is damaged, and stays so: the scrub tells it.
func (w *fileWriter) addTo(key []byte, change groupSum) error {
	b, err := w.bucket(bucketSums)
	if err != nil {
		return err
	}
	if stored := b.Get(key); stored != nil {
		value, ok := b.open(key, stored)
		if !ok || len(value) != groupLen {
			return nil
		}
		change = change.plus(decodeGroup(value))
	}
	if change == (groupSum{}) {
		return b.Delete(key)
	}
	return b.Put(key, w.slab.seal(b.kept, key, change.encode()))
}

// resum makes the sums of a large bucket anew from what it holds.
func (w *fileWriter) resum(name string) error {
	in, err := w.bucket(name)
	if err != nil {
		return err
	}
	var groups [256]groupSum
	err = in.ForEach(func(k, stored []byte) error {
		sum, _ := sumIn(stored)
		groups[k[0]] = groups[k[0]].plus(groupSum{1, uint64(sum)})
		return nil
	})
	sums, opened := w.bucket(bucketSums)
	if err = errors.Join(err, opened); err != nil {
		return err
	}
	for first, sum := range groups {
		key := groupKey(name, byte(first))
		if sum == (groupSum{}) {
			err = errors.Join(err, sums.Delete(key))
		} else {
			err = errors.Join(err, sums.Put(key, w.slab.seal(sums.kept, key, sum.encode())))
		}
	}
	return err
}
