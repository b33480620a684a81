package records

import (
	"fmt"
	"strings"
	"testing"
)

// TestSuppress: what is too small is told together with enough others that nobody can tell it from the total.
func TestSuppress(t *testing.T) {
	for _, row := range []struct {
		counts string
		least  uint64
		want   string
	}{
		{"a 5 b 7", 0, "a 5 b 7"},
		{"a 5 b 7", 5, "a 5 b 7"},
		{"a 4 b 7 c 9", 5, "c 9 * 11"},       // one alone would be the total less the others
		{"a 2 b 3 c 9", 5, "c 9 * 5"},        // two, and five records
		{"a 1 b 2 c 9 d 20", 5, "d 20 * 12"}, // two are only three records
		{"a 4", 5, "* 4"},                    // there is nobody else
		{"a 1 b 1", 5, "* 2"},                //
		{"a 10 b 10 c 10", 11, "* 30"},       //
		{"z 9 a 9 b 1", 5, "z 9 * 10"},       // of the same size, the first by value
		{"", 5, ""},                          //
	} {
		counts := map[string]uint64{}
		fields := strings.Fields(row.counts)
		for i := 0; i < len(fields); i += 2 {
			var n uint64
			if _, err := fmt.Sscan(fields[i+1], &n); err != nil {
				t.Fatal(err)
			}
			counts[`"`+fields[i]+`"`] = n
		}
		var got []string
		for _, g := range grouped(counts, row.least) {
			value := g.Value
			if g.Suppressed {
				value = "*"
			}
			got = append(got, fmt.Sprint(value, " ", g.Count))
		}
		if strings.Join(got, " ") != row.want {
			t.Errorf("%s by %d: got %q, want %q", row.counts, row.least, strings.Join(got, " "), row.want)
		}
	}
}

// TestGroupedValues holds how values are told.
func TestGroupedValues(t *testing.T) {
	got := grouped(map[string]uint64{`"村"`: 1, "7": 2, "true": 3, "null": 4, `"null"`: 5}, 0)
	want := []Group{{"7", 2, false}, {"null", 9, false}, {"true", 3, false}, {"村", 1, false}}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
