package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"xietong/certs/identity"
)

// crowd has many clients come at once to a node that serves, each with a connection of its own, as
// programs do that one morning starts. Each asks once, and says what it was answered, after how
// long, and whether a refusal told when to try again. The memory of the node is read meanwhile.
type crowd struct {
	clients int
	socket  string
	method  string
	path    string
	as      string
	body    string
	pid     int
}

// crowdWithin is how long a client waits.
const crowdWithin = 2 * time.Minute

func parseCrowd(args []string) (c crowd, err error) {
	f := flag.NewFlagSet("crowd -socket FOLDER/node.sock -path /v1/... -body FILE", flag.ContinueOnError)
	f.IntVar(&c.clients, "clients", 10_000, "clients at once")
	f.StringVar(&c.socket, "socket", "", "the `file` of the node's socket")
	f.StringVar(&c.method, "method", http.MethodPost, "of the request")
	f.StringVar(&c.path, "path", "", "of the request, such as /v1/datasets/CODE/records")
	f.StringVar(&c.as, "as", "", "the agency that asks")
	body := f.String("body", "", "a `file` with the body; CLIENT in it is each client's number")
	f.IntVar(&c.pid, "pid", 0, "the process of the node, whose memory is told; 0: it is not")
	if err := f.Parse(args); err != nil {
		return c, err
	}
	if c.clients < 1 || c.clients > 100_000 || c.socket == "" || c.path == "" || f.NArg() > 0 {
		return c, errors.New("read flags: -socket and -path are needed, -clients is 1 to 100000, and there are no arguments")
	}
	if *body != "" {
		data, err := os.ReadFile(*body)
		if err != nil {
			return c, err
		}
		c.body = string(data)
	}
	return c, nil
}

// met is what a client met.
type met struct {
	what string
	took time.Duration
}

// come runs the command.
func come(ctx context.Context, args []string, out io.Writer) error {
	c, err := parseCrowd(args)
	if err != nil {
		return err
	}
	before, _ := memoryOf(c.pid)
	outcomes := make([]met, c.clients)
	var all sync.WaitGroup
	for i := range outcomes {
		all.Go(func() { outcomes[i] = c.ask(ctx, i) })
	}
	ended := make(chan struct{})
	go func() { all.Wait(); close(ended) }()
	most := c.watch(ended)
	tookBy := map[string][]time.Duration{}
	for _, m := range outcomes {
		tookBy[m.what] = append(tookBy[m.what], m.took)
	}
	for _, what := range slices.Sorted(maps.Keys(tookBy)) {
		took := tookBy[what]
		slices.Sort(took)
		fmt.Fprintf(out, "%6d  %-60s p50 %s, the slowest %s\n", len(took), what, shown(took[len(took)/2]), shown(took[len(took)-1]))
	}
	if c.pid > 0 {
		fmt.Fprintf(out, "memory of the node: %d MiB before, %d MiB at most\n", before>>20, most>>20)
	}
	return nil
}

// watch returns the most memory that the node had until the end.
func (c crowd) watch(ended <-chan struct{}) (most uint64) {
	for tick := time.NewTicker(20 * time.Millisecond); ; {
		now, _ := memoryOf(c.pid)
		most = max(most, now)
		select {
		case <-tick.C:
		case <-ended:
			tick.Stop()
			return most
		}
	}
}

// ask is one client.
func (c crowd) ask(ctx context.Context, number int) met {
	ctx, cancel := context.WithTimeout(ctx, crowdWithin)
	defer cancel()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", c.socket)
	}}
	began := time.Now()
	body := strings.ReplaceAll(c.body, "CLIENT", strconv.Itoa(number))
	r, err := http.NewRequestWithContext(ctx, c.method, "http://node"+c.path, bytes.NewReader([]byte(body)))
	if err != nil {
		return met{err.Error(), 0}
	}
	key, err := identity.NewMessage()
	if err != nil {
		return met{err.Error(), 0}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Idempotency-Key", key.String())
	if c.as != "" {
		r.Header.Set("Xietong-Agency", c.as)
	}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return met{"no answer: " + last(err), time.Since(began)}
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body) // the status says what is counted
	what := resp.Status
	if again := resp.Header.Get("Retry-After"); again != "" {
		what += ", again in " + again + " s"
	}
	return met{what, time.Since(began)}
}

// last returns the innermost error, which is the same for all clients.
func last(err error) string {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}
