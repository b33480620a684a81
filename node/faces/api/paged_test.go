package api

import (
	"encoding/json"
	"strings"
	"testing"

	"xietong/exchange/gather"
	"xietong/node/business/records"
	"xietong/node/faces/client"
)

// TestUnfinishedIsNoFigure: a page of a measure that is not the last is shown with how far it came,
// and with nothing that could be taken for what the records come to.
func TestUnfinishedIsNoFigure(t *testing.T) {
	m := gather.Measure{Function: gather.Sum, Field: "income", By: []gather.By{{Field: "kind"}}}
	a := records.Answer{Unfinished: true, Cursor: "CCCC", Scanned: 5, Total: 9, AsOf: 7}
	got := answerShown(nil, a, m)
	if !got.Unfinished || got.Cursor != "CCCC" || got.TotalScanned != 5 || got.TotalRecords != 9 || got.Whole != nil || got.Groups != nil {
		t.Errorf("got %+v", got)
	}
	data, err := json.Marshal(got)
	if err != nil || !strings.Contains(string(data), `"unfinished":true`) {
		t.Errorf("%s, %v", data, err)
	}
}

// TestPageSeconds: the time of a page reaches the question in ms.
func TestPageSeconds(t *testing.T) {
	q, err := (Hosted{}).question(client.Query{Dataset: "villages", PageSeconds: 100})
	if err != nil || q.Wait != records.MaxPageWait {
		t.Errorf("got %d ms, %v, want %d", q.Wait, err, records.MaxPageWait)
	}
}
