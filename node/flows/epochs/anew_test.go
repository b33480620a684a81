package epochs

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/ground/book"
	"xietong/node/ground/book/booktest"
	"xietong/node/ground/host"
	"xietong/node/tree"
	"xietong/node/tree/treetest"
)

// TestWidened (C20): where more is found to be lost, what was made anew since the ledger went on is
// not ended a second time.
func TestWidened(t *testing.T) {
	d, o, w := newDesk(t)
	open := func() (open bool) {
		err := o.View(t.Context(), func(r *state.Reader) error {
			c, _ := tree.ChildOf(r, w.acts[0].Leaf.Head.Code)
			open = c.Open()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return open
	}
	message := func() (id identity.Message) {
		id, err := identity.NewMessage()
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	invited := func() {
		t.Helper()
		if _, err := invite(t.Context(), o.Ledger, message(), "nanming"); err != nil {
			t.Fatal(err)
		}
	}
	w.acts = []ledger.Indexed{act(8, ledger.KindCancellation)}
	invited()
	for _, anew := range []bool{false, true} {
		o.question = &host.QuestionError{Found: &host.Seen{}, Size: 7, Since: time.Now()}
		if _, err := d.Continue(t.Context(), message(), "r", Word{}); err != nil || open() != anew {
			t.Errorf("invited anew: %t, open: %t, %v", anew, open(), err)
		}
		if !anew {
			invited()
		}
	}
	o.question = &host.QuestionError{Found: &host.Seen{}, Size: 7, Since: time.Now()}
	o.refuses = true
	if _, err := d.Continue(t.Context(), message(), "r", Word{}); err != nil {
		t.Errorf("there was something to end: %v", err)
	}
}

// TestHeldByTheNewest: a child is held for the last key set that was endorsed in what is lost, or
// for which it was held there, and for none where it was withdrawn after that.
func TestHeldByTheNewest(t *testing.T) {
	of := func(kind ledger.Kind, index, number uint64) ledger.Indexed {
		a := act(index, kind)
		a.Leaf.Head.To, a.Leaf.Head.Root[0] = number, byte(number)
		return a
	}
	endorsed := func(index, number uint64) ledger.Indexed { return of(ledger.KindEndorsement, index, number) }
	for what, row := range map[string]struct {
		acts []ledger.Indexed
		want string
	}{
		"it was held":         {[]ledger.Indexed{of(ledger.KindChildHeld, 8, 4)}, "[4 guiyang.guizhou/log/1/8]"},
		"held, and came":      {[]ledger.Indexed{of(ledger.KindChildHeld, 8, 4), endorsed(9, 5)}, "[5 guiyang.guizhou/log/1/9]"},
		"held, and withdrawn": {[]ledger.Indexed{of(ledger.KindChildHeld, 8, 4), act(9, ledger.KindWithdrawal)}, "[]"},
		"the last of them":    {[]ledger.Indexed{endorsed(8, 2), endorsed(9, 3), endorsed(12, 3)}, "[3 guiyang.guizhou/log/1/12]"},
		"withdrawn after":     {[]ledger.Indexed{endorsed(8, 2), act(9, ledger.KindWithdrawal)}, "[]"},
		"invited once more":   {[]ledger.Indexed{act(7, ledger.KindWithdrawal), endorsed(8, 2)}, "[2 guiyang.guizhou/log/1/8]"},
	} {
		d, o, _ := newDesk(t)
		if err := d.finish(t.Context(), host.Begun{Epoch: 2, Lost: host.Lost{Entry: 9}}, []known{{log: o.Log(), acts: row.acts, whole: true}}); err != nil {
			t.Fatal(err)
		}
		held := []string{}
		err := o.View(t.Context(), func(r *state.Reader) error {
			for _, c := range tree.AllHeld(r) {
				held = append(held, fmt.Sprint(c.Number, " ", c.Lost))
			}
			return nil
		})
		if got := fmt.Sprint(held); err != nil || got != row.want {
			t.Errorf("%s: held %s, %v, want %s", what, got, err, row.want)
		}
	}
}

// TestWhatIsAnew (C22): a child is made anew by coming by an invitation that was made since, not by
// one that nobody redeemed; an invitation from before what is lost, which may have been used,
// replaced or taken back in it, ends with what that ended, and so does whoever redeemed it since.
func TestWhatIsAnew(t *testing.T) {
	child := treetest.New(t, "nanming.guiyang.guizhou")
	for what, row := range map[string]struct {
		before, since []string
		lost          ledger.Kind
		want          string
	}{
		"endorsed anew, and nothing since":          {[]string{"come"}, nil, ledger.KindEndorsement, "joined held"},
		"endorsed anew, and invited since":          {[]string{"come"}, []string{"invite"}, ledger.KindEndorsement, "joined open held"},
		"endorsed anew, and invited by mistake":     {[]string{"come"}, []string{"invite", "cancel"}, ledger.KindEndorsement, "joined held"},
		"endorsed, and come since":                  {nil, []string{"invite", "come"}, ledger.KindEndorsement, "joined"},
		"endorsed, come since, invited once more":   {nil, []string{"invite", "come", "invite", "cancel"}, ledger.KindEndorsement, "joined"},
		"endorsed by what is open here":             {[]string{"invite"}, nil, ledger.KindEndorsement, "open held"},
		"withdrawn":                                 {[]string{"come"}, nil, ledger.KindWithdrawal, ""},
		"withdrawn, and invited since":              {[]string{"come"}, []string{"invite"}, ledger.KindWithdrawal, ""},
		"withdrawn, and come since":                 {nil, []string{"invite", "come"}, ledger.KindWithdrawal, "joined"},
		"came by what is open here, and withdrawn":  {[]string{"invite"}, nil, ledger.KindWithdrawal, ""},
		"came and was withdrawn, invited since":     {nil, []string{"invite"}, ledger.KindWithdrawal, "open"},
		"invited by another line than is open here": {[]string{"invite"}, nil, ledger.KindInvitation, ""},
		"invited, and once more since":              {[]string{"invite"}, []string{"invite"}, ledger.KindInvitation, "open"},
		"taken back":                                {[]string{"invite"}, nil, ledger.KindCancellation, ""},
		"taken back, and invited since":             {[]string{"invite"}, []string{"invite"}, ledger.KindCancellation, "open"},
		"withdrawn, and come by an old line since":  {[]string{"invite"}, []string{"redeem"}, ledger.KindWithdrawal, ""},
		"taken back, and come by it since":          {[]string{"invite"}, []string{"redeem"}, ledger.KindCancellation, ""},
		"replaced, and come by it since":            {[]string{"invite"}, []string{"redeem"}, ledger.KindInvitation, ""},
		"endorsed, and come by an old line since":   {[]string{"invite"}, []string{"redeem"}, ledger.KindEndorsement, "joined held"},
		"taken back, come by it, invited since":     {[]string{"invite"}, []string{"redeem", "invite"}, ledger.KindCancellation, ""},
		"taken back, come by it, and by a new one":  {[]string{"invite"}, []string{"redeem", "invite", "come"}, ledger.KindCancellation, "joined"},
		"invited by another, which a child came by": {[]string{"come", "invite"}, nil, ledger.KindInvitation, "joined"},
		"invited by another, and nothing is open":   {[]string{"come"}, nil, ledger.KindInvitation, "joined"},
	} {
		d, o, _ := newDesk(t)
		var line string
		do := func(steps []string) {
			for _, step := range steps {
				if err := lives(t, o, child, step, &line); err != nil {
					t.Fatalf("%s: %s: %v", what, step, err)
				}
			}
		}
		do(row.before)
		began, err := invite(t.Context(), o.Ledger, treetest.Message(t), "yunyan") // stands for the entry that begins the epoch
		if err != nil {
			t.Fatal(err)
		}
		do(row.since)
		a := act(8, row.lost)
		a.Leaf.Head.To, a.Leaf.Head.Root[0] = 2, 2
		for range 2 {
			if err := d.finish(t.Context(), host.Begun{Epoch: 2, Lost: host.Lost{Entry: began.Index()}}, []known{{log: o.Log(), acts: []ledger.Indexed{a}, whole: true}}); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		if got := stands(t, o, a.Leaf.Head.Code); got != row.want {
			t.Errorf("%s: it is %q, want %q", what, got, row.want)
		}
	}
}

// TestAgencyBroughtBack (C20): an agency that ended in what is lost ends here, once: where a person
// brought it back since, it stays, with what it published, and so does one that came back before
// the heads could be had. One that had come back before the loss ends as any other.
func TestAgencyBroughtBack(t *testing.T) {
	for what, row := range map[string]struct {
		before, since []bool // it comes back, and not: it ends
		lives         bool
	}{
		"it is there":                {nil, nil, false},
		"it had come back":           {[]bool{false, true}, nil, false},
		"ended and came back since":  {nil, []bool{false, true}, true},
		"before, and since, too":     {[]bool{false, true}, []bool{false, true}, true},
		"it ended since by somebody": {nil, []bool{false}, false},
	} {
		t.Run(what, func(t *testing.T) {
			d, o, _ := newDesk(t)
			parks := catalog.Agency{Code: treetest.Label(t, "parks"), Title: "parks"}
			publishes(t, o)
			do := func(steps []bool) {
				t.Helper()
				for _, back := range steps {
					var err error
					if back {
						_, err = d.Reform.Return(t.Context(), treetest.Message(t), parks)
					} else {
						err = d.endAgency(t.Context(), treetest.Message(t), parks.Code, "r")
					}
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			do(row.before)
			began, err := invite(t.Context(), o.Ledger, treetest.Message(t), "yunyan")
			if err != nil {
				t.Fatal(err)
			}
			do(row.since)
			ended := act(8, ledger.KindAgencyEnded)
			ended.Leaf.Head.Agency = parks.Code
			lives := func(want bool) {
				t.Helper()
				if err := d.endAll(t.Context(), []known{{log: o.Log(), acts: []ledger.Indexed{ended}}}, began.Index()); err != nil {
					t.Fatal(err)
				}
				err := o.View(t.Context(), func(r *state.Reader) error {
					if got := catalog.HasAgency(r, parks.Code); got != want {
						t.Errorf("it lives: %t, want %t", got, want)
					}
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
			}
			lives(row.lives)
			if !row.lives {
				do([]bool{true})
				lives(true)
			}
		})
	}
}

// commandMoves is a command of the test, which another room has.
const commandMoves book.Command[catalog.Move, ledger.Ref] = 902

// TestMovedIsNotAnew: a dataset or a standard that another agency took over was not published anew
// by that; by the next version that an agency publishes it was.
func TestMovedIsNotAnew(t *testing.T) {
	r := state.NewRegistry()
	catalog.Register(r, nil)
	commandMoves.Handle(r, catalog.ApplyMove)
	l := booktest.New(t, "guiyang.guizhou", r)
	old, heir := treetest.Label(t, "old"), treetest.Label(t, "heir")
	for _, code := range []identity.Label{old, heir} {
		if _, err := catalog.AddAgency(t.Context(), l, treetest.Message(t), catalog.Agency{Code: code, Title: code.String()}); err != nil {
			t.Fatal(err)
		}
	}
	s := catalog.Standard{Level: "county", Entry: catalog.Entry{
		Code: treetest.Label(t, "villages"), Title: "名录", Agency: old, Category: "unconditional", Key: "code", UpdateCycle: "monthly", NotSecret: true,
		Purposes: []catalog.Purpose{{Code: treetest.Label(t, "statistics"), Title: "统计"}}, Indexed: []string{}, Counts: []identity.Label{},
		Schema: json.RawMessage(`{"type":"object","properties":{"code":{"type":"string"}},"required":["code"],"additionalProperties":false}`),
	}}
	made := func(kind ledger.Kind) (e identity.Entry) {
		err := l.View(t.Context(), func(r *state.Reader) (err error) {
			e, err = rows[kind].newest(r, ledger.Head{Kind: kind, Code: s.Code})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	for _, kind := range []ledger.Kind{ledger.KindDatasetEnded, ledger.KindStandardEnded} {
		publish := func(by identity.Label, title string) (move catalog.Move, err error) {
			s.Agency, s.Title = by, title
			if kind == ledger.KindStandardEnded {
				set, err := catalog.PublishStandard(t.Context(), l, treetest.Message(t), catalog.Local(by.String()), s)
				if err != nil {
					return move, err
				}
				return catalog.MoveOfStandard(l, set, heir)
			}
			p, err := catalog.Publish(t.Context(), l, treetest.Message(t), catalog.Local(by.String()), s.Entry)
			if err != nil {
				return move, err
			}
			return catalog.MoveOf(l, p, heir)
		}
		move, err := publish(old, "名录")
		if err != nil {
			t.Fatal(err)
		}
		first := made(kind)
		if _, err := commandMoves.Do(t.Context(), l, book.Request{}, move); err != nil || first.IsZero() || made(kind) != first {
			t.Errorf("%s: published by %s, and moved: by %s, %v", kind, first, made(kind), err)
		}
		if _, err := publish(heir, "新名录"); err != nil || made(kind).Index() <= first.Index() {
			t.Errorf("%s: published anew: by %s, %v", kind, made(kind), err)
		}
	}
}

// lives has the jurisdiction invite the child by a new line, or take that back, or has the child
// redeem the line, or come by a new one.
func lives(t *testing.T, o *own, child *treetest.Party, step string, line *string) (err error) {
	t.Helper()
	id := treetest.Message(t)
	switch step {
	case "invite":
		*line = id.String()
		_, err = invite(t.Context(), o.Ledger, id, "nanming")
	case "cancel":
		_, err = tree.Cancel(t.Context(), o, id, child.Name().Label(), "a slip")
	case "redeem":
		_, err = tree.Redeem(t.Context(), o, child.Bring(t, *line), treetest.Binding, o.Clock)
	case "come":
		if err = lives(t, o, child, "invite", line); err == nil {
			err = lives(t, o, child, "redeem", line)
		}
	}
	return err
}

// stands returns what a child is.
func stands(t *testing.T, o *own, child identity.Label) string {
	t.Helper()
	var is []string
	err := o.View(t.Context(), func(r *state.Reader) error {
		c, _ := tree.ChildOf(r, child)
		if c.Joined() {
			is = append(is, "joined")
		}
		if c.Open() {
			is = append(is, "open")
		}
		if _, held := tree.HeldOf(r, child); held {
			is = append(is, "held")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(is, " ")
}

// invite invites a child for a day.
func invite(ctx context.Context, l *booktest.Ledger, id identity.Message, label string) (e identity.Entry, err error) {
	child, err := identity.ParseLabel(label)
	if err != nil {
		return e, err
	}
	name, err := l.Log().Jurisdiction().Child(child)
	if err != nil {
		return e, err
	}
	return tree.Invite(ctx, l, id, tree.Invitation{
		Place:  tree.Place{Name: name, Code: label, Level: "county", DisplayName: label, ShortName: label},
		Secret: tree.SecretHash([]byte(id.String())), Until: l.Clock.Add(24 * time.Hour), Rekey: true,
	})
}
