package main

import (
	"context"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// TestReplicaVerbs runs the verbs on a node with one replica: two are invited, and neither comes.
func TestReplicaVerbs(t *testing.T) {
	c := newClerks(t, "en_US.UTF-8")
	code, stdout, stderr := c.run("replica list")
	if code != exitDone || !strings.Contains(stdout, "r1       leader, here") || !strings.Contains(stderr, "one machine: nothing may be lost; see `xietong") {
		t.Errorf("list of one: got %d\n%s\n%s", code, stdout, stderr)
	}
	if told := c.does("status"); strings.Contains(told, "replicas:") {
		t.Errorf("status of one replica: got %s", told)
	}
	c.refused("replica-last", "replica remove r1 --yes")
	line := regexp.MustCompile(`(?m)^  xietong replica join xr1-guiyang-\S+ --listen 0\.0\.0\.0:[0-9]+\n  xietong serve\n`)
	for _, want := range []string{"r2", "r3"} {
		if told := c.does("replica invite"); !line.MatchString(told) || !strings.Contains(told, "replica promote "+want) {
			t.Errorf("got %s", told)
		}
	}
	if told := c.does("replica list"); strings.Count(told, "invited until") != 2 {
		t.Errorf("got %s", told)
	}
	c.refused("replica-not-come", "replica promote r2")
	c.refused("replica-unknown", "replica promote r9")
	c.refused("replica-last", "replica remove r1 --yes")
	c.refused("consent-needed", "replica remove r2")
	for _, typed := range []string{"2", "R2", "副本2", "r0", "r01"} {
		if exit, _, _ := c.run("replica promote " + typed); exit != exitUsage {
			t.Errorf("promote %s: exit %d", typed, exit)
		}
	}
	if exit, _, _ := c.typed([]string{"replica", "remove", ""}); exit != exitUsage {
		t.Errorf("remove of nothing: exit %d", exit)
	}
	if told := c.does("replica remove r2 --yes"); !strings.Contains(told, "r2 is taken out") || strings.Contains(told, "destroy") {
		t.Errorf("got %s", told)
	}
	c.refused("replica-was-removed", "replica remove r2 --yes")
	c.refused("replica-was-removed", "replica promote r2")
	if told := c.does("replica invite"); !strings.Contains(told, "promote r4") {
		t.Errorf("a number comes back: %s", told)
	}
	c.refused("consent-needed", "replica replace r3")
	c.refused("replica-was-removed", "replica replace r2 --yes")
	if told := c.does("replica replace r3 --yes"); !strings.Contains(told, "r3 is taken out") || !line.MatchString(told) || !strings.Contains(told, "promote r5") {
		t.Errorf("replaced: got %s", told)
	}
	var out replacement
	if told := c.does("replica replace r4 --yes --json"); json.Unmarshal([]byte(told), &out) != nil || out.Removed.Replica != "r4" || out.Invitation.Replica != "r6" {
		t.Errorf("replaced: got %s", told)
	}
}

// TestLeadsInQuestion: of a replica that leads alone, and whose ledger is in question, the list
// says neither that none leads nor that it has no vote: whoever believed that would go on alone.
func TestLeadsInQuestion(t *testing.T) {
	for lang, want := range map[string]string{"zh_CN.UTF-8": "r1 是主副本，照常记录", "en_US.UTF-8": "r1 is the one that leads, and it records"} {
		b := newWorkbench(t, lang)
		b.node.in = map[string]func([]byte) any{"GET /v1/replicas": func([]byte) any {
			rows := []client.Replica{{Replica: "r1", Role: client.ReplicaLeader, InQuestion: true}, {Replica: "r4", Role: client.ReplicaInvited}}
			return client.Replicas{Strength: client.Strength{Voters: 1, There: 1, Led: true}, Replicas: rows}
		}}
		if _, _, told := b.run("replica", "list"); !strings.Contains(told, want) || strings.Contains(told, "no vote") || strings.Contains(told, "不表决") {
			t.Errorf("got %s, want %s", told, want)
		}
	}
}

// TestStrengthTold: the list says in one sentence how many may be lost.
func TestStrengthTold(t *testing.T) {
	of := func(voters, there int) client.Strength {
		return client.Strength{Voters: voters, There: there, Spare: there - voters/2 - 1, Led: there > voters/2}
	}
	unled := of(3, 2)
	unled.Led = false
	for s, want := range map[client.Strength][2]string{
		of(1, 1): {"只有一个副本有表决权", "one replica has a vote"},
		of(2, 2): {"2 个副本都在，缺一不可", "2 of 2 are needed"},
		of(3, 3): {"3 个副本都在，可以缺 1 个", "1 of 3 may be away"},
		unled:    {"没有主副本，不能写入：3 个副本中有 2 个有应答", "none leads, and nothing can be written: 2 of 3 answer"},
		of(3, 2): {"3 个副本中 1 个不在或没有跟随，其余缺一不可", "1 of 3 away or not following: no more may be"},
		of(3, 1): {"没有主副本，不能写入：3 个副本中只有 1 个在，再有 1 个回来即可", "none leads, and nothing can be written: 1 of 3 there, until 1 more is back"},
		of(2, 1): {"没有主副本，不能写入：2 个副本中只有 1 个在", "none leads, and nothing can be written: 1 of 2 there"},
		of(5, 4): {"5 个副本中 1 个不在或没有跟随，还可以再缺 1 个", "1 of 5 away or not following; 1 more may be"},
	} {
		for i, lang := range []string{"zh_CN.UTF-8", "en_US.UTF-8"} {
			b := newWorkbench(t, lang)
			b.node.in = map[string]func([]byte) any{"GET /v1/replicas": func([]byte) any {
				rows := []client.Replica{{Replica: "r1", Role: client.ReplicaLeader}, {Replica: "r2", Role: client.ReplicaVoter}}
				return client.Replicas{Strength: s, Replicas: rows}
			}}
			if _, _, told := b.run("replica", "list"); !strings.HasPrefix(told, want[i]) {
				t.Errorf("%+v: got %s, want %s", s, told, want[i])
			}
		}
	}
}

// TestRecordedTold (NW22): a removal that is only recorded asks for no machine to be stopped, and a
// change says what it waits for.
func TestRecordedTold(t *testing.T) {
	b := newWorkbench(t, "en_US.UTF-8")
	b.node.in = map[string]func([]byte) any{
		"GET /v1/replicas/r2/removal": func([]byte) any {
			return client.ReplicaRemovalPlan{Strength: client.Strength{Voters: 2, There: 2, Led: true}, Hash: "ab", Replica: "r2", Role: client.ReplicaVoter}
		},
		"POST /v1/replicas/r2/removal":   func([]byte) any { return client.ReplicaChanged{Replica: "r2", Waits: client.WaitsParent} },
		"POST /v1/replicas/r3/promotion": func([]byte) any { return client.ReplicaChanged{Replica: "r3", Waits: client.WaitsReplica} },
	}
	code, told, _ := b.run("replica", "remove", "r2", "--yes")
	for _, want := range []string{"recorded, and not yet done: r2", "Do not stop or destroy the machine until", "waits for the parent to endorse the newest key set"} {
		if code != exitDone || !strings.Contains(told, want) || strings.Contains(told, "destroy it") {
			t.Errorf("got %d, %s; want %s", code, told, want)
		}
	}
	if _, told, _ := b.run("replica", "promote", "r3"); !strings.Contains(told, "waits for r3 to catch up") {
		t.Errorf("got %s", told)
	}
}

// TestRemovalTold: the plan of a removal says what stays.
func TestRemovalTold(t *testing.T) {
	for s, want := range map[client.Strength]string{
		{Voters: 1, There: 1}:            "1 replica stays with a vote: it may not be away",
		{Voters: 2, There: 2}:            "2 replicas stay with a vote; none may be away",
		{Voters: 4, There: 4, Spare: 1}:  "4 replicas stay with a vote; 1 may be away",
		{Voters: 3, There: 2}:            "3 replicas stay with a vote, of which 1 is away now: no more may be",
		{Voters: 2, There: 1, Spare: -1}: "2 replicas stay with a vote, and 1 is there now: nothing can be written until 1 more is back",
	} {
		b := newWorkbench(t, "en_US.UTF-8")
		b.node.in = map[string]func([]byte) any{"GET /v1/replicas/r1/removal": func([]byte) any {
			return client.ReplicaRemovalPlan{Strength: s, Hash: "ab", Replica: "r1", Role: client.ReplicaLeader, Here: true}
		}}
		_, _, told := b.run("replica", "remove", "r1")
		if !strings.Contains(told, want) || !strings.Contains(told, "its number never comes back") || !strings.Contains(told, "it is this machine") {
			t.Errorf("%+v: got %s, want %s", s, told, want)
		}
	}
}

// TestStatusTellsReplicas: where there are several, status says how many follow, and of each
// whether it does or why not; before all that none leads.
func TestStatusTellsReplicas(t *testing.T) {
	strength := client.Strength{Voters: 3, There: 2, Led: true}
	members := []client.Replica{
		{Replica: "r1", Role: client.ReplicaLeader, Follows: true, Behind: new(uint64)},
		{Replica: "r2", Role: client.ReplicaVoter, Follows: true, Behind: behind(3), Here: true},
		{
			Replica: "r3", Role: client.ReplicaVoter, Reachable: true, Why: client.ReplicaUnreachable, NotSince: "2026-11-24T01:10:00Z", Addresses: []string{"192.0.2.2:26203"},
			UnreachedBy: []client.ReplicaUnreached{{Replica: "r1", Why: "no-answer"}},
		},
		{Replica: "r4", Role: client.ReplicaInvited, Until: "2026-11-25T02:10:00Z"},
	}
	b := newWorkbench(t, "zh_CN.UTF-8")
	b.node.in = map[string]func([]byte) any{"GET /v1/status": func([]byte) any {
		return client.Status{Jurisdictions: []client.JurisdictionStatus{{Name: "a", Replica: "r2", Replicas: &strength, Members: members}}}
	}}
	_, told, _ := b.run("status")
	for _, want := range []string{
		"副本：有表决权的 3 个中 2 个跟随", "r1：主副本，跟随，落后 0 条", "r2：有表决权（本机），跟随，落后 3 条",
		"r3：有表决权；跟随：否，自 ", "r1 不能连到 r3 的地址 192.0.2.2:26203（r3 能连出）：请核对 r3 的 listen 和防火墙",
	} {
		if !strings.Contains(told, want) || strings.Contains(told, "r4") {
			t.Errorf("got %s, want %s", told, want)
		}
	}
	strength.Led = false
	if _, told, _ := b.run("status"); !strings.Contains(told, "副本：没有主副本，不能写入；有表决权的 3 个中 2 个有应答") {
		t.Errorf("got %s", told)
	}
}

// TestReplicaJoinTellsTheKind: an invitation given to the wrong verb is told as that, and by JSON.
func TestReplicaJoinTellsTheKind(t *testing.T) {
	c := newClerks(t, "zh_CN.UTF-8")
	c.refused(string(text.InvitationOfChild), "replica join xt1-guiyang-192.0.2.7-7400-ABC")
	c.refused(string(text.InvitationOfReplica), "join xr1-guiyang-192.0.2.7-7400-ABC")
}

// TestReplicasAreCompleted (NW19): promote and remove offer the replicas that there are.
func TestReplicasAreCompleted(t *testing.T) {
	b := newWorkbench(t, "en_US.UTF-8")
	for _, verb := range []string{"promote", "remove"} {
		if _, told, _ := b.run("__complete", "replica", verb, ""); !strings.Contains(told, "r2\tvoter") || !strings.Contains(told, "r6\tinvited") {
			t.Errorf("%s: got %q", verb, told)
		}
	}
}

// TestJoinedBefore (NW2): a join that is repeated says that nothing was done, and that another
// address is not taken.
func TestJoinedBefore(t *testing.T) {
	b := newWorkbench(t, "en_US.UTF-8")
	b.app.node.joinReplica = func(context.Context, string, string, joinOptions) (node.ReplicaJoined, error) {
		return node.ReplicaJoined{DisplayName: "南明区", Replica: "r2", Config: "D/config.yaml", Again: true, Kept: "192.0.2.8:7400"}, nil
	}
	_, told, aside := b.run("replica", "join", "xr1-a", "--listen", "192.0.2.9:7400")
	if !strings.Contains(told, "already, and nothing was done") || !strings.Contains(aside, "it is 192.0.2.8:7400 still; to change it, set `listen` in D/config.yaml") || strings.Contains(told, "0 entries") {
		t.Errorf("got %s and %s", told, aside)
	}
}
