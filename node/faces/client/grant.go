package client

// The states of a grant.
const (
	GrantLive    = "live"
	GrantRevoked = "revoked"
	GrantExpired = "expired"
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
	Until       string              `json:"until" doc:"End of the use, RFC 3339"`
	State       string              `json:"state" enum:"live,revoked,expired" doc:"Whether it may be used now"`
	Uses        uint64              `json:"uses" doc:"Uses recorded under it"`
	Measures    map[string][]string `json:"measures,omitempty" doc:"What may be asked of which field, beside the number of records"`
	Endless     bool                `json:"endless,omitempty" doc:"Whether all jurisdictions above may measure under it, without end: an adopted standard entry says so, and consumer is who set that"`
}

// Grants lists the grants that the asking agency gave or holds.
type Grants struct {
	Grants []Grant `json:"grants"`
}

// Revocation ends a grant.
type Revocation struct {
	Reason string `json:"reason" doc:"Why it ends"`
}
