package api

import (
	"net/http"
	"strings"
	"testing"

	"xietong/node/ground/text"
)

// TestMediaTypeAlone (F6): a body of a type that is not taken is not told again: it may hold the
// key of a person.
func TestMediaTypeAlone(t *testing.T) {
	d := open(t)
	for _, media := range []string{"application/x-www-form-urlencoded", "text/plain; charset=utf-8"} {
		got := d.send(t, request{method: "POST", path: "/v1/query", as: "water", body: `{"key":"5201020001"}`, edit: func(r *http.Request) {
			r.Header.Set("Content-Type", media)
		}})
		if body := got.Body.String(); got.Code != http.StatusUnsupportedMediaType || strings.Contains(body, "5201020001") ||
			!strings.Contains(body, string(text.MediaType)) || !strings.Contains(body, strings.Split(media, ";")[0]) {
			t.Errorf("%s: got %d %s", media, got.Code, body)
		}
	}
}
