package join

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"xietong/certs/identity"
	"xietong/certs/paper"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/config"
	"xietong/node/ground/datadir"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/door"
)

// keeper is what the joining jurisdiction keeps its part of the join in; *host.Host is one.
type keeper interface {
	book.Ledger
	KeySets(ctx context.Context) (signed [][]byte, err error)
	Pin() (trust.Pin, error)
	Replica() identity.Replica
	SignLog(message []byte) []byte
	KeepRecovery(statement []byte) error
	// EndAnew is told that the parent endorsed the keys.
	EndAnew() error
	// StartAbove keeps the chain of a first join, and SetAbove that of any other.
	StartAbove(ctx context.Context, root trust.Pin, levels []trust.Level) ([]trust.Link, error)
	SetAbove(ctx context.Context, root trust.Pin, levels []trust.Level) ([]trust.Link, error)
	Close() error
}

// create (4) makes the jurisdiction's folder with its keys, in the epoch that the parent tells, and
// opens it.
func (a *attempt) create(ctx context.Context) (err error) {
	folder := host.Folder(a.dir, a.t.Child)
	epoch, err := door.AskEpoch(ctx, a.line, a.t.Child, a.t.Secret)
	if err != nil {
		return a.named(refusedBy(a.t.Parent.Name(), err))
	}
	if a.o.Alone != nil {
		return a.anew(ctx, folder, epoch)
	}
	n := host.New{Now: a.o.Now(), Epoch: epoch, Hosted: a.o.Hosted}
	if a.o.Paper != nil {
		n.Paper = func(key *paper.Key) error { return a.o.Paper(a.t.DisplayName, key) }
	}
	_, before := os.Stat(folder)
	if a.made, err = host.Make(folder, a.t.Child, n); err != nil {
		return datadir.Error(a.dir, err)
	}
	said := text.JoinKeysDone
	if before == nil {
		said = text.JoinKeysKept
	}
	a.told(text.JoinKeys, said, nil)
	a.own, err = host.Open(ctx, folder, a.t.Child, host.Options{Registry: a.o.Registry(), Logger: a.o.Logger, Now: a.o.Now})
	if err != nil {
		return datadir.Error(a.dir, err)
	}
	return nil
}

// enter (5) redeems the invitation, and (6) records the result: it keeps the chain, in which the
// parent's endorsement is proven from the root, and makes the entry "joined" in the child's own
// ledger. Each part may be repeated after a failure of any part. Until that entry is made, nothing
// binds the child: another invitation may take the place of this one.
func (a *attempt) enter(ctx context.Context) error {
	again, err := a.before(ctx)
	if err != nil {
		return err
	}
	levels, entry, err := a.redeem(ctx)
	if err != nil {
		return a.named(refusedBy(a.t.Parent.Name(), err))
	}
	keep := a.own.SetAbove
	if !again {
		keep = a.own.StartAbove
	}
	chain, err := keep(ctx, a.root, levels)
	if err != nil {
		return door.Mismatch(a.t.Parent.Name(), err)
	}
	placed, err := a.placed(*chain[len(chain)-1].Endorsement, again)
	if err != nil {
		return err
	}
	a.told(text.JoinEndorsed, text.JoinEndorsedDone, text.Args{
		"name": placed.DisplayName, "entry": strconv.FormatUint(entry.Index(), 10), "parent": a.parent(),
	})
	_, err = tree.Record(ctx, a.own, tree.Upstream{
		Parent: a.t.Parent.Name(), ParentPin: a.t.Parent.String(), RootPin: a.root.String(), Addresses: a.t.Addresses,
	})
	if err == nil {
		err = a.own.EndAnew()
	}
	if err != nil {
		return err
	}
	pin, err := a.own.Pin()
	a.result = Result{
		Name: a.t.Child.String(), DisplayName: placed.DisplayName, Parent: a.t.Parent.Name().String(), Root: a.root.String(),
		Fingerprint: a.t.Root.Fingerprint(), Entry: entry.String(), Pin: pin.String(),
		Placed: placed, Recovery: a.made.Recovery, Epoch: a.own.Log().Epoch(), Recovered: a.o.Recovery != nil || len(a.o.Keys.Statement) > 0, Again: again && a.o.Alone == nil,
	}
	for _, level := range chain {
		a.result.Chain = append(a.result.Chain, called(level))
	}
	a.told(text.JoinChain, text.JoinChainDone, text.Args{"chain": strings.Join(a.result.Chain, " > ")})
	return err
}

// placed returns how the jurisdiction is configured: by the names, code and level that its parent
// endorsed. Those in an invitation are for people to read; nothing but a checksum holds them, so
// whoever hands it on may have written others. Where it joins for the first time, an invitation
// that says otherwise is refused, with what is made kept. Later its parent may have renamed it. The
// short name is in no endorsement: it is taken where it shortens the name that is.
func (a *attempt) placed(e trust.Endorsement, again bool) (config.Jurisdiction, error) {
	for _, said := range [][2]string{{a.t.DisplayName, e.DisplayName}, {a.t.Code, e.Code}, {a.t.Level, e.Level}} {
		if said[0] != said[1] && !again && !a.ours {
			return config.Jurisdiction{}, text.Fail(text.InvitationOther, text.Args{
				"invited": said[0], "endorsed": said[1], "parent": a.parent(),
			}, nil)
		}
	}
	return config.Jurisdiction{Name: a.t.Child, DisplayName: e.DisplayName, ShortName: shortened(e.DisplayName, a.t.ShortName), Code: e.Code, Level: e.Level}, nil
}

// shortened returns the short name if its signs stand in the name, in their order, as those of
// 威宁县 do in 威宁彝族回族苗族自治县, and else the name.
func shortened(name, short string) string {
	rest := []rune(name)
	for _, sign := range short {
		at := slices.Index(rest, sign)
		if at < 0 {
			return name
		}
		rest = rest[at+1:]
	}
	return short
}

// upstream is what a ledger says of the tree that it joined; again is false where it joined none.
type upstream struct {
	have  tree.Upstream
	again bool
}

// before reports whether the jurisdiction joined before, and finds the pin of its root: the one
// that it kept first, or that of the invitation.
func (a *attempt) before(ctx context.Context) (again bool, err error) {
	var above upstream
	err = a.own.View(ctx, func(r *state.Reader) error {
		above.have, above.again = tree.UpstreamOf(r)
		return nil
	})
	if err == nil {
		a.root, err = a.sameTree(ctx, above)
	}
	return above.again, err
}

// sameTree returns the pin of the root, and refuses, before anything is changed here or there, an
// invitation into another tree or below another parent, with text.OtherTree. An invitation may name
// other keys of its root, which is the same root if the chain goes on from the pin that is kept.
func (a *attempt) sameTree(ctx context.Context, above upstream) (root trust.Pin, err error) {
	have := above.have
	if !above.again || have.Parent == a.t.Parent.Name() && have.RootPin == a.t.Root.String() {
		return a.t.Root, nil
	}
	kept, err := trust.ParsePin(have.RootPin)
	if err == nil && have.Parent == a.t.Parent.Name() {
		_, err = door.Meet(ctx, a.line, kept, a.t.Parent, a.o.Now())
	}
	if have.Parent != a.t.Parent.Name() || failure.Is(err, text.ParentMismatch) {
		err = text.Fail(text.OtherTree, text.Args{"jurisdiction": a.t.DisplayName, "root": have.RootPin}, err)
	}
	return kept, err
}

// redeem proves that the child holds its keys, with the invitation's secret, and signs the first of
// them with the recovery key from before, where it is at hand. It returns the levels above the
// child, the last with the endorsement of it, and the endorsement's entry.
func (a *attempt) redeem(ctx context.Context) ([]trust.Level, identity.Entry, error) {
	binding, err := a.line.Binding()
	if err != nil {
		return nil, identity.Entry{}, err
	}
	sets, err := a.own.KeySets(ctx)
	if err != nil {
		return nil, identity.Entry{}, fmt.Errorf("read own key sets: %w", err)
	}
	// The parent takes so many at once. Upkeep presents the others, once the child is opened.
	sets = sets[:trust.Some(sets)]
	r := tree.Redemption{
		Child: a.t.Child, Secret: a.t.Secret, KeySets: sets, Replica: a.own.Replica(),
		Possession: a.own.SignLog(tree.PossessionInput(binding, tree.SecretHash(a.t.Secret))),
	}
	first, err := trust.Reopen(sets[0])
	if err != nil {
		return nil, identity.Entry{}, err
	}
	statement, handed := a.o.Keys.Statement, a.o.handed(first.Pin())
	if a.o.Recovery != nil {
		if statement, err = trust.SignRecovery(first.Pin(), a.o.Recovery.Sign); err != nil {
			return nil, identity.Entry{}, err
		}
	}
	if r.Recovery = statement; handed != nil {
		r.Recovery, statement = nil, handed
	}
	levels, entry, err := door.Ask(ctx, a.line, r)
	if err == nil && len(statement) > 0 {
		err = a.own.KeepRecovery(statement)
	}
	return levels, entry, err
}

// mayRefuse are the codes with which a parent may refuse a redemption. Whoever invites may have
// made a tree of its own: any other code would put a command or an alarm of its choice before a
// person.
var mayRefuse = []text.Code{
	text.InvitationUnknown, text.InvitationExpired, text.InvitationCancelled, text.InvitationRedeemed, text.AlreadyJoined, text.NotEndorsed, text.EndorsementWithdrawn,
	text.EndorsementUnknown, text.EpochOther, text.EpochsSpent, text.ChildMismatch, text.ChildDamaged, text.RecoveryOther, text.NotPossessed,
	text.KeySetOld, text.KeySetsForked, text.KeySetsTooMany, text.KeySetsWanted, text.KeysSuperseded, text.BadRequest, text.Expired,
	text.Busy, text.Overloaded, text.NotReady, text.OutcomeUnknown, text.Internal, text.DiskFull, text.ClockSetBack, text.ClockUnvouched, text.ClockJumped, text.ClockBack,
}

// refusedBy returns an error with what the parent refuses with as far as it may say so, with each
// value of its kind, and as the parent's word.
func refusedBy(parent identity.Jurisdiction, err error) error {
	if _, refused := errors.AsType[*door.Refused](err); !refused {
		return err
	}
	f, _ := errors.AsType[*text.Failure](err)
	args, formed := failure.Formed(parent, f.Code, f.Args)
	if !formed || !slices.Contains(mayRefuse, f.Code) {
		return failure.OtherForm(parent, err)
	}
	return text.Fail(f.Code, args, err)
}

// named puts the names that people use into a refusal: the parent tells those that programs use.
func (a *attempt) named(err error) error {
	f, ok := errors.AsType[*text.Failure](err)
	if !ok {
		return err
	}
	args := text.Args{}
	for arg, value := range f.Args {
		switch value {
		case a.t.Child.String():
			value = a.t.DisplayName
		case a.t.Parent.Name().String():
			value = a.parent()
		}
		args[arg] = value
	}
	return text.Fail(f.Code, args, err)
}
