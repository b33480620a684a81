package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"xietong/node/ground/text"
)

// Whatever narrows or directs a question is refused where it is given and empty: a program that
// lacks the value would ask for everything, or ask somebody else. A member, a parameter or a header
// that is not meant is left out.

// given refuses a request with a parameter or a header that is given and empty.
func (s *server) given(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, all := range []map[string][]string{r.URL.Query(), headersOf(r)} {
			for name, values := range all {
				if slices.ContainsFunc(values, func(v string) bool { return strings.TrimSpace(v) == "" }) {
					s.failEarly(w, r, callerOf(r), text.Fail(text.Empty, text.Args{"name": text.Short(name)}, nil))
					return
				}
			}
		}
		next.ServeHTTP(w, r)
	})
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
