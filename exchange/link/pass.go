package link

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"xietong/certs/identity"
)

// holderWithin is how long a replica may take to say whether it has a link: it lies in the same
// group, and one that is gone is noticed in this time.
const holderWithin = time.Second

// Bytes on a stream of UsePass. The asker says the neighbour, in a frame; the other side says
// passHere or passNone, and in the first case gets the request, in a frame. It answers with
// passFrame and a frame for each frame of the answer, with passDoubt when its link is doubted, and
// at last with passEnd, or passFailed and the reason in a frame; passNone: nothing was sent.
const (
	passNone   = 0
	passHere   = 1
	passFrame  = 2
	passEnd    = 3
	passFailed = 4
	passDoubt  = 5
)

const maxReason = 32 // bytes

var (
	// errNotHere is returned where no other replica has a link to the neighbour: nothing was sent.
	errNotHere = errors.New("no other replica has a link")
	errTold    = errors.New("over the link of another replica")
)

// pass has another replica that has a link to the neighbour send the request, one that was not sent
// it before, and returns that replica. The error is errNotHere where there is none.
func (r *Replicas) pass(ctx context.Context, x *exchange, w way, not []identity.Replica, doubted func()) (identity.Replica, error) {
	leave, ok := r.mayPass(x.key.peer)
	if !ok {
		return identity.Replica{}, &Error{Busy, true, errBusy}
	}
	defer leave()
	s, by := r.holder(ctx, x.key.peer, not)
	if s == nil {
		return by, errNotHere
	}
	defer s.Close()
	defer context.AfterFunc(ctx, func() { _ = s.SetDeadline(time.Unix(1, 0)) })()
	err := writeFrame(s, x.request, MaxFrame)
	for n, over := 0, false; err == nil; n++ {
		if n > maxFrames+1 {
			return by, fmt.Errorf("%w: an answer of more than %d frames", ErrFrame, maxFrames)
		}
		over, err = s.takePassed(func(frame []byte) error { return x.take(w, frame) }, doubted)
		if over {
			return by, err
		}
	}
	if ctx.Err() != nil {
		return by, context.Cause(ctx)
	}
	return by, explain(err)
}

// mayPass counts a request to a neighbour that others are to pass on, and reports whether there is
// room for it: each neighbour may have a part of what is free, so that one that answers slowly
// leaves room for the others.
func (r *Replicas) mayPass(to identity.Jurisdiction) (leave func(), ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := 0
	for _, n := range r.passing {
		all += n
	}
	if r.passing[to]*lentPart >= maxOfUse-all {
		return nil, false
	}
	r.passing[to]++
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		if r.passing[to]--; r.passing[to] == 0 {
			delete(r.passing, to)
		}
	}, true
}

// takePassed takes what another replica says next of a request that it passes on. over says that
// nothing follows.
func (s *stream) takePassed(each func([]byte) error, doubted func()) (over bool, err error) {
	said, err := s.readByte()
	if err != nil {
		return false, err
	}
	h := s.channel.hold.more()
	defer h.end()
	switch said {
	case passEnd:
		return true, nil
	case passNone:
		return true, errNotHere
	case passDoubt:
		doubted()
		return false, nil
	case passFailed:
		reason, err := readPassed(s, maxReason, h)
		if err == nil {
			err = &Error{Reason(reason), true, errTold}
		}
		return true, err
	case passFrame:
		data, err := readPassed(s, MaxFrame, h)
		if err != nil {
			return false, err
		}
		err = each(data)
		return err != nil, err
	}
	return false, ErrFrame
}

func (s *stream) readByte() (byte, error) {
	var one [1]byte
	_, err := io.ReadFull(s, one[:])
	return one[0], err
}

// holder asks the other replicas at once which of them has a link to a neighbour, and returns the
// stream to the first that says so; nil: none does.
func (r *Replicas) holder(ctx context.Context, to identity.Jurisdiction, not []identity.Replica) (*stream, identity.Replica) {
	if !r.began() {
		return nil, identity.Replica{}
	}
	defer r.workers.Done()
	ctx, cancel := context.WithTimeout(ctx, holderWithin)
	defer cancel()
	others := slices.DeleteFunc(r.reached(), func(id identity.Replica) bool { return slices.Contains(not, id) })
	found := make(chan *stream, len(others))
	for _, id := range others {
		r.workers.Go(func() { found <- r.holds(ctx, id, to) })
	}
	for i := range others {
		s := <-found
		if s == nil {
			continue
		}
		left := len(others) - i - 1
		r.workers.Go(func() { // the others are not wanted
			for range left {
				if s := <-found; s != nil {
					s.Close()
				}
			}
		})
		return s, s.channel.with.id
	}
	return nil, identity.Replica{}
}

// reached returns the other replicas that are reached now.
func (r *Replicas) reached() (ids []identity.Replica) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, o := range r.others {
		if !r.closed && slices.ContainsFunc(o.channels, (*channel).usable) {
			ids = append(ids, id)
		}
	}
	return ids
}

// holds asks a replica whether it has a link to a neighbour, and returns the stream on which it
// waits for the request; nil: it has none, or does not answer.
func (r *Replicas) holds(ctx context.Context, id identity.Replica, to identity.Jurisdiction) *stream {
	c, err := r.For(UsePass).Dial(ctx, id)
	if err != nil {
		return nil
	}
	s := c.(*stream)
	stop := context.AfterFunc(ctx, func() { _ = s.SetDeadline(time.Unix(1, 0)) })
	err = writeFrame(s, []byte(to.String()), identity.MaxJurisdictionLen)
	said := byte(passNone)
	if err == nil {
		said, err = s.readByte()
	}
	if !stop() || err != nil || said != passHere {
		s.Close()
		return nil
	}
	return s
}

// passes passes on what other replicas ask for, over the links of this one, until r is closed.
func (r *Replicas) passes(asks *Streams) {
	for {
		c, _, err := asks.Accept()
		if err != nil {
			return
		}
		r.workers.Go(func() {
			defer c.Close()
			_ = r.passOn(c.(*stream)) // the other replica sees that the stream ends
		})
	}
}

// passOn passes on one request. It asks no further replica.
func (r *Replicas) passOn(s *stream) error {
	h := s.channel.hold.more()
	defer h.end()
	if !h.take(streamCost) {
		return errBusy
	}
	if err := s.SetReadDeadline(time.Now().Add(firstFrameWithin)); err != nil {
		return err
	}
	name, err := readPassed(s, identity.MaxJurisdictionLen, h)
	if err != nil {
		return err
	}
	to, err := identity.ParseJurisdiction(string(name))
	if err != nil {
		return err
	}
	x := &exchange{socket: r.socket, key: ends{r.o.Local, to}}
	if _, sure := x.next(); !sure {
		_, err := s.Write([]byte{passNone})
		return err
	}
	if _, err := s.Write([]byte{passHere}); err != nil {
		return err
	}
	if err := s.SetReadDeadline(time.Now().Add(takenWithin)); err != nil {
		return err
	}
	if x.request, err = readPassed(s, MaxFrame, h); err != nil {
		return err
	}
	x.each = func(frame []byte) error { return s.say(passFrame, frame) }
	x.unsure = sync.OnceFunc(func() { _, _ = s.Write([]byte{passDoubt}) })
	err = x.run(s.quic.Context()) // ends when the other replica closes the stream, or is gone
	e, told := errors.AsType[*Error](err)
	switch {
	case err == nil:
		_, err = s.Write([]byte{passEnd})
	case errors.Is(err, ErrNoLink):
		_, err = s.Write([]byte{passNone})
	case told:
		err = s.say(passFailed, []byte(e.Reason))
	default:
		err = s.say(passFailed, []byte(Broken))
	}
	return err
}

// say writes a byte and a frame in one piece, which the other side must take in time.
func (s *stream) say(what byte, frame []byte) error {
	if err := s.SetWriteDeadline(time.Now().Add(takenWithin)); err != nil {
		return err
	}
	_, err := s.Write(append(binary.BigEndian.AppendUint32([]byte{what}, uint32(len(frame))), frame...))
	return err
}

func readPassed(s *stream, most int, h *hold) ([]byte, error) {
	n, err := readLength(s, most)
	if err != nil {
		return nil, err
	}
	return readData(s, n, h)
}
