package join

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/node/text"
)

// wire is a connection to a door in the same process; edit may change what the door answers.
type wire struct {
	door Door
	edit func([]byte) []byte
	drop bool // the answer is lost on the way
}

var errDropped = errors.New("connection lost")

func (w wire) Binding() ([32]byte, error) { return binding, nil }

func (w wire) Exchange(ctx context.Context, frame []byte) ([]byte, error) {
	got, err := w.door.Answer(ctx, binding, frame)
	if w.edit != nil {
		got = w.edit(got)
	}
	if w.drop {
		return nil, errDropped
	}
	return got, err
}

func doorOf(p *party, alarms *[]text.Code) Door {
	return Door{Parent: p, Now: func() time.Time { return p.clock() }, Alarm: func(c text.Code, _ error) { *alarms = append(*alarms, c) }}
}

// TestJoinOverTheWire goes the whole way of a child: the time, the parent, the redemption, the record. The answer to its
// first redemption is lost; the second gets the same one.
func TestJoinOverTheWire(t *testing.T) {
	city, county := newParty(t, "guiyang.guizhou"), newParty(t, "nanming.guiyang.guizhou")
	city.invite(t, county, "one", false)
	var alarms []text.Code
	w := wire{door: doorOf(city, &alarms)}
	offset, err := Offset(t.Context(), w, func() time.Time { return city.clock().Add(70 * time.Minute) })
	if err != nil || (offset-70*time.Minute).Abs() > time.Millisecond {
		t.Errorf("offset: got %s, %v, want 70 minutes", offset, err)
	}
	pin, err := city.Pin()
	if err != nil {
		t.Fatal(err)
	}
	chain, err := Meet(t.Context(), w, pin, pin, city.clock())
	if err != nil || len(chain) != 1 || chain[0].Newest().Name != city.Name() {
		t.Fatalf("meet: got %v, %v", chain, err)
	}
	lost := w
	lost.drop = true
	if _, _, err := Ask(t.Context(), lost, county.bring(t, "one")); !errors.Is(err, errDropped) {
		t.Errorf("a lost answer: got %v", err)
	}
	levels, entry, err := Ask(t.Context(), w, county.bring(t, "one"))
	if err != nil || entry != kept(t, city).Endorsement.In(city.Log()) {
		t.Fatalf("redeem: got %s, %v", entry, err)
	}
	got, err := county.SetAbove(t.Context(), pin, levels)
	if err != nil || got[1].Endorsement.Child != county.Name() {
		t.Errorf("got %+v, %v", got, err)
	}
	if len(alarms) != 0 {
		t.Errorf("alarms: got %v", alarms)
	}
	thief := newParty(t, "nanming.guiyang.guizhou")
	if _, _, err := Ask(t.Context(), w, thief.bring(t, "one")); code(err) != text.InvitationRedeemed {
		t.Errorf("a second key set: got %v", err)
	}
	if !slices.Equal(alarms, []text.Code{text.InvitationRedeemed}) {
		t.Errorf("alarms: got %v, want one for the second key set", alarms)
	}
}

// TestMeetRefusesStrangers holds that nothing but the pinned parent in the pinned tree is met.
func TestMeetRefusesStrangers(t *testing.T) {
	city, imposter := newParty(t, "guiyang.guizhou"), newParty(t, "guiyang.guizhou")
	var alarms []text.Code
	w := wire{door: doorOf(city, &alarms)}
	pin, _ := city.Pin()
	other, _ := imposter.Pin()
	for what, pins := range map[string][2]trust.Pin{
		"another root": {other, pin}, "another parent": {pin, other}, "another tree": {other, other},
	} {
		if _, err := Meet(t.Context(), w, pins[0], pins[1], city.clock()); code(err) != text.ParentMismatch {
			t.Errorf("%s: got %v, want %s", what, err, text.ParentMismatch)
		}
	}
	frame, err := w.door.Answer(t.Context(), binding, []byte{0x82, 2, 0x40})
	if err != nil {
		t.Fatal(err)
	}
	for i := range frame {
		flipped := w
		flipped.edit = func(b []byte) []byte { b[i] ^= 1; return b }
		if _, err := Meet(t.Context(), flipped, pin, pin, city.clock()); err == nil {
			t.Errorf("byte %d of the answer flipped, and still met", i)
		}
	}
}

// TestMeetRefusesWhatHasEnded holds that a parent whose own endorsement has ended is not joined.
func TestMeetRefusesWhatHasEnded(t *testing.T) {
	province, city := newParty(t, "guizhou"), newParty(t, "guiyang.guizhou")
	province.invite(t, city, "one", false)
	index, err := Redeem(t.Context(), province, city.bring(t, "one"), binding, province.clock())
	if err != nil {
		t.Fatal(err)
	}
	levels, root := province.above(t, index)
	if _, err := city.SetAbove(t.Context(), root, levels); err != nil {
		t.Fatal(err)
	}
	var alarms []text.Code
	w := wire{door: doorOf(city, &alarms)}
	for after, want := range map[time.Duration]text.Code{
		0: "", -4 * time.Minute: "", -6 * time.Minute: text.ParentMismatch,
		trust.EndorsementTerm - time.Second: "", trust.EndorsementTerm + time.Second: text.ParentMismatch,
	} {
		if _, err := Meet(t.Context(), w, root, mustPin(t, city), city.clock().Add(after)); code(err) != want {
			t.Errorf("after %s: got %v, want %q", after, err, want)
		}
	}
}

// TestDoorAnswersNonsense holds that whatever comes in, a problem goes out, and nothing is changed.
func TestDoorAnswersNonsense(t *testing.T) {
	city := newParty(t, "guiyang.guizhou")
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
		got, err := w.door.Answer(t.Context(), binding, frame)
		var a answer
		if err != nil || canon.Unmarshal(got, MaxAnswerLen, &a) != nil || text.ByNumber(uint16(a.Code)) != text.BadRequest {
			t.Errorf("%s: got %x, %v, want a bad request", what, got, err)
		}
	}
}

func FuzzDoor(f *testing.F) {
	f.Add([]byte{0x82, 1, 0x40})
	f.Add([]byte{0x82, 3, 0x43, 0x82, 1, 0x40})
	f.Fuzz(func(t *testing.T, frame []byte) {
		var q request
		if canon.Unmarshal(frame, MaxRequestLen, &q) != nil || q.Op != opRedeem || canon.Unmarshal(q.Body, MaxRequestLen, new(Redemption)) == nil {
			return // what is well-formed is for the jurisdiction behind the door, and there is none here
		}
		if _, err := (Door{Now: time.Now}).Answer(t.Context(), binding, frame); err != nil {
			t.Errorf("%x: got %v, want an answer", frame, err)
		}
	})
}

// FuzzNeighbour holds that whatever a neighbour sends for chains, news and rosters is answered, and that nothing is passed on but
// what is well-formed and bounded.
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
			return // for the jurisdiction behind the door, and there is none here
		}
		told := 0
		d := Door{
			Now: time.Now,
			Prove: func(_ context.Context, _ identity.Jurisdiction, w Wanted) ([]trust.Level, time.Duration, error) {
				if w.Name.IsZero() || w.Oldest < 0 || w.Wait < 0 {
					t.Errorf("%x asks for %+v", frame, w)
				}
				return nil, 0, nil
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
