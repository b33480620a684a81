package api

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xietong/node/faces/client"
)

// The media types of answers.
const (
	problemMedia = "application/problem+json"
	lineMedia    = "application/x-ndjson"
)

// aboutAPI is what the description says of the whole.
const aboutAPI = `The API of a Xietong (协同) node: what the command line does, every program can do.

It is served on the Unix socket node.sock in the node's data directory, and nowhere else. Nothing in a request says who sends it:
whoever may open the socket may do everything that these operations do, as any agency of the node. The host of an address means
nothing.

Times are RFC 3339 in UTC, hashes lower-case hex, bytes standard base64. An answer that is no success is a problem (RFC 9457) with
a stable code. A list comes in pages: an answer with a cursor has more, and the same request with that cursor brings the next page.
What writes or uses data is done once for each idempotency key.`

// tagged is a part of the API with the paths of its operations.
type tagged struct {
	name, about string
	paths       []string // beginnings
}

// groups are the tags, the first of whose paths an operation's begins with it has.
var groups = []tagged{
	{"node", "The node itself: whether it lives and serves, and what it hosts.", []string{"/v1/health", "/v1/ready", "/v1/status", "/v1/stop", "/v1/host"}},
	{"ledger", "The ledger of a hosted jurisdiction: entries, checkpoints, receipts.", []string{"/v1/ledger", "/v1/entry", "/v1/receipt"}},
	{"catalogue", "Agencies, datasets and standard entries.", []string{"/v1/agencies", "/v1/datasets/plan", "/v1/standards"}},
	{"grants", "Who may use which data for what.", []string{"/v1/grants"}},
	{"uses", "Asking for data here and elsewhere, and who did.", []string{
		"/v1/query", "/v1/verify", "/v1/federated", "/v1/uses", "/v1/asked", "/v1/audits", "/v1/question",
	}},
	{"tree", "Where a jurisdiction stands: its parent, its children, the roster and its keys.", []string{
		"/v1/tree", "/v1/invitations", "/v1/children", "/v1/waiting", "/v1/objections", "/v1/drills", "/v1/roster", "/v1/keys",
	}},
	{"replicas", "The machines that run one jurisdiction together.", []string{"/v1/replicas"}},
	{"problems", "What each kind of problem is.", []string{pagesOfProblems}},
	{"records", "The records of datasets, one by one and by file.", []string{"/v1/datasets/{code}/"}},
	{"catalogue", "", []string{"/v1/datasets"}},
	{"tree", "", []string{"/"}},
}

func groupOf(path string) string {
	for _, g := range groups {
		if slices.ContainsFunc(g.paths, func(beginning string) bool { return strings.HasPrefix(path, beginning) }) {
			return g.name
		}
	}
	return ""
}

// describe completes the description of the API with what holds for all operations.
func describe(o *huma.OpenAPI) {
	o.Info.Description = aboutAPI
	o.Info.License = &huma.License{Name: "Apache License 2.0", Identifier: "Apache-2.0"}
	o.Info.Contact = &huma.Contact{Name: "The administrator of the node"}
	o.Servers = []*huma.Server{{URL: "http://node", Description: "The Unix socket node.sock in the data directory; the host means nothing"}}
	o.Security = []map[string][]string{{}} // none: the socket's file mode lets in, or does not
	for _, g := range groups {
		if g.about != "" {
			o.Tags = append(o.Tags, &huma.Tag{Name: g.name, Description: g.about})
		}
	}
	o.Components.Responses = map[string]*huma.Response{
		"Problem": {Description: "A problem (RFC 9457); which codes there are, docs/problems.md lists", Content: map[string]*huma.MediaType{
			problemMedia: {Schema: o.Components.Schemas.Schema(reflect.TypeFor[client.Problem](), true, "Problem")},
		}, Headers: map[string]*huma.Param{
			"Retry-After": {Description: "Seconds until it may be tried again; with 429 and 503", Schema: &huma.Schema{Type: huma.TypeInteger}},
		}},
	}
	for path, item := range o.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post} {
			if op != nil {
				describeOperation(path, op)
			}
		}
	}
}

func describeOperation(path string, op *huma.Operation) {
	op.Tags = []string{groupOf(path)}
	sentences := []string{op.Summary + ".", details[op.OperationID], op.Description}
	switch {
	case op.Method != http.MethodPost:
	case slices.Contains(keyless, op.OperationID):
		sentences = append(sentences, "It needs no idempotency key.")
	default:
		sentences = append(sentences, "It needs an idempotency key, and is done once for each.")
	}
	op.Description = strings.Join(slices.DeleteFunc(sentences, func(s string) bool { return s == "" }), " ")
	for _, status := range []string{"4XX", "5XX", "default"} {
		op.Responses[status] = &huma.Response{Ref: "#/components/responses/Problem"}
	}
	if example, ok := examples[op.OperationID]; ok && op.RequestBody != nil {
		op.RequestBody.Content["application/json"].Example = example
	}
}

// ndjson describes an answer of lines, each of which is one of the types.
func ndjson(a huma.API, says string, lines ...reflect.Type) *huma.Response {
	line := &huma.Schema{}
	for _, t := range lines {
		line.AnyOf = append(line.AnyOf, a.OpenAPI().Components.Schemas.Schema(t, true, t.Name()))
	}
	if len(lines) == 1 {
		line = line.AnyOf[0]
	}
	return &huma.Response{Description: says, Content: map[string]*huma.MediaType{lineMedia: {Schema: line}}}
}
