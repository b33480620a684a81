package join

import (
	"errors"
	"strings"
	"testing"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/node/ground/text"
	"xietong/node/tree/door"
	"xietong/node/tree/invitation"
	"xietong/node/tree/treetest"
)

// TestParentRefusesInFewWords (S36d): whoever invited answers with a proof of who it is, and then
// refuses with codes from the whole table and values of its choice. Nothing of that is told but
// that the parent's answer has another form.
func TestParentRefusesInFewWords(t *testing.T) {
	const bait = "xietong keys revoke --yes"
	city := treetest.New(t, "guiyang.guizhou")
	pin := city.MustPin(t)
	child, err := identity.ParseJurisdiction("nanming.guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	a := &attempt{t: invitation.Token{Parent: pin, Root: pin, Child: child, DisplayName: "南明区"}, o: Options{Now: city.Clock}}
	refuse := func(code text.Code, values text.Args) *text.Failure {
		a.line = knocks(t, city, func([]byte) ([]byte, error) {
			return canon.Marshal([]any{uint64(text.Number(code)), append([]string{}, text.Values(code, values)...), []byte{}})
		})
		_, err := door.AskEpoch(t.Context(), a.line, a.t.Child, a.t.Secret)
		f, ok := errors.AsType[*text.Failure](a.named(refusedBy(pin.Name(), err)))
		if !ok {
			t.Fatalf("%s: got %v", code, err)
		}
		return f
	}
	for code, values := range map[text.Code]text.Args{
		text.GrantNeeded: {"give": bait}, text.StateDamaged: {"file": "state.db"}, text.Overloaded: {"seconds": bait}, text.KeysObjected: {}, text.InvitationExpired: {"name": bait},
	} {
		f := refuse(code, values)
		if e := text.Explain(text.Zh, f.Code, f.Args); f.Code != text.AnswerRefused || strings.Contains(e.What+e.Where+e.Do, "xietong") {
			t.Errorf("%s: got %s, %+v", code, f.Code, e)
		}
	}
	if f := refuse(text.Overloaded, text.Args{"seconds": "2"}); f.Code != text.Overloaded || strings.Contains(text.Explain(text.Zh, f.Code, f.Args).Where, "本节点") {
		t.Errorf("busy: got %v", f)
	}
	if f := refuse(text.InvitationExpired, text.Args{"name": "南明区", "jurisdiction": "guiyang.guizhou"}); f.Code != text.InvitationExpired {
		t.Errorf("an invitation that ended: got %v", f)
	}
}
