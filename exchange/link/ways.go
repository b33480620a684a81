package link

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"xietong/certs/identity"
)

// Exchange sends a request over the newest link between the two, and gives each frame of the answer
// to each. It returns ErrNoLink if there is no link, and an *Error if the link broke: the caller
// then does not know whether the request was served. Exchange passes over a link on which the
// exchange cannot begin, so that no exchange fails because a link is being replaced.
//
// A request whose link broke before a frame of the answer came, or whose link is doubted while it
// waits, is sent over another link too, once. So a request may be served twice, by two replicas of
// the neighbour: it must be one that does nothing a second time. The answer is that of the first
// from which a frame comes; the other exchange is given up then.
func (s *Socket) Exchange(ctx context.Context, local, to identity.Jurisdiction, request []byte, each func(frame []byte) error) error {
	x := &exchange{socket: s, key: ends{local, to}, request: request, each: each}
	return x.run(ctx)
}

// way is one of the two ways of an exchange; noWay: no frame of an answer has come.
type way int

const (
	noWay way = iota
	firstWay
	secondWay
)

// errOther ends the way of which no answer is wanted any more.
var errOther = errors.New("the answer came another way")

// exchange is a request that goes to a neighbour: over one link, and over another one when it is
// not known whether the first leads there any more.
type exchange struct {
	socket  *Socket
	key     ends
	request []byte
	each    func(frame []byte) error

	workers sync.WaitGroup // the second way, while the first is under way
	mu      sync.Mutex     // guards the fields below
	tried   []*Link
	answers way                                // from which the first frame came
	give    [secondWay + 1]func(because error) // gives up a way
	trying  bool                               // the second way is being tried
	sent    bool                               // the request went that way: there is no third
	ended   bool                               // the second way is not begun any more
	err     error                              // of the second way
}

// run goes the first way, and the second where that is doubted, or broke. It returns when both have
// ended.
func (x *exchange) run(ctx context.Context) error {
	one, giveFirst := context.WithCancelCause(ctx)
	two, giveSecond := context.WithCancelCause(ctx)
	defer giveFirst(nil)
	defer giveSecond(nil)
	x.give[firstWay], x.give[secondWay] = giveFirst, giveSecond
	l, err := x.over(one, firstWay, func() { x.meanwhile(two) })
	if l == nil {
		return err
	}
	if x.came() == noWay && err != nil && ctx.Err() == nil && !l.conn.alive() {
		x.meanwhile(two)
	}
	from := x.end()
	if over := err == nil || ctx.Err() != nil; from == firstWay || from == noWay && over {
		giveSecond(errOther)
		x.workers.Wait()
		return err
	}
	x.workers.Wait()
	if x.sent {
		return x.err
	}
	return err
}

// end lets the second way not be begun any more, and returns from which way a frame came.
func (x *exchange) end() way {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.ended = true
	return x.answers
}

// came returns from which way a frame came.
func (x *exchange) came() way {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.answers
}

// meanwhile begins the second way, unless it is under way or was taken. Where no other link is
// there, it is begun again when the first is still doubted at the next look.
func (x *exchange) meanwhile(ctx context.Context) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ended || x.trying || x.sent || x.answers != noWay {
		return
	}
	x.trying = true
	x.workers.Go(func() {
		l, err := x.over(ctx, secondWay, func() {})
		x.mu.Lock()
		defer x.mu.Unlock()
		x.trying, x.sent, x.err = false, l != nil, err
	})
}

// over sends the request over the best link that was not tried, and returns the link; nil: nothing
// was sent.
func (x *exchange) over(ctx context.Context, w way, doubted func()) (*Link, error) {
	var why error
	for {
		l := x.next(w)
		switch {
		case l == nil && why == nil:
			return nil, fmt.Errorf("%w: from %s to %s", ErrNoLink, x.key.local, x.key.peer)
		case l == nil:
			return nil, fmt.Errorf("%w: from %s to %s: %w", ErrNoLink, x.key.local, x.key.peer, why)
		}
		stop := l.conn.await(&waiter{doubted})
		err := l.conn.Exchange(ctx, x.request, func(frame []byte) error { return x.take(w, frame) })
		stop()
		unsent, ok := errors.AsType[*unsentError](err)
		if !ok {
			return l, err
		}
		why = unsent.err
	}
}

// next returns the best link that was not tried. A link that is doubted is no second way.
func (x *exchange) next(w way) *Link {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.socket.mu.Lock()
	l := x.socket.best(x.key, x.tried)
	x.socket.mu.Unlock()
	if l == nil || w == secondWay && l.conn.doubtful() {
		return nil
	}
	x.tried = append(x.tried, l)
	return l
}

// take gives on a frame of the answer that came a way. The first one ends the other way.
func (x *exchange) take(w way, frame []byte) error {
	x.mu.Lock()
	if x.answers == noWay {
		x.answers = w
		x.give[firstWay+secondWay-w](errOther)
	}
	mine := x.answers == w
	x.mu.Unlock()
	if !mine {
		return errOther
	}
	return x.each(frame)
}
