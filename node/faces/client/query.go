package client

import "encoding/json"

// Use says why data are wanted. The basis, scenario, scope, method and end are those of the
// application (国令809 art 20): the first query of unconditional data files it, later ones run
// under the grant it got.
type Use struct {
	Purpose  string `json:"purpose,omitempty" doc:"Code of a purpose that the dataset lists"`
	Basis    string `json:"basis,omitempty" doc:"The law or duty that the use rests on"`
	Scenario string `json:"scenario,omitempty" doc:"The business it is for"`
	Scope    string `json:"scope,omitempty" doc:"Whose data, and how much"`
	Method   string `json:"method,omitempty" doc:"How the data are to be used"`
	Until    string `json:"until,omitempty" doc:"End of the use: RFC 3339, or a day, which ends in the node's zone"`
}

// The functions of a measure.
const (
	MeasureCount   = "count"
	MeasureSum     = "sum"
	MeasureAverage = "average"
	MeasureMinimum = "minimum"
	MeasureMaximum = "maximum"
)

// Measure asks for a figure about records instead of the records themselves.
type Measure struct {
	Function string   `json:"function" enum:"count,sum,average,minimum,maximum"`
	Field    string   `json:"field,omitempty" maxLength:"256" doc:"The field that is measured; empty for count"`
	By       []string `json:"by,omitempty" maxItems:"2" doc:"By what it is told: fields, for their values, or, where many are asked, levels, for their places"`
}

// Query asks for records of a dataset: one by key, or those that match.
type Query struct {
	At      string                     `json:"at,omitempty" maxLength:"200" doc:"The jurisdiction that is asked: full, short or English name, code, label or whole name, also after the name of the place above it; *.NAME and **.NAME are several, and empty is this one"`
	Dataset string                     `json:"dataset" doc:"Code of the dataset"`
	Key     string                     `json:"key,omitempty" doc:"The record's key"`
	Where   map[string]json.RawMessage `json:"where,omitempty" doc:"Fields and the values they must equal"`
	Filter  string                     `json:"filter,omitempty" doc:"A CEL expression over the record's fields"`
	Fields  []string                   `json:"fields,omitempty" doc:"The fields wanted; none means all"`
	Limit   int                        `json:"limit,omitempty" doc:"Rows of an answer at most; 0 leaves it to the node"`
	Cursor  string                     `json:"cursor,omitempty" doc:"Where the answer before ended; opaque"`
	Measure *Measure                   `json:"measure,omitempty" doc:"What is told of the records instead of the records themselves"`
	// PageSeconds is for a measure that may take longer than its asker waits.
	PageSeconds int `json:"page_seconds,omitempty" minimum:"0" maximum:"100" doc:"Seconds that a page of a measure may take: a measure that does not end in it is told as unfinished, with a cursor; 0: one that does not end in time is refused"`
	Use
}

// Answer is the answer to a query.
type Answer struct {
	Rows         []json.RawMessage `json:"rows" doc:"The records, with the fields asked for"`
	Columns      []string          `json:"columns,omitempty" doc:"The fields that a row may have, as people list them: the key first, then in the order of the schema"`
	Count        uint64            `json:"count" doc:"Rows in this answer, or records that were measured"`
	Groups       []Group           `json:"groups,omitempty" doc:"The measure by value, where that was asked"`
	Whole        *Group            `json:"whole,omitempty" doc:"What all records come to, where a measure was asked"`
	TotalScanned uint64            `json:"total_scanned" doc:"Records looked at; 0 for a count that is kept"`
	TotalRecords uint64            `json:"total_records,omitempty" doc:"Records that the dataset has"`
	Incomparable uint64            `json:"incomparable,omitempty" doc:"Records that the filter could not compare: without a value, of another type, or too costly; they are not in the answer"`
	Unreadable   uint64            `json:"unreadable,omitempty" doc:"Records that could not be read, because they are damaged at the provider; they are not in the answer"`
	Unfit        uint64            `json:"unfit,omitempty" doc:"Records that are not as the catalogue entry in force says, because they were put under an earlier one; they are not in the answer"`
	Cursor       string            `json:"cursor,omitempty" doc:"Where the next answer begins; empty at the end"`
	Unfinished   bool              `json:"unfinished,omitempty" doc:"The measure did not end in page_seconds: total_scanned of total_records were looked at so far, and nothing is told of them; ask the same with cursor, until it ends"`
	AsOf         uint64            `json:"as_of" doc:"Index of the last entry that the answer saw"`
	Access       string            `json:"access" doc:"Name of the entry that records this use"`
	Grant        string            `json:"grant,omitempty" doc:"Name of the grant it ran under"`
	GrantedNow   bool              `json:"granted_now" doc:"Whether this query filed the application for that grant"`
	GrantUntil   string            `json:"grant_until,omitempty" doc:"End of that grant, RFC 3339; empty: it has none"`
	Asked        string            `json:"asked,omitempty" doc:"Where another jurisdiction was asked: the entry of this one's ledger that records it"`
	StatusAsOf   string            `json:"status_as_of,omitempty" doc:"RFC 3339: of when the word of the endorsers on whoever answered is, where that is more than ten minutes ago"`
}

// Group is the measure of a group of records.
type Group struct {
	Values     []GroupValue `json:"values,omitempty" doc:"One for each of the measure's by; none: all records, or suppressed ones"`
	Count      uint64       `json:"count" doc:"Records"`
	Suppressed bool         `json:"suppressed,omitempty" doc:"All groups that are too small to be told each, together"`
	Others     *GroupValue  `json:"others,omitempty" doc:"Set where it is all groups of this jurisdiction, and of those below it, for which there is no room, together"`
	With       uint64       `json:"with,omitempty" doc:"Records that have a value of the field that is measured"`
	Amount     string       `json:"amount,omitempty" doc:"The sum, minimum or maximum, exactly; of an average the sum; empty where no record has a value"`
	Average    string       `json:"average,omitempty" doc:"Of an average: amount / with, rounded half to even to 6 digits after the point"`
}

// GroupValue is one of the values that the records of a group share: of a field, or a place.
type GroupValue struct {
	Value json.RawMessage `json:"value" doc:"The value of the field, null where there is none; of a place its name"`
	Title string          `json:"title,omitempty" doc:"Of a place: what people call it"`
}

// Verification asks whether a field of a record has a value: the least disclosure there is.
type Verification struct {
	At      string          `json:"at,omitempty" maxLength:"200" doc:"The jurisdiction that is asked, as for a query"`
	Dataset string          `json:"dataset" doc:"Code of the dataset"`
	Key     string          `json:"key" doc:"The record's key"`
	Field   string          `json:"field" doc:"The field"`
	Value   json.RawMessage `json:"value" doc:"The value it should have"`
	Use
}

// The answers to a verification.
const (
	AnswerYes          = "yes"
	AnswerNo           = "no"
	AnswerNoSuchRecord = "no-such-record"
)

// Verdict is the answer to a verification.
type Verdict struct {
	Answer string `json:"answer" enum:"yes,no,no-such-record"`
	Access string `json:"access" doc:"Name of the entry that records this use"`
	Grant  string `json:"grant,omitempty" doc:"Name of the grant it ran under"`
	// GrantUntil is empty where the grant has no end.
	GrantUntil string `json:"grant_until,omitempty" doc:"End of that grant, RFC 3339"`
	Asked      string `json:"asked,omitempty" doc:"Where another jurisdiction was asked: the entry of this one's ledger that records it"`
	// StatusAsOf is set where the endorsers could not be asked for a while.
	StatusAsOf string `json:"status_as_of,omitempty" doc:"RFC 3339: of when the word of the endorsers on whoever answered is, where that is more than ten minutes ago"`
}
