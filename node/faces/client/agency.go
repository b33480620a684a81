package client

// NewAgency asks for an agency to be entered in the ledger.
type NewAgency struct {
	Code  string `json:"code" doc:"A label, such as civil-affairs"`
	Title string `json:"title" doc:"Name for people, at most 200 bytes"`
	Again bool   `json:"again,omitempty" doc:"Whether an agency that ended comes back, under the title that it had"`
}

// Agency is a department of the jurisdiction.
type Agency struct {
	Code  string `json:"code" doc:"A label, such as civil-affairs"`
	Title string `json:"title" doc:"Name for people"`
	ID    string `json:"id" doc:"SPIFFE ID: spiffe://NAME/agency/CODE"`
	Entry string `json:"entry" doc:"Name of the entry that made it"`
	// Former is left out where it never had another title, and Twin where no other agency has its.
	Former []string `json:"former,omitempty" doc:"The titles that it had before, the oldest first"`
	Twin   string   `json:"twin,omitempty" doc:"Code of another agency that has the same title, which may be a slip"`
	Ended  *Ended   `json:"ended,omitempty" doc:"How it ended; absent: it did not"`

	Unchanged bool `json:"unchanged,omitempty" export:"-" doc:"Whether it was there already with this title: nothing was written"`
}

// Agencies lists the agencies of the jurisdiction, by code.
type Agencies struct {
	Agencies []Agency `json:"agencies"`
	Cursor   string   `json:"cursor,omitempty" doc:"Where the next page begins; absent at the end"`
}
