package group

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"xietong/consensus/state"
)

// TestMendFiles (D24) has old entries lie in files on three replicas. On one a file is changed and
// one is missing, while it runs: a scrub names both, and it is mended from the others.
func TestMendFiles(t *testing.T) {
	inFetched(t, func(t *testing.T, x *fetched) {
		x.options.FileBlocks = 1
		x.up(1, 2, 3)
		leader := x.leader()
		var written []string
		for i := range 800 {
			written = append(written, long("many", i))
			x.put(leader, written[i])
		}
		hurt := x.others(leader)[0]
		x.reached(hurt, leader)
		files := x.files(hurt.number(), 2)
		data, err := os.ReadFile(files[0])
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2] ^= 1
		if err := errors.Join(os.WriteFile(files[0], data, 0o600), os.Remove(files[1])); err != nil {
			t.Fatal(err)
		}
		x.down(hurt.number())
		x.back(hurt.number())
		hurt = x.nodes[hurt.number()]
		if hurt.store.Damaged() == nil {
			t.Error("opening did not tell that a file is missing")
		}
		if found, ok := errors.AsType[*state.DecayError](hurt.decay(t)); !ok || found.Bucket != "leaf" {
			t.Fatalf("a scrub found %v", found)
		}
		if _, err := hurt.Mend(t.Context()); err != nil {
			t.Fatalf("%v\n%s", err, hurt.log.String())
		}
		if err := hurt.decay(t); err != nil || hurt.store.Damaged() != nil {
			t.Errorf("mended: a scrub finds %v", err)
		}
		x.agree(x.leader(), written)
		x.files(hurt.number(), 2)
	})
}

// files waits until a replica has so many files of old entries, and returns them.
func (x *fetched) files(n uint32, least int) (all []string) {
	x.Helper()
	for range 1000 {
		all, _ = filepath.Glob(filepath.Join(x.dir(n), state.FilesFolder, "0*"))
		if len(all) >= least {
			return all
		}
		time.Sleep(time.Second)
	}
	x.Fatalf("replica %d has the files %v", n, all)
	return nil
}
