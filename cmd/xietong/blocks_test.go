package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// damagedPart is an export of five records in three pages that was interrupted after the second.
type damagedPart struct {
	p     *paged
	b     *workbench
	file  string
	whole []byte   // what the export is
	part  []byte   // what is kept
	rows  []string // in it
}

func newDamagedPart(t *testing.T) *damagedPart {
	t.Helper()
	d := &damagedPart{p: &paged{n: 5, size: 2, budget: -1, code: "quota-spent"}, file: filepath.Join(t.TempDir(), "d.csv")}
	d.b = pagedBench(t, d.p)
	d.run()
	d.whole = d.read(t, d.file)
	d.p.budget = 2
	d.run()
	d.part = d.read(t, d.file+partSuffix)
	d.rows, _ = d.kept(t, "undamaged", d.part)
	d.p.budget = -1
	return d
}

func (d *damagedPart) run() (int, string) {
	_ = os.Remove(d.file)
	code, _, stderr := d.b.run("query", "d", "--all", "--out", d.file)
	return code, stderr
}

func (d *damagedPart) read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// goOn runs the export again with a damaged file, and returns what it says. What it writes must be
// what an undamaged file leads to.
func (d *damagedPart) goOn(t *testing.T, what string, part []byte) string {
	t.Helper()
	if err := os.WriteFile(d.file+partSuffix, part, 0o600); err != nil {
		t.Fatal(err)
	}
	code, stderr := d.run()
	got, _ := os.ReadFile(d.file)
	if code != exitDone || !bytes.Equal(got, d.whole) {
		t.Errorf("%s: exit %d, got %q, want %q: %s", what, code, got, d.whole, stderr)
	}
	return stderr
}

// kept returns the records that are gone on from where the file is as given, and the key of the
// page that is asked for next.
func (d *damagedPart) kept(t *testing.T, what string, data []byte) (records []string, ask string) {
	t.Helper()
	file := filepath.Join(filepath.Dir(d.file), "kept")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	question := strings.SplitN(string(d.part), `"`, 5)[3]
	p, err := openPart(file, question)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer p.close()
	err = p.each(func(of page, record json.RawMessage) error {
		records = append(records, of.Answer.Cursor+string(record))
		return nil
	})
	if err != nil || p.rows != uint64(len(records)) {
		t.Errorf("%s: %v, %d rows of %d", what, err, len(records), p.rows)
	}
	return records, p.ask
}

// damaged checks that of a damaged file whole pages are kept, from the first one, and no other key
// than one of those that were used; and for some files, that the export comes out right.
func (d *damagedPart) damaged(t *testing.T, i int, what string, data []byte) {
	t.Helper()
	got, ask := d.kept(t, what, data)
	if n := len(got); n%d.p.size != 0 || n > len(d.rows) || !slices.Equal(got, d.rows[:n]) || !bytes.Contains(d.part, []byte(ask)) {
		t.Errorf("%s: got %q and the key %q, want the first of %q", what, got, ask, d.rows)
	}
	if i%41 == 0 {
		d.goOn(t, what, data)
	}
}

// TestDamagedPart changes every byte of what is kept of an export, in some ways: the export is the
// same as if nothing had been changed.
func TestDamagedPart(t *testing.T) {
	d := newDamagedPart(t)
	for i := range d.part {
		for _, flip := range []byte{1 << (i % 8), d.part[i] ^ '\n'} {
			data := slices.Clone(d.part)
			data[i] ^= flip
			d.damaged(t, i, fmt.Sprintf("byte %d is %q instead of %q", i, data[i], d.part[i]), data)
		}
	}
}

// TestCutPart cuts what is kept at every length, and has zeros follow, as a loss of power leaves
// them.
func TestCutPart(t *testing.T) {
	d := newDamagedPart(t)
	for n := range len(d.part) + 1 {
		d.damaged(t, n, fmt.Sprintf("the first %d bytes", n), d.part[:n])
		zeros := slices.Concat(d.part[:n], make([]byte, len(d.part)-n+100*(n%2)))
		d.damaged(t, n, fmt.Sprintf("the first %d bytes, and zeros", n), zeros)
	}
}

// FuzzPart opens a file of any content: it is refused, or what is kept of it is given whole, and is
// the same when it is opened again.
func FuzzPart(f *testing.F) {
	const question = "5f2a"
	rows := `{"row":{"code":"1"}}` + "\n" + `{"page":{"answer":{"cursor":"x"}},"rows":1}` + "\n"
	f.Add([]byte(rows), []byte{})
	f.Add([]byte(`{"ask":"k"}`+"\n"), []byte(rows))
	f.Add([]byte(`{"page":{"answer":{"cursor":""}}}`+"\n"), []byte("\x00"))
	f.Fuzz(func(t *testing.T, first, rest []byte) {
		file := filepath.Join(t.TempDir(), "d.csv"+partSuffix)
		if err := os.WriteFile(file, []byte(`{"question":"`+question+`"}`+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		sealed(t, file, string(first))
		appended(t, file, string(rest))
		var before int
		for again := range 2 {
			p, err := openPart(file, question)
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			err = p.each(func(page, json.RawMessage) error { n++; return nil })
			if p.close(); err != nil || uint64(n) != p.rows || again > 0 && (n != before || p.damaged) {
				t.Errorf("%v, %d rows of %d, %d before, damaged %v", err, n, p.rows, before, p.damaged)
			}
			before = n
		}
	})
}

func appended(t *testing.T, file, data string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteString(data)
		f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestDamageWhileItIsGiven: a page that is damaged after it was kept is not given, in no part, and
// the rows before it are told as kept.
func TestDamageWhileItIsGiven(t *testing.T) {
	d := newDamagedPart(t)
	p, err := openPart(d.file+partSuffix, strings.SplitN(string(d.part), `"`, 5)[3])
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	given := func() (n int, err error) {
		err = p.each(func(page, json.RawMessage) error { n++; return nil })
		return n, err
	}
	if n, err := given(); n != 4 || err != nil {
		t.Fatalf("%d rows, %v", n, err)
	}
	at := int64(bytes.Index(d.part, []byte(`"n":3}`)))
	if _, err := p.file.WriteAt([]byte(`"n":9}`), at); err != nil {
		t.Fatal(err)
	}
	if n, err := given(); n != 2 || !errors.Is(err, errDamaged) || p.rows != 2 {
		t.Errorf("damaged: %d rows, %v, %d rows are kept", n, err, p.rows)
	}
	if err := p.file.Truncate(int64(bytes.Index(d.part, []byte(`{"row"`)))); err != nil {
		t.Fatal(err)
	}
	if n, err := given(); n != 0 || !errors.Is(err, errDamaged) || p.rows != 0 {
		t.Errorf("cut short: %d rows, %v, %d rows are kept", n, err, p.rows)
	}
}

// sealed adds blocks to a file, as whoever knows its form can.
func sealed(t *testing.T, file string, blocks ...string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, lines := range blocks {
		before := data[bytes.LastIndexByte(data[:len(data)-1], '\n')+1:]
		sum := sha256.Sum256(append(slices.Clone(before), lines...))
		data = fmt.Appendf(data, "%s"+`{"sum":"%x"}`+"\n", lines, sum)
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestDamageIsTold: what was damaged, and from where the export goes on, is told.
func TestDamageIsTold(t *testing.T) {
	d := newDamagedPart(t)
	lines := bytes.SplitAfter(d.part, []byte("\n"))
	lines = lines[:len(lines)-1]
	row := slices.IndexFunc(lines, func(line []byte) bool { return bytes.Contains(line, []byte(`"n":2}`)) })
	if row < 0 {
		t.Fatalf("%q", d.part)
	}
	zeros := make([]byte, 4096)
	for what, of := range map[string]struct {
		part  []byte
		page  int // that is told as damaged; 0: none
		after int // rows that are gone on from
	}{
		"as it was":            {d.part, 0, 4},
		"cut short":            {d.part[:len(d.part)-150], 0, 2},
		"zeros":                {slices.Concat(d.part, zeros), 3, 4},
		"zeros then a line":    {slices.Concat(d.part, zeros, []byte(`{"row":{"code":"x"}}`+"\n")), 3, 4},
		"a changed value":      {bytes.Replace(d.part, []byte(`"n":2}`), []byte(`"n":9}`), 1), 2, 2},
		"no JSON":              {bytes.Replace(d.part, []byte(`"n":2}`), []byte(`"n"!2}`), 1), 2, 2},
		"a row is missing":     {bytes.Join(slices.Delete(slices.Clone(lines), row, row+1), nil), 2, 2},
		"a row stands twice":   {bytes.Join(slices.Insert(slices.Clone(lines), row, lines[row]), nil), 2, 2},
		"a long line":          {slices.Concat(d.part, bytes.Repeat([]byte("x"), maxPartLine+1)), 3, 4},
		"the first line":       {slices.Concat(bytes.Repeat([]byte("x"), len(lines[0])-1), d.part[len(lines[0])-1:]), 0, 4},
		"pages in a new order": {slices.Concat(lines[0], bytes.Join(lines[row-2:], nil), bytes.Join(lines[1:row-2], nil)), 1, 0},
	} {
		said := d.goOn(t, what, of.part)
		damaged := fmt.Sprintf("page %d in %s.part was damaged on the disk; going on from there", of.page, d.file)
		if told := strings.Contains(said, "was damaged"); told != (of.page > 0) || told && !strings.Contains(said, damaged) {
			t.Errorf("%s: %s, want %q", what, said, damaged)
		}
		if after := fmt.Sprintf("going on after the %d rows", of.after); of.after > 0 && !strings.Contains(said, after) {
			t.Errorf("%s: %s, want %q", what, said, after)
		}
	}
}

// TestForeignPartStays: a file of something else that has the name is neither cut nor written to.
func TestForeignPartStays(t *testing.T) {
	d := newDamagedPart(t)
	for _, foreign := range []string{"half of a download", "{}\n", `{"question":"5f2a"}` + "\n", string(make([]byte, 100)) + "x"} {
		if err := os.WriteFile(d.file+partSuffix, []byte(foreign), 0o600); err != nil {
			t.Fatal(err)
		}
		code, stderr := d.run()
		if got := d.read(t, d.file+partSuffix); code != exitFailed || string(got) != foreign || !strings.Contains(stderr, "of another question") {
			t.Errorf("%q: exit %d, got %q: %s", foreign, code, got, stderr)
		}
	}
}
