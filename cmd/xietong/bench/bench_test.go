package bench

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"xietong/node"
)

func TestMeasured(t *testing.T) {
	var s sample
	for i := range 100 {
		s.add(sample{took: []time.Duration{time.Duration(100-i) * time.Millisecond}, during: 20 * time.Millisecond})
	}
	want := Measurement{What: WhatAppend, Clients: 3, Replicas: 1, PerS: 50, P50: 50_000, P99: 99_000}
	if got := s.measured(WhatAppend, 3); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := s.mean(); got != 50_500*time.Microsecond {
		t.Errorf("mean %s, want 50.5ms", got)
	}
	if got := (sample{}).measured(WhatEcho, 1); got.PerS != 0 || got.P99 != 0 {
		t.Errorf("of nothing: %+v", got)
	}
}

// TestLoad: every client works until the time is over, and the first error ends all of them.
func TestLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		worked := make([]int, 4)
		got, err := load(t.Context(), len(worked), time.Second, func(_ context.Context, i int) error {
			worked[i]++
			time.Sleep(100 * time.Millisecond)
			return nil
		})
		if want := []int{10, 10, 10, 10}; !slices.Equal(worked, want) || err != nil || len(got.took) != 40 || got.during != time.Second {
			t.Errorf("worked %v, %d taken in %s, %v", worked, len(got.took), got.during, err)
		}
		broken := errors.New("broken")
		_, err = load(t.Context(), 4, time.Hour, func(ctx context.Context, i int) error {
			if i == 2 {
				return broken
			}
			<-ctx.Done()
			return ctx.Err()
		})
		if !errors.Is(err, broken) {
			t.Errorf("got %v, want broken", err)
		}
	})
}

// twoQueries returns the counts of three nodes for two queries.
func twoQueries() []told {
	of := func(each time.Duration) step { return step{2, 2 * each} }
	return []told{
		{Steps: map[string]step{
			theQuery: of(1000), node.StepAskRead: of(10), node.StepAskSign: of(20), node.StepAskSend: of(800), node.StepAskVerify: of(30),
			node.StepAskRecord: of(40),
		}},
		{Steps: map[string]step{node.StepPass: of(700), node.StepExchange: of(650)}},
		{Steps: map[string]step{
			node.StepServeVerify: of(50), node.StepServeRun: of(400), node.StepServeSign: of(60), node.StepUseRead: {6, 200},
			node.StepUseRecord: of(250),
		}},
	}
}

// TestSteps checks that the time of a step is subtracted from the step around it, and counted once.
func TestSteps(t *testing.T) {
	queries := sample{took: []time.Duration{1190, 1210}}
	got, err := stepsOf(queries, told{Steps: map[string]step{theQuery: {4, 400}, node.StepAskRead: {4, 40}}}, twoQueries())
	if err != nil {
		t.Fatal(err)
	}
	want := []Step{
		{StepSocket, AtProvince, 1, 200}, {StepAPI, AtProvince, 1, 90}, {node.StepAskRead, AtProvince, 1, 10}, {node.StepAskSign, AtProvince, 1, 20},
		{StepLink, OnTheWay, 1, 100}, {node.StepPass, AtCity, 1, 50}, {StepLink, OnTheWay, 1, 140}, {node.StepServeVerify, AtCounty, 1, 50},
		{node.StepUseRead, AtCounty, 3, 100}, {node.StepUseRecord, AtCounty, 1, 250}, {StepServe, AtCounty, 1, 50}, {node.StepServeSign, AtCounty, 1, 60},
		{node.StepAskVerify, AtProvince, 1, 30}, {node.StepAskRecord, AtProvince, 1, 40},
	}
	if len(got.Steps) != len(want) {
		t.Fatalf("%d steps, want %d: %v", len(got.Steps), len(want), got.Steps)
	}
	for i := range want {
		if got.Steps[i] != want[i] {
			t.Errorf("got %+v, want %+v", got.Steps[i], want[i])
		}
	}
	if got.Total != 1200 || got.Sum != 1190 || got.Unexplained() < 0.0083 || got.Unexplained() > 0.0084 {
		t.Errorf("%s of %s, %f in none", got.Sum, got.Total, got.Unexplained())
	}
}

// TestStepsCounted: a step that was not taken once for each query is an error, but for the few
// times that a node takes it by itself.
func TestStepsCounted(t *testing.T) {
	queries := sample{took: []time.Duration{1, 1}}
	for where, at := range twoQueries() {
		for name, s := range at.Steps {
			if name == node.StepUseRead {
				continue // taken as often as the provider reads
			}
			for _, n := range []int{0, 1, 3 + mostOwn(2)} {
				all := twoQueries()
				all[where].Steps[name] = step{n, s.Sum}
				if _, err := stepsOf(queries, told{}, all); !errors.Is(err, ErrSteps) {
					t.Errorf("%s taken %d times: got %v, want ErrSteps", name, n, err)
				}
			}
		}
	}
}
