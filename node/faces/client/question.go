package client

import (
	"context"
	"encoding/json"
	"net/url"
)

// Question is a question that an agency keeps under a name, to ask it again.
type Question struct {
	Name  string `json:"name" maxLength:"100" doc:"What it is called, of any script"`
	Level string `json:"level,omitempty" doc:"Of the jurisdictions that are asked, where at names many"`
	Query
}

// NewQuestion is a question to be saved.
type NewQuestion struct {
	Question
	Replaces string `json:"replaces,omitempty" doc:"Name of the entry of the question in whose place it comes, where another one has its name"`
}

// QuestionEntered is what saving a question did.
type QuestionEntered struct {
	Entry     string `json:"entry" doc:"Name of the entry; of a question that is unchanged, of the one that saved it before"`
	Unchanged bool   `json:"unchanged,omitempty" doc:"Whether the same question was there under that name: nothing was written"`
}

// SavedQuestion is a question as it is kept.
type SavedQuestion struct {
	Question
	Entry string       `json:"entry" doc:"Name of the entry that saved it"`
	Saved string       `json:"saved" doc:"When, RFC 3339"`
	Kept  []KeptResult `json:"kept" doc:"The months of which its result is kept, oldest first"`
}

// KeptResult is the result of a month: the last of that month.
type KeptResult struct {
	Month string `json:"month" doc:"Such as 2026-11, UTC+8"`
	Entry string `json:"entry" doc:"Name of the entry that has it, sealed"`
}

// Questions lists the saved questions of an agency.
type Questions struct {
	Questions  []SavedQuestion `json:"questions"`
	Cursor     string          `json:"cursor,omitempty" doc:"Where the next page begins; absent at the end"`
	Unreadable []string        `json:"unreadable,omitempty" doc:"Entries that saved questions which are damaged now, and are not in the list"`
}

// QuestionName names a saved question.
type QuestionName struct {
	Name string `json:"name" maxLength:"100"`
}

// QuestionRun is the answer to a saved question.
type QuestionRun struct {
	Question Question         `json:"question"`
	Answer   *Answer          `json:"answer,omitempty" doc:"Where one jurisdiction was asked"`
	Many     *FederatedAnswer `json:"many,omitempty" doc:"Where many were asked"`
	Kept     string           `json:"kept,omitempty" doc:"Name of the entry that keeps the numbers; empty: records were asked for, or nobody answered"`
	Compared *Comparison      `json:"compared,omitempty" doc:"With the newest result of an earlier month; absent: there is none"`
}

// Comparison says what changed since an earlier month. Where the coverage differs, or other records
// were left out, there is no difference: the numbers are of different places or records.
type Comparison struct {
	Month         string   `json:"month" doc:"Of the earlier result"`
	Same          bool     `json:"same_coverage" doc:"Whether the same jurisdictions answered"`
	Came          []string `json:"came,omitempty" doc:"Who answered now and did not then, as people call them"`
	Gone          []string `json:"gone,omitempty" doc:"Who answered then and does not now, as people call them"`
	SameLeftOut   bool     `json:"same_left_out" doc:"Whether as many records of each were left out, for the same reasons"`
	Before        Figure   `json:"before"`
	Now           Figure   `json:"now"`
	Total         string   `json:"total,omitempty" doc:"Difference of the records; absent where coverage or left out differ"`
	Amount        string   `json:"amount,omitempty" doc:"Difference of the amounts"`
	Groups        []Change `json:"groups,omitempty"`
	VersionBefore uint64   `json:"version_before,omitempty" doc:"Of the catalogue entry or, of many, of the standard, where it is another one now"`
	Version       uint64   `json:"version,omitempty"`
}

// Figure is a result in numbers.
type Figure struct {
	Total    uint64 `json:"total"`
	Amount   string `json:"amount,omitempty"`
	Members  uint64 `json:"members"`
	Answered uint64 `json:"answered"`
	LeftOut  uint64 `json:"left_out,omitempty" doc:"Records that could not be compared or read, or do not fit the catalogue entry: in none of these numbers"`
	Small    uint64 `json:"suppressed,omitempty" doc:"Records of the groups that are too small to be told, together"`
	Others   uint64 `json:"others,omitempty" doc:"Records of the groups for which there was no room, together"`
}

// Change is what became of one group. A group that is not told may be one that was too small, or
// for which there was no room: its number is not known, and is not 0.
type Change struct {
	Values       []json.RawMessage `json:"values" doc:"The values of the fields, null where there is none; of places their names"`
	Before       *uint64           `json:"before,omitempty" doc:"Records then; absent: the group was not told"`
	Now          *uint64           `json:"now,omitempty" doc:"Records now; absent: the group is not told"`
	Count        string            `json:"count,omitempty" doc:"Difference of the records; absent where one of them is"`
	AmountBefore string            `json:"amount_before,omitempty"`
	AmountNow    string            `json:"amount_now,omitempty"`
	Amount       string            `json:"amount,omitempty" doc:"Difference of the amounts"`
}

// SaveQuestion keeps a question under its name.
func (c *Client) SaveQuestion(ctx context.Context, q NewQuestion) (QuestionEntered, error) {
	return post[QuestionEntered](ctx, c, "/v1/questions", q)
}

// Questions lists the saved questions of the acting agency.
func (c *Client) Questions(ctx context.Context) (Questions, error) {
	var all Questions
	questions, err := pages(ctx, c, "/v1/questions", url.Values{}, func(p Questions) ([]SavedQuestion, string) {
		all.Unreadable = p.Unreadable // every page has all of them
		return p.Questions, p.Cursor
	})
	all.Questions = questions
	return all, err
}

// SavedQuestion returns the question with the name.
func (c *Client) SavedQuestion(ctx context.Context, name string) (SavedQuestion, error) {
	return get[SavedQuestion](ctx, c, "/v1/question?name="+url.QueryEscape(name))
}

// RunQuestion asks a saved question, and keeps its numbers.
func (c *Client) RunQuestion(ctx context.Context, name string) (QuestionRun, error) {
	return post[QuestionRun](ctx, c, "/v1/questions/run", QuestionName{name})
}

// RemoveQuestion removes a saved question with its results.
func (c *Client) RemoveQuestion(ctx context.Context, name string) (Entered, error) {
	return post[Entered](ctx, c, "/v1/questions/removal", QuestionName{name})
}
