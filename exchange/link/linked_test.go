package link

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
)

// TestLinkedBeforeServed (C37): each side is told of each link before a request is served over it,
// also of one that takes the place of another one.
func TestLinkedBeforeServed(t *testing.T) {
	inWorld(t, func(w *world) {
		city, county := w.party("guiyang", 1), w.party("nanming.guiyang", 2)
		w.trust(city, county)
		var told [2]atomic.Int32
		for i, p := range []*party{city, county} {
			w.plug(p)
			o := p.options(i == 0)
			o.Linked = func(local, peer identity.Jurisdiction) {
				if local != p.name || peer == p.name {
					t.Errorf("%s is told of a link from %s to %s", p.name, local, peer)
				}
				time.Sleep(time.Second) // what comes meanwhile waits
				told[i].Add(1)
			}
			p.serve = func(_ context.Context, _ tlsconf.Peer, _ []byte, write func([]byte) error) error {
				if told[i].Load() == 0 {
					t.Errorf("%s serves before it is told of the link", p.name)
				}
				return write([]byte("x"))
			}
			var err error
			if p.socket, err = Open(p.wire, o); err != nil {
				t.Fatal(err)
			}
		}
		defer w.close(city, county)
		defer county.keep(city, func(err error) { t.Error(err) })()
		for !county.socket.Up(county.name, city.name) || !city.socket.Up(city.name, county.name) {
			time.Sleep(time.Millisecond)
		}
		for _, pair := range [][2]*party{{county, city}, {city, county}} {
			if _, err := pair[0].ask(pair[1], "first"); err != nil {
				t.Error(err)
			}
		}
		time.Sleep(replaceAfter + replaceJitter + time.Minute)
		for i := range told {
			if got := told[i].Load(); got != 2 {
				t.Errorf("told of %d links, want 2", got)
			}
		}
	})
}
