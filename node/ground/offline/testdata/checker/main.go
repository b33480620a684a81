// Command checker follows a log with tools that others wrote, and that know nothing of this
// project: Tessera's fsck and client, Torchwood's client, and the witness and the policy of
// transparency-dev. It is a module of its own, because those bring much along that the program
// does not need.
//
//	checker follow DIR VKEY [OLDER-NOTE]   the export in DIR
//	checker witness VKEY BODY…             add-checkpoint of each body; prints key and last line
//	checker policy POLICY NOTE             whether the policy is satisfied by the note
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"

	"filippo.io/torchwood"
	f_log "github.com/transparency-dev/formats/log"
	f_note "github.com/transparency-dev/formats/note"
	f_witness "github.com/transparency-dev/formats/witness"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"github.com/transparency-dev/witness/witness"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

func main() {
	verbs := map[string]func(context.Context, []string) error{"follow": follow, "witness": cosign, "policy": judge}
	if len(os.Args) < 4 || verbs[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: see the comment of the command")
		os.Exit(2)
	}
	if err := verbs[os.Args[1]](context.Background(), os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func follow(ctx context.Context, args []string) error {
	v, err := note.NewVerifier(args[1])
	if err != nil {
		return err
	}
	files := client.FileFetcher{Root: args[0]}
	check := fsck.New(v.Name(), v, files, hashes, fsck.Opts{N: 2})
	if err := check.Check(ctx); err != nil {
		return fmt.Errorf("tessera fsck: %w", err)
	}
	raw, err := files.ReadCheckpoint(ctx)
	if err != nil {
		return err
	}
	cp, _, _, err := f_log.ParseCheckpoint(raw, v.Name(), v)
	if err != nil {
		return err
	}
	if err := entries(ctx, args[0], raw, v); err != nil {
		return fmt.Errorf("torchwood: %w", err)
	}
	if err := inclusion(ctx, files, *cp); err != nil {
		return fmt.Errorf("tessera inclusion: %w", err)
	}
	fmt.Printf("followed %d entries\n", cp.Size)
	if len(args) > 2 {
		return since(ctx, files, v, args[2])
	}
	return nil
}

// hashes returns the leaf hashes of an entry bundle.
func hashes(bundle []byte) (out [][]byte, err error) {
	var b api.EntryBundle
	if err := b.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	for _, e := range b.Entries {
		out = append(out, rfc6962.DefaultHasher.HashLeaf(e))
	}
	return out, nil
}

// entries reads every entry with Torchwood, and an inclusion proof of some.
func entries(ctx context.Context, dir string, raw []byte, v note.Verifier) error {
	n, err := note.Open(raw, note.VerifierList(v))
	if err != nil {
		return err
	}
	c, err := torchwood.ParseCheckpoint(n.Text)
	if err != nil {
		return err
	}
	reader, err := torchwood.NewTileFS(os.DirFS(dir))
	if err != nil {
		return err
	}
	log, err := torchwood.NewClient(reader)
	if err != nil {
		return err
	}
	next := int64(0)
	for i := range log.AllEntries(ctx, c.Tree, 0) {
		if i != next {
			return fmt.Errorf("entry %d where %d must be", i, next)
		}
		next++
	}
	if err := log.Err(); err != nil || next != c.Tree.N {
		return fmt.Errorf("%d of %d entries: %w", next, c.Tree.N, err)
	}
	for _, i := range []int64{0, c.Tree.N / 2, c.Tree.N - 1} {
		entry, path, err := log.Entry(ctx, c.Tree, i)
		if err != nil {
			return err
		}
		if err := tlog.CheckRecord(path, c.Tree.N, c.Tree.Hash, i, tlog.RecordHash(entry)); err != nil {
			return err
		}
	}
	return nil
}

// inclusion proves entries with Tessera's client, and verifies the proofs with another library.
func inclusion(ctx context.Context, files client.FileFetcher, cp f_log.Checkpoint) error {
	prove, err := client.NewProofBuilder(ctx, cp.Size, files.ReadTile)
	if err != nil {
		return err
	}
	for _, i := range []uint64{0, cp.Size / 3, cp.Size - 1} {
		b, err := client.GetEntryBundle(ctx, files.ReadEntryBundle, i/256, cp.Size)
		if err != nil {
			return err
		}
		path, err := prove.InclusionProof(ctx, i)
		if err != nil {
			return err
		}
		leaf := rfc6962.DefaultHasher.HashLeaf(b.Entries[i%256])
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, i, cp.Size, leaf, path, cp.Hash); err != nil {
			return err
		}
	}
	return nil
}

// since has Tessera's tracker prove the log consistent with a checkpoint that was kept.
func since(ctx context.Context, files client.FileFetcher, v note.Verifier, kept string) error {
	raw, err := os.ReadFile(kept)
	if err != nil {
		return err
	}
	old, _, _, err := f_log.ParseCheckpoint(raw, v.Name(), v)
	if err != nil {
		return err
	}
	t, err := client.NewLogStateTracker(ctx, files.ReadTile, raw, v, v.Name(), client.UnilateralConsensus(files.ReadCheckpoint))
	if err != nil {
		return err
	}
	if _, _, _, err = t.Update(ctx); err != nil {
		return fmt.Errorf("tessera consistency: %w", err)
	}
	if got := t.Latest(); got.Size < old.Size {
		return errors.New("tessera consistency: the log became shorter")
	}
	fmt.Printf("consistent with %d entries\n", old.Size)
	return nil
}

// kept is the memory of a witness.
type kept map[string][]byte

func (kept) Init(context.Context) error                                { return nil }
func (k kept) Latest(_ context.Context, origin string) ([]byte, error) { return k[origin], nil }

func (k kept) Update(_ context.Context, origin string, f func([]byte) ([]byte, error)) error {
	next, err := f(k[origin])
	if err == nil {
		k[origin] = next
	}
	return err
}

// cosign runs the witness of transparency-dev over its HTTP handler.
func cosign(ctx context.Context, args []string) error {
	v, err := note.NewVerifier(args[0])
	if err != nil {
		return err
	}
	skey, vkey, err := note.GenerateKey(rand.Reader, "witness.example/w1")
	if err != nil {
		return err
	}
	signer, err := f_note.NewSignerForCosignatureV1(skey)
	if err != nil {
		return err
	}
	w, err := witness.New(ctx, witness.Opts{Persistence: kept{}, Signers: []note.Signer{signer}, VerifierForLog: func(_ context.Context, origin string) (note.Verifier, bool, error) {
		return v, origin == v.Name(), nil
	}})
	if err != nil {
		return err
	}
	var last string
	for _, name := range args[1:] {
		body, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		answer := httptest.NewRecorder()
		witness.NewHTTPHandler(w).AddCheckpoint(answer, httptest.NewRequest(http.MethodPost, "/add-checkpoint", bytes.NewReader(body)))
		if answer.Code != http.StatusOK {
			return fmt.Errorf("add-checkpoint %s: status %d %s", name, answer.Code, answer.Body)
		}
		last = answer.Body.String()
	}
	known, err := f_note.VKeyToCosignatureV1(vkey)
	if err != nil {
		return err
	}
	fmt.Printf("%s\n%s\n", known, strings.TrimSpace(last))
	return nil
}

// judge has transparency-dev's policy judge a note.
func judge(_ context.Context, args []string) error {
	rules, err := os.ReadFile(args[0])
	if err != nil {
		return err
	}
	signed, err := os.ReadFile(args[1])
	if err != nil {
		return err
	}
	g, err := f_witness.ParsePolicy(rules)
	if err != nil {
		return err
	}
	if !g.Satisfied(signed) {
		return errors.New("the policy is not satisfied")
	}
	fmt.Println("satisfied")
	return nil
}
