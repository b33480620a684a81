package sharing

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/usage"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/policy"
	"xietong/node/ground/text"
)

// TestApplyMoved checks that no application is filed if something moved after the decision.
func TestApplyMoved(t *testing.T) {
	for what, row := range map[string]struct {
		move func(*testing.T, *room)
		want text.Code
	}{
		"another version":  {func(_ *testing.T, r *room) { r.now.Version++ }, text.DatasetMoved},
		"no dataset":       {func(_ *testing.T, r *room) { r.none = true }, text.DatasetMoved},
		"a revoked grant":  {func(t *testing.T, r *room) { r.revoke(t, r.permitted(t, request(water))) }, text.PolicyMoved},
		"its end has come": {func(t *testing.T, r *room) { r.later(t, 366*24*time.Hour) }, text.Expired},
	} {
		r := open(t)
		p, apply, err := r.decide(t, request(water))
		if err != nil || !apply {
			t.Fatalf("%s: got %t, %v", what, apply, err)
		}
		row.move(t, r)
		r.refused(t, what, row.want, func() error {
			_, err := p.Apply(t.Context(), r, nil)
			return err
		})
	}
}

// TestApplyTwice checks that two requests for the same use get one grant, and that a request for
// other measures gets another.
func TestApplyTwice(t *testing.T) {
	r := open(t)
	p, _, err := r.decide(t, request(water))
	if err != nil {
		t.Fatal(err)
	}
	first := r.permitted(t, request(water))
	before := r.size(t)
	second, err := p.Apply(t.Context(), r, nil)
	if err != nil || second.Grant != first.Grant || r.size(t) != before {
		t.Errorf("got the grant %d, %v, want %d and no entry more", second.Grant, err, first.Grant)
	}
	q := request(water)
	q.Offer.Measures = policy.Measures{"income": {"sum"}}
	p, _, err = r.decide(t, q)
	if err == nil {
		p, err = p.Apply(t.Context(), r, nil)
	}
	if err != nil || p.Grant == first.Grant {
		t.Errorf("with a measure: got the grant %d, %v, want another", p.Grant, err)
	}
	heads := r.Heads(t, 0)
	for i, want := range []ledger.Head{
		{Kind: ledger.KindApplication, Agency: water.Code(), Code: villages},
		{Kind: ledger.KindGrant, Code: villages, About: ledger.RefTo(0)},
		{Kind: ledger.KindApplication, Agency: water.Code(), Code: villages},
		{Kind: ledger.KindGrant, Code: villages, About: ledger.RefTo(2), From: 1},
	} {
		got := heads[i]
		if got.Kind != want.Kind || got.Agency != want.Agency || got.Code != want.Code || got.About != want.About || got.From != want.From {
			t.Errorf("entry %d: got %+v, want %+v", i, got, want)
		}
		if n, ok := Followed(got).Index(); ok != (want.From > 0) || ok && n != want.From {
			t.Errorf("entry %d: it follows %d, %t, want %d", i, n, ok, want.From)
		}
	}
}

// TestGrantsFit checks that measures too long to be kept are refused before anything is written,
// because a handler that refuses after a write stops every replica.
func TestGrantsFit(t *testing.T) {
	r, long := open(t), policy.Measures{strings.Repeat("x", grants.Max): {"sum"}}
	q := request(water)
	q.Offer.Measures = long
	r.refused(t, "a grant by rule", text.TooLarge, func() error {
		_, err := PermitUse(t.Context(), r, q)
		return err
	})
	r.refused(t, "an endless grant", text.TooLarge, func() error { return r.stand(t, long, statistics) })
	nearly := policy.Measures{strings.Repeat("x", grants.Max-400): {"sum"}}
	q.Offer.Measures = nearly
	for range 300 { // the count of its uses grows
		if _, err := r.record(t, r.permitted(t, q)); err != nil {
			t.Fatal(err)
		}
	}
	r.revoke(t, r.permitted(t, q))
}

// TestAccessMoved checks that a use is refused, and nothing is written, if something that it was
// decided on moved since. A use is recorded if only other things moved.
func TestAccessMoved(t *testing.T) {
	for what, row := range map[string]struct {
		move func(*testing.T, *room, *Permit)
		want text.Code // "": it is recorded
		args text.Args // some of them
	}{
		"nothing":                {func(*testing.T, *room, *Permit) {}, "", nil},
		"another use":            {func(t *testing.T, r *room, p *Permit) { mustRecord(t, r, *p) }, "", nil},
		"somebody's application": {func(t *testing.T, r *room, _ *Permit) { r.permitted(t, request(neighbour)) }, "", nil},
		"another version":        {func(_ *testing.T, r *room, _ *Permit) { r.now.Version++ }, text.DatasetMoved, nil},
		"no dataset":             {func(_ *testing.T, r *room, _ *Permit) { r.none = true }, text.DatasetMoved, text.Args{"dataset": "villages"}},
		"withdrawn": {func(_ *testing.T, r *room, _ *Permit) { r.withdrawn = water.Jurisdiction() },
			text.NotEndorsed, text.Args{"jurisdiction": "nanming.guiyang.guizhou"}},
		"another's endorsement is": {func(_ *testing.T, r *room, _ *Permit) { r.withdrawn = neighbour.Jurisdiction() }, "", nil},
		"revoked": {func(t *testing.T, r *room, p *Permit) { r.revoke(t, *p) },
			text.GrantRevoked, text.Args{"grant": "nanming.guiyang.guizhou/log/1/1", "entry": "nanming.guiyang.guizhou/log/1/2"}},
		"ended":            {func(t *testing.T, r *room, _ *Permit) { r.later(t, 365*24*time.Hour) }, text.PolicyMoved, text.Args{"dataset": "villages"}}, // it brings an application
		"its last moment":  {func(t *testing.T, r *room, _ *Permit) { r.later(t, 365*24*time.Hour-time.Millisecond) }, "", nil},
		"no such grant":    {func(_ *testing.T, _ *room, p *Permit) { p.Grant = ledger.RefTo(99) }, text.PolicyMoved, nil},
		"no grant":         {func(_ *testing.T, _ *room, p *Permit) { p.Grant = ledger.None }, text.PolicyMoved, nil},
		"another's grant":  {func(t *testing.T, r *room, p *Permit) { p.Grant = r.permitted(t, request(namesake)).Grant }, text.PolicyMoved, nil},
		"another purpose":  {func(_ *testing.T, _ *room, p *Permit) { p.purpose = label("residence-check") }, text.PolicyMoved, nil},
		"another provider": {func(_ *testing.T, r *room, _ *Permit) { r.now.Provider = water.Code() }, "", nil},
	} {
		t.Run(what, func(t *testing.T) {
			r := open(t)
			p := r.permitted(t, request(water))
			row.move(t, r, &p)
			if row.want == "" {
				mustRecord(t, r, p)
				return
			}
			args := r.refused(t, what, row.want, func() error {
				_, err := r.record(t, p)
				return err
			})
			for name, want := range row.args {
				if args[name] != want {
					t.Errorf("got %s %q, want %q", name, args[name], want)
				}
			}
		})
	}
}

func mustRecord(t *testing.T, r *room, p Permit) identity.Entry {
	t.Helper()
	entry, err := r.record(t, p)
	if err != nil {
		t.Fatalf("record a use: %v", err)
	}
	return entry
}

// TestAccessRemoved (H6) checks that a use is refused if a record that it tells of was removed
// after it was read. The removal of any other record, and one before, refuse nothing.
func TestAccessRemoved(t *testing.T) {
	r := open(t)
	p := r.permitted(t, request(water))
	r.removed, r.at = "a", 7
	for what, row := range map[string]struct {
		asOf    uint64
		keys    []string
		refused bool
	}{
		"read before":           {6, []string{"b", "a"}, true},
		"read after":            {7, []string{"a"}, false},
		"another record":        {6, []string{"b"}, false},
		"many records together": {6, nil, false},
	} {
		a := Access{Operation: "search", AsOf: row.asOf}
		for _, key := range row.keys {
			a.Answered = append(a.Answered, probe(key))
		}
		use := func() error {
			_, err := RecordUse(t.Context(), r, newID(), p, a)
			return err
		}
		if row.refused {
			r.refused(t, what, text.DatasetMoved, use)
		} else if err := use(); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	mustRecord(t, r, p)
}

// TestOwnUse checks that the provider's use is recorded without a grant, and that a use without a
// grant is refused to an agency of the provider's code in another jurisdiction.
func TestOwnUse(t *testing.T) {
	r := open(t)
	entry := mustRecord(t, r, r.permitted(t, request(civil)))
	r.reading(t, func(reader *state.Reader) {
		if got, ok, err := ConsumerOf(reader, entry.Index()); err != nil || !ok || got != civil {
			t.Errorf("got the use of %s, %t, %v", got, ok, err)
		}
	})
	p := r.permitted(t, request(namesake))
	p.Grant = ledger.None
	r.refused(t, "the namesake's", text.PolicyMoved, func() error {
		_, err := r.record(t, p)
		return err
	})
}

// TestAccessOnce checks that a request is recorded once, and that another request of the consumer
// under its id is refused as another one.
func TestAccessOnce(t *testing.T) {
	r, id := open(t), newID()
	asking := func(asked string) Permit {
		q := request(water)
		q.Asked = []byte(asked)
		return r.permitted(t, q)
	}
	if _, err := RecordUse(t.Context(), r, id, asking("this"), Access{Operation: "lookup"}); err != nil {
		t.Fatal(err)
	}
	for asked, want := range map[string]text.Code{"this": text.IDSeen, "that": text.IDReused} {
		r.refused(t, asked, want, func() error {
			_, err := RecordUse(t.Context(), r, id, asking(asked), Access{Operation: "lookup"})
			return err
		})
	}
	if all := r.grants(t); all[0].Uses != 1 {
		t.Errorf("got %d uses, want 1", all[0].Uses)
	}
}

// TestQuota checks that an agency may verify one key ProbesPerDay times on a day, and that the day
// ends at midnight in Beijing.
func TestQuota(t *testing.T) {
	r := open(t)
	r.later(t, 7*time.Hour-time.Millisecond) // 23:59:59.999 in Beijing
	verify := func(consumer identity.Agency, key string) error {
		p := r.permitted(t, request(consumer))
		_, err := RecordUse(t.Context(), r, newID(), p, Access{Operation: "verify", Probe: probe(key)})
		return err
	}
	for n := range ProbesPerDay {
		if err := verify(water, "a"); err != nil {
			t.Fatalf("probe %d: %v", n+1, err)
		}
	}
	args := r.refused(t, "a probe too many", text.QuotaSpent, func() error { return verify(water, "a") })
	want := text.Args{"agency": "water", "dataset": "villages", "limit": "20", "again": "2026-11-24T16:00:00Z"}
	if fmt.Sprint(args) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", args, want)
	}
	for what, err := range map[string]error{
		"another key": verify(water, "b"), "a neighbour's agency of its code": verify(neighbour, "a"), "the provider": verify(civil, "a"),
	} {
		if err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
	mustRecord(t, r, r.permitted(t, request(water))) // no probe
	r.later(t, time.Millisecond)
	if err := verify(water, "a"); err != nil {
		t.Errorf("on the next day: %v", err)
	}
	counts := func() (left int) {
		r.reading(t, func(reader *state.Reader) {
			reader.Scan(bucketProbes, nil, nil, func(k, _ []byte) bool { left++; return true })
		})
		return left
	}
	if got := counts(); got != 13 {
		t.Errorf("%d counts are left, want those of both days: the clock may be set back to the first", got)
	}
	for range 2 {
		r.later(t, 4*24*time.Hour)
		if err := verify(water, "a"); err != nil {
			t.Errorf("four days later: %v", err)
		}
	}
	if got := counts(); got != 6 {
		t.Errorf("%d counts are left, want those of these days", got)
	}
}

// TestRevoke ends a grant once, as an act of the provider, for a reason.
func TestRevoke(t *testing.T) {
	r := open(t)
	p := r.permitted(t, request(water))
	index, _ := p.Grant.Index()
	for what, row := range map[string]struct {
		by     identity.Agency
		grant  uint64
		reason string
		want   text.Code
	}{
		"no reason":          {civil, index, " \n", text.BadRequest},
		"a long reason":      {civil, index, strings.Repeat("x", MaxReasonLen+1), text.BadRequest},
		"no such grant":      {civil, 99, "r", text.NotFound},
		"what is no grant":   {civil, index - 1, "r", text.NotFound},
		"not the provider":   {water, index, "r", text.NotProvider},
		"namesake elsewhere": {namesake, index, "r", text.NotProvider},
	} {
		r.refused(t, what, row.want, func() error {
			_, err := Revoke(t.Context(), r, newID(), actor(row.by), row.grant, row.reason)
			return err
		})
	}
	mustRecord(t, r, p)
	entry, before := r.revoke(t, p), r.size(t)
	if again := r.revoke(t, p); again != entry || r.size(t) != before {
		t.Errorf("again: got %s, want %s and no entry more", again, entry)
	}
	head := r.Heads(t, entry.Index())[0]
	if head.Kind != ledger.KindGrantRevoked || head.Agency != civil.Code() || head.About != p.Grant {
		t.Errorf("got the head %+v", head)
	}
}

// TestRevokeAgain: whoever revokes what was revoked already must not be told that it is over while
// the consumer gets data. Once grants by rule are allowed again, a second revocation bars them
// anew; once another grant for the use stands, it names that one.
func TestRevokeAgain(t *testing.T) {
	r := open(t)
	p := r.permitted(t, request(neighbour))
	index, _ := p.Grant.Index()
	first := r.revoke(t, p)
	allow := func() {
		t.Helper()
		if done, err := Allow(t.Context(), r, newID(), actor(civil), index, "again"); err != nil || done.Entry.IsZero() {
			t.Fatal(done, err)
		}
	}
	allow()
	second := r.revoke(t, p)
	if second == first {
		t.Errorf("revoked anew: got the entry of the first time, %s", first)
	}
	args := r.refused(t, "after it was revoked anew", text.GrantRevoked, func() error { _, err := PermitUse(t.Context(), r, request(neighbour)); return err })
	if args["entry"] != second.String() {
		t.Errorf("the refusal names %s, want %s", args["entry"], second)
	}
	allow()
	next := r.permitted(t, request(neighbour))
	args = r.refused(t, "another one stands", text.GrantReplaced, func() error {
		_, err := Revoke(t.Context(), r, newID(), actor(civil), index, "r")
		return err
	})
	if named, _ := next.Grant.Index(); args["next"] != r.Names().Entry(named).String() {
		t.Errorf("it names %s, want %d", args["next"], named)
	}
	mustRecord(t, r, next)
	third := r.revoke(t, next)
	if fourth := r.revoke(t, p); fourth == second || fourth == third || r.revoke(t, p) != fourth {
		t.Errorf("once nothing stands, the first one bars no more by itself, and is not revoked anew (%s)", fourth)
	}
}

// TestRevokeHandler checks that the handler refuses a revocation that the proposer has not checked,
// or one whose dataset moved since.
func TestRevokeHandler(t *testing.T) {
	r := open(t)
	index, _ := r.permitted(t, request(water)).Grant.Index()
	note := must(r.Note(jsonType, []byte("{}")))
	for what, row := range map[string]struct {
		grant uint64
		by    identity.Label
		want  text.Code
	}{
		"no such grant": {7, civil.Code(), text.NotFound}, "not the provider": {index, water.Code(), text.NotProvider},
	} {
		r.refused(t, what, row.want, func() error {
			_, err := book.Enter(t.Context(), r, commandRevoke, book.ByNode(r, newID(), nil), revokeBody{Grant: row.grant, Agency: row.by, Statement: note})
			return err
		})
	}
	r.Before = func(state.Kind) { // the dataset has another provider by then
		r.Before, r.now.Provider = nil, water.Code()
	}
	r.refused(t, "the provider before", text.NotProvider, func() error {
		_, err := Revoke(t.Context(), r, newID(), actor(civil), index, "r")
		return err
	})
}

// TestGrantsOf checks that the list of an agency has the grants that it holds or gave, and no grant
// of a namesake.
func TestGrantsOf(t *testing.T) {
	r := open(t)
	for _, consumer := range []identity.Agency{water, neighbour, namesake} {
		r.permitted(t, request(consumer))
	}
	for of, want := range map[identity.Agency][]identity.Agency{
		civil: {water, neighbour, namesake}, water: {water}, neighbour: {neighbour}, namesake: {namesake}, province: nil,
	} {
		var got []identity.Agency
		r.reading(t, func(reader *state.Reader) {
			for _, g := range GrantsOf(reader, offers{request(water).Offer}, of, Wanted{}) {
				got = append(got, g.Consumer)
			}
		})
		if !slices.Equal(got, want) {
			t.Errorf("grants of %s: got those of %v, want %v", of, got, want)
		}
	}
}

// TestGrantsPage walks a list in pages of every size: each grant comes once, in the order of the
// whole list, while others are given meanwhile, and a cursor is good for its own list alone.
func TestGrantsPage(t *testing.T) {
	r := open(t)
	for i := range 9 {
		consumer := identity.NewAgency(neighbour.Jurisdiction(), must(identity.ParseLabel(fmt.Sprint("agency", i))))
		r.permitted(t, request(consumer))
	}
	catalogue := offers{request(water).Offer}
	whole := func() (names []string) {
		r.reading(t, func(reader *state.Reader) {
			for _, g := range GrantsOf(reader, catalogue, civil, Wanted{}) {
				names = append(names, g.Name(reader.Names()).String())
			}
		})
		return names
	}
	want := whole()
	for limit := 1; limit <= len(want)+1; limit++ {
		var got []string
		for p := (usage.Page{Limit: limit}); ; {
			r.reading(t, func(reader *state.Reader) {
				page, total, cursor, err := GrantsPage(r.Ledger, reader, catalogue, civil, Wanted{}, p)
				if err != nil || int(total) < len(want) || len(page) > limit {
					t.Fatalf("pages of %d: %d of %d, %v", limit, len(page), total, err)
				}
				for _, g := range page {
					got = append(got, g.Name(reader.Names()).String())
				}
				p.Cursor = cursor
				_, _, _, err = GrantsPage(r.Ledger, reader, catalogue, water, Wanted{}, p)
				if cursor != "" && !failure.Is(err, text.CursorNotOfList) {
					t.Errorf("the cursor of another list: %v", err)
				}
			})
			if p.Cursor == "" {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("pages of %d: got %v, want %v", limit, got, want)
		}
	}
	var cursor string
	r.reading(t, func(reader *state.Reader) {
		_, _, cursor, _ = GrantsPage(r.Ledger, reader, catalogue, civil, Wanted{}, usage.Page{Limit: 4})
	})
	r.permitted(t, request(water))
	r.reading(t, func(reader *state.Reader) {
		page, total, _, err := GrantsPage(r.Ledger, reader, catalogue, civil, Wanted{}, usage.Page{Cursor: cursor})
		if err != nil || total != 10 || len(page) < 5 || page[0].Name(reader.Names()).String() != want[4] {
			t.Errorf("after another grant: %d of %d, %v", len(page), total, err)
		}
	})
}
