//go:build unix

package link

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"xietong/certs/tlsconf"
)

// BenchmarkExchange measures an exchange of 1,700 bytes each way over loopback. The server needs 16
// KiB of stack, as verifying a message does. cpu-ns/op is the time of both ends on all processors.
func BenchmarkExchange(b *testing.B) {
	dir := b.TempDir()
	city, county := newParty(b, filepath.Join(dir, "city"), "guiyang.guizhou"), newParty(b, filepath.Join(dir, "county"), countyName(0))
	(&world{t: b}).trust(city, county)
	city.serve = func(_ context.Context, _ tlsconf.Peer, request []byte, write func([]byte) error) error {
		deep(16)
		return write(request)
	}
	defer overLoopback(b, city, county)()
	said := bytes.Repeat([]byte("x"), 1700)
	b.ReportAllocs()
	b.SetParallelism(32)
	began := processorTime(b)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			got, err := One(func(each func([]byte) error) error {
				return county.socket.Exchange(context.Background(), county.name, city.name, said, each)
			})
			if err != nil || len(got) != len(said) {
				b.Errorf("got %d bytes, %v", len(got), err)
				return
			}
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(processorTime(b)-began)/float64(b.N), "cpu-ns/op")
}

// deep uses n KiB of stack.
//
//go:noinline
func deep(n int) byte {
	var frame [1 << 10]byte
	if n > 1 {
		frame[n] = deep(n - 1)
	}
	return frame[n>>1] + frame[len(frame)-n]
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkWriteFrame(b *testing.B) {
	said := bytes.Repeat([]byte("x"), 1700)
	b.ReportAllocs()
	for b.Loop() {
		if err := writeFrame(io.Discard, said, MaxFrame); err != nil {
			b.Fatal(err)
		}
	}
}
