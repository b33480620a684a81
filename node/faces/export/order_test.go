package export

import (
	"encoding/json"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// aNumber draws a number as JSON may write it.
var aNumber = rapid.Custom(func(t *rapid.T) string {
	whole := rapid.StringMatching(`0|[1-9][0-9]{0,19}`).Draw(t, "whole")
	return rapid.SampledFrom([]string{"", "-"}).Draw(t, "sign") + whole + rapid.StringMatching(`(\.[0-9]{1,9})?([eE][+-]?[0-9])?`).Draw(t, "rest")
})

// TestNumbersCompare holds the order of numbers against math/big.
func TestNumbersCompare(t *testing.T) {
	compare := func(a, b string) int { return Order{}.Compare(Row{json.RawMessage(a)}, Row{json.RawMessage(b)}) }
	rapid.Check(t, func(t *rapid.T) {
		a, b := aNumber.Draw(t, "a"), aNumber.Draw(t, "b")
		if rapid.Bool().Draw(t, "near") { // another spelling of the same, or nearly
			b = a + rapid.SampledFrom([]string{"", "0", "e0"}).Draw(t, "more")
			if !json.Valid([]byte(b)) || strings.ContainsAny(a, "eE") {
				b = a
			}
		}
		x, _ := new(big.Rat).SetString(a)
		y, _ := new(big.Rat).SetString(b)
		if got, want := compare(a, b), x.Cmp(y); got != want {
			t.Errorf("%s and %s: got %d, want %d", a, b, got, want)
		}
	})
	for _, row := range []struct {
		a, b string
		want int
	}{
		{"1e999999999999", "2", 1}, {"1e-999999999999", "2", 1}, {`"a"`, "1e999999999999", -1}, {"0", "-0", 0}, {"-0.0", "0e5", 0},
		{"9007199254740993", "9007199254740992", 1}, {"0.1", "0.10", 0}, {"-5", "-50", 1},
	} {
		if got := compare(row.a, row.b); got != row.want {
			t.Errorf("%s and %s: got %d, want %d", row.a, row.b, got, row.want)
		}
	}
}

func TestOrder(t *testing.T) {
	values := []string{"-1.5", "2", "10", `"a/log/1/9"`, `"a/log/1/10"`, `"a/log/2/1"`, `"a/log/10/0"`, `"a.b/log/1/1"`, `"10"`, `"9"`, `"a"`, `"ａ"`, `"𠮷"`, "[1]", "false", "true", "null"}
	for _, descending := range []bool{false, true} {
		want := slices.Clone(values)
		if descending {
			slices.Reverse(want[:len(want)-1])
		}
		rapid.Check(t, func(t *rapid.T) {
			var rows []Row
			for _, v := range rapid.Permutation(values).Draw(t, "values") {
				rows = append(rows, Row{json.RawMessage(v)})
			}
			slices.SortFunc(rows, Order{Descending: descending}.Compare)
			for i := range rows {
				if string(rows[i][0]) != want[i] {
					t.Fatalf("%d: got %s, want %s", i, rows[i][0], want[i])
				}
			}
		})
	}
}

// TestNothingIsLast: the empty text looks like no value, and stands with it.
func TestNothingIsLast(t *testing.T) {
	for _, o := range []Order{{}, {Descending: true}} {
		if o.Compare(Row{json.RawMessage(`""`)}, Row{json.RawMessage(`"z"`)}) <= 0 || o.Compare(Row{json.RawMessage(`""`)}, Row{nil}) != 0 {
			t.Errorf("%+v: the empty text stands before another", o)
		}
	}
}

// TestSorter holds the sorter, which spills often, against slices.SortStableFunc.
func TestSorter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Order{Column: rapid.IntRange(All, 1).Draw(t, "column"), Descending: rapid.Bool().Draw(t, "descending")}
		s := NewSorter(o)
		defer s.Discard()
		s.most = rapid.SampledFrom([]int{1, 100, 1000, maxHeld}).Draw(t, "held")
		var want []Row
		for i := range rapid.IntRange(0, 60).Draw(t, "rows") {
			row := Row{nil, json.RawMessage(fmt.Sprint(rapid.IntRange(0, 5).Draw(t, "b"))), json.RawMessage(fmt.Sprint(i))}
			if v := rapid.SampledFrom([]string{"", "null", "1", `"x"`, `""`}).Draw(t, "a"); v != "" {
				row[0] = json.RawMessage(v)
			}
			want = append(want, row)
			if err := s.Add(row); err != nil {
				t.Fatal(err)
			}
		}
		slices.SortStableFunc(want, o.Compare)
		var got []Row
		if err := s.Each(func(row Row) error { got = append(got, row); return nil }); err != nil {
			t.Fatal(err)
		}
		if told(got) != told(want) {
			t.Errorf("%v:\n got %s\nwant %s", o, told(got), told(want))
		}
	})
}

func told(rows []Row) string {
	var b strings.Builder
	for _, row := range rows {
		fmt.Fprintf(&b, "%q %t\n", row, row[0] == nil)
	}
	return b.String()
}
