package nodetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// offer has a node offer a dataset of one village, and enters an agency that asks others.
func offer(t *testing.T, n *Node) {
	t.Helper()
	for _, code := range []string{"civil-affairs", "water"} {
		if _, err := n.Client("").AddAgency(t.Context(), client.NewAgency{Code: code, Title: code}); err != nil {
			t.Fatal(err)
		}
	}
	provider := n.Client("civil-affairs")
	_, err := provider.PublishDataset(t.Context(), client.NewDataset{
		Code: "villages", Title: "村（居）委会名录", Agency: "civil-affairs", Category: client.Unconditional,
		Purposes: []client.Purpose{{Code: "statistics", Title: "统计"}}, Key: "code", NotSecret: true,
		Schema: json.RawMessage(`{"type":"object","required":["code"],"properties":{"code":{"type":"string"},"at":{"type":"string"}}}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	record := fmt.Sprintf(`{"code":"1","at":%q}`, n.Name())
	if _, err := provider.PutRecord(t.Context(), "villages", client.PutRecord{Record: json.RawMessage(record)}); err != nil {
		t.Fatal(err)
	}
}

// ask asks for the village at another node.
func ask(t *testing.T, from, at *Node) (client.Answer, error) {
	t.Helper()
	return from.Client("water").Query(t.Context(), client.Query{At: at.Name(), Dataset: "villages", Key: "1", Use: client.Use{
		Purpose: "statistics", Basis: "《统计法》", Scenario: "村情统计", Scope: "全部村", Method: "query", Until: "2028-12-31T00:00:00+08:00",
	}})
}

// recorded returns the names of the entries of a kind.
func recorded(n *Node, kind string) (names []string) {
	for _, e := range n.Entries(kind) {
		names = append(names, e.Entry)
	}
	return names
}

// TestCallsOverBadLine asks both ways where a packet in twenty is lost: each answer is recorded
// once on either side.
func TestCallsOverBadLine(t *testing.T) {
	const each = 20
	Run(t, pair, func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		offer(t, city)
		offer(t, county)
		tree.Loss("nanming", 0.05)
		for _, way := range [][2]*Node{{city, county}, {county, city}} {
			var accesses, asked []string
			for range each {
				got, err := ask(t, way[0], way[1])
				if err != nil || len(got.Rows) != 1 || string(got.Rows[0]) != fmt.Sprintf(`{"at":%q,"code":"1"}`, way[1].Name()) {
					t.Fatalf("%s asks %s: got %s, %v", way[0].Name(), way[1].Name(), got.Rows, err)
				}
				accesses, asked = append(accesses, got.Access), append(asked, got.Asked)
			}
			if got := recorded(way[1], "access"); !slices.Equal(got, accesses) {
				t.Errorf("%s recorded %q, and said %q", way[1].Name(), got, accesses)
			}
			if got := recorded(way[0], "asked"); !slices.Equal(got, asked) {
				t.Errorf("%s recorded %q, and said %q", way[0].Name(), got, asked)
			}
		}
	})
}

// TestCallCutOff cuts the provider off before a request, between request and answer, and after the
// answer. The asker learns in bounded time that there is no answer, and is shown no answer that it
// did not record; a later query works.
func TestCallCutOff(t *testing.T) {
	Run(t, pair, func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		offer(t, city)
		offer(t, county)
		// The request arrives after a second, and the answer is on its way at once.
		tree.Latency("nanming", time.Second)
		for _, row := range []struct {
			after         time.Duration
			served, shown int
		}{{0, 0, 0}, {500 * time.Millisecond, 1, 0}, {3 * time.Second, 1, 1}} {
			served, shown := len(county.Entries("access")), len(city.Entries("asked"))
			cut := time.AfterFunc(row.after, func() { tree.net.set(city.machine, county.machine, true) })
			if row.after == 0 {
				tree.Partition("guiyang", "nanming")
			}
			began := time.Now()
			_, err := ask(t, city, county)
			t.Logf("cut off after %s: %v after %s", row.after, err, time.Since(began))
			cut.Stop()
			p, _ := errors.AsType[*client.Problem](err)
			if unknown := p != nil && (p.Code == string(text.Late) || p.Code == string(text.Unreachable)); unknown == (row.shown > 0) {
				t.Errorf("cut off after %s: got %v", row.after, err)
			}
			if time.Since(began) > 2*time.Minute+within {
				t.Errorf("cut off after %s: told after %s", row.after, time.Since(began))
			}
			tree.Heal("guiyang", "nanming")
			tree.WaitLinked("nanming")
			gotServed, gotShown := len(county.Entries("access"))-served, len(city.Entries("asked"))-shown
			if gotServed != row.served || gotShown != row.shown {
				t.Errorf("cut off after %s: recorded %d times by the provider and %d by the asker, want %d and %d", row.after,
					gotServed, gotShown, row.served, row.shown)
			}
			if got, err := ask(t, city, county); err != nil || len(got.Rows) != 1 {
				t.Errorf("cut off after %s, and healed: got %s, %v", row.after, got.Rows, err)
			}
		}
	})
}
