package node

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"xietong/certs/identity"
	"xietong/node/ground/datadir"
	"xietong/node/ground/host"
	"xietong/node/ground/roster"
	"xietong/node/tree/rosters"
)

// Init makes a data directory (see datadir.Init). A list of the tree that is brought along is
// published in the new ledger before the directory counts as complete.
func Init(dir string, o InitOptions) (InitResult, error) {
	o.Publish = publishRoster
	return datadir.Init(dir, o)
}

// publishRoster publishes the list of a tree in the ledger of its root, as number 1, unless that
// was done before.
func publishRoster(folder string, name identity.Jurisdiction, list *roster.Roster) (err error) {
	ctx := context.Background()
	var failed error
	own, err := host.Open(ctx, folder, name, host.Options{
		Registry: commands(), Logger: slog.New(slog.DiscardHandler), Now: time.Now, Hosted: 1, Fatal: func(err error) { failed = err },
	})
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, own.Close())
		err = errors.Join(err, failed) // nobody calls Fatal any more
	}()
	store := rosters.New(own, nil, func(context.Context, identity.Jurisdiction) {})
	if err := store.Refresh(ctx); err != nil {
		return err
	}
	return store.PublishFirst(ctx, list)
}
