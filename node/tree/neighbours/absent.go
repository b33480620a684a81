package neighbours

import (
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/relay"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// absence is why a child is no neighbour, as far as the ledger says.
type absence struct {
	code text.Code
	args text.Args
}

// absenceOf returns why a child that was invited once, and is not endorsed, is no neighbour. One
// that was withdrawn had joined, also where it is invited anew; so had one that is held, be it in
// entries that are lost.
func absenceOf(r *state.Reader, c tree.Child) absence {
	args := text.Args{}
	if h, held := tree.HeldOf(r, c.Place.Name.Label()); held && !c.InvitedSince(h) || c.Joined() {
		return heldAway()
	}
	if c.Open() {
		args["until"] = stamp(time.UnixMilli(int64(c.Until)))
	}
	switch {
	case c.Withdrawn != ledger.None:
		args["entry"], args["when"] = c.Withdrawn.In(r.Names()).String(), enteredAt(r, c.Withdrawn)
		return absence{text.PlaceWithdrawn, args}
	case c.Open():
		return absence{text.PlaceInvited, args}
	}
	return absence{code: text.PlaceNotJoined}
}

// heldAway is the absence of a child that is held: no endorsement of it is in force here.
func heldAway() absence { return absence{text.Unreachable, text.Args{"reason": relay.NotEndorsed}} }

// enteredAt returns the time of an entry; "" where it cannot be read: it serves to tell people.
func enteredAt(r *state.Reader, ref ledger.Ref) string {
	index, _ := ref.Index()
	leaf, err := ledger.DecodeLeaf(r.SoundLeaf(index))
	if err != nil {
		return ""
	}
	return stamp(time.UnixMilli(int64(leaf.Head.At())))
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// Absent returns why a direct child is no neighbour now, as others are told it: that it never
// joined, was invited, was withdrawn, or was not renewed. It is the word of this ledger.
func (t *Table) Absent(child identity.Jurisdiction) *text.Failure {
	t.mu.RLock()
	a, invited := t.absent[child]
	n, endorsed := t.children[child]
	t.mu.RUnlock()
	switch {
	case endorsed:
		a = absence{text.PlaceExpired, text.Args{"until": stamp(n.Until)}}
	case !invited:
		a = absence{code: text.PlaceNotJoined}
	}
	args := text.Args{"jurisdiction": child.String(), "by": t.own.Name().String()}
	for name, value := range a.args {
		args[name] = value
	}
	return &text.Failure{Code: a.code, Args: args}
}

// CutOff returns why no way leads from this jurisdiction to its parent, as those below it are told:
// the parent has withdrawn its endorsement. nil: it has not. It is the parent's word, which this
// jurisdiction verified, and passes on about itself alone.
func (t *Table) CutOff() *text.Failure {
	if t.Denied == nil {
		return nil
	}
	d := t.Denied()
	parent, joined := t.Parent()
	if d == nil || !joined || text.Code(d.Code) != text.EndorsementWithdrawn {
		return nil
	}
	said := text.Named(text.EndorsementWithdrawn, d.Args)
	args := text.Args{"jurisdiction": t.own.Name().String(), "by": parent.String(), "entry": said["entry"], "when": ""}
	return &text.Failure{Code: text.PlaceWithdrawn, Args: args}
}

// Gone returns the children that were invited once and are not endorsed now.
func (t *Table) Gone() (all []identity.Jurisdiction) {
	t.mu.RLock()
	for child := range t.absent {
		all = append(all, child)
	}
	for child := range t.children {
		all = append(all, child)
	}
	t.mu.RUnlock()
	return slices.DeleteFunc(all, t.IsChild)
}
