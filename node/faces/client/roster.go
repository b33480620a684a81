package client

import "context"

// Roster is the list of the places that the tree should have.
type Roster struct {
	Number uint64        `json:"number" doc:"Number under which the root published it; 0: the one that comes with the program"`
	Root   string        `json:"root" doc:"The root of the tree"`
	Hash   string        `json:"hash" doc:"SHA-256 of its encoding, hex"`
	Entry  string        `json:"entry,omitempty" doc:"Entry of this ledger that published it, at the root"`
	Places []RosterPlace `json:"places"`
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

// NewRoster is a list that the root publishes.
type NewRoster struct {
	CSV string `json:"csv" maxLength:"900000" doc:"code,level,label,name_zh,short_zh,name_en,parent; parents first"`
}

// Roster returns the roster of the tree.
func (c *Client) Roster(ctx context.Context) (Roster, error) {
	return get[Roster](ctx, c, "/v1/roster")
}

// PublishRoster publishes a new roster, at the root of the tree.
func (c *Client) PublishRoster(ctx context.Context, r NewRoster) (Entered, error) {
	return post[Entered](ctx, c, "/v1/roster", r)
}
