package link

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/quic-go/quic-go"

	"xietong/certs/tlsconf"
)

// kind is a kind of resource that strangers can take of a listener.
type kind int

const (
	shaking  kind = iota // handshakes under way
	knocking             // connections at the door
	asking               // exchanges at the door
	kinds
)

// most is the limit of each kind at a time. A handshake holds about 50 KiB; a connection at the
// door may have 4 MiB of windows under way, and an exchange there a frame of MaxKnock: 25, 128 and
// 32 MiB at worst.
var most = [kinds]int{shaking: 512, knocking: 32, asking: 64}

// fraction is the part of the free room of a kind that one source may hold: n sources that take all
// they can leave 1/(1+n·fraction) of the whole free. So one source cannot shut the others out, and
// many sources leave room for a new one. A hundred counties whose nodes stand behind one address of
// the government's network, or on one machine, can still all come back at once.
var fraction = [kinds]float64{shaking: 1. / 4, knocking: 1. / 2, asking: 1. / 2}

// limit bounds the number that may begin at once, and the number a second from then on (0: any
// number).
type limit struct{ burst, perSecond float64 }

// Joining takes one connection and three exchanges, once. A hundred counties whose nodes stand
// behind one address, or on one machine, may join within seconds; an exchange costs less than a
// millisecond, so the requests of one source cost a few hundredths of a core.
var (
	ofAll = [kinds]limit{knocking: {256, 32}}
	ofOne = [kinds]limit{shaking: {128, 16}, knocking: {128, 8}, asking: {384, 32}}
)

const (
	reserve    = 64   // further handshakes, for sources from which a link was up
	maxSources = 2048 // sources that are told apart; more than can hold something at the same time
)

// source is the origin of packets: the /32 of IPv4, the /64 of IPv6. The zero source stands for all
// addresses that are not proved.
type source = netip.Prefix

// sourceOf returns the source of an address. Addresses other than IP share the zero source.
func sourceOf(addr net.Addr) source {
	var ip netip.Addr
	if udp, ok := addr.(*net.UDPAddr); ok {
		ip = udp.AddrPort().Addr()
	} else if ap, err := netip.ParseAddrPort(addr.String()); err == nil {
		ip = ap.Addr()
	}
	ip = ip.Unmap().WithZone("")
	bits := ip.BitLen()
	if ip.Is6() {
		bits = 64
	}
	prefix, _ := ip.Prefix(bits) // of no address: the zero source
	return prefix
}

// taken holds the resources that a source has now, and the part of its bursts that it has spent.
type taken struct {
	now    [kinds]int
	spent  [kinds]float64
	at     time.Time // the time that spent is of
	linked bool      // a link was up from this source
}

// affords reports whether the limits let one more of the kind begin now.
func (t *taken) affords(k kind, limits *[kinds]limit, now time.Time) bool {
	if passed := now.Sub(t.at).Seconds(); passed > 0 {
		for k := range kinds {
			t.spent[k] = max(0, t.spent[k]-passed*limits[k].perSecond)
		}
		t.at = now
	}
	return limits[k].perSecond == 0 || t.spent[k]+1 <= limits[k].burst
}

func (t *taken) take(k kind) {
	t.now[k]++
	t.spent[k]++
}

func (t *taken) free() bool { return t.now == [kinds]int{} }

// gate counts the resources that strangers take. Many goroutines may use it.
type gate struct {
	mu      sync.Mutex
	all     taken
	sources map[source]*taken
}

func newGate() *gate { return &gate{sources: map[source]*taken{}} }

// at returns the entry of a source, and makes one if there is none. The caller holds g.mu.
func (g *gate) at(from source) *taken {
	t, ok := g.sources[from]
	if !ok {
		g.sweep()
		t = &taken{}
		g.sources[from] = t
	}
	return t
}

// sweep makes room in a full table: it forgets the sources that hold nothing, those from which a
// link was up last. It never forgets a source that holds something; the number of such sources is
// bounded. The caller holds g.mu.
func (g *gate) sweep() {
	for _, linked := range []bool{false, true} {
		if len(g.sources) < maxSources {
			return
		}
		for from, t := range g.sources {
			if t.free() && t.linked == linked {
				delete(g.sources, from)
			}
		}
	}
}

// room reports whether a source may take one more of the kind. The caller holds g.mu.
func (g *gate) room(k kind, t *taken, now time.Time) bool {
	free := most[k] - g.all.now[k]
	if t.linked && k == shaking {
		free += reserve
	}
	return float64(t.now[k]) < fraction[k]*float64(free) && t.affords(k, &ofOne, now) && g.all.affords(k, &ofAll, now)
}

// take takes one of a kind, if there is room, and reports whether it did. The caller gives it back
// with give.
func (g *gate) take(k kind, from source, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.at(from)
	if !g.room(k, t, now) {
		return false
	}
	t.take(k)
	g.all.take(k)
	return true
}

func (g *gate) give(k kind, from source) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.sources[from].now[k]--
	g.all.now[k]--
}

// atEase reports whether there is room for one more connection from an address that is not proved.
func (g *gate) atEase(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	nobody := g.at(source{})
	return g.room(shaking, nobody, now) && g.room(knocking, nobody, now)
}

// linked notes that a link was up from the address.
func (g *gate) linked(addr net.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if from := sourceOf(addr); from != (source{}) {
		g.at(from).linked = true
	}
}

// visitor is an incoming connection, with the resources that it holds at the gate until its
// identity is proved or the connection has ended.
type visitor struct {
	gate  *gate
	from  source
	mu    sync.Mutex
	gone  bool
	holds [kinds]bool
}

// take takes one of a kind for the connection, until leave or the end of the connection.
func (v *visitor) take(k kind) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.gone || v.holds[k] || !v.gate.take(k, v.from, time.Now()) {
		return false
	}
	v.holds[k] = true
	return true
}

func (v *visitor) leave(k kind) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.give(k)
}

// leaveAll gives back everything; take fails from then on.
func (v *visitor) leaveAll() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.gone = true
	for k := range kinds {
		v.give(k)
	}
}

// give gives one of the kind back, if the visitor holds one. The caller holds v.mu.
func (v *visitor) give(k kind) {
	if v.holds[k] {
		v.holds[k] = false
		v.gate.give(k, v.from)
	}
}

type visitorKey struct{}

func visitorOf(ctx context.Context) (*visitor, bool) {
	v, ok := ctx.Value(visitorKey{}).(*visitor)
	return v, ok
}

var errFull = errors.New("too many at once")

// first judges the first packet of a connection; ctx ends with the connection.
func (g *gate) first(ctx context.Context, info *quic.ClientInfo) (context.Context, error) {
	v := &visitor{gate: g}
	if info.AddrVerified {
		v.from = sourceOf(info.RemoteAddr)
	}
	if !v.take(shaking) {
		return nil, errFull
	}
	context.AfterFunc(ctx, v.leaveAll)
	return withWindow(context.WithValue(ctx, visitorKey{}, v)), nil
}

// hello judges the first message of a handshake, whose protocol says whether the connection is for
// the door.
func (g *gate) hello(ctx context.Context, protocol string) error {
	if protocol != tlsconf.Join {
		return nil
	}
	if v, ok := visitorOf(ctx); !ok || !v.take(knocking) {
		return errFull
	}
	return nil
}
