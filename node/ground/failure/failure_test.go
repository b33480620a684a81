package failure

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/exchange/relay"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

func guiyang(t *testing.T) identity.Jurisdiction {
	t.Helper()
	j, err := identity.ParseJurisdiction("guiyang.guizhou")
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// TestTold checks that every error becomes a row of the table, and that no detail of the machine
// crosses the link.
func TestTold(t *testing.T) {
	ledgerTime := time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)
	for what, row := range map[string]struct {
		err  error
		code text.Code
		args []string
	}{
		"a failure": {text.Fail(text.NotShared, text.Args{"dataset": "d", "citation": "c"}, errors.New("x")), text.NotShared, []string{"d", "c"}},
		"a refusal": {fmt.Errorf("x: %w", &state.Refusal{Code: 26, Args: []string{"g", "d", "e", "p", "n", "c"}}), text.GrantRevoked, []string{"g", "d", "e", "p", "n", "c"}},
		"an id":     {&state.Refusal{Code: state.CodeSeen}, text.IDSeen, []string{}},
		"a full disk": {
			fmt.Errorf("x: %w", &group.SpaceError{Dir: "secret folder", Free: 1 << 20, Needed: 64 << 20}), text.DiskFull,
			[]string{"", "1 MiB", "64 MiB"},
		},
		"a clock": {
			&host.ClockError{Ahead: -7 * time.Minute, Ledger: ledgerTime, Beyond: true}, text.ClockSetBack,
			[]string{"7m0s", "2026-11-24T01:00:00Z"},
		},
		"ended keys": {
			fmt.Errorf("sign act: %w", &host.EndedError{In: guiyang(t)}), text.KeysEnded, []string{"guiyang.guizhou"},
		},
		"ended keys, in question": {
			fmt.Errorf("sign act: %w", &host.EndedError{In: guiyang(t), Questioned: &host.QuestionError{}}), text.KeysEndedAsked, []string{"guiyang.guizhou"},
		},
		"no room":         {fmt.Errorf("secret: %w: %w", group.ErrNotDone, group.ErrBusy), text.Overloaded, []string{"2"}},
		"most away":       {fmt.Errorf("secret: %w: %w", group.ErrNotDone, &host.NoLeaderError{In: guiyang(t)}), text.NoLeader, []string{guiyang(t).String()}},
		"not done":        {fmt.Errorf("secret: %w", group.ErrNotDone), text.NotReady, []string{"not done"}},
		"nobody knows":    {fmt.Errorf("secret: %w", group.ErrUnknownOutcome), text.OutcomeUnknown, nil},
		"too late":        {fmt.Errorf("secret: %w", context.DeadlineExceeded), text.NotReady, []string{"late"}},
		"anything else":   {errors.New("secret"), text.Internal, []string{}},
		"an unknown code": {&state.Refusal{Code: 60000, Args: []string{"secret"}}, text.Internal, []string{}},
		"a form":          {Malformed(errors.New("secret")), text.BadRequest, []string{"parameters", "another form"}},
		"an answer":       {Unreadable(guiyang(t), errors.New("secret")), text.AnswerRefused, []string{"guiyang.guizhou", "another form"}},
	} {
		code, args := Told(row.err)
		if code != text.Number(row.code) || !slices.Equal(args, row.args) {
			t.Errorf("%s: got %d %q, want %d %q", what, code, args, text.Number(row.code), row.args)
		}
		if Of(row.err).Code != row.code || !Is(row.err, text.NotFound, row.code) || Is(row.err, text.NotFound) {
			t.Errorf("%s: got %v, want %s", what, Of(row.err), row.code)
		}
	}
	if Is(nil, text.Internal) {
		t.Error("no error is a refusal")
	}
}

// TestOwnFaultsAreNotTold checks that a person reads which value or command of this node is at
// fault, and that another jurisdiction does not.
func TestOwnFaultsAreNotTold(t *testing.T) {
	for want, err := range map[text.Code]error{
		text.ValueUnreadable: fmt.Errorf("x: %w", &state.UnreadableError{Bucket: "children", Key: []byte{1}}),
		text.CommandFailed:   fmt.Errorf("x: %w", &state.Refusal{Code: state.CodeFailed, Args: []string{"5"}}),
	} {
		if got := Of(err).Code; got != want {
			t.Errorf("a person reads %s, want %s", got, want)
		}
		if code, args := Told(err); text.ByNumber(code) != text.Internal || len(args) > 0 {
			t.Errorf("another jurisdiction is told %d %q", code, args)
		}
	}
}

// TestOf checks that a person reads the refusal of another jurisdiction with its values, and the
// numbers of a full disk.
func TestOf(t *testing.T) {
	refusal := Of(fmt.Errorf("ask: %w", &relay.Problem{At: guiyang(t), Code: 76, Args: []string{"guiyang.guizhou", "no-link"}}))
	if refusal.Code != text.Unreachable || refusal.Args["reason"] != "no-link" {
		t.Errorf("a problem of a call: got %v", refusal)
	}
	full := Of(fmt.Errorf("x: %w", &group.SpaceError{Dir: "folder", Free: 1 << 20, Needed: 64 << 20}))
	if full.Code != text.DiskFull || full.Args["dir"] != "folder" {
		t.Errorf("a full disk: got %v", full)
	}
	damaged := Of(fmt.Errorf("x: %w", &state.DamageError{File: "state.db", Err: errors.New("a page")}))
	if damaged.Code != text.StateDamaged || damaged.Args["file"] != "state.db" {
		t.Errorf("a damaged file: got %v", damaged)
	}
	cause := &relay.Problem{At: guiyang(t), Code: 76}
	if got := Of(text.Fail(text.NoStandard, nil, cause)); got.Code != text.NoStandard {
		t.Errorf("what was told of a problem: got %v, want %s", got, text.NoStandard)
	}
	for what, cause := range map[string]error{
		"a failure": text.Fail(text.Unreachable, nil, nil),
		"a refusal": &state.Refusal{Code: state.CodeSeen},
	} {
		problem := &relay.Problem{At: guiyang(t), Code: 80, Args: []string{"guiyang.guizhou", "keys not found"}, Err: cause}
		if got := Of(fmt.Errorf("ask: %w", problem)); got.Code != text.AnswerRefused || got.Args["reason"] != "keys not found" {
			t.Errorf("a problem that %s caused: got %v", what, got)
		}
	}
	_, err := identity.ParseJurisdiction("Not a name")
	if got := Of(err); got.Code != text.BadRequest {
		t.Errorf("a name that is none: got %v, want %s", got, text.BadRequest)
	}
}

// TestHostileTexts (S36): a neighbour refuses, by each row of the table, with values that would
// move the cursor of a terminal, turn the direction of what follows, begin a line, or fill the
// screen. A person reads them as what they are, and in bounds.
func TestHostileTexts(t *testing.T) {
	hostile := "\x1b[2J\u009b1A\r\nok\u202egnp.\u2066\u2028\u2029\u200b\ufeff\xff" + strings.Repeat("长", 1<<14)
	for number := range uint16(200) {
		err := &relay.Problem{At: guiyang(t), Code: number, Args: slices.Repeat([]string{hostile}, 16)}
		f := Of(err)
		for _, l := range []text.Lang{text.Zh, text.En} {
			e := text.Explain(l, f.Code, f.Args)
			for _, said := range []string{e.Title, e.What, e.Where, e.Do, text.T(l, f.Code, f.Args)} {
				if len(said) > 16<<10 || !utf8.ValidString(said) || strings.ContainsFunc(said, func(r rune) bool {
					return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
				}) {
					t.Fatalf("%s: %d bytes are shown as they came: %.100q", f.Code, len(said), said)
				}
			}
		}
	}
}

// TestSignedBy: whose fault an error is, is told by who signed what came, however it was wrapped;
// of every other error nobody is certain.
func TestSignedBy(t *testing.T) {
	city := guiyang(t)
	for what, row := range map[string]struct {
		err  error
		want identity.Jurisdiction
	}{
		"a result":         {fmt.Errorf("ask: %w", Unreadable(city, errors.New("x"))), city},
		"an answer":        {fmt.Errorf("ask: %w", &relay.Problem{SignedBy: city}), city},
		"a refusal":        {&relay.Problem{At: city}, identity.Jurisdiction{}},
		"a failure":        {text.Fail(text.AnswerRefused, text.Args{"jurisdiction": city.String()}, nil), identity.Jurisdiction{}},
		"an error of ours": {errors.New("x"), identity.Jurisdiction{}},
		"none":             {nil, identity.Jurisdiction{}},
	} {
		if got := SignedBy(row.err); got != row.want {
			t.Errorf("%s: got %q, want %q", what, got, row.want)
		}
	}
}
