package node

import (
	"net"
	"testing"
	"time"

	"xietong/exchange/link"
	"xietong/node/ground/text"
)

// TestFailureIsToldRarely (U-C11): a parent that is away is a line of the log once, when the reason
// changes, and once an hour.
func TestFailureIsToldRarely(t *testing.T) {
	h, now := &hosted{}, time.Unix(0, 0)
	silent, refused := &link.Error{Reason: link.NoAnswer}, &link.Error{Reason: link.NotKnown}
	for i, row := range []struct {
		after time.Duration
		err   error
		up    bool
		want  bool
	}{
		{err: silent, want: true},
		{after: time.Second, err: silent},
		{after: 30 * time.Minute, err: silent},
		{after: time.Second, err: refused, want: true},
		{after: time.Second, err: silent, want: true},
		{after: time.Hour, err: silent, want: true},
		{after: time.Second, up: true},
		{after: time.Second, err: silent, want: true},
	} {
		if now = now.Add(row.after); row.up {
			h.linked(now, false)
			continue
		}
		if _, told := h.keepFailure(row.err, now); told != row.want {
			t.Errorf("row %d: told %t, want %t", i, told, row.want)
		}
	}
}

// TestOnlyHere (U-C30): a link that cannot leave the machine, because the node listens on its
// loopback, is told as that, and no other failure is.
func TestOnlyHere(t *testing.T) {
	away, here := &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 7400}, &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 7400}
	broken := &link.Error{Reason: link.Broken}
	for _, row := range []struct {
		listen  string
		dialled []net.Addr
		failed  error
		want    string
	}{
		{"127.0.0.1:7400", []net.Addr{away}, broken, onlyHere},
		{"[::1]:7400", []net.Addr{away}, broken, onlyHere},
		{"0.0.0.0:7400", []net.Addr{away}, broken, "broken"},
		{"", []net.Addr{away}, broken, "broken"},
		{"127.0.0.1:7400", []net.Addr{away, here}, broken, "broken"},
		{"127.0.0.1:7400", nil, broken, "broken"},
		{"127.0.0.1:7400", []net.Addr{away}, &link.Error{Reason: link.NoAnswer}, "no-answer"},
		{"127.0.0.1:7400", []net.Addr{away}, nil, ""},
	} {
		h := &hosted{}
		if _, err := h.dialled(row.dialled, nil); err != nil {
			t.Fatal(err)
		}
		got := why(row.listen, h.away, row.failed)
		if got != row.want {
			t.Errorf("%q, %v: got %q, want %q", row.listen, row.failed, got, row.want)
		}
		if told := text.Cause(text.Zh, got); got != "" && told == got {
			t.Errorf("%q has no sentence", got)
		}
	}
}
