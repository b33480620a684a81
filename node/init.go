package node

import (
	"cmp"
	"errors"
	"path/filepath"
	"strconv"
	"time"

	"xietong/certs/identity"
	"xietong/node/config"
	"xietong/node/host"
	"xietong/node/roster"
	"xietong/node/text"
)

// InitOptions say which jurisdiction the node will host. What is left empty is taken from the roster, where it has the place.
type InitOptions struct {
	Name        string // such as nanming.guiyang.guizhou; permanent
	Code        string
	DisplayName string // in the end, the name
	ShortName   string
	Level       string
	Listen      string // UDP address that its children dial; empty: none can
}

// InitResult is what Init made.
type InitResult struct {
	Pin    string `json:"pin"`    // of the jurisdiction's first key set: what a stranger verifies from
	Config string `json:"config"` // path of the configuration
}

// Init makes a data directory with one hosted jurisdiction. Repeated after a crash it finishes the work; on a directory
// that holds anything else it changes nothing. (1) The jurisdiction's folder, (2) the configuration, (3) FORMAT, which
// says that the directory is whole; each is written under another name and renamed.
func Init(dir string, o InitOptions) (made InitResult, err error) {
	name, err := identity.ParseJurisdiction(o.Name)
	if err != nil {
		return made, text.Fail(text.BadRequest, text.Args{"where": "NAME", "reason": err.Error()}, err)
	}
	known, _ := roster.Shipped().Of(name)
	content := config.Render(config.Config{Listen: o.Listen, Jurisdictions: []config.Jurisdiction{{
		Name: name, DisplayName: cmp.Or(o.DisplayName, known.DisplayName, o.Name), ShortName: cmp.Or(o.ShortName, known.ShortName),
		Code: cmp.Or(o.Code, known.Code), Level: cmp.Or(o.Level, known.Level),
	}}})
	if _, err := config.Parse(content); err != nil { // before anything is made
		return made, configFailure(filepath.Join(dir, config.FileName), err)
	}
	if err := checkEmpty(dir, o.Name); err != nil {
		return made, err
	}
	if err := host.MakeFolder(dir); err != nil {
		return made, dirError(dir, err)
	}
	unlock, err := lock(dir)
	if err != nil {
		return made, dirError(dir, err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := checkEmpty(dir, o.Name); err != nil { // another process may have finished meanwhile
		return made, err
	}
	pin, err := host.Create(host.Folder(dir, name), name, time.Now(), 1)
	if err != nil {
		return made, dirError(dir, err)
	}
	return InitResult{Pin: pin.String(), Config: filepath.Join(dir, config.FileName)}, writeWhole(dir, content)
}

// writeWhole writes (1) the configuration and (2) FORMAT, which says that the directory is whole.
func writeWhole(dir string, content []byte) error {
	err := host.WriteFile(filepath.Join(dir, config.FileName), content)
	if err == nil {
		err = host.WriteFile(filepath.Join(dir, formatName), []byte(strconv.Itoa(formatVersion)+"\n"))
	}
	return dirError(dir, err)
}
