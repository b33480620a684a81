package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"xietong/consensus/state"
	"xietong/node/faces/client"
)

// The agencies that ask: one whose grant lives, one whose grant was revoked, and one to which none
// is given by rule any more.
const (
	granted = "education"
	ended   = "health"
)

// fill puts in what is asked for after each flip, and learns what is true.
func (f *flipping) fill(ctx context.Context) error {
	g, m := f.group, f.group.all()[0]
	child, err := g.below(ctx)
	if err != nil {
		return err
	}
	defer child.kill()
	for _, code := range []string{granted, ended} {
		if err := m.ask(ctx, http.MethodPost, "/v1/agencies", newKey(), client.NewAgency{Code: code, Title: code}, nil); err != nil {
			return err
		}
	}
	for n := range 30 {
		key := fmt.Sprint("record-", n)
		f.keys = append(f.keys, key)
		for version := range 1 + n%2 {
			r := client.PutRecord{Record: record(key, fmt.Sprint(n%3), fmt.Sprintf("%s in version %d", key, version))}
			if err := m.ask(ctx, http.MethodPost, "/v1/datasets/"+dataset+"/records", newKey(), r, nil); err != nil {
				return err
			}
		}
	}
	if err := f.grow(ctx, m); err != nil {
		return err
	}
	for _, code := range []string{granted, ended} {
		var a client.Answer
		if err := m.askAs(ctx, code, http.MethodPost, "/v1/query", newKey(), uses(f.keys[0]), &a); err != nil {
			return err
		}
		if code == ended {
			err := m.ask(ctx, http.MethodPost, "/v1/grants/"+indexOf(a.Grant)+"/revocation", newKey(), client.Revocation{Reason: "chaos"}, nil)
			if err != nil {
				return err
			}
		}
	}
	return f.learn(ctx)
}

// The ledger grows until there are some files of old entries, where the program was built to have
// short ones.
const (
	oldFiles = 3
	inFile   = 256
	atOnce   = 16
)

// grow has the ledger grow to that, with records that nobody asks for.
func (f *flipping) grow(ctx context.Context, m *machine) error {
	if !f.quick {
		return nil
	}
	failed := make(chan error, atOnce)
	for worker := range atOnce {
		go func() {
			var err error
			for n := worker; n < (oldFiles+2)*inFile && err == nil; n += atOnce {
				key := fmt.Sprint("old-", n)
				r := client.PutRecord{Record: record(key, "old", key)}
				err = f.group.again(ctx, func() error {
					return m.ask(ctx, http.MethodPost, "/v1/datasets/"+dataset+"/records", newKey(), r, nil)
				})
			}
			failed <- err
		}()
	}
	var err error
	for range atOnce {
		err = errors.Join(err, <-failed)
	}
	for _, m := range f.group.all() {
		err = errors.Join(err, f.group.again(ctx, func() error {
			all, err := filepath.Glob(filepath.Join(m.dir, "j", "*", state.FilesFolder, "0*"))
			if err == nil && len(all) < oldFiles {
				err = fmt.Errorf("%s has %d files of old entries", m.name, len(all))
			}
			return err
		}))
	}
	return err
}

// uses is a query of an agency for a record.
func uses(key string) client.Query {
	return client.Query{Dataset: dataset, Key: key, Use: client.Use{
		Purpose: purpose, Basis: "国令809", Scenario: "核验", Scope: "一条", Method: "查询", Until: time.Now().AddDate(0, 3, 0).UTC().Format(time.RFC3339),
	}}
}

// learn asks twice, of two machines or of one in two lives: what differs is not asked for. Of one
// machine it learns what is true for the whole run.
func (f *flipping) learn(ctx context.Context) error {
	all := f.group.all()
	settle()
	one, err := f.ask(ctx, all[0])
	if err != nil {
		return err
	}
	last := all[len(all)-1]
	if len(all) == 1 {
		last.end(syscall.SIGTERM)
		if err := errors.Join(last.start(), last.ready(ctx)); err != nil {
			return err
		}
	}
	if f.truth, err = f.ask(ctx, last); err != nil {
		return err
	}
	if len(all) == 1 {
		last.end(syscall.SIGTERM)
	}
	f.volatile = map[string]bool{}
	for _, path := range one.other(f.truth, nil) {
		f.volatile[path] = true
	}
	if len(all) > 1 { // each replica changes its keys in its own time
		f.volatile["/v1/keys .key_sets[].state"] = true
	}
	f.volatile["/v1/children .children[].linked"] = true // it may be back or not when it is asked, and decides nothing
	fmt.Fprintf(f.out, "not compared: %s\n", strings.Join(slices.Sorted(maps.Keys(f.volatile)), ", "))
	for _, path := range []string{"may use", "may not use", "/v1/grants .grants[].state", "/v1/children .children[].state"} {
		if f.volatile[path] || len(f.truth[path]) == 0 {
			return fmt.Errorf("%s is not asked for", path)
		}
	}
	return nil
}

// answers are all values in the answers to what is asked, by the question and where they stand in
// it. A refusal is one value.
type answers map[string][]string

// decisive are the questions whose answers decide, and records those about records.
var decisive = []string{"/v1/agencies", "/v1/datasets", "/v1/datasets/" + dataset, "/v1/grants", "/v1/children", "/v1/keys", "/v1/standards"}

const aboutRecords = "record "

// ask asks a machine for everything.
func (f *flipping) ask(ctx context.Context, m *machine) (answers, error) {
	a := answers{}
	for _, path := range decisive {
		a.take(path, f.get(ctx, m, path))
	}
	for _, key := range f.keys {
		a.take(aboutRecords+key, f.post(ctx, m, agency, "/v1/datasets/"+dataset+"/history", client.HistoryOf{Key: key}))
	}
	for n := 0; n < oldFiles && f.quick; n++ {
		from := n * inFile
		a.leaves(fmt.Sprint(aboutRecords, "leaves ", from), f.get(ctx, m, fmt.Sprint("/v1/ledger/leaves?from=", from)))
	}
	for n := range 3 {
		q := client.Query{Dataset: dataset, Where: map[string]json.RawMessage{"g": json.RawMessage(fmt.Sprintf("%q", fmt.Sprint(n)))}, Use: client.Use{Purpose: purpose}}
		a.rows(fmt.Sprint(aboutRecords, "list ", n), f.post(ctx, m, agency, "/v1/query", q))
	}
	a.may("may use", f.post(ctx, m, granted, "/v1/query", uses(f.keys[0])))
	a.may("may not use", f.post(ctx, m, ended, "/v1/query", uses(f.keys[0])))
	var s client.Status
	return a, m.ask(ctx, http.MethodGet, "/v1/status", "", nil, &s)
}

// askBoth asks a machine and, of several, another one after it: what is true changes meanwhile,
// with new key sets.
func (f *flipping) askBoth(ctx context.Context, m *machine) (got answers, err error) {
	if got, err = f.ask(ctx, m); err == nil && f.other != nil {
		f.later, err = f.ask(ctx, f.other)
	}
	return got, err
}

// reply is an answer, or a refusal.
type reply struct {
	data    json.RawMessage
	refused error
}

func (f *flipping) get(ctx context.Context, m *machine, path string) (r reply) {
	ctx, cancel := context.WithTimeout(ctx, f.patience())
	defer cancel()
	r.refused = m.askAs(ctx, agency, http.MethodGet, path, "", nil, &r.data)
	return r
}

// patience is how long an answer is waited for: of a machine that serves in part and says why, not
// long.
func (f *flipping) patience() time.Duration {
	if f.partly {
		return time.Second / 2
	}
	return patient
}

func (f *flipping) post(ctx context.Context, m *machine, as, path string, body any) (r reply) {
	ctx, cancel := context.WithTimeout(ctx, f.patience())
	defer cancel()
	r.refused = m.askAs(ctx, as, http.MethodPost, path, newKey(), body, &r.data)
	return r
}

func (a answers) refused(question string, err error) {
	code := "no answer: " + fmt.Sprint(err)
	if r, ok := errors.AsType[*refusal](err); ok {
		code = r.Code
	}
	a[question] = []string{"refused: " + code}
}

// take takes every value of an answer.
func (a answers) take(question string, r reply) {
	var v any
	if err := json.Unmarshal(r.data, &v); r.refused != nil || err != nil {
		a.refused(question, errors.Join(r.refused, err))
		return
	}
	a.walk(question+" ", v)
}

func (a answers) walk(path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			a.walk(path+"."+name, v[name])
		}
	case []any:
		for _, item := range v {
			a.walk(path+"[]", item)
		}
	default:
		a[path] = append(a[path], fmt.Sprint(v))
	}
}

// leaves takes the leaves of a file of old entries, by their hashes: those that follow may not be
// there yet.
func (a answers) leaves(question string, r reply) {
	var got client.Leaves
	if err := json.Unmarshal(r.data, &got); r.refused != nil || err != nil {
		a.refused(question, errors.Join(r.refused, err))
		return
	}
	for _, leaf := range got.Leaves[:min(len(got.Leaves), inFile)] {
		a[question] = append(a[question], fmt.Sprintf("%x", sha256.Sum256(leaf)))
	}
}

// rows takes the rows of an answer, in any order.
func (a answers) rows(question string, r reply) {
	var got client.Answer
	if err := json.Unmarshal(r.data, &got); r.refused != nil || err != nil {
		a.refused(question, errors.Join(r.refused, err))
		return
	}
	for _, row := range got.Rows {
		a[question] = append(a[question], string(row))
	}
	slices.Sort(a[question])
}

// may takes whether an agency was let, or the reason why not.
func (a answers) may(question string, r reply) {
	if a[question] = []string{"yes"}; r.refused != nil {
		a.refused(question, r.refused)
	}
}

// other returns where two answers differ, but for what is not compared.
func (a answers) other(b answers, volatile map[string]bool) (all []string) {
	paths := maps.Clone(a)
	maps.Copy(paths, b)
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if !volatile[path] && !slices.Equal(a[path], b[path]) {
			all = append(all, path)
		}
	}
	return all
}

// differ returns what is not true of what decides, and what is not there of records. Of records
// nothing may be shown but what is true; and a question may be refused, unless it is one that must
// be.
func (f *flipping) differ(got answers) (decides, records []string) {
	for _, path := range got.other(f.truth, f.volatile) {
		if slices.Equal(got[path], f.later[path]) {
			continue // it changed meanwhile
		}
		say := fmt.Sprintf("%s: got %.300q, want %.300q", path, got[path], f.truth[path])
		question, _, _ := strings.Cut(path, " .")
		question, _, _ = strings.Cut(question, " [")
		refused := len(got[question]) == 1 && strings.HasPrefix(got[question][0], "refused: ")
		switch {
		case strings.HasPrefix(path, aboutRecords):
			made := slices.ContainsFunc(got[path], func(v string) bool { return !slices.Contains(f.truth[path], v) })
			if records = append(records, say); made && !refused {
				decides = append(decides, say)
			}
		case refused:
			records = append(records, say)
		default:
			decides = append(decides, say)
		}
	}
	return decides, records
}
