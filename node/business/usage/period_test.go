package usage

import (
	"fmt"
	"testing"
	"time"

	"xietong/node/ground/text"
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
		p, err := ReadPeriod(row.from, row.to)
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

// TestPeriods reads what people type.
func TestPeriods(t *testing.T) {
	for _, row := range [][2]string{
		{"2026-13", ""}, {"2026-02-30", ""}, {"", "2026"}, {"2026-10-05", "2026-10-04"}, {"2026-11", "2026-10"}, {"2026-10-05T10:00:00", ""},
		{"soon", ""}, {"", "2026-1-1"}, {"2026-10-01T00:00:00+08:00", "2026-10-01T00:00:00+08:00"}, {"", "10000-01"},
	} {
		_, err := ReadPeriod(row[0], row[1])
		refused(t, fmt.Sprint(row), err, text.PeriodInvalid)
	}
	for _, row := range [][2]string{{"2026-10-05", ""}, {"", "2026-10-05T00:00:00Z"}, {"2026-11", "2026-10"}, {"x", ""}} {
		_, _, err := Counting{From: row[0], To: row[1]}.months()
		refused(t, "months "+fmt.Sprint(row), err, text.MonthsOnly)
	}
}
