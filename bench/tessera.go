package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

// checkpointEvery is how often Tessera publishes a checkpoint: as often as its files may.
const checkpointEvery = 100 * time.Millisecond

// ledgers is a log of Tessera in files, whose writer waits until each entry is under a published
// checkpoint. It is one process, with no replica.
type ledgers struct {
	appender *tessera.Appender
	await    *tessera.PublicationAwaiter
	stop     func(context.Context) error
	end      context.CancelFunc
	size     int
}

func openTessera(ctx context.Context, folder string, size int) (subject, error) {
	secret, _, err := note.GenerateKey(rand.Reader, "bench/log")
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(secret)
	if err != nil {
		return nil, err
	}
	driver, err := posix.New(ctx, posix.Config{Path: folder})
	if err != nil {
		return nil, err
	}
	ctx, end := context.WithCancel(ctx)
	a, stop, reader, err := tessera.NewAppender(ctx, driver, tessera.NewAppendOptions().
		WithCheckpointSigner(signer).WithCheckpointInterval(checkpointEvery).WithBatching(256, 10*time.Millisecond))
	if err != nil {
		end()
		return nil, err
	}
	return &ledgers{a, tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, checkpointEvery/4), stop, end, size}, nil
}

func (l *ledgers) write(ctx context.Context, client int) error {
	data := make([]byte, l.size)
	if _, err := rand.Read(data); err != nil { // the same entry again would be the same entry
		return err
	}
	if _, _, err := l.await.Await(ctx, l.appender.Add(ctx, tessera.NewEntry(data))); err != nil {
		return fmt.Errorf("client %d: %w", client, err)
	}
	return nil
}

func (l *ledgers) close() error {
	defer l.end()
	return l.stop(context.Background())
}
