package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestHealthAndReady: a node lives as long as its process, and is ready as long as it reads and
// writes; what keeps it is told, each cause by its code.
func TestHealthAndReady(t *testing.T) {
	d := open(t)
	hosted := d.server.node.(*node).hosted
	sound := hosted[0].Trouble
	for _, row := range []struct {
		trouble []error
		want    []string
	}{
		{nil, nil},
		{[]error{&group.SpaceError{Dir: "/data", Free: 1 << 20, Needed: 64 << 20}}, []string{"disk-full"}},
		{[]error{&state.DamageError{File: "state.db", Err: errNotHere}, &group.SpaceError{Dir: "/data"}}, []string{"state-damaged", "disk-full"}},
	} {
		if hosted[0].Trouble = sound; row.trouble != nil {
			hosted[0].Trouble = func() []error { return row.trouble }
		}
		if w := d.got("GET", "/v1/health", "", nil); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"alive":true`) {
			t.Errorf("health: got %d %s", w.Code, w.Body)
		}
		w := d.got("GET", "/v1/ready", "", map[string]string{"Accept-Language": "zh"})
		var p client.Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, f := range p.Errors {
			got = append(got, f.Code)
		}
		refused := w.Code == http.StatusServiceUnavailable && p.Code == string(text.NotServing) && strings.HasPrefix(p.Detail, "贵州省") && w.Header().Get("Retry-After") != ""
		if ready := w.Code == http.StatusOK; ready != (row.want == nil) || ready == refused || !slices.Equal(got, row.want) {
			t.Errorf("%v: got %d %s, want %s", row.trouble, w.Code, w.Body, row.want)
		}
	}
}

// TestReadyTellsTheCause: why the node is not ready is told in the sentence itself, with what to do
// about that, in either language.
func TestReadyTellsTheCause(t *testing.T) {
	d := open(t)
	d.server.node.(*node).hosted[0].Trouble = func() []error { return []error{&group.SpaceError{Dir: "/data", Free: 1 << 20, Needed: 64 << 20}} }
	for lang, want := range map[string][2]string{
		"zh": {"贵州省暂不能受理全部请求：可用空间 1 MiB", "清理或扩充磁盘"}, "en": {"贵州省 cannot take every request now: 1 MiB are free", "free or add space"},
	} {
		var p client.Problem
		if err := json.Unmarshal(d.got("GET", "/v1/ready", "", map[string]string{"Accept-Language": lang}).Body.Bytes(), &p); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(p.Detail, want[0]) || !strings.Contains(p.Do, want[1]) {
			t.Errorf("got %q, %q", p.Detail, p.Do)
		}
	}
}

// TestHealthReadsNothing: a node whose jurisdictions are all gone wrong still says that it lives.
func TestHealthReadsNothing(t *testing.T) {
	d := open(t)
	d.server.node.(*node).hosted = []Hosted{{}}
	if w := d.got("GET", "/v1/health", "", nil); w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}
