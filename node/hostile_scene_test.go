package node

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"xietong/certs/authority"
	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
	"xietong/node/business/catalog"
	"xietong/node/faces/client"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

// written is a log that can be read while it is written.
type written struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (w *written) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// count returns how many lines have all of the words.
func (w *written) count(words ...string) (n int) {
	for line := range strings.Lines(w.String()) {
		has := true
		for _, word := range words {
			has = has && strings.Contains(line, word)
		}
		if has {
			n++
		}
	}
	return n
}

// wait demands that a line with all of the words is written.
func (w *written) wait(t *testing.T, words ...string) {
	t.Helper()
	if !until(t, func() bool { return w.count(words...) > 0 }) {
		t.Errorf("the log does not say %q:\n%s", words, w)
	}
}

// until waits, at most 20 seconds, until done: another goroutine, or the socket of another process,
// brings it about. It returns false when the time is up.
func until(t *testing.T, done func() bool) bool {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
		}
	}
	return true
}

// town is a node of this process, as its operator sees it.
type town struct {
	dir   string
	log   *written
	ahead atomic.Int64 // of its clock, in nanoseconds
	node  *Node
	stop  func()
	civil *client.Client // for the agency that provides
	water *client.Client // for the agency that uses
}

func (o *town) now() time.Time { return time.Now().Add(time.Duration(o.ahead.Load())) }

// open opens the node and serves its API.
func (o *town) open(t *testing.T) {
	t.Helper()
	logger := slog.New(slog.NewTextHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	n, err := Open(t.Context(), o.dir, Options{Logger: logger, Version: "test", Now: o.now})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- n.serveSocket(ctx, filepath.Join(o.dir, client.SocketName), func() { close(ready) }) }()
	<-ready
	name := n.hosted[0].settings.Name.String()
	o.node = n
	o.civil = client.Dial(o.dir, client.Options{In: name, As: "civil-affairs", Language: "en"})
	o.water = client.Dial(o.dir, client.Options{In: name, As: "water", Language: "en"})
	o.stop = sync.OnceFunc(func() {
		o.civil.Close()
		o.water.Close()
		cancel()
		if err := errors.Join(<-ended, n.Close()); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	t.Cleanup(o.stop)
}

func (o *town) reopen(t *testing.T) {
	t.Helper()
	o.stop()
	o.open(t)
}

// kinds counts the entries of the ledger by kind, through the API.
func (o *town) kinds(t *testing.T) map[string]int {
	t.Helper()
	s, err := o.civil.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]int{}
	for i := range s.Jurisdictions[0].TreeSize {
		e, err := o.civil.Entry(t.Context(), i)
		if err != nil {
			t.Fatal(err)
		}
		all[e.KindName]++
	}
	return all
}

// grew demands that the ledger has the entries before, and these more; but for the checkpoints of a
// child that it witnesses, which come when they come.
func (o *town) grew(t *testing.T, before, more map[string]int) {
	t.Helper()
	want := maps.Clone(before)
	for kind, n := range more {
		want[kind] += n
	}
	after := o.kinds(t)
	delete(after, "checkpoint witnessed")
	delete(want, "checkpoint witnessed")
	if !maps.Equal(after, want) {
		t.Errorf("%s: got the entries %v, want %v", filepath.Base(o.dir), after, want)
	}
}

// scene is 贵阳市, which listens, and 南明区, which joined it. Both have two agencies, and one
// provides a dataset.
type scene struct {
	city, county *town
	agencies     *envelope.AgencyList // of the county
}

func newScene(t *testing.T) *scene {
	t.Helper()
	s := &scene{city: &town{log: &written{}}, county: &town{log: &written{}}}
	s.city.dir, s.county.dir = filepath.Join(t.TempDir(), "guiyang"), filepath.Join(t.TempDir(), "nanming")
	if _, err := Init(s.city.dir, InitOptions{Name: "guiyang.guizhou", DisplayName: "贵阳市", Level: "prefecture", Listen: freePort(t)}); err != nil {
		t.Fatal(err)
	}
	s.city.open(t)
	if _, err := Join(t.Context(), s.county.dir, invited(t, s.city.civil, "南明区").Token, quiet()); err != nil {
		t.Fatal(err)
	}
	s.county.open(t)
	linked(t, s.city.civil, "nanming.guiyang.guizhou")
	for _, o := range []*town{s.city, s.county} {
		must(t)(o.civil.AddAgency(t.Context(), client.NewAgency{Code: "civil-affairs", Title: "民政局"}))
		must(t)(o.civil.AddAgency(t.Context(), client.NewAgency{Code: "water", Title: "水务局"}))
		must(t)(o.civil.PublishDataset(t.Context(), villages(client.Unconditional)))
		must(t)(o.civil.PutRecord(t.Context(), "villages", client.PutRecord{Record: json.RawMessage(village(1))}))
	}
	err := s.county.node.hosted[0].host.View(t.Context(), func(r *state.Reader) error { s.agencies = catalog.ListName(r); return nil })
	if err != nil {
		t.Fatal(err)
	}
	s.introduce(t)
	return s
}

// introduce has the city ask for the county's list of agencies, while the county is there. It
// leaves a refusal in the log, and one in the county's ledger.
func (s *scene) introduce(t *testing.T) {
	t.Helper()
	_, err := s.county.water.Query(t.Context(), client.Query{At: "guiyang.guizhou", Dataset: "nothing", Key: "1"})
	refused(t, err, text.UnknownDataset)
}

// sound closes both nodes and demands that nothing of either ledger is bad.
func (s *scene) sound(t *testing.T) {
	t.Helper()
	for _, o := range []*town{s.city, s.county} {
		o.stop()
		report, err := VerifyData(t.Context(), o.dir, o.node.hosted[0].settings.Name.String(), nil)
		if err != nil || report.FirstBad != "" || report.Entries == 0 {
			t.Errorf("%s afterwards: %+v, %v", filepath.Base(o.dir), report, err)
		}
		if n := o.log.count("level=ERROR", "request failed") + o.log.count("call not served") + o.log.count("knock not answered"); n > 0 {
			t.Errorf("%s: %d errors of its own in the log:\n%s", filepath.Base(o.dir), n, o.log)
		}
	}
}

// intruder is a raw party: a UDP socket of its own, and keys that it made, or copied.
type intruder struct {
	name, victim identity.Jurisdiction
	keys         *authority.Authority
	party        tlsconf.Party
	sets         []trust.KeySet // of the victim
	opener       *envelope.Opener
	transport    *quic.Transport
	addr         net.Addr
	now          func() time.Time
	agencies     *envelope.AgencyList
}

// insider has copied the county's keys, and knocks at the city.
func (s *scene) insider(t *testing.T) *intruder {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "certs")
	name := mustName(t, "nanming.guiyang.guizhou")
	if err := os.CopyFS(copied, os.DirFS(filepath.Join(host.Folder(s.county.dir, name), "certs"))); err != nil {
		t.Fatal(err)
	}
	keys, err := authority.Open(copied, name, host.FirstReplica())
	if err != nil {
		t.Fatal(err)
	}
	in := s.intruder(t, keys)
	in.agencies = s.agencies
	return in
}

// stranger has made keys for the name.
func (s *scene) stranger(t *testing.T, name string) *intruder {
	t.Helper()
	return s.intruder(t, newKeys(t, name))
}

func newKeys(t *testing.T, name string) *authority.Authority {
	t.Helper()
	keys, err := authority.Create(filepath.Join(t.TempDir(), "made"), mustName(t, name), host.FirstReplica(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func (s *scene) intruder(t *testing.T, keys *authority.Authority) *intruder {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	city := s.city.node.hosted[0]
	i := &intruder{
		name: keys.Name(), victim: city.settings.Name, keys: keys, opener: envelope.NewOpener(keys), now: time.Now,
		transport: &quic.Transport{Conn: conn}, addr: s.city.node.packets.LocalAddr(),
	}
	t.Cleanup(func() { _ = errors.Join(i.transport.Close(), conn.Close()) })
	signed, err := city.host.KeySets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pin, err := city.host.Pin()
	if err != nil {
		t.Fatal(err)
	}
	if i.sets, err = trust.Walk(pin, signed); err != nil {
		t.Fatal(err)
	}
	bundles := &tlsconf.Bundles{}
	if err := bundles.Set(trust.Always(i.sets...)); err != nil {
		t.Fatal(err)
	}
	i.party = tlsconf.Party{SVID: authority.NewSource(keys, time.Now), Bundles: bundles, Now: time.Now}
	return i
}

func mustName(t *testing.T, s string) identity.Jurisdiction {
	t.Helper()
	j, err := identity.ParseJurisdiction(s)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// dial makes a connection, and sends nothing.
func (i *intruder) dial(t *testing.T, c *tlsconf.Config) (*quic.Conn, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return i.transport.Dial(ctx, i.addr, c, &quic.Config{MaxIncomingStreams: 256, KeepAlivePeriod: 5 * time.Second})
}

// link makes a link on which the intruder says that it keeps nothing of the victim's ledger, as one
// with an older program: else nothing is done that it asks for.
func (i *intruder) link(t *testing.T) *quic.Conn {
	t.Helper()
	return (&player{intruder: i}).begin(t)
}

// bare makes a connection on which both have said hello, and the intruder answers nothing.
func (i *intruder) bare(t *testing.T) *quic.Conn {
	t.Helper()
	q, err := i.dial(t, i.party.Dial(i.victim))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { q.CloseWithError(0, "") })
	if got, err := exchange(t, q, framed(framed(nil, nil), i.hello(t))); err != nil || len(got) != 1 {
		t.Fatalf("hello: got %d frames, %v", len(got), err)
	}
	return q
}

func (i *intruder) hello(t *testing.T) []byte {
	return padded(encoded(t, []any{[]uint64{1}, 1, 1, 1, []byte{}, uint64(i.now().UnixMilli()), []byte{}, []string{}}))
}

// padded pads a hello to 2,400 bytes, behind its length.
func padded(hello []byte) []byte {
	data := append(binary.BigEndian.AppendUint16(nil, uint16(len(hello))), hello...)
	return append(data, make([]byte, 2400-len(data))...)
}

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	data, err := canon.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// framed appends a frame.
func framed(to, data []byte) []byte {
	return append(binary.BigEndian.AppendUint32(to, uint32(len(data))), data...)
}

// exchange sends the bytes on a stream of their own, ends it, and returns the frames that come
// back.
func exchange(t *testing.T, q *quic.Conn, data []byte) (frames [][]byte, err error) {
	t.Helper()
	s, err := begun(t, q, data)
	if err != nil {
		return nil, err
	}
	_ = s.Close() // may have been reset already, as the answer tells
	return read(s)
}

// begun sends the bytes on a stream of their own, and does not end it.
func begun(t *testing.T, q *quic.Conn, data []byte) (*quic.Stream, error) {
	t.Helper()
	s, err := q.OpenStreamSync(t.Context())
	if err != nil {
		return nil, err
	}
	if err := s.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return nil, err
	}
	_, _ = s.Write(data) // a stream that is refused early ends the writing; the answer tells
	return s, nil
}

func read(s io.Reader) (frames [][]byte, err error) {
	data, err := io.ReadAll(s)
	if err != nil {
		return nil, err
	}
	for len(data) > 0 {
		n := binary.BigEndian.Uint32(data)
		frames, data = append(frames, data[4:4+n]), data[4+n:]
	}
	return frames, nil
}

// keySetOf returns the first key set of the keys.
func keySetOf(t *testing.T, keys *authority.Authority) trust.KeySet {
	t.Helper()
	signed, pin, err := keys.FirstKeySet(1)
	if err != nil {
		t.Fatal(err)
	}
	sets, err := trust.Walk(pin, [][]byte{signed})
	if err != nil {
		t.Fatal(err)
	}
	return sets[0]
}

// ended says in a word how a stream or a connection ended.
func ended(err error) string {
	var stream *quic.StreamError
	var app *quic.ApplicationError
	var transport *quic.TransportError
	switch {
	case err == nil:
		return "open"
	case errors.As(err, &stream) && stream.Remote:
		return fmt.Sprintf("reset %d", stream.ErrorCode)
	case errors.As(err, &app) && app.Remote && app.ErrorMessage == "":
		return fmt.Sprintf("closed %d", app.ErrorCode)
	case errors.As(err, &transport) && transport.Remote && transport.ErrorCode.IsCryptoError():
		return fmt.Sprintf("alert %d", uint8(transport.ErrorCode))
	}
	return err.Error()
}

// letter is a request that a test changes before it is sent: a query of the county's water bureau
// to the city.
type letter struct {
	envelope.Draft
	call envelope.Call
	by   envelope.Signer
	to   *envelope.Recipient
	hop  envelope.Hop
}

func (i *intruder) letter(t *testing.T) *letter {
	t.Helper()
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	to, err := envelope.NewRecipient(i.sets[len(i.sets)-1].DecryptionKey, i.now)
	if err != nil {
		t.Fatal(err)
	}
	now := i.now().Truncate(time.Millisecond)
	return &letter{
		Draft: envelope.Draft{
			Header: envelope.Header{
				ID: id, Kind: envelope.Request, Origin: i.name, Destination: i.victim, Issued: now, Expires: now.Add(time.Minute),
			},
			ContentType: envelope.RequestType,
		},
		call: envelope.Call{
			Operation: mustLabel(t, "query"), Agency: mustLabel(t, "water"), Purpose: mustLabel(t, "residence-check"), Agencies: i.agencies,
			Parameters: encoded(t, map[uint64]any{
				1: "villages", 2: "520102016001", 9: map[uint64]string{1: use.Basis, 2: use.Scenario, 3: use.Scope, 4: use.Method, 5: use.Until},
			}),
		},
		by: i.keys, to: to, hop: envelope.Hop{Remaining: 30_000, Hops: 8},
	}
}

func mustLabel(t *testing.T, s string) identity.Label {
	t.Helper()
	l, err := identity.ParseLabel(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// frame signs and encrypts the letter.
func (l *letter) frame(t *testing.T) []byte {
	t.Helper()
	if l.Content == nil {
		content, err := l.call.Encode()
		if err != nil {
			t.Fatal(err)
		}
		l.Content = content
	}
	e, err := envelope.Seal(l.Draft, l.by, l.to)
	if err != nil {
		t.Fatal(err)
	}
	e.Hop = l.hop
	data, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// ask sends a frame and returns the result: "served ENTRY", a problem's code with its values, or
// how the stream ended. It checks that an answer is the victim's, and is the answer to this frame.
func (i *intruder) ask(t *testing.T, q *quic.Conn, frame []byte) string {
	t.Helper()
	got, err := exchange(t, q, framed(nil, frame))
	if err != nil {
		return ended(err)
	}
	if len(got) != 1 {
		return fmt.Sprintf("%d frames", len(got))
	}
	request, err := envelope.Decode(frame)
	if err != nil {
		return fmt.Sprintf("an answer to what is no message: %v", err)
	}
	e, err := envelope.Decode(got[0])
	if err != nil {
		return err.Error()
	}
	m, err := envelope.Open(e, trust.Always(i.sets...), i.opener, i.now())
	if err != nil {
		return err.Error()
	}
	reply, err := envelope.DecodeReply(m.Content, request.Hash())
	switch {
	case err != nil:
		return err.Error()
	case reply.Problem != nil:
		return strings.Join(append([]string{string(text.ByNumber(reply.Problem.Code))}, reply.Problem.Args...), "|")
	case e.Header().DecryptionKey == nil:
		return "a result in the clear"
	}
	return "served " + reply.Entry.String()
}

// closes demands that the victim closes the connection, and says how.
func closes(t *testing.T, q *quic.Conn) string {
	t.Helper()
	select {
	case <-q.Context().Done():
		return ended(context.Cause(q.Context()))
	case <-time.After(20 * time.Second):
		return "open"
	}
}

// Codes of link, as ended writes them.
var (
	malformedReset = fmt.Sprintf("reset %d", link.CodeMalformed)
	busyReset      = fmt.Sprintf("reset %d", link.CodeBusy)
	silentReset    = fmt.Sprintf("reset %d", link.CodeSilent)
)
