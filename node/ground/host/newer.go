package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"xietong/certs/canon"
	"xietong/certs/identity"
	"xietong/certs/trust"
	"xietong/consensus/ledger"
)

// newerFile holds levels down to the parent that lead further than those in the file chain: the
// parent has other keys by now, as those above it say, and has not endorsed this jurisdiction under
// them yet, since its ledger is in question, say. Whoever has the keys of before is believed no
// more from then on, also after a restart.
const newerFile = "newer"

// newer are such levels, with what was verified of them.
type newer struct {
	above
	links []trust.Link
}

// Newer returns the verified levels down to the parent that lead further than Chain; nil: none are
// known. The caller changes nothing of them.
func (h *Host) Newer() []trust.Link {
	if n := h.newer.Load(); n != nil {
		return n.links
	}
	return nil
}

// KeepNewer keeps levels down to the parent where they lead further than what is known of it, and
// reports whether they do. The caller has seen that they are in force. The error wraps ErrNotAbove
// where they do not lead to the parent from the pinned root, or go back behind what is known.
func (h *Host) KeepNewer(ctx context.Context, levels []trust.Level) (further bool, err error) {
	a := h.above.Load()
	if a == nil {
		return false, nil
	}
	if err := h.handable(levels); err != nil {
		return false, err
	}
	n := newer{above: above{Root: a.Root, Levels: levels}}
	if n.links, err = descendFrom(n.above); err != nil {
		return false, fmt.Errorf("%w: %w", ErrNotAbove, err)
	}
	kept, err := h.keptLinks(ctx)
	if err != nil {
		return false, err
	}
	h.keeping.Lock()
	defer h.keeping.Unlock()
	if since := h.newer.Load(); since != nil {
		kept = append(kept, since.links)
	}
	if further, err = leadsFurther(kept, n.links, h.name); err != nil || !further {
		return false, err
	}
	data, err := canon.Marshal(n.above)
	if err == nil {
		err = WriteFile(filepath.Join(h.dir, newerFile), data)
	}
	if err != nil {
		return false, fmt.Errorf("keep the newer keys of the parent: %w", err)
	}
	h.newer.Store(&n)
	return true, nil
}

// leadsFurther reports whether a chain down to the parent of a jurisdiction ends with a later key
// set than those that are kept, of which the last one leads furthest. The error wraps ErrNotAbove.
func leadsFurther(kept [][]trust.Link, chain []trust.Link, name identity.Jurisdiction) (bool, error) {
	for _, k := range kept {
		if err := leadsOn(k, chain); err != nil {
			return false, err
		}
	}
	now := chain[len(chain)-1].Newest()
	last := kept[len(kept)-1]
	if parent, _ := name.Parent(); now.Name != parent || len(chain) > len(last) {
		return false, fmt.Errorf("%w: it ends with %s", ErrNotAbove, now.Name)
	}
	was := last[len(chain)-1].Newest()
	if was.Name != now.Name {
		return false, fmt.Errorf("%w: it is of another tree", ErrNotAbove)
	}
	return now.Epoch > was.Epoch || now.Epoch == was.Epoch && now.Number > was.Number, nil
}

func descendFrom(a above) ([]trust.Link, error) {
	root, err := trust.ParsePin(a.Root)
	if err != nil {
		return nil, err
	}
	return trust.Descend(root, a.Levels, ledger.VerifyEndorsement)
}

// noNewer ends what was kept by KeepNewer, because the parent endorsed this jurisdiction by a chain
// that leads as far. The caller holds keeping.
func (h *Host) noNewer() error {
	if h.newer.Load() == nil {
		return nil
	}
	if err := removeFile(filepath.Join(h.dir, newerFile)); err != nil {
		return fmt.Errorf("end the newer keys of the parent: %w", err)
	}
	h.newer.Store(nil)
	return nil
}

// readNewer reads the file newer. One that cannot be read says nothing: the next look at the parent
// finds the keys again.
func (h *Host) readNewer() error {
	data, err := os.ReadFile(filepath.Join(h.dir, newerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the newer keys of the parent: %w", err)
	}
	var n newer
	if err = canon.Unmarshal(data, maxChainLen, &n.above); err == nil {
		n.links, err = descendFrom(n.above)
	}
	if kept := h.above.Load(); err != nil || kept == nil || kept.Root != n.Root {
		h.logger.Warn("the newer keys of the parent cannot be read, and are asked for again", "error", err)
		return nil
	}
	h.newer.Store(&n)
	return nil
}

// GoesOn refuses a chain that goes back behind the one that is kept, or behind what is known of the
// parent since (see KeepNewer): at no level are key sets given up for those of before, or for
// others that do not follow them. So nothing that was revoked counts again, whoever shows it. A
// level that began anew is of a later epoch, which the level above it endorsed; the root, which
// nobody endorses, never begins anew: in a new epoch its key sets go on from those of before. The
// error wraps ErrNotAbove. The chain may end above this jurisdiction.
func (h *Host) GoesOn(ctx context.Context, chain []trust.Link) error {
	all, err := h.keptLinks(ctx)
	if err != nil {
		return err
	}
	for _, kept := range all {
		if err := leadsOn(kept, chain); err != nil {
			return err
		}
	}
	return nil
}

// keptLinks returns the verified levels of the own chain, which for a root is its own level, and
// those that lead further.
func (h *Host) keptLinks(ctx context.Context) (all [][]trust.Link, err error) {
	levels, root, err := h.chainFrom(ctx, 1)
	if err != nil {
		return nil, err
	}
	if h.anew.Load() != nil { // the kept chain endorses the keys of before
		levels = withoutLast(levels)
	}
	kept, err := trust.Descend(root, levels, ledger.VerifyEndorsement)
	if err != nil {
		return nil, fmt.Errorf("kept chain: %w", err)
	}
	all = append(all, kept)
	if n := h.newer.Load(); n != nil {
		all = append(all, n.links)
	}
	return all, nil
}

// leadsOn refuses a chain that goes back behind a kept one.
func leadsOn(kept, chain []trust.Link) error {
	for i := range min(len(kept), len(chain)) {
		last, now := kept[i].Newest(), chain[i].KeySets
		if last.Name != chain[i].Newest().Name || i > 0 && chain[i].Newest().Epoch > last.Epoch {
			return nil // another parent, or one that the one above it let begin anew: those below it follow it
		}
		at := slices.IndexFunc(now, func(k trust.KeySet) bool { return k.Number >= last.Number })
		if at < 0 || now[at].Number == last.Number && now[at].Hash() != last.Hash() || now[at].Epoch < last.Epoch {
			return fmt.Errorf("%w: %w: the key sets of %s do not go on from number %d", ErrNotAbove, trust.ErrInvalid, last.Name, last.Number)
		}
	}
	return nil
}
