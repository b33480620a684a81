package client

import (
	"context"
	"net/url"
)

// NewInvitation invites a jurisdiction to join below this one. Name finds a place in the roster;
// the other fields describe a place outside the roster.
type NewInvitation struct {
	Name      string `json:"name" minLength:"1" maxLength:"200" doc:"Display name, short name, label or code of a place in the roster, or what another place is called"`
	Label     string `json:"label,omitempty" maxLength:"63" doc:"First label of the name, for a place outside the roster"`
	Code      string `json:"code,omitempty" maxLength:"32"`
	Level     string `json:"level,omitempty" maxLength:"32"`
	ShortName string `json:"short_name,omitempty" maxLength:"200"`
	Rekey     bool   `json:"rekey,omitempty" doc:"The child comes with other keys than before"`
	Hours     int    `json:"hours,omitempty" minimum:"0" maximum:"8760" doc:"How long the invitation is good for; 0: a week"`
}

// PlacePlan is the place that an invitation, or hosting, would be for.
type PlacePlan struct {
	Name        string   `json:"name" doc:"Whole name; it is permanent"`
	DisplayName string   `json:"display_name"`
	ShortName   string   `json:"short_name,omitempty"`
	Code        string   `json:"code,omitempty"`
	Level       string   `json:"level,omitempty"`
	Parent      string   `json:"parent" doc:"Display name of who would invite it"`
	Listed      bool     `json:"listed" doc:"The roster has it; else no total counts it as a member"`
	Near        []string `json:"near,omitempty" doc:"Of a place that is not listed: those that are spelled nearly so"`
}

// Invitation is an invitation that was made. The administrator hands its token to the child.
type Invitation struct {
	Token       string   `json:"token" doc:"The line for xietong join; it lets its bearer join once"`
	Child       string   `json:"child"`
	DisplayName string   `json:"display_name"`
	ShortName   string   `json:"short_name,omitempty"`
	Code        string   `json:"code,omitempty"`
	Level       string   `json:"level,omitempty"`
	Until       string   `json:"until" doc:"RFC 3339"`
	Entry       string   `json:"entry"`
	Replaced    string   `json:"replaced,omitempty" doc:"Name of the entry of an invitation that waited until now, and cannot be used any more"`
	Addresses   []string `json:"addresses"`
	Root        string   `json:"root" doc:"Pin of the tree's root"`
	Fingerprint string   `json:"fingerprint" doc:"Of the root, for comparison by voice"`
}

// The states of a neighbour.
const (
	ChildInvited   = "invited"   // the invitation was not used yet
	ChildJoined    = "joined"    // endorsed
	ChildExpired   = "expired"   // the invitation ended, or the endorsement was not renewed
	ChildWithdrawn = "withdrawn" // the endorsement was withdrawn
	ChildCancelled = "cancelled" // it never joined, and its invitation was taken back
	ChildDamaged   = "damaged"   // its record cannot be read
	ChildHeld      = "held"      // its newest keys, which were endorsed in entries that are lost, are awaited
	ChildLost      = "lost"      // it joined in entries that are lost, and is to be invited again

	ParentDenies = "denies" // of the parent: it endorses this jurisdiction no more
	ParentOthers = "others" // of the parent: it endorses other keys of this jurisdiction
)

// Neighbour is a parent or a child.
type Neighbour struct {
	Name        string `json:"name"`
	DisplayName string `json:"display_name" doc:"What the roster now in force calls it"`
	ShortName   string `json:"short_name,omitempty" doc:"What tables call it"`
	EndorsedAs  string `json:"endorsed_as,omitempty" doc:"What it was called when it was endorsed last, where that is another name"`
	Code        string `json:"code,omitempty"`
	Level       string `json:"level,omitempty"`
	State       string `json:"state" enum:"invited,joined,expired,withdrawn,cancelled,damaged,held,lost,denies,others"`
	Until       string `json:"until,omitempty" doc:"RFC 3339: when the invitation or the endorsement ends"`
	Anew        bool   `json:"anew,omitempty" doc:"It was withdrawn, and is invited anew; of a child that is invited"`
	Entry       string `json:"entry,omitempty" doc:"The newest invitation, endorsement or withdrawal, in the parent's ledger; of a child alone"`
	KeySet      uint64 `json:"key_set,omitempty" doc:"Number of the key set that is believed"`
	Linked      bool   `json:"linked" doc:"A link is up"`
	LinkedBy    string `json:"linked_by,omitempty" doc:"The replica of this jurisdiction that has a link, where this one has none"`
	LinkedSince string `json:"linked_since,omitempty" doc:"RFC 3339"`
	Silent      bool   `json:"silent,omitempty" doc:"The link was not given up yet, and nothing has come since last_heard, so that the other end may be gone"`
	Address     string `json:"address,omitempty" doc:"Where the link leads"`
	LastHeard   string `json:"last_heard,omitempty" doc:"RFC 3339"`
	OffsetMS    int64  `json:"offset_ms,omitempty" doc:"How far its clock is ahead of ours, as it said last"`
	Why         string `json:"why,omitempty" doc:"Why there is no link to the parent"`
	Alarm       string `json:"alarm,omitempty" doc:"Code of a problem with its keys, its record or its ledger that a person must look at"`
	Epoch       uint64 `json:"epoch,omitempty" doc:"Of its ledger, the newest that is endorsed; absent: the first"`
	Cosigned    uint64 `json:"cosigned,omitempty" doc:"It witnessed so many entries of this jurisdiction's ledger; absent: none, as of a neighbour on the same node"`
	CosignedAt  string `json:"cosigned_at,omitempty" doc:"RFC 3339: when, by its clock"`
	Kept        uint64 `json:"kept,omitempty" doc:"So many entries of its ledger were witnessed here"`
	KeptAt      string `json:"kept_at,omitempty" doc:"RFC 3339: when"`
	Heads       uint64 `json:"heads,omitempty" doc:"Of a child: so many entries of its ledger of which all acts are known here"`
	HeadsFrom   uint64 `json:"heads_from_epoch,omitempty" doc:"Of a child: the first epoch of its ledger whose acts are known here, where that is not its first: the last 16 are kept, and what ended in one before them is not known here"`
	Lost        []Lost `json:"lost,omitempty" doc:"Of a child: what its ledger says that it lost, by the epochs that were begun for it"`
}

// Tree is the place of a jurisdiction in the tree, with its neighbours.
type Tree struct {
	Name        string      `json:"name"`
	DisplayName string      `json:"display_name"`
	Root        string      `json:"root" doc:"Pin of the tree's root"`
	Fingerprint string      `json:"fingerprint"`
	Epoch       uint64      `json:"epoch" doc:"Of its ledger, the newest"`
	Began       uint64      `json:"began" doc:"Epoch in which its ledger began; above 1: this name, or one above it, had another before"`
	Lost        []Lost      `json:"lost,omitempty" doc:"What its ledger lost, by the epochs that were begun for it"`
	Chain       []string    `json:"chain" doc:"From the root down to this jurisdiction"`
	Parent      *Neighbour  `json:"parent,omitempty"`
	Children    []Neighbour `json:"children"`
	Addresses   []string    `json:"addresses,omitempty" doc:"Where children dial"`
	Check       Check       `json:"check" doc:"What others believe of the jurisdiction's keys"`
	// Waiting are the key sets, of any jurisdiction, that broke with the ones before.
	Waiting []WaitingKeys `json:"waiting,omitempty" doc:"Key sets that broke with the ones before, and are not believed here yet"`
}

// Lost are entries that a ledger lost, for which it began a new epoch.
type Lost struct {
	Epoch   uint64 `json:"epoch" doc:"That was begun"`
	Entry   string `json:"entry" doc:"That began it, and says who saw the lost ones"`
	Before  uint64 `json:"before,omitempty" doc:"The epoch from which it went on; what those since had is lost, too"`
	From    uint64 `json:"from" doc:"Index of the first lost entry of those epochs"`
	To      uint64 `json:"to" doc:"Index after the last one that a neighbour saw; the same as from: none said how many"`
	First   string `json:"first,omitempty" doc:"Of the own ledger: the name of the first lost entry, which may be of an earlier epoch than the last one"`
	Last    string `json:"last,omitempty" doc:"Of the own ledger: the name of the last lost entry that a neighbour saw"`
	Settled bool   `json:"settled" doc:"What ended in them has ended again; not known of a child"`
	// ByHandUntil is told of the own ledger alone.
	ByHandUntil string `json:"by_hand_until,omitempty" doc:"RFC 3339: until then it is told that a person must end what ended in them, because nobody kept the heads of all"`
	Seen        uint64 `json:"seen,omitempty" doc:"Of a child: so many of them, of one of those epochs, had been witnessed here"`
}

// WaitingKeys is a key set that broke with the one before it.
type WaitingKeys struct {
	Name           string `json:"name"`
	DisplayName    string `json:"display_name"`
	Pin            string `json:"pin" doc:"Of the new key set"`
	Fingerprint    string `json:"fingerprint" doc:"Of the new key set, for comparison by voice"`
	OldFingerprint string `json:"old_fingerprint" doc:"Of the key set that was believed last"`
	Seen           string `json:"seen" doc:"RFC 3339: when it was first seen here"`
	Until          string `json:"until,omitempty" doc:"RFC 3339: when it is believed, unless somebody objects; none: the old keys objected"`
	Confirmer      string `json:"confirmer,omitempty" doc:"Who can end the wait, two levels above; none: a child of the root has no such level"`
}

// ToConfirm is the key set of a child of a child, as its chain ends now.
type ToConfirm struct {
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
	Pin         string `json:"pin"`
	Fingerprint string `json:"fingerprint" doc:"For comparison by voice with what the jurisdiction itself shows"`
}

// NewConfirmation confirms that key set.
type NewConfirmation struct {
	Fingerprint string `json:"fingerprint" minLength:"24" maxLength:"64" doc:"As the jurisdiction told it"`
	Reason      string `json:"reason" minLength:"1" maxLength:"2000"`
}

// NewForkAcknowledgment records that a person knows of a ledger with two histories.
type NewForkAcknowledgment struct {
	Reason string `json:"reason" minLength:"1" maxLength:"2000" doc:"What came of it"`
}

// NewObjection objects to a key set that waits somewhere: by the document that its owner signed,
// or, of a key set that goes by the name of this jurisdiction, by its pin, which this node then
// signs.
type NewObjection struct {
	Document []byte `json:"document,omitempty" maxLength:"4096" doc:"The objection, as the keys from before signed it"`
	Pin      string `json:"pin,omitempty" maxLength:"400" doc:"The key set that is not this jurisdiction's own"`
	At       string `json:"at,omitempty" maxLength:"200" doc:"Where it waits, as people name it; none: a document is handed in here, and an objection to a pin is signed only"`
}

// Objected is an objection, and whether it was handed in and taken.
type Objected struct {
	Document []byte `json:"document" doc:"For whoever brings it elsewhere"`
	Taken    bool   `json:"taken"`
}

// Withdrawal ends the endorsement of a child.
type Withdrawal struct {
	Reason string `json:"reason" minLength:"1" maxLength:"2000"`
	Plan   string `json:"plan,omitempty" maxLength:"64" doc:"Hash of the plan that was seen: GET of the same path; needed, and refused where somebody else would be cut off by now"`
}

// WithdrawalPlan is what the end of a child's endorsement would do.
type WithdrawalPlan struct {
	Hash        string   `json:"hash" doc:"For the parameter plan"`
	Name        string   `json:"name"`
	DisplayName string   `json:"display_name"`
	Listed      uint64   `json:"listed" doc:"How many places the roster lists below it: whoever of them joined is cut off too"`
	Joined      uint64   `json:"joined" doc:"How many of them are known here to have joined; others may have"`
	Below       []string `json:"below" doc:"Their names, of 200 at most; those that are known to have joined come first"`
	Invitation  bool     `json:"invitation,omitempty" doc:"An invitation for other keys, which waits, ends too"`
}

// Cancellation takes back an invitation.
type Cancellation struct {
	Reason string `json:"reason" minLength:"1" maxLength:"2000"`
	Plan   string `json:"plan,omitempty" maxLength:"64" doc:"Hash of the plan that was seen: GET of the same path; needed, and refused where another invitation waits by now"`
}

// CancellationPlan is the invitation that a cancellation would take back.
type CancellationPlan struct {
	Hash        string `json:"hash" doc:"For the parameter plan"`
	Name        string `json:"name" doc:"Who could not join with it any more"`
	DisplayName string `json:"display_name"`
	Code        string `json:"code"`
	Entry       string `json:"entry" doc:"The invitation"`
	Until       string `json:"until" format:"date-time"`
	Expired     bool   `json:"expired,omitempty" doc:"It is over already"`
	Joined      bool   `json:"joined,omitempty" doc:"The place has joined and stays so; the invitation is for other keys of it"`
}

// NewHosted is a further jurisdiction that the node is to host, below one that it hosts.
type NewHosted struct {
	Name      string `json:"name" minLength:"1" maxLength:"200"`
	Label     string `json:"label,omitempty" maxLength:"63"`
	Code      string `json:"code,omitempty" maxLength:"32"`
	Level     string `json:"level,omitempty" maxLength:"32"`
	ShortName string `json:"short_name,omitempty" maxLength:"200"`
	Rekey     bool   `json:"rekey,omitempty" doc:"Make other keys for a place that was withdrawn, and whose keys are not here; its own machine, where it has one, is of no use then. With reason, for one whose ledger is here, and whose keys count no more: the ledger goes on with them"`
	Reason    string `json:"reason,omitempty" maxLength:"2000" doc:"With rekey: why the ledger that is here goes on with other keys, which it records"`
	KeysOnly  bool   `json:"keys_only,omitempty" doc:"Make its keys, and have nobody endorse them yet: the recovery statement is made for the pin in the answer"`
	Recovery  []byte `json:"recovery,omitempty" maxLength:"684" doc:"The recovery statement for its first key set, made with the paper of its earlier keys, in base64"`
}

// HostedPlace is a jurisdiction that the node hosts from now on.
type HostedPlace struct {
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
	Pin         string `json:"pin"`
	Entry       string `json:"entry" doc:"The endorsement in the parent's ledger"`
	Epoch       uint64 `json:"epoch,omitempty" doc:"Of its ledger; above 1: this name, or one above it, had another before"`
	Recovered   bool   `json:"recovered,omitempty" doc:"Whether the recovery key from before has signed its keys"`
	Again       bool   `json:"again,omitempty" doc:"It had joined with these keys before, so nobody waits for them"`
	HeadsAt     string `json:"heads_at,omitempty" doc:"The display name of the first level above that runs on another node, and keeps the heads of its acts; absent: nobody outside does"`
}

// HostingPlan is what the end of the hosting of a jurisdiction would do.
type HostingPlan struct {
	Hash        string `json:"hash" doc:"For the parameter plan"`
	Name        string `json:"name"`
	DisplayName string `json:"display_name"`
	Parent      string `json:"parent" doc:"Who withdraws it"`
	Agencies    int    `json:"agencies"`
	Datasets    int    `json:"datasets" doc:"How many nobody can use any more"`
	Invitation  bool   `json:"invitation,omitempty" doc:"An invitation for other keys, which waits, ends too"`
}

// HostingEnd ends the hosting of a jurisdiction.
type HostingEnd struct {
	Reason string `json:"reason" minLength:"1" maxLength:"2000"`
	Plan   string `json:"plan,omitempty" maxLength:"64" doc:"Hash of the plan that was seen: GET of the same path; needed"`
}

// PlanInvitation tells which place an invitation, or hosting, would be for, and invites nobody.
func (c *Client) PlanInvitation(ctx context.Context, v NewInvitation) (PlacePlan, error) {
	return post[PlacePlan](ctx, c, "/v1/invitations/plan", v)
}

// Invite invites a jurisdiction to join.
func (c *Client) Invite(ctx context.Context, v NewInvitation) (Invitation, error) {
	return post[Invitation](ctx, c, "/v1/invitations", v)
}

// Tree returns the place of the jurisdiction in the tree, with its neighbours.
func (c *Client) Tree(ctx context.Context) (Tree, error) { return get[Tree](ctx, c, "/v1/tree") }

// Withdraw ends the endorsement of a child. child is its display name, label, code or whole name.
func (c *Client) Withdraw(ctx context.Context, child string, w Withdrawal) (Entered, error) {
	return post[Entered](ctx, c, "/v1/children/"+url.PathEscape(child)+"/withdrawal", w)
}

// WithdrawalPlan tells what the end of a child's endorsement would do, and does nothing.
func (c *Client) WithdrawalPlan(ctx context.Context, child string) (WithdrawalPlan, error) {
	return get[WithdrawalPlan](ctx, c, "/v1/children/"+url.PathEscape(child)+"/withdrawal")
}

// CancellationPlan tells which invitation a cancellation would take back, and does nothing.
func (c *Client) CancellationPlan(ctx context.Context, child string) (CancellationPlan, error) {
	return get[CancellationPlan](ctx, c, "/v1/invitations/"+url.PathEscape(child)+"/cancellation")
}

// CancelInvitation takes back the invitation of a child that waits. child is its display name,
// label, code or whole name.
func (c *Client) CancelInvitation(ctx context.Context, child string, n Cancellation) (Entered, error) {
	return post[Entered](ctx, c, "/v1/invitations/"+url.PathEscape(child)+"/cancellation", n)
}

// ToConfirm returns what there is to confirm of a child of a child. name is its display name,
// label, code or whole name.
func (c *Client) ToConfirm(ctx context.Context, name string) (ToConfirm, error) {
	return get[ToConfirm](ctx, c, "/v1/waiting/"+url.PathEscape(name))
}

// AcknowledgeFork records that a ledger with two histories, which has to do with a neighbour, is
// known.
func (c *Client) AcknowledgeFork(ctx context.Context, name string, n NewForkAcknowledgment) (Entered, error) {
	return post[Entered](ctx, c, "/v1/forks/"+url.PathEscape(name)+"/acknowledgment", n)
}

// Confirm confirms the key set of a child of a child.
func (c *Client) Confirm(ctx context.Context, name string, n NewConfirmation) (Entered, error) {
	return post[Entered](ctx, c, "/v1/waiting/"+url.PathEscape(name)+"/confirmation", n)
}

// Object objects to a key set that waits here.
func (c *Client) Object(ctx context.Context, n NewObjection) (Objected, error) {
	return post[Objected](ctx, c, "/v1/objections", n)
}

// HostingPlan tells what the end of the hosting of the caller's jurisdiction would do.
func (c *Client) HostingPlan(ctx context.Context) (HostingPlan, error) {
	return get[HostingPlan](ctx, c, "/v1/hosting/end")
}

// EndHosting ends the hosting of the caller's jurisdiction.
func (c *Client) EndHosting(ctx context.Context, e HostingEnd) (Entered, error) {
	return post[Entered](ctx, c, "/v1/hosting/end", e)
}

// AddHosted makes the node host a further jurisdiction.
func (c *Client) AddHosted(ctx context.Context, h NewHosted) (HostedPlace, error) {
	return post[HostedPlace](ctx, c, "/v1/hosted", h)
}

// Children is a page of the children of a jurisdiction.
type Children struct {
	Children []Neighbour `json:"children"`
	Cursor   string      `json:"cursor,omitempty" doc:"Where the next page begins; absent at the end"`
}

// HostedRow is a jurisdiction that the node hosts.
type HostedRow struct {
	Name        string `json:"name" doc:"Name in the tree"`
	DisplayName string `json:"display_name" doc:"Full name for people"`
	Code        string `json:"code,omitempty" doc:"Division code"`
	Level       string `json:"level,omitempty" doc:"Level of the division"`
	Log         string `json:"log" doc:"Origin of the ledger: NAME/log/EPOCH"`
	Leader      bool   `json:"leader" doc:"Whether this replica leads the group"`
}

// HostedList is a page of the jurisdictions that a node hosts.
type HostedList struct {
	Hosted []HostedRow `json:"hosted"`
	Cursor string      `json:"cursor,omitempty" doc:"Where the next page begins; absent at the end"`
}
