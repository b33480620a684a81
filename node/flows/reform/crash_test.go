package reform

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/consensus/state"
	"xietong/node/business/catalog"
	"xietong/node/business/records"
	"xietong/node/business/sharing"
	"xietong/node/ground/book"
	"xietong/node/ground/failure"
	"xietong/node/ground/host"
	"xietong/node/ground/text"
)

var errCut = errors.New("the power is gone")

// cut is a ledger on the disk at which the power goes with one command: before it is recorded, or
// when it is and nobody is told.
type cut struct {
	*host.Host
	armed, done bool
}

func (c *cut) Propose(ctx context.Context, kind state.Kind, q book.Request, body []byte) ([]byte, error) {
	if c.armed && !c.done {
		return nil, errCut
	}
	data, err := c.Host.Propose(ctx, kind, q, body)
	if c.armed {
		return nil, errCut
	}
	return data, err
}

// crashing is a jurisdiction in a folder.
type crashing struct {
	dir string
	*cut
	desk    *Desk
	records *records.Desk
}

func (c *crashing) open(t *testing.T) {
	t.Helper()
	registry := state.NewRegistry()
	catalog.Register(registry, records.LastChange)
	records.Register(registry)
	sharing.Register(registry, records.DatasetState, nil)
	Register(registry)
	name := must(identity.ParseJurisdiction(county))
	if _, err := host.Create(c.dir, name, time.Now(), 1); err != nil {
		t.Fatal(err)
	}
	h, err := host.Open(ctx, c.dir, name, host.Options{
		Registry: registry, Logger: slog.New(slog.DiscardHandler), Now: time.Now, Group: (*group.Config).Restless,
	})
	if err != nil {
		t.Fatal(err)
	}
	c.cut = &cut{Host: h}
	c.desk, c.records = &Desk{Own: c.cut}, records.NewDesk(c.cut)
}

// crash ends the node, verifies the ledger from its leaves, and starts it anew.
func (c *crashing) crash(t *testing.T) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := state.Verify(t.Context(), filepath.Join(c.dir, "state.db"), nil); err != nil {
		t.Fatal(err)
	}
	c.open(t)
}

// stands tells the agencies, the datasets and the grants of two agencies.
func (c *crashing) stands(t *testing.T) (told string) {
	t.Helper()
	err := c.View(ctx, func(r *state.Reader) error {
		agencies, err := catalog.Agencies(r)
		for _, a := range agencies {
			told += fmt.Sprint(a.Code, " ", a.Title, " ", a.Ended != nil, "; ")
		}
		datasets, failed := catalog.Datasets(r)
		for _, d := range datasets {
			told += fmt.Sprint(d.Code, " ", d.Agency, " ", d.Version, " ", d.Withdrawn != nil, "; ")
		}
		for _, g := range sharing.Grants(r) {
			told += fmt.Sprint(g.Consumer.Code(), " ", g.Dataset, " ", sharing.Living([]sharing.Grant{g}, r.Time()) != nil, "; ")
		}
		return errors.Join(err, failed)
	})
	if err != nil {
		t.Fatal(err)
	}
	return told
}

// TestReformCrashes lets the power go at each act: it is done whole or not at all, the ledger
// verifies from its leaves after the start, and the same request does it once.
func TestReformCrashes(t *testing.T) {
	actor, civil := catalog.Actor{}, label("civil")
	merge := Order{Agency: civil, Into: "water"}
	acts := []struct {
		what string
		plan func(*Desk) (Plan, error) // nil: it has none
		do   func(c *crashing, id identity.Message, hash string) error
	}{
		{"rename", nil, func(c *crashing, id identity.Message, _ string) error {
			_, err := catalog.RenameAgency(ctx, c, id, catalog.Agency{Code: label("tax"), Title: "税务总局"})
			return err
		}},
		{"move", func(d *Desk) (Plan, error) { return d.PlanMove(ctx, actor, labels([]string{"towns"}), "water") },
			func(c *crashing, id identity.Message, hash string) error {
				_, err := c.desk.Move(ctx, id, actor, labels([]string{"towns"}), "water", Agreed{Plan: hash})
				return err
			}},
		{"merge", func(d *Desk) (Plan, error) { return d.PlanEnd(ctx, actor, merge) }, func(c *crashing, id identity.Message, hash string) error {
			_, err := c.desk.End(ctx, id, actor, merge, Agreed{hash, "机构改革"})
			return err
		}},
		{"withdraw", func(d *Desk) (Plan, error) { return d.PlanWithdrawal(ctx, actor, label("villages")) }, func(c *crashing, id identity.Message, hash string) error {
			_, err := c.desk.Withdraw(ctx, id, actor, label("villages"), Agreed{hash, "不再采集"})
			return err
		}},
		{"return", nil, func(c *crashing, id identity.Message, _ string) error {
			_, err := c.desk.Return(ctx, id, catalog.Agency{Code: civil, Title: "局civil"})
			return err
		}},
	}
	c := &crashing{dir: filepath.Join(t.TempDir(), "j")}
	c.open(t)
	c.fill(t)
	for _, act := range acts {
		hash := ""
		if act.plan != nil {
			hash = must(act.plan(c.desk)).Hash
		}
		before, id := c.stands(t), newID()
		for _, done := range []bool{false, true} {
			c.armed, c.done = true, done
			if err := act.do(c, id, hash); !errors.Is(err, errCut) {
				t.Fatalf("%s: got %v, want that the power goes", act.what, err)
			}
			c.crash(t)
			if same := c.stands(t) == before; same == done {
				t.Errorf("%s, recorded %t: it stands as before: %t:\n%s", act.what, done, same, c.stands(t))
			}
		}
		after := c.stands(t)
		if err := act.do(c, id, hash); err != nil && !failure.Is(err, text.AgencyLives) || c.stands(t) != after {
			t.Errorf("%s, asked again: got %v\n%s\nwant\n%s", act.what, err, c.stands(t), after)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// fill makes three agencies, two datasets of the first, and a grant of the third.
func (c *crashing) fill(t *testing.T) {
	t.Helper()
	for _, code := range []string{"civil", "water", "tax"} {
		must(catalog.AddAgency(ctx, c, newID(), catalog.Agency{Code: label(code), Title: "局" + code}))
	}
	for _, code := range []string{"villages", "towns"} {
		must(catalog.Publish(ctx, c, newID(), catalog.Local("civil"), entry(code, "civil")))
		_, err := c.records.Query(ctx, newID(), catalog.Local("tax"), records.Question{Dataset: label(code), Key: "a", Purpose: "statistics", Application: sharing.Application{
			Basis: "法", Scenario: "景", Scope: "围", Method: "式", Until: time.Now().AddDate(1, 0, 0).Format(time.RFC3339),
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
}
