package export

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/node/ground/rows"
)

// office converts a file with LibreOffice, which knows nothing of us. It takes some 200 MiB, so
// that nobody has to have it: TestRoundTrip reads sheets with a reader of our own everywhere.
func office(t *testing.T, file, to string) string {
	t.Helper()
	if testing.Short() {
		t.Skip("it takes ten seconds")
	}
	soffice, err := exec.LookPath("soffice")
	if err != nil {
		t.Skip("there is no LibreOffice (soffice) here")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	dir := t.TempDir()
	run := exec.CommandContext(ctx, soffice, "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to", to, "--outdir", dir, file)
	run.WaitDelay = time.Second
	said, err := run.CombinedOutput()
	kind, _, _ := strings.Cut(to, ":")
	data, missing := os.ReadFile(filepath.Join(dir, strings.TrimSuffix(filepath.Base(file), ".xlsx")+"."+kind))
	if err != nil || missing != nil {
		t.Fatalf("convert to %s: %v, %v: %s", to, err, missing, said)
	}
	return string(data)
}

// TestOffice exports values that spreadsheet programs like to change, and has LibreOffice open the
// sheet: it shows them as they are, and what it saves again is imported as the same records. (The
// text #N/A it saves as an error, which an import refuses by name.)
func TestOffice(t *testing.T) {
	schema := `{"type":"object","required":["code","nothing"],"properties":{"code":{"type":"string"},"text":{"type":"string"},"n":{"type":"number"},
		"long":{"type":"integer"},"yes":{"type":"boolean"},"day":{"type":"string","format":"date"},"nothing":{"type":["integer","null"]},"list":{"type":"array"}}}`
	s, err := rows.Compile([]byte(schema), "code", nil)
	if err != nil {
		t.Fatal(err)
	}
	var records []string
	for i, text := range []string{
		"观水社区", "007", "11010519491231002X", "=1+1", "+86", "-", "@x", `a, "b"`, "a\nb", "a\tb", " a ", "null", "true", "TRUE", "1.50", "2020-02-03", "'x", "_x0041_",
		"1e5", "3/4", "10:30", "是", "http://x.cn/", "100%", "￥5", "<b>&amp;", "١٢", "𠮷",
	} {
		n := []string{"0.1", "-12.5", "100", "0.000001", "123456789.123456"}[i%5]
		long := []string{"123456789012345", "123456789012345678", "-1"}[i%3]
		record, err := s.Record(fmt.Appendf(nil, `{"code":"%04d","text":%s,"n":%s,"long":%s,"yes":%t,"day":"2020-02-%02d","nothing":null,"list":["a",1]}`,
			i, quoteJSON(text), n, long, i%2 == 0, i+1))
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, string(record.JSON))
	}
	columns := s.Ordered()
	file := filepath.Join(t.TempDir(), "sheet.xlsx")
	var want [][]string
	var sheet strings.Builder
	w, err := NewWriter(&sheet, XLSX, columns, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, record := range records {
		row, err := RowOf([]byte(record), columns)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Write(row); err != nil {
			t.Fatal(err)
		}
		var cells []string
		for _, value := range row {
			cells = append(cells, Spell(value))
		}
		want = append(want, cells)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(sheet.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	shown, err := csv.NewReader(strings.NewReader(office(t, file, "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false"))).ReadAll()
	if err != nil || len(shown) != len(want)+1 {
		t.Fatalf("got %d rows, %v", len(shown), err)
	}
	for i, cells := range want {
		if !slices.Equal(shown[i+1], cells) {
			t.Errorf("it shows %q, want %q", shown[i+1], cells)
		}
	}
	got, err := imported(s, office(t, file, "xlsx:Calc MS Excel 2007 XML"))
	if err != nil || !slices.Equal(got, records) {
		for i := range min(len(got), len(records)) {
			if got[i] != records[i] {
				t.Errorf("saved by it and imported: %s, want %s", got[i], records[i])
			}
		}
		t.Errorf("got %d records, %v", len(got), err)
	}
}
