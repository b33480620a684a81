package bench

import (
	"errors"
	"fmt"
	"time"

	"xietong/node"
)

// Tolerance is the part of a query's time that may belong to no step, because the code between two
// steps is short.
const Tolerance = 0.05

// ErrSteps is returned if a node did not take each step once for each query, but for what it sends
// by itself.
var ErrSteps = errors.New("the steps are not those of the queries")

// Where a step is taken.
const (
	AtProvince = "province"
	AtCity     = "city"
	AtCounty   = "county"
	OnTheWay   = "link" // between two of these, there and back
)

// Step is the average time of one step of a query.
type Step struct {
	Name, Where string
	Times       int           // how often a query takes the step
	Took        time.Duration // all of these times together
}

// Steps are the steps of a query, in the order in which a query takes them.
type Steps struct {
	Steps []Step
	Sum   time.Duration // of these
	Total time.Duration // of the query, as the client measures it
}

// Unexplained returns the part of the total that belongs to no step; it is negative if the steps
// take more than the total.
func (s Steps) Unexplained() float64 { return 1 - float64(s.Sum)/float64(max(s.Total, 1)) }

// The steps that are computed, because no node reports them directly.
const (
	StepSocket = "socket" // from the client to the API and back: the client's time less the API's
	StepAPI    = "api"    // the API without reading the ledger: measured with refused requests
	StepLink   = "link"   // there and back: a hop's wait for the next hop, less the next hop's work
	StepServe  = "serve"  // the rest of serve-run: permission, reading, and the code around them
)

func (t *told) add(other told) {
	t.Frames, t.Request, t.Answer, t.CPU = t.Frames+other.Frames, t.Request+other.Request, t.Answer+other.Answer, t.CPU+other.CPU
	if t.Steps == nil {
		t.Steps = map[string]step{}
	}
	for name, s := range other.Steps {
		have := t.Steps[name]
		t.Steps[name] = step{have.N + s.N, have.Sum + s.Sum}
	}
}

// theQuery is the step that a node reports for a whole query at its API.
const theQuery = node.StepAPI + "/v1/query"

// mostOwn is how many messages a node may have sent by itself beside so many queries: it shows its
// neighbours its newest checkpoint once a second at most, and asks them after keys now and then.
func mostOwn(queries int) int { return 4 + queries/20 }

// stepsOf divides the time of the queries into steps. A step inside another is subtracted from it,
// whichever process reported it: a hop's wait for the next hop is the link plus the times of the
// next hop. The time of the API itself comes from the refusals.
func stepsOf(queries sample, refused told, at []told) (s Steps, err error) {
	n := len(queries.took)
	one := func(t told, name string) time.Duration {
		got := t.Steps[name]
		if more := got.N - n; (more < 0 || more > mostOwn(n)) && name != node.StepUseRead { // the provider reads more than once
			err = errors.Join(err, fmt.Errorf("%w: %s was taken %d times, asked %d times", ErrSteps, name, got.N, n))
		}
		if name == node.StepUseRead {
			return got.Sum / time.Duration(max(n, 1))
		}
		return got.mean()
	}
	add := func(where, name string, took time.Duration) {
		s.Steps, s.Sum = append(s.Steps, Step{Name: name, Where: where, Times: 1, Took: took}), s.Sum+took
	}
	top, bottom := at[0], at[len(at)-1]
	served := one(bottom, node.StepServeVerify) + one(bottom, node.StepServeRun) + one(bottom, node.StepServeSign)

	s.Total = queries.mean()
	add(AtProvince, StepSocket, s.Total-one(top, theQuery))
	add(AtProvince, StepAPI, refused.Steps[theQuery].mean()-refused.Steps[node.StepAskRead].mean())
	add(AtProvince, node.StepAskRead, one(top, node.StepAskRead))
	add(AtProvince, node.StepAskSign, one(top, node.StepAskSign))
	waits := one(top, node.StepAskSend)
	for _, between := range at[1 : len(at)-1] {
		passed, onward := one(between, node.StepPass), one(between, node.StepExchange)
		add(OnTheWay, StepLink, waits-passed)
		add(AtCity, node.StepPass, passed-onward)
		waits = onward
	}
	add(OnTheWay, StepLink, waits-served)
	add(AtCounty, node.StepServeVerify, one(bottom, node.StepServeVerify))
	read, recorded := one(bottom, node.StepUseRead), one(bottom, node.StepUseRecord)
	add(AtCounty, node.StepUseRead, read)
	s.Steps[len(s.Steps)-1].Times = bottom.Steps[node.StepUseRead].N / max(n, 1)
	add(AtCounty, node.StepUseRecord, recorded)
	add(AtCounty, StepServe, one(bottom, node.StepServeRun)-read-recorded)
	add(AtCounty, node.StepServeSign, one(bottom, node.StepServeSign))
	add(AtProvince, node.StepAskVerify, one(top, node.StepAskVerify))
	add(AtProvince, node.StepAskRecord, one(top, node.StepAskRecord))
	return s, err
}
