package nodetest

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

const day = 24 * time.Hour

var clocks = flag.Bool("clocks", false, "have the clock of every node be wrong in every way in TestWrongClock, for two minutes")

// wrongClock is a clock that is wrong for a time, and right again.
type wrongClock struct {
	ahead  time.Duration
	lasts  time.Duration
	boots  bool   // the node starts with it; else it jumps while the node runs
	writes bool   // it is believed meanwhile
	told   string // what status tells meanwhile; "": nothing
}

func (w wrongClock) String() string {
	how := map[bool]string{true: "boots", false: "runs"}[w.boots]
	return fmt.Sprintf("%s %s ahead for %s", how, w.ahead, w.lasts)
}

// wrongClocks are those that a machine has by itself: nobody vouches for it but its start.
var wrongClocks = []wrongClock{
	{8 * time.Hour, 30 * time.Second, true, true, ""},
	{8 * time.Hour, 30 * time.Second, false, false, "clock-jumped"},
	{25 * time.Hour, 30 * time.Second, true, true, ""},
	{70 * time.Hour, 30 * time.Second, true, true, ""},
	{70 * time.Hour, day, true, true, ""},
	{400 * day, 30 * time.Second, true, false, "clock-unvouched"},
	{400 * day, day, false, false, "clock-jumped"},
	{20 * 365 * day, 30 * time.Second, true, false, "clock-unvouched"},
	{20 * 365 * day, 30 * time.Second, false, false, "clock-jumped"},
	{-8 * time.Hour, 30 * time.Second, true, true, "clock-corrected"},
	{-8 * time.Hour, 30 * time.Second, false, true, "clock-corrected"},
	{-70 * time.Hour, 30 * time.Second, true, true, "clock-corrected"},
	{-400 * day, 30 * time.Second, true, false, "clock-unvouched"},
	{-400 * day, 30 * time.Second, false, false, "clock-jumped"},
}

// TestWrongClock has the clock of one node be wrong: of a root alone, of a county below a city, and
// of a city above a county. Within a minute after it is right again a record is put, and asked for
// under a grant that ends in twelve hours and under one that ended by the wrong clock; nobody gives
// a command. What was sent under the wrong clock is not taken again.
func TestWrongClock(t *testing.T) {
	for i, w := range wrongClocks {
		for j, shape := range []struct{ tree, wrong, asks string }{
			{"guizhou", "guizhou", "guizhou"}, {pair, "nanming", "guiyang"}, {pair, "guiyang", "nanming"},
		} {
			if step := i*3 + j; !*clocks && (step%3 != i%3 || testing.Short() && i%4 > 0) {
				continue
			}
			if j > 0 && !w.boots { // a neighbour vouched for the right clock: it is not left without one
				w.writes, w.told = false, "clock-jumped"
			}
			t.Run(fmt.Sprintf("%s %s asked by %s", shape.wrong, w, shape.asks), func(t *testing.T) {
				Run(t, shape.tree, func(t *testing.T, tree *Tree) {
					(&clockScene{t, tree, tree.Node(shape.wrong), tree.Node(shape.asks), w}).play()
				})
			})
		}
	}
}

type clockScene struct {
	*testing.T
	tree        *Tree
	wrong, asks *Node
	w           wrongClock
}

func (s *clockScene) play() {
	s.wrong.Unserved()
	s.wrong.Restart()
	s.tree.WaitLinked()
	over := time.Now().Add(s.w.lasts) // when the clock is right again
	s.offer(over)
	sent := []putting{s.put(identity.Message{})}
	if s.w.boots {
		s.wrong.Stop()
	}
	s.wrong.SetOffset(s.w.ahead)
	if s.w.boots {
		s.wrong.Start()
	}
	sent = append(sent, s.meanwhile()...)
	time.Sleep(time.Until(over))
	s.wrong.SetOffset(0)
	for what, do := range map[string]func() error{
		"a put":                          func() error { return s.put(identity.Message{}).err },
		"a grant that ends in 12 h":      func() error { return s.query("statistics") },
		"a grant that ended by the jump": func() error { return s.query("planning") },
	} {
		var err error
		s.tree.Within(time.Minute, what, func() bool {
			if err = do(); err != nil && time.Since(over) >= time.Minute {
				s.Fatalf("%s: %v", what, err)
			}
			return err == nil
		})
		s.Logf("%s: %s after the correction", what, time.Since(over).Round(time.Second))
	}
	s.again(sent)
	s.tells()
}

// offer has the wrong node offer a dataset, and give two grants: one ends twelve hours after the
// clock is right again, one two hours after it.
func (s *clockScene) offer(over time.Time) {
	s.Helper()
	for _, code := range []string{"civil-affairs", "water"} {
		for _, n := range []*Node{s.wrong, s.asks} {
			if _, err := n.Client("").AddAgency(s.Context(), client.NewAgency{Code: code, Title: code}); err != nil && n != s.wrong {
				s.Logf("%v", err) // alone, both are one
			}
		}
	}
	provider := s.wrong.Client("civil-affairs")
	_, err := provider.PublishDataset(s.Context(), client.NewDataset{
		Code: "villages", Title: "村（居）委会名录", Agency: "civil-affairs", Category: client.Conditional,
		Purposes: []client.Purpose{{Code: "statistics", Title: "统计"}, {Code: "planning", Title: "规划"}}, Key: "code", NotSecret: true,
		Schema: json.RawMessage(`{"type":"object","required":["code"],"properties":{"code":{"type":"string"},"at":{"type":"string"}}}`),
	})
	if err != nil {
		s.Fatal(err)
	}
	for purpose, after := range map[string]time.Duration{"statistics": 12 * time.Hour, "planning": 2 * time.Hour} {
		_, err := provider.GiveGrant(s.Context(), client.NewGrant{
			Dataset: "villages", Consumer: "water@" + s.asks.Name(), Purpose: purpose, Until: over.Add(after).Format(time.RFC3339), Basis: "《统计法》", Paper: "1",
		})
		if err != nil {
			s.Fatal(err)
		}
	}
}

// query asks for the record under a grant.
func (s *clockScene) query(purpose string) error {
	_, err := s.asks.Client("water").Query(s.Context(), client.Query{
		At: s.wrong.Name(), Dataset: "villages", Key: "1", Use: client.Use{Purpose: purpose, Basis: "b", Scenario: "s", Scope: "s", Method: "query"},
	})
	return err
}

// putting is a put under a key that a client chose, with what came of it.
type putting struct {
	id  identity.Message
	err error
}

// put puts a record of its own, under a new key where id is zero.
func (s *clockScene) put(id identity.Message) putting {
	s.Helper()
	if id.IsZero() {
		made, err := identity.NewMessage()
		if err != nil {
			s.Fatal(err)
		}
		id = made
	}
	h := &http.Client{Transport: client.Transport(s.wrong.machine.dial)}
	defer h.CloseIdleConnections()
	row := faceRow{method: "POST", path: "/v1/datasets/villages/records", body: fmt.Sprintf(`{"record":{"code":"1","at":%q}}`, id)}
	learned, body := sendUnder(s.T, h, s.wrong, row, "civil-affairs", id.String())
	if learned != given {
		return putting{id, fmt.Errorf("%s: %s", learned, body)}
	}
	return putting{id, nil}
}

// meanwhile sends under the wrong clock, and checks that what is not believed writes nothing, tells
// so and what to do, and goes on reading.
func (s *clockScene) meanwhile() (sent []putting) {
	s.Helper()
	for range 3 {
		time.Sleep(5 * time.Second)
		p := s.put(identity.Message{})
		if (p.err == nil) != s.w.writes {
			s.Errorf("under the wrong clock: %v, want it written: %t", p.err, s.w.writes)
		}
		sent = append(sent, p)
	}
	if _, err := s.wrong.Client("").Agencies(s.Context()); err != nil {
		s.Errorf("reading: %v", err)
	}
	if got := s.alarm(); got != s.w.told {
		s.Errorf("status tells %q, want %q", got, s.w.told)
	}
	c, err := s.wrong.Client("").Clock(s.Context())
	if err != nil || (c.Wrong == nil) != s.w.writes {
		s.Errorf("clock show: %+v, %v", c, err)
	}
	return sent
}

// alarm returns the code of the alarm about the clock; "": there is none.
func (s *clockScene) alarm() string {
	s.Helper()
	status, err := s.wrong.Client("").Status(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	about := []text.Code{text.ClockSetBack, text.ClockUnvouched, text.ClockJumped, text.ClockCorrected}
	for _, a := range status.Jurisdictions[0].Alarms {
		if slices.Contains(about, text.Code(a.Code)) {
			return a.Code
		}
	}
	return ""
}

// again sends the same again: nothing is written a second time.
func (s *clockScene) again(sent []putting) {
	s.Helper()
	before := len(s.wrong.Entries("record"))
	taken := 0
	for _, p := range sent {
		if p.err == nil {
			s.put(p.id)
			taken++
		}
	}
	if after := len(s.wrong.Entries("record")); after != before || taken == 0 {
		s.Errorf("%d records were sent again, and %d are written twice", taken, after-before)
	}
}

// tells checks that the correction is told exactly where there was one: by an entry, and until the
// clock has caught up by the status.
func (s *clockScene) tells() {
	s.Helper()
	corrected := s.w.ahead < 0 && s.w.writes || s.w.writes && s.w.ahead > 0
	if got := len(s.wrong.Entries("clock corrected")); (got == 1) != corrected {
		s.Errorf("%d entries tell of a correction, want one: %t", got, corrected)
	}
	want := ""
	if s.w.writes && s.w.ahead > s.w.lasts {
		want = "clock-corrected"
	}
	if got := s.alarm(); got != want {
		s.Errorf("status tells %q afterwards, want %q", got, want)
	}
}
