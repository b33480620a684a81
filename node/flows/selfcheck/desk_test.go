package selfcheck

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
	"xietong/exchange/relay"
	"xietong/node/ground/failure"
	"xietong/node/ground/operation"
	"xietong/node/ground/text"
	"xietong/node/tree/breaks"
)

// found returns the verdicts of a place, the leads in brackets.
func (w *world) found(p *place) string {
	w.t.Helper()
	var all []string
	for _, f := range w.view(p).Findings {
		told := f.Verdict.String() + " " + f.Who.String()
		if f.Lead {
			told = "(" + told + ")"
		}
		all = append(all, told)
	}
	return strings.Join(all, ", ")
}

// TestParentWithholdsTheQuestions: the city loses what the county asks the province, or says,
// signed, that it cannot reach the province while it shows that the province spoke to it just now
// (S05f); or has the province refuse it, as too late or as one of too many (S05n); or ends the link
// whenever a question passes (S05o). Three askings are an alarm. Nothing of it counts while the
// county's own link is down before, and a city that is cut off itself is believed.
func TestParentWithholdsTheQuestions(t *testing.T) {
	lost := errors.Join(&link.Error{Reason: link.NoAnswer}, errors.New("lost"))
	for what, row := range map[string]struct {
		atCity, atProvince error // why a message is lost there
		cut                bool
		heard              time.Duration // how long ago the province spoke to the city, as the city shows
		late, falls        bool
		copies             int
		want               string
	}{
		"lost by the city":                        {atCity: lost, want: "silent guizhou"},
		"said to be unreachable, which it is not": {atProvince: link.ErrNoLink, want: "silent guizhou"},
		"said to be unreachable, and cut off":     {atProvince: link.ErrNoLink, heard: time.Hour},
		"lost while the own link is down":         {atCity: lost, cut: true},
		"the link falls with the question":        {atCity: lost, falls: true, want: "silent guizhou"},
		"handed over with no time left":           {late: true, want: "silent guizhou"},
		"handed over many times":                  {copies: 400, want: "silent guizhou"},
	} {
		w := newWorld(t, "guizhou", "guiyang.guizhou", "nanming.guiyang.guizhou")
		county := w.at("nanming.guiyang.guizhou")
		w.at("guiyang.guizhou").pass = func(identity.Jurisdiction, []byte) error {
			county.cut = row.cut || row.falls
			return row.atCity
		}
		w.at("guizhou").pass = func(identity.Jurisdiction, []byte) error { return row.atProvince }
		w.at("guizhou").late, w.at("guizhou").copies = row.late, row.copies
		for n := range 5 {
			county.cut = row.cut // a link that fell is up again
			w.elapse(Every)
			county.heard = w.now().Add(-row.heard)
			if err := county.desk.Round(t.Context()); err != nil {
				t.Fatal(err)
			}
			if n < 4 && w.found(county) != "" {
				t.Errorf("%s: after %d rounds got %s", what, n+1, w.found(county))
			}
		}
		if got := w.found(county); got != row.want {
			t.Errorf("%s: got %q, want %q", what, got, row.want)
		}
	}
}

// TestAlarmOutlivesARestart: an alarm is there after a restart with its evidence, ends when it is
// acknowledged, and comes again while what it is about goes on.
func TestAlarmOutlivesARestart(t *testing.T) {
	w := newWorld(t, five...)
	city, county := w.at("guiyang.guizhou"), w.at("nanming.guiyang.guizhou")
	w.usurp(city, county, true)
	w.elapse(time.Hour)
	w.rounds(county, 4)
	before := w.view(county)
	if len(before.Findings) == 0 || len(before.Findings[0].Evidence) == 0 || !strings.Contains(county.log.String(), "own keys need a look") {
		t.Fatalf("got %+v, log %s", before.Findings, county.log)
	}
	again := New(county.desk.o)
	if err := again.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	county.desk = again
	if got := w.view(county).Findings; len(got) != 1 || !bytes.Equal(got[0].Evidence, before.Findings[0].Evidence) || !got[0].same(before.Findings[0]) {
		t.Errorf("after a restart got %+v", got)
	}
	if ended, _, err := county.desk.Acknowledge(t.Context(), message(t)); err != nil || ended == 0 || w.found(county) != "" {
		t.Errorf("acknowledged: got %s, %v", w.found(county), err)
	}
	w.rounds(county, 3)
	if got := w.found(county); !strings.Contains(got, "differs guizhou") {
		t.Errorf("it goes on, and got %q", got)
	}
}

// TestAlarmsFit: as many alarms as are kept, each with the longest evidence, are written and read
// again; the word of the grandparent is kept also where others lie to fill the place (S01).
func TestAlarmsFit(t *testing.T) {
	w := newWorld(t, "guizhou", "guiyang.guizhou")
	p, long := w.at("guiyang.guizhou"), make([]byte, 4<<10)
	belief := Belief{Name: p.Name(), Epoch: 1, Number: 1, Hash: make([]byte, 32), AsOf: maxTime}
	for range breaks.MaxWaiting {
		belief.Waiting = append(belief.Waiting, Waiting{Number: 1, Hash: make([]byte, 32), Until: maxTime})
	}
	belief.Before = &Before{Number: 1, Hash: make([]byte, 32), AsOf: maxTime}
	var all []Finding
	add := func(who string, r Relation) (added bool) {
		all, added = add(all, Finding{Verdict: Differs, Who: named(t, who), Relation: r, Kind: Named, Belief: belief, Since: maxTime, Last: maxTime, Evidence: evident(long, make([]byte, 1<<20))})
		return added
	}
	for i := range mostAlarms + 2 {
		name := strings.Repeat("a", 60) + string(rune('a'+i)) + ".guizhou"
		if got := add(name, Other); got != (i < mostAlarms) {
			t.Errorf("alarm %d: added %t", i, got)
		}
	}
	if !add("guizhou", Grandparent) || add("guizhou", Grandparent) || len(all) != mostAlarms {
		t.Errorf("what the grandparent says is one of %d", len(all))
	}
	if err := save(t.Context(), p, all); err != nil {
		t.Fatal(err)
	}
	got, damaged, err := load(t.Context(), p)
	if err != nil || damaged != nil || len(got) != mostAlarms || !slices.ContainsFunc(got, func(f Finding) bool { return f.Who.String() == "guizhou" && len(f.Evidence) > 4<<10 }) {
		t.Errorf("got %d, %v, %v", len(got), damaged, err)
	}
}

// TestRekeyedIsNoAlarm: a county loses its machine, begins anew under other keys, and is invited
// with rekey. Who remembers the keys of before, or believes them a little longer, alarms nobody.
func TestRekeyedIsNoAlarm(t *testing.T) {
	w := newWorld(t, five...)
	county := w.at("nanming.guiyang.guizhou")
	w.rounds(county, 4)
	w.elapse(time.Hour)
	w.add(county.Name())
	anew := w.at("nanming.guiyang.guizhou")
	if anew == county {
		t.Fatal("it did not begin anew")
	}
	for n := range 8 {
		w.rounds(anew, 1)
		if got := w.found(anew); got != "" {
			t.Errorf("after %d rounds got %s", n+1, got)
		}
	}
	for _, asked := range w.view(anew).Asked { // who knew it before waits, and says so
		if waits := asked.Why == string(text.KeysChanged) && asked.Excused; !asked.Agrees && !waits {
			t.Errorf("got %+v", asked)
		}
	}
}

// TestEvidence: what is kept of an answer proves to anybody who has the key sets of whoever gave it
// what it said, or that it refused us, or to which key it encrypted.
func TestEvidence(t *testing.T) {
	for _, forge := range []string{"", "sly", "plain"} {
		w := newWorld(t, five...)
		city, county, province := w.at("guiyang.guizhou"), w.at("nanming.guiyang.guizhou"), w.at("guizhou")
		if forge != "" {
			w.usurp(city, county, forge == "sly")
			w.elapse(time.Hour)
		}
		w.rounds(county, 1)
		asked := w.view(county).Asked[0]
		if asked.Relation != Grandparent || asked.Kind != map[string]Kind{"": Named, "sly": OtherKey, "plain": Unknown}[forge] {
			t.Fatalf("%q: got %+v", forge, asked.Asking)
		}
		var e evidence
		if err := canon.Unmarshal(asked.Evidence, 16<<10, &e); err != nil {
			t.Fatal(err)
		}
		keys := trust.Always(newest(t, must2(province.KeySets(t.Context()))(t)))
		h, commitment, err := relay.VerifyEvidence(e.Signed, keys)
		if err != nil || h.Origin != province.Name() || h.Destination != county.Name() {
			t.Errorf("%q: got %+v, %v", forge, h, err)
		}
		if forge != "sly" && sha256.Sum256(e.Preimage) != commitment {
			t.Errorf("%q: the content is not what was signed", forge)
		}
		if forge == "plain" && !bytes.Contains(e.Preimage, []byte("unknown signing key")) || forge == "" && !bytes.Contains(e.Preimage, asked.Belief.Hash) {
			t.Errorf("%q: the content is %q", forge, e.Preimage)
		}
	}
}

// TestNobodyAboveTheRoot (F54): below a root whose name has places above it, nobody is asked who is
// not in the tree.
func TestNobodyAboveTheRoot(t *testing.T) {
	w := newWorld(t, "guiyang.guizhou", "nanming.guiyang.guizhou")
	county := w.at("nanming.guiyang.guizhou")
	listed := county.desk.o.Listed
	county.desk.o.Listed = func() []identity.Jurisdiction {
		return append(listed(), named(t, "guizhou"), named(t, "zunyi.guizhou"))
	}
	w.rounds(county, 4)
	v, err := county.desk.View(t.Context())
	if err != nil || !v.Alone || len(v.Asked) == 0 {
		t.Fatalf("got %+v, %v, want the parent asked, and nobody else", v, err)
	}
	for _, a := range v.Asked {
		if a.Who != named(t, "guiyang.guizhou") || a.Relation != Parent {
			t.Errorf("%s was asked as %v, want the parent alone", a.Who, a.Relation)
		}
	}
}

// TestOneLiarIsALead: a county of another city that lies alone about what it believes, signed, is a
// lead and no alarm; a second one makes it an alarm about both (S05h).
func TestOneLiarIsALead(t *testing.T) {
	w := newWorld(t, append(slices.Clone(five), "bijie.guizhou")...)
	county := w.at("nanming.guiyang.guizhou")
	lie := func(who string) {
		p := w.at(who)
		serves := relay.NewRegistry()
		operationBelieved.Serve(serves, func(context.Context, relay.Received, wanted) (Belief, error) {
			return Belief{Name: county.Name(), Epoch: 1, Number: 1, Hash: make([]byte, 32), AsOf: uint64(w.now().UnixMilli())}, nil
		})
		p.relay = w.relayOf(p, serves)
	}
	next := 0
	order := []string{"meitan.zunyi.guizhou", "bijie.guizhou"}
	county.desk.o.Draw = func(int) (int, error) { return slices.Index(county.desk.candidates(), named(t, order[next])), nil }
	lie(order[0])
	w.rounds(county, 4)
	if got := w.found(county); got != "(differs meitan.zunyi.guizhou)" {
		t.Errorf("one liar: got %q", got)
	}
	lie(order[1])
	next = 1
	w.rounds(county, 2)
	if got := w.found(county); got != "differs meitan.zunyi.guizhou, differs bijie.guizhou" {
		t.Errorf("two: got %q", got)
	}
}

// TestEndlessQuestions: a neighbour that asks without end is told to wait, sooner where it asks
// about others; the other neighbours and the other branches behind it are not.
func TestEndlessQuestions(t *testing.T) {
	w := newWorld(t, append(slices.Clone(five), "yunyan.guiyang.guizhou")...)
	ask := func(from, about string) text.Code {
		p := w.at(from)
		_, err := operationBelieved.Read(t.Context(), &asking{asker: p.relay}, operation.Asking{ID: must2(identity.NewMessage())(t), To: named(t, "guizhou")}, wanted{named(t, about)})
		if err == nil {
			return ""
		}
		return failure.Of(err).Code
	}
	flood := func(from, about string) (n int) {
		for ask(from, about) == "" && n < 1000 {
			n++
		}
		return n
	}
	const greedy = "nanming.guiyang.guizhou"
	if n := flood(greedy, "meitan.zunyi.guizhou"); n < 2 || n > atOnce/ofAnother {
		t.Errorf("about another: got %d answers", n)
	}
	if n := flood(greedy, greedy); n > atOnce/2 {
		t.Errorf("about itself: got %d answers", n)
	}
	if got := ask(greedy, greedy); got != text.Busy {
		t.Errorf("one more: got %q", got)
	}
	for _, other := range []string{"yunyan.guiyang.guizhou", "guiyang.guizhou", "meitan.zunyi.guizhou"} {
		if got := ask(other, other); got != "" {
			t.Errorf("%s: got %q", other, got)
		}
	}
	w.elapse(time.Hour)
	if got := ask(greedy, greedy); got != "" {
		t.Errorf("an hour later: got %q", got)
	}
}

// TestAnswerOfBefore: the city keeps a true answer of the province, and gives it to the county in
// place of later ones: it is bound to another question, and counts as silence.
func TestAnswerOfBefore(t *testing.T) {
	w := newWorld(t, "guizhou", "guiyang.guizhou", "nanming.guiyang.guizhou")
	county, city := w.at("nanming.guiyang.guizhou"), w.at("guiyang.guizhou")
	var kept []byte
	county.desk.o.Asker = replaying{w, county, city, &kept}
	w.rounds(county, 7)
	if got := w.found(county); kept == nil || got != "silent guizhou" {
		t.Errorf("got %q", got)
	}
}

// replaying is the relay of a county whose parent answers everything with the first answer.
type replaying struct {
	w            *world
	county, city *place
	kept         *[]byte
}

func (r replaying) Ask(ctx context.Context, id identity.Message, to identity.Jurisdiction, call envelope.Call) (relay.Answer, error) {
	l := r.w.localOf(r.county, relay.NewRegistry())
	l.Links = r
	return relay.New(l).Ask(ctx, id, to, call)
}

func (r replaying) Exchange(ctx context.Context, local, to identity.Jurisdiction, request []byte, each func([]byte) error) error {
	return r.w.Exchange(ctx, local, to, request, func(frame []byte) error {
		if *r.kept == nil {
			*r.kept = bytes.Clone(frame)
		}
		return each(*r.kept)
	})
}

// TestSilenceTakesOnePlace: others who do not answer, each time another, are one alarm; what two of
// them believe is kept though the places are full of silence.
func TestSilenceTakesOnePlace(t *testing.T) {
	var all []Finding
	for i := range 3 * mostAlarms {
		silent := Finding{Verdict: Silent, Who: named(t, "a"+string(rune('a'+i))+".guizhou"), Relation: Other, Since: uint64(i + 1), Last: uint64(i + 1)}
		var added bool
		if all, added = add(all, silent); added != (i == 0) || len(all) != 1 || all[0].Since != 1 || all[0].Who != silent.Who {
			t.Fatalf("silence %d: added %t, got %+v", i, added, all)
		}
	}
	for i := range mostAlarms + 1 {
		differs := Finding{Verdict: Differs, Who: named(t, "b"+string(rune('a'+i))+".guizhou"), Relation: Other}
		var added bool
		if all, added = add(all, differs); added != (i < mostAlarms) || len(all) > mostAlarms {
			t.Errorf("alarm %d: added %t, %d stand", i, added, len(all))
		}
	}
	if all, added := add(all, Finding{Verdict: Silent, Who: named(t, "guizhou"), Relation: Grandparent}); !added || len(all) != mostAlarms {
		t.Errorf("the silence of the grandparent: added %t, %d stand", added, len(all))
	}
}

// TestAcknowledgedMeanwhile: somebody acknowledges the alarms just when another asking came and was
// not judged yet. What led to the alarms is forgotten, and that asking with it: none comes back
// until somebody is asked again.
func TestAcknowledgedMeanwhile(t *testing.T) {
	w := newWorld(t, five...)
	city, county := w.at("guiyang.guizhou"), w.at("nanming.guiyang.guizhou")
	w.usurp(city, county, true)
	w.elapse(time.Hour)
	w.rounds(county, 4)
	d := county.desk
	if w.found(county) == "" {
		t.Fatal("no alarm at first")
	}
	own, err := d.own(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	last := d.asked[len(d.asked)-1]
	last.At = w.now()
	d.remember(own, last)
	if _, _, err := d.Acknowledge(t.Context(), message(t)); err != nil {
		t.Fatal(err)
	}
	if err := d.judge(t.Context(), own, last); err != nil || w.found(county) != "" {
		t.Errorf("got %s, %v, want no alarm", w.found(county), err)
	}
}

// TestAcknowledgedOnce: an acknowledgment that comes again under its id, because its answer was
// lost, ends no alarm that was found since, also after a restart, and has the same answer.
func TestAcknowledgedOnce(t *testing.T) {
	w := newWorld(t, five...)
	city, county := w.at("guiyang.guizhou"), w.at("nanming.guiyang.guizhou")
	w.usurp(city, county, true)
	w.elapse(time.Hour)
	w.rounds(county, 4)
	id := message(t)
	first, again, err := county.desk.Acknowledge(t.Context(), id)
	if err != nil || again || first == 0 {
		t.Fatalf("got %d, again %t, %v", first, again, err)
	}
	w.rounds(county, 2)
	for range 2 {
		if ended, again, err := county.desk.Acknowledge(t.Context(), id); err != nil || !again || ended != first || w.found(county) == "" {
			t.Errorf("again: got %d, again %t, %v, alarms %q; want %d, and the new alarm", ended, again, err, w.found(county), first)
		}
		county.desk = New(county.desk.o)
		if err := county.desk.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if ended, again, err := county.desk.Acknowledge(t.Context(), message(t)); err != nil || again || ended == 0 || w.found(county) != "" {
		t.Errorf("under another id: got %d, again %t, %v, alarms %q", ended, again, err, w.found(county))
	}
}

func message(t *testing.T) identity.Message {
	t.Helper()
	id, err := identity.NewMessage()
	return must(t, id, err)
}
