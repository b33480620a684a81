package api

import (
	"net/http"
	"strings"

	"xietong/node/ground/text"
)

// routed answers a request for no operation with a problem: there is none at its address, or none
// of its method, with those that there are in the header Allow. known are all operations.
func routed(mux, known *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, pattern := mux.Handler(r); pattern != "" {
			mux.ServeHTTP(w, r)
			return
		}
		asked := text.Short(r.Method + " " + r.URL.Path)
		for _, router := range []*http.ServeMux{mux, known} {
			said := &refusal{header: http.Header{}}
			refuse, _ := router.Handler(r)
			refuse.ServeHTTP(said, r)
			if said.status == http.StatusMethodNotAllowed {
				allowed := said.header.Get("Allow")
				w.Header().Set("Allow", allowed)
				writeProblem(w, problem(callerOf(r).reader(), text.MethodRefused, text.Args{"request": asked, "methods": allowed}))
				return
			}
		}
		writeProblem(w, problem(callerOf(r).reader(), text.NoOperation, text.Args{"request": asked}))
	})
}

// refusal takes the status and the header of the router's refusal, without its body.
type refusal struct {
	header http.Header
	status int
}

func (r *refusal) Header() http.Header         { return r.header }
func (r *refusal) WriteHeader(status int)      { r.status = status }
func (r *refusal) Write(b []byte) (int, error) { return len(b), nil }

// jsonBody refuses a body that says that it is no JSON, as the library does.
func jsonBody(r *http.Request) error {
	media, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	media = strings.ToLower(strings.TrimSpace(media))
	if media == "" || media == "application/json" || strings.HasSuffix(media, "+json") {
		return nil
	}
	return text.Fail(text.MediaType, text.Args{"type": text.Short(media)}, nil)
}
