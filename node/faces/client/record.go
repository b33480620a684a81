package client

import "encoding/json"

// PutRecord asks for one record to be kept, in place of the one with the same key if there is one.
type PutRecord struct {
	Record json.RawMessage `json:"record" doc:"The record, a JSON object valid under the dataset's schema"`
}

// RecordPut says where a record was entered.
type RecordPut struct {
	Entry     string `json:"entry" doc:"Name of the entry; of a record that is unchanged, of the one by which it was entered before"`
	Replaced  bool   `json:"replaced" doc:"Whether there was another record with this key before"`
	Unchanged bool   `json:"unchanged,omitempty" doc:"Whether the same record was there: nothing was written"`
}

// Retraction takes a record out of use; its entries stay in the ledger.
type Retraction struct {
	Key    string `json:"key" doc:"The record's key"`
	Reason string `json:"reason" doc:"Why it is taken out of use"`
}

// Entered names the entry that an operation made.
type Entered struct {
	Entry string `json:"entry" doc:"Name of the entry; empty: there was nothing to do, and nothing was entered"`
}

// GrantEntered is what an act about a grant did.
type GrantEntered struct {
	Entry   string `json:"entry" doc:"Name of the entry; empty: nothing was to be done, and nothing was written"`
	Endless bool   `json:"endless,omitempty" doc:"The grant came from an adopted standard: it lets all jurisdictions above count"`
	// What else a person must know of it.
	Before bool   `json:"before,omitempty" doc:"Of a revocation: it was revoked before, by the entry, which gives another reason; nothing was recorded"`
	Reason string `json:"reason,omitempty" doc:"Of one that was revoked before: that other reason"`
	Bars   []Bar  `json:"bars,omitempty" doc:"Of an allowance: other revocations, which keep the same side from grants by rule until they are allowed themselves; at most eight, those of the newest grants first"`
	BarsOf uint64 `json:"bars_of,omitempty" doc:"How many of those there are"`
	Rules  string `json:"rules,omitempty" enum:"given,conditional,not-shared,held,rules-held,withdrawn" doc:"Of an allowance: whether grants by rule of the dataset are given now; conditional, not-shared: there are none; the last three: not until its provider publishes its entry again"`
}

// Bar is a revocation that keeps a jurisdiction from grants by rule.
type Bar struct {
	Grant    string `json:"grant" doc:"Name of the grant that was revoked; its allowance takes this back"`
	Entry    string `json:"entry" doc:"Name of the entry that revoked it"`
	Consumer string `json:"consumer" doc:"SPIFFE ID of the agency that held it"`
	Purpose  string `json:"purpose" doc:"Code of its purpose"`
}

// Whether grants by rule of a dataset are given; else client.Conditional or client.NotShared.
const (
	RulesGiven     = "given"
	RulesHeld      = "rules-held"
	DatasetHeld    = "held" // and answers nobody
	RulesWithdrawn = "withdrawn"
)

// HistoryOf asks for the versions of one record; only the providing agency may ask.
type HistoryOf struct {
	Key string `json:"key" doc:"The record's key"`
}

// The states of a version of a record.
const (
	VersionPut       = "put"
	VersionRetracted = "retracted"
)

// RecordVersion is one version of a record.
type RecordVersion struct {
	Entry  string `json:"entry" doc:"Name of the entry"`
	Time   string `json:"time" doc:"Ledger time, RFC 3339"`
	State  string `json:"state" enum:"put,retracted" doc:"What the entry did"`
	Import string `json:"import,omitempty" doc:"Name of the import's entry, if it came with one"`
	Reason string `json:"reason,omitempty" doc:"Why the record was retracted"`
}

// History is the versions of a record, oldest first: the newest 1,000 of them.
type History struct {
	Versions []RecordVersion `json:"versions"`
	Older    bool            `json:"older,omitempty" doc:"There are older versions, which are not listed"`
}

// The formats of a file to import.
const (
	FormatCSV   = "csv"   // RFC 4180 with a header line
	FormatTSV   = "tsv"   // CSV with tabs
	FormatJSON  = "json"  // one list of objects
	FormatJSONL = "jsonl" // one JSON object a line
	FormatXLSX  = "xlsx"  // one sheet of a workbook
)

// The words for the fields for which a file has no column.
const (
	MissingKeep  = "keep"  // records keep their present values, new records have none
	MissingClear = "clear" // no record has the fields
)

// BadRow says what is wrong with one row of a file.
type BadRow struct {
	Row    uint64     `json:"row" doc:"Row of data, counted from 1"`
	Line   uint64     `json:"line" doc:"Line of the file"`
	Column string     `json:"column" doc:"The field of the first fault; empty when the whole row is wrong"`
	Reason string     `json:"reason" doc:"What is wrong with it"`
	Faults []RowFault `json:"faults" doc:"All that is wrong with the row"`
}

// RowFault is one fault of a row.
type RowFault struct {
	Line     uint64 `json:"line,omitempty" doc:"Of the file"`
	Record   uint64 `json:"record,omitempty" doc:"Of a list of JSON: which record it is, counted from 1"`
	Letter   string `json:"letter,omitempty" doc:"Of the column, such as C"`
	Header   string `json:"header,omitempty" doc:"Of the column, as the file has it"`
	Field    string `json:"field,omitempty" doc:"Of the dataset"`
	Reason   string `json:"reason" doc:"The broken rule"`
	Value    string `json:"value,omitempty" doc:"What stands there, cut short"`
	Expected string `json:"expected,omitempty" doc:"What the rule wants"`
	Example  string `json:"example,omitempty" doc:"A value that is good"`
	First    uint64 `json:"first,omitempty" doc:"Of a key that stands twice: the line, of a list of JSON the record, where it stands first"`
}

// FileTaken says how a file was read.
type FileTaken struct {
	Format    string `json:"format" doc:"csv, tsv, json, jsonl or xlsx"`
	Encoding  string `json:"encoding,omitempty" doc:"Of text"`
	Delimiter string `json:"delimiter,omitempty" doc:"Of csv and tsv"`
	Sheet     string `json:"sheet,omitempty" doc:"Of a workbook"`
	Hidden    string `json:"hidden,omitempty" doc:"Hidden sheets with data, which are not read"`
}

// CellReading is a cell that was read as something else than what stands in it.
type CellReading struct {
	Line   uint64 `json:"line" doc:"Line of the file"`
	Letter string `json:"letter" doc:"Of the column"`
	Field  string `json:"field" doc:"Of the dataset"`
	Cell   string `json:"cell" doc:"What stands there"`
	Read   string `json:"read" doc:"What it is read as"`
}

// KeysAlike are two keys that differ by case, width or composition alone.
type KeysAlike struct {
	Line  uint64 `json:"line" doc:"Where the one stands; of a list of JSON: which record it is"`
	First uint64 `json:"first" doc:"Where the other stands"`
}

// ImportCheck is the answer to the first pass of an import, which writes nothing.
type ImportCheck struct {
	FileHash string   `json:"file_hash" doc:"SHA-256 of the file, lower-case hex"`
	Rows     uint64   `json:"rows" doc:"Rows of data"`
	Good     uint64   `json:"good" doc:"Rows that can be loaded"`
	Bad      []BadRow `json:"bad" doc:"The first bad rows: at most 10,000, and about 1 MiB"`
	BadCount uint64   `json:"bad_count" doc:"Rows that cannot be loaded"`

	Taken      FileTaken     `json:"taken" doc:"How the file was read"`
	Titles     []uint64      `json:"titles" doc:"Lines above the header, which are no data"`
	Missing    []string      `json:"missing" doc:"Fields for which the file has no column"`
	Readings   []CellReading `json:"readings" doc:"The first five cells that were read as a spreadsheet shows them"`
	Alike      []KeysAlike   `json:"alike" doc:"The first 20 keys that are alike"`
	AlikeCount uint64        `json:"alike_count" doc:"Keys that are alike"`
	Mendable   uint64        `json:"mendable" doc:"Bad rows that would be good with as_spreadsheet"`
	Totals     []uint64      `json:"totals" doc:"The first 20 lines whose good rows seem to be the total of the list"`
	Short      []uint64      `json:"short" doc:"The first 20 lines whose good rows have fewer cells than the header: what they lack is taken as empty"`
	ShortCount uint64        `json:"short_count" doc:"Good rows that have fewer cells than the header"`

	New       uint64 `json:"new" doc:"Good rows of which the dataset has no record"`
	Replaced  uint64 `json:"replaced" doc:"Good rows in place of a record that is not the same"`
	Unchanged uint64 `json:"unchanged" doc:"Good rows that are the same as the record"`
	Absent    uint64 `json:"absent" doc:"Records of the dataset that are not in the file: they stay, or leave where replace is set; 0 while rows are bad, which may be of any record"`
	Plan      string `json:"plan" doc:"Stands for the file and these numbers; a load that replaces all records gives it back"`
}

// ImportProgress is a line of the answer to the second pass while it runs.
type ImportProgress struct {
	Done  uint64 `json:"done" doc:"How much of the work is done: each row is staged, and then indexed several times; none is visible before the last line"`
	Total uint64 `json:"total" doc:"How much it is in all: the rows to load"`
}

// Imported is the last line of the answer to the second pass.
type Imported struct {
	Import    string `json:"import" doc:"Name of the entry that states the import; empty where the rows are the same as the records, and none was made"`
	Published string `json:"published" doc:"Name of the entry that made its records current; empty: they wait for the catalogue entry with which they are published; without an import: of the last change in the dataset"`
	Time      string `json:"time" doc:"When it was published (RFC 3339)"`
	Unchanged bool   `json:"unchanged" doc:"Nothing was written: the file was published before, and nothing was published in the dataset since; or its rows are the same as the records"`
	Rows      uint64 `json:"rows" doc:"Rows loaded"`
	Skipped   uint64 `json:"skipped" doc:"Bad rows left out"`
	Left      uint64 `json:"left" doc:"Records that left because they are not in the file"`
}

// ImportFailed is the last line instead when the second pass fails after the answer has begun.
type ImportFailed struct {
	Error *Problem `json:"error"`
}
