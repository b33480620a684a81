package bench

import (
	"errors"
	"fmt"
	"time"

	"xietong/node"
)

// Tolerance is how much of a query's time may be in no step, as a part of the whole: what stands between two steps is short.
const Tolerance = 0.05

// ErrSteps is returned when the nodes did not take each step once a query.
var ErrSteps = errors.New("the steps are not those of the queries")

// Where a step is taken.
const (
	AtProvince = "province"
	AtCity     = "city"
	AtCounty   = "county"
	OnTheWay   = "link" // between two of them, there and back
)

// Step is what one step of a query takes on the average.
type Step struct {
	Name, Where string
	Times       int           // that a query takes it
	Took        time.Duration // all of these together
}

// Steps are what a query is made of, in the order in which they are taken.
type Steps struct {
	Steps []Step
	Sum   time.Duration // of these
	Total time.Duration // of the query, as whoever asked counts it
}

// Unexplained is the part of the whole that is in no step; negative, where the steps take more than the whole.
func (s Steps) Unexplained() float64 { return 1 - float64(s.Sum)/float64(max(s.Total, 1)) }

// The steps that no node tells as they stand.
const (
	StepSocket = "socket" // from the client to the API and back: the client's time, without the API's
	StepAPI    = "api"    // the API without its look at the ledger: taken by requests that go no further
	StepLink   = "link"   // there and back: what a hop waits for the next one, without what the next one does
	StepServe  = "serve"  // the rest of serve-run: permitting, reading, and what is around it
)

func (t *told) add(other told) {
	t.Frames, t.Request, t.Answer = t.Frames+other.Frames, t.Request+other.Request, t.Answer+other.Answer
	if t.Steps == nil {
		t.Steps = map[string]step{}
	}
	for name, s := range other.Steps {
		have := t.Steps[name]
		t.Steps[name] = step{have.N + s.N, have.Sum + s.Sum}
	}
}

// theQuery is the step that a node tells of a whole query at its API.
const theQuery = node.StepAPI + "/v1/query"

// stepsOf makes the account of the queries. A step inside another is taken off it, whichever process told it: what a hop waits
// for the next one is the link and what the next one tells. What the API itself takes is told by the refusals.
func stepsOf(queries sample, refused told, at []told) (s Steps, err error) {
	n := len(queries.took)
	one := func(t told, name string) time.Duration {
		got := t.Steps[name]
		if got.N != n && name != node.StepUseRead { // the provider looks more than once
			err = errors.Join(err, fmt.Errorf("%w: %s was taken %d times, asked %d times", ErrSteps, name, got.N, n))
		}
		return got.Sum / time.Duration(max(n, 1))
	}
	add := func(where, name string, took time.Duration) {
		s.Steps, s.Sum = append(s.Steps, Step{Name: name, Where: where, Times: 1, Took: took}), s.Sum+took
	}
	top, bottom := at[0], at[len(at)-1]
	served := one(bottom, node.StepServeVerify) + one(bottom, node.StepServeRun) + one(bottom, node.StepServeSign)

	s.Total = queries.mean()
	add(AtProvince, StepSocket, s.Total-one(top, theQuery))
	add(AtProvince, StepAPI, refused.Steps[theQuery].mean()-refused.Steps[node.StepAPIRead].mean())
	add(AtProvince, node.StepAPIRead, one(top, node.StepAPIRead))
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
