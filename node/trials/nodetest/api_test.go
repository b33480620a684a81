package nodetest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestStoppedNode: a client that asks a node that does not run gets ErrNotRunning.
func TestStoppedNode(t *testing.T) {
	Run(t, "guizhou", func(t *testing.T, tree *Tree) {
		n := tree.Node("guizhou")
		for what, end := range map[string]func(){"stopped": n.Stop, "killed": n.Kill} {
			end()
			if _, err := n.Client("").Tree(t.Context()); !errors.Is(err, client.ErrNotRunning) {
				t.Errorf("%s: got %v, want ErrNotRunning", what, err)
			}
			n.Start()
			if _, err := n.Client("").Tree(t.Context()); err != nil {
				t.Errorf("%s and started: got %v", what, err)
			}
		}
	})
}

// TestImport sends bodies that are longer than any buffer between client and node, and follows the
// answer.
func TestImport(t *testing.T) {
	const rows = 3000
	Run(t, "guizhou", func(t *testing.T, tree *Tree) {
		n := tree.Node("guizhou")
		offer(t, n)
		var file strings.Builder
		for i := range rows {
			fmt.Fprintf(&file, `{"code":"%06d","at":%q}`+"\n", i, strings.Repeat("村", 50))
		}
		var seen uint64
		got, err := n.Client("civil-affairs").ImportRecords(t.Context(), client.Import{
			Dataset: "villages", Format: client.FormatJSONL, File: strings.NewReader(file.String()),
			Progress: func(_ string, done, _ uint64) { seen = done },
		})
		if err != nil || got.Rows != rows || seen == 0 {
			t.Errorf("got %+v, %v, with progress up to %d", got, err, seen)
		}
	})
}

// TestDatasetElsewhere: one entry of another jurisdiction's catalogue is shown by its code, as the
// hint of a question that does not fit says; a mistyped code is told with those near it there.
func TestDatasetElsewhere(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		offer(t, city)
		offer(t, county)
		all, err := city.Client("water").DatasetsAt(t.Context(), "南明区")
		if err != nil || len(all) == 0 {
			t.Fatalf("got %v, %v", all, err)
		}
		h := &http.Client{Transport: client.Transport(city.machine.dial)}
		defer h.CloseIdleConnections()
		at := func(code string) (learned, body string) {
			return send(t, h, city, faceRow{method: "GET", path: "/v1/datasets/" + code + "?at=" + url.QueryEscape("南明")}, "water")
		}
		if learned, body := at(all[0].Code); learned != given || !strings.Contains(body, all[0].Entry) {
			t.Errorf("got %s, %s, want %s", learned, body, all[0].Entry)
		}
		if learned, body := at(all[0].Code + "x"); learned != string(text.UnknownDataset) || !strings.Contains(body, "near it: "+all[0].Code) {
			t.Errorf("a mistyped code: got %s, %s", learned, body)
		}
	})
}

// TestGivenUp: a request that its caller gives up ends at once, and one whose node is killed ends
// too.
func TestGivenUp(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		offer(t, city)
		offer(t, county)
		tree.Latency("nanming", 5*time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		_, err := city.Client("water").DatasetsAt(ctx, "南明区")
		if took := time.Since(began); !errors.Is(err, context.DeadlineExceeded) || took > 3*time.Second {
			t.Errorf("got %v after %s, want the deadline after 3s", err, took)
		}
		ended := make(chan error, 1)
		go func() {
			_, err := city.Client("water").DatasetsAt(t.Context(), "南明区")
			ended <- err
		}()
		synctest.Wait()
		city.Kill()
		if err := <-ended; !errors.Is(err, client.ErrNotRunning) {
			t.Errorf("its node was killed: got %v, want ErrNotRunning", err)
		}
	})
}
