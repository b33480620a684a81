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

// told holds the counts that a node of the benchmark reports, since its last report.
type told struct {
	Steps   map[string]step `json:"steps"`
	Frames  int             `json:"frames"`  // exchanges over the links of the node
	Request int             `json:"request"` // bytes of all requests in these exchanges
	Answer  int             `json:"answer"`
	CPU     time.Duration   `json:"cpu_ns"` // that the process used
}

// step counts how often a step was taken, and the time of all of these.
type step struct {
	N   int           `json:"n"`
	Sum time.Duration `json:"ns"`
}

func (s step) mean() time.Duration { return s.Sum / time.Duration(max(s.N, 1)) }

// watch counts the steps and frames of a node.
type watch struct {
	mu   sync.Mutex
	now  told
	used time.Duration // CPU at the last report
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

// tell writes the counts as a line of JSON, and begins to count anew.
func (w *watch) tell(out io.Writer) error {
	w.mu.Lock()
	now, used := w.now, cpuTime()
	now.CPU = used - w.used
	w.now, w.used = told{}, used
	w.mu.Unlock()
	return json.NewEncoder(out).Encode(now)
}

// Serve runs the node of a data directory as `xietong serve` does, by the same function of package
// node. It writes a line of counts when it is ready, and one for every line that comes on in, and
// ends when in ends, that is, with the measuring process.
//
// The steps go over the pipe to the process that started this one, and no other process can ask for
// them: a flag of serve or a path of the API would be there for everybody, as half of a feature.
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
