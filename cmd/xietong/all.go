package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"xietong/node/faces/client"
	"xietong/node/faces/export"
	"xietong/node/ground/text"
)

// notAll are the flags that --all excludes: they ask for no pages, or for one.
var notAll = []string{"key", "cursor", "verify"}

// allPages is the page of a query with --all, in rows.
const allPages = 1000

// checkAll refuses what does not go with --all.
func checkAll(flags *pflag.FlagSet) error {
	if !flags.Changed("all") {
		return nil
	}
	return notTogether(flags, "all", notAll...)
}

// allOfMany refuses --all where many are asked: each has pages of its own, and some may fail
// half-way. What to do is said.
func (a *app) allOfMany(at string) error {
	u := usage(text.CLINotTogether, text.Args{"flag": "--all", "other": "--at " + at})
	u.do = a.t(text.CLIAllOfMany, nil)
	return u
}

// queryAll asks for all records of one jurisdiction, a page after the other, each of which is a
// use, and gives them when the last has come. With --out the pages lie beside the file until then,
// and the same command goes on with them.
func (a *app) queryAll(ctx context.Context, q client.Query) error {
	q.Limit = cmp.Or(q.Limit, allPages)
	ask := func(p *part, cursor string) (page, error) {
		q.Cursor = cursor
		answer, err := a.page(ctx, p, q)
		got := page{Answer: &answer}
		if err == nil {
			err = p.nearer(&got, q.Limit, len(q.Fields) == 0)
		}
		return got, err
	}
	return a.allOf(q, ask, func(p *part) error { return a.showAll(p, q.Fields, nil) }, a.tellAll)
}

// allOf gets all pages of what the question asks for, shows them when the last has come, and tells
// what else there is to say.
func (a *app) allOf(question any, ask func(p *part, cursor string) (page, error), show func(*part) error, tell func(*part)) error {
	p, name, err := a.partFor(question)
	if err != nil {
		return asPart(err, name, nil)
	}
	defer p.close()
	a.tellPart(p, name)
	if err := a.pages(p, ask); errors.Is(err, errEndless) {
		return errors.Join(err, a.dropPart(name))
	} else if err != nil {
		problem, refused := errors.AsType[*client.Problem](err)
		if refused && (len(p.pages) == 0 || text.Code(problem.Code) == text.CursorStale) {
			return errors.Join(err, a.dropPart(name)) // there is nothing to go on from
		}
		return a.unlessLost(asPart(err, name, p))
	}
	if err := asPart(show(p), name, p); err != nil {
		return a.unlessLost(err)
	}
	if err := a.dropPart(name); err != nil {
		return err
	}
	tell(p) // in every format: the file and standard output hold rows alone
	return nil
}

// tellPart tells from where a command goes on, and what was damaged of what came before.
func (a *app) tellPart(p *part, name string) {
	if p.damaged && !a.jsonOnly {
		a.tell(text.CLIPartDamaged, text.Args{"page": number(uint64(len(p.pages)) + 1), "file": name})
	}
	switch last := p.last(); {
	case last == nil || a.jsonOnly:
	case last.Unfinished:
		a.tell(text.CLIPagesOn, looking(last, text.Args{"file": name}))
	default:
		a.tell(text.CLIPartOn, text.Args{"count": number(p.rows), "file": name})
	}
}

// dropPart removes the file of the pages, where it is not gone with its folder.
func (a *app) dropPart(name string) error {
	if a.output.file == "" {
		return nil
	}
	return os.Remove(name)
}

// unlessLost returns an error without the word that the same command goes on, where nothing is
// kept.
func (a *app) unlessLost(err error) error {
	if k, ok := errors.AsType[*kept](err); ok && a.output.file == "" {
		return k.err
	}
	return err
}

// partFor opens the pages that are there of the question, beside the file. Without --out they lie
// in a temporary file that goes with this process.
func (a *app) partFor(question any) (p *part, name string, err error) {
	node, err := filepath.Abs(a.data)
	if err != nil {
		return nil, "", err
	}
	data, err := encoded([]any{node, a.in, a.as, question})
	if err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(data)
	hash := hex.EncodeToString(sum[:])
	if name = a.output.file + partSuffix; a.output.file != "" {
		if _, err := os.Lstat(a.output.file); err == nil && !a.output.force {
			return nil, name, text.Fail(text.FileExists, text.Args{"file": a.output.file}, nil)
		}
		p, err = openPart(name, hash)
		return p, name, err
	}
	dir, err := os.MkdirTemp("", "xietong-pages-*")
	if err != nil {
		return nil, "", err
	}
	defer os.RemoveAll(dir) // the file goes when it is closed
	p, err = openPart(filepath.Join(dir, "pages"), hash)
	return p, name, err
}

// pages asks for the pages that are not there.
func (a *app) pages(p *part, ask func(p *part, cursor string) (page, error)) error {
	m := a.meter()
	defer m.clear()
	for cursor := ""; ; {
		if n := len(p.pages); n > 0 {
			if cursor = p.pages[n-1].Answer.Cursor; cursor == "" {
				return nil
			}
		}
		got, err := ask(p, cursor)
		if err == nil {
			err = p.endless(got.Answer.Cursor)
		}
		if err == nil {
			err = p.take(got)
		}
		if err != nil {
			return err
		}
		if last := p.last(); last.Unfinished {
			m.tell(a.t(text.CLIPagesLooked, looking(last, nil)), false)
		} else {
			m.tell(a.t(text.CLIAllProgress, text.Args{"count": number(p.rows)}), false)
		}
	}
}

// page asks for one page: under the key of the one that did not come, so that it is the same use;
// under a new one where the answer to that is not kept any more.
func (a *app) page(ctx context.Context, p *part, q client.Query) (client.Answer, error) {
	for again := p.ask != ""; ; again = false {
		key := p.ask
		if !again {
			var err error
			if key, err = client.NewKey(); err != nil {
				return client.Answer{}, err
			}
		}
		if err := p.asking(key); err != nil {
			return client.Answer{}, err
		}
		answer, err := a.client().QueryUnder(ctx, key, q)
		problem, ok := errors.AsType[*client.Problem](err)
		if !again || !ok || !slices.Contains(goneKeys, text.Code(problem.Code)) {
			return answer, err
		}
	}
}

// goneKeys are the refusals of a request under a key whose answer is not kept any more.
var goneKeys = []text.Code{text.IDSeen, text.IDReused, text.Expired, text.MessageExpired}

// showAll gives all records, sorted as the flags say. place makes the first columns of a row, where
// many were asked.
func (a *app) showAll(p *part, fields []string, place func(page) export.Row) error {
	columns := p.columns(fields)
	all, n := columns, 0
	if place != nil {
		all = append([]string{columnPlace, columnPlaceTitle}, columns...)
		n = 2
	}
	return a.writeSorted(all, func(write func(export.Row) error) error {
		return p.each(func(of page, record json.RawMessage) error {
			row, err := export.RowOf(record, columns)
			if err != nil {
				return err
			}
			if a.faithful != nil {
				a.faithful.See(columns, row)
			}
			if place != nil {
				row = append(place(of)[:n:n], row...)
			}
			return write(row)
		})
	}, nil)
}

// writeSorted writes rows in the order that the flags ask for, in bounded memory. people makes of
// them what people read, under headings of their own; nil: they are as they are.
func (a *app) writeSorted(columns []string, rows eachOf, people *forPeople) error {
	o, asked, err := a.order(columns)
	if err != nil {
		return err
	}
	if asked {
		s := export.NewSorter(o)
		defer s.Discard()
		if err := rows(s.Add); err != nil {
			return err
		}
		rows = s.Each
	}
	if people == nil || a.asFile() || a.jsonOnly {
		return a.writeAll(columns, a.escapes(people != nil), rows)
	}
	w := &tables{app: a, print: func(lines [][]string) { a.showGrid(people.heading, people.spare, lines) }}
	err = rows(func(row export.Row) error {
		line, err := people.line(row)
		if err != nil {
			return err
		}
		return w.Write(line)
	})
	if err != nil {
		return err
	}
	return w.Close()
}

// eachOf calls write with one row after the other.
type eachOf = func(write func(export.Row) error) error

// forPeople makes lines of a table of rows.
type forPeople struct {
	heading []heading
	spare   []string
	line    func(export.Row) (export.Row, error)
}

// columns returns the columns of all pages, which the first one tells.
func (p *part) columns(fields []string) []string { return columnsOf(p.pages[0].Answer, fields) }

// tellAll tells how many rows and uses there were, and what was left out.
func (a *app) tellAll(p *part) {
	first, last := p.pages[0].Answer, p.pages[len(p.pages)-1].Answer
	told := text.CLIAllTold
	if first.Access == last.Access {
		told = text.CLIQueryRows
	}
	a.tell(told, text.Args{"access": last.Access, "count": number(p.rows), "uses": number(uint64(p.asked)), "first": first.Access, "last": last.Access})
	if last.AsOf-first.AsOf >= uint64(p.asked) { // each use is an entry itself
		a.tell(text.CLIAllMoved, text.Args{"first": number(first.AsOf), "last": number(last.AsOf)})
	}
	var left client.Answer
	for _, of := range p.pages {
		left.Count += of.Answer.Count
		left.TotalScanned += of.Answer.TotalScanned
		left.Incomparable += of.Answer.Incomparable
		left.Unreadable += of.Answer.Unreadable
		left.Unfit += of.Answer.Unfit
	}
	a.sayLeftOut(&left)
	a.sayAsked(last.Asked)
	a.sayStatus(last.StatusAsOf)
}
