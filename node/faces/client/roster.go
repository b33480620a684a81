package client

import (
	"context"
	"net/url"
	"strconv"
)

// Roster is the list of the places that the tree should have.
type Roster struct {
	Number  uint64        `json:"number" doc:"Number under which the root published it; 0: the one that comes with the program"`
	Root    string        `json:"root" doc:"The root of the tree"`
	Hash    string        `json:"hash" doc:"SHA-256 of its manifest, hex"`
	Entry   string        `json:"entry,omitempty" doc:"Entry of this ledger that published it, at the root"`
	Damaged *Trouble      `json:"damaged,omitempty" doc:"The list in force is damaged here, and this is an earlier one that stands in for it; absent: it is the one in force"`
	Places  []RosterPlace `json:"places"`
	Cursor  string        `json:"cursor,omitempty" doc:"Where the next page begins; absent at the end"`
}

// RosterPlace is one place of the list.
type RosterPlace struct {
	Name        string `json:"name"`
	Code        string `json:"code"`
	Level       string `json:"level"`
	DisplayName string `json:"display_name"`
	ShortName   string `json:"short_name"`
	EnglishName string `json:"english_name"`
}

// MaxRoster is the longest list that a root publishes, as CSV, in bytes.
const MaxRoster = 16 << 20

// NewRoster is a list that the root publishes.
type NewRoster struct {
	CSV  string `json:"csv" maxLength:"16777216" doc:"A header and a line for each place: code,level,label,name_zh,short_zh,name_en,parent"`
	Plan string `json:"plan,omitempty" maxLength:"64" doc:"Hash of the plan that was seen: POST of /v1/roster/plan; needed"`
}

// RosterPlan is what publishing a list would do. Of each kind at most 200 places are listed; those
// gone that have joined stand first.
type RosterPlan struct {
	Hash    string         `json:"hash" doc:"To publish exactly this"`
	Number  uint64         `json:"number" doc:"That the list would get; that of the list in force, where it is the same"`
	Same    bool           `json:"same,omitempty" doc:"It is the list in force: to publish it records nothing, and stores again what is damaged of it"`
	Damaged *Trouble       `json:"damaged,omitempty" doc:"The list in force is damaged here: what is told of changes is against an earlier one"`
	Places  int            `json:"places" doc:"In the new list"`
	Added   int            `json:"added"`
	Changed int            `json:"changed"`
	Gone    int            `json:"gone"`
	Joined  int            `json:"joined" doc:"Of those gone, the places that are known to have joined"`
	New     []RosterPlace  `json:"new"`
	Edited  []RosterChange `json:"edited"`
	Lost    []LostPlace    `json:"lost"`
}

// RosterChange is a place that is described otherwise.
type RosterChange struct {
	Before RosterPlace `json:"before"`
	After  RosterPlace `json:"after"`
}

// LostPlace is a place that the new list does not have.
type LostPlace struct {
	RosterPlace
	Joined bool `json:"joined" doc:"It is known to have joined: its records would be in no total any more"`
}

// PlanRoster tells what publishing a list would do, and publishes nothing.
func (c *Client) PlanRoster(ctx context.Context, r NewRoster) (RosterPlan, error) {
	return post[RosterPlan](ctx, c, "/v1/roster/plan", r)
}

// Roster returns the roster of the tree.
func (c *Client) Roster(ctx context.Context) (Roster, error) {
	return c.RosterOf(ctx, RosterFilter{})
}

// RosterFilter says which places of the roster are asked for; "": any.
type RosterFilter struct {
	Below  string // any name of the jurisdiction that they are below
	Level  string
	Search string // in their code, or in one of their names
}

// RosterOf returns the roster with those of its places that are asked for.
func (c *Client) RosterOf(ctx context.Context, f RosterFilter) (Roster, error) {
	var all Roster
	q := url.Values{}
	for name, value := range map[string]string{"below": f.Below, "level": f.Level, "search": f.Search} {
		if value != "" {
			q.Set(name, value)
		}
	}
	places, err := pages(ctx, c, "/v1/roster", q, func(p Roster) ([]RosterPlace, string) {
		all = p // a page of another roster is refused
		return p.Places, p.Cursor
	})
	all.Places = places
	return all, err
}

// PlacesLike returns places of the roster that have a text in their code or in one of their names:
// the first MaxListed of them.
func (c *Client) PlacesLike(ctx context.Context, said string) ([]RosterPlace, error) {
	query := url.Values{"search": {said}, "limit": {strconv.Itoa(MaxListed)}}
	r, err := get[Roster](ctx, c, "/v1/roster?"+query.Encode())
	return r.Places, err
}

// PublishRoster publishes a new roster, at the root of the tree.
func (c *Client) PublishRoster(ctx context.Context, r NewRoster) (Entered, error) {
	return post[Entered](ctx, c, "/v1/roster", r)
}
