package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"xietong/node/faces/client"
	"xietong/node/ground/text"
)

var (
	quotation = regexp.MustCompile(`“[^”]*”`)
	commands  = regexp.MustCompile(`xietong( [a-z]+)*( --[a-z]+)*`)
	english   = regexp.MustCompile(`[a-z]{2,} [a-z]{2,}`)
)

// TestErrorsInChinese explains an error of every kind that ends a command: what happened and what
// to do are told in Chinese, and what is known in English alone is quoted.
func TestErrorsInChinese(t *testing.T) {
	a := &app{lang: text.Zh, data: t.TempDir()}
	var number int
	mistyped := json.Unmarshal([]byte(`"x"`), &number)
	reset := &net.OpError{Op: "read", Net: "unix", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	for what, err := range map[string]error{
		"anything":        errors.New("open socket: something new"),
		"a signal":        context.Canceled,
		"no node":         client.ErrNotRunning,
		"broken":          fmt.Errorf("load import: %w: %w", client.ErrBroken, reset),
		"no socket":       fmt.Errorf("%w: D/node.sock: %w", client.ErrSocket, os.NewSyscallError("connect", syscall.EACCES)),
		"no answer":       fmt.Errorf("%w: status 418 with content type \"x\"", client.ErrNotUnderstood),
		"too large":       client.ErrTooLarge,
		"another file":    fmt.Errorf("%w: it had 3 rows", client.ErrFileChanged),
		"no file":         &fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT},
		"a folder":        &fs.PathError{Op: "read", Path: "x", Err: syscall.EISDIR},
		"a full disk":     &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC},
		"rare":            &fs.PathError{Op: "write", Path: "x", Err: syscall.EXDEV},
		"JSON":            &badFile{"x", mistyped},
		"end of JSON":     &badFile{"x", io.ErrUnexpectedEOF},
		"an unknown name": &badFile{"x", errors.New(`json: unknown field "code2"`)},
		"long":            &badFile{"x", errTooLong},
		"encoding":        &badFile{"x", text.Fail(text.EncodingUnsure, text.Args{"encodings": "gb18030, big5", "reason": "not common Chinese"}, nil)},
		"no text":         &badFile{"x", text.Fail(text.FileKind, text.Args{"what": "no text"}, nil)},
		"a receipt":       &unverified{"x", text.Fail(text.ReceiptRefused, text.Args{"reason": "not proven: chain: something new"}, nil)},
		"usage":           usage(text.CLIFlagNeeded, text.Args{"flag": "--reason"}),
		"a failure":       text.Fail(text.BadRequest, text.Args{"where": "a name", "reason": `malformed name: label "x y": only a-z, 0-9 and hyphen may stand in it`}, nil),
	} {
		p, code := a.explain(err)
		for _, said := range []string{p.What(), p.Do} {
			plain := commands.ReplaceAllString(quotation.ReplaceAllString(said, ""), "")
			if code == exitDone || !strings.ContainsFunc(said, func(r rune) bool { return r >= '一' && r <= '龥' }) || english.MatchString(plain) {
				t.Errorf("%s: %q", what, said)
			}
		}
		if strings.TrimSpace(p.Where) == "-" {
			t.Errorf("%s: at %q", what, p.Where)
		}
	}
}

// TestNodeIsKilled: a node that ends in the middle of an answer is told as such, and not as a fault
// of the command. What may have been done meanwhile is said to be unknown.
func TestNodeIsKilled(t *testing.T) {
	b := newWorkbench(t, "zh_CN.UTF-8")
	b.node.wild = func(w http.ResponseWriter) bool {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			err = conn.Close()
		}
		return err == nil
	}
	for line, want := range map[string]struct {
		code int
		said string
	}{
		"record import villages " + writeFiles(t) + "/villages.csv": {exitUnreachable, "节点在答复之前中断了连接"}, // while it was checked
		"status":                       {exitUnreachable, "节点在答复之前中断了连接"},
		"query villages --at **.贵阳市":   {exitFailed, "是否已经办理尚不清楚"},
		"agency add civil-affairs 民政局": {exitFailed, "是否已经办理尚不清楚"},
	} {
		code, _, stderr := b.run(strings.Fields(line)...)
		if code != want.code || !strings.Contains(stderr, want.said) {
			t.Errorf("%s: exit %d, stderr:\n%s", line, code, stderr)
		}
	}
}

// TestMistyped: a value of another type in a file is told by its field, and what it must be.
func TestMistyped(t *testing.T) {
	for file, want := range map[string][2]string{
		`{"smallest_cell":1e400}`: {"“smallest_cell”的写法不符：应为不过长的整数", "smallest_cell is wrong: it must be a whole number"},
		`{"title":5}`:             {"“title”的写法不符：应为文字", "title is wrong: it must be a text"},
		`{"purposes":{}}`:         {"“purposes”的写法不符：应为列表", "purposes is wrong: it must be a list"},
		`[]`:                      {"应为对象", "it must be an object"},
		`{"title":"x",}`:          {"不应有 '}'", "'}' must not stand there"},
	} {
		for i, lang := range []string{"zh_CN.UTF-8", "C"} {
			b := newWorkbench(t, lang)
			b.stdin = file
			code, _, stderr := b.run("dataset", "publish", "-")
			if code != exitFailed || len(b.node.asked) > 0 || !strings.Contains(stderr, want[i]) || strings.Contains(stderr, "number 1e400") {
				t.Errorf("%s: exit %d, want %q: %s", file, code, want[i], stderr)
			}
		}
	}
}
