package federated

import (
	"context"
	"math/rand/v2"
	"slices"

	"xietong/certs/identity"
	"xietong/exchange/gather"
	"xietong/node/ground/text"
)

// After one question so many jurisdictions are asked themselves at most and, where not all is
// audited, so many of those that are said not to have joined are looked for.
const (
	maxDoubted = 64
	lookedFor  = 8
)

// onTheWay are the reasons for which a jurisdiction refuses in its own name what somebody on the
// way handed over too late, changed, or as one of too many.
var onTheWay = []text.Code{
	text.Hurried, text.Busy, text.Overloaded, text.MessageRefused, text.MessageExpired, text.MessageFuture, text.WayRefused,
}

// broughtAbout are the reasons for which a jurisdiction gives no answer that somebody on the way
// can bring about, or that pass: with each of them it may have answered, or may yet.
var broughtAbout = append([]text.Code{
	text.Late, text.Unreachable, text.RosterAbsent, text.NotReady, text.NoLeader, text.OutcomeUnknown, text.Internal,
}, onTheWay...)

// doubted are those who are missing in a share, and who may not have had their say: another says
// why they gave no answer, or they say so themselves for a reason that somebody on the way can
// bring about. What one says of all below a child it says of that child.
func doubted(share gather.Share) (all []point) {
	known := map[identity.Jurisdiction]bool{}
	for _, m := range share.Missing {
		of, ok := m.Name, slices.Contains(broughtAbout, text.ByNumber(m.Code)) || m.State == gather.Late
		if m.By != m.Name {
			of, ok = childOn(m.By, m.Name)
		}
		if !ok || known[of] {
			continue
		}
		known[of] = true
		all = append(all, point{Hop: of, By: m.By, State: m.State}.because(m.Why))
	}
	return all
}

// maxWhy bounds the values of a reason that is kept with a point, in bytes.
const maxWhy = 1 << 10

// because returns the point with what was said of its jurisdiction, where that is not too long.
func (p point) because(why gather.Why) point {
	size := 0
	for _, arg := range why.Args {
		size += len(arg)
	}
	p.Code, p.Args = 0, nil
	if size <= maxWhy {
		p.Code, p.Args = why.Code, why.Args
	}
	return p
}

// childOn returns the child of above on the way to a jurisdiction below it.
func childOn(above, name identity.Jurisdiction) (child identity.Jurisdiction, ok bool) {
	if name == above || !name.Under(above) {
		return child, false
	}
	for child = name; ; {
		parent, ok := child.Parent()
		if !ok || parent == above {
			return child, ok
		}
		child = parent
	}
}

// askThem opens a point for each that is doubted, and returns those for which there was room. Who
// is said not to have joined is asked if keys of it are found all the same.
func (d *Desk) askThem(ctx context.Context, p point, doubted []point) (asked []identity.Jurisdiction, err error) {
	for _, o := range d.joined(ctx, doubted, p.All) {
		p.Hop, p.By, p.State, p.Code, p.Args = o.Hop, o.By, o.State, o.Code, o.Args
		kept, err := d.openPoint(ctx, p, nil)
		if err != nil {
			return asked, err
		}
		if kept {
			asked = append(asked, p.Hop)
		}
	}
	return asked, nil
}

// joined returns the doubted without those that have not joined. Where not all is audited, chance
// chooses whom it looks for, when the answer is there.
func (d *Desk) joined(ctx context.Context, doubted []point, all bool) (is []point) {
	var absent []identity.Jurisdiction
	for _, p := range doubted {
		if p.State == gather.NotJoined {
			absent = append(absent, p.Hop)
		}
	}
	if !all && len(absent) > lookedFor {
		rand.Shuffle(len(absent), func(i, j int) { absent[i], absent[j] = absent[j], absent[i] })
		absent = absent[:lookedFor]
	}
	keys := d.keysOf(ctx, absent)
	for _, p := range doubted {
		if k := keys[p.Hop]; p.State == gather.NotJoined && (k.err != nil || len(k.sets) == 0) || len(is) == maxDoubted {
			continue
		}
		is = append(is, p)
	}
	return is
}
