package link

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
)

// betweenThree runs f with three replicas of a city, and three of a neighbour, each of which is
// linked to one of the city: those of the lower level have dialled.
func betweenThree(t *testing.T, name string, f func(w *world, city []*member, other []*party)) {
	t.Helper()
	inGroup(t, func(w *world, r1, r2, r3 *member) {
		city, other := []*member{r1, r2, r3}, []*party{w.party(name, 30)}
		above := len(name) < len(r1.name.String())
		other[0].further = 2
		w.open(other[0], above)
		for i := range 2 {
			other = append(other, w.replica(other[0], 2+i, byte(31+i), above))
		}
		for _, p := range other {
			p.bundles.Set(trust.Always(r1.group.set))
			p.trusted[r1.name] = true
		}
		var ends []func()
		for i, m := range city {
			m.further = 2
			m.trusted[other[0].name] = true
			if err := m.bundles.Set(trust.Always(other[0].sets...)); err != nil {
				t.Fatal(err)
			}
			var replicas []*member
			replicas = append(append(replicas, city[:i]...), city[i+1:]...)
			m.replicas.Keep(replicas[0].id, replicas[1].id)
			if above {
				ends = append(ends, m.keep(other[i], func(error) {}))
			} else {
				ends = append(ends, other[i].keep(m.party, func(error) {}))
			}
		}
		time.Sleep(2 * time.Second)
		f(w, city, other)
		for _, end := range ends {
			end()
		}
		w.close(other...)
	})
}

// TestPassedInTheGroup kills the replica of a neighbour that one of three is linked to, before and
// while a request waits for it, below and above: another one of the three passes the request to the
// replica that it is linked to. So it does when there is no link.
func TestPassedInTheGroup(t *testing.T) {
	for _, name := range []string{"nanming.guiyang.guizhou", "guizhou"} {
		for _, dies := range []time.Duration{-time.Minute, -time.Second, 0, 700 * time.Millisecond} {
			t.Run(fmt.Sprintf("%s, after %s", name, dies), func(t *testing.T) {
				betweenThree(t, name, func(_ *world, city []*member, other []*party) {
					other[0].serves(max(dies, 0) + 10*time.Second)
					n := other[1].serves(0)
					m := other[2].serves(0)
					if dies < 0 {
						other[0].wire.dead.Store(true)
						time.Sleep(-dies)
					} else {
						time.AfterFunc(dies, func() { other[0].wire.dead.Store(true) })
					}
					began := time.Now()
					got, err := city[0].ask(other[0], "x")
					if took := time.Since(began) - max(dies, 0); err != nil || n.Load()+m.Load() != 1 || took > soon {
						t.Errorf("got %q, %v after %s, served %d times", got, err, took, n.Load()+m.Load())
					}
					began = time.Now()
					if got, err := city[0].ask(other[0], "y"); err != nil || time.Since(began) > 100*time.Millisecond {
						t.Errorf("the next one: got %q, %v after %s", got, err, time.Since(began))
					}
				})
			})
		}
	}
}

// TestPasserDies: a request that another replica passes on is passed on by the third when the
// second dies, or when the replica that it is linked to does.
func TestPasserDies(t *testing.T) {
	for _, dies := range []string{"passer", "served"} {
		t.Run(dies, func(t *testing.T) {
			betweenThree(t, "nanming.guiyang.guizhou", func(_ *world, city []*member, other []*party) {
				other[0].wire.dead.Store(true)
				time.Sleep(time.Minute)
				served := make(chan int, 2)
				for i := range 2 {
					other[i+1].serve = func(ctx context.Context, _ tlsconf.Peer, request []byte, write func([]byte) error) error {
						served <- i + 1
						select {
						case <-time.After(3 * time.Second):
							return write(request)
						case <-ctx.Done():
							return ctx.Err()
						}
					}
				}
				var kill sync.WaitGroup
				defer kill.Wait()
				kill.Go(func() {
					if at := <-served; dies == "passer" {
						city[at].wire.dead.Store(true)
					} else {
						other[at].wire.dead.Store(true)
					}
				})
				began := time.Now()
				got, err := city[0].ask(other[0], "x")
				if took := time.Since(began); err != nil || took > soon+3*time.Second {
					t.Errorf("got %q, %v after %s", got, err, took)
				}
			})
		})
	}
}

// TestPassedOnce: where no replica has a link, the answer is at once that there is none.
func TestPassedOnce(t *testing.T) {
	betweenThree(t, "nanming.guiyang.guizhou", func(w *world, city []*member, other []*party) {
		for _, p := range other {
			p.wire.dead.Store(true)
		}
		time.Sleep(time.Minute)
		began := time.Now()
		if _, err := city[0].ask(other[0], "x"); !errors.Is(err, ErrNoLink) || time.Since(began) > 100*time.Millisecond {
			t.Errorf("got %v after %s, want ErrNoLink", err, time.Since(began))
		}
	})
}

// TestPassedAsItIs: long frames pass whole, an error of the neighbour keeps its reason, and a
// request that nobody waits for any more is given up.
func TestPassedAsItIs(t *testing.T) {
	betweenThree(t, "nanming.guiyang.guizhou", func(w *world, city []*member, other []*party) {
		other[0].wire.dead.Store(true)
		time.Sleep(time.Minute)
		long := make([]byte, MaxFrame)
		for i := range other {
			other[i].serve = nil
		}
		asked := append([]byte("x"), long[:MaxFrame-100]...)
		if got, err := city[0].ask(other[0], string(asked)); err != nil || len(got) != len(asked)+len("guiyang said ") {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
		given := make(chan error, 1)
		for _, p := range other {
			p.serve = refuse(given)
		}
		if _, err := city[0].ask(other[0], "refuse"); reason(err) != Busy {
			t.Errorf("got %v, want that it is busy", err)
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		err := city[0].socket.Exchange(ctx, city[0].name, other[0].name, []byte("wait"), func([]byte) error { return nil })
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want that it is late", err)
		}
		select {
		case <-given:
		case <-time.After(time.Second):
			t.Error("the neighbour still works at it")
		}
	})
}

// refuse returns a Serve that is too busy, or works until nobody waits any more.
func refuse(given chan error) func(context.Context, tlsconf.Peer, []byte, func([]byte) error) error {
	return func(ctx context.Context, _ tlsconf.Peer, request []byte, _ func([]byte) error) error {
		if string(request) == "refuse" {
			return errBusy
		}
		<-ctx.Done()
		given <- ctx.Err()
		return ctx.Err()
	}
}

// TestPassingIsShared: requests to a neighbour that does not answer, as many as there may be, leave
// room for those to others that are passed on.
func TestPassingIsShared(t *testing.T) {
	r := &Replicas{passing: map[identity.Jurisdiction]int{}}
	var leave []func()
	for i := range 12 {
		n := 0
		for ; n < 2*maxOfUse; n++ {
			end, ok := r.mayPass(endsOf(t, fmt.Sprintf("c%d", i)).peer)
			if !ok {
				break
			}
			leave = append(leave, end)
		}
		if n == 0 || i == 0 && n < maxOfUse/8 || len(leave) > maxOfUse {
			t.Errorf("neighbour %d has room for %d, %d in all", i+1, n, len(leave))
		}
	}
	for _, end := range leave {
		end()
	}
	if len(r.passing) != 0 {
		t.Errorf("left are %v", r.passing)
	}
}
