package relay

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/budget"
	"xietong/exchange/link"
)

// TestBranchesShareALink (A10): a county asks an accomplice below another city, which answers
// nothing, under as many names as it likes, until it is refused. Each link on the way still carries
// what its sibling asks, of the accomplice too, and what others ask of it.
func TestBranchesShareALink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newTown(t)
		release := make(chan struct{})
		served := w.operation
		var held atomic.Int64
		w.operation = func(ctx context.Context, r Received) (Result, error) {
			if r.Header.Origin.Under(name(t, county)) {
				held.Add(1)
				<-release
			}
			return served(ctx, r)
		}
		w.relays[farCounty].serving = budget.NewPlaces(1 << 20) // it refuses nothing
		const requests = 3 * MaxBrought / requestCost
		children := w.invented(t, 64)
		done := make(chan error)
		for i := range requests {
			go func() {
				_, err := w.relays[children[i%len(children)]].Ask(t.Context(), newID(t), name(t, farCounty), query(t))
				done <- err
			}()
		}
		synctest.Wait()
		t.Logf("%d of %d requests are under way", held.Load(), requests)
		for _, at := range []string{city, province, farCity, farCounty} {
			if n := w.relays[at].brought.Held(); n > MaxBrought/2 {
				t.Errorf("at %s, the county holds %d of the %d bytes of a link", at, n, MaxBrought)
			}
		}
		for from, to := range map[string]string{"yunyan." + city: farCounty, city: farCounty, province: farCounty, farCity: "yunyan." + city} {
			if _, err := w.relays[from].Ask(t.Context(), newID(t), name(t, to), query(t)); err != nil {
				t.Errorf("%s asks %s: %v", from, to, err)
			}
		}
		close(release)
		for range requests {
			<-done
		}
	})
}

// TestTooMuchOfABranch: what is too much of a branch gets no answer, and costs no signature; what
// is answered is given back.
func TestTooMuchOfABranch(t *testing.T) {
	w := newWorld(t)
	r, frame := w.relays[city], w.draft(t).frame(t)
	leave, ok := r.brought.EnterAs(MaxBrought/3, county, budget.Payer{Neighbour: county})
	if !ok {
		t.Fatal("a branch alone cannot have a third")
	}
	_, _, err := w.serve(t, county, frame)
	if e, isCode := errors.AsType[*link.CodeError](err); !isCode || e.Code != link.CodeBusy {
		t.Errorf("got %v, want busy", err)
	}
	leave()
	if reply, _, err := w.serve(t, county, frame); err != nil || reply.Problem != nil {
		t.Errorf("afterwards: %+v, %v", reply.Problem, err)
	}
	if n := r.brought.Held(); n != 0 {
		t.Errorf("%d bytes are held", n)
	}
}

// counting counts the searches for key sets.
type counting struct {
	believed
	asked int
}

func (c *counting) KeySets(ctx context.Context, of identity.Jurisdiction, anew bool) ([]trust.Believed, error) {
	c.asked++
	return c.believed.KeySets(ctx, of, anew)
}

func (c *counting) Kept(identity.Jurisdiction) []trust.Believed { return nil }

// TestRefusalsSearchNothing (A01b): what is refused before its origin is proven has no key set
// looked for, so that nobody makes a node search by messages that it refuses.
func TestRefusalsSearchNothing(t *testing.T) {
	for what, change := range map[string]func(*draft, *Relay){
		"of another branch": func(d *draft, _ *Relay) { d.Header.Origin = name(t, "made.up.zunyi.guizhou") },
		"without hops":      func(d *draft, _ *Relay) { d.hop.Hops = 0 },
		"to nowhere":        func(d *draft, _ *Relay) { d.Header.Destination = name(t, "nobody.guiyang.guizhou") },
		"without a place": func(d *draft, r *Relay) {
			for range MaxServing {
				in := &inbound{peer: name(t, county), header: d.Header}
				r.serving.Enter(in.payer())
			}
		},
	} {
		w := newWorld(t)
		local, c := w.local(t, city), &counting{believed: w.trust}
		local.Trust = c
		w.relays[city] = New(local)
		d := w.draft(t)
		change(d, w.relays[city])
		if reply, _, err := w.serve(t, county, d.frame(t)); err != nil || reply.Problem == nil || c.asked != 0 {
			t.Errorf("%s: got %+v, %v, after %d searches", what, reply, err, c.asked)
		}
	}
}

func TestNamesOfBranches(t *testing.T) {
	in := &inbound{peer: name(t, province)}
	for origin, want := range map[string]string{
		"zunyi.guizhou": "zunyi.guizhou ", "a.zunyi.guizhou": "zunyi.guizhou a.zunyi.guizhou", "b.a.zunyi.guizhou": "zunyi.guizhou a.zunyi.guizhou",
		"sichuan": "sichuan ", "b.a.sichuan": "sichuan a.sichuan",
	} {
		in.header.Origin = name(t, origin)
		if p := in.payer(); fmt.Sprint(p.Origin, " ", p.Within) != want {
			t.Errorf("%s: got %+v, want %q", origin, p, want)
		}
	}
}
