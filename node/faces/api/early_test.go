package api

import (
	"fmt"
	"io"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"xietong/node/ground/text"
)

// early is a request that is refused before its body comes: a parameter is empty.
const early = "POST /v1/datasets/villages/imports/check?format= HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n"

// TestAnsweredEarly has clients send long bodies that are refused at once. Each gets its answer
// while it sends; what it sends then is dropped, and holds no room of others, for bodyWithin.
func TestAnsweredEarly(t *testing.T) {
	d := open(t)
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, d.handler)
		var all []net.Conn
		for i := range 2 * maxBodiesLen / maxBodyLen {
			c := s.ask(early)
			if got, want := s.answer(c), text.Status(text.Empty); got != want {
				t.Errorf("client %d: got %d, want %d", i, got, want)
			}
			c.SetWriteDeadline(time.Time{})
			all = append(all, c)
			synctest.Wait() // until the room is given back
		}
		if d.server.bodies.number != 0 || d.server.bodies.len != 0 {
			t.Errorf("%d bodies of %d bytes are held", d.server.bodies.number, d.server.bodies.len)
		}
		for range 5 {
			time.Sleep(bodyWithin / 6)
			for i, c := range all {
				if _, err := fmt.Fprint(c, "more of it"); err != nil {
					t.Errorf("client %d cannot send on: %v", i, err)
				}
			}
		}
		time.Sleep(bodyWithin/6 + time.Second)
		if n := stillOpen(all); n != 0 {
			t.Errorf("%d of %d connections are open after %v", n, len(all), bodyWithin)
		}
		if _, err := s.end(); err != nil {
			t.Error(err)
		}
		time.Sleep(time.Second) // in which the server lets go of the connections
	})
}

// TestAnsweredEarlyAndStopped stops the node while it drops a body.
func TestAnsweredEarlyAndStopped(t *testing.T) {
	d := open(t)
	synctest.Test(t, func(t *testing.T) {
		s := serve(t, d.handler)
		c := s.ask(early)
		s.answer(c)
		if took, err := s.end(); err != nil || took > drainWithin+2*lastWithin {
			t.Errorf("the stop took %v, %v", took, err)
		}
		if _, err := io.WriteString(c, "more"); err == nil {
			t.Error("the connection is open")
		}
		time.Sleep(time.Second) // in which the server lets go of the connection
	})
}
