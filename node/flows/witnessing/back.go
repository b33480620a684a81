package witnessing

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/consensus/witness"
	"xietong/exchange/budget"
	"xietong/exchange/relay"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
)

const operationHeads operation.Operation[lost, heads] = "heads"

// lost asks for the heads of entries of the asker's ledger, or of that of a place below it.
type lost struct {
	Epoch uint64 `cbor:"1,keyasint"`
	From  uint64 `cbor:"2,keyasint"`
	Of    string `cbor:"3,keyasint,omitempty"` // see ofWhom
}

// Check implements the bound of operation.
func (l lost) Check() error {
	if l.Epoch == 0 || l.From > identity.MaxIndex {
		return fmt.Errorf("entries from %d of epoch %d", l.From, l.Epoch)
	}
	return nil
}

// heads are the pieces from the one on in which the entry lies, one after another, and what proves
// the last of them.
type heads struct {
	Pieces [][]byte    `cbor:"1,keyasint"`
	Path   []tlog.Hash `cbor:"2,keyasint,omitempty"`
	Note   []byte      `cbor:"3,keyasint,omitempty"`
	// Behind says that whoever tells them may lack what its other replicas have.
	Behind bool `cbor:"4,keyasint,omitempty"`
}

// mostAnswered is how many pieces there are in one answer.
const mostAnswered = 24

// Check implements the bound of operation.
func (h heads) Check() error {
	if len(h.Pieces) > mostAnswered {
		return fmt.Errorf("%d pieces, more than %d", len(h.Pieces), mostAnswered)
	}
	for _, p := range h.Pieces {
		if len(p) > ledger.MaxExcerptLen {
			return fmt.Errorf("a piece of %d bytes", len(p))
		}
	}
	return checkProof(h.Note, h.Path)
}

// tellHeads tells whoever asks the heads of its own ledger, or of one below. It waits for no other
// replica: who asks may be unable to go on without the answer.
func (d *Desk) tellHeads(ctx context.Context, r relay.Received, l lost) (out heads, err error) {
	out.Pieces = [][]byte{}
	payer, _ := budget.PayerOf(ctx)
	if spent, ok := errors.AsType[*budget.SpentError](d.telling.Spend(1, payer, d.o.Now())); ok {
		return out, d.busy(spent.Seconds(), spent)
	}
	of, err := ofWhom{l.Of}.of(r.Header.Origin)
	if err != nil {
		return out, failure.Malformed(err)
	}
	log, err := identity.NewLog(of, l.Epoch)
	if err != nil {
		return out, failure.Malformed(err)
	}
	out.Behind = d.behind(ctx)
	err = d.o.Own.Look(func(r *state.Reader) error {
		p, ok := pieceAt(r, log, l.From)
		for ok && len(out.Pieces) < mostAnswered {
			x, err := ledger.ParseExcerpt(p.Excerpt)
			if err != nil {
				return err
			}
			if x.To > l.From {
				out.Pieces = append(out.Pieces, p.Excerpt)
				out.Path, out.Note = p.Path, p.Note
			}
			p, ok = pieces.Load(r, keyOfPiece(log, x.To))
		}
		return nil
	})
	return out, err
}

// ErrNotWhole is wrapped by the error of Heads where the witness does not have all.
var ErrNotWhole = errors.New("not all heads are known")

// mostHeads is how many bytes of heads are taken for one question. What is here, too, is compared
// and dropped, and does not count.
const mostHeads = 64 << 20

// Heads fetches the acts of the own ledger that are not here, up to the checkpoint c that a witness
// says it saw, from the parent, which keeps them. It looks from entry from on, and from the
// beginning where the ledger that was seen has others before that. The acts are what the parent was
// shown when they were made: they and the hashes of all other entries give the root of c, or of
// another checkpoint that a majority of an own key set signed, and each piece of them is signed by
// a replica of an own key set. So none is forged, and none is left out but by the own node, which
// said before they were lost what is an act. What keys signed that are themselves among what was
// lost is not taken.
//
// The agreement tells how far the two are the same; its UpTo is 0 where nothing is proven. The acts
// are those from there on. The error wraps ErrNotWhole where the heads of fewer entries than c are
// known, or those of another history than that of c. The acts that are known, if they are proven,
// come beside that error.
//
// Those above the parent keep them as well, and are asked where the parent cannot tell all: it may
// have been put back itself. They keep no checkpoint beside, so of a jurisdiction with several
// replicas what they tell counts only where it ends with c. The error is the parent's, unless one
// of them has all, or more.
func (d *Desk) Heads(ctx context.Context, c Seen, from uint64) (acts []ledger.Indexed, same ledger.Agreement, err error) {
	most := uint64(0)
	keepers := d.keepers(c)
	if len(keepers) == 0 {
		return nil, same, missing(c, from, from)
	}
	for i, by := range keepers {
		c.By = by
		told, failed := d.headsBy(ctx, c, from, i > 0)
		if failed == nil {
			return told.acts, told.same, nil
		}
		some := errors.Is(failed, ErrNotWhole)
		switch {
		case i == 0:
			err = failed
		case !some || told.at <= most:
			continue
		case errors.Is(err, ErrNotWhole):
			err = failed
		}
		acts, same = told.acts, told.same
		if some {
			most = told.at
		}
	}
	return acts, same, err
}

// missing says up to where the heads of a ledger that somebody saw are known.
func missing(c Seen, from, known uint64) error {
	return text.Fail(text.HeadsMissing, text.Args{
		"name": c.By.String(), "from": fmt.Sprint(from), "known": fmt.Sprint(known), "size": fmt.Sprint(c.Checkpoint.Size),
	}, ErrNotWhole)
}

// keepers returns who keeps the heads of a ledger that somebody saw: the parent or, where it is on
// this node, whoever saw it, and those above it. A root that knows by its own note alone what it
// signed has none.
func (d *Desk) keepers(c Seen) (all []identity.Jurisdiction) {
	parent, ok := d.o.Parent()
	switch {
	case ok && !d.o.Here(parent):
		all = append(all, parent)
	case c.By != d.name:
		all = append(all, c.By)
	}
	for above := parent; ok; {
		if above, ok = above.Parent(); ok && !d.o.Here(above) && !slices.Contains(all, above) {
			all = append(all, above)
		}
	}
	return all
}

// MoreHeads asks whoever Heads asks first, and c.By, whether there are heads of entries from one
// on, of the log of c. Where one says so, another that does not answer is no error.
func (d *Desk) MoreHeads(ctx context.Context, c Seen, from uint64) (more bool, err error) {
	for i, by := range d.keepers(c) {
		if i > 0 && by != c.By {
			continue
		}
		told, failed := d.askHeads(ctx, by, lost{Epoch: c.Checkpoint.Log.Epoch(), From: from})
		if err = errors.Join(err, failed); len(told.Pieces) > 0 {
			return true, nil
		}
	}
	return false, err
}

// headsBy is Heads of one of those who keep them; above says that it is not the parent.
func (d *Desk) headsBy(ctx context.Context, c Seen, from uint64, above bool) (b back, err error) {
	b = back{d: d, c: c, from: from, at: from, above: above}
	err = b.fetch(ctx)
	if err != nil && from > 0 && failure.Is(err, text.AnswerRefused) {
		b = back{d: d, c: c, above: above}
		err = b.fetch(ctx)
	}
	b.acts = slices.DeleteFunc(b.acts, func(a ledger.Indexed) bool { return a.Index < b.same.UpTo })
	return b, err
}

// fetch fetches the heads, and proves them. Where that fails there are none.
func (b *back) fetch(ctx context.Context) error {
	other, err := b.all(ctx)
	if err != nil {
		b.acts, b.same = nil, ledger.Agreement{}
		return err
	}
	if b.at < b.c.Checkpoint.Size || other {
		return missing(b.c, b.from, b.at)
	}
	return nil
}

// gather takes what there is, up to c.
func (b *back) gather(ctx context.Context) error {
	for b.at < b.c.Checkpoint.Size {
		told, err := b.d.askHeads(ctx, b.c.By, lost{Epoch: b.c.Checkpoint.Log.Epoch(), From: b.at})
		b.behind = b.behind || told.Behind
		if err != nil || len(told.Pieces) == 0 {
			return err
		}
		if err := b.take(ctx, told); err != nil {
			return failure.Unreadable(b.c.By, err)
		}
	}
	return nil
}

// all takes what there is, and proves it; other says that it is another history than that of c.
func (b *back) all(ctx context.Context) (other bool, err error) {
	if err := b.gather(ctx); err != nil || !b.begun {
		return false, err
	}
	if err := b.prove(); err != nil {
		return false, failure.Unreadable(b.c.By, err)
	}
	return b.isOther(ctx)
}

// back gathers the pieces that come back.
type back struct {
	d      *Desk
	c      Seen
	sets   []trust.KeySet // own, that can have signed the last piece: a key that was given up before signs nothing of it
	from   uint64
	at     uint64 // up to which they came
	begun  bool
	first  uint64          // where the first piece begins
	f      ledger.Frontier // at that place
	last   heads           // that brought the last piece
	bytes  int
	acts   []ledger.Indexed
	same   ledger.Agreement // of what came with the own ledger
	apart  bool             // it ended
	above  bool             // they come from above the parent
	sole   bool             // one replica signs alone, of each piece that came
	behind bool             // whoever told them may lack what its other replicas have
}

// take takes the pieces of one answer, which a replica of the own jurisdiction must have made: of
// what it shows, anybody can make another piece that shows less and gives the same tree. Where in
// the tree they stand is not proven yet.
func (b *back) take(ctx context.Context, told heads) error {
	for _, p := range told.Pieces {
		x, err := ledger.ParseExcerpt(p)
		if err != nil {
			return err
		}
		if x.Log != b.c.Checkpoint.Log {
			return fmt.Errorf("a piece of %s", x.Log)
		}
		if b.sets, err = b.d.signersIn(ctx, x.Log, x.From); err == nil {
			err = x.SignedBy(b.sets)
		}
		if err != nil {
			return err
		}
		if err := b.begin(x); err != nil {
			return err
		}
		if b.f, err = b.f.Fold(x); err != nil {
			return err
		}
		b.sole = b.sole && !slices.ContainsFunc(b.sets, func(k trust.KeySet) bool { return k.Majority() > 1 })
		if !b.apart {
			err = b.compare(x)
		}
		if b.at = x.To; err == nil && b.apart {
			err = b.add(x, len(p))
		}
		if err != nil {
			return err
		}
	}
	b.last = told
	return nil
}

// add takes the acts of a piece that is not all here.
func (b *back) add(x ledger.Excerpt, length int) error {
	if b.bytes += length; b.bytes > b.d.o.MostTaken {
		return fmt.Errorf("%d bytes of pieces that are not here", b.bytes)
	}
	leaves, err := x.Leaves()
	b.acts = append(b.acts, leaves...)
	return err
}

// compare goes on comparing what came with the own ledger.
func (b *back) compare(x ledger.Excerpt) (err error) {
	b.same, err = looked(b.d, func(r *state.Reader) (ledger.Agreement, error) { return x.Agrees(r.Size(), r) })
	b.apart = b.same.UpTo < x.To
	return err
}

// isOther reports whether what came is another history than that of c: all of it is here, and c is
// of others.
func (b *back) isOther(ctx context.Context) (bool, error) {
	if b.same.UpTo < b.c.Checkpoint.Size {
		return false, nil
	}
	root, err := b.d.rootAt(ctx, b.c.Checkpoint.Size)
	return root != b.c.Checkpoint.Root, err
}

// begin takes the frontier before the first piece from the own ledger, which has the entries before
// it.
func (b *back) begin(x ledger.Excerpt) (err error) {
	if b.begun {
		return nil
	}
	if x.From > b.from {
		return fmt.Errorf("the first piece begins at entry %d, after %d", x.From, b.from)
	}
	b.begun, b.sole, b.first = true, true, x.From
	b.f, err = looked(b.d, func(r *state.Reader) (ledger.Frontier, error) {
		if x.From > r.Size() {
			return ledger.Frontier{}, fmt.Errorf("there are %d entries here, not %d", r.Size(), x.From)
		}
		return ledger.FrontierAt(x.From, r)
	})
	return err
}

// prove holds the tree that the pieces give against the checkpoint that was asked for or, where
// they end elsewhere, against the one by which the last piece was taken, which a majority of an own
// key set signed. Whoever keeps them above the parent has none: there the replica that signed each
// piece must be a majority by itself.
func (b *back) prove() error {
	end := ledger.Checkpoint{Log: b.c.Checkpoint.Log, Size: b.f.Size, Root: b.f.Root()}
	if end == b.c.Checkpoint || b.above && b.sole {
		return nil
	}
	c, err := witness.OpenNote(b.last.Note, b.d.name, b.sets)
	if err != nil {
		return err
	}
	return c.Follows(end, b.last.Path)
}
