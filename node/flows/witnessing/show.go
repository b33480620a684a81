package witnessing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/witness"
	"xietong/exchange/envelope"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
	"xietong/node/ground/operation"
)

// asking sends a call as the node's own, of no agency.
type asking struct {
	operation.Caller
	asker Asker
}

func (a asking) Read(ctx context.Context, to operation.Asking, call envelope.Call) ([]byte, error) {
	answer, err := a.asker.Ask(ctx, to.ID, to.To, call)
	return answer.Content, err
}

// ask makes a call that is no use of data to a neighbour.
func ask[P, R any](ctx context.Context, d *Desk, o operation.Operation[P, R], to identity.Jurisdiction, p P) (result R, err error) {
	id, err := identity.NewMessage()
	if err != nil {
		return result, err
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return o.Read(ctx, asking{asker: d.o.Asker}, operation.Asking{ID: id, To: to}, p)
}

// mostShown is how often a checkpoint is shown at once, each time from where the witness says that
// it is.
const mostShown = 4

// show shows the newest checkpoint to a neighbour that has not seen it, or saw it long ago.
func (d *Desk) show(ctx context.Context, to identity.Jurisdiction) error {
	return d.showTo(ctx, to, false)
}

// showActs is show for a checkpoint that has acts.
func (d *Desk) showActs(ctx context.Context, to identity.Jurisdiction) error {
	return d.showTo(ctx, to, true)
}

func (d *Desk) showTo(ctx context.Context, to identity.Jurisdiction, acts bool) error {
	have, err := d.cosigned(ctx, to)
	if err != nil {
		return err
	}
	f, err := d.o.Own.Follow(ctx, 0)
	if err != nil {
		return err
	}
	now := d.o.Now()
	d.mu.Lock()
	last := d.shown[to]
	d.mu.Unlock()
	if last.log == f.Checkpoint.Log && last.size == f.Checkpoint.Size && last.why == nil && !last.noted && now.Sub(last.at).Abs() < showAgain {
		return nil
	}
	old := have.Size
	if have.Log != f.Checkpoint.Log || old > f.Checkpoint.Size {
		old = 0
	}
	if (last.noted || last.why == nil && d.o.Here(to)) && last.log == f.Checkpoint.Log && last.size <= f.Checkpoint.Size {
		old = max(old, last.size)
	}
	last = d.showFrom(ctx, to, old, acts)
	last.at = now
	d.mu.Lock()
	d.shown[to] = last
	d.mu.Unlock()
	return last.why
}

// showFrom shows the newest checkpoint with a proof from an older size, and again from where the
// witness says that it is.
func (d *Desk) showFrom(ctx context.Context, to identity.Jurisdiction, old uint64, acts bool) (s shown) {
	next := crossing{old: old}
	for range mostShown {
		offer, err := d.offer(ctx, next)
		if err != nil {
			s.why = err
			return s
		}
		s.log, s.size = offer.c.Log, offer.c.Size
		var done bool
		since := next.since
		if next, done = d.showOnce(ctx, to, offer, acts, &s); done || s.why != nil {
			return s
		}
		if next.since == 0 { // it asked for that, too
			next.since = since
		}
	}
	s.why = fmt.Errorf("%s did not say from where to prove", to)
	return s
}

// showOnce shows an offer. done says that the witness took it; else it is shown again from next,
// unless s says why not.
func (d *Desk) showOnce(ctx context.Context, to identity.Jurisdiction, o offered, acts bool, s *shown) (next crossing, done bool) {
	answer, err := d.askWitness(ctx, to, o.o, acts)
	switch {
	case err != nil:
		s.why = err
		return next, false
	case answer.Verdict == witness.Noted:
		s.noted = true
		return next, true
	case (answer.Verdict == witness.Larger || answer.Verdict == witness.Same) && d.o.Here(to):
		return next, true
	case answer.Verdict == witness.Larger || answer.Verdict == witness.Same:
		s.why = d.take(ctx, to, o, answer.Line)
		return next, true
	}
	if len(answer.Kept) > 0 {
		next, s.behind, s.why = d.from(ctx, to, o, answer.Kept)
	}
	if s.why == nil && answer.Verdict == witness.Forked {
		s.why = d.shownFork(ctx, to, answer.Fork)
	}
	return next, false
}

// from returns from where to prove the own ledger to a witness that keeps something else of it than
// it was offered.
func (d *Desk) from(ctx context.Context, to identity.Jurisdiction, o offered, note []byte) (next crossing, behind uint64, err error) {
	kept, err := d.ownNote(ctx, note)
	switch {
	case err != nil:
		return next, 0, fmt.Errorf("%s shows a checkpoint that this jurisdiction never made: %w", to, err)
	case kept.Log.Epoch() < o.c.Log.Epoch():
		next, err = d.cross(ctx, to, kept, note)
		return next, 0, err
	case kept.Size > o.c.Size:
		if n, err := d.size(ctx); err != nil || n >= kept.Size { // that overtook the offer, unless it is another history
			return crossing{old: kept.Size}, 0, errors.Join(err, d.compare(ctx, to, kept, note))
		}
		if err := d.accuses(ctx, note); err != nil {
			return next, 0, fmt.Errorf("%s keeps a checkpoint of %d entries, and there are %d: %w", to, kept.Size, o.c.Size, err)
		}
		d.o.Own.Doubt(host.Seen{By: to, Checkpoint: kept, Note: note, At: d.o.Now()})
		err = fmt.Errorf("%s keeps a checkpoint of %d entries, and there are %d: %w", to, kept.Size, o.c.Size, errBehind)
		return next, kept.Size, errors.Join(err, d.recordMore(ctx, more{By: to, Note: note, At: uint64(d.o.Now().UnixMilli())}))
	}
	return crossing{old: kept.Size}, 0, d.compare(ctx, to, kept, note)
}

// recordMore has the other replicas know what a witness keeps, once.
func (d *Desk) recordMore(ctx context.Context, m more) error {
	have, err := looked(d, func(r *state.Reader) (more, error) {
		have, _ := moreOf.Load(r, keyOfWitness(m.By))
		return have, nil
	})
	if err != nil || bytes.Equal(have.Note, m.Note) {
		return err
	}
	_, err = commandMore.Do(ctx, d.o.Own, book.Request{}, moreBody{More: m})
	return err
}

// errBehind is wrapped where a witness keeps more of the own ledger than there is.
var errBehind = errors.New("this ledger was put back to an older state")

// errForked is wrapped where a witness keeps another history of the own ledger.
var errForked = errors.New("this ledger has two histories")

// offered is an offer with what it is about.
type offered struct {
	o    witness.Offer
	c    ledger.Checkpoint
	note []byte
}

// offer makes an offer of the newest checkpoint, with a proof from an older size.
func (d *Desk) offer(ctx context.Context, from crossing) (out offered, err error) {
	f, err := d.o.Own.Follow(ctx, from.old)
	if err != nil {
		return out, err
	}
	out.c, out.note = f.Checkpoint, f.Signed
	out.o = witness.Offer{Growth: ledger.Growth{Old: from.old, Path: f.Path, Note: f.Signed}.Encode(), Begun: []witness.Begun{}}
	if from.old > 0 {
		out.o.Was, err = d.rootAt(ctx, from.old)
	}
	if err == nil && from.since > 0 {
		out.o.Begun, err = looked(d, func(r *state.Reader) ([]witness.Begun, error) {
			all, _, err := begunSince(r, from.since, out.c.Size)
			return all, err
		})
	}
	return out, err
}

func (d *Desk) size(ctx context.Context) (uint64, error) {
	return viewed(ctx, d, func(r *state.Reader) (uint64, error) { return r.Size(), nil })
}

func (d *Desk) rootAt(ctx context.Context, size uint64) (root tlog.Hash, err error) {
	err = d.o.Own.View(ctx, func(r *state.Reader) (err error) {
		root, err = r.RootAt(size)
		return err
	})
	return root, err
}

// take verifies a cosignature, and keeps it.
func (d *Desk) take(ctx context.Context, by identity.Jurisdiction, o offered, line []byte) error {
	sets, err := d.o.KeySets(by)
	if err != nil {
		return err
	}
	at, _, err := cosignedWith(line, o.c, by, counting(sets, d.o.Now()))
	if err != nil {
		return err
	}
	if made := time.Unix(int64(min(at, ledger.MaxTime)), 0); made.Sub(d.o.Now()).Abs() > maxApart {
		return fmt.Errorf("%s cosigned at another time: %d", by, at)
	}
	if parent, joined := d.o.Parent(); joined && parent == by {
		d.o.Own.Witnessed()
	}
	have, err := d.cosigned(ctx, by)
	if err != nil || have.Log == o.c.Log && have.Size == o.c.Size && at-have.At < uint64(time.Hour/time.Second) {
		return err
	}
	_, err = commandCosigned.Do(ctx, d.o.Own, book.Request{}, cosignedBody{
		Witness: by, Cosigned: cosigned{Log: o.c.Log, Size: o.c.Size, Note: o.note, Line: line, At: at},
	})
	return err
}

// cosignedWith verifies a cosignature, and returns when and with which log key of the witness it
// was made.
func cosignedWith(line []byte, c ledger.Checkpoint, by identity.Jurisdiction, sets []trust.KeySet) (at uint64, key []byte, err error) {
	err = fmt.Errorf("%w: no key set of %s counts", ledger.ErrNotProven, by)
	for _, k := range sets {
		for _, r := range k.Replicas {
			if at, err = ledger.OpenCosignature(line, c, by, trust.KeySet{Replicas: []trust.ReplicaKeys{r}}); err == nil {
				return at, r.LogKey, nil
			}
		}
	}
	return 0, nil, err
}

// maxApart is how far apart the clocks of a witness and of whoever is witnessed may be.
const maxApart = time.Hour

func (d *Desk) cosigned(ctx context.Context, by identity.Jurisdiction) (c cosigned, err error) {
	err = d.o.Own.View(ctx, func(r *state.Reader) error {
		c, _ = cosignedBy.Load(r, keyOfWitness(by))
		return nil
	})
	return c, err
}

// shownFork keeps the evidence that a witness has of two histories of the own ledger: of the two,
// this may be the one that it keeps.
func (d *Desk) shownFork(ctx context.Context, holder identity.Jurisdiction, evidence []byte) error {
	sets, err := d.ownKeys(ctx)
	if err != nil {
		return err
	}
	kept, shown, err := witness.OpenFork(evidence, d.name, sets)
	if err == nil {
		a, b, bad := witness.NotesIn(evidence)
		err = errors.Join(bad, d.accuses(ctx, a), d.accuses(ctx, b))
	}
	if err != nil {
		return fmt.Errorf("%s says that this ledger has two histories, and shows none: %w", holder, err)
	}
	err = d.recordFork(ctx, fork{Log: shown.Log, Holder: holder, Size: kept.Size, Evidence: evidence, At: uint64(d.o.Now().UnixMilli())})
	return errors.Join(fmt.Errorf("%s was shown another history up to entry %d: %w", holder, kept.Size, errForked), err)
}

// compare compares what a witness keeps with the own ledger. Where they differ, the own keys have
// signed two histories: the evidence is kept, and the error wraps errForked.
func (d *Desk) compare(ctx context.Context, holder identity.Jurisdiction, kept ledger.Checkpoint, note []byte) error {
	if kept.Log != d.o.Own.Log() {
		return fmt.Errorf("%s keeps a checkpoint of %s", holder, kept.Log)
	}
	root, err := d.rootAt(ctx, kept.Size)
	if err != nil || root == kept.Root {
		return err
	}
	return d.ownFork(ctx, holder, kept, note, crossing{old: kept.Size})
}

// ownFork keeps the evidence that the own keys have signed another history than the one here, and
// shows it to the witness that keeps the other one.
func (d *Desk) ownFork(ctx context.Context, holder identity.Jurisdiction, kept ledger.Checkpoint, note []byte, from crossing) error {
	if err := d.accuses(ctx, note); err != nil {
		return fmt.Errorf("%s keeps another history up to entry %d: %w", holder, kept.Size, err)
	}
	o, err := d.offer(ctx, from)
	if err != nil {
		return err
	}
	d.o.Logger.Error("a witness keeps another history of this ledger", "peer", holder.String(), "log", kept.Log.String(), "size", kept.Size)
	evidence := witness.Fork{Kept: note, Shown: o.o}.Encode()
	err = d.recordFork(ctx, fork{Log: o.c.Log, Holder: holder, Size: kept.Size, Evidence: evidence, At: uint64(d.o.Now().UnixMilli())})
	if err == nil {
		// The witness is shown it, too: so it has the evidence.
		_, err = ask(ctx, d, operationWitness, holder, o.o)
	}
	return errors.Join(fmt.Errorf("%s keeps another history up to entry %d: %w", holder, kept.Size, errForked), err)
}
