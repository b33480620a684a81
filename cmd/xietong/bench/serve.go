package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"sync"
	"time"

	"xietong/node"
)

// told is what a node of the benchmark tells of the time since it told last.
type told struct {
	Steps   map[string]step `json:"steps"`
	Frames  int             `json:"frames"`  // exchanges over its links
	Request int             `json:"request"` // bytes of all of them
	Answer  int             `json:"answer"`
}

// step is how often a step was taken, and how long all of that took.
type step struct {
	N   int           `json:"n"`
	Sum time.Duration `json:"ns"`
}

func (s step) mean() time.Duration { return s.Sum / time.Duration(max(s.N, 1)) }

// watch counts what a node does.
type watch struct {
	mu  sync.Mutex
	now told
}

func (w *watch) step(name string, took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.now.Steps == nil {
		w.now.Steps = map[string]step{}
	}
	s := w.now.Steps[name]
	w.now.Steps[name] = step{s.N + 1, s.Sum + took}
}

func (w *watch) frame(request, answer int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now.Frames, w.now.Request, w.now.Answer = w.now.Frames+1, w.now.Request+request, w.now.Answer+answer
}

// tell writes what was counted as a line of JSON, and begins anew.
func (w *watch) tell(out io.Writer) error {
	w.mu.Lock()
	now := w.now
	w.now = told{}
	w.mu.Unlock()
	return json.NewEncoder(out).Encode(now)
}

// Serve runs the node of a data directory as `xietong serve` does, by the same function of package node. It writes a line when it
// is ready, and one for every line that comes on in, and ends with in: with whoever measures it.
//
// The steps are told over the pipe to the process that started this one, and no other can ask for them: a flag of serve or a path
// of the API would be there for everybody, and would be half of a feature.
func Serve(ctx context.Context, dir string, o node.ServeOptions, in io.Reader, out io.Writer) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	var w watch
	o.Steps, o.Frames = w.step, w.frame
	o.Ready = func() {
		if err := w.tell(out); err != nil {
			end(err)
		}
	}
	go func() {
		lines := bufio.NewScanner(in)
		var err error
		for err == nil && lines.Scan() {
			err = w.tell(out)
		}
		end(err)
	}()
	return node.Serve(ctx, dir, o)
}
