package api

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// wrong is a request of one operation with wrong input, and the code of its refusal.
type wrong struct {
	id   string // of the operation
	what string
	request
	want text.Code
}

// wrongs are requests with wrong input, of every operation.
func wrongs() []wrong {
	return slices.Concat(wrongReads(), wrongData(), wrongUses(), wrongGrants(), wrongTree(), wrongReplicas(), wrongLists())
}

func row(id, what, method, path, as string, body any, want text.Code) wrong {
	return wrong{id, what, request{method: method, path: path, as: as, body: body}, want}
}

// edited returns the value after the edit.
func edited[T any](v T, edit func(*T)) T { edit(&v); return v }

// wrongReads are of the ledger and the catalogue.
func wrongReads() []wrong {
	dataset := func(edit func(*client.NewDataset)) client.NewDataset { return edited(villages(), edit) }
	set := client.NewStandard{NewDataset: villages(), Level: "county"}
	return []wrong{
		row("stop", "run by another program", "POST", "/v1/stop", "", client.Stop{}, text.NotStoppable),
		row("checkpoint", "which there is none of", "GET", "/v1/ledger/checkpoint", "", nil, text.Internal),
		row("checkpoint", "since more than there is", "GET", "/v1/ledger/checkpoint?since=5", "", nil, text.SinceBeyond),
		row("checkpoint", "since no number", "GET", "/v1/ledger/checkpoint?since=x", "", nil, text.NotAsDescribed),
		row("leaves", "of a ledger that gives none", "GET", "/v1/ledger/leaves", "", nil, text.Internal),
		row("leaves", "from no number", "GET", "/v1/ledger/leaves?from=-1", "", nil, text.NotAsDescribed),
		row("entries", "of a place below of which nothing is known", "GET", "/v1/ledger/entries?at=guiyang.guizhou", "", nil, text.NoHeads),
		row("entries", "of a place that there is not", "GET", "/v1/ledger/entries?at=mars", "", nil, text.JurisdictionUnknown),
		row("entry", "beyond the end", "GET", "/v1/ledger/entries/99", "", nil, text.NotFound),
		row("entry", "no number", "GET", "/v1/ledger/entries/x", "", nil, text.NotAsDescribed),
		row("receipt", "beyond the end", "GET", "/v1/ledger/entries/99/receipt", "", nil, text.NotFound),
		row("receipt-of", "no name", "GET", "/v1/receipt?entry=x", "", nil, text.BadRequest),
		row("receipt-of", "beyond the end", "GET", "/v1/receipt?entry=guizhou/log/1/99", "", nil, text.NotFound),
		row("receipt-of", "of one away", "GET", "/v1/receipt?entry=sichuan/log/1/1", "", nil, text.NotReady),
		row("entry-of", "no name", "GET", "/v1/entry?entry=x", "", nil, text.BadRequest),
		row("entry-of", "beyond the end", "GET", "/v1/entry?entry=guizhou/log/1/99", "", nil, text.NotFound),
		row("entry-of", "of an epoch that is not (U-A7)", "GET", "/v1/entry?entry=guizhou/log/7/0", "", nil, text.NotFound),
		row("receipt-of", "of an epoch that is not (U-A7)", "GET", "/v1/receipt?entry=guizhou/log/7/0", "", nil, text.NotFound),
		row("entry-of", "of one away", "GET", "/v1/entry?entry=sichuan/log/1/1", "", nil, text.NotReady),
		row("add-agency", "no code", "POST", "/v1/agencies", "", client.NewAgency{Code: "No Code", Title: "x"}, text.BadRequest),
		row("add-agency", "no title", "POST", "/v1/agencies", "", client.NewAgency{Code: "x"}, text.Empty),
		row("add-agency", "a code twice", "POST", "/v1/agencies", "", client.NewAgency{Code: "water", Title: "x"}, text.AgencyTaken),
		row("plan-withdrawal", "none", "GET", "/v1/datasets/towns/withdrawal", "", nil, text.UnknownDataset),
		row("withdraw-dataset", "no plan", "POST", "/v1/datasets/villages/withdrawal", "", client.Withdrawing{Reason: "r"}, text.EndPlanNeeded),
		row("withdraw-dataset", "another's", "POST", "/v1/datasets/villages/withdrawal", "water", client.Withdrawing{Reason: "r", Plan: "x"}, text.NotProvider),
		row("plan-standard-withdrawal", "none", "GET", "/v1/standards/streets/withdrawal", "", nil, text.NoStandard),
		row("withdraw-standard", "none", "POST", "/v1/standards/streets/withdrawal", "", client.Withdrawing{Reason: "r", Plan: "x"}, text.NoStandard),
		row("plan-move", "into itself", "GET", "/v1/moves?datasets=villages&into=civil-affairs", "", nil, text.IntoItself),
		row("plan-move", "nothing", "GET", "/v1/moves?into=water", "", nil, text.Empty),
		row("move-datasets", "into nobody", "POST", "/v1/moves", "", client.Moving{Datasets: []string{"villages"}, Into: "nobody"}, text.UnknownAgency),
		row("plan-agency-end", "with datasets", "GET", "/v1/agencies/civil-affairs/end", "", nil, text.AgencyInUse),
		row("plan-agency-end", "no code", "GET", "/v1/agencies/No%20Code/end", "", nil, text.UnknownAgency),
		row("end-agency", "into itself", "POST", "/v1/agencies/water/end", "", client.EndOfAgency{Into: "water", Reason: "r"}, text.IntoItself),
		row("end-agency", "another's", "POST", "/v1/agencies/water/end", "civil-affairs", client.EndOfAgency{Reason: "r"}, text.NotThatAgency),
		row("rename-agency", "nobody", "POST", "/v1/agencies/nobody/title", "", client.Renaming{Title: "x"}, text.UnknownAgency),
		row("add-agency", "back, and never gone", "POST", "/v1/agencies", "", client.NewAgency{Code: "water", Title: "water", Again: true}, text.AgencyLives),
		row("publish-dataset", "no code", "POST", "/v1/datasets", "water", dataset(func(d *client.NewDataset) { d.Code = "村" }), text.EntryInvalid),
		row("publish-dataset", "no category", "POST", "/v1/datasets", "water", dataset(func(d *client.NewDataset) { d.Category = "free" }), text.NotAsDescribed),
		row("publish-dataset", "a text measured", "POST", "/v1/datasets", "civil-affairs",
			dataset(func(d *client.NewDataset) { d.Measures = map[string][]string{"name": {"sum"}} }), text.EntryInvalid),
		row("publish-dataset", "another's", "POST", "/v1/datasets", "water", villages(), text.NotProvider),
		row("publish-dataset", "nobody in particular", "POST", "/v1/datasets", "", villages(), text.AgencyNeeded),
		row("publish-dataset", "counted", "POST", "/v1/datasets", "civil-affairs",
			dataset(func(d *client.NewDataset) { d.Counts = []string{"statistics"} }), text.EntryInvalid),
		row("publish-dataset", "whose plan nobody saw", "POST", "/v1/datasets", "civil-affairs",
			dataset(func(d *client.NewDataset) { d.Title = "x" }), text.EntryPlanNeeded),
		row("plan-dataset", "no code", "POST", "/v1/datasets/plan", "water", dataset(func(d *client.NewDataset) { d.Code = "村" }), text.EntryInvalid),
		row("plan-dataset", "another's", "POST", "/v1/datasets/plan", "water", dataset(func(d *client.NewDataset) { d.Title = "x" }), text.NotProvider),
		row("datasets", "of nowhere", "GET", "/v1/datasets?at=No+Where", "", nil, text.JurisdictionUnknown),
		row("datasets", "of one away", "GET", "/v1/datasets?at=a.sichuan", "", nil, text.NotReady),
		row("dataset", "no code", "GET", "/v1/datasets/No%20Code", "", nil, text.UnknownDataset),
		row("dataset", "of nobody", "GET", "/v1/datasets/towns?at=mars", "", nil, text.JurisdictionUnknown),
		row("dataset", "another", "GET", "/v1/datasets/towns", "", nil, text.UnknownDataset),
		row("publish-standard", "no level", "POST", "/v1/standards", "civil-affairs", client.NewStandard{NewDataset: villages()}, text.EntryInvalid),
		row("publish-standard", "nobody in particular", "POST", "/v1/standards", "", set, text.AgencyNeeded),
		row("standards", "of nowhere", "GET", "/v1/standards?at=No+Where", "", nil, text.JurisdictionUnknown),
		row("standard-of", "none", "GET", "/v1/standards/towns", "", nil, text.NoStandard),
		row("standard-of", "no code", "GET", "/v1/standards/No%20Code", "", nil, text.UnknownDataset),
		row("standard-of", "of one away", "GET", "/v1/standards/towns?from=a.sichuan", "", nil, text.NotReady),
	}
}

// wrongData are of records.
func wrongData() []wrong {
	files := "/v1/datasets/villages/imports"
	record := client.PutRecord{Record: json.RawMessage(`{"code":"1"}`)}
	return []wrong{
		row("put-record", "another's", "POST", "/v1/datasets/villages/records", "water", record, text.NotProvider),
		row("put-record", "unknown agency", "POST", "/v1/datasets/villages/records", "forestry", record, text.UnknownAgency),
		row("put-record", "no dataset", "POST", "/v1/datasets/towns/records", "civil-affairs", record, text.UnknownDataset),
		row("put-record", "a number too large", "POST", "/v1/datasets/villages/records", "civil-affairs",
			client.PutRecord{Record: json.RawMessage(`{"code":1e400}`)}, text.SchemaRejected),
		row("put-record", "no record", "POST", "/v1/datasets/villages/records", "civil-affairs",
			client.PutRecord{Record: json.RawMessage(`{"code":1}`)}, text.SchemaRejected),
		row("retract-record", "none", "POST", "/v1/datasets/villages/retractions", "civil-affairs",
			client.Retraction{Key: "9", Reason: "r"}, text.UnknownRecord),
		row("retract-record", "no reason", "POST", "/v1/datasets/villages/retractions", "civil-affairs", client.Retraction{Key: "1"}, text.Empty),
		row("retract-record", "another's", "POST", "/v1/datasets/villages/retractions", "water", client.Retraction{Key: "1", Reason: "r"}, text.NotProvider),
		row("record-history", "none", "POST", "/v1/datasets/villages/history", "civil-affairs", client.HistoryOf{Key: "9"}, text.NoHistory),
		row("record-history", "another's", "POST", "/v1/datasets/villages/history", "water", client.HistoryOf{Key: "1"}, text.NotProvider),
		row("check-import", "cells of JSON as in a spreadsheet", "POST", files+"/check?as_spreadsheet=true", "civil-affairs", `[{"code":"1"}]`, text.OptionIdle),
		row("check-import", "no such format", "POST", files+"/check?format=xml", "civil-affairs", "code\n1\n", text.FileWish),
		row("check-import", "no such word", "POST", files+"/check?missing=drop", "civil-affairs", "code\n1\n", text.BadRequest),
		row("check-import", "an empty sheet", "POST", files+"/check?sheet=", "civil-affairs", "code\n1\n", text.Empty),
		row("check-import", "an empty encoding", "POST", files+"/check?encoding=%20", "civil-affairs", "code\n1\n", text.Empty),
		row("check-import", "no such reading", "POST", files+"/check?as_spreadsheet=2", "civil-affairs", "code\n1\n", text.BadRequest),
		row("check-import", "missing columns", "POST", files+"/check", "civil-affairs", "code\n1\n", text.ColumnsMissing),
		row("bad-rows-import", "another's", "POST", files+"/bad-rows", "water", "code\n1\n", text.NotProvider),
		row("load-import", "no plan", "POST", files+"?missing=keep&rows=1&good=1&keep_good=true&file_hash="+hash, "civil-affairs", "code\n1\n", text.PlanNeeded),
		row("check-import", "no dataset", "POST", "/v1/datasets/towns/imports/check?format=csv", "civil-affairs", "code\n1\n", text.UnknownDataset),
		row("check-import", "another's", "POST", files+"/check?format=csv", "water", "code\n1\n", text.NotProvider),
		row("check-import", "no header", "POST", files+"/check?format=csv", "civil-affairs", "", text.FileEmpty),
		row("check-import", "an entry of no length", "POST", files+"/check?entry_length=0", "civil-affairs", "{}", text.BadRequest),
		row("check-import", "too long an entry", "POST", files+"/check?entry_length=1000000000000", "civil-affairs", "{}", text.BadRequest),
		row("check-import", "a body that ends in the entry", "POST", files+"/check?entry_length=9", "civil-affairs", "{}", text.BadRequest),
		row("check-import", "an entry of another dataset", "POST", files+"/check?entry_length=2", "civil-affairs", "{}code\n1\n", text.BadRequest),
		row("check-import", "an entry with a member twice", "POST", files+"/check?entry_length=15", "civil-affairs", `{"a":1,"a":"b"}`, text.EntryInvalid),
		row("check-import", "an entry that is not readable", "POST", files+"/check?entry_length=12", "civil-affairs", "{\"code\":\"\xff\"}", text.NotText),
		row("plan-dataset", "an import that is none", "POST", "/v1/datasets/plan?import=x", "civil-affairs", villages(), text.BadRequest),
		row("load-import", "no hash", "POST", files+"?format=csv&rows=1&good=1&keep_good=true", "civil-affairs", "code\n1\n", text.BadRequest),
		row("load-import", "no rows", "POST", files+"?format=csv&file_hash="+hash+"&good=1&keep_good=true", "civil-affairs", "code\n1\n", text.BadRequest),
		row("load-import", "no good rows", "POST", files+"?format=csv&file_hash="+hash+"&rows=1&keep_good=true", "civil-affairs", "code\n1\n", text.BadRequest),
		row("load-import", "no word of them", "POST", files+"?format=csv&file_hash="+hash+"&rows=1&good=1", "civil-affairs", "code\n1\n", text.BadRequest),
		row("load-import", "another's", "POST", files+"?format=csv&rows=1&good=1&keep_good=true&file_hash="+hash, "water", "code\n1\n", text.NotProvider),
	}
}

// wrongUses are of queries and grants.
func wrongUses() []wrong {
	query := func(edit func(*client.Query)) client.Query {
		return edited(client.Query{Dataset: "villages", Key: "1", Use: use}, edit)
	}
	claim := func(edit func(*client.Verification)) client.Verification {
		return edited(client.Verification{Dataset: "villages", Key: "1", Field: "name", Value: json.RawMessage(`"x"`), Use: use}, edit)
	}
	many := func(edit func(*client.FederatedQuery)) client.FederatedQuery {
		return edited(client.FederatedQuery{At: "*.guizhou", Dataset: "villages", Measure: client.Measure{Function: "count"}, Use: use}, edit)
	}
	rows := func(edit func(*client.RowsQuery)) client.RowsQuery {
		return edited(client.RowsQuery{Query: client.Query{At: "*.guizhou", Dataset: "villages", Use: use}}, edit)
	}
	return []wrong{
		row("query", "no purpose", "POST", "/v1/query", "water", query(func(q *client.Query) { q.Purpose = "" }), text.PurposeNeeded),
		row("query", "no application", "POST", "/v1/query", "water", query(func(q *client.Query) { q.Use = client.Use{Purpose: "statistics"} }), text.BasisNeeded),
		row("query", "another field", "POST", "/v1/query", "water", query(func(q *client.Query) { q.Fields = []string{"x"} }), text.UnknownField),
		row("query", "a cursor of none", "POST", "/v1/query", "water", query(func(q *client.Query) { q.Cursor = "x" }), text.BadCursor),
		row("query", "too many rows", "POST", "/v1/query", "water", query(func(q *client.Query) { q.Limit = 1001 }), text.BadRequest),
		row("query", "no filter", "POST", "/v1/query", "water", query(func(q *client.Query) { q.Key, q.Filter = "", "=" }), text.FilterMalformed),
		row("query", "no function", "POST", "/v1/query", "water",
			query(func(q *client.Query) { q.Measure = &client.Measure{Function: "median", Field: "people"} }), text.NotAsDescribed),
		row("query", "a measure of one", "POST", "/v1/query", "water",
			query(func(q *client.Query) { q.Measure = &client.Measure{Function: "count"} }), text.BadRequest),
		row("query", "a measure not declared", "POST", "/v1/query", "water", query(func(q *client.Query) {
			q.Key, q.Measure = "", &client.Measure{Function: "maximum", Field: "people"}
		}), text.MeasureNotOffered),
		row("query", "no dataset", "POST", "/v1/query", "water", query(func(q *client.Query) { q.Dataset = "村" }), text.UnknownDataset),
		row("query", "of nowhere", "POST", "/v1/query", "water", query(func(q *client.Query) { q.At = "No Where" }), text.JurisdictionUnknown),
		row("query", "of one away", "POST", "/v1/query", "water", query(func(q *client.Query) { q.At = "a.sichuan" }), text.NotReady),
		row("verify", "another field", "POST", "/v1/verify", "water", claim(func(v *client.Verification) { v.Field = "x" }), text.UnknownField),
		row("verify", "another type", "POST", "/v1/verify", "water", claim(func(v *client.Verification) { v.Field, v.Value = "people", json.RawMessage(`"many"`) }), text.AskedUnfit),
		row("verify", "no dataset", "POST", "/v1/verify", "water", claim(func(v *client.Verification) { v.Dataset = "towns" }), text.UnknownDataset),
		row("verify", "of nowhere", "POST", "/v1/verify", "water", claim(func(v *client.Verification) { v.At = "No Where" }), text.JurisdictionUnknown),
		row("federated-query", "no selector", "POST", "/v1/federated-query", "water", many(func(q *client.FederatedQuery) { q.At = "guizhou" }), text.SelectorMalformed),
		row("federated-query", "no such level", "POST", "/v1/federated-query", "water", many(func(q *client.FederatedQuery) { q.Level = "x" }), text.SelectorUnknown),
		row("federated-query", "no dataset", "POST", "/v1/federated-query", "water", many(func(q *client.FederatedQuery) { q.Dataset = "村" }), text.UnknownDataset),
		row("federated-query", "no field", "POST", "/v1/federated-query", "water", many(func(q *client.FederatedQuery) { q.Measure.Function = "sum" }), text.BadRequest),
		row("federated-query", "a long wait", "POST", "/v1/federated-query", "water", many(func(q *client.FederatedQuery) { q.Wait = 101 }), text.NotAsDescribed),
		row("federated-rows", "no selector", "POST", "/v1/federated-rows", "water", rows(func(q *client.RowsQuery) { q.At = "guizhou" }), text.SelectorMalformed),
		row("federated-rows", "a measure", "POST", "/v1/federated-rows", "water", rows(func(q *client.RowsQuery) { q.Measure = &client.Measure{} }), text.NotAsDescribed),
		row("federated-rows", "a long wait", "POST", "/v1/federated-rows", "water", rows(func(q *client.RowsQuery) { q.Wait = 101 }), text.NotAsDescribed),
		row("federated-rows", "no dataset", "POST", "/v1/federated-rows", "water", rows(func(q *client.RowsQuery) { q.Dataset = "村" }), text.UnknownDataset),
	}
}

// wrongGrants are of grants and saved questions.
func wrongGrants() []wrong {
	ask := func(edit func(*client.Question)) client.Question {
		return edited(client.Question{Name: "q", Query: client.Query{
			Dataset: "villages", Measure: &client.Measure{Function: "count"}, Use: use,
		}}, edit)
	}
	give := func(edit func(*client.NewGrant)) client.NewGrant {
		g := client.NewGrant{Dataset: "villages", Consumer: "water", Purpose: "statistics", Until: use.Until, Basis: "b", Paper: "p"}
		if edit != nil {
			edit(&g)
		}
		return g
	}
	return []wrong{
		row("grants", "of nobody in particular", "GET", "/v1/grants", "", nil, text.AgencyNeeded),
		row("grants", "of an unknown agency", "GET", "/v1/grants", "forestry", nil, text.UnknownAgency),
		row("grants", "of no agency", "GET", "/v1/grants?consumer=No+Code", "water", nil, text.BadRequest),
		row("grants", "of an agency nowhere", "GET", "/v1/grants?consumer=water@No+Where", "water", nil, text.JurisdictionUnknown),
		row("grants", "on too long a page", "GET", "/v1/grants?limit=201", "water", nil, text.NotAsDescribed),
		row("grants", "from a cursor of nobody", "GET", "/v1/grants?cursor=x", "water", nil, text.CursorNotOfList),
		row("grants", "by an unknown condition", "GET", "/v1/grants?stat=live", "water", nil, text.BadRequest),
		row("grants", "of no state", "GET", "/v1/grants?state=x", "water", nil, text.NotAsDescribed),
		row("grants", "of no dataset", "GET", "/v1/grants?dataset=No+Code", "water", nil, text.UnknownDataset),
		row("give-grant", "by another", "POST", "/v1/grants", "water", give(nil), text.NotProvider),
		row("give-grant", "to no agency", "POST", "/v1/grants", "civil-affairs", give(func(g *client.NewGrant) { g.Consumer = "No Code" }), text.BadRequest),
		row("give-grant", "to one that is not registered", "POST", "/v1/grants", "civil-affairs", give(func(g *client.NewGrant) { g.Consumer = "forestry" }), text.UnknownAgency),
		row("give-grant", "to one nowhere", "POST", "/v1/grants", "civil-affairs", give(func(g *client.NewGrant) { g.Consumer = "water@No Where" }), text.JurisdictionUnknown),
		row("give-grant", "to oneself", "POST", "/v1/grants", "civil-affairs", give(func(g *client.NewGrant) { g.Consumer = "spiffe://guizhou/agency/civil-affairs" }), text.GiveOwn),
		row("give-grant", "no dataset", "POST", "/v1/grants", "civil-affairs", give(func(g *client.NewGrant) { g.Dataset = "towns" }), text.UnknownDataset),
		row("give-grant", "another purpose", "POST", "/v1/grants", "civil-affairs", give(func(g *client.NewGrant) { g.Purpose = "x" }), text.UnknownPurpose),
		row("give-grant", "no paper", "POST", "/v1/grants", "civil-affairs", give(func(g *client.NewGrant) { g.Paper = "" }), text.GroundNeeded),
		row("give-grant", "for ever", "POST", "/v1/grants", "civil-affairs", give(func(g *client.NewGrant) { g.Until = "9999-12-31T00:00:00Z" }), text.BadRequest),
		row("renew-grant", "none", "POST", "/v1/grants/0/renewal", "civil-affairs", client.Renewal{Until: use.Until, Basis: "b", Paper: "p"}, text.NotFound),
		row("save-question", "a name of two lines", "POST", "/v1/questions", "water", ask(func(q *client.Question) { q.Name = "a\nb" }), text.BadRequest),
		row("save-question", "no dataset", "POST", "/v1/questions", "water", ask(func(q *client.Question) { q.Dataset = "村" }), text.UnknownDataset),
		row("save-question", "nowhere", "POST", "/v1/questions", "water", ask(func(q *client.Question) { q.At = "No Where" }), text.JurisdictionUnknown),
		row("save-question", "of many, no such level", "POST", "/v1/questions", "water", ask(func(q *client.Question) { q.At = "*" }), text.SelectorMalformed),
		row("save-question", "records of many", "POST", "/v1/questions", "water", ask(func(q *client.Question) { q.At, q.Measure = "*.guizhou", nil }), text.QuestionMeasure),
		row("save-question", "the measure of one", "POST", "/v1/questions", "water", ask(func(q *client.Question) { q.Key = "1" }), text.BadRequest),
		row("save-question", "a cursor", "POST", "/v1/questions", "water", ask(func(q *client.Question) { q.Cursor = "x" }), text.BadRequest),
		row("save-question", "nobody in particular", "POST", "/v1/questions", "", ask(func(*client.Question) {}), text.AgencyNeeded),
		row("questions", "of an unknown agency", "GET", "/v1/questions", "forestry", nil, text.UnknownAgency),
		row("question", "none", "GET", "/v1/question?name=x", "water", nil, text.NoQuestion),
		row("run-question", "none", "POST", "/v1/questions/run", "water", client.QuestionName{Name: "x"}, text.NoQuestion),
		row("remove-question", "none", "POST", "/v1/questions/removal", "water", client.QuestionName{Name: "x"}, text.NoQuestion),
		row("allow-grants", "none", "POST", "/v1/grants/0/allowance", "civil-affairs", client.Revocation{Reason: "r"}, text.NotFound),
		row("revoke-grant", "none", "POST", "/v1/grants/0/revocation", "civil-affairs", client.Revocation{Reason: "r"}, text.NotFound),
		row("revoke-grant", "given elsewhere", "POST", "/v1/grants/7/revocation", "civil-affairs", client.Revocation{Grant: "sichuan/log/1/7", Reason: "r"}, text.GrantElsewhere),
		row("revoke-grant", "another than the path names", "POST", "/v1/grants/7/revocation", "civil-affairs", client.Revocation{Grant: "guizhou/log/1/8", Reason: "r"}, text.BadRequest),
		row("revoke-grant", "of another ledger", "POST", "/v1/grants/7/revocation", "civil-affairs", client.Revocation{Grant: "guizhou/log/2/7", Reason: "r"}, text.LedgerGone),
		row("revoke-grant", "no name", "POST", "/v1/grants/7/revocation", "civil-affairs", client.Revocation{Grant: "x", Reason: "r"}, text.BadRequest),
		row("renew-grant", "given elsewhere", "POST", "/v1/grants/7/renewal", "civil-affairs",
			client.Renewal{Grant: "sichuan/log/1/7", Until: use.Until, Basis: "b", Paper: "p"}, text.GrantElsewhere),
		row("revoke-grant", "no reason", "POST", "/v1/grants/0/revocation", "civil-affairs", client.Revocation{}, text.Empty),
	}
}

// wrongTree are of the tree.
func wrongTree() []wrong {
	return []wrong{
		row("invite", "unknown", "POST", "/v1/invitations", "", client.NewInvitation{Name: "乌有"}, text.PlaceUnlisted),
		row("invite", "no label", "POST", "/v1/invitations", "", client.NewInvitation{Name: "乌有", Label: "No Label"}, text.BadRequest),
		row("invite", "who cannot dial", "POST", "/v1/invitations", "", client.NewInvitation{Name: "x", Label: "x"}, text.NotListening),
		row("invite", "of no level", "POST", "/v1/invitations", "", client.NewInvitation{Name: "x", Label: "x", Level: "市"}, text.LevelUnknown),
		row("invite", "of another's code", "POST", "/v1/invitations", "", client.NewInvitation{Name: "x", Label: "x", Code: "520100"}, text.PlaceTaken),
		row("invite", "of another's name", "POST", "/v1/invitations", "", client.NewInvitation{Name: "贵阳市", Label: "x"}, text.PlaceTaken),
		row("keys", "as nobody", "GET", "/v1/keys", "forestry", nil, text.UnknownAgency),
		row("clock", "as nobody", "GET", "/v1/clock", "forestry", nil, text.UnknownAgency),
		row("accept-clock", "not in doubt", "POST", "/v1/clock", "", client.ClockAcceptance{Reason: "r"}, text.ClockBelieved),
		row("continue-ledger", "not in question", "POST", "/v1/ledger/continuation", "", client.Continuation{Reason: "r"}, text.LedgerNotInQuestion),
		row("repair-ledger", "more than nothing", "POST", "/v1/ledger/repair", "", map[string]any{"files": 1}, text.NotAsDescribed),
		row("continue-ledger", "no reason", "POST", "/v1/ledger/continuation", "", client.Continuation{}, text.Empty),
		row("accept-clock", "no reason", "POST", "/v1/clock", "", client.ClockAcceptance{}, text.Empty),
		row("agencies", "as nobody", "GET", "/v1/agencies", "forestry", nil, text.UnknownAgency),
		row("checkpoint", "as nobody", "GET", "/v1/ledger/checkpoint", "forestry", nil, text.UnknownAgency),
		row("tree", "which is not known", "GET", "/v1/tree", "", nil, text.Internal),
		row("audits", "of no entry", "GET", "/v1/audits?asked=x", "", nil, text.BadRequest),
		row("audits", "of an entry that is no question", "GET", "/v1/audits?asked=guizhou/log/1/1", "", nil, text.NotAQuestion),
		row("audits", "of an index that is no question", "GET", "/v1/audits?asked=1", "", nil, text.NotAQuestion),
		row("audits", "of another ledger", "GET", "/v1/audits?asked=sichuan/log/1/1", "", nil, text.NotAQuestion),
		row("audits", "beyond the end", "GET", "/v1/audits?asked=guizhou/log/1/999", "", nil, text.NotFound),
		row("audits", "unknown agency", "GET", "/v1/audits", "forestry", nil, text.UnknownAgency),
		row("keys", "of a ledger that gives none", "GET", "/v1/keys", "", nil, text.KeysPending),
		row("acknowledge-keys", "not ready", "POST", "/v1/keys/acknowledgment", "", client.Acknowledge{}, text.NotReady),
		row("new-keys", "too soon", "POST", "/v1/keys", "", client.NewKeys{}, text.KeysTooSoon),
		row("new-keys", "while others wait", "POST", "/v1/keys", "", client.NewKeys{Revoke: true}, text.KeysPending),
		row("end-hosted-plan", "of a node that is away", "GET", "/v1/hosting/end", "", nil, text.NotReady),
		row("end-hosted", "of a node that is away", "POST", "/v1/hosting/end", "", client.HostingEnd{Reason: "r"}, text.NotReady),
		row("withdraw", "no child", "POST", "/v1/children/x/withdrawal", "", client.Withdrawal{Reason: "r"}, text.JurisdictionUnknown),
		row("plan-invitation", "of no place", "POST", "/v1/invitations/plan", "", client.NewInvitation{Name: "乌有"}, text.PlaceUnlisted),
		row("withdraw-plan", "no child", "GET", "/v1/children/x/withdrawal", "", nil, text.JurisdictionUnknown),
		row("cancel-invitation-plan", "no child", "GET", "/v1/invitations/x/cancellation", "", nil, text.JurisdictionUnknown),
		row("cancel-invitation", "no child", "POST", "/v1/invitations/x/cancellation", "", client.Cancellation{Reason: "r"}, text.JurisdictionUnknown),
		row("withdraw", "no reason", "POST", "/v1/children/x/withdrawal", "", client.Withdrawal{}, text.Empty),
		row("to-confirm", "nowhere", "GET", "/v1/waiting/No%20Where", "", nil, text.JurisdictionUnknown),
		row("to-confirm", "its own child", "GET", "/v1/waiting/guiyang.guizhou", "", nil, text.NotConfirmable),
		row("confirm", "its own child", "POST", "/v1/waiting/guiyang.guizhou/confirmation", "",
			client.NewConfirmation{Fingerprint: strings.Repeat("0", 24), Reason: "r"}, text.NotConfirmable),
		row("confirm", "no reason", "POST", "/v1/waiting/nanming.guiyang.guizhou/confirmation", "",
			client.NewConfirmation{Fingerprint: strings.Repeat("0", 24)}, text.Empty),
		row("acknowledge-fork", "none", "POST", "/v1/forks/guiyang.guizhou/acknowledgment", "", client.NewForkAcknowledgment{Reason: "r"}, text.NoFork),
		row("acknowledge-fork", "no reason", "POST", "/v1/forks/guiyang.guizhou/acknowledgment", "", client.NewForkAcknowledgment{}, text.Empty),
		row("object", "no pin", "POST", "/v1/objections", "", client.NewObjection{Pin: "x"}, text.BadRequest),
		row("object", "another's pin", "POST", "/v1/objections", "",
			client.NewObjection{Pin: "guiyang.guizhou/keys/1/" + hash}, text.NotOursToObject),
		row("object", "nowhere", "POST", "/v1/objections", "", client.NewObjection{Document: []byte("x"), At: "No Where"}, text.JurisdictionUnknown),
		row("object", "no objection", "POST", "/v1/objections", "", client.NewObjection{Document: []byte("x")}, text.BadRequest),
		row("drill", "here", "POST", "/v1/drills", "", client.NewDrill{At: "guizhou", Fault: "altered"}, text.OwnJurisdiction),
		row("drill", "nowhere", "POST", "/v1/drills", "", client.NewDrill{At: "No Where", Fault: "altered"}, text.JurisdictionUnknown),
		row("drill", "no fault", "POST", "/v1/drills", "", client.NewDrill{At: "sichuan", Fault: "x"}, text.NotAsDescribed),
		row("add-hosted", "unknown", "POST", "/v1/hosted", "", client.NewHosted{Name: "乌有"}, text.PlaceUnlisted),
		row("add-hosted", "who cannot dial", "POST", "/v1/hosted", "", client.NewHosted{Name: "x", Label: "x"}, text.NotListening),
		row("plan-roster", "no list", "POST", "/v1/roster/plan", "civil-affairs", client.NewRoster{CSV: "x"}, text.RosterFaulty),
		row("publish-roster", "no list", "POST", "/v1/roster", "civil-affairs", client.NewRoster{CSV: "x"}, text.RosterFaulty),
	}
}

var hash = strings.Repeat("0", 64)

// TestWrongInput checks that wrong input is answered with a problem of the right code, and changes
// nothing.
func TestWrongInput(t *testing.T) {
	d := open(t)
	before := d.Heads(t, 0)
	for _, w := range wrongs() {
		d.refused(t, w.id+": "+w.what, w.request, w.want)
	}
	if after := d.Heads(t, uint64(len(before))); len(after) > 0 {
		t.Errorf("what was refused left the entries %+v", after)
	}
}

// TestLoadFails checks that a failure after the answer has begun is told in the last line, and that
// no row of the import is shown.
func TestLoadFails(t *testing.T) {
	d := open(t)
	const rows = 1500 // more than one command brings
	var file strings.Builder
	file.WriteString("code,name\n")
	for n := range rows {
		fmt.Fprintf(&file, "%d,x\n", 8+n)
	}
	sum := sha256.Sum256([]byte(file.String()))
	w := d.send(t, request{
		method: "POST", as: "civil-affairs", body: file.String(), path: fmt.Sprintf(
			"/v1/datasets/villages/imports?missing=clear&rows=%d&good=%d&keep_good=true&file_hash=%x", rows+1, rows+1, sum),
	})
	lines := strings.Split(strings.TrimSpace(w.Body.String()), "\n")
	var last client.ImportFailed
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil || last.Error == nil || last.Error.Code != string(text.FileChanged) {
		t.Errorf("got %s, %v, want %s in the last line", w.Body, err, text.FileChanged)
	}
	d.refused(t, "a row of it", request{
		method: "POST", path: "/v1/datasets/villages/history", as: "civil-affairs", body: client.HistoryOf{Key: "8"},
	}, text.NoHistory)
}

// TestEveryOperation checks that each operation refuses a jurisdiction that is not hosted and, if
// it writes, a request without a key, with a body that is no JSON, or with a body that is too long.
func TestEveryOperation(t *testing.T) {
	d := open(t)
	var described struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(d.done(t, "GET", "/openapi.json", "", nil), &described); err != nil {
		t.Fatal(err)
	}
	all := wrongs()
	for path, methods := range described.Paths {
		for method, o := range methods {
			i := slices.IndexFunc(all, func(w wrong) bool { return w.id == o.OperationID })
			if always := slices.Contains(ofTheNode, o.OperationID) || o.OperationID == "agencies" || o.OperationID == "roster"; i < 0 && !always {
				t.Errorf("%s: no wrong input is tested", o.OperationID)
			}
			q := request{method: strings.ToUpper(method), path: strings.NewReplacer("{index}", "0", "{code}", "villages", "{child}", "x").Replace(path)}
			if i >= 0 {
				q = all[i].request
			}
			if o.OperationID == "repair-ledger" { // what is well formed is never wrong there
				q.body = client.NewRepair{}
			}
			d.everywhere(t, o.OperationID, q)
		}
	}
}

// ofTheNode are the operations that are not about one hosted jurisdiction.
var ofTheNode = ofNode

// everywhere checks the refusals that every operation must give.
func (d *door) everywhere(t *testing.T, id string, q request) {
	t.Helper()
	if slices.Contains(ofTheNode, id) {
		return
	}
	file := strings.HasSuffix(id, "-import")
	if file {
		q.path = "/v1/datasets/villages/imports?format=csv"
	}
	q.edit = func(r *http.Request) { r.Header.Set(client.HeaderJurisdiction, "a.sichuan") }
	if p := d.refused(t, id+" at a jurisdiction that is not hosted", q, text.NotHosted); !strings.Contains(p.Do+p.Where+p.Detail, "guizhou") {
		t.Errorf("%s: it does not say which there are: %+v", id, p)
	}
	if id == "load-import" {
		q.path += "&rows=2&good=2&keep_good=true&file_hash=" + hash
	}
	if q.method == http.MethodGet || file && id != "load-import" {
		return
	}
	if !slices.Contains(keyless, id) { // it writes nothing
		q.edit = func(r *http.Request) { r.Header.Del(client.HeaderIdempotency) }
		d.refused(t, id+" without a key", q, text.KeyMissing)
	}
	if q.edit = nil; file {
		return
	}
	for what, body := range map[string]string{"no JSON": "{", "an unknown member": `{"unknown":1}`, "a list": `[]`} {
		want := text.NotAsDescribed
		if q.body = body; body == "{" {
			want = text.BadRequest
		}
		if p := d.refused(t, id+" with "+what, q, want); len(p.Errors) == 0 || !strings.HasPrefix(p.Errors[0].Pointer, "#") {
			t.Errorf("%s with %s: it does not point to the fault: %+v", id, what, p.Errors)
		}
	}
	q.body = `{"key":"` + strings.Repeat("x", bodyLen(q.path)) + `"}`
	if p := d.refused(t, id+" with a long body", q, text.TooLarge); !strings.Contains(p.Detail, strconv.Itoa(bodyLen(q.path))) {
		t.Errorf("%s: %s", id, p.Detail)
	}
	q.body, q.edit = `{}`, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }
	d.refused(t, id+" with a body of text", q, text.MediaType)
}

// TestSeveralHosted checks that a caller must name the jurisdiction if the node hosts several.
func TestSeveralHosted(t *testing.T) {
	d := open(t)
	n := d.server.node.(*node)
	n.hosted = append(n.hosted, hostedIn(newMemory(t, "guiyang.guizhou")))
	d.refused(t, "neither", request{method: "GET", path: "/v1/agencies"}, text.JurisdictionNeeded)
	at := func(name string) request {
		return request{method: "GET", path: "/v1/agencies", edit: func(r *http.Request) { r.Header.Set(client.HeaderJurisdiction, name) }}
	}
	for name, want := range map[string]int{"guizhou": 2, "guiyang.guizhou": 0} {
		var got client.Agencies
		if w := d.send(t, at(name)); json.Unmarshal(w.Body.Bytes(), &got) != nil || len(got.Agencies) != want {
			t.Errorf("%s: got %s, want %d agencies", name, w.Body, want)
		}
	}
	for name, want := range map[string]string{"": "guizhou guiyang.guizhou", "贵州": "guizhou", "520100": "guiyang.guizhou", "GUIYANG": "guiyang.guizhou", "貴陽市": "guiyang.guizhou"} {
		var got client.Status
		w := d.send(t, statusAt(name, ""))
		_ = json.Unmarshal(w.Body.Bytes(), &got)
		names := make([]string, len(got.Jurisdictions))
		for i, j := range got.Jurisdictions {
			names[i] = j.Name
		}
		if strings.Join(names, " ") != want {
			t.Errorf("the status in %q is that of %q, want %q", name, names, want)
		}
	}
	d.refused(t, "the status of Mars", statusAt("mars", ""), text.NotHosted)
	d.refused(t, "the status of who is not hosted", statusAt("南明区", ""), text.NotHosted)
	d.refused(t, "the status for nobody", statusAt("贵州", "nosuch"), text.UnknownAgency)
	if w := d.send(t, statusAt("", "water")); w.Code != http.StatusOK {
		t.Errorf("the status of all for an agency of one: got %s", w.Body)
	}
}

// statusAt asks for the status in a jurisdiction, as an agency.
func statusAt(in, as string) request {
	return request{method: "GET", path: "/v1/status", as: as, edit: func(r *http.Request) {
		if in != "" {
			r.Header.Set(client.HeaderJurisdiction, in)
		}
	}}
}

// TestSameKey checks that the same request under one key is done once, and that another request
// under that key is refused.
func TestSameKey(t *testing.T) {
	d := open(t)
	key := func(r *http.Request) { r.Header.Set(client.HeaderIdempotency, "01934c5e-0000-7000-8000-000000000001") }
	q := request{method: "POST", path: "/v1/datasets/villages/records", as: "civil-affairs", edit: key,
		body: client.PutRecord{Record: json.RawMessage(`{"code":"7"}`)}}
	first, again := d.send(t, q), d.send(t, q)
	if first.Code != http.StatusOK || first.Body.String() != again.Body.String() {
		t.Errorf("got %s, and again %s", first.Body, again.Body)
	}
	q.body = client.PutRecord{Record: json.RawMessage(`{"code":"8"}`)}
	d.refused(t, "another under its key", q, text.IDReused)
	q = request{method: "POST", path: "/v1/query", as: "civil-affairs", edit: key, body: client.Query{Dataset: "villages", Key: "1", Use: use}}
	d.refused(t, "a use under its key", q, text.IDReused)
	if q.as = "water"; d.send(t, q).Code != http.StatusOK {
		t.Error("the key of another agency is refused")
	}
}

// TestFieldCalledLikeALevel: a column may be called county. Of one jurisdiction it is grouped by
// like any other.
func TestFieldCalledLikeALevel(t *testing.T) {
	d := open(t)
	e := villages()
	e.Code, e.GroupBy = "towns", []string{"county"}
	e.Schema = json.RawMessage(`{"type":"object","required":["code"],"properties":{"code":{"type":"string"},"county":{"type":"string"},"people":{"type":"integer"}}}`)
	d.done(t, "POST", "/v1/datasets", "civil-affairs", e)
	d.done(t, "POST", "/v1/datasets/towns/records", "civil-affairs", client.PutRecord{Record: json.RawMessage(`{"code":"1","county":"南明区"}`)})
	w := d.send(t, keyed("/v1/query", "water", client.Query{Dataset: "towns", Measure: &client.Measure{Function: "count", By: []string{"county"}}, Use: use}))
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "南明区") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}
