package host

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"xietong/certs/canon"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// A ledger may lose entries again while an epoch that it began before is not settled, or while not
// all is known of what that one lost. So each epoch is told of, and settled by its number.

// Begun is an epoch that is not settled, or of which not all is known.
type Begun struct {
	Epoch  uint64
	Before uint64 // the epoch in which this directory was; what others saw of those between is lost, too
	Said   uint64 // the entry that began it, or said last that more is lost
	Seen   Seen   // what a neighbour saw
	Lost   Lost
}

// Begun tells of the epochs that are not settled, or of which not all is known, in their order: how
// each began, and what is known of the entries that are lost. One that cannot be read is left out,
// and told in the error beside the others.
func (h *Host) Begun() (all []Begun, err error) {
	asked := h.askedEpoch()
	looked := h.Look(func(r *state.Reader) error {
		sets, err := h.keys.walk(r)
		if err != nil {
			return err
		}
		var each error
		for _, e := range r.Epochs() {
			if e.Settled && e.Whole && e.Number != asked {
				continue
			}
			b, bad := begunAs(r, e)
			if bad != nil {
				each = errors.Join(each, fmt.Errorf("read how epoch %d began: %w", e.Number, bad))
				continue
			}
			b.Lost.Settled, b.Lost.NewKeys = e.Settled && e.Number != asked, sets[0].Epoch >= e.Number
			all = append(all, b)
		}
		return each
	})
	return all, looked
}

func begunAs(r *state.Reader, e state.Epoch) (b Begun, err error) {
	var k knownLost
	if err := canon.Unmarshal(e.Known, state.MaxKnownLen, &k); err != nil {
		return b, err
	}
	said, err := ledger.DecodeLeaf(r.SoundLeaf(e.Entry))
	if err != nil {
		return b, err
	}
	c := ledger.Checkpoint{Log: k.Before, Size: e.To, Root: said.Head.Root}
	for _, m := range k.Headed {
		c.Size, c.Root = m.Size, m.Root
	}
	if in, err := (ledger.Growth{Note: k.Note}).Checkpoint(); err == nil && len(k.Note) > 0 {
		c = in
	}
	return Begun{
		Epoch: e.Number, Before: e.Before, Said: e.Entry,
		Seen: Seen{By: k.Saw, Note: k.Note, Checkpoint: c, Headed: len(k.Note) == 0 && k.Saw != r.Log().Jurisdiction()},
		Lost: Lost{From: e.From, Acts: int(k.Acts), Checked: k.Checked, Entry: e.Began},
	}, nil
}

// Unsettled returns the first epoch of which what the lost entries ended has not all ended here.
func (h *Host) Unsettled() (e state.Epoch, unsettled bool) {
	return h.epochThat(func(e state.Epoch) bool { return !e.Settled })
}

func (h *Host) epochThat(is func(state.Epoch) bool) (e state.Epoch, found bool) {
	err := h.Look(func(r *state.Reader) error {
		all := r.Epochs()
		if at := slices.IndexFunc(all, is); at >= 0 {
			e, found = all[at], true
		}
		return nil
	})
	return e, err == nil && found
}

// LostFrom says that what an epoch lost begins at an earlier entry than was said: there the ledger
// parts from one of those that it lost. It does nothing where that was said.
func (h *Host) LostFrom(ctx context.Context, epoch, from uint64) error {
	e, found := h.epochThat(func(e state.Epoch) bool { return e.Number == epoch })
	if !found || from >= e.From {
		return nil
	}
	if err := h.sayLostFrom(ctx, e, from); err != nil {
		return fmt.Errorf("say that entries from %d on are lost: %w", from, err)
	}
	h.logger.Warn("the ledger parts earlier from what it lost than was said", "epoch", epoch, "lost_from", from, "said", e.From)
	return nil
}

func (h *Host) sayLostFrom(ctx context.Context, e state.Epoch, from uint64) error {
	var b Begun
	err := h.Look(func(r *state.Reader) (err error) {
		b, err = begunAs(r, e)
		return err
	})
	if err != nil {
		return err
	}
	payload, err := json.Marshal(begins{
		Replica: h.Replica().String(), Before: b.Seen.Checkpoint.Log.String(), From: from, To: e.To, Saw: b.Seen.By.String(), Note: string(b.Seen.Note), Acts: b.Lost.Acts,
	})
	if err != nil {
		return err
	}
	note, err := h.Note(epochType, payload)
	if err != nil {
		return err
	}
	root := b.Seen.Checkpoint.Root
	body, err := canon.Marshal(state.EpochWidened{
		Epoch: e.Number, From: from, To: e.To, Root: root[:], Known: e.Known, Evidence: note.Evidence, Sealed: note.Sealed,
	})
	if err == nil {
		_, err = h.Propose(ctx, state.KindEpochWidened, book.Request{}, body)
	}
	return err
}

// SaysLost returns after how many entries the ledger has said all that it lost; 0: it lost nothing.
// said is false while an epoch is not settled that lost several logs: nobody knows yet where the
// ledger parts from each of them, and whoever is told too little takes the rest for hidden.
func (h *Host) SaysLost() (after uint64, said bool) {
	said = true
	err := h.Look(func(r *state.Reader) error {
		for _, e := range r.Epochs() {
			after, said = max(after, e.Entry+1), said && (e.Settled || e.Before+1 >= e.Number)
		}
		return nil
	})
	return after, said && err == nil
}

// SettleEpoch says that what the entries ended which an epoch lost has ended here, or that a person
// looked it through; whole says that all of it was known. The question is settled, unless another
// epoch is not: then it is of that one. Where that failed after it was said, the same again settles
// it. The note of what was signed is of an epoch before, and goes first: a start that finds it
// would take what is settled for another loss.
func (h *Host) SettleEpoch(ctx context.Context, epoch uint64, whole bool) error {
	e, found := h.epochThat(func(e state.Epoch) bool { return e.Number == epoch })
	asked := h.askedEpoch()
	waits := asked == epoch || asked == 0 && !e.Settled
	if !found || e.Settled && (e.Whole || !whole) && !waits {
		return nil
	}
	if !e.Settled {
		h.sizes.forget()
	}
	var err error
	if !e.Settled || whole && !e.Whole {
		err = h.proposeSettled(ctx, epoch, whole)
	}
	if err == nil && waits {
		err = h.settleUnlessOthers(epoch)
	}
	if err != nil {
		return fmt.Errorf("settle epoch: %w", err)
	}
	h.logger.Warn("what ended in the lost entries is settled", "epoch", epoch, "known", whole)
	return nil
}

func (h *Host) proposeSettled(ctx context.Context, epoch uint64, whole bool) error {
	body, err := canon.Marshal(state.EpochSettled{Epoch: epoch, Whole: whole})
	if err == nil {
		_, err = h.Propose(ctx, state.KindEpochSettled, book.Request{}, body)
	}
	return err
}

// settleUnlessOthers ends the question, which waited for an epoch, or has it wait for the next one.
func (h *Host) settleUnlessOthers(epoch uint64) error {
	q := h.question.Load()
	next, more := h.epochThat(func(e state.Epoch) bool { return !e.Settled && e.Number != epoch })
	if !more {
		return h.settle(q)
	}
	h.reword(func(now *QuestionError) { now.Epoch = next.Number })
	return nil
}

// awaitUnsettled has the question wait for an epoch that was begun and is not settled, and reports
// whether there is one.
func (h *Host) awaitUnsettled() bool {
	e, unsettled := h.Unsettled()
	if unsettled {
		h.reword(func(now *QuestionError) { now.Epoch = e.Number })
	}
	return unsettled
}

// askedEpoch returns the epoch that the question waits for; 0: none.
func (h *Host) askedEpoch() uint64 {
	if q := h.question.Load(); q != nil {
		return q.Epoch
	}
	return 0
}
