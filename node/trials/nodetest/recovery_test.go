package nodetest

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tyler-smith/go-bip39/wordlists"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

// drawer keeps the papers that were shown.
type drawer struct{ words [][]string }

func (d *drawer) show(_ string, p *node.Paper) error {
	d.words = append(d.words, p.Words(node.PaperEnglish))
	return nil
}

// paper reads the last paper.
func (d *drawer) paper(t *testing.T) *node.Paper {
	t.Helper()
	p, _, err := node.ReadPaper([]byte(strings.Join(d.words[len(d.words)-1], " ")))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// secrets are the spellings of the private part of the last paper.
func (d *drawer) secrets(t *testing.T) map[string][]byte {
	t.Helper()
	words := d.words[len(d.words)-1]
	data := make([]byte, 33)
	for i, w := range words {
		number := slices.Index(wordlists.English, w)
		for bit := range 11 {
			at := i*11 + bit
			data[at/8] |= byte(number>>(10-bit)&1) << (7 - at%8)
		}
	}
	seed := data[:32]
	chinese := d.paper(t).Words(node.PaperChinese)
	return map[string][]byte{
		"raw": seed, "hex": []byte(hex.EncodeToString(seed)), "HEX": []byte(strings.ToUpper(hex.EncodeToString(seed))),
		"base64": []byte(base64.StdEncoding.EncodeToString(seed)[:42]), "base64url": []byte(base64.RawURLEncoding.EncodeToString(seed)[:42]),
		"words": []byte(strings.Join(words[:4], " ")), "words in JSON": []byte(strings.Join(words[:4], `","`)),
		"Chinese words": []byte(strings.Join(chinese[:4], "")), "bytes": []byte(strings.Trim(fmt.Sprint(seed[:8]), "[]")),
	}
}

// lines is a log that is kept.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// TestRecoveryKeyIsOnNoMachine looks for the private part of the recovery keys that init and join
// showed, in every file of the directories, in every line of the logs and in the answers of both
// (S05p).
func TestRecoveryKeyIsOnNoMachine(t *testing.T) {
	Run(t, "guizhou\n  guiyang absent\n", func(t *testing.T, tree *Tree) {
		var logged lines
		tree.log = slog.New(slog.NewTextHandler(&logged, &slog.HandlerOptions{Level: slog.LevelDebug}))
		var made, joined drawer
		dir := filepath.Join(t.TempDir(), "data")
		root, err := node.Init(dir, node.InitOptions{Name: "hunan", Paper: made.show})
		if err != nil || !root.Papered {
			t.Fatalf("init: got %+v, %v", root, err)
		}
		city := tree.Node("guiyang")
		opened, err := node.Open(t.Context(), dir, city.machine.options())
		if err != nil {
			t.Fatal(err)
		}
		if err := opened.Close(); err != nil {
			t.Fatal(err)
		}
		result, err := city.JoinWith(city.Invite().Token, joined.show, nil)
		if err != nil || !result.Papered {
			t.Fatalf("join: got %+v, %v", result, err)
		}
		city.Start()
		tree.WaitLinked()
		city.Stop()
		tree.Node("guizhou").Stop()
		for what, d := range map[string]*drawer{"init": &made, "join": &joined} {
			if len(d.words) != 1 {
				t.Fatalf("%s showed %d papers, want 1", what, len(d.words))
			}
			for form, secret := range d.secrets(t) {
				for _, folder := range []string{dir, city.machine.dir, tree.Node("guizhou").machine.dir} {
					holdsNot(t, folder, what+", "+form, secret)
				}
				if bytes.Contains(logged.b.Bytes(), secret) || bytes.Contains(fmt.Append(nil, root, result), secret) {
					t.Errorf("%s, %s: in the log or the answer", what, form)
				}
			}
			public := d.paper(t).Public()
			if !bytes.Contains(allOf(t, map[string]string{"init": dir, "join": city.machine.dir}[what]), public) {
				t.Errorf("%s: the public part is not there either: the search finds nothing", what)
			}
		}
		if logged.b.Len() == 0 {
			t.Error("nothing was logged: the search finds nothing")
		}
	})
}

// allOf returns the bytes of all files of a folder.
func allOf(t *testing.T, folder string) (all []byte) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		data, err := os.ReadFile(path)
		all = append(append(all, path...), data...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func holdsNot(t *testing.T, folder, what string, secret []byte) {
	t.Helper()
	if bytes.Contains(allOf(t, folder), secret) {
		t.Errorf("%s: in a file of %s", what, folder)
	}
}

// TestComesBackWithPaper: a county loses its machine. Its parent invites it anew, and it signs its
// new keys with the paper; its ledger is of the next epoch, so nothing that it names has the name
// of something before, and the receipts of both ledgers verify. A wrong paper is told at once. It
// comes back a second time without the paper (S05r).
func TestComesBackWithPaper(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n    nanming absent\n", func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		root := rootPin(t, tree.Node("guizhou"))
		rekey := func() string {
			made, err := city.Client("").Invite(t.Context(), client.NewInvitation{Name: "南明区", Rekey: true})
			if err != nil {
				t.Fatal(err)
			}
			return made.Token
		}
		var d drawer
		seen := map[string]bool{}
		back := func(token string, before *node.Paper, epoch uint64) {
			t.Helper()
			result, err := county.JoinWith(token, d.show, before)
			if err != nil || result.Epoch != epoch || result.Recovered != (before != nil) {
				t.Fatalf("join: got %+v, %v, want epoch %d", result, err, epoch)
			}
			county.Start()
			tree.WaitLinked("nanming")
			for _, e := range append(county.Entries("key-set"), county.Entries("joined")...) {
				if want := fmt.Sprintf("%s/log/%d/", county.Name(), epoch); seen[e.Entry] || !strings.HasPrefix(e.Entry, want) {
					t.Errorf("entry %s, seen before %t, want %s…", e.Entry, seen[e.Entry], want)
				}
				seen[e.Entry] = true
				receipt, err := county.Client("").Receipt(t.Context(), e.Index)
				if err == nil {
					_, err = node.VerifyReceipt(receipt.Receipt, nil, root)
				}
				if err != nil {
					t.Errorf("receipt of %s: %v", e.Entry, err)
				}
			}
		}
		back(county.Invite().Token, nil, 1)
		first := d.paper(t)
		county.Stop()
		county.Lose()
		token := rekey()
		wrong, err := node.NewPaper()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := county.JoinWith(token, d.show, wrong); text.AsFailure(err).Code != text.RecoveryOther {
			t.Errorf("another paper: got %v, want %s", err, text.RecoveryOther)
		}
		back(token, first, 2)
		gone := county.Name() + "/log/1/1"
		if _, err := city.Client("").AddAgency(t.Context(), client.NewAgency{Code: "water", Title: "水务局"}); err != nil {
			t.Fatal(err)
		}
		for what, from := range map[string]*client.Client{"there": county.Client(""), "elsewhere": city.Client("water")} {
			_, err := from.ReceiptOf(t.Context(), gone)
			if p := problem(err); p.Code != string(text.LedgerGone) || !strings.Contains(p.Detail, gone) || !strings.Contains(p.Detail, county.Name()+"/log/2") {
				t.Errorf("an entry of the lost ledger, asked %s: got %v, want %s", what, err, text.LedgerGone)
			}
		}
		county.Stop()
		county.Lose()
		if _, err := county.JoinWith(token, d.show, nil); text.AsFailure(err).Code != text.InvitationRedeemed {
			t.Errorf("the same token on another machine: got %v, want %s", err, text.InvitationRedeemed)
		}
		county.Lose()
		back(rekey(), nil, 3)
	})
}

// TestHostedComesBackWithPaper (G39): a county had its own machine, and is hosted by its parent
// from now on. The paper of its keys from before stands behind the new ones, with the first host
// add or after it, and a wrong one is told. The node is given no paper, only what it has signed.
func TestHostedComesBackWithPaper(t *testing.T) {
	Run(t, "guizhou\n  guiyang listen\n    nanming absent\n", func(t *testing.T, tree *Tree) {
		city, county := tree.Node("guiyang"), tree.Node("nanming")
		here, place := city.Client(""), client.NewHosted{Name: "南明区", Rekey: true}
		var d drawer
		if _, err := county.JoinWith(county.Invite().Token, d.show, nil); err != nil {
			t.Fatal(err)
		}
		withdrawn(t, here, "南明", "改由市里承载")
		wrong, err := node.NewPaper()
		if err != nil {
			t.Fatal(err)
		}
		add := func(with *node.Paper) (client.HostedPlace, error) {
			t.Helper()
			h := place
			if h.KeysOnly = with != nil; h.KeysOnly {
				keys, err := here.AddHosted(t.Context(), h)
				if err != nil {
					t.Fatal(err)
				}
				h.KeysOnly = false
				if h.Recovery, err = node.SignRecovery(keys.Pin, with); err != nil {
					t.Fatal(err)
				}
			}
			return here.AddHosted(t.Context(), h)
		}
		check := func() client.Check {
			t.Helper()
			hosted := client.Dial("", client.Options{In: county.Name(), Language: "en", Transport: client.Transport(city.machine.dial)})
			keys, err := hosted.Keys(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return keys.Check
		}
		if _, err := add(wrong); problem(err).Code != string(text.RecoveryOther) {
			t.Errorf("another paper: got %v, want %s", err, text.RecoveryOther)
		}
		if got, err := add(nil); err != nil || got.Recovered || got.Epoch != 2 || got.Again {
			t.Errorf("without the paper: got %+v, %v, want epoch 2, not recovered", got, err)
		}
		if c := check(); c.Unvouched == "" || c.HostedBy != city.Name() {
			t.Errorf("without the paper: got %+v, want that others wait, and who hosts it", c)
		}
		if _, err := add(wrong); problem(err).Code != string(text.RecoveryOther) {
			t.Errorf("another paper, afterwards: got %v, want %s", err, text.RecoveryOther)
		}
		for range 2 {
			if got, err := add(d.paper(t)); err != nil || !got.Recovered {
				t.Errorf("with the paper: got %+v, %v, want recovered", got, err)
			}
			if c := check(); c.Unvouched != "" {
				t.Errorf("with the paper others still wait until %s", c.Unvouched)
			}
		}
	})
}

// rootPin returns the pin of a root's first key set.
func rootPin(t *testing.T, n *Node) string {
	t.Helper()
	status, err := n.Client("").Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return status.Jurisdictions[0].Pin
}

// TestNewPaperReplacesTheOld: a key set names a new recovery key, of which the node is given the
// public part alone. 72 hours later the new paper counts, and the old one is told to be another.
func TestNewPaperReplacesTheOld(t *testing.T) {
	Run(t, "guizhou\n  guiyang absent\n", func(t *testing.T, tree *Tree) {
		var d drawer
		city := tree.Node("guiyang")
		if _, err := city.JoinWith(city.Invite().Token, d.show, nil); err != nil {
			t.Fatal(err)
		}
		city.Start()
		tree.WaitLinked()
		time.Sleep(2 * time.Hour)
		weak := hex.EncodeToString(append([]byte{1}, make([]byte, 31)...))
		_, err := city.Client("").NewKeys(t.Context(), client.NewKeys{RecoveryKey: weak})
		if p, ok := errors.AsType[*client.Problem](err); !ok || p.Code != string(text.BadRequest) {
			t.Errorf("a weak recovery key: got %v, want %s", err, text.BadRequest)
		}
		next, err := node.NewPaper()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := city.Client("").NewKeys(t.Context(), client.NewKeys{RecoveryKey: hex.EncodeToString(next.Public())}); err != nil {
			t.Fatal(err)
		}
		tree.Within(time.Hour, "the new keys are in use", func() bool {
			k, err := city.Client("").Keys(t.Context())
			return err == nil && k.KeySets[0].State == client.KeysInUse
		})
		keys, err := city.Client("").Keys(t.Context())
		if err != nil || keys.Recovery.Number != 2 || keys.Recovery.Fingerprint != node.PaperFingerprint(next) || keys.Name != city.Name() {
			t.Errorf("got %+v, %v, want the new paper since key set 2", keys, err)
		}
		city.Stop()
		city.Lose()
		tree.Skip(72 * time.Hour)
		time.Sleep(time.Hour)
		made, err := tree.Node("guizhou").Client("").Invite(t.Context(), client.NewInvitation{Name: "贵阳市", Rekey: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := city.JoinWith(made.Token, d.show, d.paper(t)); text.AsFailure(err).Code != text.RecoveryOther {
			t.Errorf("the old paper: got %v, want %s", err, text.RecoveryOther)
		}
		if _, err := city.JoinWith(made.Token, d.show, next); err != nil {
			t.Errorf("the new paper: %v", err)
		}
	})
}
