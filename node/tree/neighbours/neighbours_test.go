package neighbours

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"go.uber.org/goleak"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
	"xietong/consensus/state"
	"xietong/node/ground/host"
	"xietong/node/tree"
	"xietong/node/tree/door"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// party is one jurisdiction with its table.
type party struct {
	*host.Host
	table  *Table
	upkeep *Upkeep
	log    *strings.Builder
}

// clock is the time in a test.
type clock struct{ now atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.now.Store(time.Now().UnixNano())
	return c
}

func (c *clock) Now() time.Time { return time.Unix(0, c.now.Load()) }

func (c *clock) pass(d time.Duration) { c.now.Add(int64(d)) }

func newParty(t *testing.T, name string, c *clock, also ...func(*state.Registry)) *party {
	t.Helper()
	j, err := identity.ParseJurisdiction(name)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if _, err := host.Create(dir, j, c.Now(), 1); err != nil {
		t.Fatal(err)
	}
	registry := state.NewRegistry()
	for _, register := range append(also, tree.Register) {
		register(registry)
	}
	p := &party{log: &strings.Builder{}}
	p.Host, err = host.Open(t.Context(), dir, j, host.Options{Registry: registry, Logger: slog.New(slog.DiscardHandler), Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close() })
	p.table = New(p.Host, c.Now, slog.New(slog.NewTextHandler(p.log, nil)))
	p.upkeep = NewUpkeep(p.table, p.Host, UpkeepOptions{Changed: func() {}})
	p.refresh(t)
	return p
}

func (p *party) refresh(t *testing.T) {
	t.Helper()
	if err := p.table.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (p *party) door() door.Door {
	return door.Door{
		Parent: p.Host, Now: p.table.now, Alarm: p.table.Alarm, Budget: door.NewBudget(), Changed: p.table.Refresh,
		Say: tree.NewEndorser(p.Host, p.table.now).Say,
	}
}

// way is a link to a parent's door in the same process.
type way struct {
	parent *party
	child  identity.Jurisdiction
}

func (w way) Exchange(ctx context.Context, frame []byte) ([]byte, error) {
	answer, knows, err := w.parent.door().AnswerNeighbour(ctx, w.child, frame)
	w.parent.upkeep.Acked(w.child, knows)
	return answer, err
}

// joinTo makes child a child of parent, as the doors do.
func joinTo(t *testing.T, parent, child *party, c *clock) {
	t.Helper()
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	secret, binding := []byte("secret"), [32]byte{1}
	place := tree.Place{Name: child.Name(), Code: "520102", Level: "county", DisplayName: "南明区", ShortName: "南明区"}
	_, err = tree.Invite(t.Context(), parent, id, tree.Invitation{Place: place, Secret: tree.SecretHash(secret), Until: c.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	sets, err := child.KeySets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	index, err := tree.Redeem(t.Context(), parent, tree.Redemption{
		Child: child.Name(), Secret: secret, KeySets: sets, Replica: child.Replica(),
		Possession: child.SignLog(tree.PossessionInput(binding, tree.SecretHash(secret))),
	}, binding, c.Now())
	if err != nil {
		t.Fatal(err)
	}
	levels, root, err := parent.Chain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if levels[len(levels)-1].Endorsement, err = parent.ProveEndorsement(t.Context(), index.Index()); err != nil {
		t.Fatal(err)
	}
	if _, err := child.SetAbove(t.Context(), root, levels); err != nil {
		t.Fatal(err)
	}
	parent.refresh(t)
	child.refresh(t)
	child.upkeep.o.Reach = func(context.Context, identity.Jurisdiction) (door.Asker, func(), error) {
		return way{parent, child.Name()}, func() {}, nil
	}
}

// believes reports whether the party takes messages and links of the other. It checks that both are
// taken, or neither is.
func (p *party) believes(t *testing.T, other *party) bool {
	t.Helper()
	sets, err := p.table.KeySets(other.Name())
	_, bundleErr := p.table.Bundles().GetX509BundleForTrustDomain(spiffeid.RequireTrustDomainFromString(other.Name().String()))
	believed := err == nil
	if believed != p.table.IsNeighbour(other.Name()) || believed && (bundleErr != nil || len(sets) == 0) {
		t.Errorf("%s of %s: key sets %v, bundle %v, neighbour %t", p.Name(), other.Name(), err, bundleErr, p.table.IsNeighbour(other.Name()))
	}
	return believed
}

// TestStanding checks who is a neighbour, from joining to the end of an endorsement and its
// withdrawal.
func TestStanding(t *testing.T) {
	c := newClock()
	province, city, county := newParty(t, "guizhou", c), newParty(t, "guiyang.guizhou", c), newParty(t, "nanming.guiyang.guizhou", c)
	if _, joined := city.table.Parent(); joined || city.believes(t, county) {
		t.Error("neighbours before anybody joined")
	}
	joinTo(t, province, city, c)
	joinTo(t, city, county, c)
	if !city.believes(t, county) || !county.believes(t, city) || county.believes(t, province) || !city.table.IsChild(county.Name()) || city.table.IsChild(province.Name()) {
		t.Error("after joining: not who should be believed")
	}
	if parent, _ := county.table.Parent(); parent != city.Name() {
		t.Errorf("parent: got %s", parent)
	}
	n, err := county.table.Of(city.Name())
	if err != nil || n.Place.DisplayName != "南明区" && n.Place.Level != "county" {
		t.Errorf("got %+v, %v", n, err)
	}
	c.pass(trust.EndorsementTerm + time.Second)
	if city.believes(t, county) || county.believes(t, city) {
		t.Error("believed after the endorsement ended")
	}
	if _, err := county.table.Of(city.Name()); !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "ended") {
		t.Errorf("got %v, want that it ended", err)
	}
	for _, p := range []*party{province, city, county} { // it comes back by itself, from the top
		if err := p.upkeep.round(t.Context()); err != nil {
			t.Errorf("upkeep of %s: %v", p.Name(), err)
		}
	}
	if !city.believes(t, county) || !county.believes(t, city) {
		t.Error("not believed after the endorsements were renewed")
	}
	id, _ := identity.NewMessage()
	if _, err := tree.Withdraw(t.Context(), city, id, county.Name().Label(), "merged"); err != nil {
		t.Fatal(err)
	}
	city.refresh(t)
	if city.believes(t, county) {
		t.Error("believed after the withdrawal")
	}
}

// TestUpkeepPresents checks when a child presents itself, and that it believes no answer that it
// did not verify.
func TestUpkeepPresents(t *testing.T) {
	c := newClock()
	city, county := newParty(t, "guiyang.guizhou", c), newParty(t, "nanming.guiyang.guizhou", c)
	joinTo(t, city, county, c)
	reached := 0
	reach := county.upkeep.o.Reach
	county.upkeep.o.Reach = func(ctx context.Context, parent identity.Jurisdiction) (door.Asker, func(), error) {
		reached++
		return reach(ctx, parent)
	}
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{0, 1}, {time.Minute, 1}, {presentEvery - time.Minute, 2}, {time.Second, 2}, {-presentEvery - time.Minute, 3}} { // last, a clock set back
		c.pass(step.after)
		if err := county.upkeep.round(t.Context()); err != nil {
			t.Fatal(err)
		}
		if reached != step.want {
			t.Errorf("%s later: asked %d times, want %d", step.after, reached, step.want)
		}
	}
	if !city.upkeep.known(1) || !county.upkeep.known(1) || city.upkeep.known(2) {
		t.Error("who knows which key set is not kept")
	}
	county.upkeep.Poke()
	if err := county.upkeep.round(t.Context()); err != nil || reached != 4 {
		t.Errorf("poked: asked %d times, %v", reached, err)
	}
	imposter := newParty(t, "guiyang.guizhou", c)
	joinTo(t, imposter, newParty(t, "nanming.guiyang.guizhou", c), c)
	county.upkeep.o.Reach = func(context.Context, identity.Jurisdiction) (door.Asker, func(), error) {
		return way{imposter, county.Name()}, func() {}, nil
	}
	county.upkeep.Poke()
	if err := county.upkeep.round(t.Context()); err == nil {
		t.Error("another city's answer was taken")
	}
	if !county.believes(t, city) || !strings.Contains(county.log.String(), "key-sets-forked") {
		t.Errorf("after the imposter: log %q", county.log)
	}
}

// TestNewsHaveAPause (A05b): a neighbour tells ten times a second that what stands above may have
// changed. The county presents itself at once, and then once in toldEvery; what is told last is
// followed too.
func TestNewsHaveAPause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newClock()
		city, county := newParty(t, "guiyang.guizhou", c), newParty(t, "nanming.guiyang.guizhou", c)
		joinTo(t, city, county, c)
		county.table.now = time.Now
		reached, reach := new(atomic.Int32), county.upkeep.o.Reach
		county.upkeep.o.Reach = func(ctx context.Context, parent identity.Jurisdiction) (door.Asker, func(), error) {
			reached.Add(1)
			return reach(ctx, parent)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { county.upkeep.Run(ctx) })
		time.Sleep(time.Second)
		for _, step := range []struct {
			told, least, most int
		}{{1, 1, 1}, {400, 7, 9}, {0, 0, 0}} {
			before := int(reached.Load())
			for range step.told {
				county.upkeep.Told()
				time.Sleep(100 * time.Millisecond)
			}
			time.Sleep(toldEvery + time.Second)
			if n := int(reached.Load()) - before; n < step.least || n > step.most {
				t.Errorf("told %d times: presented itself %d times, want %d to %d", step.told, n, step.least, step.most)
			}
		}
		cancel()
		running.Wait()
	})
}

// TestHello checks the bytes in the package comment, and which hellos are refused.
func TestHello(t *testing.T) {
	c := newClock()
	city, county := newParty(t, "guiyang.guizhou", c), newParty(t, "nanming.guiyang.guizhou", c)
	joinTo(t, city, county, c)
	peer := tlsconf.Peer{Jurisdiction: county.Name(), Replica: county.Replica()}
	said := county.table.Hello()
	if err := city.table.Greet(peer, said); err != nil {
		t.Fatal(err)
	}
	heard, ok := city.table.LastHello(county.Name())
	if !ok || heard.Number != 1 || heard.Epoch != 1 || heard.Size != 1 || heard.Offset.Abs() > time.Millisecond {
		t.Errorf("got %+v", heard)
	}
	example, _ := hex.DecodeString("888101010100401b0000018d0000000040816e3139322e302e322e373a37343030")
	if h, err := decodeHello(example); err != nil || h.Number != 1 || h.Time != 0x18d00000000 || !slices.Equal(h.Addresses, []string{"192.0.2.7:7400"}) {
		t.Errorf("the example of the package comment: got %+v, %v", h, err)
	}
	for what, data := range map[string][]byte{
		"nothing": nil, "bytes behind": append(append([]byte{}, said...), 0), "no versions": {0x88, 0x80, 1, 1, 1, 0x40, 1, 0x40, 0x80},
		"another version": {0x88, 0x81, 9, 1, 1, 1, 0x40, 1, 0x40, 0x80}, "a short root": {0x88, 0x81, 1, 1, 1, 1, 0x41, 0, 1, 0x40, 0x80},
		"no standing": {0x86, 0x81, 1, 1, 1, 0, 0x40, 1},
		"no address":  {0x88, 0x81, 1, 1, 1, 0, 0x40, 1, 0x40, 0x81, 0x61, 'x'},
		"addresses":   append([]byte{0x88, 0x81, 1, 1, 1, 0, 0x40, 1, 0x40, 0x89}, bytes.Repeat([]byte("\x67a.b:740"), 9)...),
		"long":        make([]byte, maxHello+1),
	} {
		if err := city.table.Greet(peer, data); err == nil {
			t.Errorf("%s was taken for a hello", what)
		}
	}
	peer.Jurisdiction = name(t, "yunyan.guiyang.guizhou")
	if err := city.table.Greet(peer, said); !errors.Is(err, ErrNone) {
		t.Errorf("a stranger: got %v, want ErrNone", err)
	}
	peer.Jurisdiction = county.Name()
	peer.Replica, _ = identity.NewReplica(1001)
	if err := city.table.Greet(peer, said); !errors.Is(err, ErrNone) {
		t.Errorf("a replica outside the key set: got %v, want ErrNone", err)
	}
	c.pass(6 * time.Minute)
	peer.Replica = county.Replica()
	if err := city.table.Greet(peer, said); err != nil || !strings.Contains(city.log.String(), "clock of neighbour is apart") {
		t.Errorf("clocks apart: got %v, log %q", err, city.log)
	}
}

func name(t *testing.T, s string) identity.Jurisdiction {
	t.Helper()
	j, err := identity.ParseJurisdiction(s)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// newChild invites a child whose keys are made here, and returns the redemption that it brings.
func newChild(t *testing.T, parent *party, label string, c *clock) tree.Redemption {
	t.Helper()
	l, err := identity.ParseLabel(label)
	if err != nil {
		t.Fatal(err)
	}
	name, err := parent.Name().Child(l)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := authority.Create(t.TempDir(), name, parent.Replica(), c.Now())
	if err != nil {
		t.Fatal(err)
	}
	first, _, err := keys.FirstKeySet(1)
	if err != nil {
		t.Fatal(err)
	}
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	secret := tree.SecretHash([]byte(label))
	place := tree.Place{Name: name, Code: "520102", Level: "county", DisplayName: label, ShortName: label}
	if _, err := tree.Invite(t.Context(), parent, id, tree.Invitation{Place: place, Secret: secret, Until: c.Now().Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	return tree.Redemption{
		Child: name, Secret: []byte(label), KeySets: [][]byte{first}, Replica: parent.Replica(),
		Possession: keys.SignLog(tree.PossessionInput([32]byte{1}, secret)),
	}
}

// TestRefreshSideBySide has many children join at once. Each is a neighbour as soon as it was
// endorsed and the table refreshed, even where another goroutine refreshes the table meanwhile from
// an earlier reading.
func TestRefreshSideBySide(t *testing.T) {
	c := newClock()
	parent := newParty(t, "guiyang.guizhou", c)
	var children []tree.Redemption
	for i := range 24 {
		children = append(children, newChild(t, parent, fmt.Sprintf("c%d", i), c))
	}
	var joining sync.WaitGroup
	for _, child := range children {
		joining.Go(func() {
			_, err := tree.Redeem(t.Context(), parent, child, [32]byte{1}, c.Now())
			if err == nil {
				err = parent.table.Refresh(t.Context())
			}
			if err == nil {
				_, err = parent.table.Of(child.Child)
			}
			if err != nil {
				t.Errorf("%s: %v", child.Child, err)
			}
		})
	}
	joining.Wait()
}
