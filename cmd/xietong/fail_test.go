package main

import (
	"bufio"
	"context"
	"crypto/sha256"
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
	a := &app{lang: text.Zh, data: t.TempDir(), getenv: func(string) string { return "" }}
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
		"long":            &badFile{"x", tooLong(maxInput)},
		"encoding":        &badFile{"x", text.Fail(text.EncodingUnsure, text.Args{"encodings": "gb18030, big5", "reason": "not common Chinese"}, nil)},
		"no text":         &badFile{"x", text.Fail(text.FileNoTable, text.Args{"what": "no text"}, nil)},
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

// TestCrowdAtTheSocket (A21-3): where even the system's queue of the socket is full, a person is
// told that the node is busy, and not of permissions.
func TestCrowdAtTheSocket(t *testing.T) {
	full := fmt.Errorf("%w: D/node.sock: %w", client.ErrSocket, os.NewSyscallError("connect", syscall.EAGAIN))
	for lang, want := range map[text.Lang]string{text.Zh: "请在 2 秒后重试", text.En: "try again in 2 s"} {
		a := &app{lang: lang, data: t.TempDir(), getenv: func(string) string { return "" }}
		if p, code := a.explain(full); code != exitUnreachable || p.Code != string(text.Overloaded) || p.Do != want {
			t.Errorf("exit %d, %+v, want %s", code, p, want)
		}
	}
}

// TestDiskErrors: whatever the disk refuses, the client's or that of the node, is told with its
// cause, and with what to do about that.
func TestDiskErrors(t *testing.T) {
	told := map[syscall.Errno][4]string{ // reason and what to do in Chinese, and in English
		syscall.ENOSPC: {"磁盘已满", "请清理或扩充磁盘", "no space left on device", "free or add space"},
		syscall.EDQUOT: {"磁盘配额已满", "请清理或扩充磁盘", "disk quota exceeded", "free or add space"},
		syscall.EROFS:  {"文件系统只读", "请换用可写的位置", "read-only file system", "made it read-only after an error of the disk"},
		syscall.EIO:    {"磁盘读写出错", "请查看系统日志，检查磁盘", "input/output error", "look into the system log, and check the disk"},
		syscall.EBUSY:  {"该文件正被占用", "挂载点", "the file is in use", "mount point"},
		syscall.EACCES: {"没有权限", "请核对路径和权限", "it is not permitted", "check the path and its permissions"},
	}
	for _, damaged := range errnosDamaged {
		told[damaged] = [4]string{"文件系统已损坏", "请查看系统日志，检查磁盘", "the file system is damaged", "look into the system log, and check the disk"}
	}
	for number, want := range told {
		all := []error{
			&fs.PathError{Op: "write", Path: "x", Err: number},
			&os.LinkError{Op: "rename", Old: ".x-1", New: "x", Err: number},
			fmt.Errorf("open state: %w", &fs.PathError{Op: "write", Path: "D/state.db", Err: number}),
		}
		if number != syscall.EACCES {
			all = append(all, fmt.Errorf("commit: %w", number)) // as fdatasync gives it
		}
		for i, lang := range []text.Lang{text.Zh, text.En} {
			a := &app{lang: lang, data: t.TempDir(), getenv: func(string) string { return "" }}
			for _, err := range all {
				p, code := a.explain(err)
				if code != exitFailed || !strings.Contains(p.What(), want[2*i]) || !strings.Contains(p.Do, want[2*i+1]) {
					t.Errorf("%v: exit %d, %q, %q, want %q", err, code, p.What(), p.Do, want[2*i:2*i+2])
				}
			}
		}
	}
}

// TestFullDisk: where there is no space for the next page, the way out is told, and as many rows as
// are on the disk.
func TestFullDisk(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	p := &part{file: full, w: bufio.NewWriterSize(full, 1<<20), since: sha256.New(), rows: 22000}
	err = asPart(p.take(page{Answer: &client.Answer{Rows: rowsFrom(0, 1000)}}), "d.csv.part", p)
	if !errors.Is(err, syscall.ENOSPC) || len(p.pages) != 0 {
		t.Fatalf("got %v, %d pages", err, len(p.pages))
	}
	if err := p.asking("k"); !errors.Is(err, syscall.ENOSPC) || p.ask != "" || p.asked != 0 {
		t.Errorf("a key: %v, %q, %d", err, p.ask, p.asked)
	}
	for lang, want := range map[text.Lang]string{
		text.En: "free or add space (or quota); the 22000 rows that came are kept in d.csv.part, and the same command goes on after them",
		text.Zh: "请清理或扩充磁盘（或者配额）；已取回的 22000 条保存在 d.csv.part，再次执行同一命令即继续",
	} {
		if got, _ := (&app{lang: lang, getenv: func(string) string { return "" }}).explain(err); got.Do != want {
			t.Errorf("got %q, want %q", got.Do, want)
		}
	}
}

// TestWhichDiskIsFull: what is told is the file of the person in place of its name until it is
// whole, and no other.
func TestWhichDiskIsFull(t *testing.T) {
	for name, want := range map[string]string{
		"out/.d.csv-123": "out/d.csv", "out/d.csv.part": "out/d.csv.part", "/tmp/xietong-sort-1": "/tmp/xietong-sort-1", "/tmp/.d.csv-1": "/tmp/.d.csv-1",
	} {
		err := asOutput(&fs.PathError{Op: "write", Path: name, Err: syscall.ENOSPC}, "out/d.csv")
		if at, ok := errors.AsType[*fs.PathError](err); !ok || at.Path != want {
			t.Errorf("%s: got %v, want %s", name, err, want)
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
		`{"title":"x",}`:          {"第 14 个字符“}”不符合 JSON 的写法", `column 14: "}" must not stand there`},
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

// TestOutputCutShort: a table that could not be written to its end is no success.
func TestOutputCutShort(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("needs /dev/full: ", err)
	}
	defer full.Close()
	b := newWorkbench(t, "en_US.UTF-8")
	for _, verb := range [][]string{{"dataset", "list"}, {"agency", "list"}, {"status"}, {"grant", "list"}, {"version"}} {
		if code, _, told := b.run(verb...); code != exitDone {
			t.Fatalf("%v: exit %d, %s", verb, code, told)
		}
		var errs strings.Builder
		a := b.app
		a.stdin, a.stdout, a.stderr, a.getenv = strings.NewReader(""), full, &errs, func(string) string { return "" }
		if code := a.run(t.Context(), append([]string{"--data", b.dir}, verb...)); code == exitDone || !strings.Contains(errs.String(), "space") {
			t.Errorf("%v: exit %d, told %q", verb, code, errs.String())
		}
	}
}
