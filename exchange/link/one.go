package link

import (
	"errors"
	"fmt"
)

// ErrNotOne is wrapped by the error of One if no frame came back, or more than one. That error
// wraps ErrFrame as well.
var ErrNotOne = errors.New("not one frame came back")

// One returns the answer of an exchange that is answered by one frame. exchange calls Exchange of a
// Conn or a Socket with the function each that One gives it:
//
//	answer, err := link.One(func(each func([]byte) error) error {
//		return c.Exchange(ctx, request, each)
//	})
//
// A second frame ends the exchange at once.
func One(exchange func(each func(frame []byte) error) error) (answer []byte, err error) {
	answered := false
	err = exchange(func(frame []byte) error {
		if answered {
			return fmt.Errorf("%w%.0w: more than one answer", ErrFrame, ErrNotOne)
		}
		answer, answered = frame, true
		return nil
	})
	switch {
	case err != nil:
		return nil, err
	case !answered:
		return nil, fmt.Errorf("%w%.0w: no answer", ErrFrame, ErrNotOne)
	}
	return answer, nil
}
