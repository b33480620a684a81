package link

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/quic-go/quic-go"

	"xietong/certs/tlsconf"
)

// A hello is padded, so that it needs packets of full size: what keeps a link up then shows that
// ordinary calls come through. Its frame is the length of the hello in 2 bytes, big-endian, the
// hello, and zero bytes up to leastHello.
const (
	leastHello    = 2 * 1200
	maxHelloFrame = 2 + MaxHello
)

func pad(hello []byte) []byte {
	frame := make([]byte, max(leastHello, 2+len(hello)))
	binary.BigEndian.PutUint16(frame, uint16(len(hello)))
	copy(frame[2:], hello)
	return frame
}

// unpad returns the hello of a frame that pad made.
func unpad(frame []byte) ([]byte, error) {
	if len(frame) < leastHello {
		return nil, fmt.Errorf("%w: no hello", ErrFrame)
	}
	n := int(binary.BigEndian.Uint16(frame))
	if len(frame) != max(leastHello, 2+n) || n > MaxHello || slices.ContainsFunc(frame[2+n:], func(b byte) bool { return b != 0 }) {
		return nil, fmt.Errorf("%w: a hello of %d bytes in a frame of %d", ErrFrame, n, len(frame))
	}
	return frame[2 : 2+n], nil
}

// first sends what is written on the stream before everything else, so that a hello is in time also
// over a slow line that long answers fill.
func first(s *quic.Stream) { s.SetPriority(0, false) }

// sayHello says hello and judges the answer.
func (c *Conn) sayHello(ctx context.Context, peer tlsconf.Peer, h Handler) error {
	ctx, cancel := context.WithTimeout(ctx, firstFrameWithin)
	defer cancel()
	heard, err := One(func(each func([]byte) error) error {
		return c.exchange(ctx, func(frame []byte) error {
			hello, err := unpad(frame)
			if err != nil {
				return err
			}
			return each(hello)
		}, []byte{}, pad(h.Hello()))
	})
	if err != nil {
		return fmt.Errorf("say hello: %w", err)
	}
	if err := h.Greet(peer, heard); err != nil {
		return fmt.Errorf("judge hello: %w", err)
	}
	return nil
}

// hearHello waits for the dialler's first hello.
func (c *Conn) hearHello(ctx context.Context, peer tlsconf.Peer, h Handler) error {
	ctx, cancel := context.WithTimeout(ctx, firstFrameWithin)
	defer cancel()
	s, err := c.quic.AcceptStream(ctx)
	if err != nil {
		return &CodeError{CodeSilent, fmt.Errorf("wait for hello: %w", explain(err))}
	}
	if err := c.answer(s, &answers{hello: helloOf(peer, h)}, nil); err != nil {
		abandon(s, codeOf(err))
		return fmt.Errorf("answer hello: %w", err)
	}
	return nil
}

func helloOf(peer tlsconf.Peer, h Handler) func([]byte) ([]byte, error) {
	return func(heard []byte) ([]byte, error) {
		if err := h.Greet(peer, heard); err != nil {
			return nil, err
		}
		return h.Hello(), nil
	}
}

// answerHello judges a hello, and answers with one.
func (c *Conn) answerHello(s *quic.Stream, h *hold, hello func([]byte) ([]byte, error), began time.Time) error {
	frame, err := c.readFrame(s, h, maxHelloFrame, began)
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: no hello", ErrFrame)
	}
	if err == nil {
		err = atEnd(s)
	}
	var heard []byte
	if err == nil {
		heard, err = unpad(frame)
	}
	if err != nil {
		return err
	}
	c.hear()
	said, err := hello(heard)
	if err != nil {
		return &CodeError{CodeRefused, err}
	}
	first(s)
	if err := c.write(s, h, pad(said)); err != nil {
		return err
	}
	return s.Close()
}
