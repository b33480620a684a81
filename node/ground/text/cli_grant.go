package text

// Sentences of the verbs about grants.
const (
	CLIShortGrant       Code = "cli.short.grant"
	CLIGrantRevoked     Code = "cli.grant.revoked"
	CLIShortGrantList   Code = "cli.short-grant-list"
	CLIShortGrantRevoke Code = "cli.short-grant-revoke"
	CLILongGrantRevoke  Code = "cli.long-grant-revoke"
	CLIGrant            Code = "cli.grant"
)

var grantSentences = []sentence{
	{CLIShortGrant, "查看和撤销共享权限", "List and revoke grants"},
	{CLIGrantRevoked, "已撤销共享权限 {grant}，存证条目 {entry}", "revoked grant {grant}, entry {entry}"},
	{CLIShortGrantList, "列出共享权限", "List the grants"},
	{CLIShortGrantRevoke, "撤销共享权限", "Revoke a grant"},
	{
		CLILongGrantRevoke,
		"撤销共享权限。GRANT 为共享权限的条目序号或完整名称。",
		"Revoke a grant. GRANT is the index or the whole name of its entry.",
	},
	{CLIGrant, "共享权限", "grant"},
}
