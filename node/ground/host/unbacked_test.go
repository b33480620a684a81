package host

import "testing"

// TestUnbackedWord (C46): a parent may have been set back with this machine: while the level above
// it has not said what it has, that the parent saw no more settles the question after ten minutes.
func TestUnbackedWord(t *testing.T) {
	dir := t.TempDir()
	h := open(t, dir)
	add(t, h)
	parent := seen(t, h)
	closed(t, h)
	h = tryOpen(t, copyOf(t, dir), "")
	defer func() { closed(t, h) }()
	add(t, h)
	parent.Unbacked = true
	if err := h.askOnce(t.Context(), told{seen: []Seen{parent}}); err != nil || signs(t, h) {
		t.Fatalf("it signs at once, or %v", err)
	}
	h.reword(func(q *QuestionError) { q.Since = q.Since.Add(-AskAgain) })
	if err := h.askOnce(t.Context(), told{seen: []Seen{parent}}); err != nil || !signs(t, h) {
		t.Errorf("after %s it does not sign, or %v", AskAgain, err)
	}
}
