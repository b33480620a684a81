// Package config reads and writes the node's configuration, DIR/config.yaml: the jurisdictions that
// the node hosts, and the addresses at which it is reached.
//
//	version: 1
//	time_zone: "Asia/Shanghai"
//	listen: "192.0.2.7:7400"
//	addresses: ["192.0.2.7:7400"]
//	signed_sizes: "/var/lib/xietong-signed"
//	jurisdictions:
//	  - name: nanming.guiyang.guizhou
//	    display_name: "南明区"
//	    short_name: "南明区"
//	    code: "520102"
//	    level: "county"
//	    parent_address: "192.0.2.1:7400"
//
// The nodes of the children dial listen, an IP address and a UDP port; without an IP address the
// node listens on all addresses of the machine, and without listen it only dials. Invitations tell
// addresses, which are IP addresses or names with ports; without addresses, they tell the result of
// Advertised. parent_address is the present address of the parent, where that differs from the
// address in the invitation. time_zone is the zone in which this node tells times to people and
// reads the days that they type; without it, it is zone.Default. signed_sizes is a folder outside
// the data directory, in which the node notes how far it signed; without it, it notes that nowhere.
// These keys are optional, as are short_name, code and level.
//
// The file is decoded strictly. A key that is not listed, a key that stands twice, a value of
// another type or a name that no jurisdiction can have is refused with its line, and nothing is
// guessed. The package opens nothing else and decides nothing.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"xietong/certs/identity"
	"xietong/node/ground/text"
	"xietong/node/ground/zone"
)

// FileName is the name of the configuration in the data directory.
const FileName = "config.yaml"

// Limits of a configuration.
const (
	Version   = 1
	MaxLen    = 1 << 20 // bytes
	MaxHosted = 1000    // jurisdictions
	maxText   = 200     // bytes of a value
)

// Config is the configuration of a node: the jurisdictions that it hosts, and its addresses.
type Config struct {
	// TimeZone is the name of the zone of the times that people are told, one that zone.Load takes.
	TimeZone string
	// Listen is the UDP address that children dial; "": the node only dials, and nothing listens.
	Listen string
	// Addresses are told by invitations, at most MaxAddresses; none: Advertised derives them from
	// Listen.
	Addresses []string
	// SignedSizes is the folder in which the largest sizes that were signed are noted; "": none.
	SignedSizes   string
	Jurisdictions []Jurisdiction
}

// Jurisdiction is one hosted jurisdiction.
type Jurisdiction struct {
	Name        identity.Jurisdiction
	DisplayName string
	ShortName   string
	Code        string // GB/T 2260 or any
	Level       string
	// ParentAddress is the address at which the parent is dialled; "": the address in the
	// invitation.
	ParentAddress string
}

// Zone returns the zone of the times that people are told.
func (c Config) Zone() *time.Location {
	in, err := zone.Load(c.TimeZone)
	if err != nil { // Parse has refused it
		return zone.Home
	}
	return in
}

// Error is the error of a configuration, with the place of the fault.
type Error struct {
	Line    int    // counted from 1; 1 when the error has no line of its own
	Column  int    // in characters, counted from 1, as Line
	Key     string // as it is written; FileName when the whole file is wrong
	Reason  string
	Unknown bool // there is no such key; Reason is then the nearest known key, or all of them
}

func (e *Error) Error() string { return fmt.Sprintf("line %d: %s: %s", e.Line, e.Key, e.Reason) }

// file is the form of the YAML.
type file struct {
	Version       int      `yaml:"version"`
	TimeZone      string   `yaml:"time_zone"`
	Listen        string   `yaml:"listen"`
	Addresses     []string `yaml:"addresses"`
	SignedSizes   string   `yaml:"signed_sizes"`
	Jurisdictions []hosted `yaml:"jurisdictions"`
}

type hosted struct {
	Name        string `yaml:"name"`
	DisplayName string `yaml:"display_name"`
	ShortName   string `yaml:"short_name"`
	Code        string `yaml:"code"`
	Level       string `yaml:"level"`
	Parent      string `yaml:"parent_address"`
}

// keys are all keys. Package text tells of each what it takes.
var keys = []string{"version", "time_zone", "listen", "addresses", "signed_sizes", "jurisdictions", "name", "display_name", "short_name", "code", "level", "parent_address"}

// Read reads the configuration at path. The error is an *Error where the content is wrong, and an
// error of package os where the file cannot be read.
func Read(path string) (Config, error) {
	f, err := os.Open(path)
	if err != nil {
		return Config{}, err
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxLen+1))
	if err = errors.Join(err, f.Close()); err != nil {
		return Config{}, fmt.Errorf("read %s: %w", path, err)
	}
	return Parse(data)
}

// Parse parses a configuration of at most MaxLen bytes. The error is an *Error.
func Parse(data []byte) (Config, error) {
	if len(data) > MaxLen {
		return Config{}, whole(fmt.Sprintf("more than %d bytes", MaxLen))
	}
	if !utf8.Valid(data) {
		return Config{}, whole("not UTF-8; save it as UTF-8 in a text editor")
	}
	data = bytes.TrimPrefix(data, []byte("\uFEFF")) // as some editors put it
	f, err := decode(data)
	if err != nil {
		return Config{}, err
	}
	return f.config(data)
}

// decode reads the one document of the file. The library panics on some malformed files (a tagged
// scalar where a list should stand); for the author, such a file is wrong like any other.
func decode(data []byte) (f file, err error) {
	defer func() {
		if recover() != nil {
			err = whole(notYAML)
		}
	}()
	documents := yaml.NewDecoder(bytes.NewReader(data), yaml.Strict())
	if err := documents.Decode(&f); err != nil && !errors.Is(err, io.EOF) {
		return f, misread(data, err)
	}
	if err := documents.Decode(new(file)); !errors.Is(err, io.EOF) {
		return f, whole("more than one document")
	}
	return f, nil
}

// Empty is the reason of a file in which nothing is left of a configuration.
const Empty = "no setting is left in it"

const notYAML = "not YAML of this form"

// misread turns the library's error into a line and a reason.
func misread(data []byte, err error) error {
	out := whole(notYAML)
	at, ok := errors.AsType[yaml.Error](err)
	if !ok || at.GetToken() == nil {
		return out
	}
	place := at.GetToken().Position
	out.Line, out.Column = max(place.Line, 1), max(place.Column, 1)
	if line, column := wideColon(data); line > 0 { // the library finds out lines below
		out.Line, out.Column = line, column
		return out
	}
	if strings.Contains(at.GetMessage(), "already defined") { // of no type of its own
		out.Key, out.Reason = at.GetToken().Value, standsTwice
	}
	if _, unknown := errors.AsType[*yaml.UnknownFieldError](err); unknown {
		out.Unknown, out.Key, out.Reason = true, at.GetToken().Value, nearest(at.GetToken().Value)
	}
	_, mistyped := errors.AsType[*yaml.TypeError](err)
	_, misplaced := errors.AsType[*yaml.UnexpectedNodeTypeError](err) // a text for a list, and the like
	if mistyped || misplaced {
		out.Key, out.Reason = keyOfLine(data, out.Line), "type"
	}
	return out
}

// keyWide finds a key that is followed by a colon of a Chinese input method, which is none of YAML.
var keyWide = regexp.MustCompile(`^\s*(- +)?[a-z_]+ *：`)

// wideColon returns where the first such colon stands; 0: nowhere.
func wideColon(data []byte) (line, column int) {
	for n, text := range strings.Split(string(data), "\n") {
		if found := keyWide.FindString(text); found != "" {
			return n + 1, utf8.RuneCountInString(found)
		}
	}
	return 0, 0
}

// whole returns the error of a file that is wrong as a whole.
func whole(reason string) *Error { return &Error{Line: 1, Column: 1, Key: FileName, Reason: reason} }

// keyOfLine returns the text before the colon of a line; lines are counted from 1.
func keyOfLine(data []byte, line int) string {
	lines := strings.Split(string(data), "\n")
	if line < 1 || line > len(lines) {
		return FileName
	}
	key, _, _ := strings.Cut(strings.TrimLeft(lines[line-1], "- \t"), ":")
	return strings.TrimSpace(key)
}

// IsKey reports whether a configuration may have the key.
func IsKey(key string) bool { return slices.Contains(keys, key) }

// nearest returns the known key that was probably meant, or all known keys.
func nearest(key string) string {
	distance := func(known string) int { return text.Distance([]rune(key), []rune(known)) }
	best := slices.MinFunc(keys, func(a, b string) int { return distance(a) - distance(b) })
	if distance(best) <= 2 {
		return best
	}
	return strings.Join(keys, ", ")
}

// config checks the values that were read, and returns them as a Config.
func (f file) config(data []byte) (c Config, err error) {
	switch {
	case f.Version == 0 && len(f.Jurisdictions) == 0:
		return c, whole(Empty)
	case f.Version != Version:
		return c, wrong(data, "$.version", "version", fmt.Sprintf("%d; this program reads %d", f.Version, Version))
	case len(f.Jurisdictions) == 0:
		return c, wrong(data, "$.jurisdictions", "jurisdictions", "none is listed")
	case len(f.Jurisdictions) > MaxHosted:
		return c, wrong(data, "$.jurisdictions", "jurisdictions", fmt.Sprintf("more than %d", MaxHosted))
	}
	if _, err := zone.Load(f.TimeZone); err != nil {
		return c, wrong(data, "$.time_zone", "time_zone", err.Error())
	}
	if err := f.reached(data); err != nil {
		return c, err
	}
	if reason := wrongFolder(f.SignedSizes); reason != "" {
		return c, wrong(data, "$.signed_sizes", "signed_sizes", reason)
	}
	c.TimeZone, c.Listen, c.SignedSizes = f.TimeZone, f.Listen, f.SignedSizes
	c.Addresses = append(c.Addresses, f.Addresses...) // nil where no address is listed
	for i, h := range f.Jurisdictions {
		at := func(key, reason string) error {
			return wrong(data, fmt.Sprintf("$.jurisdictions[%d].%s", i, key), key, reason)
		}
		name, err := identity.ParseJurisdiction(h.Name)
		switch {
		case err != nil:
			return c, at("name", err.Error())
		case slices.ContainsFunc(c.Jurisdictions, func(other Jurisdiction) bool { return other.Name == name }):
			return c, at("name", h.Name+" stands twice")
		case h.DisplayName == "":
			return c, at("display_name", "it is empty")
		case h.Parent != "" && wrongAddress(h.Parent) != "":
			return c, at("parent_address", wrongAddress(h.Parent))
		}
		for key, value := range map[string]string{
			"display_name": h.DisplayName, "short_name": h.ShortName, "code": h.Code, "level": h.Level,
		} {
			if reason := CheckText(value); reason != "" {
				return c, at(key, reason)
			}
		}
		c.Jurisdictions = append(c.Jurisdictions, Jurisdiction{name, h.DisplayName, h.ShortName, h.Code, h.Level, h.Parent})
	}
	return c, nil
}

// wrongFolder returns why no folder of the machine can be called so; "": one can, or none is named.
func wrongFolder(s string) (reason string) {
	switch {
	case s == "":
		return ""
	case !filepath.IsAbs(s):
		return "it does not begin with /"
	}
	return CheckText(s)
}

// CheckText returns why a configuration takes no such text; "": it takes it.
func CheckText(s string) (reason string) {
	switch {
	case len(s) > maxText:
		return fmt.Sprintf("more than %d bytes", maxText)
	case !text.Readable(s):
		return "characters that cannot be read, such as control characters"
	}
	return ""
}

// wrong returns the error of the value at a path of the file. A value that is absent gets the line
// of the nearest value that encloses it.
func wrong(data []byte, path, key, reason string) error {
	e := &Error{Line: 1, Column: 1, Key: key, Reason: reason}
	for ; path != "$"; path = path[:strings.LastIndexAny(path, ".[")] {
		p, err := yaml.PathString(path)
		if err != nil {
			return e
		}
		if node, err := p.ReadNode(bytes.NewReader(data)); err == nil && node.GetToken() != nil {
			e.Line, e.Column = node.GetToken().Position.Line, node.GetToken().Position.Column
			return e
		}
	}
	return e
}

// reached checks the addresses at which the node is reached.
func (f file) reached(data []byte) error {
	if reason := wrongListen(f.Listen); f.Listen != "" && reason != "" {
		return wrong(data, "$.listen", "listen", reason)
	}
	if len(f.Addresses) > MaxAddresses {
		return wrong(data, "$.addresses", "addresses", fmt.Sprintf("more than %d", MaxAddresses))
	}
	for i, a := range f.Addresses {
		reason := wrongAddress(a)
		if slices.Contains(f.Addresses[:i], a) {
			reason = standsTwice
		}
		if reason != "" {
			return wrong(data, fmt.Sprintf("$.addresses[%d]", i), "addresses", reason)
		}
	}
	return nil
}
