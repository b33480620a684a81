package client

import (
	"context"
	"net/url"
)

// DatasetPlan is what publishing an entry would do: the answer to POST /v1/datasets/plan.
type DatasetPlan struct {
	Hash      string `json:"hash,omitempty" doc:"Of the plan: POST /v1/datasets takes it as the parameter plan; empty where there is nothing to agree to"`
	First     bool   `json:"first,omitempty" doc:"Nothing is in force under the code"`
	Unchanged bool   `json:"unchanged,omitempty" doc:"The entry is in force as it is; publishing it changes nothing"`
	Version   uint64 `json:"version" doc:"The version that is in force"`
	Records   uint64 `json:"records" doc:"Records that count now, all of which were checked"`

	Vanish     []HeldField   `json:"vanish,omitempty" doc:"Fields that records have and no answer would show any more"`
	Return     []HeldField   `json:"return,omitempty" doc:"Fields that records have, no answer shows now, and every answer would show"`
	Unfit      uint64        `json:"unfit,omitempty" doc:"Records that the new schema does not take"`
	Faults     []RecordFault `json:"faults,omitempty" doc:"What is wrong with the first of them"`
	Unreadable uint64        `json:"unreadable,omitempty" doc:"Records that are damaged, and could not be checked"`
	Ending     uint64        `json:"ending,omitempty" doc:"Grants that run now and would permit nothing any more"`
	Ends       []EndingGrant `json:"ends,omitempty" doc:"The first of them"`

	Beginning uint64           `json:"beginning,omitempty" doc:"Grants that would permit a use from then on: some of them the publication gives"`
	Begins    []BeginningGrant `json:"begins,omitempty" doc:"The first of them"`

	Withdrawn *Ended `json:"withdrawn,omitempty" doc:"The dataset was withdrawn, and comes back with its records; grants that ended stay ended"`
	Held      string `json:"held,omitempty" doc:"The dataset is held, because this entry is lost, in which it was changed, and is offered again"`

	Rows *RowsPlan `json:"rows,omitempty" doc:"What comes of the records together with the rows of the import; unfit, faults and unreadable are then of the records that stay, and return is of those and of what the rows keep or bring again"`

	Category    []string `json:"category,omitempty" doc:"Sharing category before and after"`
	Fields      []string `json:"fields,omitempty" doc:"Fields that are not listed any more"`
	NewFields   []string `json:"new_fields,omitempty" doc:"Fields that were not listed before"`
	OtherFields []string `json:"other_fields,omitempty" doc:"Fields that are described in another way"`
	Purposes    []string `json:"purposes,omitempty" doc:"Purposes that are gone"`
	NewPurposes []string `json:"new_purposes,omitempty" doc:"Purposes that are new"`
	Open        []string `json:"open,omitempty" doc:"Purposes for which any agency gets a grant by rule from then on"`
	Dropped     []string `json:"dropped,omitempty" doc:"Fields that are not indexed any more"`
	Indexed     []string `json:"indexed,omitempty" doc:"Fields that are indexed from now on"`
	Groups      []string `json:"groups,omitempty" doc:"Fields to group by that are gone"`
	NewGroups   []string `json:"new_groups,omitempty" doc:"Fields to group by that are new"`
	Measures    []string `json:"measures,omitempty" doc:"Measures that are gone, such as income sum"`
	NewMeasures []string `json:"new_measures,omitempty" doc:"Measures that are new"`
	Cell        []int    `json:"cell,omitempty" doc:"Smallest cell before and after"`

	Rest []EntryDifference `json:"rest,omitempty" doc:"Whatever else differs in the two documents"`
}

// RowsPlan is what comes of the records together with rows that are published with the entry.
type RowsPlan struct {
	Import    string `json:"import" doc:"Name of the import"`
	Since     string `json:"since,omitempty" doc:"Name of the newest entry that changed the records; empty: there never were any"`
	Rows      uint64 `json:"rows"`
	New       uint64 `json:"new" doc:"Rows of which the dataset has no record"`
	Replaced  uint64 `json:"replaced" doc:"Rows in place of a record that the new entry would show otherwise"`
	Unchanged uint64 `json:"unchanged" doc:"Rows that are what the new entry would show of the record"`
	Stay      uint64 `json:"stay" doc:"Records without a row, which stay"`
	Left      uint64 `json:"left" doc:"Records without a row, which leave because the rows take the place of all"`
}

// HeldField is a field that records have; a field within another is written address/phone.
type HeldField struct {
	Field   string `json:"field"`
	Records uint64 `json:"records"`
}

// RecordFault is what is wrong with a record.
type RecordFault struct {
	Key   string `json:"key"`
	Field string `json:"field,omitempty" doc:"Empty: the whole record"`
	Rule  string `json:"rule" doc:"The rule of the schema that it breaks"`
}

// EndingGrant is a grant that would end.
type EndingGrant struct {
	Grant    string `json:"grant" doc:"Name of the entry that gave it"`
	Consumer string `json:"consumer" doc:"SPIFFE ID of the agency that holds it"`
	Purpose  string `json:"purpose" doc:"Code of the purpose"`
}

// BeginningGrant is a grant that would begin to permit a use.
type BeginningGrant struct {
	Grant    string `json:"grant,omitempty" doc:"Name of the entry that gave it; empty: the publication gives it"`
	Consumer string `json:"consumer,omitempty" doc:"SPIFFE ID of the agency that holds it; empty: the agencies of all jurisdictions above may measure under it, without end"`
	Purpose  string `json:"purpose" doc:"Code of the purpose"`
}

// EntryDifference is one place in which two versions of a catalogue entry differ.
type EntryDifference struct {
	At     string `json:"at" doc:"The way to it, such as schema/properties/name/maxLength (RFC 6901)"`
	Before string `json:"before,omitempty" doc:"JSON, cut where it is long; empty: nothing was there"`
	After  string `json:"after,omitempty" doc:"JSON, cut where it is long; empty: nothing is there any more"`
}

// Agreed is what somebody says to the plan of a publication.
type Agreed struct {
	Plan     string // its hash
	Import   string // name of the import whose rows come along; "": none do
	LeaveOut bool   // the records that do not fit are left out of every answer, which tells how many they are
}

// PlanDataset tells what publishing a catalogue entry would do, and publishes nothing.
func (c *Client) PlanDataset(ctx context.Context, d NewDataset) (DatasetPlan, error) {
	return post[DatasetPlan](ctx, c, "/v1/datasets/plan", d)
}

// PlanAlong is PlanDataset for an entry that is published together with the rows of an import, of
// which ImportRecords gave the name.
func (c *Client) PlanAlong(ctx context.Context, d NewDataset, of string) (DatasetPlan, error) {
	return post[DatasetPlan](ctx, c, "/v1/datasets/plan?"+url.Values{"import": {of}}.Encode(), d)
}

// PublishAgreed publishes a later version of a catalogue entry, of which the plan was seen. The
// refusal is entry-plan-moved where the plan is another by now.
func (c *Client) PublishAgreed(ctx context.Context, d NewDataset, to Agreed) (Dataset, error) {
	path := "/v1/datasets"
	given := url.Values{}
	if to.Plan != "" {
		given.Set("plan", to.Plan)
	}
	if to.Import != "" {
		given.Set("import", to.Import)
	}
	if to.LeaveOut {
		given.Set("leave_out", "true")
	}
	if len(given) > 0 {
		path += "?" + given.Encode()
	}
	return post[Dataset](ctx, c, path, d)
}
