// Package ledger is the verifiable log of a jurisdiction: entries, the Merkle tree over them,
// checkpoints and receipts.
//
// The package reads no clock, file or network, holds no private key and knows nothing of raft, so
// the same code writes the log in a node and checks a receipt on a stranger's laptop. Only the salt
// of a new payload is random. Decoders bound the length of their input and refuse every spelling
// but the canonical one (see canon). Verification starts from a pin or a key set that the caller
// trusts.
//
// # Entry
//
// An entry is a leaf, the deterministic CBOR array [1, head, evidence] of less than 65,536 bytes.
// The head is public and names no person; the payload is never in the log. Evidence is either the
// 32-byte commitment to the payload (the node's own statements and the records of an import,
// vouched for by the checkpoint) or a COSE_Sign1 over it (an act of an agency). The commitment is
// SHA-256 of the preimage, the CBOR array [salt (32 bytes), content type, payload], which is the
// form of an RFC 9995 hash envelope: with the salt erased, the commitment says nothing about the
// payload.
//
// # Tree and checkpoint
//
// The tree is that of RFC 9162 with SHA-256: leaf hash SHA-256(0x00 leaf), node hash SHA-256(0x01
// left right). A checkpoint is a C2SP signed note (tlog-checkpoint) whose origin is the log's name;
// it is believed when a majority of the key set's log keys signed it:
//
//	nanming.guiyang.guizhou/log/1
//	33
//	CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
//
//	— nanming.guiyang.guizhou/log/1 Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
//
// # Receipt
//
// A receipt is one CBOR file that proves an entry to any verifier that pins the jurisdiction or one
// above it; see Receipt. docs/ledger-format.md specifies all of this at the length that a second
// implementation needs.
package ledger

import (
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/canon"
	"xietong/certs/identity"
)

// Kind says what an entry records. The numbers are those of docs/protocol.md and are never reused.
type Kind uint16

// The kinds of entry.
const (
	KindKeySet          Kind = 1
	KindAgency          Kind = 2
	KindCatalogueEntry  Kind = 3
	KindRecord          Kind = 4
	KindRetraction      Kind = 5
	KindImportOpened    Kind = 6
	KindImportPublished Kind = 7
	KindImportAbandoned Kind = 8
	KindApplication     Kind = 9
	KindGrant           Kind = 10
	KindGrantRevoked    Kind = 11
	KindAccess          Kind = 12
	KindInvitation      Kind = 13
	KindEndorsement     Kind = 14
	KindWithdrawal      Kind = 15
	KindJoined          Kind = 16
	KindAsked           Kind = 17
	KindRoster          Kind = 18
	KindStandard        Kind = 19
	KindUseRefused      Kind = 20
	KindKeysConfirmed   Kind = 22
	KindFinding         Kind = 24
	KindDatasetEnded    Kind = 25
	KindQuestion        Kind = 26
	KindAgencyRenamed   Kind = 27
	KindAgencyEnded     Kind = 28
	KindStandardEnded   Kind = 29
	KindRuleAllowed     Kind = 30
	KindCancellation    Kind = 31
	KindHolderEnded     Kind = 32
	KindClockCorrected  Kind = 33
	KindClockAccepted   Kind = 34
	KindReplica         Kind = 35
	KindWitnessed       Kind = 36
	KindFork            Kind = 37
	KindForkSeen        Kind = 38
	KindContinued       Kind = 39
	KindEpoch           Kind = 40
	KindChildHeld       Kind = 41
	KindHeld            Kind = 42
	KindEpochChecked    Kind = 43
)

var kindNames = map[Kind]string{
	KindKeySet: "key set", KindAgency: "agency added", KindCatalogueEntry: "catalogue entry", KindRecord: "record",
	KindRetraction: "record retracted", KindImportOpened: "import opened", KindImportPublished: "import published",
	KindImportAbandoned: "import abandoned", KindApplication: "application", KindGrant: "grant",
	KindGrantRevoked: "grant revoked", KindAccess: "access",
	KindInvitation: "invitation", KindEndorsement: "endorsement", KindWithdrawal: "endorsement withdrawn", KindJoined: "joined",
	KindAsked: "asked", KindRoster: "roster", KindStandard: "standard entry", KindUseRefused: "use refused",
	KindKeysConfirmed: "keys confirmed", KindFinding: "audit finding", KindQuestion: "saved question",
	KindDatasetEnded: "dataset withdrawn", KindAgencyRenamed: "agency renamed", KindAgencyEnded: "agency ended",
	KindStandardEnded: "standard withdrawn", KindRuleAllowed: "grants by rule allowed",
	KindCancellation: "invitation cancelled", KindHolderEnded: "holder ended elsewhere",
	KindClockCorrected: "clock corrected", KindClockAccepted: "clock accepted", KindReplica: "replica",
	KindWitnessed: "checkpoint witnessed", KindFork: "fork found", KindForkSeen: "fork acknowledged",
	KindContinued: "ledger continued", KindEpoch: "epoch begun", KindChildHeld: "child held", KindHeld: "held",
	KindEpochChecked: "epoch checked",
}

// String returns the kind's name in docs/protocol.md, or its number when this version has no name
// for it.
func (k Kind) String() string {
	if name, ok := kindNames[k]; ok {
		return name
	}
	return fmt.Sprintf("kind %d", uint16(k))
}

// Head is the public part of an entry. It names no person. The author of the entry states the
// fields up to About, and those from Root on, and the signature of an act covers them. The log sets
// Seq and Time when the entry takes its place, and Clock where that differs.
//
// A limit has a unit and the version of the rule that set it, so that it is judged later by what
// held then. None of the three stands without the others.
type Head struct {
	Kind   Kind           `cbor:"1,keyasint"`
	Agency identity.Label `cbor:"2,keyasint,omitzero"`   // whose act the entry is; absent: the node's own
	Code   identity.Label `cbor:"3,keyasint,omitzero"`   // dataset or matter
	From   uint64         `cbor:"4,keyasint,omitempty"`  // state before
	To     uint64         `cbor:"5,keyasint,omitempty"`  // state after; of an endorsement, the number of the key set
	Limit  uint64         `cbor:"6,keyasint,omitempty"`  // how long it may take, in Units; absent: there is no limit
	About  Ref            `cbor:"7,keyasint,omitempty"`  // the entry that it is about
	Seq    uint64         `cbor:"8,keyasint,omitempty"`  // counted from 1 for each agency and for the node
	Time   uint64         `cbor:"9,keyasint,omitempty"`  // ledger time, milliseconds since 1970 UTC
	Clock  uint64         `cbor:"10,keyasint,omitempty"` // the clock, where it is behind ledger time after a correction
	Root   tlog.Hash      `cbor:"11,keyasint,omitzero"`  // of another log, at the size To; or the hash of the key set To
	Unit   Unit           `cbor:"12,keyasint,omitempty"` // of Limit
	Rule   uint64         `cbor:"13,keyasint,omitempty"` // version of the rule that set Limit, counted from 1
	Tag    Tag            `cbor:"14,keyasint,omitzero"`  // links the acts of one matter; absent: the entry is of none
	Epoch  uint64         `cbor:"15,keyasint,omitempty"` // that the entry began, or of which it says more
	Before uint64         `cbor:"16,keyasint,omitempty"` // the epoch from which that one went on
}

// Unit is what a limit is counted in.
type Unit uint8

// The units of a limit.
const (
	Minutes     Unit = 1
	Days        Unit = 2
	WorkingDays Unit = 3
)

// Tag links the acts of one matter. Whoever begins the matter draws it at random, so that it says
// nothing of the matter, and whoever sees one act finds the others without knowing whose it is.
type Tag [16]byte

// At returns when the entry was made, by the clock of who made it; ledger time, which orders the
// entries, may be later.
func (h Head) At() uint64 {
	if h.Clock > 0 {
		return h.Clock
	}
	return h.Time
}

// stated returns the head without the fields that the log sets.
func (h Head) stated() Head {
	h.Seq, h.Time, h.Clock = 0, 0, 0
	return h
}

// MaxTime is the last ledger time, the end of the year 9999: neither a certificate nor RFC 3339 can
// name a later one.
const MaxTime = 253402300799999 // milliseconds since 1970 UTC

// check checks the rules that the head of every entry must keep.
func (h Head) check() error {
	if h.Kind == 0 || h.Seq == 0 || h.Time == 0 || h.Time > MaxTime || h.Clock > 0 && h.Clock >= h.Time {
		return fmt.Errorf("a head of kind %d, sequence number %d, time %d and clock %d", uint16(h.Kind), h.Seq, h.Time, h.Clock)
	}
	if limited := h.Limit > 0; limited != (h.Unit > 0) || limited != (h.Rule > 0) || h.Unit > WorkingDays {
		return fmt.Errorf("a head with a limit of %d, in unit %d, by rule %d", h.Limit, h.Unit, h.Rule)
	}
	return nil
}

// ErrMalformed is wrapped by every error about bytes that do not have the required form.
var ErrMalformed = errors.New("malformed ledger data")

// ErrNotProven is wrapped by every error about well-formed data that does not prove its claim: a
// signature, hash or proof that does not fit.
var ErrNotProven = errors.New("not proven")

// ErrPayload is wrapped beside ErrNotProven where a receipt proves its entry, and the payload is of
// another.
var ErrPayload = errors.New("the payload is not the one that the entry commits to")

func malformed(what string, err error) error {
	return fmt.Errorf("%w: %s: %w", ErrMalformed, what, err)
}

// mustEncode encodes values of this package, which always have an encoding.
func mustEncode(v any) []byte {
	data, err := canon.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}
