package epochs

import (
	"cmp"
	"context"
	"slices"
	"time"

	"xietong/node/ground/host"
)

// A directory that is put back may be of before several epochs: its ledger went on in one, which
// was lost in turn, or it went on from another directory. The epoch that is begun with it has lost
// what each log had since: of the own log before what is not here, and all that those between had
// after they parted from it. What one of them ended again, which an earlier one had ended, stands
// in its heads only where they came; so the heads of each are asked for, and none vouches for
// another one.

// lostLogs returns what was seen of each log that an epoch lost, in their order: the largest
// checkpoint of each. Where there can be several, the parent says which; that one by which the
// epoch began is known anyway, and comes beside the error. whole is false where there may be others
// that nobody knows of.
func (d *Desk) lostLogs(ctx context.Context, b host.Begun) (all []host.Seen, whole bool, err error) {
	all = []host.Seen{b.Seen}
	if b.Before+1 >= b.Epoch {
		return all, true, nil
	}
	seen, err := d.saw(ctx)
	for _, s := range seen {
		epoch := s.Checkpoint.Log.Epoch()
		if s.Checkpoint.Log.Jurisdiction() != d.Own.Name() || epoch < b.Before || epoch >= b.Epoch {
			continue
		}
		at, known := slices.BinarySearchFunc(all, epoch, func(s host.Seen, epoch uint64) int { return cmp.Compare(s.Checkpoint.Log.Epoch(), epoch) })
		switch {
		case !known:
			all = slices.Insert(all, at, s)
		case s.Checkpoint.Size > all[at].Checkpoint.Size:
			all[at] = s
		}
	}
	return all, err == nil && !slices.ContainsFunc(seen, forgot), err
}

// forgot reports whether whoever saw it lost entries of its own since.
func forgot(s host.Seen) bool { return s.Forgot }

// saw returns what the parent saw of the ledger or, where none is on another node, what those who
// answer did. A parent that lost entries itself does not know of each log: then what the level
// above it keeps comes beside.
func (d *Desk) saw(ctx context.Context) (all []host.Seen, err error) {
	for _, n := range d.Witness.Near() {
		if !n.Parent {
			continue
		}
		all, err = d.Witness.LargestBy(ctx, n.Name)
		if err == nil && slices.ContainsFunc(all, forgot) {
			above, failed := d.Witness.SeenAbove(ctx)
			all, err = append(all, above...), failed
		}
		return all, err
	}
	return d.Witness.Largest(ctx)
}

// allLost returns what is known of each log that an epoch lost. Where the parent does not say which
// there are, the error is as of lost.
func (d *Desk) allLost(ctx context.Context, b host.Begun, since time.Duration) (all []known, err error) {
	logs, whole, err := d.lostLogs(ctx, b)
	if err != nil && (since < host.AskAgain || !b.Lost.Checked) {
		return nil, d.unasked(b.Seen, err)
	}
	for _, seen := range logs {
		k, err := d.lost(ctx, seen, b.Lost, fromIn(b, seen), since)
		if err != nil {
			return nil, err
		}
		k.whole = k.whole && whole
		all = append(all, k)
	}
	return all, nil
}

// fromIn returns from where the heads are looked for of a log that an epoch lost. One between may
// have parted from this ledger anywhere, and its heads may end before the entry that is named as
// the first lost one.
func fromIn(b host.Begun, seen host.Seen) uint64 {
	if seen.Checkpoint.Log.Epoch() > b.Before {
		return 0
	}
	return b.Lost.From
}

// widen says from where on entries are lost, where the heads of a log between show that it parted
// from this ledger before the entry that was named. Of the log before, what is here was known when
// the epoch began, and heads tell of it more roughly.
func (d *Desk) widen(ctx context.Context, b host.Begun, all []known) error {
	from := b.Lost.From
	for _, k := range all {
		if k.same.Differs && k.log.Epoch() > b.Before {
			from = min(from, k.same.UpTo)
		}
	}
	if from == b.Lost.From {
		return nil
	}
	return d.Own.LostFrom(ctx, b.Epoch, from)
}
