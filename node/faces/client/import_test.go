package client

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// importer is a node that takes imports: rows that contain "bad" are bad.
type importer struct {
	t      *testing.T
	loaded []byte
	keys   []string
	lines  string // the answer of the second pass
	hash   string // told instead of the file's, when set
}

func (n *importer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, err := io.ReadAll(r.Body)
	if err != nil {
		n.t.Errorf("read upload: %v", err)
	}
	n.keys = append(n.keys, r.Header.Get("Idempotency-Key"))
	sum := sha256.Sum256(file)
	hash := hex.EncodeToString(sum[:])
	if n.hash != "" {
		hash = n.hash
	}
	if strings.HasSuffix(r.URL.Path, "/check") {
		bad := uint64(bytes.Count(file, []byte("bad")))
		answer(w, ImportCheck{FileHash: hash, Rows: 3, Good: 3 - bad, BadCount: bad})
		return
	}
	want := fmt.Sprintf("file_hash=%s&format=csv&good=%d&keep_good=%t&rows=3", hash, 3-bytes.Count(file, []byte("bad")), bytes.Contains(file, []byte("bad")))
	if r.URL.Path != "/v1/datasets/villages/imports" || r.URL.RawQuery != want {
		n.t.Errorf("got %s, want query %s", r.RequestURI, want)
	}
	n.loaded = file
	w.Header().Set("Content-Type", "application/x-ndjson")
	_, _ = io.WriteString(w, n.lines)
}

const goodLines = `{"done":1,"total":3}` + "\n" + `{"done":3,"total":3}` + "\n\n" +
	`{"import":"g/log/1/5","published":"g/log/1/9","rows":3,"skipped":0}` + "\n"

func TestImport(t *testing.T) {
	n := &importer{t: t, lines: goodLines}
	c, _ := dial(t, node(t, n), Options{})
	file := "code,name\n" + strings.Repeat("1,南明区\n", 50_000)
	var steps []string
	var checked ImportCheck
	last := map[string]uint64{}
	got, err := c.ImportRecords(t.Context(), Import{
		Dataset: "villages", Format: FormatCSV, File: strings.NewReader(file),
		Checked: func(c ImportCheck) error { checked = c; return nil },
		Progress: func(pass string, done, total uint64) {
			if done < last[pass] || done > total {
				t.Errorf("%s went from %d to %d of %d", pass, last[pass], done, total)
			}
			last[pass] = done
			if pass == PassLoad {
				steps = append(steps, fmt.Sprintf("%d/%d", done, total))
			}
		},
	})
	want := Imported{Import: "g/log/1/5", Published: "g/log/1/9", Rows: 3}
	if err != nil || got != want {
		t.Fatalf("got %v, %v, want %v", got, err, want)
	}
	if string(n.loaded) != file || checked.Rows != 3 {
		t.Errorf("loaded %d bytes, want %d; checked %v", len(n.loaded), len(file), checked)
	}
	if last[PassCheck] != uint64(len(file)) || strings.Join(steps, " ") != "1/3 3/3" {
		t.Errorf("progress %v, steps %v", last, steps)
	}
	if len(n.keys) != 2 || n.keys[0] == "" || n.keys[0] != n.keys[1] {
		t.Errorf("keys %v, want one key twice", n.keys)
	}
}

func TestImportBadRows(t *testing.T) {
	n := &importer{t: t, lines: goodLines}
	c, _ := dial(t, node(t, n), Options{})
	im := Import{Dataset: "villages", Format: FormatCSV, File: strings.NewReader("code\n1\nbad\n3\n")}
	_, err := c.ImportRecords(t.Context(), im)
	var bad *BadRowsError
	if !errors.Is(err, ErrBadRows) || !errors.As(err, &bad) || bad.Check.BadCount != 1 || n.loaded != nil {
		t.Fatalf("got %v, loaded %q", err, n.loaded)
	}
	im.KeepGood = true
	if _, err := c.ImportRecords(t.Context(), im); err != nil || n.loaded == nil {
		t.Errorf("keep good: %v, loaded %q", err, n.loaded)
	}
	n.loaded = nil
	stop := errors.New("stop")
	im.Checked = func(ImportCheck) error { return stop }
	if _, err := c.ImportRecords(t.Context(), im); !errors.Is(err, stop) || n.loaded != nil {
		t.Errorf("stopped: %v, loaded %q", err, n.loaded)
	}
}

func TestImportEmptyFile(t *testing.T) {
	n := &importer{t: t, lines: goodLines}
	c, _ := dial(t, node(t, n), Options{})
	im := Import{Dataset: "villages", Format: FormatCSV, File: strings.NewReader("")}
	if _, err := c.ImportRecords(t.Context(), im); err != nil {
		t.Error(err)
	}
}

func TestImportFileChanged(t *testing.T) {
	n := &importer{t: t, lines: goodLines, hash: strings.Repeat("0", 64)}
	c, _ := dial(t, node(t, n), Options{})
	im := Import{Dataset: "villages", Format: FormatCSV, File: strings.NewReader("code\n1\n")}
	if _, err := c.ImportRecords(t.Context(), im); !errors.Is(err, ErrFileChanged) || n.loaded != nil {
		t.Errorf("got %v, want ErrFileChanged; loaded %q", err, n.loaded)
	}
}

func TestImportBrokenAnswers(t *testing.T) {
	problem, _ := json.Marshal(ImportFailed{&Problem{Title: "full", Status: 507, Code: "disk-full"}})
	tests := map[string]struct {
		lines string
		is    func(error) bool
	}{
		"ends early":  {`{"done":1,"total":3}` + "\n", func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
		"nothing":     {"", func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) }},
		"no JSON":     {"done\n", func(err error) bool { return errors.Is(err, ErrNotUnderstood) }},
		"line no end": {strings.Repeat(" ", maxLine+1), func(err error) bool { return err != nil }},
		"a problem": {string(problem), func(err error) bool {
			var p *Problem
			return errors.As(err, &p) && p.Code == "disk-full"
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			n := &importer{t: t, lines: test.lines}
			c, _ := dial(t, node(t, n), Options{})
			im := Import{Dataset: "villages", Format: FormatCSV, File: strings.NewReader("code\n1\n")}
			if _, err := c.ImportRecords(t.Context(), im); !test.is(err) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestImportRefusedEarly checks a refusal by the header alone: the file is not sent, and not
// touched afterwards.
func TestImportRefusedEarly(t *testing.T) {
	dir := node(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		refuse(w, Problem{Title: "no such dataset", Status: 404, Code: "no-dataset"})
	}))
	c, _ := dial(t, dir, Options{})
	file := strings.NewReader(strings.Repeat("x", 1<<20))
	_, err := c.ImportRecords(t.Context(), Import{Dataset: "villages", Format: FormatJSONL, File: file})
	var p *Problem
	if !errors.As(err, &p) || p.Code != "no-dataset" {
		t.Errorf("got %v", err)
	}
	if file.Len() != 1<<20 {
		t.Errorf("%d bytes were sent", 1<<20-file.Len())
	}
}

func FuzzFollowImport(f *testing.F) {
	f.Add([]byte(goodLines))
	f.Add([]byte(`{"error":{"title":"full","status":507,"code":"disk-full"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := followImport(bytes.NewReader(data), func(ImportProgress) {})
		if (err == nil) == (got.Import == "") {
			t.Errorf("got %v, %v", got, err)
		}
	})
}
