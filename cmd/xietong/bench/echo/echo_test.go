package echo

import (
	"bufio"
	"encoding/json"
	"fmt"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestBare checks that the echo is one file of at most 150 lines, which imports only the standard
// library and quic-go.
func TestBare(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		if name != "echo.go" {
			t.Errorf("%s: the echo is one file", name)
		}
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(string(data), "\n"); n > 150 {
			t.Errorf("%s has %d lines, more than 150", name, n)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, data, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range file.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			first, _, _ := strings.Cut(path, "/")
			standard := !strings.Contains(first, ".") && first != "xietong"
			if err != nil || !standard && path != "github.com/quic-go/quic-go" {
				t.Errorf("%s imports %s: a bare echo has the standard library and quic-go", name, path)
			}
		}
	}
}

// TestEcho has three hops answer two clients.
func TestEcho(t *testing.T) {
	type hop struct {
		in    *io.PipeWriter
		out   *bufio.Scanner
		ended chan error
	}
	start := func(h Hop) hop {
		h.Request, h.Answer = 1600, 1700
		in, toIn := io.Pipe()
		fromOut, out := io.Pipe()
		ended := make(chan error, 1)
		go func() {
			err := h.Run(t.Context(), in, out)
			ended <- err
			out.CloseWithError(io.EOF)
		}()
		return hop{toIn, bufio.NewScanner(fromOut), ended}
	}
	line := func(h hop) string {
		if !h.out.Scan() {
			t.Fatal("no line: ", h.out.Err(), <-h.ended)
		}
		return h.out.Text()
	}
	top := start(Hop{Listen: true})
	middle := start(Hop{Above: line(top), Listen: true})
	bottom := start(Hop{Above: line(middle)})
	fmt.Fprintln(top.in, 2, (50 * time.Millisecond).Nanoseconds())
	var took [][]time.Duration
	if err := json.Unmarshal([]byte(line(top)), &took); err != nil || len(took) != 2 {
		t.Fatalf("%d clients, %v", len(took), err)
	}
	for i, one := range took {
		if len(one) == 0 || one[0] <= 0 {
			t.Errorf("client %d: %v", i, one)
		}
	}
	for _, h := range []hop{bottom, middle, top} {
		h.in.Close()
		if err := <-h.ended; err != nil {
			t.Error(err)
		}
	}
}
