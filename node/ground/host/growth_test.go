package host

import (
	"context"
	"errors"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/budget"
)

// disk is a disk that only the test writes to.
type disk struct{ free uint64 }

func (d *disk) left() (uint64, error) { return d.free, nil }

func payer(neighbour string) context.Context {
	return budget.With(context.Background(), budget.Payer{Neighbour: neighbour, Origin: neighbour})
}

// TestNobodyFillsTheDisk attacks the disk: a neighbour has as much written as it can, every minute
// of a month (S21). The disk never gets to the mark below which the node stops; a healthy neighbour
// and the node's own agencies are served all the time.
func TestNobodyFillsTheDisk(t *testing.T) {
	const command = 8 << 10
	at, err := identity.ParseJurisdiction("guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	d := &disk{free: 10 << 30}
	g := NewGrowth(d.left)
	hostile, healthy, own := payer("nanming.guiyang.guizhou"), payer("guizhou"), payer(budget.Local)
	first, now := uint64(0), time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	for minute := range 30 * 24 * 60 {
		now = now.Add(time.Minute)
		for g.spend(hostile, at, command, now) == nil && d.free > 64<<20 {
			d.free -= command * growthCost
		}
		for who, ctx := range map[string]context.Context{"a healthy neighbour": healthy, "an agency": own} {
			if err := g.spend(ctx, at, command, now); err != nil {
				t.Fatalf("minute %d: %s: %v", minute, who, err)
			}
		}
		if minute == 24*60 {
			first = 10<<30 - d.free
		}
	}
	if first > 2<<30 {
		t.Errorf("on the first day %d MiB were written, want at most a fifth of the disk", first>>20)
	}
	if d.free < 256<<20 {
		t.Errorf("after a month %d MiB are free", d.free>>20)
	}
}

// TestGrowthIsTold: who has spent its part is told when there is more, and there is.
func TestGrowthIsTold(t *testing.T) {
	at, _ := identity.ParseJurisdiction("guiyang.guizhou")
	d := &disk{free: 1 << 30}
	g := NewGrowth(d.left)
	ctx, now := payer("nanming.guiyang.guizhou"), time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	var err error
	for err == nil {
		err = g.spend(ctx, at, 64<<10, now)
	}
	full, ok := errors.AsType[*GrowthError](err)
	if !ok || full.At != at || full.Spent.Again <= 0 {
		t.Fatalf("got %v", err)
	}
	if err := g.spend(ctx, at, 64<<10, now.Add(full.Spent.Again)); err != nil {
		t.Errorf("after the time that was told: %v", err)
	}
	broken := errors.New("no such disk")
	if err := NewGrowth(func() (uint64, error) { return 0, broken }).spend(ctx, at, 1, now); !errors.Is(err, broken) {
		t.Errorf("a disk that cannot be looked at: %v", err)
	}
	if err := (*Growth)(nil).spend(ctx, at, 1<<30, now); err != nil {
		t.Errorf("without a bound: %v", err)
	}
}

// TestFullDiskIsNobodysRequests (B21-5): while the disk has no room, who asks for the first time is
// told that, and no day; once there is space, it is served within a second.
func TestFullDiskIsNobodysRequests(t *testing.T) {
	at, _ := identity.ParseJurisdiction("guiyang.guizhou")
	d := &disk{}
	g := NewGrowth(d.left)
	ctx, now := payer("nanming.guiyang.guizhou"), time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	full, ok := errors.AsType[*GrowthError](g.spend(ctx, at, 8<<10, now))
	if !ok || !full.Full {
		t.Fatalf("got %+v", full)
	}
	d.free = 1 << 30
	if err := g.spend(ctx, at, 8<<10, now.Add(growthSoon)); err != nil {
		t.Errorf("a second after there is space: %v", err)
	}
	var err error
	for now = now.Add(growthSoon); err == nil; {
		err = g.spend(ctx, at, 64<<10, now)
	}
	if spent, ok := errors.AsType[*GrowthError](err); !ok || spent.Full {
		t.Errorf("who has spent its part: got %+v", spent)
	}
}
