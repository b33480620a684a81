package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"xietong/certs/authority"
	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
	"xietong/consensus/state"
)

// An act that was signed with the keys of a chain before the newest is proven by that chain: by the
// checkpoint that a majority of it signed, and the endorsement that it had. What that takes beside
// the ledger is kept in a folder of its own; see BeginAnew.

// FormerError says that an act of a chain before the newest cannot be proven here: no checkpoint of
// that chain covers it, or what was kept of the chain is on another machine.
type FormerError struct {
	In  identity.Jurisdiction
	Err error
}

func (e *FormerError) Error() string {
	return fmt.Sprintf("%s signed it with keys of before: %v", e.In, e.Err)
}

// Unwrap returns the reason.
func (e *FormerError) Unwrap() error { return e.Err }

var (
	errNotKept   = errors.New("what was kept of them is not in this data directory")
	errUncovered = errors.New("no checkpoint that they signed covers it")
)

// formerChain is a chain of key sets before the newest.
type formerChain struct {
	sets   []state.FormerKeySet // the one with number 1 first
	until  uint64               // the index of the first key set of the next chain
	keys   []trust.KeySet       // verified
	signer *authority.Authority
	above  above
}

// formerOf returns the chain before the newest that signed an act; ok is false where the newest
// did, or the entry is no act.
func (h *Host) formerOf(r *state.Reader, index uint64) (f formerChain, ok bool, err error) {
	f.until, _ = r.KeySetIndex(1)
	all := r.FormerKeySets()
	if index >= f.until || len(all) == 0 {
		return f, false, nil
	}
	data, err := r.ProvenLeaf(index)
	if err != nil || data == nil {
		return f, false, err
	}
	leaf, err := ledger.DecodeLeaf(data)
	if err != nil || !leaf.Evidence.Signed() {
		return f, false, err
	}
	for _, k := range slices.Backward(all) {
		if len(f.sets) > 0 && k.Until != f.sets[0].Until {
			if f.sets[0].Index <= index {
				break
			}
			f.until, f.sets = f.sets[0].Index, nil
		}
		f.sets = append([]state.FormerKeySet{k}, f.sets...)
	}
	return f, true, h.openFormer(&f)
}

// openFormer verifies the key sets, and reads what was kept of the chain.
func (h *Host) openFormer(f *formerChain) (err error) {
	var signed [][]byte
	for _, k := range f.sets {
		signed = append(signed, k.Signed)
	}
	if f.keys, err = trust.WalkFirst(signed); err != nil {
		return &state.DamageError{Err: err}
	}
	folders, err := filepath.Glob(filepath.Join(h.dir, formerCerts+"-*"))
	if err != nil {
		return err
	}
	for _, folder := range folders {
		f.signer, err = authority.Open(filepath.Join(folder, certsFolder), h.name, h.Replica())
		if err != nil || !slices.ContainsFunc(f.keys, func(k trust.KeySet) bool {
			return slices.Equal(k.LogKey(h.Replica()), f.signer.LogPublic())
		}) {
			continue
		}
		data, err := os.ReadFile(filepath.Join(folder, chainFile))
		if errors.Is(err, fs.ErrNotExist) { // it was a root
			return nil
		}
		if err == nil {
			err = canon.Unmarshal(data, maxChainLen, &f.above)
		}
		return err
	}
	return &FormerError{h.name, errNotKept}
}

// receipt makes the receipt of an act: under the first checkpoint that covers both the act and the
// key set that was endorsed last.
func (f formerChain) receipt(r *state.Reader, index uint64) ([]byte, error) {
	endorsed, err := f.endorsed()
	if err != nil {
		return nil, err
	}
	at := int(endorsed) - 1
	p, ok := r.CheckpointOver(max(index, f.sets[at].Index) + 1)
	if !ok || p.Mark.Size > f.until {
		return nil, &FormerError{r.Log().Jurisdiction(), errUncovered}
	}
	from, end := 0, 0
	for i, k := range f.sets {
		if k.Index < index {
			from = max(i-1, 0)
		}
		if k.Index < p.Mark.Size {
			end = i + 1
		}
	}
	own := trust.Level{}
	for _, k := range f.sets[min(from, at):end] {
		own.KeySets = append(own.KeySets, k.Signed)
	}
	if own.KeySets, err = trust.Begin(own.KeySets); err != nil {
		return nil, err
	}
	newest := f.keys[end-1]
	says, err := (ledger.Growth{Note: p.Note}).Checkpoint()
	if err != nil {
		return nil, err
	}
	c, err := ledger.OpenCheckpoint(p.Note, says.Log, newest)
	if err != nil {
		return nil, err
	}
	var chain []trust.Level
	for _, level := range append(f.above.Levels[:len(f.above.Levels):len(f.above.Levels)], own) {
		chain = append(chain, level.Lasting())
	}
	return ledger.Issue(r.Leaf(index), index, c, p.Note, r, chain, f.signer)
}

// endorsed returns the number of the key set that the parent endorsed last; 1 at a root.
func (f formerChain) endorsed() (uint64, error) {
	if len(f.above.Levels) == 0 {
		return 1, nil
	}
	payload, err := ledger.PayloadIn(f.above.Levels[len(f.above.Levels)-1].Endorsement)
	if err != nil {
		return 0, err
	}
	e, err := trust.DecodeEndorsement(payload)
	if err == nil && (e.Number == 0 || e.Number > uint64(len(f.sets))) {
		err = fmt.Errorf("number %d was endorsed, of %d", e.Number, len(f.sets))
	}
	return e.Number, err
}

// formerReceipt returns the receipt of an act of a chain before the newest; ok is false for any
// other entry.
func (h *Host) formerReceipt(index uint64) (receipt []byte, ok bool, err error) {
	err = h.Look(func(r *state.Reader) error {
		f, is, err := h.formerOf(r, index)
		if ok = is; err != nil || !ok {
			return err
		}
		if receipt, err = f.receipt(r, index); err == nil && len(receipt) > ledger.MaxReceiptLen {
			err = &ChainError{In: h.name, Length: len(receipt), Max: ledger.MaxReceiptLen}
		}
		return err
	})
	if err == nil && ok {
		_, err = ledger.DecodeReceipt(receipt)
	}
	return receipt, ok, err
}
