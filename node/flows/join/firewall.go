package join

import (
	"net"
	"strings"
	"time"
	"unicode"

	"xietong/certs/identity"
	"xietong/node/ground/text"
)

// Firewall holds the facts that the network office needs about a node that cannot reach its parent.
type Firewall struct {
	Child      string // display name
	Name       identity.Jurisdiction
	Parent     string // display name
	ParentName identity.Jurisdiction
	Addresses  []string  // of the parent, as they stand in the invitation
	Date       time.Time // of the request, in the zone in which it is told
}

// FirewallRequest returns the form, as a text of lines, that an administrator gives to the network
// office: one outbound UDP rule, what it is for, and how to test it. Lines are left to fill in.
func FirewallRequest(l text.Lang, r Firewall) string {
	destinations := make([]string, len(r.Addresses))
	for i, a := range r.Addresses {
		host, port, _ := net.SplitHostPort(a) // an invitation holds no other form
		destinations[i] = text.T(l, text.FirewallDestination, text.Args{"host": host, "port": port})
	}
	return text.T(l, text.FirewallForm, text.Args{
		"child": titled(l, r.Child, r.Name), "parent": titled(l, r.Parent, r.ParentName), "date": text.Day(r.Date, r.Date.Location()),
		"destinations": strings.Join(destinations, "\n  "),
		"step":         text.T(l, text.JoinNetwork, nil), "ok": text.T(l, text.CLIJoinOK, nil),
	}) + "\n"
}

// titled returns a node as one line of the form. It drops characters that do not print, because an
// invitation may hold any title.
func titled(l text.Lang, title string, name identity.Jurisdiction) string {
	title = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, title))
	if title == "" || title == name.String() {
		return name.String()
	}
	return text.T(l, text.FirewallNode, text.Args{"title": title, "name": name.String()})
}
