package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/state"
	"xietong/node/faces/client"
	"xietong/node/ground/host"
)

// elsewhere names the tests that fill the buckets which one node alone cannot fill through its API.
var elsewhere = map[string]string{
	"agencyrenames":    "node/business/catalog: TestRenamesLeaveRoomForEnds",
	"askcounts":        "node/business/usage: TestAskedModel",
	"asked":            "node/flows/calls",
	"askings":          "node/business/usage: TestAskedModel",
	"askingsby":        "node/business/usage: TestAskedModel",
	"barred":           "node/business/sharing: TestRevokedIsNotAnAgencyAway",
	"child-endorsed":   "node/flows/join: TestTrueSight",
	"child-epochs":     "node/tree: TestEpochIsUsedOnce",
	"child-former":     "node/tree: TestOldMachines",
	"catalogue-held":   "node/business/catalog: TestHeldDataset",
	"child-held":       "node/tree: TestHeldChild",
	"child-key-sets":   "node/tree: TestKeySetsAtOnce",
	"ended":            "node/business/records: TestIndexedInPasses",
	"epochs":           "consensus/state: TestEpochFits",
	"former-keysets":   "consensus/state: TestNewChainInTheSameLedger",
	"ends":             "node/trials/nodetest: TestHolderComesBackElsewhere",
	"expiry":           "consensus/state: TestIDs",
	"groupids":         "node/business/records: TestLongValuesAreNotCounted",
	"labels":           "node/business/records: TestLongValuesAreNotCounted",
	"held":             "node/business/usage: TestAskedModel",
	"importing":        "node/business/records: TestVersionThatCounts",
	"marks":            "consensus/group: TestDivergedReplicaStops",
	"lines":            "consensus/group: TestDivergedReplicaStops",
	"findings":         "node/flows/federated: TestLongestFindingIsKept",
	"given":            "node/flows/federated: TestGivenIsBounded",
	"givenby":          "node/flows/federated: TestGivenIsBounded",
	"givenof":          "node/flows/federated: TestGivenIsBounded",
	"givensize":        "node/flows/federated: TestGivenIsBounded",
	"points":           "node/flows/federated: TestOpenPointsAreBounded",
	"pointshares":      "node/flows/federated: TestOpenPointsAreBounded",
	"parent-addresses": "node/tree: TestReached",
	"places":           "node/business/records: TestIndexedInPasses",
	"probes":           "node/business/sharing",
	"questions":        "node/business/questions: TestMonths",
	"ranges":           "node/business/records: TestIndexedInPasses",
	"replicas":         "node/flows/replicas: TestMembersFit",
	"roster":           "node/tree/rosters: TestLongRosterIsKept",
	"roster piece":     "node/tree/rosters: TestLongRosterIsKept",
	"keys-believed":    "node/tree/breaks: TestLargestMemory",
	"keys-confirmed":   "node/tree/breaks: TestLargestMemory",
	"seen":             "consensus/state: TestIDs",
	"self-check":       "node/flows/selfcheck: TestAlarmsFit",
	"shares":           "node/flows/federated",
	"sharesby":         "node/flows/federated",
	"staged":           "node/business/records: TestLongestImportIsKept",
	"upstream":         "node/tree",

	"heads":            "node/flows/witnessing: TestHeadsAreBounded",
	"heads-held":       "node/flows/witnessing: TestHeadsAreBounded",
	"heads-hidden":     "node/flows/witnessing: TestHidesInLater",
	"heads-pieces":     "node/flows/witnessing: TestHeadsAreBounded",
	"witness-kept":     "node/flows/witnessing: TestLargestIsKept",
	"witness-more":     "node/trials/nodetest: TestAllReplicasPutBack",
	"witness-older":    "node/flows/witnessing: TestLargestIsKept",
	"witness-cosigned": "node/flows/witnessing: TestLargestIsKept",
	"witness-forks":    "node/flows/witnessing: TestLargestIsKept",
}

// longest finds the largest n with which a request is carried out, and checks that every larger one
// is refused as the request's fault.
func longest(t *testing.T, what string, request func(n int) error) int {
	t.Helper()
	taken := func(n int) bool {
		err := request(n)
		p, told := errors.AsType[*client.Problem](err)
		if err != nil && (!told || p.Status >= 500) {
			t.Fatalf("%s of %d: %v", what, n, err)
		}
		return err == nil
	}
	if !taken(1) {
		t.Fatalf("%s: %v", what, request(1))
	}
	low, high := 0, 1
	for ; taken(high); high *= 2 {
		if low = high; high > 1<<20 {
			t.Fatalf("%s of %d is taken: there is no bound", what, high)
		}
	}
	for high-low > 1 {
		if middle := (low + high) / 2; taken(middle) {
			low = middle
		} else {
			high = middle
		}
	}
	t.Logf("%s: at most %d", what, low)
	return low
}

// fieldOf returns a catalogue entry with an indexed field of n letters.
func fieldOf(code string, n int) client.NewDataset {
	return client.NewDataset{
		Code: code, Title: "村庄", Category: "unconditional", Key: "id", NotSecret: true,
		Purposes: []client.Purpose{{Code: "x", Title: "x"}},
		Schema:   json.RawMessage(`{"type":"object","properties":{"id":{"type":"string"},"` + strings.Repeat("f", n) + `":{"type":"string"}}}`),
		Indexed:  []string{strings.Repeat("f", n)},
	}
}

// TestEveryKeptValueCanBeRead has a node keep the longest texts that its API takes, in every bucket
// that its rooms declare, and reads them again after a restart (S01, S13). What is longer is
// refused to whoever sends it, and the node goes on.
func TestEveryKeptValueCanBeRead(t *testing.T) {
	if testing.Short() {
		t.Skip("fills every bucket to its limit, one request after the other")
	}
	dir, listening := filepath.Join(t.TempDir(), "data"), nanming
	listening.Listen = freePort(t)
	if _, err := Init(dir, listening); err != nil {
		t.Fatal(err)
	}
	stop := serve(t, dir)
	c := client.Dial(dir, client.Options{Language: "en", As: "civil-affairs"})
	defer c.Close()
	fill(t, c)
	user := client.Dial(dir, client.Options{Language: "en", As: "n1"})
	defer user.Close()
	fillUses(t, c, user)
	ended := client.Dial(dir, client.Options{Language: "en"})
	defer ended.Close()
	fillEnds(t, c, ended)
	fillTree(t, c)
	stop()
	filled := map[string]int{}
	name, err := identity.ParseJurisdiction(nanming.Name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := state.Open(filepath.Join(host.Folder(dir, name), "state.db"), commands(), state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range commands().Buckets() {
		if err := s.View(func(r *state.Reader) error {
			r.Scan(b.Name, nil, nil, func(k, v []byte) bool {
				if filled[b.Name]++; len(k) > b.MaxKey || len(v) > b.MaxValue {
					t.Errorf("%s has %d bytes under a key of %d, more than it declares", b.Name, len(v), len(k))
				}
				return true
			})
			return nil
		}); err != nil {
			t.Error(err)
		}
		if filled[b.Name] == 0 && elsewhere[b.Name] == "" {
			t.Errorf("nothing was kept in %s: fill it here to the limit of its entrance, or say where a test does", b.Name)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for name := range elsewhere {
		if !slices.ContainsFunc(commands().Buckets(), func(b state.Bucket) bool { return b.Name == name }) {
			t.Errorf("no room declares %s any more", name)
		}
	}
	serve(t, dir)
	readBack(t, c)
}

// fillEnds withdraws datasets and ends an agency with the longest reasons and codes; node names no
// agency.
func fillEnds(t *testing.T, c, node *client.Client) {
	t.Helper()
	ctx, number := t.Context(), 0
	longest(t, "reason of a withdrawal", func(n int) error {
		number++
		code := fmt.Sprintf("%s%03d", strings.Repeat("w", 60), number)
		if _, err := c.PublishDataset(ctx, fieldOf(code, 4)); err != nil {
			return err
		}
		plan, err := c.PlanWithdrawal(ctx, code)
		if err == nil {
			_, err = c.WithdrawDataset(ctx, code, client.Withdrawing{Reason: strings.Repeat("x", n), Plan: plan.Hash})
		}
		return err
	})
	code, end := strings.Repeat("e", 63), client.EndOfAgency{Into: "civil-affairs", Reason: strings.Repeat("x", 1000)}
	_, err := c.AddAgency(ctx, client.NewAgency{Code: code, Title: "x"})
	plan, failed := node.PlanAgencyEnd(ctx, code, end)
	end.Plan = plan.Hash
	_, last := node.EndAgency(ctx, code, end)
	if err := errors.Join(err, failed, last); err != nil {
		t.Fatal(err)
	}
}

// fill keeps the longest texts that the API takes.
func fill(t *testing.T, c *client.Client) {
	t.Helper()
	ctx, number := t.Context(), 0
	next := func() string { number++; return fmt.Sprintf("n%d", number) }
	problem := func(_ any, err error) error { return err }
	if _, err := c.AddAgency(ctx, client.NewAgency{Code: "civil-affairs", Title: "民政局"}); err != nil {
		t.Fatal(err)
	}
	longest(t, "title of an agency", func(n int) error {
		return problem(c.AddAgency(ctx, client.NewAgency{Code: next(), Title: strings.Repeat("x", n)}))
	})
	longest(t, "description of a dataset", func(n int) error {
		d := fieldOf("described", 4)
		d.UpdateCycle = strings.Repeat("x", n)
		return publishAnyway(ctx, c, d)
	})
	longest(t, "schema of a dataset", func(n int) error {
		d := fieldOf("schema", 4)
		d.Schema = json.RawMessage(`{"description":"` + strings.Repeat("x", n) + `",` + string(d.Schema[1:]))
		return publishAnyway(ctx, c, d)
	})
	longest(t, "schema of a standard", func(n int) error {
		d := fieldOf("standard", 4)
		d.Schema = json.RawMessage(`{"description":"` + strings.Repeat("x", n) + `",` + string(d.Schema[1:]))
		return problem(c.PublishStandard(ctx, client.NewStandard{NewDataset: d, Level: "county"}))
	})
	longest(t, "name of an indexed field", func(n int) error {
		d := fieldOf(next(), n)
		if _, err := c.PublishDataset(ctx, d); err != nil {
			return err
		}
		return problem(c.PutRecord(ctx, d.Code, client.PutRecord{Record: json.RawMessage(`{"id":"1","` + strings.Repeat("f", n) + `":"v"}`)}))
	})
	fillRecords(t, c)
}

// publishAnyway publishes an entry, whatever its plan is.
func publishAnyway(ctx context.Context, c *client.Client, d client.NewDataset) error {
	plan, err := c.PlanDataset(ctx, d)
	if err == nil {
		_, err = c.PublishAgreed(ctx, d, client.Agreed{Plan: plan.Hash, LeaveOut: true})
	}
	return err
}

// fillRecords keeps records, and an import.
func fillRecords(t *testing.T, c *client.Client) {
	t.Helper()
	ctx, problem := t.Context(), func(_ any, err error) error { return err }
	if _, err := c.PublishDataset(ctx, fieldOf("villages", 4)); err != nil {
		t.Fatal(err)
	}
	for value, replace := range map[string]bool{"b": false, "c": true} {
		rows := `{"id":"a","ffff":"` + value + `"}` + "\n" + `{"id":"c"}` + "\n"
		im := client.Import{Dataset: "villages", File: strings.NewReader(rows), Replace: replace}
		if _, err := c.ImportRecords(ctx, im); err != nil {
			t.Errorf("import: %v", err)
		}
	}
	key := longest(t, "key of a record", func(n int) error {
		return problem(c.PutRecord(ctx, "villages", client.PutRecord{Record: json.RawMessage(`{"id":"` + strings.Repeat("k", n) + `"}`)}))
	})
	longest(t, "indexed value of a record", func(n int) error {
		return problem(c.PutRecord(ctx, "villages", client.PutRecord{Record: json.RawMessage(`{"id":"1","ffff":"` + strings.Repeat("v", n) + `"}`)}))
	})
	if _, err := c.RetractRecord(ctx, "villages", client.Retraction{Key: strings.Repeat("k", key), Reason: "x"}); err != nil {
		t.Errorf("retract the record with the longest key: %v", err)
	}
}

// fillUses has another agency use the records: each use is another grant.
func fillUses(t *testing.T, c, user *client.Client) {
	t.Helper()
	number := 0
	longest(t, "basis of a use", func(n int) error {
		number++
		d := fieldOf(fmt.Sprintf("used%d", number), 4)
		if _, err := c.PublishDataset(t.Context(), d); err != nil {
			return err
		}
		_, err := user.Query(t.Context(), client.Query{Dataset: d.Code, Key: "1", Use: client.Use{
			Purpose: "x", Basis: strings.Repeat("b", n), Scenario: "x", Scope: "x", Method: "x",
			Until: time.Now().Add(24 * time.Hour).Format(time.RFC3339),
		}})
		return err
	})
}

// fillTree invites a child.
func fillTree(t *testing.T, c *client.Client) {
	t.Helper()
	longest(t, "short name of a child", func(n int) error {
		_, err := c.Invite(t.Context(), client.NewInvitation{Name: "村", Label: "village", Level: "village", ShortName: strings.Repeat("x", n)})
		return err
	})
}

// readBack asks for everything that fill kept.
func readBack(t *testing.T, c *client.Client) {
	t.Helper()
	ctx := t.Context()
	agencies, err := c.Agencies(ctx)
	datasets, datasetsErr := c.Datasets(ctx)
	standards, standardsErr := c.Standards(ctx, "", false)
	grants, grantsErr := c.Grants(ctx, client.WantedGrants{})
	record, recordErr := c.Query(ctx, client.Query{Dataset: "villages", Key: "1", Use: client.Use{Purpose: "x"}})
	if err := errors.Join(err, datasetsErr, standardsErr, grantsErr, recordErr); err != nil {
		t.Fatal(err)
	}
	if len(agencies) < 2 || len(datasets) < 4 || len(standards) != 1 || len(grants.Grants) == 0 || record.Count != 1 {
		t.Errorf("read again: %d agencies, %d datasets, %d standards, %d grants, %d records",
			len(agencies), len(datasets), len(standards), len(grants.Grants), record.Count)
	}
}
