package host

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/consensus/group"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
	"xietong/node/ground/book"
)

// A folder that lies elsewhere than it noted, or holds less than was signed here, may be a copy or
// an old backup: what was acknowledged after it was taken is not in it, and whatever it signed now
// would be a second history under the same names. That is a question, and no alarm yet: the node
// records, and serves its own agencies, but it signs no checkpoint and no key set, and answers no
// other jurisdiction, until a witness has said what it saw, or a person gave their word.
//
// A replica of a group signs nothing and votes for nobody meanwhile: it may have forgotten for whom
// it voted, and what it acknowledged. It is replaced, and comes back under another number.

// AskAgain is how long a person waits for the neighbours before their own word counts.
const AskAgain = 10 * time.Minute

// The witnesses are asked soon at first, and then less often.
const (
	askFirst = 2 * time.Second
	askMost  = 30 * time.Second
)

// continuedType is the content type of the payload of the entry by which a person continued the
// ledger.
const continuedType = "application/vnd.xietong.continued+json"

// ErrNoWitness is returned by Witnesses where there is nobody to ask.
var ErrNoWitness = errors.New("there is no neighbour to ask")

// ErrNotInQuestion is returned by Continue where there is nothing to continue.
var ErrNotInQuestion = errors.New("the ledger is not in question")

// Seen is the largest checkpoint of this ledger that a neighbour saw.
type Seen struct {
	By         identity.Jurisdiction
	Checkpoint ledger.Checkpoint
	Note       []byte // as it was signed
	At         time.Time
	// Headed says that a level further up keeps no checkpoint, but the heads up to there, the last
	// of which the newest key set signed, as whoever asked has verified: the note is empty. There
	// may have been more entries.
	Headed bool
	// Forgot says that the neighbour lost entries of its own since, or may lack what its other
	// replicas have: that it saw no more says nothing.
	Forgot bool
	// Unbacked says that the neighbour is the parent, and the level above it has not said what it
	// has: the parent may have been set back as well. That it saw no more counts after AskAgain.
	Unbacked bool
}

// Witnesses are the neighbours who keep what they saw of this ledger.
type Witnesses interface {
	// Largest asks each of them, and returns what those saw who answered. The error is ErrNoWitness
	// where there is nobody to ask.
	Largest(ctx context.Context) ([]Seen, error)

	// Elsewhere returns the neighbours on other nodes, linked or not, and whether the parent is
	// one.
	Elsewhere() (all []identity.Jurisdiction, parent bool)
}

// QuestionError says that the folder may be a copy or an old backup; see the beginning of this
// file.
type QuestionError struct {
	In      identity.Jurisdiction
	Replica identity.Replica
	Dir     string
	Size    uint64 // entries of the ledger when the question began
	Exact   bool   // all of them are of the time before: the folder was asked about when it was put here
	Since   time.Time
	Grouped bool // there are other replicas
	Waiting bool // the neighbours are asked, and may answer yet
	// Found is what a neighbour saw that is not here: more entries, or, where Forked, others; nil:
	// nobody said so.
	Found   *Seen
	Forked  bool
	Rekeyed bool // the keys of the log that was seen were replaced by a new chain since
	// Epoch is the epoch that was begun, while what the lost entries ended has not all ended here;
	// 0: none was.
	Epoch uint64
	// Outrun is the number of the key set here that signed one which was shown, and is not here:
	// the folder cannot go on. 0: none was. Beside says that others follow it here.
	Outrun uint64
	Beside bool
	Root   bool // nobody stands above that could endorse others
	Inside bool // whoever endorses others runs on the same node, as that says; see node
	// Ahead says that this replica has applied what those that lead do not have; nil: it has not.
	Ahead *group.AheadError

	over chan struct{} // closed when it is settled
}

func (e *QuestionError) Error() string {
	switch {
	case e.Ahead != nil:
		return fmt.Sprintf("%s: %s has what those that lead do not have: %v", e.In, e.Dir, e.Ahead)
	case e.Beside:
		return fmt.Sprintf("%s: %s has another key set after number %d than was shown", e.In, e.Dir, e.Outrun)
	case e.Outrun > 0:
		return fmt.Sprintf("%s: %s has key set %d, and a later one was shown", e.In, e.Dir, e.Outrun)
	case e.Epoch > 0:
		return fmt.Sprintf("%s: epoch %d was begun, and what ended in the entries that are lost has not all ended here", e.In, e.Epoch)
	case e.Found != nil && e.Forked:
		return fmt.Sprintf("%s: %s saw other entries, of which %d were signed, than are in %s", e.In, e.Found.By, e.Found.Checkpoint.Size, e.Dir)
	case e.Found != nil:
		return fmt.Sprintf("%s: %s saw %d entries, and %s had %d", e.In, e.Found.By, e.Found.Checkpoint.Size, e.Dir, e.Size)
	}
	return fmt.Sprintf("%s: %s may be a copy or an old backup, and nobody has said yet that it is the newest", e.In, e.Dir)
}

// doubt puts the folder in question.
func (h *Host) doubt(size uint64) {
	h.question.CompareAndSwap(nil, &QuestionError{
		In: h.name, Replica: h.Replica(), Dir: h.dir, Size: size, Since: time.Now(), Waiting: true, over: make(chan struct{}),
	})
}

// reword changes what is known of the question, if there is one.
func (h *Host) reword(change func(*QuestionError)) {
	for q := h.question.Load(); q != nil; q = h.question.Load() {
		now := *q
		change(&now)
		if h.question.CompareAndSwap(q, &now) {
			return
		}
	}
}

// openQuestion looks, once the group is open, whether the folder holds what was signed here, and
// lets the signers go on where it is not in question.
func (h *Host) openQuestion(signed string) error {
	if err := errors.Join(h.readUnheard(), h.openOutrun(), h.openSigned(signed)); err != nil {
		return err
	}
	begun, unsettled := h.Unsettled()
	if unsettled {
		h.doubt(begun.From)
	}
	q := h.question.Load()
	if q == nil {
		return nil
	}
	grouped := !h.alone()
	h.reword(func(now *QuestionError) {
		if now.Grouped = grouped; unsettled {
			now.Epoch = begun.Number
		}
	})
	h.logger.Warn("this folder may be a copy or an old backup: nothing is signed, and no other jurisdiction is answered, until a neighbour or a person has said that it is the newest",
		"dir", h.dir, "entries", q.Size, "grouped", grouped)
	return nil
}

// Questioned returns the *QuestionError while the folder is in question, and nil else.
func (h *Host) Questioned() error {
	if q := h.question.Load(); q != nil {
		return q
	}
	return nil
}

// undecided returns the *QuestionError while nobody has decided whether the ledger goes on with the
// keys that are here: nil once it has begun an epoch with them, though that is not settled.
func (h *Host) undecided() error {
	if q := h.question.Load(); q != nil && (q.Epoch == 0 || q.Outrun > 0) {
		return q
	}
	return nil
}

// Mute reports whether this replica neither votes nor asks for votes.
func (h *Host) Mute() bool { return h.question.Load() != nil && !h.voiced.Load() }

// unquestionedAnd returns ready after a wait until the folder is in question no more.
func (h *Host) unquestionedAnd(ready func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		for q := h.question.Load(); q != nil; q = h.question.Load() {
			select {
			case <-q.over:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return ready(ctx)
	}
}

// settle ends the question that was judged: the folder belongs where it lies. Where something else
// was found meanwhile it stays, and the error is what is asked then.
func (h *Host) settle(judged *QuestionError) error {
	if err := h.notePlace(); err != nil {
		return err
	}
	if !h.question.CompareAndSwap(judged, nil) {
		q := h.question.Load()
		if q == nil {
			return nil
		}
		return errors.Join(q, h.noteDoubt(q))
	}
	h.sizes.forget()
	h.unheard.continued.Add(1)
	if judged != nil {
		close(judged.over)
	}
	return nil
}

// AskWitnesses asks the neighbours what they saw of this ledger, until the question that there is
// is settled or ctx ends. In a group nobody is asked; nor is anybody about a question that comes
// later, as a neighbour has said by then what it saw.
func (h *Host) AskWitnesses(ctx context.Context, w Witnesses) {
	asked := h.question.Load()
	if asked == nil {
		return
	}
	for pause := askFirst; ctx.Err() == nil; pause = min(2*pause, askMost) {
		if q := h.question.Load(); q == nil || q.over != asked.over || q.Grouped {
			return
		}
		if err := h.askOnce(ctx, w); err != nil && ctx.Err() == nil {
			h.logger.Warn("nobody has said yet that this ledger is the newest", "error", err)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-asked.over:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// askOnce asks once, and settles the question or notes what was found.
func (h *Host) askOnce(ctx context.Context, w Witnesses) error {
	within, cancel := context.WithTimeout(ctx, askMost)
	defer cancel()
	all, err := w.Largest(within)
	q := h.question.Load()
	if q == nil {
		return nil
	}
	now := *q
	now.Waiting = !errors.Is(err, ErrNoWitness) && time.Since(q.Since) < AskAgain && q.Outrun == 0
	good := map[identity.Jurisdiction]bool{}
	for _, s := range all {
		agrees, forked := h.judge(q.Size, s)
		good[s.By] = good[s.By] || agrees && !s.Forgot && (!s.Unbacked || time.Since(q.Since) >= AskAgain)
		if !agrees && h.vouched(s) && (now.Found == nil || forked && !now.Forked || s.newer(*now.Found)) {
			now.Found, now.Forked, now.Rekeyed = &s, now.Forked || forked, h.rekeyed(s.Checkpoint.Log)
			if of, before := h.after(s.Checkpoint.Log); before {
				now.Size = of.From
			}
		}
	}
	if now.Found == nil && now.Epoch == 0 && now.Outrun == 0 && h.settledBy(w, good) {
		h.logger.Warn("the neighbours saw nothing that is not here: the ledger goes on where it lies now", "entries", q.Size)
		return h.settle(q)
	}
	h.question.CompareAndSwap(q, &now)
	if err == nil && now.Found != nil {
		err = &now
	}
	return err
}

// newer reports whether a checkpoint is of a later epoch, or a larger one of the same.
func (s Seen) newer(than Seen) bool {
	a, b := s.Checkpoint, than.Checkpoint
	return cmp.Or(cmp.Compare(a.Log.Epoch(), b.Log.Epoch()), cmp.Compare(a.Size, b.Size)) > 0
}

// settledBy reports whether the word of those who saw nothing that is not here settles the
// question. It is that of the parent, which sees most, where that is on another node; else that of
// all others: one of them may have been away while more was recorded, or gain by what is forgotten.
// Where they do not all say so, a person decides.
func (h *Host) settledBy(w Witnesses, good map[identity.Jurisdiction]bool) bool {
	all, parent := w.Elsewhere()
	if parent {
		above, _ := h.name.Parent()
		return good[above]
	}
	return len(all) > 0 && !slices.ContainsFunc(all, func(of identity.Jurisdiction) bool { return !good[of] })
}

// continuation is the payload of the entry by which a person continued the ledger.
type continuation struct {
	Replica string `json:"replica"`
	Entries uint64 `json:"entries"` // of the ledger when the question began
	Reason  string `json:"reason"`
}

// What a person says of a ledger in question.
const (
	saysNewest = "ledger continue"
	saysLost   = "ledger epoch"
)

// worded is the request by which a person says it of the folder of this replica.
func (h *Host) worded(id identity.Message, says, reason string) book.Request {
	asked := h.MAC("asked", fmt.Appendf(nil, "%s\n%s\n%s", says, h.Replica(), reason))
	return book.ByNode(h, id, asked[:])
}

// Came returns the entry that records a person's word which came before under the same id, whatever
// it said; came is false where the id is free. The error is a refusal where it was of another one.
func (h *Host) Came(ctx context.Context, id identity.Message, reason string) (entry identity.Entry, came bool, err error) {
	entry, came, err = h.came(ctx, h.worded(id, saysLost, reason), state.KindEpoch, state.KindEpochWidened)
	if err != nil {
		entry, came, err = h.came(ctx, h.worded(id, saysNewest, reason), state.KindContinued)
	}
	return entry, came, err
}

// Continue takes the word of a person that this folder is the newest, and records it with the
// reason. It returns the entry; where it was recorded and the question could not be settled then,
// the same again settles it. The error is ErrNotInQuestion where there is no question, and the
// *QuestionError while a neighbour may answer yet, where one saw what is not here (see BeginEpoch),
// where a later key set was shown, or where the word came before and was of another question. In a
// group the replica votes from then on, also where too few do so for the entry to be made yet.
func (h *Host) Continue(ctx context.Context, id identity.Message, reason string) (entry identity.Entry, err error) {
	q := h.worded(id, saysNewest, reason)
	question := h.question.Load()
	if question != nil && question.Grouped && question.Outrun == 0 && question.Found == nil && question.Ahead == nil { // where all replicas are in question, nobody leads until most have the word
		h.voiced.Store(true)
	}
	if question != nil && question.takesNoWord() {
		return entry, question
	}
	entry, came, err := h.came(ctx, q, state.KindContinued)
	switch {
	case err != nil || came && question == nil:
		return entry, err
	case question == nil:
		return entry, ErrNotInQuestion
	case came && entry.Index() < question.Size:
		return entry, question
	case !came:
		entry, err = h.continued(ctx, q, question, reason)
	}
	now := h.question.Load()
	if err == nil && now != nil && now.takesNoWord() { // what was found meanwhile counts for more
		err = now
	}
	if err == nil {
		err = h.settle(now)
	}
	if err != nil {
		return entry, fmt.Errorf("continue ledger: %w", err)
	}
	h.logger.Warn("the ledger goes on by the word of a person", "entries", question.Size, "reason", reason)
	return entry, nil
}

// takesNoWord reports whether it does not help that a person says the folder is the newest.
func (e *QuestionError) takesNoWord() bool {
	return e.Ahead != nil || e.Found != nil || e.Epoch > 0 || e.Outrun > 0 || e.Waiting && !e.Grouped
}

// continued records a person's word, once it is noted that the neighbours are to be asked.
func (h *Host) continued(ctx context.Context, q book.Request, of *QuestionError, reason string) (entry identity.Entry, err error) {
	payload, err := json.Marshal(continuation{Replica: of.Replica.String(), Entries: of.Size, Reason: reason})
	if err != nil {
		return entry, err
	}
	note, err := h.Note(continuedType, payload)
	if err != nil {
		return entry, err
	}
	body, err := canon.Marshal(state.Continued{Evidence: note.Evidence, Sealed: note.Sealed})
	if err == nil {
		err = h.unhear(of.Size, of.Exact)
	}
	if err != nil {
		return entry, err
	}
	result, err := h.Propose(ctx, state.KindContinued, q, body)
	if err != nil {
		return entry, err
	}
	return h.Names().Entry(binary.BigEndian.Uint64(result)), nil
}
