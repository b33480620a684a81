package link

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
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

// class tells strangers from those from whose source a link was up. Neither takes anything of what
// is meant for the other.
type class int

const (
	strangers class = iota
	friends
	classes
)

// most is the limit of each kind at a time. A handshake holds about 50 KiB, and an exchange at the
// door a frame of MaxKnock: for strangers 25 and 32 MiB at worst. An answer there is as long as the
// own chain, which nobody else makes longer: 64 MiB at worst for a chain of MaxFrame. A connection
// there may have a guestWindow under way, 2 MiB for all; in fragments of one byte these come to
// 322 MiB (see quicConfig).
var most = [classes][kinds]int{
	strangers: {shaking: 512, knocking: 128, asking: 64},
	friends:   {shaking: 128, knocking: 64, asking: 32},
}

// fraction is the part of the free room of a kind that one source may hold: n sources that take all
// they can leave 1/(1+n·fraction) of the whole free. So one source cannot shut the others out, and
// many sources leave room for a new one. A hundred counties whose nodes stand behind one address of
// the government's network, or on one machine, can still all come back at once.
var fraction = [kinds]float64{shaking: 1. / 4, knocking: 1. / 2, asking: 1. / 2}

// limit bounds the number that may begin at once, and the number a second from then on.
type limit struct{ burst, perSecond float64 }

// ofOne bounds one source, and ofAll all sources of a class. Joining takes one connection and three
// exchanges, once. A hundred counties whose nodes stand behind one address, or on one machine, may
// join within seconds; an exchange costs less than a millisecond, so the requests of one source
// cost a few hundredths of a core.
var (
	ofOne = [kinds]limit{shaking: {128, 16}, knocking: {128, 8}, asking: {384, 32}}
	ofAll = [classes][kinds]limit{
		strangers: {shaking: {1024, 128}, knocking: {384, 32}, asking: {1152, 128}},
		friends:   {shaking: {1024, 128}, knocking: {384, 32}, asking: {1152, 128}},
	}
)

const (
	maxSources   = 2048                  // sources that are told apart; more than can hold something at the same time
	friendsOfOne = 5                     // sources from which links of one neighbour were up, the last ones
	settleEvery  = 10 * time.Millisecond // at most so often all sources are looked at
)

// source is the origin of packets: the /32 of IPv4, the /48 of IPv6, which one site may have whole.
// The zero source stands for all addresses that are not proved.
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
		bits = 48
	}
	prefix, _ := ip.Prefix(bits) // of no address: the zero source
	return prefix
}

// taken holds the resources that a source, or a class, has now, and the part of the bursts that it
// has spent and that did not come back yet.
type taken struct {
	now   [kinds]int
	spent [kinds]float64
	class class
}

func (t *taken) free() bool { return t.now == [kinds]int{} }

// gate counts the resources that strangers take. Many goroutines may use it.
//
// It is no budget.Places and no budget.Rate: a stranger has proven nothing but where it stands, so
// what one source holds and what it spends are bounded together, in classes that a source moves
// between while it holds something.
type gate struct {
	mu      sync.Mutex
	all     [classes]taken
	sources map[source]*taken
	friends map[ends][]source // of each neighbour, the newest last
	settled time.Time
}

func newGate() *gate { return &gate{sources: map[source]*taken{{}: {}}, friends: map[ends][]source{}} }

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
// link was up last. What they have spent, the zero source has spent then. It never forgets a source
// that holds something; the number of such sources is bounded. The caller holds g.mu.
func (g *gate) sweep() {
	nobody := g.sources[source{}]
	for class := range classes {
		if len(g.sources) < maxSources {
			return
		}
		for from, t := range g.sources {
			if t == nobody || !t.free() || t.class != class {
				continue
			}
			delete(g.sources, from)
			for k := range kinds {
				nobody.spent[k] += t.spent[k]
				g.all[class].spent[k] -= t.spent[k]
				g.all[nobody.class].spent[k] += t.spent[k]
			}
		}
	}
}

// settle gives back what was spent, with the time that has passed. The rate of a class is shared
// equally among its sources that have spent something: however often one knocks, the next one's
// part comes back as fast. The caller holds g.mu.
func (g *gate) settle(now time.Time) {
	passed := now.Sub(g.settled)
	if passed < settleEvery {
		return
	}
	g.settled = now
	for class := range classes {
		for k := range kinds {
			g.share(class, k, passed.Seconds())
		}
		g.all[class].spent = [kinds]float64{} // summed up anew, so that no rounding adds up
	}
	for _, t := range g.sources {
		for k := range kinds {
			g.all[t.class].spent[k] += t.spent[k]
		}
	}
}

// share gives back to the sources of a class what comes back in some seconds, each at most at its
// own rate.
func (g *gate) share(class class, k kind, seconds float64) {
	owing, own := map[*taken]float64{}, seconds*ofOne[k].perSecond // how much may come back to each
	for _, t := range g.sources {
		if t.class == class && t.spent[k] > 0 {
			owing[t] = min(own, t.spent[k])
		}
	}
	for left := seconds * ofAll[class][k].perSecond; len(owing) > 0 && left > 1e-9; {
		each := left / float64(len(owing))
		for t, most := range owing {
			back := min(each, most)
			t.spent[k] = max(0, t.spent[k]-back)
			if owing[t] -= back; back == most {
				delete(owing, t)
			}
			left -= back
		}
	}
}

// room reports whether a source may take one more of the kind. The caller holds g.mu.
func (g *gate) room(k kind, t *taken, now time.Time) bool {
	g.settle(now)
	all := &g.all[t.class]
	free, unspent := most[t.class][k]-all.now[k], ofAll[t.class][k].burst-all.spent[k]
	return float64(t.now[k]) < fraction[k]*float64(free) && t.spent[k]+1 <= min(ofOne[k].burst, unspent/2)
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
	for _, t := range []*taken{t, &g.all[t.class]} {
		t.now[k]++
		t.spent[k]++
	}
	return true
}

func (g *gate) give(k kind, from source) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.sources[from]
	t.now[k]--
	g.all[t.class].now[k]--
}

// unspend makes as if one of a kind, which the source holds, had not begun.
func (g *gate) unspend(k kind, from source) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := g.sources[from]
	back := min(1, t.spent[k])
	t.spent[k] -= back
	g.all[t.class].spent[k] -= back
}

// atEase reports whether there is room for one more connection from an address that is not proved.
func (g *gate) atEase(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	nobody := g.at(source{})
	return g.room(shaking, nobody, now) && g.room(knocking, nobody, now)
}

// linked notes that a link with a neighbour was up from the address. The neighbour then has the
// source for a friend, and no more than a few, so that it cannot fill the class of friends.
func (g *gate) linked(by ends, addr net.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	from := sourceOf(addr)
	if from == (source{}) {
		return
	}
	known := slices.DeleteFunc(g.friends[by], func(s source) bool { return s == from })
	g.friends[by] = append(known, from)
	g.move(g.at(from), friends)
	if len(g.friends[by]) <= friendsOfOne {
		return
	}
	oldest := g.friends[by][0]
	g.friends[by] = g.friends[by][1:]
	for _, others := range g.friends {
		if slices.Contains(others, oldest) {
			return
		}
	}
	if t, ok := g.sources[oldest]; ok {
		g.move(t, strangers)
	}
}

// move makes a source one of the class, with all that it has. The caller holds g.mu.
func (g *gate) move(t *taken, to class) {
	for k := range kinds {
		g.all[t.class].now[k] -= t.now[k]
		g.all[to].now[k] += t.now[k]
		g.all[t.class].spent[k] -= t.spent[k]
		g.all[to].spent[k] += t.spent[k]
	}
	t.class = to
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

// take takes one of a kind for the connection, until leave or the end of the connection, or reports
// that it holds one already.
func (v *visitor) take(k kind) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.holds[k] {
		return true
	}
	if v.gone || !v.gate.take(k, v.from, time.Now()) {
		return false
	}
	v.holds[k] = true
	return true
}

// unspend gives back what was taken for nothing.
func (v *visitor) unspend(k kind) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.holds[k] {
		v.gate.unspend(k, v.from)
		v.give(k)
	}
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
	if !info.AddrVerified {
		v.take(knocking) // now, while there is room: who is let in without a proof must not be refused later
	}
	context.AfterFunc(ctx, v.leaveAll)
	return withWindow(context.WithValue(ctx, visitorKey{}, v)), nil
}

// hello judges the first message of a handshake, whose protocol says whether the connection is for
// the door.
func (g *gate) hello(ctx context.Context, protocol string) error {
	v, ok := visitorOf(ctx)
	switch {
	case protocol != tlsconf.Join && ok:
		v.unspend(knocking)
	case protocol == tlsconf.Join && (!ok || !v.take(knocking)):
		return errFull
	}
	return nil
}
