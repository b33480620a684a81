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
// above. So whoever keeps heads is asked of which logs it has any, before it is asked for them, and
// where the last piece of each lies: where that is here, nothing else need be fetched.

const operationLogs operation.Operation[ofWhom, logsKept] = "heads-logs"

// logsKept are the logs of the asker of which heads are kept, in the order of their epochs: the
// last ones.
type logsKept struct {
	Logs []logSpan `cbor:"1,keyasint"`
	// Behind says that whoever tells them may lack what its other replicas have.
	Behind bool `cbor:"2,keyasint,omitempty"`
}

// Check implements the bound of operation.
func (l logsKept) Check() error {
	if len(l.Logs) > mostEpochs {
		return fmt.Errorf("%d logs, more than %d", len(l.Logs), mostEpochs)
	}
	last := uint64(0)
	for _, k := range l.Logs {
		if e := k.Log.Epoch(); e <= last || k.Span.From > k.Span.To || k.Span.To > identity.MaxIndex {
			return fmt.Errorf("epoch %d after %d, a piece from %d to %d", e, last, k.Span.From, k.Span.To)
		}
		last = k.Log.Epoch()
	}
	return nil
}

// tellLogs tells whoever asks of which of its own logs heads are kept, or of those of a place below
// it.
func (d *Desk) tellLogs(ctx context.Context, r relay.Received, w ofWhom) (out logsKept, err error) {
	out.Logs = []logSpan{}
	if err := d.payFrom(ctx, d.telling, 1); err != nil { // all of a city ask through it, when it is back
		return out, err
	}
	who, err := w.of(r.Header.Origin)
	if err != nil {
		return out, failure.Malformed(err)
	}
	child, below := d.childOver(who)
	if !below {
		return out, nil
	}
	out.Behind = d.behind(ctx)
	err = d.o.Own.Look(func(r *state.Reader) error {
		for _, log := range epochsOf(r, child, who) {
			k, _ := risenOf.Load(r, keyOfRisen(child, log))
			out.Logs = append(out.Logs, logSpan{Log: log, Span: k.span()})
		}
		return nil
	})
	out.Logs = out.Logs[max(len(out.Logs), mostEpochs)-mostEpochs:]
	return out, err
}

// logsAbove asks whoever keeps the heads of the own ledger of which logs it has any. One that runs
// an older program cannot say it; then those of the own epoch and of the next are asked for.
func (d *Desk) logsAbove(ctx context.Context, by identity.Jurisdiction) ([]logSpan, error) {
	told, err := d.askLogs(ctx, by)
	if failure.Is(err, text.UnknownOperation) {
		own := d.o.Own.Log()
		next, bad := identity.NewLog(d.name, own.Epoch()+1)
		return []logSpan{{Log: own, Span: span{To: identity.MaxIndex}}, {Log: next, Span: span{To: identity.MaxIndex}}}, bad
	}
	if err == nil && told.Behind {
		err = fmt.Errorf("%s: %w", by, errNotCaughtUp)
	}
	return told.Logs, err
}
