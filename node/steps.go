package node

import (
	"context"
	"net/http"
	"time"

	"xietong/consensus/state"
	"xietong/exchange/relay"
	"xietong/node/faces/api"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
)

// The names of the steps of a call, as Options.Steps receives them. Some steps contain others:
// ask-send and pass contain exchange, serve-run contains use-read and use-record, and api contains
// all steps of the asker.
const (
	StepAPI       = "api "       // followed by the path: a request of the API, from its header to its answer
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

// timedAPI reports how long each request of the API takes, if Options.Steps is set.
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

// timed is the ledger of a jurisdiction that reports how long each reading and each commit takes.
type timed struct {
	*host.Host
	steps          func(step string, took time.Duration)
	read, recorded string // the names of the two steps
}

// timed returns the ledger of a jurisdiction for one of its rooms: the host itself, unless
// Options.Steps is set.
func (n *Node) timed(h *host.Host, read, recorded string) api.Jurisdiction {
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

func (t timed) Look(f func(*state.Reader) error) error {
	began := time.Now()
	err := t.Host.Look(f)
	t.steps(t.read, time.Since(began))
	return err
}

func (t timed) Propose(ctx context.Context, kind state.Kind, q book.Request, body []byte) ([]byte, error) {
	began := time.Now()
	result, err := t.Host.Propose(ctx, kind, q, body)
	t.steps(t.recorded, time.Since(began))
	return result, err
}
