package federated_test

import (
	"slices"
	"strings"
	"testing"

	"xietong/exchange/gather"
	"xietong/node/business/catalog"
)

// TestUnfitIsNotHidden: a record that is not as its county's entry says any more is in no sum of
// many, and told of its county beside the total.
func TestUnfitIsNotHidden(t *testing.T) {
	w := measured(t, nil)
	adopt(t, w.At(nanming), func(e *catalog.Entry) {
		e.Schema = []byte(strings.Replace(incomeSchema, `"kind":{"type":"string"}`, `"kind":{"type":"string","pattern":"^a$"}`, 1))
	})
	for f, want := range map[gather.Function]string{gather.Count: "5/0=-", gather.Sum: "5/4=114.375"} {
		got, err := w.City.Federated.Gather(t.Context(), newID(), by(water), asked(f))
		left := []gather.LeftOut{{Name: nanming, Incomparable: 1, Of: 3}}
		if err != nil || told(got.Groups) != want || !slices.Equal(got.Coverage().LeftOut, left) || len(got.Audit.Lies) > 0 {
			t.Errorf("%s: got %s, left out %v, %v, %v, want %s and %v", f, told(got.Groups), got.Coverage().LeftOut, got.Audit.Lies, err, want, left)
		}
	}
}
