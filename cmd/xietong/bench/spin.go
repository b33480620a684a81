package bench

import (
	"io"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// slice is how long a spinner spins before it looks whether it has burnt enough.
const slice = 100 * time.Microsecond

// Spin burns so many processors, on average, until in ends: the control of a measurement beside
// work of the nodes. Where the machine does not give it that much, it takes it later.
func Spin(processors float64, in io.Reader) error {
	var over atomic.Bool
	began := time.Now()
	var group sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for !over.Load() {
				if cpuTime().Seconds() >= processors*time.Since(began).Seconds() {
					time.Sleep(time.Millisecond)
					continue
				}
				for until := time.Now().Add(slice); time.Now().Before(until); {
				}
			}
		})
	}
	_, err := io.Copy(io.Discard, in)
	over.Store(true)
	group.Wait()
	return err
}
