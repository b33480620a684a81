// Package epochs has a ledger go on of which entries were lost that it had signed: its data
// directory was put back from a backup, or its machine was set back.
//
// A person says that nothing newer is left. Then (1) the parent is asked for the acts among the
// lost entries, of which it keeps the heads, and the ledger goes on in a new epoch, whose first
// entry says what is lost; (2) whatever one of those acts ended is ended here too: a grant, a
// dataset, a standard, an agency, a child, an invitation; and only then (3) the jurisdiction
// answers others again. A node that is stopped between goes on by itself.
//
// Where nobody keeps the heads, or the parent is away for long, nobody knows what ended, so a
// person must look through the grants, agencies, datasets and children, and say that they did; what
// the heads say later ends then. Where the keys changed in what is lost, the ledger cannot go on:
// its newest keys are lost too.
//
// What was given in the lost entries is not given anew, and no record comes back: whoever had it
// entered has its receipt, and enters it again. What one of them replaced stands again. Where it
// may be used no more by that (a record that was retracted or left by a file, an entry or a
// standard of which there was a later version), the dataset or standard is held until its provider
// looked through it. Where it was only changed, it stays as it was: nothing is decided by a title,
// and of single records no heads are kept. To hold a dataset for each file that changed records
// would stop whatever is loaded every night, and its provider loads that again.
package epochs

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/node/flows/reform"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// Own is the hosted jurisdiction; *host.Host is one.
type Own interface {
	book.Ledger

	// Doubt puts the ledger in question, because a neighbour keeps what is not here. Alone reports
	// whether this is the only replica, Leads whether it leads them, and Advanced returns a channel
	// that is closed when more is recorded.
	Doubt(host.Seen)
	Alone() bool
	Leads() bool
	Advanced() <-chan struct{}

	// Questioned returns the *host.QuestionError while the ledger is in question.
	Questioned() error

	// Continue takes a person's word that nothing is lost; see host.Host. Unheard reports whether
	// some neighbour was not asked since a person's word, and Heard ends that, where Continuations
	// is as it was when the first was asked: it grows with each word.
	Continue(ctx context.Context, id identity.Message, reason string) (identity.Entry, error)
	Unheard() bool
	Heard(since uint64) error
	Continuations() uint64

	// BeginEpoch begins an epoch, or says that more is lost than the entry said that began one;
	// LostFrom says that an epoch lost more, from an earlier entry on, by what the heads show.
	// Begun tells of the epochs that are not settled, or of which not all is known; SettleEpoch
	// settles one of them; and SaysLost returns after how many entries the ledger has said all that
	// it lost, as far as it knows what is settled. Came returns the entry of a word that came
	// before. See host.Host.
	BeginEpoch(ctx context.Context, id identity.Message, reason string, lost host.Lost) (identity.Entry, error)
	LostFrom(ctx context.Context, epoch, from uint64) error
	Begun() ([]host.Begun, error)
	SettleEpoch(ctx context.Context, epoch uint64, whole bool) error
	SaysLost() (after uint64, said bool)
	Came(ctx context.Context, id identity.Message, reason string) (entry identity.Entry, came bool, err error)
}

// Witness are the neighbours, who keep the heads of the own ledger.
type Witness interface {
	// Heads returns the acts of the own ledger up to a checkpoint that a neighbour saw, with their
	// heads proven, from where it is not the one that is here; from tells from where it is at the
	// latest. same is up to where the two are proven to agree; 0: nothing is proven. The error is
	// text.HeadsMissing where not all acts are known.
	Heads(ctx context.Context, seen host.Seen, from uint64) (acts []ledger.Indexed, same ledger.Agreement, err error)

	// MoreHeads asks whether there are heads of entries from one on.
	MoreHeads(ctx context.Context, seen host.Seen, from uint64) (bool, error)

	// Common returns how many entries of the own ledger the neighbour cosigned as they are here,
	// and the most that any neighbour did.
	Common(ctx context.Context, by identity.Jurisdiction) (size, most uint64, err error)

	// Largest returns what the neighbours saw of the own ledger who answer, of each epoch.
	Largest(ctx context.Context) ([]host.Seen, error)

	// SeenAbove is what the level above the parent keeps of the heads of the own ledger, of each
	// epoch; nothing where there is none.
	SeenAbove(ctx context.Context) ([]host.Seen, error)

	// Near are the neighbours on other nodes now, and LargestBy is what one of them saw.
	Near() []Near
	LargestBy(ctx context.Context, name identity.Jurisdiction) ([]host.Seen, error)

	// Proven returns what neighbours keep of other histories of the own log, or of more of it than
	// there was when one of the replicas showed it.
	Proven(ctx context.Context) ([]host.Seen, error)
}

// Desk has the ledger of one hosted jurisdiction go on.
type Desk struct {
	Own     Own
	Witness Witness
	Reform  *reform.Desk
	// Changed is told that children ended, and NewKeys that there is another key set.
	Changed func(ctx context.Context) error
	NewKeys func()
	// Lasting returns the context in which the desk asks for itself; nil: it has not begun.
	Lasting func() context.Context
	Logger  *slog.Logger

	hearing hearing
}

// Word is what a person says of a ledger in question.
type Word struct {
	Newest  bool // nothing is lost: the directory was moved
	Checked bool // they looked through what may have ended in the entries that are lost
}

// Continue takes the word of a person on a ledger in question, and returns the entry that records
// it: that the data directory is the newest, where no neighbour saw what is not here, or, unless it
// says so, that it is older and that nothing newer is left. The error is host.ErrNotInQuestion
// where nobody asked, text.GroupUnsaid for a replica of several without the word that it is the
// newest: older ones go on by an invitation of the parent alone; text.LostUnseen where no neighbour
// said what it saw and the word is neither, text.LostUnknown where the heads are not known and
// nobody checked, text.LostHeaded where they are all that is known, text.LostUnasked where whoever
// may keep them did not answer for less than host.AskAgain, text.LostKeys where the keys changed in
// what is lost, and those of host.Host.
func (d *Desk) Continue(ctx context.Context, id identity.Message, reason string, w Word) (entry identity.Entry, err error) {
	q, questioned, err := d.question(ctx)
	if err != nil {
		return entry, err
	}
	if !questioned { // it was settled meanwhile, and the same request comes again
		if entry, came, err := d.came(ctx, id, reason); came || err != nil {
			return entry, err
		}
	}
	switch {
	case questioned && q.Outrun > 0:
		return entry, d.keysLost(q)
	case questioned && q.Epoch > 0 && w.Checked:
		return d.settle(ctx, id, reason, q)
	case questioned && q.Grouped && q.Found == nil && !w.Newest:
		return entry, text.Fail(text.GroupUnsaid, text.Args{"jurisdiction": d.Own.Name().String(), "replica": q.Replica.String()}, nil)
	case !questioned || q.Grouped || q.Epoch > 0 || q.Found == nil && q.Waiting || w.Newest && !w.Checked:
		return d.Own.Continue(ctx, id, reason)
	case q.Found == nil:
		if !w.Checked {
			return entry, text.Fail(text.LostUnseen, text.Args{"jurisdiction": d.Own.Name().String()}, nil)
		}
		return d.begin(ctx, id, reason, host.Lost{From: q.Size, To: q.Size, Checked: true}, known{log: d.Own.Log()})
	}
	return d.beginAfter(ctx, id, reason, q, w.Checked)
}

// beginAfter goes on in a new epoch where a neighbour saw what is not here.
func (d *Desk) beginAfter(ctx context.Context, id identity.Message, reason string, q *host.QuestionError, checked bool) (entry identity.Entry, err error) {
	size, most, err := d.Witness.Common(ctx, q.Found.By)
	if err != nil {
		return entry, err
	}
	if q.Found.By == d.Own.Name() { // the folder that notes what was signed
		size = most
	}
	start := size
	if !q.Forked { // then what anybody cosigned is before what was seen, and likely of the same ledger
		start = max(size, most)
	}
	lost := host.Lost{From: min(start, q.Size), Checked: checked, NewKeys: q.Rekeyed}
	k, err := d.lost(ctx, *q.Found, lost, lost.From, time.Since(q.Since))
	if err != nil {
		return entry, err
	}
	lost.From, lost.Acts = from(q, k.same, size, most), len(k.acts)
	lost.To = max(lost.From, q.Found.Checkpoint.Size, most)
	return d.begin(ctx, id, reason, lost, k)
}

// from returns the first entry that is lost, of a ledger of which a neighbour saw what is not here:
// no entry from there on may have a name that one of the lost has. It is (1) where the folder was
// in question from its first entry on that is not of the ledger which was seen; else (2) where the
// heads of that one, which are the same up to there, tell of others, or of nothing more; but not
// what the neighbour cosigned as it is here. Where no heads are known, it is (3) what the neighbour
// cosigned or, if it cosigned nothing, (4) what others did.
func from(q *host.QuestionError, same ledger.Agreement, size, most uint64) uint64 {
	switch {
	case q.Exact && !q.Forked && !same.Differs:
		return q.Size
	case same.UpTo > 0 && (same.Differs || !q.Forked):
		return max(same.UpTo, size)
	case size > 0:
		return size
	case most > 0:
		return most
	}
	return q.Size
}

// begin goes on in a new epoch: what was seen is not here from an entry on. Where that is of an
// epoch that lost several logs, what each of them had is looked for again.
func (d *Desk) begin(ctx context.Context, id identity.Message, reason string, lost host.Lost, k known) (entry identity.Entry, err error) {
	entry, err = d.Own.BeginEpoch(ctx, id, reason, lost)
	if errors.Is(err, host.ErrOtherKeys) {
		err = d.keysLost(err)
	}
	if err != nil {
		return entry, err
	}
	b, unsettled, err := d.unsettled(func(b host.Begun) bool { return b.Said == entry.Index() })
	if err != nil || !unsettled {
		return entry, err
	}
	if b.Before+1 < b.Epoch {
		return entry, d.goOn(ctx, b)
	}
	return entry, d.finish(ctx, b, []known{k})
}

// unsettled returns an epoch that is not settled. It may have been begun before, where more is
// lost.
func (d *Desk) unsettled(is func(host.Begun) bool) (b host.Begun, ok bool, err error) {
	all, err := d.Own.Begun()
	at := slices.IndexFunc(all, func(b host.Begun) bool { return !b.Lost.Settled && is(b) })
	if at < 0 {
		return b, false, err
	}
	return all[at], true, nil
}

// Recall puts a ledger in question of which two histories were proven before a restart, or to
// another replica, and whose directory has not the one that was witnessed.
func (d *Desk) Recall(ctx context.Context) error {
	all, err := d.Witness.Proven(ctx)
	for _, seen := range all {
		d.Own.Doubt(seen)
	}
	return err
}

// question returns why the ledger cannot go on as it is.
func (d *Desk) question(ctx context.Context) (q *host.QuestionError, questioned bool, err error) {
	if d.Own.Questioned() == nil {
		if err := d.Recall(ctx); err != nil {
			return nil, false, err
		}
	}
	q, questioned = errors.AsType[*host.QuestionError](d.Own.Questioned())
	return q, questioned, nil
}

func (d *Desk) keysLost(err error) error {
	return text.Fail(text.LostKeys, text.Args{"jurisdiction": d.Own.Name().String()}, err)
}

// finish ends what the acts of the logs ended that an epoch lost, and settles it. What a person
// made anew after the entry that began it stays.
func (d *Desk) finish(ctx context.Context, b host.Begun, all []known) error {
	d.NewKeys()
	if err := d.widen(ctx, b, all); err != nil {
		return err
	}
	if err := d.endAll(ctx, all, b.Lost.Entry); err != nil {
		return err
	}
	part := slices.ContainsFunc(all, func(k known) bool { return !k.whole })
	return d.Own.SettleEpoch(ctx, b.Epoch, !part)
}

// How often an epoch that is not settled is tried again, and how often the neighbours are asked
// what is known of one that is.
const (
	again    = 30 * time.Second
	askEvery = 10 * time.Minute
)

// Run finishes what was begun before the node was stopped, until ctx ends. Of a ledger that lost
// entries, it asks the neighbours now and then: one that was away may have seen more than is named
// as lost, or have the heads that a person had to do without.
func (d *Desk) Run(ctx context.Context) {
	for tries := 0; ctx.Err() == nil; tries++ {
		if err := d.hearByItself(ctx); err != nil && ctx.Err() == nil {
			d.Logger.Warn("the parent has not said yet what it saw of this ledger", "error", err)
		}
		d.hearAgain(ctx)
		if err := d.resume(ctx, tries%int(askEvery/again) == 0); err != nil && ctx.Err() == nil {
			d.Logger.Warn("what ended in the entries that are lost has not all ended here yet", "error", err)
		}
		wait(ctx, again)
	}
}
