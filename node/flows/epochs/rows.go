package epochs

import (
	"cmp"
	"context"
	"fmt"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/tree"
)

// lostAct is an act that is lost, of which there is the head.
type lostAct struct {
	id    identity.Message
	head  ledger.Head
	entry identity.Entry
	after uint64 // the entry with which the ledger went on
}

func (a lostAct) reason() string {
	return fmt.Sprintf("ended by entry %d of epoch %d, which is lost", a.entry.Index(), a.entry.Log().Epoch())
}

// row is what is done about a kind of act that is lost.
type row struct {
	why string // what it does or, without does, why there is nothing to do

	does func(d *Desk, ctx context.Context, a lostAct) (did bool, err error)
	// newest tells when what it is about was made last; nil: it is never made anew, or whoever
	// holds it looks for that itself. A grant is given again as another one.
	newest made
	// holds is what it holds: of all acts that hold the same thing, the last one counts.
	holds string
}

// What is held, in row.holds.
const (
	holdsChild    = "child "
	holdsDataset  = "dataset "
	holdsStandard = "standard "
)

// rows has every kind of act.
var rows = map[ledger.Kind]row{
	ledger.KindGrantRevoked:  {why: "ended: the grant; one that is lost, too, keeps everybody from grants by rule", does: (*Desk).revoke},
	ledger.KindDatasetEnded:  {why: "ended: the dataset", does: ends((*Desk).withdraw), newest: newestDataset},
	ledger.KindStandardEnded: {why: "ended: the standard", does: ends((*Desk).withdrawStandard), newest: newestStandard},
	ledger.KindAgencyEnded:   {why: "ended: the agency", does: endsAgency, newest: newestAgency},
	ledger.KindWithdrawal:    {why: "ended: the endorsement of the child, and its invitation", does: endsChild, newest: newestCame},
	ledger.KindCancellation:  {why: "ended: the invitation, and the endorsement of who redeemed it since", does: endsInvitation},
	ledger.KindInvitation:    {why: "ended: the invitation that it replaced, and the endorsement of who redeemed that since; itself counts no more", does: endsInvitation},

	ledger.KindEndorsement:     {why: "held: the child, until it shows its newest keys", does: holdsKeys, holds: holdsChild},
	ledger.KindChildHeld:       {why: "held: the child, as it was", does: holdsKeys, holds: holdsChild},
	ledger.KindCatalogueEntry:  {why: "held: the dataset, of which a later version was published", does: holdsData, holds: holdsDataset},
	ledger.KindRetraction:      {why: "held: the dataset, of which a record was retracted", does: holdsData, holds: holdsDataset},
	ledger.KindImportPublished: {why: "held: the dataset, where records left by it", does: holdsImported},
	ledger.KindStandard:        {why: "held: the standard, of which a later version was set", does: holdsStandards, holds: holdsStandard},
	ledger.KindHeld:            {why: "held: what was held", does: holdsAgain},

	ledger.KindKeySet:         {why: "nothing: a ledger whose keys changed in what is lost does not go on"},
	ledger.KindEpoch:          {why: "nothing: the same"},
	ledger.KindReplica:        {why: "nothing: one that was admitted or taken out changed the keys, and a removal that was only ordered is ordered again"},
	ledger.KindAgency:         {why: "nothing: the agency is not there, and holds nothing"},
	ledger.KindAgencyRenamed:  {why: "nothing: nothing is decided by a title"},
	ledger.KindApplication:    {why: "nothing: it gives nothing"},
	ledger.KindGrant:          {why: "nothing: it is not given anew, and one that it renewed ends sooner"},
	ledger.KindRuleAllowed:    {why: "nothing: whom it allowed is kept from grants by rule again"},
	ledger.KindHolderEnded:    {why: "nothing: the list of the holder's jurisdiction is asked for before each use, and recorded again"},
	ledger.KindJoined:         {why: "nothing: it is no child, and joins again"},
	ledger.KindRoster:         {why: "nothing: who has the later list keeps it, and the root publishes the same again"},
	ledger.KindKeysConfirmed:  {why: "nothing: whoever waits for it waits on"},
	ledger.KindFinding:        {why: "nothing: it says what was found, and decides nothing"},
	ledger.KindFork:           {why: "nothing: it is found again, or over"},
	ledger.KindForkSeen:       {why: "nothing: the alarm is told again"},
	ledger.KindClockCorrected: {why: "nothing: the clock is judged anew"},
	ledger.KindClockAccepted:  {why: "nothing: the clock is judged anew"},
	ledger.KindEpochChecked:   {why: "nothing: it was about an epoch that is over"},
	ledger.KindContinued:      {why: "nothing: it was about a question that is over"},
}

// ends is the work of a row that ends what the head's code names.
func ends(end func(*Desk, context.Context, identity.Message, identity.Label, string) error) func(*Desk, context.Context, lostAct) (bool, error) {
	return func(d *Desk, ctx context.Context, a lostAct) (bool, error) {
		return true, end(d, ctx, a.id, a.head.Code, a.reason())
	}
}

func endsAgency(d *Desk, ctx context.Context, a lostAct) (bool, error) {
	return true, d.endAgency(ctx, a.id, a.head.Agency, a.reason())
}

func endsChild(d *Desk, ctx context.Context, a lostAct) (bool, error) {
	return true, d.withdrawChild(ctx, a.id, a.head.Code, a.after, a.reason())
}

func endsInvitation(d *Desk, ctx context.Context, a lostAct) (bool, error) {
	var child tree.Child
	err := d.Own.View(ctx, func(r *state.Reader) error {
		child, _ = tree.ChildOf(r, a.head.Code)
		return nil
	})
	switch {
	case err != nil:
		return false, err
	case child.CameByOld(a.after):
		return endsChild(d, ctx, a)
	}
	return true, d.cancelOld(ctx, a.id, a.head.Code, a.after, a.reason())
}

func holdsKeys(d *Desk, ctx context.Context, a lostAct) (bool, error) {
	reason := fmt.Sprintf("its newest keys are those of entry %d of epoch %d, which is lost", a.entry.Index(), a.entry.Log().Epoch())
	return tree.Hold(ctx, d.Own, a.id, a.entry, a.head, a.after, reason)
}

func holdsData(d *Desk, ctx context.Context, a lostAct) (bool, error) {
	return catalog.Hold(ctx, d.Own, a.id, catalog.HeldDataset, a.head.Code, a.entry, a.head.Kind, a.after)
}

// holdsImported holds a dataset where the rows took the place of all records.
func holdsImported(d *Desk, ctx context.Context, a lostAct) (bool, error) {
	if a.head.From == 0 {
		return false, nil
	}
	return holdsData(d, ctx, a)
}

func holdsStandards(d *Desk, ctx context.Context, a lostAct) (bool, error) {
	return catalog.Hold(ctx, d.Own, a.id, catalog.HeldStandard, a.head.Code, a.entry, a.head.Kind, a.after)
}

func holdsRules(d *Desk, ctx context.Context, a lostAct) (bool, error) {
	return catalog.Hold(ctx, d.Own, a.id, catalog.HeldRules, a.head.Code, a.entry, a.head.Kind, a.after)
}

// holdsAgain holds what the lost act held, for another act.
func holdsAgain(d *Desk, ctx context.Context, a lostAct) (bool, error) {
	a.head.Kind = ledger.Kind(a.head.To)
	switch a.head.Kind {
	case ledger.KindGrantRevoked:
		return holdsRules(d, ctx, a)
	case ledger.KindStandard:
		return holdsStandards(d, ctx, a)
	default:
		return holdsData(d, ctx, a)
	}
}

func newestDataset(r *state.Reader, head ledger.Head) (identity.Entry, error) {
	p, err := catalog.Known(r, head.Code, catalog.Published{})
	return p.Said, err
}

func newestStandard(r *state.Reader, head ledger.Head) (e identity.Entry, err error) {
	s, err := catalog.StandardOf(r, head.Code)
	if s != nil {
		e = s.Said
	}
	return e, err
}

func newestAgency(r *state.Reader, head ledger.Head) (e identity.Entry, err error) {
	all, err := catalog.Agencies(r)
	for _, l := range all {
		if l.Code == head.Agency {
			e = cmp.Or(l.Back, l.Entry)
		}
	}
	return e, err
}

// newestCame returns the invitation that a child redeemed last: it is made anew when it comes, not
// when it is invited, and not by an invitation from before, which was known to whoever it was
// taken from in what is lost.
func newestCame(r *state.Reader, head ledger.Head) (identity.Entry, error) {
	child, _ := tree.ChildOf(r, head.Code)
	return child.By.In(r.Names()), nil
}

func newestInvited(r *state.Reader, head ledger.Head) (identity.Entry, error) {
	child, _ := tree.ChildOf(r, head.Code)
	return child.Invitation.In(r.Names()), nil
}
