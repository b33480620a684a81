package adoption

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
)

// fed is a dataset into which somebody puts a record after each check, as often as left says.
type fed struct {
	*records.Desk
	left int
	put  func()
}

func (f *fed) PlanAgain(ctx context.Context, by catalog.Actor, next catalog.Entry, with identity.Entry) (records.Plan, catalog.Checked, error) {
	p, as, err := f.Desk.PlanAgain(ctx, by, next, with)
	if f.left > 0 {
		f.left--
		f.put()
	}
	return p, as, err
}

// TestFeedKeepsNothingOpen (A39): records that come all the time keep the provider from no version
// that narrows what is shared, and from no other as long as they come more slowly than they are
// checked; the refusal, if there is one, says that records came. What is published is what was
// shown.
func TestFeedKeepsNothingOpen(t *testing.T) {
	w := newWorld(t)
	e := standard().Entry
	e.Counts = nil
	w.mustPublish(t, e)
	count := 0
	feed := &fed{Desk: w.desk.records.(*records.Desk)}
	record := `{"code":"%d","sex":"甲"}`
	feed.put = func() {
		count++
		if _, err := feed.Put(t.Context(), newID(), civil, e.Code, fmt.Appendf(nil, record, count)); err != nil {
			t.Fatal(err)
		}
	}
	w.desk.records = feed
	feed.put()
	edit := func(old, next string) catalog.Entry {
		other := e
		other.Schema = []byte(strings.Replace(string(e.Schema), old, next, 1))
		return other
	}
	publish := func(next catalog.Entry, feeds int) error {
		t.Helper()
		feed.left = 0
		p, err := w.desk.Plan(t.Context(), civil, next, identity.Entry{})
		if err != nil {
			t.Fatal(err)
		}
		feed.put()
		feed.left = feeds
		_, err = w.desk.Publish(t.Context(), newID(), civil, next, Agreed{Plan: p.Hash})
		return err
	}
	const endless = 1000
	shut := e
	shut.Category, shut.Citation, shut.SmallestCell = "not-shared", "art 15", 50
	if err := publish(shut, endless); err != nil {
		t.Errorf("a version that shuts it: got %v", err)
	}
	if err := publish(e, endless); err != nil {
		t.Errorf("with the same schema: got %v", err)
	}
	longer := edit(`"sex":{"type":"string"}`, `"sex":{"type":"string","maxLength":9}`)
	if err := publish(longer, publishRounds-1); err != nil {
		t.Errorf("records that come and fit: got %v", err)
	}
	shorter := edit(`"sex":{"type":"string"}`, `"sex":{"type":"string","maxLength":5}`)
	err := publish(shorter, endless)
	if f := failure.Of(err); f.Code != text.RecordsComing || f.Args["count"] != "1" {
		t.Errorf("records that come all the time: got %v, %v", err, f.Args)
	}
	record = `{"code":"%d","sex":"甲甲甲甲甲甲"}`
	if err := publish(shorter, 1); !failure.Is(err, text.EntryPlanMoved) {
		t.Errorf("a record came that does not fit: got %v", err)
	}
}
