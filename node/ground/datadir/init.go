package datadir

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"xietong/certs/identity"
	"xietong/certs/paper"
	"xietong/node/ground/config"
	"xietong/node/ground/host"
	"xietong/node/ground/roster"
	"xietong/node/ground/text"
)

// InitOptions say which jurisdiction the node will host. Init takes an empty Code, DisplayName,
// ShortName or Level from the roster, if the roster has the place.
type InitOptions struct {
	Name        string // such as nanming.guiyang.guizhou, or what a listed place is called; permanent
	Code        string
	DisplayName string // if the roster has none either, Name
	ShortName   string
	Level       string
	Listen      string // UDP address that its children dial; empty: no child can dial
	TimeZone    string // in which the node tells times, one that zone.Load takes; empty: zone.Default
	// Roster is the list of the tree, as CSV; "": the one of the program. Its root is the
	// jurisdiction, and Name may be empty.
	Roster string
	// Publish publishes that list, in the folder of the jurisdiction: once, also if it is called
	// again. It is needed with Roster alone.
	Publish func(folder string, name identity.Jurisdiction, list *roster.Roster) error
	// Paper is shown the recovery key, once; nil: nobody is.
	Paper func(name string, key *paper.Key) error
}

// InitResult is the result of Init.
type InitResult struct {
	Name     string   `json:"name"`                     // of the jurisdiction
	Pin      string   `json:"pin"`                      // of the jurisdiction's first key set; a stranger verifies from it
	Config   string   `json:"config"`                   // path of the configuration
	Recovery string   `json:"recovery_key"`             // fingerprint of the recovery key
	Papered  bool     `json:"recovery_key_shown"`       // whether this call has shown it to Paper
	Words    []string `json:"recovery_words,omitempty"` // filled by whoever was shown it, if at all
}

// Init makes a data directory with one hosted jurisdiction: (1) the jurisdiction's folder, (2) the
// roster that it brings, if any, (3) the configuration, (4) FORMAT, which says that the directory
// is complete. Each file is written under another name and then renamed. Init repeated after a
// crash finishes the work; it refuses a directory that holds anything else, and changes nothing
// there.
func Init(dir string, o InitOptions) (made InitResult, err error) {
	p, err := Plan(o)
	if err != nil {
		return made, err
	}
	name := p.name
	content := config.Config{TimeZone: o.TimeZone, Listen: o.Listen, Jurisdictions: []config.Jurisdiction{{
		Name: name, DisplayName: p.DisplayName, ShortName: p.ShortName, Code: p.Code, Level: p.Level,
	}}}
	if _, err := config.Parse(config.Render(content)); err != nil { // before anything is made
		return made, ConfigFailure(filepath.Join(dir, config.FileName), err)
	}
	if err := CheckEmpty(dir, p.Name); err != nil {
		return made, err
	}
	if err := checkSpace(dir); err != nil {
		return made, err
	}
	if err := host.MakeFolder(dir); err != nil {
		return made, Error(dir, err)
	}
	unlock, err := Lock(dir)
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if _, err := Tighten(dir); err != nil {
		return made, Error(dir, err)
	}
	if err := CheckEmpty(dir, p.Name); err != nil { // another process may have finished meanwhile
		return made, err
	}
	n := host.New{Now: time.Now(), Hosted: 1}
	if o.Paper != nil {
		n.Paper = func(key *paper.Key) error { return o.Paper(content.Jurisdictions[0].DisplayName, key) }
	}
	h, err := host.Make(host.Folder(dir, name), name, n)
	if err != nil {
		return made, Error(dir, err)
	}
	if p.list != nil {
		if err := o.Publish(host.Folder(dir, name), name, p.list); err != nil {
			return made, Error(dir, err)
		}
	}
	made = InitResult{Name: p.Name, Pin: h.Pin.String(), Config: filepath.Join(dir, config.FileName), Recovery: h.Recovery, Papered: h.Papered}
	return made, Write(dir, content)
}

// check refuses texts that are given and cannot be recorded.
func (o InitOptions) check() error {
	for _, given := range []struct{ flag, value string }{
		{"--display-name", o.DisplayName}, {"--short-name", o.ShortName}, {"--code", o.Code}, {"--level", o.Level},
	} {
		if err := text.CheckName(given.flag, given.value); err != nil {
			return err
		}
		if reason := config.CheckText(given.value); reason != "" {
			return text.Fail(text.BadRequest, text.Args{"where": given.flag, "reason": reason}, nil)
		}
	}
	return nil
}

// Write writes (1) the configuration, if Parse can read it again, and (2) FORMAT, which says that
// the directory is complete.
func Write(dir string, c config.Config) error {
	err := WriteConfig(dir, c)
	if err == nil {
		err = host.WriteFile(filepath.Join(dir, formatName), []byte(strconv.Itoa(FormatVersion)+"\n"))
	}
	return Error(dir, err)
}

// WriteConfig writes the configuration, whole or not at all. It refuses a configuration that Parse
// would refuse.
func WriteConfig(dir string, c config.Config) error { return writeConfig(dir, c, host.WriteFile) }

// TryConfig returns an error where WriteConfig would most probably return one now, and leaves the
// configuration as it is.
func TryConfig(dir string, c config.Config) error { return writeConfig(dir, c, host.TryWriteFile) }

func writeConfig(dir string, c config.Config, write func(path string, data []byte) error) error {
	content := config.Render(c)
	if _, err := config.Parse(content); err != nil {
		return ConfigFailure(filepath.Join(dir, config.FileName), err)
	}
	if err := write(filepath.Join(dir, config.FileName), content); err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	return nil
}
