package witnessing

import (
	"context"
	"fmt"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// A jurisdiction may run on its parent's node. The parent is no witness of it then: the two are
// lost together, and it cosigns nothing. But what was decided must be known outside. So where a
// level further up runs on another node, the parent is shown the checkpoints and sent the heads as
// by any child, logs them, and passes them on. After a loss of the node the heads come back from
// there, signed piece by piece. That level keeps no checkpoint of the ledger, so it does not know
// how much there was beyond the heads that had come; they take some minutes.

// inside reports whether a neighbour on this node hands heads up, or has them handed up: there is a
// level above both on another node.
func (d *Desk) inside(name identity.Jurisdiction) bool {
	_, above := d.o.Above()
	return above && d.o.Here(name)
}

// notFrom reports whether nothing is witnessed or kept of a neighbour: it is on this node, and
// nothing of it goes further up.
func (d *Desk) notFrom(name identity.Jurisdiction) bool {
	return d.o.Here(name) && !(d.isChild(name) && d.inside(name))
}

// shownTo are the neighbours that have a link and are shown the own checkpoint: the witnesses, on
// other nodes, and a parent on this node that hands the heads up.
func (d *Desk) shownTo() (all []identity.Jurisdiction) {
	for _, name := range d.neighbours() {
		if d.o.Up(name) && (!d.o.Here(name) || !d.isChild(name) && d.inside(name)) {
			all = append(all, name)
		}
	}
	return all
}

// keptBy returns how many entries of the own log the parent keeps, as far as is known: it cosigned
// them or, on this node, said that it has them.
func (d *Desk) keptBy(r *state.Reader, parent identity.Jurisdiction) uint64 {
	if d.o.Here(parent) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if s := d.shown[parent]; s.log == r.Log() && s.why == nil && !s.noted {
			return s.size
		}
		return 0
	}
	if c, _ := cosignedBy.Load(r, keyOfWitness(parent)); c.Log == r.Log() {
		return c.Size
	}
	return 0
}

// SeenAbove asks the level above the parent (see overParent) what it keeps of the heads of the own
// ledger, of each epoch. What it tells counts where the newest key set of the epoch signed the last
// piece, by a replica that is a majority by itself; the rest is left out. Of how many entries there
// were it knows no more than that there were so many.
func (d *Desk) SeenAbove(ctx context.Context) (all []Seen, err error) {
	by, ok := d.overParent()
	if !ok {
		return nil, nil
	}
	logs, err := d.logsAbove(ctx, by)
	if err != nil {
		return nil, err
	}
	upTo, err := d.extents()
	for _, k := range logs {
		if err != nil || k.Log.Jurisdiction() != d.name {
			continue
		}
		s, some, failed := d.seenAbove(ctx, by, k, upTo(k.Log.Epoch()))
		if err = failed; some {
			all = append(all, s)
		}
	}
	return all, err
}

// extents returns up to where the own ledger has, as far as it knows, what the log of an epoch has.
func (d *Desk) extents() (upTo func(epoch uint64) uint64, err error) {
	var size uint64
	ends := map[uint64]uint64{}
	err = d.o.Own.Look(func(r *state.Reader) error {
		size = r.Size()
		for _, e := range r.Epochs() {
			ends[e.Before] = e.From
		}
		return nil
	})
	return func(epoch uint64) uint64 {
		if end, over := ends[epoch]; over {
			return end
		}
		return size
	}, err
}

// seenAbove asks for the heads of one log, of which so much is here: for the last piece, where that
// ends here, else for what is not here and, where there is none, or it does not join on to what is
// here, from the beginning.
func (d *Desk) seenAbove(ctx context.Context, by identity.Jurisdiction, k logSpan, here uint64) (s Seen, some bool, err error) {
	log, from := k.Log, here
	if k.Span.To <= here {
		from = k.Span.From
	}
	s = Seen{By: by, Note: []byte{}, At: d.o.Now(), Headed: true, Proven: true}
	s.Checkpoint = ledger.Checkpoint{Log: log, Size: identity.MaxIndex}
	b := back{d: d, c: s, from: from, at: from, above: true}
	if err = b.gather(ctx); from > 0 && (err == nil && !b.joins() || failure.Is(err, text.AnswerRefused)) {
		b = back{d: d, c: s, above: true}
		err = b.gather(ctx)
	}
	if failure.Is(err, text.AnswerRefused) {
		d.o.Logger.Warn("the heads that a level above keeps do not hold", "peer", by.String(), "log", log.String(), "error", err)
		return s, false, nil
	}
	if err == nil && b.behind {
		err = fmt.Errorf("%s: %w", by, errNotCaughtUp)
	}
	if !b.begun {
		return s, false, err
	}
	if bad := b.newestSigned(); bad != nil {
		d.o.Logger.Warn("the heads that a level above keeps do not count", "peer", by.String(), "log", log.String(), "error", failure.Unreadable(by, bad))
		return s, false, err
	}
	s.Checkpoint.Size, s.Checkpoint.Root = b.f.Size, b.f.Root()
	return s, true, err
}

// joins reports whether what came goes on from what is here: it begins with something that is.
func (b *back) joins() bool { return b.begun && b.same.UpTo > b.first }

// newestSigned verifies that a replica of the newest own key set of that epoch, which is a majority
// by itself, signed the last piece: whoever has keys of before puts no ledger in question.
func (b *back) newestSigned() error {
	x, err := ledger.ParseExcerpt(b.last.Pieces[len(b.last.Pieces)-1])
	if err != nil {
		return err
	}
	if !b.sole {
		return fmt.Errorf("%w: one replica of several signed the heads", ledger.ErrNotProven)
	}
	return x.SignedBy(b.sets[len(b.sets)-1:])
}
