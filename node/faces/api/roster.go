package api

import (
	"context"
	"encoding/hex"
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/node/faces/client"
	"xietong/node/ground/roster"
)

type publishRoster struct {
	Caller
	Body client.NewRoster
}

func (s *server) registerRoster(a huma.API) {
	handle(s, a, get("roster", "/v1/roster", "The list of the places that the tree should have"), rosterOf)
	handle(s, a, post("publish-roster", "/v1/roster", "Publish a new list, at the root of the tree"), newRoster)
}

func rosterOf(_ context.Context, h Hosted, _ *plain) (client.Roster, error) {
	current := h.Standing.Current()
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

// newRoster publishes a list.
func newRoster(ctx context.Context, h Hosted, in *publishRoster) (client.Entered, error) {
	return entered(in.Caller, func(id identity.Message) (identity.Entry, error) {
		places, err := roster.Parse(in.Body.CSV)
		if err != nil {
			return identity.Entry{}, faulty(err)
		}
		return h.Rosters.Publish(ctx, id, in.by(), places)
	})
}

// faulty returns the error of a file of places as a person is told it.
func faulty(err error) error {
	if f, ok := errors.AsType[*roster.Faulty](err); ok {
		return f.Failure()
	}
	return err
}
