package witnessing

import (
	"context"
	"errors"
	"sync"
	"time"

	"xietong/certs/identity"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// A machine that is set back whole finds every file in its place, or goes on with the memory that
// it had: nothing on it tells. Its neighbours tell. So with each new link the neighbour is asked
// what it saw of this ledger, and no request that comes over its links is answered before that is
// here, or has put the ledger in question. Each neighbour holds up its own requests, and those that
// it passes on; nobody else's.

// How long a neighbour may take to say what it saw, and a request waits for that; and the pauses
// before it is asked again.
const (
	comparedWithin = 3 * time.Second
	askedAgain     = time.Second
	askedLongest   = 30 * time.Second
	askedLeast     = 200 * time.Millisecond // between two times, however often it makes links
)

// newLinks are the links of a neighbour that were made.
type newLinks struct {
	saying              // what it saw, since each was made
	at      time.Time   // when the last was made; zero: none was
	older   bool        // it runs a program that is asked by a message
	asking  bool        // somebody asks it
	last    time.Time   // when it was asked last
	lastOf  uint64      // how many there were then
	earlier []host.Seen // what it saw of epochs before, which may not be named as lost yet
	named   time.Time   // when something of that was named last
}

// holds is saying.holds; and nobody is answered over a link before the neighbour was asked over it
// once, however long it was silent over others.
func (l *newLinks) holds() bool {
	unasked := l.said < l.made && l.lastOf < l.made && !failure.Is(l.why, text.BeingVerified)
	return unasked || l.saying.holds()
}

// whyNot returns why the neighbour did not say over its last link what it saw; nil: it is being
// asked.
func (l *newLinks) whyNot() error {
	if l.lastOf < l.made {
		return nil
	}
	return l.why
}

// linksOf returns the links of a neighbour. The caller holds the mutex.
func (d *Desk) linksOf(peer identity.Jurisdiction) *newLinks {
	l := d.links[peer]
	if l == nil {
		l = &newLinks{saying: saying{changed: make(chan struct{})}}
		d.links[peer] = l
	}
	return l
}

// held reports whether the requests of a neighbour are held up.
func (d *Desk) held(peer identity.Jurisdiction) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.links[peer].holds()
}

// Linked notes that a neighbour has a new link, and has not said since what it saw.
func (d *Desk) Linked(peer identity.Jurisdiction) {
	if d.o.Here(peer) {
		return
	}
	d.mu.Lock()
	l := d.linksOf(peer)
	l.change(func() { l.made, l.at = l.made+1, time.Now() })
	d.mu.Unlock()
	select {
	case d.linked <- struct{}{}:
	default: // Links wakes already
	}
}

// Links asks the neighbours that have new links what they saw, until ctx ends.
func (d *Desk) Links(ctx context.Context) {
	var asking sync.WaitGroup
	defer asking.Wait()
	for ctx.Err() == nil {
		for _, peer := range d.unasked() {
			asking.Go(func() { d.askLinked(ctx, peer) })
		}
		select {
		case <-d.linked:
		case <-ctx.Done():
		}
	}
}

// unasked returns the neighbours that are to be asked, and that nobody asks.
func (d *Desk) unasked() (all []identity.Jurisdiction) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for peer, l := range d.links {
		if l.said < l.made && !l.asking {
			l.asking = true
			all = append(all, peer)
		}
	}
	return all
}

// askLinked asks one neighbour until it has said what it saw since its last link was made, or has
// none any more. While the ledger is in question it waits: what is said then may count for nothing
// once that is settled.
func (d *Desk) askLinked(ctx context.Context, peer identity.Jurisdiction) {
	for again := askedAgain; ; again = min(2*again, askedLongest) {
		if d.o.Own.Questioned() != nil {
			d.asked(peer, 0, nil)
			d.o.Own.AwaitUnquestioned(ctx)
			again = askedAgain
		}
		d.mu.Lock()
		l := d.links[peer]
		rest := time.Until(l.last.Add(askedLeast))
		d.mu.Unlock()
		if rest > 0 {
			wait(ctx, rest)
		}
		d.mu.Lock()
		made := l.made
		l.last = time.Now()
		d.mu.Unlock()
		err := d.compareLinked(ctx, peer)
		d.mu.Lock()
		l.lastOf = made
		d.mu.Unlock()
		if err != nil && ctx.Err() == nil && d.asked(peer, 0, err) {
			d.o.Logger.Warn("a neighbour has a new link, and has not said yet what it saw of this ledger: nothing that comes over it is answered", "peer", peer.String(), "error", err)
		}
		if err == nil {
			d.asked(peer, made, nil)
			d.widen(ctx)
		}
		if ctx.Err() != nil || d.over(peer, made) {
			return
		}
		if failure.Is(err, text.AboveUncompared) && d.held(peer) { // the parent's link to it may come up at any time
			again = askedAgain
		}
		if err != nil {
			d.rest(ctx, peer, made, again)
		}
	}
}

// rest waits before a neighbour is asked again that had so many links when it was asked, unless it
// makes another one.
func (d *Desk) rest(ctx context.Context, peer identity.Jurisdiction, made uint64, again time.Duration) {
	d.mu.Lock()
	l := d.links[peer]
	changed, another := l.changed, l.made > made
	d.mu.Unlock()
	if !another {
		waitOr(ctx, again, changed)
	}
}

// asked is saying.asked for a neighbour.
func (d *Desk) asked(peer identity.Jurisdiction, made uint64, why error) (news bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.links[peer].asked(made, why)
}

// over reports whether a neighbour that was asked when it had so many links is not to be asked
// again, and notes that nobody asks it then.
func (d *Desk) over(peer identity.Jurisdiction, made uint64) bool {
	up := d.o.Up(peer)
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.links[peer]
	if over := l.made == made && (l.said == made || !up); over {
		l.asking = false
		l.change(func() { l.first, l.why = time.Time{}, nil }) // what it did not say over that link holds up the next one anew
	}
	return !l.asking
}

// compareWith asks a neighbour what it saw of this ledger, and compares it with what is here. Of
// what puts the ledger in question, the other replicas are told.
func (d *Desk) compareWith(ctx context.Context, peer identity.Jurisdiction) error {
	soon, cancel := context.WithTimeout(ctx, comparedWithin)
	defer cancel()
	all, older, err := d.largestOver(soon, peer)
	d.mu.Lock()
	d.links[peer].older = older
	d.mu.Unlock()
	if failure.Is(err, text.UnknownOperation) { // an older program, which keeps nothing
		return nil
	}
	var earlier []host.Seen
	for _, s := range all {
		seen, failed := d.compareSeen(soon, s)
		if err == nil {
			err = failed
		}
		if s.Checkpoint.Log.Epoch() < d.o.Own.Log().Epoch() {
			earlier = append(earlier, seen)
		}
		q, questioned := errors.AsType[*host.QuestionError](d.o.Own.Questioned())
		if questioned && q.Found != nil && q.Found.By == peer && q.Found.Checkpoint == s.Checkpoint {
			d.tellMore(ctx, s)
		}
	}
	if err == nil {
		d.mu.Lock()
		d.links[peer].earlier = earlier
		d.mu.Unlock()
	}
	return err
}

// widen names as lost what neighbours saw of epochs before, and what is not: once the parent has
// said what it saw, whose word counts for more than to be named.
func (d *Desk) widen(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if !d.parentSaid() {
		return
	}
	d.mu.Lock()
	var all []host.Seen
	for _, l := range d.links {
		if l.named.IsZero() || time.Since(l.named) >= host.AskAgain { // each is an entry, which it can cause
			all, l.earlier = append(all, l.earlier...), nil
		}
	}
	d.mu.Unlock()
	for _, s := range all {
		named, err := d.o.Own.Widen(ctx, s)
		if err != nil && ctx.Err() == nil {
			d.o.Logger.Warn("what a neighbour saw of an epoch before is not named as lost", "peer", s.By.String(), "error", err)
		}
		d.mu.Lock()
		switch l := d.links[s.By]; {
		case named:
			l.named = time.Now()
		case err != nil: // with the next link of anybody
			l.earlier = append(l.earlier, s)
		}
		d.mu.Unlock()
	}
}

// tellMore has the other replicas know what a neighbour saw.
func (d *Desk) tellMore(ctx context.Context, s Seen) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if err := d.recordMore(ctx, more{By: s.By, Note: s.Note, At: uint64(d.o.Now().UnixMilli())}); err != nil && ctx.Err() == nil {
		d.o.Logger.Warn("the other replicas are not told what a neighbour saw", "peer", s.By.String(), "error", err)
	}
}

func wait(ctx context.Context, d time.Duration) { waitOr(ctx, d, nil) }
