package link

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/quic-go/quic-go"
)

// answers holds the functions that answer the streams of a connection: a request, or a hello (nil
// where none is expected).
type answers struct {
	room    func() (leave func(), ok bool) // called before a stream is read; nil: always room
	request func(ctx context.Context, request []byte, write func([]byte) error) error
	hello   func(heard []byte) (said []byte, err error)
}

// serve answers the streams that the other side opens, until the connection ends and every stream
// is answered.
func (c *Conn) serve(a *answers) {
	c.mu.Lock()
	if c.retired {
		c.mu.Unlock()
		return
	}
	served := make(chan struct{})
	c.served = served
	c.mu.Unlock()
	var workers sync.WaitGroup
	defer close(served)
	defer workers.Wait()
	reading := make(chan struct{}, c.bounds.serving+c.bounds.spare)
	serving := make(chan struct{}, c.bounds.serving)
	for {
		s, err := c.quic.AcceptStream(c.quic.Context())
		if err != nil {
			return
		}
		select {
		case reading <- struct{}{}:
			workers.Go(func() {
				defer func() { <-reading }()
				if err := c.take(s, a, serving); err != nil {
					abandon(s, codeOf(err))
				}
			})
		default:
			abandon(s, CodeBusy)
		}
	}
}

var errBusy = &CodeError{CodeBusy, errors.New("too much at once")}

// take answers a stream if there is room for it. serving has room for the requests that are served
// at once.
func (c *Conn) take(s *quic.Stream, a *answers, serving chan struct{}) error {
	if !c.begin() {
		return &CodeError{CodeReplaced, errRetired}
	}
	defer c.ended()
	if a.room != nil {
		leave, ok := a.room()
		if !ok {
			return errBusy
		}
		defer leave()
	}
	return c.answer(s, a, serving)
}

func (c *Conn) answer(s *quic.Stream, a *answers, serving chan struct{}) error {
	h, began := c.hold.more(), time.Now()
	defer h.end()
	if !h.take(streamCost) {
		return errBusy
	}
	request, err := c.readFrame(s, h, c.bounds.frame, began)
	switch {
	case errors.Is(err, io.EOF):
		return fmt.Errorf("%w: none", ErrFrame)
	case err != nil:
		return err
	case len(request) == 0 && a.hello != nil:
		return c.answerHello(s, h, a.hello, began)
	case len(request) == 0 || a.request == nil:
		return fmt.Errorf("%w: not expected here", ErrFrame)
	}
	c.hear()
	if err := atEnd(s); err != nil {
		return err
	}
	select {
	case serving <- struct{}{}:
		defer func() { <-serving }()
	default:
		return errBusy
	}
	if err := a.request(s.Context(), request, func(frame []byte) error { return c.write(s, h, frame) }); err != nil {
		return err
	}
	return s.Close()
}

// write writes a frame of an answer. What the other side does not read counts as its own, and is
// given up after a while.
func (c *Conn) write(s *quic.Stream, h *hold, frame []byte) error {
	if !h.take(len(frame)) {
		return errBusy
	}
	defer h.give(len(frame))
	if err := s.SetWriteDeadline(time.Now().Add(takenWithin + c.bounds.longer(len(frame)))); err != nil {
		return err
	}
	return writeFrame(s, frame, c.bounds.answer)
}

// readFrame reads a frame of at most most bytes; io.EOF means that the stream ended before it. A
// frame that was to begin at the time is given up when it comes in more slowly than over the
// slowest line. If that time is zero, the frame is one of an answer, which may begin at any time.
func (c *Conn) readFrame(s *quic.Stream, h *hold, most int, began time.Time) ([]byte, error) {
	deadline := time.Time{}
	if !began.IsZero() {
		deadline = began.Add(firstFrameWithin)
	}
	if err := s.SetReadDeadline(deadline); err != nil {
		return nil, err
	}
	n, err := readLength(s, most)
	if err != nil {
		return nil, err
	}
	if began.IsZero() {
		deadline = time.Now().Add(takenWithin) // the line may be full of other answers
	}
	if err := s.SetReadDeadline(deadline.Add(c.bounds.longer(n))); err != nil {
		return nil, err
	}
	return readData(s, n, h)
}
