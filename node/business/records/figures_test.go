package records

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/node/business/catalog"
)

// figures is the number of records that TestFigures measures with; 0: the test is skipped.
var figures = flag.Int("figures", 0, "how many records TestFigures imports and asks for")

// TestFigures prints figures of a dataset for its operator: the speed of an import, the time of a
// query, the time to open the node, also after a kill, and the bytes on disk. It fails on wrong
// answers only, never on times.
func TestFigures(t *testing.T) {
	if *figures == 0 {
		t.Skip("a measurement: run it with -figures 1000000")
	}
	dir := filepath.Join(t.TempDir(), "j")
	h, desk, err := openDesk(dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	file := figuresFile(t)
	before, _ := used(t)
	began := time.Now()
	check, err := desk.Check(t.Context(), civil, code, asCSV, fromStart(t, file))
	if err != nil || check.Good != uint64(*figures) {
		t.Fatalf("check: %+v, %v", check, err)
	}
	checked := time.Since(began)
	most := uint64(0)
	f := File{Reading: asCSV, Hash: check.Hash, Rows: check.Rows, Good: check.Good}
	_, err = desk.Load(t.Context(), newID(), civil, code, f, fromStart(t, file), func(uint64, uint64) {
		_, now := used(t)
		most = max(most, now)
	})
	if err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	if written, _ := used(t); written > 0 {
		t.Logf("written: %d bytes a row; at most %d MiB of memory, without mapped pages of files", (written-before)/uint64(*figures), most>>10)
	}
	t.Logf("import: %d rows in %.1f s (%.1f s of it the check), %.0f rows/s",
		*figures, took.Seconds(), checked.Seconds(), float64(*figures)/took.Seconds())
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("on disk: %.0f bytes a record", float64(diskUse(t, dir))/float64(*figures))
	began = time.Now()
	if h, desk, err = openDesk(dir, nil); err != nil {
		t.Fatal(err)
	}
	t.Logf("open: %d ms", time.Since(began).Milliseconds())
	measure(t, desk, "query by key", func(n int) Question { return Question{Key: fmt.Sprintf("%012d", n)} })
	measure(t, desk, "query by indexed field (12 rows)", func(n int) Question {
		return Question{Where: map[string]json.RawMessage{"township": json.RawMessage(fmt.Sprintf(`"%09d"`, n/12))}}
	})
	began = time.Now()
	answer := ask(t, desk, Question{Measure: counted})
	t.Logf("count of all: %d in %d ms", answer.Count, time.Since(began).Milliseconds())
	began = time.Now()
	answer = ask(t, desk, Question{Measure: counted, Filter: `name.endsWith("7村村民委员会")`})
	t.Logf("count by a filter: %d in %d ms", answer.Count, time.Since(began).Milliseconds())
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	runAndKill(t, dir, "import", killWithin)
	began = time.Now()
	if h, _, err = openDesk(dir, nil); err != nil {
		t.Fatal(err)
	}
	t.Logf("open after a kill amid an import: %d ms", time.Since(began).Milliseconds())
	if err := h.Close(); err != nil {
		t.Error(err)
	}
}

// figuresFile writes the file that TestFigures imports.
func figuresFile(t *testing.T) *os.File {
	t.Helper()
	file, err := os.Create(filepath.Join(t.TempDir(), "villages.csv"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	w := bufio.NewWriter(file)
	w.WriteString("code,name,township\n")
	for n := range *figures {
		fmt.Fprintf(w, "%012d,第%d村村民委员会,%09d\n", n, n, n/12)
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return file
}

func fromStart(t *testing.T, file *os.File) *os.File {
	t.Helper()
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	return file
}

// used returns how many bytes this process has had written to the disk, and how many KiB of memory
// it has that no file backs, as Linux tells them; 0 where there is none.
func used(t *testing.T) (written, now uint64) {
	t.Helper()
	for _, of := range []struct {
		file, member string
		to           *uint64
	}{{"/proc/self/io", "write_bytes", &written}, {"/proc/self/status", "RssAnon", &now}} {
		data, err := os.ReadFile(of.file)
		if err != nil {
			return 0, 0
		}
		for line := range strings.Lines(string(data)) {
			if name, value, _ := strings.Cut(line, ":"); name == of.member {
				if _, err := fmt.Sscan(value, of.to); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	return written, now
}

func ask(t *testing.T, desk *Desk, q Question) Answer {
	t.Helper()
	q.Dataset, q.Purpose, q.Application = code, "statistics", applied
	q.Application.Until = time.Now().AddDate(1, 0, 0).Format(time.RFC3339)
	answer, err := desk.Query(t.Context(), newID(), catalog.Local("water"), q)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// measure asks 1,000 questions, one after another, and prints the median and the 99th percentile of
// their times.
func measure(t *testing.T, desk *Desk, what string, question func(n int) Question) {
	t.Helper()
	var times []time.Duration
	for range 1000 {
		q := question(rand.N(*figures))
		began := time.Now()
		if answer := ask(t, desk, q); answer.Count == 0 {
			t.Fatalf("%s: nothing was found", what)
		}
		times = append(times, time.Since(began))
	}
	slices.Sort(times)
	t.Logf("%s, recorded before it is answered: p50 %.2f ms, p99 %.2f ms", what,
		float64(times[500].Microseconds())/1000, float64(times[990].Microseconds())/1000)
}

// diskUse returns the size of all files in dir, in bytes.
func diskUse(t *testing.T, dir string) (bytes int64) {
	t.Helper()
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		bytes += info.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return bytes
}
