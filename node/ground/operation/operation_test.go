package operation_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/relay"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation"
	"xietong/node/ground/operation/operationtest"
	"xietong/node/ground/text"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBlank = errors.New("blank")

type question struct {
	Words string         `cbor:"1,keyasint"`
	After identity.Label `cbor:"2,keyasint,omitzero"`
}

// Check refuses a question of no words.
func (q question) Check() error { return said(q.Words) }

type reply struct {
	Words string         `cbor:"1,keyasint"`
	Grant identity.Entry `cbor:"2,keyasint,omitzero"`
}

// Check refuses a reply of no words.
func (r reply) Check() error { return said(r.Words) }

func said(words string) error {
	if words == "" {
		return errBlank
	}
	return nil
}

const (
	echo    operation.Operation[question, reply] = "echo"
	use     operation.Operation[question, reply] = "use"
	nothing operation.Operation[question, reply] = "nothing"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// served holds the requests that came to the operations of a test, and the entries of their
// answers.
type served struct {
	questions []question
	by        []identity.Agency
	grant     identity.Entry // named in each reply
	access    identity.Entry // the record of each use
}

// newPair returns two jurisdictions. The city replies with the words of the question, and with no
// words where it is asked for silence.
func newPair(t *testing.T) (*operationtest.Pair, *served) {
	t.Helper()
	log := must(identity.NewLog(must(identity.ParseJurisdiction(operationtest.City)), 1))
	s := &served{grant: log.Entry(6), access: log.Entry(7)}
	answered := func(q question) (reply, error) {
		s.questions = append(s.questions, q)
		switch q.Words {
		case "silence":
			return reply{}, nil
		case "failure":
			return reply{}, text.Fail(text.NotFound, text.Args{"what": "entry", "where": "here"}, nil)
		}
		return reply{Words: q.Words, Grant: s.grant}, nil
	}
	in := relay.NewRegistry()
	echo.Serve(in, func(_ context.Context, _ relay.Received, q question) (reply, error) { return answered(q) })
	use.ServeUse(in, operationtest.Everybody{}, func(_ context.Context, r relay.Received, by identity.Agency, q question) (reply, operation.Record, error) {
		s.by = append(s.by, by)
		got, err := answered(q)
		return got, operation.Record{Entry: s.access}, err
	})
	return operationtest.New(t, in), s
}

// refused checks that the error becomes a failure with the code.
func refused(t *testing.T, what string, err error, want text.Code) *text.Failure {
	t.Helper()
	if err == nil || failure.Of(err).Code != want {
		t.Errorf("%s: got %v, want %s", what, err, want)
		return &text.Failure{}
	}
	return failure.Of(err)
}

// TestRead makes a call that is no use of data, and checks that the asker learns of a refusal by
// the city.
func TestRead(t *testing.T) {
	pair, s := newPair(t)
	want := question{Words: "good day", After: pair.Water.Code()}
	got, err := echo.Read(t.Context(), pair, pair.Asking(t), want)
	if err != nil || got.Words != want.Words || !slices.Equal(s.questions, []question{want}) {
		t.Errorf("got %+v, %v of the questions %+v", got, err, s.questions)
	}
	got, err = echo.Read(t.Context(), pair, pair.Asking(t), question{Words: "failure"})
	f := refused(t, "what is not found", err, text.NotFound)
	if p, ok := errors.AsType[*relay.Problem](err); !ok || p.At != pair.City || f.Args["where"] != "here" || got != (reply{}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestMalformedParameters checks that parameters that are malformed, or break the bounds of their
// type, never come to the serving function.
func TestMalformedParameters(t *testing.T) {
	pair, s := newPair(t)
	good := must(canon.Marshal(question{Words: "a"}))
	for what, parameters := range map[string][]byte{
		"nothing":               {},
		"more than there is":    append(slices.Clone(good), 0),
		"less than there is":    good[:len(good)-1],
		"a spelling too long":   append([]byte{0xb8, good[0] & 0x1f}, good[1:]...),
		"another form":          must(canon.Marshal([]string{"a"})),
		"another field":         must(canon.Marshal(map[int]string{1: "a", 3: "b"})),
		"a code of no label":    must(canon.Marshal(map[int]string{1: "a", 2: "Not a label"})),
		"an empty label":        must(canon.Marshal(map[int]string{1: "a", 2: ""})),
		"what the type refuses": must(canon.Marshal(question{})),
		"too much":              must(canon.Marshal(question{Words: strings.Repeat("x", operation.MaxParameters)})),
	} {
		for _, name := range []string{string(echo), string(use)} {
			_, err := pair.Send(t, envelope.Call{
				Operation: must(identity.ParseLabel(name)), Agency: pair.Water.Code(), Parameters: parameters,
			})
			f := refused(t, name+" of "+what, err, text.BadRequest)
			if f.Args["where"] != "parameters" || f.Args["reason"] != "another form" {
				t.Errorf("%s of %s: got %v", name, what, f.Args)
			}
		}
	}
	if len(s.questions) > 0 {
		t.Errorf("%d of them were served", len(s.questions))
	}
}

// TestBounds checks that the longest parameters are taken, and that parameters one byte longer are
// not sent.
func TestBounds(t *testing.T) {
	pair, s := newPair(t)
	longest := operation.MaxParameters - len(must(canon.Marshal(question{Words: strings.Repeat("x", 1<<15)}))) + 1<<15
	q := question{Words: strings.Repeat("x", longest)}
	if n := len(must(canon.Marshal(q))); n != operation.MaxParameters {
		t.Fatalf("got parameters of %d bytes, want %d", n, operation.MaxParameters)
	}
	if _, err := echo.Read(t.Context(), pair, pair.Asking(t), q); err != nil || len(s.questions) != 1 {
		t.Errorf("the longest parameters: got %v", err)
	}
	before := pair.Sent.Load()
	q.Words += "x"
	_, err := echo.Read(t.Context(), pair, pair.Asking(t), q)
	f := refused(t, "a byte more", err, text.TooLarge)
	if f.Args["where"] != "parameters" || f.Args["size"] != "65537" || f.Args["limit"] != "65536" {
		t.Errorf("got %v", f.Args)
	}
	_, _, err = use.Use(t.Context(), pair, pair.Asking(t), identity.Label{}, "", q, nil)
	refused(t, "a byte more for a use", err, text.TooLarge)
	if sent := pair.Sent.Load() - before; sent != 0 {
		t.Errorf("%d requests were sent", sent)
	}
}

// TestNotSent checks that parameters that their type refuses are not sent, and that the asker
// learns of it.
func TestNotSent(t *testing.T) {
	pair, _ := newPair(t)
	_, err := echo.Read(t.Context(), pair, pair.Asking(t), question{})
	f := refused(t, "a question of no words", err, text.BadRequest)
	if f.Args["where"] != "parameters" || f.Args["reason"] != "blank" || !errors.Is(err, errBlank) {
		t.Errorf("got %v, %v", f.Args, err)
	}
	_, _, err = use.Use(t.Context(), pair, pair.Asking(t), pair.Water.Code(), "statistics", question{}, nil)
	refused(t, "a use of no words", err, text.BadRequest)
	if n := pair.Sent.Load(); n != 0 {
		t.Errorf("%d requests were sent", n)
	}
}

// TestUnreadableResults checks that a result that breaks the bounds of its type is not returned to
// the asker.
func TestUnreadableResults(t *testing.T) {
	pair, _ := newPair(t)
	got, err := echo.Read(t.Context(), pair, pair.Asking(t), question{Words: "silence"})
	f := refused(t, "what the type refuses", err, text.AnswerRefused)
	if got != (reply{}) || !errors.Is(err, errBlank) || f.Args["jurisdiction"] != operationtest.City {
		t.Errorf("got %+v, %v", got, err)
	}
	const other operation.Operation[question, []string] = "echo"
	words, err := other.Read(t.Context(), pair, pair.Asking(t), question{Words: "a"})
	refused(t, "another form", err, text.AnswerRefused)
	if words != nil || !errors.Is(err, canon.ErrNotCanonical) {
		t.Errorf("got %q, %v", words, err)
	}
}

// TestUnregistered checks that the destination refuses an operation that it does not serve.
func TestUnregistered(t *testing.T) {
	pair, _ := newPair(t)
	_, err := nothing.Read(t.Context(), pair, pair.Asking(t), question{Words: "a"})
	f := refused(t, "an operation that is not served", err, text.UnknownOperation)
	if f.Args["operation"] != "nothing" || f.Args["jurisdiction"] != operationtest.City {
		t.Errorf("got %v", f.Args)
	}
	const misnamed operation.Operation[question, reply] = "No operation"
	before := pair.Sent.Load()
	if _, err := misnamed.Read(t.Context(), pair, pair.Asking(t), question{Words: "a"}); err == nil || pair.Sent.Load() != before {
		t.Errorf("a name that is no label: got %v", err)
	}
}

// TestUse checks that a use is by an agency of the jurisdiction that signed the request, and that a
// use without an agency is refused.
func TestUse(t *testing.T) {
	pair, s := newPair(t)
	dataset := must(identity.ParseLabel("villages"))
	accept := func(r reply) (operation.Told, error) { return operation.Told{Grant: r.Grant}, nil }
	got, recorded, err := use.Use(t.Context(), pair, pair.Asking(t), dataset, "statistics", question{Words: "a"}, accept)
	if err != nil || got.Words != "a" || recorded.Access != s.access || !slices.Equal(s.by, []identity.Agency{pair.Water}) {
		t.Errorf("got %+v, %+v, %v by %v", got, recorded, err, s.by)
	}
	_, err = pair.Send(t, envelope.Call{
		Operation: must(identity.ParseLabel(string(use))), Parameters: must(canon.Marshal(question{Words: "a"})),
	})
	f := refused(t, "a use by nobody", err, text.AgencyNeeded)
	if f.Args["jurisdiction"] != operationtest.County || len(s.by) != 1 {
		t.Errorf("got %v, by %v", f.Args, s.by)
	}
	_, err = pair.Send(t, envelope.Call{
		Operation: must(identity.ParseLabel(string(echo))), Parameters: must(canon.Marshal(question{Words: "a"})),
	})
	if err != nil {
		t.Errorf("what is no use, by nobody: got %v", err)
	}
}

// TestNotAccepted checks that a result that is not accepted, or breaks its own bound, is not
// returned.
func TestNotAccepted(t *testing.T) {
	pair, _ := newPair(t)
	dataset, other := must(identity.ParseLabel("villages")), errors.New("of another question")
	for what, row := range map[string]struct {
		words  string
		accept func(reply) (operation.Told, error)
		cause  error
	}{
		"that is not accepted":      {"a", func(reply) (operation.Told, error) { return operation.Told{}, other }, other},
		"that breaks its own bound": {"silence", func(r reply) (operation.Told, error) { return operation.Told{Grant: r.Grant}, nil }, errBlank},
	} {
		got, recorded, err := use.Use(t.Context(), pair, pair.Asking(t), dataset, "", question{Words: row.words}, row.accept)
		refused(t, what, err, text.AnswerRefused)
		if got != (reply{}) || recorded != (operation.Recorded{}) || !errors.Is(err, row.cause) {
			t.Errorf("a result %s: got %+v, %+v, %v", what, got, recorded, err)
		}
	}
}

// TestPurpose checks that an empty purpose is left to the destination, and that a purpose that is
// no label is not sent.
func TestPurpose(t *testing.T) {
	dataset := must(identity.ParseLabel("villages"))
	for typed, want := range map[string]string{"": "", "statistics": "statistics"} {
		got, err := operation.Purpose(typed, dataset)
		if err != nil || got.String() != want {
			t.Errorf("%q: got %q, %v, want %q", typed, got, err, want)
		}
	}
	pair, _ := newPair(t)
	_, _, err := use.Use(t.Context(), pair, pair.Asking(t), dataset, "für mich", question{Words: "a"}, nil)
	f := refused(t, "a purpose that is no label", err, text.UnknownPurpose)
	if f.Args["purpose"] != "für mich" || f.Args["dataset"] != "villages" || pair.Sent.Load() != 0 {
		t.Errorf("got %v after %d requests", f.Args, pair.Sent.Load())
	}
}

// TestTable compares the operations of all rooms with the public list.
func TestTable(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "protocol.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(doc), "\n## Operations of calls\n")
	section, _, _ = strings.Cut(section, "\n## ")
	listed := found(regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\|"), section)
	files := must(filepath.Glob(filepath.Join("..", "..", "*", "*", "*.go")))
	constant := regexp.MustCompile(`(?m)^\s*(?:const )?\w+\s+operation\.Operation\[[^\]]*\]\s*= "([a-z-]+)"`)
	var served []string
	for _, name := range files {
		if !strings.HasSuffix(name, "_test.go") {
			served = append(served, found(constant, string(must(os.ReadFile(name))))...)
		}
	}
	slices.Sort(listed)
	slices.Sort(served)
	if !slices.Equal(listed, served) || len(served) != 19 {
		t.Errorf("docs/protocol.md lists %q, and %q are served", listed, served)
	}
}

// found returns the texts that the first group of an expression matches.
func found(expression *regexp.Regexp, in string) (all []string) {
	for _, m := range expression.FindAllStringSubmatch(in, -1) {
		all = append(all, m[1])
	}
	return all
}
