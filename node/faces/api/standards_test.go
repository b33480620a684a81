package api

import (
	"encoding/json"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestLevelOfStandard (F2): a standard is kept with the code of the level that a person named in
// either language, so that whoever adopts it and whoever asks finds it. One that is for no level
// below is refused, with the levels that there are.
func TestLevelOfStandard(t *testing.T) {
	d := open(t)
	set := client.NewStandard{NewDataset: villages()}
	for code, level := range map[string]string{"towns": "县级", "roads": " County ", "wells": "county"} {
		set.Code, set.Level = code, level
		var got client.Standard
		if err := json.Unmarshal(d.done(t, "POST", "/v1/standards", "civil-affairs", set), &got); err != nil || got.Level != "county" {
			t.Errorf("%q: got %q, %v", level, got.Level, err)
		}
	}
	var all client.Standards
	if err := json.Unmarshal(d.done(t, "GET", "/v1/standards?level=%E5%8E%BF%E7%BA%A7", "", nil), &all); err != nil || len(all.Standards) != 3 {
		t.Errorf("of 县级: got %d, %v", len(all.Standards), err)
	}
	for _, level := range []string{"nonsense", "province", "village", "districts"} {
		set.Code, set.Level = "hills", level
		got := d.send(t, request{method: "POST", path: "/v1/standards", as: "civil-affairs", body: set})
		var p client.Problem
		if err := json.Unmarshal(got.Body.Bytes(), &p); err != nil || p.Code != string(text.LevelAbsent) || p.Do != "write one of these, as code or as word: prefecture, county" {
			t.Errorf("%q: got %s", level, got.Body)
		}
	}
}
