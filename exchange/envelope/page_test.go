package envelope

import (
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
)

const formatPage = "../../docs/message-format.md"

var (
	example   = regexp.MustCompile("(?s)```(hex|diag) ([a-z0-9-]+)\n(.*?)```\n")
	reasonRow = regexp.MustCompile("(?m)^\\| [^|]*\\| `([a-z-]+)` \\|")
	annotated = regexp.MustCompile(`(?m)^//\t *((?:[0-9a-f]{2} ?)+)(?: {2,}.*)?$`)
)

// TestPageShowsTheVectors compares every example of the page with the vector that it names;
// -rewrite writes the examples.
func TestPageShowsTheVectors(t *testing.T) {
	data, err := os.ReadFile(formatPage)
	if err != nil {
		t.Fatal(err)
	}
	parts := newWorld().parts()
	shown := 0
	want := example.ReplaceAllStringFunc(string(data), func(block string) string {
		m := example.FindStringSubmatch(block)
		i := slices.IndexFunc(parts, func(p part) bool { return p.Name == m[2] })
		if i < 0 {
			t.Errorf("the page shows %s, which is no vector", m[2])
			return block
		}
		shown++
		return fmt.Sprintf("```%s %s\n%s```\n", m[1], m[2], show(m[1], parts[i], parts))
	})
	if *rewrite {
		if err := os.WriteFile(formatPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(data) {
		t.Errorf("%s: an example differs from its vector; go test ./exchange/envelope -run TestPage -rewrite", formatPage)
	}
	if fences := strings.Count(want, "```")/2 - 1; shown < 20 || shown != fences { // one block is a command
		t.Errorf("%d of %d blocks are vectors", shown, fences)
	}
}

// TestPageListsTheReasons checks that the page explains every reason once, and no other reason.
func TestPageListsTheReasons(t *testing.T) {
	data, err := os.ReadFile(formatPage)
	if err != nil {
		t.Fatal(err)
	}
	_, checks, _ := strings.Cut(string(data), "\n## Checking a message\n")
	var got, want []string
	for _, m := range reasonRow.FindAllStringSubmatch(checks, -1) {
		got = append(got, m[1])
	}
	for _, r := range refusals {
		want = append(want, r.word)
	}
	slices.Sort(got)
	slices.Sort(want)
	if want = slices.Compact(want); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestExample checks that the message in the package comment is real and the same as its vector.
func TestExample(t *testing.T) {
	source, err := os.ReadFile("envelope.go")
	if err != nil {
		t.Fatal(err)
	}
	comment, _, _ := strings.Cut(string(source), "\npackage envelope\n")
	var got string
	for _, m := range annotated.FindAllStringSubmatch(comment, -1) {
		got += strings.ReplaceAll(m[1], " ", "")
	}
	if want := hex.EncodeToString(newWorld().smallest().frame()); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// show writes a part as the page shows it, in lines of at most 110 characters if possible.
func show(as string, p part, all []part) string {
	if as == "hex" {
		var b strings.Builder
		for line := range slices.Chunk(p.bytes(), 50) {
			fmt.Fprintf(&b, "%x\n", line)
		}
		return b.String()
	}
	text := must(cbor.Diagnose(p.bytes()))
	for _, other := range all {
		if other.Name != p.Name && len(other.bytes()) >= 27 {
			text = strings.ReplaceAll(text, "h'"+other.Hex+"'", "<"+other.Name+">")
		}
	}
	return wrap(text, 110)
}

func wrap(text string, width int) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Split(text, ", ") {
		if i > 0 {
			b.WriteString(",")
			if column++; column+1+len(word) > width {
				b.WriteString("\n  ")
				column = 2
			} else {
				b.WriteString(" ")
				column++
			}
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String() + "\n"
}
