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

// TestHealthReadsNothing: a node whose jurisdictions are all gone wrong still says that it lives.
func TestHealthReadsNothing(t *testing.T) {
	d := open(t)
	d.server.node.(*node).hosted = []Hosted{{}}
	if w := d.got("GET", "/v1/health", "", nil); w.Code != http.StatusOK {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}
