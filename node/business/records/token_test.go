package records_test

import (
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/node/business/records"
	"xietong/node/ground/operation"
)

// TestCursorIsAToken (A38b): the cursor of another jurisdiction's answer is told with a flag, to be
// copied into a shell, so it has no characters but those of a token.
func TestCursorIsAToken(t *testing.T) {
	grant := must(identity.ParseEntry("guiyang.guizhou/log/1/7"))
	for cursor, taken := range map[string]bool{
		"AZaz09-_": true, strings.Repeat("A", 512): true, strings.Repeat("A", 513): false, "x; touch /tmp/f #": false, "a b": false, "a=": false, "$(x)": false, "a\n": false, "甲": false,
	} {
		told := records.Answer{
			Rows: [][]byte{[]byte(`{"code":"520102016001"}`)}, Columns: []string{"code"}, Count: 1, Scanned: 1, Cursor: cursor, AsOf: 9, Use: records.Use{Grant: grant},
		}
		got, err := records.Remote{Caller: answering(encoded(told))}.Query(t.Context(), operation.Asking{}, records.Question{Dataset: named("villages")})
		if taken != (err == nil) || taken && got.Cursor != cursor {
			t.Errorf("%q: got %+v, %v", cursor, got, err)
		}
	}
}
