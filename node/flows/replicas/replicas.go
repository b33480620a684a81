// Package replicas makes several machines one jurisdiction. It keeps who belongs to the group,
// carries what one replica asks another, and brings a further machine in or takes one out.
//
// A replica is invited: it gets the next number, which never comes back, and a secret. The machine
// that brings the secret makes keys of its own and is admitted with them. From then on the others
// let it connect; it is handed the keystore and the decryption keys, is filled with the state, and
// follows the group without a vote. When it is promoted, (1) the next key set lists its keys,
// signed by a majority of the replicas before, and (2) raft gives it a vote. A replica is removed
// in the same order, because it may have to sign and to vote for that: (1) the next key set lists
// it no more, (2) raft takes it out, and from then on nobody lets it connect. What is wanted stands
// in the state, as the stage of each member; whoever leads brings raft and the key sets to it, and
// goes on after a crash at any step.
//
// Replicas ask one another over streams of their own (see ask.go): to have a command proposed by
// the one that leads, for the index that a read must wait for, for a signature of the next key set,
// for the keys that all share, for what the parent said, and how far each is.
//
// Join apart, the package makes no connection; it holds no key. What it is told by a replica it
// takes as the word of the machine to which the link has authenticated, and verifies what is
// signed.
package replicas

import (
	"bytes"
	"encoding/binary"
	"strconv"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// Stage is what is wanted of a member of the group.
type Stage uint8

// The stages, in their order.
const (
	Invited  Stage = 1 // its number and a secret were given out
	Admitted Stage = 2 // its keys are known; it follows, without a vote
	Voting   Stage = 3 // it is to have a vote, and to sign
	Removed  Stage = 4 // its number never comes back
)

// Member is what is kept of one replica.
type Member struct {
	_         struct{} `cbor:",toarray"`
	Replica   identity.Replica
	Stage     Stage
	Keys      *trust.ReplicaKeys // as it was admitted with them; nil: it was there first, or has not come
	Addresses []string           // host:port, in the order in which they are tried
	Secret    []byte             // hash of the invitation's secret
	Until     uint64             // when the invitation ends, ms since 1970 UTC
	Entry     ledger.Ref         // of the last act about it
}

const (
	maxMember    = 32 << 10 // bytes: two certificates and the addresses
	maxAddresses = 16
	maxAddress   = 260 // bytes
)

var members = book.Bucket[Member]{Name: "replicas", Max: maxMember} // by number, big-endian

func keyOf(r identity.Replica) []byte { return binary.BigEndian.AppendUint32(nil, r.Number()) }

// Members returns what is kept of the replicas, in the order of their numbers, removed ones
// included. It is empty while the jurisdiction has had no other replica than its first.
func Members(r book.Reads) (all []Member) {
	for _, m := range members.All(r, nil) {
		all = append(all, m)
	}
	return all
}

// MemberOf returns what is kept of one replica.
func MemberOf(r book.Reads, replica identity.Replica) (Member, bool) {
	return members.Load(r, keyOf(replica))
}

// In reports whether the replica belongs to the group: it may connect, and is connected to.
func (m Member) In() bool { return m.Stage == Admitted || m.Stage == Voting }

// The commands of this room. Their numbers are those of docs/protocol.md.
const (
	commandInvite  book.Command[inviteBody, identity.Replica] = 65
	commandAdmit   book.Command[admitBody, ledger.Ref]        = 66
	commandStage   book.Command[stageBody, ledger.Ref]        = 67
	commandAddress book.Command[addressBody, book.Nothing]    = 68
	commandAlone   book.Command[aloneBody, ledger.Ref]        = 92
)

// Register adds this room's commands.
func Register(r *state.Registry) {
	members.Keep(r)
	commandInvite.Handle(r, applyInvite)
	commandAdmit.Handle(r, applyAdmit)
	commandStage.Handle(r, applyStage)
	commandAddress.Handle(r, applyAddress)
	commandAlone.Handle(r, applyAlone)
}

type inviteBody struct {
	_         struct{} `cbor:",toarray"`
	Secret    []byte   // hash
	Until     uint64   // ms since 1970 UTC
	First     identity.Replica
	Statement book.Statement
}

type admitBody struct {
	_         struct{} `cbor:",toarray"`
	Secret    []byte   // hash of what was brought
	Keys      trust.ReplicaKeys
	Addresses []string
	Statement book.Statement
}

type stageBody struct {
	_         struct{} `cbor:",toarray"`
	Replica   identity.Replica
	Stage     Stage
	Statement book.Statement
}

type addressBody struct {
	_         struct{} `cbor:",toarray"`
	Replica   identity.Replica
	Addresses []string
}

// applyInvite keeps an invitation under the next number. The first one also notes the replica that
// was there before.
func applyInvite(tx *state.Tx, b inviteBody) (identity.Replica, error) {
	all := Members(tx)
	if len(all) == 0 {
		first := Member{Replica: b.First, Stage: Voting, Entry: ledger.None}
		if err := members.Save(tx, keyOf(b.First), first); err != nil {
			return b.First, err
		}
		all = append(all, first)
	}
	waiting := 0
	for _, m := range all {
		if m.Stage != Removed {
			waiting++
		}
	}
	if waiting >= trust.MaxReplicas {
		return b.First, book.Refuse(text.ReplicaTooMany, strconv.Itoa(trust.MaxReplicas))
	}
	next, err := identity.NewReplica(all[len(all)-1].Replica.Number() + 1)
	if err != nil {
		return next, err
	}
	m := Member{Replica: next, Stage: Invited, Secret: b.Secret, Until: b.Until, Entry: book.Next(tx)}
	if err := members.Save(tx, keyOf(next), m); err != nil {
		return next, err
	}
	return next, enter(tx, b.Statement, next)
}

func enter(tx *state.Tx, s book.Statement, r identity.Replica) error {
	code, err := identity.ParseLabel(r.String())
	if err != nil {
		return err
	}
	_, err = s.Append(tx, ledger.Head{Kind: ledger.KindReplica, Code: code})
	return err
}

// applyAdmit binds an invitation to the keys of the machine that brought its secret. The same keys
// may come again; any other are refused.
func applyAdmit(tx *state.Tx, b admitBody) (ledger.Ref, error) {
	m, known := MemberOf(tx, b.Keys.Replica)
	switch {
	case !known || !bytes.Equal(m.Secret, b.Secret) || len(b.Secret) == 0 || m.Stage == Removed:
		return ledger.None, book.Refuse(text.ReplicaNotInvited, b.Keys.Replica.String())
	case m.Keys != nil && !m.Keys.Equal(b.Keys):
		return ledger.None, book.Refuse(text.ReplicaInvitationUsed, b.Keys.Replica.String())
	case m.Keys != nil:
		m.Addresses = b.Addresses
		return m.Entry, members.Save(tx, keyOf(m.Replica), m)
	case m.Until <= tx.Clock():
		return ledger.None, book.Refuse(text.ReplicaNotInvited, b.Keys.Replica.String())
	}
	m.Stage, m.Keys, m.Addresses, m.Entry = Admitted, &b.Keys, b.Addresses, book.Next(tx)
	if err := members.Save(tx, keyOf(m.Replica), m); err != nil {
		return ledger.None, err
	}
	return m.Entry, enter(tx, b.Statement, m.Replica)
}

// applyStage notes what is wanted of a replica from now on. What is wanted already is no act.
func applyStage(tx *state.Tx, b stageBody) (ledger.Ref, error) {
	m, known := MemberOf(tx, b.Replica)
	switch {
	case !known:
		return ledger.None, book.Refuse(text.ReplicaUnknown, b.Replica.String())
	case m.Stage == b.Stage:
		return m.Entry, nil
	case m.Stage == Removed:
		return ledger.None, book.Refuse(text.ReplicaWasRemoved, b.Replica.String())
	case b.Stage == Voting && m.Stage != Admitted:
		return ledger.None, book.Refuse(text.ReplicaNotCome, b.Replica.String())
	case b.Stage != Voting && b.Stage != Removed:
		return ledger.None, book.Refuse(text.ReplicaUnknown, b.Replica.String())
	case b.Stage == Removed && m.Stage == Voting && voting(tx) == 1:
		return ledger.None, book.Refuse(text.ReplicaLast, b.Replica.String())
	}
	m.Stage, m.Entry, m.Secret = b.Stage, book.Next(tx), nil
	if err := members.Save(tx, keyOf(m.Replica), m); err != nil {
		return ledger.None, err
	}
	return m.Entry, enter(tx, b.Statement, m.Replica)
}

func voting(r book.Reads) (n int) {
	for _, m := range Members(r) {
		if m.Stage == Voting {
			n++
		}
	}
	return n
}

// applyAddress notes where a replica is reached now. It is no act, and makes no entry.
func applyAddress(tx *state.Tx, b addressBody) (book.Nothing, error) {
	m, known := MemberOf(tx, b.Replica)
	if !known || !m.In() {
		return book.Nothing{}, book.Refuse(text.ReplicaUnknown, b.Replica.String())
	}
	m.Addresses = b.Addresses
	return book.Nothing{}, members.Save(tx, keyOf(m.Replica), m)
}
