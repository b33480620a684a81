package client

import "testing"

// TestNothingEmptyIsSent: a parameter that is not meant is left out, because the API refuses what
// is given and empty.
func TestNothingEmptyIsSent(t *testing.T) {
	for value, want := range map[string]string{"": "", "南明区": "?at=%E5%8D%97%E6%98%8E%E5%8C%BA"} {
		if got := given("at", value); got != want {
			t.Errorf("%q: got %q, want %q", value, got, want)
		}
	}
}
