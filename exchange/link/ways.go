package link

import (
	"context"
	"errors"
	"fmt"
	"slices"
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
	unsure  func() // tells another replica of local, whose exchange this is, that the way is doubted; nil: it is this one's

	workers sync.WaitGroup // the second way, while the first is under way
	mu      sync.Mutex     // guards the fields below
	tried   []*Link
	asked   []identity.Replica                 // of local, that were sent the request
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
	sent, err := x.over(one, firstWay, func() { x.meanwhile(two) })
	if err != nil && ctx.Err() == nil && x.came() == noWay && sent.broke(err) {
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
		sent, err := x.over(ctx, secondWay, func() {})
		x.mu.Lock()
		defer x.mu.Unlock()
		x.trying, x.sent, x.err = false, sent.somewhere(), err
	})
}

// sent is where a request was sent: over a link, or to another replica that has one. Zero: nothing
// was sent.
type sent struct {
	link    *Link
	through identity.Replica
}

func (s sent) somewhere() bool { return s.link != nil || !s.through.IsZero() }

// broke reports whether an exchange that failed so may have failed because the way broke.
func (s sent) broke(err error) bool {
	if s.link != nil {
		return !s.link.conn.alive()
	}
	e, told := errors.AsType[*Error](err)
	return !s.through.IsZero() && !(told && (e.Reason == Busy || e.Reason == Refused))
}

// over sends the request over the best link that was not tried. Where there is none, or it is
// doubted, another replica is asked first. A link that is doubted is no second way.
func (x *exchange) over(ctx context.Context, w way, doubted func()) (sent, error) {
	var why error
	for {
		l, sure := x.next()
		if !sure {
			by, err := x.through(ctx, w, doubted)
			if !by.IsZero() || err != nil && l == nil {
				return sent{through: by}, err
			}
		}
		switch {
		case l != nil && (sure || w == firstWay):
		case why == nil:
			return sent{}, fmt.Errorf("%w: from %s to %s", ErrNoLink, x.key.local, x.key.peer)
		default:
			return sent{}, fmt.Errorf("%w: from %s to %s: %w", ErrNoLink, x.key.local, x.key.peer, why)
		}
		x.mu.Lock()
		x.tried = append(x.tried, l)
		x.mu.Unlock()
		stop := l.conn.await(&waiter{doubted})
		err := l.conn.Exchange(ctx, x.request, func(frame []byte) error { return x.take(w, frame) })
		stop()
		unsent, ok := errors.AsType[*unsentError](err)
		if !ok {
			return sent{link: l}, err
		}
		why = unsent.err
	}
}

// next returns the best link that was not tried, or nil, and whether there is one that is not
// doubted.
func (x *exchange) next() (l *Link, sure bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.socket.mu.Lock()
	defer x.socket.mu.Unlock()
	l = x.socket.best(x.key, x.tried)
	return l, l != nil && !l.conn.doubtful()
}

// through has another replica of the same jurisdiction send the request, one that has a link to the
// neighbour. It returns that replica; zero: nothing was sent.
func (x *exchange) through(ctx context.Context, w way, doubted func()) (by identity.Replica, err error) {
	r := x.socket.replicasOf(x.key.local)
	if x.unsure != nil || r == nil {
		if w == secondWay && x.unsure != nil {
			x.unsure()
		}
		return by, nil
	}
	x.mu.Lock()
	not := slices.Clone(x.asked)
	x.mu.Unlock()
	by, err = r.pass(ctx, x, w, not, doubted)
	if errors.Is(err, errNotHere) {
		return identity.Replica{}, nil
	}
	if by.IsZero() {
		return by, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.asked = append(x.asked, by)
	return by, err
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
