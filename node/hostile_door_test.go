package node

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"xietong/certs/authority"
	"xietong/certs/canon"
	"xietong/certs/tlsconf"
	"xietong/certs/trust"
	"xietong/exchange/link"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
	"xietong/node/tree"
	"xietong/node/tree/door"
	"xietong/node/tree/invitation"
)

// door opens a socket that only dials, and returns a function that knocks at the city's door.
func (s *scene) door(t *testing.T) (knock func() door.Line) {
	t.Helper()
	packets, err := listenUDP("")
	if err != nil {
		t.Fatal(err)
	}
	socket, err := link.Open(packets, link.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(socket.Close(), packets.Close()); err != nil {
			t.Error(err)
		}
	})
	return func() door.Line {
		t.Helper()
		c, err := socket.Dial(t.Context(), s.city.node.packets.LocalAddr(), tlsconf.DialJoin(s.city.node.hosted[0].settings.Name))
		if err != nil {
			t.Fatal(err)
		}
		return door.Line{Conn: c}
	}
}

// told sends a request to the door and returns the result: "ok", a code, or the reason of a reset.
// If the door is busy it asks again.
func told(t *testing.T, c door.Asker, frame []byte) (said string) {
	t.Helper()
	until(t, func() bool {
		said = toldOnce(t, c, frame)
		return said != string(link.Busy)
	})
	return said
}

func toldOnce(t *testing.T, c door.Asker, frame []byte) string {
	t.Helper()
	got, err := c.Exchange(t.Context(), frame)
	if e, ok := errors.AsType[*link.Error](err); ok {
		return string(e.Reason)
	}
	if err != nil {
		return err.Error()
	}
	return codeOf(t, got)
}

// codeOf returns the result that an answer of the join protocol tells: "ok", or a code.
func codeOf(t *testing.T, frame []byte) string {
	t.Helper()
	var a struct {
		_    struct{} `cbor:",toarray"`
		Code uint64
		Args []string
		Body []byte
	}
	if err := canon.Unmarshal(frame, door.MaxAnswerLen, &a); err != nil {
		return err.Error()
	}
	if a.Code == 0 {
		return "ok"
	}
	return string(text.ByNumber(uint16(a.Code)))
}

// asked returns a request of the join protocol.
func asked(t *testing.T, op uint64, body any) []byte {
	t.Helper()
	return encoded(t, []any{op, encoded(t, body)})
}

// redemption returns the redemption that the holder of the keys sends over the connection.
func redemption(t *testing.T, keys *authority.Authority, secret []byte, over door.Line) tree.Redemption {
	t.Helper()
	signed, _, err := keys.FirstKeySet(1)
	if err != nil {
		t.Fatal(err)
	}
	binding, err := over.Binding()
	if err != nil {
		t.Fatal(err)
	}
	return tree.Redemption{
		Child: keys.Name(), Secret: secret, KeySets: [][]byte{signed}, Replica: keys.Replica(),
		Possession: keys.SignLog(tree.PossessionInput(binding, tree.SecretHash(secret))),
	}
}

// TestHostileTokens checks the error that a person reads who comes with an invitation that is for
// another, or is for the person no more.
func TestHostileTokens(t *testing.T) {
	s := newScene(t)
	good := invited(t, s.city.civil, "云岩区")
	taken := invited(t, s.city.civil, "花溪区")
	if _, err := Join(t.Context(), filepath.Join(t.TempDir(), "huaxi"), taken.Token, quiet()); err != nil {
		t.Fatal(err)
	}
	before := s.city.kinds(t)
	changed := func(line string, edit func(*invitation.Token)) string {
		parsed, err := invitation.Parse(line)
		if err != nil {
			t.Fatal(err)
		}
		edit(&parsed)
		line, err = parsed.Encode()
		if err != nil {
			t.Fatal(err)
		}
		return line
	}
	for what, row := range map[string]struct {
		token string
		want  text.Code
		alarm string // in the city's log
	}{
		"a secret of nobody": {changed(good.Token, func(v *invitation.Token) { v.Secret = bytes.Repeat([]byte{7}, invitation.SecretLen) }), text.InvitationUnknown, ""},
		"the secret of another": {changed(good.Token, func(v *invitation.Token) { v.Child = mustName(t, "wudang.guiyang.guizhou") }),
			text.InvitationUnknown, ""}, // no word about which of the two is wrong
		"another parent's keys": {changed(good.Token, func(v *invitation.Token) {
			v.Parent = keySetOf(t, newKeys(t, "guiyang.guizhou")).Pin()
			v.Root = v.Parent
		}), text.ParentMismatch, ""},
		"one that other keys redeemed": {taken.Token, text.InvitationRedeemed, "code=invitation-redeemed"},
	} {
		dir := filepath.Join(t.TempDir(), "child")
		_, err := Join(t.Context(), dir, row.token, quiet())
		if f := text.AsFailure(err); f.Code != row.want {
			t.Errorf("%s: got %v, want %s", what, err, row.want)
		}
		if row.alarm != "" {
			s.city.log.wait(t, "level=ERROR", "neighbour needs a look", row.alarm)
		}
		if report, err := VerifyData(t.Context(), dir, "", nil); err == nil {
			t.Errorf("%s: it left a node behind: %+v", what, report)
		}
	}
	const term = 7*24*time.Hour + time.Minute
	s.city.ahead.Store(int64(term))
	late := quiet()
	late.Now = s.city.now
	_, err := Join(t.Context(), filepath.Join(t.TempDir(), "late"), good.Token, late)
	if f := text.AsFailure(err); f.Code != text.InvitationExpired {
		t.Errorf("after its end: got %v, want %s", err, text.InvitationExpired)
	}
	s.city.grew(t, before, nil)
	if n := s.city.log.count(strings.SplitAfter(good.Token, "-7400-")[0]); n > 0 {
		t.Errorf("the token stands in %d lines of the log", n)
	}
	s.sound(t)
}

// TestHostileDoor asks at the door for things that the asker has no right to.
func TestHostileDoor(t *testing.T) {
	s := newScene(t)
	knock := s.door(t)
	parsed, err := invitation.Parse(invited(t, s.city.civil, "云岩区").Token)
	if err != nil {
		t.Fatal(err)
	}
	thief := newKeys(t, "yunyan.guiyang.guizhou")
	here, there := knock(), knock()
	before := s.city.kinds(t)
	if got := told(t, there, asked(t, 3, redemption(t, thief, parsed.Secret, here))); got != string(text.NotPossessed) {
		t.Errorf("the signature of another connection: got %s", got)
	}
	s.city.log.wait(t, "level=ERROR", "neighbour needs a look", "code=not-possessed")
	other := redemption(t, newKeys(t, "nanming.guiyang.guizhou"), parsed.Secret, there)
	other.Child = thief.Name()
	if got := told(t, there, asked(t, 3, other)); got != string(text.ChildMismatch) {
		t.Errorf("another's key set: got %s", got)
	}
	name := "nanming.guiyang.guizhou"
	own, err := s.county.node.hosted[0].host.KeySets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	in := s.insider(t)
	thiefs, later := newKeys(t, name), laterKeySet(t, in.keys)
	posed := laterKeySet(t, thiefs)
	shown := func(by *authority.Authority, name string, sets ...[]byte) []byte {
		return presentation(t, by, there, name, 1, hashOf(t, own[0]), sets...)
	}
	good := shown(in.keys, name)
	for what, row := range map[string]struct {
		frame []byte
		want  string
	}{
		"public key sets, by anybody":   {shown(thiefs, name), "not-possessed"},
		"a later one, by anybody":       {shown(thiefs, name, later), "not-possessed"},
		"another's behind the own":      {shown(in.keys, name, posed), "not-possessed"},
		"of the proof of another":       {presentation(t, in.keys, here, name, 1, hashOf(t, own[0])), "not-possessed"},
		"other keys, and their proof":   {presentation(t, thiefs, there, name, 1, hashOf(t, firstOf(t, thiefs))), "key-sets-forked"},
		"after what is to come":         {presentation(t, in.keys, there, name, 2, hashOf(t, own[0])), "key-sets-wanted"},
		"key sets of another name":      {shown(in.keys, "yunyan.guiyang.guizhou"), "endorsement-unknown"},
		"of whom nobody knows":          {shown(in.keys, "kaiyang.guiyang.guizhou"), "endorsement-unknown"},
		"of the city itself":            {shown(in.keys, "guiyang.guizhou"), "endorsement-unknown"},
		"of a namesake elsewhere":       {shown(in.keys, "nanming.guizhou"), "endorsement-unknown"},
		"the same twice":                {shown(in.keys, name, later, later), "not-possessed"},
		"seventeen":                     {shown(in.keys, name, slicesOf(17)...), "bad-request"},
		"more than a request holds":     {shown(in.keys, name, slicesOf(door.MaxRequestLen)...), "bad-request"},
		"half a body":                   {encoded(t, []any{4, encoded(t, []any{1, []any{name}})}), "bad-request"},
		"half a frame":                  {good[:len(good)/2], "bad-request"},
		"a frame and a byte":            {append(bytes.Clone(good), 0), "bad-request"},
		"no operation":                  {encoded(t, []any{0, []byte{}}), "bad-request"},
		"an operation to come":          {encoded(t, []any{5, []byte{}}), "bad-request"},
		"a redemption of nothing":       {encoded(t, []any{3, []byte{}}), "bad-request"},
		"what the county may ask":       {good, "ok"},
		"the time":                      {encoded(t, []any{1, []byte{}}), "ok"},
		"a message, which is for links": {append([]byte{0x85}, good...), "bad-request"},
	} {
		if got := told(t, there, row.frame); got != row.want {
			t.Errorf("%s: got %s, want %s", what, got, row.want)
		}
	}
	q, err := in.dial(t, tlsconf.DialJoin(in.victim))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exchange(t, q, framed(nil, make([]byte, link.MaxKnock+1))); ended(err) != malformedReset {
		t.Errorf("more than a frame holds: got %s, want %s", ended(err), malformedReset)
	}
	frames, err := exchange(t, in.link(t), framed(nil, asked(t, 3, redemption(t, thief, parsed.Secret, there))))
	if err != nil || len(frames) != 1 || frames[0][1] != byte(text.Number(text.BadRequest)) {
		t.Errorf("redeemed over a link: got %x, %v", frames, err)
	}
	s.city.grew(t, before, nil)
	if got := told(t, there, asked(t, 3, redemption(t, thief, parsed.Secret, there))); got != "ok" { // it was a good one
		t.Errorf("the invited, at last: got %s", got)
	}
	s.city.grew(t, before, map[string]int{"endorsement": 1})
	s.sound(t)
}

// presentation returns the request by which the holder of the keys presents key sets over the
// connection.
func presentation(t *testing.T, keys *authority.Authority, over door.Line, name string, after uint64, hash []byte, sets ...[]byte) []byte {
	t.Helper()
	binding, err := over.Binding()
	if err != nil {
		t.Fatal(err)
	}
	return asked(t, 4, []any{1, tree.Presentation{
		Child: mustName(t, name), After: after, Hash: hash, KeySets: append([][]byte{}, sets...), Replica: keys.Replica(),
		Possession: keys.SignLog(tree.PresentInput(binding, hash)),
	}})
}

func hashOf(t *testing.T, signed []byte) []byte {
	t.Helper()
	pin, err := trust.PinOf(signed)
	if err != nil {
		t.Fatal(err)
	}
	hash := pin.Hash()
	return hash[:]
}

func firstOf(t *testing.T, keys *authority.Authority) []byte {
	t.Helper()
	signed, _, err := keys.FirstKeySet(1)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// slicesOf returns n empty byte strings.
func slicesOf(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = []byte{}
	}
	return all
}

// TestHostileLaterKeySet has an insider publish a key set of its own with the county's log key. The
// city must take it; the county is told loudly, and its key set of before is not believed any more.
func TestHostileLaterKeySet(t *testing.T) {
	s := newScene(t)
	knock := s.door(t)
	in := s.insider(t)
	own, err := s.county.node.hosted[0].host.KeySets(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	later := laterKeySet(t, in.keys)
	c := knock()
	before := s.city.kinds(t)
	name, first := "nanming.guiyang.guizhou", hashOf(t, own[0])
	if got := told(t, c, presentation(t, in.keys, c, name, 1, first, later)); got != "ok" {
		t.Fatalf("a later key set: got %s", got)
	}
	s.city.grew(t, before, map[string]int{"endorsement": 1})
	if got := told(t, c, presentation(t, in.keys, c, name, 1, first)); got != string(text.KeySetOld) {
		t.Errorf("the one before: got %s, want %s", got, text.KeySetOld)
	}
	s.county.reopen(t)
	s.county.log.wait(t, "level=ERROR", "neighbour needs a look", "code=key-set-old")
	s.city.log.wait(t, "level=ERROR", "neighbour needs a look", "code=key-set-old")
	s.city.grew(t, before, map[string]int{"endorsement": 1})
	s.sound(t)
}

// TestHostileGarbage sends ten thousand requests of noise to the door, on one connection after
// another. Each is refused, most of them because there are so many; nothing is recorded, and an
// invited child gets in.
func TestHostileGarbage(t *testing.T) {
	s := newScene(t)
	knock := s.door(t)
	good := invited(t, s.city.civil, "云岩区")
	before := s.city.kinds(t)
	noise := make([]byte, 4096)
	seen := map[string]int{}
	var c door.Line
	for n := range 10_000 {
		if n%1000 == 0 {
			if c.Conn != nil {
				c.Close(link.CodeClosing)
			}
			c = knock()
		}
		rand.Read(noise) // never fails
		length := 1 + int(noise[0])*int(noise[1])%len(noise)
		if n%3 == 0 {
			noise[0] = 0x82 // a request in form
		}
		seen[toldOnce(t, c, noise[:length])]++
	}
	t.Logf("ten thousand: %v", seen)
	if seen[string(text.BadRequest)]+seen[string(link.Busy)] != 10_000 || seen[string(text.BadRequest)] == 0 {
		t.Errorf("got %v, want bad requests, and that the city is busy", seen)
	}
	s.city.grew(t, before, nil)
	dir := filepath.Join(t.TempDir(), "yunyan")
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var err error
	for ctx.Err() == nil {
		if _, err = Join(ctx, dir, good.Token, quiet()); err == nil {
			break
		}
		if f := text.AsFailure(err); f.Code != text.ParentBroken {
			t.Fatalf("the invited: got %v", err)
		}
	}
	if err != nil {
		t.Error(err)
	}
	s.city.grew(t, before, map[string]int{"endorsement": 1})
	tree, err := s.city.civil.Tree(t.Context())
	if err != nil || fmt.Sprint(tree.Children[0].State, tree.Children[1].State) != client.ChildJoined+client.ChildJoined {
		t.Errorf("got %+v, %v", tree.Children, err)
	}
	s.sound(t)
}

// laterKeySet makes number 2 of the keys, long before they are due, and signs it.
func laterKeySet(t *testing.T, keys *authority.Authority) []byte {
	t.Helper()
	now := time.Now()
	next, due, err := keys.Next(keySetOf(t, keys), now, now.Add(authority.SigningTerm), authority.Due)
	if err != nil || !due {
		t.Fatalf("due %t, %v", due, err)
	}
	signed, err := trust.Assemble(next, []trust.Signature{keys.SignKeySet(next)})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}
