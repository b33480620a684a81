package epochs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/business/sharing"
	"xietong/node/flows/reform"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
	"xietong/node/tree"
)

// own is a jurisdiction that notes what it is told to do. Its ledger has nothing to end.
type own struct {
	*booktest.Ledger
	question *host.QuestionError
	begun    []host.Begun
	went     uint64 // Continuations
	doubts   bool   // a doubt puts it in question
	said     []string
	names    state.Names
	refuses  bool // every command
	unheard  bool
	grouped  bool
	follows  bool // another replica leads
	first    identity.Entry
	words    map[identity.Message]identity.Entry
}

func (o *own) Questioned() error {
	if o.question == nil {
		return nil
	}
	return o.question
}

func (o *own) Doubt(s host.Seen) {
	if o.said = append(o.said, "doubt"); o.doubts {
		s.Checkpoint.Size = 20
		o.question = &host.QuestionError{Found: &s, Forked: true, Size: 9}
	}
}

// Continue takes a word where the host does.
func (o *own) Continue(_ context.Context, _ identity.Message, _ string) (e identity.Entry, err error) {
	o.said = append(o.said, "continue")
	switch q := o.question; {
	case q == nil:
		return e, host.ErrNotInQuestion
	case q.Found != nil || q.Epoch > 0 || q.Waiting && !q.Grouped:
		return e, q
	}
	o.went++
	return o.names.Entry(0), nil
}

// Came returns the entry of a word by which an epoch was begun.
func (o *own) Came(_ context.Context, id identity.Message, _ string) (e identity.Entry, came bool, err error) {
	e, came = o.words[id]
	return e, came, nil
}

func (o *own) Continuations() uint64 { return o.went }

// BeginEpoch appends an entry, as the host does; lost.Entry is the first of them.
func (o *own) BeginEpoch(ctx context.Context, id identity.Message, _ string, lost host.Lost) (e identity.Entry, err error) {
	e, err = invite(ctx, o.Ledger, id, "yunyan")
	if o.first.IsZero() {
		o.first = e
	}
	lost.Entry = o.first.Index()
	b := host.Begun{Epoch: 2, Before: 1, Said: e.Index(), Lost: lost}
	if o.question.Found != nil {
		b.Seen = *o.question.Found
	}
	o.said, o.begun = append(o.said, "begin"), []host.Begun{b}
	if o.words == nil {
		o.words = map[identity.Message]identity.Entry{}
	}
	o.words[id] = e
	return e, err
}

func (o *own) Unheard() bool { return o.unheard }

func (o *own) Alone() bool { return !o.grouped }

func (o *own) Leads() bool { return !o.follows }

// Advanced tells of more once a second.
func (o *own) Advanced() <-chan struct{} {
	more := make(chan struct{})
	time.AfterFunc(time.Second, func() { close(more) })
	return more
}

func (o *own) Heard(since uint64) error {
	if since == o.went {
		o.said, o.unheard = append(o.said, "heard"), false
	}
	return nil
}

// LostFrom notes it as another entry, as the host does.
func (o *own) LostFrom(_ context.Context, epoch, from uint64) error {
	for i, b := range o.begun {
		if b.Epoch == epoch && from < b.Lost.From {
			o.begun[i].Said, o.begun[i].Lost.From = b.Said+10, from
		}
	}
	o.said = append(o.said, fmt.Sprintf("%d lost from %d", epoch, from))
	return nil
}

func (o *own) SaysLost() (after uint64, said bool) {
	for _, b := range o.begun {
		if !b.Lost.Settled {
			return 0, false
		}
	}
	return 7, true
}

func (o *own) Begun() ([]host.Begun, error) { return slices.Clone(o.begun), nil }

// SettleEpoch notes which of several it is.
func (o *own) SettleEpoch(_ context.Context, epoch uint64, whole bool) error {
	did := "settle"
	if epoch != 2 {
		did = fmt.Sprintf("settle %d", epoch)
	}
	if !whole {
		did += " as it is"
	}
	o.said = append(o.said, did)
	at := slices.IndexFunc(o.begun, func(b host.Begun) bool { return b.Epoch == epoch })
	switch {
	case at < 0:
	case whole:
		o.begun = slices.Delete(o.begun, at, at+1)
	default:
		o.begun[at].Lost.Settled = true
	}
	return nil
}

// Names are those of a ledger that has begun an epoch.
func (o *own) Names() state.Names { return o.names }

// Propose implements book.Ledger.
func (o *own) Propose(ctx context.Context, kind state.Kind, q book.Request, body []byte) ([]byte, error) {
	if o.refuses {
		return nil, errors.New("the disk is full")
	}
	return o.Ledger.Propose(ctx, kind, q, body)
}

// heads are neighbours that know these acts.
type heads struct {
	acts     []ledger.Indexed
	err      error
	common   uint64 // that the neighbour cosigned
	others   uint64 // that another one did
	same     ledger.Agreement
	from     []uint64 // from where the heads were asked for
	awayFor  uint64   // heads from there on are not told: nobody answers
	over     uint64   // no heads are kept from there on, whatever err says; 0: as err says
	probed   []uint64 // from where it was asked whether there are more
	probedOf []identity.Jurisdiction
	during   func() // happens while they are asked for
	forked   bool
	seen     []host.Seen
	near     []Near
	asked    []string
	mutes    map[string]bool // who does not say
	logs     []host.Seen     // that the parent saw
	above    []host.Seen     // of which the level above it keeps heads
	mute     bool            // that level does not say
	of       map[uint64]told // what is told of the log of an epoch, in place of the rest
}

// told is what is told of one log.
type told struct {
	acts []ledger.Indexed
	same ledger.Agreement
	err  error
}

func (h *heads) Near() []Near { return h.near }

func (h *heads) LargestBy(_ context.Context, name identity.Jurisdiction) ([]host.Seen, error) {
	if h.asked = append(h.asked, name.String()); h.mutes[name.String()] {
		return nil, errors.New("no answer")
	}
	if h.logs != nil {
		return h.logs, nil
	}
	return []host.Seen{{By: name}}, nil
}

func (h *heads) Heads(_ context.Context, seen host.Seen, from uint64) ([]ledger.Indexed, ledger.Agreement, error) {
	if h.from = append(h.from, from); h.during != nil {
		h.during()
	}
	if h.awayFor > 0 && from == h.awayFor {
		return nil, h.same, errors.New("no link")
	}
	if t, one := h.of[seen.Checkpoint.Log.Epoch()]; one {
		return t.acts, t.same, t.err
	}
	return h.acts, h.same, h.err
}

// MoreHeads tells whether there are more than the error says.
func (h *heads) MoreHeads(_ context.Context, seen host.Seen, from uint64) (bool, error) {
	h.probed, h.probedOf = append(h.probed, from), append(h.probedOf, seen.By)
	return cmp.Or(h.over, knownUpTo(h.err)) != from, nil
}

func (h *heads) SeenAbove(context.Context) ([]host.Seen, error) {
	if h.mute {
		return nil, errors.New("no link")
	}
	return h.above, nil
}

func (h *heads) Largest(context.Context) ([]host.Seen, error) {
	return h.seen, nil
}

func (h *heads) Common(context.Context, identity.Jurisdiction) (size, most uint64, err error) {
	return h.common, max(h.common, h.others), nil
}

func (h *heads) Proven(context.Context) ([]host.Seen, error) {
	if h.forked {
		return []host.Seen{{}}, nil
	}
	return nil, nil
}

func act(index uint64, kind ledger.Kind) ledger.Indexed {
	child, _ := identity.ParseLabel("nanming")
	return ledger.Indexed{Index: index, Leaf: ledger.Leaf{Head: ledger.Head{Kind: kind, Code: child}}}
}

// newDesk returns a desk whose ledger is in question: a neighbour saw more.
func newDesk(t *testing.T) (*Desk, *own, *heads) {
	t.Helper()
	r := state.NewRegistry()
	tree.Register(r)
	catalog.Register(r, func(book.Reads, identity.Label) ledger.Ref { return ledger.None })
	sharing.Register(r, records.DatasetState, nil)
	reform.Register(r)
	Register(r)
	o := &own{Ledger: booktest.New(t, "guiyang.guizhou", r), question: &host.QuestionError{Found: &host.Seen{Checkpoint: ledger.Checkpoint{Size: 20}}, Size: 7, Since: time.Now()}}
	second, err := identity.NewLog(o.Name(), 2)
	if err != nil {
		t.Fatal(err)
	}
	o.names = state.NamesOf(second)
	w := &heads{}
	return &Desk{
		Own: o, Witness: w, Reform: &reform.Desk{Own: o}, Logger: slog.New(slog.DiscardHandler),
		Changed: func(context.Context) error { return nil }, NewKeys: func() { o.said = append(o.said, "keys") },
	}, o, w
}

// TestFrom (C23): no entry from the first lost one on may have a name that a lost one has, and no
// other loses its name.
func TestFrom(t *testing.T) {
	here, apart := func(n uint64) ledger.Agreement { return ledger.Agreement{UpTo: n} }, func(n uint64) ledger.Agreement { return ledger.Agreement{UpTo: n, Differs: true} }
	exact, later, forked := host.QuestionError{Size: 46, Exact: true}, host.QuestionError{Size: 46}, host.QuestionError{Size: 46, Forked: true}
	for what, row := range map[string]struct {
		q          host.QuestionError
		same       ledger.Agreement
		size, most uint64
		want       uint64
	}{
		"moved":                                 {exact, here(40), 30, 30, 46},
		"moved, and it had recorded others":     {exact, apart(16), 10, 10, 16},
		"set back":                              {later, here(44), 40, 40, 44},
		"set back, and it recorded others":      {later, apart(16), 16, 40, 16},
		"in the midst of a subtree":             {later, apart(0), 16, 40, 16},
		"set back, and nothing is known":        {later, here(0), 40, 45, 40},
		"of whoever cosigned nothing":           {later, here(0), 0, 40, 40},
		"nobody cosigned":                       {later, here(0), 0, 0, 46},
		"forked":                                {forked, apart(16), 0, 40, 16},
		"forked, and the heads are of this one": {forked, here(46), 0, 40, 40},
		"of whoever cosigned, too":              {forked, here(46), 12, 40, 12},
	} {
		if got := from(&row.q, row.same, row.size, row.most); got != row.want {
			t.Errorf("%s: got %d, want %d", what, got, row.want)
		}
	}
}

// TestContinue: what is done by a person's word hangs on what a neighbour saw, and on what is known
// of the entries that are lost. Nothing is begun where the ledger cannot go on.
func TestContinue(t *testing.T) {
	const notAsked = text.LedgerNotInQuestion // as the API tells it
	none, checked, newest := Word{}, Word{Checked: true}, Word{Newest: true}
	unknown, away := text.Fail(text.HeadsMissing, nil, nil), errors.New("no link")
	long := func(o *own) { o.question.Since = time.Now().Add(-time.Hour) }
	for what, row := range map[string]struct {
		edit func(*own, *heads)
		word Word
		want string
		code text.Code
		from uint64
	}{
		"nothing is in question":        {func(o *own, _ *heads) { o.question = nil }, none, "[continue]", notAsked, 0},
		"nobody saw more":               {func(o *own, _ *heads) { o.question.Found = nil }, none, "[]", text.LostUnseen, 0},
		"it is the newest":              {func(o *own, _ *heads) { o.question.Found = nil }, newest, "[continue]", "", 0},
		"it is older, and checked":      {func(o *own, _ *heads) { o.question.Found = nil }, checked, "[begin keys settle as it is]", "", 7},
		"both words":                    {func(o *own, _ *heads) { o.question.Found = nil }, Word{true, true}, "[begin keys settle as it is]", "", 7},
		"they may answer yet":           {func(o *own, _ *heads) { o.question.Found, o.question.Waiting = nil, true }, checked, "[continue]", text.LedgerInQuestion, 0},
		"more was seen than is newest":  {func(*own, *heads) {}, newest, "[continue]", text.CopyBehind, 0},
		"a later key set was shown":     {func(o *own, _ *heads) { o.question.Found, o.question.Outrun = nil, 1 }, checked, "[]", text.LostKeys, 0},
		"replicas":                      {func(o *own, _ *heads) { o.question.Found, o.question.Grouped = nil, true }, none, "[]", text.GroupUnsaid, 0},
		"replicas, and checked":         {func(o *own, _ *heads) { o.question.Found, o.question.Grouped = nil, true }, checked, "[]", text.GroupUnsaid, 0},
		"replicas that were moved":      {func(o *own, _ *heads) { o.question.Found, o.question.Grouped = nil, true }, newest, "[continue]", "", 0},
		"replicas that lack something":  {func(o *own, _ *heads) { o.question.Grouped = true }, newest, "[continue]", text.GroupSetBack, 0},
		"an epoch was begun":            {func(o *own, _ *heads) { o.question.Epoch = 2 }, none, "[continue]", text.EpochUnsettled, 0},
		"nothing ended":                 {func(*own, *heads) {}, none, "[begin keys settle]", "", 7},
		"a child ended that is gone":    {func(_ *own, w *heads) { w.acts = []ledger.Indexed{act(8, ledger.KindWithdrawal)} }, none, "[begin keys settle]", "", 7},
		"keys changed":                  {func(_ *own, w *heads) { w.acts = []ledger.Indexed{act(8, ledger.KindKeySet)} }, none, "[]", text.LostKeys, 0},
		"keys changed, and checked":     {func(_ *own, w *heads) { w.acts = []ledger.Indexed{act(8, ledger.KindKeySet)} }, checked, "[]", text.LostKeys, 0},
		"they changed in what is known": {func(o *own, w *heads) { w.acts, w.err = []ledger.Indexed{act(8, ledger.KindKeySet)}, unknown }, checked, "[]", text.LostKeys, 0},
		"the parent is away":            {func(_ *own, w *heads) { w.err = away }, none, "[]", text.LostUnasked, 0},
		"the parent was put back, too":  {func(_ *own, w *heads) { w.err = text.Fail(text.BeingVerified, nil, nil) }, none, "[]", text.BeingVerified, 0},
		"it is away, and checked":       {func(_ *own, w *heads) { w.err = away }, checked, "[]", text.LostUnasked, 0},
		"it is away for long":           {func(o *own, w *heads) { long(o); w.err = away }, none, "[]", text.LostUnknown, 0},
		"it is, and checked":            {func(o *own, w *heads) { long(o); w.err = away }, checked, "[begin keys settle as it is]", "", 7},
		"it cosigned more":              {func(o *own, w *heads) { w.common, o.question.Found.Checkpoint.Log = 8, o.Log() }, none, "[begin keys settle]", "", 8},
		"the heads are unknown":         {func(_ *own, w *heads) { w.err = unknown }, none, "[]", text.LostUnknown, 0},
		"they are unknown and checked":  {func(_ *own, w *heads) { w.err = unknown }, checked, "[begin keys settle as it is]", "", 7},
		"it forked":                     {func(o *own, w *heads) { o.question.Forked, w.common = true, 4 }, none, "[begin keys settle]", "", 4},
		"it forked, and goes on":        {func(o *own, w *heads) { o.question, o.doubts, w.forked, w.common = nil, true, true, 5 }, none, "[doubt begin keys settle]", "", 5},
		"it is the one that is kept":    {func(o *own, w *heads) { o.question, w.forked = nil, true }, none, "[doubt continue]", notAsked, 0},
	} {
		t.Run(what, func(t *testing.T) {
			d, o, w := newDesk(t)
			row.edit(o, w)
			var from uint64
			id, err := identity.NewMessage()
			if err != nil {
				t.Fatal(err)
			}
			d.NewKeys = func() { o.said, from = append(o.said, "keys"), o.begun[0].Lost.From }
			if _, err = d.Continue(t.Context(), id, "r", row.word); errors.Is(err, host.ErrNotInQuestion) {
				err = text.Fail(notAsked, nil, err)
			}
			if row.code == "" && err != nil || row.code != "" && !failure.Is(err, row.code) {
				t.Errorf("got %v, want %q", err, row.code)
			}
			if got := fmt.Sprint(o.said); got != row.want || from != row.from {
				t.Errorf("did %s, from %d, want %s, from %d", got, from, row.want, row.from)
			}
		})
	}
}

// TestResumed: what could not be ended leaves the epoch unsettled, and is ended by the next try.
func TestResumed(t *testing.T) {
	d, o, w := newDesk(t)
	w.acts = []ledger.Indexed{act(8, ledger.KindCancellation)}
	if err := d.resume(t.Context(), true); err != nil || len(o.said) > 0 {
		t.Errorf("without an epoch: %v, did %s", err, o.said)
	}
	o.refuses = true
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Continue(t.Context(), id, "r", Word{}); err == nil || fmt.Sprint(o.said) != "[begin keys]" {
		t.Fatalf("got %v, did %s", err, o.said)
	}
	o.refuses = false
	if err := d.resume(t.Context(), false); err != nil || fmt.Sprint(o.said) != "[begin keys keys settle]" {
		t.Errorf("got %v, did %s", err, o.said)
	}
}

// TestKnownLater: what a person had to do without, because the parent was away, ends once its heads
// can be had, and a neighbour that saw more than is named as lost puts the ledger in question.
func TestKnownLater(t *testing.T) {
	d, o, w := newDesk(t)
	o.question.Since, w.err = time.Now().Add(-time.Hour), errors.New("no link")
	id, err := identity.NewMessage()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Continue(t.Context(), id, "r", Word{Checked: true}); err != nil {
		t.Fatal(err)
	}
	o.said = nil
	if err := d.resume(t.Context(), true); err != nil || len(o.said) > 0 {
		t.Errorf("while it is away: %v, did %s", err, o.said)
	}
	w.err, w.seen = nil, []host.Seen{{}}
	if err := d.resume(t.Context(), false); err != nil || len(o.said) > 0 {
		t.Errorf("in between: %v, did %s", err, o.said)
	}
	if err := d.resume(t.Context(), true); err != nil || fmt.Sprint(o.said) != "[doubt keys settle]" {
		t.Errorf("once it is there: %v, did %s", err, o.said)
	}
}

// TestEveryActHasARow: of every kind of act it is said what is done where one is lost, or why there
// is nothing to do, here and where people read of it. A kind that is added is not forgotten.
func TestEveryActHasARow(t *testing.T) {
	document, err := os.ReadFile("../../../docs/lives.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(document), "## What a lost act replaced\n")
	table, _, _ = strings.Cut(table, "\n## ")
	acts := 0
	for k := ledger.Kind(1); k < 1000; k++ {
		if !k.IsAct() || strings.HasPrefix(k.String(), "kind ") {
			if _, stands := rows[k]; stands {
				t.Errorf("%s is no act, and has a row", k)
			}
			continue
		}
		acts++
		r := rows[k]
		what, why, told := strings.Cut(r.why, ": ")
		if !told || why == "" || !slices.Contains([]string{"ended", "held", "nothing"}, what) || (what == "nothing") != (r.does == nil) {
			t.Errorf("%s: the row says %q, and does something: %t", k, r.why, r.does != nil)
		}
		line := slices.IndexFunc(strings.Split(table, "\n"), func(line string) bool {
			cells := strings.Split(line, " | ")
			return len(cells) == 4 && cells[0] == "| "+k.String() && cells[2] == what
		})
		if line < 0 {
			t.Errorf("%s: docs/lives.md does not say that the lost act is %s", k, what)
		}
	}
	if acts < 30 {
		t.Errorf("there are %d kinds of act", acts)
	}
}

// TestWhatIsHeld: of a dataset or standard that changed in what is lost one thing is held, for the
// last of these acts; an import holds it where records left by it. What is held already, is not
// here or was published since, is not.
func TestWhatIsHeld(t *testing.T) {
	of := func(index uint64, kind ledger.Kind, edit func(*ledger.Head)) ledger.Indexed {
		a := act(index, kind)
		a.Leaf.Head.Code, _ = identity.ParseLabel("villages")
		if edit != nil {
			edit(&a.Leaf.Head)
		}
		return a
	}
	lost := func(code text.Code, index uint64) string {
		return fmt.Sprintf("%s guiyang.guizhou/log/1/%d", code, index)
	}
	for what, row := range map[string]struct {
		acts  []ledger.Indexed
		after uint64
		want  []string
	}{
		"a later version":             {[]ledger.Indexed{of(50, ledger.KindCatalogueEntry, nil)}, 0, []string{lost(text.DatasetHeld, 50)}},
		"that, and retractions":       {[]ledger.Indexed{of(50, ledger.KindCatalogueEntry, nil), of(52, ledger.KindRetraction, nil), of(55, ledger.KindRetraction, nil)}, 0, []string{lost(text.DatasetHeld, 55)}},
		"an import":                   {[]ledger.Indexed{of(50, ledger.KindImportPublished, nil)}, 0, nil},
		"one by which records left":   {[]ledger.Indexed{of(50, ledger.KindImportPublished, func(h *ledger.Head) { h.From = 3 })}, 0, []string{lost(text.DatasetHeld, 50)}},
		"a standard that is not here": {[]ledger.Indexed{of(50, ledger.KindStandard, nil)}, 0, nil},
		"a grant and its end":         {[]ledger.Indexed{of(50, ledger.KindGrant, nil), of(51, ledger.KindGrantRevoked, func(h *ledger.Head) { h.About = ledger.RefTo(50) })}, 0, []string{lost(text.RulesHeld, 51)}},
		"what was held for one":       {[]ledger.Indexed{of(50, ledger.KindHeld, func(h *ledger.Head) { h.To = uint64(ledger.KindGrantRevoked) })}, 0, []string{lost(text.RulesHeld, 50)}},
		"what was held":               {[]ledger.Indexed{of(50, ledger.KindHeld, func(h *ledger.Head) { h.To = uint64(ledger.KindRetraction) })}, 0, []string{lost(text.DatasetHeld, 50)}},
		"another dataset":             {[]ledger.Indexed{of(50, ledger.KindRetraction, func(h *ledger.Head) { h.Code, _ = identity.ParseLabel("streets") })}, 0, nil},
		"published since":             {[]ledger.Indexed{of(50, ledger.KindRetraction, nil)}, 1, nil},
	} {
		t.Run(what, func(t *testing.T) {
			d, o, _ := newDesk(t)
			publishes(t, o)
			acts, err := d.missing(t.Context(), row.acts, 40)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the node was stopped, and tries again
				if err := d.finish(t.Context(), host.Begun{Epoch: 2, Lost: host.Lost{Entry: cmp.Or(row.after, identity.MaxIndex)}}, []known{{log: o.Log(), acts: acts, whole: true}}); err != nil {
					t.Fatal(err)
				}
			}
			if got := held(t, o); !slices.Equal(got, row.want) {
				t.Errorf("held are %q, want %q", got, row.want)
			}
		})
	}
}

// publishes publishes a dataset, with the entry at index 2 or later.
func publishes(t *testing.T, o *own) {
	t.Helper()
	label := func(s string) identity.Label {
		l, err := identity.ParseLabel(s)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	id := func() identity.Message {
		m, err := identity.NewMessage()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, code := range []string{"civil-affairs", "water", "parks"} {
		if _, err := catalog.AddAgency(t.Context(), o, id(), catalog.Agency{Code: label(code), Title: code}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := catalog.Publish(t.Context(), o, id(), catalog.Actor{}, catalog.Entry{
		Code: label("villages"), Title: "村名录", Agency: label("civil-affairs"), Category: "unconditional", Key: "code", NotSecret: true,
		Purposes: []catalog.Purpose{{Code: label("statistics"), Title: "统计"}}, Schema: []byte(`{"type":"object","properties":{"code":{"type":"string"}}}`),
	}); err != nil {
		t.Fatal(err)
	}
}
