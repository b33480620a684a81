package link

import (
	"cmp"
	"slices"
	"time"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
)

// maxRemembered bounds the pairs of jurisdictions that are remembered after their links have ended.
// It is more than a jurisdiction has neighbours; beyond it the pair that was silent longest is
// forgotten.
const maxRemembered = 4096

// Info describes a link to people.
type Info struct {
	Local     identity.Jurisdiction
	Peer      tlsconf.Peer
	Since     time.Time // when the hello of the first was accepted, of those that replaced one another
	LastHeard time.Time
	Address   string // current source of the peer's packets, as host:port; it proves nothing
}

// Links returns the newest link of each replica of each neighbour, sorted by local jurisdiction,
// peer and replica.
func (s *Socket) Links() []Info {
	s.mu.Lock()
	defer s.mu.Unlock()
	var infos []Info
	for _, links := range s.links {
		for _, l := range links {
			if l.replaced || !l.conn.alive() {
				continue
			}
			infos = append(infos, Info{l.local, l.peer, l.since, l.conn.lastHeard(), l.conn.quic.RemoteAddr().String()})
		}
	}
	slices.SortFunc(infos, func(a, b Info) int {
		return cmp.Or(
			cmp.Compare(a.Local.String(), b.Local.String()),
			cmp.Compare(a.Peer.Jurisdiction.String(), b.Peer.Jurisdiction.String()),
			cmp.Compare(a.Peer.Replica.Number(), b.Peer.Replica.Number()))
	})
	return infos
}

// LastHeard returns the time of the last frame from the peer: a hello, a request or a frame of an
// answer. The time stays known after the link has ended, for the last 4096 pairs. LastHeard returns
// false if no link was up since the socket was opened.
func (s *Socket) LastHeard(local, peer identity.Jurisdiction) (time.Time, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := ends{local, peer}
	last := s.heard[key]
	for _, l := range s.links[key] {
		last = later(last, l.conn.lastHeard())
	}
	return last, !last.IsZero()
}

// remember keeps the time of the last frame on a link that ends. The caller holds s.mu.
func (s *Socket) remember(key ends, l *Link) {
	_, known := s.heard[key]
	for !known && len(s.heard) >= maxRemembered {
		s.forget()
	}
	s.heard[key] = later(s.heard[key], l.conn.lastHeard())
}

// forget drops the pair that was silent longest. The caller holds s.mu.
func (s *Socket) forget() {
	var oldest ends
	first := true
	for key, heard := range s.heard {
		if first || heard.Before(s.heard[oldest]) {
			oldest, first = key, false
		}
	}
	delete(s.heard, oldest)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
