// Package zone has the time zones in which a node tells times to people, and reads the days and
// months that they type: the setting time_zone of its configuration.
//
// A zone is named as in the IANA database, such as Asia/Shanghai. Names are compared with a list of
// the program, and the data of the zones are part of the program where the machine has none, so
// that the same name is taken, or refused, on every machine. What is recorded never depends on a
// zone: entries hold instants, and a handler of a command, which may not read the files of a
// machine, counts days and months in Ledger. The zone of the process (TZ) counts nowhere.
package zone

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // a machine may have no zones, Windows among them

	"xietong/node/ground/text"
)

// Default is the zone of a configuration that names none.
const Default = "Asia/Shanghai"

// Ledger is the zone of the days and months that handlers count by: UTC+8, without daylight saving
// time. It is one for all ledgers, whatever zone their nodes have.
var Ledger = time.FixedZone("UTC+8", 8*3600)

// Home is the zone of Default.
var Home = func() *time.Location {
	home, err := time.LoadLocation(Default)
	if err != nil {
		panic(err) // the data are part of the program
	}
	return home
}()

//go:embed names.txt
var listed string

// names are the zones that are taken, in the order of the alphabet.
var names = strings.Fields(listed)

// maxName bounds a name that is compared with others, in bytes. The longest that is taken has 32.
const maxName = 64

// Load returns the zone with the name; "" is Default. The error tells which name is near, and is
// one that text.Cause knows.
func Load(name string) (*time.Location, error) {
	if name == "" {
		return Home, nil
	}
	if _, known := slices.BinarySearch(names, name); !known {
		if near := Near(name); near != "" {
			return nil, fmt.Errorf("there is no time zone %q; it may be %s", text.Short(name), near)
		}
		return nil, fmt.Errorf("there is no time zone %q", text.Short(name))
	}
	at, err := time.LoadLocation(name)
	if err != nil { // the machine has the zone, and it cannot be read
		return nil, fmt.Errorf("there is no time zone %q", name)
	}
	return at, nil
}

// called are what people write for a zone, and no spelling of its name.
var called = map[string]string{
	"beijing": Default, "asia/beijing": Default, "北京": Default, "北京时间": Default, "上海": Default, "中国": Default, "china": Default,
	"cst": Default, "+08:00": Default, "+0800": Default, "+8": Default, "utc+8": Default, "utc+08:00": Default, "gmt+8": Default,
	"utc8": Default, "东八区": Default, "乌鲁木齐": "Asia/Urumqi", "新疆": "Asia/Urumqi", "香港": "Asia/Hong_Kong", "澳门": "Asia/Macau",
	"台北": "Asia/Taipei", "z": "UTC", "+00:00": "UTC",
}

// Near returns the name that a text may stand for which is none; "": there is none. A text in
// another case, a city alone, and what people call a zone have one.
func Near(typed string) string {
	if len(typed) > maxName {
		return ""
	}
	folded := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(typed), " ", "_"))
	if meant, known := called[folded]; known {
		return meant
	}
	city := func(name string) string { return strings.ToLower(name[strings.LastIndex(name, "/")+1:]) }
	for _, name := range names {
		if strings.ToLower(name) == folded || city(name) == folded {
			return name
		}
	}
	best, most := "", max(2, len(folded)/4)
	for _, name := range names {
		for _, spelled := range []string{strings.ToLower(name), city(name)} {
			if far := text.Distance([]rune(folded), []rune(spelled)); far < most {
				best, most = name, far
			}
		}
	}
	return best
}

// DayBegins returns the first instant of a day in the zone. Where the clocks go forward over
// midnight, that is when they do; where midnight comes twice, the first one.
func DayBegins(year int, month time.Month, day int, in *time.Location) time.Time {
	t := time.Date(year, month, day, 0, 0, 0, 0, in)
	start, end := t.ZoneBounds()
	_, offset := t.Zone()
	if hour, minute, second := t.Clock(); hour+minute+second != 0 {
		if _, before := start.Add(-1).Zone(); !start.IsZero() && t.Sub(start) <= time.Duration(offset-before)*time.Second {
			return start
		}
		return end
	}
	if _, before := start.Add(-1).Zone(); !start.IsZero() && before > offset {
		if first := t.Add(time.Duration(offset-before) * time.Second); first.Before(start) {
			return first
		}
	}
	return t
}

// DayEnds returns the last second of the day that a text such as 2026-12-31 names, in the zone.
func DayEnds(typed string, in *time.Location) (end time.Time, ok bool) {
	day, err := time.Parse(time.DateOnly, typed)
	if err != nil {
		return end, false
	}
	return DayBegins(day.Year(), day.Month(), day.Day()+1, in).Add(-time.Second), true
}

// Until reads the end of something as a person types it: a day, which is included and ends in the
// zone, as the moment of its last second in RFC 3339 and UTC. Everything else is returned as it is,
// for whoever reads moments.
func Until(typed string, in *time.Location) string {
	if end, ok := DayEnds(typed, in); ok {
		return end.UTC().Format(time.RFC3339)
	}
	return typed
}
