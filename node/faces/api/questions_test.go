package api

import (
	"encoding/json"
	"net/http"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

func (d *door) runs(t *testing.T, name string) (run client.QuestionRun) {
	t.Helper()
	data := d.done(t, "POST", "/v1/questions/run", "water", client.QuestionName{Name: name})
	if err := json.Unmarshal(data, &run); err != nil {
		t.Fatal(err)
	}
	return run
}

func totals() client.Question {
	return client.Question{Name: "人口合计", Query: client.Query{
		Dataset: "villages", Filter: `people > 1`, Use: use, Measure: &client.Measure{Function: "sum", Field: "people"},
	}}
}

// TestQuestionByMonth saves a question and asks it month by month: it is asked with its purpose and
// application, its numbers are kept, and compared with the month before.
func TestQuestionByMonth(t *testing.T) {
	d := open(t)
	d.done(t, "POST", "/v1/questions", "water", totals())
	first := d.runs(t, "人口合计")
	if first.Answer == nil || first.Answer.Whole.Amount != "5" || first.Kept == "" || first.Compared != nil {
		t.Fatalf("got %+v", first)
	}
	if again := d.runs(t, "人口合计"); again.Compared != nil {
		t.Errorf("in the same month: got %+v", again.Compared)
	}
	d.Clock = d.Clock.AddDate(0, 1, 0)
	d.done(t, "POST", "/v1/datasets/villages/records", "civil-affairs", client.PutRecord{Record: json.RawMessage(`{"code":"4","people":10}`)})
	next := d.runs(t, "人口合计")
	if c := next.Compared; c == nil || !c.Same || c.Total != "+1" || c.Amount != "+10" || c.Before.Amount != "5" || c.Now.Total != 3 || c.Version != 0 {
		t.Fatalf("got %+v", next.Compared)
	}
	d.Clock = d.Clock.AddDate(0, 1, 0)
	wider := villages()
	wider.Title = "名录（新）"
	d.publishLater(t, wider)
	if c := d.runs(t, "人口合计").Compared; c == nil || c.VersionBefore != 1 || c.Version != 2 {
		t.Errorf("of another version: got %+v", c)
	}
	var all client.Questions
	if err := json.Unmarshal(d.done(t, "GET", "/v1/questions", "water", nil), &all); err != nil || len(all.Questions) != 1 || len(all.Questions[0].Kept) != 3 {
		t.Errorf("got %+v, %v", all, err)
	}
	if err := json.Unmarshal(d.done(t, "GET", "/v1/questions", "civil-affairs", nil), &all); err != nil || len(all.Questions) != 0 {
		t.Errorf("another agency sees %+v, %v", all, err)
	}
}

// TestQuestionOfWhatIsGone runs questions whose field, purpose or dataset is gone: the sentence is
// that of the same question typed now. Nothing is kept.
func TestQuestionOfWhatIsGone(t *testing.T) {
	d := open(t)
	d.done(t, "POST", "/v1/questions", "water", totals())
	gone := totals()
	gone.Name, gone.Dataset = "别处", "towns"
	d.done(t, "POST", "/v1/questions", "water", gone)
	run := func(name string) request {
		return request{method: "POST", path: "/v1/questions/run", as: "water", body: client.QuestionName{Name: name}}
	}
	d.refused(t, "no dataset", run("别处"), text.UnknownDataset)
	narrow := villages()
	narrow.Schema, narrow.Measures = json.RawMessage(`{"type":"object","required":["code"],"properties":{"code":{"type":"string"},"name":{"type":"string"}}}`), nil
	narrow.Purposes = append(narrow.Purposes, client.Purpose{Code: "x", Title: "x"})
	w := d.send(t, request{method: "POST", path: "/v1/datasets", as: "civil-affairs", body: narrow})
	if w.Code != http.StatusOK { // the live records have the field: it is published as planned
		var p client.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		t.Skipf("a version without the field is not published at once: %s", p.Code)
	}
	d.refused(t, "no field", run("人口合计"), text.UnknownField)
}

// TestQuestionAgain runs a question twice under one key: the second time gets the same answer.
func TestQuestionAgain(t *testing.T) {
	d := open(t)
	d.done(t, "POST", "/v1/questions", "water", totals())
	key := "01890a5d-ac96-774b-bcce-b302099a8057"
	q := request{method: "POST", path: "/v1/questions/run", as: "water", body: client.QuestionName{Name: "人口合计"}, edit: func(r *http.Request) {
		r.Header.Set(client.HeaderIdempotency, key)
	}}
	first := d.send(t, q)
	size := len(d.Heads(t, 0))
	second := d.send(t, q)
	if first.Code != http.StatusOK || second.Body.String() != first.Body.String() || len(d.Heads(t, 0)) != size {
		t.Errorf("got %d %s, then %s, and %d entries more", first.Code, first.Body, second.Body, len(d.Heads(t, 0))-size)
	}
}
