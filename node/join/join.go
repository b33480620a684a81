// Package join is how a jurisdiction becomes a part of the tree: the parent invites it, it proves possession of its keys
// with the invitation's secret, and the parent endorses its key set.
//
// Everything that is decided is an entry of the parent's ledger (invitation, endorsement, withdrawal) or of the child's
// (joined). An invitation is good for one key set: the first that comes with the secret. The same one may come again after
// any failure and gets the same answer; another is refused, until the parent invites anew with rekey, which is a loud break
// everywhere. The secret itself is in no ledger and no state; the parent keeps its hash.
//
// The package makes no connection and no key. What it is told by the other side it verifies before it believes.
package join

import (
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/book"
)

const maxKept = 256 << 10 // bytes of what is kept of one child, key sets included

var (
	children  = book.Bucket[Child]{Name: "children", Max: maxKept}    // by label
	upstreams = book.Bucket[Upstream]{Name: "upstream", Max: maxKept} // under keyParent
	keyParent = []byte("parent")
)

// A Hash is SHA-256 of a key set or of an invitation's secret.
type Hash = [32]byte

// Place is what the parent says of a child beside its name.
type Place struct {
	_           struct{} `cbor:",toarray"`
	Name        identity.Jurisdiction
	Code        string // GB/T 2260 or any
	Level       string
	DisplayName string // 南明区
	ShortName   string
}

// Child is what a parent keeps of one child.
type Child struct {
	_           struct{} `cbor:",toarray"`
	Place       Place
	Invitation  ledger.Ref // the newest invitation
	Secret      []byte     // hash of the newest invitation's secret
	Until       uint64     // when that invitation ends, ms since 1970 UTC
	First       []byte     // hash of the key set that the invitation is bound to; empty: nobody came yet
	Endorsed    []byte     // hash of number 1 of the endorsed key sets; empty: not joined
	Number      uint64     // of the endorsed key set
	Hash        []byte     // of the endorsed key set
	KeySets     [][]byte   // signed, from number 1
	Endorsement ledger.Ref // the newest endorsement; None: not joined
	NotAfter    uint64     // of the newest endorsement, ms since 1970 UTC
	Withdrawn   ledger.Ref // the withdrawal; None: in force
}

// Joined reports whether the child is endorsed and was not withdrawn.
func (c Child) Joined() bool { return c.Endorsement != ledger.None && c.Withdrawn == ledger.None }

// Upstream is what a child keeps of its parent.
type Upstream struct {
	_         struct{} `cbor:",toarray"`
	Parent    identity.Jurisdiction
	ParentPin string     // of the key set in the invitation
	RootPin   string     // of the tree's root in the invitation
	Addresses []string   // host:port, in the order in which they are tried
	Entry     ledger.Ref // the entry "joined"
}

// ChildOf returns what is kept of the child with the label.
func ChildOf(r book.Reads, label identity.Label) (Child, bool) {
	return children.Load(r, []byte(label.String()))
}

// Children returns all children, invited ones included, in the order of their labels.
func Children(r book.Reads) (all []Child) {
	for _, c := range children.All(r, nil) {
		all = append(all, c)
	}
	return all
}

// UpstreamOf returns the parent that this jurisdiction joined under; ok is false at a root, and before
// joining.
func UpstreamOf(r book.Reads) (up Upstream, ok bool) { return upstreams.Load(r, keyParent) }

// Withdrawn reports whether parent has withdrawn name, or the child of parent below which name lies.
// Whoever does not lie below parent was endorsed by nobody here.
func Withdrawn(r book.Reads, parent, name identity.Jurisdiction) bool {
	if name == parent || !name.Under(parent) {
		return false
	}
	for above, _ := name.Parent(); above != parent; above, _ = name.Parent() {
		name = above
	}
	c, known := ChildOf(r, name.Label())
	return known && c.Withdrawn != ledger.None
}

func (c Child) save(tx *state.Tx) error {
	return children.Save(tx, []byte(c.Place.Name.Label().String()), c)
}

// Walk verifies the key sets that the child brought last, from the first one on.
func (c Child) Walk() ([]trust.KeySet, error) {
	_, sets, err := walkFromFirst(c.KeySets)
	return sets, err
}
