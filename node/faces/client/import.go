package client

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"

	"xietong/certs/identity"
)

// maxLine is the longest line of a streamed answer, in bytes.
const maxLine = 1 << 20

// ErrFileChanged is returned when the node, in the first pass, read another file than the client
// sent. If the second pass reads another file than the first, the node refuses it with a Problem.
var ErrFileChanged = errors.New("file changed while it was imported")

// ErrBadRows is wrapped by the error of an import that was stopped because rows cannot be loaded.
var ErrBadRows = errors.New("rows cannot be loaded")

// BadRowsError says which rows stopped an import. Nothing was written.
type BadRowsError struct {
	Dataset string // code
	Along   bool   // the rows were to come with an entry
	Replace bool   // they were to take the place of all records
	Check   ImportCheck
}

func (e *BadRowsError) Error() string {
	return fmt.Sprintf("%d of %d %v", e.Check.BadCount, e.Check.Rows, ErrBadRows)
}

// Unwrap makes errors.Is(err, ErrBadRows) true.
func (e *BadRowsError) Unwrap() error { return ErrBadRows }

// The passes of an import.
const (
	PassCheck = "check" // counted in bytes sent
	PassLoad  = "load"  // counted in rows loaded
)

// Import says what to import and how.
type Import struct {
	Dataset  string        // code
	File     io.ReadSeeker // read twice from its start; not closed
	KeepGood bool          // load the good rows although others are bad
	Replace  bool          // make the dataset exactly the file: records that are not in it leave
	// Entry is the entry, not in force yet, with which the rows are to be published: they are
	// checked by it and staged, and PublishAgreed publishes both. nil: the rows are for the one in
	// force.
	Entry *NewDataset

	// How the file is read; "" is what it tells by itself.
	Format, Encoding, Delimiter, Sheet string
	AsSpreadsheet                      bool   // also as spreadsheets show values: 是, 2020/2/3, 1,234
	Missing                            string // MissingKeep or MissingClear; "": a file that lacks columns is refused

	// Checked is called between the passes when not nil; its error ends the import with nothing
	// written.
	Checked func(ImportCheck) error
	// Progress is called now and then when not nil, with the pass and its progress; total is 0
	// while unknown.
	Progress func(pass string, done, total uint64)
}

// ImportRecords loads a file of records in two passes: the node checks every row and writes
// nothing; then, unless rows are bad and KeepGood is not set, it loads them. Neither the file nor
// the answer is held in memory. Both passes carry one idempotency key. A broken pass is not tried
// again here, because only the caller can tell whether a broken load is worth repeating (repeating
// it is safe: the same file is the same import).
func (c *Client) ImportRecords(ctx context.Context, im Import) (Imported, error) {
	key, err := identity.NewMessage()
	if err != nil {
		return Imported{}, err
	}
	check, err := c.checkImport(ctx, im, key)
	if err != nil {
		return Imported{}, fmt.Errorf("check import: %w", err)
	}
	if im.Checked != nil {
		if err := im.Checked(check); err != nil {
			return Imported{}, err
		}
	}
	if check.BadCount > 0 && !im.KeepGood {
		return Imported{}, &BadRowsError{im.Dataset, im.Entry != nil, im.Replace, check}
	}
	done, err := c.loadImport(ctx, im, key, check)
	if err != nil {
		return Imported{}, fmt.Errorf("load import: %w", outcome(unanswered(err), err))
	}
	return done, nil
}

// CheckRecords makes the first pass of ImportRecords alone: nothing is loaded.
func (c *Client) CheckRecords(ctx context.Context, im Import) (ImportCheck, error) {
	key, err := identity.NewMessage()
	if err != nil {
		return ImportCheck{}, err
	}
	check, err := c.checkImport(ctx, im, key)
	if err != nil {
		return check, fmt.Errorf("check file: %w", err)
	}
	return check, nil
}

// BadRows writes the bad rows of a file to w, as they were, with what is wrong beside each: a CSV,
// or JSON Lines of a file of objects, which can be mended and imported.
func (c *Client) BadRows(ctx context.Context, im Import, w io.Writer) error {
	key, err := identity.NewMessage()
	if err != nil {
		return err
	}
	im.Progress = nil
	resp, body, err := c.upload(ctx, im, key, datasetPath(im.Dataset, "/imports/bad-rows?"+im.reading().Encode()), PassCheck)
	if err != nil {
		return fmt.Errorf("read bad rows: %w", err)
	}
	defer body.stop()
	defer resp.Body.Close()
	if _, err := io.Copy(w, resp.Body); err != nil {
		return fmt.Errorf("read bad rows: %w", broken(err))
	}
	return nil
}

// reading returns how the file is read, as the parameters of a request.
func (im Import) reading() url.Values {
	q := url.Values{}
	for name, value := range map[string]string{
		"format": im.Format, "encoding": im.Encoding, "delimiter": im.Delimiter, "sheet": im.Sheet, "missing": im.Missing,
	} {
		if value != "" {
			q.Set(name, value)
		}
	}
	if im.AsSpreadsheet {
		q.Set("as_spreadsheet", "true")
	}
	return q
}

// checkImport makes the first pass.
func (c *Client) checkImport(ctx context.Context, im Import, key identity.Message) (ImportCheck, error) {
	var check ImportCheck
	path := datasetPath(im.Dataset, "/imports/check?"+im.reading().Encode())
	resp, body, err := c.upload(ctx, im, key, path, PassCheck)
	if err != nil {
		return check, err
	}
	defer body.stop()
	defer resp.Body.Close()
	data, err := readBounded(resp.Body, MaxAnswer)
	if err != nil {
		return check, err
	}
	if err := json.Unmarshal(data, &check); err != nil {
		return check, fmt.Errorf("%w: %w", ErrNotUnderstood, err)
	}
	if check.FileHash != body.sum() {
		return check, fmt.Errorf("%w: the node read %.16s, sent was %.16s", ErrFileChanged, check.FileHash, body.sum())
	}
	return check, nil
}

// loadImport makes the second pass.
func (c *Client) loadImport(ctx context.Context, im Import, key identity.Message, check ImportCheck) (Imported, error) {
	query := im.reading()
	query.Set("file_hash", check.FileHash)
	query.Set("rows", strconv.FormatUint(check.Rows, 10))
	query.Set("good", strconv.FormatUint(check.Good, 10))
	query.Set("keep_good", strconv.FormatBool(im.KeepGood))
	if check.Plan != "" {
		query.Set("plan", check.Plan)
	}
	if im.Replace {
		query.Set("replace", "true")
	}
	resp, body, err := c.upload(ctx, im, key, datasetPath(im.Dataset, "/imports?"+query.Encode()), PassLoad)
	if err != nil {
		return Imported{}, err
	}
	defer body.stop()
	defer resp.Body.Close()
	if got := resp.Header.Get("Content-Type"); !isMedia(got, ndjsonType) {
		return Imported{}, fmt.Errorf("%w: content type %q", ErrNotUnderstood, got)
	}
	return followImport(resp.Body, func(p ImportProgress) { im.progress(PassLoad, p.Done, p.Total) })
}

func (im Import) progress(pass string, done, total uint64) {
	if im.Progress != nil {
		im.Progress(pass, done, total)
	}
}

// followImport reads the lines of the second pass's answer. An answer that ends without its last
// line is an error: the import may have stopped anywhere.
func followImport(r io.Reader, progress func(ImportProgress)) (Imported, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	for lines.Scan() {
		if len(bytes.TrimSpace(lines.Bytes())) == 0 {
			continue
		}
		var line struct {
			ImportProgress
			Imported
			ImportFailed
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			return Imported{}, fmt.Errorf("%w: %w", ErrNotUnderstood, err)
		}
		switch {
		case line.Error != nil:
			return Imported{}, line.Error
		case line.Import != "" || line.Published != "":
			return line.Imported, nil
		}
		progress(line.ImportProgress)
	}
	if err := lines.Err(); err != nil {
		return Imported{}, fmt.Errorf("read answer: %w", broken(err))
	}
	return Imported{}, fmt.Errorf("read answer: %w", broken(io.ErrUnexpectedEOF))
}

// upload sends the file from its start and returns the answer, whose status is a success.
func (c *Client) upload(ctx context.Context, im Import, key identity.Message, path, pass string) (*http.Response, *filePass, error) {
	size, err := im.File.Seek(0, io.SeekEnd)
	if err == nil {
		_, err = im.File.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read file: %w", err)
	}
	body := &filePass{r: io.LimitReader(im.File, size), hash: sha256.New(), size: uint64(size)}
	if pass == PassCheck {
		body.progress = func(done, total uint64) { im.progress(pass, done, total) }
	}
	var entry []byte
	if im.Entry != nil {
		if entry, err = json.Marshal(im.Entry); err != nil {
			return nil, nil, err
		}
		path += "&entry_length=" + strconv.Itoa(len(entry))
	}
	req, err := c.request(ctx, http.MethodPost, path, key, io.MultiReader(bytes.NewReader(entry), body))
	if err != nil {
		return nil, nil, err
	}
	if req.ContentLength = size + int64(len(entry)); req.ContentLength == 0 {
		req.Body = http.NoBody
	}
	req.Header.Set("Content-Type", mediaOf(im.Format))
	req.Header.Set("Expect", "100-continue")
	resp, err := c.http.Do(req)
	if err != nil {
		body.stop()
		return nil, nil, broken(err)
	}
	if err := failure(resp); err != nil {
		body.stop()
		resp.Body.Close()
		return nil, nil, err
	}
	return resp, body, nil
}

func mediaOf(format string) string {
	switch format {
	case FormatCSV:
		return "text/csv; charset=utf-8"
	case FormatJSONL:
		return ndjsonType
	}
	return "application/octet-stream"
}

var errStopped = errors.New("the answer came before the end of the file")

// filePass reads a file once, hashing and counting what passes.
type filePass struct {
	mu         sync.Mutex // net/http may still be reading when an early answer came
	r          io.Reader
	hash       hash.Hash
	done, size uint64
	progress   func(done, total uint64)
	stopped    bool
}

// Read implements io.Reader.
func (p *filePass) Read(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return 0, errStopped
	}
	n, err := p.r.Read(b)
	p.hash.Write(b[:n])
	p.done += uint64(n)
	if p.progress != nil && n > 0 {
		p.progress(p.done, p.size)
	}
	return n, err
}

// sum returns the hash of what was read, lower-case hex.
func (p *filePass) sum() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return hex.EncodeToString(p.hash.Sum(nil))
}

// stop ends the reading: the file and the callback are not used after it returns.
func (p *filePass) stop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopped = true
}
