package zone

import (
	"archive/zip"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/node/ground/text"
)

// TestNames loads every zone that is listed, and checks that the list is the one of the toolchain.
func TestNames(t *testing.T) {
	if !slices.IsSorted(names) || !slices.Contains(names, Default) {
		t.Fatal("the list is not sorted, or lacks the default")
	}
	for _, name := range names {
		if in, err := Load(name); err != nil || in.String() != name {
			t.Errorf("Load(%s) = %v, %v", name, in, err)
		}
	}
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skip("no toolchain")
	}
	data, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		t.Skip("the toolchain has no zones")
	}
	defer data.Close()
	for _, f := range data.File {
		if _, known := slices.BinarySearch(names, f.Name); !known && !f.FileInfo().IsDir() && f.Name != "Factory" {
			t.Errorf("%s is a zone and not listed", f.Name)
		}
	}
}

// TestLoad refuses what is no zone, in words, and names the one that may be meant.
func TestLoad(t *testing.T) {
	if in, err := Load(""); err != nil || in != Home || in.String() != Default {
		t.Errorf("got %v, %v", in, err)
	}
	for typed, near := range map[string]string{
		"Asia/Shanghia": Default, "asia/shanghai": Default, "shanghai": Default, "Asia/Beijing": Default, "Beijing": Default, "北京时间": Default,
		"+08:00": Default, "UTC+8": Default, "CST": Default, "Urumqi": "Asia/Urumqi", "america/new york": "America/New_York", "Asia/Tokio": "Asia/Tokyo",
		"Local": "", "../../etc/passwd": "", "Factory": "", "zzzzzzzzzz": "", "posix/Asia/Shanghai": "", strings.Repeat("a", 1<<20): "", "Asia/Shanghai\n": Default,
	} {
		_, err := Load(typed)
		if err == nil {
			t.Errorf("Load(%.40q) took it", typed)
			continue
		}
		if got := Near(typed); got != near {
			t.Errorf("Near(%.40q) = %q, want %q", typed, got, near)
		}
		told := text.Cause(text.Zh, err.Error())
		if !strings.Contains(told, "没有名为") || near != "" && !strings.Contains(told, near) || len(told) > 300 {
			t.Errorf("%.40q is told as %.300s", typed, told)
		}
	}
}

// TestUntil ends a day in the zone, whatever the zone of the machine is, also on the days on which
// the clocks change.
func TestUntil(t *testing.T) {
	machine := time.Local
	defer func() { time.Local = machine }()
	for _, local := range []string{"UTC", "America/New_York", "Asia/Urumqi"} {
		time.Local, _ = Load(local)
		for _, row := range [][3]string{
			{Default, "2026-12-31", "2026-12-31T15:59:59Z"}, {"America/New_York", "2026-12-31", "2027-01-01T04:59:59Z"},
			{"America/New_York", "2026-03-08", "2026-03-09T03:59:59Z"}, {"America/New_York", "2026-11-01", "2026-11-02T04:59:59Z"},
			{"Asia/Urumqi", "2026-12-31", "2026-12-31T17:59:59Z"}, {"UTC", "2026-12-31", "2026-12-31T23:59:59Z"},
			{"UTC", "2026-12-31T10:00:00+08:00", "2026-12-31T10:00:00+08:00"}, {"UTC", "2026-02-30", "2026-02-30"}, {"UTC", "soon", "soon"},
		} {
			in, err := Load(row[0])
			if got := Until(row[1], in); got != row[2] || err != nil {
				t.Errorf("under %s, Until(%s, %s) = %s, %v, want %s", local, row[1], row[0], got, err, row[2])
			}
		}
	}
}

// TestDayBegins looks at every change of the clocks of every zone from 2015 to 2030: a day begins
// with its first instant, whether or not it has a midnight, or two.
func TestDayBegins(t *testing.T) {
	without, twice := 0, 0
	for _, name := range names {
		in, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		for at := time.Date(2015, 1, 1, 0, 0, 0, 0, in); at.Year() < 2031; {
			_, changes := at.ZoneBounds()
			if changes.IsZero() {
				break
			}
			for day := -1; day <= 1; day++ {
				year, month, of := changes.AddDate(0, 0, day).Date()
				begins := DayBegins(year, month, of, in)
				if y, m, d := begins.Date(); y != year || m != month || d != of || begins.Add(-1).Day() == of {
					t.Errorf("%s: %d-%d-%d begins %s", name, year, month, of, begins)
				}
				if begins.Hour()+begins.Minute() > 0 {
					without++
				}
				if again := begins.Add(time.Hour); again.Day() == of && again.Hour() == 0 {
					twice++
				}
			}
			at = changes
		}
	}
	if without == 0 || twice == 0 {
		t.Errorf("%d days without midnight, %d with two", without, twice)
	}
	for _, row := range [][3]string{
		{"America/Havana", "2027-03-13", "2027-03-14T04:59:59Z"}, {"America/Santiago", "2027-09-04", "2027-09-05T03:59:59Z"},
	} {
		in, _ := Load(row[0])
		if got := Until(row[1], in); got != row[2] {
			t.Errorf("%s in %s ends %s, want %s", row[1], row[0], got, row[2])
		}
	}
}
