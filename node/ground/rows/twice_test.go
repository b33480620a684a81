package rows

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"xietong/node/ground/table"
)

// outcomes reads a file to its end: of each row its line and what came of it.
func outcomes(t interface{ Fatal(...any) }, s *Schema, file string, o Options) (all []string) {
	src := strings.NewReader(file)
	taken, err := table.Inspect(src, table.Wish{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(src, taken, s, o)
	for err == nil || errors.As(err, new(*Bad)) {
		if _, err = r.Next(); errors.Is(err, io.EOF) {
			return all
		}
		told := "good"
		if bad, ok := errors.AsType[*Bad](err); ok {
			told = bad.Reason
			if bad.Faults[0].First > 0 {
				told += fmt.Sprint(" ", bad.Faults[0].First)
			}
		} else if err != nil {
			told = err.Error()
		}
		all = append(all, fmt.Sprint(r.Line(), " ", told))
	}
	return all
}

// TestOnlyGoodRowsStandTwice: a row stands twice exactly if an earlier row with its key is good,
// and the first of these is named; against a map.
func TestOnlyGoodRowsStandTwice(t *testing.T) {
	s := schemaOf(t, `{"type":"object","required":["k"],"properties":{"k":{"type":"string"},"n":{"type":"integer"}}}`, "k")
	rapid.Check(t, func(t *rapid.T) {
		file, first, want := "k,n\n", map[string]int{}, []string(nil)
		for i := range rapid.IntRange(1, 30).Draw(t, "rows") {
			key, good := rapid.SampledFrom([]string{"a", "b", "c", "각", "\u1100\u1161\u11a8"}).Draw(t, "key"), rapid.Bool().Draw(t, "good")
			file += key + "," + map[bool]string{true: "1", false: "x"}[good] + "\n"
			told := "good"
			if key == "\u1100\u1161\u11a8" {
				key = "각"
			}
			switch line := i + 2; {
			case !good:
				told = "type"
			case first[key] > 0:
				told = fmt.Sprint("duplicate key ", first[key])
			default:
				first[key] = line
			}
			want = append(want, fmt.Sprint(i+2, " ", told))
		}
		if got := outcomes(t, s, file, Options{}); !slices.Equal(got, want) {
			t.Fatalf("%q:\ngot %q\nwant %q", file, got, want)
		}
	})
}

// TestOneOutcomeOfARow: what a row comes to is decided once, when it is read: an error of what the
// records are asked is told, also one that would not come again, and hides no key that stands
// twice.
func TestOneOutcomeOfARow(t *testing.T) {
	s := schemaOf(t, `{"type":"object","required":["k"],"properties":{"k":{"type":"string"},"a":{"type":"string"},"b":{"type":"string"}}}`, "k")
	failed := errors.New("read record: the disk is gone")
	for _, row := range []struct {
		call int
		err  error
		want []string
	}{
		{0, nil, []string{"2 good", "3 good", "4 duplicate key 2", "5 duplicate key 3"}},
		{1, failed, []string{"2 " + failed.Error()}},
		{1, &NotKept{Key: []byte(`"1"`), Reason: "unfit record"}, []string{"2 unfit record", "3 good", "4 good", "5 duplicate key 3"}},
		{3, &NotKept{Key: []byte(`"1"`), Reason: "unfit record"}, []string{"2 good", "3 good", "4 unfit record", "5 duplicate key 3"}},
	} {
		calls := map[string]int{}
		o := Options{Present: func(key []byte) ([]byte, error) {
			if calls["all"]++; calls["all"] == row.call {
				return nil, row.err
			}
			return nil, nil
		}}
		if got := outcomes(t, s, "k,a\n1,a\n2,b\n1,c\n2,d\n", o); !slices.Equal(got, row.want) {
			t.Errorf("an error at call %d:\ngot  %q\nwant %q", row.call, got, row.want)
		}
	}
}

// TestRowsThatWereNotSurveyed: a row behind the end of the survey is no good row, whatever it is:
// nobody knows whether its key stands twice.
func TestRowsThatWereNotSurveyed(t *testing.T) {
	s := schemaOf(t, `{"type":"object","required":["k"],"properties":{"k":{"type":"string"},"n":{"type":"integer"}}}`, "k")
	g := strings.NewReader("k,n\n1,1\n2,2\n")
	taken, err := table.Inspect(g, table.Wish{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := Open(g, taken, s, Options{})
	if err != nil {
		t.Fatal(err)
	}
	r.surveyed--
	_, first := r.Next()
	if _, second := r.Next(); first != nil || !errors.Is(second, ErrFile) {
		t.Errorf("got %v, then %v", first, second)
	}
}
