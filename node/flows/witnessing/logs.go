package witnessing

import (
	"context"
	"fmt"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/relay"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

// The numbers of epochs have gaps: one was lost before its heads had come, or a new chain began far
// above. So whoever keeps heads is asked of which epochs it has any, before it is asked for them.

const operationLogs operation.Operation[nothing, logsKept] = "heads-logs"

// logsKept are the epochs of the asker's ledger of which heads are kept, in their order: the last
// ones.
type logsKept struct {
	Epochs []uint64 `cbor:"1,keyasint"`
}

// Check implements the bound of operation.
func (l logsKept) Check() error {
	if len(l.Epochs) > mostEpochs {
		return fmt.Errorf("%d epochs, more than %d", len(l.Epochs), mostEpochs)
	}
	last := uint64(0)
	for _, e := range l.Epochs {
		if e <= last {
			return fmt.Errorf("epoch %d after %d", e, last)
		}
		last = e
	}
	return nil
}

// tellLogs tells whoever asks of which epochs of its own ledger heads are kept. It waits for no
// other replica: who asks may be unable to go on without the answer.
func (d *Desk) tellLogs(ctx context.Context, r relay.Received, _ nothing) (out logsKept, err error) {
	out.Epochs = []uint64{}
	if err := d.pay(ctx); err != nil {
		return out, err
	}
	who := r.Header.Origin
	child, below := d.childOver(who)
	if !below {
		return out, nil
	}
	err = d.o.Own.Look(func(r *state.Reader) error {
		for _, log := range epochsOf(r, child, who) {
			out.Epochs = append(out.Epochs, log.Epoch())
		}
		return nil
	})
	out.Epochs = out.Epochs[max(len(out.Epochs), mostEpochs)-mostEpochs:]
	return out, err
}

// epochsAbove asks whoever keeps the heads of the own ledger of which epochs it has any. One that
// runs an older program cannot say it; then those of the own epoch and of the next are asked for.
func (d *Desk) epochsAbove(ctx context.Context, by identity.Jurisdiction) ([]uint64, error) {
	told, err := ask(ctx, d, operationLogs, by, nothing{})
	if failure.Is(err, text.UnknownOperation) {
		own := d.o.Own.Log().Epoch()
		return []uint64{own, own + 1}, nil
	}
	return told.Epochs, err
}
