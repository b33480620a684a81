package door

import (
	"context"

	"xietong/exchange/link"
)

// Line is a Conn over QUIC: one connection of xietong-join/1.
type Line struct{ *link.Conn }

// Exchange sends one request and returns its answer, which is one frame.
func (l Line) Exchange(ctx context.Context, frame []byte) ([]byte, error) {
	return link.One(func(each func([]byte) error) error { return l.Conn.Exchange(ctx, frame, each) })
}
