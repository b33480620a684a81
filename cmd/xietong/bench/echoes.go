package bench

import (
	"context"
	"fmt"
	"time"
)

// echoes are the processes of the echo, the upper before the lower.
type echoes struct{ hops processes }

// startEcho starts as many hops as a tree has places.
func startEcho(ctx context.Context, folder string, hops, request, answer int) (*echoes, error) {
	e := &echoes{}
	above := ""
	for i := range hops {
		args := []string{"bench", "echo", "--request", fmt.Sprint(request), "--answer", fmt.Sprint(answer)}
		if above != "" {
			args = append(args, "--above", above)
		}
		if i < hops-1 {
			args = append(args, "--below")
		}
		p, err := run(ctx, folder, args...)
		if err != nil {
			return e, fmt.Errorf("start echo: %w", err)
		}
		e.hops = append(e.hops, p)
		if i == hops-1 {
			break
		}
		line, err := p.line(ctx, startWithin)
		if err != nil {
			return e, fmt.Errorf("start echo: %w", err)
		}
		above = string(line)
	}
	return e, nil
}

// load has a number of clients ask the echo for the given time.
func (e *echoes) load(ctx context.Context, clients int, during time.Duration) (sample, error) {
	var took [][]time.Duration
	began := time.Now()
	if err := e.hops[0].ask(ctx, fmt.Sprint(clients, " ", during.Nanoseconds()), during+answerWithin, &took); err != nil {
		return sample{}, err
	}
	var s sample
	for _, one := range took {
		s.add(sample{took: one})
		var all time.Duration
		for _, d := range one {
			all += d
		}
		s.during = max(s.during, all) // a client asks without a pause
	}
	if len(s.took) == 0 {
		return s, fmt.Errorf("%w: no answers of the echo in %s", ErrAnswer, time.Since(began))
	}
	return s, nil
}

func (e *echoes) close() error {
	if e == nil {
		return nil
	}
	return e.hops.close()
}
