package rows

import "testing"

// TestTakesAll: a schema takes what another takes where it says no more.
func TestTakesAll(t *testing.T) {
	const before = `{"type":"object","title":"x","required":["id","n"],"properties":{"id":{"type":"string"},"n":{"type":"number","maximum":9},"o":{"type":"string","title":"o"}}}`
	for next, want := range map[string]bool{
		before: true,
		`{ "properties": {"o":{"type":"string"},"n":{"maximum":9.0,"type":"number"},"id":{"type":"string","description":"y"}}, "type":"object","required":["n","id"]}`:       true,
		`{"type":"object","required":["id"],"properties":{"id":{"type":"string"},"n":{"type":"number","maximum":9},"o":{"type":"string"}}}`:                                  true,
		`{"type":"object","required":["id"],"properties":{"id":{"type":"string"},"o":{"type":"string"}}}`:                                                                    true,
		`{"type":"object","required":["id","n","o"],"properties":{"id":{"type":"string"},"n":{"type":"number","maximum":9},"o":{"type":"string"}}}`:                          false,
		`{"type":"object","required":["id","n"],"properties":{"id":{"type":"string"},"n":{"type":"number","maximum":8},"o":{"type":"string"}}}`:                              false,
		`{"type":"object","required":["id","n"],"properties":{"id":{"type":"string"},"n":{"type":"number"},"o":{"type":"string"}}}`:                                          false, // it may be so all the same
		`{"type":"object","required":["id","n"],"properties":{"id":{"type":"string"},"n":{"type":"number","maximum":9},"o":{"type":"string"},"p":{}}}`:                       false,
		`{"type":"object","required":["id","n"],"minProperties":3,"properties":{"id":{"type":"string"},"n":{"type":"number","maximum":9},"o":{"type":"string"}}}`:            false,
		`{"type":"object","required":["id","n"],"additionalProperties":false,"properties":{"id":{"type":"string"},"n":{"type":"number","maximum":9},"o":{"type":"string"}}}`: false,
		`[]`: false, `{`: false, `{"required":["id"],"required":[]}`: false,
	} {
		if got := TakesAll([]byte(before), []byte(next)); got != want {
			t.Errorf("%s: got %t, want %t", next, got, want)
		}
	}
	// A field cannot go freely where something looks at all members together.
	const together = `{"type":"object","minProperties":2,"properties":{"id":{"type":"string"},"n":{"type":"number"}}}`
	if TakesAll([]byte(together), []byte(`{"type":"object","minProperties":2,"properties":{"id":{"type":"string"}}}`)) {
		t.Error("a record with too few members would be taken")
	}
	if !TakesAll([]byte(together), []byte(together)) {
		t.Error("the same is not taken")
	}
}
