package witnessing

import (
	"context"
	"errors"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// lagging is a ledger of which this replica may lack the last while why is not nil.
type lagging struct {
	Own
	why error
}

func (l *lagging) CaughtUp(context.Context) error { return l.why }

// compares compares what the parent saw, and what the level above it has, as with a new link.
func (p *place) compares() error {
	parent, _ := p.parent()
	p.desk.linksOf(parent)
	return p.desk.compareLinked(p.w.t.Context(), parent)
}

// found returns what was seen that puts the ledger of the place in question.
func (p *place) found() *host.Seen {
	if q, ok := errors.AsType[*host.QuestionError](p.Questioned()); ok {
		return q.Found
	}
	return nil
}

// TestLevelAboveTheParent (C46): a city and its county are set back whole on one day, so that the
// city saw no more: the heads that the province has put the county in question. While the province
// does not say which, or may lack what its other replicas have, the comparison is not over. One
// that lost nothing is in no question, and one whose parent is a root asks nobody else.
func TestLevelAboveTheParent(t *testing.T) {
	w := newWorld(t, three...)
	province, city, county := w.at(three[0]), w.at(three[1]), w.at(three[2])
	county.does(40)
	for range 4 {
		w.round()
	}
	if err := errors.Join(county.compares(), city.compares()); err != nil || county.Questioned() != nil {
		t.Fatalf("nothing is lost: %v, %v", err, county.Questioned())
	}
	cityBefore, countyBefore := city.copied(), county.copied()
	county.does(20)
	for range 4 {
		w.round()
	}
	if err := county.compares(); err != nil || county.Questioned() != nil {
		t.Fatalf("nothing is lost yet: %v, %v", err, county.Questioned())
	}
	upTo := county.size()
	city.becomes(cityBefore)
	county.becomes(countyBefore)

	province.down.Store(true)
	if err := county.compares(); code(err) != text.AboveUncompared || county.Questioned() != nil {
		t.Errorf("the level above is away: got %v, %v", err, county.Questioned())
	}
	province.down.Store(false)
	province.desk.o.Own = &lagging{province.Host, context.DeadlineExceeded}
	province.answers = func(operation string, content []byte) []byte {
		if operation != string(operationLogs) {
			return content
		}
		none, err := canon.Marshal(logsKept{Logs: []logSpan{}, Behind: true})
		if err != nil {
			t.Error(err)
		}
		return none
	}
	if err := county.compares(); code(err) != text.AboveUncompared || county.Questioned() != nil {
		t.Errorf("a replica of the level above that lags, and has none: got %v, %v", err, county.Questioned())
	}
	province.answers, province.desk.o.Own = nil, province.Host
	if err := county.compares(); err != nil {
		t.Error(err)
	}
	if f := county.found(); f == nil || f.By != province.name || f.Checkpoint.Size != upTo {
		t.Errorf("got %+v, want that %s saw %d entries", f, province.name, upTo)
	}
}

// TestSaysThatItIsBehind (C47): what a replica says that may lack what the others have is compared,
// and that it saw no more is no end of the comparison, and settles nothing; once it has caught up
// it is.
func TestSaysThatItIsBehind(t *testing.T) {
	w := newWorld(t, three[:2]...)
	province, city := w.at(three[0]), w.at(three[1])
	city.does(3)
	w.round()
	own := &lagging{province.Host, context.DeadlineExceeded}
	province.desk.o.Own = own
	if err := city.compares(); !errors.Is(err, errNotCaughtUp) {
		t.Errorf("it may be behind: got %v", err)
	}
	all, err := city.desk.Largest(t.Context())
	if err != nil || len(all) != 1 || !all[0].Forgot {
		t.Errorf("got %+v, %v, want what it saw, as of one that may have seen more", all, err)
	}
	before := city.copied()
	city.does(3)
	w.elapse(10 * time.Minute)
	w.round()
	own.why = nil
	if err := city.compares(); err != nil {
		t.Errorf("it caught up: got %v", err)
	}
	own.why = context.DeadlineExceeded
	city.becomes(before)
	if err := city.compares(); !errors.Is(err, errNotCaughtUp) || city.found() == nil {
		t.Errorf("it may be behind, and saw more: got %v, %v", err, city.Questioned())
	}
}
