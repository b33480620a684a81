package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// fakeNode answers as a node would, and remembers the requests.
type fakeNode struct {
	given string                           // of the last request
	asked []string                         // method, path and body of each request
	as    []string                         // jurisdiction and agency of each request
	in    map[string]func(body []byte) any // answers instead of the usual ones, by method and path
	lines []client.ImportProgress          // of an import
	lined []any                            // the answer of many
	bad   []client.BadRow                  // of an import
	shown client.ImportCheck               // the effect of an import
	done  client.Imported                  // of an import; zero: three rows
	ends  bool                             // the answer to an import ends before its last line
	fail  map[string]client.Problem        // refusals, by method and path
	wild  func(http.ResponseWriter) bool   // answers in place of the fake node

	query func(key string, body []byte) (client.Answer, *client.Problem) // answers queries
}

const log = "nanming.guiyang.guizhou/log/1/"

var schema = json.RawMessage(`{"type":"object","properties":{
	"code":{"type":"string","title":"编码"},"name":{"type":"string","title":"名称"},"households":{"type":["integer","null"],"title":"户数"},
	"urban":{"type":"boolean"}}}`)

var villages = client.Dataset{
	NewDataset: client.NewDataset{
		Code: "villages", Title: "村（居）委会名录", Agency: "civil-affairs", Category: client.Unconditional,
		Purposes: []client.Purpose{{Code: "residence-check", Title: "居住地核验"}, {Code: "census", Title: "普查"}},
		Schema:   schema, Key: "code", Indexed: []string{"name", "urban"}, NotSecret: true, UpdateCycle: "yearly",
	},
	Version: 2, Entry: log + "4",
}

// ofMany is what many answered, one of them at too great length, with all that can be amiss.
var ofMany = client.FederatedAnswer{
	Total: 12, Members: 7, Answered: 2, Roster: 1, Asked: log + "31", Audited: []string{"guiyang.guizhou"},
	Groups: []client.Group{
		{Values: []client.GroupValue{{Value: json.RawMessage("true")}}, Count: 7}, {Suppressed: true, Count: 2},
		{Others: &client.GroupValue{Value: json.RawMessage(`"yunyan.guiyang.guizhou"`), Title: "云岩区"}, Count: 3},
	},
	Missing: []client.MissingMember{
		{Title: "观山湖区", State: client.StateRefused, By: "观山湖区", Itself: true, Why: "不予共享"},
		{Title: "花溪区", State: client.StateRefused, By: "贵阳市", Why: "花溪区给出的汇总结果自相矛盾，没有计入"},
		{Title: "乌当区", State: client.StateRefused, By: "乌当区", Itself: true, Code: "keys-changed", Why: "贵州省在 2026-11-27 10:00:00 +08:00 之前不采信"},
		{Title: "修文县", State: client.StateNotOffered, By: "修文县", Itself: true},
		{Title: "开阳县", State: client.StateUnreachable, By: "贵阳市", LastHeard: "2026-11-24T02:10:00Z"},
	},
	LeftOut: []client.LeftOut{
		{Name: "nanming.guiyang.guizhou", Title: "南明区", Incomparable: 9, Of: 40},
		{Name: "yunyan.guiyang.guizhou", Title: "云岩区", Incomparable: 3, Unreadable: 1, Of: 360},
	},
	Beside: []client.Beside{
		{Title: "贵安新区", Records: client.Group{Count: 5}, Proven: true}, {Title: "x.guiyang.guizhou", Records: client.Group{Count: 9}},
	},
	Titles: map[string]string{
		"guiyang.guizhou": "贵阳市", "nanming.guiyang.guizhou": "南明区", "yunyan.guiyang.guizhou": "云岩区", "huaxi.guiyang.guizhou": "花溪区",
		"baiyun.guiyang.guizhou": "白云区",
	},
	Leaves: []string{"nanming.guiyang.guizhou"}, Unseen: []string{"yunyan.guiyang.guizhou"}, Again: []string{"yunyan.guiyang.guizhou"},
	Nobodys:    []client.Lie{{By: "baiyun.guiyang.guizhou", Kind: client.NobodysKey, About: "x.baiyun.guiyang.guizhou"}},
	StatusAsOf: "2026-11-24T01:40:00Z",
	Themselves: []string{"kaiyang.guiyang.guizhou"},
	Lies:       []client.Lie{{By: "huaxi.guiyang.guizhou", Kind: "does-not-add", Proven: true}},
}

// believed is what others say of the keys, with all that can be amiss.
var believed = client.Check{
	Asked: []client.Asked{
		{Name: "guizhou", DisplayName: "贵州省", Relation: client.AskedGrandparent, At: "2026-11-24T01:50:00Z", Outcome: client.BelievesOthers, Number: 1, Fingerprint: "9F86 D081 884C 7D65 9A2F EAA0"},
		{Name: "zunyi.guizhou", DisplayName: "遵义市", Relation: client.AskedOther, At: "2026-11-24T01:20:00Z", Outcome: client.BelievesOurs, Number: 2, Fingerprint: "B2B2 B2B2 B2B2 B2B2 B2B2 B2B2"},
		{Name: "bijie.guizhou", DisplayName: "毕节市", Relation: client.AskedOther, At: "2026-11-24T00:20:00Z", Outcome: client.UnknownSigner},
		{Name: "anshun.guizhou", DisplayName: "安顺市", Relation: client.AskedOther, At: "2026-11-23T23:20:00Z", Outcome: client.OtherRecipient},
		{Name: "guiyang.guizhou", DisplayName: "贵阳市", Relation: client.AskedParent, At: "2026-11-23T22:20:00Z", Outcome: client.SaysNothing, Why: "late"},
	},
	Alarms: []client.Alarm{
		{Code: "endorsement-stale", Args: map[string]string{"name": "贵阳市", "since": "2026-11-22T01:00:00Z"}},
		{Code: "keys-believed-other", By: "guizhou", Args: map[string]string{"name": "贵州省", "believed": "9F86 D081 884C 7D65 9A2F EAA0", "own": "B2B2 B2B2 B2B2 B2B2 B2B2 B2B2", "since": "2026-11-24T01:50:00Z"}},
		{Code: "keys-unconfirmed", By: "guizhou", Args: map[string]string{"name": "贵州省", "since": "2026-11-23T01:50:00Z"}},
		{Code: "keys-believed-other", By: "bijie.guizhou", Lead: true, Args: map[string]string{"name": "毕节市", "believed": "other keys", "own": "B2B2 B2B2 B2B2 B2B2 B2B2 B2B2", "since": "2026-11-24T00:20:00Z"}},
	},
	Alone: true, Unvouched: "2026-11-27T01:50:00Z",
}

// audited is an account with one line of each kind.
var audited = func() (all client.Audits) {
	p := client.OpenPoint{
		Asked: log + "31", Agency: "civil-affairs", Name: "yunyan.guiyang.guizhou", Title: "云岩区", Since: "2026-11-24T02:10:00Z", Until: "2026-11-25T02:10:00Z",
	}
	all.Open = []client.OpenPoint{p}
	for _, outcome := range []string{client.FoundAudited, client.FoundLied, client.FoundWithheld, client.FoundUnproven, client.FoundUnreached} {
		f := client.Finding{OpenPoint: p, Outcome: outcome, At: "2026-11-25T02:10:00Z", Entry: log + "40"}
		switch outcome {
		case client.FoundLied:
			f.Lies = []client.Lie{{By: "yunyan.guiyang.guizhou", Kind: "dropped", About: "x.yunyan.guiyang.guizhou", Proven: true}}
		case client.FoundWithheld:
			f.Why = "云岩区未在规定时间内答复"
		}
		all.Findings = append(all.Findings, f)
	}
	all.Titles = map[string]string{"yunyan.guiyang.guizhou": "云岩区"}
	unjudged := p
	unjudged.Said = "贵州省在 2026-11-27 10:00:00 +08:00 之前不采信"
	all.Open = append(all.Open, unjudged)
	p.By, p.State = "贵阳市", client.StateUnreachable
	all.Open = append(all.Open, p)
	for _, outcome := range []string{client.FoundAnswered, client.FoundGone, client.FoundNotAsked, client.FoundNotUp, client.FoundSilent} {
		f := client.Finding{OpenPoint: p, Outcome: outcome, At: "2026-11-25T02:10:00Z", Entry: log + "41"}
		all.Findings = append(all.Findings, f)
	}
	p.By, p.Itself, p.State, p.Said = "云岩区", true, client.StateLate, "提出方等候 10000 毫秒，贵阳市转给云岩区时只剩 0 毫秒，未及办理"
	all.Findings = append(all.Findings, client.Finding{OpenPoint: p, Outcome: client.FoundDeclined, At: "2026-11-25T02:10:00Z", Entry: log + "42"})
	return all
}()

// ofCounties is a saved question for many, of which two months are kept.
var ofCounties = client.SavedQuestion{
	Question: client.Question{Name: "各县户数", Query: client.Query{
		At: "**.贵阳市", Dataset: "villages", Measure: &client.Measure{Function: client.MeasureCount, By: []string{"urban"}},
		Where: map[string]json.RawMessage{"name": json.RawMessage(`"观水社区"`)}, Use: client.Use{Purpose: "census", Until: "2027-12-31T15:59:59Z"},
	}},
	Entry: log + "50", Saved: "2026-09-24T02:10:00Z", Kept: []client.KeptResult{{Month: "2026-09", Entry: log + "51"}, {Month: "2026-10", Entry: log + "52"}},
}

var one, two uint64 = 1, 2

// run is the answer to a saved question: of many, whose coverage changed, or of one.
func run(body []byte) any {
	if strings.Contains(string(body), "各县户数") {
		many := ofMany
		return client.QuestionRun{Question: ofCounties.Question, Many: &many, Kept: log + "54", Compared: &client.Comparison{
			Month: "2026-10", Came: []string{"云岩区"}, Gone: []string{"观山湖区", "花溪区"},
			Before: client.Figure{Total: 10, Members: 7, Answered: 3}, Now: client.Figure{Total: 12, Members: 7, Answered: 2},
		}}
	}
	q := client.Question{Name: "户数", Query: client.Query{Dataset: "villages", Measure: &client.Measure{Function: client.MeasureSum, Field: "households"}}}
	return client.QuestionRun{
		Question: q, Kept: log + "55",
		Answer: &client.Answer{Count: 3, Access: log + "31", Whole: &client.Group{Count: 3, With: 2, Amount: "1250"}},
		Compared: &client.Comparison{
			Month: "2026-10", Same: true, Before: client.Figure{Total: 2, Amount: "1200"}, Now: client.Figure{Total: 3, Amount: "1250"},
			Total: "+1", Amount: "+50", VersionBefore: 1, Version: 2,
			SameLeftOut: true,
			Groups: []client.Change{
				{Values: []json.RawMessage{json.RawMessage(`"城镇"`)}, Before: &one, Now: &two, Count: "+1", AmountBefore: "1000", AmountNow: "1050", Amount: "+50"},
				{Values: []json.RawMessage{json.RawMessage("null")}, Now: &one, AmountNow: "200"},
			},
		},
	}
}

// answers are the usual answers, by method and path.
var answers = map[string]any{
	"GET /v1/status": client.Status{Version: "v1.2.3", PID: 4711, Since: "2026-11-20T22:58:00Z", Now: "2026-11-24T02:00:00Z", Data: "D", Disk: client.Disk{Used: 12 << 20, Free: 40 << 30, Reserve: 64 << 20}, Listen: "0.0.0.0:7400", Settings: client.Settings{TimeZone: "Asia/Shanghai",
		Listen: "0.0.0.0:7400", Jurisdictions: []client.HostedSettings{{Name: "nanming.guiyang.guizhou", DisplayName: "贵阳市南明区", Code: "520102", Level: "county"}},
	}, Jurisdictions: []client.JurisdictionStatus{{
		Name: "nanming.guiyang.guizhou", DisplayName: "贵阳市南明区", Code: "520102", Level: "county", Replica: "r1",
		Pin: "nanming.guiyang.guizhou/keys/1/" + strings.Repeat("ab", 32), Log: "nanming.guiyang.guizhou/log/1", TreeSize: 31,
		Root: strings.Repeat("cd", 32), CheckpointSize: 30, Leader: true, Agencies: 2, Datasets: 1,
		Alarms:    []client.Trouble{{Code: "state-damaged", Args: map[string]string{"file": "/var/lib/xietong/j/nanming.guiyang.guizhou/state.db"}}},
		Check:     client.Check{Asked: believed.Asked, Alarms: believed.Alarms[:1]},
		LastEntry: "2026-11-24T01:59:50Z", Uncovered: "2026-11-24T01:59:50Z", ParentAddresses: []string{"192.0.2.1:7400"},
		Parent: &client.Neighbour{Name: "guiyang.guizhou", DisplayName: "贵阳市", State: client.ChildJoined, LastHeard: "2026-11-24T01:59:00Z", Why: "no-answer"},
		Children: []client.Neighbour{
			{DisplayName: "新华路街道", State: client.ChildInvited}, {DisplayName: "旧街道", State: client.ChildWithdrawn},
			{DisplayName: "西湖路街道", State: client.ChildJoined, Linked: true, LinkedSince: "2026-11-24T01:00:00Z"},
			{DisplayName: "水口寺街道", State: client.ChildJoined, LastHeard: "2026-11-24T01:59:00Z"}, {DisplayName: "中华南路街道", State: client.ChildJoined},
		},
		Ends: []client.Ending{
			{What: client.EndsSigning, At: "2027-11-23T02:00:00Z", Renews: "2027-05-24T02:00:00Z"},
			{What: client.EndsEndorsement, At: "2026-12-24T01:00:00Z", Renews: "2026-11-25T01:00:00Z"},
			{What: client.EndsStanding, At: "2026-11-24T02:05:00Z"},
		},
	}}},
	"GET /v1/ledger/checkpoint": client.Checkpoint{
		Log: "nanming.guiyang.guizhou/log/1", Size: 30, Root: "cdcd",
		Note:  "nanming.guiyang.guizhou/log/1\n30\nzc0=\n\n— nanming.guiyang.guizhou/log/1 AAAA\n",
		Keys:  []client.VerifierKey{{Replica: "r1", Key: "nanming.guiyang.guizhou/log/1+1a2b3c4d+AQID"}, {Replica: "r2", Key: "nanming.guiyang.guizhou/log/1+5a6b7c8d+AQQF"}},
		Since: 12, Consistency: [][]byte{{1, 2, 3}, {4, 5, 6}},
	},
	"GET /v1/ledger/leaves": client.Leaves{Leaves: [][]byte{{1}, {2}}},
	"GET /v1/ledger/entries": client.Entries{Entries: []client.Entry{
		{Entry: log + "7", Index: 7, Kind: 12, KindName: "access", Code: "villages", About: log + "5", Seq: 3, Time: "2026-11-24T02:10:00Z"},
		{Entry: log + "3", Index: 3, Kind: 3, KindName: "catalogue entry", Agency: "civil-affairs", Code: "villages", Seq: 2, Time: "2026-11-24T02:00:00Z", Signed: true},
	}},
	"GET /v1/ledger/entries/7": client.Entry{
		Entry: log + "7", Index: 7, Kind: 12, KindName: "access", Code: "villages", About: log + "5", Seq: 3,
		Time: "2026-11-24T02:10:00Z", Commitment: "aa", LeafHash: "bb",
	},
	"GET /v1/entry":                    client.Entry{Entry: "g/log/2/7", Kind: 12, KindName: "access"},
	"GET /v1/ledger/entries/7/receipt": client.Receipt{Entry: log + "7", Receipt: []byte("receipt"), Payload: []byte("payload")},
	"GET /v1/ledger/entries/8/receipt": client.Receipt{Entry: log + "8", Receipt: []byte("receipt")},
	"GET /v1/ledger/entries/9/receipt": client.Receipt{Entry: log + "9", Receipt: []byte("receipt"), Withheld: true},
	"POST /v1/agencies": client.Agency{
		Code: "civil-affairs", Title: "民政局", ID: "spiffe://nanming.guiyang.guizhou/agency/civil-affairs", Entry: log + "1",
	},
	"POST /v1/federated-query": ofMany,
	"GET /v1/agencies": client.Agencies{Agencies: []client.Agency{
		{Code: "civil-affairs", Title: "民政局", ID: "spiffe://nanming.guiyang.guizhou/agency/civil-affairs", Entry: log + "1"},
		{Code: "water", Title: "水务管理局", ID: "spiffe://nanming.guiyang.guizhou/agency/water", Entry: log + "2"},
	}},
	"POST /v1/datasets":                      villages,
	"POST /v1/datasets/plan":                 villagesPlan,
	"POST /v1/roster/plan":                   rosterPlan,
	"POST /v1/roster":                        client.Entered{Entry: log + "12"},
	"GET /v1/datasets":                       client.Datasets{Datasets: []client.Dataset{villages}},
	"GET /v1/datasets/villages":              villages,
	"POST /v1/datasets/villages/records":     client.RecordPut{Entry: log + "9", Replaced: true},
	"POST /v1/datasets/villages/retractions": client.Entered{Entry: log + "10"},
	"POST /v1/datasets/villages/history": client.History{Versions: []client.RecordVersion{
		{Entry: log + "6", Time: "2026-11-24T02:00:00Z", State: client.VersionPut, Import: log + "5"},
		{Entry: log + "10", Time: "2026-11-24T16:30:00Z", State: client.VersionRetracted},
	}},
	"POST /v1/query": client.Answer{
		Rows: []json.RawMessage{
			json.RawMessage(`{"code":"520102001001","name":"观水社区","households":1200,"urban":true}`),
			json.RawMessage(`{"code":"520102001002","name":"AI \u001b[31m小镇\u202e","households":null,"tags":["a", "b"]}`),
		},
		Columns: []string{"code", "name", "households", "urban", "tags"},
		Count:   2, TotalScanned: 6, Cursor: "bmV4dA", AsOf: 30, Access: log + "31", Grant: log + "29", GrantedNow: true, GrantUntil: "2026-12-31T15:59:59Z",
		Incomparable: 3, Unreadable: 1,
	},
	"POST /v1/verify": client.Verdict{Answer: client.AnswerYes, Access: log + "31"},
	"GET /v1/grants": client.Grants{Grants: []client.Grant{
		{
			Grant: log + "29", Application: log + "28", Consumer: "spiffe://nanming.guiyang.guizhou/agency/water", Dataset: "villages",
			Purpose: "residence-check", Until: "2026-12-31T15:59:59Z", State: client.GrantLive, Uses: 12,
		},
		{
			Grant: log + "24", Consumer: "spiffe://yunyan.guiyang.guizhou/agency/water", Dataset: "villages", Purpose: "census",
			Until: "2027-12-31T15:59:59Z", State: client.GrantLive, ByHand: true, Paper: "黔数〔2026〕12号",
		},
		{Grant: log + "17", Dataset: "villages", Purpose: "census", Until: "2026-12-31T15:59:59Z", State: client.GrantReplaced, Replaced: log + "24"},
		{Grant: log + "19", Dataset: "villages", Purpose: "census", Until: "2026-01-31T15:59:59Z", State: client.GrantExpired},
	}, Total: 5},
	"GET /v1/uses": client.Uses{
		Uses: []client.Used{
			{
				Called: "云岩区 water", Entry: log + "31", Time: "2026-11-24T15:59:59Z", Provider: "civil-affairs", Dataset: "villages", Consumer: "spiffe://yunyan.guiyang.guizhou/agency/water",
				Purpose: "residence-check", Grant: log + "29", Operation: "search", Rows: 12,
			},
			{
				Called: "南明区 water", Entry: log + "30", Time: "2026-11-24T16:00:00Z", Provider: "civil-affairs", Dataset: "villages", Consumer: "spiffe://nanming.guiyang.guizhou/agency/water",
				Purpose: "census", Grant: log + "29", Operation: "sum", Refused: true, Why: "group-too-small",
			},
			{
				Called: "南明区 civil-affairs", Entry: log + "27", Time: "2026-10-31T16:00:00Z", Provider: "civil-affairs", Dataset: "villages",
				Consumer: "spiffe://nanming.guiyang.guizhou/agency/civil-affairs", Sealed: client.SealedErased,
			},
		},
		Period: client.Period{From: "2026-09-30T16:00:00Z"}, Cursor: "bmV4dA",
	},
	"GET /v1/asked": client.AskedList{
		Asked: []client.AskedElsewhere{
			{
				Entry: log + "41", Time: "2026-11-24T16:00:00Z", Agency: "water", At: "yunyan.guiyang.guizhou", Called: "云岩区", Dataset: "villages",
				Purpose: "census", Operation: "query", Outcome: client.OutcomeAnswered, Rows: 12, There: "yunyan.guiyang.guizhou/log/1/8",
				Grant: "yunyan.guiyang.guizhou/log/1/7",
			},
			{
				Entry: log + "40", Time: "2026-11-23T16:00:00Z", Agency: "water", At: "guizhou", Called: "贵州省", Dataset: "villages",
				Operation: "verify", Outcome: "grant-revoked",
			},
			{Entry: log + "39", Time: "2026-11-22T16:00:00Z", Agency: "water", Sealed: client.SealedUnreadable},
		},
		Period: client.Period{To: "2026-11-30T16:00:00Z"},
	},
	"GET /v1/asked/counts": client.MonthlyCounts{Counts: []client.MonthlyCount{{Month: "2026-11", Dataset: "villages", Count: 2, Refused: 1}}},
	"GET /v1/grants/held": client.HeldGrants{Grants: []client.Grant{
		{
			Grant: "yunyan.guiyang.guizhou/log/1/7", Consumer: "spiffe://nanming.guiyang.guizhou/agency/water", Dataset: "villages",
			Purpose: "census", Until: "2026-12-31T15:59:59Z", State: client.GrantLive, At: "yunyan.guiyang.guizhou", Heard: "2026-11-24T16:00:00Z", Asked: log + "41",
		},
		{
			Grant: "guizhou/log/1/7", Consumer: "spiffe://nanming.guiyang.guizhou/agency/water", Dataset: "villages",
			Purpose: "census", State: client.GrantRevoked, At: "guizhou", Heard: "2026-11-23T16:00:00Z", Asked: log + "40",
		},
	}},
	"GET /v1/uses/counts": client.MonthlyCounts{
		Counts: []client.MonthlyCount{
			{Month: "2026-11", Agency: "spiffe://yunyan.guiyang.guizhou/agency/water", Called: "云岩区 water", Count: 12, Refused: 1},
			{Month: "2026-10", Agency: "spiffe://nanming.guiyang.guizhou/agency/water", Called: "南明区 water", Count: 3},
		},
	},
	"POST /v1/grants": client.GivenGrant{
		Grant: log + "36", Consumer: "spiffe://yunyan.guiyang.guizhou/agency/water", Until: "2027-12-31T15:59:59Z", Unchecked: "没有取得云岩区的部门名单：联系不上",
	},
	"POST /v1/grants/24/renewal": client.GivenGrant{
		Grant: log + "37", Consumer: "spiffe://yunyan.guiyang.guizhou/agency/water", Until: "2028-12-31T15:59:59Z", Renews: log + "24",
	},
	"POST /v1/grants/29/revocation": client.Entered{Entry: log + "32"},
	"POST /v1/questions":            client.Entered{Entry: log + "50"},
	"POST /v1/questions/removal":    client.Entered{Entry: log + "53"},
	"GET /v1/questions":             client.Questions{Questions: []client.SavedQuestion{ofCounties}},
	"GET /v1/question":              ofCounties,
	"POST /v1/invitations": client.Invitation{
		Token: "xt1-nanming-192.0.2.7-7400-ABC", Child: "xinhua.nanming.guiyang.guizhou", DisplayName: "新华路街道", Until: "2026-12-01T02:00:00Z",
		Entry: log + "33", Addresses: []string{"192.0.2.7:7400"}, Root: "guizhou/keys/1/00ff", Fingerprint: "00FF 1122 3344 5566 7788 99AA",
	},
	"POST /v1/invitations/plan": client.PlacePlan{
		Name: "xinhua.nanming.guiyang.guizhou", DisplayName: "新华路街道", Level: "township", Parent: "南明区", Near: []string{"新华街道"},
	},
	"GET /v1/tree": client.Tree{
		Name: "nanming.guiyang.guizhou", DisplayName: "南明区", Root: "guizhou/keys/1/00ff", Fingerprint: "00FF 1122 3344 5566 7788 99AA",
		Chain: []string{"贵州省", "贵阳市", "南明区"}, Addresses: []string{"192.0.2.7:7400"},
		Parent: &client.Neighbour{
			Name: "guiyang.guizhou", DisplayName: "贵阳市", Level: "prefecture", State: client.ChildJoined, Until: "2026-12-24T02:00:00Z",
			LastHeard: "2026-11-24T01:59:00Z", Why: "no-answer",
		},
		Children: []client.Neighbour{
			{Name: "xinhua.nanming.guiyang.guizhou", DisplayName: "新华路街道", State: client.ChildInvited, Until: "2026-12-01T02:00:00Z"},
			{Name: "xihu.nanming.guiyang.guizhou", DisplayName: "西湖路街道", State: client.ChildJoined, Until: "2026-12-24T02:00:00Z", Linked: true, LinkedSince: "2026-11-24T01:00:00Z"},
			{Name: "yongle.nanming.guiyang.guizhou", DisplayName: "永乐乡人民政府", ShortName: "永乐乡", State: client.ChildJoined, Until: "2026-12-24T02:00:00Z", Linked: true, LinkedSince: "2026-11-24T01:00:00Z", LastHeard: "2026-11-24T01:59:40Z", Silent: true},
			{Name: "old.nanming.guiyang.guizhou", DisplayName: "旧街道", EndorsedAs: "老街道", State: client.ChildWithdrawn, LastHeard: "2026-11-20T02:00:00Z"},
		},
		Waiting: []client.WaitingKeys{
			{
				Name: "liping.qiandongnan.guizhou", DisplayName: "黎平县", Pin: "liping.qiandongnan.guizhou/keys/1/a1b2", Confirmer: "贵州省",
				Fingerprint: "A1B2 1122 3344 5566 7788 99AA", OldFingerprint: "C3D4 1122 3344 5566 7788 99AA",
				Seen: "2026-11-23T02:00:00Z", Until: "2026-11-26T02:00:00Z",
			},
			{
				Name: "zunyi.guizhou", DisplayName: "遵义市", Pin: "zunyi.guizhou/keys/1/e5f6", Fingerprint: "E5F6 1122 3344 5566 7788 99AA",
				OldFingerprint: "0718 1122 3344 5566 7788 99AA", Seen: "2026-11-20T02:00:00Z",
			},
		},
		Check: client.Check{Asked: believed.Asked[:1], Alarms: believed.Alarms[1:2], Alone: true},
	},
	"GET /v1/waiting/沿江镇": client.ToConfirm{
		Name: "yanjiang.xinhua.nanming.guiyang.guizhou", DisplayName: "沿江镇", Pin: "yanjiang.xinhua.nanming.guiyang.guizhou/keys/1/a1b2",
		Fingerprint: "A1B2 1122 3344 5566 7788 99AA",
	},
	"POST /v1/forks/云岩区/acknowledgment":  client.Entered{Entry: log + "36"},
	"POST /v1/waiting/沿江镇/confirmation":  client.Entered{Entry: log + "35"},
	"POST /v1/objections":                client.Objected{Taken: true},
	"POST /v1/children/西湖路街道/withdrawal": client.Entered{Entry: log + "34"},
	"GET /v1/children/西湖路街道/withdrawal": client.WithdrawalPlan{
		Hash: "9f", Name: "xihulu.nanming.guiyang.guizhou", DisplayName: "西湖路街道", Listed: 2, Joined: 1, Below: []string{"沿江社区", "西湖社区"}, Invitation: true,
	},
	"GET /v1/invitations/西湖路街道/cancellation": client.CancellationPlan{
		Hash: "9e", Name: "xihulu.nanming.guiyang.guizhou", DisplayName: "西湖路街道", Code: "520102006", Entry: log + "30", Until: "2026-11-30T02:00:00Z",
	},
	"POST /v1/invitations/xihulu.nanming.guiyang.guizhou/cancellation": client.Entered{Entry: log + "36"},
	"POST /v1/drills": client.Drill{At: "liping.qiandongnan.guizhou", Fault: client.FaultAltered, By: "黎平县", Says: "南明区的消息没有被接受"},
	"GET /v1/keys": client.Keys{
		Name: "nanming.guiyang.guizhou", DisplayName: "南明区", Recovery: client.RecoveryKey{Fingerprint: "66DC 9F95", Number: 1, Since: "2026-11-24T02:00:00Z"},
		KeySets: []client.KeySet{
			{Number: 3, Hash: strings.Repeat("c3", 32), State: client.KeysPending, Published: "2026-11-24T02:00:00Z", SigningEnds: "2027-11-24T02:00:00Z", Revokes: true},
			{Number: 2, Hash: strings.Repeat("b2", 32), State: client.KeysInUse, Published: "2026-11-23T02:00:00Z", SigningEnds: "2027-11-23T02:00:00Z"},
			{Number: 1, Hash: strings.Repeat("a1", 32), State: client.KeysFormer, Published: "2026-11-20T02:00:00Z", Until: "2026-11-23T03:00:00Z", SigningEnds: "2027-11-20T02:00:00Z"},
		},
		Endorsement: &client.Endorsement{Number: 2, Since: "2026-11-23T02:00:00Z", Issued: "2026-11-24T01:00:00Z", Until: "2026-12-24T01:00:00Z"},
		Check:       believed,
	},
	"GET /v1/clock": client.Clock{
		Now: "2026-11-24T02:00:00Z", Ledger: "2026-11-24T10:00:00Z", By: client.ClockByNeighbour, Neighbour: "贵阳市", CorrectedAt: "2026-11-24T01:00:00Z",
		Neighbours: []client.ClockOffset{{Name: "guiyang.guizhou", DisplayName: "贵阳市", Offset: 1.25}},
		Wrong:      &client.Trouble{Code: "clock-jumped", Args: map[string]string{"offset": "8h0m0s", "clock": "2026-11-24T10:00:00Z"}},
	},
	"POST /v1/ledger/continuation": client.Entered{Entry: log + "39"},
	"POST /v1/clock":               client.Entered{Entry: log + "38"},
	"GET /v1/audits":               audited,
	"POST /v1/stop":                client.Stopping{PID: 4711},
	"POST /v1/keys/acknowledgment": client.Acknowledged{Ended: 2},
	"POST /v1/keys":                client.NewKeySet{Number: 3},
	"GET /v1/hosting/end": client.HostingPlan{
		Name: "xihu.nanming.guiyang.guizhou", DisplayName: "西湖路街道", Parent: "南明区", Agencies: 2, Datasets: 5,
	},
	"POST /v1/hosting/end": client.Entered{Entry: log + "37"},
	"POST /v1/hosted":      client.HostedPlace{Name: "xihu.nanming.guiyang.guizhou", DisplayName: "西湖路街道", Pin: "xihu.nanming.guiyang.guizhou/keys/1/00ff"},
}

func refuse(w http.ResponseWriter, p client.Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// noting guards what fake nodes note of requests, which may come at once.
var noting sync.Mutex

func (n *fakeNode) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	at := r.Method + " " + r.URL.Path
	noting.Lock()
	n.asked, n.given = append(n.asked, strings.TrimSpace(at+" "+string(body))), r.URL.RawQuery
	n.as = append(n.as, r.Header.Get("Xietong-Jurisdiction")+" "+r.Header.Get("Xietong-Agency")+" "+r.Header.Get("Accept-Language"))
	noting.Unlock()
	if n.wild != nil && n.wild(w) {
		return
	}
	if p, ok := n.fail[at]; ok {
		refuse(w, p)
		return
	}
	if strings.HasSuffix(at, "/imports") {
		w.Header().Set("Content-Type", "application/x-ndjson")
		for _, line := range n.lines {
			_ = json.NewEncoder(w).Encode(line)
		}
		if n.ends {
			return
		}
		_ = json.NewEncoder(w).Encode(cmp.Or(n.done, client.Imported{Import: log + "40", Published: log + "45", Rows: 3, Skipped: uint64(len(n.bad))}))
		return
	}
	if strings.HasSuffix(at, "/federated-rows") {
		w.Header().Set("Content-Type", "application/x-ndjson")
		for _, line := range n.lined {
			_ = json.NewEncoder(w).Encode(line)
		}
		return
	}
	if n.query != nil && at == "POST /v1/query" {
		answer, problem := n.query(r.Header.Get(client.HeaderIdempotency), body)
		if problem != nil {
			refuse(w, *problem)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
		return
	}
	if strings.HasSuffix(at, "/imports/bad-rows") {
		_, _ = w.Write([]byte("code,name\n1,x\n"))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	answer, known := answers[at]
	if at == "POST /v1/questions/run" {
		answer, known = run(body), true
	}
	if f, ok := n.in[at]; ok {
		answer, known = f(body), true
	}
	if strings.HasSuffix(at, "/imports/check") {
		entry, _ := strconv.Atoi(r.URL.Query().Get("entry_length")) // 0: none stands before the file
		sum := sha256.Sum256(body[entry:])
		bad := uint64(len(n.bad))
		check := n.shown
		check.FileHash, check.Rows, check.Good, check.Bad, check.BadCount = hex.EncodeToString(sum[:]), 3+bad, 3, n.bad, bad
		answer, known = check, true
	}
	if !known {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// workbench runs command lines against a fake node and fake functions of package node.
type workbench struct {
	t     *testing.T
	node  *fakeNode
	dir   string
	lang  string
	stdin string
	wide  string // the columns of the terminal; "": none is known
	app   app    // the app that newApp copies
}

func newWorkbench(t *testing.T, lang string) *workbench {
	t.Helper()
	b := &workbench{t: t, node: &fakeNode{}, dir: t.TempDir(), lang: lang}
	l, err := net.Listen("unix", filepath.Join(b.dir, client.SocketName))
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: b.node}}
	server.Start()
	t.Cleanup(server.Close)
	clock := time.Date(2026, 11, 24, 2, 0, 0, 0, time.UTC)
	b.app = app{
		now:    func() time.Time { clock = clock.Add(time.Second); return clock },
		node:   fakeFloor,
		getenv: func(string) string { return "" }, // until run knows better
	}
	return b
}

// fakePaper is the recovery key of 32 zero bytes.
func fakePaper() *node.Paper {
	p, _, err := node.ReadPaper([]byte(fakeWords))
	if err != nil {
		panic(err)
	}
	return p
}

var fakeWords = strings.Repeat("abandon ", 23) + "art"

// fakeFloor stands for package node.
var fakeFloor = nodeFloor{
	settings: node.ReadSettings, checkRecords: node.CheckRecords,
	held:     func(string) bool { return false },
	planInit: node.PlanInit, vacant: func(string, string) error { return nil },
	init: func(dir string, o initOptions) (node.InitResult, error) {
		if o.Paper == nil {
			return node.InitResult{Pin: o.Name + "/keys/1/00ff", Config: "D/xietong.yaml", Recovery: "66DC 9F95"}, nil
		}
		if err := o.Paper("贵阳市南明区", fakePaper()); err != nil {
			return node.InitResult{}, err
		}
		return node.InitResult{Recovery: node.PaperFingerprint(fakePaper()), Papered: true, Pin: o.Name + "/keys/1/00ff", Config: "D/xietong.yaml"}, nil
	},
	serve: func(ctx context.Context, _ string, o serveOptions) error {
		o.Ready()
		o.Logger.Info("node serves", "version_known", o.Version != "")
		<-ctx.Done()
		return nil
	},
	join: func(_ context.Context, _, token string, o joinOptions) (node.JoinResult, error) {
		o.Told(joinStep{Name: text.JoinNetwork, What: text.JoinNetworkDone, Args: text.Args{"address": "192.0.2.7:7400", "ms": "8"}})
		if token == "late" {
			return node.JoinResult{}, text.Fail(text.ClockApart, text.Args{"offset": "1h10m0s", "name": "贵阳市"}, nil)
		}
		o.Told(joinStep{Name: text.JoinClock, What: text.JoinClockDone, Args: text.Args{"seconds": "0.2", "parent": "贵阳市"}})
		if o.Recovery != nil {
			return node.JoinResult{DisplayName: "南明区", Recovery: node.PaperFingerprint(fakePaper()), Epoch: 2, Recovered: true}, nil
		}
		o.Told(joinStep{Name: text.JoinEndorsed, What: text.JoinEndorsedDone, Args: text.Args{"name": "南明区", "entry": "1041", "parent": "贵阳市"}})
		made := node.JoinResult{Name: "nanming.guiyang.guizhou", DisplayName: "南明区"}
		if strings.HasPrefix(o.Listen, "127.") {
			made.OnlyHere, made.Config = o.Listen, "D/config.yaml"
		}
		return made, nil
	},
	joinable: func(string, string) error { return nil }, joinReplica: fakeReplica,
	verifyReceipt: func(receipt, payload []byte, pin string) (receiptReport, error) {
		if string(receipt) != "receipt" || payload != nil && string(payload) != "payload" {
			return receiptReport{}, text.Fail(text.ReceiptRefused, text.Args{"reason": "not proven: the payload is not the one that the entry commits to"}, nil)
		}
		return receiptReport{
			Entry: log + "7", Kind: "access", Agency: "civil-affairs", Code: "villages", Time: "2026-11-24T02:10:00Z", TreeSize: 30, Index: 7,
			Chain: []string{"guizhou", "guiyang.guizhou", "nanming.guiyang.guizhou"}, Titles: map[string]string{"guiyang.guizhou": "贵阳市", "nanming.guiyang.guizhou": "南明区"},
			AsOf: "2026-11-23T02:10:00Z", ContentType: "application/json",
			Payload: []byte(`{"consumer":"spiffe://guiyang.guizhou/agency/water","dataset":"villages","purpose":"residence-check","operation":"search","rows":3,"request":"c2lnbmVk"}`),
		}, nil
	},
	exportLedger: fakeExport, verifyExport: fakeVerifyExport,
	verifyData: func(_ context.Context, _, name string, progress func(done, total uint64)) (node.DataReport, error) {
		progress(10, 31)
		progress(31, 31)
		r := node.DataReport{Name: "nanming.guiyang.guizhou", Entries: 31, Root: "cdcd", Checkpoint: 30}
		switch name {
		case "bad":
			r.FirstBad = "entry 7: it is missing"
		case "mixed":
			r.Keystore = node.KeystoreOther
		case "holed":
			r.DamagedRoster = "2"
		case "torn":
			r.Refused = &node.Refusal{Code: text.LogGap, Args: text.Args{"file": "/copy/j/nanming.guiyang.guizhou/wal", "mend": "ledger"}}
		case "decayed":
			r.Unreadable, r.FirstUnreadable = 2, log+"7"
		}
		return r, nil
	},
}

// run runs one command line.
func (b *workbench) run(args ...string) (code int, stdout, stderr string) {
	return b.runUntil(b.t.Context(), args...)
}

func (b *workbench) runUntil(ctx context.Context, args ...string) (code int, stdout, stderr string) {
	b.t.Helper()
	var out, errs bytes.Buffer
	a := b.app
	a.stdin, a.stdout, a.stderr = strings.NewReader(b.stdin), &out, &errs
	a.getenv = func(name string) string {
		return map[string]string{"LANG": b.lang, "XIETONG_DATA": b.dir, "COLUMNS": b.wide}[name]
	}
	code = a.run(ctx, args)
	return code, strings.ReplaceAll(out.String(), b.dir, "D"), strings.ReplaceAll(errs.String(), b.dir, "D")
}
