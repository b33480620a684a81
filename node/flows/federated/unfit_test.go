package federated_test

import (
	"slices"
	"strings"
	"testing"

	"xietong/exchange/gather"
	"xietong/node/business/catalog"
)

// TestUnfitIsNotHidden: a value that is not as its county's entry says any more is in no sum of
// many, and told of its county beside the total. A count tells of no value, and counts all; and so
// does a sum where another field is what does not fit.
func TestUnfitIsNotHidden(t *testing.T) {
	number, text := `{"type":["number","null"]}`, `"kind":{"type":"string"}`
	left := []gather.LeftOut{{Name: nanming, Incomparable: 1, Of: 3}}
	for _, row := range []struct {
		old, with string
		f         gather.Function
		want      string
		left      []gather.LeftOut
	}{
		{number, `{"type":["number","null"],"maximum":15}`, gather.Sum, "5/4=114.375", left},
		{number, `{"type":["number","null"],"maximum":15}`, gather.Count, "6/0=-", nil},
		{text, `"kind":{"type":"string","pattern":"^a$"}`, gather.Sum, "6/5=134.375", nil},
	} {
		w := measured(t, nil)
		adopt(t, w.At(nanming), func(e *catalog.Entry) { e.Schema = []byte(strings.Replace(incomeSchema, row.old, row.with, 1)) })
		got, err := w.City.Federated.Gather(t.Context(), newID(), by(water), asked(row.f))
		if err != nil || told(got.Groups) != row.want || !slices.Equal(got.Coverage().LeftOut, row.left) || len(got.Audit.Lies) > 0 {
			t.Errorf("%s, %s: got %s, left out %v, %v, %v, want %s and %v", row.with, row.f, told(got.Groups), got.Coverage().LeftOut, got.Audit.Lies, err, row.want, row.left)
		}
	}
}
