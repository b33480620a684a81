package federated

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/envelope"
	"xietong/exchange/gather"
	"xietong/exchange/relay"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation"
)

// Audit is the result of an audit.
type Audit struct {
	Hops     []identity.Jurisdiction // whose shares were compared with the answers they were given
	Leaves   []identity.Jurisdiction // whose signed shares list no answer of others
	Unseen   []identity.Jurisdiction // who did not show what they were given, in time and provably
	Unproven []identity.Jurisdiction // told beside the roster, and no endorsement of them is found
	Nobodys  []gather.Lie            // answers that By shows of About, signed with a key that nobody is known to have; no lies
	Again    []identity.Jurisdiction // of the unseen: who are asked again for a day
	// Themselves are those of whom another said that they gave no answer, and who are asked what
	// they say.
	Themselves []identity.Jurisdiction
	Lies       []gather.Lie

	left []unseen
}

// unseen is a hop that did not show what it was given.
type unseen struct {
	hop
	why error
}

// auditWithin is how long an audit may take after the question.
const auditWithin = time.Minute

// What hops show is held in memory while it is compared: of so many hops at once, and of each so
// many bytes; who shows more is told as one that showed nothing.
const (
	auditAtOnce = 4
	maxShown    = 64 << 20
)

// The sample of an audit that does not go everywhere: so many children of the destination, and of
// each of those so many again, down to the leaves.
const (
	sampleFirst = 3
	sampleBelow = 1
)

// auditing is an audit that is under way.
type auditing struct {
	q       gather.Question
	roster  gather.Roster
	asking  operation.Asking
	request [32]byte
	issued  time.Time // when the request was
	all     bool
}

// hop is a jurisdiction that signed a share.
type hop struct {
	at     identity.Jurisdiction
	share  gather.Share
	answer []byte // in which at signed the share; nil: this jurisdiction's own
}

// audit compares the share of the destination, and shares below it, with the answers that each was
// made from, and looks whether those exist who are told beside the roster.
func (d *Desk) audit(ctx context.Context, a auditing, destination hop) (found Audit) {
	ctx, cancel := context.WithTimeout(ctx, auditWithin)
	defer cancel()
	found = d.auditBelow(ctx, a, destination)
	var beside []identity.Jurisdiction
	for _, e := range destination.share.Extra {
		beside = append(beside, e.Name)
	}
	keys := d.keysOf(ctx, beside)
	found.Unproven = slices.DeleteFunc(beside, func(name identity.Jurisdiction) bool { return keys[name].err == nil })
	return found
}

// auditBelow audits the share of a hop and shares below it: all of them or, for a sample, those on
// some ways down. Chance chooses the ways when the answer is recorded, so that nobody knows before
// whether it will be seen; every child of a hop on a way may be chosen, also one that has nobody
// below it.
func (d *Desk) auditBelow(ctx context.Context, a auditing, first hop) (found Audit) {
	sample := sampleBelow
	if first.at == a.q.Below {
		sample = sampleFirst
	}
	for level := []hop{first}; len(level) > 0; sample = sampleBelow {
		of, below := make([]Audit, len(level)), make([][]hop, len(level))
		sideBySide(len(level), auditAtOnce, func(i int) { of[i], below[i] = d.auditOne(ctx, a, level[i]) })
		level = nil
		for i := range of {
			found.add(of[i])
			if !a.all && len(below[i]) > sample {
				rand.Shuffle(len(below[i]), func(n, m int) { below[i][n], below[i][m] = below[i][m], below[i][n] })
				below[i] = below[i][:sample]
			}
			level = append(level, below[i]...)
		}
	}
	return found
}

func (f *Audit) add(o Audit) {
	f.Hops, f.Leaves = append(f.Hops, o.Hops...), append(f.Leaves, o.Leaves...)
	f.Nobodys = append(f.Nobodys, o.Nobodys...)
	f.Unseen, f.Lies, f.left = append(f.Unseen, o.Unseen...), append(f.Lies, o.Lies...), append(f.left, o.left...)
}

// miss adds a hop that did not show what it was given.
func (f *Audit) miss(h hop, why error) {
	f.Unseen, f.left = append(f.Unseen, h.at), append(f.left, unseen{h, why})
}

// auditOne audits one share, and returns the shares that were added in it. Of a hop that does not
// show what it was given, those whose shares it lists are not shown either.
func (d *Desk) auditOne(ctx context.Context, a auditing, h hop) (found Audit, below []hop) {
	if len(h.share.Shares) == 0 {
		found.Leaves = append(found.Leaves, h.at)
		return found, nil
	}
	shown, err := d.shown(ctx, a, h)
	if err != nil {
		found.miss(h, err)
		for _, l := range h.share.Shares {
			if l.Outcome == gather.Added {
				found.Unseen = append(found.Unseen, l.Child)
			}
		}
		return found, nil
	}
	keys, unjudged := d.keysOf(ctx, slices.Collect(maps.Keys(shown))), map[identity.Jurisdiction]error{}
	parts := map[identity.Jurisdiction]gather.Child{}
	verify := func(by identity.Jurisdiction, answer []byte) (said gather.Said, err error) {
		reply, err := d.prove(ctx, answer, keys[by], by, a)
		if err != nil {
			unjudged[by] = withoutJudgement(err)
			return said, err
		}
		if said.Content = reply.Result; reply.Problem != nil {
			said.Refusal = refusal(by, by, reply.Problem.Code, reply.Problem.Args)
		}
		parts[by] = said.Child(by, answer)
		return said, nil
	}
	var missed error
	for _, lie := range h.share.Audit(a.q, a.roster, h.at, shown, verify) {
		switch {
		case lie.Kind == gather.Unsigned && errors.Is(unjudged[lie.About], envelope.ErrUnknownKey):
			found.Nobodys, missed = append(found.Nobodys, lie), unjudged[lie.About]
			continue
		case lie.Kind == gather.Unsigned && unjudged[lie.About] != nil:
			missed = unjudged[lie.About] // without the child's key, which may be revoked since, nothing is proven of its parent
			continue
		case lie.Kind == gather.Withheld:
			missed = errNotShown
		}
		found.Lies = append(found.Lies, lie)
	}
	switch {
	case errors.Is(missed, envelope.ErrUnknownKey):
		found.left = append(found.left, unseen{h, missed})
	case missed != nil:
		found.miss(h, missed)
	default:
		found.Hops = append(found.Hops, h.at)
	}
	for _, l := range h.share.Shares {
		part, proven := parts[l.Child]
		switch {
		case l.Outcome != gather.Added, errors.Is(unjudged[l.Child], envelope.ErrUnknownKey):
		case !proven || part.Why != nil || part.Wrong != nil || part.Share.Check(a.q, a.roster, l.Child) != nil:
			found.Unseen = append(found.Unseen, l.Child)
		default:
			below = append(below, hop{l.Child, part.Share, part.Answer})
		}
	}
	return found, below
}

// believed holds the key sets by which the signatures of a jurisdiction are believed, or the error
// of finding them.
type believed struct {
	sets []trust.Believed
	err  error
}

var (
	// errNoKeys is returned where the key sets of a jurisdiction could not be found.
	errNoKeys = errors.New("no key sets")
	// errNoTurn is returned where an answer was not verified, because no slot was free in time.
	errNoTurn = errors.New("no turn to verify an answer")
	// errNotShown is why a hop counts as unseen that shows some of what it lists.
	errNotShown = errors.New("a listed answer is not shown")
)

// withoutKey returns the error if it says that a signature could not be judged for want of the key;
// else nil.
func withoutKey(err error) error {
	if errors.Is(err, errNoKeys) || errors.Is(err, relay.ErrEndedKey) || errors.Is(err, envelope.ErrUnknownKey) {
		return err
	}
	return nil
}

// withoutJudgement returns the error if nothing was judged: for want of the key, or because this
// jurisdiction itself did not come to it. Only what is wrong with the bytes speaks against who
// signed or showed them. Otherwise it returns nil.
func withoutJudgement(err error) error {
	if _, own := errors.AsType[*unasked](err); own {
		return err
	}
	return withoutKey(err)
}

// prove proves that a jurisdiction gave an answer to the request: that it signed it and, if those
// keys have ended since, that it says by newer ones that this is its answer.
func (d *Desk) prove(ctx context.Context, answer []byte, known believed, by identity.Jurisdiction, a auditing) (envelope.Reply, error) {
	reply, err := d.signed(ctx, answer, known, by, a)
	if errors.Is(err, relay.ErrEndedKey) && d.stands(ctx, answer, by, a) {
		return reply, nil
	}
	return reply, err
}

// signed proves that a jurisdiction signed an answer to the request. Key sets that do not list the
// signing key are found anew once, since the jurisdiction may have new ones.
func (d *Desk) signed(ctx context.Context, answer []byte, known believed, by identity.Jurisdiction, a auditing) (envelope.Reply, error) {
	if known.err == nil {
		reply, err := d.verify(ctx, answer, known.sets, by, a)
		if !errors.Is(err, envelope.ErrUnknownKey) && !errors.Is(err, relay.ErrEndedKey) {
			return reply, err
		}
	}
	sets, err := d.tree.KeySets(ctx, by, true)
	if err == nil && len(sets) == 0 {
		err = errNoKeys
	}
	if err != nil {
		return envelope.Reply{}, fmt.Errorf("prove answer of %s: %w: %w", by, errNoKeys, err)
	}
	return d.verify(ctx, answer, sets, by, a)
}

// verify verifies an answer in a slot. The error is an *unasked where there was none in time.
func (d *Desk) verify(ctx context.Context, answer []byte, keys []trust.Believed, by identity.Jurisdiction, a auditing) (reply envelope.Reply, err error) {
	err = &unasked{errNoTurn}
	_ = d.Slots.Run(ctx, func(context.Context) error { // whatever ended the wait for it
		reply, err = relay.VerifyShare(answer, keys, by, d.own.Name(), a.request, a.issued)
		return nil
	})
	return reply, err
}

// keysOf finds the key sets of many jurisdictions, side by side, because key sets that are not
// known yet must be asked for over the tree.
func (d *Desk) keysOf(ctx context.Context, of []identity.Jurisdiction) map[identity.Jurisdiction]believed {
	found := make([]believed, len(of))
	sideBySide(len(of), maxAtOnce, func(i int) { found[i].sets, found[i].err = d.tree.KeySets(ctx, of[i], false) })
	all := make(map[identity.Jurisdiction]believed, len(of))
	for i, name := range of {
		all[name] = found[i]
	}
	return all
}

// shown returns the answers that a jurisdiction shows as those it was given, by child: of the
// children that it lists, and of those that the roster has below it. Whatever else it shows is let
// go, so that nobody makes the asker hold, or look for the keys of, children that are made up. If
// it is this jurisdiction, they come from the own state.
func (d *Desk) shown(ctx context.Context, a auditing, h hop) (map[identity.Jurisdiction][]byte, error) {
	at, all, size := h.at, map[identity.Jurisdiction][]byte{}, 0
	may := map[identity.Jurisdiction]bool{}
	for _, l := range h.share.Shares {
		may[l.Child] = true
	}
	for p := range a.roster.Under(at) {
		if above, ok := p.Name.Parent(); ok && above == at {
			may[p.Name] = true
		}
	}
	want := sharesOf{Request: a.request[:]}
	for range operation.MaxPages {
		page, err := d.shownPage(ctx, a, at, want)
		if err != nil {
			return nil, err
		}
		for _, k := range page.Shares {
			child, err := at.Child(k.Child)
			if err != nil {
				return nil, failure.Unreadable(at, err)
			}
			if !may[child] {
				continue
			}
			if size += len(k.Answer); size > maxShown {
				return nil, failure.Unreadable(at, fmt.Errorf("shares of more than %d bytes", maxShown))
			}
			all[child] = k.Answer
		}
		if want.After = page.After; want.After.IsZero() {
			return all, nil
		}
	}
	return nil, failure.Unreadable(at, fmt.Errorf("shares of more than %d pages", operation.MaxPages))
}

func (d *Desk) shownPage(ctx context.Context, a auditing, at identity.Jurisdiction, want sharesOf) (page shares, err error) {
	if at == d.own.Name() {
		return d.kept(ctx, want, at)
	}
	asking := operation.Asking{To: at, By: a.asking.By}
	if asking.ID, err = identity.NewMessage(); err != nil {
		return page, err
	}
	return operationShares.Read(ctx, d.engine, asking, want)
}
