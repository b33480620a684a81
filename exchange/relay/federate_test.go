package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"xietong/exchange/envelope"
	"xietong/exchange/link"
)

// gather counts the jurisdictions at and below one, as an operation of a federated request does: it
// hands the request on to its children side by side and adds up their answers. A child without an
// answer counts as nothing.
func (w *world) gather(ctx context.Context, t testing.TB, r *Relay, received Received) (Result, error) {
	var children []string
	for s := range w.keys {
		if above, ok := name(t, s).Parent(); ok && above == r.l.Name {
			children = append(children, s)
		}
	}
	slices.Sort(children)
	answers, failed := make([]Answer, len(children)), make([]error, len(children))
	var group sync.WaitGroup
	for i, child := range children {
		group.Go(func() { answers[i], failed[i] = r.HandOn(ctx, received, name(t, child)) })
	}
	group.Wait()
	count := 1
	for i := range answers {
		if failed[i] == nil {
			n, err := strconv.Atoi(string(answers[i].Content))
			if err != nil {
				return Result{}, err
			}
			count += n
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.served = append(w.served, received)
	if w.added != nil {
		w.added(r.l.Name.String(), answers)
	}
	for _, err := range failed {
		if p, ok := errors.AsType[*Problem](err); ok {
			w.refused = append(w.refused, p)
		}
	}
	return Result{Content: []byte(strconv.Itoa(count)), Entry: entryOf(t, r.l.Name)}, nil
}

func gatherCall(t testing.TB) envelope.Call {
	return envelope.Call{Operation: label(t, "gather"), Parameters: []byte(village)}
}

// newTown is a world of two branches with a town below a county.
func newTown(t testing.TB) *world {
	w := newWide(t)
	w.add(t, "yunyan."+city, "town."+farCounty)
	return w
}

// TestFederate has every jurisdiction ask every other, and itself, for the number of jurisdictions
// below.
func TestFederate(t *testing.T) {
	w := newTown(t)
	for from := range w.keys {
		for to := range w.keys {
			below := 0
			for s := range w.keys {
				if name(t, s).Under(name(t, to)) {
					below++
				}
			}
			w.served, w.frames = nil, nil
			got, err := w.relays[from].Federate(t.Context(), newID(t), name(t, to), gatherCall(t))
			if err != nil || string(got.Content) != strconv.Itoa(below) || len(w.served) != below {
				t.Errorf("%s asks %s: got %q of %d served, want %d, %v", from, to, got.Content, len(w.served), below, err)
			}
			for _, r := range w.served {
				if r.Header.Origin != name(t, from) || r.Hash() != got.Request || r.Header.ID != got.ID || string(r.Call.Parameters) != village {
					t.Errorf("%s asks %s: served %+v", from, to, r.Header)
				}
			}
			if signed := got.Evidence != nil; signed != (from != to) {
				t.Errorf("%s asks %s: signed %t", from, to, signed)
			}
		}
	}
	if len(w.refused) > 0 {
		t.Errorf("refused: %v", w.refused)
	}
}

// TestSharesAreProofs: the frame of a child's answer proves the answer, for that request and that
// asker alone; only the hop header of the frame can be changed.
func TestSharesAreProofs(t *testing.T) {
	w := newTown(t)
	var of Answer
	w.added = func(by string, answers []Answer) {
		if by == farCity {
			of = answers[0]
		}
	}
	got, err := w.relays[county].Federate(t.Context(), newID(t), name(t, province), gatherCall(t))
	if err != nil {
		t.Fatal(err)
	}
	verify := func(frame []byte, by, asker string, request [32]byte) error {
		_, err := VerifyShare(frame, w.keys[farCounty].sets, name(t, by), name(t, asker), request, today)
		return err
	}
	if err := verify(of.Frame, farCounty, county, got.Request); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"by another":         verify(of.Frame, farCity, county, got.Request),
		"to another":         verify(of.Frame, farCounty, province, got.Request),
		"to another request": verify(of.Frame, farCounty, county, [32]byte{1}),
		"the hop's own":      verify(got.Frame, farCounty, county, got.Request),
	} {
		if !errors.Is(err, ErrNotShare) {
			t.Errorf("%s: got %v, want ErrNotShare", what, err)
		}
	}
	if _, err := VerifyShare(of.Frame, newKeys(t, farCounty).sets, name(t, farCounty), name(t, county), got.Request, today); !errors.Is(err, envelope.ErrUnknownKey) {
		t.Errorf("by other keys: got %v", err)
	}
	p := parts(t, of.Frame)
	signed := len(of.Frame) - len(p.Outer) - len(p.Statement) - len(p.Body)
	for i := range of.Frame {
		frame := slices.Clone(of.Frame)
		frame[i] ^= 1 << (i % 8)
		if err := verify(frame, farCounty, county, got.Request); err == nil && i >= signed {
			t.Errorf("byte %d of %d flipped, and still a proof", i, len(frame))
		}
	}
}

// TestShareFails: a child that is off, refuses, lies about who it is, or is slow costs its own part
// and no more.
func TestShareFails(t *testing.T) {
	for what, row := range map[string]struct {
		edit func(*testing.T, *world)
		want string
		code Code
		args []string
		at   string
	}{
		"a county is off": {func(_ *testing.T, w *world) { w.broken, w.brokenAt = link.ErrNoLink, farCounty }, "5", Unreachable, []string{farCounty, NoLink}, farCity},
		"a city is off":   {func(_ *testing.T, w *world) { w.broken, w.brokenAt = link.ErrNoLink, farCity }, "4", Unreachable, []string{farCity, NoLink}, province},
		"withdrawn":       {func(_ *testing.T, w *world) { w.gone[farCounty] = true }, "5", Unreachable, []string{farCounty, NotEndorsed}, farCity},
		"serves no such thing": {func(t *testing.T, w *world) {
			l := w.local(t, farCounty)
			l.Operations = NewRegistry()
			w.relays[farCounty] = New(l)
		}, "5", UnknownOperation, []string{"gather", farCounty}, farCounty},
		"altered by it": {func(_ *testing.T, w *world) { w.answerOf[farCounty] = flipLast }, "5", AnswerRefused, []string{farCounty, badBody}, farCity},
		"of another": {func(t *testing.T, w *world) {
			var asked atomic.Pointer[[]byte] // all get the same message, apart from its hop header
			w.request = func(frame []byte) []byte { asked.Store(&frame); return frame }
			w.answerOf[farCounty] = func([]byte) []byte { return w.problemOf(t, city, *asked.Load()) }
		}, "5", AnswerRefused, []string{farCounty, bySomebody}, farCity},
	} {
		t.Run(what, func(t *testing.T) {
			w := newTown(t)
			row.edit(t, w)
			got, err := w.relays[province].Federate(t.Context(), newID(t), name(t, province), gatherCall(t))
			if err != nil || string(got.Content) != row.want {
				t.Fatalf("got %q, %v, want %s", got.Content, err, row.want)
			}
			found := slices.ContainsFunc(w.refused, func(p *Problem) bool {
				return p.At == name(t, row.at) && Code(p.Code) == row.code && slices.Equal(p.Args, row.args)
			})
			if !found {
				t.Errorf("told %v, want code %d %q at %s", w.refused, row.code, row.args, row.at)
			}
		})
	}
}

// TestSlowShare: a child that does not answer does not keep the others past the time.
func TestSlowShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		l := w.local(t, farCounty)
		inner := l.Operations.federated[label(t, "gather")]
		l.Operations.federated[label(t, "gather")] = func(ctx context.Context, r Received) (Result, error) {
			<-ctx.Done()
			return inner(ctx, r)
		}
		w.relays[farCounty] = New(l)
		ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
		defer cancel()
		began := time.Now()
		got, err := w.relays[county].Federate(ctx, newID(t), name(t, province), gatherCall(t))
		if err != nil || string(got.Content) != "6" { // all except the town, for which no time was left
			t.Errorf("got %q, %v", got.Content, err)
		}
		if took := time.Since(began); took > 8*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

// TestHandedDown checks which peers may bring a federated request.
func TestHandedDown(t *testing.T) {
	w := newTown(t)
	for what, row := range map[string]struct {
		origin, destination, peer string
		want                      string
	}{
		"of the own child, from the parent":         {county, province, province, "served"},
		"of oneself, from the parent":               {city, province, province, "served"},
		"of somebody else, from the parent":         {farCounty, province, province, "served"},
		"for oneself, from the parent":              {farCounty, city, province, "served"},
		"of the own child, for oneself, from it":    {county, city, county, "served"},
		"of the own child, for oneself, from above": {county, city, province, "way-refused"},
		"of a sibling's child, from a child":        {"yunyan." + city, city, county, "way-refused"},
		"of oneself, for oneself, from the parent":  {city, city, province, "malformed"},
		"of oneself, from a child":                  {city, province, county, "malformed"},
		"for below the child, from it":              {county, "town." + county, county, "no-route"},
	} {
		t.Run(what, func(t *testing.T) {
			d := w.draft(t)
			d.Header.Kind, d.Header.Origin, d.Header.Destination, d.to = envelope.Federated, name(t, row.origin), name(t, row.destination), nil
			d.by = w.keys[row.origin]
			content, err := gatherCall(t).Encode()
			if err != nil {
				t.Fatal(err)
			}
			d.Content = content
			got := ""
			switch reply, _, err := w.serve(t, row.peer, d.frame(t)); {
			case err != nil:
				got = "malformed"
			case reply.Problem == nil:
				got = "served"
			case reply.Problem.Code == uint16(WayRefused):
				got = "way-refused"
			default:
				got = strings.Join(reply.Problem.Args[1:], " ")
			}
			if got != row.want {
				t.Errorf("got %s, want %s", got, row.want)
			}
		})
	}
}

// TestFederateNothing checks the calls that make no federated request.
func TestFederateNothing(t *testing.T) {
	w := newTown(t)
	r := w.relays[province]
	call := gatherCall(t)
	other := call
	other.Operation = label(t, "drop-table")
	if _, err := r.Federate(t.Context(), newID(t), name(t, province), other); err == nil {
		t.Error("an operation that is none was run here")
	}
	_, err := r.Federate(t.Context(), newID(t), name(t, city), other)
	wantProblem(t, "an operation that is none", err, city, UnknownOperation, "drop-table", city)
	_, err = r.Ask(t.Context(), newID(t), name(t, city), call)
	wantProblem(t, "federated operation asked for alone", err, city, UnknownOperation, "gather", city)
	for _, child := range []string{county, "yunnan", province} {
		if _, err := r.HandOn(t.Context(), Received{Header: envelope.Header{Kind: envelope.Federated}}, name(t, child)); err == nil {
			t.Errorf("shared with %s", child)
		}
	}
	if err := fmt.Sprint(len(w.served)); err != "0" {
		t.Errorf("%s were served", err)
	}
}

// TestWideBudget: a child may ask beyond its subtree WideBurst times, and is refused by its parent
// then, whichever jurisdiction it asks. It may ask its own subtree without limit, and another child
// has a budget of its own.
func TestWideBudget(t *testing.T) {
	w := newTown(t)
	ask := func(from, to string) error {
		_, err := w.relays[from].Federate(t.Context(), newID(t), name(t, to), gatherCall(t))
		return err
	}
	for i := range WideBurst {
		if err := ask(county, []string{city, province, farCity}[i%3]); err != nil {
			t.Fatalf("question %d: %v", i, err)
		}
	}
	served := len(w.served)
	for _, to := range []string{city, province, farCounty} {
		wantProblem(t, "of "+to+", one too many", ask(county, to), city, Busy, city, "4")
	}
	if len(w.served) != served {
		t.Error("one too many was served")
	}
	for range 2 * WideBurst {
		if err := errors.Join(ask(city, city), ask(province, province), ask(farCity, farCounty)); err != nil {
			t.Fatalf("those below: %v", err)
		}
	}
	if err := ask("yunyan."+city, province); err != nil {
		t.Errorf("another child: %v", err)
	}
	for s := range w.keys {
		w.clock[s] += WideEvery
	}
	if err := ask(county, province); err != nil {
		t.Errorf("after a while: %v", err)
	}
	wantProblem(t, "and once more", ask(county, province), city, Busy, city, "4")
}
