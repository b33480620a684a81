package main

import (
	"context"
	"log/slog"
	"os"

	"xietong/node/trials/measure"
)

const replicas = 3

// ours is a jurisdiction of three replicas.
type ours struct {
	replicas *measure.Replicas
	appender *measure.Appender
}

func newOurs(ctx context.Context, folder string, size int) (o ours, err error) {
	if err := os.Mkdir(folder, 0o700); err != nil {
		return o, err
	}
	if o.replicas, err = measure.Open(ctx, folder, replicas, slog.New(slog.DiscardHandler)); err != nil {
		return o, err
	}
	o.appender, err = o.replicas.Appender(ctx, size)
	return o, err
}

func (o ours) close() error { return o.replicas.Close() }

// appends writes access records, as every use of data does.
type appends struct{ ours }

func openOurs(ctx context.Context, folder string, size int) (subject, error) {
	o, err := newOurs(ctx, folder, size)
	return appends{o}, err
}

func (a appends) write(ctx context.Context, _ int) error {
	_, err := a.appender.Append(ctx)
	return err
}

// provable writes access records, and waits until each is proven: until its receipt is there, with
// its inclusion proof under a checkpoint that a majority signed.
type provable struct{ ours }

func openProvable(ctx context.Context, folder string, size int) (subject, error) {
	o, err := newOurs(ctx, folder, size)
	return provable{o}, err
}

func (p provable) write(ctx context.Context, _ int) error {
	entry, err := p.appender.Append(ctx)
	if err != nil {
		return err
	}
	_, err = p.replicas.Receipt(ctx, entry)
	return err
}
