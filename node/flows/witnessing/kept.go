package witnessing

import (
	"bytes"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/witness"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// The commands of this room. Their numbers are those of docs/protocol.md.
const (
	commandKeep        book.Command[keepBody, keepResult]        = 74
	commandCosigned    book.Command[cosignedBody, book.Nothing]  = 75
	commandFork        book.Command[forkBody, ledger.Ref]        = 76
	commandAcknowledge book.Command[acknowledgeBody, ledger.Ref] = 77
	commandMore        book.Command[moreBody, book.Nothing]      = 93
)

// The most bytes of each value.
const (
	maxKept     = witness.MaxNote + 2<<10
	maxCosigned = witness.MaxNote + maxLine + 512
	maxFork     = witness.MaxForkLen + 1024
	maxMore     = witness.MaxNote + 512
	maxLine     = 512 // of the cosignature of the longest name
)

var (
	keptOf     = book.Bucket[kept]{Name: "witness-kept", Max: maxKept}             // by log
	cosignedBy = book.Bucket[cosigned]{Name: "witness-cosigned", Max: maxCosigned} // by witness
	moreOf     = book.Bucket[more]{Name: "witness-more", Max: maxMore}             // by witness
	forks      = book.Bucket[fork]{Name: "witness-forks", Max: maxFork}            // by log and holder
)

// kept is the largest checkpoint of a neighbour's log that this jurisdiction saw.
type kept struct {
	_     struct{} `cbor:",toarray"`
	Log   identity.Log
	Size  uint64
	Root  tlog.Hash
	Note  []byte
	At    uint64     // ms since 1970 UTC: when it was kept
	Entry ledger.Ref // that logs it; None: of a parent, which is kept alone
	Begun []begun    // by which the log was taken as one that goes on from an epoch before; none: nothing was kept of one
}

func (k kept) checkpoint() ledger.Checkpoint {
	return ledger.Checkpoint{Log: k.Log, Size: k.Size, Root: k.Root}
}

// cosigned is the largest own checkpoint that a neighbour cosigned.
type cosigned struct {
	_    struct{} `cbor:",toarray"`
	Log  identity.Log
	Size uint64
	Note []byte // with the lines of the own replicas
	Line []byte // of the witness
	At   uint64 // seconds since 1970 UTC, by the witness
}

// more is a checkpoint that the own keys signed, which a neighbour keeps, of more entries of the
// own log than there were. It is recorded for the other replicas.
type more struct {
	_    struct{} `cbor:",toarray"`
	By   identity.Jurisdiction
	Note []byte
	At   uint64 // ms since 1970 UTC: when it was shown
}

type moreBody struct {
	_    struct{} `cbor:",toarray"`
	More more
}

// fork is the evidence that a log has two histories.
type fork struct {
	_        struct{} `cbor:",toarray"`
	Log      identity.Log
	Holder   identity.Jurisdiction // keeps the other history: this jurisdiction, or, of the own log, a neighbour
	Size     uint64                // up to which the holder has the other one
	Evidence []byte                // see witness.Fork
	At       uint64                // ms since 1970 UTC: when it was found
	Entry    ledger.Ref            // that records it
	Seen     ledger.Ref            // that records its acknowledgment; None: nobody acknowledged it
}

type keepBody struct {
	_      struct{}         `cbor:",toarray"`
	Kept   kept             // its Entry is given by the handler
	Before uint64           // the size that was kept when this was judged; 0: none
	Logged []book.Statement // one, or none for a parent's
}

type keepResult struct {
	_     struct{} `cbor:",toarray"`
	Kept  bool     // false: another one was kept meanwhile
	Entry ledger.Ref
}

type cosignedBody struct {
	_        struct{} `cbor:",toarray"`
	Witness  identity.Jurisdiction
	Cosigned cosigned
}

type forkBody struct {
	_         struct{} `cbor:",toarray"`
	Fork      fork     // its Entry is given by the handler
	Statement book.Statement
}

type acknowledgeBody struct {
	_         struct{} `cbor:",toarray"`
	Log       identity.Log
	Holder    identity.Jurisdiction
	Statement book.Statement
}

// Register adds this room's commands and buckets.
func Register(r *state.Registry) {
	keptOf.Keep(r)
	olderOf.Keep(r)
	cosignedBy.Keep(r)
	forks.Keep(r)
	moreOf.Keep(r)
	risenOf.Keep(r)
	pieces.Keep(r)
	heldOf.Keep(r)
	hiddenIn.Keep(r)
	commandKeep.Handle(r, applyKeep)
	commandCosigned.Handle(r, applyCosigned)
	commandFork.Handle(r, applyFork)
	commandMore.Handle(r, applyMore)
	commandAcknowledge.Handle(r, applyAcknowledge)
	commandRaise.Handle(r, applyRaise)
	commandHidden.Handle(r, applyHidden)
}

func keyOfLog(log identity.Log) []byte            { return book.Joined(log.String()) }
func keyOfWitness(w identity.Jurisdiction) []byte { return book.Joined(w.String()) }
func keyOfFork(l identity.Log, h identity.Jurisdiction) []byte {
	return book.Joined(l.String(), h.String())
}

// applyKeep keeps a larger checkpoint, if what is kept is what it was judged against.
func applyKeep(tx *state.Tx, b keepBody) (done keepResult, err error) {
	have, _ := keptOf.Load(tx, keyOfLog(b.Kept.Log))
	if have.Size != b.Before || b.Kept.Size <= have.Size || forked(tx, tx.Log().Jurisdiction(), b.Kept.Log) {
		return done, nil
	}
	for _, s := range b.Logged {
		k := b.Kept
		done.Entry, err = s.Append(tx, ledger.Head{
			Kind: ledger.KindWitnessed, Code: k.Log.Jurisdiction().Label(), From: b.Before, To: k.Size, Root: k.Root,
		})
		if err != nil {
			return done, err
		}
	}
	b.Kept.Entry, done.Kept = done.Entry, true
	if err := saveOlder(tx, b.Kept); err != nil {
		return done, err
	}
	return done, keptOf.Save(tx, keyOfLog(b.Kept.Log), b.Kept)
}

// forked reports whether this jurisdiction found that a log has two histories.
func forked(r book.Reads, own identity.Jurisdiction, log identity.Log) bool {
	return forks.Has(r, keyOfFork(log, own))
}

// applyCosigned keeps a cosignature, unless one of a larger checkpoint of the same log is kept.
func applyCosigned(tx *state.Tx, b cosignedBody) (done book.Nothing, err error) {
	have, _ := cosignedBy.Load(tx, keyOfWitness(b.Witness))
	if have.Log == b.Cosigned.Log && have.Size > b.Cosigned.Size {
		return done, nil
	}
	return done, cosignedBy.Save(tx, keyOfWitness(b.Witness), b.Cosigned)
}

// applyMore keeps the newest that a neighbour showed.
func applyMore(tx *state.Tx, b moreBody) (done book.Nothing, err error) {
	return done, moreOf.Save(tx, keyOfWitness(b.More.By), b.More)
}

// applyFork keeps the evidence of a fork. The first of a log and holder stays: one is enough, and
// nobody can fill the ledger by making more.
func applyFork(tx *state.Tx, b forkBody) (ledger.Ref, error) {
	f := b.Fork
	if have, known := forks.Load(tx, keyOfFork(f.Log, f.Holder)); known {
		return have.Entry, nil
	}
	f.Entry, f.Seen = book.Next(tx), ledger.None
	if err := forks.Save(tx, keyOfFork(f.Log, f.Holder), f); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindFork, Code: f.about(tx.Log().Jurisdiction()).Label(), To: f.Size})
}

// about returns the neighbour that a fork is about: whose log it is or, of the own log, who holds
// the other history.
func (f fork) about(own identity.Jurisdiction) identity.Jurisdiction {
	if f.Log.Jurisdiction() == own {
		return f.Holder
	}
	return f.Log.Jurisdiction()
}

// applyAcknowledge records that a person knows of a fork. Nothing else of it changes: the log is
// not cosigned, in this epoch. Likewise of heads that hide an act, whose holder is the child.
func applyAcknowledge(tx *state.Tx, b acknowledgeBody) (ledger.Ref, error) {
	if ref, hidden, err := acknowledgeHidden(tx, b); hidden {
		return ref, err
	}
	f, known := forks.Load(tx, keyOfFork(b.Log, b.Holder))
	switch {
	case !known:
		return ledger.None, book.Refuse(text.NoFork, b.Log.Jurisdiction().String())
	case f.Seen != ledger.None:
		return f.Seen, nil
	}
	f.Seen = book.Next(tx)
	if err := forks.Save(tx, keyOfFork(b.Log, b.Holder), f); err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindForkSeen, Code: f.about(tx.Log().Jurisdiction()).Label(), About: f.Entry})
}

// ofLog returns the prefix of the keys of all logs of a jurisdiction.
func ofLog(name identity.Jurisdiction) []byte {
	return bytes.TrimSuffix(book.Joined(name.String()+"/log/"), []byte{0})
}
