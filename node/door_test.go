package node

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"xietong/node/faces/client"
)

// foreign is an HTTP client of the socket that is not ours.
func foreign(dir string) *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", filepath.Join(dir, client.SocketName))
	}}}
}

func send(t *testing.T, c *http.Client, method, path, body string, headers map[string]string) (status int, contentType, answer string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://node"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, value := range headers {
		req.Header.Set(name, value)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Content-Type"), string(data)
}

// TestDoorRefuses sends requests that our client never sends, and demands a problem with a code
// each time.
func TestDoorRefuses(t *testing.T) {
	d := newDesk(t, client.Unconditional)
	c := foreign(d.dir)
	const key = "01937b1c-7b1c-7b1c-8b1c-7b1c7b1c7b1c"
	agency := `{"code":"housing","title":"住建局"}`
	for name, row := range map[string]struct {
		method, path, body string
		headers            map[string]string
		status             int
		code               string
	}{
		"malformed JSON":     {"POST", "/v1/agencies", `{"code":`, map[string]string{"Idempotency-Key": key}, 400, "bad-request"},
		"another type":       {"POST", "/v1/agencies", `{"code":5,"title":"x"}`, map[string]string{"Idempotency-Key": key}, 422, "not-as-described"},
		"unknown member":     {"POST", "/v1/agencies", `{"code":"a","title":"x","phone":"1"}`, map[string]string{"Idempotency-Key": key}, 422, "not-as-described"},
		"missing member":     {"POST", "/v1/agencies", `{"code":"a"}`, map[string]string{"Idempotency-Key": key}, 422, "not-as-described"},
		"too long":           {"POST", "/v1/agencies", `{"code":"a","title":"` + strings.Repeat("x", 1<<20) + `"}`, map[string]string{"Idempotency-Key": key}, 413, "too-large"},
		"no key":             {"POST", "/v1/agencies", agency, nil, 400, "idempotency-key-missing"},
		"key of version 4":   {"POST", "/v1/agencies", agency, map[string]string{"Idempotency-Key": "01937b1c-7b1c-4b1c-8b1c-7b1c7b1c7b1c"}, 400, "idempotency-key-malformed"},
		"no label":           {"POST", "/v1/agencies", `{"code":"Housing","title":"x"}`, map[string]string{"Idempotency-Key": key}, 400, "bad-request"},
		"other jurisdiction": {"GET", "/v1/agencies", "", map[string]string{"Xietong-Jurisdiction": "yunyan.guiyang.guizhou"}, 404, "not-hosted-here"},
		"no agency":          {"POST", "/v1/query", `{"dataset":"villages"}`, map[string]string{"Idempotency-Key": key}, 400, "agency-needed"},
		"unknown agency":     {"POST", "/v1/query", `{"dataset":"villages"}`, map[string]string{"Idempotency-Key": key, "Xietong-Agency": "police"}, 404, "unknown-agency"},
		"no such entry":      {"GET", "/v1/ledger/entries/999999", "", nil, 404, "not-found"},
		"no index":           {"GET", "/v1/ledger/entries/-1", "", nil, 422, "not-as-described"},
		"no such dataset":    {"GET", "/v1/datasets/Towns", "", nil, 404, "unknown-dataset"},
		"format":             {"POST", "/v1/datasets/villages/imports/check?format=xls", "x", map[string]string{"Xietong-Agency": "civil-affairs"}, 400, "file-wish"},
		"hash":               {"POST", "/v1/datasets/villages/imports?format=csv&file_hash=zz", "x", map[string]string{"Xietong-Agency": "civil-affairs"}, 400, "bad-request"},
		"not the provider":   {"POST", "/v1/datasets/villages/imports/check?format=csv", "x", map[string]string{"Xietong-Agency": "water"}, 403, "not-provider"},
	} {
		status, contentType, answer := send(t, c, row.method, row.path, row.body, row.headers)
		var p client.Problem
		if err := json.Unmarshal([]byte(answer), &p); err != nil || !strings.HasPrefix(contentType, "application/problem+json") {
			t.Errorf("%s: got %d %s %.200s", name, status, contentType, answer)
			continue
		}
		if status != row.status || p.Status != status || p.Code != row.code || p.Title == "" || p.Do == "" {
			t.Errorf("%s: got %d %+v, want %d %s", name, status, p, row.status, row.code)
		}
	}
	_, _, answer := send(t, c, "GET", "/v1/datasets/towns", "", map[string]string{"Accept-Language": "zh-CN,zh;q=0.9"})
	if !strings.Contains(answer, "数据资源不存在") {
		t.Errorf("to a Chinese reader: got %s", answer)
	}
}

// TestOpenAPI demands that the API describes itself, whole, and that no page of it loads from
// elsewhere.
func TestOpenAPI(t *testing.T) {
	d := newDesk(t, client.Unconditional)
	status, _, answer := send(t, foreign(d.dir), "GET", "/openapi.json", "", nil)
	var doc struct {
		OpenAPI string                                `json:"openapi"`
		Paths   map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal([]byte(answer), &doc); err != nil || status != 200 || !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Fatalf("got %d, version %q, %v", status, doc.OpenAPI, err)
	}
	for _, want := range []string{
		"get /v1/status", "get /v1/ledger/checkpoint", "get /v1/ledger/entries/{index}", "get /v1/ledger/entries/{index}/receipt",
		"post /v1/agencies", "get /v1/agencies", "post /v1/datasets", "get /v1/datasets", "get /v1/datasets/{code}",
		"post /v1/datasets/{code}/records", "post /v1/datasets/{code}/retractions", "post /v1/datasets/{code}/history",
		"post /v1/datasets/{code}/imports/check", "post /v1/datasets/{code}/imports", "post /v1/query", "post /v1/verify",
		"get /v1/grants", "post /v1/grants/{index}/revocation",
	} {
		method, path, _ := strings.Cut(want, " ")
		if doc.Paths[path][method] == nil {
			t.Errorf("%s is not described", want)
		}
	}
	if status, _, _ := send(t, foreign(d.dir), "GET", "/docs", "", nil); status != 404 {
		t.Errorf("a page of documentation: got %d, want none", status)
	}
}

// TestCurl has a real curl send a query, as a person with a shell would.
func TestCurl(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("no curl: %v", err)
	}
	d := newDesk(t, client.Unconditional)
	d.put(t, 1)
	out, err := exec.CommandContext(t.Context(), "curl", "-sS", "--fail-with-body", "--unix-socket", filepath.Join(d.dir, client.SocketName),
		"-H", "Xietong-Agency: civil-affairs", "-H", "Idempotency-Key: 01937b1c-7b1c-7b1c-8b1c-7b1c7b1c7b1c", "-H", "Content-Type: application/json",
		"-d", `{"dataset":"villages","key":"520102016001","purpose":"statistics"}`, "http://node/v1/query").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "村01") {
		t.Errorf("got %s, %v", out, err)
	}
}
