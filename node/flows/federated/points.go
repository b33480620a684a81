package federated

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/gather"
	"xietong/exchange/route"
	"xietong/node/ground/book"
)

// What is open in an account, and how it ended. The numbers are those of docs/protocol.md.
const (
	commandPoint  book.Command[pointBody, opened]      = 29
	commandSettle book.Command[settleBody, ledger.Ref] = 30
)

// Limits of what is open at once: in all, of one agency that asked, of what one branch of the tree
// brings about, in all and of one agency, and of one jurisdiction that is to answer. What has no
// room is told with the total, and is not asked for again.
const (
	maxPoints       = 512
	maxPointsBy     = 128
	maxPointsIn     = maxPoints / 4
	maxPointsInBy   = maxPointsBy / 4
	maxPointsOf     = 32
	maxPointBytes   = 64 << 20
	maxPointBytesIn = maxPointBytes / 4
	maxPointBytesOf = 8 << 20
)

// FindingTerm is how long findings are listed; their entries stay.
const FindingTerm = 90 * 24 * time.Hour

var (
	points   = book.Bucket[point]{Name: "points", Max: 4 << 10, MaxKey: 32 + 200, Large: true}
	findings = book.Bucket[finding]{Name: "findings", Max: 40 << 10, MaxKey: 16, Large: true}
)

const bucketPointShares = "pointshares"

// point is something that is open in the account of a question: a hop did not show what it was
// given or, where By is set, By said that the hop gave no answer; By may be the hop itself.
type point struct {
	Hop     identity.Jurisdiction `cbor:"1,keyasint"`
	By      identity.Jurisdiction `cbor:"2,keyasint,omitzero"`
	State   gather.State          `cbor:"3,keyasint,omitempty"` // what By said of it
	Agency  identity.Label        `cbor:"4,keyasint"`           // that asked
	Dataset identity.Label        `cbor:"5,keyasint"`
	Asked   ledger.Ref            `cbor:"6,keyasint"` // this jurisdiction's record of the question
	Since   uint64                `cbor:"7,keyasint"` // ms since 1970 UTC, by the clock of who opened it
	Below   identity.Jurisdiction `cbor:"8,keyasint"`
	Deep    bool                  `cbor:"9,keyasint,omitempty"`
	Level   string                `cbor:"10,keyasint,omitempty"`
	Measure gather.Measure        `cbor:"11,keyasint"`
	Groups  int                   `cbor:"12,keyasint,omitempty"`
	Roster  uint64                `cbor:"13,keyasint,omitempty"`
	Hash    []byte                `cbor:"14,keyasint"` // of the roster
	Request []byte                `cbor:"15,keyasint"` // hash
	Issued  uint64                `cbor:"16,keyasint"` // ms since 1970 UTC
	All     bool                  `cbor:"17,keyasint,omitempty"`
	Size    uint64                `cbor:"18,keyasint,omitempty"` // bytes of the share of the hop
	Code    uint16                `cbor:"19,keyasint,omitempty"` // the reason that By gave, or without By why nothing is proven here; 0: none
	Args    []string              `cbor:"20,keyasint,omitempty"`
}

func (p point) key() []byte { return append(bytes.Clone(p.Request), p.Hop.String()...) }

func (p point) since() time.Time { return time.UnixMilli(int64(p.Since)) }

// end returns when the hop is asked no more, where this node tried often enough.
func (p point) end() time.Time { return p.since().Add(AgainFor) }

// latest returns when the hop is asked no more at all.
func (p point) latest() time.Time { return p.since().Add(AgainMost) }

// finding is how a point ended.
type finding struct {
	Point   point      `cbor:"1,keyasint"`
	Outcome Outcome    `cbor:"2,keyasint"`
	At      uint64     `cbor:"3,keyasint"` // ms since 1970 UTC, by the clock of who found it
	Lies    []lie      `cbor:"4,keyasint,omitempty"`
	Code    uint16     `cbor:"5,keyasint,omitempty"` // why it was not shown; 0: not known
	Args    []string   `cbor:"6,keyasint,omitempty"`
	Entry   ledger.Ref `cbor:"7,keyasint,omitempty"` // that records it
	Word    []byte     `cbor:"8,keyasint,omitempty"` // of the hop, as it signed it (see relay.Evidence)
}

// lie is a gather.Lie as it is kept.
type lie struct {
	By    identity.Jurisdiction `cbor:"1,keyasint"`
	Kind  gather.Kind           `cbor:"2,keyasint"`
	About identity.Jurisdiction `cbor:"3,keyasint,omitzero"`
}

// pointBody is the body of commandPoint. Share is the answer of the hop as it was signed; empty
// where By says that there is none.
type pointBody struct {
	_     struct{} `cbor:",toarray"`
	Point point
	Share []byte
}

// opened says whether there was room for a point.
type opened struct {
	_    struct{} `cbor:",toarray"`
	Kept bool
}

// settleBody is the body of commandSettle.
type settleBody struct {
	_         struct{} `cbor:",toarray"`
	Finding   finding
	Statement book.Statement
}

// applyPoint keeps a point, if there is room for it. One that is open already stays as it is.
func applyPoint(tx *state.Tx, b pointBody) (opened, error) {
	key := b.Point.key()
	if points.Has(tx, key) {
		return opened{Kept: true}, nil
	}
	if b.Point.Size = uint64(len(b.Share)); !hasRoom(tx, tx.Log().Jurisdiction(), b.Point) {
		return opened{}, nil
	}
	return opened{Kept: true}, errors.Join(points.Save(tx, key, b.Point), tx.Put(bucketPointShares, key, b.Share))
}

// from returns the branch of the tree, as self sees it, that brought the point about: of who said
// something of another, or else of the hop.
func (p point) from(self identity.Jurisdiction) identity.Jurisdiction {
	if p.By.IsZero() {
		return route.Branch(self, p.Hop)
	}
	return route.Branch(self, p.By)
}

// room counts what is open, with a further point.
type room struct{ all, by, in, inBy, of, bytes, bytesIn, bytesOf uint64 }

// hasRoom reports whether there is room for a point. No branch of the tree takes more than a
// quarter, so that what others withhold is followed up all the same.
func hasRoom(r book.Reads, self identity.Jurisdiction, p point) bool {
	var n room
	n.add(self, p, p)
	for _, o := range points.All(r, nil) {
		n.add(self, p, o)
	}
	return n.all <= maxPoints && n.by <= maxPointsBy && n.in <= maxPointsIn && n.inBy <= maxPointsInBy && n.of <= maxPointsOf &&
		n.bytes <= maxPointBytes && n.bytesIn <= maxPointBytesIn && n.bytesOf <= maxPointBytesOf
}

func (n *room) add(self identity.Jurisdiction, p, o point) {
	n.all, n.bytes = n.all+1, n.bytes+o.Size
	if o.Agency == p.Agency {
		n.by++
	}
	if o.from(self) == p.from(self) {
		n.in, n.bytesIn = n.in+1, n.bytesIn+o.Size
		if o.Agency == p.Agency {
			n.inBy++
		}
	}
	if o.Hop == p.Hop {
		n.of, n.bytesOf = n.of+1, n.bytesOf+o.Size
	}
}

// applySettle ends a point, and records how. One that has ended already is not recorded twice.
func applySettle(tx *state.Tx, b settleBody) (ledger.Ref, error) {
	f, key := b.Finding, b.Finding.Point.key()
	if !points.Has(tx, key) {
		return ledger.None, nil
	}
	f.Entry = book.Next(tx)
	index, _ := f.Entry.Index()
	at := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, tx.Time()), index)
	err := errors.Join(tx.Delete(points.Name, key), tx.Delete(bucketPointShares, key), findings.Save(tx, at, f))
	if err != nil {
		return ledger.None, err
	}
	term := uint64(FindingTerm.Milliseconds())
	_, err = tx.DropFirst(findings.Name, maxDropped, func(k []byte) bool {
		return len(k) >= 8 && binary.BigEndian.Uint64(k)+term < tx.Forgets()
	})
	if err != nil {
		return ledger.None, err
	}
	return b.Statement.Append(tx, ledger.Head{Kind: ledger.KindFinding, Agency: f.Point.Agency, Code: f.Point.Dataset, About: f.Point.Asked})
}

func registerPoints(r *state.Registry) {
	points.Keep(r)
	findings.Keep(r)
	r.Keep(state.Bucket{Name: bucketPointShares, MaxKey: 32 + 200, MaxValue: state.MaxCommandLen, Large: true})
	commandPoint.Handle(r, applyPoint)
	commandSettle.Handle(r, applySettle)
}
