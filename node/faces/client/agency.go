package client

// NewAgency asks for an agency to be entered in the ledger.
type NewAgency struct {
	Code  string `json:"code" doc:"A label, such as civil-affairs"`
	Title string `json:"title" doc:"Name for people, at most 200 bytes"`
}

// Agency is a department of the jurisdiction.
type Agency struct {
	Code  string `json:"code" doc:"A label, such as civil-affairs"`
	Title string `json:"title" doc:"Name for people"`
	ID    string `json:"id" doc:"SPIFFE ID: spiffe://NAME/agency/CODE"`
	Entry string `json:"entry" doc:"Name of the entry that made it"`
}

// Agencies lists the agencies of the jurisdiction, by code.
type Agencies struct {
	Agencies []Agency `json:"agencies"`
}
