package link

import (
	"context"
	"time"

	"xietong/certs/identity"
)

// doorOpen is the longest time of a connection at the door. A child that joins needs seconds.
const doorOpen = time.Minute

// door serves a connection at the door; Knock decides which requests are answered.
func (s *Socket) door(c *Conn, local identity.Jurisdiction) {
	binding, err := c.Binding()
	if err != nil || s.o.Knock == nil {
		c.end(CodeRefused)
		return
	}
	if err := s.enter(c, end{}); err != nil {
		c.end(codeOf(err))
		return
	}
	defer s.leave(c)
	end := time.AfterFunc(doorOpen, func() { c.end(CodeSilent) })
	defer end.Stop()
	from := sourceOf(c.quic.RemoteAddr()) // the handshake has proved the address
	c.serve(&answers{
		room: func() (leave func(), ok bool) {
			return func() { s.gate.give(asking, from) }, s.gate.take(asking, from, time.Now())
		},
		request: func(ctx context.Context, request []byte, write func([]byte) error) error {
			frame, err := s.o.Knock(ctx, local, binding, request)
			if err != nil {
				return err
			}
			return write(frame)
		},
	})
}
