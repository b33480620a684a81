package api

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"xietong/consensus/state"
	"xietong/node/faces/client"
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

// TestSlowAnswers has requests take minutes once their bodies have come: a body must come within a
// time, and what is done with it takes its own.
func TestSlowAnswers(t *testing.T) {
	d := open(t)
	for path, body := range map[string]any{
		"/v1/query":    client.Query{Dataset: "villages", Key: "1", Use: use},
		"/v1/agencies": client.NewAgency{Code: "tax", Title: "税务局"},
	} {
		body := must(json.Marshal(body))
		synctest.Test(t, func(t *testing.T) {
			s := serve(t, d.handler)
			var once sync.Once
			d.Before = func(state.Kind) { once.Do(func() { time.Sleep(2 * time.Minute) }) }
			began := time.Now()
			c := s.ask(fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%s: water\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s",
				path, client.HeaderAgency, client.HeaderIdempotency, aKey, len(body), body))
			if got := s.answer(c); got != http.StatusOK || time.Since(began) < 2*time.Minute {
				t.Errorf("%s: got %d after %v, want 200 after two minutes", path, got, time.Since(began))
			}
			if _, err := s.end(); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Second) // in which the server lets go of the connection
		})
	}
}
