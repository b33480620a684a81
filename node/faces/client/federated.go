package client

import (
	"context"
	"encoding/json"
)

// FederatedQuery asks many jurisdictions for a measure of their records.
type FederatedQuery struct {
	At      string                     `json:"at" maxLength:"300" doc:"Who is asked: *.NAME is everybody directly below, **.NAME everybody below"`
	Level   string                     `json:"level,omitempty" maxLength:"40" doc:"Level of those who are asked, such as county; empty: any"`
	Dataset string                     `json:"dataset" doc:"Code of the dataset"`
	Measure Measure                    `json:"measure" doc:"What is told"`
	Where   map[string]json.RawMessage `json:"where,omitempty" doc:"Fields and the values they must equal"`
	Filter  string                     `json:"filter,omitempty" doc:"A CEL expression over the record's fields"`
	Wait    int                        `json:"wait,omitempty" minimum:"0" maximum:"100" doc:"Seconds to wait for answers; 0: ten"`
	Groups  int                        `json:"groups,omitempty" minimum:"0" maximum:"4000" doc:"Groups that the answer may tell, of which everybody who is asked is sure of an equal part; what is more is told together; 0: as many as can be"`
	Audit   bool                       `json:"audit,omitempty" doc:"Whether everything that was added up is audited; a sample is in any case"`
	Use
}

// The states of the members of a federated question. Each member is in exactly one.
const (
	StateAnswered    = "answered"
	StateRefused     = "refused"
	StateNotOffered  = "not-offered"
	StateUnreachable = "unreachable"
	StateLate        = "late"
	StateNotJoined   = "not-joined"
)

// FederatedAnswer is the answers of many, added up, and the members that did not answer.
type FederatedAnswer struct {
	Total    uint64            `json:"total" doc:"Records of those who answered"`
	Groups   []Group           `json:"groups" doc:"By place or value, where that was asked"`
	Whole    *Group            `json:"whole,omitempty" doc:"What all records come to"`
	Members  uint64            `json:"members" doc:"Everybody who should answer, by the roster"`
	Answered uint64            `json:"answered" doc:"Members who answered"`
	States   map[string]uint64 `json:"states" doc:"Members in each state; they add up"`
	Missing  []MissingMember   `json:"missing" doc:"Members who did not answer, and why"`
	LeftOut  []LeftOut         `json:"left_out,omitempty" doc:"Whose records are not all in the answer, because some could not be compared or read"`
	Beside   []Beside          `json:"beside,omitempty" doc:"Who measured its records and is not in the roster: in no total, and no member"`
	Level    string            `json:"level,omitempty" doc:"Level of those who were asked; empty: any"`
	Roster   uint64            `json:"roster" doc:"Number of the roster; 0: the one that comes with the program"`
	Access   string            `json:"access,omitempty" doc:"Name of the access record of the jurisdiction that was asked first, where it is a member"`
	Asked    string            `json:"asked" doc:"Name of the entry of this ledger that records it"`
	Audited  []string          `json:"audited" doc:"Whose sums were compared with what they were given"`
	Leaves   []string          `json:"leaves,omitempty" doc:"Whose signed answers have no answers of others in them, so there is nothing to compare"`
	Unseen   []string          `json:"unseen,omitempty" doc:"Who did not show what they were given, or what is not proven, within a minute"`
	Again    []string          `json:"again,omitempty" doc:"Of the unseen, who are asked again for a day: see audits"`
	// StatusAsOf is the earliest of all whose signatures were verified here.
	StatusAsOf string `json:"status_as_of,omitempty" doc:"RFC 3339: of when the word of the endorsers on whoever answered is, where that is more than ten minutes ago"`
	Nobodys    []Lie  `json:"nobodys,omitempty" doc:"Answers that one shows of another, signed with a key that nobody is known to have: they prove nothing of either"`
	// Themselves are asked what they say, because another said that they gave no answer.
	Themselves []string `json:"themselves,omitempty" doc:"Of whom another said that they gave no answer, and who are asked themselves: see audits"`
	Lies       []Lie    `json:"lies,omitempty" doc:"What the audit found"`
	// Titles are for sentences; programs go by the names.
	Titles map[string]string `json:"titles,omitempty" doc:"What people call those whom the audit names, by their names"`
}

// LeftOut counts the records of one jurisdiction that are not in the answer.
type LeftOut struct {
	Name         string `json:"name"`
	Title        string `json:"title" doc:"What people call it"`
	Incomparable uint64 `json:"incomparable" doc:"Records that could not be compared: without a value, of another type, or too costly"`
	Unreadable   uint64 `json:"unreadable" doc:"Records that are damaged there"`
	Of           uint64 `json:"of" doc:"Records that were looked at there, those included"`
}

// Beside is a jurisdiction that is in the tree and not in the roster.
type Beside struct {
	Name    string `json:"name"`
	Title   string `json:"title" doc:"What people call it"`
	Records Group  `json:"records" doc:"All its records together"`
	Proven  bool   `json:"proven" doc:"Whether an endorsement of it was found"`
}

// MissingMember is a member that did not answer.
type MissingMember struct {
	Name      string `json:"name"`
	Title     string `json:"title" doc:"What people call it"`
	State     string `json:"state"`
	By        string `json:"by" doc:"What people call the jurisdiction that says so, and signed it"`
	Itself    bool   `json:"itself" doc:"Whether the missing jurisdiction says so itself; else it is the word of another about it"`
	Code      string `json:"code,omitempty" doc:"Of the problem, where that has one"`
	Why       string `json:"why,omitempty" doc:"A sentence; empty where the state says all"`
	Above     string `json:"above,omitempty" doc:"What people call the jurisdiction above it that is not there, so that this one is missing too"`
	LastHeard string `json:"last_heard,omitempty" doc:"When the missing jurisdiction was last heard, RFC 3339"`
}

// NobodysKey is the kind of an answer that is signed with a key that nobody is known to have.
const NobodysKey = "nobodys-key"

// Lie is a finding of an audit: By signed a sum that is not the sum of the answers it was given.
type Lie struct {
	By     string `json:"by"`
	Kind   string `json:"kind" enum:"nobodys-key,does-not-add,unsigned,dropped,doubled,invented,altered,withheld,contradicted"`
	About  string `json:"about,omitempty"`
	Proven bool   `json:"proven" doc:"Whether the signed answers prove it to anybody"`
}

// QueryFederated asks many jurisdictions for a measure of their records.
func (c *Client) QueryFederated(ctx context.Context, q FederatedQuery) (FederatedAnswer, error) {
	return post[FederatedAnswer](ctx, c, "/v1/federated-query", q)
}
