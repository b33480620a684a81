package door

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/treetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wire is a connection to a door in the same process; edit may change the answers of the door.
type wire struct {
	door Door
	edit func([]byte) []byte
	drop bool // the answer is lost on the way
}

var errDropped = errors.New("connection lost")

func (w wire) Binding() ([32]byte, error) { return treetest.Binding, nil }

func (w wire) Exchange(ctx context.Context, frame []byte) ([]byte, error) {
	got, err := w.door.Answer(ctx, treetest.Binding, frame)
	if w.edit != nil {
		got = w.edit(got)
	}
	if w.drop {
		return nil, errDropped
	}
	return got, err
}

func doorOf(p *treetest.Party, alarms *[]text.Code) Door {
	return Door{Parent: p, Now: func() time.Time { return p.Clock() }, Budget: NewBudget(), Say: tree.NewEndorser(p, p.Clock).Say,
		Alarm: func(_ identity.Jurisdiction, c text.Code, _ error) { *alarms = append(*alarms, c) }}
}

// TestJoinOverTheWire goes the whole way of a child: the time, the parent, the redemption, the
// record. The answer to its first redemption is lost; the second gets the same one.
func TestJoinOverTheWire(t *testing.T) {
	city, county := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	city.Invite(t, county, "one", false)
	var alarms []text.Code
	w := wire{door: doorOf(city, &alarms)}
	settled := 0
	w.door.Settled = func(identity.Jurisdiction) { settled++ }
	offset, err := Offset(t.Context(), w, func() time.Time { return city.Clock().Add(70 * time.Minute) })
	if err != nil || (offset-70*time.Minute).Abs() > time.Millisecond {
		t.Errorf("offset: got %s, %v, want 70 minutes", offset, err)
	}
	pin, err := city.Pin()
	if err != nil {
		t.Fatal(err)
	}
	chain, err := Meet(t.Context(), w, pin, pin, city.Clock())
	if err != nil || len(chain) != 1 || chain[0].Newest().Name != city.Name() {
		t.Fatalf("meet: got %v, %v", chain, err)
	}
	lost := w
	lost.drop = true
	if _, _, err := Ask(t.Context(), lost, county.Bring(t, "one")); !errors.Is(err, errDropped) {
		t.Errorf("a lost answer: got %v", err)
	}
	levels, entry, err := Ask(t.Context(), w, county.Bring(t, "one"))
	if err != nil || entry != city.Child(t, "nanming").Endorsement.In(city.Names()) {
		t.Fatalf("redeem: got %s, %v", entry, err)
	}
	got, err := county.SetAbove(t.Context(), pin, levels)
	if err != nil || got[1].Endorsement.Child != county.Name() {
		t.Errorf("got %+v, %v", got, err)
	}
	if len(alarms) != 0 || settled != 2 {
		t.Errorf("alarms: got %v; %d redemptions settled what was before", alarms, settled)
	}
	thief := treetest.New(t, "nanming.guiyang.guizhou")
	told, tell := "", w.door.Alarm
	w.door.Alarm = func(of identity.Jurisdiction, c text.Code, err error) { tell(of, c, err); told = err.Error() }
	if _, _, err := Ask(t.Context(), w, thief.Bring(t, "one")); treetest.Code(err) != text.InvitationRedeemed {
		t.Errorf("a second key set: got %v", err)
	}
	if !slices.Equal(alarms, []text.Code{text.InvitationRedeemed}) {
		t.Errorf("alarms: got %v, want one for the second key set", alarms)
	}
	if want := thief.MustPin(t).Fingerprint(); !strings.Contains(told, want) {
		t.Errorf("the log tells %q, want the fingerprint %s of the second key set", told, want)
	}
}

// TestMeetRefusesStrangers checks that Meet takes only the pinned parent in the pinned tree, and no
// answer with a bit flipped.
func TestMeetRefusesStrangers(t *testing.T) {
	city, imposter := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "guiyang.guizhou")
	var alarms []text.Code
	w := wire{door: doorOf(city, &alarms)}
	pin, _ := city.Pin()
	other, _ := imposter.Pin()
	for what, pins := range map[string][2]trust.Pin{
		"another root": {other, pin}, "another parent": {pin, other}, "another tree": {other, other},
	} {
		if _, err := Meet(t.Context(), w, pins[0], pins[1], city.Clock()); treetest.Code(err) != text.ParentMismatch {
			t.Errorf("%s: got %v, want %s", what, err, text.ParentMismatch)
		}
	}
	frame, err := w.door.Answer(t.Context(), treetest.Binding, []byte{0x82, 2, 0x40})
	if err != nil {
		t.Fatal(err)
	}
	for i := range frame {
		flipped := w
		flipped.edit = func(b []byte) []byte { b[i] ^= 1; return b }
		if _, err := Meet(t.Context(), flipped, pin, pin, city.Clock()); err == nil {
			t.Errorf("byte %d of the answer flipped, and still met", i)
		}
	}
}

// TestMeetRefusesWhatHasEnded checks that Meet refuses a parent whose own endorsement is not in
// force, clocks apart by tree.MaxSkew allowed.
func TestMeetRefusesWhatHasEnded(t *testing.T) {
	province, city := treetest.New(t, "guizhou"), treetest.New(t, "guiyang.guizhou")
	province.Invite(t, city, "one", false)
	index, err := tree.Redeem(t.Context(), province, city.Bring(t, "one"), treetest.Binding, province.Clock())
	if err != nil {
		t.Fatal(err)
	}
	levels, root := province.Above(t, index)
	if _, err := city.SetAbove(t.Context(), root, levels); err != nil {
		t.Fatal(err)
	}
	var alarms []text.Code
	w := wire{door: doorOf(city, &alarms)}
	for after, want := range map[time.Duration]text.Code{
		0: "", -4 * time.Minute: "", -6 * time.Minute: text.ParentMismatch,
		trust.EndorsementTerm - time.Second: "", trust.EndorsementTerm + time.Second: text.ParentMismatch,
	} {
		if _, err := Meet(t.Context(), w, root, city.MustPin(t), city.Clock().Add(after)); treetest.Code(err) != want {
			t.Errorf("after %s: got %v, want %q", after, err, want)
		}
	}
}

// TestDoorAnswersNonsense checks that the door answers every malformed request with a bad request.
func TestDoorAnswersNonsense(t *testing.T) {
	city := treetest.New(t, "guiyang.guizhou")
	var alarms []text.Code
	w := wire{door: doorOf(city, &alarms)}
	long, err := canon.Marshal(request{Op: opTime, Body: make([]byte, MaxRequestLen)})
	if err != nil {
		t.Fatal(err)
	}
	for what, frame := range map[string][]byte{
		"nothing": nil, "no array": {0xa0}, "an operation to come": {0x82, 9, 0x40}, "too long": long,
		"a redemption of nothing": {0x82, 3, 0x40}, "bytes behind": {0x82, 1, 0x40, 0},
	} {
		got, err := w.door.Answer(t.Context(), treetest.Binding, frame)
		var a answer
		if err != nil || canon.Unmarshal(got, MaxAnswerLen, &a) != nil || text.ByNumber(uint16(a.Code)) != text.BadRequest {
			t.Errorf("%s: got %x, %v, want a bad request", what, got, err)
		}
	}
}

// TestPresentOverTheLink checks that a child may present its keys over its link but not redeem an
// invitation, and that nobody else may present them there (S25).
func TestPresentOverTheLink(t *testing.T) {
	city, county := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	city.Invite(t, county, "one", false)
	if _, err := tree.Redeem(t.Context(), city, county.Bring(t, "one"), treetest.Binding, city.Clock()); err != nil {
		t.Fatal(err)
	}
	var alarms []text.Code
	over := overLink{doorOf(city, &alarms), county.Name(), new(uint64)}
	shown := county.Show(t, county.Bring(t, "").KeySets, 1)
	levels, err := AskPresent(t.Context(), over, shown, 7, county.Keys.SignLog)
	if err != nil || *over.knows != 7 {
		t.Errorf("got %d levels, %v; it is said to know %d, want 7", len(levels), err, *over.knows)
	}
	if _, err := county.SetAbove(t.Context(), city.MustPin(t), levels); err != nil {
		t.Errorf("the levels do not lead down: %v", err)
	}
	over.child = treetest.Name(t, "yunyan.guiyang.guizhou")
	if _, err := AskPresent(t.Context(), over, shown, 8, county.Keys.SignLog); treetest.Code(err) != text.NotPossessed || *over.knows != 0 {
		t.Errorf("over another child's link: got %v, knows %d", err, *over.knows)
	}
	if _, _, err := Ask(t.Context(), over, county.Bring(t, "one")); treetest.Code(err) != text.BadRequest {
		t.Errorf("redeemed over a link: got %v, want %s", err, text.BadRequest)
	}
}

// TestPresentAtTheDoor checks who may present a child's key sets at the door, that what is shown
// again changes nothing, that nobody but the child spends its budget, and that a fork is an alarm
// (S11, S14, S25).
func TestPresentAtTheDoor(t *testing.T) {
	city, county, thief := treetest.New(t, "guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou"), treetest.New(t, "nanming.guiyang.guizhou")
	city.Invite(t, county, "one", false)
	if _, err := tree.Redeem(t.Context(), city, county.Bring(t, "one"), treetest.Binding, city.Clock()); err != nil {
		t.Fatal(err)
	}
	var alarms []text.Code
	changed := 0
	w := wire{door: doorOf(city, &alarms)}
	w.door.Changed = func(context.Context) error { changed++; return nil }
	shown := county.Show(t, county.Bring(t, "").KeySets, 1)
	for range 100 {
		if _, err := AskPresent(t.Context(), w, shown, 1, thief.Keys.SignLog); treetest.Code(err) != text.NotPossessed {
			t.Fatalf("by a stranger: got %v", err)
		}
	}
	for n := range burst {
		if _, err := AskPresent(t.Context(), w, shown, 1, county.Keys.SignLog); err != nil {
			t.Fatalf("by the county, time %d: %v", n+1, err)
		}
	}
	if _, err := AskPresent(t.Context(), w, shown, 1, county.Keys.SignLog); treetest.Code(err) != text.Busy {
		t.Errorf("once more: got %v, want %s", err, text.Busy)
	}
	if changed != 0 || len(alarms) != 0 {
		t.Errorf("what was shown before changed the city %d times; alarms %v", changed, alarms)
	}
	city.SetClock(city.Clock().Add(time.Hour))
	sets, fork := county.Follow(t, 2, nil), county.Follow(t, 2, func(k *trust.KeySet) { k.Epoch++ })
	if _, err := AskPresent(t.Context(), w, county.Show(t, fork, 1), 1, county.Keys.SignLog); err != nil || changed != 1 {
		t.Fatalf("by somebody who has the log key: %v, changed %d times", err, changed)
	}
	if _, err := AskPresent(t.Context(), w, county.Show(t, sets, 1), 1, thief.Keys.SignLog); treetest.Code(err) != text.NotPossessed || len(alarms) != 0 {
		t.Errorf("the county's fork, shown by a stranger: got %v, alarms %v", err, alarms)
	}
	if _, err := AskPresent(t.Context(), w, county.Show(t, sets, 1), 1, county.Keys.SignLog); treetest.Code(err) != text.KeySetsForked {
		t.Errorf("the county: got %v, want %s", err, text.KeySetsForked)
	}
	if !slices.Equal(alarms, []text.Code{text.KeySetsForked}) {
		t.Errorf("alarms: got %v, want one of the fork", alarms)
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

func (l overLink) Binding() ([32]byte, error) { return treetest.Binding, nil }

func FuzzDoor(f *testing.F) {
	f.Add([]byte{0x82, 1, 0x40})
	f.Add([]byte{0x82, 3, 0x43, 0x82, 1, 0x40})
	f.Fuzz(func(t *testing.T, frame []byte) {
		var q request
		if canon.Unmarshal(frame, MaxRequestLen, &q) != nil || q.Op != opRedeem || canon.Unmarshal(q.Body, MaxRequestLen, new(tree.Redemption)) == nil {
			return // a well-formed request needs a jurisdiction behind the door, and there is none here
		}
		if _, err := (Door{Now: time.Now}).Answer(t.Context(), treetest.Binding, frame); err != nil {
			t.Errorf("%x: got %v, want an answer", frame, err)
		}
	})
}

// FuzzNeighbour checks that the door answers every request of a neighbour for chains, news and
// rosters, and passes on only requests that are well-formed and bounded.
func FuzzNeighbour(f *testing.F) {
	for _, frame := range [][]byte{
		{0x82, 5, 0x4a, 0x83, 0x67, 'g', 'u', 'i', 'z', 'h', 'o', 'u', 0, 1}, {0x82, 6, 0x49, 0x81, 0x67, 'g', 'u', 'i', 'z', 'h', 'o', 'u'},
		{0x82, 7, 0x41, 0x01}, {0x82, 7, 0x40}, {0x82, 8, 0x40},
	} {
		f.Add(frame)
	}
	f.Fuzz(func(t *testing.T, frame []byte) {
		var q request
		if canon.Unmarshal(frame, MaxRequestLen, &q) == nil && q.Op < opProve {
			return // it needs a jurisdiction behind the door, and there is none here
		}
		told := 0
		d := Door{
			Now: time.Now,
			Prove: func(_ context.Context, _ identity.Jurisdiction, w Wanted) ([]trust.Level, error) {
				if w.Name.IsZero() || w.Oldest < 0 || w.Wait < 0 {
					t.Errorf("%x asks for %+v", frame, w)
				}
				return nil, nil
			},
			Stale: func(_, below identity.Jurisdiction) {
				if told++; below.IsZero() || told > MaxStale {
					t.Errorf("%x tells %d news, of %q", frame, told, below)
				}
			},
			Roster: func(context.Context, uint64) ([]byte, error) { return nil, nil },
		}
		got, knows, err := d.AnswerNeighbour(t.Context(), identity.Jurisdiction{}, frame)
		var a answer
		if err != nil || knows != 0 || canon.Unmarshal(got, MaxAnswerLen, &a) != nil {
			t.Errorf("%x: got %x, %d, %v, want an answer", frame, got, knows, err)
		}
	})
}
