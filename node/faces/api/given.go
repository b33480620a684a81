package api

import (
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// Whatever narrows or directs a question is refused where it is given and empty: a program that
// lacks the value would ask for everything, or ask somebody else. A member, a parameter or a header
// that is not meant is left out.

// given refuses a request with a parameter or a header that is given and empty, given twice, or
// that the operation does not know: each would take a narrowing away.
func (s *server) given(takes parameters, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, query, headers := callerOf(r), r.URL.Query(), headersOf(r)
		for _, name := range slices.Sorted(maps.Keys(query)) {
			err := wellGiven(c, "?"+name, query[name]) // a word of ours would be translated
			if err == nil && !takes.knows(r, name) {
				err = c.wrong("?"+name, "unexpected property")
			}
			if err != nil {
				s.failEarly(w, r, c, s.faulty(c, err, client.Fault{Parameter: text.Short(name)}))
				return
			}
		}
		for _, name := range slices.Sorted(maps.Keys(headers)) {
			if err := wellGiven(c, name, headers[name]); err != nil {
				s.failEarly(w, r, c, s.faulty(c, err, client.Fault{Header: name}))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// faulty returns the problem of an error that is the fault of one part of the request.
func (s *server) faulty(c Caller, err error, f client.Fault) *client.Problem {
	p := s.problemOf(c, err)
	f.Detail = p.Detail
	p.Errors = []client.Fault{f}
	return p
}

func wellGiven(c Caller, name string, values []string) error {
	switch {
	case slices.ContainsFunc(values, func(v string) bool { return strings.TrimSpace(v) == "" }):
		return text.Fail(text.Empty, text.Args{"name": text.Short(name)}, nil)
	case len(values) > 1:
		return c.wrong(name, "given twice")
	}
	return nil
}

// wrong returns the failure of a part of the request.
func (c Caller) wrong(name, why string) error {
	return text.Fail(text.BadRequest, text.Args{"where": text.Short(name), "reason": why}, nil)
}

// parameters are the names that the operations take in the query of their address.
type parameters struct {
	router *http.ServeMux
	of     map[string][]string // by the pattern of the operation
}

func parametersOf(o *huma.OpenAPI) parameters {
	p := parameters{http.NewServeMux(), map[string][]string{}}
	for path, item := range o.Paths {
		for method, operation := range map[string]*huma.Operation{http.MethodGet: item.Get, http.MethodPost: item.Post} {
			if operation == nil {
				continue
			}
			pattern := method + " " + path
			p.router.Handle(pattern, http.NotFoundHandler())
			for _, of := range operation.Parameters {
				if of.In == "query" {
					p.of[pattern] = append(p.of[pattern], of.Name)
				}
			}
		}
	}
	return p
}

// knows reports whether the operation of the request takes a parameter; what is no operation is
// refused elsewhere.
func (p parameters) knows(r *http.Request, name string) bool {
	_, pattern := p.router.Handler(r)
	return pattern == "" || slices.Contains(p.of[pattern], name)
}

// headersOf returns the headers of the request that say who asks whom.
func headersOf(r *http.Request) map[string][]string {
	some := map[string][]string{}
	for _, name := range []string{"Xietong-Jurisdiction", "Xietong-Agency", "Idempotency-Key"} {
		some[name] = r.Header.Values(name)
	}
	return some
}

// documents are the bodies that hold what a person wrote, and are checked where they are read: in
// them an empty member says that there is nothing.
var documents = []string{"NewDataset", "NewStandard", "PutRecord"}

// notBlank is the pattern of a text that says something.
const notBlank = `[^\s\p{Z}]`

// refuseEmpty makes the description of every body, by which it is checked, say that a text has a
// character, a list an item, and an object a member.
func refuseEmpty(o *huma.OpenAPI) {
	seen := map[*huma.Schema]bool{}
	var walk func(*huma.Schema)
	walk = func(s *huma.Schema) {
		if s == nil || seen[s] {
			return
		}
		seen[s] = true
		one := 1
		switch {
		case s.Ref != "":
			if !slices.Contains(documents, s.Ref[strings.LastIndex(s.Ref, "/")+1:]) {
				walk(o.Components.Schemas.SchemaFromRef(s.Ref))
			}
			return
		case s.Type == huma.TypeString && s.ContentEncoding == "" && s.Pattern == "" && len(s.Enum) == 0:
			s.Pattern = notBlank
		case s.Type == huma.TypeArray && s.MinItems == nil:
			s.MinItems, s.Nullable = &one, false
			walk(s.Items)
		case s.Type == huma.TypeObject && len(s.Properties) == 0 && s.AdditionalProperties != false && s.MinProperties == nil:
			s.MinProperties = &one
		}
		for _, property := range s.Properties {
			walk(property)
		}
		s.PrecomputeMessages()
	}
	for _, path := range o.Paths {
		if path.Post == nil || path.Post.RequestBody == nil {
			continue
		}
		for _, media := range path.Post.RequestBody.Content {
			walk(media.Schema)
		}
	}
}
