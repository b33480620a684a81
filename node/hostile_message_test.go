package node

import (
	"bytes"
	"crypto/rand"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/exchange/envelope"
	"xietong/exchange/link"
	"xietong/exchange/relay"
	"xietong/node/ground/loglimit"
)

// change gives the letter another origin, another destination, or both; "" leaves the one it has.
func change(t *testing.T, l *letter, origin, destination string) {
	t.Helper()
	if origin != "" {
		l.Header.Origin = mustName(t, origin)
	}
	if destination != "" {
		l.Header.Destination = mustName(t, destination)
	}
}

// move shifts the times of the letter by d.
func (l *letter) move(d time.Duration) {
	l.Header.Issued, l.Header.Expires = l.Header.Issued.Add(d), l.Header.Expires.Add(d)
}

// TestHostileMessages sends the messages that an insider can send over a link, with the county's
// own keys. Each is refused with a problem that the city signed, or with a reset stream; the log
// tells every problem, and nothing is recorded.
func TestHostileMessages(t *testing.T) {
	s := newScene(t)
	in, other := s.insider(t), s.stranger(t, "nanming.guiyang.guizhou")
	s.county.stop()
	q := in.link(t)
	before := s.city.kinds(t)
	toOther, err := envelope.NewRecipient(decryptionKey(t, other), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	const county = "nanming.guiyang.guizhou"
	problems := 1 // that of introduce
	for what, row := range map[string]struct {
		edit func(*letter)
		want string
	}{
		"of a sibling":                {func(l *letter) { change(t, l, "yunyan.guiyang.guizhou", "") }, "way-refused|yunyan.guiyang.guizhou|" + county},
		"of the province":             {func(l *letter) { change(t, l, "guizhou", "") }, "way-refused|guizhou|" + county},
		"of another province":         {func(l *letter) { change(t, l, "yunnan", "") }, "way-refused|yunnan|" + county},
		"of the city itself":          {func(l *letter) { change(t, l, "guiyang.guizhou", county) }, malformedReset},
		"of a town below":             {func(l *letter) { change(t, l, "town."+county, ""); l.hop.Remaining = 300 }, "message-refused|town." + county + "|keys not found"},
		"signed with other keys":      {func(l *letter) { l.by = other.keys }, "message-refused|" + county + "|unknown signing key"},
		"encrypted to another":        {func(l *letter) { l.to = toOther }, "message-refused|" + county + "|body does not fit"},
		"after its end":               {func(l *letter) { l.move(-2 * time.Minute) }, "message-expired|" + county},
		"of a year ago":               {func(l *letter) { l.move(-365 * 24 * time.Hour) }, "message-expired|" + county},
		"to the province":             {func(l *letter) { change(t, l, "", "guizhou") }, "unreachable|guizhou|no-route"},
		"to a sibling":                {func(l *letter) { change(t, l, "", "yunyan.guiyang.guizhou") }, "place-not-joined|yunyan.guiyang.guizhou|guiyang.guizhou"},
		"of too long a life":          {func(l *letter) { l.Header.Expires = l.Header.Issued.Add(relay.MaxLife + time.Millisecond) }, "message-refused|" + county + "|lives too long"},
		"after its last hop":          {func(l *letter) { l.hop.Hops = 0 }, "message-refused|" + county + "|no hops left"},
		"for which nobody waits":      {func(l *letter) { l.hop.Remaining = 0 }, "late|guiyang.guizhou"},
		"for what nobody serves":      {func(l *letter) { l.call.Operation = mustLabel(t, "drop-table") }, "unknown-operation|drop-table|guiyang.guizhou"},
		"for nobody":                  {func(l *letter) { l.call.Agency = identity.Label{} }, "agency-needed|" + county + "|"},
		"with no parameters":          {func(l *letter) { l.call.Parameters = []byte{} }, "bad-request|parameters|another form"},
		"with parameters in no order": {func(l *letter) { l.call.Parameters = []byte{0xa2, 2, 0x61, 'x', 1, 0x61, 'y'} }, "bad-request|parameters|another form"},
		"with no content":             {func(l *letter) { l.Content = []byte("nothing") }, "message-refused|" + county + "|another form"},
		"with an answer's content":    {func(l *letter) { l.ContentType = envelope.AnswerType }, "message-refused|" + county + "|another form"},
		"an answer for a request":     {func(l *letter) { l.Header.Kind, l.ContentType = envelope.Answer, envelope.AnswerType }, malformedReset},
	} {
		l := in.letter(t)
		row.edit(l)
		if got := in.ask(t, q, l.frame(t)); got != row.want {
			t.Errorf("%s: got %s, want %s", what, got, row.want)
		}
		if !strings.HasPrefix(row.want, "reset") {
			problems++
		}
	}
	early := in.letter(t)
	early.move(6 * time.Minute)
	if got := in.ask(t, q, early.frame(t)); !strings.HasPrefix(got, "message-future|"+county+"|") { // by how much is measured
		t.Errorf("from the future: got %s", got)
	}
	if n := s.city.log.count("call refused", "peer="+county); n != min(problems+1, loglimit.AtOnce) {
		t.Errorf("the log tells %d refusals, want %d", n, problems+1)
	}
	s.city.grew(t, before, nil)
	if got := in.ask(t, q, in.letter(t).frame(t)); !strings.HasPrefix(got, "served guiyang.guizhou/log/1/") {
		t.Errorf("a request as it must be: got %s", got)
	}
	s.city.grew(t, before, map[string]int{"application": 1, "grant": 1, "access": 1})
	s.sound(t)
}

func decryptionKey(t *testing.T, of *intruder) []byte {
	t.Helper()
	return keySetOf(t, of.keys).DecryptionKey
}

// TestHostileBytes flips bytes of a request that would be served: every one of its outer header,
// and every seventh of the signed or encrypted bytes behind it. No changed request is served; the
// unchanged one is served afterwards.
func TestHostileBytes(t *testing.T) {
	s := newScene(t)
	in := s.insider(t)
	s.county.stop()
	q := in.link(t)
	if got := in.ask(t, q, in.letter(t).frame(t)); !strings.HasPrefix(got, "served ") {
		t.Fatalf("the first request: got %s", got)
	}
	before := s.city.kinds(t)
	frame := in.letter(t).frame(t)
	e, err := envelope.Decode(frame)
	if err != nil {
		t.Fatal(err)
	}
	outer, _ := e.Signed()
	start := bytes.Index(frame, outer)
	places := []int{0, 1} // these say what the frame is
	for at := start - 2; at < len(frame); at++ {
		if at < start+len(outer) || (at-start)%7 == 0 {
			places = append(places, at)
		}
	}
	seen := map[string]int{}
	for _, at := range places {
		changed := bytes.Clone(frame)
		changed[at] ^= 1
		got := in.ask(t, q, changed)
		code, _, _ := strings.Cut(got, "|")
		seen[code]++
		switch code {
		case malformedReset, "message-refused", "message-expired", "message-future", "way-refused", "unreachable", "place-not-joined":
		default:
			t.Errorf("byte %d of %d (outer header %d to %d): got %s, want a refusal", at, len(frame), start, start+len(outer), got)
		}
	}
	if len(places) < len(outer)+len(frame)/10 || seen["message-refused"] < len(places)/2 {
		t.Errorf("%d places were tried: %v", len(places), seen)
	}
	s.city.grew(t, before, nil)
	if got := in.ask(t, q, frame); !strings.HasPrefix(got, "served ") {
		t.Errorf("as it was: got %s", got)
	}
	s.city.grew(t, before, map[string]int{"access": 1})
	s.sound(t)
}

// TestHostileFrames sends bytes that are no frame, or no message. The stream is reset with a code,
// after a limited time if nothing more comes, and the link goes on.
func TestHostileFrames(t *testing.T) {
	s := newScene(t)
	in := s.insider(t)
	s.county.stop()
	q := in.link(t)
	before := s.city.kinds(t)
	good := in.letter(t).frame(t)
	noise := make([]byte, 2048)
	rand.Read(noise) // never fails
	noise[0] = 0x85
	head := func(length uint32, data []byte) []byte {
		return append([]byte{byte(length >> 24), byte(length >> 16), byte(length >> 8), byte(length)}, data...)
	}
	for what, row := range map[string]struct {
		data []byte
		want string
	}{
		"of 2 GiB":                  {head(1<<31, []byte("x")), malformedReset},
		"of 4 GiB":                  {head(1<<32-1, nil), malformedReset},
		"of 1 MiB and a byte":       {head(link.MaxFrame+1, make([]byte, link.MaxFrame+1)), malformedReset},
		"of 1 MiB of nothing":       {framed(nil, make([]byte, link.MaxFrame)), malformedReset},
		"nothing":                   {[]byte{}, malformedReset},
		"half a length":             {[]byte{0, 0}, malformedReset},
		"half a frame":              {framed(nil, good)[:len(good)/2], malformedReset},
		"two at once":               {framed(framed(nil, good), good), malformedReset},
		"noise":                     {framed(nil, noise), malformedReset},
		"a map":                     {framed(nil, encoded(t, map[uint64]any{1: "a"})), malformedReset},
		"an array of six":           {framed(nil, encoded(t, []any{1, 2, 3, 4, 5, 6})), malformedReset},
		"arrays in arrays":          {framed(nil, bytes.Repeat([]byte{0x81}, 4096)), malformedReset},
		"an array of four billions": {framed(nil, []byte{0x9a, 0xff, 0xff, 0xff, 0xff}), malformedReset},
		"a message and a byte":      {framed(nil, append(bytes.Clone(good), 0)), malformedReset},
		"a hello that is none":      {framed(framed(nil, nil), padded([]byte("hello"))), "closed 2"},
	} {
		got, err := exchange(t, q, row.data)
		if ended(err) != row.want {
			t.Errorf("%s: got %d frames and %s, want %s", what, len(got), ended(err), row.want)
		}
		if row.want == "closed 2" { // a bad hello ends the link: the test needs a new one
			q = in.link(t)
		}
	}
	began := time.Now()
	var all sync.WaitGroup
	for what, data := range map[string][]byte{
		"a byte, and silence":                 {0},
		"half a frame, and silence":           framed(nil, good)[:len(good)/2],
		"a frame whose end is not told":       framed(nil, good),
		"a hello that stops":                  framed(nil, nil),
		"a request to the door that stops":    framed(nil, encoded(t, []any{1, []byte{}}))[:5],
		"a long frame, and silence behind it": head(64<<10, good),
	} {
		all.Go(func() {
			stream, err := begun(t, q, data)
			if err == nil {
				_, err = read(stream)
			}
			if took := time.Since(began); ended(err) != silentReset || took > 15*time.Second {
				t.Errorf("%s: got %s after %s, want %s", what, ended(err), took, silentReset)
			}
		})
	}
	all.Wait()
	s.city.grew(t, before, nil)
	if got := in.ask(t, q, good); !strings.HasPrefix(got, "served ") {
		t.Errorf("the link afterwards: got %s", got)
	}
	s.sound(t)
}

// TestHostileMany sends 300 requests at once on one link. Some are served, the others are told that
// the city is busy; each that was served is recorded once, and the city serves on.
func TestHostileMany(t *testing.T) {
	s := newScene(t)
	in := s.insider(t)
	s.county.stop()
	q := in.link(t)
	if got := in.ask(t, q, in.letter(t).frame(t)); !strings.HasPrefix(got, "served ") {
		t.Fatalf("the first request: got %s", got)
	}
	before := s.city.kinds(t)
	frames := make([][]byte, 300)
	for n := range frames {
		frames[n] = in.letter(t).frame(t)
	}
	got := make([]string, len(frames))
	var all sync.WaitGroup
	for n, frame := range frames {
		all.Go(func() { got[n] = in.ask(t, q, frame) })
	}
	all.Wait()
	served := 0
	for _, g := range got {
		switch {
		case strings.HasPrefix(g, "served "):
			served++
		case g != busyReset && g != "busy|guiyang.guizhou|1":
			t.Errorf("got %s, want an answer, or that it is busy", g)
		}
	}
	t.Logf("%d of %d were served", served, len(frames))
	if served == 0 {
		t.Error("none was served")
	}
	s.city.grew(t, before, map[string]int{"access": served})
	if got := in.ask(t, q, in.letter(t).frame(t)); !strings.HasPrefix(got, "served ") {
		t.Errorf("one more: got %s", got)
	}
	s.sound(t)
}

// TestHostileReplay sends one request again and again: at once, beside itself, on other
// connections, with another trace, signed anew, and after the city was closed and opened. It is
// recorded once. The same message gets the one answer, until the city has forgotten it; then, and
// signed anew by its origin, it gets the same told once more, under the same record.
func TestHostileReplay(t *testing.T) {
	s := newScene(t)
	in := s.insider(t)
	s.county.stop()
	q := in.link(t)
	if got := in.ask(t, q, in.letter(t).frame(t)); !strings.HasPrefix(got, "served ") {
		t.Fatalf("the first request: got %s", got)
	}
	before := s.city.kinds(t)
	frame := in.letter(t).frame(t)
	got := make([]string, 16)
	var all sync.WaitGroup
	for n := range got {
		all.Go(func() { got[n] = in.ask(t, q, frame) })
	}
	all.Wait()
	served := slices.Compact(slices.Clone(got))
	if len(served) != 1 || !strings.HasPrefix(served[0], "served ") {
		t.Errorf("16 times at once: got %q, want one answer", got)
	}
	if got := in.ask(t, in.link(t), frame); got != served[0] {
		t.Errorf("on another connection: got %s, want %s", got, served[0])
	}
	e, err := envelope.Decode(frame)
	if err != nil {
		t.Fatal(err)
	}
	e.Hop = envelope.Hop{Remaining: 5_000, Hops: 1, Trace: [16]byte{7}}
	traced, err := e.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if got := in.ask(t, q, traced); got != served[0] {
		t.Errorf("with another hop header: got %s, want %s", got, served[0])
	}
	again := in.letter(t) // the same id, signed anew
	again.Header.ID = e.Header().ID
	if got := in.ask(t, q, again.frame(t)); !strings.HasPrefix(got, "served ") {
		t.Errorf("signed anew under its id: got %s, want the same once more", got)
	}
	s.city.reopen(t)
	s.county.open(t)
	linked(t, s.city.civil, "nanming.guiyang.guizhou")
	s.introduce(t)
	s.county.stop()
	if got := in.ask(t, in.link(t), frame); !strings.HasPrefix(got, "served ") {
		t.Errorf("after the city was opened anew: got %s, want the same once more", got)
	}
	s.city.grew(t, before, map[string]int{"access": 1})
	s.sound(t)
}
