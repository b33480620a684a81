package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"xietong/node/ground/text"
)

// TestInterruptedInput: Ctrl-C ends a command that waits for somebody to type an invitation or the
// words of a recovery key. What is read to its end is read whole.
func TestInterruptedInput(t *testing.T) {
	for _, args := range [][]string{{"join", "-"}, {"join", "token", "--recovery"}} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		defer w.Close()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(10*time.Millisecond, cancel) // whether the read has begun or not
		b := newWorkbench(t, "en_US.UTF-8")
		var out, errs bytes.Buffer
		b.app.stdin, b.app.stdout, b.app.stderr = input{ctx, r}, &out, &errs
		b.app.getenv = func(string) string { return "" }
		code := b.app.run(ctx, args)
		for _, want := range []text.Code{text.CLIInterrupted, text.CLIJoinStoppedDo} {
			if code != exitFailed || !strings.Contains(errs.String(), b.app.t(want, nil)) {
				t.Errorf("%q: exit %d, %s", args, code, errs.String())
			}
		}
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := w.WriteString("words"); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(input{t.Context(), r}); err != nil || string(got) != "words" {
		t.Errorf("got %q, %v, want all of it", got, err)
	}
}
