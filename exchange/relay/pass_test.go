package relay

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/budget"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
)

const (
	farCity   = "qiandongnan.guizhou"
	farCounty = "liping.qiandongnan.guizhou"
)

// newWide returns a world with a second branch.
func newWide(t testing.TB) *world {
	w := newWorld(t)
	w.add(t, farCity, farCounty)
	w.answerOf = map[string]func([]byte) []byte{}
	return w
}

// TestAcross asks from one county to a county of another city, and checks the work of every hop on
// the way.
func TestAcross(t *testing.T) {
	w := newWide(t)
	got, err := w.relays[county].Ask(t.Context(), newID(t), name(t, farCounty), query(t))
	if err != nil || string(got.Content) != "seen "+village || got.Entry != entryOf(t, name(t, farCounty)) {
		t.Fatalf("got %q, %v", got.Content, err)
	}
	if len(w.served) != 1 || w.served[0].Header.Origin != name(t, county) {
		t.Fatalf("served %+v", w.served)
	}
	if len(w.frames) != 8 {
		t.Fatalf("%d frames, want 4 hops both ways", len(w.frames))
	}
	first := parts(t, w.frames[0])
	var before envelope.Hop
	for i, frame := range w.frames[:4] {
		e, err := envelope.Decode(frame)
		if err != nil {
			t.Fatal(err)
		}
		p := parts(t, frame)
		if string(p.Outer) != string(first.Outer) || string(p.Statement) != string(first.Statement) || string(p.Body) != string(first.Body) {
			t.Errorf("hop %d: the message is another", i)
		}
		if i > 0 && (e.Hop.Hops != before.Hops-1 || e.Hop.Remaining >= before.Remaining || e.Hop.Trace != before.Trace) {
			t.Errorf("hop %d: %+v after %+v", i, e.Hop, before)
		}
		before = e.Hop
	}
	for i, frame := range w.frames[4:] {
		if string(frame) != string(w.frames[4]) {
			t.Errorf("hop %d back: the answer is another", i)
		}
	}
	if strings.Contains(string(slices.Concat(w.frames...)), "5201020") {
		t.Error("a frame tells what is in it")
	}
}

// TestPassRefused checks the hop that refuses, in a call from the county to the far county.
func TestPassRefused(t *testing.T) {
	for what, row := range map[string]struct {
		edit func(*world)
		at   string
		code Code
		args []string
	}{
		"the last hop is off": {func(w *world) { w.broken, w.brokenAt = link.ErrNoLink, farCounty }, farCity, Unreachable, []string{farCounty, NoLink}},
		"a hop is off":        {func(w *world) { w.broken, w.brokenAt = link.ErrNoLink, farCity }, province, Unreachable, []string{farCity, NoLink}},
		"a link breaks": {func(w *world) {
			w.broken, w.brokenAt = &link.Error{Reason: link.NoAnswer, Err: errors.New("idle")}, province
		}, city, Unreachable, []string{province, "no-answer"}},
		"a child was withdrawn":           {func(w *world) { w.gone[farCounty] = true }, farCity, Unreachable, []string{farCounty, NotEndorsed}},
		"refused by the destination":      {func(w *world) { w.operation = refusing }, farCounty, 24, []string{"villages", "article 15"}},
		"an answer in another form":       {func(w *world) { w.answerOf[farCounty] = func([]byte) []byte { return []byte{1} } }, farCity, AnswerRefused, []string{farCounty, badForm}},
		"an answer altered on the way":    {func(w *world) { w.answerOf[farCity] = flipLast }, county, AnswerRefused, []string{farCounty, badBody}},
		"an answer of another to another": {func(w *world) { w.answerOf[farCounty] = func([]byte) []byte { return w.frames[0] } }, farCity, AnswerRefused, []string{farCounty, badForm}},
	} {
		t.Run(what, func(t *testing.T) {
			w := newWide(t)
			row.edit(w)
			_, err := w.relays[county].Ask(t.Context(), newID(t), name(t, farCounty), query(t))
			wantProblem(t, what, err, row.at, row.code, row.args...)
			if p, ok := errors.AsType[*Problem](err); ok && row.at != county {
				if h, _, err := VerifyEvidence(p.Evidence, w.keys[row.at].sets); err != nil || h.Origin != name(t, row.at) {
					t.Errorf("evidence of the refusal: %v", err)
				}
			}
		})
	}
}

func refusing(context.Context, Received) (Result, error) {
	return Result{}, &businessRefusal{24, []string{"villages", "article 15"}}
}

func flipLast(frame []byte) []byte {
	f := slices.Clone(frame)
	f[len(f)-1] ^= 1
	return f
}

// TestNobodyBesideTheWay: no hop and no asker takes an answer that is signed by a jurisdiction
// beside the way.
func TestNobodyBesideTheWay(t *testing.T) {
	w := newWide(t)
	w.add(t, "zunyi.guizhou")
	var asked []byte
	for _, row := range []struct{ liar, found string }{{"zunyi.guizhou", province}, {city, city}} {
		w.answerOf = map[string]func([]byte) []byte{}
		lie := func([]byte) []byte { return w.problemOf(t, row.liar, asked) }
		w.request = func(frame []byte) []byte { asked = frame; return frame }
		via := map[string]string{province: farCity, city: province}[row.found]
		w.answerOf[via] = lie
		_, err := w.relays[county].Ask(t.Context(), newID(t), name(t, farCounty), query(t))
		wantProblem(t, "signed by "+row.liar, err, row.found, AnswerRefused, via, bySomebody)
	}
}

// problemOf is a problem that the named jurisdiction signs as an answer to the request.
func (w *world) problemOf(t testing.TB, by string, request []byte) []byte {
	e, err := envelope.Decode(request)
	if err != nil {
		t.Error(err)
		return nil
	}
	r := w.relays[by]
	frame, err := r.refused(t.Context(), &inbound{Envelope: e, header: e.Header()}, r.refuse(Busy, nil, by, "1"))
	if err != nil {
		t.Error(err)
	}
	return frame
}

// TestHops: a hop does not pass on a request that has no hop left, and says so.
func TestHops(t *testing.T) {
	w := newWide(t)
	for hops, at := range map[uint8]string{0: city, 1: province, 2: farCity, 3: farCounty} {
		d := w.draft(t)
		d.Header.Destination, d.to, d.hop.Hops = name(t, farCounty), w.keys[farCounty].recipient(t), hops
		reply, h, err := w.serve(t, county, d.frame(t))
		if err != nil || h.Origin != name(t, at) || reply.Problem == nil || reply.Problem.Code != uint16(MessageRefused) || reply.Problem.Args[1] != noHops {
			t.Errorf("%d hops: got %+v by %s, %v; want it refused by %s", hops, reply.Problem, h.Origin, err, at)
		}
	}
	d := w.draft(t)
	d.Header.Destination, d.to, d.hop.Hops = name(t, farCounty), w.keys[farCounty].recipient(t), 4
	if reply, h, err := w.serve(t, county, d.frame(t)); err != nil || reply.Problem != nil || h.Origin != name(t, farCounty) {
		t.Errorf("four hops: got %+v by %s, %v", reply.Problem, h.Origin, err)
	}
}

// TestPassedTime: each hop has less time than the hop before it, so the last hop tells the asker in
// time which jurisdiction is late.
func TestPassedTime(t *testing.T) {
	for what, row := range map[string]struct{ patience, kept time.Duration }{
		"a second":  {time.Second, time.Second / 16},
		"a minute":  {time.Minute, keptMost},
		"two hours": {2 * time.Hour, keptMost},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := newWide(t)
			w.operation = func(ctx context.Context, _ Received) (Result, error) {
				<-ctx.Done()
				return Result{}, ctx.Err()
			}
			ctx, cancel := context.WithTimeout(t.Context(), row.patience)
			defer cancel()
			began := time.Now()
			_, err := w.relays[county].Ask(ctx, newID(t), name(t, farCounty), query(t))
			wantProblem(t, what, err, farCounty, Late, farCounty)
			early := min(row.patience, MaxWait) - time.Since(began)
			if early < 2*row.kept || early > 3*row.kept+5*time.Millisecond {
				t.Errorf("%s: told %v before the end, of which each of three hops keeps %v", what, early, row.kept)
			}
		})
	}
}

// TestPassCancelled: when the asker gives up, so does every hop on the way.
func TestPassCancelled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide(t)
		ended := make(chan error, 1)
		w.operation = func(ctx context.Context, _ Received) (Result, error) {
			<-ctx.Done()
			ended <- ctx.Err()
			return Result{}, ctx.Err()
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			time.Sleep(time.Second)
			cancel()
		}()
		_, err := w.relays[county].Ask(ctx, newID(t), name(t, farCounty), query(t))
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("the operation ended with %v", err)
		}
		synctest.Wait()
		for s, r := range w.relays {
			if n := r.serving.Held() + r.toward.Held(); n != 0 {
				t.Errorf("%s still has %d places taken", s, n)
			}
		}
	})
}

// TestPassBusy: one origin does not take all the places of a hop.
func TestPassBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWide(t)
		w.add(t, "yunyan."+city)
		release := make(chan struct{})
		w.operation = func(context.Context, Received) (Result, error) {
			<-release
			return Result{}, nil
		}
		ask := func(from, to string) error {
			_, err := w.relays[from].Ask(t.Context(), newID(t), name(t, to), query(t))
			return err
		}
		const places = 48
		w.relays[city].toward = budget.NewPlacesToward(places)
		const most = places / 3 // of one branch
		far := []string{farCounty, farCity, province, "kaili." + farCity}
		w.add(t, far[3])
		done := make(chan error, most)
		for i := range most {
			go func() { done <- ask(county, far[i%4]) }()
		}
		synctest.Wait()
		wantProblem(t, "one too many", ask(county, farCounty), city, Busy, city, "1")
		close(release)
		for range most {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		if err := errors.Join(ask(county, farCounty), ask("yunyan."+city, farCounty)); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// renewing is a Trust that returns the right keys of a jurisdiction only if they are asked for
// anew.
type renewing struct {
	believed
	of   identity.Jurisdiction
	sets []trust.Believed
	anew int
}

func (r *renewing) KeySets(ctx context.Context, of identity.Jurisdiction, anew bool) ([]trust.Believed, error) {
	if of == r.of && anew {
		r.anew++
		return r.sets, nil
	}
	return r.believed.KeySets(ctx, of, anew)
}

// TestKeysAskedForAnew: a message signed with an unknown key is judged by key sets that are fetched
// anew.
func TestKeysAskedForAnew(t *testing.T) {
	w := newWide(t)
	later := newKeys(t, county) // in place of a renewal: other keys of the same name
	for what, row := range map[string]struct {
		sets []trust.Believed
		code Code
	}{"known by then": {later.sets, 0}, "of nobody": {w.keys[county].sets, MessageRefused}} {
		fresh := &renewing{believed: w.trust, of: name(t, county), sets: row.sets}
		l := w.local(t, city)
		l.Trust = fresh
		w.relays[city] = New(l)
		d := w.draft(t)
		d.by = later
		frame := d.frame(t)
		w.keys[county] = later // needed to read the answer
		var problem *Problem
		in, err := w.relays[city].receive(name(t, county), frame)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, problem = w.relays[city].admit(t.Context(), in); (problem == nil) != (row.code == 0) || problem != nil && problem.Code != uint16(row.code) {
			t.Errorf("%s: got %v", what, problem)
		}
		if fresh.anew != 1 {
			t.Errorf("%s: asked %d times anew", what, fresh.anew)
		}
	}
}

// TestAnyToAny checks in trees of any form that every jurisdiction reaches every other, and that
// the hop before a missing jurisdiction refuses.
func TestAnyToAny(t *testing.T) {
	all := newWorld(t)
	var names []string
	grow(t, all, &names, "p", 0)
	rapid.Check(t, func(rt *rapid.T) {
		from, to := rapid.SampledFrom(names).Draw(rt, "from"), rapid.SampledFrom(names).Draw(rt, "to")
		if from == to {
			return
		}
		all.broken, all.served = nil, nil
		if _, err := all.relays[from].Ask(t.Context(), newID(t), name(t, to), query(t)); err != nil || len(all.served) != 1 {
			rt.Errorf("%s asks %s: %v, served %d times", from, to, err, len(all.served))
		}
		path := pathOf(from, to)
		off := rapid.IntRange(1, len(path)-1).Draw(rt, "off")
		all.broken, all.brokenAt = link.ErrNoLink, path[off]
		_, err := all.relays[from].Ask(t.Context(), newID(t), name(t, to), query(t))
		p, ok := errors.AsType[*Problem](err)
		if !ok || p.At.String() != path[off-1] || p.Code != uint16(Unreachable) || p.Args[0] != path[off] {
			rt.Errorf("%s asks %s with %s off: got %v", from, to, path[off], err)
		}
	})
}

// grow adds a tree of six levels to the world, and its names to names. First children have more
// children.
func grow(t *testing.T, w *world, names *[]string, at string, depth int) {
	w.add(t, at)
	*names = append(*names, at)
	for n := range max(0, 3-depth) {
		grow(t, w, names, string(rune('a'+n))+"."+at, depth+1+n)
	}
	if depth >= 3 && depth < 5 {
		grow(t, w, names, "x."+at, depth+1)
	}
}

// pathOf computes the way between two names by comparing labels.
func pathOf(from, to string) (path []string) {
	at := from
	for ; to != at && !strings.HasSuffix(to, "."+at); _, at, _ = strings.Cut(at, ".") {
		path = append(path, at)
	}
	turn := len(path)
	for below := to; below != at; _, below, _ = strings.Cut(below, ".") {
		path = append(path, below)
	}
	slices.Reverse(path[turn:])
	return slices.Insert(path, turn, at)
}
