package api

import (
	"context"
	"encoding/hex"

	"github.com/danielgtaylor/huma/v2"

	"xietong/node/client"
	"xietong/node/roster"
	"xietong/node/text"
)

type publishRoster struct {
	Caller
	Body client.NewRoster
}

func (s *server) registerRoster(a huma.API) {
	handle(s, a, get("roster", "/v1/roster", "The list of the places that the tree should have"), rosterOf)
	handle(s, a, post("publish-roster", "/v1/roster", "Publish a new list, at the root of the tree"), s.publishRoster)
}

func rosterOf(_ context.Context, h Hosted, _ *plain) (client.Roster, error) {
	current := h.Roster.Current()
	hash := current.Hash()
	out := client.Roster{
		Number: current.Number(), Root: current.Root().String(), Hash: hex.EncodeToString(hash[:]), Entry: current.Entry.String(),
		Places: []client.RosterPlace{},
	}
	for _, p := range current.Places() {
		out.Places = append(out.Places, client.RosterPlace{
			Name: p.Name.String(), Code: p.Code, Level: p.Level, DisplayName: p.DisplayName, ShortName: p.ShortName, EnglishName: p.EnglishName,
		})
	}
	return out, nil
}

// publishRoster publishes a list, and has the tree told that there is one.
func (s *server) publishRoster(ctx context.Context, h Hosted, in *publishRoster) (client.Entered, error) {
	id, err := in.key()
	if err != nil {
		return client.Entered{}, err
	}
	agency, err := h.acting(ctx, in.Caller)
	if err != nil {
		return client.Entered{}, err
	}
	places, err := roster.Parse(in.Body.CSV)
	if err != nil {
		return client.Entered{}, text.Fail(text.RosterInvalid, text.Args{"reason": err.Error()}, err)
	}
	entry, err := h.Roster.Publish(ctx, id, agency, places)
	if err != nil {
		return client.Entered{}, err
	}
	s.node.RosterChanged(h.Host.Name())
	return client.Entered{Entry: entry.String()}, nil
}
