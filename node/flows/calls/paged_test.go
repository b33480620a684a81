package calls_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"xietong/exchange/gather"
)

// TestMeasureInPages: a measure of another jurisdiction goes on in pages, though nobody waits long
// enough for the whole; both ledgers have each page as a use of which nothing was told.
func TestMeasureInPages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		for n := 2; n <= 25; n++ {
			w.City.Put(t, villages, village(n, fmt.Sprint(n%3)))
		}
		w.City.Opens = time.Second
		q := lookup()
		q.Key, q.Filter, q.Wait = "", "households > 3.5", 10_000
		q.Application.Until = time.Now().AddDate(1, 0, 0).Format(time.RFC3339)
		q.Measure = gather.Measure{Function: gather.Count, By: []gather.By{{Field: "name"}}}
		for pages := 1; ; pages++ {
			got, err := w.County.Ask.Query(t.Context(), newID(), by(water), guiyang, q)
			if err != nil {
				t.Fatal(err)
			}
			_, asked := w.County.SaidAt(t, got.Asked)
			_, used := w.City.SaidAt(t, got.Access)
			if got.Unfinished != (pages < 3) || used["unfinished"] != asked["unfinished"] || (asked["unfinished"] == true) != got.Unfinished {
				t.Fatalf("page %d: got %+v, recorded as %v and %v", pages, got, asked, used)
			}
			if !got.Unfinished {
				if got.Count != 22 || len(got.Groups) != 3 || got.Scanned != 25 {
					t.Errorf("got %+v, want 22 of 25 records in 3 groups", got)
				}
				break
			}
			if got.Scanned != uint64(pages*10) || got.Total != 25 || got.Count != 0 || got.Groups != nil || asked["records"] != nil {
				t.Errorf("page %d tells %+v", pages, got)
			}
			q.Cursor = got.Cursor
		}
	})
}
