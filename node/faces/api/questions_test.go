package api

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"testing"

	"xietong/exchange/gather"
	"xietong/node/business/questions"
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

// TestQuestionKeepsItsPlace: a question is kept with the name of the place that it meant, and its
// result with that of the place that was asked; results of two places are not compared.
func TestQuestionKeepsItsPlace(t *testing.T) {
	d := open(t)
	for i, row := range []struct{ at, level, want, wantLevel string }{
		{"贵州", "", "guizhou", ""}, {"520100", "", "guiyang.guizhou", ""}, {"南明区，贵阳市", "", "nanming.guiyang.guizhou", ""},
		{"**.贵州省", "县级", "**.guizhou", "county"}, {"＊．贵阳", "", "*.guiyang.guizhou", ""}, {"", "", "", ""},
	} {
		q := totals()
		q.Name, q.At, q.Level = strconv.Itoa(i), row.at, row.level
		d.done(t, "POST", "/v1/questions", "water", q)
		var kept client.SavedQuestion
		if err := json.Unmarshal(d.done(t, "GET", "/v1/question?name="+q.Name, "water", nil), &kept); err != nil || kept.At != row.want || kept.Level != row.wantLevel {
			t.Errorf("%q: kept as %q of %q, %v", row.at, kept.At, kept.Level, err)
		}
	}
	d.runs(t, "5")
	d.Clock = d.Clock.AddDate(0, 1, 0)
	if c := d.runs(t, "0").Compared; c != nil {
		t.Errorf("of another question: got %+v", c)
	}
	if c := d.runs(t, "5").Compared; c == nil || !c.Same {
		t.Errorf("of the same place: got %+v", c)
	}
	here, there := questions.Result{Total: 1}, questions.Result{Total: 2}
	here.At, there.At = "nanming.guiyang.guizhou", "nanming.zunyi.guizhou"
	if c := questions.Compare(here, there); c.Same || c.Total != "" {
		t.Errorf("of two places: got %+v", c)
	}
}

// TestQuestionThatCannotBeAnswered: no question is kept that the own dataset cannot answer.
func TestQuestionThatCannotBeAnswered(t *testing.T) {
	d := open(t)
	for want, edit := range map[text.Code]func(*client.Question){
		text.UnknownPurpose:    func(q *client.Question) { q.Purpose = "curiosity" },
		text.UnknownField:      func(q *client.Question) { q.Measure.Field = "colour" },
		text.MeasureNotOffered: func(q *client.Question) { q.Measure.Function = "maximum" },
		text.FilterMalformed:   func(q *client.Question) { q.Filter = "colour > 800" },
	} {
		q := totals()
		edit(&q)
		d.refused(t, string(want), request{method: "POST", path: "/v1/questions", as: "water", body: q}, want)
	}
}

// TestQuestionOfAUsedName (G49): another question of the same name comes only in the place of the
// one that the request names; the same one is not written again, whatever the request names.
func TestQuestionOfAUsedName(t *testing.T) {
	d := open(t)
	save := func(q client.NewQuestion) (saved client.QuestionEntered) {
		t.Helper()
		if err := json.Unmarshal(d.done(t, "POST", "/v1/questions", "water", q), &saved); err != nil {
			t.Fatal(err)
		}
		return saved
	}
	first := save(client.NewQuestion{Question: totals()})
	if again := save(client.NewQuestion{Question: totals(), Replaces: "guizhou/log/1/1"}); !again.Unchanged || again.Entry != first.Entry {
		t.Errorf("the same question: got %+v, want it unchanged as %s", again, first.Entry)
	}
	other := client.NewQuestion{Question: edited(totals(), func(q *client.Question) { q.Filter = "people > 100" })}
	for _, names := range []string{"", "guizhou/log/1/1", "x"} {
		other.Replaces = names
		d.refused(t, "in the place of "+names, request{method: "POST", path: "/v1/questions", as: "water", body: other}, text.QuestionTaken)
	}
	other.Replaces = first.Entry
	if second := save(other); second.Unchanged || second.Entry == first.Entry {
		t.Errorf("in the place of the first: got %+v", second)
	}
	d.done(t, "POST", "/v1/questions", "civil-affairs", client.NewQuestion{Question: totals()}) // the names of another agency are its own
}

// TestQuestionOfWhatIsGone runs questions whose field, purpose or dataset is gone: the sentence is
// that of the same question typed now. Nothing is kept.
func TestQuestionOfWhatIsGone(t *testing.T) {
	d := open(t)
	d.done(t, "POST", "/v1/questions", "water", totals())
	gone := totals()
	gone.Name, gone.Dataset = "别处", "towns"
	towns := villages()
	towns.Code = "towns"
	d.done(t, "POST", "/v1/datasets", "civil-affairs", towns)
	d.done(t, "POST", "/v1/questions", "water", gone)
	var plan client.EndPlan
	if err := json.Unmarshal(d.done(t, "GET", "/v1/datasets/towns/withdrawal", "", nil), &plan); err != nil {
		t.Fatal(err)
	}
	d.done(t, "POST", "/v1/datasets/towns/withdrawal", "", client.Withdrawing{Reason: "不再采集", Plan: plan.Hash})
	run := func(name string) request {
		return request{method: "POST", path: "/v1/questions/run", as: "water", body: client.QuestionName{Name: name}}
	}
	d.refused(t, "no dataset", run("别处"), text.DatasetWithdrawn)
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

// TestResultKeepsWhatDiffers: what was left out of an answer, and what was told together because it
// was too small, is kept with the numbers of a month: so 400 records that are only left out are no
// decrease, and no increase a month later; and a group that was too small was not 0.
func TestResultKeepsWhatDiffers(t *testing.T) {
	g := func(v string, n uint64) client.Group {
		return client.Group{Values: []client.GroupValue{{Value: gather.Text(v)}}, Count: n}
	}
	small := client.Group{Suppressed: true, Count: 9}
	whole := resultOf(client.Answer{Count: 1000, Groups: []client.Group{g("Z", 991), small}})
	short := resultOf(client.Answer{Count: 601, Unfit: 400, Groups: []client.Group{g("X", 5), g("Y", 5), g("Z", 591)}})
	later := resultOf(client.Answer{Count: 1001, Groups: []client.Group{g("X", 5), g("Z", 996)}})
	for _, pair := range [][2]questions.Result{{whole, short}, {short, later}} {
		if c := questions.Compare(pair[0], pair[1]); c.SameLeft || c.Total != "" || len(c.Groups) > 0 {
			t.Errorf("records are left out: got %+v", c)
		}
	}
	c := questions.Compare(whole, later)
	if !c.Same || !c.SameLeft || c.Total != "+1" || len(c.Groups) != 2 || whole.Small != 9 {
		t.Fatalf("got %+v of %+v", c, whole)
	}
	for _, change := range c.Groups {
		shown := changeShown(change)
		if x := change.Values[0] == `"X"`; x != (shown.Before == nil) || x != (shown.Count == "") || *shown.Now == 0 {
			t.Errorf("got %+v", shown)
		}
	}
	many := func(left ...client.LeftOut) questions.Result {
		return resultOfMany(client.FederatedAnswer{Total: 10, Members: 2, Answered: 2, LeftOut: left, Groups: []client.Group{small, {Others: &client.GroupValue{}, Count: 3}}})
	}
	a, b := client.LeftOut{Name: "a", Incomparable: 7, Of: 9}, client.LeftOut{Name: "b", Incomparable: 7, Of: 9}
	if r := many(a); r.LeftOut.All() != 7 || r.Small != 9 || r.Others != 3 || len(r.Groups) > 0 {
		t.Errorf("of many: got %+v", r)
	}
	if c := questions.Compare(many(a), many(b)); !c.Same || c.SameLeft || c.Total != "" {
		t.Errorf("as many of another: got %+v", c)
	}
	if c := questions.Compare(many(a, b), many(b, a)); !c.SameLeft || c.Total != "0" {
		t.Errorf("the same in another order: got %+v", c)
	}
}

// TestResultIsTotal: each number of an answer that says that records are missing in it, set alone,
// makes another result; those that are added to the wire types later too.
func TestResultIsTotal(t *testing.T) {
	none := map[string]bool{ // say nothing of how many records the numbers are of
		"Rows": true, "Columns": true, "TotalScanned": true, "TotalRecords": true, "Cursor": true, "AsOf": true, "Access": true, "Grant": true,
		"GrantedNow": true, "GrantUntil": true, "Asked": true, "StatusAsOf": true, "States": true, "Beside": true, "Level": true,
		"Audited": true, "Leaves": true, "Unseen": true, "Again": true, "Nobodys": true, "Themselves": true, "Lies": true, "Titles": true, "Unfinished": true,
	}
	another := func(name string, set func(v reflect.Value)) {
		if none[name] {
			return
		}
		var one client.Answer
		var many client.FederatedAnswer
		if f := reflect.ValueOf(&one).Elem().FieldByName(name); f.IsValid() {
			if set(f); reflect.DeepEqual(resultOf(one), resultOf(client.Answer{})) {
				t.Errorf("%s of an answer is not kept", name)
			}
		}
		if f := reflect.ValueOf(&many).Elem().FieldByName(name); f.IsValid() {
			if set(f); reflect.DeepEqual(resultOfMany(many), resultOfMany(client.FederatedAnswer{})) {
				t.Errorf("%s of an answer of many is not kept", name)
			}
		}
	}
	set := func(v reflect.Value) {
		switch v.Kind() {
		case reflect.Uint64:
			v.SetUint(1)
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		case reflect.Pointer:
			v.Set(reflect.ValueOf(&client.Group{Amount: "1"}))
		default:
			t.Fatalf("an answer has a %s: say whether it is kept", v.Type())
		}
	}
	for _, typ := range []reflect.Type{reflect.TypeFor[client.Answer](), reflect.TypeFor[client.FederatedAnswer]()} {
		for i := range typ.NumField() {
			another(typ.Field(i).Name, set)
		}
	}
}
