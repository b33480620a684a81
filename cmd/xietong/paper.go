package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"xietong/node"
	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

const (
	quiet      = 4  // light modules around a QR code
	qrColumns  = 37 // of a QR code with its quiet zone
	wordColumn = 14 // columns of one word with its number
)

// onPaper shows a recovery key once, on standard output: words, and on a terminal that is wide
// enough a QR code. name is whom it is of, and number the key set that first names it;
// of a root the paper says that it brings nothing back.
func (a *app) onPaper(p *node.Paper, name string, number uint64, root bool) error {
	var b bytes.Buffer
	defer func() { clear(b.Bytes()[:b.Cap()]) }()
	b.Grow(16 << 10) // so that nothing is copied on the way
	line := func(code text.Code, args text.Args) { a.line(&b, a.t(code, args)) }
	line(text.PaperTitle, nil)
	line(text.PaperOf, text.Args{"name": name, "number": fmt.Sprint(number), "date": text.Day(a.now(), a.zone())})
	line(text.PaperFingerprint, text.Args{"fingerprint": node.PaperFingerprint(p)})
	b.WriteByte('\n')
	a.words(&b, p)
	b.WriteByte('\n')
	switch {
	case a.columns >= qrColumns:
		rows, err := p.Code()
		if err != nil {
			return err
		}
		drawCode(&b, rows)
		line(text.PaperCode, nil)
		b.WriteByte('\n')
	case a.columns > 0:
		line(text.PaperNarrow, text.Args{"columns": fmt.Sprint(qrColumns)})
	}
	if root {
		line(text.PaperKeepRoot, nil)
	} else {
		line(text.PaperKeep, nil)
		line(text.PaperAlone, nil)
	}
	line(text.PaperOnce, nil)
	b.WriteByte('\n')
	_, err := a.stdout.Write(b.Bytes())
	return err
}

// wordsOf returns the words in the language.
func (a *app) wordsOf(p *node.Paper) []string {
	if a.lang == text.Zh {
		return p.Words(node.PaperChinese)
	}
	return p.Words(node.PaperEnglish)
}

// words writes the words with their numbers, in as many columns as the terminal has room for.
func (a *app) words(b *bytes.Buffer, p *node.Paper) {
	words := a.wordsOf(p)
	defer clear(words)
	width := a.columns
	if width == 0 {
		width = 80
	}
	across := max(1, min(4, (width-2)/wordColumn))
	for i, word := range words {
		cell := fmt.Sprintf("%2d %s", i+1, word)
		if (i+1)%across == 0 || i == len(words)-1 {
			fmt.Fprintln(b, "  "+cell)
			continue
		}
		b.WriteString(pad("  "+cell, wordColumn))
	}
}

// drawCode writes a QR code in half blocks, two rows of modules a line. The colours are said in
// full, black on white, so that it can be read on dark and on light terminals.
func drawCode(b *bytes.Buffer, rows [][]bool) {
	dark := func(y, x int) bool {
		y, x = y-quiet, x-quiet
		return y >= 0 && x >= 0 && y < len(rows) && x < len(rows) && rows[y][x]
	}
	side := len(rows) + 2*quiet
	for y := 0; y < side; y += 2 {
		b.WriteString("\x1b[30;47m")
		for x := range side {
			switch above, below := dark(y, x), dark(y+1, x); {
			case above && below:
				b.WriteString("█")
			case above:
				b.WriteString("▀")
			case below:
				b.WriteString("▄")
			default:
				b.WriteByte(' ')
			}
		}
		b.WriteString("\x1b[0m\n")
	}
}

// papered tells which paper counts, where this call has shown none because an earlier one has.
func (a *app) papered(shown bool, fingerprint string) {
	if !shown && fingerprint != "" {
		a.say(text.PaperBefore, text.Args{"fingerprint": fingerprint})
	}
}

// shown is what a command has shown of a recovery key.
type shown struct {
	words       []string // where they were asked for, for the output
	fingerprint string   // of the paper that was printed; "": none was
}

// paperFor returns what shows the recovery key of a jurisdiction that is made: on paper; into words
// where they were asked for with --json; nil where --json was given alone, and nobody is shown it.
func (a *app) paperFor(asked, root bool, s *shown) func(string, *node.Paper) error {
	switch {
	case !a.jsonOnly:
		return func(name string, p *node.Paper) error {
			s.fingerprint = node.PaperFingerprint(p)
			return a.onPaper(p, name, 1, root)
		}
	case asked:
		return func(_ string, p *node.Paper) error { s.words = a.wordsOf(p); return nil }
	}
	return nil
}

// paperFailed says what the paper is worth that was shown before the command failed.
// The keys stay in the data directory, and the same command, or another invitation, may yet have
// them endorsed.
func (a *app) paperFailed(s shown) {
	if s.fingerprint != "" {
		a.say(text.PaperNotYet, text.Args{"fingerprint": s.fingerprint})
	}
}

// paperMissed says, beside the answer in JSON, that nobody was shown the recovery key.
func (a *app) paperMissed(papered bool, name string) {
	if !papered {
		a.line(a.stderr, a.t(text.PaperNone, text.Args{"title": name, "name": name}))
	}
}

// readPaper reads the words of a recovery key from standard input, line by line until they are
// whole, or an empty line. They never come as an argument, which the list of processes would show.
func (a *app) readPaper() (*node.Paper, error) {
	if !a.jsonOnly {
		a.line(a.stderr, a.t(text.PaperAsk, nil))
	}
	typed := make([]byte, 0, node.MaxPaper+1)
	defer func() { clear(typed[:cap(typed)]) }()
	lines := bufio.NewReaderSize(io.LimitReader(a.stdin, node.MaxPaper), node.MaxPaper)
	for {
		line, err := lines.ReadSlice('\n')
		typed = append(typed, line...)
		ended := err != nil || strings.TrimSpace(string(line)) == ""
		clear(line)
		p, whole, bad := node.ReadPaper(typed)
		switch {
		case bad == nil:
			return p, nil
		case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		case whole || ended:
			return nil, bad
		}
	}
}

// newPaper makes a recovery key on this terminal, for the key set that is wanted, and shows it; the
// node gets the public part alone. The node is asked first whether it would make that key set now,
// so that nobody locks away a paper that never counts.
func (a *app) newPaper(ctx context.Context, wanted *client.NewKeys) (fingerprint string, err error) {
	if a.jsonOnly {
		return "", usage(text.PaperNoJSON, nil)
	}
	p, err := node.NewPaper()
	if err != nil {
		return "", err
	}
	defer p.Wipe()
	wanted.RecoveryKey = hex.EncodeToString(p.Public())
	try := *wanted
	try.Try = true
	next, err := a.client().NewKeys(ctx, try)
	if err != nil {
		return "", err
	}
	keys, err := a.client().Keys(ctx)
	if err != nil {
		return "", err
	}
	if err := a.onPaper(p, cmp.Or(keys.DisplayName, keys.Name), next.Number, keys.Endorsement == nil); err != nil {
		return "", err
	}
	return node.PaperFingerprint(p), nil
}
