package records

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"

	"xietong/certs/identity"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/table"
	"xietong/node/ground/text"
)

// checkedFiles are files of villages, with all that a check tells.
func checkedFiles() map[string]string {
	gbk, _ := simplifiedchinese.GB18030.NewEncoder().String("村名录\ncode,name,township\n520102016000,纪念塔社区,甲\n")
	return map[string]string{
		"good":    "code,name,township\n520102016000,a,T\n520102016001,b,T\n",
		"faults":  "\uFEFFcode,name,township\r\n52010201600,a,T\r\n520102016001,,T\r\n520102016002,c,T,more\r\n520102016003,d,T\r\n",
		"twice":   "code,name,township\n520102016000,a,T\n520102016000,b,T\n520102016001,合计,T\n",
		"gb18030": gbk,
		"short":   "code,name\n520102016000,a\n",
		"objects": "{\"code\":\"520102016000\",\"name\":\"a\"}\n{\"code\":\"1\",\"name\":7}\n",
		"nothing": "code,name,township\n",
		"header":  "number,name\n1,a\n",
		"broken":  "code,name,township\n520102016000,\"a,T\n",
		"long":    "code,name,township\n" + strings.Repeat("520102016000,"+strings.Repeat("x", 1000)+",T\n", 2000),
	}
}

// TestCheckAlone: without a ledger a file is told as with one, but for what it would change, and
// its bad rows are the same file.
func TestCheckAlone(t *testing.T) {
	l := booktest.New(t, nanming.String(), commands())
	if err := publish(l); err != nil {
		t.Fatal(err)
	}
	desk := NewDesk(l)
	for name, file := range checkedFiles() {
		for _, how := range []Reading{{}, {AsSpreadsheet: true}, {Missing: MissingClear}, {Wish: table.Wish{Format: "csv", Delimiter: ","}}} {
			what := fmt.Sprintf("%s, %+v", name, how)
			want, wantErr := desk.Check(t.Context(), civil, code, how, strings.NewReader(file))
			got, err := CheckAlone(t.Context(), villages(), how, strings.NewReader(file))
			if codeOf(err) != codeOf(wantErr) || (err == nil) != (wantErr == nil) {
				t.Errorf("%s: %v, want %v", what, err, wantErr)
				continue
			}
			if err != nil {
				continue
			}
			want.Effect, want.Plan = Effect{}, ""
			if !reflect.DeepEqual(got.Check, want) {
				t.Errorf("%s:\n got %+v\nwant %+v", what, got.Check, want)
			}
			var bad, wantBad bytes.Buffer
			if err := errors.Join(got.BadRows(t.Context(), text.Zh, &bad), got.Close(),
				desk.BadRows(t.Context(), civil, code, how, text.Zh, strings.NewReader(file), &wantBad)); err != nil || bad.String() != wantBad.String() {
				t.Errorf("%s: bad rows %q, want %q, %v", what, bad.String(), wantBad.String(), err)
			}
		}
	}
}

// TestCheckAloneRefuses: what needs the records is refused, and so is an entry that could not be
// published; one without a provider could be.
func TestCheckAloneRefuses(t *testing.T) {
	check := func(change func(*Reading)) error {
		e, how := villages(), Reading{}
		change(&how)
		a, err := CheckAlone(t.Context(), e, how, strings.NewReader("code,name,township\n"))
		if err == nil {
			err = a.Close()
		}
		return err
	}
	refusedAs(t, "values to keep", check(func(how *Reading) { how.Missing = MissingKeep }), text.BadRequest)
	refusedAs(t, "no word", check(func(how *Reading) { how.Missing = "gone" }), text.BadRequest)
	for what, row := range map[string]struct {
		schema string
		want   text.Code
	}{
		"a keyword":    {`{"type":"object","properties":{"code":{"type":"string","contains":1}}}`, text.KeywordNotTaken},
		"a pattern":    {`{"type":"object","properties":{"code":{"type":"string","pattern":"(?=x)"}}}`, text.PatternRefused},
		"no key":       {`{"type":"object","properties":{"name":{"type":"string"}}}`, text.EntryInvalid},
		"no such type": {`{"type":"object","properties":{"code":{"type":"text"}}}`, text.EntryInvalid},
	} {
		e := villages()
		e.Schema, e.Indexed = []byte(row.schema), nil
		_, err := CheckAlone(t.Context(), e, Reading{}, strings.NewReader("code\n1\n"))
		refusedAs(t, what, err, row.want)
	}
	e := villages()
	e.Agency = identity.Label{}
	if a, err := CheckAlone(t.Context(), e, Reading{}, strings.NewReader("code,name,township\n")); err != nil || a.Close() != nil {
		t.Errorf("no provider: %v", err)
	}
}

// TestCheckAloneNoRoom: a temporary folder that takes nothing is that of this machine, and of no
// node.
func TestCheckAloneNoRoom(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/none")
	_, err := CheckAlone(t.Context(), villages(), Reading{}, io.LimitReader(zeros{}, 2<<20))
	refusedAs(t, "no folder", err, text.TemporaryHere)
	if _, err := os.Stat(os.TempDir()); err == nil {
		t.Error("the folder is there")
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
