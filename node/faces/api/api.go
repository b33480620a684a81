// Package api is the node's interface for people and programs: HTTP and JSON over the node's Unix
// socket, described by an OpenAPI 3.1 document that is made from this code (GET /openapi.json).
//
// It holds no business. An operation chooses the hosted jurisdiction, calls the room that does the
// work, and puts the answer into the wire types of node/faces/client. Every error is a problem (RFC
// 9457) with a stable code and sentences in the language that Accept-Language asks for. Bodies are
// bounded before they are read, each and all together, and decoded strictly; no page is served that
// loads anything from elsewhere. The connections of the socket are bounded too, and when Serve
// returns no request is handled any more, except where the node failed.
package api

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/answers"
	"xietong/exchange/budget"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/business/usage"
	"xietong/node/faces/client"
	"xietong/node/flows/adoption"
	"xietong/node/flows/anywhere"
	"xietong/node/flows/drill"
	"xietong/node/flows/federated"
	"xietong/node/flows/granting"
	"xietong/node/flows/join"
	"xietong/node/flows/reform"
	"xietong/node/ground/failure"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/breaks"
	"xietong/node/tree/rosters"
	"xietong/node/tree/standing"
)

// Hosted is a jurisdiction that the node hosts: its ledger, and the desks of its rooms.
type Hosted struct {
	Ledger    Jurisdiction
	Standing  *standing.Standing
	Records   *records.Desk
	Ask       *anywhere.Desk
	Federated *federated.Desk
	Adoption  *adoption.Desk
	Granting  *granting.Desk
	Reform    *reform.Desk
	Rosters   *rosters.Store
	Joining   *join.Desk
	Breaks    *breaks.Store
	Keys      Keys
	Check     Check
	Witness   Witness
	Drill     *drill.Desk
	Usage     *usage.Desk
	Replicas  Replicas
	Clock     Clock
	Newest    Newest
	Mending   Mending
	Trouble   func() []error // what is wrong with this machine now
}

// Node is the node that the API serves.
type Node interface {
	Hosted() []Hosted
	// Ended returns those that the configuration names and that cannot go on, and why.
	Ended() []Ended
	Now() time.Time
	// Zone returns the zone in which the node tells times to people.
	Zone() *time.Location
	// Link returns the state of the link between a hosted jurisdiction and its neighbour.
	Link(local, peer identity.Jurisdiction) LinkState
	// Host makes the node host a further jurisdiction below one that it hosts. The new one joins at
	// the node's own door.
	Host(ctx context.Context, parent identity.Jurisdiction, id identity.Message, place tree.Place, k join.Keys) (join.Result, error)
	// EndHosting ends the hosting of a jurisdiction below another one of the node's, and returns
	// the entry in which the parent withdrew it. HostingEnd tells what it would do, whose hash is
	// agreed to, and refuses what it would refuse.
	EndHosting(ctx context.Context, name identity.Jurisdiction, id identity.Message, reason, agreed string) (identity.Entry, error)
	HostingEnd(ctx context.Context, name identity.Jurisdiction) (join.Hosting, error)
	// Hosts reports whether the keys of a jurisdiction, whose parent the node hosts, are here: it
	// is hosted, or was.
	Hosts(name identity.Jurisdiction) bool
	// Machine tells of the process and of the disk.
	Machine() (Machine, error)
	// Stop ends what serves the node, as a signal does; false: another program has opened it.
	Stop() bool
}

// server answers the operations.
type server struct {
	version string
	logger  *slog.Logger
	node    Node
	answers *answers.Store[*recorder]
	bodies  bodies

	answering *budget.Room // bytes

	described huma.Registry // of what the API takes
	rowsBody  *huma.Schema  // see registerRows
}

// Caller holds the headers that every request may carry: the hosted jurisdiction and the agency
// that it is for, its idempotency key, and the language of its problems.
type Caller struct {
	Jurisdiction string `header:"Xietong-Jurisdiction" doc:"Which hosted jurisdiction, by its name or code; may be left out where there is one"`
	Agency       string `header:"Xietong-Agency" doc:"Which agency acts: its code"`
	Key          string `header:"Idempotency-Key" doc:"UUIDv7; the same request with the same key is done once"`
	Language     string `header:"Accept-Language" doc:"Language of problems: zh or en"`
	Prefer       string `header:"Prefer" doc:"reader=command-line: problems name flags and commands"`
}

const maxBodyLen = 1 << 20

// longBodies are the operations that take a longer body, in bytes: the longest roster, as JSON.
var longBodies = map[string]int{"/v1/roster": 18 << 20, "/v1/roster/plan": 18 << 20}

// bodyLen returns how long a body an operation takes, in bytes.
func bodyLen(path string) int { return cmp.Or(longBodies[path], maxBodyLen) }

// New returns the handler of the API. Its description takes 2.4 MB of memory; it is made at the
// first request, so that in a process of many nodes those that nobody asks do without.
func New(version string, logger *slog.Logger, n Node) http.Handler {
	s := &server{version: version, logger: logger, node: n, answers: answers.New[*recorder](maxKept), answering: budget.NewRoom(maxHeld)}
	made := sync.OnceValue(s.handler)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { made().ServeHTTP(w, r) })
}

func (s *server) handler() http.Handler {
	mux := http.NewServeMux()
	config := huma.DefaultConfig("Xietong", s.version)
	config.DocsPath = "" // its page loads from elsewhere
	config.CreateHooks = nil
	config.Formats = formats()
	a := humago.New(mux, config)
	s.register(a)
	files := http.NewServeMux()
	s.registerImports(files, a)
	s.registerRows(files, a)
	s.registerProblems(files, a)
	describeHeaders(a.OpenAPI())
	describe(a.OpenAPI())
	refuseEmpty(a.OpenAPI())
	takes := parametersOf(a.OpenAPI())
	all := routed(mux, takes.router)
	files.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		http.MaxBytesHandler(all, int64(bodyLen(r.URL.Path))).ServeHTTP(w, r)
	})
	return s.zoned(paid(s.admit(s.held(s.given(takes, s.again(files))))))
}

// zoned says in every answer in which zone the node tells times.
func (s *server) zoned(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(client.HeaderTimeZone, s.node.Zone().String())
		next.ServeHTTP(w, r)
	})
}

// paid has every request pay as one of this node's own agencies: the one that it names.
func paid(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := budget.Payer{Neighbour: budget.Local, Origin: r.Header.Get("Xietong-Agency")}
		next.ServeHTTP(w, r.WithContext(budget.With(r.Context(), p)))
	})
}

// reading returns the jurisdiction whose names the caller's problems are worded with: the one that
// the caller named or, if no such jurisdiction is hosted, the first one.
func (s *server) reading(c Caller) Hosted {
	hosted := s.node.Hosted()
	i, _ := standing.Hosted(standings(hosted), c.Jurisdiction)
	return hosted[max(i, 0)]
}

func standings(hosted []Hosted) (all []*standing.Standing) {
	for _, h := range hosted {
		all = append(all, h.Standing)
	}
	return all
}

// hosts reports whether the node hosts the jurisdiction.
func (s *server) hosts(name identity.Jurisdiction) bool {
	return slices.ContainsFunc(s.node.Hosted(), func(h Hosted) bool { return h.Ledger.Name() == name })
}

// at returns the hosted jurisdiction that the caller named. The caller may leave out the name if
// the node hosts only one.
func (s *server) at(c Caller) (Hosted, error) {
	hosted := s.node.Hosted()
	if err := s.ended(hosted, c.Jurisdiction); err != nil {
		return Hosted{}, err
	}
	i, err := standing.Hosted(standings(hosted), c.Jurisdiction)
	if err != nil {
		return Hosted{}, err
	}
	return hosted[i], nil
}

// answer is the body of every operation.
type answer[T any] struct{ Body T }

// handle registers an operation with requests I and answers T. f answers a request at the hosted
// jurisdiction that its caller named.
func handle[I interface{ who() Caller }, T any](s *server, a huma.API, o huma.Operation, f func(context.Context, Hosted, *I) (T, error)) {
	huma.Register(a, o, func(ctx context.Context, in *I) (*answer[T], error) {
		c := (*in).who()
		h, err := s.at(c)
		switch {
		case err != nil || slices.Contains(resolving, o.OperationID):
		case slices.Contains(nameless, o.OperationID) && o.Method == http.MethodGet:
			err = h.named(ctx, c, catalog.Actor.Resolve, text.NoAgency)
		case slices.Contains(nameless, o.OperationID):
			err = h.named(ctx, c, catalog.Actor.Resolve, text.NoAgency, text.UnknownAgency) // it may be the one that is now added
		case o.Method == http.MethodGet:
			err = h.reads(ctx, c)
		}
		if err != nil {
			return nil, s.refuse(c, err)
		}
		out, err := f(ctx, h, in)
		if err != nil {
			return nil, s.pointedIn(c, h.nearDataset(ctx, err), in)
		}
		return &answer[T]{out}, nil
	})
}

func (c Caller) who() Caller { return c }

// resolving are the operations that read, and find out by themselves which agency acts.
var resolving = []string{"grants", "audits", "receipt", "receipt-of", "uses", "count-uses", "asked", "count-asked", "held-grants"}

// nameless are the operations that write, or plan to, in the name of no agency: who runs the
// jurisdiction does them.
var nameless = []string{
	"add-agency", "rename-agency", "invite", "plan-invitation", "cancel-invitation", "cancel-invitation-plan", "withdraw", "withdraw-plan", "confirm", "object", "acknowledge-fork", "drill",
	"add-hosted", "end-hosted", "end-hosted-plan", "accept-clock", "continue-ledger", "repair-ledger", "acknowledge-keys", "new-keys", "plan-roster",
	"invite-replica", "promote-replica", "remove-replica", "remove-replica-plan",
}

// found finds out which agency an actor is: catalog.Actor.Resolve or, for what only reads,
// catalog.Actor.Reads.
type found = func(catalog.Actor, *state.Reader) (identity.Agency, error)

// reads refuses an agency that the caller named and that there is none of. One that ended may read.
func (h Hosted) reads(ctx context.Context, c Caller) error {
	return h.named(ctx, c, catalog.Actor.Reads, text.NoAgency) // no agency yet: none is meant
}

// named finds out which agency the caller named, and passes over refusals that are none here. What
// writes in the name of an agency, or asks for records, finds that out by itself.
func (h Hosted) named(ctx context.Context, c Caller, who found, none ...text.Code) error {
	if c.Agency == "" {
		return nil
	}
	return h.Ledger.View(ctx, func(r *state.Reader) error {
		if _, err := who(c.by(), r); !failure.Is(err, none...) {
			return err
		}
		return nil
	})
}

// by returns the acting agency, as the caller named it.
func (c Caller) by() catalog.Actor { return catalog.Local(c.Agency) }

// entered does a write under the caller's key, and answers with the name of the entry that it made.
func entered(c Caller, write func(id identity.Message) (identity.Entry, error)) (client.Entered, error) {
	id, err := c.key()
	if err != nil {
		return client.Entered{}, err
	}
	entry, err := write(id)
	return client.Entered{Entry: entry.String()}, err
}

// entryName names the entry at index.
func (h Hosted) entryName(index uint64) string { return h.Ledger.Names().Entry(index).String() }
