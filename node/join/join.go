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
	"context"
	"fmt"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/text"
)

// The commands of this room. Their numbers are those of docs/protocol.md.
const (
	KindInvite   state.Kind = 14
	KindEndorse  state.Kind = 15
	KindWithdraw state.Kind = 16
	KindJoin     state.Kind = 17
)

const (
	bucketChildren = "children"
	bucketUpstream = "upstream"
	maxKept        = 256 << 10 // bytes of what is kept of one child, key sets included
)

// Ledger is the jurisdiction on whose side this room works; *host.Host is one.
type Ledger interface {
	Log() identity.Log
	View(ctx context.Context, f func(*state.Reader) error) error
	Propose(ctx context.Context, kind state.Kind, id identity.Message, asked, body []byte) ([]byte, error)
	Note(contentType string, payload []byte) (ledger.Evidence, []byte, error)
}

// Reads is what this room needs to read of the state.
type Reads interface {
	Get(bucket string, key []byte) []byte
	Scan(bucket string, prefix, from []byte, each func(key, value []byte) (more bool))
}

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
	Invitation  uint64   // index of the newest invitation's entry
	Secret      []byte   // hash of the newest invitation's secret
	Until       uint64   // when that invitation ends, ms since 1970 UTC
	First       []byte   // hash of the key set that the invitation is bound to; empty: nobody came yet
	Endorsed    []byte   // hash of number 1 of the endorsed key sets; empty: not joined
	Number      uint64   // of the endorsed key set
	Hash        []byte   // of the endorsed key set
	KeySets     [][]byte // signed, from number 1
	Endorsement uint64   // index of the newest endorsement's entry, plus 1; 0: not joined
	NotAfter    uint64   // of the newest endorsement, ms since 1970 UTC
	Withdrawn   uint64   // index of the withdrawal's entry, plus 1; 0: in force
}

// Joined reports whether the child is endorsed and was not withdrawn.
func (c Child) Joined() bool { return c.Endorsement > 0 && c.Withdrawn == 0 }

// Upstream is what a child keeps of its parent.
type Upstream struct {
	_         struct{} `cbor:",toarray"`
	Parent    identity.Jurisdiction
	ParentPin string   // of the key set in the invitation
	RootPin   string   // of the tree's root in the invitation
	Addresses []string // host:port, in the order in which they are tried
	Entry     uint64   // index of the entry "joined"
}

// Register adds this room's commands.
func Register(r *state.Registry) {
	r.Register(KindInvite, state.Idempotent, applyInvite)
	r.Register(KindEndorse, state.Idempotent, applyEndorse)
	r.Register(KindWithdraw, state.Idempotent, applyWithdraw)
	r.Register(KindJoin, state.Idempotent, applyJoin)
}

func refuse(code text.Code, values ...string) error {
	return &state.Refusal{Code: state.Code(text.Number(code)), Args: values}
}

// ChildOf returns what is kept of the child with the label.
func ChildOf(r Reads, label identity.Label) (Child, bool) {
	data := r.Get(bucketChildren, []byte(label.String()))
	if data == nil {
		return Child{}, false
	}
	return decodeKept[Child](data), true
}

// Children returns all children, invited ones included, in the order of their labels.
func Children(r Reads) []Child {
	var all []Child
	r.Scan(bucketChildren, nil, nil, func(_, v []byte) bool {
		all = append(all, decodeKept[Child](v))
		return true
	})
	return all
}

// UpstreamOf returns the parent that this jurisdiction joined under; ok is false at a root, and before joining.
func UpstreamOf(r Reads) (up Upstream, ok bool) {
	data := r.Get(bucketUpstream, []byte("parent"))
	if data == nil {
		return Upstream{}, false
	}
	return decodeKept[Upstream](data), true
}

// Withdrawn reports whether the endorsement that the jurisdiction of hangs on here, its own or that of the child of in which it
// lies below, was withdrawn. Whoever does not lie below in hangs on none.
func Withdrawn(r Reads, in, of identity.Jurisdiction) bool {
	if of == in || !of.Under(in) {
		return false
	}
	for above, _ := of.Parent(); above != in; above, _ = of.Parent() {
		of = above
	}
	c, known := ChildOf(r, of.Label())
	return known && c.Withdrawn > 0
}

// decodeKept reads what this room wrote itself: anything else is a damaged file, which must stop the node.
func decodeKept[T any](data []byte) (kept T) {
	if err := canon.Unmarshal(data, maxKept, &kept); err != nil {
		panic(fmt.Sprintf("join: damaged state: %v", err))
	}
	return kept
}

func (c Child) put(tx *state.Tx) error {
	data, err := canon.Marshal(c)
	if err != nil {
		return err
	}
	return tx.Put(bucketChildren, []byte(c.Place.Name.Label().String()), data)
}

// DecodeIndex decodes the result of the commands of this room: the index of the entry.
func DecodeIndex(result []byte) (index uint64, err error) {
	err = canon.Unmarshal(result, 16, &index)
	return index, err
}

// Walk verifies the key sets that the child brought last, from the first one on.
func (c Child) Walk() ([]trust.KeySet, error) {
	_, sets, err := walkFromFirst(c.KeySets)
	return sets, err
}
