package client

import (
	"context"
	"maps"
	"slices"
)

// How something ended that was open in the account of a question to many.
const (
	FoundAudited   = "audited"   // shown later, and right
	FoundLied      = "lied"      // shown later, and it proves a lie
	FoundWithheld  = "withheld"  // not shown for a day
	FoundUnproven  = "unproven"  // shown, and signed by nobody who is found
	FoundUnreached = "unreached" // could not be asked for a day, or too seldom for a week

	// Of whom another said that it gave no answer; both may be honest.
	FoundAnswered = "answered"  // it shows the answer that it signed
	FoundGone     = "gone"      // it says that it answered, and shows no answer
	FoundNotAsked = "not-asked" // it says that its link was up, and the question never came
	FoundNotUp    = "not-up"    // it says that the question never came, and not that its link was up
	FoundDeclined = "declined"  // it said why it gives no answer, and says again that it gave none
	FoundSilent   = "silent"    // it said nothing for a day
)

// Audits are what became of questions to many after they were answered.
type Audits struct {
	Open     []OpenPoint `json:"open" doc:"Who is asked again"`
	Findings []Finding   `json:"findings" doc:"What came of it, the latest first: of 90 days, 200 at most"`

	Cursor string `json:"cursor,omitempty" doc:"Where the next page begins; absent at the end"`

	Titles map[string]string `json:"titles,omitempty" doc:"What people call those whom the lies name, by their names"`
}

// OpenPoint is a jurisdiction that is asked again about a question.
type OpenPoint struct {
	Asked  string `json:"asked" doc:"Name of the entry that records the question"`
	Agency string `json:"agency" doc:"Code of the agency that asked it"`
	Name   string `json:"name"`
	Title  string `json:"title" doc:"What people call it"`
	By     string `json:"by,omitempty" doc:"What people call who said that it gave no answer; absent: it did not show what it was given"`
	Itself bool   `json:"itself,omitempty" doc:"It said so itself, for a reason that somebody on the way can bring about"`
	State  string `json:"state,omitempty" enum:"refused,not-offered,unreachable,late,not-joined" doc:"What was said of it"`
	Said   string `json:"said,omitempty" doc:"A sentence: why, by the same word; without by, why nothing is proven of what it showed"`
	Since  string `json:"since" doc:"RFC 3339"`
	Until  string `json:"until" doc:"RFC 3339: until when it is asked again"`
}

// Finding is what came of asking again.
type Finding struct {
	OpenPoint
	Outcome string `json:"outcome" enum:"audited,lied,withheld,unproven,unreached,answered,gone,not-asked,not-up,declined,silent"`
	At      string `json:"at" doc:"RFC 3339"`
	Entry   string `json:"entry" doc:"Name of the entry that records the finding"`
	Lies    []Lie  `json:"lies,omitempty"`
	Why     string `json:"why,omitempty" doc:"A sentence: why nothing was shown or said"`
}

// Audits returns what is open and what was found, of the question that an entry records, or of all
// (asked is empty).
func (c *Client) Audits(ctx context.Context, asked string) (Audits, error) {
	all := Audits{Open: []OpenPoint{}, Titles: map[string]string{}}
	var err error
	all.Findings, err = pages(ctx, c, "/v1/audits", values("asked", asked), func(p Audits) ([]Finding, string) {
		rows := p.Findings
		for _, open := range p.Open {
			rows = append(rows, Finding{OpenPoint: open})
		}
		maps.Copy(all.Titles, p.Titles)
		return rows, p.Cursor
	})
	for _, f := range all.Findings {
		if f.Outcome == "" {
			all.Open = append(all.Open, f.OpenPoint)
		}
	}
	all.Findings = slices.DeleteFunc(all.Findings, func(f Finding) bool { return f.Outcome == "" })
	return all, err
}
