package node

import (
	"net"
	"path/filepath"

	"xietong/node/faces/api"
	"xietong/node/faces/client"
	"xietong/node/ground/config"
	"xietong/node/ground/datadir"
)

// FileSettings are the settings of a configuration that lies on this machine.
type FileSettings struct {
	File string `json:"file"` // the configuration that was read
	client.Settings
	Folders bool     `json:"folders_checked"` // against those of a data directory
	Told    []string `json:"told"`            // the addresses that invitations tell; none: nobody can be invited
}

// ReadSettings reads the configuration at file, or where file is "" that of the data directory dir,
// as a node does when it starts. A file that lies elsewhere is held against the folders of the data
// directory too, where there is one. It needs no running node, and changes nothing.
func ReadSettings(dir, file string) (s FileSettings, err error) {
	var c config.Config
	if s.File, s.Folders = file, file == "" || datadir.IsNode(dir); s.Folders {
		if err := datadir.CheckFormat(dir); err != nil {
			return s, err
		}
	}
	if file != "" {
		c, err = datadir.ReadConfigFile(file)
	} else {
		s.File = filepath.Join(dir, config.FileName)
		c, err = datadir.ReadConfig(dir)
	}
	if err == nil && s.Folders {
		err = datadir.CheckNames(dir, s.File, c)
	}
	if err != nil {
		return s, err
	}
	interfaces, _ := net.InterfaceAddrs() // where they are unknown, none is told, as by a node
	s.Settings, s.Told = api.SettingsOf(c), config.Advertised(c.Listen, c.Addresses, interfaces)
	return s, nil
}
