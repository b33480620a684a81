package relay

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
)

func TestNowhere(t *testing.T) {
	w := newWorld(t)
	w.gone[county] = true
	delete(w.trust, name(t, province))
	for _, row := range []struct {
		from, to string
		code     Code
		args     []string
	}{
		{city, "zunyi.guizhou", Unreachable, []string{"zunyi.guizhou", NotEndorsed}},
		{city, "baiyun." + city, Unreachable, []string{"baiyun." + city, NotEndorsed}},
		{city, "a.baiyun." + city, Unreachable, []string{"baiyun." + city, NotEndorsed}},
		{city, county, Unreachable, []string{county, NotEndorsed}},     // withdrawn
		{city, province, Unreachable, []string{province, NotEndorsed}}, // none of its key sets is believed
		{province, "chengdu.sichuan", Unreachable, []string{"chengdu.sichuan", NoRoute}},
	} {
		_, err := w.relays[row.from].Ask(t.Context(), newID(t), name(t, row.to), query(t))
		wantProblem(t, row.from+" asks "+row.to, err, row.from, row.code, row.args...)
	}
	for what, ask := range map[string]func() error{
		"oneself": func() error { _, err := w.relays[city].Ask(t.Context(), newID(t), name(t, city), query(t)); return err },
		"without an id": func() error {
			_, err := w.relays[county].Ask(t.Context(), identity.Message{}, name(t, city), query(t))
			return err
		},
		"nothing": func() error {
			_, err := w.relays[county].Ask(t.Context(), newID(t), name(t, city), envelope.Call{})
			return err
		},
	} {
		err := ask()
		if _, ok := errors.AsType[*Problem](err); ok || err == nil {
			t.Errorf("asked %s: got %v, want an error that is no problem", what, err)
		}
	}
	if len(w.frames) > 0 {
		t.Errorf("%d frames were sent", len(w.frames))
	}
}

func TestBrokenLinks(t *testing.T) {
	w := newWorld(t)
	for what, row := range map[string]struct {
		err    error
		reason string
	}{
		"none":    {fmt.Errorf("%w: from a to b", link.ErrNoLink), NoLink},
		"silent":  {&link.Error{Reason: link.NoAnswer, Err: errors.New("idle")}, "no-answer"},
		"busy":    {fmt.Errorf("exchange: %w", &link.Error{Reason: link.Busy, Err: errors.New("reset")}), "busy"},
		"another": {errors.New("secret"), "broken"},
	} {
		w.broken = row.err
		_, err := w.relays[county].Ask(t.Context(), newID(t), name(t, city), query(t))
		wantProblem(t, what, err, county, Unreachable, city, row.reason)
		if !errors.Is(err, row.err) {
			t.Errorf("%s: the cause is lost in %v", what, err)
		}
	}
}

// TestLate: the asker waits no longer than its context, the destination no longer than the asker,
// and neither for ever.
func TestLate(t *testing.T) {
	for what, row := range map[string]struct{ patience, want time.Duration }{
		"a second": {time.Second, time.Second}, "an hour": {time.Hour, MaxWait}, "for ever": {0, MaxWait},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			ended := make(chan time.Duration, 1)
			began := time.Now()
			w.operation = func(ctx context.Context, _ Received) (Result, error) {
				<-ctx.Done()
				ended <- time.Since(began)
				return Result{}, ctx.Err()
			}
			ctx := t.Context()
			if row.patience > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, row.patience)
				defer cancel()
			}
			_, err := w.relays[county].Ask(ctx, newID(t), name(t, city), query(t))
			if p, ok := errors.AsType[*Problem](err); !ok || p.Code != uint16(Late) || p.Args[0] != city {
				t.Errorf("%s: got %v, want Late", what, err)
			}
			if took, served := time.Since(began), <-ended; took != row.want || served != row.want {
				t.Errorf("%s: asked for %v, served for %v, want %v", what, took, served, row.want)
			}
		})
	}
}

// TestTooLateToAsk: nothing is sent when nobody waits any more.
func TestTooLateToAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithTimeout(t.Context(), 0)
		defer cancel()
		_, err := w.relays[county].Ask(ctx, newID(t), name(t, city), query(t))
		wantProblem(t, "at once", err, county, Late, city)
		if len(w.frames) > 0 {
			t.Errorf("%d frames were sent", len(w.frames))
		}
	})
}

// TestSlowResult: a result that comes after its time is still sent, because the use was recorded.
func TestSlowResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.operation = func(context.Context, Received) (Result, error) {
			time.Sleep(time.Hour)
			return Result{Content: []byte("late")}, nil
		}
		if reply, _, err := w.serve(t, county, w.draft(t).frame(t)); err != nil || string(reply.Result) != "late" {
			t.Errorf("got %q, %v, %v", reply.Result, reply.Problem, err)
		}
	})
}

// TestGivenUp: an asker that gives up is refused nothing, and the destination learns that nobody
// waits.
func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		w.operation = func(ctx context.Context, _ Received) (Result, error) {
			cancel()
			<-ctx.Done()
			return Result{}, ctx.Err()
		}
		_, err := w.relays[county].Ask(ctx, newID(t), name(t, city), query(t))
		if _, ok := errors.AsType[*Problem](err); ok || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		served, stop := context.WithCancel(t.Context())
		defer stop()
		w.operation = func(ctx context.Context, _ Received) (Result, error) {
			stop()
			<-ctx.Done()
			return Result{}, ctx.Err()
		}
		err = w.relays[city].Serve(served, name(t, county), w.draft(t).frame(t), func([]byte) error {
			t.Error("answered nobody")
			return nil
		})
		if coded, ok := errors.AsType[*link.CodeError](err); !ok || coded.Code != link.CodeCancelled {
			t.Errorf("got %v, want CodeCancelled", err)
		}
	})
}

// TestTooManyAtOnce: one neighbour cannot take the places of another, and a place is free again
// when its request is served.
func TestTooManyAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		release := make(chan struct{})
		held := w.operation
		w.operation = func(ctx context.Context, r Received) (Result, error) {
			if r.Header.Origin == name(t, county) {
				<-release
			}
			return held(ctx, r)
		}
		const most = MaxServing / 3 // of one branch
		served := make(chan error, most)
		ask := func(from string) error {
			_, err := w.relays[from].Ask(t.Context(), newID(t), name(t, city), query(t))
			return err
		}
		for range most {
			go func() { served <- ask(county) }()
		}
		synctest.Wait()
		wantProblem(t, "one too many", ask(county), city, Busy, city, "1")
		if err := ask(province); err != nil {
			t.Errorf("another's: %v", err)
		}
		close(release)
		for range most {
			if err := <-served; err != nil {
				t.Errorf("one of those served: %v", err)
			}
		}
		if err := ask(county); err != nil {
			t.Errorf("afterwards: %v", err)
		}
		if n := w.relays[city].serving.Held(); n != 0 {
			t.Errorf("%d requests are still served", n)
		}
	})
}

// reply is an answer that a test changes before sealing it: the answer of the city to the county's
// request, as a relay would make it.
type reply struct {
	*draft
	envelope.Reply
}

func (w *world) reply(t *testing.T, q pending) *reply {
	t.Helper()
	d := w.draft(t)
	d.Header.Kind, d.Header.Origin, d.Header.Destination = envelope.Answer, name(t, city), name(t, county)
	d.ContentType, d.Content, d.by, d.to = envelope.AnswerType, nil, w.keys[city], w.keys[county].recipient(t)
	return &reply{d, envelope.Reply{To: q.hash[:], Result: []byte("secret")}}
}

func (r *reply) frame(t *testing.T) []byte {
	t.Helper()
	if r.Content == nil {
		var err error
		if r.Content, err = r.Encode(); err != nil {
			t.Fatal(err)
		}
	}
	return r.draft.frame(t)
}

// asked makes a request of the county to the city.
func (w *world) asked(t *testing.T) pending {
	t.Helper()
	q := pending{id: newID(t), kind: envelope.Request, asker: name(t, county), to: name(t, city), via: name(t, city)}
	e, err := w.relays[county].request(t.Context(), &q, query(t))
	if err != nil {
		t.Fatal(err)
	}
	q.hash = e.Hash()
	if q.frame, err = e.Encode(); err != nil {
		t.Fatal(err)
	}
	return q
}

// TestAnswers makes one change to an answer that would be believed. Whoever signed it is blamed
// only where nobody on the way can have brought that about.
func TestAnswers(t *testing.T) {
	w := newWorld(t)
	impostor := newKeys(t, city)
	byProvince := func(r *reply) { r.Header.Origin, r.by = name(t, province), w.keys[province] }
	problem := func(r *reply) { r.Result, r.Problem = nil, &envelope.Problem{Code: 24, Args: []string{"x"}} }
	refused := func(reason string) *Problem {
		return &Problem{At: name(t, county), Code: uint16(AnswerRefused), Args: []string{city, reason}}
	}
	blamed := func(reason, by string) *Problem { // whoever signed it
		p := refused(reason)
		p.SignedBy = name(t, by)
		return p
	}
	refusal := func(at string) *Problem { return &Problem{At: name(t, at), Code: 24, Args: []string{"x"}} }
	q, other := w.asked(t), w.asked(t)
	for what, row := range map[string]struct {
		edit func(*reply)
		via  string
		want *Problem // nil: believed
	}{
		"as it is":                      {func(*reply) {}, city, nil},
		"a refusal":                     {problem, city, refusal(city)},
		"a refusal in the clear":        {func(r *reply) { problem(r); r.to = nil }, city, refusal(city)},
		"a refusal by a hop":            {func(r *reply) { problem(r); byProvince(r) }, province, refusal(province)},
		"a refusal by who is no hop":    {func(r *reply) { problem(r); byProvince(r) }, city, refused(bySomebody)},
		"a result of a hop":             {byProvince, province, refused(bySomebody)},
		"a result of somebody else":     {byProvince, city, refused(bySomebody)},
		"a result in the clear":         {func(r *reply) { r.to = nil }, city, blamed(inClear, city)},
		"to another request":            {func(r *reply) { r.To = other.hash[:] }, city, refused(noAnswer)},
		"signed by another":             {func(r *reply) { r.by = w.keys[province] }, city, refused(UnknownKey)},
		"signed by another of the name": {func(r *reply) { r.by = impostor }, city, refused(UnknownKey)},
		"signed by another, long ago":   {func(r *reply) { r.by = impostor; r.move(-40 * 24 * time.Hour) }, city, refused(otherTime)},
		"encrypted to another":          {func(r *reply) { r.to = impostor.recipient(t) }, city, refused(badBody)},
		"for another":                   {func(r *reply) { r.Header.Destination = name(t, province) }, city, refused(badForm)},
		"a request":                     {func(r *reply) { r.Header.Kind = envelope.Request }, city, refused(badForm)},
		"with the type of a request":    {func(r *reply) { r.ContentType = envelope.RequestType }, city, blamed(badForm, city)},
		"without sense":                 {func(r *reply) { r.Content = []byte("sense") }, city, blamed(noAnswer, city)},
		"after its end":                 {func(r *reply) { r.move(-2 * time.Minute) }, city, refused(expired)},
		"from the future":               {func(r *reply) { r.move(time.Hour) }, city, refused(fromFuture)},
		"of too long a life":            {func(r *reply) { r.Header.Expires = today.Add(MaxLife + time.Millisecond) }, city, blamed(badForm, city)},
		"with another's body": {func(r *reply) {
			body := parts(t, w.reply(t, q).frame(t)).Body
			r.after = func(frame []byte) []byte { f := parts(t, frame); f.Body = body; return f.frame(t) }
		}, city, refused(badBody)},
		"of no form": {func(r *reply) { r.after = func(frame []byte) []byte { return frame[1:] } }, city, refused(badForm)},
	} {
		r := w.reply(t, q)
		row.edit(r)
		q.via = name(t, row.via)
		q.answer = r.frame(t)
		got, err := w.relays[county].verify(t.Context(), q)
		if row.want == nil {
			if err != nil || string(got.Content) != "secret" || got.ID != q.id || got.Request != q.hash {
				t.Errorf("%s: got %+v, %v", what, got, err)
			}
			continue
		}
		wantProblem(t, what, err, row.want.At.String(), Code(row.want.Code), row.want.Args...)
		if p, ok := errors.AsType[*Problem](err); ok && p.SignedBy != row.want.SignedBy {
			t.Errorf("%s: blamed %q, want %q", what, p.SignedBy, row.want.SignedBy)
		}
		if got.Content != nil || got.Evidence != nil {
			t.Errorf("%s: refused and shown: %+v", what, got)
		}
	}
	delete(w.trust, name(t, city))
	q.answer = w.reply(t, q).frame(t)
	_, err := w.relays[county].verify(t.Context(), q)
	wantProblem(t, "of whom nobody vouches for", err, county, AnswerRefused, city, NotEndorsed)
}

// TestEveryByteOfAnAnswer flips each byte of an answer in turn. A change of the hop header has no
// effect; any other change is refused.
func TestEveryByteOfAnAnswer(t *testing.T) {
	w := newWorld(t)
	q := w.asked(t)
	frame := w.reply(t, q).frame(t)
	signed := len(frame) - len(parts(t, frame).Body) - len(parts(t, frame).Statement) - len(parts(t, frame).Outer)
	for i := range frame {
		frame[i] ^= 1 << (i % 8)
		q.answer = frame
		got, err := w.relays[county].verify(t.Context(), q)
		switch {
		case err == nil && (i >= signed || string(got.Content) != "secret"):
			t.Errorf("byte %d of %d flipped and still taken: %q", i, len(frame), got.Content)
		case err != nil:
			if p, ok := errors.AsType[*Problem](err); !ok || p.Code != uint16(AnswerRefused) {
				t.Errorf("byte %d of %d flipped: got %v, want AnswerRefused", i, len(frame), err)
			}
		}
		frame[i] ^= 1 << (i % 8)
	}
}

// exchanger is a link that answers with frames of its own.
type exchanger func(request []byte, each func([]byte) error) error

func (e exchanger) Exchange(_ context.Context, _, _ identity.Jurisdiction, request []byte, each func([]byte) error) error {
	return e(request, each)
}

func TestNotOneAnswer(t *testing.T) {
	w := newWorld(t)
	for _, n := range []int{0, 2, 3} {
		taken := 0
		l := w.local(t, county)
		l.Links = exchanger(func(_ []byte, each func([]byte) error) error {
			for range n {
				if err := each([]byte("frame")); err != nil {
					return err
				}
				taken++
			}
			return nil
		})
		_, err := New(l).Ask(t.Context(), newID(t), name(t, city), query(t))
		wantProblem(t, fmt.Sprint(n, " answers"), err, county, AnswerRefused, city, notOne)
		if taken > 1 {
			t.Errorf("%d of %d answers were taken", taken, n)
		}
	}
}

// TestClocks: the clocks of two neighbours may be five minutes apart, either way; an asker that is
// further ahead is told so.
func TestClocks(t *testing.T) {
	for _, row := range []struct {
		county time.Duration
		served bool
	}{{0, true}, {5 * time.Minute, true}, {-5 * time.Minute, true}, {6 * time.Minute, false}, {-6 * time.Minute, false}} {
		w := newWorld(t)
		w.clock[county] = row.county
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		_, err := w.relays[county].Ask(ctx, newID(t), name(t, city), query(t))
		cancel()
		switch {
		case row.served && err != nil:
			t.Errorf("%v apart: %v", row.county, err)
		case !row.served && row.county > 0:
			wantProblem(t, "ahead", err, city, MessageFuture, county, "6m0s")
		case !row.served:
			wantProblem(t, "behind", err, city, MessageExpired, county)
		}
	}
}

// TestManyAtOnce asks from many goroutines, for the race detector.
func TestManyAtOnce(t *testing.T) {
	w := newWorld(t)
	errs := make(chan error, 40)
	for n := range cap(errs) {
		from, to := county, city
		if n%2 == 0 {
			from, to = to, from
		}
		go func() {
			_, err := w.relays[from].Ask(t.Context(), newID(t), name(t, to), query(t))
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if len(w.served) != cap(errs) || slices.ContainsFunc(w.served, func(r Received) bool { return r.Header.ID.IsZero() }) {
		t.Errorf("%d served", len(w.served))
	}
}

// TestShareIsInTheClear: an answer to a federated request is verified by the asker, who has no key
// of the hop that adds it up. A child that encrypted it to that hop would have the hop told a liar.
func TestShareIsInTheClear(t *testing.T) {
	w := newWorld(t)
	q := w.asked(t)
	q.kind = envelope.Federated
	for _, encrypted := range []bool{false, true} {
		r := w.reply(t, q)
		if !encrypted {
			r.to = nil
		}
		q.answer = r.frame(t)
		_, err := w.relays[county].verify(t.Context(), q)
		p, refused := errors.AsType[*Problem](err)
		if refused != encrypted || refused && (Code(p.Code) != AnswerRefused || p.Reason() != notClear) {
			t.Errorf("encrypted %t: got %v", encrypted, err)
		}
	}
}
