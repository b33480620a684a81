// Package api is the node's one door: HTTP and JSON over the node's Unix socket, described by OpenAPI 3.1 that is made
// from this code (GET /openapi.json).
//
// It holds no business. An operation chooses the hosted jurisdiction, calls the room that knows, and puts the answer into
// the wire types of node/client. Every error is a problem (RFC 9457) with a stable code and sentences in the language
// that Accept-Language asks for. Bodies are bounded before they are read and decoded strictly; no page is served that
// loads anything from elsewhere.
package api

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"xietong/certs/identity"
	"xietong/exchange/relay"
	"xietong/node/calls"
	"xietong/node/catalog"
	"xietong/node/client"
	"xietong/node/join"
	"xietong/node/join/neighbours"
	"xietong/node/join/published"
	"xietong/node/records"
	"xietong/node/roster"
	"xietong/node/text"
)

// Hosted is a jurisdiction that the node hosts, with what people call it.
type Hosted struct {
	Host        Jurisdiction
	Records     *records.Desk
	Calls       *calls.Desk
	Table       *neighbours.Table
	Roster      *published.Store
	DisplayName string
	ShortName   string
	Code        string
	Level       string
}

// Node is the node behind the door.
type Node interface {
	Hosted() []Hosted
	Now() time.Time
	// Addresses returns where children dial; none: they cannot.
	Addresses() []string
	// Link tells how the link between a hosted jurisdiction and its neighbour is.
	Link(local, peer identity.Jurisdiction) LinkState
	// Changed is told that the children of a hosted jurisdiction are others now.
	Changed(ctx context.Context, local identity.Jurisdiction) error
	// RosterChanged is told that a hosted root has published a roster.
	RosterChanged(local identity.Jurisdiction)
	// Drill sends another jurisdiction a request that it must refuse, altered or signed by a stranger, and returns the refusal.
	Drill(ctx context.Context, local Hosted, id identity.Message, to identity.Jurisdiction, stranger bool) (*relay.Problem, error)
	// Adopt has the node host a further jurisdiction below one that it hosts, joined through its own door.
	Adopt(ctx context.Context, parent Hosted, id identity.Message, place join.Place) (client.HostedPlace, error)
}

// server answers the operations.
type server struct {
	version string
	logger  *slog.Logger
	node    Node
}

// Caller is what every request says of itself.
type Caller struct {
	Jurisdiction string `header:"Xietong-Jurisdiction" doc:"Which hosted jurisdiction; may be left out where there is one"`
	Agency       string `header:"Xietong-Agency" doc:"Which agency acts: its code"`
	Key          string `header:"Idempotency-Key" doc:"UUIDv7; the same request with the same key is done once"`
	Language     string `header:"Accept-Language"`
}

const maxBodyLen = 1 << 20

// New returns the handler of the API.
func New(version string, logger *slog.Logger, n Node) http.Handler {
	s := &server{version: version, logger: logger, node: n}
	mux := http.NewServeMux()
	config := huma.DefaultConfig("Xietong", version)
	config.DocsPath = "" // its page loads from elsewhere
	config.CreateHooks = nil
	a := humago.New(mux, config)
	s.register(a)
	files := http.NewServeMux()
	s.registerImports(files, a)
	s.registerRows(files, a)
	files.Handle("/", http.MaxBytesHandler(mux, maxBodyLen))
	return files
}

func init() {
	// The library's own refusals (a malformed body, a missing field) become problems like ours. They come before the
	// language of the request is known here, so they are told in English.
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		reason := message
		for _, err := range errs {
			reason += "; " + err.Error()
		}
		code := text.BadRequest
		if status >= http.StatusInternalServerError {
			code = text.Internal
		}
		p := problem(text.En, code, text.Args{"where": "", "reason": reason})
		p.Status = status
		return p
	}
}

func problem(l text.Lang, code text.Code, args text.Args) *client.Problem {
	e := text.Explain(l, code, args)
	return &client.Problem{
		Type: "about:blank", Title: e.Title, Status: text.Status(code), Detail: e.What, Code: string(code), Where: e.Where, Do: e.Do,
	}
}

// refuse is problemOf as an error.
func (s *server) refuse(c Caller, err error) error { return s.problemOf(c, err) }

// problemOf turns any error into the problem that the caller reads. What is no refusal is logged: it is the node's fault.
func (s *server) problemOf(c Caller, err error) *client.Problem {
	language := text.FromAcceptLanguage(c.Language)
	if long, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return problem(language, text.TooLarge, text.Args{"where": "body", "size": "-", "limit": strconv.FormatInt(long.Limit, 10)})
	}
	f := calls.Failure(err)
	if f.Code == text.Internal && (errors.Is(err, catalog.ErrInvalid) || errors.Is(err, identity.ErrMalformed)) {
		f = &text.Failure{Code: text.BadRequest, Args: text.Args{"where": "", "reason": err.Error()}}
	}
	p := problem(language, f.Code, called(f.Args))
	if r, ok := errors.AsType[*relay.Problem](err); ok && !s.hosts(r.At) {
		p.By = roster.Shipped().DisplayName(r.At)
	} else if f.Code == text.Internal {
		s.logger.Error("request failed", "error", err)
	}
	return p
}

// called puts what people call a jurisdiction for its name, where the roster has it.
func called(args text.Args) text.Args {
	out := maps.Clone(args)
	for _, arg := range []string{"jurisdiction", "destination", "neighbour", "origin", "peer"} {
		if name, err := identity.ParseJurisdiction(args[arg]); err == nil {
			out[arg] = roster.Shipped().DisplayName(name)
		}
	}
	return out
}

// hosts reports whether the node hosts the jurisdiction.
func (s *server) hosts(name identity.Jurisdiction) bool {
	return slices.ContainsFunc(s.node.Hosted(), func(h Hosted) bool { return h.Host.Name() == name })
}

// at chooses the hosted jurisdiction.
func (s *server) at(c Caller) (Hosted, error) {
	hosted := s.node.Hosted()
	if c.Jurisdiction == "" && len(hosted) == 1 {
		return hosted[0], nil
	}
	i := slices.IndexFunc(hosted, func(h Hosted) bool { return h.Host.Name().String() == c.Jurisdiction })
	if i < 0 {
		names := make([]string, len(hosted))
		for i, h := range hosted {
			names[i] = h.Host.Name().String()
		}
		return Hosted{}, text.Fail(text.JurisdictionNeeded, text.Args{"jurisdictions": strings.Join(names, ", ")}, nil)
	}
	return hosted[i], nil
}

// key returns the request's idempotency key, which every write needs.
func (c Caller) key() (identity.Message, error) {
	id, err := identity.ParseMessage(c.Key)
	if err != nil {
		return id, text.Fail(text.BadRequest, text.Args{"where": "Idempotency-Key", "reason": err.Error()}, err)
	}
	return id, nil
}

// answer is the body of every operation.
type answer[T any] struct{ Body T }

// handle registers an operation: in is the request, f gives the answer at the chosen jurisdiction.
func handle[I interface{ who() Caller }, T any](s *server, a huma.API, o huma.Operation, f func(context.Context, Hosted, *I) (T, error)) {
	huma.Register(a, o, func(ctx context.Context, in *I) (*answer[T], error) {
		c := (*in).who()
		h, err := s.at(c)
		if err != nil {
			return nil, s.refuse(c, err)
		}
		out, err := f(ctx, h, in)
		if err != nil {
			return nil, s.refuse(c, err)
		}
		return &answer[T]{out}, nil
	})
}

func (c Caller) who() Caller { return c }
