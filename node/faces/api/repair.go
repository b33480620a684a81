package api

import (
	"context"

	"xietong/node/faces/client"
	"xietong/node/ground/host"
)

// Mending makes what is damaged of a hosted jurisdiction whole.
type Mending interface {
	Repair(ctx context.Context) host.Repair
}

type repairLedger struct {
	Caller
	Body client.NewRepair
}

func repairedLedger(ctx context.Context, h Hosted, in *repairLedger) (out client.Repair, err error) {
	r := h.Mending.Repair(ctx)
	out = client.Repair{Replica: r.Replica.String(), Files: r.Files, Found: troublesShown(r.Found), Left: troublesShown(r.Left)}
	if !r.From.IsZero() {
		out.From = r.From.String()
	}
	return out, ctx.Err()
}

func troublesShown(all []error) []client.Trouble {
	shown := []client.Trouble{}
	for _, err := range all {
		shown = append(shown, troubleShown(err))
	}
	return shown
}
