package api

import (
	"html/template"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xietong/node/ground/text"
)

// registerProblems serves a page for each kind of problem, at the address that problems have as
// their type: as HTML where Accept names that, else as Markdown.
func (s *server) registerProblems(mux *http.ServeMux, a huma.API) {
	mux.HandleFunc("GET "+pagesOfProblems+"{code}", s.problemPage)
	page := func(example string) *huma.MediaType {
		return &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString}, Example: example}
	}
	a.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "problem", Method: http.MethodGet, Path: pagesOfProblems + "{code}", Summary: "What a kind of problem is, and what to do",
		Parameters: []*huma.Param{{
			Name: "code", In: "path", Required: true, Description: "Code of the problem", Example: "unknown-dataset", Schema: &huma.Schema{Type: huma.TypeString},
		}},
		Responses: map[string]*huma.Response{"200": {Description: "The page", Content: map[string]*huma.MediaType{
			"text/markdown": page("# Unknown dataset (unknown-dataset)\n"), "text/html": page("<!doctype html><title>Unknown dataset (unknown-dataset)</title>"),
		}}},
	})
}

var pageTemplate = template.Must(template.New("problem").Parse(`<!doctype html>
<html lang="{{.Language}}"><meta charset="utf-8"><title>{{.Title}} ({{.Code}})</title>
<h1>{{.Title}} <code>{{.Code}}</code></h1>
<p>{{.Facts}}</p>
<dl><dt>{{.Words.What}}<dd>{{.What}}<dt>{{.Words.Where}}<dd>{{.Where}}<dt>{{.Words.Do}}<dd>{{.Do}}
{{if ne .Do .Terminal}}<dt>{{.Words.Terminal}}<dd>{{.Terminal}}{{end}}</dl>
</html>
`))

func (s *server) problemPage(w http.ResponseWriter, r *http.Request) {
	c := callerOf(r)
	l := c.reader().Lang
	d, ok := text.Describe(l, text.Code(r.PathValue("code")))
	if !ok {
		s.fail(w, c, text.Fail(text.NotFound, text.Args{"what": "kind of problem", "where": text.Short(r.URL.Path)}, nil))
		return
	}
	w.Header().Set("Content-Language", l.Tag())
	w.Header().Set("Vary", "Accept, Accept-Language")
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		w.Header().Set("Content-Type", "text/markdown; charset=utf-8")
		_, _ = w.Write([]byte("# " + d.Title + " (" + string(d.Code) + ")\n\n" + d.Facts(l) + "\n\n" + d.Markdown(l))) // the client may be gone
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = pageTemplate.Execute(w, struct {
		text.Description
		Language, Facts string
		Words           text.PageWords
	}{d, l.Tag(), d.Facts(l), text.WordsOfPage(l)}) // the client may be gone
}
