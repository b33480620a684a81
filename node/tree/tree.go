// Package tree keeps where a jurisdiction stands, in its ledger and state: the children that it
// invited, endorsed and withdrew, and the parent that it joined under. The rooms below it do the
// rest: invitation writes the line that a child is given, door speaks the join protocol, neighbours
// and chains know which keys are believed, rosters knows which places there should be, and standing
// answers all questions together.
//
// Every decision is an entry of the parent's ledger (invitation, endorsement, withdrawal) or of the
// child's (joined). An invitation is good for one key set: the first that comes with the secret.
// The same key set may come again after any failure and gets the same answer; another key set is
// refused, until the parent invites anew with rekey, which is a loud break everywhere. The ledger
// of new keys begins with the epoch after all that were endorsed, and the child may bring a
// recovery statement for them, which goes along with the chain (see recovers). What follows an
// endorsed key set is presented by the child itself (see Present); each is kept by itself. The
// secret itself is in no ledger and no state; the parent keeps its hash.
//
// The package makes no connection and no key. It verifies every statement of the other side before
// it believes it.
package tree

import (
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// MaxSkew is how far apart the clocks of two neighbours may be, and how far the clock of this
// machine may be behind the clock of the jurisdiction that issued an endorsement.
const MaxSkew = 5 * time.Minute

// The most bytes that are kept of one child, without its key sets, and of the parent.
const (
	maxChild    = 8 << 10
	maxUpstream = 64 << 10
)

var (
	children  = book.Bucket[Child]{Name: "children", Max: maxChild}       // by label
	upstreams = book.Bucket[Upstream]{Name: "upstream", Max: maxUpstream} // under keyParent
	keyParent = []byte("parent")
)

// A Hash is SHA-256 of a key set or of an invitation's secret.
type Hash = [32]byte

// Place is the parent's description of a child.
type Place struct {
	_           struct{} `cbor:",toarray"`
	Name        identity.Jurisdiction
	Code        string // GB/T 2260 or any
	Level       string
	DisplayName string // 南明区
	ShortName   string
}

// Called returns the texts that name the place, of which some may be empty.
func (p Place) Called() []string {
	return []string{p.DisplayName, p.ShortName, p.Name.String(), p.Name.Label().String(), p.Code}
}

// Child is the record that a parent keeps of one child.
type Child struct {
	_           struct{} `cbor:",toarray"`
	Place       Place
	Invitation  ledger.Ref // the newest invitation
	Secret      []byte     // hash of the newest invitation's secret
	Until       uint64     // when that invitation ends, ms since 1970 UTC
	First       []byte     // hash of the key set that the invitation is bound to; empty: not redeemed yet
	Endorsed    []byte     // hash of number 1 of the endorsed key sets; empty: not joined
	Number      uint64     // of the endorsed key set
	Hash        []byte     // of the endorsed key set
	Epoch       uint64     // of the endorsed key set
	Since       []uint64   // when the last numbers, up to Number, were first endorsed: see trust.Endorsement
	Day, Came   uint64     // a day since 1970, and how many key sets came on it
	Endorsement ledger.Ref // the newest endorsement; None: not joined
	NotAfter    uint64     // of the newest endorsement, ms since 1970 UTC
	Withdrawn   ledger.Ref // the withdrawal; None: in force
	Cancelled   ledger.Ref // where the newest invitation was taken back; None: it was not
	Redeemed    ledger.Ref // the endorsement by which an invitation was redeemed last; None: none was
	By          ledger.Ref // that invitation
	Recovery    []byte     // the recovery statement for the endorsed chain, as it came; empty: none
	Before      []byte     // recovery key of the last chain before that no statement replaced: see recovers

	// Damaged says that the record cannot be read. Nothing but the name of such a child is known.
	// It is no neighbour, and nothing is answered to it, until it is invited anew with rekey.
	Damaged bool `cbor:"-"`
}

// Joined reports whether the child is endorsed and was not withdrawn.
func (c Child) Joined() bool { return c.Endorsement != ledger.None && c.Withdrawn == ledger.None }

// Open reports whether an invitation waits for whoever has its secret, be it in time or too late.
func (c Child) Open() bool {
	return !c.Damaged && len(c.Secret) > 0 && (!c.Joined() || len(c.First) == 0)
}

// Upstream is the record that a child keeps of its parent.
type Upstream struct {
	_         struct{} `cbor:",toarray"`
	Parent    identity.Jurisdiction
	ParentPin string     // of the key set in the invitation
	RootPin   string     // of the tree's root in the invitation
	Addresses []string   // host:port, in the order in which they are tried
	Entry     ledger.Ref // the entry "joined"
}

// ChildOf returns the record of the child with the label; false: this jurisdiction never invited
// it. A record that cannot be read is Damaged: one child must not take the node with it.
func ChildOf(r book.Reads, label identity.Label) (Child, bool) {
	c, known, err := children.Read(r, []byte(label.String()))
	if err != nil {
		return Child{Damaged: true}, true
	}
	return c, known
}

// Children returns all children, invited and damaged ones included, in the order of their labels.
func Children(r *state.Reader) (all []Child) {
	r.Scan(children.Name, nil, nil, func(key, _ []byte) bool {
		label, err := identity.ParseLabel(string(key))
		if err != nil {
			return true
		}
		c, _ := ChildOf(r, label)
		if c.Damaged {
			c.Place.Name, _ = r.Log().Jurisdiction().Child(label)
		}
		all = append(all, c)
		return true
	})
	return all
}

// UpstreamOf returns the parent that this jurisdiction joined under; ok is false at a root, and
// before joining.
func UpstreamOf(r book.Reads) (up Upstream, ok bool) { return upstreams.Load(r, keyParent) }

// Withdrawn reports whether parent has withdrawn name, or the child of parent below which name
// lies, or cannot read the record of that child. It reports false for a name that does not lie
// below parent, because nothing here endorsed it.
func Withdrawn(r book.Reads, parent, name identity.Jurisdiction) bool {
	if name == parent || !name.Under(parent) {
		return false
	}
	for above, _ := name.Parent(); above != parent; above, _ = name.Parent() {
		name = above
	}
	c, known := ChildOf(r, name.Label())
	return known && (c.Damaged || c.Withdrawn != ledger.None)
}

func (c Child) save(tx *state.Tx) error {
	return children.Save(tx, []byte(c.Place.Name.Label().String()), c)
}
