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
	"xietong/node/client"
	"xietong/node/join"
	"xietong/node/join/token"
	"xietong/node/text"
)

// door opens a socket that only dials, and returns what knocks at the city's door with it.
func (s *scene) door(t *testing.T) (knock func() join.Line) {
	t.Helper()
	socket, closeSocket, err := dialOnly(Options{Logger: slog.New(slog.DiscardHandler)}.withDefaults())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := closeSocket(); err != nil {
			t.Error(err)
		}
	})
	return func() join.Line {
		t.Helper()
		c, err := socket.Dial(t.Context(), s.city.node.packets.LocalAddr(), tlsconf.DialJoin(s.city.node.hosted[0].settings.Name))
		if err != nil {
			t.Fatal(err)
		}
		return join.Line{Conn: c}
	}
}

// told sends a request to the door and says what came of it: "ok", a code with its first value, or the reason of a reset.
// Where the door is busy it asks again.
func told(t *testing.T, c join.Asker, frame []byte) (said string) {
	t.Helper()
	until(t, func() bool {
		said = toldOnce(t, c, frame)
		return said != string(link.Busy)
	})
	return said
}

func toldOnce(t *testing.T, c join.Asker, frame []byte) string {
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

// codeOf is what an answer of the join protocol says.
func codeOf(t *testing.T, frame []byte) string {
	t.Helper()
	var a struct {
		_    struct{} `cbor:",toarray"`
		Code uint64
		Args []string
		Body []byte
	}
	if err := canon.Unmarshal(frame, join.MaxAnswerLen, &a); err != nil {
		return err.Error()
	}
	if a.Code == 0 {
		return "ok"
	}
	return string(text.ByNumber(uint16(a.Code)))
}

// asked is a request of the join protocol.
func asked(t *testing.T, op uint64, body any) []byte {
	t.Helper()
	return encoded(t, []any{op, encoded(t, body)})
}

// redemption is what the holder of the keys brings over the connection.
func redemption(t *testing.T, keys *authority.Authority, secret []byte, over join.Line) join.Redemption {
	t.Helper()
	signed, _, err := keys.FirstKeySet(1)
	if err != nil {
		t.Fatal(err)
	}
	binding, err := over.Binding()
	if err != nil {
		t.Fatal(err)
	}
	return join.Redemption{
		Child: keys.Name(), Secret: secret, KeySets: [][]byte{signed}, Replica: keys.Replica(),
		Possession: keys.SignLog(join.PossessionInput(binding, join.SecretHash(secret))),
	}
}

// TestHostileTokens holds what a person is told who comes with an invitation that is not, or no more, his.
func TestHostileTokens(t *testing.T) {
	s := newScene(t)
	good := invited(t, s.city.civil, "云岩区")
	taken := invited(t, s.city.civil, "花溪区")
	if _, err := Join(t.Context(), filepath.Join(t.TempDir(), "huaxi"), taken.Token, quiet()); err != nil {
		t.Fatal(err)
	}
	before := s.city.kinds(t)
	changed := func(line string, edit func(*token.Token)) string {
		parsed, err := token.Parse(line)
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
		"a secret of nobody": {changed(good.Token, func(v *token.Token) { v.Secret = token.NewSecret() }), text.InvitationUnknown, ""},
		"the secret of another": {changed(good.Token, func(v *token.Token) { v.Child = mustName(t, "wudang.guiyang.guizhou") }),
			text.ChildMismatch, "code=child-mismatch"},
		"another parent's keys": {changed(good.Token, func(v *token.Token) {
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
			s.city.log.wait(t, "level=ERROR", "somebody else came with an invitation", row.alarm)
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

// TestHostileDoor asks at the door for what is not for whoever asks.
func TestHostileDoor(t *testing.T) {
	s := newScene(t)
	knock := s.door(t)
	invitation := invited(t, s.city.civil, "云岩区")
	parsed, err := token.Parse(invitation.Token)
	if err != nil {
		t.Fatal(err)
	}
	thief := newKeys(t, "yunyan.guiyang.guizhou")
	here, there := knock(), knock()
	before := s.city.kinds(t)
	if got := told(t, there, asked(t, 3, redemption(t, thief, parsed.Secret, here))); got != string(text.NotPossessed) {
		t.Errorf("the signature of another connection: got %s", got)
	}
	s.city.log.wait(t, "level=ERROR", "somebody else came with an invitation", "code=not-possessed")
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
	posed, _, err := newKeys(t, name).FirstKeySet(1)
	if err != nil {
		t.Fatal(err)
	}
	cut := bytes.Clone(own[0][:len(own[0])-1])
	good := asked(t, 4, []any{name, 1, own})
	for what, row := range map[string]struct {
		frame []byte
		want  string
	}{
		"another's key sets":            {asked(t, 4, []any{name, 1, [][]byte{posed}}), "invitation-redeemed"},
		"another's behind the own":      {asked(t, 4, []any{name, 1, [][]byte{own[0], posed}}), "not-possessed"},
		"key sets of another name":      {asked(t, 4, []any{"yunyan.guiyang.guizhou", 1, own}), "not-endorsed"},
		"of whom nobody knows":          {asked(t, 4, []any{"kaiyang.guiyang.guizhou", 1, own}), "not-endorsed"},
		"of the city itself":            {asked(t, 4, []any{"guiyang.guizhou", 1, own}), "not-endorsed"},
		"of a namesake elsewhere":       {asked(t, 4, []any{"nanming.guizhou", 1, own}), "not-endorsed"},
		"none":                          {asked(t, 4, []any{name, 1, [][]byte{}}), "not-possessed"},
		"one cut short":                 {asked(t, 4, []any{name, 1, [][]byte{cut}}), "not-possessed"},
		"the same twice":                {asked(t, 4, []any{name, 1, [][]byte{own[0], own[0]}}), "not-possessed"},
		"ten thousand":                  {asked(t, 4, []any{name, 1, slicesOf(10_000)}), "not-possessed"},
		"more than a request holds":     {asked(t, 4, []any{name, 1, slicesOf(join.MaxRequestLen)}), "bad-request"},
		"half a body":                   {encoded(t, []any{4, encoded(t, []any{name, 1, own})[:40]}), "bad-request"},
		"half a frame":                  {good[:len(good)/2], "bad-request"},
		"a frame and a byte":            {append(bytes.Clone(good), 0), "bad-request"},
		"no operation":                  {encoded(t, []any{0, []byte{}}), "bad-request"},
		"an operation to come":          {encoded(t, []any{5, []byte{}}), "bad-request"},
		"a redemption of nothing":       {encoded(t, []any{3, []byte{}}), "bad-request"},
		"what the county may ask":       {good, "ok"}, // key sets vouch for themselves, whoever brings them
		"the same again":                {good, "ok"},
		"the time":                      {encoded(t, []any{1, []byte{}}), "ok"},
		"a message, which is for links": {append([]byte{0x85}, good...), "bad-request"},
	} {
		if got := told(t, there, row.frame); got != row.want {
			t.Errorf("%s: got %s, want %s", what, got, row.want)
		}
	}
	in := s.insider(t)
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

// slicesOf returns n empty byte strings.
func slicesOf(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = []byte{}
	}
	return all
}

// TestHostileLaterKeySet has an insider publish a key set of its own with the county's log key. The city must take it; the
// county is told loudly, and what it had is not believed any more.
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
	name := "nanming.guiyang.guizhou"
	if got := told(t, c, asked(t, 4, []any{name, 1, [][]byte{own[0], later}})); got != "ok" {
		t.Fatalf("a later key set: got %s", got)
	}
	s.city.grew(t, before, map[string]int{"endorsement": 1})
	if got := told(t, c, asked(t, 4, []any{name, 1, own})); got != string(text.KeySetOld) {
		t.Errorf("the one before: got %s, want %s", got, text.KeySetOld)
	}
	s.county.reopen(t)
	s.county.log.wait(t, "level=ERROR", "parent vouches for other keys under our name")
	s.city.grew(t, before, map[string]int{"endorsement": 1})
	s.sound(t)
}

// TestHostileGarbage sends ten thousand requests of noise to the door, on one connection after another. Each is refused, most
// of them because there are so many; nothing is recorded, and whoever is invited gets in.
func TestHostileGarbage(t *testing.T) {
	s := newScene(t)
	knock := s.door(t)
	invitation := invited(t, s.city.civil, "云岩区")
	before := s.city.kinds(t)
	noise := make([]byte, 4096)
	seen := map[string]int{}
	var c join.Line
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
		if _, err = Join(ctx, dir, invitation.Token, quiet()); err == nil {
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
	next, due, err := keys.Next(keySetOf(t, keys), now, now.Add(authority.SigningTerm))
	if err != nil || !due {
		t.Fatalf("due %t, %v", due, err)
	}
	signed, err := trust.Assemble(next, []trust.Signature{keys.SignKeySet(next)})
	if err != nil {
		t.Fatal(err)
	}
	return signed
}
