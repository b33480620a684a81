package client

// The states of a grant.
const (
	GrantLive     = "live"
	GrantRevoked  = "revoked"
	GrantExpired  = "expired"
	GrantReplaced = "replaced"
	GrantStopped  = "stopped"
	GrantClosed   = "closed"
)

// Grant is a permission to use a dataset.
type Grant struct {
	Grant       string              `json:"grant" doc:"Name of the entry that gave it"`
	Application string              `json:"application" doc:"Name of the entry that applied for it"`
	Consumer    string              `json:"consumer" doc:"SPIFFE ID of the agency that may use the data"`
	Dataset     string              `json:"dataset" doc:"Code of the dataset"`
	Purpose     string              `json:"purpose" doc:"Code of the purpose"`
	Basis       string              `json:"basis" doc:"The law or duty that the use rests on"`
	Scenario    string              `json:"scenario" doc:"The business it is for"`
	Scope       string              `json:"scope" doc:"Whose data, and how much"`
	Method      string              `json:"method" doc:"How the data are to be used"`
	Paper       string              `json:"paper,omitempty" doc:"Of one by hand: number of the paper by which the provider decided"`
	Until       string              `json:"until" doc:"End of the use, RFC 3339"`
	State       string              `json:"state" enum:"live,revoked,expired,replaced,stopped,closed" doc:"Whether it may be used now; stopped: the category of the entry in force does not let it be used"`
	Uses        uint64              `json:"uses" doc:"Uses recorded under it"`
	Fields      []string            `json:"fields,omitempty" doc:"The fields that it gives; none: all that the entry lists"`
	Measures    map[string][]string `json:"measures,omitempty" doc:"What may be asked of which field, beside the number of records"`
	ByHand      bool                `json:"by_hand,omitempty" doc:"Whether a clerk of the provider gave it; else it was given by rule"`
	Renews      string              `json:"renews,omitempty" doc:"Name of the grant that it renewed"`
	Replaced    string              `json:"replaced,omitempty" doc:"Name of the grant that counts in its place"`
	Revoked     string              `json:"revoked,omitempty" doc:"Name of the entry that revoked it"`
	Reason      string              `json:"reason,omitempty" doc:"Why it was revoked; told to its provider alone"`
	Bars        bool                `json:"bars,omitempty" doc:"Whether its revocation keeps the side that held it from grants by rule of the dataset: nobody has allowed them since"`
	Closed      string              `json:"closed,omitempty" doc:"Name of the entry that withdrew its dataset, or ended its consumer"`
	Endless     bool                `json:"endless,omitempty" doc:"Whether all jurisdictions above may measure under it, without end: an adopted standard entry says so, and consumer is who set that"`
	// Of a grant that is held at another jurisdiction.
	At    string `json:"at,omitempty" doc:"Name of the other jurisdiction, for a grant that is held there; the rest is what was heard of it last"`
	Heard string `json:"heard,omitempty" doc:"When it was heard of last, RFC 3339"`
	Asked string `json:"asked,omitempty" doc:"Name of the entry that records the question at which it was"`
}

// Grants is a page of the grants that the asking agency gave or holds.
type Grants struct {
	Grants []Grant `json:"grants"`
	Total  uint64  `json:"total" doc:"How many there are that were asked for, on all pages; without those that are held elsewhere"`
	Cursor string  `json:"cursor,omitempty" doc:"Where the next page begins; absent at the end"`
}

// WantedGrants selects grants; an empty member selects all.
type WantedGrants struct {
	Dataset, Consumer, State string
	Sort                     string // member of the rows, with :desc for the other direction; "": those that end soon first
	Limit                    int    // rows of a page, at most MaxListed; 0 leaves it to the node
	Cursor                   string // where the page before ended
}

// NewGrant is a grant that the provider of a dataset gives by hand.
type NewGrant struct {
	Dataset  string              `json:"dataset" maxLength:"63" doc:"Code of the dataset"`
	Consumer string              `json:"consumer" maxLength:"300" doc:"Who may use it: the code of an agency, CODE@JURISDICTION, or its SPIFFE ID"`
	Purpose  string              `json:"purpose" maxLength:"63" doc:"Code of one of the purposes of the entry"`
	Fields   []string            `json:"fields,omitempty" maxItems:"256" doc:"The fields that it gives; none: all that the entry lists, now and later"`
	Measures map[string][]string `json:"measures,omitempty" doc:"What may be asked of which field; none: all that the entry offers of the fields"`
	Until    string              `json:"until,omitempty" maxLength:"64" doc:"Its end: RFC 3339, or a day, which ends in the node's zone; an hour from now to five years"`
	Basis    string              `json:"basis,omitempty" doc:"The law or duty that it rests on"`
	Paper    string              `json:"paper,omitempty" doc:"Number of the paper by which the provider decided"`
}

// Renewal gives a grant a later end, with all that it gives.
type Renewal struct {
	Grant string `json:"grant,omitempty" maxLength:"300" doc:"Its whole name, which must be of this ledger; absent: it is"`
	Until string `json:"until,omitempty" maxLength:"64" doc:"Its end: RFC 3339, or a day, which ends in the node's zone; an hour from now to five years"`
	Basis string `json:"basis,omitempty" doc:"The law or duty that it rests on"`
	Paper string `json:"paper,omitempty" doc:"Number of the paper by which the provider decided"`
}

// GivenGrant is a grant that was given by hand.
type GivenGrant struct {
	Grant     string `json:"grant" doc:"Name of the entry that gave it"`
	Consumer  string `json:"consumer" doc:"SPIFFE ID of the agency that may use the data"`
	Renews    string `json:"renews,omitempty" doc:"Name of the grant in whose place it counts"`
	Until     string `json:"until" doc:"Its end, RFC 3339"`
	Unchecked string `json:"unchecked,omitempty" doc:"Why nobody knows yet whether the other jurisdiction has such an agency; empty: it has, or the grant was given before"`
	Unchanged bool   `json:"unchanged,omitempty" export:"-" doc:"Whether it was given already, the same to the word: nothing was written"`
}

// Revocation ends a grant.
type Revocation struct {
	Grant  string `json:"grant,omitempty" maxLength:"300" doc:"Its whole name, which must be of this ledger; absent: it is"`
	Reason string `json:"reason" doc:"Why it ends"`
}
