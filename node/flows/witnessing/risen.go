package witnessing

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/budget"
	"xietong/exchange/relay"
	"xietong/node/ground/book"
	"xietong/node/ground/text"
)

// fromChild refuses whoever is no child of which heads are kept.
func (d *Desk) fromChild(who identity.Jurisdiction) error {
	if parent, ok := who.Parent(); !ok || parent != d.name || d.notFrom(who) {
		return d.headsRefused(who, errors.New("it is no child whose heads are kept here"))
	}
	return nil
}

func (d *Desk) headsRefused(who identity.Jurisdiction, err error) error {
	return text.Fail(text.HeadsRefused, text.Args{"name": who.String(), "jurisdiction": d.name.String()}, err)
}

// tellRisen tells a child how far the heads of the logs at or below it are known.
func (d *Desk) tellRisen(ctx context.Context, r relay.Received, w whose) (t risenTo, err error) {
	who := r.Header.Origin
	if err := d.pay(ctx); err != nil {
		return t, err
	}
	if err := d.fromChild(who); err != nil {
		return t, err
	}
	t.Logs = []logSpan{}
	err = d.o.Own.View(ctx, func(r *state.Reader) error {
		if w.Log.Jurisdiction() == who {
			k, _ := keptOf.Load(r, keyOfLog(w.Log))
			t.Kept = k.Size
		}
		for _, k := range known(r, who) {
			if w.After == "" || k.Log.String() > w.After {
				t.Logs = append(t.Logs, logSpan{Log: k.Log, Span: k.span()})
			}
		}
		return nil
	})
	slices.SortFunc(t.Logs, func(a, b logSpan) int { return strings.Compare(a.Log.String(), b.Log.String()) })
	if t.More = len(t.Logs) > mostTold; t.More {
		t.Logs = t.Logs[:mostTold]
	}
	return t, err
}

// standing is what a piece is judged against.
type standing struct {
	had    risen
	known  bool
	last   ledger.Excerpt   // the last piece, where there is one
	length uint64           // of that piece, with what proves it
	kept   kept             // the checkpoint of the child's log
	usage  usage            // what is kept of the branch of the log
	full   bool             // there is no room for another log
	goes   identity.Log     // whose heads make room for it; zero: none do
	said   []ledger.Indexed // that the log lost more, beyond the piece that came
}

func readStanding(r *state.Reader, child identity.Jurisdiction, log, by identity.Log) (s standing, err error) {
	s.kept, _ = keptOf.Load(r, keyOfLog(by))
	s.usage = readUsage(r, child, branchOf(child, log.Jurisdiction()))
	if s.had, s.known = risenOf.Load(r, keyOfRisen(child, log)); !s.known {
		s.had.Log = log
		goes, ok := placeFor(r, child, log)
		s.goes, s.full = goes, !ok
		return s, nil
	}
	p, ok := pieces.Load(r, keyOfPiece(log, s.had.From))
	s.length = p.length()
	s.last, err = readPiece(p, ok)
	return s, err
}

// takeHeads takes a piece of the heads of a log at or below a child. (1) It is signed, of the
// child's own log by keys of the child that count, (2) the checkpoint that it stands by is the kept
// one of the child's own log, or stands in it link by link, (3) the piece goes on from what is
// known of its log after a piece that is full, or replaces the last piece and shows all that that
// one showed, (4) the tree that it gives is the beginning of that of the checkpoint, (5) there is
// room for it, and (6) it shows what was shown of the epoch before. It answers how far the heads of
// the log are known now, also where the piece begins elsewhere.
func (d *Desk) takeHeads(ctx context.Context, r relay.Received, o raised) (at span, err error) {
	who := r.Header.Origin
	if err := d.payFor(ctx, o.length()); err != nil {
		return at, err
	}
	x, err := d.readHeads(who, o)
	if err != nil {
		return at, err
	}
	d.raising.Lock()
	defer d.raising.Unlock()
	s, err := viewed(ctx, d, func(r *state.Reader) (standing, error) { return readStanding(r, who, x.Log, o.By) })
	if err != nil {
		return at, err
	}
	begin, fits, err := s.begin(x)
	switch {
	case err != nil:
		d.noteApart(who, s, x, err)
		return at, d.headsRefused(who, err)
	case !fits:
		return s.had.span(), nil
	}
	if s.said, err = s.prove(begin, x, o); err != nil {
		d.noteApart(who, s, x, err)
		return at, d.headsRefused(who, err)
	}
	if err := d.room(who, s, x, o); err != nil {
		return at, err
	}
	k, err := d.checkParting(ctx, who, s, x, o)
	if err != nil {
		return at, err
	}
	k.Last = begin
	if at, err = d.keepHeads(ctx, who, s, k, x, o); err == nil {
		d.forgetApart(x.Log.Jurisdiction())
	}
	return at, err
}

// room refuses what has no room beside what is kept already.
func (d *Desk) room(child identity.Jurisdiction, s standing, x ledger.Excerpt, o raised) error {
	if s.full {
		return d.full(child, x.Log, "logs")
	}
	more, less := uint64(o.length()), uint64(0)
	if len(o.Links) == 0 {
		more += uint64(len(s.kept.Note))
	}
	if s.known && x.From == s.had.From {
		less = s.length
	}
	if !s.usage.fitsBytes(more, less, d.o.MostHeads) {
		return d.full(child, x.Log, "bytes")
	}
	return nil
}

// readHeads reads the piece that a child sends, which must be of a log at or below it.
func (d *Desk) readHeads(who identity.Jurisdiction, o raised) (x ledger.Excerpt, err error) {
	if err := d.fromChild(who); err != nil {
		return x, err
	}
	if x, err = ledger.ParseExcerpt(o.Excerpt); err != nil {
		return x, d.headsRefused(who, err)
	}
	if child, _ := d.childOver(x.Log.Jurisdiction()); child != who || o.By.Jurisdiction() != who {
		return x, d.headsRefused(who, fmt.Errorf("heads of %s by %s", x.Log, o.By))
	}
	if err := d.checkMaker(who, x); err != nil {
		return x, d.headsRefused(who, err)
	}
	return x, nil
}

// checkMaker verifies who signed a piece. The keys of a log further below than the child are not
// known here: the signature must hold by the key that it names, and whoever knows the keys of that
// jurisdiction finds whether it is one of them.
func (d *Desk) checkMaker(child identity.Jurisdiction, x ledger.Excerpt) error {
	if x.Log.Jurisdiction() != child {
		return x.Holds()
	}
	sets, err := d.o.KeySets(child)
	if err != nil {
		return err
	}
	return x.SignedBy(counting(sets, d.o.Now()))
}

// begin returns the frontier from which a piece goes on; fits is false where it begins elsewhere,
// or brings nothing.
func (s standing) begin(x ledger.Excerpt) (f ledger.Frontier, fits bool, err error) {
	f = ledger.Frontier{Hashes: []tlog.Hash{}}
	switch {
	case !s.known:
		return f, x.From == 0, nil
	case x.To <= s.had.To:
		return f, false, nil
	case x.From == s.had.To && !s.last.Full():
		return f, false, fmt.Errorf("%w: a piece after one that is not full", ledger.ErrNotProven)
	case x.From == s.had.To:
		f, err = s.had.Last.Fold(s.last)
		return f, true, err
	case x.From != s.had.From:
		return f, false, nil
	case !x.Extends(s.last):
		return f, false, fmt.Errorf("%w: %w: a longer piece without what the shorter one showed", errApart, ledger.ErrNotProven)
	}
	return s.had.Last, true, nil
}

// prove verifies that a piece goes on from a frontier, to the beginning of the checkpoint by which
// it stands, and returns what the log says there of what it lost.
func (s standing) prove(begin ledger.Frontier, x ledger.Excerpt, o raised) (said []ledger.Indexed, err error) {
	c, err := s.checkpoint(x.Log, o.Links)
	if err != nil {
		return nil, err
	}
	if c.Size != o.Size {
		return nil, fmt.Errorf("%w: it is for a checkpoint of %d entries, not %d", ledger.ErrNotProven, o.Size, c.Size)
	}
	end, err := begin.Fold(x)
	if err != nil {
		return nil, err
	}
	if err = c.Follows(ledger.Checkpoint{Log: x.Log, Size: end.Size, Root: end.Root()}, o.Path); err != nil {
		return nil, fmt.Errorf("%w: %w", errApart, err)
	}
	return openSaid(x, o.Said, c)
}

// checkpoint returns the checkpoint of a log that is kept or, link by link from the kept one of the
// child down, logged by the level above it.
func (s standing) checkpoint(log identity.Log, links []link) (c ledger.Checkpoint, err error) {
	if c = s.kept.checkpoint(); c.Size == 0 {
		return c, fmt.Errorf("%w: nothing of the child's log was witnessed", ledger.ErrNotProven)
	}
	var below []identity.Jurisdiction // from the log's own up to the child of whoever sent it
	for name, ok := log.Jurisdiction(), true; ok && name != c.Log.Jurisdiction(); name, ok = name.Parent() {
		below = append(below, name)
	}
	if len(below) != len(links) || len(links) == 0 && log != c.Log {
		return c, fmt.Errorf("%w: %d links from %s up to %s", ledger.ErrNotProven, len(links), log, c.Log)
	}
	for i := len(links) - 1; i >= 0; i-- {
		if c, err = links[i].open(c, below[i]); err != nil {
			return c, err
		}
	}
	c.Log = log
	return c, nil
}

// open verifies that a link stands in the tree of a checkpoint, and returns the size and root that
// it logs of a jurisdiction.
func (l link) open(in ledger.Checkpoint, of identity.Jurisdiction) (c ledger.Checkpoint, err error) {
	leaf, err := ledger.DecodeLeaf(l.Leaf)
	if err != nil {
		return c, err
	}
	h := leaf.Head
	if h.Kind != ledger.KindWitnessed || h.Code != of.Label() || l.Index >= in.Size {
		return c, fmt.Errorf("%w: entry %d, %s of %q, logs no checkpoint of %s", ledger.ErrNotProven, l.Index, h.Kind, h.Code, of)
	}
	if err := tlog.CheckRecord(l.Path, int64(in.Size), in.Root, int64(l.Index), ledger.LeafHash(l.Leaf)); err != nil {
		return c, fmt.Errorf("%w: entry %d: %w", ledger.ErrNotProven, l.Index, err)
	}
	return ledger.Checkpoint{Size: h.To, Root: h.Root}, nil
}

// keepHeads keeps a piece that was proven. k says from where it goes on, and what is known of its
// epochs with it.
func (d *Desk) keepHeads(ctx context.Context, who identity.Jurisdiction, s standing, k risen, x ledger.Excerpt, o raised) (span, error) {
	k.From, k.To, k.At = x.From, x.To, uint64(d.o.Now().UnixMilli())
	k.Acts = s.had.Acts + uint64(len(x.Acts))
	if s.known && x.From == s.had.From {
		k.Acts -= uint64(len(s.last.Acts))
	}
	body := raiseBody{
		Child: who, Was: s.had.span(), Risen: k,
		Piece: piece{Excerpt: o.Excerpt, Size: o.Size, Path: o.Path, Note: []byte{}, Links: o.Links, Said: o.Said, Entry: s.kept.Entry},
	}
	if len(o.Links) == 0 {
		body.Piece.Note = s.kept.Note
	}
	if _, err := commandRaise.Do(ctx, d.o.Own, book.Request{}, body); err != nil {
		return span{}, err
	}
	if s.goes != (identity.Log{}) {
		d.o.Logger.Warn("the heads of an old epoch made room for those of a newer one: what ended in it is known here no more",
			"peer", who.String(), "gone", s.goes.String(), "log", x.Log.String())
	}
	if k.Acts > s.had.Acts {
		d.actedBelow(who)
	}
	return viewed(ctx, d, func(r *state.Reader) (span, error) {
		k, _ := risenOf.Load(r, keyOfRisen(who, x.Log))
		return k.span(), nil
	})
}

// What a neighbour may send of heads at once, and over time, in KiB: half a year of a busy county
// in an hour, and then as much as all counties of a city make.
const (
	headsAtOnce    = 12 << 10
	headsPerSecond = 4
)

// payFor takes what a piece costs from the budget of the neighbour over whose link it came.
func (d *Desk) payFor(ctx context.Context, length int) error {
	payer, _ := budget.PayerOf(ctx)
	err := d.heavy.Spend(1+float64(length)/1024, payer, d.o.Now())
	if spent, ok := errors.AsType[*budget.SpentError](err); ok {
		return d.busy(spent.Seconds(), err)
	}
	return err
}
