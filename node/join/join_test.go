package join

import (
	"context"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xietong/certs/authority"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/host"
	"xietong/node/text"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// party is one jurisdiction with its keys, as a node has it.
type party struct {
	*host.Host
	dir  string
	keys *authority.Authority
	now  atomic.Int64 // ns since 1970; the host reads it whenever it likes
}

func (p *party) clock() time.Time { return time.Unix(0, p.now.Load()) }

func (p *party) setClock(t time.Time) { p.now.Store(t.UnixNano()) }

func name(t *testing.T, s string) identity.Jurisdiction {
	t.Helper()
	j, err := identity.ParseJurisdiction(s)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func newParty(t *testing.T, s string) *party {
	t.Helper()
	p := &party{dir: t.TempDir()}
	p.setClock(time.Now())
	if _, err := host.Create(p.dir, name(t, s), p.clock(), 1); err != nil {
		t.Fatal(err)
	}
	p.open(t, s)
	t.Cleanup(func() { p.Close() })
	return p
}

func (p *party) open(t *testing.T, s string) {
	t.Helper()
	registry := state.NewRegistry()
	Register(registry)
	var err error
	p.Host, err = host.Open(t.Context(), p.dir, name(t, s), host.Options{
		Registry: registry, Logger: slog.New(slog.DiscardHandler), Now: p.clock,
	})
	if err != nil {
		t.Fatal(err)
	}
	if p.keys, err = authority.Open(filepath.Join(p.dir, "certs"), name(t, s), host.FirstReplica()); err != nil {
		t.Fatal(err)
	}
}

func (p *party) invite(t *testing.T, child *party, secret string, rekey bool) {
	t.Helper()
	if _, err := Invite(t.Context(), p, message(t), Invitation{
		Place:  Place{Name: child.Name(), Code: "520102", Level: "county", DisplayName: "南明区", ShortName: "南明区"},
		Secret: SecretHash([]byte(secret)), Until: p.clock().Add(24 * time.Hour), Rekey: rekey,
	}); err != nil {
		t.Fatal(err)
	}
}

func message(t *testing.T) identity.Message {
	t.Helper()
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

var binding = [32]byte{1, 2, 3}

// bring is what an honest child brings.
func (p *party) bring(t *testing.T, secret string) Redemption {
	t.Helper()
	r := Redemption{Child: p.Name(), Secret: []byte(secret), Replica: p.Replica()}
	err := p.View(t.Context(), func(s *state.Reader) error {
		r.KeySets, _ = s.KeySets()
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Possession = p.keys.SignLog(PossessionInput(binding, SecretHash(r.Secret)))
	return r
}

// above returns the levels down to p with the proof that the entry endorsed a child.
func (p *party) above(t *testing.T, entry identity.Entry) ([]trust.Level, trust.Pin) {
	t.Helper()
	levels, root, err := p.Chain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if levels[len(levels)-1].Endorsement, err = p.ProveEndorsement(t.Context(), entry.Index()); err != nil {
		t.Fatal(err)
	}
	return levels, root
}

func code(err error) text.Code {
	if f, ok := errors.AsType[*text.Failure](err); ok {
		return f.Code
	}
	if r, ok := errors.AsType[*state.Refusal](err); ok {
		return text.ByNumber(uint16(r.Code))
	}
	if err != nil {
		return text.Code(err.Error())
	}
	return ""
}

// TestThreeLevels joins a county to a city to a province, and proves an entry of the county from the province's pin alone.
func TestThreeLevels(t *testing.T) {
	province, city, county := newParty(t, "guizhou"), newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou")
	joinTo := func(parent, child *party) []trust.Link {
		parent.invite(t, child, "secret", false)
		index, err := Redeem(t.Context(), parent, child.bring(t, "secret"), binding, parent.clock())
		if err != nil {
			t.Fatal(err)
		}
		levels, root := parent.above(t, index)
		chain, err := child.SetAbove(t.Context(), root, levels)
		if err != nil {
			t.Fatal(err)
		}
		up := Upstream{Parent: parent.Name(), RootPin: root.String(), Addresses: []string{"192.0.2.7:7400"}}
		if _, err := Record(t.Context(), child, up); err != nil {
			t.Fatal(err)
		}
		return chain
	}
	joinTo(province, city)
	chain := joinTo(city, county)
	if len(chain) != 3 || chain[2].Endorsement.DisplayName != "南明区" || !chain[2].InForce(uint64(time.Now().UnixMilli()), 0) {
		t.Errorf("chain: got %+v", chain)
	}
	if err := county.Close(); err != nil { // the chain outlives a restart without the parent
		t.Fatal(err)
	}
	county.open(t, "nanming.guiyang.guizhou")
	receipt, preimage, err := county.Receipt(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	root, err := province.Pin()
	if err != nil {
		t.Fatal(err)
	}
	v, err := ledger.VerifyReceipt(receipt, preimage, root)
	if err != nil || len(v.Chain) != 3 || v.Leaf.Head.Kind != ledger.KindJoined {
		t.Errorf("got %+v, %v, want the county's entry \"joined\"", v, err)
	}
	other, err := newParty(t, "guizhou").Pin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.VerifyReceipt(receipt, preimage, other); !errors.Is(err, ledger.ErrNotProven) {
		t.Errorf("another tree's root: got %v, want ErrNotProven", err)
	}
}

// TestInvitationIsForOne holds who may redeem an invitation, and who may not.
func TestInvitationIsForOne(t *testing.T) {
	city, county, thief := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou")
	yunyan := newParty(t, "yunyan.guiyang.guizhou")
	redeem := func(r Redemption, b [32]byte, at time.Time) (identity.Entry, text.Code) {
		index, err := Redeem(t.Context(), city, r, b, at)
		return index, code(err)
	}
	refused := func(what string, r Redemption, want text.Code) {
		t.Helper()
		if _, got := redeem(r, binding, city.clock()); got != want {
			t.Errorf("%s: got %q, want %q", what, got, want)
		}
	}
	refused("before any invitation", county.bring(t, "one"), text.InvitationUnknown)
	city.invite(t, county, "one", false)
	refused("another secret", county.bring(t, "two"), text.InvitationUnknown)
	refused("another name", yunyan.bring(t, "one"), text.ChildMismatch)
	posing := yunyan.bring(t, "one")
	posing.Child = county.Name()
	refused("another's key set under the name", posing, text.ChildMismatch)
	unproven := county.bring(t, "one")
	unproven.Possession[0] ^= 1
	refused("a signature that does not fit", unproven, text.NotPossessed)
	copied := county.bring(t, "one")
	copied.Replica, _ = identity.NewReplica(2)
	refused("a replica that is not listed", copied, text.NotPossessed)
	bare := county.bring(t, "one")
	bare.KeySets = nil
	refused("no key set", bare, text.NotPossessed)
	if _, got := redeem(county.bring(t, "one"), [32]byte{9}, city.clock()); got != text.NotPossessed {
		t.Errorf("over another connection: got %q, want %q", got, text.NotPossessed)
	}

	first, got := redeem(county.bring(t, "one"), binding, city.clock())
	if got != "" {
		t.Fatalf("the invited: got %q", got)
	}
	again, got := redeem(county.bring(t, "one"), binding, city.clock())
	if got != "" || again != first {
		t.Errorf("the same again: got entry %s, %q, want %s", again, got, first)
	}
	refused("a second key set", thief.bring(t, "one"), text.InvitationRedeemed)
	city.setClock(city.clock().Add(48 * time.Hour))
	if again, got = redeem(county.bring(t, "one"), binding, city.clock()); got != "" || again != first {
		t.Errorf("the same after the end: got entry %s, %q, want %s", again, got, first)
	}
	if _, err := Invite(t.Context(), city, message(t), Invitation{
		Place: Place{Name: county.Name(), DisplayName: "南明区"}, Until: city.clock().Add(time.Hour),
	}); code(err) != text.AlreadyJoined {
		t.Errorf("invited again: got %v, want %s", err, text.AlreadyJoined)
	}
	city.invite(t, county, "three", true)
	if _, got = redeem(thief.bring(t, "three"), binding, city.clock()); got != "" {
		t.Errorf("new keys after rekey: got %q", got)
	}
	refused("the old keys after rekey", county.bring(t, "three"), text.InvitationRedeemed)
}

func TestInvitationEnds(t *testing.T) {
	city, county := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou")
	city.invite(t, county, "one", false)
	city.setClock(city.clock().Add(24*time.Hour + time.Second))
	if _, err := Redeem(t.Context(), city, county.bring(t, "one"), binding, city.clock()); code(err) != text.InvitationExpired {
		t.Errorf("got %v, want %s", err, text.InvitationExpired)
	}
	city.invite(t, county, "two", false)
	if _, err := Redeem(t.Context(), city, county.bring(t, "one"), binding, city.clock()); code(err) != text.InvitationUnknown {
		t.Errorf("the one that was replaced: got %v, want %s", err, text.InvitationUnknown)
	}
	if _, err := Redeem(t.Context(), city, county.bring(t, "two"), binding, city.clock()); err != nil {
		t.Error(err)
	}
}

// TestRenewAndWithdraw holds that the endorsement of a child that comes is renewed daily, and not after it was withdrawn.
func TestRenewAndWithdraw(t *testing.T) {
	city, county := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou")
	city.invite(t, county, "one", false)
	first, err := Redeem(t.Context(), city, county.bring(t, "one"), binding, city.clock())
	if err != nil {
		t.Fatal(err)
	}
	start := city.clock()
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{RenewEvery - time.Second, 0}, {RenewEvery, 1}, {RenewEvery + time.Hour, 0}, {2 * RenewEvery, 1}} {
		city.setClock(start.Add(step.after))
		before := kept(t, city).Endorsement
		index, err := Present(t.Context(), city, county.Name(), county.bring(t, "").KeySets, city.clock())
		if renewed := ledger.RefTo(index.Index()) > before; err != nil || renewed != (step.want > 0) {
			t.Errorf("after %s: entry %s after %s, %v, want %d new", step.after, index, before.In(city.Log()), err, step.want)
		}
	}
	child := kept(t, city)
	if child.Endorsement.In(city.Log()) == first || child.NotAfter != uint64(city.clock().Add(trust.EndorsementTerm).UnixMilli()) {
		t.Errorf("got entry %s until %d", child.Endorsement.In(city.Log()), child.NotAfter)
	}
	index, err := Withdraw(t.Context(), city, message(t), county.Name().Label(), "merged into 云岩区")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Withdraw(t.Context(), city, message(t), county.Name().Label(), "merged into 云岩区"); err != nil || again != index {
		t.Errorf("withdrawn twice: got entry %s, %v, want %s", again, err, index)
	}
	city.setClock(city.clock().Add(2 * RenewEvery))
	if _, err := Present(t.Context(), city, county.Name(), county.bring(t, "").KeySets, city.clock()); code(err) != text.NotEndorsed {
		t.Errorf("renewed after withdrawal: got %v, want %s", err, text.NotEndorsed)
	}
	if kept(t, city).Joined() {
		t.Error("still joined after withdrawal")
	}
	city.setClock(start) // within the time of the invitation
	if _, err := Redeem(t.Context(), city, county.bring(t, "one"), binding, city.clock()); code(err) != text.InvitationUnknown {
		t.Errorf("the old invitation after withdrawal: got %v, want %s", err, text.InvitationUnknown)
	}
	city.setClock(start.Add(5 * RenewEvery))
	city.invite(t, county, "two", false)
	if _, err := Redeem(t.Context(), city, county.bring(t, "two"), binding, city.clock()); err != nil || !kept(t, city).Joined() {
		t.Errorf("invited anew: got %v", err)
	}
	if _, err := Withdraw(t.Context(), city, message(t), label(t, "yunyan"), "?"); code(err) != text.NotEndorsed {
		t.Errorf("a stranger withdrawn: got %v, want %s", err, text.NotEndorsed)
	}
}

func label(t *testing.T, s string) identity.Label {
	t.Helper()
	l, err := identity.ParseLabel(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func kept(t *testing.T, p *party) (c Child) {
	t.Helper()
	err := p.View(t.Context(), func(r *state.Reader) error {
		c, _ = ChildOf(r, label(t, "nanming"))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestOneTree holds that a jurisdiction joins one tree, once, and takes no chain that is not its own.
func TestOneTree(t *testing.T) {
	city, county := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou")
	up := Upstream{Parent: city.Name(), RootPin: "guizhou/keys/1/" + strings.Repeat("0", 64), Addresses: []string{"192.0.2.7:7400"}}
	first, err := Record(t.Context(), county, up)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := Record(t.Context(), county, up); err != nil || again != first {
		t.Errorf("the same again: got entry %s, %v, want %s", again, err, first)
	}
	up.RootPin = "guizhou/keys/1/" + strings.Repeat("1", 64)
	if _, err := Record(t.Context(), county, up); code(err) != text.OtherTree {
		t.Errorf("another root: got %v, want %s", err, text.OtherTree)
	}
	levels, root, err := city.Chain(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := county.SetAbove(t.Context(), root, levels); !errors.Is(err, host.ErrNotAbove) {
		t.Errorf("a chain without an endorsement: got %v, want ErrNotAbove", err)
	}
	if _, err := county.SetAbove(t.Context(), root, nil); !errors.Is(err, host.ErrNotAbove) {
		t.Errorf("no chain: got %v, want ErrNotAbove", err)
	}
}

// TestPresent holds what becomes of the key sets that a child brings, and that an invitation for other keys is bound to
// nothing meanwhile.
func TestPresent(t *testing.T) {
	city, county, thief := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou")
	present := func(p *party) (identity.Entry, text.Code) {
		index, err := Present(t.Context(), city, p.Name(), p.bring(t, "").KeySets, city.clock())
		return index, code(err)
	}
	if _, got := present(county); got != text.NotEndorsed {
		t.Errorf("before it joined: got %q, want %s", got, text.NotEndorsed)
	}
	city.invite(t, county, "one", false)
	first, err := Redeem(t.Context(), city, county.bring(t, "one"), binding, city.clock())
	if err != nil {
		t.Fatal(err)
	}
	if index, got := present(county); got != "" || index != first {
		t.Errorf("nothing new: got entry %s, %q, want %s", index, got, first)
	}
	if _, got := present(thief); got != text.InvitationRedeemed {
		t.Errorf("another's key sets: got %q, want %s", got, text.InvitationRedeemed)
	}
	city.setClock(city.clock().Add(RenewEvery))
	second, got := present(county)
	if got != "" || second.Index() <= first.Index() {
		t.Errorf("a day later: got entry %s, %q, want a new one", second, got)
	}
	city.invite(t, county, "two", true)
	if _, got := present(thief); got != text.InvitationRedeemed {
		t.Errorf("another's key sets without the new secret: got %q, want %s", got, text.InvitationRedeemed)
	}
	if index, got := present(county); got != "" || index != second {
		t.Errorf("the old keys while the invitation is open: got entry %s, %q, want %s", index, got, second)
	}
	city.setClock(city.clock().Add(RenewEvery))
	if _, got := present(county); got != "" {
		t.Errorf("renewed while the invitation is open: got %q", got)
	}
	if _, err := Redeem(t.Context(), city, thief.bring(t, "two"), binding, city.clock()); err != nil {
		t.Errorf("the new keys after that: got %v", err)
	}
	if _, got := present(county); got != text.InvitationRedeemed {
		t.Errorf("the old keys: got %q, want %s", got, text.InvitationRedeemed)
	}
	if _, err := Withdraw(t.Context(), city, message(t), county.Name().Label(), "merged"); err != nil {
		t.Fatal(err)
	}
	if _, got := present(thief); got != text.NotEndorsed {
		t.Errorf("after the withdrawal: got %q, want %s", got, text.NotEndorsed)
	}
}

// TestPresentOverTheLink holds what a child may ask over its link, and whose word on what it knows is taken.
func TestPresentOverTheLink(t *testing.T) {
	city, county := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou")
	city.invite(t, county, "one", false)
	if _, err := Redeem(t.Context(), city, county.bring(t, "one"), binding, city.clock()); err != nil {
		t.Fatal(err)
	}
	var alarms []text.Code
	over := overLink{doorOf(city, &alarms), county.Name(), new(uint64)}
	sets := county.bring(t, "one").KeySets
	levels, err := AskPresent(t.Context(), over, county.Name(), 7, sets)
	if err != nil || *over.knows != 7 {
		t.Errorf("got %d levels, %v; it is said to know %d, want 7", len(levels), err, *over.knows)
	}
	if _, err := county.SetAbove(t.Context(), mustPin(t, city), levels); err != nil {
		t.Errorf("the levels do not lead down: %v", err)
	}
	over.child = name(t, "yunyan.guiyang.guizhou")
	if _, err := AskPresent(t.Context(), over, county.Name(), 8, sets); err != nil || *over.knows != 0 {
		t.Errorf("another child's word: got %d, %v, want none", *over.knows, err)
	}
	if _, _, err := Ask(t.Context(), over, county.bring(t, "one")); code(err) != text.BadRequest {
		t.Errorf("redeemed over a link: got %v, want %s", err, text.BadRequest)
	}
}

// overLink is a child's link to a door in the same process.
type overLink struct {
	door  Door
	child identity.Jurisdiction
	knows *uint64
}

func (l overLink) Exchange(ctx context.Context, frame []byte) (answer []byte, err error) {
	answer, *l.knows, err = l.door.AnswerNeighbour(ctx, l.child, frame)
	return answer, err
}

func (l overLink) Binding() ([32]byte, error) { return binding, nil }
