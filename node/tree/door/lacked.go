package door

import (
	"context"
	"fmt"

	"xietong/certs/canon"
)

// lacked hands on a key set that whoever knocks knows of this jurisdiction. It proves itself, or
// nothing; the answer says nothing of it.
func (d Door) lacked(ctx context.Context, body []byte) (uint64, error) {
	var signed []byte
	if err := unmarshal(body, &signed); err != nil {
		return 0, err
	}
	return 0, d.Lacked(ctx, signed)
}

// TellLacked shows a root a key set of its own that it does not show itself.
func TellLacked(ctx context.Context, c Conn, signed []byte) error {
	body, err := canon.Marshal(signed)
	if err != nil {
		return err
	}
	var done uint64
	if err := ask(ctx, c, opLacked, body, &done); err != nil {
		return fmt.Errorf("show the key set that it lacks: %w", err)
	}
	return nil
}
