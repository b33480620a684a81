package records

import (
	"reflect"
	"testing"
)

// TestColumns (E12): an answer tells its fields as people list them, the key first and then in the
// order of the schema, whatever a record holds and in which order they were asked for.
func TestColumns(t *testing.T) {
	_, desk := open(t)
	for name, row := range map[string]struct {
		q    Question
		want []string
	}{
		"all":       {Question{Dataset: code}, []string{"code", "name", "township"}},
		"some":      {Question{Dataset: code, Fields: []string{"township", "code"}}, []string{"code", "township"}},
		"one":       {Question{Dataset: code, Key: "520102016001", Fields: []string{"name"}}, []string{"name"}},
		"a measure": {Question{Dataset: code, Measure: counted}, nil},
		"none left": {Question{Dataset: code, Key: "520102016002"}, []string{"code", "name", "township"}},
	} {
		row.q.Purpose = "statistics"
		got, err := desk.Query(t.Context(), newID(), civil, row.q)
		if err != nil || !reflect.DeepEqual(got.Columns, row.want) {
			t.Errorf("%s: got %q, %v, want %q", name, got.Columns, err, row.want)
		}
	}
	bad := Answer{Columns: []string{"a\x1b"}}
	if bad.Check() == nil {
		t.Error("a column of a bad name is taken")
	}
}
