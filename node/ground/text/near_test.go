package text

import "testing"

// TestNearest tells the codes that somebody may have meant, the nearest first.
func TestNearest(t *testing.T) {
	codes := []string{"households", "villages", "village-roads", "vehicles", "x"}
	for typed, want := range map[string]string{
		"village": "villages, village-roads", "vilages": "villages", "household": "households", "population": "",
	} {
		if got := Nearest(typed, codes); got != want {
			t.Errorf("near %q: got %q, want %q", typed, got, want)
		}
	}
}

// TestNearIsTold tells places so that each way of naming them can be typed.
func TestNearIsTold(t *testing.T) {
	value := NearAll([]Near{{"南明区", "贵阳市", "520102", "nanming.guiyang.guizhou"}, {"A/B, C", "", "", "x"}})
	if got, want := nearTold(Zh, value), "南明区（贵阳市，520102，nanming.guiyang.guizhou）、A B C（x）"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := nearTold(En, value), "南明区 (贵阳市, 520102, nanming.guiyang.guizhou); A B C (x)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
