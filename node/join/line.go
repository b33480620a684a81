package join

import (
	"context"
	"fmt"

	"xietong/exchange/link"
)

// Line is a Conn over QUIC: one connection of xietong-join/1.
type Line struct{ *link.Conn }

// Exchange sends one request and returns its answer, which is one frame.
func (l Line) Exchange(ctx context.Context, frame []byte) ([]byte, error) {
	var got [][]byte
	err := l.Conn.Exchange(ctx, frame, func(answer []byte) error {
		if got = append(got, answer); len(got) > 1 {
			return fmt.Errorf("%w: more than one answer", link.ErrFrame)
		}
		return nil
	})
	if err == nil && len(got) == 0 {
		err = fmt.Errorf("%w: no answer", link.ErrFrame)
	}
	if err != nil {
		return nil, err
	}
	return got[0], nil
}
