package records

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/rows"
	"xietong/node/ground/table"
	"xietong/node/ground/text"
)

var silentCode = must(identity.ParseLabel("silent"))

// silent returns a ledger with three records of a dataset with a rule between its fields.
func silent(t *testing.T) (*booktest.Ledger, *Desk) {
	t.Helper()
	l, desk := open(t)
	e := villages()
	e.Code, e.Key, e.Indexed = silentCode, "id", nil
	e.Schema = []byte(`{"type":"object","required":["id"],
		"properties":{"id":{"type":"string"},"kind":{"type":"string"},"income":{"type":"number"},"phone":{"type":"string"}},
		"if":{"properties":{"kind":{"const":"exempt"}}},"then":{"properties":{"income":{"maximum":0},"phone":{"maxLength":0}}}}`)
	if _, err := catalog.Publish(t.Context(), l, newID(), civil, e); err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		record := fmt.Sprintf(`{"id":"%d","income":300%d,"kind":"a","phone":"1380000000%d"}`, i, i, i)
		if _, err := desk.Put(t.Context(), newID(), civil, silentCode, []byte(record)); err != nil {
			t.Fatal(err)
		}
	}
	return l, desk
}

var keeping = Reading{Wish: table.Wish{Format: "csv"}, Missing: MissingKeep}

// spied is a file that tries the other fields of two records, and of one that is not there.
const spied = "id,kind\n0,exempt\n1,exempt\n7,exempt\n2,b\n"

// TestCheckLeavesATrace (S04c): a check that puts the present values of records to the rows of a
// file is recorded as a use before it tells which rows fit them, and tells no value.
func TestCheckLeavesATrace(t *testing.T) {
	l, desk := silent(t)
	c, err := desk.Check(t.Context(), civil, silentCode, keeping, strings.NewReader(spied))
	if err != nil || c.Rows != 4 || c.Good != 2 || c.BadCount != 2 {
		t.Fatalf("got %+v, %v", c, err)
	}
	for _, b := range c.Bad {
		if len(b.Faults) != 1 || b.Faults[0] != (rows.Fault{Line: b.Line, Reason: "kept", Expected: "income, phone"}) {
			t.Errorf("row %d: got %+v", b.Row, b.Faults)
		}
	}
	n, last := accesses(t, l)
	if n != 1 || last["operation"] != "check" || last["rows"] != 3.0 || last["dataset"] != "silent" || last["consumer"] != identity.NewAgency(nanming, agency).String() {
		t.Errorf("got %d uses, %v", n, last)
	}
	before := sizeOf(t, l)
	var bad strings.Builder
	if err := desk.BadRows(t.Context(), civil, silentCode, keeping, text.En, strings.NewReader(spied), &bad); err != nil {
		t.Fatal(err)
	}
	if got := bad.String(); strings.Contains(got, "300") || strings.Contains(got, "138") || strings.Count(got, "\n") != 3 {
		t.Errorf("got %s", got)
	}
	f := File{Reading: keeping, Hash: c.Hash, Rows: c.Rows, Good: c.Good, KeepGood: true, Plan: c.Plan}
	if after := sizeOf(t, l); after != before {
		t.Errorf("the bad rows of the file that was checked left %d entries", after-before)
	}
	if _, err := desk.Load(t.Context(), newID(), civil, silentCode, f, strings.NewReader(spied), nil); err != nil {
		t.Fatal(err)
	}
	if n, _ := accesses(t, l); n != 1 {
		t.Errorf("with the load there are %d uses, want the one of the check", n)
	}
}

// TestBadRowsLeaveATrace: so is a reading of the bad rows alone, of another file than was checked
// last, or of records that have changed since; and a file that is checked twice is told twice.
func TestBadRowsLeaveATrace(t *testing.T) {
	l, desk := silent(t)
	badRows := func(file string, how Reading) func() error {
		return func() error {
			return desk.BadRows(t.Context(), civil, silentCode, how, text.En, strings.NewReader(file), &strings.Builder{})
		}
	}
	check := func(file string, how Reading) func() error {
		return func() error {
			_, err := desk.Check(t.Context(), civil, silentCode, how, strings.NewReader(file))
			return err
		}
	}
	whole := "id,kind,income,phone\n0,exempt,1,1\n"
	as := keeping
	as.AsSpreadsheet = true
	for _, row := range []struct {
		what string
		do   func() error
		uses int
	}{
		{"bad rows", badRows(spied, keeping), 1},
		{"the same", badRows(spied, keeping), 0},
		{"a check of it", check(spied, keeping), 1},
		{"a second check", check(spied, keeping), 1},
		{"read otherwise", badRows(spied, as), 1},
		{"another file", badRows("id,kind\n0,exempt\n", keeping), 1},
		{"records that are not there", check("id,kind\n8,exempt\n", keeping), 0},
		{"a file that lacks nothing", check(whole, keeping), 0},
		{"its bad rows", badRows(whole, keeping), 0},
		{"no value kept", check("id,kind\n0,exempt\n", Reading{Missing: MissingClear}), 0},
		{"bad rows again", badRows(spied, keeping), 1},
	} {
		before, _ := accesses(t, l)
		if err := row.do(); err != nil {
			t.Fatalf("%s: %v", row.what, err)
		}
		if n, _ := accesses(t, l); n-before != row.uses {
			t.Errorf("%s: got %d uses, want %d", row.what, n-before, row.uses)
		}
	}
	if _, err := desk.Put(t.Context(), newID(), civil, silentCode, []byte(`{"id":"0","income":0,"kind":"a"}`)); err != nil {
		t.Fatal(err)
	}
	before, _ := accesses(t, l)
	if err := badRows(spied, keeping)(); err != nil {
		t.Fatal(err)
	}
	if n, _ := accesses(t, l); n != before+1 {
		t.Errorf("of records that changed: got %d uses, want 1", n-before)
	}
}

// unwritable is a ledger that takes no command.
type unwritable struct{ *booktest.Ledger }

func (unwritable) Propose(context.Context, state.Kind, book.Request, []byte) ([]byte, error) {
	return nil, errors.New("no disk")
}

// TestCutCheckLeavesATrace: a reading that ends early is recorded too, and one that cannot be
// recorded tells nothing.
func TestCutCheckLeavesATrace(t *testing.T) {
	l, _ := silent(t)
	ctx, cancel := context.WithCancel(t.Context())
	o := &opening{Ledger: l, each: func() error { cancel(); return nil }}
	if _, err := NewDesk(o).Check(ctx, civil, silentCode, keeping, strings.NewReader(spied)); !errors.Is(err, context.Canceled) {
		t.Errorf("a check that was cut off: got %v", err)
	}
	if n, last := accesses(t, l); n != 1 || last["refused"] != string(text.Late) || last["rows"] != 0.0 {
		t.Errorf("got %d uses, %v", n, last)
	}
	desk, bad := NewDesk(unwritable{l}), &strings.Builder{}
	if _, err := desk.Check(t.Context(), civil, silentCode, keeping, strings.NewReader(spied)); err == nil {
		t.Errorf("a check that could not be recorded: got no error")
	}
	if err := desk.BadRows(t.Context(), civil, silentCode, keeping, text.En, strings.NewReader(spied), bad); err == nil || bad.Len() > 0 {
		t.Errorf("bad rows that could not be recorded: got %q, %v", bad, err)
	}
}
