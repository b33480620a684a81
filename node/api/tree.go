package api

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/client"
	"xietong/node/join"
	"xietong/node/join/token"
	"xietong/node/roster"
	"xietong/node/text"
)

// invitationTerm is how long an invitation is good for unless its maker says otherwise.
const invitationTerm = 7 * 24 * time.Hour

// The requests about the tree.
type (
	invite struct {
		Caller
		Body client.NewInvitation
	}
	withdraw struct {
		Caller
		Child string `path:"child" maxLength:"200" doc:"The child's display name, label, code or whole name"`
		Body  client.Withdrawal
	}
	addHosted struct {
		Caller
		Body client.NewHosted
	}
)

func (s *server) registerTree(a huma.API) {
	handle(s, a, post("invite", "/v1/invitations", "Invite a jurisdiction to join below this one"), s.invite)
	handle(s, a, get("tree", "/v1/tree", "Where the jurisdiction stands, and how its links are"), s.tree)
	handle(s, a, post("withdraw", "/v1/children/{child}/withdrawal", "End the endorsement of a child"), s.withdraw)
	handle(s, a, post("drill", "/v1/drills", "Send a jurisdiction a message that it must refuse"), s.drill)
	handle(s, a, get("receipt-of", "/v1/receipt", "The portable proof of an entry of any ledger"), s.receiptOf)
	handle(s, a, post("add-hosted", "/v1/hosted", "Host a further jurisdiction"), s.addHosted)
}

// placeOf finds the child that is meant: in the roster, or as the request itself says.
func placeOf(parent Hosted, v client.NewInvitation) (join.Place, error) {
	above := parent.Host.Name()
	if v.Label == "" {
		found := parent.Roster.Current().Find(above, v.Name)
		if len(found) != 1 {
			return join.Place{}, placeUnknown(parent, v.Name, found)
		}
		p := found[0]
		return join.Place{Name: p.Name, Code: p.Code, Level: p.Level, DisplayName: p.DisplayName, ShortName: p.ShortName}, nil
	}
	label, err := identity.ParseLabel(v.Label)
	if err != nil {
		return join.Place{}, err
	}
	name, err := above.Child(label)
	return join.Place{Name: name, Code: v.Code, Level: v.Level, DisplayName: v.Name, ShortName: cmp.Or(v.ShortName, v.Name)}, err
}

// placeUnknown tells what the roster has instead: those that the text may mean, or those that are spelled nearly so.
func placeUnknown(parent Hosted, name string, found []roster.Place) error {
	if len(found) == 0 {
		found = parent.Roster.Current().Suggest(parent.Host.Name(), name)
	}
	near := make([]string, len(found))
	for i, p := range found {
		near[i] = p.DisplayName
	}
	return text.Fail(text.PlaceUnknown, text.Args{
		"name": name, "parent": parent.DisplayName, "near": cmp.Or(strings.Join(near, ", "), "-"),
	}, nil)
}

func (s *server) invite(ctx context.Context, h Hosted, in *invite) (client.Invitation, error) {
	id, err := in.key()
	if err != nil {
		return client.Invitation{}, err
	}
	addresses := s.node.Addresses()
	if len(addresses) == 0 {
		return client.Invitation{}, text.Fail(text.NotListening, text.Args{"jurisdiction": h.DisplayName}, nil)
	}
	place, err := placeOf(h, in.Body)
	if err != nil {
		return client.Invitation{}, err
	}
	t, entry, err := Invite(ctx, h, id, place, addresses, in.Body)
	if err != nil {
		return client.Invitation{}, err
	}
	line, err := t.Encode()
	return client.Invitation{
		Token: line, Child: place.Name.String(), DisplayName: place.DisplayName, ShortName: place.ShortName, Code: place.Code, Level: place.Level,
		Until: t.Until.UTC().Format(time.RFC3339), Entry: entry.String(), Addresses: addresses,
		Root: t.Root.String(), Fingerprint: t.Root.Fingerprint(),
	}, err
}

// Invite records an invitation of the place and makes its token. The secret follows from the request's id, so that the same
// request again gives the same token.
func Invite(ctx context.Context, h Hosted, id identity.Message, place join.Place, addresses []string, v client.NewInvitation) (token.Token, identity.Entry, error) {
	term := invitationTerm
	if v.Hours > 0 {
		term = time.Duration(v.Hours) * time.Hour
	}
	raw := id.Bytes()
	secret := h.Host.MAC("invitation secret", raw[:])
	chain, err := chainOf(ctx, h)
	if err != nil {
		return token.Token{}, identity.Entry{}, err
	}
	t := token.Token{
		Parent: chain[len(chain)-1].Newest().Pin(), Root: chain[0].KeySets[0].Pin(), Child: place.Name, Code: place.Code,
		Level: place.Level, DisplayName: place.DisplayName, ShortName: place.ShortName, Secret: secret[:token.SecretLen],
		Until: id.Time().Add(term), Addresses: addresses,
	}
	if len(chain) == 1 {
		t.Root = t.Parent
	}
	entry, err := join.Invite(ctx, h.Host, id, join.Invitation{
		Place: place, Secret: join.SecretHash(t.Secret), Until: t.Until, Rekey: v.Rekey,
	})
	return t, entry, err
}

func chainOf(ctx context.Context, h Hosted) ([]trust.Link, error) {
	levels, root, err := h.Host.Chain(ctx)
	if err != nil {
		return nil, err
	}
	return trust.Descend(root, levels, ledger.VerifyEndorsement)
}

func (s *server) withdraw(ctx context.Context, h Hosted, in *withdraw) (client.Entered, error) {
	id, err := in.key()
	if err != nil {
		return client.Entered{}, err
	}
	label, err := childNamed(ctx, h, in.Child)
	if err != nil {
		return client.Entered{}, err
	}
	entry, err := join.Withdraw(ctx, h.Host, id, label, in.Body.Reason)
	if err != nil {
		return client.Entered{}, err
	}
	return client.Entered{Entry: entry.String()}, s.node.Changed(ctx, h.Host.Name())
}

// childNamed returns the label of the child that the text names.
func childNamed(ctx context.Context, h Hosted, named string) (label identity.Label, err error) {
	err = h.Host.View(ctx, func(r *state.Reader) error {
		for _, c := range join.Children(r) {
			p := c.Place
			if slices.Contains([]string{p.Name.String(), p.Name.Label().String(), p.DisplayName, p.ShortName, p.Code}, named) {
				label = p.Name.Label()
				return nil
			}
		}
		return text.Fail(text.NotEndorsed, text.Args{"name": named, "jurisdiction": h.DisplayName}, nil)
	})
	return label, err
}

func (s *server) addHosted(ctx context.Context, h Hosted, in *addHosted) (client.HostedPlace, error) {
	id, err := in.key()
	if err != nil {
		return client.HostedPlace{}, err
	}
	if len(s.node.Addresses()) == 0 {
		return client.HostedPlace{}, text.Fail(text.NotListening, text.Args{"jurisdiction": h.DisplayName}, nil)
	}
	b := in.Body
	place, err := placeOf(h, client.NewInvitation{Name: b.Name, Label: b.Label, Code: b.Code, Level: b.Level, ShortName: b.ShortName})
	if err != nil {
		return client.HostedPlace{}, err
	}
	return s.node.Adopt(ctx, h, id, place)
}
