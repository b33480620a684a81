// Package client is the API of a node: its wire types, one file a noun, and a Client that speaks it
// over the node's local Unix socket.
//
// The wire types are the one definition of the API: node/faces/api serves them and every other
// program reads them. Names are plain text on the wire (package identity has their grammar), times
// are RFC 3339 in UTC, hashes are lower-case hex, indexes and sizes count entries of the ledger
// from 0, and bytes are standard base64. A request looks like
//
//	POST /v1/query HTTP/1.1
//	Host: xietong
//	Accept-Language: zh
//	Content-Type: application/json
//	Idempotency-Key: 01890a5d-ac96-774b-bcce-b302099a8057
//	Xietong-Agency: civil-affairs
//	Xietong-Jurisdiction: nanming.guiyang.guizhou
//
//	{"dataset":"villages","key":"520102001001","purpose":"residence-check"}
//
// and an error like
//
//	HTTP/1.1 403 Forbidden
//	Content-Type: application/problem+json
//
//	{"title":"不予共享","status":403,"detail":"…","code":"use-refused","where":"villages","do":"…"}
//
// Invariants: an operation that writes carries one idempotency key, made once and kept over all
// attempts, so that a lost answer never makes a second entry; no answer of more than 16 MiB is
// read, and of a streamed answer no line of more than 1 MiB (imports) or 8 MiB (rows); an error
// answer is a *Problem or ErrNotUnderstood, never success; unknown fields of an answer are ignored,
// so that a newer node may add some.
//
// The package never opens the data directory beyond its socket, holds no keys, and checks no
// receipts.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"time"

	"xietong/certs/identity"
)

// Limits of a conversation.
const (
	MaxAnswer   = 16 << 20 // bytes of one answer
	maxProblem  = 1 << 20  // bytes of an error answer
	maxAttempts = 3        // of one operation
	maxWait     = 5 * time.Second
)

// The headers of a request.
const (
	HeaderJurisdiction = "Xietong-Jurisdiction"
	HeaderAgency       = "Xietong-Agency"
	HeaderIdempotency  = "Idempotency-Key"
)

// HeaderTimeZone of an answer is the zone in which the node tells times in its sentences, and reads
// days without a zone, as an IANA name.
const HeaderTimeZone = "Xietong-Time-Zone"

// PreferCommandLine is the preference (RFC 7240, the header Prefer) of a command line: what a
// problem tells to do names its flags and commands, in the place of members and operations.
const PreferCommandLine = "reader=command-line"

// ErrNotRunning is returned when no node answers on the socket: the socket is absent, or no process
// listens on it.
var ErrNotRunning = errors.New("node is not running")

// ErrUnknownOutcome is returned when a request that may change something, or is recorded, was sent
// and its answer was lost: it may have been done.
var ErrUnknownOutcome = errors.New("no answer came: whether it was done is not known")

// ErrNotUnderstood is returned when the answer is not one of this version of the API.
var ErrNotUnderstood = errors.New("answer is not understood")

// ErrBroken is returned when the connection ended before the answer did: the node stopped, or was
// killed.
var ErrBroken = errors.New("the node ended the connection")

// broken returns an error of a conversation, as ErrBroken where the connection ended.
func broken(err error) error {
	err = unwrapURL(err)
	_, network := errors.AsType[*net.OpError](err)
	if network && !errors.Is(err, ErrSocket) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %w", ErrBroken, err)
	}
	return err
}

// ErrTooLarge is returned when an answer has more than MaxAnswer bytes.
var ErrTooLarge = errors.New("answer is larger than 16 MiB")

// Options name the jurisdiction and the agency that a client speaks for, and its language.
type Options struct {
	In          string // the jurisdiction's name; empty for the only one that the node hosts
	As          string // the acting agency's code; empty for the only one of the jurisdiction
	Language    string // of the problems' sentences, an Accept-Language value such as zh; empty leaves it to the node
	CommandLine bool   // whether PreferCommandLine is sent
	// Transport carries the requests; its error wraps ErrNotRunning when there is no node. nil: the
	// Unix socket.
	Transport http.RoundTripper
}

// A Client speaks to one node. It is safe for use by several goroutines.
type Client struct {
	options Options
	http    *http.Client
	wait    func(context.Context, time.Duration) error // between attempts; tests replace it
}

// Dial returns a client of the node whose data directory is dataDir. It opens nothing yet: the
// first operation does, and returns ErrNotRunning when there is no node.
func Dial(dataDir string, o Options) *Client {
	if o.Transport == nil {
		o.Transport = Transport(Dialer(dataDir))
	}
	return &Client{options: o, http: &http.Client{Transport: o.Transport}, wait: sleep}
}

// IdleWithin is how long a client keeps a connection that it does not use. A node keeps it for
// longer, so that none ends just when it is used again.
const IdleWithin = 10 * time.Second

// Transport returns the transport of a client that reaches its node by dial. dial must know where
// the node is: the address that it is given means nothing.
func Transport(dial func(ctx context.Context, network, address string) (net.Conn, error)) *http.Transport {
	return &http.Transport{
		DialContext:            dial,
		MaxIdleConnsPerHost:    16,
		IdleConnTimeout:        IdleWithin,
		ExpectContinueTimeout:  time.Second, // an import refused by its header is refused before its body
		MaxResponseHeaderBytes: 64 << 10,
		DisableCompression:     true,
	}
}

// Close gives back the idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// request makes a request. A zero key is left out.
func (c *Client) request(ctx context.Context, method, path string, key identity.Message, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://xietong"+path, body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	req.GetBody = nil // else net/http sends a request with a key again by itself, and tells the error of the second time alone
	set := func(name, value string) {
		if value != "" {
			req.Header.Set(name, value)
		}
	}
	set(HeaderJurisdiction, c.options.In)
	set(HeaderAgency, c.options.As)
	set("Accept-Language", c.options.Language)
	set(HeaderIdempotency, key.String())
	if c.options.CommandLine {
		req.Header.Set("Prefer", PreferCommandLine)
	}
	return req, nil
}

// get reads path into answer.
func get[T any](ctx context.Context, c *Client, path string) (T, error) {
	return do[T](ctx, c, http.MethodGet, path, identity.Message{}, nil)
}

// post sends question to path under a new idempotency key and reads the answer.
func post[T any](ctx context.Context, c *Client, path string, question any) (T, error) {
	key, err := identity.NewMessage()
	if err != nil {
		var none T
		return none, err
	}
	return postUnder[T](ctx, c, key, path, question)
}

// postUnder is post under a given idempotency key.
func postUnder[T any](ctx context.Context, c *Client, key identity.Message, path string, question any) (T, error) {
	body, err := json.Marshal(question)
	if err != nil {
		var none T
		return none, fmt.Errorf("encode request: %w", err)
	}
	return do[T](ctx, c, http.MethodPost, path, key, body)
}

// do tries an operation up to maxAttempts times, always under the same key. The error of an
// operation with a key wraps ErrUnknownOutcome if the answer to one of the attempts was lost, and
// no later attempt was answered.
func do[T any](ctx context.Context, c *Client, method, path string, key identity.Message, body []byte) (T, error) {
	var answer T
	lost := false
	for attempt := 1; ; attempt++ {
		data, again, err := c.attempt(ctx, method, path, key, body)
		lost = lost || !key.IsZero() && unanswered(err)
		if err == nil {
			if err := json.Unmarshal(data, &answer); err != nil {
				return answer, fmt.Errorf("%s %s: %w: %w", method, path, ErrNotUnderstood, err)
			}
			return answer, nil
		}
		if again == never || attempt == maxAttempts {
			return answer, fmt.Errorf("%s %s: %w", method, path, outcome(lost, err))
		}
		if again == soon {
			again = 100 * time.Millisecond << attempt
		}
		if err := c.wait(ctx, min(again, maxWait)); err != nil {
			return answer, fmt.Errorf("%s %s: %w", method, path, outcome(lost, err))
		}
	}
}

// unanswered reports whether the error is that a request was sent and no whole answer to it came.
// An answer that is not understood is an answer.
func unanswered(err error) bool {
	_, answered := errors.AsType[*Problem](err)
	for _, known := range []error{ErrNotRunning, ErrSocket, ErrNotUnderstood, ErrTooLarge} {
		answered = answered || errors.Is(err, known)
	}
	return err != nil && !answered
}

// outcome returns the last error of an operation. Where an answer was lost before, that nobody
// listens now, or is too busy, says nothing about the request that was sent.
func outcome(lost bool, err error) error {
	p, answered := errors.AsType[*Problem](err)
	if !lost || answered && !p.later() {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnknownOutcome, err)
}

// When to try again: after a time, or one of these.
const (
	never time.Duration = -1
	soon  time.Duration = 0
)

// attempt makes one request and returns the body of its answer, or an error and when to try again.
func (c *Client) attempt(ctx context.Context, method, path string, key identity.Message, body []byte) ([]byte, time.Duration, error) {
	req, err := c.request(ctx, method, path, key, bytes.NewReader(body))
	if err != nil {
		return nil, never, err
	}
	if body != nil {
		req.Header.Set("Content-Type", jsonType)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		if ctx.Err() != nil || errors.Is(err, ErrNotRunning) || errors.Is(err, ErrSocket) {
			return nil, never, unwrapURL(err)
		}
		return nil, soon, broken(err)
	}
	defer resp.Body.Close()
	if err := failure(resp); err != nil {
		return nil, retryAfter(resp), err
	}
	if got := resp.Header.Get("Content-Type"); !isMedia(got, jsonType) {
		return nil, never, fmt.Errorf("%w: content type %q", ErrNotUnderstood, got)
	}
	data, err := readBounded(resp.Body, MaxAnswer)
	if err == nil || errors.Is(err, ErrTooLarge) || ctx.Err() != nil {
		return data, never, err
	}
	return nil, soon, broken(err)
}

// failure returns the error of an answer, or nil for a success.
func failure(resp *http.Response) error {
	if resp.StatusCode >= 200 && resp.StatusCode < 300 {
		return nil
	}
	body, err := readBounded(resp.Body, maxProblem)
	if err != nil {
		return fmt.Errorf("%w: status %d: %w", ErrNotUnderstood, resp.StatusCode, err)
	}
	return decodeProblem(resp.StatusCode, resp.Header.Get("Content-Type"), body)
}

// readBounded reads r to its end, which must come within limit bytes.
func readBounded(r io.Reader, limit int64) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if int64(len(data)) > limit {
		return nil, ErrTooLarge
	}
	return data, nil
}

// isMedia reports whether a Content-Type header names the given media type.
func isMedia(header, want string) bool {
	got, _, err := mime.ParseMediaType(header)
	return err == nil && got == want
}
