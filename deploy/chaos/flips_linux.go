package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"xietong/consensus/state"
	"xietong/node/faces/client"
)

// flipping is a run in which one bit of one file of a stopped machine is changed, and the machine
// is started again, over and over.
type flipping struct {
	out      io.Writer
	program  string
	folder   string
	seed     uint64
	flips    int
	replicas int
	quick    bool // the program was built to scrub at once

	chance   *rand.Rand
	group    *group
	keys     []string // of the records
	volatile map[string]bool
	truth    answers
	other    *machine       // of several, that is right; nil: there is none
	later    answers        // what is true by now: of several, another one says so
	came     map[string]int // what came of the flips
	made     int
	saved    folderContent // the files of the machine before the flip
	partly   bool          // after the last flip the machine serves in part, and says why
	number   int           // of the records that were put meanwhile
}

// run makes the flips, and returns what did not hold.
func (f *flipping) run(ctx context.Context) (err error) {
	f.chance, f.came = rand.New(rand.NewPCG(f.seed, 4)), map[string]int{}
	f.group, err = newGroup(ctx, f.program, f.folder, f.replicas, func(number int) (string, error) {
		dir := filepath.Join(f.folder, fmt.Sprintf("disk%d", number))
		return dir, os.MkdirAll(dir, 0o700)
	})
	if f.group != nil {
		defer func() { err = errors.Join(err, f.group.close()) }()
	}
	if err == nil {
		err = f.fill(ctx)
	}
	if err != nil {
		return err
	}
	defer f.tell()
	for n := range f.flips {
		one := f.flipOne
		if f.replicas > 1 {
			one = f.flipOfMany
		}
		what, err := one(ctx)
		if err != nil {
			return fmt.Errorf("seed %d, flip %d, %s: %w", f.seed, n+1, what, err)
		}
		if f.made++; f.made%100 == 0 {
			fmt.Fprintf(f.out, "%d flips\n", f.made)
		}
	}
	return nil
}

// tell tells what came of the flips so far.
func (f *flipping) tell() {
	fmt.Fprintf(f.out, "seed %d: %d flips in the files of one of %d replicas\n", f.seed, f.made, f.replicas)
	for _, what := range slices.Sorted(maps.Keys(f.came)) {
		fmt.Fprintf(f.out, "  %5d %s\n", f.came[what], what)
	}
}

// flipOne changes a bit of the only machine, which is put right again for the next.
func (f *flipping) flipOne(ctx context.Context) (what string, err error) {
	m := f.group.all()[0]
	m.kill()
	saved, err := save(m.dir)
	if err != nil {
		return "", err
	}
	f.saved = saved
	at := f.pick(saved)
	if err := at.flip(m.dir); err != nil {
		return at.String(), err
	}
	if err = f.judge(ctx, m, at); err == nil {
		m.kill()
		err = saved.restore(m.dir)
	}
	return at.String(), err
}

// flipOfMany changes a bit of one of several machines, which are used meanwhile.
func (f *flipping) flipOfMany(ctx context.Context) (what string, err error) {
	all := f.group.all()
	i := f.chance.IntN(len(all))
	m, other := all[i], all[(i+1)%len(all)]
	name, err := replicaOf(ctx, m)
	if err != nil {
		return "", err
	}
	m.end(syscall.SIGTERM)
	saved, err := save(m.dir)
	if err != nil {
		return "", err
	}
	f.saved = saved
	at := f.pick(saved)
	if err := at.flip(m.dir); err != nil {
		return at.String(), err
	}
	if err := f.group.again(ctx, func() error { return f.put(ctx, other) }); err != nil {
		return at.String(), fmt.Errorf("the others do not serve: %w", err)
	}
	f.other = other
	if f.truth, err = f.ask(ctx, other); err != nil {
		return at.String(), err
	}
	if err := f.judge(ctx, m, at); err != nil {
		return at.String(), err
	}
	ended := m.ended()
	if ended && f.chance.IntN(8) == 0 {
		f.came["replaced as the messages say"]++
		return at.String(), f.replace(ctx, name, m, other)
	}
	if ended || f.partly || at.undo(m, saved) {
		m.kill()
		err = errors.Join(saved.restore(m.dir), m.start(), f.group.ready(ctx))
	}
	return at.String(), err
}

// replicaOf returns the number of the replica on a machine.
func replicaOf(ctx context.Context, m *machine) (name string, err error) {
	var list client.Replicas
	err = m.ask(ctx, http.MethodGet, "/v1/replicas", "", nil, &list)
	for _, r := range list.Replicas {
		if r.Here {
			name = r.Replica
		}
	}
	return name, err
}

// replace has another machine take the place of one that does not start, as docs/three-machines.md
// says of damaged files.
func (f *flipping) replace(ctx context.Context, name string, m, by *machine) error {
	if err := f.group.drop(m); err != nil {
		return err
	}
	out, err := by.do(ctx, "", "replica", "replace", name, "--yes", "--json")
	if err != nil {
		return err
	}
	var replaced struct{ Invitation client.ReplicaInvitation }
	if err := json.Unmarshal([]byte(out), &replaced); err != nil {
		return err
	}
	if _, err := f.group.bring(ctx, by, replaced.Invitation); err != nil {
		return err
	}
	return f.group.ready(ctx)
}

// put puts a record of its own.
func (f *flipping) put(ctx context.Context, m *machine) error {
	f.number++
	key := fmt.Sprintf("meanwhile-%d", f.number)
	return m.ask(ctx, http.MethodPost, "/v1/datasets/"+dataset+"/records", newKey(), client.PutRecord{Record: record(key, "m", key)}, nil)
}

// judge starts a machine of which a bit was changed. It does not start, and says what to do; or it
// serves what is true. What is missing of records the scrub names, and others mend it.
func (f *flipping) judge(ctx context.Context, m *machine, at place) error {
	named := f.scrub(m, at)
	f.partly = false
	if err := os.Truncate(m.out, 0); err != nil {
		return err
	}
	if err := m.start(); err != nil {
		return err
	}
	part, err := f.serves(ctx, m)
	said := m.said()
	switch {
	case traced(said):
		return fmt.Errorf("a stack trace: %s", said)
	case errors.Is(err, errEnded) && !strings.Contains(said, "what to do"):
		return fmt.Errorf("it ended and does not say what to do: %s", said)
	case errors.Is(err, errEnded):
		f.came["did not start: "+at.kind()]++
		return nil
	case err != nil:
		return err
	}
	f.partly = part != ""
	got, err := f.askBoth(ctx, m)
	if err != nil {
		return err
	}
	decides, records := f.differ(got)
	if named = named || f.partly; f.partly {
		f.came["says why it serves in part ("+part+"): "+at.kind()]++
	}
	if len(decides) > 0 {
		return fmt.Errorf("what decides is wrong: %s", strings.Join(decides, "\n"))
	}
	if len(records) > 0 && !named {
		return fmt.Errorf("records are wrong, and no scrub finds it: %s", strings.Join(records, "\n"))
	}
	if f.partly {
		return nil
	}
	if !named {
		f.came["nothing was wrong: "+at.kind()]++
		return nil
	}
	f.came["found by the scrub: "+at.kind()]++
	if len(records) > 0 {
		f.came["records were missing before: "+at.kind()]++
	}
	return f.told(ctx, m, at)
}

// serves waits until a machine serves everything, or tells why it does not: then by which alarm.
func (f *flipping) serves(ctx context.Context, m *machine) (part string, err error) {
	limited, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	if err = m.ready(limited); err == nil || errors.Is(err, errEnded) || ctx.Err() != nil {
		return "", err
	}
	var s client.Status
	if failed := m.ask(ctx, http.MethodGet, "/v1/status", "", nil, &s); failed != nil {
		return "", errors.Join(err, failed)
	}
	for _, j := range s.Jurisdictions {
		for _, a := range j.Alarms {
			return a.Code, nil
		}
	}
	return "", err
}

// patient is how long a machine may take to serve everything, before it must tell why not.
const patient = 10 * time.Second

// told waits until a machine tells of its damage or, of several, until it is mended. What is not
// there any more, because the machine put the tree right as it started or wrote anew what was
// damaged, need not be told.
func (f *flipping) told(ctx context.Context, m *machine, at place) error {
	if !f.quick {
		return nil
	}
	limited, cancel := context.WithTimeout(ctx, within/4)
	defer cancel()
	err := f.group.again(limited, func() error { return f.tells(ctx, m, at) })
	if err == nil {
		f.came["told or mended: "+at.kind()]++
		return nil
	}
	m.end(syscall.SIGTERM)
	if f.scrub(m, at) {
		return err
	}
	f.came["written anew before it was told: "+at.kind()]++
	if f.replicas > 1 {
		err = m.start()
	} else {
		err = nil
	}
	return err
}

// tells reports whether a machine tells of its damage or, of several, is mended.
func (f *flipping) tells(ctx context.Context, m *machine, at place) error {
	if strings.Contains(m.said(), "was derived anew from its entries") {
		return nil
	}
	if f.replicas > 1 {
		return f.mended(ctx, m, at)
	}
	if strings.Contains(m.said(), wholeAgain) { // what the hashes say is derived from the entries
		return f.asWritten(m, at)
	}
	var s client.Status
	err := m.ask(ctx, http.MethodGet, "/v1/status", "", nil, &s)
	if err == nil && !slices.ContainsFunc(s.Jurisdictions[0].Alarms, func(a client.Trouble) bool { return a.Code == "data-decayed" || a.Code == "old-entries-damaged" }) {
		err = errors.New("status does not tell of the damage")
	}
	return err
}

// mended reports whether a machine was mended from another one, and is as the others are.
func (f *flipping) mended(ctx context.Context, m *machine, at place) error {
	switch said := m.said(); {
	case strings.Contains(said, "were mended from another replica"):
	case at.old() && strings.Contains(said, wholeAgain):
	default:
		return errors.New("it is not mended")
	}
	if err := f.asWritten(m, at); err != nil {
		return err
	}
	got, err := f.askBoth(ctx, m)
	decides, records := f.differ(got)
	if all := append(decides, records...); err == nil && len(all) > 0 {
		err = fmt.Errorf("mended, and not as the others: %s", strings.Join(all, "\n"))
	}
	return err
}

// wholeAgain is what a machine says once it mended files of old entries.
const wholeAgain = "files of old entries are whole again"

// asWritten checks that a file of old entries, which never changes, is what it was before the flip.
func (f *flipping) asWritten(m *machine, at place) error {
	if !at.old() {
		return nil
	}
	data, err := os.ReadFile(filepath.Join(m.dir, at.file))
	if err == nil && !bytes.Equal(data, f.saved[at.file]) {
		err = fmt.Errorf("%s is not what it was", at.file)
	}
	return err
}

// traced reports whether a process said what Go says when it dies.
func traced(said string) bool {
	return slices.ContainsFunc([]string{"panic:", "goroutine ", "SIGSEGV", "SIGBUS", "fatal error:"}, func(s string) bool { return strings.Contains(said, s) })
}

// scrub reports whether a scrub finds something in the state of a machine that does not run.
func (f *flipping) scrub(m *machine, at place) (found bool) {
	of := filepath.Join(m.dir, filepath.Dir(at.file))
	switch {
	case at.old():
		of = filepath.Dir(of)
	case filepath.Base(at.file) != "state.db":
		return false
	}
	copied := filepath.Join(f.folder, "scrubbed")
	if copyState(of, copied) != nil {
		return false
	}
	s, err := state.Open(filepath.Join(copied, "state.db"), state.NewRegistry(), state.Options{Fatal: func(error) {}, Unmoving: true})
	if err != nil {
		return false
	}
	defer s.Close()
	found = s.Damaged() != nil
	round := s.Scrub()
	for more := true; more; {
		more, err = round.Next(1 << 20)
		found = found || err != nil
	}
	return found
}

// copyState copies what a scrub reads of a jurisdiction's folder.
func copyState(of, to string) error {
	err := os.RemoveAll(to)
	for _, name := range []string{"state.db", state.FilesFolder} {
		from := filepath.Join(of, name)
		info, statErr := os.Stat(from)
		switch {
		case statErr != nil: // it has no old entries yet
		case info.IsDir():
			err = errors.Join(err, os.CopyFS(filepath.Join(to, name), os.DirFS(from)))
		default:
			data, readErr := os.ReadFile(from)
			err = errors.Join(err, readErr, os.MkdirAll(to, 0o700), os.WriteFile(filepath.Join(to, name), data, 0o600))
		}
	}
	return err
}

// settle waits a little, so that what a machine writes by itself is written.
func settle() { time.Sleep(300 * time.Millisecond) }
