package link

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"xietong/certs/tlsconf"
)

func TestOne(t *testing.T) {
	broken := errors.New("broken")
	for what, c := range map[string]struct {
		frames []string
		then   error
		want   string // "": an error
		text   string // of the error
		is     []error
	}{
		"one":               {[]string{"a"}, nil, "a", "", nil},
		"none":              {nil, nil, "", "malformed frame: no answer", []error{ErrFrame, ErrNotOne}},
		"two":               {[]string{"a", "b"}, nil, "", "malformed frame: more than one answer", []error{ErrFrame, ErrNotOne}},
		"empty ones":        {[]string{"", ""}, nil, "", "malformed frame: more than one answer", []error{ErrFrame, ErrNotOne}},
		"none, and it fell": {nil, broken, "", "broken", []error{broken}},
		"one, and it fell":  {[]string{"a"}, broken, "", "broken", []error{broken}},
	} {
		got, err := One(func(each func([]byte) error) error {
			for _, frame := range c.frames {
				if err := each([]byte(frame)); err != nil {
					return err
				}
			}
			return c.then
		})
		if string(got) != c.want || (err == nil) != (c.text == "") || err != nil && err.Error() != c.text {
			t.Errorf("%s: got %q, %v, want %q, %q", what, got, err, c.want, c.text)
		}
		for _, is := range c.is {
			if !errors.Is(err, is) {
				t.Errorf("%s: got %v, want %v", what, err, is)
			}
		}
	}
	if got, err := One(func(each func([]byte) error) error { return each([]byte{}) }); err != nil || got == nil || len(got) != 0 {
		t.Errorf("an empty one: got %v, %v, want an empty frame", got, err)
	}
}

// TestOneOverALink checks that a second frame ends the exchange, and that the link goes on.
func TestOneOverALink(t *testing.T) {
	linked(t, func(_ *world, city, county *party) {
		county.serve = func(_ context.Context, _ tlsconf.Peer, request []byte, write func([]byte) error) error {
			var err error
			for range len(request) - 1 {
				err = errors.Join(err, write(request))
			}
			return err
		}
		for request, want := range map[string]error{"x": ErrNotOne, "xx": nil, "xxx": ErrNotOne} {
			got, err := One(func(each func([]byte) error) error {
				return city.socket.Exchange(context.Background(), city.name, county.name, []byte(request), each)
			})
			if !errors.Is(err, want) || err == nil && !bytes.Equal(got, []byte(request)) {
				t.Errorf("%q: got %q, %v, want %v", request, got, err, want)
			}
		}
	})
}
