package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/node/business/catalog"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// wrongLists are of the lists of uses.
func wrongLists() []wrong {
	all := []wrong{
		row("entries", "of no kind", "GET", "/v1/ledger/entries?kind=colour", "", nil, text.KindUnknown),
		row("entries", "of no agency", "GET", "/v1/ledger/entries?agency=No+Code", "", nil, text.BadRequest),
		row("entries", "in no order", "GET", "/v1/ledger/entries?sort=kind", "", nil, text.NotAsDescribed),
		row("entries", "a cursor of none", "GET", "/v1/ledger/entries?cursor=x", "", nil, text.CursorNotOfList),
	}
	for id, path := range map[string]string{
		"agencies": "/v1/agencies", "datasets": "/v1/datasets", "standards": "/v1/standards", "questions": "/v1/questions", "roster": "/v1/roster",
		"children": "/v1/children", "hosted": "/v1/hosted",
	} {
		all = append(all,
			row(id, "sorted by what it has not", "GET", path+"?sort=colour", "water", nil, text.NotAsDescribed),
			row(id, "a cursor of none", "GET", path+"?cursor=x", "water", nil, text.CursorNotOfList),
			row(id, "a page too long", "GET", path+"?limit=201", "water", nil, text.NotAsDescribed),
		)
	}
	for id, path := range map[string]string{"asked": "/v1/asked", "count-asked": "/v1/asked/counts", "held-grants": "/v1/grants/held"} {
		all = append(all,
			row(id, "of another agency", "GET", path+"?agency=water", "civil-affairs", nil, text.OthersList),
			row(id, "of an agency that is none", "GET", path+"?agency=No+Code", "civil-affairs", nil, text.BadRequest),
		)
	}
	for id, path := range map[string]string{"uses": "/v1/uses", "count-uses": "/v1/uses/counts"} {
		all = append(all,
			row(id, "of another's dataset", "GET", path+"?dataset=villages", "water", nil, text.NotProvider),
			row(id, "of no dataset", "GET", path+"?dataset=towns", "civil-affairs", nil, text.UnknownDataset),
		)
	}
	for id, path := range map[string]string{
		"uses": "/v1/uses", "count-uses": "/v1/uses/counts", "asked": "/v1/asked", "count-asked": "/v1/asked/counts", "held-grants": "/v1/grants/held",
	} {
		all = append(all,
			row(id, "of an unknown agency", "GET", path, "forestry", nil, text.UnknownAgency),
			row(id, "an empty condition", "GET", path+"?cursor=", "civil-affairs", nil, text.Empty),
			row(id, "a condition that is none", "GET", path+"?datset=villages", "civil-affairs", nil, text.BadRequest),
			row(id, "a condition twice", "GET", path+"?limit=1&limit=2", "civil-affairs", nil, text.BadRequest),
			row(id, "too many rows", "GET", path+"?limit=201", "civil-affairs", nil, text.NotAsDescribed),
			row(id, "a cursor of none", "GET", path+"?cursor=x", "civil-affairs", nil, text.CursorNotOfList),
		)
	}
	return append(all,
		row("uses", "from no time", "GET", "/v1/uses?from=soon", "", nil, text.PeriodInvalid),
		row("uses", "a time without its zone", "GET", "/v1/uses?from=2026-10-31T10:00:00", "", nil, text.PeriodInvalid),
		row("uses", "an end before the beginning", "GET", "/v1/uses?from=2026-10&to=2026-09", "", nil, text.PeriodInvalid),
		row("uses", "by an agency that is none", "GET", "/v1/uses?agency=No+Code", "", nil, text.BadRequest),
		row("uses", "from nowhere", "GET", "/v1/uses?jurisdiction=No+Where", "", nil, text.JurisdictionUnknown),
		row("asked", "from no time", "GET", "/v1/asked?from=soon", "", nil, text.PeriodInvalid),
		row("asked", "of nowhere", "GET", "/v1/asked?at=No+Where", "", nil, text.JurisdictionUnknown),
		row("asked", "of a code that is none", "GET", "/v1/asked?dataset=No+Code", "", nil, text.UnknownDataset),
		row("count-asked", "of a day", "GET", "/v1/asked/counts?to=2026-10-31", "", nil, text.MonthsOnly),
		row("count-uses", "of a day", "GET", "/v1/uses/counts?from=2026-10-31", "", nil, text.MonthsOnly),
		row("count-uses", "by colour", "GET", "/v1/uses/counts?by=colour", "", nil, text.NotAsDescribed),
	)
}

func listed[T any](t *testing.T, d *door, path, as string) (got T) {
	t.Helper()
	if err := json.Unmarshal(d.done(t, "GET", path, as, nil), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestUses has two agencies use a dataset, and its provider list who did, page by page.
func TestUses(t *testing.T) {
	d := open(t)
	next := edited(villages(), func(s *client.NewDataset) { s.SmallestCell = 3 })
	d.publishLater(t, next)
	query := client.Query{Dataset: "villages", Key: "1", Use: use}
	d.done(t, "POST", "/v1/query", "water", query)
	d.Clock = d.Clock.Add(31 * 24 * time.Hour)
	d.done(t, "POST", "/v1/query", "civil-affairs", client.Query{Dataset: "villages", Filter: `name == "SECRET"`, Use: use})
	d.done(t, "POST", "/v1/verify", "water", client.Verification{
		Dataset: "villages", Key: "2", Field: "name", Value: json.RawMessage(`"SECRET"`), Use: use,
	})
	var refused client.Problem
	w := d.send(t, request{method: "POST", path: "/v1/query", as: "water", body: client.Query{
		Dataset: "villages", Filter: "people == 1", Measure: &client.Measure{Function: "sum", Field: "people"}, Use: use,
	}})
	if err := json.Unmarshal(w.Body.Bytes(), &refused); err != nil || refused.Code != string(text.GroupTooSmall) {
		t.Fatalf("got %s, %v", w.Body, err)
	}
	var got []client.Used
	for cursor, first := "", true; first || cursor != ""; first = false {
		path := "/v1/uses?limit=1"
		if cursor != "" {
			path += "&cursor=" + cursor
		}
		page := listed[client.Uses](t, d, path, "civil-affairs")
		if got, cursor = append(got, page.Uses...), page.Cursor; len(page.Uses) != 1 {
			t.Fatalf("got the page %+v", page)
		}
	}
	want := []client.Used{
		{Operation: "sum", Consumer: "spiffe://guizhou/agency/water", Refused: true, Why: "group-too-small", Time: "2026-12-25T09:00:00Z"},
		{Operation: "verify", Consumer: "spiffe://guizhou/agency/water", Time: "2026-12-25T09:00:00Z"},
		{Operation: "search", Consumer: "spiffe://guizhou/agency/civil-affairs", Time: "2026-12-25T09:00:00Z"},
		{Operation: "lookup", Consumer: "spiffe://guizhou/agency/water", Rows: 1, Time: "2026-11-24T09:00:00Z"},
	}
	for i := range want {
		agency := strings.TrimPrefix(want[i].Consumer, "spiffe://guizhou/agency/")
		want[i].Called = d.server.node.Hosted()[0].Standing.CalledShort(d.Name()) + " " + agency
		want[i].Provider, want[i].Dataset, want[i].Purpose = "civil-affairs", "villages", "statistics"
		if i < len(got) {
			want[i].Entry, want[i].Grant = got[i].Entry, got[i].Grant
			own := want[i].Consumer == "spiffe://guizhou/agency/civil-affairs"
			if d.done(t, "GET", "/v1/receipt?entry="+got[i].Entry, "civil-affairs", nil) == nil || (got[i].Grant == "") != own {
				t.Errorf("%+v: its grant is %q", want[i], got[i].Grant)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	if all := listed[client.Uses](t, d, "/v1/uses", ""); len(all.Uses) != 4 {
		t.Errorf("an administrator sees %d", len(all.Uses))
	}
	if none := listed[client.Uses](t, d, "/v1/uses", "water"); len(none.Uses) != 0 || none.Uses == nil {
		t.Errorf("the consumer sees %+v", none)
	}
	if one := listed[client.Uses](t, d, "/v1/uses?to=2026-11&agency=water&jurisdiction=guizhou&purpose=statistics&dataset=villages", ""); len(one.Uses) != 1 || one.To != "2026-11-30T16:00:00Z" {
		t.Errorf("of November there are %+v", one)
	}
	counts := listed[client.MonthlyCounts](t, d, "/v1/uses/counts?by=agency", "civil-affairs")
	for i, want := range []client.MonthlyCount{
		{Month: "2026-12", Agency: "spiffe://guizhou/agency/civil-affairs", Count: 1},
		{Month: "2026-12", Agency: "spiffe://guizhou/agency/water", Count: 1, Refused: 1}, {Month: "2026-11", Agency: "spiffe://guizhou/agency/water", Count: 1},
	} {
		if i < len(counts.Counts) {
			want.Called = counts.Counts[i].Called
		}
		if i >= len(counts.Counts) || counts.Counts[i] != want || want.Called == "" {
			t.Errorf("got the counts %+v, want %+v as number %d", counts.Counts, want, i)
		}
	}
}

// TestListsTellNothingSealed looks for what was asked in everything that the lists answer.
func TestListsTellNothingSealed(t *testing.T) {
	d := open(t)
	d.done(t, "POST", "/v1/query", "water", client.Query{Dataset: "villages", Filter: `name == "SECRET"`, Use: use})
	for _, as := range []string{"", "civil-affairs", "water"} {
		for _, path := range []string{"/v1/uses", "/v1/uses/counts?by=dataset", "/v1/asked", "/v1/asked/counts?by=agency", "/v1/grants/held"} {
			w := d.send(t, request{method: http.MethodGet, path: path, as: as})
			for _, told := range []string{"SECRET", "parameters", "keys", "outcome\"", "as_of"} {
				if strings.Contains(w.Body.String(), told) {
					t.Errorf("%s as %q tells %s: %s", path, as, told, w.Body)
				}
			}
		}
	}
}

// publishLater publishes a later version of an entry, without a look at the records.
func (d *door) publishLater(t *testing.T, next client.NewDataset) {
	t.Helper()
	must(catalog.Publish(t.Context(), d.Ledger, must(identity.NewMessage()), catalog.Local("civil-affairs"), must(datasetSent(next))))
}
