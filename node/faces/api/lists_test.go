package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"xietong/node/faces/client"
	"xietong/node/faces/export"
	"xietong/node/ground/text"
)

// read reads a list page by page, and returns its rows by what id tells of them.
func read[P any](t *testing.T, d *door, path string, query url.Values, of func(P) ([]string, string)) (all []string) {
	t.Helper()
	for pages := 0; pages < 100; pages++ {
		var p P
		if err := json.Unmarshal(d.done(t, "GET", path+"?"+query.Encode(), "civil-affairs", nil), &p); err != nil {
			t.Fatal(err)
		}
		rows, cursor := of(p)
		if limit, _ := strconv.Atoi(query.Get("limit")); limit > 0 && len(rows) > limit {
			t.Fatalf("%s: a page of %d rows, want %d at most", path, len(rows), limit)
		}
		if all = append(all, rows...); cursor == "" {
			return all
		}
		query.Set("cursor", cursor)
	}
	t.Fatalf("%s: it has no end", path)
	return nil
}

func codesOf(p client.Agencies) (codes []string, cursor string) {
	for _, a := range p.Agencies {
		codes = append(codes, a.Code)
	}
	return codes, p.Cursor
}

// TestListsComeInPages: a list is sorted and narrowed as it is asked for, and no page shows a row
// twice or leaves one out, also where rows come between two pages.
func TestListsComeInPages(t *testing.T) {
	d := open(t)
	for i, title := range []string{"丙局", "甲局", "乙局"} {
		d.done(t, "POST", "/v1/agencies", "", client.NewAgency{Code: fmt.Sprintf("b%d", i), Title: title})
	}
	for query, want := range map[string]string{
		"limit=2": "b0 b1 b2 civil-affairs water", "limit=2&sort=code:desc": "water civil-affairs b2 b1 b0", "limit=1&search=局": "b0 b1 b2",
		"sort=entry": "civil-affairs water b0 b1 b2", "limit=4&sort=title:asc&search=B": "b0 b2 b1", "search=nobody": "",
	} {
		v, _ := url.ParseQuery(query)
		if query == "limit=4&sort=title:asc&search=B" { // 丙 U+4E19, 乙 U+4E59, 甲 U+7532
			want = "b0 b2 b1"
		}
		if got := strings.Join(read(t, d, "/v1/agencies", v, codesOf), " "); got != want {
			t.Errorf("%s: got %q, want %q", query, got, want)
		}
	}
	var first client.Agencies
	if err := json.Unmarshal(d.done(t, "GET", "/v1/agencies?limit=2", "", nil), &first); err != nil || first.Cursor == "" {
		t.Fatal(first, err)
	}
	d.done(t, "POST", "/v1/agencies", "", client.NewAgency{Code: "a0", Title: "先来"})
	d.done(t, "POST", "/v1/agencies", "", client.NewAgency{Code: "c0", Title: "后来"})
	got := read(t, d, "/v1/agencies", url.Values{"cursor": {first.Cursor}}, codesOf)
	if want := []string{"b2", "c0", "civil-affairs", "water"}; !slices.Equal(got, want) {
		t.Errorf("after what came: got %q, want %q", got, want)
	}
	for _, other := range []string{"sort=title&", "search=b&"} {
		d.refused(t, "the cursor of another list", request{method: "GET", path: "/v1/agencies?" + other + "cursor=" + url.QueryEscape(first.Cursor)}, text.CursorNotOfList)
	}
	d.refused(t, "the cursor of another kind", request{method: "GET", path: "/v1/datasets?cursor=" + url.QueryEscape(first.Cursor)}, text.CursorNotOfList)
	if p := d.refused(t, "no member", request{method: "GET", path: "/v1/agencies?sort=colour"}, text.NotAsDescribed); !strings.Contains(p.Detail, "code, title, id, entry") {
		t.Errorf("got %+v", p)
	}
}

// TestListsAreNarrowed: each list takes the conditions that its users need.
func TestListsAreNarrowed(t *testing.T) {
	d := open(t)
	for path, want := range map[string]int{
		"/v1/datasets": 1, "/v1/datasets?agency=civil-affairs": 1, "/v1/datasets?agency=water": 0, "/v1/datasets?category=conditional": 0,
		"/v1/datasets?search=名录&sort=version:desc": 1, "/v1/datasets?standard=guizhou/log/1/9": 0, "/v1/standards?level=county": 0,
		"/v1/questions?dataset=villages": 0, "/v1/roster?search=贵阳": 1, "/v1/roster?below=guiyang.guizhou&level=county&limit=200": 10,
		"/v1/children?state=joined": 0, "/v1/hosted": 1, "/v1/replicas": 4, "/v1/replicas?limit=3": 3, "/v1/hosted?search=贵州": 1, "/v1/hosted?search=四川": 0,
		"/v1/ledger/entries?limit=200": 6, "/v1/ledger/entries?kind=record": 3, "/v1/ledger/entries?kind=2&sort=index": 2, "/v1/ledger/entries?agency=water": 1,
		"/v1/ledger/entries?code=villages&kind=catalogue+entry": 1, "/v1/ledger/entries?from=2020-01&to=2020-02": 0,
	} {
		path, query, _ := strings.Cut(path, "?")
		v, _ := url.ParseQuery(query)
		w := d.send(t, request{method: "GET", path: path + "?" + v.Encode(), as: "civil-affairs"})
		var p map[string]json.RawMessage
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != http.StatusOK {
			t.Errorf("%s?%s: got %d %s", path, query, w.Code, w.Body)
			continue
		}
		name := path[strings.LastIndex(path, "/")+1:]
		if name == "roster" {
			name = "places"
		}
		var rows []any
		if err := json.Unmarshal(p[name], &rows); err != nil || rows == nil || len(rows) != want {
			t.Errorf("%s?%s: got %d rows, %v, want %d: %.300s", path, query, len(rows), err, want, w.Body)
		}
	}
}

// TestPlacesAreMeant: a list that is narrowed by a place or a level takes what people call it, and
// refuses what means none, as every other request does.
func TestPlacesAreMeant(t *testing.T) {
	d := open(t)
	for _, row := range []struct {
		below, level string
		want         int
	}{
		{"贵阳市", "county", 10}, {"Guiyang", "县级", 10}, {"520100", "COUNTY", 10}, {"guiyang.guizhou", "", 10}, {"", "市级", 9}, {"南明区", "", 0},
	} {
		query := url.Values{"limit": {"200"}}
		for name, value := range map[string]string{"below": row.below, "level": row.level} {
			if value != "" {
				query.Set(name, value)
			}
		}
		got := read(t, d, "/v1/roster", query, func(p client.Roster) (names []string, cursor string) {
			for _, place := range p.Places {
				names = append(names, place.Name)
			}
			return names, p.Cursor
		})
		if len(got) != row.want {
			t.Errorf("%s: got %d places, want %d", query.Encode(), len(got), row.want)
		}
	}
	for path, want := range map[string]text.Code{
		"/v1/roster?level=乡镇街道": text.LevelUnknown, "/v1/standards?level=countyish": text.LevelUnknown, "/v1/roster?below=市5": text.JurisdictionUnknown,
	} {
		path, query, _ := strings.Cut(path, "?")
		name, value, _ := strings.Cut(query, "=")
		d.refused(t, query, request{method: "GET", path: path + "?" + url.Values{name: {value}}.Encode(), as: "civil-affairs"}, want)
	}
}

// TestGrantsAndUsesTakeOrders: grants and what is used are listed in the order that is asked for,
// and no page repeats a row or leaves one out.
func TestGrantsAndUsesTakeOrders(t *testing.T) {
	d := open(t)
	for i := range 5 {
		q := client.Query{Dataset: "villages", Key: fmt.Sprint(1 + i%3), Use: use}
		q.Until = fmt.Sprintf("2027-0%d-01T00:00:00Z", 1+(3*i)%5)
		d.done(t, "POST", "/v1/query", []string{"water", "civil-affairs"}[i%2], q)
	}
	grantsOf := func(p client.Grants) (names []string, cursor string) {
		for _, g := range p.Grants {
			names = append(names, g.Until+" "+g.Grant)
		}
		return names, p.Cursor
	}
	usesOf := func(p client.Uses) (names []string, cursor string) {
		for _, u := range p.Uses {
			names = append(names, u.Entry)
		}
		return names, p.Cursor
	}
	for _, limit := range []string{"1", "2", "200"} {
		up := read(t, d, "/v1/grants", url.Values{"limit": {limit}, "sort": {"until"}}, grantsOf)
		down := read(t, d, "/v1/grants", url.Values{"limit": {limit}, "sort": {"until:desc"}}, grantsOf)
		if slices.Reverse(down); len(up) < 2 || !slices.Equal(up, down) || !slices.IsSorted(up) {
			t.Errorf("grants, pages of %s: got %q and %q", limit, up, down)
		}
		newest := read(t, d, "/v1/uses", url.Values{"limit": {limit}}, usesOf)
		oldest := read(t, d, "/v1/uses", url.Values{"limit": {limit}, "sort": {"time"}}, usesOf)
		if slices.Reverse(oldest); len(newest) != 5 || !slices.Equal(newest, oldest) {
			t.Errorf("uses, pages of %s: got %q and the reverse %q", limit, newest, oldest)
		}
	}
	for _, path := range []string{"/v1/grants", "/v1/grants/held", "/v1/audits", "/v1/uses", "/v1/asked"} {
		d.refused(t, path, request{method: "GET", path: path + "?sort=colour", as: "civil-affairs"}, text.NotAsDescribed)
	}
}

// TestSortsByWhatIsShown: each list is sorted by every member that it says it can be sorted by, as
// the rows show it: entries by ledger and number, and what a row lacks last.
func TestSortsByWhatIsShown(t *testing.T) {
	d := open(t)
	for i := range 12 {
		d.done(t, "POST", "/v1/agencies", "", client.NewAgency{Code: fmt.Sprintf("b%d", i), Title: fmt.Sprintf("第%d局", i%5)})
	}
	for i, basis := range []string{"乙法", "甲法", "丙法"} {
		q := client.Query{Dataset: "villages", Key: fmt.Sprint(1 + i), Use: use}
		q.Until, q.Basis = fmt.Sprintf("2027-0%d-01T00:00:00Z", 1+(2*i)%3), basis
		d.done(t, "POST", "/v1/query", []string{"water", "b0", "b1"}[i], q)
	}
	sorted, differ := 0, 0
	for path, rows := range map[string]string{
		"/v1/agencies": "agencies", "/v1/datasets": "datasets", "/v1/standards": "standards", "/v1/grants": "grants", "/v1/grants/held": "grants",
		"/v1/questions": "questions", "/v1/roster": "places", "/v1/children": "children", "/v1/hosted": "hosted", "/v1/replicas": "replicas", "/v1/audits": "findings",
	} {
		p := d.refused(t, path, request{method: "GET", path: path + "?sort=colour", as: "civil-affairs"}, text.NotAsDescribed)
		if len(p.Errors) != 1 || p.Errors[0].Parameter != "sort" {
			t.Errorf("%s: %+v does not point to the parameter", path, p.Errors)
		}
		_, names, ok := strings.Cut(p.Detail, "it must be one of ")
		if !ok {
			t.Errorf("%s: %q does not say by what it can be sorted", path, p.Detail)
		}
		for _, member := range strings.Split(names, ", ") {
			for _, descending := range []bool{false, true} {
				query := url.Values{"sort": {member + map[bool]string{true: ":desc"}[descending]}, "limit": {"7"}}
				all := read(t, d, path, query, func(p map[string]json.RawMessage) (all []string, cursor string) {
					var shown []map[string]json.RawMessage
					if err := json.Unmarshal(p[rows], &shown); err != nil {
						t.Fatal(path, member, err)
					}
					for _, row := range shown {
						all = append(all, string(row[member]))
					}
					_ = json.Unmarshal(p["cursor"], &cursor)
					return all, cursor
				})
				order := func(a, b string) int {
					return export.Order{Descending: descending}.Compare(export.Row{json.RawMessage(a)}, export.Row{json.RawMessage(b)})
				}
				if sorted++; !slices.IsSortedFunc(all, order) {
					t.Errorf("%s?%s: %q", path, query.Encode(), all)
				}
				if len(slices.Compact(slices.Clone(all))) > 1 {
					differ++
				}
			}
		}
	}
	if sorted < 100 || differ < 20 {
		t.Errorf("%d orders, %d of different values", sorted, differ)
	}
}

// TestAuditsComeInPages: what is open stands first, the oldest before, and then what was found, the
// latest before; in pages as in one.
func TestAuditsComeInPages(t *testing.T) {
	h := hostedIn(newMemory(t, "guizhou"))
	of := func(since, outcome string, entry int) client.Finding {
		f := client.Finding{OpenPoint: client.OpenPoint{Asked: "guizhou/log/1/3", Name: since, Since: since}, Outcome: outcome}
		if outcome != "" {
			f.Entry = fmt.Sprintf("guizhou/log/1/%d", entry)
		}
		return f
	}
	want := []client.Finding{of("2026-01", "", 0), of("2026-02", "", 0), of("2025-03", "lied", 200), of("2026-01", "lied", 99), of("2026-01", "gone", 9)}
	for limit := range 6 {
		w := whole[client.Finding]{Hosted: h, name: "audits", all: slices.Clone(want), id: findingID}
		slices.Reverse(w.all)
		w.Limit = limit + 1
		var got []client.Finding
		for {
			rows, cursor, err := w.page()
			if err != nil {
				t.Fatal(err)
			}
			if got = append(got, rows...); cursor == "" {
				break
			}
			w.Cursor = cursor
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("pages of %d: got %+v", w.Limit, got)
		}
	}
}

// TestEntriesOldestFirst: both orders show every entry once, whatever the length of a page.
func TestEntriesOldestFirst(t *testing.T) {
	d := open(t)
	of := func(p client.Entries) (names []string, cursor string) {
		for _, e := range p.Entries {
			names = append(names, e.Entry)
		}
		return names, p.Cursor
	}
	newest := read(t, d, "/v1/ledger/entries", url.Values{"limit": {"4"}}, of)
	for _, limit := range []string{"1", "3", "200"} {
		got := read(t, d, "/v1/ledger/entries", url.Values{"limit": {limit}, "sort": {"index"}}, of)
		if slices.Reverse(got); len(got) != 6 || !slices.Equal(got, newest) {
			t.Errorf("pages of %s: got %q, want the reverse of %q", limit, got, newest)
		}
	}
}

// TestPagesAreTheList compares the pages of a drawn list with the list as a slice sorts it.
func TestPagesAreTheList(t *testing.T) {
	h := hostedIn(newMemory(t, "guizhou"))
	type row struct {
		ID    string `json:"id"`
		Count uint64 `json:"count"`
		Leads bool   `json:"leads"`
		Title string `json:"title"`
	}
	rapid.Check(t, func(t *rapid.T) {
		var all []row
		for i := range rapid.IntRange(0, 30).Draw(t, "rows") {
			all = append(all, row{fmt.Sprintf("%03d", i), rapid.Uint64Range(0, 12).Draw(t, "count"), rapid.Bool().Draw(t, "leads"), strings.Repeat(rapid.StringN(0, 3, 9).Draw(t, "title"), 60)})
		}
		member := rapid.SampledFrom([]string{"", "id", "count", "leads", "title"}).Draw(t, "sort")
		descending := member != "" && rapid.Bool().Draw(t, "descending")
		w := whole[row]{Hosted: h, name: "drawn", all: all, id: func(r row) string { return r.ID }}
		if w.Sort = member; descending {
			w.Sort += ":desc"
		}
		w.Limit = rapid.IntRange(1, 9).Draw(t, "limit")
		var got []row
		for {
			rows, cursor, err := w.page()
			if err != nil || len(rows) > w.Limit || len(rows) == 0 && len(all) > 0 {
				t.Fatalf("%d rows, %v", len(rows), err)
			}
			if got = append(got, rows...); cursor == "" {
				break
			}
			w.Cursor = cursor
		}
		value, _ := w.valueOf(member)
		want := slices.Clone(all) // in the order of the ids
		slices.SortStableFunc(want, func(a, b row) int {
			return export.Order{Descending: descending}.Compare(export.Row{value(a)}, export.Row{value(b)})
		})
		if !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}
