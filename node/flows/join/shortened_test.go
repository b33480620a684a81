package join

import "testing"

// TestShortNameIsOfTheName (A55): a short name comes with an invitation, which nobody signed as it
// is read. It counts only where it shortens the name that was endorsed.
func TestShortNameIsOfTheName(t *testing.T) {
	for _, row := range []struct{ name, short, want string }{
		{"威宁彝族回族苗族自治县", "威宁县", "威宁县"},
		{"南明区", "南明区", "南明区"},
		{"Nanming District", "Nanming", "Nanming"},
		{"南明区", "遵义市", "南明区"},
		{"南明区", "区南", "南明区"},
		{"南明区", "南南", "南明区"},
		{"威宁彝族回族苗族自治县", "威宁县人民政府", "威宁彝族回族苗族自治县"},
		{"南明区", "", ""},
	} {
		if got := shortened(row.name, row.short); got != row.want {
			t.Errorf("%s, %q: got %q, want %q", row.name, row.short, got, row.want)
		}
	}
}
