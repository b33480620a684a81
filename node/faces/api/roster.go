package api

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xietong/certs/identity"
	"xietong/node/faces/client"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
	"xietong/node/tree/rosters"
)

type publishRoster struct {
	Caller
	Body client.NewRoster
}

func (s *server) registerRoster(a huma.API) {
	handle(s, a, get("roster", "/v1/roster", "The list of the places that the tree should have"), rosterOf)
	handle(s, a, post("plan-roster", "/v1/roster/plan", "What publishing a list would add, change and take away"), plannedRoster)
	handle(s, a, post("publish-roster", "/v1/roster", "Publish a new list, at the root of the tree"), newRoster)
}

// listPlaces is a request for places of the roster.
type listPlaces struct {
	Listed
	Below  string `query:"below" maxLength:"200" doc:"Only those anywhere below this jurisdiction: any of its names"`
	Level  string `query:"level" maxLength:"40" doc:"Only those of this level: its code, or its word in Chinese or English"`
	Search string `query:"search" maxLength:"100" doc:"Only those whose code or one of whose names has this in it"`
}

func rosterOf(ctx context.Context, h Hosted, in *listPlaces) (out client.Roster, err error) {
	if err := in.meant(h); err != nil {
		return out, err
	}
	current, err := h.Rosters.InForce(ctx)
	if err != nil {
		return out, err
	}
	hash := h.Standing.Current().Hash() // by which totals name it
	out = client.Roster{Number: current.Number(), Root: current.Root().String(), Hash: hex.EncodeToString(hash[:]), Entry: current.Entry.String()}
	out.Damaged = damageShown(h)
	w := whole[client.RosterPlace]{Hosted: h, Listed: in.Listed, name: "roster " + out.Hash, filter: []string{in.Below, in.Level, in.Search}}
	order := map[string]int{}
	w.id = func(p client.RosterPlace) string { return fmt.Sprintf("%08d", order[p.Name]) } // parents stand before their children
	after := 0
	if in.Sort == "" && in.Cursor != "" {
		last, err := w.open()
		if err == nil {
			after, err = strconv.Atoi(last.ID)
		}
		if err != nil {
			return out, err
		}
	}
	i := 0
	for p := range current.All() {
		if i++; i <= after || !in.wants(p) {
			continue
		}
		order[p.Name.String()] = i
		w.all = append(w.all, toldPlace(h.Standing.Place(p.Name))) // also of a root that no list has
		if in.Sort == "" && len(w.all) > in.page().Rows() {
			break // the list may be long, and no page needs more
		}
	}
	out.Places, out.Cursor, err = w.page()
	return out, err
}

// damageShown tells that the list in force is damaged here; nil: it is not.
func damageShown(h Hosted) *client.Trouble {
	err := h.Rosters.Trouble()
	if err == nil {
		return nil
	}
	told := troubleShown(err)
	return &told
}

// meant puts the names in the place of what a person calls a jurisdiction and a level.
func (in *listPlaces) meant(h Hosted) (err error) {
	if in.Below != "" {
		below, err := h.Standing.Resolve(in.Below)
		if err != nil {
			return err
		}
		in.Below = below.String()
	}
	level, err := h.Standing.Level(in.Level)
	if err == nil { // else the refusal is of what was typed
		in.Level = level
	}
	return err
}

func (in *listPlaces) wants(p roster.Place) bool {
	return (in.Below == "" || strings.HasSuffix(p.Name.String(), "."+in.Below)) && matches(in.Level, p.Level) &&
		finds(in.Search, p.Name.String(), p.Code, p.DisplayName, p.ShortName, p.EnglishName)
}

func toldPlace(p roster.Place) client.RosterPlace {
	return client.RosterPlace{
		Name: p.Name.String(), Code: p.Code, Level: p.Level, DisplayName: p.DisplayName, ShortName: p.ShortName, EnglishName: p.EnglishName,
	}
}

// maxPlanned is how many places of each kind a plan lists.
const maxPlanned = 200

// plannedRoster tells what publishing a list would do.
func plannedRoster(ctx context.Context, h Hosted, in *publishRoster) (out client.RosterPlan, err error) {
	places, err := roster.Parse(in.Body.CSV)
	if err != nil {
		return out, faulty(err)
	}
	p, err := h.Rosters.Plan(ctx, places)
	if err != nil {
		return out, err
	}
	out = client.RosterPlan{
		Hash: hex.EncodeToString(p.Hash[:]), Number: p.Number, Places: places.Len(), Added: len(p.Added), Changed: len(p.Changed), Gone: len(p.Gone),
		Same: p.Same, Damaged: damageShown(h), New: []client.RosterPlace{}, Edited: []client.RosterChange{}, Lost: []client.LostPlace{},
	}
	for _, o := range p.Added[:min(len(p.Added), maxPlanned)] {
		out.New = append(out.New, toldPlace(o))
	}
	for _, c := range p.Changed[:min(len(p.Changed), maxPlanned)] {
		out.Edited = append(out.Edited, client.RosterChange{Before: toldPlace(c.Before), After: toldPlace(c.After)})
	}
	for _, o := range p.Gone {
		_, known := h.Standing.Neighbour(o.Name)
		joined := known || len(h.Standing.Kept(o.Name)) > 0
		if joined {
			out.Joined++
		}
		out.Lost = append(out.Lost, client.LostPlace{RosterPlace: toldPlace(o), Joined: joined})
	}
	slices.SortStableFunc(out.Lost, func(a, b client.LostPlace) int {
		switch {
		case a.Joined == b.Joined:
			return 0
		case a.Joined:
			return -1
		}
		return 1
	})
	out.Lost = out.Lost[:min(len(out.Lost), maxPlanned)]
	return out, nil
}

// newRoster publishes a list, exactly as its plan was looked at. The same request again has its
// answer without another look.
func newRoster(ctx context.Context, h Hosted, in *publishRoster) (client.Entered, error) {
	return entered(in.Caller, func(id identity.Message) (identity.Entry, error) {
		places, err := roster.Parse(in.Body.CSV)
		if err != nil {
			return identity.Entry{}, faulty(err)
		}
		return h.Rosters.PublishShown(ctx, id, in.by(), places, func(plan rosters.Plan) error {
			if in.Body.Plan != hex.EncodeToString(plan.Hash[:]) {
				return text.Fail(text.RosterPlanMoved, nil, nil)
			}
			return nil
		})
	})
}

// faulty returns the error of a file of places as a person is told it.
func faulty(err error) error {
	if f, ok := errors.AsType[*roster.Faulty](err); ok {
		return f.Failure()
	}
	return err
}
