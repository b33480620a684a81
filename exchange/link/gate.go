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

// kind is what strangers can take of a listener.
type kind int

const (
	shaking  kind = iota // handshakes under way
	knocking             // connections at the door
	asking               // exchanges at the door
	kinds
)

// most is how much of each kind there may be at a time. A handshake holds about 50 KiB; a connection at the door may have
// 4 MiB of windows under way, and an exchange there a frame of MaxKnock: 25, 128 and 32 MiB at worst.
var most = [kinds]int{shaking: 512, knocking: 32, asking: 64}

// share is how much of what is free one source may hold: what n sources that take all they can leave free is 1/(1+n·share)
// of all. So one cannot shut the others out, and many leave room for one that comes anew; and the hundred counties whose
// nodes stand behind one address of the government's network, or on one machine, can all come back at once.
var share = [kinds]float64{shaking: 1. / 4, knocking: 1. / 2, asking: 1. / 2}

// limit bounds how many may begin at once, and how many a second from then on (0: any number).
type limit struct{ burst, perSecond float64 }

// Joining takes one connection and three exchanges, once. A hundred counties whose nodes stand behind one address, or on one
// machine, may join within seconds; an exchange costs less than a millisecond, so what one source can ask for costs a few
// hundredths of a core.
var (
	ofAll = [kinds]limit{knocking: {256, 32}}
	ofOne = [kinds]limit{shaking: {128, 16}, knocking: {128, 8}, asking: {384, 32}}
)

const (
	reserve    = 64   // handshakes beyond these, for addresses from which a link was up
	maxSources = 2048 // that are told apart; more than can hold something at the same time
)

// source is where packets come from: the /32 of IPv4, the /64 of IPv6. The zero one is everybody whose address is not proved.
type source = netip.Prefix

// sourceOf returns the source of an address. Addresses that are of no IP have one source together.
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
	prefix, _ := ip.Prefix(bits) // of no address: the zero one
	return prefix
}

// taken is what a source holds, and what it has spent of its bursts.
type taken struct {
	now    [kinds]int
	spent  [kinds]float64
	at     time.Time // when spent was true
	linked bool      // a link was up from here
}

// affords reports whether one more may begin.
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

// gate counts what strangers take. Its methods may be used by many goroutines.
type gate struct {
	mu      sync.Mutex
	all     taken
	sources map[source]*taken
}

func newGate() *gate { return &gate{sources: map[source]*taken{}} }

// at returns what the source holds. The caller holds g.mu.
func (g *gate) at(from source) *taken {
	t, ok := g.sources[from]
	if !ok {
		g.sweep()
		t = &taken{}
		g.sources[from] = t
	}
	return t
}

// sweep makes room in a full table: it forgets who holds nothing, those last from which a link was up. Who holds something
// is never forgotten, and their number is bounded. The caller holds g.mu.
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

// room reports whether a source may take one more. The caller holds g.mu.
func (g *gate) room(k kind, t *taken, now time.Time) bool {
	free := most[k] - g.all.now[k]
	if t.linked && k == shaking {
		free += reserve
	}
	return float64(t.now[k]) < share[k]*float64(free) && t.affords(k, &ofOne, now) && g.all.affords(k, &ofAll, now)
}

// take takes one of a kind, if there is room. Whoever took gives back with give.
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

// atEase reports whether there is room for one more whose address is not proved.
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

// visitor is a connection that was made to us: what it holds at the gate until it has shown who it is, or is gone.
type visitor struct {
	gate  *gate
	from  source
	mu    sync.Mutex
	gone  bool
	holds [kinds]bool
}

// take takes one of a kind, until leave or the end of the connection.
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

// leaveAll gives back everything, and nothing is taken from then on.
func (v *visitor) leaveAll() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.gone = true
	for k := range kinds {
		v.give(k)
	}
}

// give gives back. The caller holds v.mu.
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
	return context.WithValue(ctx, visitorKey{}, v), nil
}

// hello judges the first message of a handshake, which says whether it is for the door.
func (g *gate) hello(ctx context.Context, protocol string) error {
	if protocol != tlsconf.Join {
		return nil
	}
	if v, ok := visitorOf(ctx); !ok || !v.take(knocking) {
		return errFull
	}
	return nil
}
