package node

// The attacks and mishaps that a node must meet with a clear error and without loss, and the tests
// that check this. The tests named Hostile attack real nodes over loopback, from a socket of their
// own; the others are named with their room.
//
//	tokens      malformed, mistyped, replaced, clocks       TestJoinIsRefused; node/tree/invitation:
//	            apart, nobody there                         TestEveryCharacterCounts, TestRefused,
//	                                                        FuzzParse
//	            of nobody, of another, ended, redeemed      TestHostileTokens; node/tree:
//	                                                        TestInvitationIsForOne,
//	                                                        TestInvitationEnds
//	joining     signature of another connection, key sets   TestHostileDoor; node/tree:
//	            of others, old, cut short, again, long      TestInvitationIsForOne, TestPresent;
//	            lists                                       node/tree/door: TestDoorAnswersNonsense,
//	                                                        FuzzDoor
//	            key sets too long to be kept                node/tree: TestKeySetsTooLong
//	            a later key set made with copied keys       TestHostileLaterKeySet
//	            a flood                                     TestHostileGarbage; exchange/link:
//	                                                        TestFloodAtTheDoor,
//	                                                        TestFloodOfHandshakes, TestDoorIsBounded
//	            killed after every step                     TestJoinKilledAfterEveryStep
//	            a parent that is another                    node/tree/door:
//	                                                        TestMeetRefusesStrangers,
//	                                                        TestMeetRefusesWhatHasEnded
//	handshakes  own CA, another's name, ended, SNI, ALPN    TestHostileHandshakes; certs/tlsconf:
//	                                                        TestStrangersAreRefused,
//	                                                        TestDiallersRefuse, TestProtocols,
//	                                                        TestNothingIsResumed
//	hellos      none, malformed, too long, slow             exchange/link: TestHostileDiallers
//	frames      too long, cut short, silent, no CBOR        TestHostileFrames; exchange/link:
//	                                                        FuzzReadFrame; certs/canon:
//	                                                        FuzzUnmarshal; exchange/envelope:
//	                                                        FuzzDecode
//	            hundreds at once                            TestHostileMany; exchange/relay:
//	                                                        TestTooManyAtOnce
//	messages    origin, key, time, way, life, hops          TestHostileMessages; exchange/relay:
//	                                                        TestRefused
//	            any byte                                    TestHostileBytes; exchange/relay:
//	                                                        TestEveryByteOfARequest
//	            parameters                                  node/business/records: TestMalformedCalls,
//	                                                        FuzzParameters
//	            again, also after a restart                 TestHostileReplay; node/flows/calls:
//	                                                        TestReplayed
//	answers     to another request, forged, in the clear    TestHostileAnswers; exchange/relay:
//	                                                        TestAnswers, TestEveryByteOfAnAnswer
//	            proven, and of another form                 node/flows/calls: TestUnreadableAnswers;
//	                                                        node/business/records: FuzzResults
//	neighbours  withdrawn or expired while linked           TestHostileWithdrawn, TestHostileExpired
//	secrecy     in files and logs, from near and from afar  TestNothingInClear, TestHostileCanary

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"xietong/certs/identity"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// canaries are words in the records, requests, answers and refusals below. No file and no log may
// hold them in clear.
var canaries = []string{"金丝雀", "5201027766", "canary"}

// TestHostileCanary puts a word into records, keys, parameters, applications and reasons, has it
// asked for here and from afar, refused and mistaken, and sent by an attacker. It stands in no file
// of either node, and in no line of either log.
func TestHostileCanary(t *testing.T) {
	s := newScene(t)
	city, county := s.city, s.county
	secret := client.Use{Purpose: "statistics", Basis: "金丝雀依据", Scenario: "金丝雀场景", Scope: "金丝雀范围", Method: "金丝雀方式", Until: use.Until}
	must(t)(county.civil.PutRecord(t.Context(), "villages", client.PutRecord{
		Record: json.RawMessage(`{"code":"520102776601","name":"金丝雀甲","township":"金丝雀乡"}`),
	}))
	must(t)(county.civil.ImportRecords(t.Context(), client.Import{
		Dataset: "villages", Missing: client.MissingClear, File: strings.NewReader("code,name,township\n520102776602,金丝雀乙,金丝雀乡\n"),
	}))
	township := map[string]json.RawMessage{"township": json.RawMessage(`"金丝雀乡"`)}
	for _, row := range []struct {
		from *client.Client
		at   string
	}{{county.water, ""}, {city.water, "南明区"}} {
		ask := func(q client.Query) (client.Answer, error) {
			q.At, q.Dataset, q.Use = row.at, "villages", secret
			return row.from.Query(t.Context(), q)
		}
		got, err := ask(client.Query{Where: township, Filter: `name != "金丝雀丁"`})
		if err != nil || len(got.Rows) != 2 || !bytes.Contains(got.Rows[0], []byte("金丝雀")) {
			t.Fatalf("at %q: got %s, %v", row.at, got.Rows, err)
		}
		must(t)(ask(client.Query{Key: "520102776601"}))
		verdict, err := row.from.Verify(t.Context(), client.Verification{
			At: row.at, Dataset: "villages", Key: "520102776601", Field: "name", Value: json.RawMessage(`"金丝雀甲"`), Use: secret,
		})
		if err != nil || verdict.Answer != client.AnswerYes {
			t.Errorf("at %q: got %+v, %v", row.at, verdict, err)
		}
		_, err = ask(client.Query{Filter: `name == "金丝雀`})
		refused(t, err, text.FilterMalformed)
		_, err = ask(client.Query{Filter: `canary == "金丝雀"`})
		refused(t, err, text.FilterMalformed)
		_, err = ask(client.Query{Fields: []string{"金丝雀"}})
		refused(t, err, text.UnknownField)
		_, err = ask(client.Query{Cursor: "金丝雀"})
		refused(t, err, text.BadCursor)
		_, err = row.from.Query(t.Context(), client.Query{At: row.at, Dataset: "villages", Use: client.Use{Purpose: "canary"}})
		refused(t, err, text.UnknownPurpose)
		_, err = row.from.Query(t.Context(), client.Query{At: row.at, Dataset: "canary", Use: secret})
		refused(t, err, text.UnknownDataset)
		_, err = row.from.Verify(t.Context(), client.Verification{
			At: row.at, Dataset: "villages", Key: "520102776601", Field: "金丝雀", Value: json.RawMessage(`"金丝雀"`), Use: secret,
		})
		refused(t, err, text.UnknownField)
		must(t)(county.civil.RevokeGrant(t.Context(), indexOf(t, got.Grant), client.Revocation{Reason: "金丝雀缘由"}))
		_, err = ask(client.Query{Key: "520102776601"})
		refused(t, err, text.GrantRevoked)
	}
	_, err := city.water.Query(t.Context(), client.Query{At: "金丝雀区", Dataset: "villages", Key: "520102776601", Use: secret})
	refused(t, err, text.JurisdictionUnknown)
	_, err = county.civil.PutRecord(t.Context(), "villages", client.PutRecord{Record: json.RawMessage(`{"code":"金丝雀","name":"金丝雀"}`)})
	refused(t, err, text.SchemaRejected)
	must(t)(county.civil.RetractRecord(t.Context(), "villages", client.Retraction{Key: "520102776602", Reason: "金丝雀撤下"}))
	withdrawn(t, city.civil, "南明区", "金丝雀撤回")
	s.canaryOverTheLink(t)
	s.sound(t)
	s.silent(t)
}

// canaryOverTheLink has an attacker send the word, in signed requests and in bytes that are no
// request.
func (s *scene) canaryOverTheLink(t *testing.T) {
	t.Helper()
	if _, err := Join(t.Context(), filepath.Join(t.TempDir(), "yunyan"), invited(t, s.city.civil, "云岩区").Token, quiet()); err != nil {
		t.Fatal(err)
	}
	invitation := invited(t, s.city.civil, "南明区") // the county comes back with the keys that it had
	s.county.stop()
	if _, err := Join(t.Context(), s.county.dir, invitation.Token, quiet()); err != nil {
		t.Fatal(err)
	}
	in := s.insider(t)
	q := in.link(t)
	for what, edit := range map[string]func(*letter){
		"an operation":  func(l *letter) { l.call.Operation = mustLabel(t, "canary") },
		"a purpose":     func(l *letter) { l.call.Purpose = mustLabel(t, "canary") },
		"no parameters": func(l *letter) { l.call.Parameters = []byte("金丝雀") },
		"no content":    func(l *letter) { l.Content = []byte("金丝雀") },
		"a person":      func(l *letter) { l.call.Person, l.call.Agency = []byte("金丝雀"), identity.Label{} },
	} {
		l := in.letter(t)
		edit(l)
		if got := in.ask(t, q, l.frame(t)); strings.HasPrefix(got, "served ") {
			t.Errorf("%s: got %s", what, got)
		}
	}
	for _, data := range [][]byte{framed(nil, []byte("金丝雀")), framed(nil, encoded(t, []any{4, []byte("金丝雀")})), framed(framed(nil, nil), []byte("金丝雀"))} {
		_, _ = exchange(t, q, data) // how each is refused is TestHostileFrames's and TestHostileDoor's
	}
}

// silent demands that none of the canaries stands in any file of either node, or in its log.
func (s *scene) silent(t *testing.T) {
	t.Helper()
	for _, o := range []*town{s.city, s.county} {
		files := map[string][]byte{"the log of " + filepath.Base(o.dir): []byte(o.log.String())}
		err := filepath.WalkDir(o.dir, func(path string, e fs.DirEntry, err error) error {
			if err != nil || !e.Type().IsRegular() {
				return err
			}
			files[path], err = os.ReadFile(path)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(files) < 10 {
			t.Errorf("%d files were searched", len(files))
		}
		for path, data := range files {
			for _, canary := range canaries {
				if at := bytes.Index(data, []byte(canary)); at >= 0 {
					t.Errorf("%s holds %s in clear: %q", path, canary, data[max(0, at-200):min(len(data), at+200)])
				}
			}
		}
	}
}
