//go:build unix

package demo

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"syscall"
	"testing"
	"time"

	"xietong/node/faces/client"
)

// BenchmarkCount has the province count the villages of all its 88 counties, again and again: all
// of them, and by a field of which the counts are kept. All 98 nodes run in this process, each with
// a ledger of its own on the disk.
//
//	go test ./cmd/xietong/demo -run '^$' -bench Count -benchtime 200x
func BenchmarkCount(b *testing.B) {
	d := planted(b)
	for _, one := range []struct {
		name string
		by   []string
	}{{"all", nil}, {"by-field", []string{"township"}}} {
		b.Run(one.name, func(b *testing.B) {
			var took []time.Duration
			used := processor()
			for b.Loop() {
				began := time.Now()
				d.counted(b, one.by)
				took = append(took, time.Since(began))
			}
			used = processor() - used
			slices.Sort(took)
			b.ReportMetric(float64(used.Microseconds())/1000/float64(len(took)), "cpu-ms/op")
			for _, part := range []int{50, 99} {
				b.ReportMetric(float64(took[(len(took)-1)*part/100].Microseconds())/1000, fmt.Sprintf("p%d-ms", part))
			}
		})
	}
}

// planted makes the whole tree, in which every county has its real villages.
func planted(b *testing.B) *demo {
	province, err := stageOf("")
	if err != nil {
		b.Fatal(err)
	}
	d := &demo{Options: Options{Folder: b.TempDir(), Out: io.Discard, JSON: true}, stage: province}
	d.machine = inside{d.Folder, slog.New(slog.DiscardHandler), len(province.list), "test"}
	b.Cleanup(func() {
		if err := d.close(); err != nil {
			b.Error(err)
		}
	})
	crowd()
	ctx := b.Context()
	for _, step := range []func() error{
		func() error { return d.grow(ctx) },
		func() error { return d.linked(ctx) },
		func() error { _, err := d.publish(ctx); return err },
	} {
		if err := step(); err != nil {
			b.Fatal(err)
		}
	}
	d.counted(b, nil) // whoever asks for the first time is looked up
	return d
}

// counted asks once, and demands the right total of all counties.
func (d *demo) counted(b *testing.B, by []string) {
	got, err := d.top().as[consumer].QueryFederated(b.Context(), client.FederatedQuery{
		At: "**." + d.top().name, Dataset: "villages", Measure: client.Measure{Function: client.MeasureCount, By: by},
		Use: client.Use{Purpose: "statistics"},
	})
	if err != nil {
		b.Fatal(err)
	}
	if want := rowsOf(allVillages); got.Total != want || got.Answered != 88 || len(got.Lies) > 0 {
		b.Fatalf("got %d villages of %d counties, %d lies, want %d of 88", got.Total, got.Answered, len(got.Lies), want)
	}
}

// processor returns the time that this process has used of the processors.
func processor() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
