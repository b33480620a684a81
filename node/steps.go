package node

import (
	"context"
	"net/http"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/exchange/relay"
	"xietong/node/api"
	"xietong/node/calls"
	"xietong/node/host"
)

// The steps of a call that the rooms of node take, as Options.Steps is told of them beside those of relay. They stand inside
// one another: the exchange in ask-send or pass, reading and recording a use in serve-run, and the asker's all in api.
const (
	StepAPI       = "api "       // and the path: a request of the API, from its header to its answer
	StepAPIRead   = "api-read"   // a look of the API at the state: for a query, the agency that asks
	StepAPIRecord = "api-record" // what the API commits by itself
	StepExchange  = "exchange"   // over a link, from the frame of a request to that of its answer
	StepAskRead   = "ask-read"   // the asker's agency, and whether the id was used
	StepAskRecord = "ask-record" // the asker's own record, until it is durable
	StepUseRead   = "use-read"   // one look at the provider's state: catalogue entry, grant, record
	StepUseRecord = "use-record" // the access record, until it is durable

	StepAskSign     = relay.AskSign
	StepAskSend     = relay.AskSend
	StepAskVerify   = relay.AskVerify
	StepPass        = relay.Pass
	StepServeVerify = relay.ServeVerify
	StepServeRun    = relay.ServeRun
	StepServeSign   = relay.ServeSign
)

// timedAPI tells how long requests of the API take.
func (n *Node) timedAPI(inner http.Handler) http.Handler {
	if n.o.Steps == nil {
		return inner
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, path := time.Now(), r.URL.Path
		inner.ServeHTTP(w, r)
		n.o.Steps(StepAPI+path, time.Since(began))
	})
}

// ledgers is what the rooms above host need of a jurisdiction.
type ledgers interface {
	api.Jurisdiction
	calls.Ledger
}

// timed tells how long reading the ledger takes, and committing to it.
type timed struct {
	*host.Host
	steps          func(step string, took time.Duration)
	read, recorded string // the names of the two
}

// timed returns the ledger of a jurisdiction for one of its rooms: itself, where nobody asks for times.
func (n *Node) timed(h *host.Host, read, recorded string) ledgers {
	if n.o.Steps == nil {
		return h
	}
	return timed{h, n.o.Steps, read, recorded}
}

func (t timed) View(ctx context.Context, f func(*state.Reader) error) error {
	began := time.Now()
	err := t.Host.View(ctx, f)
	t.steps(t.read, time.Since(began))
	return err
}

func (t timed) Propose(ctx context.Context, kind state.Kind, id identity.Message, asked, body []byte) ([]byte, error) {
	began := time.Now()
	result, err := t.Host.Propose(ctx, kind, id, asked, body)
	t.steps(t.recorded, time.Since(began))
	return result, err
}

// Exchange carries a message to a neighbour and its answer back.
func (l links) Exchange(ctx context.Context, local, to identity.Jurisdiction, request []byte, each func([]byte) error) error {
	began, answer := time.Now(), 0
	err := l.n.socket.Exchange(ctx, local, to, request, func(frame []byte) error {
		answer += len(frame)
		return each(frame)
	})
	if l.n.o.Steps != nil {
		l.n.o.Steps(StepExchange, time.Since(began))
	}
	if l.n.o.Frames != nil {
		l.n.o.Frames(len(request), answer)
	}
	return err
}
