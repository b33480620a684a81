package usage

import (
	"time"

	"xietong/node/ground/text"
	"xietong/node/ground/zone"
)

// Period is a part of ledger time: not before From, and before To. A zero end is open.
type Period struct{ From, To time.Time }

// spans are the forms of a span of time that a person types, each with its length in months and
// days.
var spans = []struct {
	form         string
	months, days int
}{{"2006-01", 1, 0}, {time.DateOnly, 0, 1}}

// span reads a month or a day of the zone, or a moment with its own. It returns when that begins,
// and when the next one does.
func span(typed string, in *time.Location) (begins, ends time.Time, ok bool) {
	for _, s := range spans {
		if t, err := time.Parse(s.form, typed); err == nil {
			year, month, day := t.Date()
			return zone.DayBegins(year, month, day, in), zone.DayBegins(year, month+time.Month(s.months), day+s.days, in), true
		}
	}
	t, err := time.Parse(time.RFC3339, typed)
	return t, t, err == nil
}

// ReadPeriod reads a period as a person types it: each end is a month, a day, or a moment, and ""
// leaves it open. Months and days are those of the zone, and the last one is included. Everything
// else is refused as text.PeriodInvalid, and so is a period that ends before it begins.
func ReadPeriod(from, to string, in *time.Location) (p Period, err error) {
	readable := true
	if from != "" {
		p.From, _, readable = span(from, in)
	}
	if to != "" && readable {
		_, p.To, readable = span(to, in)
	}
	if !readable || to != "" && from != "" && !p.From.Before(p.To) {
		return Period{}, text.Fail(text.PeriodInvalid, text.Args{"from": text.Short(from), "to": text.Short(to)}, nil)
	}
	return p, nil
}

// bounds returns the ends in ms since 1970 UTC; 0 for an open one. A moment between two
// milliseconds counts as the later of them, as no entry is between.
func (p Period) bounds() (from, to uint64) {
	if !p.From.IsZero() {
		from = ms(p.From)
	}
	if !p.To.IsZero() {
		to = max(ms(p.To), 1)
	}
	return from, to
}

func ms(t time.Time) uint64 {
	return uint64(max(t.Add(time.Millisecond-time.Nanosecond).UnixMilli(), 0))
}
