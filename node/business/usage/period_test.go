package usage

import (
	"fmt"
	"testing"
	"time"

	"xietong/node/ground/text"
	"xietong/node/ground/zone"
)

// TestZoneEdges uses data around midnight of UTC+8: a day and a month begin there, whatever the
// zone of the machine.
func TestZoneEdges(t *testing.T) {
	r := open(t)
	midnight := time.Date(2026, 11, 30, 16, 0, 0, 0, time.UTC) // the first moment of December in UTC+8
	r.Clock = midnight.Add(-time.Millisecond)
	r.use(t, used{consumer: civil, purpose: "check", rows: 1})
	r.Clock = midnight
	r.use(t, used{consumer: civil, purpose: "check", rows: 2})
	r.Clock = midnight.AddDate(0, 0, 1).Add(-time.Millisecond)
	r.use(t, used{consumer: civil, purpose: "check", rows: 3})
	r.Clock = midnight.AddDate(0, 0, 1)
	r.use(t, used{consumer: civil, purpose: "check", rows: 4})
	for _, row := range []struct{ from, to, want string }{
		{"", "", "4321"}, {"2026-12", "", "432"}, {"", "2026-11", "1"}, {"2026-11", "2026-11", "1"}, {"2026-12-01", "2026-12-01", "32"},
		{"2026-12-02", "2026-12-31", "4"}, {"2026-11-30", "2026-11-30", "1"}, {"2026-11-30", "2026-12-01", "321"},
		{"2026-11-30T16:00:00Z", "", "432"}, {"2026-12-01T00:00:00+08:00", "", "432"}, {"", "2026-12-01T00:00:00+08:00", "1"},
		{"2026-12-01T00:00:00-05:00", "", "43"}, {"2026-12-01T00:00:00.0005+08:00", "", "43"}, {"", "1969-12-31", ""}, {"1960-01", "", "4321"},
		{"2027-01", "", ""}, {"0000-01", "9999-12", "4321"},
	} {
		p, err := ReadPeriod(row.from, row.to, zone.Home)
		if err != nil {
			t.Errorf("%s to %s: %v", row.from, row.to, err)
			continue
		}
		rows, _, err := r.desk.Uses(t.Context(), actor(civil), Filter{Period: p}, Page{})
		got := ""
		for _, u := range rows {
			got += fmt.Sprint(u.Rows)
		}
		if got != row.want || err != nil {
			t.Errorf("%s to %s: got the uses %q, %v, want %q", row.from, row.to, got, err, row.want)
		}
	}
	counts, _, err := r.desk.CountUses(t.Context(), actor(civil), Counting{By: ByMonth}, Page{})
	if got := fmt.Sprint(counts); got != "[{2026-12  {3 0}} {2026-11  {1 0}}]" || err != nil {
		t.Errorf("got the counts %s, %v", got, err)
	}
}

// TestPeriodsOfZone (U-B14) reads a day and a month as those of the zone of the node, daylight
// saving time included.
func TestPeriodsOfZone(t *testing.T) {
	york, err := zone.Load("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range [][3]string{
		{"2026-12-01", "2026-12-01", "2026-12-01T05:00:00Z to 2026-12-02T05:00:00Z"},
		{"2026-03-08", "2026-03-08", "2026-03-08T05:00:00Z to 2026-03-09T04:00:00Z"}, // 23 hours
		{"2026-11", "2026-11", "2026-11-01T04:00:00Z to 2026-12-01T05:00:00Z"},
	} {
		p, err := ReadPeriod(row[0], row[1], york)
		got := p.From.UTC().Format(time.RFC3339) + " to " + p.To.UTC().Format(time.RFC3339)
		if got != row[2] || err != nil {
			t.Errorf("%s to %s: got %s, %v, want %s", row[0], row[1], got, err, row[2])
		}
	}
	havana, err := zone.Load("America/Havana")
	if err != nil {
		t.Fatal(err)
	}
	p, err := ReadPeriod("2027-03-13", "2027-03-13", havana) // the next day has no midnight
	if got := p.To.Sub(p.From); got != 24*time.Hour || err != nil {
		t.Errorf("a whole day takes %s, %v", got, err)
	}
}

// TestPeriods reads what people type.
func TestPeriods(t *testing.T) {
	for _, row := range [][2]string{
		{"2026-13", ""}, {"2026-02-30", ""}, {"", "2026"}, {"2026-10-05", "2026-10-04"}, {"2026-11", "2026-10"}, {"2026-10-05T10:00:00", ""},
		{"soon", ""}, {"", "2026-1-1"}, {"2026-10-01T00:00:00+08:00", "2026-10-01T00:00:00+08:00"}, {"", "10000-01"},
	} {
		_, err := ReadPeriod(row[0], row[1], zone.Home)
		refused(t, fmt.Sprint(row), err, text.PeriodInvalid)
	}
	for _, row := range [][2]string{{"2026-10-05", ""}, {"", "2026-10-05T00:00:00Z"}, {"2026-11", "2026-10"}, {"x", ""}} {
		_, _, err := Counting{From: row[0], To: row[1]}.months()
		refused(t, "months "+fmt.Sprint(row), err, text.MonthsOnly)
	}
}
