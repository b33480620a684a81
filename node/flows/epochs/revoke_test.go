package epochs

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/host"
	"xietong/node/ground/policy"
	"xietong/node/tree/treetest"
)

// TestRevokedOfLost (C28): the revocation of a grant that is lost is that of the one from before in
// whose place it came, however often; a grant that has its number by now is another one.
func TestRevokedOfLost(t *testing.T) {
	d, _, _ := newDesk(t)
	ref := ledger.RefTo
	byHand := func(index uint64, follows ledger.Ref) ledger.Indexed {
		a := act(index, ledger.KindGrant)
		a.Leaf.Head.Agency, a.Leaf.Head.About = a.Leaf.Head.Code, follows
		return a
	}
	byRule := func(index, follows uint64) ledger.Indexed {
		a := act(index, ledger.KindGrant)
		a.Leaf.Head.About, a.Leaf.Head.From = ref(index-1), follows
		return a
	}
	again := func(index uint64, grant ledger.Ref) ledger.Indexed {
		a := act(index, ledger.KindRuleAllowed)
		a.Leaf.Head.About = grant
		return a
	}
	revoked := func(grant ledger.Ref) ledger.Indexed {
		a := act(90, ledger.KindGrantRevoked)
		a.Leaf.Head.About = grant
		return a
	}
	for what, row := range map[string]struct {
		acts []ledger.Indexed
		want ledger.Ref
	}{
		"from before":              {[]ledger.Indexed{revoked(ref(3))}, ref(3)},
		"lost":                     {[]ledger.Indexed{byHand(12, ledger.None), revoked(ref(12))}, ledger.None},
		"lost, and not shown":      {[]ledger.Indexed{revoked(ref(12))}, ledger.None},
		"renewed what is here":     {[]ledger.Indexed{byHand(12, ref(3)), revoked(ref(12))}, ref(3)},
		"renewed again":            {[]ledger.Indexed{byHand(12, ref(3)), byHand(15, ref(12)), revoked(ref(15))}, ref(3)},
		"renews itself, as forged": {[]ledger.Indexed{byHand(12, ref(12)), revoked(ref(12))}, ledger.None},
		"by rule":                  {[]ledger.Indexed{byRule(12, 0), revoked(ref(12))}, ledger.None},
		"by rule for what is here": {[]ledger.Indexed{byRule(12, 3), revoked(ref(12))}, ref(3)},
		"by rule, and by hand":     {[]ledger.Indexed{byRule(12, 3), byHand(13, ref(12)), byRule(15, 13), revoked(ref(15))}, ref(3)},
		"revoked, and given again": {[]ledger.Indexed{revoked(ref(3)), again(91, ref(3)), revoked(ref(91))}, ref(3)},
	} {
		lost, err := d.missing(t.Context(), row.acts, 10)
		if err != nil || len(lost) != len(row.acts) {
			t.Fatalf("%s: got %d acts, %v", what, len(lost), err)
		}
		if got := lost[len(lost)-1].Leaf.Head.About; got != row.want {
			t.Errorf("%s: revokes %d, want %d", what, got, row.want)
		}
	}
}

// TestRevokedBeforeTheEnd: an agency was merged into another one in what is lost, which then
// revoked a grant of a dataset that it took over; or the one was done in a log, and the other in a
// later one, where the agency had not ended. The grant is revoked, and whoever had it is kept from
// grants by rule, before the dataset ends with the agency.
func TestRevokedBeforeTheEnd(t *testing.T) {
	for _, logs := range []int{1, 2} {
		d, o, _ := newDesk(t)
		publishes(t, o)
		g := gives{t, o, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
		g.do("rule")
		ended, revoked := act(49, ledger.KindAgencyEnded), act(50, ledger.KindGrantRevoked)
		ended.Leaf.Head.Agency = treetest.Label(t, "civil-affairs")
		revoked.Leaf.Head.Code, revoked.Leaf.Head.About = treetest.Label(t, "villages"), ledger.RefTo(g.first("water"))
		all := []known{{log: o.Log(), acts: []ledger.Indexed{ended, revoked}, whole: true}}
		if second, err := identity.NewLog(o.Name(), 2); err == nil && logs == 2 {
			all = []known{{log: o.Log(), acts: []ledger.Indexed{ended}, whole: true}, {log: second, acts: []ledger.Indexed{revoked}, whole: true}}
		}
		began, err := invite(t.Context(), o.Ledger, treetest.Message(t), "yunyan")
		if err == nil {
			err = d.finish(t.Context(), host.Begun{Epoch: 3, Before: 1, Lost: host.Lost{Entry: began.Index()}}, all)
		}
		if got := g.states(); err != nil || got != "revoked" {
			t.Errorf("of %d logs: got %v, and the grant is %s", logs, err, got)
		}
		err = o.View(t.Context(), func(r *state.Reader) error {
			if catalog.HasAgency(r, ended.Leaf.Head.Agency) {
				t.Errorf("of %d logs: the agency lives", logs)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestRevokedAgain (C29): a lost revocation ends what came in the place of the grant by rule since,
// and what others got by rule since whom it keeps from that, and nothing that the provider did
// since: a grant that it gave, or that it allowed others by rule. Where it gave one, nobody gets
// one by rule until it has spoken. A second time changes nothing.
func TestRevokedAgain(t *testing.T) {
	for what, row := range map[string]struct{ before, since, want string }{
		"as it was":                {"rule", "", "revoked"},
		"renewed by rule before":   {"rule rule", "", "replaced revoked"},
		"renewed by rule since":    {"rule", "rule", "replaced revoked"},
		"renewed by hand since":    {"rule", "hand", "replaced live held"},
		"by hand, and by rule":     {"rule", "rule hand", "replaced replaced live held"},
		"revoked since":            {"rule", "revoke", "revoked"},
		"allowed since":            {"rule", "revoke allow rule", "revoked live"},
		"renewed, allowed since":   {"rule rule", "revoke allow rule", "replaced revoked live"},
		"by hand, renewed so":      {"hand", "hand", "replaced live held"},
		"by hand, renewed before":  {"hand hand", "", "replaced revoked"},
		"by hand, revoked and not": {"hand", "revoke hand", "revoked live"},
		"others by rule before":    {"other rule", "", "live revoked"},
		"others by rule since":     {"rule", "other", "revoked revoked"},
		"others by hand since":     {"rule", "other-hand", "revoked live"},
		"others, and allowed":      {"rule", "revoke allow other", "revoked live"},
	} {
		t.Run(what, func(t *testing.T) {
			d, o, _ := newDesk(t)
			publishes(t, o)
			g := gives{t, o, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
			g.do(row.before)
			lost := act(50, ledger.KindGrantRevoked)
			lost.Leaf.Head.Code, lost.Leaf.Head.About = treetest.Label(t, "villages"), ledger.RefTo(g.first("water"))
			began, err := invite(t.Context(), o.Ledger, treetest.Message(t), "yunyan")
			if err != nil {
				t.Fatal(err)
			}
			o.names = state.NamesSince(o.names.Log(), []state.Begin{{From: began.Index(), Before: 1}})
			g.do(row.since)
			for range 2 {
				if err := d.finish(t.Context(), host.Begun{Epoch: 2, Lost: host.Lost{Entry: began.Index()}}, []known{{log: o.Log(), acts: []ledger.Indexed{lost}, whole: true}}); err != nil {
					t.Fatal(err)
				}
			}
			if got := g.states(); got != row.want {
				t.Errorf("there is %s, want %s", got, row.want)
			}
		})
	}
}

// renewing is a ledger in which others renew their grants before some of the revocations.
type renewing struct {
	*own
	renew func()
	times int
}

// revocation is the command of sharing.Revoke; see docs/protocol.md.
const revocation = 12

func (l *renewing) Propose(ctx context.Context, kind state.Kind, q book.Request, body []byte) ([]byte, error) {
	if kind == revocation && l.times > 0 {
		l.times--
		l.renew()
	}
	return l.own.Propose(ctx, kind, q, body)
}

// TestRenewedMeanwhile (C35): a grant that a use renews while its lost revocation is made again is
// revoked all the same, and so is what others got. Where somebody renews without end, the epoch is
// not settled, and it is tried again.
func TestRenewedMeanwhile(t *testing.T) {
	for what, row := range map[string]struct {
		since, renews string
		times         int
		want          string
		again         bool
	}{
		"renewed":          {"", "rule", 1, "replaced revoked", false},
		"renewed twice":    {"", "rule", 2, "replaced replaced revoked", false},
		"the others":       {"other", "other", 1, "revoked replaced revoked", false},
		"revoked":          {"", "revoke", 1, "revoked", false},
		"given by hand":    {"", "hand", 1, "replaced live held", false},
		"without an end":   {"", "rule", mostLooks, strings.Repeat("replaced ", mostLooks) + "revoked", true},
		"others, likewise": {"other", "other", mostLooks, "revoked " + strings.Repeat("replaced ", mostLooks) + "revoked", true},
	} {
		t.Run(what, func(t *testing.T) {
			d, o, _ := newDesk(t)
			publishes(t, o)
			g := gives{t, o, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)}
			g.do("rule")
			lost := act(50, ledger.KindGrantRevoked)
			lost.Leaf.Head.Code, lost.Leaf.Head.About = treetest.Label(t, "villages"), ledger.RefTo(g.first("water"))
			began, err := invite(t.Context(), o.Ledger, treetest.Message(t), "yunyan")
			if err != nil {
				t.Fatal(err)
			}
			o.names = state.NamesSince(o.names.Log(), []state.Begin{{From: began.Index(), Before: 1}})
			g.do(row.since)
			d.Own = &renewing{o, func() { g.do(row.renews) }, row.times}
			finish := func() error {
				return d.finish(t.Context(), host.Begun{Epoch: 2, Lost: host.Lost{Entry: began.Index()}}, []known{{log: o.Log(), acts: []ledger.Indexed{lost}, whole: true}})
			}
			err = finish()
			if settled := slices.ContainsFunc(o.said, func(s string) bool { return strings.HasPrefix(s, "settle") }); (err != nil) != row.again || settled == row.again {
				t.Errorf("got %v, said %q", err, o.said)
			}
			if row.again {
				err = finish()
			}
			if got := g.states(); err != nil || got != row.want {
				t.Errorf("there is %s, want %s: %v", got, row.want, err)
			}
		})
	}
}

// gives gives grants of a dataset to one agency, each for a month more.
type gives struct {
	*testing.T
	o     *own
	until time.Time
}

func (g *gives) all() (all []sharing.Grant) {
	g.Helper()
	if err := g.o.View(g.Context(), func(r *state.Reader) error { all = sharing.Grants(r); return nil }); err != nil {
		g.Fatal(err)
	}
	return all
}

// first returns the first grant of an agency.
func (g *gives) first(agency string) uint64 {
	g.Helper()
	for _, one := range g.all() {
		if one.Consumer.Code().String() == agency {
			return one.Index
		}
	}
	g.Fatalf("%s has no grant", agency)
	return 0
}

// do takes steps: grants by rule and by hand, and the revocation of the newest and its allowance.
func (g *gives) do(steps string) {
	g.Helper()
	consumer, by := identity.NewAgency(g.o.Name(), treetest.Label(g.T, "water")), catalog.Local("civil-affairs")
	offer := policy.Offer{
		Provider: identity.NewAgency(g.o.Name(), treetest.Label(g.T, "civil-affairs")), Category: policy.Unconditional,
		Purposes: []string{"statistics"}, Fields: []string{"code"},
	}
	villages := treetest.Label(g.T, "villages")
	for _, step := range strings.Fields(steps) {
		consumer := consumer
		if agency, how, _ := strings.Cut(step, "-"); agency == "other" {
			consumer, step = identity.NewAgency(g.o.Name(), treetest.Label(g.T, "parks")), cmp.Or(how, "rule")
		}
		g.until = g.until.AddDate(0, 1, 0)
		until, err := g.until.Format(time.RFC3339), error(nil)
		newest := uint64(0)
		for _, one := range g.all() {
			if one.Revoked == ledger.None || step == "allow" {
				newest = one.Index
			}
		}
		switch step {
		case "rule":
			_, err = sharing.PermitUse(g.Context(), g.o, sharing.Request{
				Consumer: consumer, Dataset: villages, Version: 1, Purpose: "statistics", Fields: []string{"code"}, Offer: offer,
				Application: sharing.Application{Basis: "b", Scenario: "s", Scope: "s", Method: "m", Until: until},
			})
		case "hand":
			given := sharing.Giving{}
			err = g.o.View(g.Context(), func(r *state.Reader) (err error) {
				given, err = sharing.Look(r, g.o, treetest.Message(g.T), by, offers{offer}, sharing.Order{Terms: sharing.Terms{
					Consumer: consumer, Dataset: villages, Purpose: "statistics", Until: until, Ground: sharing.Ground{Basis: "b", Paper: "1"},
				}})
				return err
			})
			if err == nil {
				_, err = given.Give(g.Context(), g.o)
			}
		case "revoke":
			_, err = sharing.Revoke(g.Context(), g.o, treetest.Message(g.T), by, newest, "r")
		case "allow":
			_, err = sharing.Allow(g.Context(), g.o, treetest.Message(g.T), by, newest, "r")
		}
		if err != nil {
			g.Fatalf("%s: %v", step, err)
		}
	}
}

// states returns how the grants stand, the oldest first, and whether those by rule are held.
func (g *gives) states() string {
	g.Helper()
	var is []string
	for _, one := range g.all() {
		switch {
		case one.Revoked != ledger.None:
			is = append(is, "revoked")
		case one.Replaced != ledger.None:
			is = append(is, "replaced")
		default:
			is = append(is, "live")
		}
	}
	if err := g.o.View(g.Context(), func(r *state.Reader) error {
		if by, _ := catalog.RulesHeld(r, treetest.Label(g.T, "villages")); by != ledger.None {
			is = append(is, "held")
		}
		return nil
	}); err != nil {
		g.Fatal(err)
	}
	return strings.Join(is, " ")
}

// offers is a catalogue with one dataset.
type offers struct{ offer policy.Offer }

func (o offers) Offered(*state.Reader, identity.Label) (policy.Offer, uint64, error) {
	return o.offer, 1, nil
}

func (o offers) Provider(*state.Reader, identity.Label) identity.Agency { return o.offer.Provider }
