package client

// Settings is the configuration of a node, as its config.yaml says it.
type Settings struct {
	TimeZone      string           `json:"time_zone" doc:"Zone in which the node tells times to people, and reads days; an IANA name"`
	Listen        string           `json:"listen" doc:"The UDP address that the node listens on; empty: it only dials"`
	Addresses     []string         `json:"addresses" doc:"What invitations tell, where that is set"`
	SignedSizes   string           `json:"signed_sizes" doc:"Folder outside the data directory where the node notes how far it signed; empty: nowhere"`
	Jurisdictions []HostedSettings `json:"jurisdictions" doc:"What the node hosts"`
}

// HostedSettings is what the configuration says of one jurisdiction.
type HostedSettings struct {
	Name          string `json:"name" doc:"Permanent name in the tree"`
	DisplayName   string `json:"display_name" doc:"Full name for people"`
	ShortName     string `json:"short_name" doc:"Short name for people"`
	Code          string `json:"code" doc:"Division code (GB/T 2260 or any)"`
	Level         string `json:"level" doc:"Level of the division"`
	ParentAddress string `json:"parent_address" doc:"Where the parent is now; empty: where the invitation says"`
}
