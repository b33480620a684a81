package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/exchange/answers"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

const aKey = "01934c5e-0000-7000-8000-000000000002"

func keyed(path, as string, body any) request {
	return request{method: "POST", path: path, as: as, body: body, edit: func(r *http.Request) { r.Header.Set(client.HeaderIdempotency, aKey) }}
}

// uses returns how many uses the ledger has.
func (d *door) uses(t *testing.T) (n int) {
	t.Helper()
	for _, head := range d.Heads(t, 0) {
		if head.Kind == ledger.KindAccess || head.Kind == ledger.KindUseRefused {
			n++
		}
	}
	return n
}

// TestAnswerLostWithTheConnection (M07) cuts the connection while the application for the use is
// being recorded, before anything is read. The use goes on, the client's own retry gets its answer,
// and it is recorded once; another request under the key, and a retry much later, get none.
func TestAnswerLostWithTheConnection(t *testing.T) {
	for what, row := range map[string]struct {
		path string
		body any
	}{
		"query":  {"/v1/query", client.Query{Dataset: "villages", Key: "1", Use: use}},
		"verify": {"/v1/verify", client.Verification{Dataset: "villages", Key: "1", Field: "name", Value: json.RawMessage(`"村1"`), Use: use}},
	} {
		t.Run(what, func(t *testing.T) {
			d := open(t)
			d.cut(t, row.path, row.body)
			if n := d.uses(t); n != 1 {
				t.Errorf("%d uses were recorded when the client was gone, want 1", n)
			}
			for range 2 {
				w := d.send(t, keyed(row.path, "water", row.body))
				if w.Code != http.StatusOK || !bytes.Contains(w.Body.Bytes(), []byte(`"access":"guizhou/log/1/`)) {
					t.Fatalf("the client's own retry: got %d %s, want the answer", w.Code, w.Body)
				}
			}
			if n := d.uses(t); n != 1 {
				t.Errorf("%d uses were recorded, want 1", n)
			}
			other := keyed("/v1/query", "water", client.Query{Dataset: "villages", Key: "2", Use: use})
			d.refused(t, "another request under the key", other, text.IDReused)
			d.Clock = d.Clock.Add(answers.Term)
			if w := d.send(t, keyed(row.path, "civil-affairs", row.body)); w.Code != http.StatusOK { // an entry, by which it is later
				t.Errorf("the key of another agency: got %d %s", w.Code, w.Body)
			}
			d.refused(t, "much later", keyed(row.path, "water", row.body), text.IDSeen)
			if n := d.uses(t); n != 2 {
				t.Errorf("%d uses were recorded, want 2", n)
			}
		})
	}
}

// cut sends a request over a connection, and closes it while the first command is being applied;
// the command waits until the node has noticed.
func (d *door) cut(t *testing.T, path string, body any) {
	t.Helper()
	recording, served := make(chan struct{}), make(chan context.Context, 1)
	var once sync.Once
	d.Before = func(state.Kind) { once.Do(func() { close(recording); <-(<-served).Done() }) }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		served <- r.Context()
		d.handler.ServeHTTP(w, r)
	}))
	conn := must(net.Dial("tcp", server.Listener.Addr().String()))
	data := must(json.Marshal(body))
	_, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n%s: water\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s",
		path, client.HeaderAgency, client.HeaderIdempotency, aKey, len(data), data)
	if err != nil {
		t.Fatal(err)
	}
	<-recording
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	server.Close() // waits until the request is served
}

// TestUsesNeedAKey checks that a use without a key is refused with a word about it, and that the
// description says so.
func TestUsesNeedAKey(t *testing.T) {
	d := open(t)
	var described struct {
		Paths map[string]struct {
			Post struct {
				Parameters []struct {
					Name     string
					Required bool
				}
			}
		}
	}
	if err := json.Unmarshal(d.done(t, "GET", "/openapi.json", "", nil), &described); err != nil {
		t.Fatal(err)
	}
	for _, path := range usePaths {
		required := false
		for _, p := range described.Paths[path].Post.Parameters {
			required = required || p.Name == client.HeaderIdempotency && p.Required
		}
		if !required {
			t.Errorf("%s: the key is said to be optional", path)
		}
	}
	q := keyed("/v1/query", "water", client.Query{Dataset: "villages", Key: "1", Use: use})
	q.edit = func(r *http.Request) { r.Header.Del(client.HeaderIdempotency) }
	d.refused(t, "without a key", q, text.KeyMissing)
	for _, bad := range []string{"?!", "{01934c5e-0000-7000-8000-000000000001}", "01934C5E-0000-7000-8000-00000000000A", "01934c5e-0000-4000-8000-000000000001", "\"x\""} {
		q.edit = func(r *http.Request) { r.Header.Set(client.HeaderIdempotency, bad) }
		if p := d.refused(t, "with the key "+bad, q, text.KeyMalformed); strings.Contains(p.Detail+p.Do, bad) {
			t.Errorf("%s: it is repeated: %+v", bad, p)
		}
	}
	q.edit = func(r *http.Request) { r.Header.Add(client.HeaderIdempotency, "01934c5e-0000-7000-8000-000000000001") }
	if p := d.refused(t, "with two keys", q, text.BadRequest); p.Where != client.HeaderIdempotency || !strings.Contains(p.Detail, "given twice") {
		t.Errorf("two keys: got %+v", p)
	}
}

// TestAnswerGivenWhileItStands revokes the grant of an answer that is kept: it is not given again.
func TestAnswerGivenWhileItStands(t *testing.T) {
	d := open(t)
	q := keyed("/v1/query", "water", client.Query{Dataset: "villages", Key: "1", Use: use})
	if w := d.send(t, q); w.Code != http.StatusOK {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	d.done(t, "POST", d.revocation(t), "civil-affairs", client.Revocation{Reason: "r"})
	d.refused(t, "after the revocation", q, text.IDSeen)
}

// TestSameKeyAtOnce sends one request many times at once: it is answered once, and all get that
// answer.
func TestSameKeyAtOnce(t *testing.T) {
	d := open(t)
	d.done(t, "POST", "/v1/query", "water", client.Query{Dataset: "villages", Key: "1", Use: use})
	before := d.uses(t)
	bodies := make([]string, 8)
	var all sync.WaitGroup
	for i := range bodies {
		all.Go(func() {
			bodies[i] = d.send(t, keyed("/v1/query", "water", client.Query{Dataset: "villages", Key: "1", Use: use})).Body.String()
		})
	}
	all.Wait()
	for _, body := range bodies {
		if body != bodies[0] || body == "" {
			t.Errorf("got %s, want %s", body, bodies[0])
		}
	}
	if n := d.uses(t) - before; n != 1 {
		t.Errorf("%d uses were recorded, want 1", n)
	}
}

// TestSameRefusal sends a request again that was refused after records were read: it gets the same
// refusal, and no second use. One that was refused before is a new request.
func TestSameRefusal(t *testing.T) {
	d := open(t)
	few := villages()
	few.Code, few.SmallestCell, few.Measures = "few", 5, map[string][]string{"people": {"sum"}}
	d.done(t, "POST", "/v1/datasets", "civil-affairs", few)
	d.done(t, "POST", "/v1/datasets/few/records", "civil-affairs", client.PutRecord{Record: json.RawMessage(`{"code":"1","people":7}`)})
	small := client.Query{Dataset: "few", Measure: &client.Measure{Function: "sum", Field: "people"}, Use: use}
	for range 3 {
		d.refused(t, "too few", keyed("/v1/query", "water", small), text.GroupTooSmall)
	}
	if n := d.uses(t); n != 1 {
		t.Errorf("%d uses were recorded, want 1", n)
	}
	d.Clock = d.Clock.Add(time.Second)
	unknown := client.Query{Dataset: "villages", Key: "1", Use: client.Use{Purpose: "curiosity"}}
	q := keyed("/v1/query", "civil-affairs", unknown)
	d.refused(t, "another purpose", q, text.UnknownPurpose)
	unknown.Use = use
	if q.body = unknown; d.send(t, q).Code != http.StatusOK {
		t.Error("put right, under its key: refused")
	}
}

// TestProblemAtTheEnd asks many for records at a level that there is none of, which is told in the
// last line, under the status of success: it is no answer that is kept.
func TestProblemAtTheEnd(t *testing.T) {
	d := open(t)
	asked := client.RowsQuery{Level: "nowhere", Query: client.Query{At: "**.guizhou", Dataset: "villages", Use: use}}
	w := d.send(t, keyed("/v1/federated-rows", "water", asked))
	if w.Code != http.StatusOK || !bytes.Contains(w.Body.Bytes(), []byte(text.SelectorUnknown)) {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	q := answers.Request{
		Owner: answers.Owner{Neighbour: "guizhou", Name: "water"}, Key: "guizhou\nwater\n" + aKey,
		Hash: sha256.Sum256(slices.Concat([]byte("/v1/federated-rows\n"), must(json.Marshal(asked)))),
	}
	if kept, found := d.server.answers.Find(q, d.server.node.Now()); found {
		t.Errorf("kept: %s", kept.body.Bytes())
	}
}
